#!/usr/bin/python3
"""run.py SALVOR SANDBOX [PICTURES]: the built sandbox in SANDBOX driven against SALVOR.  See README.md."""
import functools
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../support'))
from cds import TYPES, bundle, case, read  # noqa: E402
from service import Service, make_certificate  # noqa: E402

salvor, sandbox = sys.argv[1:3]
pictures = sys.argv[3] if len(sys.argv) > 3 else '/tmp'
resources = case('V049')
patient = next(r for r in resources if r['resourceType'] == 'Patient')


class Fhir(http.server.BaseHTTPRequestHandler):
    """Enough of a FHIR server: one patient."""

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/fhir+json')
        self.send_header('Content-Length', str(len(data)))
        self.send_header('Access-Control-Allow-Origin', '*')
        self.send_header('Access-Control-Allow-Headers', '*')
        self.end_headers()
        self.wfile.write(data)

    def do_OPTIONS(self):
        self.answer(200, {})

    def do_GET(self):
        path = urllib.parse.urlparse(self.path).path[len('/fhir/'):]
        if path == 'metadata':
            self.answer(200, {'resourceType': 'CapabilityStatement', 'fhirVersion': '4.0.1'})
        elif path == 'Patient/' + patient['id']:
            self.answer(200, patient)
        elif path in TYPES:
            self.answer(200, bundle([r for r in resources if r['resourceType'] == path]))
        else:
            self.answer(404, {'resourceType': 'OperationOutcome',
                              'issue': [{'severity': 'error', 'code': 'not-found'}]})

    def log_message(self, *args):
        pass


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def serve(handler, context=None):
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


service = Service(salvor, start=False)
make_certificate(service.folder, 'fhir')
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(service.path('fhir.pem'), service.path('fhir.key'))
fhir = serve(Fhir, tls)
web = serve(functools.partial(Quiet, directory=sandbox))
with open(service.path('sandbox.jwks'), 'w') as f:
    json.dump(read('sandbox/jwks.json'), f)
probe = http.server.HTTPServer(('127.0.0.1', 0), Quiet)
service.port = probe.server_port
probe.server_close()
service.write_conf('''cds {
	base = {"https://localhost:%d"}
	origins = {"http://localhost:%d"}
}
cds-client "sandbox" {
	issuer = "https://sandbox.cds-hooks.org"
	jwks = "{folder}/sandbox.jwks"
	jku = "https://sandbox.cds-hooks.org/.well-known/jwks.json"
}
''' % (service.port, web))
service.start()
query = {'fhirServiceUrl': 'https://localhost:%d/fhir' % fhir, 'patientId': patient['id'],
         'serviceDiscoveryURL': 'https://localhost:%d/cds-services' % service.port,
         'hook': 'patient-view', 'screen': 'patient-view'}
url = 'http://localhost:%d/?%s' % (web, urllib.parse.urlencode(query))
order = 'http://localhost:%d/?%s' % (web, urllib.parse.urlencode(dict(query, hook='order-sign', screen='rx-sign')))
done = subprocess.run(['node', os.path.join(HERE, 'drive.js'), url, order, pictures], capture_output=True, text=True)
print(done.stdout, done.stderr, sep='')
print('feedback in the store:', service.sql(
    'SELECT outcome, reason_code, suggestions FROM cds_feedback ORDER BY received'))
print('cards in the store:', service.sql('SELECT topic, service, count(*) FROM cds_card GROUP BY 1, 2'))
print(service.run('feedback')[1])
for line in service.log():
    if line.get('event', '').startswith('cds'):
        print({k: line[k] for k in ('event', 'place', 'service', 'status', 'ms', 'cards', 'overridden', 'why') if k in line})
outcomes = {row[0] for row in service.sql('SELECT outcome FROM cds_feedback')}
service.close()
sys.exit(0 if outcomes == {'accepted', 'overridden'} and done.returncode == 0 else 1)
