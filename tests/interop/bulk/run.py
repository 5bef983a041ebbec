#!/usr/bin/python3
"""The Bulk Data client against smart-on-fhir/bulk-data-server, a server that nobody here wrote.

usage: run.py BULK_FETCH FOLDER

FOLDER is a checked-out bulk-data-server with its node_modules and its database.r4.db (npm install; npm run import);
without them the exit status is 77.  It is started here, on loopback.  Each export is compared line by line with what
urllib reads from the same links, and id by id with the server's database; then each fault that the server can
simulate.  Prints what each of them did.
"""
import base64
import collections
import glob
import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, folder):
        self.url, self.folder = 'http://127.0.0.1:%d' % free_port(), folder
        self.start()

    def again(self):
        """A new process, that has counted no requests yet."""
        self.process.terminate()
        self.process.wait()
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ['node', 'node_modules/.bin/ts-node', '--transpile-only', '.'], cwd=self.folder, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, 'PORT': self.url.rsplit(':', 1)[1], 'BASE_URL': self.url})
        for _ in range(600):
            try:
                OPEN.open(self.url + '/fhir/metadata').read()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit('the server does not start')

    def base(self, **sim):
        args = base64.urlsafe_b64encode(json.dumps(sim).encode()).decode().rstrip('=')
        return '%s/%s/fhir' % (self.url, args) if sim else self.url + '/fhir'

    def register(self, jwks, **more):
        form = urllib.parse.urlencode({'jwks': json.dumps(jwks), **more}).encode()
        return OPEN.open(self.url + '/auth/register', form).read().decode()


def key(folder, name, *how):
    """A private key, and its JWKS with the thumbprint as kid."""
    path = os.path.join(folder, name)
    subprocess.run(['openssl', 'genpkey', *how, '-out', path], check=True, stderr=subprocess.DEVNULL)
    os.chmod(path, 0o600)
    return path


def number(b):
    return base64.urlsafe_b64encode(b).decode().rstrip('=')


def public(path, algorithm):
    text = subprocess.run(['openssl', 'pkey', '-in', path, '-pubout', '-outform', 'DER'], check=True,
                          capture_output=True).stdout
    if algorithm == 'ES384':
        jwk = {'crv': 'P-384', 'kty': 'EC', 'x': number(text[-96:-48]), 'y': number(text[-48:])}
    else:
        n = text[-5 - 256:-5]
        jwk = {'e': 'AQAB', 'kty': 'RSA', 'n': number(n)}
    kid = number(hashlib.sha256(json.dumps(jwk, separators=(',', ':'), sort_keys=True).encode()).digest())
    return {'keys': [{**jwk, 'kid': kid, 'alg': algorithm, 'use': 'sig', 'key_ops': ['verify']}]}


class Runs:
    def __init__(self, fetch, server, database):
        self.fetch, self.server, self.bad = fetch, server, 0
        with sqlite3.connect('file:%s?mode=ro' % database, uri=True) as db:
            self.rows = db.execute('SELECT fhir_type, resource_id FROM data').fetchall()

    def page(self, n):
        """About n resources a file, so that the last file has several: the server counts a single one wrongly."""
        of_type = collections.Counter(t for t, _ in self.rows)
        return n + (of_type[max(of_type)] % n == 1)

    def run(self, base, level, *more):
        self.folder = tempfile.TemporaryDirectory()
        began = time.time()
        p = subprocess.run([self.fetch, self.folder.name, base, level, 'plain=1', *more], capture_output=True,
                           text=True, timeout=600)
        self.said, self.seconds = p.stderr, time.time() - began
        return p.returncode, json.loads(p.stdout) if p.returncode == 0 else None

    def lines(self, kind=0):
        """What was fetched, and what the same links give to another reader."""
        mine, theirs = [], []
        for page in sorted(glob.glob(self.folder.name + '/manifest-*.json')):
            with open(page) as f:
                manifest = json.load(f)
            for item in manifest[('output', 'deleted', 'error')[kind]]:
                request = urllib.request.Request(item['url'], headers=self.headers)
                theirs += [x for x in OPEN.open(request).read().split(b'\n') if x]
        for f in self.result['files']:
            if f['kind'] == kind and f['whole']:
                with open(os.path.join(self.folder.name, f['name']), 'rb') as g:
                    mine += [x for x in g.read().split(b'\n') if x]
        return sorted(mine), sorted(theirs)

    def check(self, name, ok, more=''):
        self.bad += not ok
        print('%-4s %-44s %5.1f s  %s' % ('ok' if ok else 'BAD', name, self.seconds, more), flush=True)
        if not ok:
            print(self.said, flush=True)

    def whole(self, name, base, level, *more, ids=None, headers=None):
        """An export that must be whole, equal to another reader's, and of the resources ids if they are given."""
        self.headers = headers or {}
        status, self.result = self.run(base, level, *more)
        if status != 0 or self.result['failed']:
            return self.check(name, False, 'exit %d' % status)
        mine, theirs = self.lines()
        got = {(r['resourceType'], r['id']) for r in map(json.loads, mine)}
        ok = mine == theirs and self.result['lines'] >= len(mine) and (ids is None or got == ids)
        return self.check(name, ok, '%d resources, %d files%s' % (len(mine), len(self.result['files']),
                          '' if ids is None else ', of %d in the database' % len(ids)))

    def ends(self, name, base, want, word, *more, level='system'):
        status, self.result = self.run(base, level, *more)
        self.check(name, status == want and word in self.said, 'exit %d: %s' % (
            status, self.said.strip().splitlines()[-1][:110] if self.said.strip() else ''))


def faults(r, server):
    base = server.base
    r.whole('transient_error', base(err='transient_error'), 'system')
    r.ends('file_generation_failed (kick-off)', base(err='file_generation_failed'), 1, 'answered 500')
    r.whole('some_file_generation_failed', base(err='some_file_generation_failed', page=r.page(100)), 'system')
    print('     error files of it: %d' % len([f for f in r.result['files'] if f['kind'] == 2]))
    r.run(base(err='file_expired'), 'system')
    r.check('file_expired', 'given up' in r.said and 'new ones' in r.said, 'renewed once, then each file given up')
    # One file for each type: of several, those behind the first begin too late.
    r.whole('deleted, of an incremental export', base(**{'del': 20, 'page': 1000000}), 'system',
            'since=2010-01-01T00:00:00Z')
    print('     deleted files of it: %d' % len([f for f in r.result['files'] if f['kind'] == 1]))
    page = r.page(50)
    r.whole('small pages (page=%d: many files)' % page, base(page=page), 'system')
    r.whole('manifest pages (opp=2)', base(opp=2), 'system')
    r.ends('secure, without a token', base(secure=True), 1, '401')


def tokens(r, server, work):
    keys = {'RS384': key(work, 'rsa', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'),
            'ES384': key(work, 'ec', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384')}
    for algorithm, path in keys.items():
        jwks = public(path, algorithm)

        def smart(**more):
            return ['key=' + path, 'scope=system/*.read', 'client=' + server.register(jwks, **more),
                    'token-url=%s/auth/token' % server.url]

        status, result = r.run(server.base(secure=True), 'system', *smart(dur='1'))
        r.check('secure, %s, tokens of a minute' % algorithm, status == 0 and not result['failed']
                and result['lines'] > 0, result and '%d lines' % result['lines'])
        for error, word in (('token_expired_registration_token', 'no token'), ('invalid_jti', 'no token'),
                            ('token_invalid_scope', 'invalid_scope'), ('token_invalid_token', ''),
                            ('request_invalid_token', '401'), ('request_expired_token', '401')):
            if algorithm == 'ES384':
                r.ends(error, server.base(secure=True), 1, word, *smart(err=error))


def main():
    if len(sys.argv) < 3 or not os.path.exists(os.path.join(sys.argv[2], 'database.r4.db')):
        print('no bulk-data-server with a database at %s; see the head of this file' % sys.argv[2:])
        sys.exit(77)
    folder = os.path.abspath(sys.argv[2])
    server = Server(folder)
    try:
        r = Runs(sys.argv[1], server, os.path.join(folder, 'database.r4.db'))
        r.whole('system, full', server.base(), 'system', ids={(t, i) for t, i in r.rows})
        r.whole('system, POST', server.base(), 'system', 'post=1')
        r.whole('Patient, full', server.base(), 'patient')
        r.whole('Patient, _type', server.base(), 'patient', 'type=Patient', 'type=Observation', ids={
            (t, i) for t, i in r.rows if t in ('Patient', 'Observation')})
        r.whole('incremental: nothing since', server.base(), 'system',
                'since=' + time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() - 5)), ids=set())
        r.whole('incremental: since 2015', server.base(), 'system', 'since=2015-01-01T00:00:00Z')
        groups = json.loads(OPEN.open(server.url + '/fhir/Group').read())
        group = [e['resource']['id'] for e in groups['entry']][0]
        r.whole('Group', server.base(), 'group', 'group=' + group)
        status, _ = r.run(server.base(), 'group', 'group=' + group, 'end=1')
        r.check('Group, then DELETE', status == 0 and not os.path.exists(r.folder.name) and 'could not' not in r.said)
        os.makedirs(r.folder.name, exist_ok=True)
        faults(r, server)
        with tempfile.TemporaryDirectory() as work:
            tokens(r, server, work)
        print('%d bad' % r.bad)
    finally:
        server.process.terminate()
        server.process.wait()
    sys.exit(r.bad > 0)


if __name__ == '__main__':
    main()
