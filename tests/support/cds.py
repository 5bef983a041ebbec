"""CDS Hooks for tests: a client with its keys, tokens, requests made from the clinical cases.

The cases are decided as of their own day; a running service decides as of today.  So every date of a case is moved
by the same number of days, which changes nothing about it (metamorphic property MP12).
"""
import base64
import datetime
import json
import os
import re
import time
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from service import ROOT, vignette

DATA = os.path.join(os.environ.get('SALVOR_TEST_DATA', os.path.join(ROOT, 'build/tests/data')), 'cdshooks')
KEYS = ('patient', 'conditions', 'observations', 'reports', 'procedures', 'medications')
TYPES = {'Patient': 'patient', 'Condition': 'conditions', 'Observation': 'observations',
         'DiagnosticReport': 'reports', 'Procedure': 'procedures', 'MedicationRequest': 'medications',
         'MedicationAdministration': 'medications', 'MedicationStatement': 'medications'}


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b'=').decode()


def number(n, size):
    return b64(n.to_bytes(size, 'big'))


class Key:
    """A private key with its public JWK."""

    def __init__(self, alg='ES384', kid='k1', bits=2048):
        self.alg, self.kid = alg, kid
        if alg.startswith('ES'):
            curve, self.size, self.hash = {'ES384': (ec.SECP384R1(), 48, hashes.SHA384()),
                                           'ES256': (ec.SECP256R1(), 32, hashes.SHA256())}[alg]
            self.private = ec.generate_private_key(curve)
            n = self.private.public_key().public_numbers()
            self.jwk = {'kty': 'EC', 'crv': 'P-' + alg[2:], 'x': number(n.x, self.size), 'y': number(n.y, self.size)}
        else:
            self.private = rsa.generate_private_key(65537, bits)
            n = self.private.public_key().public_numbers()
            self.hash = hashes.SHA384() if alg == 'RS384' else hashes.SHA256()
            self.jwk = {'kty': 'RSA', 'n': number(n.n, bits // 8), 'e': number(n.e, 3)}
        self.jwk.update(kid=kid, use='sig', alg=alg)

    def sign(self, octets, der=False):
        if not self.alg.startswith('ES'):
            return self.private.sign(octets, padding.PKCS1v15(), self.hash)
        signature = self.private.sign(octets, ec.ECDSA(self.hash))
        if der:
            return signature
        r, s = utils.decode_dss_signature(signature)
        return r.to_bytes(self.size, 'big') + s.to_bytes(self.size, 'big')

    def token(self, header=None, sign=None, **claims):
        """A token; a claim or header that is None is left out."""
        h = {'alg': self.alg, 'typ': 'JWT', 'kid': self.kid, **(header or {})}
        now = int(time.time())
        c = {'iat': now, 'exp': now + 300, 'jti': str(uuid.uuid4()), **claims}
        parts = [b64(json.dumps({k: v for k, v in x.items() if v is not None}).encode()) for x in (h, c)]
        text = '.'.join(parts)
        return text + '.' + b64((sign or self.sign)(text.encode()))


def read(name):
    with open(os.path.join(DATA, name), encoding='utf-8') as f:
        return json.load(f)


def schema(name):
    return read('schemas/%s.schema.json' % name)


def case(name, today=None):
    """The resources of a case, as of today."""
    with open(os.path.join(ROOT, 'tests/cases/vignettes.json'), encoding='utf-8') as f:
        cases = json.load(f)
    cases = cases if isinstance(cases, list) else cases['vignettes']
    day = next(c for c in cases if c['id'] == name)['reference_date']
    move = (today or datetime.date.today()) - datetime.date.fromisoformat(day)
    text = re.sub(r'"(\d{4}-\d\d-\d\d)', lambda m: '"' + str(datetime.date.fromisoformat(m.group(1)) + move),
                  json.dumps(vignette(name)))
    return [e['resource'] for e in json.loads(text)['entry']]


def bundle(resources, **more):
    return {'resourceType': 'Bundle', 'type': 'searchset', 'total': len(resources),
            'entry': [{'resource': r} for r in resources], **more}


def prefetch(resources):
    """All keys, filled with the resources."""
    out = {k: [] for k in KEYS}
    for r in resources:
        if r['resourceType'] in TYPES:
            out[TYPES[r['resourceType']]].append(r)
    return {k: v[0] if k == 'patient' else bundle(v) for k, v in out.items()}


def request(resources, hook='patient-view', without=(), orders=None, selections=None, **more):
    """A call with everything prefetched but the keys of without."""
    patient = next(r for r in resources if r['resourceType'] == 'Patient')
    out = {'hook': hook, 'hookInstance': str(uuid.uuid4()),
           'context': {'userId': 'Practitioner/p1', 'patientId': patient['id']},
           'prefetch': {k: v for k, v in prefetch(resources).items() if k not in without}}
    if orders is not None:
        out['context']['draftOrders'] = bundle(orders)
    if selections is not None:
        out['context']['selections'] = selections
    out.update(more)
    return out


HIFU = {'resourceType': 'ServiceRequest', 'id': 'o1', 'status': 'draft', 'intent': 'order',
        'code': {'coding': [{'system': 'http://www.ama-assn.org/go/cpt', 'code': '55880'}], 'text': 'HIFU of prostate'},
        'subject': {'reference': 'Patient/x'}}


class Ehr:
    """A CDS client of a running service."""

    def __init__(self, service, key, issuer='https://ehr.example/', base='https://salvor.example.org'):
        self.service, self.key, self.issuer, self.base = service, key, issuer, base
        self.connection = None

    def bearer(self, path, **options):
        claims = {'iss': self.issuer, 'aud': self.base + path, **options}
        return 'Bearer ' + self.key.token(**claims)

    def call(self, body, service=None, token=None, method='POST', headers=None, path=None):
        path = path or '/cds-services/' + (service or 'salvor-' + body['hook'])
        h = {'Content-Type': 'application/json', 'Authorization': token or self.bearer(path), **(headers or {})}
        h = {k: v for k, v in h.items() if v}
        return self.service.request(method, path, body, headers=h, client=None)

    def feedback(self, service, items, **options):
        return self.call({'feedback': items}, path='/cds-services/%s/feedback' % service, **options)
