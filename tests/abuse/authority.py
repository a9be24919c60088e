"""The scripted Internet: one process that is every name server of 10.0.0.0/8, over UDP and TCP, and logs what it is asked.

What an address does is a function from a wire.Query to what goes back:

    None                        nothing
    octets                      at once
    [(seconds, octets), …]      each when its time comes
    CLOSE, RESET                over TCP: the connection ends; over UDP: nothing

Zones are the honest kind of such functions. Delay, loss, order and duplicates are wrapped around them.
"""

import heapq
import os
import pickle
import selectors
import signal
import socket
import struct
import sys
import time
import traceback

import wire
from wire import rr

CLOSE, RESET = "close", "reset"
IP_PKTINFO = 8
LOOP_TURNS = 256  # datagrams read before timers are looked at


class Zone:
    """An honest authority for one zone: {(owner, TYPE): [data, …]}; owners of NS below the apex are delegations."""

    def __init__(self, origin: str, records: dict[tuple[str, str], list] = {}, ttl: int = 3600, negative_ttl: int = 60):
        self.origin, self.ttl = origin, ttl
        self.soa = wire.soa(origin, negative_ttl)
        self.data: dict[str, dict[str, list]] = {}
        self.exists = {origin}  # with the empty ones
        for (owner, type_), values in records.items():
            self.add(owner, type_, values)

    def add(self, owner: str, type_: str, values: list):
        owner = owner.lower()
        self.data.setdefault(owner, {})[type_] = values
        while owner not in self.exists and owner != ".":
            self.exists.add(owner)
            owner = parent(owner)

    def delegate(self, child: str, servers: dict[str, list[str]]):
        """servers: name → addresses that go along as glue, possibly none."""
        self.add(child, "NS", list(servers))
        for server, glue in servers.items():
            if glue:
                self.add(server, "A", glue)

    def records(self, owner: str, type_: str, shown: str | None = None) -> list[tuple]:
        return [rr(shown or owner, type_, data, self.ttl) for data in self.data.get(owner, {}).get(type_, ())]

    def cut(self, name: str) -> str | None:
        """The uppermost delegation at or above the name."""
        found = None
        while name != self.origin and name != ".":
            if "NS" in self.data.get(name, ()):
                found = name
            name = parent(name)
        return found

    def referral(self, q, child: str):
        ns = self.records(child, "NS")
        glue = [g for _, _, _, target in ns for g in self.records(target.lower(), "A")]
        return wire.reply(q, authority=ns, additional=glue, flags=0)

    def __call__(self, q):
        child = self.cut(q.name)
        if child and not (q.type == 43 and child == q.name):
            return self.referral(q, child)
        owner = q.name if q.name in self.exists else self.wildcard(q.name)
        types = self.data.get(owner, {})
        if q.type_text in types:
            answer = self.records(owner, q.type_text, q.name)
            glue = [g for _, _, _, server in answer for g in self.records(server.lower(), "A")] if q.type == 2 else ()
            return wire.reply(q, answer=answer, additional=glue)
        if "CNAME" in types:
            return wire.reply(q, answer=self.records(owner, "CNAME", q.name))
        known = owner in self.exists
        return wire.reply(q, authority=[self.soa], rcode=wire.NOERROR if known else wire.NXDOMAIN)

    def wildcard(self, name: str) -> str:
        while name != self.origin and name != ".":
            name = parent(name)
            if "*." + name.lstrip(".") in self.data:
                return "*." + name.lstrip(".")
            if name in self.exists:
                break
        return ""


def parent(name: str) -> str:
    return name.split(".", 1)[1] or "."


def below(name: str, origin: str) -> bool:
    return origin == "." or name == origin or name.endswith("." + origin)


class Host:
    """Several zones at one address: the deepest that encloses the name answers."""

    def __init__(self):
        self.zones: dict[str, object] = {}

    def __call__(self, q):
        name = q.name
        while True:
            if name in self.zones:
                return self.zones[name](q)
            if name == ".":
                return wire.reply(q, rcode=wire.REFUSED, flags=0)
            name = parent(name)


# ---- habits ----------------------------------------------------------------------------------------------------

def silent(q):
    return None


def rcode(code: int, edns: bool | None = None):
    return lambda q: wire.reply(q, rcode=code, flags=0, edns=edns)


def late(seconds: float, honest):
    """UDP and TCP alike."""
    def act(q):
        return [(wait + seconds, octets) for wait, octets in listed(honest(q))]
    return act


def listed(done) -> list:
    if done is None:
        return []
    return done if isinstance(done, list) else [(0, done)]


def lossy(dice, share: float, honest):
    """That share of the exchanges is lost; TCP is left alone."""
    return lambda q: None if not q.tcp and dice.random() < share else honest(q)


def truncated(q):
    """TC=1, and over TCP the connection ends."""
    return CLOSE if q.tcp else wire.reply(q, flags=wire.AA | wire.TC)


# ---- the process -----------------------------------------------------------------------------------------------

class Log:
    """One line an upstream message: (time, address, tcp, name, type, source port, ID, size, name as it came, EDNS size)."""

    def __init__(self):
        self.lines: list[tuple] = []

    def add(self, q, port: int):
        self.lines.append((q.time, q.to, q.tcp, q.name, q.type, port, q.id, len(q.data), q.question[:-4], q.edns))


class Authority:
    def __init__(self, hosts: dict, default, listen: list[str]):
        self.hosts, self.default, self.log = hosts, default, Log()
        self.later: list[tuple] = []
        self.serial = 0
        self.errors: list[str] = []
        self.selector = selectors.DefaultSelector()
        for address in listen:
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            udp.bind((address, 53))
            udp.setblocking(False)
            tcp = socket.create_server((address, 53), backlog=1024)
            tcp.setblocking(False)
            self.selector.register(udp, selectors.EVENT_READ, lambda udp=udp: self.datagrams(udp))
            self.selector.register(tcp, selectors.EVENT_READ, lambda tcp=tcp: self.accept(tcp))

    def act(self, data: bytes, to: str, peer, tcp: bool):
        """What the address does with these octets; anything may come, so nothing of it may end us."""
        try:
            q = wire.Query(data, to, peer, tcp, time.monotonic())
        except (ValueError, IndexError, struct.error) as error:
            self.errors.append(f"{to} got an unreadable query: {error!r} {data.hex()}")
            return None
        self.log.add(q, peer[1])
        host = self.hosts.get(to, self.default)
        if callable(host):
            return host(q)
        return None

    def datagrams(self, udp):
        for _ in range(LOOP_TURNS):
            try:
                data, control, _, peer = udp.recvmsg(65535, 64)
            except BlockingIOError:
                return
            to = socket.inet_ntoa(control[0][2][8:12])
            done = self.act(data, to, peer, False)
            if done is None or isinstance(done, str):
                continue
            for item in listed(done):
                self.after(item[0], self.send_udp, udp, item[1], item[2] if len(item) > 2 else to, peer)

    def send_udp(self, udp, octets: bytes, source: str, peer):
        """From the address that was asked, unless the script says another."""
        info = struct.pack("=i4s4s", 0, socket.inet_aton(source), b"\0" * 4)
        try:
            udp.sendmsg([octets], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0, peer)
        except OSError as error:
            if len(self.errors) < 100 and error.errno not in (111, 11):
                self.errors.append(f"sendmsg from {source} to {peer}: {error}")

    def after(self, seconds: float, function, *arguments):
        if seconds <= 0:
            function(*arguments)
        else:
            self.serial += 1
            heapq.heappush(self.later, (time.monotonic() + seconds, self.serial, function, arguments))

    def accept(self, tcp):
        for _ in range(LOOP_TURNS):
            try:
                stream, peer = tcp.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            stream.setblocking(False)
            got, to = bytearray(), stream.getsockname()[0]
            self.selector.register(stream, selectors.EVENT_READ, lambda s=stream, g=got, t=to, p=peer: self.read(s, g, t, p))

    def close(self, stream, hard: bool = False):
        if stream.fileno() < 0:
            return
        if hard:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.selector.unregister(stream)
        stream.close()

    def read(self, stream, got: bytearray, to: str, peer):
        try:
            data = stream.recv(65535)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close(stream)
            return
        got += data
        while len(got) >= 2 and len(got) >= 2 + int.from_bytes(got[:2], "big"):
            end = 2 + int.from_bytes(got[:2], "big")
            done = self.act(bytes(got[2:end]), to, peer, True)
            del got[:end]
            if done in (CLOSE, RESET):
                self.close(stream, done == RESET)
                return
            for item in listed(done):
                self.after(item[0], self.send_tcp, stream, item[1])

    def send_tcp(self, stream, octets):
        """Framed; ("raw", octets) goes as it is and then the connection ends."""
        if stream.fileno() < 0:
            return
        raw = isinstance(octets, tuple)
        try:
            stream.setblocking(True)
            stream.settimeout(1)
            stream.sendall(octets[1] if raw else struct.pack("!H", len(octets)) + octets)
            stream.setblocking(False)
            if raw:
                self.close(stream)
        except OSError:
            self.close(stream)

    def serve(self, control: socket.socket):
        """Until whoever controls us goes away. It sends a byte and gets what was logged since the last one."""
        self.selector.register(control, selectors.EVENT_READ, lambda: self.told(control))
        while True:
            due = self.later[0][0] - time.monotonic() if self.later else 1
            for key, _ in self.selector.select(max(0, min(due, 1))):
                key.data()
            now = time.monotonic()
            while self.later and self.later[0][0] <= now:
                _, _, function, arguments = heapq.heappop(self.later)
                function(*arguments)

    def told(self, control):
        if not control.recv(1):
            os._exit(0)
        lines, self.log.lines = self.log.lines, []
        errors, self.errors = self.errors, []
        octets = pickle.dumps((lines, errors))
        control.setblocking(True)
        control.sendall(struct.pack("!I", len(octets)) + octets)


class Process:
    """The authority in a process of its own. `take()` is its log since the last time."""

    def __init__(self, hosts: dict, default, listen: list[str]):
        self.control, theirs = socket.socketpair()
        ready, told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                self.control.close()
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                authority = Authority(hosts, default, listen)
                os.write(told, b"x")
                authority.serve(theirs)
                status = 0
            except BaseException:
                traceback.print_exc(file=sys.stderr)
                sys.stderr.flush()
            os._exit(status)
        os.close(told)
        theirs.close()
        if not os.read(ready, 1):
            raise RuntimeError("the scripted servers did not start")
        os.close(ready)
        self.errors: list[str] = []

    def take(self) -> list[tuple]:
        self.control.sendall(b"x")
        size = struct.unpack("!I", self.exactly(4))[0]
        lines, errors = pickle.loads(self.exactly(size))
        self.errors += errors
        return lines

    def exactly(self, size: int) -> bytes:
        octets = bytearray()
        while len(octets) < size:
            more = self.control.recv(min(size - len(octets), 1 << 20))
            if not more:
                raise RuntimeError("the scripted servers died")
            octets += more
        return bytes(octets)

    def stop(self):
        self.control.close()
        os.waitpid(self.pid, 0)
