"""A headless Chromium, driven over a pipe by the DevTools protocol: no port, no library."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile


def find():
    return shutil.which('chromium') or shutil.which('chromium-browser')


class Chromium:
    """One tab.  Messages are JSON, each ended by a NUL, on file descriptors 3 (to it) and 4 (from it)."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory()
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()

        def place():
            # First out of the way: one of the pipes may be 3 or 4 itself.
            os.dup2(to_read, 13)
            os.dup2(from_write, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)
        self.process = subprocess.Popen(
            [find(), '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
             '--disable-background-networking', '--remote-debugging-pipe', '--user-data-dir=' + self.profile.name,
             'about:blank'],
            preexec_fn=place, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.out, self.inp = os.fdopen(to_write, 'wb', 0), os.fdopen(from_read, 'rb')
        self.number, self.session, self.events, self.rest = 0, None, [], b''
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(domain + '.enable')

    def receive(self):
        while b'\0' not in self.rest:
            more = self.inp.read1(1 << 20)
            if not more:
                raise EOFError('Chromium ended')
            self.rest += more
        message, _, self.rest = self.rest.partition(b'\0')
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            message['sessionId'] = self.session
        self.out.write(json.dumps(message).encode() + b'\0')
        while True:
            answer = self.receive()
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError(answer['error'])
                return answer['result']
            self.events.append(answer)

    def open(self, path):
        self.events = []
        self.call('Page.navigate', url=pathlib.Path(path).absolute().as_uri())
        while not any(e.get('method') == 'Page.loadEventFired' for e in self.events):
            self.events.append(self.receive())

    def width(self, pixels):
        self.call('Emulation.setDeviceMetricsOverride', width=pixels, height=800, deviceScaleFactor=1,
                  mobile=pixels < 600)

    def run(self, expression):
        return self.call('Runtime.evaluate', expression=expression, returnByValue=True)['result'].get('value')

    def close(self):
        self.out.close()
        self.process.terminate()
        self.process.wait()
        self.inp.close()
        self.profile.cleanup()
