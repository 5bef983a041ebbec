"""Access tokens of an issuer, signed with openssl alone; and the issuer's address for its keys."""
import base64
import http.server
import json
import os
import ssl
import subprocess
import threading
import time

from service import openssl


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b'=').decode()


def raw_of_der(der, half=48):
    """An ECDSA signature as a JWS has it: r and s side by side (RFC 7518 section 3.4)."""
    at, numbers = 3 if der[1] & 0x80 else 2, []
    for _ in range(2):
        n = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + n], 'big').to_bytes(half, 'big'))
        at += 2 + n
    return b''.join(numbers)


class Key:
    """A P-384 key pair in folder, of name kid."""

    def __init__(self, folder, kid):
        self.kid = kid
        self.path = os.path.join(folder, kid + '.p384.pem')
        openssl(folder, 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384', '-out', self.path)

    def jwk(self):
        der = subprocess.run(['openssl', 'pkey', '-in', self.path, '-pubout', '-outform', 'DER'], check=True,
                             capture_output=True).stdout
        return {'kty': 'EC', 'crv': 'P-384', 'kid': self.kid, 'use': 'sig', 'x': b64(der[-96:-48]), 'y': b64(der[-48:])}

    def public_pem(self):
        return subprocess.run(['openssl', 'pkey', '-in', self.path, '-pubout'], check=True, capture_output=True).stdout

    def sign(self, claims, header=None):
        header = dict({'alg': 'ES384', 'typ': 'JWT', 'kid': self.kid}, **(header or {}))
        text = '%s.%s' % tuple(b64(json.dumps(x).encode()) for x in (header, claims))
        der = subprocess.run(['openssl', 'dgst', '-sha384', '-sign', self.path], input=text.encode(), check=True,
                             capture_output=True).stdout
        return '%s.%s' % (text, b64(raw_of_der(der)))


def jwks(*keys):
    return json.dumps({'keys': [k.jwk() for k in keys]})


def claims(**more):
    """Good ones; None leaves a claim out."""
    now = int(time.time())
    c = dict({'iss': 'https://idp.example', 'aud': 'https://salvor.example/fhir', 'client_id': 'engine', 'iat': now,
              'exp': now + 300, 'jti': b64(os.urandom(16)), 'scope': 'system/*.cruds'}, **more)
    return {k: v for k, v in c.items() if v is not None}


class KeyServer:
    """The issuer's keys over HTTPS; answer is the body, or None for 503."""

    def __init__(self, folder):
        self.answer, self.asked = None, 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = (outer.answer or '').encode()
                self.send_response(200 if outer.answer else 503)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, 'server.pem'), os.path.join(folder, 'server.key'))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = 'https://localhost:%d/jwks' % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
