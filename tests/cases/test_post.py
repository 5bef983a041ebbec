#!/usr/bin/python3
"""The poster: outbox to FHIR servers, and what becomes of each post.  usage: test_post.py SALVOR"""
import base64
import copy
import email.utils
import json
import os
import re
import ssl
import sys
import time
import unittest

SALVOR = sys.argv.pop(1)
ROOT = os.environ['SALVOR_SOURCE_ROOT']
sys.path.insert(0, os.path.join(ROOT, 'tests/support'))
from peer import Peer  # noqa: E402
from service import Service, make_ca, make_certificate, openssl, vignette  # noqa: E402

WAITING, SENDING, DONE, DEAD, DROPPED = range(5)
DESTINATION = '''destination "%s" {
\turl = "%s"
\tca = "{folder}/ca.pem"
%s}
'''


def destination(name, url, *lines):
    return DESTINATION % (name, url, ''.join('\t%s\n' % line for line in lines))


def wait_for(what, timeout=20.0, every=0.05):
    deadline = time.time() + timeout
    while not what():
        if time.time() > deadline:
            return False
        time.sleep(every)
    return True


def rows(service, name=None):
    """(id, state, attempts, status, reason) of the outbox, or of one destination."""
    query = 'SELECT id, state, attempts, status, reason FROM outbox'
    if name is None:
        return service.sql(query + ' ORDER BY id')
    return service.sql(query + ' WHERE destination = ? ORDER BY id', name)


def settled(service, name=None):
    return bool(rows(service, name)) and all(r[1] in (DONE, DEAD, DROPPED) for r in rows(service, name))


def person(name):
    """A vignette whose resources have ids that no other vignette has."""
    return json.loads(re.sub(r'\be(\d+)\b', name + r'-e\1', json.dumps(vignette(name))))


def corrected(bundle, value):
    """The same patient after its PSA values were corrected."""
    b = copy.deepcopy(bundle)
    for e in b['entry']:
        r = e['resource']
        if r['resourceType'] == 'Observation' and 'valueQuantity' in r:
            r['valueQuantity']['value'] = value
    return b


def key_of(entry):
    request = entry['request']
    return entry['resource']['resourceType'], request.get('ifNoneExist') or request['url'].split('?', 1)[1]


class Testing(unittest.TestCase):
    def setUp(self):
        self.service = Service(SALVOR, start=False)
        self.addCleanup(self.service.close)

    def peer(self, *args, **options):
        p = Peer(self.service.folder, *args, **options)
        self.addCleanup(p.close)
        return p

    def start(self, *destinations):
        self.service.write_conf(''.join(destinations))
        self.service.start()

    def send(self, bundle):
        a = self.service.post('/fhir', bundle)
        self.assertIn(a.status, (200, 201), a.body[:2000])

    def assert_once(self, peer):
        """Nothing was created twice, and all that was posted is there."""
        created = [k for k, _ in peer.history if k[0] in ('GuidanceResponse', 'Provenance', 'AuditEvent')]
        self.assertEqual(len(created), len(set(created)))
        for p in peer.posts:
            for e in p['bundle']['entry']:
                self.assertIn(key_of(e), peer.store)


class Outcomes(Testing):
    """Each behaviour of a receiver is a destination; all get the same two Bundles at once."""
    again = {   # ends in DONE with the second attempt: what the first one was answered
        '304': 304, '302': 302, '401': 401, '403': 403, '404': 404, '408': 408, '409': 409, '412': 412, '425': 425,
        '429:1': 429, '500': 500, '502': 502, '503': 503, 'bare:404': 404, 'bare:200': 200, 'bare:503': 503,
        'redirect:elsewhere': 307, 'part:1:409': 200, 'part:0:503': 200, 'fewer': 200, 'refuse': 0, 'lose': 0,
        'head': 200, 'middle': 200, 'short': 200, 'large': 200, 'stall': 0}
    dead = {'400': 400, '410': 410, '413': 413, '422': 422, 'part:1:422': 200, 'part:2:400': 200}
    done = {'ok': 200, 'empty:201': 201, 'xml': 200}

    def test_every_answer(self):
        peers, conf = {}, []
        for i, act in enumerate([*self.again, *self.dead, *self.done]):
            peers[act] = p = self.peer()
            p.script = [act]
            conf.append(destination('d%d' % i, p.url, 'timeout = %d' % (2 if act == 'stall' else 20)))
        name = {act: 'd%d' % i for i, act in enumerate(peers)}
        self.start(*conf)
        self.send(person('V013'))
        self.assertTrue(wait_for(lambda: settled(self.service), 60), rows(self.service))
        for act, status in self.done.items():
            self.assertEqual(rows(self.service, name[act])[0][1:4], (DONE, 1, status), act)
            self.assertEqual(len(peers[act].posts), 1, act)
        for act, status in self.dead.items():
            row = rows(self.service, name[act])[0]
            self.assertEqual(row[1:4], (DEAD, 1, status), act)
            self.assertIn('refused', row[4], act)
            self.assertEqual(len(peers[act].posts), 1, act)
        for act in self.again:
            self.assertEqual(rows(self.service, name[act])[0][1:4], (DONE, 2, 200), act)
            first, second = peers[act].posts
            self.assertGreaterEqual(second['time'] - first['time'], 0.99, act)
            self.assertEqual(first['bundle'], second['bundle'], act)
            self.assert_once(peers[act])
        self.assertLess(peers['large'].large, 20, 'the answer was read on')
        self.assertEqual({p['path'] for p in peers['redirect:elsewhere'].posts}, {'/fhir'})
        self.assertEqual(len(self.service.log('post-dead')), len(self.dead))
        self.assertNotIn('V013', self.service.log_text())
        # What comes later is posted, also behind what was refused.
        self.send(corrected(person('V013'), 0.1))
        self.assertTrue(wait_for(lambda: settled(self.service), 30), rows(self.service))
        for act, p in peers.items():
            self.assertEqual(rows(self.service, name[act])[-1][1], DONE, act)
            self.assert_once(peers['ok'])

    def test_not_even_a_connection(self):
        folder = self.service.folder
        make_ca(folder, 'other', 'Another CA')
        make_certificate(folder, 'wrong', san='DNS:elsewhere.example')
        make_certificate(folder, 'strange', ca='other')
        openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days',
                '2', '-subj', '/CN=localhost', '-keyout', 'self.key', '-out', 'self.pem')
        self.expired()
        closed = self.peer()
        closed.down()
        peers = {'wrong': ('no alternative certificate subject name', self.peer('wrong')),
                 'strange': ('unable to get local issuer certificate', self.peer('strange')),
                 'self': ('self-signed certificate', self.peer('self')),
                 'expired': ('certificate has expired', self.peer('expired')),
                 'old': ('no connection', self.peer(protocol=ssl.TLSVersion.TLSv1_1)),
                 # With TLS 1.3 that refusal comes after our part of the handshake: as an alert, or as a
                 # connection that is gone, whichever we meet first, in a read or a write.
                 'mtls': ('certificate required|no connection|the connection failed', self.peer(clients='ca.pem')),
                 'closed': ('no connection', closed)}
        self.start(*[destination(n, p.url, 'timeout = 5') for n, (_, p) in peers.items()])
        self.send(person('V013'))
        for name, (why, p) in peers.items():
            self.assertTrue(wait_for(lambda: re.search(why, rows(self.service, name)[0][4] or '')),
                            rows(self.service, name))
            self.assertIn(rows(self.service, name)[0][1], (WAITING, SENDING), name)
            self.assertEqual(p.posts, [], name)

    def expired(self):
        folder = self.service.folder
        with open(os.path.join(folder, 'db'), 'w'), open(os.path.join(folder, 'ca.cnf'), 'w') as f:
            f.write('[ca]\ndefault_ca=c\n[c]\ndatabase=db\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\n'
                    'policy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:localhost\n')
        openssl(folder, 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj',
                '/CN=expired', '-keyout', 'expired.key', '-out', 'expired.csr')
        openssl(folder, 'ca', '-batch', '-config', 'ca.cnf', '-create_serial', '-notext', '-cert', 'ca.pem',
                '-keyfile', 'ca.key', '-in', 'expired.csr', '-out', 'expired.pem',
                '-startdate', '20200101000000Z', '-enddate', '20200102000000Z')

    def test_retry_after_is_obeyed_in_both_forms(self):
        seconds, date = self.peer(), self.peer()
        seconds.script = ['503:3']
        date.script = ['status:503:' + email.utils.formatdate(time.time() + 5, usegmt=True).replace(':', ';')]
        self.start(destination('seconds', seconds.url), destination('date', date.url))
        self.send(person('V013'))
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))
        for p, low in ((seconds, 3), (date, 2)):
            gap = p.posts[1]['time'] - p.posts[0]['time']
            self.assertGreaterEqual(gap, low)
            self.assertLess(gap, 9)


class Order(Testing):
    def test_per_patient_through_losses(self):
        """Guidance changes six times while the receiver misbehaves: at the end it holds what holds."""
        p = self.peer()
        p.script = ['lose', 'ok', '503', 'middle', 'ok', 'refuse', 'fewer', '409', 'ok', 'lose']
        self.start(destination('ehr', p.url))
        for value in (0.05, 0.3, 0.05, 0.6, 3.5, 0.3):
            self.send(corrected(person('V013'), value))
        self.assertTrue(wait_for(lambda: settled(self.service), 60), rows(self.service))
        self.assertGreater(len(rows(self.service)), 3)
        self.assert_once(p)
        ids = []
        for post in p.posts:
            first = post['bundle']['entry'][-1]
            if not ids or ids[-1] != key_of(first):
                ids.append(key_of(first))
        self.assertEqual(len(ids), len(rows(self.service)), 'one patient, one after the other')
        plans = p.of('CarePlan')
        self.assertGreater(len(plans), 1)
        self.assertEqual([x['status'] for x in plans].count('draft'), 1, [x['status'] for x in plans])

    def test_the_same_guidance_again_is_not_left_revoked(self):
        p = self.peer()
        self.start(destination('ehr', p.url))
        first, other = person('V013'), corrected(person('V013'), 0.01)
        for bundle in (first, other, first):
            self.send(bundle)
        self.assertTrue(wait_for(lambda: settled(self.service)))
        self.assertEqual(len(rows(self.service)), 3)
        last = [e['resource'] for e in p.posts[0]['bundle']['entry'] if e['resource']['resourceType'] == 'CarePlan'][0]
        now = [x for x in p.of('CarePlan') if x['identifier'] == last['identifier']]
        self.assertEqual([x['status'] for x in now], ['draft'])

    def test_one_that_is_down_does_not_delay_another(self):
        up, down = self.peer(), self.peer()
        down.down()
        self.start(destination('up', up.url), destination('down', down.url))
        for i in range(1, 31):
            self.send(person('V%03d' % i))
        self.assertTrue(wait_for(lambda: settled(self.service, 'up')), rows(self.service, 'up'))
        n = len(rows(self.service, 'up'))
        self.assertGreater(n, 20)
        self.service.wait_log('destination-down')
        # At rest: next to no work, nothing held in "sending", few attempts.
        before = os.times().elapsed, self.cpu()
        time.sleep(2)
        self.assertLess(self.cpu() - before[1], 0.2 * (os.times().elapsed - before[0]))
        self.assertLess(sum(r[2] for r in rows(self.service, 'down')), 25)
        down.up()
        self.assertTrue(wait_for(lambda: settled(self.service, 'down'), 60), rows(self.service, 'down'))
        self.service.wait_log('destination-back')
        self.assertEqual(len(rows(self.service, 'down')), n)
        self.assert_once(down)

    def cpu(self):
        with open('/proc/%d/stat' % self.service.process.pid) as f:
            words = f.read().rsplit(')', 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')

    def test_killed_between_post_and_mark(self):
        p = self.peer()
        p.default = 'stall'
        self.start(destination('ehr', p.url, 'concurrency = 8'))
        for i in range(1, 9):
            self.send(person('V%03d' % i))
        n = len(rows(self.service))
        self.assertTrue(wait_for(lambda: len(p.posts) >= min(n, 4)))
        self.service.kill()
        p.default = 'ok'
        self.service.start()
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))
        self.assert_once(p)
        self.assertEqual([r[1] for r in rows(self.service)], [DONE] * n)

    def test_a_reload_leaves_nothing_behind(self):
        p = self.peer()
        p.script = ['stall']
        conf = destination('ehr', p.url, 'timeout = 300')
        self.start(conf)
        self.send(person('V013'))
        self.assertTrue(wait_for(lambda: len(p.posts) == 1))
        self.service.hup(wait=False)
        self.service.wait_log('reloaded', timeout=40)
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))
        self.assert_once(p)


class Credentials(Testing):
    def private(self, name, text, mode=0o600):
        path = self.service.path(name)
        with open(path, 'w') as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def test_token_basic_and_certificate(self):
        token, basic, mutual = self.peer(), self.peer(), self.peer(clients='ca.pem')
        self.private('token', 'abc.def\n')
        self.private('password', 'pa:ss wörd\n')
        self.start(destination('token', token.url, 'token-file = "{folder}/token"'),
                   destination('basic', basic.url, 'user = "salvor"', 'password-file = "{folder}/password"'),
                   destination('mutual', mutual.url, 'certificate = "{folder}/sender.pem"',
                               'key = "{folder}/sender.key"'))
        a = self.service.post('/fhir', person('V013'), headers={
            'X-Request-Id': 'order-66', 'traceparent': '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'})
        self.assertEqual(a.status, 200)
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))
        self.assertEqual(token.posts[0]['headers']['Authorization'], 'Bearer abc.def')
        self.assertEqual(basic.posts[0]['headers']['Authorization'],
                         'Basic ' + base64.b64encode('salvor:pa:ss wörd'.encode()).decode())
        self.assertEqual(len(mutual.posts), 1)
        self.assertTrue(token.posts[0]['headers']['X-Request-Id'].startswith('order-66'))

    def test_a_secret_of_everybody_is_none(self):
        p = self.peer()
        self.private('token', 'abc\n', 0o644)
        self.start(destination('ehr', p.url, 'token-file = "{folder}/token"'))
        self.send(person('V013'))
        self.assertTrue(wait_for(lambda: 'chmod 600' in (rows(self.service)[0][4] or '')), rows(self.service))
        self.assertEqual(p.posts, [])
        os.chmod(self.service.path('token'), 0o600)
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))

    def smart(self, *lines):
        openssl(self.service.folder, 'genrsa', '-out', 'smart.key', '2048')
        openssl(self.service.folder, 'rsa', '-in', 'smart.key', '-pubout', '-out', 'smart.pub')
        os.chmod(self.service.path('smart.key'), 0o600)
        p = self.peer()
        p.need_token = 'none yet'
        self.start(destination('ehr', p.url, 'client-id = "salvor-1"', 'client-key = "{folder}/smart.key"', *lines))
        return p

    def verified(self, p, form):
        """The claims of the assertion, whose signature OpenSSL finds good."""
        head, claims, signature = form['client_assertion'][0].split('.')
        with open(self.service.path('signed'), 'w') as f:
            f.write(head + '.' + claims)
        with open(self.service.path('signature'), 'wb') as f:
            f.write(base64.urlsafe_b64decode(signature + '=='))
        openssl(self.service.folder, 'dgst', '-sha384', '-verify', 'smart.pub', '-signature', 'signature', 'signed')
        self.assertEqual(json.loads(base64.urlsafe_b64decode(head + '=='))['alg'], 'RS384')
        return json.loads(base64.urlsafe_b64decode(claims + '=='))

    def test_smart_backend_services(self):
        p = self.smart()
        for i in (13, 14, 15, 16):
            self.send(person('V%03d' % i))
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))
        self.assertEqual(len(p.forms), 1, 'one token for all')
        form = p.forms[0]
        self.assertEqual(form['grant_type'], ['client_credentials'])
        self.assertEqual(form['client_assertion_type'], ['urn:ietf:params:oauth:client-assertion-type:jwt-bearer'])
        self.assertIn('system/GuidanceResponse.cu', form['scope'][0].split())
        claims = self.verified(p, form)
        self.assertEqual((claims['iss'], claims['sub']), ('salvor-1', 'salvor-1'))
        self.assertEqual(claims['aud'], 'https://localhost:%d/token' % p.port)
        self.assertLessEqual(claims['exp'] - time.time(), 300)
        self.assertGreaterEqual(len(claims['jti']), 32)
        # The server forgets the token: one new one, and nothing waits for it.
        p.need_token = 'revoked'
        self.send(corrected(person('V013'), 0.01))
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))
        self.assertEqual(len(p.forms), 2)
        self.assertNotEqual(self.verified(p, p.forms[1])['jti'], claims['jti'])
        self.assertEqual({r[2] for r in rows(self.service)}, {1}, 'it was sent again at once')
        secrets = self.service.log_text()
        for path in ('store.db', 'store.db-wal'):
            if os.path.exists(self.service.path(path)):
                with open(self.service.path(path), 'rb') as f:
                    secrets += f.read().decode('latin-1')
        self.assertNotIn('token-1', secrets)
        self.assertNotIn(form['client_assertion'][0].split('.')[2], secrets)

    def test_smart_refused_and_back(self):
        p = self.smart('token-url = "https://localhost:1/"')
        self.send(person('V013'))
        self.assertTrue(wait_for(lambda: 'no token' in (rows(self.service)[0][4] or '')), rows(self.service))
        p.grants = [(400, {'error': 'invalid_client', 'error_description': 'secret of theirs'}),
                    (503, {}), (200, {'access_token': 'x y', 'token_type': 'bearer'}),
                    (200, {'access_token': 'mac', 'token_type': 'mac'})]
        self.service.write_conf(destination('ehr', p.url, 'client-id = "salvor-1"',
                                            'client-key = "{folder}/smart.key"'))
        self.service.hup()
        self.assertTrue(wait_for(lambda: 'register our public key' in rows(self.service)[0][4]), rows(self.service))
        self.assertEqual(p.posts, [])
        self.assertTrue(wait_for(lambda: settled(self.service), 90), rows(self.service))
        self.assertEqual(len(p.forms), 5)


class Operators(Testing):
    def test_dead_letters(self):
        p = self.peer()
        p.script = ['422', '422', '422']
        self.start(destination('ehr', p.url))
        for i in (13, 14, 15):
            self.send(person('V%03d' % i))
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))
        first, second, third = [str(r[0]) for r in rows(self.service)]
        status, out, _ = self.service.run('outbox', 'list', 'dead')
        self.assertEqual(status, 0)
        self.assertEqual(out.count('refused the guidance: 422'), 3)
        status, out, err = self.service.run('outbox', 'show', first)
        self.assertEqual(json.loads(out)['type'], 'transaction')
        self.assertIn('told to', err, 'what the server said')
        self.assertEqual(self.service.run('outbox', 'retry', first)[0], 0)
        self.assertTrue(wait_for(lambda: len(p.of('GuidanceResponse')) == 1))
        self.assertEqual(self.service.run('outbox', 'drop', second)[0], 0)
        status, out, _ = self.service.run('outbox', 'retry', 'all')
        self.assertEqual((status, out), (0, '1 post waits again\n'))
        self.assertTrue(wait_for(lambda: len(p.of('GuidanceResponse')) == 2))
        self.assertTrue(wait_for(lambda: settled(self.service)))
        self.assertEqual([r[1] for r in rows(self.service)], [DONE, DROPPED, DONE])
        self.assertNotEqual(self.service.run('outbox', 'retry', third)[0], 0)
        self.assertNotEqual(self.service.run('outbox', 'retry', 'nowhere')[0], 0)

    def test_a_destination_that_is_gone(self):
        p = self.peer()
        p.down()
        self.start(destination('old', p.url))
        self.send(person('V013'))
        n = len(rows(self.service))
        self.service.write_conf(destination('new', p.url))
        self.service.hup()
        line = self.service.wait_log('no-such-destination')
        self.assertEqual((line['destination'], line['posts']), ('old', str(n)))
        _, out, _ = self.service.run('status')
        self.assertRegex(out, r'posts to old +%d waiting, 0 dead +\(not in the configuration\)' % n)
        p.up()
        self.service.write_conf(destination('old', p.url))
        self.service.restart()
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))

    def test_a_folder(self):
        os.mkdir(self.service.path('out'))
        self.start('destination "files" {\n\turl = "file:{folder}/out"\n}\n')
        for value in (0.3, 0.01):
            self.send(corrected(person('V013'), value))
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))
        names = sorted(os.listdir(self.service.path('out')))
        self.assertEqual([int(n.split('-')[0]) for n in names], [r[0] for r in rows(self.service)])
        for n in names:
            with open(self.service.path('out', n)) as f:
                self.assertEqual(json.load(f)['type'], 'transaction')
            self.assertEqual(os.stat(self.service.path('out', n)).st_mode & 0o777, 0o600)

    def test_a_server_that_lacks_what_senders_hold(self):
        """Names of resources there become logical references; nothing else changes."""
        own, other = self.peer(), self.peer()
        self.start(destination('own', own.url), destination('other', other.url, 'references = "logical"'))
        self.send(person('V013'))
        self.assertTrue(wait_for(lambda: settled(self.service)), rows(self.service))

        def back(x):
            if isinstance(x, list):
                return [back(y) for y in x]
            if not isinstance(x, dict):
                return x
            if x.get('identifier', {}) and isinstance(x['identifier'], dict) \
                    and x['identifier'].get('system') == 'https://salvor.example/source':
                name = x['identifier']['value']
                self.assertEqual(x['type'], name.split('/')[0])
                return {**{k: v for k, v in x.items() if k not in ('type', 'identifier')}, 'reference': name}
            return {k: back(v) for k, v in x.items()}
        self.assertIn('"reference": "Observation/', json.dumps(own.posts[0]['bundle']))
        self.assertNotIn('"reference": "Observation/', json.dumps(other.posts[0]['bundle']))
        self.assertEqual(back(other.posts[0]['bundle']), own.posts[0]['bundle'])

    def test_what_does_not_go_together(self):
        for lines, says in ((['client-id = "x"'], 'client-id and client-key go together'),
                            (['user = "x"'], 'user and password-file go together'),
                            (['token-file = "t"', 'user = "x"', 'password-file = "p"'], 'exclude one another'),
                            (['references = "x"'], 'references takes'),
                            (['token-url = "https://a/"'], 'go with client-id')):
            self.service.write_conf(destination('ehr', 'https://localhost/', *lines))
            status, _, err = self.service.run('outbox', 'list')
            self.assertEqual(status, 3)
            self.assertIn(says, err)


if __name__ == '__main__':
    unittest.main()
