#!/usr/bin/python3
"""What Salvor writes, on every case.  usage: test_output.py SALVOR

OS-n are the testable output requirements of the knowledge specification
(K5.2).  golden/ holds whole outputs; SALVOR_UPDATE_GOLDEN=1 writes them anew:

    SALVOR_UPDATE_GOLDEN=1 SALVOR_SOURCE_ROOT=. SALVOR_TEST_DATA=build/tests/data \\
        python3 tests/cases/test_output.py build/salvor Golden

then read the difference before committing it.
"""
import datetime
import functools
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

import jsonschema

SALVOR = sys.argv.pop(1)
ROOT = os.environ['SALVOR_SOURCE_ROOT']
DATA = os.environ['SALVOR_TEST_DATA']
CASES = os.path.join(ROOT, 'tests/cases/vignettes-fhir')
GOLDEN = os.path.join(ROOT, 'tests/cases/golden')
RECORDED = '2026-05-01T08:00:00Z'
with open(os.path.join(ROOT, 'tests/cases/vignettes.json')) as f:
    AS_OF = {v['id']: v['reference_date'] for v in json.load(f)['vignettes']}
with open(os.path.join(ROOT, 'core/core_event.h')) as f:
    REASONS = dict(re.findall(r'X\([A-Z_]+, "([a-z-]+)", +"([^"]+)"\)', f.read()))
XS = '{http://www.w3.org/2001/XMLSchema}'
DISCLAIMER = 'Not a medical device, not clinically validated.'


def salvor(name, *args, stdin=None):
    path = '-' if stdin is not None else '%s/%s.json' % (CASES, name)
    r = subprocess.run([SALVOR, 'evaluate', '--as-of', AS_OF[name], '--recorded', RECORDED,
                        '--color', 'never', *args, path], input=stdin, capture_output=True, timeout=60)
    assert r.returncode == 0, (name, r.stderr)
    return r.stdout.decode()


@functools.lru_cache(None)
def text(name):
    return salvor(name, '--format', 'text')


@functools.lru_cache(None)
def page(name):
    """The page of a case, without its marks."""
    body = salvor(name, '--format', 'html')
    return ' '.join(ET.fromstring(body[body.index('<body>'):body.index('</html>')]).itertext())


@functools.lru_cache(None)
def measure(form):
    """QM-01 over all cases, in one line."""
    p = subprocess.run([SALVOR, 'measure', '--as-of', '2026-05-01', '--recorded', RECORDED, '--format', form, CASES],
                       capture_output=True, text=True, timeout=60)
    return ' '.join(p.stdout.split())


@functools.lru_cache(None)
def rules(*args):
    return ' '.join(subprocess.run([SALVOR, 'rules', *args], capture_output=True, text=True).stdout.split())


@functools.lru_cache(None)
def explain(name):
    return json.loads(salvor(name, '--format', 'explain'))


@functools.lru_cache(None)
def bundle(name):
    return json.loads(salvor(name))


def resources(type_, names=AS_OF):
    for name in names:
        for e in bundle(name).get('entry', []):
            if e['resource']['resourceType'] == type_:
                yield name, e['resource']


def prose(name):
    """Every sentence for people in the bundle of a case, and its text."""
    found = [text(name)]
    for _, r in resources('GuidanceResponse', [name]):
        found += [n['text'] for n in r['note']]
    for _, r in resources('CarePlan', [name]):
        found += [r['text']['div'], r['title']] + [a['detail']['description'] for a in r['activity']]
    for _, r in resources('DetectedIssue', [name]):
        found += [r['code']['text'], r['detail']]
    return found


def facts(r):
    """The facts of a GuidanceResponse: name to a list of its parts."""
    params = [c for c in r['contained'] if c['resourceType'] == 'Parameters'][0]
    return {p['name']: p['part'] for p in params['parameter'] if 'part' in p}


class Requirements(unittest.TestCase):
    def statements(self):
        """The places where conclusions are stated to a person."""
        for name, r in resources('GuidanceResponse'):
            yield name, ' '.join(n['text'] for n in r['note'])
        for name, r in resources('CarePlan'):
            yield name, r['text']['div']
        for name, r in resources('DetectedIssue'):
            yield name, r['detail']
        for name in AS_OF:
            yield name, ' '.join(text(name).split())

    def test_os1_which_rules_when_by_what(self):
        """Rule ids, version and SHA-256 of the rule set, reference date, generation time, software version."""
        n = 0
        version = subprocess.run([SALVOR, 'version'], capture_output=True, text=True, check=True).stdout.split()[1]
        for name, s in self.statements():
            sha = explain(name)['rule_set']['sha256']
            self.assertRegex(sha, '^[0-9a-f]{64}$')
            self.assertRegex(s, r'Rules 0\.1\.0 \([^)]*\), SHA-256 %s; reference date %s; generated %s by salvor %s\.'
                             % (sha, AS_OF[name], RECORDED, re.escape(version)))
            n += 1
        self.assertGreater(n, 300)
        for name in AS_OF:
            fired = {r['id'] for r in explain(name)['rules'] if r['state'] in ('fires', 'provisional')}
            notes = [n['text'] for _, r in resources('GuidanceResponse', [name]) for n in r['note']]
            for rule in fired if notes else ():
                self.assertEqual(sum(bool(re.search(r'(^|\s)%s \(' % rule, t)) for t in notes), 1, (name, rule))
        for form, kind in (('text', 'Rules'), ('html', 'Rules'), ('summary', 'Rules'), ('individual', 'Rules')):
            self.assertRegex(measure(form), r'Rules 0\.1\.0 \([^)]*\), SHA-256 %s; generated %s by salvor %s'
                             % (explain('V013')['rule_set']['sha256'], RECORDED, re.escape(version)))

    def test_os8_the_fixed_line(self):
        """Decision support for clinicians, does not replace judgement, based on the data listed."""
        line = ('Decision support for clinicians: it does not replace clinical judgement and is based on the data '
                'listed. ' + DISCLAIMER)
        n = 0
        for name, s in self.statements():
            self.assertIn(line, s)
            n += 1
        self.assertGreater(n, 300)
        for form in ('html', 'timeline'):
            self.assertIn(line, ' '.join(salvor('V013', '--format', form).split()))
        for form in ('text', 'html', 'summary', 'individual'):
            self.assertIn(line, measure(form))
        for form in ('text', 'html', 'md'):
            self.assertIn(line, rules('--format', form))

    def test_os12_unsigned_rules_are_flagged_and_can_be_kept_out(self):
        flag = 'draft, not signed off'
        n = 0
        for name, s in self.statements():
            self.assertIn('(%s)' % flag, s)
            n += 1
        self.assertGreater(n, 300)
        for form in ('html', 'timeline'):
            self.assertIn(flag, ' '.join(salvor('V013', '--format', form).split()))
        self.assertIs(explain('V013')['rule_set']['draft'], True)
        for form in ('text', 'html', 'summary', 'individual', 'svg'):
            self.assertIn(flag, measure(form))
        for form in ('text', 'html', 'md'):
            self.assertIn(flag, rules('--format', form))
        # In production they are off; then without a signature there is nothing to decide by.
        for args in (['evaluate'], ['measure']):
            p = subprocess.run([SALVOR, *args, '--site', os.path.join(ROOT, 'conf/production/site.json'),
                                os.path.join(CASES, 'V013.json')], capture_output=True, text=True)
            self.assertEqual((p.returncode, p.stdout), (3, ''))
            self.assertIn('no rule is', p.stderr)

    def test_os2_basis_of_each_conclusion(self):
        for name, r in resources('GuidanceResponse'):
            notes = [n['text'] for n in r['note'][:-1]]
            self.assertEqual(len(notes), len(set(notes)))
            for note in notes:
                self.assertRegex(note, r'[A-Z]+-([A-Z]+-)?\d\d \((SOURCE|GUIDELINE|DERIVED)[ S0-9]*, confidence '
                                       r'(low|medium|high), draft: not signed off\)\. .*Basis: .+\.$')
                self.assertNotRegex(note, r'Source \[')
            for rule in explain(name)['rules']:
                if rule['id'].startswith(('PRO-RP-01', 'PRO-RT-02', 'LYM-01', 'SEM-01')):
                    self.assertTrue(any(re.search(rule['id'] + r' \(SOURCE.* source statement S\d\d(, S\d\d)*, '
                                    r'reference \[[^;]* not supplied', n) for n in notes), (name, rule))

    def test_os3_evidence_with_day_value_and_version(self):
        for name, r in resources('GuidanceResponse'):
            want = explain(name)['facts']
            for fact, parts in facts(r).items():
                got = [p['valueReference'] for p in parts if p['name'] == 'evidence']
                self.assertEqual([x['reference'].split('/_history/')[0] for x in got],
                                 want[fact].get('evidence', []))
                for x in got:
                    self.assertRegex(x['display'], r'^(no date|\d{4}(-\d\d(-\d\d)?)?), .')
        with open(CASES + '/V013.json') as f:
            b = json.load(f)
        for e in b['entry']:
            e['resource']['meta'] = {'versionId': '7'}
        for e in json.loads(salvor('V013', stdin=json.dumps(b).encode()))['entry']:
            if e['resource']['resourceType'] == 'GuidanceResponse':
                parts = facts(e['resource'])['psa_doubling_time_months']
        self.assertEqual([p['valueReference'] for p in parts if p['name'] == 'evidence'], [
            {'reference': 'Observation/e4/_history/7', 'display': '2025-10-10, PSA 0.21 ng/mL'},
            {'reference': 'Observation/e5/_history/7', 'display': '2026-01-10, PSA 0.27 ng/mL'},
            {'reference': 'Observation/e6/_history/7', 'display': '2026-04-10, PSA 0.36 ng/mL'}])

    def test_os4_data_left_out_is_told_with_its_reason(self):
        """To a reader of text and page; the reason in words."""
        n = 0
        for name in AS_OF:
            left_out = [i for i in explain(name)['issues'] if i['source']]
            for want in left_out:
                for s in (text(name), page(name)):
                    self.assertIn('Left out', s)
                    said = ' '.join(s.split('Left out')[-1].split())
                    self.assertIn(want['source'], said)
                    self.assertIn(REASONS[want['code']], said, (name, want))
                n += 1
        self.assertGreaterEqual(n, 6)

    def test_os15_evaluation_message_lists_the_issues(self):
        n = 0
        for name, r in resources('GuidanceResponse'):
            issues = explain(name)['issues']
            outcome = [c for c in r['contained'] if c['resourceType'] == 'OperationOutcome']
            self.assertEqual('evaluationMessage' in r, len(issues) > 0)
            if issues:
                self.assertEqual(r['evaluationMessage'], [{'reference': '#' + outcome[0]['id']}])
            self.assertEqual(len(outcome[0]['issue']) if outcome else 0, len(issues))
            for want, got in zip(issues, outcome[0]['issue'] if outcome else []):
                self.assertEqual(got['details']['text'], want['code'])
                self.assertIn(want['source'], got['diagnostics'])
                n += 1
        self.assertGreaterEqual(n, 6)

    def test_os5_what_could_change_the_result(self):
        for name, r in resources('GuidanceResponse'):
            notes = [n['text'] for n in r['note']]
            for rule in explain(name)['rules']:
                mine = [n for n in notes if re.search(r'\b%s \(' % rule['id'], n)]
                if rule['state'] == 'fires' or not mine:
                    continue
                said = re.match('Provisional until known: ([^.]+)\\. ' if rule['state'] == 'provisional'
                                else 'Not decided, waits for: ([^.]+)\\. ', mine[0])
                self.assertTrue(said, mine[0])
                self.assertGreaterEqual(len(said.group(1).split(', ')), len(rule['missing']))
            asked = [json.dumps(d, sort_keys=True) for d in r.get('dataRequirement', [])]
            self.assertEqual(len(asked), len(set(asked)), name)

    def test_os6_options_and_no_orders(self):
        """Only a block says must not, or not before."""
        with open(os.path.join(ROOT, 'tests/cases/rule-book/rules.json')) as f:
            blocks = {r['id'] for r in json.load(f)['rules'] if r.get('blocks')}
        self.assertEqual(len(blocks), 4)
        for name in AS_OF:
            for s in prose(name):
                self.assertNotRegex(s, r'(?i)must give|\bprescribe|\bstart (the|with|treatment|therapy|adt)')
                self.assertNotRegex(s, r'(?i)\b(give|administer|initiate) ')
            for _, r in resources('GuidanceResponse', [name]):
                for note in r['note'][:-1]:
                    if re.search(r'(?i)\bmust\b|not before', note['text']):
                        self.assertTrue(any(b + ' (' in note['text'] for b in blocks), note)
            for _, r in resources('CarePlan', [name]):
                for a in r['activity']:
                    self.assertTrue(a['detail']['description'].startswith('Option for discussion: '))

    def test_os7_no_dose_and_no_schedule(self):
        for name in AS_OF:
            for s in prose(name) + [page(name)]:
                self.assertNotRegex(s, r'(?i)\d ?(Gy|cGy|mg|mcg|mg/m2|mg/kg|fractions?|cycles of)\b')
                self.assertNotRegex(s, r'(?i)\b(daily|weekly|every \d+ (days|weeks|months)|once a (day|week|month))\b')

    def test_os9_none_recorded_is_not_worded_as_absence(self):
        n = 0
        for name in AS_OF:
            for s in prose(name) + [page(name)]:
                self.assertNotRegex(s, r'(?i)patient (had|has|never had) (no|not)\b|\bnever (had|received)\b')
        for name, r in resources('GuidanceResponse'):
            for fact, parts in facts(r).items():
                p = {x['name']: x for x in parts}
                if p.get('value', {}).get('valueBoolean') is False and 'evidence' not in p:
                    self.assertTrue(p['text']['valueString'].endswith(': none recorded'), (name, fact))
                    n += 1
        self.assertGreater(n, 100)

    def test_os10_draft_proposals_without_schedule(self):
        for name, r in resources('CarePlan'):
            self.assertEqual((r['status'], r['intent']), ('draft', 'proposal'))
            self.assertTrue(r['addresses'])
            for a in r['activity']:
                d = a['detail']
                self.assertEqual((d['status'], d['doNotPerform']), ('not-started', False))
                self.assertTrue(d['description'].startswith('Option for discussion: '))
                self.assertFalse([k for k in d if k.startswith(('scheduled', 'daily', 'quantity'))])

    def test_os11_provenance(self):
        for name, r in resources('Provenance'):
            entries = bundle(name)['entry']
            targets = [t['reference'] for t in r['target']]
            sources = [x['what']['reference'] for x in r['entity']]
            for e in entries:
                if e['resource']['resourceType'] == 'GuidanceResponse' and e['fullUrl'] in targets:
                    for parts in facts(e['resource']).values():
                        for p in parts:
                            if p['name'] == 'evidence':
                                self.assertIn(p['valueReference']['reference'], sources)
            self.assertLessEqual(set(targets), {e['fullUrl'] for e in entries})
            self.assertEqual(r['recorded'], RECORDED)
        for name in AS_OF:
            told = {t['reference'] for _, r in resources('Provenance', [name]) for t in r['target']}
            self.assertEqual(told, {e['fullUrl'] for e in bundle(name).get('entry', [])
                                    if e['resource']['resourceType'] not in ('Provenance', 'AuditEvent')})

    def test_os11_audit(self):
        for name in AS_OF:
            entries = bundle(name).get('entry', [])
            guidance = [e for e in entries if e['resource']['resourceType'] == 'GuidanceResponse']
            audits = [r for _, r in resources('AuditEvent', [name])]
            self.assertEqual(len(audits), len(guidance))
            for r, g in zip(audits, guidance):
                self.assertEqual((r['recorded'], r['outcome'], r['action']), (RECORDED, '0', 'E'))
                self.assertTrue(r['source']['observer']['display'].startswith('salvor '))
                self.assertEqual([x['what']['reference'] for x in r['entity']],
                                 [g['resource']['subject']['reference'], g['fullUrl']])

    def test_os13_units_and_iso_dates(self):
        for name in AS_OF:
            for s in prose(name):
                self.assertNotRegex(s, r'\b\d\d?[./]\d\d?[./]\d{4}\b')
        for name, r in resources('GuidanceResponse'):
            for fact, parts in facts(r).items():
                for p in parts:
                    q = p.get('valueQuantity')
                    if q and not fact.startswith(('grade_', 'recurrence_grade')):
                        self.assertEqual((q['system'], q['unit']), ('http://unitsofmeasure.org', q['code']))

    def test_os14_narrative_says_what_is_coded(self):
        for name, r in resources('CarePlan'):
            div = ''.join(ET.fromstring(r['text']['div']).itertext())
            for a in r['activity']:
                d = a['detail']
                self.assertIn(d['code']['text'], div)
                for x in d.get('extension', []):
                    v = x['valueRange']
                    months = '%d to %d months' % (v['low']['value'], v['high']['value'])
                    self.assertIn(d['code']['text'] + ', ' + months, div)
                    self.assertIn(months, d['description'])
                for rule in d['reasonCode']:
                    self.assertIn('[' + rule['coding'][0]['code'] + ']', div)
                    state = [x['state'] for x in explain(name)['rules'] if x['id'] == rule['coding'][0]['code']]
                    self.assertEqual(state[0] == 'provisional',
                                     rule['coding'][0]['code'] + ' provisional until known: ' in d['description'])
            for b in explain(name)['blocks']:
                self.assertIn('Must not proceed for now: ' + b.replace('-', ' '), div)


class References(unittest.TestCase):
    """References to the data: relative, or absolute if the server that it is from is named."""

    def references(self, v):
        if isinstance(v, dict):
            for k, x in v.items():
                yield from [x] if k == 'reference' and isinstance(x, str) else self.references(x)
        elif isinstance(v, list):
            for x in v:
                yield from self.references(x)

    def changed(self, name, change, *args):
        with open('%s/%s.json' % (CASES, name)) as f:
            b = json.load(f)
        for e in b['entry']:
            change(e)
        return json.loads(salvor(name, *args, stdin=json.dumps(b).encode()))

    def test_absolute_if_the_source_is_named(self):
        base = 'https://ehr.example/fhir'
        for name in ('V001', 'V013', 'V054', 'V076'):
            b = json.loads(salvor(name, '--source-base', base))
            here = {e['fullUrl'] for e in b['entry']}
            data = [r for r in self.references(b) if r not in here and r[0] != '#'
                    and not r.startswith('Patient?identifier=')]
            self.assertTrue(data)
            for r in data:
                self.assertRegex(r, '^' + base + '/[A-Z][A-Za-z]+/[A-Za-z0-9.-]+$')
            relative = [r.replace(base + '/', '') for r in self.references(b)]
            self.assertEqual(relative, list(self.references(bundle(name))))
            self.assertEqual(salvor(name, '--format', 'explain', '--source-base', base),
                             salvor(name, '--format', 'explain'))       # explain keeps the short form

    def test_versions_are_kept(self):
        def give_version(e):
            e['resource']['meta'] = {'versionId': '7'}
        b = self.changed('V013', give_version, '--source-base', 'https://ehr.example/fhir')
        what = [x['what']['reference'] for e in b['entry'] if e['resource']['resourceType'] == 'Provenance'
                for x in e['resource']['entity']]
        self.assertTrue(what)
        for r in what:
            self.assertRegex(r, r'^https://ehr\.example/fhir/\w+/[a-z0-9-]+/_history/7$')

    def test_a_patient_without_an_identifier(self):
        def forget(e):
            e['resource'].pop('identifier', None)
        for args, want in (((), 'Patient/pat-v001'),
                           (('--source-base', 'https://x.example/r4'), 'https://x.example/r4/Patient/pat-v001')):
            b = self.changed('V001', forget, *args)
            self.assertEqual({e['resource']['subject']['reference'] for e in b['entry']
                              if 'subject' in e['resource']}, {want})

    def test_a_resource_without_an_id_has_no_address(self):
        def forget(e):
            if e['resource']['id'] == 'e4':
                del e['resource']['id']
        b = self.changed('V001', forget)
        for r in self.references(b):
            self.assertNotIn('[', r)
        self.assertIn('Bundle.entry[', json.dumps(b))       # it is told where it stands

    def test_a_base_is_a_url(self):
        for bad in ('ehr.example', 'ftp://x', 'https://ehr.example/', 'https://e x', 'https://x?y'):
            r = subprocess.run([SALVOR, 'evaluate', '--source-base', bad, CASES + '/V001.json'], capture_output=True)
            self.assertEqual((r.returncode, r.stdout), (2, b''))
            self.assertIn(b'--source-base', r.stderr)


class Shape(unittest.TestCase):
    """JSON has the elements, arrays and primitives that the R4 schema says."""

    def setUp(self):
        self.types = {t.get('name'): t for t in
                      ET.parse(DATA + '/fhir-single.xsd').getroot().findall(XS + 'complexType')}

    def elements(self, type_):
        found = {}
        t = self.types[type_]
        for x in t.iter(XS + 'extension'):
            if x.get('base') in self.types:
                found.update(self.elements(x.get('base')))
        for e in t.iter(XS + 'element'):
            found[e.get('name') or e.get('ref').split(':')[-1]] = (e.get('type'), e.get('maxOccurs') == 'unbounded')
        for a in t.iter(XS + 'attribute'):
            found[a.get('name')] = ('string', False)
        return found

    def check(self, type_, v, at):
        if type_ in ('boolean', 'decimal', 'integer', 'positiveInt', 'unsignedInt'):
            self.assertIs(type(v) is bool, type_ == 'boolean', at)
            self.assertIsInstance(v, (int, float), at)
            return
        if not isinstance(v, dict):
            self.assertIsInstance(v, str, at)
            self.assertTrue(v, at)
            return
        if type_ == 'ResourceContainer':
            type_ = v['resourceType']
        known = self.elements(type_)
        self.assertTrue(v, at)
        for name, x in v.items():
            if name == 'resourceType':
                continue
            self.assertIn(name, known, at)
            of, many = known[name]
            self.assertEqual(isinstance(x, list), many, at + '.' + name)
            self.assertTrue(x != [], at + '.' + name)
            for y in x if many else [x]:
                self.check(of, y, at + '.' + name)

    def test_every_bundle(self):
        for name in AS_OF:
            self.check('Bundle', bundle(name), name)

    def test_json_and_xml_say_the_same(self):
        def leaves(v):
            if isinstance(v, dict):
                return [y for k, x in v.items() if k != 'resourceType' for y in leaves(x)]
            if isinstance(v, list):
                return [y for x in v for y in leaves(x)]
            return [json.dumps(v) if isinstance(v, (bool, int, float)) else v]

        for name in ('V013', 'V054', 'V076'):
            root = ET.fromstring(salvor(name, '--syntax', 'xml').split('\n', 1)[1])
            got = []
            for e in root.iter():
                if e.tag.startswith('{http://hl7'):
                    got += [x for k, x in e.attrib.items()]
            want = [x for x in leaves(bundle(name)) if not x.startswith('<div')]
            self.assertEqual(got, want)


class Doubt(unittest.TestCase):
    """What is decided although the data leave a doubt is told with the doubt, to every reader."""

    def chemotherapy(self, when, type_='MedicationRequest'):
        concept = lambda code: {'coding': [{'system': 'https://salvor.example/CodeSystem/concept', 'code': code}]}
        status = lambda list_, code: {'coding': [{
            'system': 'http://terminology.hl7.org/CodeSystem/condition-' + list_, 'code': code}]}
        condition = lambda id_, code, day, clinical: {
            'resourceType': 'Condition', 'id': id_, 'clinicalStatus': status('clinical', clinical),
            'verificationStatus': status('ver-status', 'confirmed'), 'code': concept(code),
            'subject': {'reference': 'Patient/g'}, 'onsetDateTime': day}
        drug = {'resourceType': type_, 'id': 'm', 'status': 'active', 'medicationCodeableConcept':
                concept('platinum-chemo'), 'subject': {'reference': 'Patient/g'}}
        drug.update({'intent': 'order', 'authoredOn': when} if type_ == 'MedicationRequest' else
                    {'effectiveDateTime': when})
        return json.dumps({'resourceType': 'Bundle', 'type': 'collection', 'entry': [{'resource': r} for r in (
            {'resourceType': 'Patient', 'id': 'g'}, condition('c', 'nonseminoma', '2023-01-10', 'active'),
            condition('r', 'gct-relapse', '2024-06-01', 'relapse'), drug)]}).encode()

    def said(self, data, form):
        return ' '.join(salvor('V013', '--as-of', '2024-08-01', '--format', form, stdin=data).split())

    def test_chemotherapy_that_may_have_been_after_the_relapse(self):
        for when, doubt in (('2024', True), ('2024-05', False)):
            data = self.chemotherapy(when)
            fact = json.loads(self.said(data, 'explain'))['facts']['prior_platinum_chemo']
            self.assertIs(fact['value'], True)
            self.assertEqual(fact.get('reason'), 'imprecise-date' if doubt else None)
            for form in ('text', 'html', 'bundle'):
                self.assertEqual('arlier platinum-based chemotherapy: yes (not certain: a date is not precise enough)'
                                 in self.said(data, form), doubt, form)

    def test_an_order_is_told_from_what_was_taken(self):
        for type_, ordered in (('MedicationRequest', True), ('MedicationStatement', False)):
            data = self.chemotherapy('2024-02-01', type_)
            for form in ('text', 'html', 'bundle'):
                self.assertEqual('latinum-based chemotherapy, ordered' in self.said(data, form), ordered, form)

    def test_a_group_that_is_not_known_is_no_blank(self):
        data = self.chemotherapy('2024-02-01')
        for form in ('html', 'bundle'):
            self.assertIn('cisplatin-based chemotherapy: not known yet. Discuss', self.said(data, form))

    def test_every_known_fact_with_a_remark(self):
        words = {'contradictory': ' (not certain: the records disagree)',
                 'documented': " (stated by a clinician's coded record)"}
        seen = set()
        for name in AS_OF:
            for fact, f in explain(name)['facts'].items():
                if 'unknown' in f or f.get('reason') in (None, 'not-applicable'):
                    continue
                seen.add(f['reason'])
                self.assertIn(words[f['reason']], ' '.join(text(name).split()))
                self.assertIn(words[f['reason']], ' '.join(page(name).split()))
        self.assertEqual(seen, set(words))


class Explain(unittest.TestCase):
    def test_keys_in_order(self):
        for name in AS_OF:
            self.assertEqual(list(explain(name)), ['patient', 'as_of', 'rule_set', 'intent', 'output', 'facts', 'rules',
                                                   'activities', 'blocks', 'issues', 'measure', 'why'])
            self.assertEqual(len(explain(name)['facts']), 54)
            for f in explain(name)['facts'].values():
                self.assertEqual(len({'value', 'unknown'} & set(f)) + ('low' in f), 1, f)
            self.assertFalse([r for r in explain(name)['rules'] if r['state'] == 'silent'])

    def test_values(self):
        f = explain('V013')['facts']
        self.assertEqual(f['psa_doubling_time_months'],
                         {'value': 7.69, 'evidence': ['Observation/e4', 'Observation/e5', 'Observation/e6']})
        self.assertEqual(f['seminal_vesicle_invasion'], {'unknown': 'missing'})
        self.assertEqual(f['psa_series']['value'][0],
                         {'date': '2024-02-21', 'low': 0, 'high': 0.1, 'high_open': True})
        self.assertTrue(any(explain(n)['facts']['psa_doubling_time_months'].get('value') == 'inf' for n in AS_OF))


class Metamorphic(unittest.TestCase):
    """The two properties of K4 that are about the form of the input; the others are in test_metamorphic.c."""

    def same(self, name, pattern, replacement):
        with open('%s/%s.json' % (CASES, name)) as f:
            before = f.read()
        after, n = re.subn(pattern, replacement, before)
        if n > 0:
            got = json.loads(salvor(name, '--format', 'explain', stdin=after.encode()))
            self.assertEqual(got, explain(name), name)
        return n

    def test_mp08_ng_per_ml_is_ug_per_l(self):
        changed = [n for n in sorted(AS_OF) if self.same(n, r'"ng/mL"', '"ug/L"')]
        self.assertGreater(len(changed), 80)

    def test_mp13_time_and_offset_do_not_move_a_day(self):
        for time in ('T00:00:00+14:00', 'T23:59:59-12:00', 'T12:00:00Z'):
            pattern = r'("(?:effectiveDateTime|performedDateTime|onsetDateTime|start|end)": *"\d{4}-\d\d-\d\d)"'
            changed = [n for n in sorted(AS_OF) if self.same(n, pattern, r'\g<1>%s"' % time)]
            self.assertGreater(len(changed), 110)


class JsonSchema(unittest.TestCase):
    """Every Bundle is valid by the official JSON schema of R4."""

    @classmethod
    def setUpClass(cls):
        with open(DATA + '/fhir.schema.json') as f:
            schema = json.load(f)
        # Of the 148 resource types only those that can be entries: the others would be tried in vain.
        types = ('AuditEvent', 'CarePlan', 'DetectedIssue', 'GuidanceResponse', 'OperationOutcome', 'Provenance',
                 'Parameters')
        schema['definitions']['ResourceList'] = {'oneOf': [{'$ref': '#/definitions/' + t} for t in types]}
        cls.valid = jsonschema.Draft6Validator({'$ref': '#/definitions/Bundle',
                                                'definitions': schema['definitions']})

    def test_every_case(self):
        for name in sorted(AS_OF):
            faults = ['%s %s' % (list(e.absolute_path), e.message[:200])
                      for e in self.valid.iter_errors(json.loads(salvor(name)))]
            self.assertFalse(faults, name)

    def test_the_schema_is_looked_at(self):
        bundle = json.loads(salvor('V001'))
        bundle['entry'][0]['resource']['no-such-element'] = 1
        self.assertTrue(list(self.valid.iter_errors(bundle)))


class Why(unittest.TestCase):
    """explain gives a sentence for every rule that concerns the patient."""
    BEGINS = {'fires': 'Applies. Recorded: ', 'provisional': 'Applies provisionally. To be settled',
              'needs-data': 'Cannot be decided. To be settled: ', 'silent': ('Does not apply. ', 'Nothing is said')}

    def test_every_state_has_its_reason(self):
        for name in sorted(AS_OF):
            e = explain(name)
            states = {r['id']: r['state'] for r in e['rules']}
            why = {y['id']: y for y in e['why']}
            self.assertLessEqual(set(states), set(why), name)
            for rule, y in why.items():
                self.assertEqual(y['state'], states.get(rule, 'silent'), (name, rule))
                self.assertTrue(y['sentence'].startswith(self.BEGINS[y['state']]), (name, y))
                self.assertTrue(y['facts'], (name, rule))
                self.assertFalse('would_apply_if' in y and y['state'] in ('fires', 'provisional'), (name, rule))

    def test_what_an_undecided_rule_waits_for_is_what_it_misses(self):
        for name in sorted(AS_OF):
            e = explain(name)
            why = {y['id']: set(y['facts']) for y in e['why']}
            for r in e['rules']:
                if r['state'] == 'needs-data':
                    self.assertTrue(why[r['id']] & set(r['missing']), (name, r))

    def test_the_nearest_change(self):
        why = {y['id']: y for y in explain('V001')['why']}
        self.assertEqual(why['PRO-RP-03']['would_apply_if'], 'at least one high-risk feature')
        self.assertNotIn('would_apply_if', why['PRO-RT-02'])     # no new finding makes radiation the first treatment
        self.assertNotIn('would_apply_if', why['PRO-RP-08'])     # nor forgets a result
        self.assertIn('current PSA at least 0.7 ng/mL', why['PRO-RP-03']['of'])
        said = ' '.join(text('V001').split())
        self.assertRegex(said, r'~ at least one high-risk feature \(current PSA at least 0.7 ng/mL; [^)]*\) '
                               r'-> ADT with salvage radiation \[PRO-RP-03\]')
        self.assertIn('~ two or more high-risk features -> ADT', said)       # its parts are not said twice
        self.assertIn('~ no high-risk feature', ' '.join(text('V003').split()))
        # A block that stands already, and what it proposes, is no change.
        self.assertNotIn('local lesion on imaging ->', text('V049'))


class Changes(unittest.TestCase):
    """What explain says would change the advice does change it: the stated PSA is added to every case."""

    def states(self, bundle, day):
        r = subprocess.run([SALVOR, 'evaluate', '--as-of', day.isoformat(), '--format', 'explain', '-'],
                           input=json.dumps(bundle).encode(), capture_output=True, timeout=60)
        return {y['id']: y['state'] for y in json.loads(r.stdout)['why']}

    def test_a_stated_psa_makes_the_rule_apply(self):
        made, sooner = 0, 0
        for name in sorted(AS_OF):
            for y in explain(name)['why']:
                said = re.search(r'(a|a second|two) PSA (?:values )?of at least ([\d.]+) ng/mL'
                                 r'(?:, at least (\d+) days)?', y.get('would_apply_if', ''))
                if not said:
                    continue
                gap = int(said.group(3) or 0)
                first = datetime.date.fromisoformat(AS_OF[name]) + datetime.timedelta(1)
                days = [first + datetime.timedelta(gap)] + ([first] if said.group(1) == 'two' else [])
                with open('%s/%s.json' % (CASES, name)) as f:
                    bundle = json.load(f)
                if self.states(bundle, days[0])[y['id']] != y['state']:
                    sooner += 1             # the days alone change it: an old result has become too old
                    continue
                subject = [e['resource']['subject'] for e in bundle['entry'] if 'subject' in e['resource']][0]
                for n, day in enumerate(days):
                    bundle['entry'].append({'fullUrl': 'urn:uuid:new-psa-%d' % n, 'resource': {
                        'resourceType': 'Observation', 'id': 'new-psa-%d' % n, 'status': 'final', 'subject': subject,
                        'code': {'coding': [{'system': 'http://loinc.org', 'code': '2857-1'}]},
                        'effectiveDateTime': day.isoformat(),
                        'valueQuantity': {'value': float(said.group(2)), 'code': 'ng/mL',
                                          'system': 'http://unitsofmeasure.org'}}})
                self.assertIn(self.states(bundle, days[0])[y['id']], ('fires', 'provisional'),
                              (name, y['id'], y['state'], y['would_apply_if']))
                made += 1
        self.assertGreater(made, 10)
        self.assertLess(sooner, made)


class Needs(unittest.TestCase):
    """Data that is asked for is asked for in codes, and in the days in which it counts."""

    def asked(self, name):
        return [d for _, r in resources('GuidanceResponse', [name]) for d in r.get('dataRequirement', [])]

    def test_windows(self):
        windows = {}
        for name in AS_OF:
            for d in self.asked(name):
                self.assertTrue(d['codeFilter'][0]['code'], name)
                code = d['codeFilter'][0]['code'][0]['code']
                for f in d.get('dateFilter', []):
                    if 'valueDuration' in f:
                        windows.setdefault(code, set()).add(f['valueDuration']['value'])
                        self.assertEqual(f['path'], 'effective')
        self.assertEqual(windows.get('psma-pet'), {180})
        self.assertEqual(windows.get('life-expectancy', {365}), {365})
        self.assertLessEqual(windows.get('2857-1', set()), {183, 400, 730})
        self.assertIn('2857-1', windows)

    def test_a_biopsy_must_follow_the_failure(self):
        seen = 0
        for name in AS_OF:
            for d in self.asked(name):
                if d['codeFilter'][0]['code'][0]['code'] == 'prostate-biopsy':
                    if 'dateFilter' not in d:       # the failure itself is not known
                        continue
                    since = d['dateFilter'][0]['valuePeriod']['start']
                    self.assertLessEqual(since, AS_OF[name])
                    seen += 1
        self.assertGreater(seen, 0)

    def test_the_window_is_the_parameter(self):
        with tempfile.TemporaryDirectory() as folder:
            site = folder + '/site.json'
            with open(site, 'w') as f:
                json.dump({'resourceType': 'Parameters', 'id': 'site', 'parameter': [{'name': 'set', 'part': [
                    {'name': 'parameter', 'valueCode': 'staging_stale_days'},
                    {'name': 'value', 'valueQuantity': {'value': 90, 'code': 'd',
                                                        'system': 'http://unitsofmeasure.org'}},
                    {'name': 'reason', 'valueString': 'test'}]}]}, f)
            out = salvor('V015', '--site', site)
        self.assertIn('"valueDuration":{"value":90,', out)

    def test_explain_asks_for_what_would_decide(self):
        n = 0
        for name in AS_OF:
            for r in explain(name)['rules']:
                if r['state'] == 'needs-data':
                    self.assertTrue(r.get('data_requirement') or 'salvage_context' in r['missing']
                                    or 'failure_within_18m_of_rt' in r['missing'] or
                                    {'late_relapse', 'gct_relapse', 'early_relapse_12m', 'prostate_cancer',
                                     'rt_to_relapse_long_interval', 'psma_pet_negative', 'oligometastatic',
                                     'imaging_positive_local', 'focal_as_primary'} & set(r['missing']), (name, r))
                    n += 'data_requirement' in r
                if r['state'] == 'fires':
                    self.assertNotIn('data_requirement', r)
        self.assertGreater(n, 40)


class Text(unittest.TestCase):
    def test_width(self):
        for name in AS_OF:
            self.assertLessEqual(max(map(len, text(name).split('\n'))), 80, name)

    def test_order(self):
        s = text('V054')
        heads = ['Must not proceed for now', 'Options for discussion', 'Why', 'Facts used', 'Decision support']
        self.assertEqual(sorted(heads, key=s.index), heads)

    def test_hostile_text_stays_text(self):
        with open(CASES + '/V013.json') as f:
            b = json.load(f)
        for e in b['entry']:
            if e['resource']['resourceType'] == 'Patient':
                e['resource']['identifier'][0]['value'] = 'V\x1b[2J\x9b\r\u202e<&"\uffff\u2066x'
        raw = json.dumps(b).encode()
        for args in (['--format', 'text'], ['--syntax', 'xml'], []):
            out = salvor('V013', *args, stdin=raw)
            self.assertNotRegex(out, '[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]')
        ET.fromstring(salvor('V013', '--syntax', 'xml', stdin=raw).split('\n', 1)[1])
        self.assertIn('Patient V\ufffd[2J\ufffd\ufffd\ufffd<&"', salvor('V013', '--format', 'text', stdin=raw))

    def test_long_identifier_is_never_cut(self):
        with open(CASES + '/V013.json') as f:
            b = json.load(f)
        for e in b['entry']:
            if e['resource']['resourceType'] == 'Patient':
                e['resource']['identifier'][0]['value'] = '\u00e9' * 3000
        out = json.loads(salvor('V013', stdin=json.dumps(b).encode()))
        self.assertEqual(out['entry'][0]['resource']['subject']['reference'],
                         'Patient?identifier=https://ehr.example/mrn%7C' + '%C3%A9' * 3000)


class Golden(unittest.TestCase):
    """Whole outputs.  What follows from the bytes of the rule files is masked."""

    def check(self, name, kind, *args):
        path = '%s/%s.%s' % (GOLDEN, name, kind)
        got = re.sub(r'[0-9a-f]{64}', 'HASH', salvor(name, *args))
        got = re.sub(r'urn:uuid:[-0-9a-f]{36}', 'urn:uuid:ID', got)
        if os.environ.get('SALVOR_UPDATE_GOLDEN'):
            os.makedirs(GOLDEN, exist_ok=True)
            with open(path, 'w') as f:
                f.write(got)
        with open(path) as f:
            self.assertEqual(got, f.read(), path)

    def test_outputs(self):
        for name in ('V013', 'V035', 'V049', 'V054', 'V066', 'V076', 'V098', 'V125'):
            self.check(name, 'txt', '--format', 'text')
            self.check(name, 'explain.json', '--format', 'explain', '--pretty')
        for name in ('V054', 'V125'):
            self.check(name, 'bundle.json', '--pretty')
        for name in ('V049', 'V060'):
            self.check(name, 'timeline.txt', '--format', 'timeline')


class Timeline(unittest.TestCase):
    """--format timeline ends where --format text stands on the same day."""

    def test_every_case_ends_with_the_decision(self):
        for name in sorted(AS_OF):
            speaking = set()
            for line in salvor(name, '--format', 'timeline').replace('\n      ', ' ').splitlines():
                change = re.match(r' {4}(\+|- no longer:) .*\[([A-Z0-9-]+)\]', line)
                if change:
                    (speaking.add if change[1] == '+' else speaking.discard)(change[2])
            fires = {f['id'] for f in explain(name)['rules'] if f['state'] in ('fires', 'provisional')}
            self.assertEqual(speaking, fires, name)

    def test_a_long_history_is_bounded(self):
        with open('%s/V001.json' % CASES) as f:
            bundle = json.load(f)
        psa = next(e for e in bundle['entry'] if e['resource'].get('valueQuantity'))
        for day in range(20000):
            e = json.loads(json.dumps(psa))
            e['fullUrl'] = 'urn:uuid:%08d-0000-4000-8000-000000000000' % day
            e['resource'].update(id='p%d' % day, effectiveDateTime='%04d-%02d-%02d' % (
                1960 + day // 336, 1 + day // 28 % 12, 1 + day % 28))
            bundle['entry'].append(e)
        out = salvor('V001', '--format', 'timeline', stdin=json.dumps(bundle).encode())
        self.assertRegex(out, r'The \d+ earliest days are not shown')


if __name__ == '__main__':
    unittest.main()
