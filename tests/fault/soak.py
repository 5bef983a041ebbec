#!/usr/bin/env python3
"""A soak: kills, faults of the disk and a receiver that fails at random, for MINUTES.

usage: SALVOR_SOURCE_ROOT=. soak.py SALVOR SHIM [MINUTES [SENDERS]]

At the end: accepted = applied + refused + held to the last message, and what the receiver shows as valid is what the
store says holds.  Prints figures, and how resident memory grew over the longest life of a process.
"""
import errno
import gc
import json
import random
import sys
import threading
import time
import unittest

from promise import BROKEN, Faults, Receiver, Sender, Service, check, drain, script, send_all

BAD = ['{"resourceType":"Observation",', {'resourceType': 'Procedure', 'id': 'x', 'status': 'completed'}]


def messages(name):
    """One patient after the other, without end; now and then something malformed, or nobody's."""
    dice = random.Random(name)
    n = 0
    while True:
        for m in script('%s-%d' % (name, n), 30, dice):
            yield m
        yield ('POST', '/fhir', dice.choice(BAD))
        n += 1


class Endless(Sender):
    """A sender that makes its messages as it goes."""

    def __init__(self, service, name):
        super().__init__(service, [], name)
        self.source = messages(name)

    def run(self, stop=None, pause=0.05):
        while True:
            if self.next == len(self.messages):
                if stop.is_set():
                    break
                self.messages.append(next(self.source))
                if self.next > 0:
                    self.messages[self.next - 1] = None
            if not self.once():
                time.sleep(pause)
        self.drop()


def slope(samples):
    """Bytes a message, by least squares; without the first fifth, in which caches fill."""
    samples = samples[len(samples) // 5:]
    if len(samples) < 5:
        return None
    mx = sum(x for x, _ in samples) / len(samples)
    my = sum(y for _, y in samples) / len(samples)
    below = sum((x - mx) ** 2 for x, _ in samples)
    return sum((x - mx) * (y - my) for x, y in samples) / below if below else None


class Soak:
    def __init__(self, salvor, shim, senders):
        self.faults = Faults(shim)
        self.service = Service(salvor, start=False, env=self.faults.env)
        self.receiver = Receiver(self.service.folder)
        self.service.write_conf(self.receiver.destination('timeout = 5\n\tconcurrency = 8'))
        self.dice = random.Random(30)
        self.senders = [Endless(self.service, 's%d' % i) for i in range(senders)]
        self.kills = self.terms = self.armed = 0
        self.lives = []         # [(acknowledged, resident)] of each life

    def sent(self):
        return sum(s.next for s in self.senders)

    def misbehave(self, n):
        return self.dice.choice(['ok'] * 12 + ['lost', 'cut', 503, 409, 429, 0.05])

    def disturb(self):
        what = self.dice.random()
        if what < 0.10:
            self.service.kill()
            self.kills += 1
        elif what < 0.14:
            self.service.term(60)
            self.terms += 1
        elif what < 0.6:
            self.armed += 1
            self.faults.arm(self.dice.choice([Faults.WRITE, Faults.SYNC, Faults.READ, Faults.MALLOC, Faults.ACCEPT]),
                            self.dice.randrange(1, 400), error=self.dice.choice([errno.EIO, errno.ENOSPC]),
                            persistent=self.dice.random() < 0.2, half=self.dice.random() < 0.3)
            time.sleep(self.dice.uniform(0.01, 0.5))
            self.faults.disarm()
        if self.service.process.poll() is not None:
            self.service.start()
            self.lives.append([])

    def run(self, minutes):
        self.receiver.script = self.misbehave
        self.service.start()
        self.lives.append([])
        stop = threading.Event()
        threads = send_all(self.senders, stop)
        end = time.time() + minutes * 60
        quiet = end - minutes * 15      # the last quarter without kills: memory
        while time.time() < end:
            time.sleep(self.dice.uniform(0.2, 2))
            if self.service.process.poll() is not None:
                raise AssertionError('it died by itself: ' + self.service.log_text()[-3000:])
            if time.time() < quiet:
                self.disturb()
            self.lives[-1].append((self.sent(), self.service.memory()))
        stop.set()
        for t in threads:
            t.join()
        self.receiver.script = lambda n: 'ok'
        self.service.restart()
        drain(self.service, 2400)

    def report(self):
        test = unittest.TestCase()
        n = check(test, self.service, self.senders, self.receiver)
        fates = dict(self.service.sql('SELECT fate, count(*) FROM message GROUP BY fate'))
        stored = sum(fates.values())
        seen = len({c for c, in self.service.sql('SELECT DISTINCT correlation FROM message')})
        test.assertEqual(seen, n, 'accepted is not applied + refused + held')
        print('accepted %d = applied + refused + held; stored %d (%d sent again after a lost answer): %s'
              % (n, stored, stored - n, json.dumps({('applied', 'refused', 'held')[k]: v for k, v in fates.items()})))
        print('%d kills, %d ends, %d faults; %d posts for %d rows, %d resources created, none twice' % (
            self.kills, self.terms, self.armed, self.receiver.posts,
            self.service.sql('SELECT count(*) FROM outbox')[0][0], len(self.receiver.created)))
        life = max(self.lives, key=lambda x: x[-1][0] - x[0][0] if x else 0)
        s = slope(life)
        if s is not None:
            print('resident %.1f MiB after %d messages of one life; slope %.2f MiB per 100,000 messages'
                  % (life[-1][1] / 2**20, life[-1][0] - life[0][0], s * 1e5 / 2**20))


if __name__ == '__main__':
    gc.disable()    # what the receiver holds grows to gigabytes; looking through it takes longer than a post may
    soak = Soak(sys.argv[1], sys.argv[2], int(sys.argv[4]) if len(sys.argv) > 4 else 4)
    try:
        soak.run(float(sys.argv[3]) if len(sys.argv) > 3 else 30)
        soak.report()
    except BROKEN as e:
        sys.exit('soak: %s' % e)
    finally:
        soak.service.close()
        soak.receiver.close()
