#!/usr/bin/python3
"""Salvor behind nginx, with certificates on both ways.  usage: test_nginx.py SALVOR; 77 without nginx

A sender shows nginx its certificate, nginx shows Salvor its own.  What senders rely on holds through it: HTTP/2,
chunks, gzip, who sent which request, refusals with their reason; and nothing is lost or doubled while Salvor is
killed and either is told to read its configuration again.
"""
import gzip
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

ROOT = os.environ['SALVOR_SOURCE_ROOT']
sys.path.insert(0, os.path.join(ROOT, 'tests/fault'))
sys.path.insert(0, os.path.join(ROOT, 'tests/support'))
from promise import Sender, check, script, send_all  # noqa: E402
from service import Service, fingerprint, make_certificate, named  # noqa: E402

SALVOR = sys.argv.pop(1)
HERE = os.path.dirname(os.path.abspath(__file__))
if shutil.which('nginx') is None:
    print('skipped: nginx is not installed')
    sys.exit(77)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Front:
    """nginx before a service; to a Sender it looks like one."""

    def __init__(self, service):
        self.service = service
        self.port = free_port()
        with open(os.path.join(HERE, 'nginx.conf')) as f:
            text = f.read()
        for name, value in (('folder', service.folder), ('salvor', service.port), ('port', self.port)):
            text = text.replace('@%s@' % name, str(value))
        conf = service.path('nginx.conf')
        with open(conf, 'w') as f:
            f.write(text)
        # Its workers give up the rights of root, and then could not read the certificates' folder.
        user = ['-g', 'user root;'] if os.getuid() == 0 else []
        self.process = subprocess.Popen(['nginx', '-c', conf, '-p', service.folder, *user], stderr=subprocess.PIPE)
        deadline = time.time() + 20
        while True:
            try:
                socket.create_connection(('127.0.0.1', self.port)).close()
                break
            except OSError:
                if self.process.poll() is not None or time.time() > deadline:
                    raise AssertionError('nginx did not start: %s' % self.process.stderr.read())
                time.sleep(0.02)

    def connect(self, client='sender', timeout=30):
        port, self.service.port = self.service.port, self.port
        try:
            return self.service.connect(client, timeout)
        finally:
            self.service.port = port

    def request(self, method, path, body=None, headers=None, client='sender', connection=None):
        c = connection or self.connect(client)
        try:
            answer = self.service.request(method, path, body, headers, connection=c)
        finally:
            if connection is None:
                c.close()
        if answer.status in (502, 504):
            raise ConnectionError('nginx: Salvor is away')
        return answer

    def curl(self, *args, client='sender'):
        cert = ['--cert', self.service.path(client + '.pem'), '--key', self.service.path(client + '.key')] if client else []
        p = subprocess.run(['curl', '-sS', '--cacert', self.service.path('ca.pem'), *cert, '-w',
                            '\n%{http_version} %{http_code}', *args], capture_output=True, text=True, timeout=60)
        body, _, how = p.stdout.rpartition('\n')
        return body, how or p.stderr

    def url(self, path):
        return 'https://localhost:%d%s' % (self.port, path)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()


class Behind(unittest.TestCase):
    def setUp(self):
        self.service = Service(SALVOR, start=False)
        make_certificate(self.service.folder, 'gateway')
        self.conf = 'client "gateway" {\n\tcertificate-sha256 = "%s"\n\tmay = {write, read}\n}\n' % fingerprint(
            self.service.path('gateway.pem'))
        self.service.write_conf(self.conf)
        self.service.start()
        self.service.write_conf(self.conf)      # now with the port that it got
        self.front = Front(self.service)

    def tearDown(self):
        self.front.close()
        self.service.close()

    def write(self, data):
        with open(self.service.path('body'), 'wb') as f:
            f.write(data)
        return '@' + self.service.path('body')

    def test_forms(self):
        """HTTP/2, HTTP/1.1, chunks and gzip come through, each with its request id."""
        data = json.dumps(named('V013', 'p1')).encode()
        kind = 'Content-Type: application/fhir+json'
        cases = (('plain', data, '/fhir', ['--http2'], '2 200'), ('old', data, '/fhir', ['--http1.1'], '1.1 200'),
                 ('chunked', data, '/stream/fhir', ['--http1.1', '-H', 'Transfer-Encoding: chunked'], '1.1 200'),
                 ('stream', data, '/stream/fhir', ['--http2'], '2 200'),
                 ('gzip', gzip.compress(data), '/fhir', ['--http2', '-H', 'Content-Encoding: gzip'], '2 200'))
        for name, body, path, options, want in cases:
            with self.subTest(name):
                text, how = self.front.curl(*options, '-H', kind, '-H', 'X-Request-Id: ' + name, '--data-binary',
                                            self.write(body), self.front.url(path))
                self.assertEqual(how, want, text)
                self.assertEqual(json.loads(text)['type'], 'transaction-response')
        kept = self.service.sql('SELECT correlation, source FROM message ORDER BY id')
        self.assertEqual(kept, [(c[0], 'gateway') for c in cases])
        self.assertEqual(self.service.sql('SELECT count(*) FROM guidance WHERE ended = 0'), [(1,)])

    def test_refusals(self):
        """Who shows no certificate is nginx's to refuse; what Salvor refuses comes through with its reason."""
        body, how = self.front.curl('--http1.1', self.front.url('/fhir/metadata'), client=None)
        self.assertEqual(how, '1.1 400', body)
        body, how = self.front.curl('--http2', '-H', 'Content-Type: application/fhir+json', '-d', '{"resourceType":',
                                    self.front.url('/fhir'))
        self.assertEqual(how, '2 400')
        self.assertEqual(json.loads(body)['resourceType'], 'OperationOutcome')
        body, how = self.front.curl('--http2', self.front.url('/fhir/Nothing/1'))
        self.assertEqual(how, '2 404')
        self.assertEqual(json.loads(body)['resourceType'], 'OperationOutcome')
        # Without nginx's certificate there is no way round it.
        self.assertEqual(self.service.get('/fhir/CarePlan?subject=p1', client=None).status, 401)

    def disturb(self, stop):
        dice = random.Random(7)
        kills = 0
        while not stop.is_set() or kills < 3:
            time.sleep(dice.uniform(0.1, 0.4))
            what = dice.choice(['kill', 'reload', 'nginx'])
            if what == 'kill':
                self.service.kill()
                self.service.start()
                kills += 1
            elif what == 'reload':
                self.service.process.send_signal(signal.SIGHUP)
            else:
                self.front.process.send_signal(signal.SIGHUP)
        self.kills = kills

    def test_nothing_lost(self):
        senders = [Sender(self.front, script('n%d' % i, 60, random.Random(i)), 'n%d' % i) for i in range(4)]
        stop = threading.Event()
        trouble = threading.Thread(target=self.disturb, args=(stop,))
        trouble.start()
        for t in send_all(senders):
            t.join()
        stop.set()
        trouble.join()
        self.assertTrue(all(s.done() for s in senders))
        self.assertEqual(check(self, self.service, senders), 240)
        self.assertGreaterEqual(self.kills, 3)


if __name__ == '__main__':
    unittest.main()
