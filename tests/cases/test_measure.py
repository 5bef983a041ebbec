#!/usr/bin/python3
"""salvor measure: QM-01 over the clinical cases.  usage: test_measure.py SALVOR"""
import glob
import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

SALVOR = sys.argv.pop(1)
ROOT = os.environ['SALVOR_SOURCE_ROOT']
FOLDER = os.path.join(ROOT, 'tests/cases/vignettes-fhir')
XSD = os.path.join(os.environ['SALVOR_TEST_DATA'], 'fhir-single.xsd')


def measure(*args, as_of='2026-05-01', start='2010-01-01', files=(FOLDER,)):
    r = subprocess.run([SALVOR, 'measure', '--as-of', as_of, '--from', start,
                        '--recorded', '2026-05-01T08:00:00Z', *args, *files],
                       capture_output=True, timeout=120)
    return r.stdout.decode(), r.returncode


def counts(group):
    return {p['code']['coding'][0]['code']: p['count'] for p in group['population']}


class Measure(unittest.TestCase):
    def test_counts_are_those_of_the_patients(self):
        out = subprocess.run([SALVOR, 'evaluate', '--as-of', '2026-05-01', '--format', 'explain',
                              *glob.glob(FOLDER + '/*.json')], capture_output=True).stdout
        flags = [json.loads(x)['measure']['QM-01'] for x in out.splitlines()]
        left = [f for f in flags if f['denominator'] and not f['excluded']]
        a, b, _ = json.loads(measure('--format', 'summary')[0])['group']
        self.assertEqual(counts(a)['denominator'], sum(f['denominator'] for f in flags))
        self.assertEqual(counts(a)['denominator-exclusion'], counts(a)['denominator'] - len(left))
        self.assertEqual(counts(a)['numerator'], sum(f['evaluated'] for f in left))
        self.assertEqual(counts(b)['numerator'], sum(f['adt_alone'] for f in left))
        self.assertEqual(a['measureScore']['value'], 0.75)

    def test_individual_reports_add_up(self):
        total = {}
        lines = measure('--format', 'individual')[0].splitlines()
        for line in lines:
            r = json.loads(line)
            self.assertEqual(r['type'], 'individual')
            self.assertIn('Patient/', r['subject']['reference'])
            for k, v in counts(r['group'][0]).items():
                total[k] = total.get(k, 0) + v
        self.assertEqual(total, counts(json.loads(measure('--format', 'summary')[0])['group'][0]))
        self.assertEqual(len(lines), total['initial-population'])

    def test_valid_by_the_r4_schema(self):
        with tempfile.TemporaryDirectory() as d:
            for f in ('summary', 'individual'):
                text = measure('--format', f, '--syntax', 'xml', files=[FOLDER + '/V049.json'])[0]
                with open(os.path.join(d, f), 'w') as out:
                    out.write(text)
            r = subprocess.run(['xmllint', '--nonet', '--noout', '--schema', XSD, *glob.glob(d + '/*')],
                               capture_output=True)
            self.assertEqual(r.returncode, 0, r.stderr[-2000:])

    def test_missed_once_the_window_is_over(self):
        # V049 failed on 2026-03-01 and was not assessed; the window is 180 days.
        for day, word in (('2026-08-28', 'still in time'), ('2026-08-29', 'missed')):
            out = measure(as_of=day, files=[FOLDER + '/V049.json'])[0]
            self.assertEqual(out.splitlines()[0].split('  failure')[0].strip(), word)
            self.assertIn('V049', out)

    def test_period(self):
        def failed(start, end):
            out = measure('--to', end, '--format', 'summary', start=start, files=[FOLDER + '/V049.json'])[0]
            return counts(json.loads(out)['group'][0])['denominator']
        self.assertEqual(failed('2026-03-01', '2026-03-01'), 1)
        self.assertEqual(failed('2026-03-02', '2026-12-31'), 0)
        self.assertEqual(failed('2020-01-01', '2026-02-28'), 0)

    def test_chart_and_usage(self):
        out = measure('--format', 'svg')[0]
        svg = xml.etree.ElementTree.fromstring(out)
        self.assertEqual(len(svg.findall('{http://www.w3.org/2000/svg}rect')), 7)
        self.assertEqual(measure('--format', 'explain')[1], 2)
        self.assertEqual(measure('--from', 'yesterday')[1], 2)


if __name__ == '__main__':
    unittest.main()
