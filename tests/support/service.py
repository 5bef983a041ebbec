"""A running salvor serve, for tests: certificates, configuration, requests, signals, log and store.

    with Service(SALVOR) as service:
        answer = service.post('/fhir', bundle)
        service.sql('SELECT count(*) FROM message')

Every service has a folder of its own, that goes with it: ca.pem, server.pem, and a certificate and key for each
client (sender may write and read, reader may read, stranger is signed by the CA but not on the list), salvor.conf,
store.db, log.  It listens on a port that the kernel chose.
"""
import hashlib
import http.client
import json
import os
import re
import shlex
import signal
import ssl
import subprocess
import tempfile
import time

import packed

ROOT = os.environ.get('SALVOR_SOURCE_ROOT', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..'))
VIGNETTES = os.path.join(ROOT, 'tests/cases/vignettes-fhir')
FHIR_JSON = 'application/fhir+json'


def vignette(name):
    with open(os.path.join(VIGNETTES, name + '.json')) as f:
        return json.load(f)


def named(name, id):
    """The vignette as resources of a server: Patient/id, and no urn:uuid."""
    bundle = vignette(name)
    bundle['type'] = 'transaction'
    urls = {}
    for e in bundle['entry']:
        r = e['resource']
        r['id'] = id if r['resourceType'] == 'Patient' else id + '-' + r['id']
        urls[e.pop('fullUrl')] = r['resourceType'] + '/' + r['id']
        e['request'] = {'method': 'PUT', 'url': r['resourceType'] + '/' + r['id']}
    text = json.dumps(bundle)
    for url, reference in urls.items():
        text = text.replace(url, reference)
    return json.loads(text)


def openssl(folder, *args):
    subprocess.run(['openssl', *args], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_ca(folder, name='ca', common='Salvor test CA'):
    openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
            '-subj', '/CN=' + common, '-keyout', name + '.key', '-out', name + '.pem')


def make_certificate(folder, name, ca='ca', san='DNS:localhost,IP:127.0.0.1', days=2):
    """name.pem and name.key, signed by ca."""
    with open(os.path.join(folder, name + '.ext'), 'w') as f:
        f.write('subjectAltName=%s\n' % san)
    openssl(folder, 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=' + name,
            '-keyout', name + '.key', '-out', name + '.csr')
    openssl(folder, 'x509', '-req', '-in', name + '.csr', '-CA', ca + '.pem', '-CAkey', ca + '.key', '-CAcreateserial',
            '-days', str(days), '-extfile', name + '.ext', '-out', name + '.pem')


def fingerprint(path):
    """SHA-256 of a certificate, as salvor.conf takes it."""
    with open(path) as f:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(f.read())).hexdigest()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode()

    def issues(self):
        """The issues of an OperationOutcome, as (code, diagnostics)."""
        return [(i['code'], i.get('diagnostics', '')) for i in self.json()['issue']]


class Service:
    def __init__(self, salvor, conf='', start=True, env=None, prefix=()):
        """conf: more lines for salvor.conf, in which {folder} is the folder.  prefix: words before the command."""
        self.salvor = os.path.abspath(salvor)
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.conf = os.path.join(self.folder, 'salvor.conf')
        self.store = os.path.join(self.folder, 'store.db')
        self.env = dict(os.environ, **(env or {}))
        self.prefix = list(prefix)
        self.process = None
        self.port = None
        make_ca(self.folder)
        for name in ('server', 'sender', 'reader', 'stranger'):
            make_certificate(self.folder, name)
        self.write_conf(conf)
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write_conf(self, more=''):
        text = '''store = "%(f)s/store.db"
address = "127.0.0.1"
port = %(port)d
certificate = "%(f)s/server.pem"
key = "%(f)s/server.key"
client-ca = "%(f)s/ca.pem"
client "sender" {
\tcertificate-sha256 = "%(sender)s"
\tmay = {write, read}
}
client "reader" {
\tsource = "sender"
\tcertificate-sha256 = "%(reader)s"
\tmay = {read}
}
''' % {'f': self.folder, 'port': self.port or 0, 'sender': fingerprint(self.path('sender.pem')),
            'reader': fingerprint(self.path('reader.pem'))}
        with open(self.conf + '.new', 'w') as f:
            f.write(text + more.replace('{folder}', self.folder))
        os.rename(self.conf + '.new', self.conf)

    # The process.

    def start(self, wait=True):
        """Start, and wait for the line that says on which port it listens."""
        if self.process is not None:
            self.log_file.close()
        self.log_file = open(self.path('log'), 'ab')
        self.log_from = self.log_file.tell()
        self.process = subprocess.Popen(self.prefix + [self.salvor, 'serve', '-c', self.conf], stderr=self.log_file,
                                        stdout=subprocess.DEVNULL, env=self.env)
        if wait:
            self.port = int(self.wait_log('started', timeout=120)['port'])

    def hup(self, wait=True):
        """Reload; returns the line about it."""
        n = len(self.log())
        self.process.send_signal(signal.SIGHUP)
        deadline = time.time() + 20
        while wait:
            done = [x for x in self.log()[n:] if x.get('event') in ('reloaded', 'reload-failed')]
            if done:
                return done[0]
            if time.time() > deadline:
                raise AssertionError('not reloaded: ' + self.log_text()[-2000:])
            time.sleep(0.02)

    def term(self, timeout=40):
        """Ask it to end, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.term()
        self.start()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process is not None:
            self.log_file.close()
        self.temporary.cleanup()

    def memory(self):
        """Resident bytes."""
        with open('/proc/%d/status' % self.process.pid) as f:
            return int(re.search(r'VmRSS:\s*(\d+)', f.read()).group(1)) * 1024

    def run(self, *args):
        """salvor ARGS -c its configuration: (exit status, standard output, standard error)."""
        p = subprocess.run([self.salvor, *args, '-c', self.conf], capture_output=True, text=True, timeout=60,
                           env=self.env)
        return p.returncode, p.stdout, p.stderr

    # The log.

    def log_text(self):
        with open(self.path('log'), errors='replace') as f:
            f.seek(self.log_from)
            return f.read()

    def log(self, event=None):
        """Its lines since the last start as dictionaries; of one kind if named."""
        lines = []
        for line in self.log_text().splitlines():
            try:
                words = [w.split('=', 1) for w in shlex.split(line)[1:] if '=' in w]
            except ValueError:
                continue
            lines.append(dict(words))
        return [x for x in lines if event is None or x.get('event') == event]

    def wait_log(self, event, n=1, timeout=20):
        """The n-th line of this kind, when it is there."""
        deadline = time.time() + timeout
        while True:
            lines = self.log(event)
            if len(lines) >= n:
                return lines[n - 1]
            if self.process.poll() is not None or time.time() > deadline:
                raise AssertionError('no line "%s" in the log: %s' % (event, self.log_text()[-2000:]))
            time.sleep(0.02)

    # The store.

    def sql(self, query, *values):
        """Rows of a query, read only, also while the service runs."""
        return packed.rows(self.store, query, values)

    # Requests.

    def tls(self, client='sender'):
        """An SSL context that trusts the service and shows the certificate of client; None: none."""
        context = ssl.create_default_context(cafile=self.path('ca.pem'))
        if client:
            context.load_cert_chain(self.path(client + '.pem'), self.path(client + '.key'))
        return context

    def connect(self, client='sender', timeout=30):
        """An http.client connection, for those who want to keep it."""
        return http.client.HTTPSConnection('127.0.0.1', self.port, context=self.tls(client), timeout=timeout)

    def request(self, method, path, body=None, headers=None, client='sender', connection=None):
        """One request; body may be a resource, text or bytes."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None:
            headers.setdefault('Content-Type', FHIR_JSON)
        c = connection or self.connect(client)
        try:
            c.request(method, path, body, headers)
            return Answer(c.getresponse())
        finally:
            if connection is None:
                c.close()

    def get(self, path, **options):
        return self.request('GET', path, **options)

    def post(self, path, body, **options):
        return self.request('POST', path, body, **options)

    def put(self, path, body, **options):
        return self.request('PUT', path, body, **options)

    def delete(self, path, **options):
        return self.request('DELETE', path, **options)

    def curl(self, *args, client='sender'):
        """curl with the certificates; URL may begin with a slash.  (exit status, output)."""
        args = ['https://127.0.0.1:%d%s' % (self.port, a) if a.startswith('/') and not os.path.exists(a) else a
                for a in args]
        cert = ['--cert', self.path(client + '.pem'), '--key', self.path(client + '.key')] if client else []
        p = subprocess.run(['curl', '-sS', '--cacert', self.path('ca.pem'), *cert, *args], capture_output=True,
                           text=True, timeout=60)
        return p.returncode, p.stdout + p.stderr
