"""A Bulk Data server that does what a test tells it, over TLS.

    with BulkServer(folder) as server:
        server.files['a'] = b'{...}\n'
        server.manifest = {'output': [{'type': 'Patient', 'url': server.url + '/file/a'}]}
        server.script['/file/a'] = ['cut', 503]       # what happens first, request by request

Script entries are a status (with an OperationOutcome if a (status, code) pair), or a word: cut (the connection ends
in the middle; cut:N after N bytes), stall (nothing more comes), nolength (HTTP/1.0, just stops), half (half of it, as
if it were all), cut-chunked, redirect:URL.  With ``etag`` it serves ranges; bad-range serves another one than asked
for.  ``requests`` records (method, path, headers, body).

With ``route`` each export is another job: route(method, path, body) is what it holds, as {type: bytes}; None if it is
gone at once; the status of an answer that refuses it; or why a 400 does.  ``jobs`` has them, None once deleted.  What a
job holds may know its ``instant``.
"""
import base64
import gzip
import http.server
import json
import socketserver
import ssl
import threading
import time
import urllib.parse

import service

INSTANT = '2026-11-24T02:00:00Z'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self, status, body=b'', headers=None):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def outcome(self, status, code='exception'):
        self.answer(status, {'resourceType': 'OperationOutcome', 'issue': [{'severity': 'error', 'code': code}]},
                    {'Content-Type': 'application/fhir+json'})

    def cut(self, body, headers, status=200, at=None):
        """Say how long it is, send half, and go."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2 if at is None else at])
        self.wfile.flush()
        self.close_connection = True

    def do(self):
        s = self.server.owner
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        path = self.path.split('?')[0]
        with s.lock:
            s.requests.append((self.command, self.path, dict(self.headers), body))
            script = s.script.get(path, [])
            step = script.pop(0) if script else None
        if path == '/token':
            return self.token(step, body)
        if s.strict_life and time.time() > s.ends.get(self.headers.get('Authorization', '')[7:], 0):
            s.expired += 1
        if isinstance(step, tuple):
            return self.outcome(*step)
        if isinstance(step, int):
            return self.answer(step, b'<html>no</html>', dict(s.retry_after))
        if path.startswith('/file/') and s.over_limit():
            return self.answer(429, b'')
        if s.tokens is not None and path != '/elsewhere/a' and not path.startswith('/open') \
                and self.headers.get('Authorization', '')[7:] not in s.tokens:
            return self.outcome(401, 'login')
        if path == '/status':
            return self.status(step)
        if path.startswith('/status/'):
            return self.job(int(path[8:]))
        if path == '/metadata':
            return self.answer(200, s.capability) if s.capability else self.outcome(404, 'not-found')
        if '$export' in path and s.route is not None:
            return self.kick_off(body)
        if '$export' in path:
            return self.answer(202, b'', {'Content-Location': s.url + '/status', **s.kickoff_headers})
        if path.startswith('/page/'):
            return self.answer(200, s.pages[path[6:]], {'Content-Type': 'application/json'})
        if path.rsplit('/', 1)[-1] in s.big:
            return self.large(s.big[path.rsplit('/', 1)[-1]])
        if path.rsplit('/', 1)[-1] in s.files:
            return self.file(step, s.files[path.rsplit('/', 1)[-1]])
        return self.outcome(404, 'not-found')

    do_GET = do_POST = do_DELETE = do

    def token(self, step, body):
        s = self.server.owner
        if isinstance(step, int):
            return self.answer(step, {'error': 'invalid_client'})
        form = urllib.parse.parse_qs(body.decode())
        claims = form['client_assertion'][0].split('.')[1]
        s.assertions.append(json.loads(base64.urlsafe_b64decode(claims + '=' * (-len(claims) % 4))))
        token = 'token-%d' % len(s.assertions)
        s.tokens.add(token)
        s.ends[token] = time.time() + float(s.token_life or 60)
        life = {} if s.token_life is None else {'expires_in': s.token_life}
        self.answer(200, {'access_token': token, 'token_type': 'bearer', 'scope': form['scope'][0], **life})

    def status(self, step):
        s = self.server.owner
        if self.command == 'DELETE':
            s.deleted = True
            return self.answer(202)
        if s.deleted:
            return self.outcome(404, 'not-found')
        if isinstance(step, dict):      # headers of a 202
            return self.answer(step.pop('status', 202), b'', step)
        self.answer(200, {'transactionTime': INSTANT, 'requiresAccessToken': s.tokens is not None, **s.manifest},
                    {'Content-Type': 'application/json', **s.status_headers})

    def kick_off(self, body):
        s = self.server.owner
        holds = s.route(self.command, self.path, body)
        if isinstance(holds, int):
            return self.outcome(holds, 'not-supported')
        if isinstance(holds, str):
            return self.answer(400, {'resourceType': 'OperationOutcome', 'issue': [
                {'severity': 'error', 'code': 'processing', 'diagnostics': holds}]})
        with s.lock:
            n = len(s.jobs)
            s.jobs.append(holds)
            for kind, lines in (holds or {}).items():
                s.files['%d-%s' % (n, kind)] = lines
        return self.answer(202, b'', {'Content-Location': '%s/status/%d' % (s.url, n)})

    def job(self, n):
        s = self.server.owner
        holds = s.jobs[n] if n < len(s.jobs) else None
        if self.command == 'DELETE':
            s.jobs[n] = None
        if holds is None:
            return self.outcome(404, 'not-found')
        if self.command == 'DELETE':
            return self.answer(202)
        return self.answer(200, {'transactionTime': getattr(holds, 'instant', INSTANT), 'requiresAccessToken':
                                 s.tokens is not None, 'output': [
            {'type': kind, 'url': '%s/file/%d-%s' % (s.url, n, kind)} for kind in holds]})

    def large(self, mb):
        """That many megabytes of lines of 128 bytes."""
        line = b'{"resourceType":"Observation","id":"x","t":"'
        piece = (line + b'a' * (128 - len(line) - 3) + b'"}\n') * 8192
        self.send_response(200)
        self.send_header('Content-Length', str(len(piece) * mb))
        self.end_headers()
        for _ in range(mb):
            self.wfile.write(piece)

    def range(self, body, headers, step):
        """RFC 9110 section 14, of the form bytes=N-."""
        asked = self.headers.get('Range')
        validator = headers.get('ETag', headers.get('Last-Modified'))
        if asked is None or self.headers.get('If-Range', validator) != validator:
            return 200, body
        first = int(asked[6:-1]) + (1 if step == 'bad-range' else 0)
        if first >= len(body):
            headers['Content-Range'] = 'bytes */%d' % len(body)
            return 416, b''
        headers['Content-Range'] = 'bytes %d-%d/%d' % (first, len(body) - 1, len(body))
        return 206, body[first:]

    def file(self, step, body):
        s = self.server.owner
        headers = {'Content-Type': 'application/fhir+ndjson'}
        if s.gzip and 'gzip' in self.headers.get('Accept-Encoding', ''):
            body = gzip.compress(body)
            headers['Content-Encoding'] = 'gzip'
        if s.coding:
            headers['Content-Encoding'] = s.coding
        status = 200
        if s.etag and 'Content-Encoding' not in headers:
            headers.update(s.etag)
            status, body = self.range(body, headers, step)
        if isinstance(step, str) and step.startswith('cut') and step != 'cut-chunked':
            return self.cut(body, headers, status, int(step[4:]) if ':' in step else None)
        if step == 'half':
            body = body[:len(body) // 2]
        if step == 'half-lines':
            lines = body.splitlines(True)
            body = b''.join(lines[:len(lines) // 2])
        if step == 'stall':
            self.send_response(200)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body[:10])
            self.wfile.flush()
            time.sleep(s.stall)
            self.close_connection = True
            return None
        if step == 'nolength':
            self.protocol_version = 'HTTP/1.0'
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True
            return None
        if isinstance(step, str) and step.startswith('redirect:'):
            return self.answer(307, b'', {'Location': step[9:]})
        if s.chunked:
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header('Transfer-Encoding', 'chunked')
            self.end_headers()
            for i in range(0, len(body), 7919):
                piece = body[i:i + 7919]
                if step == 'cut-chunked' and i > len(body) // 2:
                    self.wfile.flush()
                    self.close_connection = True
                    return None
                self.wfile.write(b'%x\r\n%s\r\n' % (len(piece), piece))
            self.wfile.write(b'0\r\n\r\n')
            return None
        return self.answer(status, body, headers)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


class BulkServer:
    def __init__(self, folder, tokens=False):
        self.lock = threading.Lock()
        self.folder = folder
        service.make_ca(folder)
        service.make_certificate(folder, 'server')
        self.http = Server(('127.0.0.1', 0), Handler)
        self.http.owner = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + '/server.pem', folder + '/server.key')
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.url = 'https://127.0.0.1:%d' % self.http.server_port
        self.tokens = set() if tokens else None
        self.token_life = 300
        self.assertions = []
        self.stall = 3
        self.reset()
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def reset(self):
        self.files, self.pages, self.script, self.manifest = {}, {}, {}, {}
        self.kickoff_headers, self.status_headers, self.retry_after = {}, {}, {}
        self.etag, self.capability = {}, None
        self.limit, self.window = 0, (0, 0)
        self.big, self.coding = {}, None
        self.strict_life, self.ends, self.expired = False, {}, 0
        self.requests = []
        self.route, self.jobs = None, []
        self.deleted = self.gzip = self.chunked = False

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.http.shutdown()
        self.http.server_close()

    def serve(self, **files):
        """Files by name, each of the type before the first "_" of it; lists them in the manifest with their counts."""
        self.files = {k: v for k, v in files.items()}
        self.manifest = {'output': [{'type': k.split('_')[0], 'url': '%s/file/%s' % (self.url, k),
                                     'count': len([x for x in v.split(b'\n') if x.strip()])}
                                    for k, v in files.items()]}

    def over_limit(self):
        """More than ``limit`` files in this fifth of a second?"""
        with self.lock:
            now = int(time.time() * 5)
            self.window = (now, self.window[1] + 1 if self.window[0] == now else 1)
            return 0 < self.limit < self.window[1]

    def asked(self, path):
        return [r for r in self.requests if r[1].split('?')[0] == path]
