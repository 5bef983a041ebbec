#!/usr/bin/python3
"""A verified download over TLS from nginx, next to curl --compressed of the same files in the same run.

usage: bench_bulk.py BULK_FETCH

nginx serves gzip_static files over HTTP/2 to one and over HTTP/1.1 to the other as they ask.  Then it is the peer for
what breaks off: a client killed in the middle of a file that is not compressed goes on with Range, and nginx limits
how many requests a second it answers.  Exit status 77 without nginx.
"""
import gzip
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ['SALVOR_SOURCE_ROOT'], 'tests/support'))
import service  # noqa: E402

FILES, LINES = 8, 50000
CONF = """daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  types {{ application/fhir+ndjson ndjson; application/json json; }}
  limit_req_zone $binary_remote_addr zone=few:1m rate=40r/s; limit_req_status 429;
  server {{
    listen 127.0.0.1:{port} ssl http2; ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
    root {folder}/www;
    location = /fhir/$export {{ add_header Content-Location https://127.0.0.1:{port}/status-fast.json always; return 202; }}
    location = /slow/$export {{ add_header Content-Location https://127.0.0.1:{port}/status-slow.json always; return 202; }}
    location = /few/$export {{ add_header Content-Location https://127.0.0.1:{port}/status-few.json always; return 202; }}
    location /fast/ {{ gzip_static on; }}
    location /slow/ {{ limit_rate 20m; }}
    location /few/ {{ gzip on; gzip_types application/fhir+ndjson; limit_req zone=few burst=5 nodelay; }}
  }}
}}
"""


def line(r, i):
    return ('{"resourceType":"Observation","id":"%d","status":"final","code":{"coding":[{"system":"http://loinc.org",'
            '"code":"2857-1","display":"PSA"}]},"subject":{"reference":"Patient/%d"},"effectiveDateTime":"2026-0%d-%02d",'
            '"valueQuantity":{"value":%.2f,"unit":"ng/mL","system":"http://unitsofmeasure.org","code":"ng/mL"},'
            '"note":[{"text":"%x"}]}\n' % (i, r.randint(1, 20000), r.randint(1, 9), r.randint(1, 28), r.random() * 50,
                                           r.getrandbits(400))).encode()


class Nginx:
    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            self.port = s.getsockname()[1]
        service.make_ca(folder)
        service.make_certificate(folder, 'server')
        with open(folder + '/nginx.conf', 'w') as f:
            f.write(CONF.format(folder=folder, port=self.port))
        self.url = 'https://127.0.0.1:%d' % self.port
        r = random.Random(1)
        self.bodies = [b''.join(line(r, i) for i in range(LINES)) for _ in range(FILES)]
        for name in ('fast', 'slow', 'few'):
            os.makedirs('%s/www/%s' % (folder, name))
        for i, body in enumerate(self.bodies):
            self.write('fast/%d.ndjson' % i, body)
            with gzip.open('%s/www/fast/%d.ndjson.gz' % (folder, i), 'wb', 6) as f:
                f.write(body)
        self.write('slow/0.ndjson', self.bodies[0] * 3)
        for i in range(200):
            self.write('few/%d.ndjson' % i, line(r, i))
        self.manifest('fast', [LINES] * FILES)
        self.manifest('slow', [LINES * 3])
        self.manifest('few', [1] * 200)
        self.process = subprocess.Popen(['nginx', '-p', folder, '-c', folder + '/nginx.conf'],
                                        stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def write(self, name, body):
        with open('%s/www/%s' % (self.folder, name), 'wb') as f:
            f.write(body)

    def manifest(self, name, counts):
        self.write('status-%s.json' % name, json.dumps({
            'transactionTime': '2026-11-24T02:00:00Z', 'requiresAccessToken': False, 'output': [
                {'type': 'Observation', 'url': '%s/%s/%d.ndjson' % (self.url, name, i), 'count': n}
                for i, n in enumerate(counts)]}).encode())


def start(fetch, nginx, base, folder, *more):
    return subprocess.Popen([fetch, folder, nginx.url + base, 'system', 'get=1', 'ca=%s/ca.pem' % nginx.folder, *more],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def throughput(fetch, nginx, parallel):
    with tempfile.TemporaryDirectory() as work:
        began = time.time()
        p = start(fetch, nginx, '/fhir', work, 'parallel=%d' % parallel)
        out, said = p.communicate()
        ours = time.time() - began
        r = json.loads(out) if p.returncode == 0 else sys.exit(said)
        assert (r['failed'], r['lines']) == (0, FILES * LINES), said
        began = time.time()
        urls = [x for i in range(FILES) for x in ('-o', '%s/c%d' % (work, i), '%s/fast/%d.ndjson' % (nginx.url, i))]
        subprocess.run(['curl', '-s', '--compressed', '--cacert', nginx.folder + '/ca.pem', '--parallel',
                        '--parallel-max', str(parallel), *urls], check=True, stderr=subprocess.DEVNULL)
        os.sync()
        theirs = time.time() - began
    print('parallel %d: %.0f MB/s, %.0f resources/s verified and synced; curl %.0f MB/s; ratio %.2f' % (
        parallel, r['bytes'] / ours / 1e6, r['lines'] / ours, r['bytes'] / theirs / 1e6, theirs / ours), flush=True)


def resume(fetch, nginx):
    kills, total = 0, nginx.bodies[0] * 3
    with tempfile.TemporaryDirectory() as work:
        part = work + '/0-0-Observation.ndjson.part'
        for at in (0.2, 0.5, 0.9):
            p = start(fetch, nginx, '/slow', work)
            while p.poll() is None and not (os.path.exists(part) and os.path.getsize(part) > at * len(total)):
                time.sleep(0.002)
            kills += p.poll() is None
            p.send_signal(signal.SIGKILL)
            p.communicate()
        p = start(fetch, nginx, '/slow', work)
        out, said = p.communicate()
        assert p.returncode == 0, said
        with open(work + '/0-0-Observation.ndjson', 'rb') as f:
            same = f.read() == total
    with open(nginx.folder + '/access.log') as f:
        partial = sum('/slow/0.ndjson' in x and ' 206 ' in x for x in f)
    print('killed %d times in the middle of %.0f MB: bytes %s, %d answers 206' % (
        kills, len(total) / 1e6, 'equal' if same else 'DIFFER', partial), flush=True)
    return same and partial == kills


def limited(fetch, nginx):
    with tempfile.TemporaryDirectory() as work:
        began = time.time()
        p = start(fetch, nginx, '/few', work, 'parallel=10', 'retry-ms=6000')
        out, said = p.communicate()
        r = json.loads(out) if p.returncode == 0 else sys.exit(said)
    with open(nginx.folder + '/access.log') as f:
        busy = sum('/few/' in x and ' 429 ' in x for x in f)
    print('40 requests a second allowed: 200 files in %.1f s, %d failed, %d answers 429' % (
        time.time() - began, r['failed'], busy), flush=True)
    return r['failed'] == 0


def main():
    if shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin') is None:
        sys.exit(77)
    os.environ['PATH'] += ':/usr/sbin'
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        nginx = Nginx(folder)
        try:
            for parallel in (1, 3, 3):
                throughput(sys.argv[1], nginx, parallel)
            ok = resume(sys.argv[1], nginx)
            ok = limited(sys.argv[1], nginx) and ok
        finally:
            nginx.process.terminate()
            nginx.process.wait()
    sys.exit(not ok)


if __name__ == '__main__':
    main()
