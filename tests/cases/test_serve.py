#!/usr/bin/env python3
"""The service: routes and what messages mean, from outside, over TLS with client certificates."""
import copy
import json
import os
import re
import sys
import unittest
import xml.etree.ElementTree as ET

import jsonschema

sys.path.insert(0, os.path.join(os.environ['SALVOR_SOURCE_ROOT'], 'tests/support'))
from service import Service, named, vignette  # noqa: E402

SALVOR = os.path.abspath(sys.argv.pop(1))
DATA = os.environ['SALVOR_TEST_DATA']
ENDPOINT = 'https://salvor.hospital.example/fhir'
CONF = 'endpoint = "%s"\nidentifier-systems = {"urn:mrn"}\n' % ENDPOINT
FHIR_XML = 'application/fhir+xml'
TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'


def patient(name, mrn=None):
    r = {'resourceType': 'Patient', 'id': name}
    if mrn:
        r['identifier'] = [{'system': 'urn:mrn', 'value': mrn}]
    return r


def psa(name, subject, value, day='2026-01-10'):
    return {'resourceType': 'Observation', 'id': name, 'status': 'final',
            'code': {'coding': [{'system': 'http://loinc.org', 'code': '2857-1'}]},
            'subject': {'reference': 'Patient/' + subject}, 'effectiveDateTime': day,
            'valueQuantity': {'value': value, 'unit': 'ng/mL', 'system': 'http://unitsofmeasure.org',
                              'code': 'ng/mL'}}


def message(id, *resources, event='results'):
    header = {'resourceType': 'MessageHeader', 'id': id, 'eventCoding': {'system': 'urn:events', 'code': event},
              'source': {'endpoint': 'https://lab.example/out'}}
    if id is None:
        del header['id']
    return {'resourceType': 'Bundle', 'type': 'message',
            'entry': [{'resource': r} for r in (header,) + resources]}


class R4:
    """The official JSON schema of R4."""

    def __init__(self):
        with open(DATA + '/fhir.schema.json') as f:
            self.schema = json.load(f)
        types = [d['$ref'].split('/')[-1] for d in self.schema['oneOf']]
        self.schema['definitions']['ResourceList'] = {
            'oneOf': [{'$ref': '#/definitions/' + t} for t in types]}

    def check(self, resource):
        jsonschema.Draft6Validator({'$ref': '#/definitions/' + resource['resourceType'],
                                    'definitions': self.schema['definitions']}).validate(resource)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(SALVOR, CONF)
        cls.r4 = R4()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def refused(self, answer, status, code):
        """It is an OperationOutcome with this status and issue."""
        self.assertEqual((answer.status, answer.headers['Content-Type']), (status, 'application/fhir+json'),
                         answer.text())
        outcome = answer.json()
        self.r4.check(outcome)
        self.assertIn(code, [i['code'] for i in outcome['issue']])
        self.assertTrue(all(i.get('diagnostics') for i in outcome['issue']))
        return outcome


class Messages(Case):
    def test_a_document_is_answered_with_an_outcome(self):
        for kind in ('collection', 'document', 'searchset', 'history'):
            answer = self.service.post('/fhir', dict(vignette('V004'), type=kind))
            self.assertEqual(answer.status, 200, answer.text())
            self.assertEqual(answer.json()['resourceType'], 'OperationOutcome')
            self.r4.check(answer.json())

    def test_a_transaction_is_all_or_nothing(self):
        bundle = named('V004', 'tx1')
        answer = self.service.post('/fhir', bundle)
        self.assertEqual(answer.status, 200, answer.text())
        response = answer.json()
        self.r4.check(response)
        self.assertEqual(response['type'], 'transaction-response')
        self.assertEqual(len(response['entry']), len(bundle['entry']))
        self.assertTrue(all(e['response']['status'].startswith('200') for e in response['entry']))
        bad = named('V004', 'tx2')
        bad['entry'].append({'request': {'method': 'GET', 'url': 'Patient/tx2'}})
        self.refused(self.service.post('/fhir', bad), 422, 'not-supported')
        self.assertEqual(self.service.sql("SELECT count(*) FROM resource WHERE name LIKE '%tx2%'"), [(0,)])

    def test_a_batch_is_entry_by_entry(self):
        bundle = {'resourceType': 'Bundle', 'type': 'batch', 'entry': [
            {'resource': patient('b1'), 'request': {'method': 'PUT', 'url': 'Patient/b1'}},
            {'request': {'method': 'GET', 'url': 'Patient/b1'}},
            {'resource': psa('b-psa', 'b1', 1.5), 'request': {'method': 'PUT', 'url': 'Observation/b-psa'}}]}
        answer = self.service.post('/fhir', bundle)
        self.assertEqual(answer.status, 200)
        response = answer.json()
        self.r4.check(response)
        self.assertEqual(response['type'], 'batch-response')
        self.assertEqual([e['response']['status'][:3] for e in response['entry']], ['200', '422', '200'])
        self.assertEqual(self.service.sql("SELECT count(*) FROM resource WHERE name = 'Observation/b-psa'"), [(1,)])

    def test_a_message_is_answered_by_a_message(self):
        sent = message('m-1', patient('m1'), psa('m-psa', 'm1', 2.5))
        answer = self.service.post('/fhir/$process-message', sent)
        self.assertEqual(answer.status, 200, answer.text())
        response = answer.json()
        self.r4.check(response)
        header, outcome = [e['resource'] for e in response['entry']]
        self.assertEqual(header['resourceType'], 'MessageHeader')
        self.assertEqual(header['response']['identifier'], 'm-1')
        self.assertEqual(header['response']['code'], 'ok')
        self.assertEqual(header['response']['details']['reference'], response['entry'][1]['fullUrl'])
        self.assertEqual(header['source']['endpoint'], ENDPOINT)
        self.assertEqual(header['destination'], [{'endpoint': 'https://lab.example/out'}])
        self.assertEqual(header['eventCoding'], {'system': 'urn:events', 'code': 'results'})
        self.assertEqual(response['entry'][0]['fullUrl'], 'urn:uuid:' + header['id'])
        self.assertEqual(outcome['resourceType'], 'OperationOutcome')
        again = self.service.post('/fhir', sent)
        self.assertEqual(again.body, answer.body)
        self.assertEqual(self.service.sql("SELECT count(*) FROM message WHERE key = 'm-1'"), [(1,)])
        other = self.service.post('/fhir', message('m-2', patient('m1'))).json()
        self.assertNotEqual(other['entry'][0]['resource']['id'], header['id'])
        self.assertNotEqual(other['id'], response['id'])

    def test_messages_that_are_none(self):
        self.refused(self.service.post('/fhir/$process-message', patient('p')), 400, 'invalid')
        self.refused(self.service.post('/fhir', message(None, patient('p'))), 400, 'invalid')
        no_header = message('m-3', patient('p'))
        del no_header['entry'][0]
        self.refused(self.service.post('/fhir', no_header), 400, 'invalid')
        self.refused(self.service.post('/fhir/$process-message?async=true', message('m-4')), 400, 'not-supported')

    def test_a_refused_message_says_so_and_may_come_again(self):
        two = message('m-5', patient('two-a'), patient('two-b'), psa('two-psa', 'two-a', 1),
                      psa('two-psb', 'two-b', 1))
        answer = self.service.post('/fhir/$process-message', two)
        self.assertEqual(answer.status, 422, answer.text())
        self.r4.check(answer.json())
        header = answer.json()['entry'][0]['resource']
        self.assertEqual(header['response']['code'], 'fatal-error')
        repaired = self.service.post('/fhir', message('m-5', patient('two-a'), psa('two-psa', 'two-a', 1)))
        self.assertEqual((repaired.status, repaired.json()['entry'][0]['resource']['response']['code']), (200, 'ok'))

    def test_single_resources_and_deletion(self):
        for e in named('V004', 'single')['entry']:
            r = e['resource']
            answer = self.service.put('/fhir/%s/%s' % (r['resourceType'], r['id']), r)
            self.assertEqual(answer.status, 200, answer.text())
        found = self.service.get('/fhir/CarePlan?subject=Patient/single').json()
        self.assertEqual(found['total'], 1)
        plan = found['entry'][0]['resource']['id']
        self.refused(self.service.put('/fhir/Patient/other', patient('single')), 400, 'invalid')
        self.refused(self.service.put('/fhir/Observation/single', patient('single')), 400, 'invalid')
        for e in named('V004', 'single')['entry']:
            if e['resource']['resourceType'] == 'Condition':
                path = '/fhir/Condition/' + e['resource']['id']
                self.assertEqual(self.service.delete(path).status, 200)
                self.assertEqual(self.service.delete(path).status, 200)
        self.assertEqual(self.service.get('/fhir/CarePlan?subject=Patient/single').json()['total'], 0)
        gone = self.refused(self.service.get('/fhir/CarePlan/' + plan), 410, 'deleted')
        self.assertIn('ithdrawn', gone['issue'][0]['diagnostics'])

    def test_prefer_minimal(self):
        answer = self.service.put('/fhir/Patient/pm', patient('pm'), headers={'Prefer': 'return=minimal'})
        self.assertEqual((answer.status, answer.body), (200, b''))
        answer = self.service.put('/fhir/Patient/pm', patient('pm'), headers={'Prefer': 'return=OperationOutcome'})
        self.assertEqual(answer.json()['resourceType'], 'OperationOutcome')
        answer = self.service.put('/fhir/Patient/p', patient('pm'), headers={'Prefer': 'return=minimal'})
        self.assertEqual(answer.json()['resourceType'], 'OperationOutcome')

    def test_an_unknown_subject_is_held(self):
        answer = self.service.post('/fhir', {'resourceType': 'Bundle', 'type': 'collection', 'entry': [
            {'resource': dict(psa('h-psa', 'x', 4), subject={'display': 'somebody'})}]})
        self.assertEqual(answer.status, 202, answer.text())
        self.assertEqual(self.service.sql('SELECT count(*) FROM message WHERE fate = 2')[0][0], 1)


def on(base, *resources):
    """A Bundle of resources that stand on a server."""
    return {'resourceType': 'Bundle', 'type': 'collection', 'entry': [
        {'fullUrl': '%s/%s/%s' % (base, r['resourceType'], r['id']), 'resource': r} for r in resources]}


def operated(subject):
    """Who had a prostatectomy, and the PSA rises."""
    subject = {'reference': 'Patient/' + subject}

    def concept(code):
        return {'coding': [{'system': 'http://snomed.info/sct', 'code': code}]}
    return ({'resourceType': 'Condition', 'id': 'c', 'subject': subject, 'code': concept('399068003'),
             'onsetDateTime': '2017-11-20'},
            {'resourceType': 'Procedure', 'id': 'rp', 'status': 'completed', 'subject': subject,
             'code': concept('26294005'), 'performedDateTime': '2020-01-10'})


class Relayed(unittest.TestCase):
    """One client that sends what stands on several servers, as an interface engine does."""
    A, B = 'https://north.example/fhir', 'https://south.example/fhir'

    def told(self, answer):
        self.assertEqual(answer.status, 200, answer.text())
        return [i['diagnostics'] for i in answer.json()['issue'] if 'apart' in i.get('diagnostics', '')]

    def rows(self, service):
        return service.sql('SELECT patient, name, deleted, count(*) FROM resource GROUP BY 1, 2, 3 ORDER BY 1, 2')

    def test_patients_of_one_name_are_two(self):
        with Service(SALVOR, CONF) as service:
            north = on(self.A, patient('1'), *operated('1'), psa('p', '1', 0.3), psa('q', '1', 0.5, '2026-03-01'))
            south = on(self.B, patient('1'), psa('p', '1', 9.0))
            self.assertEqual(self.told(service.post('/fhir', north)), [])
            said = service.sql('SELECT decision FROM guidance WHERE ended = 0')
            told = self.told(service.post('/fhir', south))
            self.assertRegex(' '.join(told), 'south.* apart from .*north')
            self.assertEqual(service.sql('SELECT count(*) FROM patient'), [(2,)])
            self.assertEqual(service.sql('SELECT decision FROM guidance WHERE ended = 0'), said)
            # What names no server is of the first; what names one is of that.
            self.assertEqual(service.post('/fhir', psa('r', '1', 0.6, '2026-04-01')).status, 200)
            far = psa('s', '1', 9.5, '2026-04-01')
            far['subject']['reference'] = self.B + '/Patient/1'
            self.assertEqual(service.post('/fhir', far).status, 200)
            self.assertEqual(len(self.told(service.post('/fhir', on(self.B, psa('t', '1', 9.6, '2026-04-02'))))), 1)
            self.assertEqual(self.rows(service), [
                (1, 'Condition/c', 0, 1), (1, 'Observation/p', 0, 1), (1, 'Observation/q', 0, 1),
                (1, 'Observation/r', 0, 1), (1, 'Patient/1', 0, 1), (1, 'Procedure/rp', 0, 1),
                (2, 'Observation/p', 0, 1), (2, 'Observation/s', 0, 1), (2, 'Observation/t', 0, 1),
                (2, 'Patient/1', 0, 1)])
            # Deleting here deletes nothing there.
            self.assertEqual(service.delete('/fhir/Observation/p').status, 200)
            self.assertEqual([r for r in self.rows(service) if r[2]], [(1, 'Observation/p', 1, 1)])
            for url, n in ((self.A, 1), (self.B, 0)):
                found = service.get('/fhir/GuidanceResponse?subject=%s/Patient/1' % url).json()
                self.assertEqual(found['total'], n)

    def test_one_server_by_two_names(self):
        with Service(SALVOR, CONF, start=False) as service:
            with open(service.conf) as f:
                text = f.read().replace('client "sender" {', 'client "sender" {\n\tbase = {"%s", "%s"}'
                                        % (self.A, self.B))
            with open(service.conf, 'w') as f:
                f.write(text)
            service.start()
            self.assertEqual(self.told(service.post('/fhir', on(self.B, patient('1'), psa('p', '1', 0.3)))), [])
            self.assertEqual(self.told(service.post('/fhir', on(self.A, psa('p', '1', 0.4)))), [])
            self.assertEqual(self.rows(service), [(1, 'Observation/p', 0, 1), (1, 'Patient/1', 0, 1)])
            third = on('https://east.example/fhir', patient('1'))
            self.assertEqual(len(self.told(service.post('/fhir', third))), 1)
            self.assertEqual(service.sql('SELECT count(*) FROM patient'), [(2,)])

    def test_a_base_that_is_none(self):
        with Service(SALVOR, 'client "x" { token-sha256 = "%s" base = {"https://a.example/fhir/"} }\n' % ('0' * 64),
                     start=False) as service:
            service.start(wait=False)
            self.assertEqual(service.process.wait(20), 3)
            self.assertIn('without a slash', service.log_text())


class Forms(Case):
    def test_xml_in_and_out(self):
        ns = '{http://hl7.org/fhir}'
        body = ('<Patient xmlns="http://hl7.org/fhir"><id value="x1"/></Patient>').encode()
        for accept, media in ((None, FHIR_XML), ('*/*', FHIR_XML), ('application/fhir+json', 'application/fhir+json'),
                              ('application/fhir+json;q=0.5, application/xml', FHIR_XML)):
            headers = {'Content-Type': FHIR_XML}
            if accept:
                headers['Accept'] = accept
            answer = self.service.put('/fhir/Patient/x1', body, headers=headers)
            self.assertEqual((answer.status, answer.headers['Content-Type']), (200, media))
        self.service.post('/fhir', named('V004', 'xml'))
        for path in ('/fhir/metadata', '/fhir/PlanDefinition', '/fhir/CarePlan?subject=Patient/xml',
                     '/fhir/GuidanceResponse?subject=Patient/xml'):
            answer = self.service.get(path, headers={'Accept': FHIR_XML})
            self.assertEqual(answer.headers['Content-Type'], FHIR_XML)
            root = ET.fromstring(answer.body)
            self.assertIn(root.tag, (ns + 'Bundle', ns + 'CapabilityStatement'))
        plan = root.find('%sentry/%sresource/' % (ns, ns))
        self.assertEqual(plan.tag, ns + 'GuidanceResponse')
        refused = self.service.get('/fhir/nowhere', headers={'Accept': 'application/xml'})
        self.assertEqual(ET.fromstring(refused.body).tag, ns + 'OperationOutcome')
        self.assertEqual(self.service.get('/fhir/metadata?_format=xml').headers['Content-Type'], FHIR_XML)
        self.assertEqual(self.service.get('/fhir/metadata?_format=json', headers={'Accept': FHIR_XML})
                         .headers['Content-Type'], 'application/fhir+json')

    def test_statuses(self):
        get, post = self.service.get, self.service.post
        self.refused(post('/fhir', '{"resourceType": "Patient", '), 400, 'structure')
        path = post('/fhir', '{"resourceType":"Patient","id":"a","id":"b"}').json()['issue'][0]
        self.assertEqual(path['expression'], ['Patient.id'])
        self.refused(post('/fhir', b'', headers={'Content-Type': 'application/fhir+json'}), 400, 'required')
        self.refused(post('/fhir', patient('a'), headers={'Content-Type': 'text/plain'}), 415, 'not-supported')
        self.refused(post('/fhir', patient('a'), headers={'Content-Encoding': 'br'}), 415, 'not-supported')
        self.refused(post('/fhir', patient('a'), headers={'Accept': 'text/html'}), 406, 'not-supported')
        self.refused(get('/fhir/metadata', headers={'Accept': 'image/png'}), 406, 'not-supported')
        self.refused(get('/fhir/Nonsense/1'), 404, 'not-found')
        self.refused(get('/fhir/CarePlan/unknown'), 404, 'not-found')
        self.refused(get('/fhir/PlanDefinition/unknown'), 404, 'not-found')
        self.refused(get('/fhir/CarePlan'), 400, 'value')
        self.refused(get('/patients/nobody'), 404, 'not-found')
        self.refused(post('/fhir', patient('a'), client='reader'), 403, 'forbidden')
        self.refused(get('/status', client='stranger'), 401, 'login')
        self.refused(get('/nowhere', client=None), 401, 'login')

    def test_methods(self):
        request = self.service.request
        for method, path, allow in (('PUT', '/fhir', {'POST'}), ('PATCH', '/fhir/Patient/a', {'PUT', 'DELETE'}),
                                    ('POST', '/fhir/metadata', {'GET', 'HEAD'}),
                                    ('DELETE', '/fhir/CarePlan/a', {'GET', 'HEAD', 'PUT', 'DELETE'}),
                                    ('GET', '/fhir/$process-message', {'POST'})):
            answer = request(method, path)
            if method == 'DELETE':
                self.assertEqual(answer.status, 200)
                continue
            self.refused(answer, 405, 'not-supported')
            self.assertEqual(set(answer.headers['Allow'].split(', ')), allow, path)
        answer = request('OPTIONS', '/fhir/CarePlan')
        self.assertEqual((answer.status, answer.body), (204, b''))
        self.assertEqual(set(answer.headers['Allow'].split(', ')), {'GET', 'HEAD', 'POST'})
        for path in ('/fhir/metadata', '/status', '/livez'):
            head, get = request('HEAD', path), request('GET', path)
            self.assertEqual((head.status, head.body), (200, b''))
            if path != '/status':
                self.assertEqual(head.headers['Content-Length'], str(len(get.body)))
        c = self.service.connect()
        for _ in range(3):
            request('HEAD', '/fhir/metadata', connection=c)
            self.assertEqual(request('GET', '/livez', connection=c).body, b'ok\n')

    def test_the_capability_statement(self):
        statement = self.service.get('/fhir/metadata', client=None).json()
        self.r4.check(statement)
        self.assertEqual((statement['fhirVersion'], statement['kind']), ('4.0.1', 'instance'))
        self.assertEqual(statement['implementation']['url'], ENDPOINT)
        self.assertIn('application/fhir+xml', statement['format'])
        rest = statement['rest'][0]
        self.assertEqual({i['code'] for i in rest['interaction']}, {'transaction', 'batch'})
        self.assertEqual([o['name'] for o in rest['operation']], ['process-message'])
        self.assertTrue(rest['security']['description'])
        self.assertEqual(statement['messaging'][0]['endpoint'][0]['address'], ENDPOINT)
        for r in rest['resource']:
            for i in r['interaction']:
                method = {'create': 'POST', 'update': 'PUT', 'delete': 'DELETE'}.get(i['code'], 'GET')
                path = '/fhir/' + r['type'] + ('/x' if i['code'] in ('update', 'delete', 'read') else '')
                allow = self.service.request('OPTIONS', path).headers['Allow'].split(', ')
                self.assertIn(method, allow, path)


class Guidance(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        bundle = named('V004', 'g1')
        for e in bundle['entry']:
            if e['resource']['resourceType'] == 'Patient':
                e['resource']['identifier'] = [{'system': 'urn:mrn', 'value': '4711'}]
        answer = cls.service.post('/fhir', bundle)
        assert answer.status == 200, answer.text()

    def search(self, kind, query):
        answer = self.service.get('/fhir/%s?%s' % (kind, query), client='reader')
        self.assertEqual(answer.status, 200, answer.text())
        return answer.json()

    def test_it_is_found_and_read(self):
        for kind in ('CarePlan', 'GuidanceResponse'):
            found = self.search(kind, 'subject=Patient/g1')
            self.r4.check(found)
            self.assertEqual((found['type'], found['total'], len(found['entry'])), ('searchset', 1, 1))
            resource = found['entry'][0]['resource']
            self.assertEqual(resource['resourceType'], kind)
            self.assertEqual(found['entry'][0]['fullUrl'], '%s/%s/%s' % (ENDPOINT, kind, resource['id']))
            self.assertTrue(found['link'][0]['url'].endswith('/%s?subject=Patient/g1' % kind))
            one = self.service.get('/fhir/%s/%s' % (kind, resource['id']), client='reader')
            self.assertEqual((one.status, one.json()), (200, resource))
            for query in ('patient=g1', 'patient=Patient/g1', 'subject:identifier=urn:mrn%7C4711',
                          'patient.identifier=urn:mrn%7C4711'):
                self.assertEqual(self.search(kind, query)['entry'], found['entry'], query)
            self.assertEqual(self.search(kind, 'subject=Patient/unknown')['total'], 0)
        self.assertEqual(resource['result'], {'reference': 'CarePlan/' + resource['id']})

    def test_the_pages(self):
        page = self.service.get('/patients/g1', client='reader')
        self.assertEqual((page.status, page.headers['Content-Type']), (200, 'text/html; charset=utf-8'))
        self.assertEqual(self.service.get('/patients/urn:mrn%7C4711', client='reader').status, 200)
        status = self.service.get('/status', client='reader').text()
        self.assertIn('Messages applied', status)
        self.assertNotIn('4711', status)

    def test_plans(self):
        found = self.service.get('/fhir/PlanDefinition', client='reader').json()
        self.assertEqual(self.service.get('/fhir/PlanDefinition/', client='reader').json(), found)
        self.r4.check(found)
        self.assertGreaterEqual(found['total'], 7)
        # Sentences say numbers, not the names of parameters; the one that is filled in for each patient stays.
        self.assertEqual(set(re.findall(r'\{(\w+)\}', json.dumps(found))) - {'ipfsg_risk'}, set())
        for e in found['entry']:
            one = self.service.get('/fhir/PlanDefinition/' + e['resource']['id'], client='reader').json()
            self.assertEqual(one, e['resource'])
            url = self.search('PlanDefinition', 'url=' + one['url'])
            self.assertEqual(url['total'], 1)

    def apply(self, parameters, plan=None, **options):
        path = '/fhir/PlanDefinition/' + (plan + '/' if plan else '') + '$apply'
        return self.service.post(path, {'resourceType': 'Parameters', 'parameter': parameters}, **options)

    def test_apply(self):
        messages = self.service.sql('SELECT count(*) FROM message')
        data = {'name': 'data', 'resource': vignette('V004')}
        answer = self.apply([data], client='reader')
        self.assertEqual(answer.status, 200, answer.text())
        bundle = answer.json()
        self.r4.check(bundle)
        self.assertEqual(bundle['type'], 'collection')
        kinds = [e['resource']['resourceType'] for e in bundle['entry']]
        self.assertEqual(kinds[:2], ['GuidanceResponse', 'CarePlan'])
        self.assertTrue(all('request' not in e for e in bundle['entry']))
        self.assertEqual(ET.fromstring(self.apply([data], headers={'Accept': FHIR_XML}).body).tag,
                         '{http://hl7.org/fhir}Bundle')
        module = bundle['entry'][0]['resource']['moduleCanonical'].split('|')[0]
        plans = {e['resource']['url']: e['resource']['id'] for e in
                 self.service.get('/fhir/PlanDefinition').json()['entry']}
        same = self.apply([data], plan=plans[module]).json()
        self.assertEqual([e['resource']['resourceType'] for e in same['entry']], kinds)
        lymphoma = [i for u, i in plans.items() if 'lymphoma' in u][0]
        self.assertNotIn('entry', self.apply([data], plan=lymphoma).json())
        single = [{'name': 'data', 'resource': e['resource']} for e in named('V004', 'ap')['entry']]
        bundle = self.apply(single + [{'name': 'subject', 'valueString': 'Patient/ap'}]).json()
        self.assertEqual([e['resource']['resourceType'] for e in bundle['entry']], kinds)
        self.assertEqual(self.service.sql('SELECT count(*) FROM message'), messages)
        self.assertEqual(self.service.sql("SELECT count(*) FROM resource WHERE name LIKE '%/ap%'"), [(0,)])

    def test_apply_is_refused(self):
        data = {'name': 'data', 'resource': named('V004', 'ap')}
        self.refused(self.apply([]), 400, 'invalid')
        self.refused(self.service.post('/fhir/PlanDefinition/$apply', patient('a')), 400, 'invalid')
        self.refused(self.apply([data], plan='unknown'), 404, 'not-found')
        self.refused(self.apply([data, {'name': 'subject', 'valueString': 'Patient/other'}]), 422, 'conflict')
        mixed = copy.deepcopy(data)
        mixed['resource']['entry'].append({'resource': patient('other')})
        mixed['resource']['entry'].append({'resource': psa('o', 'other', 3)})
        self.assertEqual(self.apply([mixed]).status, 422)


class Following(Case):
    def test_the_sender_s_ids_go_everywhere(self):
        headers = {'X-Request-Id': 'lab-42', 'traceparent': TRACE}
        answer = self.service.put('/fhir/Patient/t1', patient('t1'), headers=headers)
        self.assertEqual(answer.headers['X-Request-Id'], 'lab-42')
        self.assertEqual(self.service.sql("SELECT correlation FROM message WHERE target = 'Patient/t1'"),
                         [('lab-42 ' + TRACE,)])
        line = [x for x in self.service.log('request') if x['id'] == 'lab-42'][0]
        self.assertEqual((line['trace'], line['client'], line['status']), (TRACE, 'sender', '200'))
        for bad in ('a b', 'x' * 65, 'a"b', ''):
            answer = self.service.put('/fhir/Patient/t2', patient('t2'), headers={'X-Request-Id': bad,
                                                                                  'traceparent': 'nonsense'})
            self.assertRegex(answer.headers['X-Request-Id'], '^[0-9a-f]{16}$')
        self.assertNotIn('nonsense', self.service.log_text())

    def test_the_log_is_of_lines_without_patients(self):
        self.service.post('/fhir', named('V004', 'logged'))
        self.service.post('/fhir', {'resourceType': 'Patient', 'id': 'logged', 'name': 'wrong'})
        for line in self.service.log_text().splitlines():
            self.assertRegex(line, r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z event=[a-z-]+( [a-z-]+=("[^"]*"|\S*))*$')
            self.assertNotIn('logged', line)

    def test_metrics_are_strict_prometheus_text(self):
        self.service.post('/fhir', named('V004', 'metrics'))
        answer = self.service.get('/metrics', client='reader')
        self.assertEqual(answer.headers['Content-Type'], 'text/plain; version=0.0.4; charset=utf-8')
        types, samples, helped, last = {}, {}, set(), None
        for line in answer.text().splitlines():
            if line.startswith('# HELP '):
                last = line.split()[2]
                self.assertNotIn(last, helped)
                helped.add(last)
                continue
            if line.startswith('# TYPE '):
                name, kind = line.split()[2:]
                self.assertEqual((name, name in types), (last, False))
                self.assertIn(kind, ('counter', 'gauge', 'histogram'))
                types[name] = kind
                continue
            m = re.fullmatch(r'([a-z_]+)(\{[a-z_0-9]+="[^"\\\n]*"(?:,[a-z_0-9]+="[^"\\\n]*")*\})? (-?[0-9.]+)', line)
            self.assertIsNotNone(m, line)
            base = m.group(1) if m.group(1) in types else re.sub('_(bucket|sum|count)$', '', m.group(1))
            self.assertEqual(base, last, 'samples of a metric stand together')
            self.assertTrue(types[base] != 'counter' or base.endswith('_total'), base)
            key = m.group(1) + (m.group(2) or '')
            self.assertNotIn(key, samples)
            samples[key] = float(m.group(3))
        self.assertGreater(samples['salvor_messages_total{fate="applied"}'], 0)
        buckets = [v for k, v in samples.items() if k.startswith('salvor_http_seconds_bucket')]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], samples['salvor_http_seconds_count'])
        self.assertNotIn('metrics"', answer.text())

    def test_health(self):
        self.assertEqual(self.service.get('/livez', client=None).status, 200)
        self.assertEqual(self.service.get('/readyz', client=None).status, 200)


if __name__ == '__main__':
    unittest.main()
