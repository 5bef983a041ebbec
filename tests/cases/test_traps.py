#!/usr/bin/env python3
"""What real senders do wrong, or do otherwise than one expects.  usage: test_traps.py SALVOR

Each test changes one thing in a case (V001: recurrence after prostatectomy)
and looks at what is understood of it.
"""
import json
import os
import subprocess
import sys
import unittest

SALVOR = sys.argv.pop(1)
ROOT = os.environ['SALVOR_SOURCE_ROOT']
SNOMED = 'http://snomed.info/sct'
LOINC = 'http://loinc.org'
ME = {'reference': 'https://ehr.example/fhir/Patient/pat-v001'}


def coded(system, code):
    return {'coding': [{'system': system, 'code': code}]}


def run(bundle):
    return subprocess.run([SALVOR, 'evaluate', '--as-of', '2026-05-01', '--format', 'explain', '-'],
                          input=json.dumps(bundle).encode(), capture_output=True, timeout=60)


class Traps(unittest.TestCase):
    def setUp(self):
        with open(ROOT + '/tests/cases/vignettes-fhir/V001.json', encoding='utf-8') as f:
            self.bundle = json.load(f)
        self.of = {e['resource']['id']: e['resource'] for e in self.bundle['entry']}

    def add(self, **resource):
        self.bundle['entry'].append({'fullUrl': 'https://ehr.example/fhir/%s/%s'
                                     % (resource['resourceType'], resource['id']), 'resource': resource})
        self.of[resource['id']] = resource

    def explain(self):
        r = run(self.bundle)
        self.assertEqual(r.returncode, 0, r.stderr)
        return json.loads(r.stdout)

    def facts(self):
        return self.explain()['facts']

    def issues(self):
        return {(i['code'], i['source'].rsplit('/', 1)[-1]) for i in self.explain()['issues']}

    def used(self):
        """The PSA values that the doubling time is of."""
        return [s.rsplit('/', 1)[-1] for s in self.facts()['psa_doubling_time_months'].get('evidence', [])]

    def grade(self, **change):
        for k in [k for k in self.of['e7'] if k.startswith('value')]:
            del self.of['e7'][k]
        self.of['e7'].update(change)
        g = self.facts()['grade_group_rp']
        return g.get('value') or (g.get('low'), g.get('high')) if 'unknown' not in g else None

    # Selection
    def test_01_profiles_do_not_matter(self):
        before = self.explain()
        for r in self.of.values():
            r['meta'] = {'profile': ['http://example.org/StructureDefinition/anything']}
        self.assertEqual(self.explain(), before)

    def test_02_versions_of_mcode_say_it_elsewhere(self):
        """Radiation is a code of its own in STU1, one code and an extension since; intent has two names."""
        mcode = 'http://hl7.org/fhir/us/mcode/StructureDefinition/'
        modality = {'url': mcode + 'mcode-radiotherapy-modality-and-technique', 'extension': [
            {'url': 'modality', 'valueCodeableConcept': coded(SNOMED, '1156506007')}]}
        for code, extension in (('33195004', []), ('152198000', []), ('1217123003', [modality])):
            for intent in ('mcode-procedure-intent', 'mcode-treatment-intent'):
                self.of['e2'].update(code=coded(SNOMED, code), bodySite=[coded(SNOMED, '41216001')], extension=[
                    *extension, {'url': mcode + intent, 'valueCodeableConcept': coded(SNOMED, '373808002')}])
                facts = self.facts()
                self.assertIs(facts['rt_as_primary']['value'], True, (code, intent))
                self.assertIs(facts['rp_as_primary']['value'], False, (code, intent))

    def test_03_codings_that_contradict_each_other(self):
        self.of['e4']['code']['coding'].append({'system': LOINC, 'code': '33667-7'})
        self.assertIn(('code-conflict', 'e4'), self.issues())
        self.assertNotIn('e4', self.used())

    def test_03_a_code_without_any_coding(self):
        self.of['e4']['code'] = {'text': 'PSA'}
        self.assertNotIn('e4', self.used())

    def test_04_variants_of_a_code_system(self):
        before = self.facts()
        self.of['e1']['code']['coding'][0]['system'] = 'urn:oid:2.16.840.1.113883.6.96'
        self.assertEqual(self.facts(), before)
        self.of['e1']['code'] = coded('http://hl7.org/fhir/sid/icd-10-cm', 'C61')
        self.assertTrue(self.facts()['prostate_cancer']['value'])

    def test_05_other_analytes_with_psa_in_their_name(self):
        self.of['e4']['code'] = coded(LOINC, '33667-7')
        self.assertIn(('code-refused', 'e4'), self.issues())
        self.assertNotIn('e4', self.used())

    def test_06_look_alikes_of_prostate_cancer(self):
        for code in ('94503003', '126906006', '92691004'):
            self.of['e1']['code'] = coded(SNOMED, code)
            self.assertIsNot(self.facts()['prostate_cancer'].get('value'), True, code)

    # Value
    def test_07_a_missing_unit_is_not_assumed(self):
        self.of['e4']['valueQuantity'] = {'value': 0.21}
        self.assertIn(('unit-missing', 'e4'), self.issues())
        self.assertNotIn('e4', self.used())

    def test_07_units_are_converted_exactly_or_refused(self):
        before = self.facts()
        self.of['e4']['valueQuantity'] = {'value': 21, 'code': 'ng/dL', 'system': 'http://unitsofmeasure.org'}
        self.assertEqual(self.facts(), before)
        self.of['e4']['valueQuantity'] = {'value': 0.21, 'code': 'nmol/L', 'system': 'http://unitsofmeasure.org'}
        self.assertIn(('unit-unusable', 'e4'), self.issues())

    def test_08_a_comparator_is_no_point(self):
        for comparator in ('<', '>'):
            self.of['e4']['valueQuantity']['comparator'] = comparator
            self.assertNotIn('e4', self.used(), comparator)

    def test_09_a_result_as_text_is_said_not_to_be_used(self):
        del self.of['e4']['valueQuantity']
        for text in ('undetectable', '0,2 ng/mL', '0.21'):
            self.of['e4']['valueString'] = text
            self.assertIn(('value-text', 'e4'), self.issues(), text)
            self.assertNotIn('e4', self.used())

    def test_10_an_absent_value(self):
        del self.of['e4']['valueQuantity']
        self.assertNotIn('e4', self.used())
        self.of['e4']['dataAbsentReason'] = coded('http://terminology.hl7.org/CodeSystem/data-absent-reason', 'error')
        self.of['e4']['valueQuantity'] = {'value': 0.21, 'code': 'ng/mL'}
        self.assertNotIn('e4', self.used())

    def pattern(self, code, value):
        return {'code': coded(LOINC, code), 'valueInteger': value}

    def test_11_gleason_seven_needs_its_patterns(self):
        self.of['e7']['code'] = coded(LOINC, '35266-6')
        self.assertEqual(self.grade(valueInteger=7), (2, 3))
        parts = [self.pattern('44641-9', 4), self.pattern('44642-7', 3)]
        self.assertEqual(self.grade(valueInteger=7, component=parts), 3)
        parts.reverse()
        self.assertEqual(self.grade(valueInteger=7, component=parts), 3)
        self.assertEqual(self.grade(component=[self.pattern('44641-9', 3), self.pattern('44642-7', 4)]), 2)

    def test_11_patterns_in_reports_of_their_own(self):
        self.of['e7']['code'] = coded(LOINC, '35266-6')
        for i, (code, value) in enumerate((('384994009', '369773008'), ('384995005', '369772003'))):
            self.add(resourceType='Observation', id='g%d' % i, status='final', code=coded(SNOMED, code), subject=ME,
                     valueCodeableConcept=coded(SNOMED, value), effectiveDateTime='2024-01-17')
        links = [{'reference': 'Observation/g%d' % i} for i in range(2)]
        self.assertEqual(self.grade(valueInteger=7, hasMember=links), 3)
        del self.of['e7']['hasMember']
        self.assertEqual(self.grade(valueInteger=7, derivedFrom=links), 3)
        self.of['g0']['status'] = 'entered-in-error'
        self.assertEqual(self.grade(valueInteger=7, derivedFrom=links), (2, 3))

    def test_12_inconsistent_grading_is_refused(self):
        self.of['e7']['code'] = coded(LOINC, '35266-6')
        self.assertIsNone(self.grade(valueInteger=7, component=[self.pattern('44641-9', 2),
                                                                self.pattern('44642-7', 4)]))
        self.assertIn(('grade-inconsistent', 'e7'), self.issues())

    def test_13_negation(self):
        self.of['e2']['status'] = 'not-done'
        self.assertIsNot(self.facts()['rp_as_primary'].get('value'), True)
        self.of['e1']['verificationStatus'] = coded('http://terminology.hl7.org/CodeSystem/condition-ver-status',
                                                    'refuted')
        self.assertIs(self.facts()['prostate_cancer']['value'], False)

    # Time
    def test_14_periods(self):
        before = self.facts()
        del self.of['e2']['performedDateTime']
        self.of['e2']['performedPeriod'] = {'start': '2024-01-10', 'end': '2024-01-10'}
        self.assertEqual(self.facts(), before)
        del self.of['e4']['effectiveDateTime']     # a result is known at the end of its period
        self.of['e4']['effectivePeriod'] = {'start': '2025-10-08', 'end': '2025-10-10'}
        self.assertEqual(self.facts(), before)

    def test_14_no_doubling_time_from_a_month(self):
        self.of['e4']['effectiveDateTime'] = '2025-10'
        self.assertNotIn('e4', self.used())

    def test_15_issued_is_no_clinical_date(self):
        del self.of['e4']['effectiveDateTime']
        self.of['e4']['issued'] = '2025-10-10T08:00:00Z'
        self.assertIn(('date-missing', 'e4'), self.issues())
        self.assertNotIn('e4', self.used())

    def test_15_a_result_sent_twice_confirms_nothing(self):
        self.bundle['entry'] = [e for e in self.bundle['entry'] if e['resource']['id'] not in ('e5', 'e6')]
        self.add(**{**self.of['e4'], 'id': 'again'})
        self.assertEqual(self.facts()['bcr_after_rp'].get('unknown'), 'unconfirmed')

    # Status
    def test_17_entered_in_error(self):
        self.of['e2']['status'] = 'entered-in-error'
        e = self.explain()
        self.assertIsNot(e['facts']['rp_as_primary'].get('value'), True)
        self.assertEqual(e['output'], 'none')

    def test_18_only_final_results(self):
        for status in ('preliminary', 'registered', 'cancelled', 'unknown'):
            self.of['e4']['status'] = status
            self.assertNotIn('e4', self.used(), status)
        for status in ('amended', 'corrected'):
            self.of['e4']['status'] = status
            self.assertIn('e4', self.used(), status)

    def adt(self, **change):
        self.bundle['entry'] = [e for e in self.bundle['entry'] if e['resource']['id'] != 'adt']
        drug = {} if 'medicationReference' in change else {
            'medicationCodeableConcept': coded('http://www.nlm.nih.gov/research/umls/rxnorm', '42375')}
        self.add(**{'resourceType': 'MedicationRequest', 'id': 'adt', 'status': 'active', 'intent': 'order',
                    'subject': ME, 'authoredOn': '2026-04-20', **drug, **change})
        return self.facts()['on_adt_now'].get('value')

    def test_19_a_plan_is_no_treatment(self):
        self.assertIs(self.adt(), True)
        for intent in ('proposal', 'plan', 'option'):
            self.assertIs(self.adt(intent=intent), False, intent)
        self.assertIs(self.adt(doNotPerform=True), False)

    def test_20_stopped_is_no_failure(self):
        """mCODE wants status stopped for "treatment completed": the course counts, and nothing has failed."""
        self.bundle['entry'] = [e for e in self.bundle['entry'] if e['resource']['id'] not in ('e4', 'e5', 'e6')]
        self.of['e2'].update(code=coded(SNOMED, '1217123003'), bodySite=[coded(SNOMED, '41216001')])
        before = self.explain()
        for reason in ('182992009', '266721009', '407563006'):
            self.of['e2'].update(status='stopped', statusReason=coded(SNOMED, reason))
            e = self.explain()
            self.assertEqual(e, before, reason)
            self.assertIs(e['facts']['rt_as_primary']['value'], True)
            self.assertIsNot(e['facts']['salvage_context'].get('value'), True)

    # Depots
    RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm'

    def on_adt(self, code, **resource):
        self.bundle['entry'] = [e for e in self.bundle['entry'] if e['resource']['id'] != 'adt']
        self.add(**{'id': 'adt', 'subject': ME, 'status': 'completed',
                    'medicationCodeableConcept': coded(self.RXNORM, code), **resource})
        return self.facts()['on_adt_now']['value']

    def test_19_a_depot_lasts_as_long_as_its_product(self):
        given = {1: '2026-04-01', 3: '2026-02-01', 4: '2026-01-01', 6: '2025-11-01'}     # until 2026-05-01
        before = {1: '2026-03-31', 3: '2026-01-31', 4: '2025-12-31', 6: '2025-10-31'}
        for code, months in (('310592', 1), ('314008', 3), ('199821', 1), ('905062', 3), ('905053', 6),
                             ('752884', 6), ('752889', 4), ('752894', 3), ('752899', 1), ('828751', 1),
                             ('42375', 6), ('50610', 3)):
            for days, on in ((given, True), (before, False)):
                self.assertIs(self.on_adt(code, resourceType='MedicationAdministration',
                                          effectiveDateTime=days[months]), on, (code, days[months]))

    def test_19_a_tablet_given_once_lasts_a_day(self):
        self.assertIs(self.on_adt('83008', resourceType='MedicationAdministration', effectiveDateTime='2026-04-30'),
                      False)

    def test_19_a_supply_says_how_long_it_lasts(self):
        dispense = {'resourceType': 'MedicationDispense', 'whenHandedOver': '2026-01-31'}
        self.assertIs(self.on_adt('83008', **dispense, daysSupply={'value': 90}), True)
        self.assertIs(self.on_adt('83008', **dispense, daysSupply={'value': 89}), False)
        order = {'resourceType': 'MedicationRequest', 'intent': 'order', 'authoredOn': '2026-01-31',
                 'status': 'active'}
        supply = {'value': 30, 'code': 'd', 'system': 'http://unitsofmeasure.org'}
        for repeats, on in ((0, False), (1, False), (2, True)):
            self.assertIs(self.on_adt('83008', **order, dispenseRequest={
                'expectedSupplyDuration': supply, 'numberOfRepeatsAllowed': repeats}), on, repeats)
        self.assertIs(self.on_adt('83008', **order), True)          # says nothing: open-ended
        self.assertIs(self.on_adt('42375', **order), True)
        for bounds, on in (({'boundsPeriod': {'start': '2026-01-31', 'end': '2026-04-30'}}, False),
                           ({'boundsDuration': {'value': 3, 'code': 'mo'}}, False),
                           ({'boundsDuration': {'value': 4, 'code': 'mo'}}, True)):
            self.assertIs(self.on_adt('83008', **order, dosageInstruction=[{'timing': {'repeat': bounds}}]), on)
        every = [{'timing': {'repeat': {'frequency': 1, 'period': 3, 'periodUnit': 'mo'}}}]
        self.assertIs(self.on_adt('42375', **{**dispense, 'whenHandedOver': '2026-02-01'}, dosageInstruction=every),
                      True)
        self.assertIs(self.on_adt('42375', **dispense, dosageInstruction=every), False)
        self.assertIs(self.on_adt('42375', **{**dispense, 'status': 'cancelled'}), False)

    def test_19_a_yearly_injection_as_a_procedure(self):
        for day, on in (('2025-05-01', True), ('2025-04-30', False)):
            self.bundle['entry'] = [e for e in self.bundle['entry'] if e['resource']['id'] != 'inj']
            self.add(resourceType='Procedure', id='inj', status='completed', subject=ME, performedDateTime=day,
                     code=coded(SNOMED, '456381000124102'))
            self.assertIs(self.facts()['on_adt_now']['value'], on, day)

    # Specimens
    def specimen(self, id_='s', **fields):
        self.bundle['entry'] = [e for e in self.bundle['entry'] if e['resource']['id'] != id_]
        self.add(resourceType='Specimen', id=id_, subject=ME, **fields)

    def graded(self):
        f = self.facts()
        return {k: f[k].get('value') for k in ('grade_group_rp', 'grade_group_biopsy') if 'value' in f[k]}

    def test_the_specimen_says_what_was_graded(self):
        self.of['e7'].pop('partOf', None)
        self.of['e7'].update(specimen={'reference': 'Specimen/s'}, effectiveDateTime='2024-06-01')
        self.assertEqual(self.graded(), {})         # neither by date, nor by a specimen that was not sent
        rp = {'grade_group_rp': self.grade_of('e7')}
        for fields in ({'type': coded(SNOMED, '122725003')},
                       {'collection': {'method': coded(SNOMED, '26294005')}},
                       {'collection': {'procedure': {'reference': 'Procedure/e2'}}},                # R5
                       {'collection': {'method': coded(SNOMED, '26294005'), 'bodySite': coded(SNOMED, '41216001')}},
                       {'collection': {'bodySite': {'concept': coded(SNOMED, '41216001')}},        # R5
                        'type': coded(SNOMED, '122725003')}):
            self.specimen(**fields)
            self.assertEqual(self.graded(), rp, fields)
        self.of['e7']['effectiveDateTime'] = '2023-12-01'
        for fields in ({'type': coded(SNOMED, '309134005')}, {'collection': {'method': coded(SNOMED, '301759007')}}):
            self.specimen(**fields)
            self.assertEqual(self.graded(), {'grade_group_biopsy': rp['grade_group_rp']}, fields)
        self.of['e7']['effectiveDateTime'] = '2024-01-17'       # soon after surgery, but of a biopsy
        self.assertEqual(self.graded(), {})

    def grade_of(self, id_):
        self.of[id_]['valueCodeableConcept'] = coded(SNOMED, '1279716004')
        return 3

    def test_a_block_is_of_the_organ_it_was_cut_from(self):
        self.of['e7'].pop('partOf', None)
        self.of['e7'].update(specimen={'reference': 'Specimen/block'}, effectiveDateTime='2024-06-01')
        self.grade_of('e7')
        self.specimen('block', parent=[{'reference': 'Specimen/s'}])
        self.specimen(type=coded(SNOMED, '122725003'), parent=[{'reference': 'Specimen/block'}])    # a ring, even
        self.assertEqual(self.graded(), {'grade_group_rp': 3})
        self.of['e7']['specimen'] = {'reference': '#in'}
        self.of['e7']['contained'] = [{'resourceType': 'Specimen', 'id': 'in', 'type': coded(SNOMED, '122725003')}]
        self.assertEqual(self.graded(), {'grade_group_rp': 3})

    def test_a_specimen_that_contradicts_or_is_of_another_organ(self):
        self.of['e7'].update(partOf=[{'reference': 'Procedure/e2'}], specimen={'reference': 'Specimen/s'},
                             effectiveDateTime='2024-06-01')
        self.grade_of('e7')
        self.specimen(type=coded(SNOMED, '309134005'))
        self.assertEqual(self.graded(), {})
        self.assertIn(('specimen-conflict', 'e7'), self.issues())
        self.specimen(type=coded(SNOMED, '122725003'), collection={'bodySite': coded(SNOMED, '272673000')})
        self.assertEqual(self.graded(), {})
        self.assertIn(('specimen-elsewhere', 'e7'), self.issues())

    # R5
    def test_r5_shapes(self):
        drug = coded(self.RXNORM, '42375')
        for medication in ({'concept': drug}, {'reference': {'reference': 'Medication/m5'}}):
            self.add(resourceType='Medication', id='m5', code=drug)
            self.assertIs(self.adt(medication=medication, medicationCodeableConcept=None), True, medication)
            self.assertIs(self.adt(medication=medication, medicationCodeableConcept=None,
                                   effectiveDosePeriod={'start': '2026-01-01', 'end': '2026-04-01'}), False)
            self.assertIs(self.adt(resourceType='MedicationStatement', status='recorded', intent=None, authoredOn=None,
                                   medicationCodeableConcept=None, medication=medication,
                                   effectivePeriod={'start': '2026-01-01'}), True)
            self.assertIs(self.adt(resourceType='MedicationStatement', status='recorded', intent=None, authoredOn=None,
                                   medicationCodeableConcept=None, medication=medication,
                                   adherence={'code': coded('http://hl7.org/fhir/CodeSystem/medication-statement-'
                                                            'adherence', 'not-taking')},
                                   effectivePeriod={'start': '2026-01-01'}), False)
            self.assertIs(self.adt(resourceType='MedicationAdministration', status='in-progress', intent=None,
                                   authoredOn=None, medicationCodeableConcept=None, medication=medication,
                                   occurencePeriod={'start': '2026-01-01'}), True)
        before = self.facts()
        day = self.of['e2'].pop('performedDateTime')
        self.of['e2']['occurrenceDateTime'] = day
        self.assertEqual(self.facts(), before)

    def test_a_medication_that_was_not_sent_is_said(self):
        self.assertIs(self.adt(medicationReference={'reference': 'Medication/nowhere'}), False)
        self.assertIn(('medication-missing', 'adt'), self.issues())

    # Reports
    def test_a_report_says_what_its_coded_conclusion_says(self):
        self.bundle['entry'] = [e for e in self.bundle['entry'] if e['resource']['id'] != 'e9']
        self.assertIn('unknown', self.facts()['metastatic_disease'])
        self.add(resourceType='DiagnosticReport', id='ct', status='final', subject=ME,
                 code=coded(SNOMED, '399387003'), effectiveDateTime='2026-02-20', conclusion='No metastasis.')
        self.assertIn('unknown', self.facts()['metastatic_disease'])        # text is not read
        self.of['ct']['conclusionCode'] = [coded(SNOMED, '1229901006')]
        self.assertEqual(self.facts()['metastatic_disease'],
                         {'value': False, 'evidence': ['DiagnosticReport/ct']})
        for status, counts in (('appended', True), ('preliminary', False), ('entered-in-error', False)):
            self.of['ct']['status'] = status
            self.assertEqual('value' in self.facts()['metastatic_disease'], counts, status)

    # Structure
    def test_21_forms_of_a_reference(self):
        before = self.facts()
        for r in self.of.values():
            if 'subject' in r:
                r['subject'] = {'reference': 'Patient/pat-v001/_history/3'}
        self.assertEqual(self.facts(), before)
        for r in self.of.values():
            if 'subject' in r:
                r['subject'] = {'identifier': {'system': 'https://ehr.example/mrn', 'value': 'V001'}}
        self.assertEqual(self.facts(), before)
        for e in self.bundle['entry']:          # not a UUID, as in published data
            e['fullUrl'] = 'urn:uuid:' + e['resource']['id']
            if 'subject' in e['resource']:
                e['resource']['subject'] = {'reference': 'urn:uuid:pat-v001'}
        self.assertEqual(self.facts(), before)

    def test_21_an_id_without_its_type_means_nothing(self):
        self.of['e4']['subject'] = {'reference': 'pat-v001'}
        self.assertIn(('subject-missing', 'e4'), self.issues())
        self.assertNotIn('e4', self.used())

    def test_21_the_same_id_on_another_server_is_another_patient(self):
        self.of['e4']['subject'] = {'reference': 'https://other.example/fhir/Patient/pat-v001'}
        r = run(self.bundle)
        self.assertEqual((r.returncode, r.stdout), (1, b''))

    def test_22_a_contained_or_bundled_medication(self):
        drug = coded('http://www.nlm.nih.gov/research/umls/rxnorm', '42375')
        self.assertIs(self.adt(medicationReference={'reference': '#m'}, contained=[
            {'resourceType': 'Medication', 'id': 'm', 'code': drug}]), True)
        self.add(resourceType='Medication', id='m2', code=drug)
        self.assertIs(self.adt(medicationReference={'reference': 'Medication/m2'}),
                      True)

    def test_23_two_patients(self):
        self.of['e4']['subject'] = {'reference': 'https://ehr.example/fhir/Patient/somebody-else'}
        r = run(self.bundle)
        self.assertEqual((r.returncode, r.stdout), (1, b''))
        self.assertIn(b'two patients', r.stderr)

    def test_23_a_specimen_of_somebody_else(self):
        self.add(resourceType='Specimen', id='s', subject={'reference': 'https://ehr.example/fhir/Patient/other'})
        r = run(self.bundle)
        self.assertEqual((r.returncode, r.stdout), (1, b''))

    def test_24_doses_are_not_read(self):
        before = self.facts()
        self.of['e2']['extension'] = [{'url': 'http://hl7.org/fhir/us/mcode/StructureDefinition/'
                                       'mcode-radiotherapy-dose-delivered-to-volume', 'extension': [
                                           {'url': 'totalDoseDelivered', 'valueQuantity': {'value': 7800,
                                                                                           'code': 'cGy'}}]}]
        self.assertEqual(self.facts(), before)


if __name__ == '__main__':
    unittest.main()
