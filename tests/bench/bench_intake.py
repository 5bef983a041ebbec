#!/usr/bin/env python3
"""Durable intake over TLS, 32 connections, against the store's own commit rate and nginx, in the same run.

usage: bench_intake.py SALVOR [SECONDS], or --body BYTES to print what is sent (for bench_apply).  Every post says
something new and is remembered, decided and on disk before it is answered: a Bundle of a new patient, of 10 and of
100 KB; then single results, each added to one of a hundred patients, who are decided from all they have.  The store's
own rate: the same rows, written by SQLite alone with the same settings, as many messages a commit as the service had.
nginx answers the same posts 200 and keeps nothing.
"""
import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ['SALVOR_SOURCE_ROOT'], 'tests/support'))
from service import Service, vignette  # noqa: E402

SALVOR, SECONDS = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else '5'
HERE = os.path.dirname(os.path.abspath(__file__))
CONNECTIONS, IDLE = 32, 500


def body(size):
    """A case in about size bytes, with @ where the patient's name goes; the rest are vital signs nobody asks for."""
    bundle = vignette('V013')
    text = json.dumps(bundle['entry']).replace('pat-v013', 'pat-@').replace('"V013"', '"@"')
    for i in range(1, 30):
        text = text.replace('/e%d"' % i, '/@-e%d"' % i).replace('"id": "e%d"' % i, '"id": "@-e%d"' % i)
    entries = json.loads(text)
    n = 0
    while len(json.dumps(entries)) < size:
        n += 1
        entries.append({'fullUrl': 'https://ehr.example/fhir/Observation/@-v%d' % n, 'resource': {
            'resourceType': 'Observation', 'id': '@-v%d' % n, 'status': 'final', 'category': [{'coding': [{
                'system': 'http://terminology.hl7.org/CodeSystem/observation-category', 'code': 'vital-signs'}]}],
            'code': {'coding': [{'system': 'http://loinc.org', 'code': '8867-4', 'display': 'Heart rate'}]},
            'subject': {'reference': 'https://ehr.example/fhir/Patient/pat-@'}, 'effectiveDateTime': '2025-01-02',
            'valueQuantity': {'value': 60 + n % 40, 'unit': '/min', 'system': 'http://unitsofmeasure.org',
                              'code': '/min'}}})
    return json.dumps({'resourceType': 'Bundle', 'type': 'collection', 'entry': entries})


def result():
    """One more PSA of one of the patients that prepare() made."""
    return json.dumps({'resourceType': 'Observation', 'id': '@-psa', 'status': 'final', 'code': {'coding': [{
        'system': 'http://loinc.org', 'code': '2857-1'}]}, 'subject': {
            'reference': 'https://ehr.example/fhir/Patient/pat-~'}, 'effectiveDateTime': '2025-06-07',
        'valueQuantity': {'value': 0.3, 'unit': 'ng/mL', 'system': 'http://unitsofmeasure.org', 'code': 'ng/mL'}})


def prepare(service):
    text = body(10000)
    for i in range(100):
        answer = service.post('/fhir', text.replace('@', str(i)), headers={'Authorization': 'Bearer bench'},
                              client=None)
        assert answer.status == 200, answer.text()


def load(port, path, run):
    out = subprocess.run(['wrk', '-t1', '-c%d' % CONNECTIONS, '-d%ss' % SECONDS, '-s', os.path.join(HERE, 'post.lua'),
                          'https://127.0.0.1:%d' % port], capture_output=True, text=True,
                         env=dict(os.environ, BENCH_BODY=path, BENCH_RUN=run)).stdout
    requests, errors, seconds, p50, p99 = [x for x in out.splitlines() if x.startswith('RESULT')][0].split()[1:]
    assert int(errors) == 0, out
    return int(requests) / float(seconds), float(p50), float(p99)


def nginx(service):
    """nginx with the service's certificate, on a port that was free."""
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    conf = service.path('nginx.conf')
    with open(conf, 'w') as f:
        f.write('''daemon off; pid %(f)s/nginx.pid; error_log %(f)s/nginx.log; worker_processes 2;
events {} http { access_log off; client_max_body_size 1m; client_body_temp_path %(f)s; keepalive_requests 1000000;
server { listen 127.0.0.1:%(p)d ssl; ssl_certificate %(f)s/server.pem; ssl_certificate_key %(f)s/server.key;
location / { return 200 "ok"; } } }
''' % {'f': service.folder, 'p': port})
    process = subprocess.Popen(['nginx', '-c', conf, '-p', service.folder], stderr=subprocess.DEVNULL)
    time.sleep(0.7)
    return process, port


def alone(service, group):
    """Messages a second when SQLite writes the same rows by itself."""
    source = sqlite3.connect(service.store)
    path = service.path('alone.db')
    db = sqlite3.connect(path, isolation_level=None)
    for setting in ('journal_mode = WAL', 'synchronous = FULL', 'cache_size = -32768', 'wal_autocheckpoint = 4000'):
        db.execute('PRAGMA ' + setting)
    for sql, in source.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"):
        db.execute(sql)
    tables = []
    for name, by in (('message', 'id'), ('patient', 'id'), ('patient_name', 'patient'), ('resource', 'message'),
                     ('guidance', 'message'), ('outbox', 'message')):
        rows = {}
        for row in source.execute('SELECT %s, * FROM %s LIMIT 100000' % (by, name)):
            rows.setdefault(row[0], []).append(row[1:])
        width = len(next(iter(rows.values()))[0]) if rows else 0
        tables.append(('INSERT INTO %s VALUES(%s)' % (name, ','.join('?' * width)), rows))
    ids = sorted(tables[0][1])[:3000]
    start = time.time()
    for i in range(0, len(ids), group):
        db.execute('BEGIN IMMEDIATE')
        for m in ids[i:i + group]:
            for sql, rows in tables:
                if m in rows:
                    db.executemany(sql, rows[m])
        db.execute('COMMIT')
    rate = len(ids) / (time.time() - start)
    db.close()
    os.unlink(path)
    return rate


def idle(service):
    before = service.memory()
    open_now = [service.connect(client=None) for _ in range(IDLE)]
    for c in open_now:
        c.request('GET', '/livez')
        c.getresponse().read()
    after = service.memory()
    for c in open_now:
        c.close()
    return (after - before) / IDLE


def bench(size, text, what):
    token = hashlib.sha256(b'bench').hexdigest()
    conf = 'client "bench" {\n\ttoken-sha256 = "%s"\n\tmay = {write}\n}\nthreads = 2\nmax-connections = 2000\n'
    with Service(SALVOR, conf % token) as service:
        path = service.path('body')
        with open(path, 'w') as f:
            f.write(text)
        if size == 0:
            prepare(service)
        rate, p50, p99 = load(service.port, path, 'a')
        print('%s, %d connections: %.0f messages/s, p50 %.1f ms, p99 %.1f ms' % (what, CONNECTIONS, rate, p50, p99))
        if size == 10000:
            print('an idle connection: %.1f KiB' % (idle(service) / 1024))
        process, port = nginx(service)
        ceiling, q50, q99 = load(port, path, 'b')
        process.terminate()
        process.wait()
        own = alone(service, CONNECTIONS // 2)
        print('nginx, nothing kept: %.0f posts/s, p99 %.1f ms; SQLite alone: %.0f messages/s; of the lower: %.2f' % (
            ceiling, q99, own, rate / min(own, ceiling)))



if SALVOR == '--body':
    print(body(int(SECONDS)), end='')
    sys.exit()
for n in (10000, 100000):
    bench(n, body(n), '%d KB' % (n // 1000))
bench(0, result(), 'a result more')
