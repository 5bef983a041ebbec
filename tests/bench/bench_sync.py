#!/usr/bin/python3
"""salvor sync end to end, held against reading the same lines with other parsers, in one run.

usage: bench_sync.py SALVOR [PATIENTS]

A synthetic registry (tests/support/synthetic.py: about 60 resources a patient, of which 10 matter; every patient has
guidance or might have) is taken in, decided and put into the outbox; then once more with nothing changed.  The
others only read: node's JSON.parse of every line, and wc -l.  CPU time is
told beside wall time, for machines that do other work; ratios are what counts.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

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


def main():
    salvor = os.path.abspath(sys.argv[1])
    patients = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    with tempfile.TemporaryDirectory(dir=os.environ.get('TMPDIR', '/var/tmp')) as folder:
        rows = []
        for n in (patients // 10, patients):
            export, conf = os.path.join(folder, 'export%d' % n), os.path.join(folder, 'conf%d' % n)
            _, size = synthetic.write(ROOT, export, n)
            lines = int(subprocess.run('cat %s/* | wc -l' % export, shell=True, capture_output=True).stdout)
            with open(conf, 'w') as f:
                f.write('store = "%s/store%d.db"\ndevelopment = true\ndestination "out" {\n\turl = "file:%s/out"\n}\n'
                        'registry "r" {\n\tfolder = "%s"\n\tpost-minutes = 0\n}\n' % (folder, n, folder, export))
            rows = [('salvor sync', measure(salvor, 'sync', '-c', conf)),
                    ('the same, nothing changed', measure(salvor, 'sync', '-c', conf)),
                    ('wc -l', measure('sh', '-c', 'cat %s/* | wc -l' % export))]
            if shutil.which('node'):
                rows.append(('node JSON.parse', measure('node', '-e', NODE, export)))
            base = dict(rows).get('node JSON.parse', rows[0][1])
            print('%d patients, %d resources, %.0f MB' % (n, lines, size / 1e6))
            for name, (wall, cpu, peak) in rows:
                print('  %-26s %7.2f s  %7.2f s CPU  %5.0f MB/s  %8.0f resources/s  %5.2f of node wall  '
                      '%5.2f of its CPU  %4d MiB' % (name, wall, cpu, size / 1e6 / wall, lines / wall, base[0] / wall,
                                                    base[1] / cpu, peak >> 20))


if __name__ == '__main__':
    main()
