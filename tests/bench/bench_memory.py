#!/usr/bin/python3
"""Peak memory and speed of `salvor evaluate` on Bulk Data exports that grow tenfold.

usage: bench_memory.py SALVOR [PATIENTS...]

NDJSON with one file a resource type is gathered by patient; NDJSON with a
Bundle a line is the baseline of the same run, for it needs no gathering.
"""
import json
import os
import sys
import tempfile
import time

ROOT = os.environ.get('SALVOR_SOURCE_ROOT', os.path.join(os.path.dirname(__file__), '../..'))
sys.path.insert(0, os.path.join(ROOT, 'tests/support'))
import registry  # noqa: E402


def measure(salvor, *files):
    """Seconds, and peak memory in kB, of one run."""
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        null = os.open('/dev/null', os.O_WRONLY)
        os.dup2(null, 1)
        os.execv(salvor, [salvor, 'evaluate', '--as-of', '2026-05-01', *files])
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit('salvor failed: %d' % status)
    return time.monotonic() - start, usage.ru_maxrss


def main():
    salvor, sizes = sys.argv[1], [int(n) for n in sys.argv[2:]] or [1000, 10000, 100000]
    bundles = []
    for resources in registry.cases(ROOT):
        bundles.append(json.dumps({'resourceType': 'Bundle', 'type': 'collection',
                                   'entry': [{'resource': r} for r in resources]}, separators=(',', ':')))
    peaks = []
    for n in sizes:
        with tempfile.TemporaryDirectory() as d:
            size = registry.write_many(ROOT, d, n)
            seconds, peak = measure(salvor, d)
            one = os.path.join(d, 'bundles.ndjson')
            with open(one, 'w') as f:
                for i in range(n):
                    f.write(bundles[i % len(bundles)] + '\n')
            base_seconds, base_peak = measure(salvor, one)
        peaks.append(peak)
        print('%7d patients, %6.1f MB: %6.1f MB peak, %7.0f patients/s, %4.0f MB/s; '
              'Bundles: %6.1f MB peak, %7.0f patients/s; gathering costs %.2f times'
              % (n, size / 1e6, peak / 1e3, n / seconds, size / seconds / 1e6, base_peak / 1e3,
                 n / base_seconds, seconds / base_seconds), flush=True)
    print('peak memory at %d patients / at %d: %.2f' % (sizes[-1], sizes[0], peaks[-1] / peaks[0]))


if __name__ == '__main__':
    main()
