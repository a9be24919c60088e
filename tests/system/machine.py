"""A machine of a test's own, inside the laboratory: its /etc files, its name servers, its NSS modules."""

import os
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from conftest import PATIENCE_S

FILES = {  # as the laboratory has them
    "resolv.conf": "nameserver 127.0.0.1\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost\n192.0.2.7 only-in-hosts.zz\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
}
SCRIPT = """
for f in "$FOLDER"/*; do
    [ -d "$f" ] || { [ -e "/etc/${f##*/}" ] || touch "/etc/${f##*/}"; mount --bind "$f" "/etc/${f##*/}" || exit 125; }
done
for f in "$FOLDER"/run/*; do
    [ ! -e "$f" ] || { mkdir -p "/run/${f##*/}" && mount --bind "$f" "/run/${f##*/}" || exit 125; }
done
exec "$@"
"""


def modules() -> Path:
    """The folder of the fake NSS modules, beside the hark that is tested."""
    return Path(shutil.which("hark")).resolve().parent.parent.parent / "tests"


class Machine:
    """run("hark", …) with files of its own in /etc, in a mount namespace. run: files below /run."""

    def __init__(self, run: dict[str, str] | None = None, **files: str):
        self.folder = Path(tempfile.mkdtemp(dir="/run"))
        for name, text in (run or {}).items():
            (self.folder / "run" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / "run" / name).write_text(text)
        for name, text in (FILES | {k.replace("_", "."): v for k, v in files.items()}).items():
            (self.folder / name).write_text(text)

    def start(self, *command: str, env=None, **more) -> subprocess.Popen:
        env = os.environ | {"FOLDER": str(self.folder), "LD_LIBRARY_PATH": str(modules())} | (env or {})
        more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | more
        return subprocess.Popen(["unshare", "-m", "sh", "-c", SCRIPT, "sh", *command], env=env, **more)

    def run(self, *command: str, env=None) -> subprocess.CompletedProcess:
        process = self.start(*command, env=env)
        out, errors = process.communicate(timeout=3 * PATIENCE_S)
        return subprocess.CompletedProcess(command, process.returncode, out, errors)


class Server:
    """A name server that says what it is told: {"name type": [data, …]}; other names do not exist. UDP alone."""

    def __init__(self, address: str, records: dict[str, list[str]], rcode=None, ede=None, truncated=False):
        self.records, self.rcode, self.ede, self.truncated = records, rcode, ede, truncated
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                data, sock = self.request
                sock.sendto(outer.reply(dns.message.from_wire(data)).to_wire(), self.client_address)

        self.address = address
        subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)
        kind = type("Kind", (socketserver.UDPServer,), {"address_family": socket.AF_INET, "allow_reuse_address": True})
        self.server = kind((address, 53), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def reply(self, query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        data = self.records.get(f"{name} {dns.rdatatype.to_text(question.rdtype)}")
        if data:
            reply.answer.append(dns.rrset.from_text(question.name, 300, "IN", question.rdtype, *data))
        elif not any(key.split()[0] == name for key in self.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        if not data and "SOA" in self.records:  # how long that is remembered
            reply.authority.append(dns.rrset.from_text(*self.records["SOA"]))
        if self.rcode:
            reply.set_rcode(self.rcode)
        if self.truncated:
            reply.flags |= dns.flags.TC
        if self.ede:
            reply.use_edns(0, payload=1232, options=[dns.edns.EDEOption(*self.ede)])
        return reply

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        subprocess.run(["ip", "addr", "del", f"{self.address}/32", "dev", "lo"], check=True)
