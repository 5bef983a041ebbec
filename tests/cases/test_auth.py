#!/usr/bin/python3
"""Nobody gets in: every address by every kind of client, tokens and what forgers do to them, keys that change.
usage: test_auth.py SALVOR"""
import base64
import hashlib
import hmac
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../support'))
from jwt import Key, KeyServer, b64, claims, jwks  # noqa: E402
from service import Service, fingerprint, vignette  # noqa: E402

SALVOR = sys.argv.pop(1)
ISSUER = '''
issuer "idp" {
\turl = "https://idp.example"
\taudience = {"https://salvor.example/fhir"}
\tjwks = "{folder}/jwks.json"
%s}
client "engine" { issuer = "idp" subject = "engine" source = "sender" may = {write, read} }
client "viewer" { issuer = "idp" subject = "viewer" source = "sender" may = {read} }
client "static" { token-sha256 = "%s" source = "sender" may = {write} }
'''
PATIENT = {'resourceType': 'Patient', 'id': 'p1'}
OBSERVATION = {'resourceType': 'Observation', 'id': 'o1', 'status': 'final', 'subject': {'reference': 'Patient/p1'},
               'code': {'coding': [{'system': 'http://loinc.org', 'code': '2857-1'}]}}


def bundle(*resources, kind='transaction', method='PUT'):
    return {'resourceType': 'Bundle', 'type': kind, 'entry': [
        {'resource': r, 'request': {'method': method, 'url': r['resourceType'] + (
            '/' + r['id'] if method == 'PUT' else '')}} for r in resources]}


class Auth(unittest.TestCase):
    more = ''

    @classmethod
    def setUpClass(cls):
        cls.service = s = Service(SALVOR, start=False)
        cls.key = Key(s.folder, 'one')
        with open(s.path('jwks.json'), 'w') as f:
            f.write(jwks(cls.key))
        s.write_conf(ISSUER % (cls.more, hashlib.sha256(b'secret').hexdigest()))
        s.start()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def ask(self, method, path, token=None, body=None, client=None):
        return self.service.request(method, path, body, {'Authorization': 'Bearer ' + token} if token else {},
                                    client=client)

    def token(self, header=None, **more):
        return self.key.sign(claims(**more), header)


class Access(Auth):
    ROUTES = [
        ('GET', '/fhir/metadata', None, ''), ('GET', '/livez', None, ''), ('GET', '/readyz', None, ''),
        ('GET', '/metrics', None, 'read'), ('GET', '/status', None, 'read'), ('GET', '/patients/p1', None, 'read'),
        ('GET', '/fhir/PlanDefinition', None, 'read'), ('GET', '/fhir/PlanDefinition/x', None, 'read'),
        ('GET', '/fhir/GuidanceResponse?subject=Patient/p1', None, 'read'),
        ('GET', '/fhir/CarePlan?subject=Patient/p1', None, 'read'), ('HEAD', '/fhir/CarePlan/x', None, 'read'),
        ('GET', '/fhir/nothing', None, 'any'), ('GET', '/', None, 'any'), ('GET', '/etc/passwd', None, 'any'),
        ('POST', '/fhir/PlanDefinition/$apply', PATIENT, 'read'),
        ('POST', '/fhir', PATIENT, 'write'), ('POST', '/fhir', bundle(PATIENT), 'write'),
        ('POST', '/fhir/Patient', PATIENT, 'write'), ('PUT', '/fhir/Patient/p1', PATIENT, 'write'),
        ('DELETE', '/fhir/Observation/o9', None, 'write'), ('POST', '/fhir/$process-message', PATIENT, 'write'),
        ('PATCH', '/fhir/Patient/p1', PATIENT, 'any'), ('OPTIONS', '/fhir', None, 'any'),
    ]

    def clients(self):
        """(name, certificate, token, what it may)."""
        return [
            ('nobody', None, None, ''), ('stranger', 'stranger', None, ''),
            ('wrong token', None, 'guess', ''), ('listed certificate and wrong token', 'sender', 'guess', ''),
            ('reader', 'reader', None, 'read'), ('sender', 'sender', None, 'read write'),
            ('static', None, 'secret', 'write'),
            ('jwt', None, self.token(), 'read write'), ('jwt v1', None, self.token(scope='system/*.*'), 'read write'),
            ('jwt reads', None, self.token(scope='system/*.rs'), 'read'),
            ('jwt reads v1', None, self.token(scope='openid system/*.read'), 'read'),
            ('jwt writes', None, self.token(scope='system/*.cud'), 'write'),
            ('jwt writes v1', None, self.token(scope='system/*.write'), 'write'),
            ('viewer', None, self.token(client_id='viewer'), 'read'),
            ('no scope', None, self.token(scope=None), 'none'), ('user scope', None, self.token(scope='user/*.cruds'), 'none'),
            ('unlisted', None, self.token(client_id='other'), ''),
            ('expired', None, self.token(exp=int(time.time()) - 61), ''),
        ]

    def test_every_address_by_every_client(self):
        for name, certificate, token, may in self.clients():
            for method, path, body, need in self.ROUTES:
                a = self.ask(method, path, token, body, certificate)
                with self.subTest(client=name, request='%s %s' % (method, path)):
                    if need == '' or need in may.split() or (need == 'any' and may):
                        self.assertNotIn(a.status, (401, 403))
                    else:
                        self.assertEqual(a.status, 403 if may else 401)
                        self.assertTrue(a.headers['WWW-Authenticate'].startswith('Bearer realm="salvor"'))

    def test_what_is_refused_changes_nothing(self):
        before = self.service.sql('SELECT count(*) FROM message')
        self.ask('POST', '/fhir', None, PATIENT)
        self.ask('POST', '/fhir', self.token(scope='system/*.rs'), PATIENT)
        self.assertEqual(self.service.sql('SELECT count(*) FROM message'), before)

    def test_the_errors_of_rfc_6750(self):
        for token, client, status, challenge in (
                (None, None, 401, 'Bearer realm="salvor"'), ('x', None, 401, 'Bearer realm="salvor", error="invalid_token"'),
                (self.token(exp=1), 'sender', 401, 'Bearer realm="salvor", error="invalid_token"'),
                (self.token(scope='system/*.rs'), None, 403, 'Bearer realm="salvor", error="insufficient_scope"'),
                (None, 'reader', 403, 'Bearer realm="salvor"')):
            a = self.ask('POST', '/fhir', token, PATIENT, client)
            self.assertEqual((a.status, a.headers['WWW-Authenticate']), (status, challenge))
        a = self.service.get('/metrics', client=None, headers={'Authorization': 'Basic YTpi'})
        self.assertEqual(a.status, 401)
        a = self.service.get('/metrics', client=None, headers={'Authorization': 'bearer  ' + self.token()})
        self.assertEqual(a.status, 200, 'the scheme in any case')

    def test_scopes_of_types(self):
        for scope, sent, path, method, status in (
                ('system/Observation.c', OBSERVATION, '/fhir/Observation', 'POST', 200),
                ('system/Observation.c', PATIENT, '/fhir/Patient', 'POST', 403),
                ('system/Observation.c', OBSERVATION, '/fhir/Observation/o1', 'PUT', 403),
                ('system/Observation.cu', OBSERVATION, '/fhir/Observation/o1', 'PUT', 200),
                ('system/Observation.cu', None, '/fhir/Observation/o1', 'DELETE', 403),
                ('system/Observation.d', None, '/fhir/Observation/o1', 'DELETE', 200),
                ('system/Observation.c', OBSERVATION, '/fhir', 'POST', 200),
                ('system/Observation.c', PATIENT, '/fhir', 'POST', 403),
                ('system/Patient.u system/Observation.write', bundle(PATIENT, OBSERVATION), '/fhir', 'POST', 200),
                ('system/Patient.u', bundle(PATIENT, OBSERVATION), '/fhir', 'POST', 403),
                ('system/Patient.c system/Observation.c', bundle(PATIENT, OBSERVATION), '/fhir', 'POST', 403),
                ('system/*.cud', bundle(PATIENT, OBSERVATION), '/fhir', 'POST', 200),
                ('system/Observation.uc', OBSERVATION, '/fhir/Observation', 'POST', 403),
                ('system/Observation.cc', OBSERVATION, '/fhir/Observation', 'POST', 403),
                ('system/Observation.c?category=x', OBSERVATION, '/fhir/Observation', 'POST', 403),
                ('patient/Observation.c', OBSERVATION, '/fhir/Observation', 'POST', 403),
                ('system/Obs.c', OBSERVATION, '/fhir/Observation', 'POST', 403),
                ('system/CarePlan.s', None, '/fhir/CarePlan?subject=Patient/p1', 'GET', 200),
                ('system/CarePlan.r', None, '/fhir/CarePlan?subject=Patient/p1', 'GET', 403),
                ('system/CarePlan.rs', None, '/fhir/GuidanceResponse?subject=Patient/p1', 'GET', 403),
                ('system/CarePlan.rs', None, '/patients/p1', 'GET', 403)):
            a = self.ask(method, path, self.token(scope=scope), sent)
            with self.subTest(scope=scope, path=path, method=method):
                self.assertEqual(a.status == 403, status == 403, a.text())
                self.assertNotEqual(a.status, 401)

    def forged(self):
        """(what the log says, token)."""
        now, good = int(time.time()), self.token()
        head, body, made = good.split('.')
        secret = self.key.public_pem()

        def symmetric(alg):
            text = b64(json.dumps({'alg': alg, 'kid': 'one'}).encode()) + '.' + body
            return text + '.' + b64(hmac.new(secret, text.encode(), alg.replace('HS', 'sha')).digest())
        other = Key(self.service.folder, 'other')
        other.kid = 'one'
        flipped = bytearray(base64.urlsafe_b64decode(made))
        flipped[50] ^= 1
        return [
            ('form', 'x.y'), ('form', good + '='), ('form', good + '.x'), ('form', good[:-1] + '!'),
            ('algorithm', b64(b'{"alg":"none"}') + '.' + body + '.AA'), ('form', b64(b'{"alg":"none"}') + '.' + body + '.'),
            ('algorithm', symmetric('HS256')), ('algorithm', symmetric('HS384')),
            ('signature', other.sign(claims())), ('signature', head + '.' + body + '.' + b64(bytes(flipped))),
            ('signature', '.'.join((head, b64(json.dumps(claims(scope='system/*.*', jti='z')).encode()), made))),
            ('unknown-key', self.token({'kid': 'two'})), ('unknown-key', self.token({'alg': 'RS384'})),
            ('algorithm', self.token({'alg': 'ES256'})), ('critical', self.token({'crit': ['x'], 'x': 1})),
            ('header', self.token({'alg': ['ES384']})), ('type', self.token({'typ': 'logout+jwt'})),
            ('expired', self.token(exp=now - 61)), ('expired', self.token(exp=None)),
            ('claims', self.token(exp=str(now + 60))), ('early', self.token(nbf=now + 90)),
            ('early', self.token(iat=now + 90)), ('unlisted-issuer', self.token(iss='https://idp.example/')),
            ('unlisted-issuer', self.token(iss=None)), ('audience', self.token(aud='https://other.example/fhir')),
            ('audience', self.token(aud=None)), ('unlisted-client', self.token(client_id='sender')),
            ('unlisted-client', self.token(client_id=None, sub='engine', azp='engine')),
            ('unlisted-client', self.token(client_id=['engine'])),
            ('bound-to-another-certificate', self.token(cnf={'x5t#S256': b64(b'x' * 32)})),
            ('bound-to-another-certificate', self.token(cnf={'jkt': 'x'})),
            ('too-long', self.token(x='x' * 13000)),
        ]

    def test_forged_tokens(self):
        for why, token in self.forged():
            seen = len(self.service.log('unknown-client'))
            a = self.ask('POST', '/fhir', token, PATIENT)
            with self.subTest(why=why, token=token[:60]):
                if why == 'unknown-key':
                    self.assertIn(a.status, (401, 503))
                else:
                    self.assertEqual((a.status, a.headers['WWW-Authenticate']),
                                     (401, 'Bearer realm="salvor", error="invalid_token"'))
                self.assertNotIn(why, a.text())
                self.assertEqual(self.service.log('unknown-client')[seen]['why'], why)
        self.assertNotIn('eyJ', self.service.log_text(), 'no token in the log')

    def test_a_token_bound_to_a_certificate_needs_it(self):
        hash_ = bytes.fromhex(fingerprint(self.service.path('stranger.pem')))
        token = self.token(cnf={'x5t#S256': b64(hash_)})
        self.assertEqual(self.ask('GET', '/metrics', token, client='stranger').status, 200)
        self.assertEqual(self.ask('GET', '/metrics', token, client='reader').status, 401)
        self.assertEqual(self.ask('GET', '/metrics', token).status, 401)

    def test_two_tokens_are_none(self):
        c = self.service.connect(None)
        c.putrequest('GET', '/metrics')
        for t in (self.token(), 'x'):
            c.putheader('Authorization', 'Bearer ' + t)
        c.endheaders()
        self.assertEqual(c.getresponse().status, 400)
        c.close()


class Once(Auth):
    more = '\tonce = true\n\tscopes = false\n'

    def test_a_token_is_good_for_one_request(self):
        token = self.token(scope=None)
        self.assertEqual(self.ask('GET', '/metrics', token).status, 200)
        self.assertEqual(self.ask('GET', '/metrics', token).status, 401)
        self.assertEqual(self.service.log('unknown-client')[-1]['why'], 'replayed')
        self.assertEqual(self.ask('GET', '/metrics', self.token(jti=None)).status, 401)
        self.assertEqual(self.ask('GET', '/metrics', self.token()).status, 200)


class Rotation(unittest.TestCase):
    def test_keys_of_a_url_change(self):
        with Service(SALVOR, start=False) as s:
            idp = KeyServer(s.folder)
            one, two = Key(s.folder, 'one'), Key(s.folder, 'two')
            conf = (ISSUER % ('\tca = "{folder}/ca.pem"\n', hashlib.sha256(b'secret').hexdigest())).replace(
                '{folder}/jwks.json', idp.url)
            s.write_conf(conf)
            s.start()

            def ask(key, until=None):
                deadline = time.time() + 20
                while True:
                    a = s.get('/metrics', client=None, headers={'Authorization': 'Bearer ' + key.sign(claims())})
                    if until is None or a.status == until or time.time() > deadline:
                        return a.status
                    time.sleep(0.2)
            # The issuer is down: that is nobody's fault here, and certificates work.
            self.assertEqual(s.wait_log('keys-failed')['why'], 'status 503')
            self.assertEqual(ask(one), 503)
            self.assertEqual(s.get('/metrics').status, 200)
            idp.answer = jwks(one)
            self.assertEqual(ask(one, until=200), 200)
            # A new key is fetched when a token names it; asking does not make it faster.
            idp.answer = jwks(one, two)
            asked = idp.asked
            self.assertIn(ask(two), (401, 503))
            for _ in range(20):
                ask(two)
            self.assertLessEqual(idp.asked, asked + 1)
            self.assertEqual(ask(two, until=200), 200)
            # Down again, and the service reloads: the keys stay.
            idp.answer = None
            self.assertEqual(s.hup()['event'], 'reloaded')
            self.assertEqual(ask(two), 200)
            idp.close()

    def test_a_file_of_keys_that_is_broken_is_refused_at_start(self):
        with Service(SALVOR, start=False) as s:
            with open(s.path('jwks.json'), 'w') as f:
                f.write('{"keys":[{"kty":"oct","k":"AAAA"}]}')
            s.write_conf(ISSUER % ('', hashlib.sha256(b'secret').hexdigest()))
            s.start(wait=False)
            self.assertNotEqual(s.process.wait(20), 0)
            self.assertIn('none of the 1 keys', s.log_text())


class Development(unittest.TestCase):
    def test_it_says_so(self):
        with Service(SALVOR, start=False) as s:
            text = 'store = "%s/store.db"\nport = 0\ndevelopment = true\n' % s.folder
            with open(s.conf, 'w') as f:
                f.write(text + 'address = "0.0.0.0"\n')
            s.start(wait=False)
            self.assertNotEqual(s.process.wait(20), 0, 'loopback only')
            with open(s.conf, 'w') as f:
                f.write(text)
            s.start()
            self.assertEqual(s.log('started')[0]['development'], '1')
            import http.client
            c = http.client.HTTPConnection('127.0.0.1', s.port, timeout=20)
            c.request('POST', '/fhir', json.dumps(vignette('V013')), {'Content-Type': 'application/fhir+json'})
            r = c.getresponse()
            self.assertEqual(r.status, 200)
            self.assertTrue(r.headers['X-Salvor-Mode'].startswith('development'))
            c.close()


if __name__ == '__main__':
    unittest.main()
