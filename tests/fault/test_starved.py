#!/usr/bin/env python3
"""Without memory, disk or descriptors the service refuses what it cannot keep, stays alive, and recovers by itself.

usage: test_starved.py SALVOR SHIM.  SALVOR_FAULT_POINTS: how many allocations of a message fail in turn (12; 0: all).
"""
import errno
import os
import random
import sys
import threading
import time
import unittest

from promise import BROKEN, Faults, Receiver, Sender, Service, check, drain, history, psa, script, send_all

SALVOR, SHIM = sys.argv.pop(1), sys.argv.pop(1)
POINTS = int(os.environ.get('SALVOR_FAULT_POINTS', '12'))


class Starved(unittest.TestCase):
    def setUp(self):
        if SHIM == '-':
            self.skipTest('no preloading under sanitizers')
        self.faults = Faults(SHIM)
        self.service = Service(SALVOR, start=False, env=self.faults.env)
        self.receiver = Receiver(self.service.folder)
        self.service.write_conf(self.receiver.destination() + 'threads = 1\n')
        self.service.start()
        self.addCleanup(self.receiver.close)
        self.addCleanup(self.service.close)

    def alive(self):
        self.assertIsNone(self.service.process.poll(), self.service.log_text()[-3000:])

    def ready(self, status=200, timeout=15):
        deadline = time.time() + timeout
        got = None
        while time.time() < deadline:
            try:
                got = self.service.get('/readyz', client=None).status
            except BROKEN:
                got = None
            if got == status:
                return
            time.sleep(0.1)
        self.fail('readyz is %s, not %s' % (got, status))

    def kept(self, name):
        return self.service.sql('SELECT fate, status FROM message WHERE correlation = ?', name)

    def reconnect(self):
        """With the handshake: what fails later is of the message."""
        self.connection = self.service.connect(timeout=0.7)
        self.connection.connect()

    def post(self, body, name):
        """The status of the answer; None if there was none."""
        try:
            answer = self.service.post('/fhir', body, headers={'X-Request-Id': name}, connection=self.connection)
            # Without memory for the lines of a request libevent says 400 by itself, in HTML.
            return 503 if answer.status == 400 and answer.text().startswith('<HTML>') else answer.status
        except BROKEN:
            self.faults.disarm()
            self.connection.close()
            time.sleep(0.02)
            self.alive()
            self.reconnect()
            return None

    def promise_held(self, status, name):
        """Accepted whole, or nothing remembered; without an answer, either."""
        self.alive()
        rows = self.kept(name)
        if status == 200:
            self.assertEqual(rows, [(0, 200)], name)
        elif status is not None:
            self.assertEqual((status, rows), (503, []), name)
        self.assertLessEqual(len(rows), 1)

    def test_no_memory(self):
        """Without a destination, so that the allocations are those of the message."""
        self.service.write_conf('threads = 1\n')
        self.service.restart()
        self.reconnect()
        self.assertEqual(self.post(history('p'), 'first'), 200)
        self.assertEqual(self.post(psa('p', 0), 'second'), 200)
        self.faults.arm(Faults.MALLOC, at=1 << 40)
        self.assertEqual(self.post(psa('p', 1), 'third'), 200)
        n = self.faults.disarm()
        points = list(range(1, n + 1))
        if POINTS and n > POINTS:
            points = sorted(random.Random(n).sample(points, POINTS))
        answers = {}
        for i, k in enumerate(points):
            for persistent in (False, True):
                name = 'm%d-%d' % (k, persistent)
                self.faults.arm(Faults.MALLOC, k, persistent)
                status = self.post(psa('p', i % 12, version=2 + 2 * i + persistent, value=0.2 + k / 1000), name)
                self.faults.disarm()
                self.promise_held(status, name)
                answers[status] = answers.get(status, 0) + 1
        print('%d allocations, %d tried: %s' % (n, len(points), answers))
        self.assertIn(503, answers)
        self.assertEqual(self.post(psa('p', 11, version=9999), 'last'), 200)
        check(self, self.service, [])
        self.connection.close()

    def test_a_full_disk(self):
        """Refuses new with 503, says it is not ready, recovers when there is room."""
        senders = [Sender(self.service, script('d%d' % i, 25, random.Random(i)), 'd%d' % i) for i in range(4)]
        for s in senders:
            s.once()
        drain(self.service)
        for error in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            self.faults.arm(Faults.WRITE, persistent=True, error=error)
            for i in range(3):
                self.assertFalse(any(s.once() for s in senders), 'accepted without room')
            self.alive()
            self.ready(503)
            self.assertEqual(self.service.get('/livez', client=None).status, 200)
            self.faults.disarm()
            self.ready(200)
            for s in senders:
                self.assertTrue(s.once())
        threads = send_all(senders)
        for t in threads:
            t.join()
        drain(self.service)
        check(self, self.service, senders, self.receiver)

    def test_the_disk_fills_while_posting(self):
        """What was posted while the outcome could not be written is settled when it can."""
        senders = [Sender(self.service, script('w%d' % i, 6, random.Random(i)), 'w%d' % i) for i in range(3)]
        self.receiver.script = lambda n: 0.4
        deadline = time.time() + 20
        while self.receiver.posts == 0 and time.time() < deadline:
            for s in senders:
                if not s.done():
                    s.once()
            time.sleep(0.02)
        self.assertGreater(self.receiver.posts, 0)
        self.faults.arm(Faults.WRITE, persistent=True)
        time.sleep(3)
        self.alive()
        self.faults.disarm()
        for s in senders:
            s.run()
        drain(self.service)
        check(self, self.service, senders, self.receiver)

    def test_writes_and_syncs_that_fail_now_and_then(self):
        dice = random.Random(2)
        senders = [Sender(self.service, script('f%d' % i, 30, random.Random(i)), 'f%d' % i) for i in range(4)]
        stop = threading.Event()
        threads = send_all(senders, stop)
        n = 0
        while any(t.is_alive() for t in threads) and n < 60:
            what = dice.choice([Faults.WRITE, Faults.SYNC, Faults.READ])
            self.faults.arm(what, dice.randrange(1, 6), error=errno.EIO if what != Faults.WRITE
                            else dice.choice([errno.EIO, errno.ENOSPC, errno.EINTR]), half=dice.random() < 0.3)
            time.sleep(0.05)
            self.faults.disarm()
            n += 1
        for t in threads:
            t.join()
        self.alive()
        drain(self.service)
        check(self, self.service, senders, self.receiver)

    def test_no_descriptors(self):
        """accept fails with EMFILE: those who are connected are served, the others later."""
        self.connection = self.service.connect()
        self.assertEqual(self.post(history('e'), 'before'), 200)
        self.faults.arm(Faults.ACCEPT, persistent=True, error=errno.EMFILE)
        stranger = self.service.connect(timeout=1)
        with self.assertRaises(BROKEN):
            stranger.request('GET', '/livez')
            stranger.getresponse()
        self.assertEqual(self.post(psa('e', 1), 'amid'), 200)
        self.alive()
        self.faults.disarm()
        self.ready(200)
        self.connection.close()
        stranger.close()


if __name__ == '__main__':
    unittest.main(warnings='ignore')
