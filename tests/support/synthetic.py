#!/usr/bin/python3
"""Synthetic registries of any size, as a FHIR Bulk Data export would give them.

usage: synthetic.py FOLDER PATIENTS [--others N] [--seed N] [--parts N] [--cases PERCENT] [--opaque]

Each patient has the treatment history and PSA series of one clinical case of
tests/cases (so that its guidance is known) among ``others`` resources as an EHR
is full of: vital signs, laboratory, encounters, claims, prescriptions,
documents.  With ``cases`` below 100 the other patients are those whom a
registry mostly holds: prostate cancer, removed, the PSA since then below 0.1,
of whom nothing is to be said (case REMISSION).  Ids say whose and which a
resource is; ``opaque`` makes them UUIDs, in no order, as servers do.  The same
arguments give the same bytes.
"""
import argparse
import hashlib
import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import registry  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
NARRATIVE = ('"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p><b>Generated '
             'narrative</b></p><p>Recorded at the visit; see the chart for details. Grüße, café, naïve.</p></div>"},')
META = '"meta":{"versionId":"1","lastUpdated":"%(at)sT07:12:31.000+01:00"},'
WHO = '"subject":{"reference":"Patient/%(me)s"},"encounter":{"reference":"Encounter/%(me)s-v%(n)s"},'

# LOINC code, name, unit and range of what laboratories and nurses measure.
LABORATORY = [('718-7', 'Hemoglobin', 'g/dL', 9, 17), ('4548-4', 'Hemoglobin A1c', '%', 4, 9),
              ('2160-0', 'Creatinine', 'mg/dL', 0.5, 2), ('2951-2', 'Sodium', 'mmol/L', 132, 147),
              ('2823-3', 'Potassium', 'mmol/L', 3.2, 5.4), ('1742-6', 'ALT', 'U/L', 8, 70),
              ('2093-3', 'Cholesterol', 'mg/dL', 120, 260), ('6690-2', 'Leukocytes', '10*3/uL', 3, 12),
              ('29463-7', 'Body weight', 'kg', 60, 110), ('8867-4', 'Heart rate', '/min', 55, 99)]
DIAGNOSES = [('38341003', 'I10', 'Hypertension'), ('44054006', 'E11.9', 'Diabetes type 2'),
             ('55822004', 'E78.5', 'Hyperlipidaemia'), ('195662009', 'J02.9', 'Acute viral pharyngitis'),
             ('396275006', 'M19.90', 'Osteoarthritis'), ('271737000', 'D64.9', 'Anaemia')]
DRUGS = [('314076', 'lisinopril 10 MG'), ('860975', 'metformin 500 MG'), ('617312', 'atorvastatin 20 MG'),
         ('308136', 'amlodipine 2.5 MG'), ('198440', 'acetaminophen 500 MG')]
PROCEDURES = [('73761001', 'Colonoscopy'), ('430193006', 'Medication reconciliation'),
              ('268425006', 'Pelvic examination'), ('65546002', 'Teeth extraction'), ('71651007', 'Mammography')]

CODED = '"code":{"coding":[{"system":"%s","code":"%s","display":"%s"}],"text":"%s"},'
CATEGORY = ('"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category",'
            '"code":"%s","display":"%s"}]}],')


def laboratory(r, v):
    code, name, unit, low, high = r.choice(LABORATORY)
    value = '%.1f' % r.uniform(low, high)
    return ('Observation', '{"resourceType":"Observation","id":"%(me)s-o%(n)s",' % v + META % v + NARRATIVE
            + '"status":"final",' + CATEGORY % ('laboratory', 'Laboratory')
            + CODED % ('http://loinc.org', code, name, name) + WHO % v
            + '"effectiveDateTime":"%(at)sT08:30:00+01:00","issued":"%(at)sT09:02:11.000+01:00",' % v
            + '"valueQuantity":{"value":%s,"unit":"%s","system":"http://unitsofmeasure.org","code":"%s"},'
            % (value, unit, unit)
            + '"referenceRange":[{"low":{"value":%s,"unit":"%s"},"high":{"value":%s,"unit":"%s"}}]}'
            % (low, unit, high, unit))


def blood_pressure(r, v):
    part = ('{"code":{"coding":[{"system":"http://loinc.org","code":"%s","display":"%s"}]},"valueQuantity":'
            '{"value":%d,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}')
    return ('Observation', '{"resourceType":"Observation","id":"%(me)s-o%(n)s",' % v + META % v
            + '"status":"final",' + CATEGORY % ('vital-signs', 'Vital signs')
            + CODED % ('http://loinc.org', '85354-9', 'Blood pressure panel', 'Blood pressure') + WHO % v
            + '"effectiveDateTime":"%(at)sT08:30:00+01:00","component":[' % v
            + part % ('8462-4', 'Diastolic', r.randint(60, 95)) + ','
            + part % ('8480-6', 'Systolic', r.randint(100, 165)) + ']}')


def encounter(r, v):
    return ('Encounter', '{"resourceType":"Encounter","id":"%(me)s-v%(n)s",' % v + META % v + NARRATIVE
            + '"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode",'
              '"code":"AMB"},"type":[{"coding":[{"system":"http://snomed.info/sct","code":"162673000",'
              '"display":"General examination"}],"text":"General examination"}],'
              '"subject":{"reference":"Patient/%(me)s"},"participant":[{"individual":{"reference":'
              '"Practitioner/dr%(k)d","display":"Dr. Example"}}],"period":{"start":"%(at)sT08:00:00+01:00",'
              '"end":"%(at)sT08:45:00+01:00"},"serviceProvider":{"reference":"Organization/org%(k)d"}}'
            % dict(v, k=r.randint(1, 40)))


def claim(r, v):
    item = ('{"sequence":%d,"category":{"coding":[{"system":"https://bluebutton.cms.gov/resources/variables/'
            'line_cms_type_srvc_cd","code":"1"}]},"productOrService":{"coding":[{"system":"http://snomed.info/sct",'
            '"code":"162673000"}]},"adjudication":[{"category":{"coding":[{"code":"submitted"}]},"amount":'
            '{"value":%d.17,"currency":"USD"}}]}')
    return ('ExplanationOfBenefit', '{"resourceType":"ExplanationOfBenefit","id":"%(me)s-c%(n)s",' % v + META % v
            + '"status":"active","use":"claim","patient":{"reference":"Patient/%(me)s"},"created":"%(at)s",'
              '"outcome":"complete","item":[' % v
            + ','.join(item % (i + 1, r.randint(20, 900)) for i in range(r.randint(1, 4))) + ']}')


def diagnosis(r, v):
    sct, icd, name = r.choice(DIAGNOSES)
    return ('Condition', '{"resourceType":"Condition","id":"%(me)s-d%(n)s",' % v + META % v
            + '"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical",'
              '"code":"active"}]},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/'
              'condition-ver-status","code":"confirmed"}]},"category":[{"coding":[{"system":"http://terminology.hl7'
              '.org/CodeSystem/condition-category","code":"encounter-diagnosis"}]}],"code":{"coding":[{"system":'
              '"http://snomed.info/sct","code":"%s","display":"%s"},{"system":"http://hl7.org/fhir/sid/icd-10-cm",'
              '"code":"%s"}],"text":"%s"},' % (sct, name, icd, name) + WHO % v
            + '"onsetDateTime":"%(at)s","recordedDate":"%(at)s"}' % v)


def prescription(r, v):
    code, name = r.choice(DRUGS)
    return ('MedicationRequest', '{"resourceType":"MedicationRequest","id":"%(me)s-m%(n)s",' % v + META % v
            + '"status":"active","intent":"order","medicationCodeableConcept":{"coding":[{"system":'
              '"http://www.nlm.nih.gov/research/umls/rxnorm","code":"%s","display":"%s"}],"text":"%s"},'
            % (code, name, name) + WHO % v
            + '"authoredOn":"%(at)s","dosageInstruction":[{"timing":{"repeat":{"frequency":1,"period":1,'
              '"periodUnit":"d"}},"doseAndRate":[{"type":{"coding":[{"code":"ordered"}]}}]}]}' % v)


def procedure(r, v):
    code, name = r.choice(PROCEDURES)
    return ('Procedure', '{"resourceType":"Procedure","id":"%(me)s-p%(n)s",' % v + META % v + '"status":"completed",'
            + CODED % ('http://snomed.info/sct', code, name, name) + WHO % v
            + '"performedPeriod":{"start":"%(at)sT08:00:00+01:00","end":"%(at)sT08:20:00+01:00"}}' % v)


def immunisation(r, v):
    return ('Immunization', '{"resourceType":"Immunization","id":"%(me)s-i%(n)s",' % v + META % v
            + '"status":"completed","vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"140",'
              '"display":"Influenza, seasonal"}]},"patient":{"reference":"Patient/%(me)s"},'
              '"occurrenceDateTime":"%(at)s","primarySource":true}' % v)


def document(r, v):
    text = '%x' % r.getrandbits(4096)
    return ('DocumentReference', '{"resourceType":"DocumentReference","id":"%(me)s-t%(n)s",' % v + META % v
            + '"status":"current","type":{"coding":[{"system":"http://loinc.org","code":"34117-2","display":'
              '"History and physical note"}]},"subject":{"reference":"Patient/%(me)s"},"date":'
              '"%(at)sT09:00:00+01:00","content":[{"attachment":{"contentType":"text/plain","data":"' % v
            + text + '"}}]}')


KINDS = [(laboratory, 34), (blood_pressure, 12), (encounter, 18), (claim, 12), (prescription, 8), (diagnosis, 5),
         (procedure, 5), (immunisation, 3), (document, 3)]


def templates(seed, n):
    """What EHRs are full of: (type, text) with @ME@ for the patient and @N@ for the number of the resource."""
    r = random.Random(seed)
    made = []
    for _ in range(n):
        kind = r.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
        at = '%d-%02d-%02d' % (r.randint(2012, 2025), r.randint(1, 12), r.randint(1, 28))
        made.append(kind(r, {'me': '@ME@', 'n': '@N@', 'at': at}))
    return made


def histories(root):
    """(case id, [(type, text with @ME@ for the patient)]) of every case; ids are those of one server."""
    out = []
    for resources in registry.cases(root):
        me = next(r['id'] for r in resources if r['resourceType'] == 'Patient')
        case = me.replace('pat-', '').upper()
        text = json.dumps(resources, separators=(',', ':'), ensure_ascii=False)
        for r in resources:
            name = '%s/%s' % (r['resourceType'], r['id'])
            mine = 'Patient/@ME@' if r['resourceType'] == 'Patient' else '%s/@ME@-%s' % (r['resourceType'], r['id'])
            text = text.replace('"%s"' % name, '"%s"' % mine)
            text = text.replace('"https://ehr.example/fhir/%s"' % name, '"%s"' % mine)
        made = json.loads(text)
        for r in made:
            r['id'] = '@ME@' if r['resourceType'] == 'Patient' else '@ME@-' + r['id']
            for i in r.get('identifier', []):
                if r['resourceType'] == 'Patient':
                    i['value'] = '@ME@'
        out.append((case, [(r['resourceType'], json.dumps(r, separators=(',', ':'), ensure_ascii=False))
                           for r in made]))
    return out


def remissions(seed, n):
    """[(case id, [(type, text with @ME@ for the patient)])] of patients without recurrence: Patient, Condition,
    Procedure and eight PSA values, as many as the clinical cases have."""
    made, r = [], random.Random(seed + 1)
    for _ in range(n):
        year, at = r.randint(2015, 2021), {'me': '@ME@', 'n': '0'}
        day = '%d-%02d-%02d' % (year, r.randint(1, 12), r.randint(1, 28))
        subject = '"subject":{"reference":"Patient/@ME@"},'
        rows = [('Patient', '{"resourceType":"Patient","id":"@ME@",' + META % dict(at, at=day)
                 + '"gender":"male","birthDate":"%d-04-02","identifier":[{"system":"urn:oid:2.16.840.1.113883.2.4.6.3",'
                   '"value":"@ME@"}],"name":[{"family":"Example","given":["Patient"]}]}' % r.randint(1940, 1965)),
                ('Condition', '{"resourceType":"Condition","id":"@ME@-c",' + META % dict(at, at=day) + subject
                 + CODED % ('http://snomed.info/sct', '399068003', 'Malignant tumor of prostate', 'Prostate cancer')
                 + '"onsetDateTime":"%d-02-01"}' % year),
                ('Procedure', '{"resourceType":"Procedure","id":"@ME@-rp",' + META % dict(at, at=day)
                 + '"status":"completed",' + subject + CODED % ('http://snomed.info/sct', '26294005',
                                                                'Radical prostatectomy', 'Radical prostatectomy')
                 + '"performedDateTime":"%s"}' % day)]
        for k in range(8):
            when = '%d-%02d-%02d' % (year + 1 + k // 2, 2 + 6 * (k % 2), r.randint(1, 28))
            rows.append(('Observation', '{"resourceType":"Observation","id":"@ME@-psa%d",' % k
                         + META % dict(at, at=when) + NARRATIVE + '"status":"final",'
                         + CATEGORY % ('laboratory', 'Laboratory')
                         + CODED % ('http://loinc.org', '2857-1', 'Prostate specific Ag', 'PSA') + subject
                         + '"effectiveDateTime":"%sT08:30:00+01:00","valueQuantity":{"value":0.0%d,"unit":"ng/mL",'
                           '"system":"http://unitsofmeasure.org","code":"ng/mL"}}' % (when, r.randint(1, 4))))
        made.append(('REMISSION', rows))
    return made


def uuid(match):
    h = hashlib.md5(match.group().encode()).hexdigest()
    return '-'.join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


def patients(root, n, others=50, seed=1, percent=100, opaque=False):
    """Yields (patient id, case id, [(type, line)]); the relevant resources first."""
    cases, pool, r = histories(root), templates(seed, 997), random.Random(seed)
    well, told = remissions(seed, 199) if percent < 100 else [], random.Random(seed + 2)
    for i in range(n):
        me = 's%d-%07d' % (seed, i)
        case, rows = cases[i % len(cases)] if not well or told.random() * 100 < percent else well[i % len(well)]
        lines = [(k, text.replace('@ME@', me)) for k, text in rows]
        first = r.randrange(997)
        for k in range(others):
            kind, text = pool[(first + k) % 997]
            lines.append((kind, text.replace('@ME@', me).replace('@N@', str(k))))
        if opaque:
            name = re.compile(me + '[-A-Za-z0-9.]*')
            lines = [(kind, name.sub(uuid, text)) for kind, text in lines]
            me = name.sub(uuid, me)
        yield me, case, lines


def write(root, folder, n, others=50, seed=1, parts=1, percent=100, opaque=False):
    """One file a type, or ``parts`` of them; returns {patient: case} and the number of bytes."""
    out, who, size, count = {}, {}, 0, 0
    os.makedirs(folder, exist_ok=True)
    for me, case, lines in patients(root, n, others, seed, percent, opaque):
        who[me] = case
        for kind, line in lines:
            key = (kind, count % parts)
            if key not in out:
                out[key] = open(os.path.join(folder, '%s.%03d.ndjson' % key), 'w', buffering=1 << 20)
            out[key].write(line + '\n')
            count += 1
    for f in out.values():
        f.close()
        size += os.path.getsize(f.name)
    return who, size


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('folder')
    p.add_argument('patients', type=int)
    p.add_argument('--others', type=int, default=50)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--parts', type=int, default=1)
    p.add_argument('--cases', type=int, default=100)
    p.add_argument('--opaque', action='store_true')
    a = p.parse_args()
    who, size = write(ROOT, a.folder, a.patients, a.others, a.seed, a.parts, a.cases, a.opaque)
    print('%d patients, %.1f MB' % (len(who), size / 1e6))


if __name__ == '__main__':
    main()
