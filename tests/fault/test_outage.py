#!/usr/bin/env python3
"""Power is lost during a night of salvor sync, or it is killed: nothing that was said or posted is forgotten, and a run
that is begun again ends as if nothing had happened, and so does the next night.

usage: test_outage.py SALVOR BRISK.  SALVOR_FAULT_SECONDS: how long to go on (5); one round is gone through in any case.
"""
import glob
import math
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import time
import unittest

import test_nights as nights
from outage import Record, restore, snapshot

SALVOR, BRISK, SECONDS = nights.SALVOR, nights.BRISK, nights.SECONDS
POINTS = 9 if SECONDS < 60 else 60      # of a night, at which it is lost


class Timed(dict):
    """Resources of the receiver, and when it was given each."""

    def __init__(self, log=()):
        self.log = list(log)
        super().__init__((k, v) for _, k, v in self.log)

    def __setitem__(self, key, value):
        self.log.append((time.time(), key, value))
        super().__setitem__(key, value)


class Jobs(list):
    """Exports of the server, and when each was begun and ended."""

    def __init__(self, log=()):
        self.log = list(log)
        super().__init__(holds for holds, _, _ in self.log)

    def append(self, holds):
        super().append(holds)
        self.log.append((holds, time.time(), math.inf))

    def __setitem__(self, n, value):
        super().__setitem__(n, value)
        if value is None:
            self.log[n] = (*self.log[n][:2], time.time())


class Place(nights.Place):
    """The store is on a disk of its own, and the others remember when they were told what."""

    def __init__(self):
        super().__init__()
        r = self.registry
        self.disk = os.path.join(os.path.realpath(r.folder), 'disk')
        os.mkdir(self.disk)
        with open(r.conf) as f:
            conf = f.read()
        with open(r.conf, 'w') as f:
            f.write(conf.replace(r.store, self.disk + '/store.db'))
        r.store = self.disk + '/store.db'
        self.server.route = self.route
        self.server.jobs, self.receiver.resources = Jobs(), Timed()

        self.all = [self.night, nights.Night()]
        self.all[1].second()

    def route(self, method, path, body):
        """In the first night, lines that cannot be read are among the others."""
        files = self.night.route(method, path, body)
        if self.night is self.all[0] and '_elements=id' not in path:
            for kind in files:
                lines = files[kind].splitlines(True)
                for i in range(len(lines), 0, -97):
                    lines.insert(i, b'{"resourceType":"%s","id":"code 2857-1\n' % kind.encode())
                files[kind] = b''.join(lines)
        return files

    def record(self):
        return Record(self.disk).run([SALVOR, 'sync', '-c', self.registry.conf], self.registry.env(), BRISK)

    def refused(self):
        """Lines that the side files name, of all runs."""
        said = set()
        for path in glob.glob(self.disk + '/*.reports/*.refused.ndjson'):
            with open(path, 'rb') as f:
                lines = f.read().splitlines()
            assert len(lines) == len(set(lines)), 'a line is refused twice in one run'
            said.update(lines)
        return said

    def told(self):
        return {k: x.get('status') for k, x in self.receiver.resources.items()}


class Night:
    """One that was undisturbed, step by step, and its end."""

    def __init__(self, place, k):
        self.place, self.number = place, k
        place.night = place.all[k]
        self.did = place.record()
        assert self.did.status in (0, 5), (self.did.status, self.did.err)
        self.jobs, self.resources = list(place.server.jobs.log), list(place.receiver.resources.log)
        self.after = snapshot(place.disk)[0]
        self.content, self.told, self.refused = place.registry.content(), place.told(), place.refused()

    def end(self):
        return len(self.did.events)

    def when(self, k):
        return self.did.times[k] if k < self.end() else math.inf

    def behind(self, t):
        """The first event after ${t}."""
        return next((k for k, x in enumerate(self.did.times) if x > t), self.end())

    def posted(self, k):
        begun = self.did.times[0]
        return [key for t, key, _ in self.resources if begun < t <= self.when(k)]

    def is_done(self, k):
        """Did somebody learn, before event ${k}, that the run is whole?"""
        return k > self.did.said or any(t <= self.when(k) for _, begun, t in self.jobs if begun > self.did.times[0])

    def points(self, rng):
        """Where to lose power, after what others were told and at syncs, and where to be killed, in any unit and between
        the last line that is refused and what counts it."""
        told = [t for t, _, _ in self.resources if t > self.did.times[0]]
        told += [t for _, begun, t in self.jobs if begun > self.did.times[0]]
        syncs = [k for k, e in enumerate(self.did.events) if e[0] == 'sync']
        units = [0, *(k + 2 for k in self.did.commits()), self.end()]
        out = [(self.behind(min(told)), 'worst'), (self.behind(rng.choice(told)), 'worst'), (self.end(), 'worst')]
        out += [(k + 1, 'kill') for k, e in enumerate(self.did.events) if e[0] == 'write'
                and e[1].endswith('.refused.ndjson')][-1:]
        for i in range(POINTS - len(out)):
            n = rng.randrange(1, len(units))
            out.append((rng.choice(syncs), 'power') if i % 3 == 0 else (rng.randint(units[n - 1], units[n]), 'kill'))
        return out

    def left(self, k, how, rng):
        return self.did.seen(k) if how == 'kill' else self.did.left(k, rng if how == 'power' else None)

    def rewind(self, files, t):
        """Everything as it was at ${t}, after another boot, with ${files} on the disk."""
        p = self.place
        restore(p.disk, self.did.modified, {k: re.sub(b'^[0-9a-f-]{36}', b'f' * 36, v) if k.endswith('.from') else v
                                            for k, v in files.items()})
        p.server.jobs = Jobs((None if e <= t else h, b, e if e <= t else math.inf) for h, b, e in self.jobs if b <= t)
        p.server.files = {'%d-%s' % (n, kind): lines for n, holds in enumerate(p.server.jobs)
                          for kind, lines in (holds or {}).items()}
        p.receiver.resources = Timed([x for x in self.resources if x[0] <= t])
        p.receiver.created = list(p.receiver.resources)


class Outage(unittest.TestCase):
    def known(self, path):
        """What the store says, of a copy: looking at it writes."""
        with tempfile.TemporaryDirectory() as folder:
            for end in ('', '-wal', '-journal'):
                if os.path.exists(path + end):
                    shutil.copy(path + end, folder + '/x.db' + end)
            db = sqlite3.connect(folder + '/x.db')
            try:
                self.assertEqual(db.execute('PRAGMA integrity_check').fetchall(), [('ok',)])
                if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'registry_file'").fetchall():
                    return set(), 0
                return ({d for d, in db.execute('SELECT decision FROM guidance')},
                        sum(e for e, in db.execute('SELECT ended FROM registry')))
            finally:
                db.close()

    def check(self, night, k):
        """Nothing that was said is forgotten."""
        place = night.place
        decisions, ended = self.known(place.registry.store)
        for kind, search in night.posted(k):
            if kind == 'GuidanceResponse':
                self.assertIn(search.split('|')[1].rsplit('-', 1)[0], decisions, 'posted, and forgotten')
        if night.is_done(k):
            self.assertGreater(ended, 0, 'done, and forgotten')
            self.assertEqual(place.registry.content(), night.content)
            self.assertEqual(place.refused(), night.refused)

    def check_end(self, night):
        """Run, and all is as it would be."""
        place = night.place
        place.night = place.all[night.number]
        status, _, err = place.registry.run(LD_PRELOAD=BRISK)
        self.assertIn(status, (0, 5), err)
        for part, want in night.content.items():
            self.assertEqual(place.registry.content()[part], want, part)
        self.assertEqual(place.told(), night.told)
        self.assertEqual(place.refused(), night.refused)
        self.assertEqual(place.registry.sql('PRAGMA integrity_check'), [('ok',)])

    def lose(self, night, k, files, following):
        """A run that was done is not always begun again before the following night."""
        night.rewind(files, night.when(k))
        self.check(night, k)
        night.rewind(files, night.when(k))
        if following is None or not night.is_done(k):
            self.check_end(night)
        if following is not None:
            self.check_end(following)

    def one_round(self, rng):
        place = Place()
        self.addCleanup(place.close)
        two = [Night(place, k) for k in range(2)]
        for night in two:
            self.assertEqual(night.did.seen(night.end()), night.after, 'the record is not whole')
            for at, how in night.points(rng):
                with self.subTest(night=night.number, at='%d of %d' % (at, night.end()), how=how):
                    self.lose(night, at, night.left(at, how, rng), rng.choice([None, two[1]]))
        return 2 * POINTS

    def test_at_random(self):
        if not os.path.isfile(BRISK):
            self.skipTest('no preloading under sanitizers')
        nights.in_rounds(self, 'losses')


if __name__ == '__main__':
    unittest.main()
