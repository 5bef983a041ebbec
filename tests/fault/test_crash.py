#!/usr/bin/env python3
"""Killed at system calls and at random; the durable write comes before the answer.

usage: test_crash.py SALVOR WEAK.  SALVOR_FAULT_SECONDS: how long to go on killing (5); every point is tried if there is
time.
"""
import os
import random
import re
import sys
import time
import unittest

from promise import Receiver, Sender, Service, check, drain, end, script, send_all

SALVOR, WEAK = sys.argv.pop(1), sys.argv.pop(1)
SECONDS = float(os.environ.get('SALVOR_FAULT_SECONDS', '5'))
STRACE = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'signal=none']


class Order(unittest.TestCase):
    """With one sender and no destination: between any message and its answer the log was written and synced."""

    def trace(self, env=None):
        with Service(SALVOR, start=False, env=env) as service:
            trace = service.path('trace')
            service.prefix = ['strace', '-f', '-y', '-qq', '-e', 'signal=none', '-o', trace, '-e',
                              'trace=pwrite64,fdatasync,fsync,write,sendto,writev']
            service.start()
            sender = Sender(service, script('p', 25, random.Random(4)), 'o')
            sender.run()
            end(service)
            with open(trace) as f:
                return len(sender.acked), f.read().splitlines()

    @staticmethod
    def violations(lines):
        """Answers (answers, wrong): writes to a socket after which the log had not been written and synced."""
        answers, wrong, dirty, synced, unfinished = 0, 0, False, False, {}
        for line in lines:
            pid, _, call = line.partition(' ')
            call = call.strip()
            if call.endswith('<unfinished ...>'):
                unfinished[pid] = call
                continue
            if call.startswith('<...'):
                call = unfinished.pop(pid, '') + call
            if re.match(r'pwrite64\(\d+<[^>]*-wal>', call):
                dirty, synced = True, False
            elif re.match(r'f(data)?sync\(\d+<[^>]*-wal>', call) and call.endswith('= 0'):
                dirty, synced = False, True
            # TLS 1.3 application data on the sender's connection.
            elif re.match(r'(write|sendto)\(\d+<(socket|TCP)[^>]*>, "\\27\\3\\3', call) and synced is not None:
                answers += 1
                wrong += dirty or not synced
                synced = False
        return answers, wrong

    def test_the_log_is_synced_before_the_answer(self):
        acked, lines = self.trace()
        answers, wrong = self.violations(lines)
        self.assertGreaterEqual(answers, acked)
        # The tickets of the handshake are application data too.
        self.assertLessEqual(wrong, answers - acked)

    def test_a_store_that_does_not_sync_is_found_out(self):
        if WEAK == '-':
            self.skipTest('no preloading under sanitizers')
        acked, lines = self.trace({'LD_PRELOAD': WEAK})
        answers, wrong = self.violations(lines)
        self.assertGreater(wrong, answers - acked)


class Crash(unittest.TestCase):
    def setUp(self):
        self.service = Service(SALVOR, start=False)
        self.receiver = Receiver(self.service.folder)
        self.service.write_conf(self.receiver.destination())
        self.senders = []
        self.addCleanup(self.service.close)
        self.addCleanup(self.receiver.close)

    def sender(self, n, name):
        s = Sender(self.service, script(name, n, random.Random(name)), name)
        self.senders.append(s)
        return s

    def killed_at(self, call, n):
        """Run until the n-th call of a thread kills it; False if it never came."""
        self.service.prefix = STRACE + ['-e', 'trace=' + call, '-e', 'inject=%s:signal=KILL:when=%d' % (call, n)]
        try:
            self.service.start()
        except AssertionError:
            return True         # killed before it listened
        s = self.sender(6, '%s%d' % (call, n))
        while not s.done() and self.service.process.poll() is None:
            s.once()
        if s.done():
            try:
                drain(self.service, 3)
            except AssertionError:
                pass
        killed = self.service.process.poll() is not None
        if not killed:
            end(self.service)
        s.drop()
        return killed

    def repaired(self):
        self.service.prefix = []
        self.service.start()
        for s in self.senders:
            s.drop()
            s.run()
        drain(self.service)
        check(self, self.service, self.senders, self.receiver)
        self.service.term()

    def test_at_every_system_call(self):
        points = [(call, n) for call, most in (('fdatasync', 12), ('pwrite64', 60), ('write', 40), ('sendto', 12),
                                                ('ftruncate', 2), ('unlink', 2), ('fsync', 2))
                  for n in range(1, most + 1)]
        random.Random(4).shuffle(points)
        deadline, over, tried, killed = time.time() + SECONDS, set(), 0, 0
        for call, n in points:
            if time.time() > deadline:
                break
            if any(c == call and n > m for c, m in over):
                continue
            tried += 1
            if self.killed_at(call, n):
                killed += 1
            else:
                over.add((call, n))
            self.repaired()
        print('killed at %d of %d points' % (killed, tried))
        self.assertGreater(killed, 2)

    def test_at_random_under_load(self):
        """Eight senders; the receiver fails at random, and loses what it stored."""
        dice = random.Random(8)
        self.receiver.script = lambda n: dice.choice(['ok', 'ok', 'ok', 'lost', 'cut', 503, 409, 0.02])
        self.service.start()
        for i in range(8):
            self.sender(40, 'load%d' % i)
        threads = send_all(self.senders)
        kills = 0
        while any(t.is_alive() for t in threads) and kills < 6:
            time.sleep(dice.uniform(0.2, 1.0))
            self.service.kill()
            kills += 1
            self.service.start()
        for t in threads:
            t.join()
        self.receiver.script = lambda n: 'ok'
        self.service.kill()
        self.service.start()    # due times of failed posts stay
        drain(self.service, 90)
        n = check(self, self.service, self.senders, self.receiver)
        print('%d messages, %d kills, %d posts' % (n, kills, self.receiver.posts))


if __name__ == '__main__':
    unittest.main(warnings='ignore')
