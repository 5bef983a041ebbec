#!/usr/bin/python3
"""salvor sync against smart-on-fhir/bulk-data-server, a server that nobody here wrote.

usage: sync.py SALVOR FOLDER

FOLDER as for run.py; without it the exit status is 77.  The clinical cases of tests/cases are put into the server's
database, beside what it holds, and taken out at the end.  Every run must leave guidance and the state of each
patient equal to those of a salvor sync over a folder of the same resources, read from the database: full exports
and incremental ones, of the system, of all patients and of a group that somebody joins and leaves, without and with
SMART Backend Services (RS384, ES384); and after each fault that the server can simulate, what is right to do then,
and a run that finds everything well again.  Prints a line for each.
"""
import datetime
import glob
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

import run
ROOT = os.environ.get('SALVOR_SOURCE_ROOT', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../..'))
sys.path.insert(0, os.path.join(ROOT, 'tests/support'))
import packed  # noqa: E402
import synthetic  # noqa: E402

TODAY = '2026-05-01'
GROUP = 'salvor-cases'
TYPES = ('Patient', 'Condition', 'Observation', 'DiagnosticReport', 'Procedure', 'MedicationRequest',
         'MedicationAdministration', 'MedicationStatement', 'MedicationDispense', 'Medication', 'Specimen')


def plain(x):
    """Numbers as the server writes them: it reads and writes JSON anew."""
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, list):
        return [plain(v) for v in x]
    return int(x) if isinstance(x, float) and x == int(x) else x


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


class Database:
    """The server's: rows of resources, each with its patient, its group and the time of its last change."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, timeout=30)
        self.clean()

    def clean(self):
        self.db.execute("DELETE FROM data WHERE resource_id LIKE 's1-%' OR resource_id = ?", (GROUP,))
        self.db.commit()

    def put(self, resource, patient, at, group=GROUP):
        self.db.execute('INSERT OR REPLACE INTO data(resource_id, patient_id, fhir_type, modified_date, group_id,'
                        ' resource_json) VALUES(?,?,?,?,?,?)', (resource['id'], patient, resource['resourceType'],
                                                               instant(at), group, json.dumps(plain(resource))))

    def get(self, name):
        return json.loads(self.db.execute('SELECT resource_json FROM data WHERE resource_id = ?', (name,))
                          .fetchone()[0])

    def move(self, patient, group):
        self.db.execute('UPDATE data SET group_id = ? WHERE patient_id = ?', (group, patient))
        self.list_members()

    def list_members(self):
        who = [x for x, in self.db.execute("SELECT resource_id FROM data WHERE fhir_type = 'Patient' AND group_id = ?",
                                           (GROUP,))]
        self.put({'resourceType': 'Group', 'id': GROUP, 'type': 'person', 'actual': True, 'quantity': len(who),
                  'member': [{'entity': {'reference': 'Patient/' + x}} for x in who]}, None, 1e9, None)
        self.db.commit()

    def load(self, n=125):
        long_ago = time.time() - 86400 * 300
        for me, _, lines in synthetic.patients(ROOT, n, others=3):
            for _, line in lines:
                self.put(json.loads(line), me, long_ago)
        self.list_members()

    def export(self, folder, where='1', *values):
        """What a direct read reads."""
        os.makedirs(folder, exist_ok=True)
        for kind in TYPES:
            with open(os.path.join(folder, kind + '.ndjson'), 'w') as f:
                for x, in self.db.execute('SELECT resource_json FROM data WHERE fhir_type = ? AND ' + where,
                                          (kind, *values)):
                    f.write(x + '\n')


class Store:
    """A registry, its configuration and its store."""

    def __init__(self, salvor, keys, server=None):
        self.salvor, self.server = salvor, server
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.keys(keys)

    def keys(self, keys):
        """Other faults are another base; but what was asked for remains the same."""
        if 'url' in keys and os.path.exists(self.folder + '/store.db'):
            with sqlite3.connect(self.folder + '/store.db', timeout=20) as db:
                db.execute("UPDATE registry SET asked = 'base ' || ? || substr(asked, instr(asked, char(10)))",
                           (keys['url'],))
        with open(self.folder + '/conf', 'w') as f:
            f.write('store = "%s/store.db"\ndevelopment = true\nregistry "r" {\n%s}\n' % (self.folder, ''.join(
                '\t%s = %s\n' % (k.replace('_', '-'), v if isinstance(v, int) else '"%s"' % v)
                for k, v in keys.items())))

    def run(self, *more):
        if self.server is not None:
            self.server.again()
        begun = time.time()
        p = subprocess.run([self.salvor, 'sync', '-c', self.folder + '/conf', *more], capture_output=True, text=True,
                           timeout=900, env=dict(os.environ, SALVOR_TEST_TODAY=TODAY))
        self.said, self.seconds = p.stdout + p.stderr, time.time() - begun
        return p.returncode

    def sql(self, query):
        return packed.rows(self.folder + '/store.db', query)

    def state(self):
        """Guidance that holds, and when time alone may change it, by patient; and what is remembered."""
        who = dict(self.sql('SELECT patient, max(name) FROM patient_name GROUP BY 1'))
        return (sorted((who.get(p), d) for p, d in self.sql(
            'SELECT patient, decision FROM guidance WHERE ended = 0')),
            sorted((who[p], str(d), s or 0) for p, d, s in self.sql('SELECT id, due, standing FROM patient')
                   if p in who and (d is not None or s is not None)),
            sorted((n, json.dumps(plain(json.loads(t)), sort_keys=True)) for n, t in self.sql(
                'SELECT name, text FROM resource WHERE deleted = 0')))


class Checks:
    def __init__(self, salvor, server, database):
        self.salvor, self.server, self.database, self.bad = salvor, server, database, 0

    def store(self, base=None, **more):
        return Store(self.salvor, dict({'url': base or self.server.base(dur=1), 'ask-seconds': 1, 'source': 'r'},
                                       **more), self.server)

    def direct(self, where='1', *values):
        with tempfile.TemporaryDirectory() as folder:
            self.database.export(folder, where, *values)
            s = Store(self.salvor, {'folder': folder, 'source': 'r'})
            if s.run() != 0:
                sys.exit(s.said)
            return s.state()

    def say(self, name, s, ok, more=''):
        self.bad += not ok
        print('%-4s %-52s %5.1f s  %s' % ('ok' if ok else 'BAD', name, s.seconds, more), flush=True)
        if not ok:
            print(s.said, flush=True)

    def same(self, name, s, want, *more, status=0):
        """A run with that exit status; afterwards all is as a direct read has it."""
        got = s.run(*more)
        state = s.state() if os.path.exists(s.folder + '/store.db') else None
        wrong = [('guidance', 'due', 'resources')[i] for i in range(3) if state is None or state[i] != want[i]]
        left = glob.glob(s.folder + '/store.db.jobs/*')
        self.say(name, s, got == status and not wrong and not left, 'exit %d, %d hold%s%s' % (
            got, len(state[0]) if state else 0, ', other ' + ' '.join(wrong) if wrong else '',
            ', job left' if left else ''))

    def ends(self, name, s, status, word, left=None):
        """A run that ends so, says why, and leaves what was there."""
        before = s.state() if os.path.exists(s.folder + '/store.db') else None
        got = s.run()
        ok = got == status and word in s.said and (left is None or s.state() == left) \
            and (before is None or status == 5 or s.state() == before)
        self.say(name, s, ok, 'exit %d: %s' % (got, (s.said.strip().splitlines() or [''])[-1][:100]))


def change(database, at, k):
    """As a night brings it: a PSA is corrected, one is new, an operation was never done.

    Of several patients: an export whose last type has a single resource is listed wrongly by the server (its last row
    arrives while the file before is still being written down), which salvor tells by the count, and asks again.
    """
    who = [x for x, in database.db.execute("SELECT resource_id FROM data WHERE fhir_type = 'Patient' AND resource_id"
                                           " LIKE 's1-%' ORDER BY 1")]
    for me in who[k::9]:
        rows = database.db.execute("SELECT resource_id FROM data WHERE patient_id = ? AND fhir_type = 'Observation'"
                                   " AND resource_json LIKE '%2857-1%' ORDER BY 1", (me,)).fetchall()
        for name, in rows[-1:]:
            r = database.get(name)
            r['meta'] = {'versionId': str(k + 2)}
            if 'valueQuantity' in r:
                r['valueQuantity']['value'] = 3.5 + k
            database.put(r, me, at)
            database.put(dict(r, id=me + '-new%d' % k, effectiveDateTime='2026-04-%02d' % (20 + k)), me, at)
    for me in who[k:k + 45:15]:
        for name, in database.db.execute("SELECT resource_id FROM data WHERE fhir_type = 'Procedure' AND patient_id"
                                         " = ?", (me,)).fetchall():
            database.put(dict(database.get(name), status='entered-in-error', meta={'versionId': str(k + 2)}), me, at)
    database.db.commit()


def exports(c):
    systems, patients = c.store(), c.store(level='patient')
    group = c.store(group=GROUP, left='purge')
    for_patient, for_group = 'patient_id IS NOT NULL', 'group_id = ?'
    c.same('system, full', systems, c.direct())
    c.same('Patient, full', patients, c.direct(for_patient))
    c.same('Group, full', group, c.direct(for_group, GROUP))
    c.same('system, nothing changed', systems, c.direct())
    change(c.database, time.time(), 1)
    c.same('system, incremental', systems, c.direct())
    c.same('Patient, incremental', patients, c.direct(for_patient))
    c.same('Group, incremental', group, c.direct(for_group, GROUP))
    c.same('system, --full', systems, c.direct(), '--full')
    before = systems.state()
    change(c.database, time.time(), 2)
    systems.run('--dry-run')
    c.say('system, --dry-run', systems, systems.state() == before and 'changed' in systems.said)
    c.same('system, incremental again', systems, c.direct())
    c.database.move('s1-0000003', 'other')
    c.same('Group, one left and one has a result', group, c.direct(for_group, GROUP))
    c.database.move('s1-0000003', GROUP)
    c.same('Group, one came back, unchanged since', group, c.direct(for_group, GROUP))


def tokens(c, work):
    keys = {'RS384': run.key(work, 'rsa', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'),
            'ES384': run.key(work, 'ec', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384')}
    secure = c.server.base(dur=1, secure=True)
    for k, (algorithm, path) in enumerate(keys.items()):
        jwks = run.public(path, algorithm)

        def smart(**more):
            return {'client-id': c.server.register(jwks, **more), 'client-key': path, 'scope': 'system/*.read',
                    'token-url': c.server.url + '/auth/token'}

        s = c.store(secure, **smart(dur='1'))
        c.same('%s, tokens of a minute, full' % algorithm, s, c.direct())
        change(c.database, time.time(), 3 + k)
        c.same('%s, incremental' % algorithm, s, c.direct())
        found = {k: v for k, v in smart().items() if k != 'token-url'}
        c.same('%s, token URL by discovery' % algorithm, c.store(secure, **found), c.direct())
        for error, word in (('token_expired_registration_token', 'no token'), ('invalid_jti', 'no token'),
                            ('token_invalid_scope', 'invalid_scope'), ('token_invalid_token', ''),
                            ('request_invalid_token', '401'), ('request_expired_token', '401')):
            usual = {'url': secure, 'ask-seconds': 1, 'source': 'r'}
            s.keys(dict(usual, **smart(err=error)))
            c.ends('%s, %s' % (algorithm, error), s, 1, word)
            change(c.database, time.time(), 5)
            s.keys(dict(usual, **smart()))
            c.same('   and then all is well', s, c.direct())
    c.ends('secure, without a token', c.store(secure), 1, '401')


def faults(c):
    def well(s, **more):
        s.keys(dict({'url': c.server.base(dur=1), 'ask-seconds': 1, 'source': 'r'}, **more))
        c.same('   and then all is well', s, c.direct())

    c.same('transient_error', c.store(c.server.base(dur=1, err='transient_error')), c.direct())
    for error, status, word in (('file_generation_failed', 1, 'answered 500'),
                                ('some_file_generation_failed', 5, 'could not be had'),
                                ('file_expired', 5, 'could not be had')):
        s = c.store(c.server.base(dur=1, err=error, page=100))
        c.ends(error, s, status, word)
        well(s)
        change(c.database, time.time(), 6)
        s.keys({'url': c.server.base(dur=1, err=error, page=100), 'ask-seconds': 1, 'source': 'r'})
        c.ends(error + ', incremental', s, status, word)
        well(s)
    c.same('small pages (page=50), manifest pages (opp=2)', c.store(c.server.base(dur=1, page=50, opp=2)), c.direct())
    deleted(c)


def deleted(c):
    """A fifth of what is exported is said to be deleted instead; by its offsets the server names other resources than
    those it leaves out, so that what is left is compared with a direct read of itself."""
    s = c.store()
    c.same('before deletions', s, c.direct())
    change(c.database, time.time(), 7)
    s.keys({'url': c.server.base(dur=1, **{'del': 20}), 'ask-seconds': 1, 'source': 'r'})
    status = s.run()
    gone = s.sql('SELECT name FROM resource WHERE deleted = 1')
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + '/left.ndjson', 'w') as f:
            f.writelines(x.decode() + '\n' for x, in s.sql('SELECT text FROM resource WHERE deleted = 0'))
        left = Store(c.salvor, {'folder': folder, 'source': 'r'})
        left.run()
    c.say('deleted, of an incremental export', s, status == 0 and len(gone) > 0 and s.state() == left.state(),
          '%d deleted' % len(gone))


def main():
    path = os.path.join(os.path.abspath(sys.argv[2]), 'database.r4.db') if len(sys.argv) > 2 else ''
    if not os.path.exists(path):
        print('no bulk-data-server with a database at %s; see the head of this file' % sys.argv[2:])
        sys.exit(77)
    database = Database(path)
    database.load()
    server = run.Server(os.path.dirname(path))
    c = Checks(os.path.abspath(sys.argv[1]), server, database)
    try:
        exports(c)
        faults(c)
        with tempfile.TemporaryDirectory() as work:
            tokens(c, work)
        print('%d bad' % c.bad)
    finally:
        server.process.terminate()
        server.process.wait()
        database.clean()
    sys.exit(c.bad > 0)


if __name__ == '__main__':
    main()
