"""A FHIR server that receives guidance, keeps it in memory, and fails as it is told.

    with Receiver(service.folder) as receiver:      # certificates of tests/support/service.py
        service.write_conf(receiver.destination())

script is called with the number of the post, from 0, and says what happens to it: 'ok'; a status such as 503, which
stores nothing; 'cut', the connection ends before anything is stored; 'lost', everything is stored but the answer never
arrives; or a number of seconds (a float), by which the answer is late.
"""
import http.server
import json
import os
import socket
import ssl
import threading
import time
import urllib.parse

from service import make_certificate


class Receiver:
    def __init__(self, folder, script=lambda n: 'ok', name='receiver', port=0):
        self.folder, self.name, self.script = folder, name, script
        self.lock = threading.Lock()
        self.resources = {}     # (type, search) -> resource
        self.created = []       # the same, once for each creation
        self.posts = 0
        self.stored = 0
        if not os.path.exists(os.path.join(folder, name + '.pem')):
            make_certificate(folder, name)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            disable_nagle_algorithm = True
            timeout = 60

            def log_message(self, *args):
                pass

            def do_POST(self):
                receiver.take(self)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *args):
                pass    # connections end as they like

        self.server = Server(('127.0.0.1', port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, name + '.pem'), os.path.join(folder, name + '.key'))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def destination(self, more='timeout = 5'):
        """The section for salvor.conf."""
        return 'destination "%s" {\n\turl = "https://localhost:%d/fhir"\n\tca = "%s/ca.pem"\n\t%s\n}\n' % (
            self.name, self.port, self.folder, more)

    def take(self, h):
        body = h.rfile.read(int(h.headers['Content-Length']))
        with self.lock:
            what = self.script(self.posts)
            self.posts += 1
        if isinstance(what, float):
            time.sleep(what)
            what = 'ok'
        if what == 'cut':
            return self.cut(h)
        if isinstance(what, int):
            return self.answer(h, what, {'resourceType': 'OperationOutcome', 'issue': [
                {'severity': 'error', 'code': 'transient', 'diagnostics': 'as the test wants it'}]})
        with self.lock:
            entries = [self.apply(e) for e in json.loads(body).get('entry', [])]
            self.stored += 1
        if what == 'lost':
            return self.cut(h)
        self.answer(h, 200, {'resourceType': 'Bundle', 'type': 'transaction-response', 'entry': entries})

    def cut(self, h):
        h.close_connection = True
        try:
            h.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def answer(self, h, status, body):
        data = json.dumps(body).encode()
        h.send_response(status)
        h.send_header('Content-Type', 'application/fhir+json')
        h.send_header('Content-Length', str(len(data)))
        h.end_headers()
        h.wfile.write(data)

    def apply(self, entry):
        """One entry: a conditional create, or a conditional update."""
        request, resource = entry['request'], entry['resource']
        if request['method'] == 'POST':
            kind, search = request['url'], request['ifNoneExist']
        else:
            kind, _, search = request['url'].partition('?')
        key = (kind, urllib.parse.unquote(search))
        if key not in self.resources:
            self.created.append(key)
            self.resources[key] = resource
            return {'response': {'status': '201 Created'}}
        if request['method'] == 'PUT':
            self.resources[key] = resource
        return {'response': {'status': '200 OK'}}

    def of_type(self, kind):
        """Resources of a type by the decision in their identifier."""
        return {key[1].split('|')[1].rsplit('-', 1)[0]: r for key, r in list(self.resources.items()) if key[0] == kind}

    def valid_plans(self):
        """The decisions whose plan is not revoked."""
        return {d for d, r in self.of_type('CarePlan').items() if r['status'] != 'revoked'}
