#!/usr/bin/python3
"""Single resources gathered by patient, as from a Bulk Data export.  usage: test_gather.py SALVOR"""
import glob
import json
import os
import pty
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

SALVOR = sys.argv.pop(1)
ROOT = os.environ['SALVOR_SOURCE_ROOT']
sys.path.insert(0, os.path.join(ROOT, 'tests/support'))
import registry  # noqa: E402
CASES = sorted(glob.glob(os.path.join(ROOT, 'tests/cases/vignettes-fhir/*.json')))
RUN = [SALVOR, 'evaluate', '--as-of', '2026-05-01', '--recorded', '2026-05-01T08:00:00Z']
EXPLAIN = [*RUN, '--format', 'explain']
with open(SALVOR, 'rb') as binary:
    SANITIZED = b'__asan' in binary.read()


def run(*args, stdin=b'', **more):
    return subprocess.run(args, input=stdin, capture_output=True, timeout=120, **more)


def lines(*resources):
    return ''.join(json.dumps(r) + '\n' for r in resources).encode()


def patient(i, **more):
    return {'resourceType': 'Patient', 'id': i, **more}


def cancer(i, subject):
    return {'resourceType': 'Condition', 'id': i, 'subject': {'reference': subject},
            'code': {'coding': [{'system': 'http://snomed.info/sct', 'code': '399068003'}]},
            'onsetDateTime': '2020-01-01'}


def has_cancer(output):
    return {e['patient']: e['facts']['prostate_cancer'].get('value')
            for e in map(json.loads, output.splitlines())}


class Gathering(unittest.TestCase):
    def test_same_as_bundles_in_any_order_and_split(self):
        expected = run(*EXPLAIN, *CASES).stdout
        for shuffle, parts in ((None, 1), (1, 1), (2, 3)):
            with tempfile.TemporaryDirectory() as d:
                files = registry.write(ROOT, d, shuffle, parts)
                r = run(*EXPLAIN, d)
                self.assertEqual((r.returncode, r.stderr), (0, b''))
                self.assertEqual(r.stdout, expected)
                self.assertEqual(run(*EXPLAIN, *reversed(files)).stdout, expected)

    def test_bundles_and_resources_in_one_file(self):
        bundle = {'resourceType': 'Bundle', 'type': 'collection',
                  'entry': [{'resource': patient('b')}, {'resource': cancer('c', 'Patient/b')}]}
        r = run(*EXPLAIN, stdin=lines(cancer('c', 'Patient/a'), bundle, patient('a')))
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(has_cancer(r.stdout), {'a': True, 'b': True})

    def test_one_line_is_not_decided_on_its_own(self):
        with tempfile.TemporaryDirectory() as d:
            for name, row in (('Patient', patient('a')), ('Condition', cancer('c', 'Patient/a'))):
                with open(os.path.join(d, name + '.ndjson'), 'wb') as f:
                    f.write(lines(row))
            self.assertEqual(has_cancer(run(*EXPLAIN, d).stdout), {'a': True})

    def test_xml_and_json(self):
        with tempfile.TemporaryDirectory() as d:
            with open(os.path.join(d, 'p.xml'), 'w') as f:
                f.write('<Patient xmlns="http://hl7.org/fhir"><id value="a"/></Patient>')
            with open(os.path.join(d, 'c.json'), 'wb') as f:
                f.write(lines(cancer('c', 'Patient/a')))
            self.assertEqual(has_cancer(run(*EXPLAIN, d).stdout), {'a': True})

    def test_bad_lines_do_not_stop_the_others(self):
        r = run(*EXPLAIN, stdin=lines(patient('a')) + b'{"resourceType":"Patient"\n'
                + lines({'resourceType': 'Patient'}, cancer('c', 'Patient/a'))
                + lines({**cancer('d', 'x'), 'subject': {'display': 'Somebody'}}))
        self.assertEqual(r.returncode, 1)
        self.assertEqual(has_cancer(r.stdout), {'a': True})
        err = r.stderr.splitlines()
        self.assertEqual(err[0::2], [b'salvor: -:%d: refused' % n for n in (2, 3, 5)])
        details = [json.loads(x)['issue'][0].get('details', {}).get('text') for x in err[1::2]]
        self.assertEqual(details[1:], ['id-missing', 'subject-missing'])

    def test_many_bad_lines_are_counted(self):
        r = run(*EXPLAIN, stdin=b'{"a":1}\n' * 250)
        self.assertEqual(r.stderr.count(b'OperationOutcome'), 100)
        self.assertIn(b'salvor: -: 150 further documents refused', r.stderr)

    def test_referred_resources(self):
        given = {'resourceType': 'MedicationAdministration', 'id': 'm', 'status': 'in-progress',
                 'subject': {'reference': 'Patient/a'}, 'effectiveDateTime': '2026-04-20',
                 'medicationReference': {'reference': 'Medication/drug'}}
        drug = {'resourceType': 'Medication', 'id': 'drug', 'code': {'coding': [
            {'system': 'http://www.nlm.nih.gov/research/umls/rxnorm', 'code': '475230'}]}}
        seen = {}
        for name, rows in (('with', (given, drug, patient('a'))), ('without', (given, patient('a')))):
            seen[name] = json.loads(run(*EXPLAIN, stdin=lines(*rows)).stdout)['facts']['on_adt_now']['value']
        self.assertEqual(seen, {'with': True, 'without': False})

    def test_replaced_patients_are_one(self):
        link = [{'type': 'replaced-by', 'other': {'reference': 'Patient/b'}}]
        more = [{'type': 'replaced-by', 'other': {'reference': 'Patient/c'}}]
        r = run(*EXPLAIN, stdin=lines(cancer('x', 'Patient/a'), patient('a', link=link),
                                      patient('b', link=more), patient('c')))
        self.assertEqual(has_cancer(r.stdout), {'c': True}, r.stderr)

    def test_newest_patient_counts(self):
        old, new = ({**patient('a'), 'meta': {'versionId': v},
                     'identifier': [{'system': 'urn:x', 'value': v}]} for v in ('9', '10'))
        for rows in ((old, new), (new, old)):
            self.assertEqual(json.loads(run(*EXPLAIN, stdin=lines(*rows)).stdout)['patient'], '10')

    def test_two_servers_are_two_patients(self):
        r = run(*EXPLAIN, stdin=lines(
            cancer('c', 'https://one.example/Patient/a'), cancer('d', 'https://two.example/Patient/a'),
            cancer('e', 'https://one.example/Patient/b')))
        self.assertEqual(r.returncode, 1)
        self.assertIn(b'salvor: Patient/a: refused', r.stderr)
        self.assertEqual(has_cancer(r.stdout), {'b': True})

    def test_folder_without_fhir(self):
        with tempfile.TemporaryDirectory() as d:
            r = run(*EXPLAIN, d)
            self.assertEqual(r.returncode, 1)
            self.assertIn(b'holds no .json', r.stderr)


class Store(unittest.TestCase):
    """The temporary store holds patient data."""
    def test_folder_that_cannot_be_used(self):
        r = run(*EXPLAIN, stdin=lines(patient('a')), env={**os.environ, 'TMPDIR': '/nonexistent'})
        self.assertEqual(r.returncode, 4)
        self.assertIn(b'set TMPDIR', r.stderr)
        self.assertEqual(r.stdout, b'')

    def test_full_folder(self):
        def little():
            resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20))
        with tempfile.TemporaryDirectory() as d:
            rows = lines(*({**cancer('c%d' % i, 'Patient/a'), 'note': [{'text': 'x' * 10000}]}
                           for i in range(4000)))
            r = run(*EXPLAIN, stdin=rows, env={**os.environ, 'TMPDIR': d}, preexec_fn=little)
            self.assertEqual(r.returncode, 4, r.stderr[:500])
            self.assertIn(b'no space left in the temporary folder', r.stderr)
            self.assertEqual((r.stdout, os.listdir(d)), (b'', []))

    def start(self, tmp):
        """A run that waits for more input, with 40 MB in its store."""
        p = subprocess.Popen(EXPLAIN, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env={**os.environ, 'TMPDIR': tmp})
        for i in range(4000):
            p.stdin.write(lines({**cancer('c%d' % i, 'Patient/a'), 'note': [{'text': 'x' * 10000}]}))
        p.stdin.flush()
        time.sleep(0.5)
        return p

    def test_private_and_unlinked(self):
        with tempfile.TemporaryDirectory() as d:
            p = self.start(d)
            fds = '/proc/%d/fd' % p.pid
            mine = [os.path.join(fds, f) for f in os.listdir(fds)
                    if os.readlink(os.path.join(fds, f)).startswith(d)]
            self.assertEqual(os.listdir(d), [])
            self.assertTrue(mine)
            for f in mine:
                self.assertTrue(os.readlink(f).endswith(' (deleted)'))
                self.assertEqual(stat.S_IMODE(os.stat(f).st_mode), 0o600)
            p.communicate()
            self.assertEqual(p.returncode, 0)

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with tempfile.TemporaryDirectory() as d:
                p = self.start(d)
                p.send_signal(number)
                _, err = p.communicate()
                self.assertEqual(p.returncode, -number)
                self.assertIn(b'salvor: stopped by a signal after 0 patients', err)
                self.assertEqual(os.listdir(d), [])

    @unittest.skipIf(SANITIZED, 'the sanitizer needs memory of its own')
    def test_memory_does_not_grow(self):
        peak = []
        for n in (3000, 12000):
            with tempfile.TemporaryDirectory() as d:
                registry.write_many(ROOT, d, n)
                pid = os.fork()
                if pid == 0:
                    os.dup2(os.open('/dev/null', os.O_WRONLY), 1)
                    os.execv(SALVOR, [*RUN, d])
                _, status, usage = os.wait4(pid, 0)
                self.assertEqual(status, 0)
                peak.append(usage.ru_maxrss)
        self.assertLess(peak[1], 64 << 10)
        self.assertLess(peak[1], 1.3 * peak[0])


class Terminal(unittest.TestCase):
    """What a person at a terminal sees on standard error."""
    def watch(self, **env):
        try:
            ours, theirs = pty.openpty()
        except OSError as e:    # a chroot without /dev/pts
            self.skipTest('no terminals here: %s' % e)
        p = subprocess.Popen(EXPLAIN, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=theirs,
                             env={**os.environ, 'TERM': 'xterm', **env})
        os.close(theirs)
        for _ in range(8):
            p.stdin.write(lines(*(patient('p%d' % i) for i in range(1000))))
            p.stdin.flush()
            time.sleep(0.1)
        p.stdin.close()
        seen = b''
        try:
            while chunk := os.read(ours, 4096):
                seen += chunk
        except OSError:
            pass
        os.close(ours)
        self.assertEqual(p.wait(), 0)
        return seen

    def test_progress(self):
        seen = self.watch()
        self.assertIn(b'\rreading', seen)
        self.assertRegex(seen, rb'\r\x1b\[K1000 patients decided in 0:0\d \(\d+/s\), 0 refused\r\n$')

    def test_no_colour_when_asked(self):
        self.assertNotIn(b'\x1b[32m', self.watch(NO_COLOR='1'))
        self.assertEqual(self.watch(TERM='dumb'), b'')

    def test_closed_and_full_output(self):
        with tempfile.TemporaryDirectory() as d:
            registry.write_many(ROOT, d, 500)
            for output, words in ((None, b'was closed by its reader'), ('/dev/full', b'the disk is full')):
                if output is None:
                    end, out = os.pipe()
                    os.close(end)
                else:
                    out = os.open(output, os.O_WRONLY)
                r = subprocess.run([*EXPLAIN, d], stdout=out, stderr=subprocess.PIPE)
                os.close(out)
                self.assertEqual(r.returncode, 4)
                self.assertEqual(r.stderr.count(b'\n'), 1, r.stderr)
                self.assertIn(words, r.stderr)


if __name__ == '__main__':
    unittest.main()
