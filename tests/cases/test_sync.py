"""salvor sync, over folders of NDJSON: the same guidance as a direct read of the same data, whatever happens.

usage: test_sync.py SALVOR
"""
import fcntl
import glob
import json
import os
import pty
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import xml.etree.ElementTree

ROOT = os.environ.get('SALVOR_SOURCE_ROOT', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..'))
sys.path.insert(0, os.path.join(ROOT, 'tests/support'))
import packed  # noqa: E402
import synthetic  # noqa: E402
from bulk_server import INSTANT, BulkServer  # noqa: E402
from service import Service  # noqa: E402

SALVOR = None
TODAY = '2026-05-01'
LOINC_PSA = {'coding': [{'system': 'http://loinc.org', 'code': '2857-1'}]}
LOINC_HB = {'coding': [{'system': 'http://loinc.org', 'code': '718-7'}]}


def psa(me, name, day, value, version='1', code=LOINC_PSA, status='final', **more):
    r = {'resourceType': 'Observation', 'id': name, 'meta': {'versionId': version}, 'status': status, 'code': code,
         'subject': {'reference': 'Patient/' + me}, 'effectiveDateTime': day,
         'valueQuantity': {'value': value, 'system': 'http://unitsofmeasure.org', 'code': 'ng/mL'}}
    r.update(more)
    return r


def history(me, **more):
    """Recurrence after prostatectomy."""
    about = {'subject': {'reference': 'Patient/' + me}}
    snomed = 'http://snomed.info/sct'
    return [dict({'resourceType': 'Patient', 'id': me}, **more),
            dict(about, resourceType='Condition', id=me + '-c', onsetDateTime='2017-11-20',
                 code={'coding': [{'system': snomed, 'code': '399068003'}]}),
            dict(about, resourceType='Procedure', id=me + '-rp', status='completed', performedDateTime='2020-01-10',
                 code={'coding': [{'system': snomed, 'code': '26294005'}]}),
            psa(me, me + '-p1', '2025-11-10', 0.24), psa(me, me + '-p2', '2026-02-10', 0.40)]


CASES = 125


def write_cases(folder, shuffle=None, parts=1):
    """Each clinical case once, as patients of one server, and nothing else."""
    who, _ = synthetic.write(ROOT, folder, CASES, others=0, parts=parts)
    for path in glob.glob(folder + '/*') if shuffle is not None else []:
        with open(path) as f:
            lines = f.readlines()
        random.Random(shuffle).shuffle(lines)
        with open(path, 'w') as f:
            f.writelines(lines)
    return who


def read_bytes(path):
    with open(path, 'rb') as f:
        return f.read()


# The store does not see to it: its index is of numbers.
TWICE = 'SELECT source, name, count(*) FROM resource GROUP BY 1, 2 HAVING count(*) > 1'


class Registry:
    """A folder with an export, a configuration and a store."""

    def __init__(self, conf='', more=''):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.export = os.path.join(self.folder, 'export')
        self.store = os.path.join(self.folder, 'store.db')
        self.conf = os.path.join(self.folder, 'salvor.conf')
        os.mkdir(self.export)
        with open(self.conf, 'w') as f:
            f.write('store = "%s"\ndevelopment = true\n%s\nregistry "cancer" {\n\tfolder = "%s"\n%s\n}\n'
                    % (self.store, more.replace('{folder}', self.folder), self.export, conf))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.temporary.cleanup()

    def write(self, resources, name='all.ndjson'):
        with open(os.path.join(self.export, name), 'w') as f:
            f.write(''.join(r if isinstance(r, str) else json.dumps(r) + '\n' for r in resources))

    def env(self, today=TODAY, **more):
        return dict(os.environ, SALVOR_TEST_TODAY=today, **more)

    def run(self, *args, today=TODAY, limit=None, **env):
        p = subprocess.run([SALVOR, 'sync', '-c', self.conf, *args], capture_output=True, text=True, timeout=120,
                           env=self.env(today, **env), preexec_fn=limit)
        return p.returncode, p.stdout, p.stderr

    def sync(self, *args, **more):
        """A run that is whole; what it printed."""
        status, out, err = self.run(*args, **more)
        if status != 0:
            raise AssertionError('exit status %d: %s%s' % (status, out, err))
        if '--dry-run' not in args and os.path.exists(self.store) and self.sql(TWICE):
            raise AssertionError('remembered twice: %r' % self.sql(TWICE))
        return out

    def sql(self, query, *values):
        return packed.rows(self.store, query, values)

    def holds(self):
        """The decisions that hold."""
        return sorted(x for x, in self.sql('SELECT decision FROM guidance WHERE ended = 0'))

    def content(self):
        """What the store says, without the numbers that depend on the way there."""
        who = {}
        for source, name, patient in self.sql('SELECT source, name, patient FROM patient_name ORDER BY 1, 2'):
            who.setdefault(patient, []).append((source, name))
        who = {k: tuple(v) for k, v in who.items()}
        return {
            'resources': sorted((s, n, who.get(p), v, u, d, t) for s, n, p, v, u, d, t in self.sql(
                'SELECT source, name, patient, version, updated, deleted, text FROM resource')),
            'guidance': sorted((who.get(p, ()), d, e) for p, d, e in self.sql(
                'SELECT patient, decision, ended FROM guidance')),
            'due': sorted((who.get(p, ()), str(d)) for p, d in self.sql(
                'SELECT id, due FROM patient WHERE merged_into IS NULL')),
            'posts': sorted((who.get(p, ()), d) for p, d in self.sql('SELECT patient, decision FROM outbox')),
        }

    def evaluate(self, today=TODAY):
        """The decisions of a direct read of the same files."""
        p = subprocess.run([SALVOR, 'evaluate', '--as-of', today, self.export], capture_output=True, text=True,
                           timeout=120)
        return sorted(re.findall(r'"code":"([0-9a-f]{64})-guidance"', p.stdout))

    def report(self, end):
        """The newest report whose name ends so."""
        files = glob.glob(self.store + '.reports/*' + end)
        return max(files, key=lambda f: int(re.search(r'-(\d+)\.', f).group(1)))

    def refused(self):
        with open(self.report('.refused.ndjson')) as f:
            return [json.loads(line) for line in f]


class Guidance(unittest.TestCase):
    def test_equals_a_direct_read_and_the_known_cases(self):
        with Registry() as r:
            who = write_cases(r.export, shuffle=1)
            r.sync()
            self.assertEqual(r.holds(), r.evaluate())
            self.assertGreater(len(r.holds()), 80)
            with open(os.path.join(ROOT, 'tests/cases/vignettes.json')) as f:
                known = json.load(f)
            known = known.get('vignettes', known) if isinstance(known, dict) else known
            says = {v['id'] for v in known if v['expect'].get('output', 'none') != 'none'}
            got = {n for n, in r.sql("SELECT n.name FROM patient_name n JOIN guidance g ON g.patient = n.patient "
                                     "WHERE g.ended = 0")}
            self.assertEqual({who[x] for x in got}, says)

    def test_whatever_the_order_and_the_form_of_the_lines(self):
        with Registry() as a, Registry() as b:
            write_cases(a.export)
            write_cases(b.export, shuffle=7, parts=3)
            for i, path in enumerate(sorted(glob.glob(b.export + '/*'))):
                with open(path) as f:
                    lines = f.read().splitlines()
                end = ('\r\n', '\n\n', '\n')[i % 3]
                with open(path, 'w', newline='') as f:
                    f.write('\ufeff' * (i % 2) + end.join(lines) + end * (i % 4 > 0))
            a.sync()
            b.sync()
            self.assertEqual(a.holds(), b.holds())
            self.assertEqual(a.content()['due'], b.content()['due'])

    def test_among_much_that_cannot_matter(self):
        with Registry() as r:
            who, _ = synthetic.write(ROOT, r.export, 130)
            out = r.sync()
            self.assertEqual(r.holds(), r.evaluate())
            self.assertIn('130 patients decided', out)

    def test_what_another_server_says_of_a_patient_of_that_name_is_refused(self):
        def of(server, resource):
            return dict(resource, subject={'reference': 'https://%s.example/fhir/Patient/7' % server})

        with Registry() as r:
            said = history('7')
            lines = said[:1] + [of('a', x) for x in said[1:]] + [of('b', psa('7', '7-b', '2026-03-10', 9))]
            r.write(lines)
            self.assertEqual(r.run()[0], 5)
            self.assertEqual([x['line'] for x in r.refused()], [len(lines)])
            self.assertEqual(r.sql("SELECT count(*) FROM resource WHERE name = 'Observation/7-b'"), [(0,)])
            before = r.holds()
            r.write(lines[:-1])
            r.sync('--full')
            self.assertEqual(r.holds(), before)
            self.assertEqual(r.holds(), r.evaluate())

    def test_the_drug_of_a_course_is_elsewhere(self):
        """and those who refer to it are decided again when it changes"""
        drug = {'resourceType': 'Medication', 'id': 'm', 'code': {'coding': [
            {'system': 'http://www.nlm.nih.gov/research/umls/rxnorm', 'code': '42375'}]}}
        course = {'resourceType': 'MedicationStatement', 'id': '7-adt', 'status': 'active', 'subject':
                  {'reference': 'Patient/7'}, 'medicationReference': {'reference': 'Medication/m'},
                  'effectivePeriod': {'start': '2026-03-01'}}
        other = dict(drug, code={'coding': [{'system': 'http://www.nlm.nih.gov/research/umls/rxnorm', 'code': '1191'}]})
        with Registry() as r:
            said = []
            for x in (drug, other):
                r.write(history('7') + [course, x])
                r.sync()
                self.assertEqual(r.holds(), r.evaluate())
                said.append(r.holds())
            self.assertNotEqual(said[0], said[1])

    def test_lines_that_are_wrong_are_told_and_hurt_no_other(self):
        with Registry() as r:
            good = history('7') + history('8')
            bad = ['{"resourceType":"Observation","id":"broken","code":{"coding":[{"code":"2857-1"}]}\n',
                   '{"resourceType":"Patient"}\n',
                   '[1,2]\n',
                   json.dumps(psa('7', 'x', '2026-01-01', 1, subject={'display': 'somebody'})) + '\n',
                   json.dumps(psa('7', 'y', '2026-01-01', 1, meta={'tag': [{'code': 'SUBSETTED'}]})) + '\n',
                   json.dumps({'resourceType': 'Bundle', 'type': 'collection', 'entry': [
                       {'resource': {'resourceType': 'Patient', 'id': '9'}}]}) + '\n',
                   '{"resourceType":"Patient","id":"long","x":"' + 'y' * (17 << 20) + '"}\n',
                   json.dumps(psa('7', 'z', '2026-01-01', 1,
                                  subject={'reference': 'https://a.example/Patient/7'}, code=LOINC_HB)) + '\n']
            lines = []
            for i, x in enumerate(bad):
                lines += [x, good[i]]
            r.write(lines + good[len(bad):])
            status, out, err = r.run()
            self.assertEqual(status, 5, err)
            self.assertEqual([(x['file'], x['line']) for x in r.refused()],
                             [('all.ndjson', n) for n in (1, 3, 5, 7, 9, 11, 13)])
            self.assertNotIn('somebody', json.dumps(r.refused()) + out + err)
            r.write(good)
            with Registry() as clean:
                clean.write(good)
                clean.sync()
                self.assertEqual(r.holds(), clean.holds())

    def test_one_registry_is_one_server(self):
        with Registry() as r:
            here = json.loads(json.dumps(history('7')).replace('"Patient/7"', '"https://a.example/fhir/Patient/7"'))
            r.write(here + [psa('7', 'foreign', '2026-03-01', 9,
                                subject={'reference': 'https://b.example/fhir/Patient/7'})])
            self.assertEqual(r.run()[0], 5)
            self.assertEqual(r.refused()[0]['line'], 6)
            self.assertEqual(len(r.sql('SELECT * FROM patient')), 1)


class Sieve(unittest.TestCase):
    def same(self, *nights):
        """Each night's resources, with the sieve and without: the same decisions."""
        with Registry() as a, Registry() as b:
            for i, resources in enumerate(nights):
                for r in (a, b):
                    r.write(resources, 'night%d.ndjson' % i)
                a.sync()
                b.sync(SALVOR_TEST_NO_SIEVE='1')
                self.assertEqual(a.holds(), b.holds())
            return a.holds(), a.sql('SELECT name FROM resource ORDER BY 1')

    def test_changes_nothing(self):
        with Registry() as a, Registry() as b:
            for r in (a, b):
                synthetic.write(ROOT, r.export, 130, parts=2)
            a.sync()
            b.sync(SALVOR_TEST_NO_SIEVE='1')
            self.assertEqual(a.holds(), b.holds())
            self.assertEqual(a.content()['due'], b.content()['due'])

    def test_a_line_that_seems_to_be_of_what_is_remembered(self):
        """The filter of what is remembered says yes to a few of 50,000 others; they leave nothing behind."""
        rate = {'coding': [{'system': 'http://loinc.org', 'code': '8867-4'}]}
        with Registry() as r:
            r.write([x for i in range(600) for x in history('p%d' % i)]
                    + [psa('p1', 'rate-%d' % i, '2026-01-01', 70, code=rate) for i in range(50000)])
            out = r.sync()
            self.assertRegex(out, r'Observation: [1-9][0-9]? passed over, 1200 new\n')
            self.assertEqual(r.sql("SELECT count(*) FROM resource"), [(3000,)])

    def test_blocks_count_in_their_order(self):
        """Threads read blocks side by side: a correction in the next block, or far behind, takes back what was said
        before it, nothing that comes after it; and every line has its number."""
        filler = [{'resourceType': 'Encounter', 'id': 'v%d' % i, 'text': {'div': 'x' * 4000}} for i in range(40)]
        text, refused = [], []
        for i in range(150):
            me = 'p%03d' % i
            # Without a version the later line holds.
            said = [psa(me, me + '-p2', '2026-02-10', 14, code=c, meta={'versionId': v} if i % 2 else {}) for v, c in (
                ('1', LOINC_PSA), ('2', LOINC_HB), ('3', LOINC_PSA), ('4', LOINC_HB))][:1 + i % 4]
            parts = [history(me)[:-1]] + [[s] for s in said]
            if i % 3 == 0:
                parts = [[x for p in parts for x in p]]
            for p in parts:
                text += [json.dumps(x) for x in p + filler[:(i * 7) % 40]]
            if i % 10 == 0:
                text.append('{"resourceType": "Patient"}')
                refused.append(len(text))
        with Registry() as a, Registry() as b:
            for r in (a, b):
                with open(r.export + '/all.ndjson', 'w') as f:
                    f.write('\n'.join(text) + '\n')
            self.assertEqual(a.run()[0], 5)
            self.assertEqual([x['line'] for x in a.refused()], refused)
            self.assertEqual(b.run(SALVOR_TEST_NO_SIEVE='1')[0], 5)
            self.assertEqual(a.holds(), b.holds())
            versions = a.sql("SELECT version, count(*) FROM resource WHERE name LIKE '%-p2' GROUP BY 1 ORDER BY 1")
            self.assertEqual(versions, [('', 75), ('2', 38), ('4', 37)])

    def test_what_says_nothing_now_takes_back_what_it_said(self):
        first = history('7')
        before, _ = self.same(first)
        after, _ = self.same(first, [psa('7', '7-p2', '2026-02-10', 14, version='2', code=LOINC_HB)])
        self.assertNotEqual(before, after)
        # The id behind other members, and escaped.
        text = json.dumps(psa('7', '7-p2', '2026-02-10', 14, version='2', code=LOINC_HB))
        late = text.replace('"id": "7-p2", ', '')[:-1] + ', "id": "7-p2"}\n'
        self.assertEqual(self.same(first, [late])[0], after)
        self.assertEqual(self.same(first, [text.replace('7-p2', '7\\u002dp2') + '\n'])[0], after)


class Nights(unittest.TestCase):
    def test_nothing_changed_nothing_is_read(self):
        with Registry() as r:
            synthetic.write(ROOT, r.export, 130)
            r.sync()
            before = r.content()
            out = r.sync()
            self.assertRegex(out, r'11 files, 11 of them as in the last run\n  0 lines')
            self.assertIn(' 0 patients decided', out)
            self.assertEqual(r.content(), before)

    def test_all_is_read_again_with_full_and_is_unchanged(self):
        with Registry() as r:
            synthetic.write(ROOT, r.export, 130)
            r.sync()
            before = r.content()
            self.assertIn('unchanged', r.sync('--full'))
            # Cases hold several versions of one resource: only those are written anew.
            self.assertEqual({k: v for k, v in before.items() if k != 'posts'},
                             {k: v for k, v in r.content().items() if k != 'posts'})
            self.assertEqual(before['posts'], r.content()['posts'])

    def test_only_who_is_touched_is_decided(self):
        with Registry() as r:
            r.write(history('7') + history('8'))
            r.sync()
            before = r.holds()
            r.write([psa('8', '8-p3', '2026-04-10', 0.9)], 'more.ndjson')
            out = r.sync()
            self.assertIn(' 1 patients decided', out)
            self.assertIn('guidance: 0 new, 1 changed, 0 withdrawn, 0 unchanged', out)
            self.assertEqual(len(set(before) & set(r.holds())), 1)
            self.assertEqual(r.holds(), r.evaluate())

    def test_late_versions_do_not_come_back(self):
        with Registry() as r:
            r.write(history('7'))
            r.write([psa('7', '7-p2', '2026-02-10', 0.9, version='3')], 'b.ndjson')
            r.sync()
            before = r.holds()
            r.write([psa('7', '7-p2', '2026-02-10', 0.1, version='2')], 'c.ndjson')
            self.assertIn('1 late', r.sync())
            self.assertEqual(r.holds(), before)

    def test_what_is_deleted_first_comes_back_once(self):
        """also if it was never seen, and its deletion is told in the same block of lines"""
        gone = {'resourceType': 'Bundle', 'type': 'transaction',
                'entry': [{'request': {'method': 'DELETE', 'url': 'Procedure/7-rp'}}]}
        with Registry() as r:
            r.write([gone] + history('7'))
            r.sync()
            self.assertEqual(r.sql("SELECT deleted FROM resource WHERE name = 'Procedure/7-rp'"), [(0,)])

    def test_what_is_deleted_or_entered_in_error_is_withdrawn(self):
        for how in ('deleted', 'error'):
            with Registry(more='destination "out" {\n\turl = "file:{folder}/out"\n}\n') as r:
                os.mkdir(r.folder + '/out')
                r.write(history('7') + history('8'))
                r.sync()
                self.assertEqual(len(r.holds()), 2)
                if how == 'deleted':
                    r.write([{'resourceType': 'Bundle', 'type': 'transaction', 'entry': [
                        {'request': {'method': 'DELETE', 'url': 'Procedure/7-rp'}}]}], '0.deleted.ndjson')
                else:
                    gone = dict(history('7')[2], status='entered-in-error', meta={'versionId': '2'})
                    r.write([gone], 'b.ndjson')
                out = r.sync()
                self.assertIn('guidance: 0 new, 0 changed, 1 withdrawn', out)
                self.assertEqual(len(r.holds()), 1)
                posted = b''.join(read_bytes(f) for f in glob.glob(r.folder + '/out/*')).decode()
                self.assertIn('"status":"revoked"', posted)
                self.assertEqual(r.sql('SELECT count(*) FROM outbox WHERE state <> 2'), [(0,)])

    def test_who_left_is_kept_or_forgotten(self):
        for left, kept in (('keep', 2), ('purge', 1)):
            with Registry('\tleft = "%s"' % left) as r:
                r.write(history('7'), '7.ndjson')
                r.write(history('8'), '8.ndjson')
                r.sync()
                os.unlink(r.export + '/8.ndjson')
                r.write(history('7') + [psa('7', '7-p3', '2026-04-10', 0.9)], '7.ndjson')
                r.sync()
                self.assertEqual(len(r.holds()), kept)
                self.assertEqual(r.sql("SELECT count(*) > 0 FROM resource WHERE name LIKE '%/8%'"), [(kept - 1,)])
                # He comes back, in a file that was taken in before.
                r.write(history('8'), '8.ndjson')
                r.sync()
                self.assertEqual(r.holds(), r.evaluate())

    def test_of_many_who_left_much_is_forgotten(self):
        with Registry('\tleft = "purge"') as r:
            r.write(history('7') + [x for i in range(400) for x in (
                {'resourceType': 'Patient', 'id': 'p%d' % i},
                psa('p%d' % i, 'p%d-e' % i, '2026-01-01', 1, note=[{'text': 'x' * 15000}]))])
            r.sync()
            r.write(history('7'))
            r.sync()
            self.assertEqual(r.sql('SELECT count(DISTINCT patient), count(*) FROM resource'), [(1, 5)])

    def test_an_export_with_errors_says_nothing_of_who_left(self):
        with Registry('\tleft = "purge"') as r:
            r.write(history('7') + history('8'))
            r.sync()
            r.write(history('7') + ['{"resourceType":"Patient","id":"8"\n'])
            self.assertEqual(r.run()[0], 5)
            self.assertEqual(len(r.holds()), 2)

    def test_names_of_patients_are_brought_together(self):
        with Registry(more='identifier-systems = {"urn:mrn"}') as r:
            number = {'identifier': [{'system': 'urn:mrn', 'value': '4711'}]}
            r.write(history('7', **number)[:3] + [
                    psa('8', 'p1', '2025-11-10', 0.24), dict({'resourceType': 'Patient', 'id': '8'}, **number),
                    psa('9', 'p2', '2026-02-10', 0.4), {'resourceType': 'Patient', 'id': '9', 'link': [
                        {'other': {'reference': 'Patient/8'}, 'type': 'replaced-by'}]}])
            r.sync()
            self.assertEqual(r.sql('SELECT count(*) FROM patient WHERE merged_into IS NULL'), [(1,)])
            self.assertEqual(len(r.holds()), 1)

    def test_names_that_were_looked_up_are_brought_together(self):
        """What comes behind that, of a type that is read later, is of the one patient."""
        with Registry(more='identifier-systems = {"urn:mrn"}') as r:
            mrn = [{'system': 'urn:mrn', 'value': '4711'}]
            said = history('7', identifier=mrn) + history('8', identifier=mrn)
            for kind in sorted({x['resourceType'] for x in said}):
                r.write([x for x in said if x['resourceType'] == kind], kind + '.ndjson')
            r.sync()
            self.assertEqual(r.sql('SELECT count(DISTINCT patient) FROM resource'), [(1,)])
            self.assertEqual(r.sql('SELECT count(*) FROM patient WHERE merged_into IS NULL'), [(1,)])

    def test_a_part_leaves_the_whole_as_it_was(self):
        with Registry() as r:
            r.write(history('7') + history('8') + [psa('8', 'old', '2026-03-01', 0.5, meta={
                'versionId': '1', 'lastUpdated': '2026-03-01T00:00:00Z'})])
            ids = os.path.join(r.folder, 'ids')
            with open(ids, 'w') as f:
                f.write('8\n')
            r.sync('--patients', ids)
            self.assertEqual(r.sql('SELECT name FROM patient_name'), [('8',)])
            r.sync('--since', '2026-04-01T00:00:00Z')
            self.assertEqual(r.sql("SELECT count(*) FROM registry"), [(0,)])
            r.sync()
            self.assertEqual(r.holds(), r.evaluate())

    def test_a_dry_run_writes_nothing(self):
        with Registry() as r:
            r.write(history('7'))
            self.assertIn('1 new', r.sync('--dry-run'))
            self.assertFalse(os.path.exists(r.store))
            r.sync()
            r.write(history('8'), 'b.ndjson')
            before = read_bytes(r.store)
            names = [x for x in sorted(os.listdir(r.folder)) if x[-4:] not in ('-shm', '-wal')]
            tmp = os.path.join(r.folder, 'tmp')
            os.mkdir(tmp)
            self.assertIn('guidance: 1 new', r.sync('--dry-run', TMPDIR=tmp))
            self.assertEqual(os.listdir(tmp), [])
            os.rmdir(tmp)
            self.assertEqual(read_bytes(r.store), before)
            self.assertEqual([x for x in sorted(os.listdir(r.folder)) if x[-4:] not in ('-shm', '-wal')], names)

    def test_time_alone_changes_the_answer(self):
        with Registry() as r:
            write_cases(r.export)
            r.sync()
            before = r.holds()
            due = [d for d, in r.sql('SELECT due FROM patient WHERE due IS NOT NULL')]
            self.assertGreater(len(due), 20)
            out = r.sync(today='2026-11-01')
            self.assertRegex(out, r'  0 lines')
            self.assertRegex(out, r'guidance: \d+ new, [1-9]\d* changed')
            self.assertNotEqual(r.holds(), before)
            self.assertEqual(r.holds(), r.evaluate(today='2026-11-01'))
            self.assertIn(' 0 patients decided', r.sync(today='2026-11-01'))
            self.assertTrue(r.sql("SELECT 1 FROM guidance WHERE reason LIKE 'Superseded: time has passed%'"))


def stop_between_units(p, store):
    """Stop it where it does not hold the store, so that others can write."""
    db = sqlite3.connect(store, timeout=0, isolation_level=None)
    while True:
        p.send_signal(signal.SIGSTOP)
        try:
            db.execute('BEGIN IMMEDIATE')
            db.execute('ROLLBACK')
            return db.close()
        except sqlite3.OperationalError:
            p.send_signal(signal.SIGCONT)
            time.sleep(0.005)


class Trouble(unittest.TestCase):
    def test_killed_at_any_point_it_goes_on(self):
        rng = random.Random(6)
        more = 'destination "out" {\n\turl = "https://127.0.0.1:1/fhir"\n}\n'
        with Registry('\tpost-minutes = 0', more) as whole, Registry('\tpost-minutes = 0', more) as r:
            synthetic.write(ROOT, whole.export, 500, parts=2)
            os.rmdir(r.export)
            shutil.copytree(whole.export, r.export)
            begun = time.time()
            whole.sync()
            lasts, kills = time.time() - begun, 0
            for i in range(40):
                p = subprocess.Popen([SALVOR, 'sync', '-c', r.conf], env=r.env(), stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE)
                if i < 25:
                    time.sleep(rng.random() * lasts / 8)
                    p.kill()
                err = p.communicate()[1]
                if p.returncode == -signal.SIGKILL:
                    kills += 1
                    continue
                self.assertEqual(p.returncode, 0, err)
                break
            self.assertGreater(kills, 0)
            a, b = whole.content(), r.content()
            for part in a:
                self.assertEqual(a[part], b[part], part)

    def test_two_runs_at_once_are_refused(self):
        with Registry() as r:
            r.write(history('7'))
            with open(r.store + '.sync', 'w') as f:
                fcntl.flock(f, fcntl.LOCK_EX)
                status, _, err = r.run()
            self.assertEqual(status, 4)
            self.assertIn('under way', err)
            r.sync()

    def test_a_full_disk_is_temporary(self):
        with Registry() as r:
            synthetic.write(ROOT, r.export, 800)
            for size in (1 << 17, 1 << 19, 1 << 20):
                status, _, err = r.run(limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
                self.assertEqual(status, 4, err)
            r.sync()
            self.assertEqual(r.holds(), r.evaluate())

    def test_a_file_that_is_no_store_is_not(self):
        with Registry() as r:
            synthetic.write(ROOT, r.export, 3)
            db = sqlite3.connect(r.store)
            db.execute('CREATE TABLE other(x)')
            db.commit()
            db.close()
            status, _, err = r.run()
            self.assertEqual(status, 1, err)
            self.assertIn('not a store of Salvor', err)

    def test_stopped_by_a_signal_it_goes_on(self):
        with Registry() as r:
            synthetic.write(ROOT, r.export, 500)
            p = subprocess.Popen([SALVOR, 'sync', '-c', r.conf], env=r.env(), stderr=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
            while not os.path.exists(r.store + '.reports'):
                time.sleep(0.005)
            p.send_signal(signal.SIGTERM)
            err = p.communicate()[1].decode()
            if p.returncode != 0:
                self.assertEqual(p.returncode, -signal.SIGTERM)
                self.assertIn('goes on where it was', err)
            r.sync()
            self.assertEqual(r.holds(), r.evaluate())

    def test_the_reports_are_made_anew_if_somebody_removed_them(self):
        with tempfile.TemporaryDirectory() as folder, Registry('\treports = "%s/a/b"' % folder) as r:
            r.write(history('7') + ['{"resourceType":"Observation","id":"code 2857-1\n'])
            self.assertEqual(r.run()[0], 5)
            self.assertEqual(os.listdir(folder + '/a/b').count('cancer-1.refused.ndjson'), 1)
            with sqlite3.connect(r.store) as db:
                db.execute('UPDATE registry SET ended = 0')     # as if it had been killed at the very end
            shutil.rmtree(folder + '/a')
            self.assertEqual(r.run()[0], 5)
            self.assertEqual(os.listdir(folder + '/a/b').count('cancer-1.refused.ndjson'), 1)

    def test_beside_a_running_service(self):
        with Service(SALVOR, 'registry "cancer" {\n\tfolder = "{folder}/export"\n\tsource = "sender"\n}\n') as s, \
                Registry() as alone:
            os.mkdir(s.path('export'))
            synthetic.write(ROOT, s.path('export'), 260)
            os.rmdir(alone.export)
            shutil.copytree(s.path('export'), alone.export)
            alone.sync(today=time.strftime('%Y-%m-%d', time.gmtime()))
            worst, stop = [0.0], threading.Event()

            def send():
                n = 0
                while not stop.is_set():
                    n += 1
                    begun = time.time()
                    for x in history('m%d' % n):
                        self.assertEqual(s.post('/fhir', x).status, 200)
                    worst[0] = max(worst[0], (time.time() - begun) / 5)
            sender = threading.Thread(target=send)
            sender.start()
            status, out, err = s.run('sync')
            stop.set()
            sender.join()
            self.assertEqual(status, 0, err)
            got = {d for d, in s.sql("SELECT g.decision FROM guidance g JOIN patient_name n ON n.patient = g.patient "
                                     "WHERE g.ended = 0 AND n.name LIKE 's1-%'")}
            self.assertEqual(sorted(got), alone.holds())
            self.assertLess(worst[0], 5)
            # The same names: what the service is told replaces what the registry said.
            who = s.sql("SELECT name FROM patient_name WHERE name LIKE 's1-%' LIMIT 1")[0][0]
            self.assertEqual(s.put('/fhir/Patient/' + who, {'resourceType': 'Patient', 'id': who,
                                                           'meta': {'versionId': '9'}}).status, 200)
            self.assertEqual(s.sql('SELECT count(*) FROM patient_name WHERE name = ?', who), [(1,)])

    def begin_beside(self, s):
        """A run beside the service, which has committed its first unit."""
        p = subprocess.Popen([SALVOR, 'sync', '-c', s.conf], env=s.env, stdout=subprocess.DEVNULL)
        self.addCleanup(p.kill)
        while s.sql('SELECT count(*) FROM registry_file WHERE offset > 0') == [(0,)]:
            time.sleep(0.005)
        return p

    def test_what_a_service_is_told_in_the_middle_of_a_run(self):
        """What was new at its begin is no longer, who was to be decided at its end was decided, and two may be one."""
        others = ['w%d' % i for i in range(9)]
        early = history('z') + [psa(w, w + '-e', '2025-08-%d' % (11 + i), 0.1) for i, w in enumerate(others)]
        told = [psa('z', 'z-p0', '2025-09-01', 0.1)] + history('y') + [{'resourceType': 'Patient', 'id': w, 'link': [
            {'other': {'reference': 'Patient/z'}, 'type': 'replaced-by'}]} for w in others]
        late = [psa('z', 'z-p3', '2026-04-10', 0.9)] + history('y') + [
            psa(w, w + '-p', '2026-04-%d' % (11 + i), 1 + i) for i, w in enumerate(others)]
        with Service(SALVOR, 'registry "cancer" {\n\tfolder = "{folder}/export"\n\tsource = "sender"\n}\n') as s, \
                Registry() as alone:
            alone.write(early + told + late)
            alone.sync(today=time.strftime('%Y-%m-%d', time.gmtime()))
            os.mkdir(s.path('export'))
            for name, resources in (('0', early + [x for i in range(4000) for x in history('f%d' % i)]), ('1', late)):
                with open(s.path('export/%s.ndjson' % name), 'w') as f:
                    f.writelines(json.dumps(x) + '\n' for x in resources)
            p = self.begin_beside(s)
            stop_between_units(p, s.store)
            for x in told:
                self.assertEqual(s.post('/fhir', x).status, 200)
            self.assertEqual(s.sql("SELECT count(*) FROM resource WHERE name = 'Observation/z-p3'"), [(0,)])
            p.send_signal(signal.SIGCONT)
            self.assertEqual(p.wait(60), 0)
            self.assertEqual(s.sql(TWICE), [])
            self.assertEqual(sorted(d for d, in s.sql(
                "SELECT g.decision FROM guidance g JOIN patient_name n ON n.patient = g.patient WHERE g.ended = 0 AND"
                " n.name IN ('y', 'z')")), alone.holds())

    def test_a_file_that_is_another_one_when_a_run_goes_on(self):
        """What was counted and refused of it is forgotten, and that is said."""
        with Service(SALVOR, 'registry "cancer" {\n\tfolder = "{folder}/export"\n}\n') as s:
            os.mkdir(s.path('export'))
            path = s.path('export/all.ndjson')
            with open(path, 'w') as f:
                f.writelines(json.dumps(x) + '\n' for i in range(4000) for x in [{}] + history('f%d' % i))
            with open(s.path('export/before.ndjson'), 'w') as f:
                f.writelines(json.dumps(x) + '\n' for x in history('z'))
            p = self.begin_beside(s)
            p.kill()
            p.wait()
            self.assertEqual(s.sql("SELECT done FROM registry_file WHERE name = 'all.ndjson'"), [(0,)])
            os.utime(path)
            p = subprocess.run([SALVOR, 'sync', '-c', s.conf], env=s.env, capture_output=True, text=True, timeout=60)
            self.assertEqual(p.returncode, 5)
            self.assertIn('it begins anew', p.stderr)
            self.assertIn('24005 lines, 0 cannot matter, 4000 refused', p.stdout)
            self.assertIn('other: 4000 refused', p.stdout)
            refused, = glob.glob(s.store + '.reports/*.refused.ndjson')
            self.assertEqual(len(read_bytes(refused).splitlines()), 4000)
            self.assertEqual(s.sql('SELECT count(*) FROM patient'), [(4001,)])

    def test_wrong_configuration(self):
        for conf, word in (('\tleft = "burn"', 'keep or purge'), ('\twindow = "25:00"', 'window'),
                           ('\tnonsense = 1', 'nonsense'), ('\tcertificate = "x"', 'certificate and key'),
                           ('\tclient-id = "x"', 'client-id and client-key'),
                           ('\ttoken-url = "https://a.example/t"', 'go with client-id'),
                           ('\tscope = ""', 'scope'),
                           ('\tclient-id = "x"\n\tclient-key = "y"\n\ttoken-url = "http://a.example/t"',
                            'token-url takes https')):
            with Registry(conf) as r:
                r.write(history('7'))
                status, _, err = r.run()
                self.assertEqual(status, 3)
                self.assertIn(word, err)
        with Registry() as r:
            self.assertEqual(r.run('other')[0], 3)
            status, _, err = r.run()
            self.assertEqual(status, 1)
            self.assertIn('no .ndjson file', err)

    def test_outside_its_window_nothing_is_done_unless_it_is_named(self):
        now = time.localtime()
        later = '%02d:%02d-%02d:%02d' % ((now.tm_hour + 2) % 24, 0, (now.tm_hour + 3) % 24, 0)
        with Registry('\twindow = "%s"' % later) as r:
            r.write(history('7'))
            self.assertEqual(r.sync(), '')
            self.assertIn('1 patients decided', r.sync('cancer'))


def ndjson(resources):
    return ''.join(json.dumps(r) + '\n' for r in resources).encode()


def by_type(resources):
    """{type: its lines}"""
    files = {}
    for x in resources:
        files.setdefault(x['resourceType'], []).append(x)
    return {k: ndjson(v) for k, v in files.items()}


def types_of(path):
    """What an export is asked for."""
    return re.search('_type=([^&]*)', path).group(1).replace('%2C', ',').split(',')


class Server(unittest.TestCase):
    """The registry is a server with Bulk Data exports; all that one may do is in test_bulk.py."""

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.server = BulkServer(self.temporary.name)
        self.r = Registry()
        with open(self.r.conf) as f:
            self.conf, self.keys = f.read(), {}
        self.configure(url='"%s"' % self.server.url, ca='"%s/ca.pem"' % self.temporary.name, ask_seconds='1')

    def configure(self, **keys):
        """Keys of the registry, as they are written; None: no more."""
        self.keys.update(keys)
        lines = '\n\t'.join('%s = %s' % (k.replace('_', '-'), v) for k, v in self.keys.items() if v is not None)
        with open(self.r.conf, 'w') as f:
            f.write(re.sub(r'folder = .*', lambda _: lines, self.conf))

    def tearDown(self):
        self.server.__exit__()
        self.r.__exit__()
        self.temporary.cleanup()

    def kickoff(self):
        return [x[1] for x in self.server.requests if '$export' in x[1]][-1]

    def serve(self, resources, **more):
        self.server.deleted = False     # a new export, which nobody has ended yet
        self.server.serve(**by_type(resources))
        for key, bundles in more.items():
            self.server.files[key] = ndjson(bundles)
            self.server.manifest[key] = [{'type': bundles[0]['resourceType'],
                                          'url': '%s/file/%s' % (self.server.url, key)}]

    def test_everything_then_what_changed(self):
        self.serve(history('7') + history('8'))
        self.r.sync()
        self.assertNotIn('_since', self.kickoff())
        self.assertIn('_type=Patient', self.kickoff())
        with Registry() as direct:
            direct.write(history('7') + history('8'))
            direct.sync()
            self.assertEqual(self.r.holds(), direct.holds())
        self.assertEqual(self.r.sql('SELECT watermark FROM registry'), [(INSTANT,)])
        # Nothing changed, and then something did: both since a minute before the last export.
        for resources in ([], [psa('8', '8-p3', '2026-04-10', 0.9)]):
            self.serve(resources)
            out = self.r.sync()
            self.assertRegex(self.kickoff(), r'_since=2026-11-24T01(:|%3A)59(:|%3A)00')
            self.assertIn(' %d patients decided' % len(resources), out)
        self.serve(history('7'))
        self.r.sync('--full')
        self.assertNotIn('_since', self.kickoff())
        self.assertEqual(os.listdir(self.r.store + '.jobs'), [])

    def test_a_run_that_was_killed_moves_no_watermark(self):
        """nor says that it asked for anything: the next one asks for the same, and goes on."""
        self.serve([x for i in range(6000) for x in history('p%d' % i)])
        p = subprocess.Popen([SALVOR, 'sync', '-c', self.r.conf], env=self.r.env(), stderr=subprocess.DEVNULL)
        while p.poll() is None and not (os.path.exists(self.r.store + '.reports')
                                        and self.r.sql('SELECT 1 FROM registry_file')):
            time.sleep(0.002)
        p.kill()
        self.assertEqual(p.wait(), -signal.SIGKILL)
        self.assertEqual(self.r.sql("SELECT ended, ifnull(watermark, ''), ifnull(asked, '') FROM registry"),
                         [(0, '', '')])
        self.assertIn(' 6000 patients decided', self.r.sync())
        self.assertNotIn('_since', self.kickoff())
        self.assertEqual(self.r.sql('SELECT watermark FROM registry'), [(INSTANT,)])

    def test_deleted(self):
        self.serve(history('7') + history('8'))
        self.r.sync()
        self.serve([], deleted=[{'resourceType': 'Bundle', 'type': 'transaction', 'entry': [
            {'request': {'method': 'DELETE', 'url': 'Procedure/7-rp'}}]}])
        self.assertIn('1 withdrawn', self.r.sync())

    def group(self, **members):
        """The registry is a group of that server: {id: (all resources, those changed since the last run)}."""
        self.members = members
        self.configure(group='"g"')

        def route(method, path, body):
            self.assertIn('/Group/g/$export', path)
            if '_elements=id' in path:
                return {'Patient': ndjson({'resourceType': 'Patient', 'id': k} for k in self.members)}
            asked = [p['valueReference']['reference'][8:] for p in json.loads(body)['parameter']
                     if p['name'] == 'patient'] if method == 'POST' else list(self.members)
            if method == 'POST' and self.only_all:
                return 400
            self.exports.append(('since' in path, sorted(asked)))
            return by_type(x for k in asked for x in self.members[k]['_since' in path])
        self.server.route, self.exports, self.only_all = route, [], False

    def test_who_joins_a_group_is_exported_whole(self):
        first, second, third = history('7'), history('8'), history('9')
        self.group(**{'7': (first, [])})
        self.r.sync()
        self.assertEqual(self.exports, [(False, ['7'])])
        # 8 joins; nothing of his was changed since the last run.
        self.group(**{'7': (first, []), '8': (second, [])})
        self.r.sync()
        self.assertEqual(self.exports, [(False, ['8']), (True, ['7', '8'])])
        self.assertEqual(len(self.r.holds()), 2)
        self.group(**{'7': (first, []), '8': (second, [])})
        self.assertIn(' 0 patients decided', self.r.sync())
        self.assertEqual(self.exports, [(True, ['7', '8'])])
        # He leaves, is given a result, and comes back.
        self.group(**{'7': (first, [])})
        self.r.sync()
        back = second + [psa('8', '8-p3', '2026-03-10', 0.9)]
        self.group(**{'7': (first, []), '8': (back, [])})
        self.assertIn('guidance: 0 new, 1 changed', self.r.sync())
        # Another joins; the server does not export single patients.
        self.group(**{'7': (first, []), '8': (back, []), '9': (third, [])})
        self.only_all = True
        self.r.sync()
        self.assertEqual(self.exports, [(False, ['7', '8', '9'])])
        with Registry() as direct:
            direct.write(first + back + third)
            direct.sync()
            self.assertEqual(self.r.holds(), direct.holds())
        self.assertEqual([x for x in self.server.jobs if x is not None], [])
        self.assertEqual(os.listdir(self.r.store + '.jobs'), [])

    def test_who_leaves_a_group_is_forgotten_on_the_same_night(self):
        self.configure(left='"purge"')
        self.group(**{'7': (history('7'), []), '8': (history('8'), [])})
        self.r.sync()
        self.group(**{'7': (history('7'), [])})
        self.assertIn('1 left and forgotten', self.r.sync())
        self.assertEqual(self.exports, [(True, ['7'])])
        self.assertEqual(self.r.sql('SELECT name FROM patient_name'), [('7',)])

    def test_a_type_that_the_server_does_not_have(self):
        no, asked = ['Medication', 'Specimen'], []

        def route(method, path, body):
            types = types_of(path)
            asked.append(types)
            for x in no:
                if x in types:
                    return 'The requested resource type "%s" is not available on this server' % x
            return {x['resourceType']: ndjson([x]) for x in history('7')}
        self.server.route = route
        self.r.sync()
        self.assertEqual(len(self.r.holds()), 1)
        self.assertEqual(sorted(set(asked[0]) - set(asked[-1])), no)
        self.assertIn('MedicationRequest', asked[-1])
        # Not what nothing can be said without; and not what is configured.
        no[:] = ['Observation']
        status, _, err = self.r.run('--full')
        self.assertEqual(status, 1)
        self.assertIn('Observation', err)
        no[:] = ['Specimen']
        self.configure(types='{Patient, Specimen}')
        self.assertEqual(self.r.run('--full')[0], 1)

    def answer(self, old, lacks=()):
        """The server holds ``old``, none of it changed since any export; it refuses exports of ``lacks``."""
        self.exports = []

        def route(method, path, body):
            types = types_of(path)
            for x in lacks:
                if x in types:
                    return 'no %s here' % x
            self.exports.append('_since' in path)
            return by_type(x for x in ([] if '_since' in path else old) if x['resourceType'] in types)
        self.server.route = route

    def run_once(self):
        status, _, err = self.r.run()
        self.assertEqual(status, 0, err)
        return err

    def test_what_was_not_asked_for_before_is_asked_for_from_its_begin(self):
        """A PSA does not change any more: no export of what changed would ever hold it."""
        self.answer(history('7'))
        self.configure(types='{Patient, Condition, Procedure}')
        self.run_once()
        self.assertEqual(self.r.sql("SELECT count(*) FROM resource WHERE name LIKE 'Observation/%'"), [(0,)])
        self.configure(types=None)
        self.assertIn('other types, filters or patients are asked for', self.run_once())
        self.assertNotIn('other types', self.run_once())
        # Less is enough of what there is; more again is not.
        self.configure(types='{Patient, Condition}')
        self.assertNotIn('other types', self.run_once())
        self.configure(types=None)
        self.assertIn('other types', self.run_once())
        self.assertEqual(self.exports, [False, False, True, True, False])
        with Registry() as direct:
            direct.write(history('7'))
            direct.sync()
            self.assertEqual(self.r.holds(), direct.holds())

    def test_other_filters_or_patients_are_other_questions(self):
        self.answer(history('7'))
        self.run_once()
        one, two = '{"Observation?code=b"}', '{"Observation?code=b", "Observation?code=c"}'
        for i, keys in enumerate(({'type_filter': one}, {'type_filter': two}, {'type_filter': one},
                                  {'level': '"patient"'})):
            self.configure(**keys)
            self.assertIn('other types, filters or patients', self.run_once(), keys)
            self.assertEqual(self.exports, [False] * (i + 2))
        self.assertNotIn('other types', self.run_once())
        self.assertTrue(self.exports[-1])

    def test_what_a_server_lacks_is_told_once_and_taken_whole_when_it_comes(self):
        course = {'resourceType': 'MedicationStatement', 'id': '7-adt', 'status': 'active', 'subject':
                  {'reference': 'Patient/7'}, 'medicationCodeableConcept': {'coding': [
                      {'system': 'http://www.nlm.nih.gov/research/umls/rxnorm', 'code': '42375'}]},
                  'effectivePeriod': {'start': '2026-03-01'}}
        old, lacks = history('7') + [course], ['MedicationStatement', 'Medication']
        self.answer(old, lacks=lacks)
        err = self.run_once()
        for x in lacks:
            self.assertIn('does not export %s:' % x, err)
        self.assertNotIn('does not export', self.run_once())
        self.assertEqual(self.exports, [False, True])
        self.answer(old, lacks=['Medication', 'Specimen'])
        # Killed in the middle, it goes on with the whole that it has begun.
        p = subprocess.Popen([SALVOR, 'sync', '-c', self.r.conf], env=self.r.env(), stderr=subprocess.PIPE, text=True)
        until = time.time() + 20
        while self.exports != [True, False] and time.time() < until:
            time.sleep(0.01)
        time.sleep(0.2)
        p.kill()
        self.assertIn('exports MedicationStatement, which it did not before', p.communicate()[1])
        self.assertIn('does not export Specimen', self.run_once())
        self.assertEqual(self.exports, [True, False])
        with Registry() as direct:
            direct.write(old)
            direct.sync()
            self.assertEqual(self.r.holds(), direct.holds())
        self.assertNotIn('salvor: cancer: the server', self.run_once())
        self.assertEqual(self.exports, [True, False, True])
        self.assertEqual(os.listdir(self.r.store + '.jobs'), [])

    def test_an_export_that_the_server_forgot_begins_anew(self):
        exports = [None, {x['resourceType']: ndjson([x]) for x in history('7')}]
        self.server.route = lambda *_: exports.pop(0)
        self.assertEqual(self.r.run()[0], 1)
        self.r.sync()
        self.assertEqual(len(self.r.holds()), 1)

    def test_what_could_not_be_exported_is_asked_for_again(self):
        self.serve(history('7'), error=[{'resourceType': 'OperationOutcome', 'issue': [
            {'severity': 'error', 'code': 'exception'}]}])
        status, out, err = self.r.run()
        self.assertEqual(status, 5, err)
        self.assertIn('could not be had', out)
        self.assertEqual(len(self.r.holds()), 1)
        self.assertEqual(self.r.sql('SELECT watermark FROM registry'), [('',)])

    def test_a_server_that_refuses(self):
        self.server.script['/$export'] = [403]
        status, _, err = self.r.run()
        self.assertEqual(status, 1, err)
        self.assertEqual(self.r.sql('SELECT count(*) FROM resource'), [(0,)])


class Reports(unittest.TestCase):
    def test_measure_gap_and_page(self):
        with Registry() as r:
            write_cases(r.export)
            out = r.sync()
            p = subprocess.run([SALVOR, 'measure', '--as-of', TODAY, '--format', 'summary', r.export],
                               capture_output=True, text=True)
            with open(r.report('.measure.json')) as f:
                self.assertEqual(json.load(f)['group'], json.loads(p.stdout)['group'])
            with open(r.report('.gaps.ndjson')) as f:
                gaps = [json.loads(x) for x in f]
            self.assertIn('care gap: %d patients' % len(gaps), out)
            self.assertGreater(len(gaps), 10)
            with open(r.report('.html')) as f:
                page = f.read()
            xml.etree.ElementTree.fromstring(page.split('\n', 1)[1] if page.startswith('<!') else page)
            self.assertIn('<svg', page)
            self.assertNotIn('s1-0', page + out)
            for f in glob.glob(r.store + '.reports/*'):
                self.assertEqual(os.stat(f).st_mode & 0o777, 0o600)

    def test_a_bar_on_a_terminal_and_nothing_elsewhere(self):
        with Registry() as r:
            synthetic.write(ROOT, r.export, 1500)
            master, slave = pty.openpty()
            p = subprocess.Popen([SALVOR, 'sync', '-c', r.conf], stdout=subprocess.PIPE, stderr=slave,
                                 env=r.env(TERM='xterm'))
            os.close(slave)
            # A bar is drawn only of what lasts: however fast the machine, this run lasts.
            for _ in range(4):
                time.sleep(0.06)
                p.send_signal(signal.SIGSTOP)
                time.sleep(0.55)
                p.send_signal(signal.SIGCONT)
            drawn = b''
            try:
                while True:
                    more = os.read(master, 4096)
                    if not more:
                        break
                    drawn += more
            except OSError:
                pass
            p.communicate()
            os.close(master)
            self.assertEqual(p.returncode, 0)
            self.assertRegex(drawn.decode(), r'reading|deciding')
            status, out, err = r.run()
            self.assertEqual(err, '')

    def test_lines_for_a_journal_where_there_is_no_terminal(self):
        with Registry() as r:
            synthetic.write(ROOT, r.export, 60)
            status, _, err = r.run(SALVOR_TEST_TELL_MS='1')
            self.assertEqual(status, 0)
            self.assertRegex(err, r'salvor: cancer: reading +\d+%  ETA [0-9:-]+  [0-9.]+ .?B, ')
            self.assertRegex(err, r'salvor: cancer: deciding +\d+%  ETA \S+  \d+ patients, \d+/s\n')
            self.assertNotIn('\r', err)


if __name__ == '__main__':
    SALVOR = os.path.abspath(sys.argv.pop(1))
    unittest.main()
