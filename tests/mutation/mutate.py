#!/usr/bin/python3
"""Does a test fail when one comparison of the clinical core is wrong?

usage: mutate.py [--jobs N] [--list] [--keep FOLDER] [FILE[:LINE] ...]
FILE: core/core_x.c, core/core_x.h, conf/rules/x.json; all of them if none is named

Changes, one at a time, every comparison (>= and >, < and <=, == and !=), every
&& and ||, every whole number that is compared or added (up and down by one) in
core/*.c and the inline functions of core/*.h; every comparison, and/or, and
.not() in the conditions of conf/rules; every parameter, up and down by one unit
of its last digit.  For each it builds the objects concerned, links the core as
a shared library, and runs the tests that need nothing else, the quickest first,
until one fails or hangs; what survives is tried again under AddressSanitizer,
which sees the end of every object of an arena.  Prints the survivors; those
explained in equivalent.txt are only counted.  Exit 1: a survivor without
explanation.

It works on copies in a temporary folder, or in FOLDER, which then need not be
built again the next time; the source is never changed.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TESTS = ('cases/tables', 'cases/vignettes', 'unit/core/*', 'cases/multiple', 'cases/conditions', 'cases/metamorphic', 'cases/memory', 'cases/time')
# Tests that take long, and the files that they are about.
ABOUT = {'test_time': re.compile(r'core_note_change|core_is_older'),
         'test_core_expr_words': re.compile(r'core_expr|core_reach|core_ground')}
TIMEOUT = 40
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^\s*#[^\n]*', re.S | re.M)
SWAPS = {'>=': ['>'], '>': ['>='], '<=': ['<'], '<': ['<='], '==': ['!='], '!=': ['=='], '&&': ['||'], '||': ['&&']}
OPERATOR = re.compile(r'(?<![<>\-])(>=|<=|==|!=|&&|\|\||(?<!-)>(?!>)|<(?!<))(?![<>])')
NUMBER = re.compile(r'(?:(?:[<>]=?|==|!=|(?<![+\w])\+|(?<!-)-|SV_DEC\(|[{,] ?)\s*)(\d+)\b(?!\s*\])')
Mutant = collections.namedtuple('Mutant', 'path at length new line was')


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as f:
        return f.read()


def mutant(path, text, at, old, new):
    start = text.rfind('\n', 0, at) + 1
    line = text[start:text.find('\n', at)]
    shown = line[:at - start] + '[' + old + ' -> ' + new + ']' + line[at - start + len(old):]
    before = re.findall(r'^(\w+)\([^;]*$', text[:at], re.M) if path.endswith(('.c', '.h')) else []
    return Mutant(path, at, len(old), new, text.count('\n', 0, at) + 1,
                  (before[-1] + ': ' if before else '') + ' '.join(shown.split()))


def of_source(path):
    text = read(path)
    blank = lambda m: re.sub(r'[^\n]', ' ', m.group())
    code = NOISE.sub(blank, text)
    if path.endswith('.h'):
        inline = [m.span() for m in re.finditer(r'^static inline .*?^}', code, re.M | re.S)]
        code = ''.join(c if any(a <= i < b for a, b in inline) else blank(re.match('(?s).', c))
                       for i, c in enumerate(code))
    for m in OPERATOR.finditer(code):
        for new in SWAPS[m.group(1)]:
            yield mutant(path, text, m.start(1), m.group(1), new)
    for m in NUMBER.finditer(code):
        n = int(m.group(1))
        for new in [n + 1] + ([n - 1] if n > 0 else []):
            yield mutant(path, text, m.start(1), m.group(1), str(new))


def of_rules(path):
    text = read(path)
    if path.endswith('/parameters.json'):
        for m in re.finditer(r'"valueQuantity": \{ "value": (\d+(?:\.(\d+))?)', text):
            digits = len(m.group(2) or '')
            for step in (1, -1):
                n = int(m.group(1).replace('.', '')) + step
                new = str(n) if not digits else '%s.%s' % (str(n).zfill(digits + 1)[:-digits],
                                                           str(n).zfill(digits + 1)[-digits:])
                yield mutant(path, text, m.start(1), m.group(1), new)
        return
    swaps = {'and': 'or', 'or': 'and', '<=': '<', '<': '<=', '>=': '>', '>': '>=', '=': '!=', '.not()': '', '.anyTrue()': '',
             '.anyFalse()': '.not()'}
    for m in re.finditer(r'"expression": "([^"]*)"', text):
        for k in re.finditer(r'\b(?:and|or)\b|[<>]=?|=|\.not\(\)|\.anyTrue\(\)|\.anyFalse\(\)', m.group(1)):
            yield mutant(path, text, m.start(1) + k.start(), k.group(), swaps[k.group()])


def explained():
    """equivalent.txt: path, then the changed line as printed, then # and why."""
    out = set()
    for line in read('tests/mutation/equivalent.txt').splitlines():
        if line.strip() and not line.startswith('#'):
            out.add(line.split(' # ')[0].strip())
    return out


def name(m):
    return '%s: %s' % (m.path, m.was)


class Bench:
    """The tests, linked against a core that can be exchanged."""

    def __init__(self, folder, sanitize='none'):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.flags = [] if sanitize == 'none' else ['-fsanitize=' + sanitize]
        self.build = os.path.join(folder, 'build')
        run = lambda *a: subprocess.run(a, check=True, stdout=subprocess.DEVNULL)
        if not os.path.exists(os.path.join(self.build, 'build.ninja')):
            run('meson', 'setup', '--buildtype=plain', '-Doptimization=0', '-Db_sanitize=' + sanitize,
                '-Db_lundef=false', self.build, ROOT)
        commands = json.load(open(os.path.join(self.build, 'compile_commands.json')))
        self.compile = {os.path.relpath(os.path.join(c['directory'], c['file']), ROOT): c for c in commands}
        targets = json.loads(subprocess.run(['meson', 'introspect', '--targets', self.build], check=True,
                                            capture_output=True, text=True).stdout)
        paths = {t['filename'][0]: t['name'] for t in targets if t['type'] == 'executable'}
        self.tests = []
        for want in TESTS:
            part, last = want.rsplit('/', 1)
            for path, test in sorted(paths.items()):
                short = re.sub(r'^test_(core_)?', '', test)
                if os.path.dirname(path).endswith('tests/' + part) and last in ('*', short) and path not in self.tests:
                    self.tests.append(path)
        run('ninja', '-C', self.build, *[os.path.relpath(t, self.build) for t in self.tests])
        self.objects = {p: os.path.join(c['directory'], c['output']) for p, c in self.compile.items()
                        if p.startswith('core/') and not p.startswith('core/base/')}
        # The tests again, their core taken from a shared library that exports all of it.
        self.core = os.path.join(folder, 'core')
        os.makedirs(self.core, exist_ok=True)
        self.link(os.path.join(self.core, 'libcore.so'), {})
        self.dynamic = []
        for test in self.tests:
            out = subprocess.run(['ninja', '-C', self.build, '-t', 'commands', os.path.relpath(test, self.build)],
                                 check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            new = os.path.join(folder, os.path.basename(test))
            out = out.replace('-o ' + os.path.relpath(test, self.build), '-o ' + new)
            out = re.sub(r'core/libcore\.a', os.path.join(self.core, 'libcore.so'), out)
            subprocess.run(out, shell=True, check=True, cwd=self.build)
            self.dynamic.append(new)
        self.order()

    def order(self):
        """The quickest test first; all must pass while nothing is wrong."""
        seconds = {}
        for test in self.dynamic:
            begin = time.monotonic()
            if not self.passes(test, self.core, ROOT):
                sys.exit('%s fails as it is' % test)
            seconds[test] = time.monotonic() - begin
        self.dynamic.sort(key=seconds.get)

    def link(self, to, changed):
        objects = [changed.get(p, o) for p, o in sorted(self.objects.items())]
        subprocess.run(['gcc', *self.flags, '-shared', '-Wl,-soname,libcore.so', '-o', to, *objects, os.path.join(self.build, 'core/base/libsvbase.a'), '-lm'],
                       check=True)

    def passes(self, test, core, root):
        env = dict(os.environ, LD_LIBRARY_PATH=core, ASAN_OPTIONS='detect_leaks=0', SALVOR_SOURCE_ROOT=root,
                   LC_ALL='C.UTF-8', SALVOR_TEST_DATA=os.path.join(self.build, 'tests/data'),
                   SALVOR_BUILD_ROOT=self.build, SALVOR_TEST_STEP='7')
        try:
            return subprocess.run([test, '--jobs=1', '--timeout=%d' % TIMEOUT], env=env, cwd=root,
                                  timeout=TIMEOUT + 5, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def dies(self, m, core, root):
        """Does a test fail?"""
        text = m.path + read(m.path)
        return any(not self.passes(t, core, root) for t in self.dynamic
                   if os.path.basename(t) not in ABOUT or ABOUT[os.path.basename(t)].search(text))

    def compiled(self, path, folder):
        """The object of ${path}, or of its changed copy in ${folder}; None: the compiler refuses it."""
        c = self.compile[path]
        copy, obj = os.path.join(folder, os.path.basename(path)), os.path.join(folder, os.path.basename(path) + '.o')
        words = c['command'].split()
        words[words.index('-o') + 1] = obj
        words[words.index('-c') + 1] = copy
        words = [w for w in words if not w.startswith(('-M', '-Werror'))
                 and w not in (c['output'] + '.d', c['output'])]
        words += ['-w', '-I', os.path.join(ROOT, os.path.dirname(path))]
        return obj if subprocess.run(words, cwd=c['directory'], stderr=subprocess.DEVNULL).returncode == 0 else None

    def try_source(self, m, folder):
        text, name = read(m.path), os.path.basename(m.path)
        # Who includes a header, and by which other, is not worked out: all of it is built, with copies of all headers.
        users = [m.path] if name.endswith('.c') else sorted(self.objects)
        for path in users if name.endswith('.c') else users + ['core/' + h for h in os.listdir(
                os.path.join(ROOT, 'core')) if h.endswith('.h')]:
            shutil.copy(os.path.join(ROOT, path), folder)
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as f:
            f.write(text[:m.at] + m.new + text[m.at + m.length:])
        changed = {p: self.compiled(p, folder) for p in users}
        if None in changed.values():
            return True
        self.link(os.path.join(folder, 'libcore.so'), changed)
        return self.dies(m, folder, ROOT)

    def try_rules(self, m, folder):
        text = read(m.path)
        for top in os.listdir(ROOT):
            if top not in ('conf', '.git'):
                os.symlink(os.path.join(ROOT, top), os.path.join(folder, top))
        shutil.copytree(os.path.join(ROOT, 'conf'), os.path.join(folder, 'conf'))
        with open(os.path.join(folder, m.path), 'w', encoding='utf-8') as f:
            f.write(text[:m.at] + m.new + text[m.at + m.length:])
        return self.dies(m, self.core, folder)

    def survives(self, m):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            return not (self.try_rules if m.path.endswith('.json') else self.try_source)(m, folder)


def chosen(wanted):
    """The changes of the files, or of the lines of files, that are wanted."""
    every = sorted('core/' + f for f in os.listdir(os.path.join(ROOT, 'core')) if f.endswith(('.c', '.h'))) \
        + sorted('conf/rules/' + f for f in os.listdir(os.path.join(ROOT, 'conf/rules'))
                 if f.endswith('.json') and f != 'source-statements.json')
    files = dict.fromkeys(w.split(':')[0] for w in wanted) or every
    lines = {w for w in wanted if ':' in w}
    for f in files:
        for m in of_rules(f) if f.endswith('.json') else of_source(f):
            if not wanted or f in wanted or '%s:%d' % (f, m.line) in lines:
                yield m


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--list', action='store_true', help='list the changes and make none')
    parser.add_argument('--keep', metavar='FOLDER', help='work here and leave what was built')
    parser.add_argument('files', nargs='*')
    args = parser.parse_args()
    mutants = list(chosen(args.files))
    if args.list:
        for m in mutants:
            print(name(m))
        print('%d changes' % len(mutants))
        return 0
    os.nice(max(0, 10 - os.nice(0)))
    with tempfile.TemporaryDirectory(prefix='mutation-') as folder:
        return judge(mutants, args, os.path.abspath(args.keep or folder))


def judge(mutants, args, folder):
    known, survivors, used = explained(), [], set()
    plain, strict = [Bench(os.path.join(folder, s), s) for s in ('none', 'address')]
    survives = lambda m: plain.survives(m) and (m.path.endswith('.json') or strict.survives(m))
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for i, (m, alive) in enumerate(zip(mutants, pool.map(survives, mutants)), 1):
            if i % 50 == 0:
                print('%d of %d, %s' % (i, len(mutants), m.path), file=sys.stderr)
            if alive and name(m) in known:
                used.add(name(m))
            elif alive:
                survivors.append(m)
                print('%s:%d: %s' % (m.path, m.line, m.was), flush=True)
    print('%d changes, %d found, %d explained, %d survive' % (
        len(mutants), len(mutants) - len(survivors) - len(used), len(used), len(survivors)))
    tried = {name(m) for m in mutants}
    stale = sorted(k for k in known - used if k in tried or not args.files)
    for k in stale:
        print('equivalent.txt: found or gone: ' + k)
    return 1 if survivors or stale else 0


if __name__ == '__main__':
    sys.exit(main())
