"""Messages to a service that is killed, starved and cut off, and what must be true of it afterwards."""
import ctypes
import errno
import http.client
import json
import mmap
import os
import random
import signal
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.environ['SALVOR_SOURCE_ROOT'], 'tests/support'))
from receiver import Receiver  # noqa: E402,F401
from service import Service, vignette  # noqa: E402,F401

BROKEN = (OSError, http.client.HTTPException, ssl.SSLError, socket.timeout)
zstd = ctypes.CDLL('libzstd.so.1')
zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong


def unpack(packed):
    size = zstd.ZSTD_getFrameContentSize(packed, ctypes.c_size_t(len(packed)))
    out = ctypes.create_string_buffer(size + 1)
    n = zstd.ZSTD_decompress(out, ctypes.c_size_t(size), packed, ctypes.c_size_t(len(packed)))
    assert n == size, 'not whole'
    return out.raw[:size]


def psa(patient, n, version=1, value=None, status='final'):
    return {'resourceType': 'Observation', 'id': '%s-psa%d' % (patient, n), 'status': status,
            'meta': {'versionId': str(version)}, 'subject': {'reference': 'Patient/' + patient},
            'code': {'coding': [{'system': 'http://loinc.org', 'code': '2857-1'}]},
            'effectiveDateTime': '2025-%02d-%02d' % (n % 12 + 1, n // 12 % 28 + 1),
            'valueQuantity': {'value': value or 0.1 + 0.07 * n, 'system': 'http://unitsofmeasure.org',
                              'code': 'ng/mL'}}


def history(patient):
    """Patient, cancer and prostatectomy."""
    subject = {'reference': 'Patient/' + patient}

    def concept(code):
        return {'coding': [{'system': 'http://snomed.info/sct', 'code': code}]}
    return {'resourceType': 'Bundle', 'type': 'transaction', 'entry': [
        {'resource': r, 'request': {'method': 'PUT', 'url': '%s/%s' % (r['resourceType'], r['id'])}} for r in (
            {'resourceType': 'Patient', 'id': patient},
            {'resourceType': 'Condition', 'id': patient + '-c', 'subject': subject, 'code': concept('399068003'),
             'onsetDateTime': '2017-11-20'},
            {'resourceType': 'Procedure', 'id': patient + '-rp', 'status': 'completed', 'subject': subject,
             'code': concept('26294005'), 'performedDateTime': '2020-01-10'})]}


def script(patient, n, dice=random):
    """n messages of one patient, in order: history, PSA values, corrections, deletions."""
    out = [('POST', '/fhir', history(patient))]
    for i in range(n - 1):
        what = dice.random()
        if what < 0.7 or i < 2:
            out.append(('POST', '/fhir', psa(patient, i)))
        elif what < 0.85:
            out.append(('POST', '/fhir', psa(patient, dice.randrange(i), version=i + 2, value=0.3 + i / 100)))
        else:
            out.append(('DELETE', '/fhir/Observation/%s-psa%d' % (patient, dice.randrange(i)), None))
    return out


class Sender:
    """Sends messages in order, each until it is acknowledged, over one connection."""

    def __init__(self, service, messages, name):
        self.service, self.messages, self.name = service, messages, name
        self.acked = {}         # request id -> (body, status, tries)
        self.connection = None
        self.next = 0
        self.tries = 0

    def once(self):
        """One try of the next message: True if it was acknowledged."""
        method, path, body = self.messages[self.next]
        body = b'' if body is None else json.dumps(body).encode()
        name = '%s-%d' % (self.name, self.next)
        self.tries += 1
        try:
            if self.connection is None:
                self.connection = self.service.connect(timeout=20)
            headers = {'X-Request-Id': name, 'Content-Type': 'application/fhir+json'}
            answer = self.service.request(method, path, body or None, headers, connection=self.connection)
        except BROKEN:
            self.drop()
            return False
        if answer.status not in (200, 202, 400, 422):
            assert answer.status in (503, 408), (answer.status, answer.text())
            return False
        self.acked[name] = (body, answer.status, self.tries)
        self.next += 1
        self.tries = 0
        return True

    def drop(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def done(self):
        return self.next == len(self.messages)

    def run(self, stop=None, pause=0.05):
        while not self.done() and not (stop and stop.is_set()):
            if not self.once():
                time.sleep(pause)
        self.drop()


def send_all(senders, stop=None):
    threads = [threading.Thread(target=s.run, args=(stop,)) for s in senders]
    for t in threads:
        t.start()
    return threads


class Faults:
    """What shim.c makes fail, in a service that was started with its environment."""
    MALLOC, WRITE, SYNC, OPEN, READ, ACCEPT = range(6)

    def __init__(self, shim):
        self.file = tempfile.NamedTemporaryFile()
        self.file.write(bytes(40))
        self.file.flush()
        self.page = mmap.mmap(self.file.fileno(), 40)
        self.env = {'LD_PRELOAD': shim, 'SALVOR_FAULT_CONTROL': self.file.name}

    def arm(self, what, at=1, persistent=False, error=errno.ENOSPC, half=False):
        self.page[16:40] = struct.pack('qiiii', 0, error, persistent, half, 0)
        self.page[:16] = struct.pack('qii', at, what, 1)

    def disarm(self):
        """How many operations there were while it was armed."""
        self.page[12:16] = struct.pack('i', 0)
        return struct.unpack('q', self.page[16:24])[0]


def check(test, service, senders, receiver=None):
    """Everything that was acknowledged is there, whole, once, in one fate; and the receiver has the guidance."""
    test.assertEqual(service.sql('PRAGMA integrity_check'), [('ok',)])
    kept = {}
    for name, body, fate, status in service.sql('SELECT correlation, body, fate, status FROM message'):
        kept.setdefault(name, []).append((body, fate, status))
    n = 0
    for sender in senders:
        for name, (body, status, tries) in sender.acked.items():
            n += 1
            rows = kept.get(name, [])
            test.assertTrue(rows, 'message %s was acknowledged and is gone' % name)
            test.assertLessEqual(len(rows), tries, 'message %s is there %d times' % (name, len(rows)))
            for packed, fate, stored in rows:
                test.assertIn(fate, (0, 1, 2))
                test.assertEqual(unpack(packed) if body else b'', body, 'message %s is not whole' % name)
            test.assertIn(status, [r[2] for r in rows])
    if receiver is not None:
        check_receiver(test, service, receiver)
    return n


def end(service, timeout=60):
    """End a service that runs under strace, which takes no signals itself."""
    pid = service.process.pid
    with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
        for child in f.read().split():
            os.kill(int(child), signal.SIGTERM)
    return service.process.wait(timeout)


def drain(service, timeout=60):
    """Wait until nothing waits to be posted."""
    deadline = time.time() + timeout
    while time.time() < deadline:
        if service.sql('SELECT count(*) FROM outbox WHERE state IN (0, 1)')[0][0] == 0:
            return
        time.sleep(0.05)
    raise AssertionError('not posted: %s' % service.sql(
        'SELECT state, attempts, status, reason, count(*) FROM outbox GROUP BY 1, 2, 3, 4 LIMIT 10'))


def check_receiver(test, service, receiver):
    test.assertEqual(len(receiver.created), len(set(receiver.created)))
    test.assertEqual(service.sql('SELECT count(*) FROM outbox WHERE state = 3'), [(0,)])
    given = {d for d, in service.sql('SELECT DISTINCT decision FROM guidance')}
    test.assertEqual(set(receiver.of_type('GuidanceResponse')), given)
    current = {d for d, in service.sql('SELECT decision FROM guidance WHERE ended = 0')}
    plans = set(receiver.of_type('CarePlan'))
    test.assertEqual(receiver.valid_plans(), current & plans)
