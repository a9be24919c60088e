"""RDAP, MTA-STS and WHOIS servers of a test's own, under the names of the real ones: each name gets an address of the laboratory, and a line
in the laboratory's hosts file while they run.

What an RDAP server says to a path is (status, body) or a function of the connection; a WHOIS server answers a line with bytes or a function.
"""

import contextlib
import datetime
import http.server
import ipaddress
import os
import socketserver
import ssl
import subprocess
import threading
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SHAPES = Path(__file__).resolve().parent.parent / "registries"
FIRST = ipaddress.ip_address("203.0.113.200")
RDAP_TYPE = "application/rdap+json"
LONG_S = 30  # a hostile server stops by itself then


def shape(name: str) -> bytes:
    return (SHAPES / name).read_bytes()


def make_key():
    return ec.generate_private_key(ec.SECP256R1())


def certificate(subject: str, key, issuer: str, issuer_key, names=()):
    now = datetime.datetime.utcnow()
    name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
               .not_valid_after(now + datetime.timedelta(days=2))
               .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


class Authority:
    """A certificate authority, and a certificate for all the names."""

    def __init__(self, folder: Path, subject: str, names):
        folder.mkdir(exist_ok=True)
        ca_key, key = make_key(), make_key()
        self.ca, self.file = folder / "ca.pem", folder / "server.pem"
        self.ca.write_bytes(certificate(subject, ca_key, subject, ca_key).public_bytes(serialization.Encoding.PEM))
        self.file.write_bytes(certificate("server", key, subject, ca_key, names).public_bytes(serialization.Encoding.PEM) +
                              key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context


class Web(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: str, context: ssl.SSLContext, pages: dict):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                page = pages.get(handler.path, (404, b'{"errorCode": 404}'))
                if callable(page):
                    page(handler)
                else:
                    reply(handler, *page)

            def log_message(self, *_):
                pass

        super().__init__((address, 443), Handler)
        self.context = context

    def finish_request(self, request, client_address):  # in the thread of the connection: a handshake may hang
        with contextlib.suppress(OSError):
            request.settimeout(LONG_S)
            with self.context.wrap_socket(request, server_side=True) as stream:
                super().finish_request(stream, client_address)

    def handle_error(self, *_):
        pass


def reply(handler, status: int, body: bytes, kind: str = RDAP_TYPE, **headers):
    handler.send_response(status)
    for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


class Whois(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: str, answer):
        class Handler(socketserver.StreamRequestHandler):
            def handle(handler):
                with contextlib.suppress(OSError):
                    handler.request.settimeout(LONG_S)
                    said = answer(handler.rfile.readline(1024).decode("latin-1").strip(), handler)
                    handler.wfile.write(said or b"")

        super().__init__((address, 43), Handler)


def endless(write, piece: bytes = b"x" * 4096):
    end = time.monotonic() + LONG_S
    while time.monotonic() < end:
        write(piece)


def drip(write, piece: bytes = b" ", every_s: float = 0.2):
    end = time.monotonic() + LONG_S
    while time.monotonic() < end:
        write(piece)
        time.sleep(every_s)


class Registries:
    """pages: {host: {path: page}} over HTTPS; whois: {host: function of (line, handler)}; untrusted: hosts whose certificate nobody signed;
    elsewhere: {host: address} where nothing is started."""

    def __init__(self, folder: Path, pages: dict, whois: dict, untrusted=(), elsewhere={}):
        self.hosts = sorted(pages.keys() | whois.keys())
        self.addresses = {host: str(FIRST + n) for n, host in enumerate(self.hosts)}
        self.good = Authority(folder / "good", "Laboratory", self.hosts)
        bad = Authority(folder / "bad", "Nobody", self.hosts)
        self.hosts_file, self.kept = Path("/etc/hosts"), Path("/etc/hosts").read_text()
        batch = "".join(f"addr add {a}/32 dev lo\n" for a in self.addresses.values())
        subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
        self.servers = [Web(self.addresses[h], (bad if h in untrusted else self.good).context(), p) for h, p in pages.items()]
        self.servers += [Whois(self.addresses[h], answer) for h, answer in whois.items()]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        self.write_hosts(self.kept + "".join(f"{a} {h}\n" for h, a in (self.addresses | elsewhere).items()))
        self.env = os.environ | {"SSL_CERT_FILE": str(self.good.ca)}

    def write_hosts(self, text: str):
        with open(self.hosts_file, "r+") as f:  # in place: the file is mounted there
            f.write(text)
            f.truncate()

    def close(self):
        self.write_hosts(self.kept)
        for server in self.servers:
            server.shutdown()
            server.server_close()
        batch = "".join(f"addr del {a}/32 dev lo\n" for a in self.addresses.values())
        subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
