"""The servers that are measured, each pinned to one core: hark, its peers with their own best settings for one thread, the floor."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests/lab"))
import peers

SERVER_CORE, OTHER_CORE = 0, 1  # the generator and the authorities have the other one
ADDRESS = "127.0.0.1"
NAMES = ["hark", "unbound", "knot", "bind", "pdns"]
PORTS = {"echo": 5299} | {name: 5301 + i for i, name in enumerate(NAMES)}
ECHO_PATIENCE_S = 5

# Beside what tests/lab/peers.py says (one thread, equal caches, iteration without validation). Limits that a benchmark of one client
# would meet are lifted; nothing that a server does for an answer is left out.
SETTINGS = {
    "hark": {"limits": {"client-questions": 4096}},
    "unbound": ["so-reuseport: yes", "so-rcvbuf: 4m", "so-sndbuf: 4m", "outgoing-range: 8192", "num-queries-per-thread: 4096",
                "incoming-num-tcp: 1024", "outgoing-num-tcp: 64", "msg-cache-slabs: 1", "rrset-cache-slabs: 1", "infra-cache-slabs: 1",
                "key-cache-slabs: 1", "minimal-responses: yes"],
    "bind": ["recursive-clients 10000", "clients-per-query 0", "max-clients-per-query 0", "tcp-clients 2048", "tcp-listen-queue 1024",
             "minimal-responses yes", "querylog no"],
    "knot": ["net.tcp_pipeline(1024)"],
    "pdns": ["pdns-distributes-queries=no", "max-mthreads=8192", "max-tcp-clients=1024", "max-tcp-per-client=0",
             "max-concurrent-requests-per-tcp-connection=1024", "statistics-interval=0", "loglevel=3"],
}
PROGRAMS = {"hark": "harkd", "unbound": "unbound", "bind": "named", "knot": "kresd", "pdns": "pdns_recursor"}
VERSION = {"unbound": "-V", "bind": "-v", "knot": "-V", "pdns": "--version", "hark": "--version"}


def tree(pid: int) -> list[int]:
    """The process and its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [p for child in task.read_text().split() for p in tree(int(child))]
    return found


def cpu_s(pid: int) -> float:
    """User and system time of a process and its descendants so far, in the scheduler's nanoseconds; threads that ended count."""
    return sum(time.clock_gettime(~p << 3 | 2) for p in tree(pid))  # the CPU clock of another process: clock_getcpuclockid(3)


class Echo:
    """The floor: what a message costs that nobody looks at."""

    def __init__(self, tool: Path, transport: str = "udp"):
        self.name, self.address, self.port = "echo", ADDRESS, PORTS["echo"]
        self.process = subprocess.Popen(["taskset", "-c", str(SERVER_CORE), tool, ADDRESS, str(self.port),
                                         *["tcp"] * (transport == "tcp")])
        self.pid = self.process.pid
        self.log = ""
        end = time.monotonic() + ECHO_PATIENCE_S
        while not self.listens(transport):
            if time.monotonic() > end or self.process.poll() is not None:
                sys.exit("bench: echo does not answer")
            time.sleep(0.01)

    def listens(self, transport: str) -> bool:
        with socket.socket(type=socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM) as s:
            s.settimeout(0.1)
            try:
                s.connect((self.address, self.port))
                s.send(b"?")
                return s.recv(1) == b"?"
            except OSError:
                return False

    def stop(self):
        self.process.kill()
        self.process.wait()


def launch(name: str, folder: Path, world, cache_mib: int, validate: bool) -> peers.Server:
    """Not yet answering."""
    settings = SETTINGS[name]
    folder.mkdir(parents=True)
    server = peers.launch(name, folder, hints=world.hints, address=ADDRESS, port=PORTS[name], cache_mib=cache_mib, validate=validate,
                          anchor=world.anchor, settings=settings, prefix=("taskset", "-c", str(SERVER_CORE)))
    return server


def start(name: str, folder: Path, world, cache_mib: int, validate: bool = False) -> peers.Server:
    """Answering."""
    server = launch(name, folder, world, cache_mib, validate)
    end = time.monotonic() + peers.PATIENCE_S
    while not server.answers():
        if not server.alive() or time.monotonic() > end:
            server.stop()
            sys.exit(f"bench: {name} does not answer:\n{server.log[-4000:]}")
        time.sleep(0.02)
    return server


def version(name: str) -> str:
    program = peers.hark_program() if name == "hark" else peers.program(PROGRAMS[name])
    done = subprocess.run([program, VERSION[name]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return next((line.strip() for line in done.stdout.splitlines() if any(c.isdigit() for c in line)), "unknown")


def configuration(server) -> str:
    """The file that it was started with."""
    if server.name == "echo":
        return ""
    files = ("hark.yaml", "unbound.conf", "named.conf", "kresd.conf", "recursor.conf")
    return next((server.folder / f).read_text() for f in files if (server.folder / f).exists())


def binary(name: str) -> str:
    """What /proc/PID/exe ends in once all wrappers have given way to the server."""
    return "echo" if name == "echo" else PROGRAMS[name]


def is_running(pid: int, name: str) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/exe").endswith("/" + binary(name))
    except OSError:
        return False
