#!/usr/bin/python3
"""TLS and HTTP as attackers speak them; certificates that change under load.  usage: test_tls.py SALVOR"""
import http.client
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../support'))
from service import Service, fingerprint, make_ca, make_certificate, openssl  # noqa: E402

SALVOR = sys.argv.pop(1)
HOST = 'Host: localhost\r\n'


class Attack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = s = Service(SALVOR, start=False)
        make_ca(s.folder, 'foreign', 'Another CA')
        make_certificate(s.folder, 'outsider', ca='foreign')
        make_certificate(s.folder, 'expired', days=-1)
        make_ca(s.folder, 'selfsigned', 'sender')
        s.write_conf(''.join('client "%s" { certificate-sha256 = "%s" }\n' % (n, fingerprint(s.path(n + '.pem')))
                             for n in ('outsider', 'expired', 'selfsigned')))
        s.start()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def tearDown(self):
        self.assertEqual(self.service.get('/metrics').status, 200, 'the service lives')

    def s_client(self, *args, stdin=b''):
        p = subprocess.run(['openssl', 's_client', '-connect', '127.0.0.1:%d' % self.service.port, *args],
                           input=stdin, capture_output=True, timeout=30)
        return p.returncode, (p.stdout + p.stderr).decode(errors='replace')

    def test_old_protocols_and_weak_ciphers_are_refused(self):
        for args in (['-tls1'], ['-tls1_1'], ['-tls1_2', '-cipher', 'AES128-SHA'], ['-tls1_2', '-cipher', 'AES256-GCM-SHA384'],
                     ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256'], ['-tls1_2', '-cipher', 'NULL-SHA256:aNULL']):
            status, text = self.s_client(*args, '-cipher' if '-cipher' not in args else '-quiet',
                                         *(['DEFAULT@SECLEVEL=0'] if '-cipher' not in args else []))
            with self.subTest(args=args):
                self.assertNotEqual(status, 0, text)
        for args in (['-tls1_2'], ['-tls1_3']):
            status, text = self.s_client(*args, '-servername', 'localhost')
            self.assertEqual(status, 0, text)

    def test_renegotiation_is_refused(self):
        p = subprocess.Popen(['openssl', 's_client', '-connect', '127.0.0.1:%d' % self.service.port, '-tls1_2'],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        time.sleep(0.5)
        p.stdin.write(b'R\n')
        p.stdin.flush()
        out, _ = p.communicate(timeout=20)
        self.assertIn(b'RENEGOTIATING', out)
        self.assertIn(b'no renegotiation', out)

    def test_client_certificates(self):
        for name in ('outsider', 'expired', 'selfsigned'):
            with self.subTest(name=name), self.assertRaises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
                self.service.get('/metrics', client=name)
        self.assertEqual(self.service.get('/metrics', client='stranger').status, 401)
        self.assertEqual(self.service.log('unknown-client')[-1]['why'], 'unlisted-certificate')
        self.assertEqual(self.service.get('/metrics', client=None).status, 401)

    def test_what_is_no_tls(self):
        for junk in (b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n', os.urandom(2000), b'\x16\x03\x01\xff\xff' + b'\0' * 500,
                     b'\x16\x03\x01', b'', b'\x80\x2e\x01\x00\x02'):
            with socket.create_connection(('127.0.0.1', self.service.port), timeout=20) as c:
                try:
                    c.sendall(junk)
                    c.shutdown(socket.SHUT_WR)
                    answer = c.recv(4096)
                except OSError:
                    answer = b''
                self.assertNotIn(b'HTTP/1', answer)

    def raw(self, *parts, client='sender', seconds=5):
        """Send bytes as they are; everything that comes back."""
        got = b''
        with socket.create_connection(('127.0.0.1', self.service.port), timeout=seconds) as plain:
            with self.service.tls(client).wrap_socket(plain, server_hostname='localhost') as c:
                try:
                    for p in parts:
                        c.sendall(p.encode('latin-1') if isinstance(p, str) else p)
                    while True:
                        b = c.recv(65536)
                        if not b:
                            break
                        got += b
                except (TimeoutError, ssl.SSLError, ConnectionError):
                    pass
        return got

    def statuses(self, *parts, **options):
        return [int(x.split(b' ')[1]) for x in self.raw(*parts, **options).split(b'\r\n') if x.startswith(b'HTTP/1.')]

    def test_one_request_is_never_two(self):
        hidden = 'GET /livez HTTP/1.1\r\n' + HOST + '\r\n'
        post = 'POST /fhir HTTP/1.1\r\n' + HOST + 'Content-Type: application/fhir+json\r\n'
        for name, text in {
            'length and coding': post + 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' + hidden,
            'two lengths': post + 'Content-Length: 0\r\nContent-Length: %d\r\n\r\n' % len(hidden) + hidden,
            'two equal lengths': post + 'Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}' + hidden,
            'a list of lengths': post + 'Content-Length: 2, 2\r\n\r\n{}' + hidden,
            'a signed length': post + 'Content-Length: +2\r\n\r\n{}' + hidden,
            'a negative length': post + 'Content-Length: -2\r\n\r\n{}' + hidden,
            'a hexadecimal length': post + 'Content-Length: 0x2\r\n\r\n{}' + hidden,
            'an unknown coding': post + 'Transfer-Encoding: xchunked\r\n\r\n' + hidden,
            'two codings': post + 'Transfer-Encoding: gzip, chunked\r\n\r\n' + hidden,
            'coding twice': post + 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n' + hidden,
            'coding and blank': post + 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n' + hidden,
            'control in coding': post + 'Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n' + hidden,
            'chunk extension': post + 'Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\n\r\n' + hidden,
            'negative chunk': post + 'Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n' + hidden,
            'huge chunk': post + 'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n{}\r\n0\r\n\r\n' + hidden,
            'two hosts': 'GET /metrics HTTP/1.1\r\n' + HOST + HOST + '\r\n' + hidden,
        }.items():
            with self.subTest(name):
                got = self.statuses(text)
                self.assertLessEqual(len(got), 1, got)
                self.assertTrue(all(400 <= s < 600 for s in got), got)

    def test_no_header_is_injected(self):
        for value in ('a\tb', 'x' * 65, '\x7f', 'a b', '"', 'é', '%0d%0aX-Evil:1'):
            got = self.raw('GET /livez HTTP/1.1\r\n' + HOST + '\r\n', 'GET /metrics HTTP/1.1\r\n' + HOST + 'X-Request-Id: '
                           + value + '\r\nConnection: close\r\n\r\n')
            with self.subTest(value=value):
                self.assertNotIn(('X-Request-Id: ' + value).encode('latin-1') + b'\r\n', got)
                self.assertNotIn(b'X-Evil:1\r\n', got)
        got = self.raw('GET /metrics HTTP/1.1\r\n' + HOST + 'X-Request-Id: good-1\r\nConnection: close\r\n\r\n')
        self.assertIn(b'X-Request-Id: good-1\r\n', got)

    def test_paths_that_pretend(self):
        for path in ('/fhir/../metrics', '/fhir/metadata/../../metrics', '/%2e%2e/metrics', '/fhir/metadata/%2e%2e/%2e%2e/metrics',
                     '//metrics', '/metrics//', '/metrics%00', '/metrics%00/fhir/metadata', '/fhir/metadata%00', '/metrics;x',
                     '/fhir/metadata;/../../metrics', '/METRICS', '/metrics%2f', '/metrics?x=/fhir/metadata',
                     'http://localhost/metrics', '/fhir/metadata#/../metrics', '\\metrics', '/livez/../metrics',
                     '/patients/..%2f..%2fetc%2fpasswd'):
            with self.subTest(path=path):
                got = self.raw('GET %s HTTP/1.1\r\n%sConnection: close\r\n\r\n' % (path, HOST), client=None)
                self.assertNotIn(b'salvor_', got, 'no metrics without a client')
                self.assertNotIn(b'root:', got)
                self.assertNotIn(b'HTTP/1.1 200 OK\r\n' if 'fhir/metadata' not in path else b'HTTP/1.1 2x', got)
        for line in ('GET\r\n', 'GET /metrics\r\n', 'GET  /metrics  HTTP/1.1\r\n', 'G\0T /metrics HTTP/1.1\r\n',
                     'CONNECT localhost:22 HTTP/1.1\r\n', 'TRACE / HTTP/1.1\r\n', 'get /metrics HTTP/1.1\r\n',
                     'GET /metrics HTTP/9.9\r\n'):
            with self.subTest(line=line):
                got = self.raw(line + HOST + 'Connection: close\r\n\r\n', client=None)
                self.assertNotIn(b' 200 ', got[:20])


class Change(unittest.TestCase):
    def test_certificates_change_under_load(self):
        with Service(SALVOR) as s:
            wrong, done, stop = [], [0], threading.Event()

            def load():
                c = s.connect()
                while not stop.is_set():
                    try:
                        if s.get('/metrics', connection=c).status != 200:
                            wrong.append('status')
                    except Exception as e:
                        wrong.append(repr(e))
                        c = s.connect()
                    done[0] += 1
                c.close()
            threads = [threading.Thread(target=load) for _ in range(4)]
            for t in threads:
                t.start()
            serials = set()
            for n in range(4):
                make_certificate(s.folder, 'server')
                self.assertEqual(s.hup()['event'], 'reloaded')
                with socket.create_connection(('127.0.0.1', s.port)) as p, s.tls().wrap_socket(
                        p, server_hostname='localhost') as c:
                    serials.add(c.getpeercert()['serialNumber'])
            # A broken one is not taken, and harms nobody.
            with open(s.path('server.pem'), 'w') as f:
                f.write('nonsense')
            self.assertEqual(s.hup()['event'], 'reload-failed')
            stop.set()
            for t in threads:
                t.join()
            self.assertEqual(wrong, [])
            self.assertEqual(len(serials), 4)
            self.assertGreater(done[0], 20)

    def test_a_certificate_that_was_taken_back(self):
        with Service(SALVOR, start=False) as s:
            with open(s.path('ca.cnf'), 'w') as f:
                f.write('[ca]\ndefault_ca=d\n[d]\ndatabase=%s\ndefault_md=sha256\n' % s.path('index.txt'))
            open(s.path('index.txt'), 'w').close()

            def crl():
                openssl(s.folder, 'ca', '-config', 'ca.cnf', '-gencrl', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-crldays',
                        '2', '-out', 'crl.pem')
            crl()
            s.write_conf('client-crl = "{folder}/crl.pem"\n')
            s.start()
            self.assertEqual(s.get('/metrics', client='reader').status, 200)
            openssl(s.folder, 'ca', '-config', 'ca.cnf', '-revoke', 'reader.pem', '-cert', 'ca.pem', '-keyfile', 'ca.key')
            crl()
            self.assertEqual(s.hup()['event'], 'reloaded')
            with self.assertRaises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
                s.get('/metrics', client='reader')
            self.assertEqual(s.get('/metrics', client='sender').status, 200)


if __name__ == '__main__':
    unittest.main()
