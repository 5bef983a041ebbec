#!/usr/bin/python3
"""Line and branch coverage of core/, from gcov.  usage: coverage.py BUILD

BUILD is a build folder made with -Db_coverage=true whose tests have been run.
Prints a line a file, what was never run, and the sum.
"""
import collections
import glob
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def reports(build):
    for folder in sorted(glob.glob(os.path.join(build, 'core/**/*.p'), recursive=True)):
        notes = sorted(glob.glob(os.path.join(folder, '*.gcda')))
        if notes:
            out = subprocess.run(['gcov', '--json-format', '--stdout', '--branch-probabilities', *notes], cwd=build,
                                 check=True, capture_output=True, text=True).stdout
            for line in out.splitlines():
                yield from json.loads(line)['files']


def main():
    build = os.path.abspath(sys.argv[1])
    lines, branches = collections.defaultdict(dict), collections.defaultdict(list)
    for f in reports(build):
        path = os.path.relpath(os.path.join(build, f['file']), ROOT)
        if not path.startswith('core/'):
            continue
        for line in f['lines']:
            n = line['line_number']
            lines[path][n] = lines[path].get(n, 0) + line['count']
            branches[path] += [b['count'] for b in line['branches'] if not b['throw']]
    total = [0, 0, 0, 0]
    for path in sorted(lines):
        run, taken = sum(c > 0 for c in lines[path].values()), sum(c > 0 for c in branches[path])
        row = [run, len(lines[path]), taken, len(branches[path])]
        total = [a + b for a, b in zip(total, row)]
        missed = [n for n, c in sorted(lines[path].items()) if c == 0]
        print('%-32s lines %4d/%-4d branches %4d/%-4d %s' % (
            path, *row, 'never run: ' + ' '.join(map(str, missed)) if missed else ''))
    if not total[1]:
        sys.exit('no coverage data in %s' % build)
    print('core: %.1f %% of %d lines, %.1f %% of %d branches' % (
        100 * total[0] / total[1], total[1], 100 * total[2] / max(total[3], 1), total[3]))


if __name__ == '__main__':
    main()
