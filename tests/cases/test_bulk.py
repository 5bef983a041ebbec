#!/usr/bin/python3
"""The Bulk Data client against a server that does all that servers have been seen to do.

usage: test_bulk.py BULK_FETCH

Tags in brackets are the requirements, of bulk-requirements.tsv, that a test shows; the last test holds both together.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import unittest

FETCH = sys.argv.pop(1)
ROOT = os.environ['SALVOR_SOURCE_ROOT']
sys.path.insert(0, os.path.join(ROOT, 'tests/support'))
from bulk_server import INSTANT, BulkServer  # noqa: E402
import service  # noqa: E402


def lines(n, seed=1, kind='Observation'):
    """NDJSON that a careless client would change: characters of two to four bytes, decimals a double cannot hold."""
    r = random.Random(seed)
    return b''.join(('{"resourceType":"%s","id":"%d","v":0.20,"w":12345678901234567890.5,"t":"%s"}\n'
                     % (kind, i, 'Grüße 日本 😀'[:r.randint(1, 12)])).encode() for i in range(n))


class Bulk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.server = BulkServer(cls.temporary.name)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.temporary.cleanup()

    def setUp(self):
        self.server.reset()
        self.job = tempfile.TemporaryDirectory()
        self.folder = os.path.join(self.job.name, 'job')
        os.mkdir(self.folder, 0o700)

    def tearDown(self):
        self.job.cleanup()

    def again(self):
        """Another job, of which the server knows nothing."""
        self.tearDown()
        self.setUp()

    def start(self, *more, level='system'):
        return subprocess.Popen([FETCH, self.folder, self.server.url, level, 'ca=%s/ca.pem' % self.temporary.name,
                                 *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def fetch(self, *more, level='system', status=0):
        """What was fetched; the status must be the one given."""
        p = self.start(*more, level=level)
        out, self.said = p.communicate(timeout=120)
        self.assertEqual(p.returncode, status, self.said)
        return json.loads(out) if status == 0 else None

    def got(self, result, type_='Observation'):
        """The bytes of the one file of that type."""
        name = [f['name'] for f in result['files'] if f['type'] == type_][0]
        with open(os.path.join(self.folder, name), 'rb') as f:
            return f.read()


class Course(Bulk):
    def test_plain(self):
        """[K2 K8 K9 S1 S7 M10 F2 F9 F10 F14] the whole way; bytes are kept."""
        body = lines(5000)
        self.server.serve(Observation_1=body, Patient_1=lines(3, kind='Patient'))
        self.server.script['/status'] = [{'X-Progress': 'half', 'Retry-After': '1'}]
        r = self.fetch('type=Patient', 'type=Observation')
        self.assertEqual(self.got(r), body)
        self.assertEqual((r['transactionTime'], r['failed'], r['lines']), (INSTANT, 0, 5003))
        self.assertIn('half', self.said)
        kick = self.server.asked('/$export')[0]
        self.assertEqual(kick[1], '/$export?_type=Patient,Observation')
        self.assertIn('respond-async', kick[2]['Prefer'])
        self.assertEqual(kick[2]['Accept'], 'application/fhir+json')
        self.assertEqual([r[2]['Accept'] for r in self.server.asked('/status')], ['application/json'] * 2)
        self.assertEqual(self.server.asked('/file/Patient_1')[0][2]['Accept'], 'application/fhir+ndjson')
        with open(os.path.join(self.folder, 'manifest-0.json')) as f:
            self.assertEqual(json.load(f), {'transactionTime': INSTANT, 'requiresAccessToken': False,
                                            **self.server.manifest})
        for name in os.listdir(self.folder):
            self.assertEqual(os.stat(os.path.join(self.folder, name)).st_mode & 0o077, 0, name)
        self.assertFalse([n for n in os.listdir(self.folder) if n.endswith('.part')])

    def test_codings(self):
        """[F2 F9] gzip, chunked, both."""
        body = lines(20000)
        for gzip, chunked in ((True, False), (False, True), (True, True)):
            self.tearDown()
            self.setUp()
            self.server.serve(Observation_1=body)
            self.server.gzip, self.server.chunked = gzip, chunked
            self.assertEqual(self.got(self.fetch()), body)

    def test_post(self):
        """[K2 K3 K4 K13] Parameters for patients."""
        self.server.serve()
        self.fetch('patient=7', 'patient=8', 'since=2026-11-20T00:00:00Z', level='patient')
        method, path, headers, body = self.server.asked('/Patient/$export')[0]
        self.assertEqual((method, headers['Content-Type']), ('POST', 'application/fhir+json'))
        self.assertEqual([p['name'] for p in json.loads(body)['parameter']], ['_since', 'patient', 'patient'])

    def test_advertised(self):
        """[K1 K3] Bulk Data 4: POST, to the operation by the name that the server gives it."""
        definition = 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/'
        for name, canonical, method, path in (
                ('export-v4', 'group-export|4.0.0-ballot', 'POST', '/Group/a%20b/$export-v4'),
                ('export', 'group-export|4.0.0', 'POST', '/Group/a%20b/$export'),
                ('export', 'group-export|2.0.0', 'GET', '/Group/a%20b/$export?_type=Patient'),
                ('export', 'patient-export|4.0.0', 'GET', '/Group/a%20b/$export?_type=Patient'),
                ('../x', 'group-export|4.0.0', 'GET', '/Group/a%20b/$export?_type=Patient')):
            self.again()
            self.server.serve(Patient_1=lines(2, kind='Patient'))
            self.server.capability = {'resourceType': 'CapabilityStatement', 'rest': [{'mode': 'server', 'resource': [
                {'type': 'Group', 'operation': [{'name': name, 'definition': definition + canonical}]}]}]}
            self.assertEqual(self.fetch('group=a b', 'type=Patient', level='group')['lines'], 2)
            self.assertEqual(self.server.asked('/metadata')[0][2]['Accept'], 'application/fhir+json')
            self.assertIn((method, path), [r[:2] for r in self.server.requests])
            if method == 'POST':
                body = [r[3] for r in self.server.requests if r[0] == 'POST'][0]
                self.assertEqual(json.loads(body)['parameter'], [{'name': '_type', 'valueString': 'Patient'}])

    def test_members(self):
        """[K13] who is in a group: ids alone are asked for, each is told once."""
        self.server.serve(Patient_1=b'{"resourceType":"Patient","id":"b"}\n\n{"resourceType":"Patient","id":"a"}',
                          Patient_2=b'{"resourceType":"Patient","id":"b","active":true}\r\n')
        p = self.start('group=g', 'members=1', 'since=2026-11-20T00:00:00Z', 'type=Observation', level='group')
        out, said = p.communicate(timeout=60)
        self.assertEqual((p.returncode, out), (0, 'a\nb\n'), said)
        self.assertEqual(self.server.asked('/Group/g/$export')[0][1],
                         '/Group/g/$export?_type=Patient&_elements=id')
        for body, status in ((b'{"resourceType":"Observation","id":"b"}\n', 3), (b'{"resourceType":"Patient"}\n', 3)):
            self.again()
            self.server.serve(Patient_1=body)
            p = self.start('group=g', 'members=1', level='group')
            self.assertEqual(p.communicate(timeout=60)[0], '')
            self.assertEqual(p.returncode, status)

    def test_log(self):
        """[F15 S7] the log that SMART's clients write; no query of a URL is in it."""
        self.server.files = {'a': lines(3)}
        self.server.manifest = {'output': [{'type': 'Observation', 'url': '/file/a?X-Signature=secret', 'count': 3}]}
        self.server.script = {'/file/a': [503], '/status': [{'X-Progress': '40% "\\ \xfc', 'Retry-After': '1'}]}
        self.fetch('type=Observation', 'filter=Observation?patient=Patient/7')
        with open(os.path.join(self.folder, 'log.ndjson')) as f:
            text = f.read()
        self.assertNotIn('secret', text)
        self.assertNotIn('Patient/7', text)
        events = [json.loads(x) for x in text.splitlines()]
        self.assertEqual([e['eventId'] for e in events], [
            'kickoff', 'status_progress', 'status_page_complete', 'status_complete', 'manifest_complete',
            'download_request', 'download_error', 'download_request', 'download_complete', 'export_complete'])
        self.assertEqual(len({e['exportId'] for e in events}), 1)
        by = {e['eventId']: e['eventDetail'] for e in events}
        self.assertEqual(by['kickoff']['exportUrl'], self.server.url + '/$export')
        self.assertTrue(by['status_progress']['xProgress'].startswith('40% "\\ '))
        self.assertEqual(by['status_complete'], {'transactionTime': INSTANT})
        self.assertEqual(by['manifest_complete'], {
            'transactionTime': INSTANT, 'totalOutputFileCount': 1, 'totalDeletedFileCount': 0,
            'totalErrorFileCount': 0, 'totalManifests': 1})
        self.assertEqual(by['download_request'], {'fileUrl': self.server.url + '/file/a', 'itemType': 'output',
                                                  'resourceType': 'Observation'})
        self.assertEqual(by['download_complete'], {'fileUrl': self.server.url + '/file/a', 'resourceCount': 3,
                                                   'fileSize': len(lines(3))})
        self.assertEqual((by['export_complete']['files'], by['export_complete']['resources']), (1, 3))
        self.assertIn('503', by['download_error']['message'])

    def test_delete(self):
        """[F12] the server may forget it, and nothing of it stays here."""
        self.server.serve(Patient_1=lines(2, kind='Patient'))
        self.fetch('end=1')
        self.assertTrue(self.server.deleted)
        self.assertFalse(os.path.exists(self.folder))

    def test_separate_status(self):
        """[K10 S2] X-Export-Status decides."""
        self.server.serve(Patient_1=lines(2, kind='Patient'))
        self.server.kickoff_headers = {'Preference-Applied': 'respond-async, separate-export-status'}
        self.server.script['/status'] = [{'status': 200, 'X-Export-Status': '202 Accepted', 'Retry-After': '1'}]
        self.server.status_headers = {'X-Export-Status': '200 OK'}
        self.assertEqual(self.fetch()['lines'], 2)

    def test_pages(self):
        """[M5] pages, each once; a circle ends."""
        self.server.files = {'Patient_1': lines(2, kind='Patient'), 'Observation_1': lines(3)}
        head = {'transactionTime': INSTANT, 'requiresAccessToken': False}
        self.server.manifest = {'output': [{'type': 'Patient', 'url': '/file/Patient_1'}],
                                'link': [{'relation': 'next', 'url': '/page/2'}]}
        self.server.pages['2'] = {**head, 'output': [{'type': 'Observation', 'url': '/file/Observation_1'}]}
        self.assertEqual(self.fetch()['lines'], 5)
        self.tearDown()
        Bulk.setUp(self)
        self.server.manifest = {'link': [{'relation': 'next', 'url': '/page/2'}]}
        self.server.pages['2'] = {**head, 'link': [{'relation': 'next', 'url': '/page/2'}]}
        self.fetch(status=1)
        self.assertIn('circle', self.said)

    def test_organized(self):
        """[M8] a file of blocks: their headers are not counted."""
        self.server.files = {'a': b'{"resourceType":"Parameters"}\n' + lines(3)}
        self.server.manifest = {'outputOrganizedBy': 'Patient', 'output': [{'url': '/file/a', 'count': 3}]}
        self.assertEqual(self.fetch()['lines'], 4)

    def test_spec_manifests(self):
        """[M1] T4: the manifests of the specification, file by file."""
        folder = os.path.join(ROOT, 'tests/data/bulk')
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding='utf-8') as f:
                manifest = json.load(f)
            if not isinstance(manifest.get('requiresAccessToken'), bool) or 'transactionTime' not in manifest:
                continue
            with self.subTest(name):
                self.again()
                manifest.pop('link', None)
                want = []
                for i, (kind, key) in enumerate(((0, 'output'), (1, 'deleted'), (2, 'outcome'), (2, 'error'))):
                    for k, item in enumerate(manifest.get(key, [])):
                        file = '%s%d' % (key, k)
                        self.server.files[file] = lines(i + k + 1)
                        item['url'] = '/file/' + file
                        item.pop('count', None)
                        item.pop('fileSize', None)
                        want.append((kind, i + k + 1))
                self.server.manifest = manifest
                r = self.fetch()
                self.assertEqual([(f['kind'], f['lines']) for f in r['files']], want)
                self.assertEqual(r['transactionTime'], manifest['transactionTime'])

    def test_retry_after(self):
        """[S3] T3: none of what servers have sent makes it hammer, or wait for ever."""
        for value in ('0', '-5', 'abc', '1795490296555', 'Tue, 24 Nov 2020 02:00:00 GMT', ''):
            self.again()
            self.server.serve(Patient_1=lines(1, kind='Patient'))
            self.server.script['/status'] = [{'Retry-After': value} for _ in range(5)]
            began = time.time()
            self.assertEqual(self.fetch()['lines'], 1)
            self.assertGreater(time.time() - began, 0.9 * 0.05 * (1 + 2 + 4 + 8 + 16), value)
        self.again()
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        soon = time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime(time.time() + 3))
        self.server.script['/status'] = [{'Retry-After': soon}]
        began = time.time()
        self.fetch()
        self.assertTrue(1 < time.time() - began < 15)

    def test_deleted_and_outcome(self):
        """[M6 M7] they are fetched, and told apart; counts of outcomes are not believed."""
        self.server.files = {'d': b'{"resourceType":"Bundle"}\n', 'o': b'{"resourceType":"OperationOutcome"}\n'}
        self.server.manifest = {'output': [], 'deleted': [{'type': 'Bundle', 'url': '/file/d', 'count': 1}],
                                'error': [{'type': 'OperationOutcome', 'url': '/file/o', 'count': 77}]}
        self.assertEqual([(f['kind'], f['lines'], f['whole']) for f in self.fetch()['files']],
                         [(1, 1, True), (2, 1, True)])


class Trouble(Bulk):
    def test_kick_off(self):
        """[K9 K11] 429 and 503 wait; what will not change ends."""
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        self.server.retry_after = {'Retry-After': '1'}
        self.server.script['/$export'] = [429, 503]
        self.fetch()
        self.assertEqual(len(self.server.asked('/$export')), 3)
        for step, word in ((400, 'answered 400'), ((400, 'invalid'), 'answered 400'), (200, 'not 202')):
            self.tearDown()
            self.setUp()
            self.server.script['/$export'] = [step]
            self.fetch(status=1)
            self.assertIn(word, self.said)

    def test_no_place(self):
        """[K9] 202 without Content-Location."""
        self.server.script['/$export'] = [202]
        self.fetch(status=1)
        self.assertIn('Content-Location', self.said)

    def test_status(self):
        """[S5 S6] temporary failures are asked again, others end."""
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        self.server.retry_after = {'Retry-After': '1'}
        self.server.script['/status'] = [(500, 'transient')]
        self.assertEqual(self.fetch()['lines'], 1)
        for step in ((500, 'not-supported'), (410, 'deleted'), 404, 403):
            self.tearDown()
            self.setUp()
            self.server.script['/status'] = [step]
            self.fetch(status=1)

    def test_files_cut(self):
        """[F3 F6] half a file is never taken for a whole one."""
        body = lines(20000)
        for gzip, chunked, step in ((False, False, 'cut'), (True, False, 'cut'), (False, True, 'cut-chunked'),
                                    (True, True, 'cut-chunked'), (False, False, 'half-lines'), (True, False, 'half'),
                                    (False, False, 'half'), (False, False, 503), (False, False, (500, 'exception'))):
            with self.subTest(gzip=gzip, chunked=chunked, step=step):
                self.tearDown()
                self.setUp()
                self.server.serve(Observation_1=body)
                self.server.gzip, self.server.chunked = gzip, chunked
                times = 1 if step == 'half-lines' else 2        # of a wrong count there is no third time
                self.server.script['/file/Observation_1'] = [step] * times
                r = self.fetch()
                self.assertEqual(self.got(r), body)
                self.assertEqual(len(self.server.asked('/file/Observation_1')), times + 1)

    def test_nothing_says_whole(self):
        """[F3] HTTP/1.0 that just stops proves nothing; a count does."""
        body = lines(10)
        self.server.serve(Observation_1=body)
        self.server.script['/file/Observation_1'] = ['nolength']
        self.assertEqual(self.got(self.fetch()), body)
        self.tearDown()
        self.setUp()
        self.server.files = {'Observation_1': body}
        self.server.manifest = {'output': [{'type': 'Observation', 'url': '/file/Observation_1'}]}
        self.server.script['/file/Observation_1'] = ['nolength'] * 9
        r = self.fetch('retries=1')
        self.assertEqual(r['failed'], 1)
        self.assertIn('nothing says that it is whole', self.said)

    def test_given_up(self):
        """[F6] a file that cannot be had does not stop the others, and is reported."""
        self.server.serve(Observation_1=lines(5), Patient_1=lines(2, kind='Patient'))
        self.server.script['/file/Observation_1'] = [500] * 9
        r = self.fetch('retries=2')
        self.assertEqual((r['failed'], r['lines']), (1, 2))
        self.assertEqual(len(self.server.asked('/file/Observation_1')), 3)

    def test_wrong_count(self):
        """[F4] a count that is never right."""
        self.server.serve(Observation_1=lines(5))
        self.server.manifest['output'][0]['count'] = 6
        self.assertEqual(self.fetch()['failed'], 1)
        self.assertIn('manifest says 6', self.said)
        self.assertEqual(len(self.server.asked('/file/Observation_1')), 2)
        self.again()
        self.server.serve(Observation_1=lines(5))
        self.server.manifest['output'][0]['count'] = 6
        self.assertEqual(self.fetch('lenient=1')['failed'], 0)

    def test_size(self):
        """[F3] fileSize, of the file or of what is sent."""
        body = lines(500)
        for gzip, size, failed in ((False, len(body), 0), (True, len(body), 0), (False, len(body) - 1, 1)):
            self.again()
            self.server.gzip = gzip
            self.server.files = {'a': body}
            self.server.manifest = {'output': [{'type': 'Observation', 'url': '/file/a', 'fileSize': size}]}
            self.assertEqual(self.fetch()['failed'], failed)

    def test_expired(self):
        """[M9] links that have expired are renewed once."""
        body = lines(50)
        self.server.serve(Observation_1=body)
        self.server.script['/file/Observation_1'] = [410]
        self.assertEqual(self.got(self.fetch()), body)
        self.assertEqual(len(self.server.asked('/status')), 2)

    def test_too_large(self):
        """[F10] the space that it may use is a ceiling, also for what inflates."""
        self.server.serve(Observation_1=b'{"resourceType":"Observation","t":"%s"}\n' % (b'a' * 5000000))
        self.server.gzip = True
        r = self.fetch('max-bytes=1000000', 'retries=0')
        self.assertEqual(r['failed'], 1)
        self.assertIn('larger than', self.said)

    def test_deadline(self):
        """[S8] an export that is never ready."""
        self.server.script['/status'] = [{'Retry-After': '1'} for _ in range(99)]
        self.fetch('deadline=2', status=1)
        self.assertIn('deadline', self.said)

    def test_deadline_files(self):
        """[S8] nor files that do not come."""
        self.server.serve(Observation_1=lines(3))
        self.server.script['/file/Observation_1'] = [503] * 99
        self.fetch('deadline=2', 'retries=90', status=1)
        self.assertIn('deadline', self.said)
        self.assertIn('lost', self.said)

    def test_lost(self):
        """[S6 S8] a job that is lost says so; it is ended, and another begins in its place."""
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        self.server.script['/status'] = [(500, 'not-supported')]
        self.fetch('end=2', status=1)
        self.assertIn('lost', self.said)
        self.assertTrue(self.server.deleted)
        self.server.deleted = False
        os.mkdir(self.folder, 0o700)
        self.assertEqual(self.fetch()['lines'], 1)
        self.assertNotIn('lost', self.said)
        self.assertEqual(len(self.server.asked('/$export')), 2)

    def test_not_forgotten(self):
        """[K11 F12] a server that cannot be told that it is over is told before the next export."""
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        self.server.script['/status'] = [{'Retry-After': '1'}, {'Retry-After': '1'}]
        self.fetch()
        self.server.script['/status'] = [503]
        self.fetch('end=1')
        self.assertFalse(self.server.deleted)
        self.assertEqual(os.listdir(self.folder), ['job.json'])
        self.assertIn('told before the next', self.said)
        before = len(self.server.requests)
        self.server.script['/status'] = [204]
        self.assertEqual(self.fetch()['lines'], 1)
        asked = [r[:2] for r in self.server.requests[before:]]
        self.assertLess(asked.index(('DELETE', '/status')), asked.index(('GET', '/$export')))

    def test_other_request(self):
        """[K12] what is asked for has changed: the job of before is not taken for it."""
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        self.fetch('type=Patient')
        self.server.script['/status'] = [202]   # of DELETE
        self.fetch('type=Patient', 'type=Observation')
        self.assertEqual([r[1] for r in self.server.asked('/$export')],
                         ['/$export?_type=Patient', '/$export?_type=Patient,Observation'])
        self.fetch('type=Patient', 'type=Observation')
        self.assertEqual(len(self.server.asked('/$export')), 2)

    def test_not_https(self):
        """[F1 F14] neither status nor files are asked for in the clear; what redirects there is not followed."""
        http = self.server.url.replace('https', 'http')
        self.server.kickoff_headers = {'Content-Location': http + '/status'}
        self.fetch(status=1)
        self.assertIn('not https', self.said)
        self.again()
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        self.server.manifest['output'][0]['url'] = http + '/file/Patient_1'
        self.fetch(status=3)
        self.assertIn('not https', self.said)
        self.assertIn('lost', self.said)
        self.again()
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        self.server.script['/file/Patient_1'] = ['redirect:%s/file/Patient_1' % http] * 9
        self.assertEqual(self.fetch('retries=1')['failed'], 1)

    def test_redirects(self):
        """[F1] five are followed, a sixth is not."""
        for n, failed in ((5, 0), (6, 1)):
            self.again()
            self.server.serve(Patient_1=lines(1, kind='Patient'))
            self.server.script['/file/Patient_1'] = ['redirect:%s/file/Patient_1' % self.server.url] * n
            self.assertEqual(self.fetch('retries=0')['failed'], failed)

    def test_expires(self):
        """[M9] links that are known to have expired are renewed before they are tried."""
        self.server.serve(Observation_1=lines(5))
        self.server.script['/file/Observation_1'] = [500] * 9
        self.server.status_headers = {'Expires': 'Tue, 24 Nov 2020 02:00:00 GMT'}
        self.fetch('retries=0')
        asked = [r[1] for r in self.server.requests if r[1] != '/metadata']
        self.assertEqual(asked, ['/$export', '/status', '/status', '/file/Observation_1'])

    def test_renewed_otherwise(self):
        """[M9] a manifest that lists other files than before is not taken for the same."""
        self.server.serve(Observation_1=lines(5), Patient_1=lines(2, kind='Patient'))
        self.server.script['/file/Observation_1'] = [403] * 9
        p = self.start('parallel=1', 'retry-ms=1500')
        while not self.server.asked('/status'):
            time.sleep(0.01)
        del self.server.manifest['output'][1]
        out, said = p.communicate(timeout=60)
        if 'other files' in said:       # else the first answer was on its way already
            self.assertEqual(json.loads(out)['failed'] > 0, 'given up' in said)

    def test_other_coding(self):
        """[F2] what is neither plain nor gzip is refused."""
        self.server.serve(Observation_1=lines(5))
        self.server.coding = 'br'
        self.assertEqual(self.fetch('retries=0')['failed'], 1)
        self.assertIn('coding', self.said)
        self.server.coding = 'GZip'
        self.server.gzip = True
        self.assertEqual(self.fetch()['lines'], 5)

    def test_large(self):
        """[F7] T13: a file of any size in the same memory; 10 GB with SALVOR_BULK_MB=10000."""
        used = []
        for mb in (1, int(os.environ.get('SALVOR_BULK_MB', '300'))):
            self.again()
            self.server.big['b'] = mb
            self.server.manifest = {'output': [{'type': 'Observation', 'url': '/file/b', 'count': mb * 8192}]}
            p = subprocess.Popen(['/usr/bin/time', '-f', '%M', FETCH, self.folder, self.server.url, 'system',
                                  'ca=%s/ca.pem' % self.temporary.name], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
            out, said = p.communicate(timeout=3000)
            self.assertEqual((p.returncode, json.loads(out)['bytes']), (0, mb << 20), said)
            used.append(int(said.split()[-1]))
        with open(FETCH, 'rb') as f:
            if b'__asan_init' not in f.read():      # which keeps what is freed
                self.assertLess(used[1], used[0] + 4096, used)

    def test_not_renewed(self):
        """[S6 M9] an export that is forgotten while its files come: what was had stays, the job is lost."""
        self.server.serve(Observation_1=lines(5), Patient_1=lines(2, kind='Patient'))
        self.server.script['/file/Observation_1'] = [410]
        self.server.script['/status'] = [{'Retry-After': '1'}, {'status': 200, 'X-Export-Status': '200'}]
        del self.server.script['/status'][1]
        p = self.start('parallel=1')
        while not self.server.asked('/file/Observation_1'):
            time.sleep(0.01)
        self.server.deleted = True
        out, said = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 0, said)
        self.assertIn('lost' if json.loads(out)['failed'] else 'new ones', said)

    def test_busy(self):
        """[F6 S4] a server with a limit gets less at once, and no file is given up for that."""
        files = {'Observation_%d' % i: lines(1, seed=i) for i in range(40)}
        self.server.serve(**files)
        self.server.limit = 5           # files in a fifth of a second
        self.assertEqual(self.fetch('parallel=10', 'retries=1', 'retry-ms=600')['failed'], 0)
        self.assertLess(len([r for r in self.server.requests if r[1].startswith('/file/')]), 120)

    def test_disk(self):
        """[F10] a disk that is nearly full ends the run, not the job."""
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        free = os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize
        self.fetch('spare-bytes=%d' % (2 * free), status=4)
        self.assertIn('disk', self.said)
        self.assertEqual(self.fetch('spare-bytes=1')['lines'], 1)
        self.assertEqual(len(self.server.asked('/$export')), 1)

    def test_many(self):
        """[F6] T12: twenty thousand small files, one in twenty refused at first."""
        n = int(os.environ.get('SALVOR_BULK_FILES', '500'))
        r = random.Random(3)
        files = {'Observation_%d' % i: lines(r.randint(1, 200), seed=i) for i in range(n)}
        self.server.serve(**files)
        for k in files:
            if r.random() < 0.05:
                self.server.script['/file/' + k] = [r.choice((429, 502))]
        began = time.time()
        got = self.fetch('parallel=10')
        self.assertEqual((got['failed'], got['bytes']), (0, sum(map(len, files.values()))))
        print('%d files in %.1f s' % (n, time.time() - began), file=sys.stderr)

    def test_damaged_manifest(self):
        """[M4] what is no NDJSON is refused."""
        self.server.manifest = {'outputFormat': 'text/csv'}
        self.fetch(status=3)
        self.assertIn('NDJSON', self.said)


class Resumed(Bulk):
    def setUp(self):
        super().setUp()
        self.body = lines(40000)
        self.server.files = {'a': self.body}
        self.server.manifest = {'output': [{'type': 'Observation', 'url': '/file/a', 'count': 40000}]}
        self.server.etag = {'ETag': '"v1"'}

    def ranges(self):
        return [(r[2].get('Range'), r[2].get('If-Range')) for r in self.server.asked('/file/a')]

    def test_range(self):
        """[F5] what came is kept: 206 goes on, as often as it breaks off."""
        self.server.script['/file/a'] = ['cut:1000000', 'cut:1', 'cut:0', 'cut:500000']
        self.assertEqual(self.got(self.fetch()), self.body)
        self.assertEqual(self.ranges(), [(None, None), ('bytes=1000000-', '"v1"'), ('bytes=1000001-', '"v1"'),
                                         ('bytes=1000001-', '"v1"'), ('bytes=1500001-', '"v1"')])
        self.assertEqual([n for n in os.listdir(self.folder) if n.endswith(('.part', '.from'))], [])

    def test_last_modified(self):
        """[F5] a date that is old enough is a validator."""
        for date, second in (('Tue, 24 Nov 2020 02:00:00 GMT', 'bytes=1000-'), ('Tue, 24 Nov 2099 02:00:00 GMT', None)):
            self.again()
            self.server.etag = {'Last-Modified': date}
            self.server.script['/file/a'] = ['cut:1000']
            self.assertEqual(self.got(self.fetch()), self.body)
            self.assertEqual(self.ranges()[1][0], second)

    def test_changed(self):
        """[F5] 200 to If-Range: another file, from the start."""
        self.server.script['/file/a'] = ['cut:1000000']
        p = self.start('retry-ms=1500')
        while not self.server.asked('/file/a'):
            time.sleep(0.02)
        time.sleep(0.5)
        self.server.etag = {'ETag': '"v2"'}
        self.server.files['a'] = lines(40000, seed=2)
        out, said = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 0, said)
        self.assertEqual(self.got(json.loads(out)), self.server.files['a'])

    def test_not_resumed(self):
        """[F5] no validator, a weak one, a body that is compressed: from the start."""
        for etag, gzip in (({'X': 'y'}, False), ({'ETag': 'W/"v1"'}, False), ({'ETag': '"v1"'}, True)):
            self.again()
            self.server.etag, self.server.gzip = etag, gzip
            self.server.script['/file/a'] = ['cut']
            self.assertEqual(self.got(self.fetch()), self.body)
            self.assertEqual(self.ranges(), [(None, None)] * 2)

    def test_wrong_range(self):
        """[F5] 206 that does not go on where we are is not believed."""
        self.server.script['/file/a'] = ['cut:1000', 'bad-range']
        self.assertEqual(self.got(self.fetch()), self.body)
        self.assertEqual(self.ranges()[2], (None, None))

    def kill_with_part(self):
        self.server.script['/file/a'] = ['cut:1000000']
        p = self.start('retry-ms=60000')
        part = os.path.join(self.folder, '0-0-Observation.ndjson.part')
        end = time.time() + 30
        while not (os.path.exists(part) and os.path.getsize(part) == 1000000) and time.time() < end:
            time.sleep(0.02)
        p.kill()
        p.communicate()
        return part

    def test_killed(self):
        """[F5] what came outlasts a kill, but not another boot, nor a note that was cut."""
        for spoil in (None, 'boot', 'cut', 'grown'):
            self.again()
            part = self.kill_with_part()
            note = part[:-5] + '.from'
            with open(note) as f:
                text = f.read()
            with open(note, 'w') as f:
                f.write('0' + text[1:] if spoil == 'boot' and text[0] != '0' else '1' + text[1:] if spoil == 'boot'
                        else text[:-1] if spoil == 'cut' else text)
            if spoil == 'grown':        # all of it was there: 416, and nothing is fetched again
                with open(part, 'wb') as f:
                    f.write(self.body)
            self.assertEqual(self.got(self.fetch()), self.body)
            n = {None: 'bytes=1000000-', 'grown': 'bytes=%d-' % len(self.body)}.get(spoil)
            self.assertEqual([r[0] for r in self.ranges()], [None, n])

    def test_too_long(self):
        """[F5] a part that is longer than the file is none of it."""
        part = self.kill_with_part()
        with open(part, 'ab') as f:
            f.write(self.body)
        self.assertEqual(self.got(self.fetch()), self.body)
        self.assertEqual(len(self.ranges()), 3)


class Killed(Bulk):
    def test_anywhere(self):
        """[K9 K12 S9 F10] killed at any time it goes on where it was: one kick-off, each file once."""
        rng = random.Random(7)
        body = {'Observation_%d' % i: lines(4000, seed=i) for i in range(8)}
        for _ in range(8):
            self.tearDown()
            self.setUp()
            self.server.serve(**body)
            self.server.script['/status'] = [{'Retry-After': '1'}]
            kills = 0
            while True:
                p = self.start('parallel=2')
                try:
                    out, self.said = p.communicate(timeout=rng.uniform(0.01, 1.5))
                    break
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.communicate()
                    kills += 1
            self.assertEqual(p.returncode, 0, self.said)
            r = json.loads(out)
            self.assertEqual(r['failed'], 0)
            for f in r['files']:
                with open(os.path.join(self.folder, f['name']), 'rb') as g:
                    self.assertEqual(g.read(), body['Observation_%d' % int(f['name'].split('-')[1])])
            self.assertLessEqual(len(self.server.asked('/$export')), 1 + kills)
        job = os.path.join(self.folder, 'job.json')
        with open(job) as f:
            self.assertEqual(json.load(f)['statusUrl'], self.server.url + '/status')

    def test_one_kick_off(self):
        """[K12 S9] once it is on record no second one is sent."""
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        self.server.script['/status'] = [{'Retry-After': '300'}]
        p = self.start()
        deadline = time.time() + 20
        while not self.server.asked('/status') and time.time() < deadline:
            time.sleep(0.05)
        p.kill()
        p.communicate()
        with open(os.path.join(self.folder, 'job.json')) as f:
            job = json.load(f)
        job['askAt'] = 0
        with open(os.path.join(self.folder, 'job.json'), 'w') as f:
            json.dump(job, f)
        self.fetch()
        self.assertEqual(len(self.server.asked('/$export')), 1)

    def test_clock(self):
        """[S9] a clock that was set back does not make it wait for months."""
        self.test_plain_state(2000000000000)

    def test_plain_state(self, ask_at=0):
        """[S9] the next question is where job.json says."""
        self.server.serve(Patient_1=lines(1, kind='Patient'))
        self.server.script['/status'] = [{'Retry-After': '300'}]
        p = self.start()
        while not self.server.asked('/status'):
            time.sleep(0.02)
        p.kill()
        p.communicate()
        path = os.path.join(self.folder, 'job.json')
        with open(path) as f:
            job = json.load(f)
        with open(path, 'w') as f:
            json.dump({**job, 'askAt': ask_at}, f)
        if ask_at == 0:
            self.assertEqual(self.fetch()['lines'], 1)
            return
        p = self.start('deadline=1')    # it waits, five minutes at most, so it is there yet
        with self.assertRaises(subprocess.TimeoutExpired):
            p.communicate(timeout=2)
        p.kill()
        p.communicate()

    def test_damaged(self):
        with open(os.path.join(self.folder, 'job.json'), 'w') as f:
            f.write('{"statusUrl":')
        self.fetch(status=3)
        self.assertIn('start anew', self.said)


class Tokens(Bulk):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.server = BulkServer(cls.temporary.name, tokens=True)
        cls.key = os.path.join(cls.temporary.name, 'client.key')
        service.openssl(cls.temporary.name, 'ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-out', cls.key)
        os.chmod(cls.key, 0o600)

    def smart(self, *more, **options):
        return self.fetch('key=' + self.key, 'client=salvor', 'scope=system/*.rs',
                          'token-url=%s/token' % self.server.url, *more, **options)

    def setUp(self):
        super().setUp()
        self.server.tokens = set()
        self.server.assertions = []
        self.server.token_life = 300

    def test_token(self):
        """[S1 A3 A7] one token serves all."""
        self.server.serve(Observation_1=lines(5), Patient_1=lines(2, kind='Patient'))
        self.assertEqual(self.smart()['lines'], 7)
        self.assertEqual(len(self.server.assertions), 1)
        a = self.server.assertions[0]
        self.assertEqual((a['iss'], a['sub'], a['aud']), ('salvor', 'salvor', self.server.url + '/token'))
        self.assertLessEqual(a['exp'] - time.time(), 300)

    def test_revoked(self):
        """[A3 A8] 401 in the middle: a new one, once, with another jti."""
        self.server.serve(Observation_1=lines(5))
        self.server.script['/file/Observation_1'] = [401]
        self.assertEqual(self.smart()['lines'], 5)
        self.assertEqual(len({a['jti'] for a in self.server.assertions}), 2)

    def test_short_tokens(self):
        """[A7 A11] T9: tokens of two seconds, and a job that takes longer: none is used when it is over."""
        self.server.token_life = 2
        self.server.strict_life = True
        self.server.serve(**{'Observation_%d' % i: lines(3) for i in range(6)})
        self.server.script['/status'] = [{'Retry-After': '2'}, {'Retry-After': '2'}]
        for i in range(6):
            self.server.script['/file/Observation_%d' % i] = [503]
        self.assertEqual(self.smart('parallel=1', 'retry-ms=1500')['lines'], 18)
        self.assertGreater(len(self.server.assertions), 3)
        self.assertEqual(len({a['jti'] for a in self.server.assertions}), len(self.server.assertions))
        self.assertEqual(self.server.expired, 0)

    def test_token_answers(self):
        """[A6] expires_in as a string, and missing."""
        for life in ('300', None):
            self.again()
            self.server.token_life = life
            self.server.serve(Patient_1=lines(1, kind='Patient'))
            self.assertEqual(self.smart()['lines'], 1)

    def test_key_of_all(self):
        """[A9] a key that others can read is none."""
        os.chmod(self.key, 0o644)
        self.addCleanup(os.chmod, self.key, 0o600)
        self.smart(status=3)
        self.assertIn('chmod 600', self.said)

    def test_refused(self):
        """[A8] who is not known is told so."""
        self.server.script['/token'] = [401] * 9
        self.smart(status=1)
        self.assertIn('invalid_client', self.said)

    def test_not_sent_where_not_wanted(self):
        """[F1] T14: no token without requiresAccessToken, nor to another server."""
        self.server.files = {'a': lines(3)}
        self.server.manifest = {'requiresAccessToken': False, 'output': [{'type': 'Observation', 'url': '/open/a'}]}
        self.smart()
        self.assertNotIn('Authorization', self.server.asked('/open/a')[0][2])
        self.tearDown()
        self.setUp()
        self.server.files = {'a': lines(3)}
        self.server.manifest = {'output': [{'type': 'Observation', 'url': '/file/a'}]}
        other = self.server.url.replace('127.0.0.1', 'localhost')
        self.server.script['/file/a'] = ['redirect:%s/elsewhere/a' % other]
        self.smart()
        self.assertIn('Authorization', self.server.asked('/file/a')[0][2])
        self.assertNotIn('Authorization', self.server.asked('/elsewhere/a')[0][2])


class Requirements(unittest.TestCase):
    def test_table(self):
        """Every MUST has a test, every test that is named there is there, and both say the same."""
        names, here = set(), {}
        for folder in ('tests/cases', 'tests/unit/adapter'):
            for name in os.listdir(os.path.join(ROOT, folder)):
                if name.endswith(('.py', '.c')):
                    with open(os.path.join(ROOT, folder, name), encoding='utf-8') as f:
                        names |= {a or b + '.' + c for a, b, c in re.findall(
                            r'def (test_\w+)\(|^Test\((\w+), (\w+)', f.read(), re.M)}
        for case in (Course, Trouble, Resumed, Killed, Tokens):
            for name in dir(case):
                tags = re.match(r'\[([^]]*)\]', getattr(case, name).__doc__ or '') if name.startswith('test_') else None
                here.update({name: set(tags[1].split())} if tags else {})
        said, known = {}, set()
        with open(os.path.join(ROOT, 'tests/cases/bulk-requirements.tsv'), encoding='utf-8') as f:
            for row in (line.rstrip('\n').split('\t') for line in f if not line.startswith('#')):
                tests = row[3].split() if len(row) > 3 else []
                self.assertEqual(row[1] == 'MUST', bool(tests), row)
                self.assertEqual([t for t in tests if t not in names], [], row)
                known.add(row[0])
                for t in tests:
                    said.setdefault(t, set()).add(row[0])
        for name, tags in here.items():
            self.assertEqual(tags - known, set(), name)
            self.assertEqual(tags, said.get(name, set()), name)


if __name__ == '__main__':
    unittest.main(verbosity=1)
