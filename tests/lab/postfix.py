"""Debian's Postfix, unpacked and never installed, in namespaces of its own: where does it deliver to?

    unshare -m python3 tests/lab/postfix.py FOLDER          run by Postfix() below: mounts, then becomes `postfix start-fg`

Its /usr is the unpacked one over the machine's, its /etc a copy of ours in memory with its users; both in that mount namespace alone. It asks the
laboratory's name server, and delivers to sinks at port 25 of the addresses given, which turn every message away for now, so that it goes
through all of its plan.
"""

import contextlib
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
UNPACKED = TOP / "build/peers/postfix"
PATIENCE_S = 30
MAIL, DROP = 65501, 65502  # user postfix, group postdrop
# With an unvalidated MX its default asks for more than RFC 7672 2.2.1: TLSA of whatever host that MX names.
SERVICES = """
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
dane unix - - n - - smtp -o smtp_tls_security_level=dane -o smtp_tls_dane_insecure_mx_policy=may -o smtp_dns_support_level=dnssec
retry unix - - n - - error
error unix - - n - - error
discard unix - - n - - discard
scache unix - - n - 1 scache
"""
SETTINGS = """
compatibility_level = 3.6
mail_owner = postfix
setgid_group = postdrop
maillog_file = /dev/stdout
myhostname = sender.test
mydestination =
mynetworks = 127.0.0.1/32
alias_maps =
inet_interfaces = loopback-only
inet_protocols = all
smtp_host_lookup = dns
smtp_dns_support_level = enabled
smtp_tls_security_level = none
smtp_address_preference = ipv6
smtp_balance_inet_protocols = no
smtp_mx_address_limit = 0
smtp_mx_session_limit = 0
smtp_connect_timeout = 5s
"""


def is_possible() -> str:
    """"" or why not."""
    if not UNPACKED.is_dir():
        return "Postfix is not unpacked: tests/lab/unpack postfix"
    if os.geteuid() != 0 or Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]:
        return "Postfix needs users of its own: the laboratory must be root's"
    return ""


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def start(folder: Path, settings: str) -> None:
    """In a mount namespace of its own."""
    ours = {name: Path("/etc", name).read_text() for name in ("resolv.conf", "hosts", "nsswitch.conf", "passwd", "group")}
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "-o", "mode=755", "postfix", str(folder))
    for name in ("upper", "work", "spool", "data"):
        (folder / name).mkdir()
    mount("-t", "overlay", "-o", f"lowerdir={UNPACKED}/usr:/usr", "overlay", "/usr")
    mount("-t", "overlay", "-o", f"lowerdir=/etc,upperdir={folder}/upper,workdir={folder}/work", "overlay", "/etc")
    ours["passwd"] += f"postfix:x:{MAIL}:{MAIL}::/nonexistent:/usr/sbin/nologin\n"
    ours["group"] += f"postfix:x:{MAIL}:\npostdrop:x:{DROP}:\n"
    for name, text in ours.items():
        Path("/etc", name).unlink(missing_ok=True)
        Path("/etc", name).write_text(text)
    conf = Path("/etc/postfix")
    conf.mkdir(exist_ok=True)
    for name in ("postfix-files", "dynamicmaps.cf"):
        (conf / name).touch()
    os.chown(folder / "data", MAIL, 0)
    for name in "active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved trace".split():
        mode, group = {"maildrop": (0o730, DROP), "public": (0o710, DROP), "pid": (0o755, 0)}.get(name, (0o700, 0))
        (folder / "spool" / name).mkdir()
        os.chown(folder / "spool" / name, 0 if name == "pid" else MAIL, group)
        (folder / "spool" / name).chmod(mode)
    (conf / "main.cf").write_text(settings)
    (conf / "master.cf").write_text(SERVICES.strip() + "\n")
    os.execv("/usr/sbin/postfix", ["postfix", "start-fg"])


class Sinks:
    """Port 25 of each address: says 451 to every sender, and remembers who came in which order."""

    def __init__(self, addresses: list[str]):
        self.seen: dict[str, list[str]] = {}  # sender: addresses in order
        self.listeners = []
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            listener = socket.create_server((address, 25), family=family)
            self.listeners.append(listener)
            threading.Thread(target=self.accept, args=[listener, address], daemon=True).start()

    def accept(self, listener, address: str):
        with contextlib.suppress(OSError):
            while True:
                stream, _ = listener.accept()
                threading.Thread(target=self.talk, args=[stream, address], daemon=True).start()

    def talk(self, stream, address: str):
        with contextlib.suppress(OSError), stream, stream.makefile("rwb") as lines:
            stream.settimeout(PATIENCE_S)
            lines.write(b"220 sink ESMTP\r\n")
            lines.flush()
            for line in lines:
                verb = line[:4].upper()
                if verb == b"MAIL":
                    sender = re.search(rb"<(.*?)@", line)
                    self.seen.setdefault(sender[1].decode() if sender else "", []).append(address)
                    lines.write(b"451 4.7.1 not now\r\n")
                else:
                    lines.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 sink\r\n")
                lines.flush()
                if verb == b"QUIT":
                    return

    def close(self):
        for listener in self.listeners:
            listener.close()


class Postfix:
    def __init__(self, addresses: list[str], dane_domains=()):
        folder = Path("/run/postfix")  # the laboratory's; its own user must get there
        folder.mkdir(exist_ok=True)
        self.log = ""
        self.sinks = Sinks(addresses)
        transports = " ".join(["{ sender.test = discard: }", *(f"{{ {d} = dane: }}" for d in dane_domains)])
        settings = SETTINGS + f"queue_directory = {folder}/spool\ndata_directory = {folder}/data\ntransport_maps = inline:{{ {transports} }}\n"
        self.process = subprocess.Popen(["unshare", "-m", sys.executable, "-B", __file__, str(folder), settings], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.wait_for(lambda: "daemon started" in self.log)

    def wait_for(self, done):
        end = time.monotonic() + PATIENCE_S
        while not done():
            assert self.process.poll() is None and time.monotonic() < end, f"Postfix:\n{self.log}"
            if self.selector.select(0.2):
                self.log += os.read(self.process.stdout.fileno(), 65536).decode(errors="replace")

    def enter(self, *command: str, text: str):
        return subprocess.run(["nsenter", "-m", "-t", str(self.process.pid), *command], input=text, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=True)

    def send(self, sender: str, recipient: str):
        self.enter("/usr/sbin/sendmail", "-f", f"{sender}@sender.test", recipient, text="Subject: x\n\nx\n")

    def status(self, recipient: str) -> tuple[str, str] | None:
        """("bounced" | "deferred" | "sent", why) of its first attempt."""
        found = re.search(rf"to=<{re.escape(recipient)}>.*? status=(\w+) \((.*)\)$", self.log, re.MULTILINE)
        return (found[1], found[2]) if found else None

    def close(self):
        self.sinks.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.stdout.close()


if __name__ == "__main__":
    start(Path(sys.argv[1]), sys.argv[2])
