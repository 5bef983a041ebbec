#!/usr/bin/python3
"""Posts per second from a full outbox to nginx, and h2load with the same posts.  usage: bench_post.py SALVOR

Both over one connection, TLS 1.3 and HTTP/2, sixteen posts at a time.  The poster also writes down what became of each
post; h2load remembers nothing.  Exit 77 without nginx or h2load.
"""
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

SALVOR = sys.argv[1]
ROOT = os.environ['SALVOR_SOURCE_ROOT']
sys.path.insert(0, os.path.join(ROOT, 'tests/support'))
from service import Service, vignette  # noqa: E402

POSTS, STREAMS = 5000, 16

if shutil.which('nginx') is None or shutil.which('h2load') is None:
    print('nginx or h2load is not installed')
    sys.exit(77)


def start_nginx(folder, port):
    with open(folder + '/nginx.conf', 'w') as f:
        f.write('''daemon off; user root; worker_processes 1; pid %(f)s/nginx.pid; error_log %(f)s/nginx.err;
events {}
http {
  access_log off; keepalive_requests 100000000; http2_max_requests 100000000; http2_max_concurrent_streams 128;
  client_max_body_size 8m; client_body_buffer_size 1m;
  client_body_temp_path %(f)s/b; proxy_temp_path %(f)s/p; fastcgi_temp_path %(f)s/1; uwsgi_temp_path %(f)s/2;
  scgi_temp_path %(f)s/3;
  upstream sink { server unix:%(f)s/sink; keepalive 32; }
  server { listen unix:%(f)s/sink; location / { return 204; } }
  server {
    listen 127.0.0.1:%(p)d ssl http2;
    ssl_certificate %(f)s/server.pem; ssl_certificate_key %(f)s/server.key; ssl_protocols TLSv1.3;
    # Answered at once, nginx resets the stream before it has read the post.
    location / { proxy_pass http://sink; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
''' % {'f': folder, 'p': port})
    p = subprocess.Popen(['nginx', '-c', folder + '/nginx.conf', '-p', folder], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    return p


def fill(service):
    """POSTS rows of as many patients, from the one that is there."""
    db = sqlite3.connect(service.store)
    with db:
        db.execute('WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO outbox('
                   'destination, patient, message, decision, correlation, body, size, created, due) SELECT destination,'
                   ' i, message, decision, correlation, body, size, created, 0 FROM outbox, n', (POSTS,))
        db.execute('UPDATE outbox SET state = 0, due = 0, attempts = 0')
    db.close()


def run(service, nginx_port):
    conf = ('destination "nginx" {\n\turl = "https://localhost:%d/fhir"\n\tca = "{folder}/ca.pem"\n'
            '\tconcurrency = %d\n}\n' % (nginx_port, STREAMS))
    service.write_conf(conf)
    service.start()
    service.post('/fhir', vignette('V013'))
    body = service.run('outbox', 'show', '1')[1]
    with open(service.path('body.json'), 'w') as f:
        f.write(body)
    service.term()
    fill(service)
    nginx = start_nginx(service.folder, nginx_port)
    try:
        begin = time.time()
        service.start()
        memory = 0
        while service.sql('SELECT count(*) FROM outbox WHERE state <> 2')[0][0] > 0:
            memory = max(memory, service.memory())
            time.sleep(0.1)
            if time.time() - begin > 60:
                raise SystemExit('not drained: %r' % service.sql(
                    'SELECT state, status, reason, count(*) FROM outbox GROUP BY 1, 2, 3'))
        ours = POSTS / (time.time() - begin)
        out = subprocess.run(['h2load', '-n', str(POSTS), '-c', '1', '-m', str(STREAMS), '-d',
                              service.path('body.json'), '-H', 'content-type: application/fhir+json',
                              'https://localhost:%d/fhir' % nginx_port], capture_output=True, text=True).stdout
        theirs = float(re.search(r'([\d.]+) req/s', out).group(1))
        attempts = service.sql('SELECT max(attempts), count(*) FROM outbox WHERE state = 2')[0]
    finally:
        nginx.send_signal(signal.SIGTERM)
        nginx.wait()
    print('%d posts of %d bytes: poster %.0f/s, h2load %.0f/s, ratio %.2f; attempts at most %d; %.0f MiB resident'
          % (attempts[1], len(body), ours, theirs, ours / theirs, attempts[0], memory / 2**20))


with socket.socket() as s:
    s.bind(('127.0.0.1', 0))
    port = s.getsockname()[1]
with Service(SALVOR, start=False) as service:
    run(service, port)
