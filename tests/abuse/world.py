"""What a scenario works with: a namespace of its own, the scripted servers, one resolver, and clients.

    def scenario(w):
        w.zone("m.zz.", ["10.1.0.1"], {...})    what the Internet is; nothing runs yet
        w.start()                               the servers, the resolver; root and TLD are asked once, so they are warm
        got = w.ask("www.m.zz.")
        w.bound("U", w.upstream(), 6)           what must hold; a figure of the report as well

Figures of kind "time", "cpu" and "rss" are asserted only where the run says so (a release build on a quiet machine).
"""

import mmap
import os
import random
import select
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import authority
import wire
from authority import Zone

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lab"))
import peers

ROOT, TLD, BENIGN = "10.0.0.1", "10.0.0.2", "10.2.250.1"
PATIENCE_S = 21  # longer than any peer takes
PORT = 5300
MEASURING_S = 0.05  # what a Python client adds to a time on a busy machine
QUIET_S = 2.6  # longer than the longest pause between two tries of ours
HINTS = {"a.root.": [ROOT]}


def make_network() -> None:
    """In a network namespace that is new: all of 10.0.0.0/8 is here."""
    lines = "link set lo up\naddr add 10.9.9.9/32 dev lo\nroute add local 10.0.0.0/8 dev lo src 10.9.9.9\n"
    subprocess.run(["ip", "-batch", "-"], input=lines, text=True, check=True)


class Flags:
    """Numbers that the driver sets and the scripted servers read, in shared memory."""

    def __init__(self):
        self.memory, self.places = mmap.mmap(-1, 4096), {}

    def place(self, name: str) -> int:
        return self.places.setdefault(name, 8 * len(self.places))

    def __getitem__(self, name: str) -> int:
        return struct.unpack_from("q", self.memory, self.place(name))[0]

    def __setitem__(self, name: str, value: int):
        struct.pack_into("q", self.memory, self.place(name), value)


class World:
    def __init__(self, resolver: str, seed: int, folder: Path, asserted: frozenset[str]):
        self.resolver, self.seed, self.folder, self.asserted = resolver, seed, folder, asserted
        self.full = "time" in asserted  # else a small form of the same, for slow builds
        self.dice = random.Random(f"hark {seed}")
        self.flags = Flags()
        self.hosts: dict[str, authority.Host] = {}
        self.root, self.tld = Zone("."), Zone("zz.")
        self.serve(ROOT, ".", self.root)
        self.serve(TLD, "zz.", self.tld)
        self.root.add(".", "NS", ["a.root."])
        self.root.add("a.root.", "A", [ROOT])
        self.root.delegate("zz.", {"ns.zz.": [TLD]})
        self.tld.add("zz.", "NS", ["ns.zz."])
        self.tld.add("ns.zz.", "A", [TLD])
        self.zone("warm.zz.", [BENIGN], {("*.warm.zz.", "A"): ["10.2.250.9"], ("warm.zz.", "A"): ["10.2.250.9"]})
        self.listen = ["0.0.0.0"]
        self.authority = self.server = None
        self.servers: list = []
        self.figures: list[dict] = []
        self.log: list[tuple] = []
        self.children: list[int] = []
        self.settings: dict | None = None  # hark's alone

    # ---- the Internet ------------------------------------------------------------------------------------------

    def vary(self, number: float) -> float:
        """±20 %, of the same kind."""
        varied = number * self.dice.uniform(0.8, 1.2)
        return round(varied) if isinstance(number, int) else varied

    def serve(self, address: str, origin: str, habit) -> None:
        self.hosts.setdefault(address, authority.Host()).zones[origin] = habit

    def zone(self, origin: str, addresses: list[str], records: dict = {}, parent: Zone | None = None, **more) -> Zone:
        """An honest zone with a name server for each address, delegated with glue."""
        zone = Zone(origin, records, **more)
        servers = {f"ns{n}.{origin}": [a] for n, a in enumerate(addresses)}
        (parent or self.tld).delegate(origin, servers)
        zone.add(origin, "NS", list(servers))
        for server, glue in servers.items():
            zone.add(server, "A", glue)
        for address in addresses:
            self.serve(address, origin, zone)
        return zone

    def start(self, warm: bool = True, **more) -> None:
        self.authority = authority.Process(self.hosts, authority.silent, self.listen)
        self.server = self.start_server(**more)
        if warm:
            self.warm()

    def start_server(self, name: str = "server", **more):
        if self.resolver == "hark" and self.settings:
            more.setdefault("settings", self.settings)
        more.setdefault("port", PORT)
        server = peers.start(self.resolver, self.folder / name, hints=HINTS, **more)
        self.servers.append(server)
        return server

    def warm(self) -> None:
        for n in range(5):
            if (got := self.ask(f"w{n}.warm.zz.", patience_s=8)) and got.rcode == "NOERROR":
                break
        self.settle(0.3, 5)
        self.log.clear()

    def stop(self) -> None:
        """Everything ends; what sanitizers or the scripted servers said counts."""
        for server in self.servers:
            code = server.stop()
            if self.resolver == "hark":
                log = server.log
                bad = [word for word in ("AddressSanitizer", "LeakSanitizer", "runtime error:", "Assertion") if word in log]
                self.check("harkd ended well", code == 0 and not bad, f"status {code} {' '.join(bad)}")
        if self.authority:
            self.authority.stop()
            if self.authority.errors:
                self.figures.append({"what": "scripted servers", "value": "; ".join(self.authority.errors[:5]), "kind": "note"})

    # ---- what is measured --------------------------------------------------------------------------------------

    def note(self, what: str, value) -> None:
        self.figures.append({"what": what, "value": value, "kind": "note"})

    def bound(self, what: str, value: float, most: float, kind: str = "count") -> None:
        slack = MEASURING_S if kind == "time" and what == "time" else 0
        self.figures.append({"what": what, "value": value, "bound": most, "sense": "≤", "kind": kind, "ok": value <= most + slack})

    def least(self, what: str, value: float, least: float, kind: str = "count") -> None:
        self.figures.append({"what": what, "value": value, "bound": least, "sense": "≥", "kind": kind, "ok": value >= least})

    def check(self, what: str, ok: bool, value="") -> None:
        self.figures.append({"what": what, "value": value, "kind": "check", "ok": bool(ok)})

    def expect(self, got, rcode: str, address: str | None = None, what: str = "answer") -> None:
        said = got.rcode if got else "none"
        if got and address:
            said += " " + ",".join(got.addresses[:3])
        right = got is not None and got.rcode == rcode and (address is None or address in got.addresses)
        self.check(what, right, said)

    def answered(self, got, most_s: float = 5.0) -> None:
        """There was an answer at all, and in time."""
        self.check("answered", got is not None, got.rcode if got else "none")
        self.bound("time", round(got.seconds, 3) if got else 99.0, most_s, "time")

    def failed(self) -> list[dict]:
        return [f for f in self.figures if not f.get("ok", True) and f["kind"] in self.asserted]

    # ---- upstream ----------------------------------------------------------------------------------------------

    def settle(self, quiet_s: float = QUIET_S, limit_s: float = 12) -> None:
        """Until no upstream message came for a while."""
        end = time.monotonic() + limit_s
        last = time.monotonic()
        while time.monotonic() < end:
            new = self.authority.take()
            self.log += new
            if new:
                last = max(line[0] for line in new)
            if time.monotonic() - last >= quiet_s:
                return
            time.sleep(0.05)

    def take(self) -> list[tuple]:
        """The upstream messages since the last time."""
        self.log += self.authority.take()
        log, self.log = self.log, []
        return log

    def upstream(self, quiet_s: float = QUIET_S) -> int:
        """How many there were, once the work is over. Peers may take a minute."""
        self.settle(quiet_s, 12 if self.resolver == "hark" else 62)
        self.asked = self.take()
        with open(self.folder / "upstream.log", "a", encoding="utf-8") as out:
            out.write("".join(f"{line[0]:.3f} {line[1]} {'tcp' if line[2] else 'udp'} {line[3]} {line[4]} port {line[5]} id {line[6]}\n"
                              for line in self.asked) + "--\n")
        return len(self.asked)

    # ---- clients -----------------------------------------------------------------------------------------------

    def ask(self, name: str, type_="A", *, patience_s: float = PATIENCE_S, tcp: bool = False, source: str = "", edns: int = 1232,
            port: int | None = None, **more) -> wire.Answer | None:
        """One query, sent once."""
        where = (self.server.address, port or self.server.port)
        octets = wire.query(name, type_, self.dice.randrange(65536), edns=edns, **more)
        start = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
            s.settimeout(patience_s)
            if source:
                s.bind((source, 0))
            try:
                s.connect(where)
                if tcp:
                    s.sendall(struct.pack("!H", len(octets)) + octets)
                    size = int.from_bytes(receive(s, 2), "big")
                    return wire.Answer(receive(s, size), time.monotonic() - start)
                s.send(octets)
                while True:
                    data = s.recv(65535)
                    if data[:2] == octets[:2]:
                        return wire.Answer(data, time.monotonic() - start)
            except OSError:
                return None

    def ask_all(self, names: list[tuple[str, str]], patience_s: float = PATIENCE_S, pause_s: float = 0, source: str = "") -> list:
        """All at once (or that pause apart), a socket each; an Answer or None each, in their order."""
        poll, sockets, out = select.poll(), {}, [None] * len(names)

        def receive_some(timeout_s: float):
            for fd, _ in poll.poll(max(0, timeout_s * 1000)):
                s, n, began = sockets[fd]
                try:
                    out[n] = wire.Answer(s.recv(65535), time.monotonic() - began)
                except OSError:
                    pass
                poll.unregister(fd)
                del sockets[fd]
                s.close()

        for n, (name, type_) in enumerate(names):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            if source:
                s.bind((source, 0))
            s.connect((self.server.address, self.server.port))
            s.send(wire.query(name, type_, self.dice.randrange(65536)))
            sockets[s.fileno()] = s, n, time.monotonic()
            poll.register(s, select.POLLIN)
            receive_some(pause_s)
        end = time.monotonic() + patience_s
        while sockets and time.monotonic() < end:
            receive_some(end - time.monotonic())
        for s, _, _ in sockets.values():
            s.close()
        return out

    def status(self) -> dict:
        return self.server.status()


def receive(s: socket.socket, size: int) -> bytes:
    octets = b""
    while len(octets) < size:
        more = s.recv(size - len(octets))
        if not more:
            raise OSError("closed")
        octets += more
    return octets


def in_child(function, *arguments):
    """Runs it in a process of its own; returns a function that waits for its result (which must pickle)."""
    import pickle
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        try:
            octets = pickle.dumps(function(*arguments))
        except BaseException as error:
            import traceback
            octets = pickle.dumps(RuntimeError(traceback.format_exc()))
        with os.fdopen(theirs, "wb") as out:
            out.write(octets)
        os._exit(0)
    os.close(theirs)

    def result():
        with os.fdopen(ours, "rb") as f:
            octets = f.read()
        os.waitpid(pid, 0)
        value = pickle.loads(octets)
        if isinstance(value, Exception):
            raise value
        return value
    return result
