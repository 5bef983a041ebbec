"""A FHIR server on loopback over TLS that does as it is told, for tests of the poster.

    peer = Peer(folder)                   # with server.pem, server.key made by service.make_certificate
    peer.script = ['503', 'cut', 'ok']    # one behaviour for each post, then those after it; 'ok' when it is used up
    peer.url, peer.posts, peer.store

It keeps what it took, by type and conditional query, as a server does that knows R4 http.html: a second conditional
create changes nothing, a conditional update replaces.  posts holds every request: path, headers, the Bundle, and what
was done about it.
"""
import http.server
import json
import os
import ssl
import threading
import time
import urllib.parse

FHIR_JSON = 'application/fhir+json'


def outcome(code, text):
    return {'resourceType': 'OperationOutcome', 'issue': [{'severity': 'error', 'code': code, 'diagnostics': text}]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self, status, body, headers=(), media=FHIR_JSON):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if status != 304:
            self.send_header('Content-Type', media)
            self.send_header('Content-Length', str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b'' if status == 304 else data)

    def cut(self):
        self.close_connection = True
        self.wfile.flush()
        try:
            self.connection.shutdown(2)
        except OSError:
            pass

    def do_GET(self):
        if self.path.endswith('/.well-known/smart-configuration'):
            self.answer(200, self.server.peer.smart(), media='application/json')
        else:
            self.answer(404, outcome('not-found', self.path))

    def do_POST(self):
        peer = self.server.peer
        body = self.rfile.read(int(self.headers['Content-Length']))
        if self.path == '/token':
            form = urllib.parse.parse_qs(body.decode())
            status, answer, headers = peer.grant(form)
            self.answer(status, answer, headers, 'application/json')
            return
        bundle = json.loads(body)
        act = peer.next(self.path, dict(self.headers), bundle)
        getattr(self, 'act_' + act[0])(peer, bundle, *act[1:])

    # What a peer can do with a post; each is named in Peer.script, with its arguments behind colons.

    def act_ok(self, peer, bundle):
        self.answer(200, peer.take(bundle))

    def act_status(self, peer, bundle, status, *retry_after):
        headers = [('Retry-After', retry_after[0].replace(';', ':'))] if retry_after else []
        self.answer(int(status), outcome('processing', 'told to'), headers)

    def act_bare(self, peer, bundle, status):
        """A status without FHIR, as of a proxy."""
        self.answer(int(status), b'<html><body>Please sign in</body></html>', media='text/html')

    def act_empty(self, peer, bundle, status):
        peer.take(bundle)
        self.answer(int(status), b'')

    def act_redirect(self, peer, bundle, where):
        self.answer(307, b'', [('Location', 'https://localhost:%d/%s' % (peer.port, where))])

    def act_part(self, peer, bundle, index, status):
        """200 to a transaction of which one entry was refused."""
        said = peer.take(dict(bundle, entry=[e for i, e in enumerate(bundle['entry']) if i != int(index)]))
        said['entry'].insert(int(index), {'response': {'status': status, 'outcome': outcome('invariant', 'told to')}})
        self.answer(200, said)

    def act_fewer(self, peer, bundle):
        said = peer.take(bundle)
        self.answer(200, dict(said, entry=said['entry'][:-1]))

    def act_xml(self, peer, bundle):
        said = peer.take(bundle)
        entries = ''.join('<entry><response><status value="%s"/></response></entry>' % e['response']['status']
                          for e in said['entry'])
        self.answer(200, ('<Bundle xmlns="http://hl7.org/fhir"><type value="transaction-response"/>%s</Bundle>'
                          % entries).encode(), media='application/fhir+xml')

    def act_refuse(self, peer, bundle):
        """The connection ends before any answer; nothing was stored."""
        self.cut()

    def act_lose(self, peer, bundle):
        """It is stored, but the answer is lost."""
        peer.take(bundle)
        self.cut()

    def act_head(self, peer, bundle):
        """Stored; headers, but no body."""
        peer.take(bundle)
        self.send_response(200)
        self.send_header('Content-Length', '1000')
        self.end_headers()
        self.cut()

    def act_middle(self, peer, bundle):
        """Stored; the end of the answer is missing."""
        data = json.dumps(peer.take(bundle)).encode()
        self.send_response(200)
        self.send_header('Content-Type', FHIR_JSON)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data[:len(data) // 2])
        self.cut()

    def act_short(self, peer, bundle):
        """A Content-Length that is too small: half a Bundle."""
        data = json.dumps(peer.take(bundle)).encode()
        self.send_response(200)
        self.send_header('Content-Type', FHIR_JSON)
        self.send_header('Content-Length', str(len(data) // 2))
        self.end_headers()
        self.wfile.write(data)
        self.cut()

    def act_large(self, peer, bundle):
        """100 MB of blanks before the answer; in vain."""
        peer.take(bundle)
        self.send_response(200)
        self.send_header('Content-Type', FHIR_JSON)
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        try:
            for _ in range(100):
                self.wfile.write(b'100000\r\n' + b' ' * (1 << 20) + b'\r\n')
                peer.large += 1
            self.wfile.write(b'0\r\n\r\n')
        except OSError:
            self.close_connection = True

    def act_stall(self, peer, bundle):
        peer.take(bundle)
        peer.stalled.wait(30)
        self.cut()


class Peer:
    def __init__(self, folder, certificate='server', protocol=None, clients=None):
        """clients: a CA whose client certificates are asked for."""
        self.folder = folder
        self.script, self.default = [], 'ok'
        self.posts, self.store, self.history = [], {}, []
        self.large = 0
        self.stalled = threading.Event()
        self.lock = threading.Lock()
        self.need_token = None      # what must stand behind "Bearer "
        self.grants = []            # answers of the token endpoint: (status, object); then valid tokens
        self.forms = []             # what was asked of it
        self.life = 300
        self.delay = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, certificate + '.pem'), os.path.join(folder, certificate + '.key'))
        if clients:
            context.load_verify_locations(os.path.join(folder, clients))
            context.verify_mode = ssl.CERT_REQUIRED
        if protocol:
            context.maximum_version = protocol
        self.context = context
        self.port = 0
        self.up()

    def up(self):
        """Listen; after down() on the same port again."""
        peer = self

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def get_request(self):
                s, address = self.socket.accept()
                return peer.context.wrap_socket(s, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, request, address):
                pass

        self.server = Server(('127.0.0.1', self.port), Handler)
        self.server.peer = self
        self.port = self.server.server_address[1]
        self.url = 'https://localhost:%d/fhir' % self.port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self):
        self.server.shutdown()
        self.server.server_close()

    def close(self):
        self.stalled.set()
        self.down()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def next(self, path, headers, bundle):
        """Note the post; the words of what to do about it."""
        if self.delay:
            time.sleep(self.delay)
        with self.lock:
            act = self.script.pop(0) if self.script else self.default
            if self.need_token and headers.get('Authorization') != 'Bearer ' + self.need_token:
                act = 'status:401'
            self.posts.append({'path': path, 'headers': headers, 'bundle': bundle, 'act': act, 'time': time.time()})
        words = act.split(':')
        return ['status'] + words if words[0].isdigit() else words

    def take(self, bundle):
        """Store the entries of a transaction; the Bundle that answers it."""
        entries = []
        with self.lock:
            for e in bundle['entry']:
                r, request = e['resource'], e['request']
                query = request.get('ifNoneExist') or request['url'].split('?', 1)[1]
                key = (r['resourceType'], query)
                known = key in self.store
                if request['method'] == 'PUT' or not known:
                    self.store[key] = r
                    self.history.append((key, r.get('status')))
                entries.append({'response': {'status': '200 OK' if known else '201 Created'}})
        return {'resourceType': 'Bundle', 'type': 'transaction-response', 'entry': entries}

    def of(self, kind):
        with self.lock:
            return [r for (k, _), r in self.store.items() if k == kind]

    # SMART Backend Services.

    def smart(self):
        return {'token_endpoint': 'https://localhost:%d/token' % self.port,
                'token_endpoint_auth_methods_supported': ['private_key_jwt']}

    def grant(self, form):
        with self.lock:
            self.forms.append(form)
            if self.grants:
                status, answer, *headers = self.grants.pop(0)
                return status, answer, headers
            self.need_token = 'token-%d' % len(self.forms)
            return 200, {'access_token': self.need_token, 'token_type': 'bearer', 'expires_in': self.life}, ()
