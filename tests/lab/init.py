"""The first process of the laboratory's namespaces: makes the network, starts the servers, runs a command.

    init.py PIPE [COMMAND...]

Everything lives on a tmpfs over /run (which also hides the machine's nscd, systemd and D-Bus sockets), below
/run/lab. When COMMAND ends, this process ends, and with it the kernel ends all others.

Environment: HARK_BUILD (folder with harkd and hark), LAB_NO_HARKD=1 (leave harkd out).
COMMAND gets: HARK_CONFIG, LAB_DIR, LAB_PID (this process as seen from outside), LAB_HARKD_PID, and PATH.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import internet
import knot
import peers

TOP = HERE.parent.parent
LAB = Path("/run/lab")
PATIENCE_S = 10
FAILED = 125  # the laboratory did not come up; as env and timeout use it

FILES = {
    "resolv.conf": "nameserver 127.0.0.1\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost\n192.0.2.7 only-in-hosts.zz\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
}
CONFIG = """\
# The laboratory's configuration: harkd and hark read it by HARK_CONFIG.
drop-privileges: no  # a user namespace may hold no user but root
"""
BASHRC = """\
[ -r ~/.bashrc ] && . ~/.bashrc
PS1='(lab) \\w\\$ '
"""


class Lab:
    def __init__(self):
        # Popen objects stay referenced: a forgotten one polls, and so reaps, what reap() waits for.
        self.servers: dict[int, subprocess.Popen] = {}  # by process id; they should be there until the end
        self.command: subprocess.Popen | None = None
        self.outer_pid = 0
        self.build = find_build()
        self.env = {k: v for k, v in os.environ.items() if k not in ("LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES")}
        self.env["PATH"] = ":".join([*(str(p) for p in program_folders(self.build)), str(TOP / "build/peers/bin"),
                                     self.env.get("PATH", ""), "/usr/sbin", "/sbin"])
        self.env |= {"HARK_CONFIG": str(LAB / "hark.yaml"), "LAB_DIR": str(LAB)}

    # Started servers are children of ours in a session of their own: a Ctrl-C is for the command.
    def popen(self, command: list[str], log: Path, **more) -> subprocess.Popen:
        with open(log, "wb") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.env,
                                       start_new_session=True, **more)
        self.servers[process.pid] = process
        return process

    def start(self):
        make_files()
        make_network()
        scripted_is_up = self.start_scripted()
        ds = knot.start_all(LAB, self.popen)
        (LAB / "root.ds").write_text("".join(f". IN DS {d}\n" for d in ds["."]))
        self.configure([f". DS {d}" for d in ds["."]])
        os.read(scripted_is_up, 1)
        if self.build and not self.env.get("LAB_NO_HARKD"):
            self.start_harkd()

    def configure(self, anchors: list[str]):
        """What harkd and hark read by HARK_CONFIG: the laboratory's root is not the one that they have compiled in."""
        dnssec = json.dumps(peers.dnssec_settings(anchors))
        (LAB / "dnssec.json").write_text(dnssec)  # for those who write a configuration of their own
        (LAB / "hark.yaml").write_text(f"{CONFIG}dnssec: {dnssec}\n")  # JSON is YAML

    def start_scripted(self) -> int:
        """A file descriptor that ends when the scripted server listens."""
        ours, theirs = os.pipe()
        self.popen(["/usr/bin/python3", "-Bu", str(HERE / "scripted.py"), str(theirs)], LAB / "scripted.log",
                   pass_fds=[theirs])
        os.close(theirs)
        return ours

    def start_harkd(self):
        log = LAB / "harkd.log"
        process = self.popen(["harkd"], log)
        self.env["LAB_HARKD_PID"] = str(process.pid)
        end = time.monotonic() + PATIENCE_S
        while not (answers("127.0.0.1") and answers("::1")):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"harkd does not answer:\n{log.read_text(errors='replace')}")
            time.sleep(0.01)

    def run(self, command: list[str]) -> int:
        shell = ["bash", "--rcfile", str(LAB / "bashrc")]
        self.env["LAB_PID"] = str(self.outer_pid)
        try:
            self.command = subprocess.Popen(command or shell, env=self.env)
        except FileNotFoundError:
            say(f"{command[0]}: not found")
            return 127
        except OSError as error:
            say(f"{command[0]}: {error.strerror}")
            return 126
        return self.reap()

    def reap(self) -> int:
        """Waits for every process that ends, orphans too, until it is the command."""
        while True:
            pid, status = os.wait()
            code = os.waitstatus_to_exitcode(status)
            if pid == self.command.pid:
                return code if code >= 0 else 128 - code
            if pid in self.servers and str(pid) != self.env.get("LAB_HARKD_PID"):  # tests may end harkd
                say(f"{' '.join(self.servers[pid].args)} ended with status {code}; its log is below {LAB}")

    def listen_to(self, pipe: int):
        """What enter says from outside: our process id there, signals for the command, and by its end: end."""
        with os.fdopen(pipe, "rb") as lines:
            for line in lines:
                verb, value = line.split()
                if verb == b"pid":
                    self.outer_pid = int(value)
                elif self.command:
                    os.kill(self.command.pid, int(value))
                else:
                    os._exit(128 + int(value))
        os._exit(FAILED)


def say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def must(*command: str, **more) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout.strip()}")


def find_build() -> Path | None:
    """HARK_BUILD, or the build* folder with the newest harkd."""
    if os.environ.get("HARK_BUILD"):
        return Path(os.environ["HARK_BUILD"]).resolve()
    made = sorted((f.stat().st_mtime, f) for f in TOP.glob("build*/src/**/harkd") if f.is_file())
    return TOP / made[-1][1].relative_to(TOP).parts[0] if made else None


def program_folders(build: Path | None) -> list[Path]:
    found = [f.parent for name in ("harkd", "hark") for f in (build.glob(f"src/**/{name}") if build else [])
             if f.is_file() and os.access(f, os.X_OK)]
    return list(dict.fromkeys(found))


def make_files() -> None:
    """Our files over the machine's, in this mount namespace alone."""
    must("mount", "-t", "tmpfs", "-o", "mode=755,size=256m", "lab", "/run")
    etc = LAB / "etc"
    etc.mkdir(parents=True)
    whole = not all(os.path.exists(f"/etc/{name}") for name in FILES)
    if whole:  # nothing to mount upon, or a link into the /run that we have just hidden: a copy of /etc instead
        subprocess.run(["cp", "-a", "/etc/.", str(etc)], stderr=subprocess.DEVNULL, check=False)
    for name, text in FILES.items():
        (etc / name).unlink(missing_ok=True)
        (etc / name).write_text(text)
        if not whole:
            must("mount", "--bind", str(etc / name), f"/etc/{name}")
    if whole:
        must("mount", "--bind", str(etc), "/etc")
    (LAB / "bashrc").write_text(BASHRC)


def make_network() -> None:
    lines = ["link set lo up"]
    for server in internet.SERVERS:
        for address in server.addresses:
            six = ":" in address
            if server.who == "unreachable":
                lines.append(f"route add unreachable {address}")
            else:
                lines.append(f"addr add {address}/{'128 nodad' if six else '32'} dev lo")
    must("ip", "-batch", "-", input="\n".join(lines) + "\n")


def answers(address: str) -> bool:
    """True where something answers DNS (version.bind CH TXT: that costs nobody a look-up)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        try:
            s.connect((address, 53))
            s.send(b"\0\1\0\0\0\1\0\0\0\0\0\0\7version\4bind\0\0\x10\0\3")
            return bool(s.recv(512))
        except OSError:
            return False


def main() -> int:
    for s in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, lambda *_: None)  # not SIG_IGN, which the command would inherit
    lab = Lab()
    threading.Thread(target=lab.listen_to, args=[int(sys.argv[1])], daemon=True).start()
    try:
        lab.start()
    except (RuntimeError, OSError, knot.NotReady) as error:
        say(str(error))
        return FAILED
    return lab.run(sys.argv[2:])


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
