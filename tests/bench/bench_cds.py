#!/usr/bin/python3
"""bench_cds.py SALVOR: CDS Hooks calls with 60 prefetched resources, over TLS, each with a token of its own.

wrk loads Salvor at 500 requests a second and as fast as it can; in the same run nginx answers the same requests with
the same bytes, without looking at them: what TLS and HTTP alone cost.  The load runs on the same machine, so processor
time per request is given too, that of the server and that of wrk; it depends little on what else runs.  What two
processors could do if nothing else ran is reckoned from their sum.
"""
import datetime
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../support'))
from cds import Ehr, Key, case, request  # noqa: E402
from service import Service  # noqa: E402

SECONDS = 4
BASE = 'https://salvor.example.org'
PATH = '/cds-services/salvor-patient-view'


def body_of_60():
    """The case V013 with PSA values of long ago: 60 resources."""
    resources = case('V013')
    model = next(r for r in resources if r['resourceType'] == 'Observation'
                 and '2857-1' in json.dumps(r.get('code')))
    day = datetime.date.today() - datetime.timedelta(days=900)
    for i in range(60 - len(resources)):
        more = dict(model, id='old%d' % i, effectiveDateTime=str(day - datetime.timedelta(days=7 * i)),
                    valueQuantity=dict(model['valueQuantity'], value=0.01))
        resources.append(more)
    return json.dumps(request(resources))


def cpu_s(pid):
    """Processor time of a process and its children that live, in seconds."""
    total = 0
    for p in [pid] + [int(c) for c in open('/proc/%d/task/%d/children' % (pid, pid)).read().split()]:
        fields = open('/proc/%d/stat' % p).read().rsplit(')', 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf('SC_CLK_TCK')


def wrk_s():
    """Processor time of the children that have ended, wrk among them."""
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return r.ru_utime + r.ru_stime


def load(port, tokens, body, pid, pause_ms=0, connections=16, threads=2):
    env = dict(os.environ, SALVOR_TOKENS=tokens, SALVOR_BODY=body, SALVOR_THREADS=str(threads),
               SALVOR_PAUSE_MS=str(pause_ms))
    before, wrk_before = cpu_s(pid), wrk_s()
    out = subprocess.run(['wrk', '-t%d' % threads, '-c%d' % connections, '-d%ds' % SECONDS, '--latency', '-s',
                          os.path.join(HERE, 'cds.lua'), 'https://127.0.0.1:%d' % port], env=env, capture_output=True,
                         text=True)
    used, wrk = cpu_s(pid) - before, wrk_s() - wrk_before
    line = next(x for x in out.stdout.splitlines() if x.startswith('RESULT')).split()
    n, bad, us, p50, p99, most = (float(x) for x in line[1:])
    return {'rate': n / us * 1e6, 'bad': int(bad), 'p50': p50 / 1000, 'p99': p99 / 1000, 'max': most / 1000,
            'cpu': used / n * 1e6, 'wrk': wrk / n * 1e6}


def show(name, r):
    print('%-28s %6.0f/s  p50 %6.2f ms  p99 %7.2f ms  max %7.1f ms  processor %4.0f us, wrk %4.0f us: two alone %5.0f/s'
          '  %d not 200  load %.1f' % (name, r['rate'], r['p50'], r['p99'], r['max'], r['cpu'], r['wrk'],
                                      2e6 / (r['cpu'] + r['wrk']), r['bad'], os.getloadavg()[0]), flush=True)


def nginx(service, folder, answer):
    path = os.path.join(folder, 'nginx.conf')
    port = service.port + 1 if service.port < 65000 else service.port - 1
    os.mkdir(os.path.join(folder, 'html'))
    os.makedirs(os.path.join(folder, 'html/cds-services'))
    with open(os.path.join(folder, 'html/cds-services/salvor-patient-view'), 'wb') as f:
        f.write(answer)
    with open(path, 'w') as f:
        f.write('''user root; worker_processes 2; daemon off; pid %(d)s/pid; error_log %(d)s/error.log;
events { worker_connections 1024; }
http { access_log off; client_body_buffer_size 1m; client_body_temp_path %(d)s/body; keepalive_requests 1000000;
server { listen 127.0.0.1:%(p)d ssl; ssl_certificate %(s)s/server.pem; ssl_certificate_key %(s)s/server.key;
ssl_protocols TLSv1.2 TLSv1.3; root %(d)s/html; error_page 405 =200 $uri; default_type application/json; } }
''' % {'d': folder, 'p': port, 's': service.folder})
    process = subprocess.Popen(['nginx', '-c', path, '-e', os.path.join(folder, 'error.log')])
    time.sleep(1)
    return process, port


def main():
    for tool in ('wrk', 'nginx'):
        if shutil.which(tool) is None:
            print('%s is not installed' % tool)
            return 77
    body = body_of_60()
    with tempfile.TemporaryDirectory() as folder, Service(sys.argv[1], start=False) as service:
        keys = {alg: Key(alg, alg) for alg in ('RS384', 'ES384')}
        with open(service.path('bench.jwks'), 'w') as f:
            json.dump({'keys': [k.jwk for k in keys.values()]}, f)
        service.write_conf('cds { base = {"%s"} }\ncds-client "bench" {\n\tissuer = "bench"\n'
                           '\tjwks = "{folder}/bench.jwks"\n\tmax-life = 3600\n}\n' % BASE)
        service.start()
        answer = Ehr(service, keys['RS384'], 'bench').call(json.loads(body))
        assert answer.status == 200 and answer.json()['cards'], answer.text()
        body_file = os.path.join(folder, 'body')
        with open(body_file, 'w') as f:
            f.write(body)
        print('%d resources, %d bytes in, %d bytes out; %d processors' % (60, len(body), len(answer.body),
                                                                         os.cpu_count()))

        def tokens(alg, n):
            path = os.path.join(folder, alg + str(time.time()))
            exp = int(time.time()) + 3000
            with open(path, 'w') as f:
                for _ in range(n):
                    f.write(keys[alg].token(iss='bench', aud=BASE + PATH, exp=exp) + '\n')
            return path

        pid = service.process.pid
        for alg in ('RS384', 'ES384'):
            show('Salvor, %s, 500/s' % alg, load(service.port, tokens(alg, 600 * SECONDS), body_file, pid, 32))
            show('Salvor, %s, saturated' % alg, load(service.port, tokens(alg, 8000 * SECONDS), body_file, pid))
        process, port = nginx(service, folder, answer.body)
        try:
            some = tokens('RS384', 100)
            service.port = port
            same = Ehr(service, keys['RS384'], 'bench').call(json.loads(body))
            assert same.status == 200 and same.body == answer.body, same.status
            show('nginx, same bytes, 500/s', load(port, some, body_file, process.pid, 32))
            show('nginx, same bytes, saturated', load(port, some, body_file, process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    return 0


if __name__ == '__main__':
    sys.exit(main())
