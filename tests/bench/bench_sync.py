#!/usr/bin/python3
"""salvor sync end to end, held against reading the same lines with other parsers, in one run.

usage: bench_sync.py SALVOR BENCH_CJSON [PATIENTS [CASES]]

A synthetic registry (tests/support/synthetic.py: about 60 resources a patient, of which 11 matter; ids are UUIDs) is
taken in, decided and put into the outbox; then once more with nothing changed.  The others only read: node's
JSON.parse of every line, cJSON alone, and wc -l.  CASES is the percentage of patients who have a clinical case.
With 100, the worst, nine in ten patients get guidance, which no registry has: the rest of the work is small beside
it.  30 is about what is to be expected of the patients whom a registry follows after treatment for prostate cancer,
of whom 27 to 53 % recur within ten years (EAU guideline, "Follow-up"); of all patients of a hospital it is less.
Without CASES both are measured; each at a tenth of PATIENTS too, so that one sees that memory does not grow.  All
are measured in turn, ROUNDS times, and the best counts, for other guests of a machine may take half of its memory's
speed for a while.  CPU time is told beside wall time; ratios are what counts.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROUNDS = int(os.environ.get('ROUNDS', '3'))
ROOT = os.environ.get('SALVOR_SOURCE_ROOT', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..'))
sys.path.insert(0, os.path.join(ROOT, 'tests/support'))
import synthetic  # noqa: E402

NODE = '''const fs = require('fs');
let n = 0;
for (const f of fs.readdirSync(process.argv[1])) {
  const fd = fs.openSync(process.argv[1] + '/' + f, 'r'), b = Buffer.alloc(1 << 22);
  let rest = 0, got;
  while ((got = fs.readSync(fd, b, rest, b.length - rest)) > 0) {
    const end = rest + got;
    let s = 0, e;
    while ((e = b.indexOf(10, s)) >= 0 && e < end) {
      JSON.parse(b.toString('utf8', s, e));
      n++;
      s = e + 1;
    }
    b.copy(b, 0, s, end);
    rest = end - s;
  }
}
'''


def measure(*command, env=None):
    """(wall s, CPU s, peak bytes)"""
    begun = time.time()
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=env)
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode != 0:
        raise SystemExit('%s: exit status %d' % (command[0], p.returncode))
    return time.time() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def commands_of(salvor, cjson, export, conf):
    commands = [('salvor sync', (salvor, 'sync', '-c', conf)),
                ('the same, nothing changed', (salvor, 'sync', '-c', conf)),
                ('cJSON alone', (cjson, export)),
                ('wc -l', ('wc', '-l', *sorted(os.path.join(export, f) for f in os.listdir(export))))]
    if shutil.which('node'):
        commands.append(('node JSON.parse', ('node', '-e', NODE, export)))
    return commands


def rows_of(commands, forget):
    """The best of each, and its largest peak."""
    rows = {}
    for _ in range(ROUNDS):
        forget()
        for name, command in commands:
            m = measure(*command)
            before = rows.get(name, m)
            rows[name] = min(before[:2], m[:2]) + (max(before[2], m[2]),)
    return list(rows.items())


def bench(salvor, cjson, folder, patients, percent):
    export, conf = os.path.join(folder, 'export'), os.path.join(folder, 'conf')
    _, size = synthetic.write(ROOT, export, patients, percent=percent, opaque=True)
    os.sync()       # or the kernel writes the export while it is read
    lines = int(subprocess.run('cat %s/* | wc -l' % export, shell=True, capture_output=True).stdout)
    with open(conf, 'w') as f:
        f.write('store = "%s/store.db"\ndevelopment = true\ndestination "out" {\n\turl = "file:%s/out"\n}\n'
                'registry "r" {\n\tfolder = "%s"\n\tpost-minutes = 0\n}\n' % (folder, folder, export))

    def forget():
        for name in os.listdir(folder):
            if name.startswith('store.db'):
                path = os.path.join(folder, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        shutil.rmtree(os.path.join(folder, 'out'), ignore_errors=True)

    rows = rows_of(commands_of(salvor, cjson, export, conf), forget)
    base = dict(rows).get('node JSON.parse', rows[0][1])
    print('%d patients, %d %% of them cases, %d resources, %.0f MB; load %.1f' % (
        patients, percent, lines, size / 1e6, os.getloadavg()[0]))
    for name, (wall, cpu, peak) in rows:
        print('  %-26s %7.2f s  %7.2f s CPU  %5.0f MB/s  %8.0f resources/s  %5.2f of node wall  %5.2f of its CPU'
              '  %4d MiB' % (name, wall, cpu, size / 1e6 / wall, lines / wall, base[0] / wall, base[1] / cpu,
                             peak >> 20), flush=True)


def main():
    salvor, cjson = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    patients = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
    for percent in [int(x) for x in sys.argv[4:5]] or (100, 30):
        for n in (patients // 10, patients):
            with tempfile.TemporaryDirectory(dir=os.environ.get('TMPDIR', '/var/tmp')) as folder:
                bench(salvor, cjson, folder, n, percent)


if __name__ == '__main__':
    main()
