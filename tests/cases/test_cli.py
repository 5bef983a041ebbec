#!/usr/bin/python3
"""The salvor binary as its users run it.  usage: test_cli.py SALVOR"""
import glob
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import unittest

SALVOR = sys.argv.pop(1)
ROOT = os.environ['SALVOR_SOURCE_ROOT']
DATA = os.environ['SALVOR_TEST_DATA']
CASES = os.path.join(ROOT, 'tests/cases/vignettes-fhir')
FIXED = ['--as-of', '2026-05-01', '--recorded', '2026-05-01T08:00:00Z']
with open(SALVOR, 'rb') as binary:
    SANITIZED = b'__asan' in binary.read()


def salvor(*args, stdin=b''):
    return subprocess.run([SALVOR, *args], input=stdin, capture_output=True, timeout=120)


def read(path):
    with open(path) as f:
        return f.read()


def case(name):
    with open(os.path.join(CASES, name + '.json')) as f:
        return json.load(f)


class Input(unittest.TestCase):
    def refused(self, text, code, path=''):
        r = salvor('evaluate', *FIXED, '-', stdin=text)
        self.assertEqual(r.returncode, 1, r.stderr)
        self.assertEqual(r.stdout, b'')
        issue = json.loads(r.stderr)['issue'][-1]
        self.assertEqual(issue['code'], code)
        self.assertEqual(issue.get('expression', [''])[0], path)

    def test_refused(self):
        good = json.dumps(case('V013')).encode()
        self.refused(b'', 'structure')
        self.refused(good[:-7], 'structure', 'Bundle.entry[10].resource.birthDate')
        self.refused(good + b'x', 'structure', 'Bundle')
        self.refused(b'[' * 10000, 'too-costly', '[0]' * 64)
        self.refused(b'{"resourceType":"Nonsense"}', 'structure', 'resourceType')
        self.refused(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 'structure')
        lol = ''.join('<!ENTITY a%d "%s">' % (i, '&a%d;' % (i - 1) * 10) for i in range(1, 10))
        self.refused(('<!DOCTYPE a [<!ENTITY a0 "ha">%s]><a>&a9;</a>' % lol).encode(), 'structure')
        self.refused(b'<Patient xmlns="http://hl7.org/fhir">' + b'<contact>' * 9999, 'structure', 'Patient.contact[0]')

    def test_bad_values(self):
        at = b'{"resourceType":"Patient","id":%s}'
        for value, code, path in ((b'"a","id":"b"', 'duplicate', 'Patient.id'),
                                  (b'"\\u0000"', 'structure', 'Patient.id'),
                                  (b'"\xc3("', 'structure', 'Patient.id'),
                                  (b'1e400', 'value', 'Patient.id'),
                                  (b'0.' + b'1' * 64, 'value', 'Patient.id'),
                                  (b'01', 'structure', 'Patient.id'),
                                  (b'NaN', 'structure', 'Patient.id'),
                                  (b'{' + b','.join(b'"%d":1' % i for i in range(300)) + b'}',
                                   'too-costly', 'Patient.id.256')):
            self.refused(at % value, code, path)

    def test_published_examples(self):
        """Each is decided, or refused with an OperationOutcome that says where and why."""
        files = sorted(glob.glob(DATA + '/fhir-examples/*/*'))
        self.assertGreater(len(files), 590)
        for f in files:
            r = salvor('evaluate', *FIXED, f)
            self.assertIn(r.returncode, (0, 1), (f, r.stderr))
            if r.returncode == 0:  # nothing is written about a resource of nobody
                for line in r.stdout.splitlines():
                    self.assertEqual(json.loads(line)['resourceType'], 'Bundle', f)
                continue
            issue = json.loads(r.stderr.splitlines()[0])['issue'][-1]
            self.assertTrue(issue.get('diagnostics') or issue.get('details'), f)

    def test_an_input_without_a_patient_is_refused(self):
        for text in ('{"resourceType":"Organization","id":"x"}',
                     '{"resourceType":"Organization","id":"x"}\n{"resourceType":"Location","id":"y"}\n'):
            r = salvor('evaluate', *FIXED, '-', stdin=text.encode())
            self.assertEqual((r.returncode, r.stdout), (1, b''), r.stderr)
            self.assertIn('no patient', json.loads(r.stderr)['issue'][0]['diagnostics'])

    def test_xml_attacks_are_refused_in_little_memory(self):
        """No entity is expanded, no file opened: 200 MB of address space are enough."""
        files = glob.glob(DATA + '/xml-attacks/*/*.xml')
        self.assertGreater(len(files), 15)
        room = None if SANITIZED else lambda: resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))
        for f in files:
            before = time.monotonic()
            r = subprocess.run([SALVOR, 'evaluate', *FIXED, f], capture_output=True, timeout=20, preexec_fn=room)
            self.assertEqual((r.returncode, r.stdout), (1, b''), f)
            self.assertEqual(json.loads(r.stderr)['issue'][0]['severity'], 'fatal', f)
            self.assertLess(time.monotonic() - before, 5, f)

    def test_no_quadratic_xml(self):
        n = 200000
        many = '<Patient xmlns="http://hl7.org/fhir" %s/>' % ' '.join('a%d=""' % i for i in range(n))
        self.refused(many.encode(), 'too-costly')
        before = time.monotonic()
        salvor('evaluate', *FIXED, '-', stdin=b'<Patient xmlns="http://hl7.org/fhir"><name>'
               + b'<given id="a"/>' * n + b'</name></Patient>')
        self.assertLess(time.monotonic() - before, 30)

    def test_two_patients(self):
        b = case('V013')
        b['entry'] += case('V014')['entry']
        patients = [i for i, e in enumerate(b['entry']) if e['resource']['resourceType'] == 'Patient']
        self.refused(json.dumps(b).encode(), 'business-rule', 'Bundle.entry[%d].resource' % patients[1])

    def test_missing_subject_is_held(self):
        b = case('V004')
        del b['entry'][1]['resource']['subject']
        r = salvor('evaluate', *FIXED, '--format', 'explain', '-', stdin=json.dumps(b).encode())
        e = json.loads(r.stdout)
        self.assertIn({'code': 'subject-missing', 'source': 'Procedure/e2'}, e['issues'])
        self.assertFalse(e['facts']['rp_as_primary']['value'])

    def test_large_file_in_little_memory(self):
        with tempfile.NamedTemporaryFile() as f:
            f.truncate(200 << 20)
            before = time.monotonic()
            r = salvor('evaluate', f.name)
            self.assertEqual(r.returncode, 1)
            self.assertIn(b'too-costly', r.stderr)
        if not SANITIZED:
            self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 200 << 10)

    def test_usage_and_configuration(self):
        self.assertEqual(salvor().returncode, 2)
        self.assertEqual(salvor('evaluate', '--nonsense').returncode, 2)
        self.assertEqual(salvor('evaluate', '--as-of', '2026').returncode, 2)
        self.assertEqual(salvor('check', '--conf', '/nonexistent').returncode, 3)
        self.assertEqual(salvor('check').returncode, 0)
        self.assertEqual(salvor('evaluate', '/nonexistent').returncode, 1)
        self.assertEqual(salvor('evaluate', '--help').returncode, 0)

    def test_full_disk(self):
        with open('/dev/full', 'wb') as full:
            r = subprocess.run([SALVOR, 'evaluate', *FIXED, os.path.join(CASES, 'V013.json')],
                               stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(r.returncode, 4)

    def test_ndjson(self):
        lines = [json.dumps(case(v)) for v in ('V001', 'V002', 'V003')]
        lines.insert(1, '{"resourceType":"Patient"')
        r = salvor('evaluate', *FIXED, '--format', 'explain', '-', stdin='\n'.join(lines).encode())
        self.assertEqual(r.returncode, 1)
        self.assertIn(b'-:2: refused', r.stderr)
        self.assertEqual([json.loads(x)['patient'] for x in r.stdout.splitlines()], ['V001', 'V002', 'V003'])


class Output(unittest.TestCase):
    def test_valid_by_the_r4_schema(self):
        with tempfile.TemporaryDirectory() as d:
            for f in glob.glob(CASES + '/*.json'):
                r = salvor('evaluate', *FIXED, '--syntax', 'xml', f)
                self.assertEqual(r.returncode, 0)
                with open(os.path.join(d, os.path.basename(f)[:-5] + '.xml'), 'wb') as out:
                    out.write(r.stdout)
            r = subprocess.run(['xmllint', '--nonet', '--noout', '--schema',
                                DATA + '/fhir-single.xsd', *glob.glob(d + '/*.xml')],
                               capture_output=True)
            self.assertEqual(r.returncode, 0, r.stderr[-2000:])

    def test_same_input_same_bytes(self):
        f = os.path.join(CASES, 'V013.json')
        self.assertEqual(salvor('evaluate', *FIXED, f).stdout, salvor('evaluate', *FIXED, f).stdout)

    def test_order_and_duplicates_change_nothing(self):
        b = case('V013')
        want = json.loads(salvor('evaluate', *FIXED, '--format', 'explain', os.path.join(CASES, 'V013.json')).stdout)
        b['entry'].reverse()
        got = json.loads(salvor('evaluate', *FIXED, '--format', 'explain', '-', stdin=json.dumps(b).encode()).stdout)
        self.assertEqual(want, got)

    def test_draft_proposals_only(self):
        for f in sorted(glob.glob(CASES + '/*.json')):
            b = json.loads(salvor('evaluate', *FIXED, f).stdout)
            for e in b.get('entry', []):
                self.assertIn('ifNoneExist', e['request'])
                if e['resource']['resourceType'] == 'CarePlan':
                    self.assertEqual((e['resource']['status'], e['resource']['intent']), ('draft', 'proposal'))

    def test_json_and_xml_twins_are_explained_alike(self):
        files = glob.glob(DATA + '/ecqm-cms129/*.json')
        for f in files:
            twin = f.replace('ecqm-cms129', 'ecqm-cms129-xml').replace('.json', '.xml')
            self.assertEqual(salvor('evaluate', *FIXED, '--format', 'explain', f).stdout,
                             salvor('evaluate', *FIXED, '--format', 'explain', twin).stdout, f)

    def test_no_invented_treatment(self):
        files = glob.glob(DATA + '/ecqm-cms129/*.json')
        self.assertEqual(len(files), 51)
        for f in files:
            r = salvor('evaluate', *FIXED, '--format', 'explain', f)
            if r.returncode == 1:
                json.loads(r.stderr)
                continue
            facts = json.loads(r.stdout)['facts']
            self.assertFalse(facts['rp_as_primary']['value'], f)
            self.assertFalse(facts['rt_as_primary'].get('value', False), f)


class Post(unittest.TestCase):
    def post(self, mode, status, says, *args, url=None, ca='ca.pem'):
        with tempfile.TemporaryDirectory() as d:
            p = subprocess.Popen(['/usr/bin/python3', ROOT + '/tests/interop/fhir_endpoint.py', d, mode],
                                 stderr=subprocess.DEVNULL)
            try:
                for _ in range(300):
                    if os.path.exists(d + '/url'):
                        break
                    time.sleep(0.05)
                target = url or read(d + '/url')
                trust = ['--cacert', d + '/' + ca] if ca else []
                r = salvor('evaluate', *FIXED, '--post', target, *trust, *args,
                           os.path.join(CASES, 'V013.json'))
                self.assertEqual(r.returncode, status, r.stderr)
                self.assertIn(says, r.stderr.decode())
                return read(d + '/stored')
            finally:
                p.kill()
                p.wait()

    def test_stored(self):
        self.assertEqual(self.post('', 0, ''), '1 AuditEvent, 1 CarePlan, 1 GuidanceResponse, 1 Provenance\n')

    def test_certificates(self):
        self.post('', 3, 'certificate was not accepted', ca=None)
        self.post('expired', 3, 'certificate has expired')
        self.post('wrong-host', 3, 'host name')

    def test_answers(self):
        self.post('422', 1, 'the subject is not known here')
        self.post('503', 4, 'try again after 7 s')
        self.post('partial', 1, 'entry 1 was refused: 422')
        self.post('cut', 4, 'safe to post it again')
        self.post('stall', 4, 'safe to post it again', '--timeout', '1')
        self.post('', 4, 'no connection', url='https://127.0.0.1:1/fhir')
        self.post('', 3, 'never sent in the clear', url='http://127.0.0.1:1/fhir')


if __name__ == '__main__':
    unittest.main()
