#!/usr/bin/env python3
"""Operating the service: reload and end under load, other rules, replay, backup, watched folders."""
import http.client
import glob
import json
import os
import re
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.environ['SALVOR_SOURCE_ROOT'], 'tests/support'))
from service import Service, make_certificate, named, vignette  # noqa: E402

ROOT = os.environ['SALVOR_SOURCE_ROOT']
SALVOR = os.path.abspath(sys.argv.pop(1))


def patient(name):
    return {'resourceType': 'Patient', 'id': name}


def wait_until(what, timeout=20):
    deadline = time.time() + timeout
    while not what():
        if time.time() > deadline:
            raise AssertionError('waited in vain')
        time.sleep(0.05)


class Load:
    """Senders that post patients over kept connections until told to stop.

    A connection that the service closed between two requests is opened anew, as RFC 9112 section 9.3.1 says;
    one that it closed within an answer counts as cut."""

    def __init__(self, service, n=4):
        self.service, self.over = service, threading.Event()
        self.stored, self.refused, self.cut = [], [], []
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(n)]
        for t in self.threads:
            t.start()

    def send(self, c, name):
        headers = {'Content-Type': 'application/fhir+json'}
        c.request('PUT', '/fhir/Patient/' + name, json.dumps(patient(name)), headers)
        answer = c.getresponse()
        try:
            answer.read()
        except http.client.IncompleteRead:
            self.cut.append(name)
        (self.stored if answer.status == 200 else self.refused).append(name)

    def run(self, i):
        c, k, context = None, 0, self.service.tls()
        while not self.over.is_set():
            k += 1
            try:
                c = c or http.client.HTTPSConnection('127.0.0.1', self.service.port, context=context, timeout=30)
                self.send(c, 'load-%d-%d' % (i, k))
            except (http.client.HTTPException, ssl.SSLError, OSError):
                c = None
                time.sleep(0.02)

    def stop(self):
        self.over.set()
        for t in self.threads:
            t.join()


class Reload(unittest.TestCase):
    def test_reload_and_end_under_load_lose_nothing(self):
        with Service(SALVOR, 'folder "{folder}" { source = "files" }\n') as service:
            load = Load(service)
            for _ in range(25):
                service.hup(wait=False)
                time.sleep(0.2)
            service.wait_log('reloaded', 2)
            self.assertEqual(service.term(), 0)
            load.stop()
            self.assertEqual((load.cut, load.refused), ([], []))
            self.assertGreater(len(load.stored), 50)
            kept = {r[0] for r in service.sql("SELECT target FROM message WHERE fate = 0")}
            self.assertEqual([n for n in load.stored if 'Patient/' + n not in kept], [])
            self.assertEqual(service.log('stopped')[0]['event'], 'stopped')

    def test_certificates_and_clients_change(self):
        with Service(SALVOR) as service:
            make_certificate(service.folder, 'server2')
            with open(service.conf) as f:
                text = f.read()
            changed = text.replace('/server.', '/server2.').replace('client "reader"', 'client "analyst"')
            with open(service.conf, 'w') as f:
                f.write(changed)
            for _ in range(3):
                self.assertEqual(service.hup()['event'], 'reloaded')
            der = ssl.get_server_certificate(('127.0.0.1', service.port))
            with open(service.path('server2.pem')) as f:
                self.assertEqual(''.join(der.split()), ''.join(f.read().split()))
            service.get('/status', client='reader')
            self.assertEqual(service.log('request')[-1]['client'], 'analyst')
            with open(service.conf, 'w') as f:
                f.write(changed + 'nonsense = 1\n')
            self.assertEqual(service.hup()['event'], 'reload-failed')
            self.assertIn('salvor.conf:', service.log_text())
            self.assertEqual(service.get('/status', client='reader').status, 200)


class Review(unittest.TestCase):
    def test_other_rules_decide_all_patients_again(self):
        with Service(SALVOR, 'site = "{folder}/site.json"\ndestination "out" { url = "file:{folder}/out" }\n',
                     start=False) as service:
            os.mkdir(service.path('out'))
            site = {'resourceType': 'Parameters', 'id': 'site', 'parameter': []}

            def write():
                with open(service.path('site.json'), 'w') as f:
                    json.dump(site, f)

            write()
            service.start()
            for i in range(20):
                bundle = named('V004', 'p%d' % i)
                for e in bundle['entry']:
                    e['resource'].pop('identifier', None)
                self.assertEqual(service.post('/fhir', bundle).status, 200)
            self.assertEqual(service.sql('SELECT count(*) FROM patient'), [(20,)])
            before = service.sql('SELECT patient, decision FROM guidance WHERE ended = 0 ORDER BY patient')
            self.assertEqual(len(before), 20)
            service.hup()
            time.sleep(0.5)
            self.assertEqual(service.log('reviewed'), [], 'the same rules: nothing to do')
            site['parameter'] = [{'name': 'switch-off', 'part': [
                {'name': 'rule', 'valueCode': 'PRO-EAU-01'},
                {'name': 'reason', 'valueString': 'tumour board'}]}]
            write()
            service.hup()
            line = service.wait_log('reviewed')
            self.assertEqual((line['decided'], line['undecided'], line['posts']), ('20', '0', '20'))
            after = service.sql('SELECT patient, decision FROM guidance WHERE ended = 0 ORDER BY patient')
            self.assertEqual(len(after), 20)
            self.assertTrue(all(a[1] != b[1] for a, b in zip(before, after)))
            reasons = service.sql('SELECT DISTINCT reason FROM guidance WHERE ended <> 0')
            self.assertEqual(len(reasons), 1)
            self.assertIn('rule set changed', reasons[0][0])
            wait_until(lambda: service.sql('SELECT count(*) FROM outbox WHERE state = 2') == [(40,)])
            self.assertIn('of them stale</th><td>0<', service.get('/status').text())
            service.restart()
            time.sleep(0.5)
            self.assertEqual(service.log('reviewed'), [])


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(SALVOR)
        cls.service.post('/fhir', vignette('V004'))
        cls.service.post('/fhir', '{"resourceType":"Patient",', headers={'X-Request-Id': 'broken-1'})

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def test_lists_and_status(self):
        code, out, err = self.service.run('status')
        self.assertEqual((code, err), (0, ''))
        self.assertRegex(out, r'messages applied +[1-9]\d*\n')
        code, out, err = self.service.run('messages', 'list', 'refused')
        self.assertEqual((code, len(out.splitlines())), (0, 3))
        self.assertIn('broken-1', out)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        code, out, err = self.service.run('messages', 'show', '1')
        self.assertEqual((code, json.loads(out)), (0, vignette('V004')))

    def test_replay_while_the_service_runs(self):
        code, out, err = self.service.run('messages', 'replay', '1')
        self.assertEqual((code, err), (0, ''))
        self.assertIn('applied', out)
        code, out, err = self.service.run('messages', 'replay', '2')
        self.assertEqual((code, out.split(';')[0]), (1, 'message 2: refused'))

    def test_wrong_arguments(self):
        for words in (('messages',), ('messages', 'list', 'nonsense'), ('messages', 'show', '999'), ('messages', 'show', 'x'),
                      ('messages', 'replay', '1x'), ('outbox', 'drop'), ('outbox', 'retry', '7'), ('store',),
                      ('store', 'backup'), ('messages', 'list', 'held', 'more'), ('status', 'more')):
            code, out, err = self.service.run(*words)
            self.assertEqual(code, 2, words)
            self.assertEqual(len(err.splitlines()), 1, words)

    def test_backup_under_load_is_whole(self):
        load = Load(self.service, 2)
        try:
            path = self.service.path('backup.db')
            code, out, err = self.service.run('store', 'backup', path)
            self.assertEqual((code, out, err), (0, 'ok\n', ''))
        finally:
            load.stop()
        db = sqlite3.connect(path)
        self.assertEqual(db.execute('PRAGMA integrity_check').fetchone(), ('ok',))
        self.assertGreaterEqual(db.execute('SELECT count(*) FROM message').fetchone()[0], 2)
        orphans = db.execute('SELECT count(*) FROM resource WHERE message NOT IN (SELECT id FROM message)').fetchone()
        self.assertEqual(orphans, (0,))
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(self.service.run('store', 'check')[:2], (0, 'ok\n'))


class Pages(unittest.TestCase):
    def test_the_example_passes_its_check(self):
        p = subprocess.run([SALVOR, 'check', '-c', os.path.join(ROOT, 'conf/salvor.conf'), '--cases',
                            os.path.join(ROOT, 'tests/cases')], capture_output=True, text=True, timeout=60)
        self.assertEqual((p.returncode, p.stderr), (0, ''), p.stdout[-500:])

    def test_what_is_wrong_is_named_with_its_line(self):
        with Service(SALVOR, 'max-bodies = 3\n', start=False) as service:
            code, _, err = service.run('check')
            self.assertEqual(code, 3)
            self.assertRegex(err, r"salvor.conf:\d+: .*max-bodies")

    def test_the_manual_pages_have_every_key_and_no_other(self):
        told = set()
        with open(os.path.join(ROOT, 'adapter/man/salvor.conf.5')) as f:
            text = f.read().split('.Sh LOG')[0]
        for line in re.findall(r'^\.It Ic (.*)$', text, re.M):
            told.update(w for w in line.split() if w != ',')
        told.update(re.findall(r'^\.Ss (\S+)', text, re.M))
        with open(os.path.join(ROOT, 'adapter/man/salvor-cds.5')) as f:
            text = f.read().split('.SH DESCRIPTION')[1]
        for line in re.findall(r'^\.(?:TP\n\.BR? |SS )(\S.*)$', text, re.M):
            told.update(re.findall(r'[a-z][a-z0-9-]+', line))
        keys = set()
        for name in glob.glob(os.path.join(ROOT, 'adapter/service/ad_conf*.[ch]')):
            with open(name) as f:
                keys.update(re.findall(r'CFG_(?:STR|INT|BOOL|FLOAT|SEC|STR_LIST|INT_LIST)\("([^"]+)"', f.read()))
        self.assertEqual(told, keys)


class Folder(unittest.TestCase):
    def setUp(self):
        self.service = Service(SALVOR, 'folder "{folder}/in" { source = "files" }\n', start=False)
        os.mkdir(self.service.path('in'))
        self.addCleanup(self.service.close)

    def drop(self, name, text):
        path = self.service.path('in', name)
        with open(path + '.part', 'w') as f:
            f.write(text if isinstance(text, str) else json.dumps(text))
        os.utime(path + '.part', (time.time() - 10,) * 2)
        os.rename(path + '.part', path)

    def there(self, *names):
        path = self.service.path('in', *names)
        return os.path.exists(path)

    def names(self, sub):
        path = self.service.path('in', sub)
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def test_done_and_refused(self):
        self.service.start()
        self.drop('a.json', patient('a'))
        self.drop('b.json', '{"resourceType":')
        self.drop('c.ndjson', json.dumps(patient('c1')) + '\n{"nonsense"\n' + json.dumps(patient('c2')) + '\n')
        self.drop('d.txt', 'not mine')
        with open(self.service.path('in', 'e.json.part'), 'w') as f:
            f.write('{')
        wait_until(lambda: self.there('done', 'a.json') and self.there('refused', 'b.json')
                   and self.there('refused', 'c.ndjson'))
        with open(self.service.path('in', 'refused', 'b.json.outcome.json')) as f:
            self.assertEqual(json.load(f)['resourceType'], 'OperationOutcome')
        with open(self.service.path('in', 'refused', 'c.ndjson.outcome.json')) as f:
            self.assertEqual(json.load(f)['resourceType'], 'OperationOutcome')
        names = {r[0] for r in self.service.sql('SELECT name FROM resource')}
        self.assertEqual(names, {'Patient/a', 'Patient/c1', 'Patient/c2'})
        self.assertTrue(self.there('d.txt') and self.there('e.json.part'))

    def test_a_name_that_comes_again_replaces_nothing(self):
        self.service.start()
        for i in range(3):
            self.drop('same.json', patient('s%d' % i))
            wait_until(lambda: not self.there('same.json'))
        self.assertEqual(len(self.names('done')), 3)
        self.assertEqual(self.service.sql('SELECT count(*) FROM resource'), [(3,)])

    def test_a_restart_in_the_middle_loses_nothing(self):
        for i in range(60):
            self.drop('%03d.json' % i, patient('r%d' % i))
        self.service.start()
        wait_until(lambda: len(self.names('done')) > 3)
        self.service.kill()
        self.service.start()
        wait_until(lambda: len(self.names('done')) == 60)
        self.assertEqual(self.service.sql('SELECT count(*) FROM resource'), [(60,)])


if __name__ == '__main__':
    unittest.main()
