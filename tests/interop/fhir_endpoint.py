#!/usr/bin/python3
"""A FHIR endpoint on loopback over TLS, for the demo and the tests of the post.

It takes transaction Bundles with conditional creates (ifNoneExist), keeps the
resources in memory, and answers as R4 http.html says.  usage: FOLDER [MODE].
FOLDER gets ca.pem, url and stored (the number of resources by type).  MODE
makes it misbehave: expired, wrong-host, 422, 503, partial, cut, stall.
"""
import http.server
import json
import os
import ssl
import subprocess
import sys
import time

folder, mode = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ''
store = {}


def openssl(*args):
    subprocess.run(['openssl', *args], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificates():
    host = 'elsewhere.example' if mode == 'wrong-host' else 'localhost'
    alt = 'DNS:' + host + ('' if mode == 'wrong-host' else ',IP:127.0.0.1')
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
            '-subj', '/CN=Salvor test CA', '-keyout', 'ca.key', '-out', 'ca.new')
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=' + host,
            '-keyout', 'server.key', '-out', 'server.csr')
    with open(os.path.join(folder, 'ext'), 'w') as f:
        f.write('subjectAltName=' + alt + '\n')
    days = ['-days', '2']
    if mode == 'expired':
        with open(os.path.join(folder, 'db'), 'w'):
            pass
        with open(os.path.join(folder, 'ca.cnf'), 'w') as f:
            f.write('[ca]\ndefault_ca=c\n[c]\ndatabase=db\nnew_certs_dir=.\nserial=serial\n'
                    'default_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n'
                    '[x]\nsubjectAltName=' + alt + '\n')
        openssl('ca', '-batch', '-config', 'ca.cnf', '-create_serial', '-notext',
                '-cert', 'ca.new', '-keyfile', 'ca.key', '-in', 'server.csr',
                '-out', 'server.pem', '-startdate', '20200101000000Z', '-enddate', '20200102000000Z')
    else:
        openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.new', '-CAkey', 'ca.key',
                '-CAcreateserial', '-extfile', 'ext', '-out', 'server.pem', *days)


def write(name, text):
    path = os.path.join(folder, name)
    with open(path + '.tmp', 'w') as f:
        f.write(text)
    os.rename(path + '.tmp', path)


def outcome(code, text):
    return {'resourceType': 'OperationOutcome',
            'issue': [{'severity': 'error', 'code': code, 'diagnostics': text}]}


def transaction(bundle):
    entries = []
    for i, e in enumerate(bundle.get('entry', [])):
        key = (e['request']['url'], e['request'].get('ifNoneExist', str(len(store))))
        status = '200 OK' if key in store else '201 Created'
        if mode == 'partial' and i == 1:
            entries.append({'response': {'status': '422 Unprocessable Entity',
                                         'outcome': outcome('invariant', 'this one is refused')}})
            continue
        store.setdefault(key, e['resource'])
        entries.append({'response': {'status': status}})
    counts = {}
    for kind, _ in store:
        counts[kind] = counts.get(kind, 0) + 1
    write('stored', ', '.join('%d %s' % (counts[k], k) for k in sorted(counts)) + '\n')
    return {'resourceType': 'Bundle', 'type': 'transaction-response', 'entry': entries}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/fhir+json')
        self.send_header('Content-Length', str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        if mode == 'stall':
            time.sleep(30)
        elif mode == 'cut':
            self.send_response(200)
            self.send_header('Content-Length', '1000')
            self.end_headers()
            self.wfile.write(b'{"resour')
            self.close_connection = True
        elif mode == '422':
            self.answer(422, outcome('invariant', 'the subject is not known here'))
        elif mode == '503':
            self.answer(503, outcome('transient', 'down for maintenance'), [('Retry-After', '7')])
        else:
            self.answer(200, transaction(json.loads(body)))


certificates()
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = ssl.TLSVersion.TLSv1_2
context.load_cert_chain(os.path.join(folder, 'server.pem'), os.path.join(folder, 'server.key'))
server.socket = context.wrap_socket(server.socket, server_side=True)
write('ca.pem', open(os.path.join(folder, 'ca.new')).read())
write('stored', 'nothing\n')
write('url', 'https://localhost:%d/fhir' % server.server_address[1])
server.serve_forever()
