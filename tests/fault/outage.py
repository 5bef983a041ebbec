"""What a process did to the files of a folder, by strace, and what a loss of power leaves of them.

    did = Record(folder).run([program, ...], env)     # did.status, did.out, did.err, did.events
    did.left(k, dice)                                 # {path: bytes} if power is lost before event k
    did.seen(k)                                       # if the process is killed there

What was synced is there: the bytes of a file by a sync of the file, names by a sync of their folder.  Of what was not,
each sector of 512 bytes is kept, dropped or turned to garbage, and of the changes of names in a folder the first few
are kept; without dice, nothing is.  A folder is there if its own name is.  When a file was modified is known if the process
asked.
"""
import os
import re
import subprocess
import tempfile

CALLS = ('openat,creat,write,writev,pwrite64,pwritev,ftruncate,truncate,fallocate,fsync,fdatasync,lseek,rename,renameat,'
         'renameat2,newfstatat,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,copy_file_range,sendfile,sync_file_range')
SECTOR = 512
LINE = re.compile(r'(\d+) +(\d+\.\d+) (.*)')
CALL = re.compile(r'(\w+)\((.*)\) += (-?\d+)')
PATHS = re.compile(r'<((?:\\x..)*)>|"((?:\\x..)*)"')


def plain(text):
    return bytes.fromhex(text.replace('\\x', ''))


class File:
    def __init__(self, data=b''):
        self.sure, self.open = bytearray(data), []


def put(data, at, piece):
    if piece is None:
        del data[at:]
        return
    if len(data) < at:
        data.extend(bytes(at - len(data)))
    data[at:at + len(piece)] = piece


class Disk:
    """Files by path as the process sees them, and what is sure; None is a folder."""

    def __init__(self, files, folder):
        self.folder = folder
        self.seen = {p: None if data is None else File(data) for p, data in files.items()}
        self.sure, self.moves = dict(self.seen), {}

    def name(self, path, file, old=None):
        """${path} is ${file}, and ${old} is nothing any more."""
        self.keep_names(self.seen, [(path, file, old)])
        self.moves.setdefault(os.path.dirname(path or old), []).append((path, file, old))

    @staticmethod
    def keep_names(names, moves):
        for path, file, old in moves:
            names.pop(old, None)
            if path is not None:
                names[path] = file

    def sync(self, path, before):
        """All that was done to it before event ``before`` is on the disk."""
        file = self.seen.get(path)
        if file is None:
            self.keep_names(self.sure, self.moves.pop(path, []))
            return
        for n, at, piece in [x for x in file.open if x[0] < before]:
            put(file.sure, at, piece)
        file.open = [x for x in file.open if x[0] >= before]

    def apply(self, n, event):
        what, path, *more = event
        if what == 'make':
            if path not in self.seen:
                self.name(path, None if more else File())
        elif what == 'write' and self.seen.get(path):
            self.seen[path].open.append((n, *more))
        elif what == 'move' and path in self.seen:
            self.name(more[0], self.seen[path], path)
        elif what == 'drop' and path in self.seen:
            self.name(None, None, path)
        elif what == 'sync':
            self.sync(path, more[0])

    @staticmethod
    def settle(file, dice):
        data = bytearray(file.sure)
        for _, at, piece in file.open if dice else []:
            if piece is None:
                if dice.random() < 0.5:
                    put(data, at, None)
                continue
            while piece:
                n = SECTOR - at % SECTOR
                part, fate = piece[:n], dice.randrange(4)
                if fate > 0:
                    put(data, at, part if fate > 1 else dice.randbytes(len(part)))
                at, piece = at + len(part), piece[n:]
        return bytes(data)

    def left(self, dice):
        names = dict(self.sure)
        for moves in self.moves.values():
            self.keep_names(names, moves[:dice.randint(0, len(moves))] if dice else [])
        there = {self.folder}
        for path in sorted(names):
            if os.path.dirname(path) in there:
                there.add(path)
        return {p: f and self.settle(f, dice) for p, f in names.items() if p in there}

    def all(self):
        """As the process sees it."""
        out = {}
        for path, file in self.seen.items():
            data = file and bytearray(file.sure)
            for _, at, piece in file.open if file else []:
                put(data, at, piece)
            out[path] = file and bytes(data)
        return out


def is_kept(path):
    return not path.endswith('-shm')        # lost with the processes that share it


def snapshot(folder):
    """What is in the folder, and when it was modified."""
    out, modified = {}, {}
    for at, folders, files in os.walk(folder):
        for name in folders:
            out[os.path.join(at, name)] = None
        for name in filter(is_kept, files):
            with open(os.path.join(at, name), 'rb') as f:
                out[os.path.join(at, name)] = f.read()
            modified[os.path.join(at, name)] = os.stat(os.path.join(at, name)).st_mtime_ns
    return out, modified


class Record:
    def __init__(self, folder):
        self.folder = os.path.realpath(folder)
        self.before, self.modified = snapshot(self.folder)
        self.events, self.times, self.position, self.begun, self.said = [], [], {}, {}, None

    def run(self, command, env, preload=None):
        with tempfile.NamedTemporaryFile('r') as trace:
            more = ['-E', 'LD_PRELOAD=' + preload] if preload else []
            p = subprocess.run(['strace', '-f', '-y', '-qq', '-xx', '-s', '16777216', '--seccomp-bpf', '-ttt', '-e',
                                'signal=none', '-e', 'abbrev=!newfstatat', '-e', 'trace=' + CALLS, '-o', trace.name, *more, *command], env=env,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
            self.status, self.out, self.err = p.returncode, p.stdout, p.stderr
            for line in trace:
                self.take(line)
        return self

    def add(self, time, *event):
        self.events.append(event)
        self.times.append(time)

    def take(self, line):
        """A call counts when it is over, a sync for what was over when it began."""
        m = LINE.match(line)
        thread, time, rest = m.group(1), float(m.group(2)), m.group(3)
        if rest.endswith('<unfinished ...>'):
            self.begun[thread] = rest[:-16], len(self.events)
            return
        before = len(self.events)
        if rest.startswith('<...'):
            front, before = self.begun.pop(thread)
            rest = front + rest.partition('resumed>')[2]
        m = CALL.match(rest)
        if m and int(m.group(3)) >= 0:
            self.call(time, before, m.group(1), m.group(2), int(m.group(3)))

    def paths(self, args):
        """The paths of the call, those that are relative to a folder as absolute ones."""
        out, folder = [], ''
        for fd, text in PATHS.findall(args):
            if fd:
                folder = plain(fd).decode()
            else:
                out.append(os.path.join(folder, plain(text).decode()))
        return out

    def call(self, time, before, name, args, ret):
        if name in ('openat', 'newfstatat', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'rmdir', 'mkdir', 'mkdirat'):
            return self.by_name(time, name, args, ret, self.paths(args))
        fd = int(re.match(r'\d+', args).group())
        path = plain(PATHS.search(args).group(1)).decode()
        if name == 'lseek':
            self.position[fd] = ret
        elif name == 'write' and fd == 1:
            self.said = len(self.events) if self.said is None else self.said
        elif not path.startswith(self.folder) or not is_kept(path):
            return None
        elif name in ('fsync', 'fdatasync'):
            self.add(time, 'sync', path, before)
        elif name == 'ftruncate':
            self.add(time, 'write', path, int(args.rsplit(', ', 1)[1]), None)
        elif name in ('write', 'pwrite64'):
            at = int(args.rsplit(', ', 1)[1]) if name == 'pwrite64' else self.position.get(fd, 0)
            if name == 'write':
                self.position[fd] = at + ret
            self.add(time, 'write', path, at, plain(args.split('"')[1])[:ret])
        else:
            raise AssertionError('%s is not understood' % name)
        return None

    def by_name(self, time, name, args, ret, paths):
        if not paths[-1].startswith(self.folder + '/') or not is_kept(paths[-1]):
            return
        if name == 'newfstatat':
            s, ns = re.search(r'st_mtime=(\d+).*st_mtime_nsec=(\d+)', args).groups()
            self.modified[paths[-1]] = int(s) * 10 ** 9 + int(ns)
        elif name == 'openat':
            self.position[ret] = 0
            if 'O_CREAT' in args:
                self.add(time, 'make', paths[0])
            if 'O_TRUNC' in args:
                self.add(time, 'write', paths[0], 0, None)
        elif name.startswith('mkdir'):
            self.add(time, 'make', paths[0], 'folder')
        elif name.startswith('rename'):
            self.add(time, 'move', *paths)
        else:
            self.add(time, 'drop', paths[0])

    def disk(self, k):
        disk = Disk(self.before, self.folder)
        for n, event in enumerate(self.events[:k]):
            disk.apply(n, event)
        return disk

    def left(self, k, dice=None):
        return self.disk(k).left(dice)

    def seen(self, k):
        return self.disk(k).all()

    def commits(self):
        """Where a unit is in the log of an SQLite database (sqlite.org/fileformat2.html#walformat)."""
        return [k for k, e in enumerate(self.events) if e[0] == 'write' and e[1].endswith('-wal') and e[3] is not None
                and len(e[3]) == 24 and e[3][4:8] != bytes(4)]


def restore(folder, modified, files):
    """The folder holds just these."""
    folder = os.path.realpath(folder)
    for at, folders, names in os.walk(folder, topdown=False):
        for name in names:
            os.unlink(os.path.join(at, name))
        for name in folders:
            os.rmdir(os.path.join(at, name))
    for path in sorted(files):
        if files[path] is None:
            os.mkdir(path, 0o700)
            continue
        with open(path, 'wb') as f:
            f.write(files[path])
        if path in modified:
            os.utime(path, ns=(modified[path], modified[path]))
