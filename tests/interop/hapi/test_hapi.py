#!/usr/bin/python3
"""Salvor's service posts to HAPI FHIR's JPA server (strict references) behind nginx: TLS and HTTP/2 outside.

usage: test_hapi.py SALVOR [JARS].  JARS is kept between runs; Maven fills it once.  Exit 77: no Maven, Java or nginx.
"""
import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

SALVOR = os.path.abspath(sys.argv.pop(1))
JARS = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith('-') else '/tmp/salvor-hapi'
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../support'))
from service import Service, vignette  # noqa: E402

NAMES = ['V002', 'V004', 'V008', 'V013', 'V020', 'V031']
MRN = 'https://ehr.example/mrn'


def need():
    for tool in ('mvn', 'java', 'javac', 'nginx'):
        if shutil.which(tool) is None:
            print('skipped: %s is not installed' % tool)
            sys.exit(77)
    if not os.path.isdir(JARS + '/lib'):
        subprocess.run(['mvn', '-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=%s/lib' % JARS],
                       cwd=HERE, check=True)
    os.makedirs(JARS + '/classes', exist_ok=True)
    subprocess.run(['javac', '-nowarn', '-Xlint:none', '-cp', JARS + '/lib/*', '-d', JARS + '/classes',
                    *[os.path.join(HERE, f) for f in os.listdir(HERE) if f.endswith('.java')]], check=True)


def person(name):
    return json.loads(re.sub(r'\be(\d+)\b', name + r'-e\1', json.dumps(vignette(name))))


class Hapi:
    def __init__(self, folder):
        self.log = open(os.path.join(folder, 'hapi.log'), 'wb')
        port = os.path.join(folder, 'hapi.port')
        self.process = subprocess.Popen(['java', '-Xmx1g', '-cp', '%s/classes:%s/lib/*' % (JARS, JARS), 'Server', port],
                                        stdout=self.log, stderr=self.log)
        deadline = time.time() + 900
        while not os.path.exists(port):
            if self.process.poll() is not None or time.time() > deadline:
                raise SystemExit('HAPI did not start; see ' + self.log.name)
            time.sleep(0.3)
        self.base = 'http://127.0.0.1:%s/fhir' % open(port).read().strip()

    def call(self, path, body=None):
        r = urllib.request.Request(self.base + path, json.dumps(body).encode() if body else None,
                                   {'Content-Type': 'application/fhir+json'})
        try:
            return json.load(urllib.request.urlopen(r, timeout=60))
        except urllib.error.HTTPError as e:
            raise AssertionError('%s: %d %s' % (path, e.code, e.read()[:500]))

    def find(self, kind, mrn, parameter='subject'):
        query = urllib.parse.urlencode({'%s:Patient.identifier' % parameter: '%s|%s' % (MRN, mrn), '_count': 200})
        return [e['resource'] for e in self.call('/%s?%s' % (kind, query)).get('entry', [])]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Nginx:
    """TLS 1.3 and HTTP/2 outside, HTTP/1.1 to HAPI inside."""
    def __init__(self, service, base):
        f = service.folder
        with open(os.path.join(f, 'nginx.conf'), 'w') as c:
            c.write('''daemon off; user root; pid %(f)s/nginx.pid; error_log %(f)s/nginx.err;
events {}
http {
  access_log off;
  log_format salvor '$server_protocol $status $http_x_request_id';
  client_body_temp_path %(f)s/b; proxy_temp_path %(f)s/p; fastcgi_temp_path %(f)s/1; uwsgi_temp_path %(f)s/2;
  scgi_temp_path %(f)s/3; client_max_body_size 32m;
  server {
    listen 127.0.0.1:%(port)d ssl http2;
    ssl_certificate %(f)s/server.pem; ssl_certificate_key %(f)s/server.key; ssl_protocols TLSv1.3;
    access_log %(f)s/access.log salvor;
    location / { proxy_pass %(up)s; proxy_read_timeout 120s; }
  }
}
''' % {'f': f, 'port': self.free(), 'up': base[:-len('/fhir')]})
        self.access = os.path.join(f, 'access.log')
        self.process = subprocess.Popen(['nginx', '-c', os.path.join(f, 'nginx.conf'), '-p', f],
                                        stderr=subprocess.DEVNULL)
        self.url = 'https://localhost:%d/fhir' % self.port
        time.sleep(0.5)

    def free(self):
        import socket
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            self.port = s.getsockname()[1]
        return self.port

    def lines(self):
        return [x.split() for x in open(self.access)] if os.path.exists(self.access) else []

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Posted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(SALVOR, start=False)
        cls.hapi = Hapi(cls.service.folder)
        cls.nginx = Nginx(cls.service, cls.hapi.base)
        cls.service.write_conf('destination "hapi" {\n\turl = "%s"\n\tca = "{folder}/ca.pem"\n\ttimeout = 120\n'
                               '\tconcurrency = 4\n\treferences = "logical"\n}\n' % cls.nginx.url)
        cls.service.start()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.nginx.close()
        cls.hapi.close()

    def send(self, bundle):
        a = self.service.post('/fhir', bundle)
        self.assertEqual(a.status, 200, a.body[:500])

    def wait(self, states=(2,), timeout=120):
        deadline = time.time() + timeout
        rows = None
        while time.time() < deadline:
            rows = self.service.sql('SELECT id, state, attempts, status, reason, said FROM outbox')
            if rows and all(r[1] in states for r in rows):
                return rows
            time.sleep(0.1)
        self.fail(rows)

    def patient(self, name):
        p = [e['resource'] for e in vignette(name)['entry'] if e['resource']['resourceType'] == 'Patient'][0]
        self.hapi.call('', {'resourceType': 'Bundle', 'type': 'transaction', 'entry': [
            {'resource': p, 'request': {'method': 'PUT', 'url': 'Patient/' + p['id']}}]})

    def counts(self):
        return {n: [len(self.hapi.find(k, n, 'patient' if k in ('DetectedIssue', 'AuditEvent') else 'subject'))
                    for k in ('GuidanceResponse', 'CarePlan')] for n in NAMES}

    def test_1_a_patient_who_comes_later(self):
        """404 with an OperationOutcome is about this post: it waits for the patient, and nothing else does."""
        self.send(person('V013'))
        deadline = time.time() + 60
        while not (r := self.service.sql('SELECT state, status, said FROM outbox'))[0][1]:
            self.assertLess(time.time(), deadline)
            time.sleep(0.1)
        self.assertEqual(r[0][1], 404)
        self.assertIn('No resources match', r[0][2])
        for n in NAMES:
            self.patient(n)
        self.wait()

    def test_2_found_once(self):
        for n in NAMES:
            self.send(person(n))
        self.wait()
        first = self.counts()
        self.assertEqual([c[0] for c in first.values()], [1] * len(NAMES), first)
        self.assertGreaterEqual(sum(c[1] for c in first.values()), 3, first)
        with tempfile.TemporaryDirectory() as d:    # once more, all of it, by hand
            for r in self.service.sql('SELECT id FROM outbox'):
                text = self.service.run('outbox', 'show', str(r[0]))[1]
                path = os.path.join(d, 'b.json')
                with open(path, 'w') as f:
                    f.write(text)
                db = __import__('sqlite3').connect(self.service.store, timeout=10)
                with db:
                    db.execute('UPDATE outbox SET state = 0, due = 0 WHERE id = ?', r)
                db.close()
        self.wait()
        self.assertEqual(self.counts(), first, 'after posting twice')
        protocols = {x[0] for x in self.nginx.lines()}
        self.assertEqual(protocols, {'HTTP/2.0'})

    def test_3_killed(self):
        before = self.counts()
        for n in NAMES:
            b = person(n)
            for e in b['entry']:
                if 'valueQuantity' in e['resource'] and e['resource']['resourceType'] == 'Observation':
                    e['resource']['valueQuantity']['value'] = 0.9
            self.send(b)
        for delay in (0.05, 0.2, 0.5):
            time.sleep(delay)
            self.service.kill()
            self.service.start()
        self.wait()
        after = self.counts()
        for n in NAMES:
            self.assertLessEqual(after[n][0], before[n][0] + 1, 'guidance twice')
            plans = [p['status'] for p in self.hapi.find('CarePlan', n)]
            self.assertLessEqual(plans.count('draft'), 1, plans)
            identifiers = [p['identifier'][0]['value'] for p in self.hapi.find('CarePlan', n)]
            self.assertEqual(len(identifiers), len(set(identifiers)))

    def test_4_replaced_and_withdrawn(self):
        self.send(person('V013'))
        self.wait()
        plans = self.hapi.find('CarePlan', 'V013')
        live = [p for p in plans if p['status'] == 'draft']
        self.assertEqual(len(live), 1, [p['status'] for p in plans])
        self.assertTrue(live[0].get('replaces'))
        old = self.hapi.call('/' + live[0]['replaces'][0]['reference'])
        self.assertEqual((old['resourceType'], old['status']), ('CarePlan', 'revoked'))
        self.assertIn('Superseded', old['note'][0]['text'])
        b = copy.deepcopy(person('V013'))
        for e in b['entry']:
            r = e['resource']
            if r['resourceType'] == 'Observation' or r['resourceType'] == 'Procedure':
                r['status'] = 'entered-in-error'
            elif r['resourceType'] == 'Condition':
                r['verificationStatus'] = {'coding': [{
                    'system': 'http://terminology.hl7.org/CodeSystem/condition-ver-status',
                    'code': 'entered-in-error'}]}
        self.send(b)
        self.wait()
        self.assertEqual({p['status'] for p in self.hapi.find('CarePlan', 'V013')}, {'revoked'})


if __name__ == '__main__':
    need()
    unittest.main()
