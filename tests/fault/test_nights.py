#!/usr/bin/env python3
"""salvor sync with a Bulk Data server, killed at random: it goes on where it was, and nothing is posted twice.

usage: test_nights.py SALVOR BRISK.  SALVOR_FAULT_SECONDS: how long to go on (5); one round is gone through in any case.
"""
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

ROOT = os.environ.get('SALVOR_SOURCE_ROOT', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..'))
sys.path[:0] = [os.path.join(ROOT, 'tests/cases'), os.path.join(ROOT, 'tests/support')]
import synthetic  # noqa: E402
import test_sync as cases  # noqa: E402
from bulk_server import BulkServer  # noqa: E402
from receiver import Receiver  # noqa: E402

SALVOR = cases.SALVOR = os.path.abspath(sys.argv.pop(1))
BRISK = os.path.abspath(sys.argv.pop(1))
SECONDS = float(os.environ.get('SALVOR_FAULT_SECONDS', '5'))
PATIENTS = 130
FIRST, BETWEEN, SECOND = '2026-11-24T02:00:00Z', '2026-11-24T15:00:00Z', '2026-11-25T02:00:00Z'


class Export(dict):
    """Files by type, as they were at an instant."""

    instant = FIRST


class Night:
    """What the server has: a group of patients, of whom some join, and some are given new results."""

    def __init__(self):
        self.instant = FIRST
        self.all = {me: [json.loads(text) for _, text in lines]
                    for me, _, lines in synthetic.patients(ROOT, PATIENTS, others=5)}
        self.members = sorted(self.all)[:100]
        self.changed = []

    def second(self):
        self.instant = SECOND
        self.members = sorted(self.all)[10:]
        self.changed = [cases.psa(me, me + '-second', '2026-04-20', 1.5 + i, version='2')
                        for i, me in enumerate(self.members[:40])]
        for x in self.changed:
            self.all[x['subject']['reference'][8:]].append(x)

    def route(self, method, path, body):
        out = Export(self.files(method, path, body))
        out.instant = self.instant
        return out

    def files(self, method, path, body):
        if '_elements=id' in path:
            return {'Patient': cases.ndjson({'resourceType': 'Patient', 'id': x} for x in self.members)}
        since = re.search('_since=([^&]*)', urllib.parse.unquote(path))
        who = self.members if method == 'GET' else [p['valueReference']['reference'][8:] for p in json.loads(
            body)['parameter'] if p['name'] == 'patient']
        lines = [x for me in who for x in self.all[me]]
        if since:
            lines = self.changed if since.group(1) < BETWEEN else []
        return cases.by_type(lines)


class Place:
    """A registry, its server, and who is told."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.server = BulkServer(self.folder.name, tokens=False)
        self.receiver = Receiver(self.folder.name)
        self.registry = cases.Registry('\tleft = "purge"\n\tgroup = "g"\n\task-seconds = 1',
                                       self.receiver.destination())
        with open(self.registry.conf) as f:
            conf = f.read()
        with open(self.registry.conf, 'w') as f:
            f.write(re.sub(r'folder = .*', 'url = "%s"\n\tca = "%s/ca.pem"' % (self.server.url, self.folder.name),
                           conf))
        self.night = Night()
        self.server.route = self.night.route

    def close(self):
        self.server.__exit__()
        self.receiver.close()
        self.registry.__exit__()
        self.folder.cleanup()

    def env(self):
        """With units as small as the registry; but under sanitizers nothing is preloaded."""
        return self.registry.env(LD_PRELOAD=BRISK) if os.path.isfile(BRISK) else self.registry.env()

    def start(self):
        return subprocess.Popen([SALVOR, 'sync', '-c', self.registry.conf], env=self.env(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def said(self):
        """What the receiver was told, each thing once for each time that it was made."""
        return sorted(self.receiver.created)


def in_rounds(case, what):
    """case.one_round(rng) for SECONDS, and longer if nothing has come of it yet; what all of them came to."""
    seed = int(os.environ.get('SALVOR_FAULT_SEED', time.time()))
    rng, end, n, rounds = random.Random(seed), time.time() + SECONDS, 0, 0
    while time.time() < end or (n == 0 and time.time() < end + 60):
        with case.subTest(seed=seed, round=rounds):
            n += case.one_round(rng)
        rounds += 1
        case.doCleanups()
    print('%d %s in %d rounds, seed %d' % (n, what, rounds, seed))
    return n


class Killed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Undisturbed: what must come out of each night, and how long it takes."""
        cls.want, cls.lasts, cls.posts = [], [], []
        place = Place()
        for k in range(2):
            begun, p = time.time(), place.start()
            err = p.communicate()[1]
            assert p.returncode == 0, err
            cls.lasts.append(time.time() - begun)
            cls.posts.append((place.receiver.posts, place.registry.sql('SELECT count(*) FROM outbox')[0][0]))
            cls.want.append((place.registry.content(), place.said()))
            place.night.second()
        place.close()

    @staticmethod
    def wait(place, p, rng, lasts):
        """Until anywhere in the run; or, as most of it is waiting, anywhere behind the files of an export."""
        if rng.random() < 0.5:
            return time.sleep(rng.random() * lasts)
        seen, exports, end = len(place.server.requests), rng.randint(1, 3), time.time() + lasts
        while p.poll() is None and time.time() < end:
            if len({r[1].split('-')[0] for r in place.server.requests[seen:] if '/file/' in r[1]}) >= exports:
                break
            time.sleep(0.002)
        return time.sleep(rng.random() * lasts / 3)

    def left(self, place):
        """Exports that were not ended; but for one whose kick-off was answered when nobody listened any more."""
        asked = {r[1] for r in place.server.requests if r[0] == 'GET'}
        return [n for n, x in enumerate(place.server.jobs) if x is not None and '/status/%d' % n in asked]

    def one_round(self, rng):
        """Two nights, each killed some times.  The number of kills."""
        place, kills = Place(), 0
        self.addCleanup(place.close)
        for k in range(2):
            for i in range(60):
                p = place.start()
                if i < 8:
                    self.wait(place, p, rng, self.lasts[k])
                    p.kill()
                err = p.communicate()[1]
                if p.returncode == -signal.SIGKILL:
                    kills += 1
                    continue
                self.assertEqual(p.returncode, 0, err)
                break
            content, said = self.want[k]
            got = place.registry.content()
            for part in content:
                self.assertEqual(got[part], content[part], part)
            self.assertEqual(place.said(), said)
            self.assertEqual(self.left(place), [])
            place.night.second()
        return kills

    def test_undisturbed_each_is_posted_once(self):
        for posts, rows in self.posts:
            self.assertEqual(posts, rows)

    def test_at_random(self):
        self.assertGreater(in_rounds(self, 'kills'), 0)


if __name__ == '__main__':
    unittest.main()
