#!/usr/bin/env python3
"""The HTTPS server against senders of every kind: the ceilings hold, and others are served meanwhile."""
import gzip
import json
import os
import resource
import socket
import ssl
import sys
import threading
import time
import unittest
import zlib

sys.path.insert(0, os.path.join(os.environ['SALVOR_SOURCE_ROOT'], 'tests/support'))
from service import Service, vignette  # noqa: E402

SALVOR = os.path.abspath(sys.argv.pop(1))
with open(SALVOR, 'rb') as binary:      # AddressSanitizer keeps what is freed
    ROOM = 8 if b'__asan' in binary.read() else 1
# How many idle connections: 10000 takes a minute, and that many files.
CONNECTIONS = int(os.environ.get('SALVOR_TEST_CONNECTIONS', '1000'))
PATIENCE_S = 15     # AD_HTTP_PATIENCE_S
PATIENT = b'{"resourceType":"Patient","id":"p"}'


class Raw:
    """A TLS connection on which bytes are written by hand."""

    def __init__(self, service, client='sender', timeout=60, context=None):
        self.socket = socket.create_connection(('127.0.0.1', service.port), timeout=timeout)
        self.tls = (context or service.tls(client)).wrap_socket(self.socket, server_hostname='127.0.0.1')
        self.buffer = b''

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.tls.close()

    def send(self, *parts):
        for p in parts:
            self.tls.sendall(p if isinstance(p, bytes) else p.encode())

    def line(self):
        while b'\r\n' not in self.buffer:
            data = self.tls.recv(65536)
            if not data:
                raise EOFError(self.buffer)
            self.buffer += data
        line, self.buffer = self.buffer.split(b'\r\n', 1)
        return line.decode()

    def answer(self):
        """(status, headers, body) of the next answer."""
        status = int(self.line().split()[1])
        headers = {}
        while True:
            line = self.line()
            if not line:
                break
            name, value = line.split(':', 1)
            headers[name.lower()] = value.strip()
        n = int(headers.get('content-length', 0))
        while len(self.buffer) < n:
            data = self.tls.recv(65536)
            if not data:
                raise EOFError(self.buffer)
            self.buffer += data
        body, self.buffer = self.buffer[:n], self.buffer[n:]
        return status, headers, body

    def is_closed(self):
        try:
            return self.tls.recv(1) == b''
        except (ConnectionError, ssl.SSLError, EOFError):
            return True


def post(body=PATIENT, *headers, length=True):
    head = ['POST /fhir HTTP/1.1', 'Host: x', 'Content-Type: application/fhir+json', *headers]
    if length:
        head.append('Content-Length: %d' % len(body))
    return '\r\n'.join(head).encode() + b'\r\n\r\n' + body


def bomb(gigabytes):
    """gzip that inflates to so many GB of blanks, about 1 MB each: the same block again and again."""
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = z.compress(b' ' * (1 << 20)) + z.flush(zlib.Z_FULL_FLUSH)
    return b'\x1f\x8b\x08\0\0\0\0\0\0\x03' + block * (1024 * gigabytes)


class Http(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(SALVOR, 'max-body-mib = 16\nmax-connections = 16384\n')

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def tearDown(self):
        self.assertEqual(self.service.get('/livez', client=None).status, 200)

    def test_keep_alive_and_pipelining(self):
        with Raw(self.service) as c:
            for _ in range(5):
                c.send(post())
                self.assertEqual(c.answer()[0], 200)
            requests = [b'GET /fhir/metadata HTTP/1.1\r\nHost: x\r\n\r\n' if i % 3 == 1 else post() for i in range(20)]
            c.send(b''.join(requests))
            for i in range(20):
                status, _, body = c.answer()
                kind = 'CapabilityStatement' if i % 3 == 1 else 'OperationOutcome'
                self.assertEqual((status, json.loads(body)['resourceType']), (200, kind))

    def test_http_1_0_and_close(self):
        with Raw(self.service) as c:
            c.send(post().replace(b'HTTP/1.1', b'HTTP/1.0'))
            text = b''
            while data := c.tls.recv(65536):
                text += data
            self.assertRegex(text, rb'^HTTP/1\.[01] 200 (?s:.)*OperationOutcome')
        with Raw(self.service) as c:
            c.send(post(PATIENT, 'Connection: close'))
            self.assertEqual(c.answer()[0], 200)
            self.assertTrue(c.is_closed())

    def test_chunked_bodies(self):
        body = json.dumps(vignette('V004')).encode()
        for size in (1, 7, 1000, len(body)):
            part = body if size > 7 else PATIENT
            chunks = [part[i:i + size] for i in range(0, len(part), size)]
            with Raw(self.service) as c:
                c.send(post(b'', 'Transfer-Encoding: chunked', length=False),
                       b''.join(b'%x\r\n%s\r\n' % (len(x), x) for x in chunks) + b'0\r\n\r\n')
                self.assertEqual(c.answer()[0], 200)
                c.send(post())
                self.assertEqual(c.answer()[0], 200)
        for bad in (b'zz\r\n', b'-1\r\n', b'ffffffffffffffffff\r\n'):
            with Raw(self.service) as c:
                c.send(post(b'', 'Transfer-Encoding: chunked', length=False), bad + b'x' * 64)
                try:
                    self.assertIn(c.answer()[0], (400, 413))
                except (EOFError, ConnectionError, ssl.SSLError):
                    pass

    def test_two_lengths_are_refused(self):
        with Raw(self.service) as c:
            c.send(post(b'0\r\n\r\n', 'Transfer-Encoding: chunked'))
            status, headers, _ = c.answer()
            self.assertEqual((status, headers['connection']), (400, 'close'))

    def test_expect_100_continue(self):
        with Raw(self.service) as c:
            c.send(post(PATIENT, 'Expect: 100-continue')[:-len(PATIENT)])
            self.assertEqual(c.line(), 'HTTP/1.1 100 Continue')
            self.assertEqual(c.line(), '')
            c.send(PATIENT)
            self.assertEqual(c.answer()[0], 200)
        code, out = self.service.curl('-H', 'Expect: 100-continue', '-H', 'Content-Type: application/fhir+json',
                                      '-d', PATIENT.decode(), '-o', '/dev/null', '-w', '%{http_code}', '/fhir')
        self.assertEqual((code, out), (0, '200'))

    def test_gzip_bodies(self):
        for body in (PATIENT, json.dumps(vignette('V004')).encode(), b'[' * 100000):
            packed = gzip.compress(body)
            with Raw(self.service) as c:
                c.send(post(packed, 'Content-Encoding: gzip'))
                self.assertEqual(c.answer()[0], 200 if body[:1] == b'{' else 413)
        for bad in (b'nonsense', gzip.compress(PATIENT)[:-3], gzip.compress(PATIENT) + b'more'):
            with Raw(self.service) as c:
                c.send(post(bad, 'Content-Encoding: gzip'))
                status, _, body = c.answer()
                self.assertEqual((status, json.loads(body)['resourceType']), (400, 'OperationOutcome'))

    def test_a_zip_bomb_is_refused_with_flat_memory(self):
        packed = bomb(10)
        self.assertLess(len(packed), 12 << 20)
        before = self.service.memory()
        for _ in range(3):
            with Raw(self.service) as c:
                c.send(post(packed, 'Content-Encoding: gzip'))
                status, _, body = c.answer()
                self.assertEqual(status, 413, body)
        self.assertLess(self.service.memory() - before, ROOM * (80 << 20))

    def test_ceilings(self):
        for size, status in ((15 << 20, 200), (17 << 20, 413)):
            body = PATIENT + b' ' * (size - len(PATIENT))
            with Raw(self.service) as c:
                c.send(post(body))
                self.assertEqual(c.answer()[0], status)
        with Raw(self.service) as c:     # refused by its head, before the body came
            c.send('POST /fhir HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n')
            self.assertIn(c.answer()[0], (400, 413))
        for head in ('GET /fhir/metadata HTTP/1.1\r\n' + 'X-%d: y\r\n' * 1 % 1 + 'X: ' + 'y' * 40000 + '\r\n\r\n',
                     'GET /' + 'x' * 40000 + ' HTTP/1.1\r\n\r\n'):
            with Raw(self.service) as c:
                try:
                    c.send(head)
                    self.assertIn(c.answer()[0], (400, 413, 414, 431))
                except (EOFError, ConnectionError, ssl.SSLError):
                    pass
        with Raw(self.service) as c:
            c.send(post(b'{"a":' * 200000))
            status, _, body = c.answer()
            self.assertEqual((status, json.loads(body)['resourceType']), (413, 'OperationOutcome'))

    def test_malformed_requests(self):
        for bad in (b'nonsense\r\n\r\n', b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n', b'\x16\x03\x01\x00', b'\0' * 100,
                    b'POST /fhir HTTP/1.1\r\nContent-Length: -5\r\n\r\n', b'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n',
                    b'GET /fhir/%00 HTTP/1.1\r\nHost: x\r\n\r\n', b'GET /fhir/%zz HTTP/1.1\r\nHost: x\r\n\r\n',
                    b'GET /fhir/CarePlan?subject=%00&&==&a HTTP/1.1\r\nHost: x\r\n\r\n'):
            with Raw(self.service) as c:
                c.send(bad, b'\r\n\r\n')
                c.tls.settimeout(20)
                try:
                    self.assertIn(c.answer()[0], (400, 404, 405, 501, 505), bad)
                except (EOFError, ConnectionError, ssl.SSLError, TimeoutError, IndexError):
                    pass

    def test_who_is_slow_is_closed_and_others_are_served(self):
        """Slow headers, slow body, slow handshake, nothing after the handshake, an answer that is not taken."""
        service = self.service
        ended = {}

        def drip(name, connection, data, pause):
            started = time.time()
            try:
                for i in range(len(data)):
                    connection.send(data[i:i + 1])
                    time.sleep(pause)
                connection.recv(1)
            except (ConnectionError, ssl.SSLError, OSError):
                pass
            connection.close()
            ended[name] = time.time() - started

        def take_slowly():
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.settimeout(60)
            s.connect(('127.0.0.1', service.port))
            c = service.tls().wrap_socket(s, server_hostname='127.0.0.1')
            try:
                c.sendall(b'GET /fhir/PlanDefinition HTTP/1.1\r\nHost: x\r\n\r\n' * 400)
                while not over.wait(0.2):   # the kernel gives away what it had, long after the service hung up
                    c.recv(10)
            except (ConnectionError, ssl.SSLError, OSError):
                pass
            c.close()

        def slow_ones():
            text = service.get('/metrics').text()
            return int([x for x in text.splitlines() if x.startswith('salvor_http_slow_total')][0].split()[1])

        plain = socket.create_connection(('127.0.0.1', service.port), timeout=60)
        cases = [threading.Thread(target=drip, args=a) for a in (
            ('handshake', plain, b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc' + b'\0' * 200, 0.5),
            ('headers', Raw(service).tls, b'GET /fhir/metadata HTTP/1.1\r\n' + b'X: y\r\n' * 50, 0.2),
            ('body', Raw(service).tls, post(b' ' * 5000)[:400], 0.2),
            ('silent', Raw(service).tls, b'', 0))]
        cases.append(threading.Thread(target=take_slowly))
        slow, over, begun = slow_ones(), threading.Event(), time.time()
        for t in cases:
            t.start()
        longest = 0
        while slow_ones() - slow < 5 and time.time() - begun < 4 * PATIENCE_S:
            started = time.time()
            self.assertEqual(self.service.get('/fhir/metadata').status, 200)
            longest = max(longest, time.time() - started)
            time.sleep(0.5)
        over.set()
        for t in cases:
            t.join(20)
        for name in ('handshake', 'headers', 'body', 'silent'):
            self.assertGreater(ended[name], PATIENCE_S - 2, name)
            self.assertLess(ended[name], 3 * PATIENCE_S, name)
        self.assertEqual(slow_ones() - slow, 5)
        self.assertLess(longest, 5)

    def test_many_idle_connections_are_cheap(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        n = min(CONNECTIONS, (hard if hard > 0 else 4096) - 200)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, n + 200), hard))
        context = self.service.tls()
        self.service.get('/livez')
        before = self.service.memory()
        held = []
        try:
            for _ in range(n):
                c = Raw(self.service, context=context)
                c.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
                self.assertEqual(c.answer()[0], 200)
                held.append(c)
            each = (self.service.memory() - before) / n
            print('%d idle TLS connections: %.1f KiB each' % (n, each / 1024), file=sys.stderr)
            self.assertLess(each, ROOM * (64 << 10))
            self.assertEqual(self.service.get('/livez').status, 200)
            for c in held[:: n // 10]:
                c.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
                self.assertEqual(c.answer()[0], 200)
        finally:
            for c in held:
                c.tls.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Ceiling(unittest.TestCase):
    def test_more_connections_than_allowed_wait(self):
        with Service(SALVOR, 'max-connections = 9\nthreads = 1\n') as service:
            held = [Raw(service) for _ in range(10)]
            waiting = socket.create_connection(('127.0.0.1', service.port), timeout=2)
            context = service.tls()
            with self.assertRaises(TimeoutError):
                context.wrap_socket(waiting, server_hostname='127.0.0.1')
            for c in held:
                c.send(post())
                self.assertEqual(c.answer()[0], 200)
            held[0].tls.close()
            self.assertEqual(service.get('/livez').status, 200)
            for c in held:
                c.tls.close()

    def test_bodies_under_way_share_a_ceiling(self):
        """Sixteen bodies of the largest size may be under way, from nobody in particular; then senders are cut off."""
        with Service(SALVOR, 'max-body-mib = 1\nmax-connections = 200\n') as service:
            head = post(b'', 'Content-Length: 1000000', length=False)
            senders, cut = [], 0
            for _ in range(40):
                c = Raw(service, client=None)
                senders.append(c)
                try:
                    c.send(head, b' ' * 900000)
                except (ConnectionError, ssl.SSLError):
                    cut += 1
            time.sleep(0.5)
            metrics = service.get('/metrics').text()
            n = int([x for x in metrics.splitlines() if x.startswith('salvor_http_cut_total')][0].split()[1])
            self.assertGreaterEqual(n, 20)
            self.assertLess(service.memory(), ROOM * (200 << 20))
            for c in senders:
                c.tls.close()


if __name__ == '__main__':
    unittest.main()
