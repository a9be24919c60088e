"""Many clients at once: a stream of questions from any number of addresses, at a rate, by one process.

A plan yields (source address, name, type) for the n-th question. Source addresses are any of 10.0.0.0/8: the namespace is all of them.
"""

import heapq
import random
import selectors
import socket
import struct
import time
from dataclasses import dataclass, field

import wire

IP_PKTINFO = 8
SOCKETS = 16


@dataclass
class Result:
    sent: int = 0
    rcodes: dict[str, int] = field(default_factory=dict)
    ede: dict[int, int] = field(default_factory=dict)  # of SERVFAIL, by extended error
    truncated: int = 0
    right: int = 0  # with the expected address, within the patience
    octets_out: int = 0
    octets_in: int = 0
    seconds: list[float] = field(default_factory=list)  # of the right ones
    arrivals: list[tuple] = field(default_factory=list)  # (time, octets), where asked for

    @property
    def answered(self) -> int:
        return sum(self.rcodes.values())

    @property
    def goodput(self) -> float:
        return self.right / self.sent if self.sent else 0.0

    def quantile_ms(self, q: float) -> float:
        ordered = sorted(self.seconds)
        return round(1000 * ordered[min(len(ordered) - 1, int(q * len(ordered)))], 2) if ordered else 99999.0


class Sender:
    """Sockets on every address of the namespace; the source of each datagram is chosen."""

    def __init__(self):
        self.selector, self.sockets = selectors.DefaultSelector(), []
        for n in range(SOCKETS):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            s.bind(("0.0.0.0", 0))
            s.setblocking(False)
            self.sockets.append(s)
            self.selector.register(s, selectors.EVENT_READ, n)

    def send(self, n: int, source: str, octets: bytes, where) -> bool:
        info = struct.pack("=i4s4s", 0, socket.inet_aton(source), b"\0\0\0\0")
        try:
            self.sockets[n].sendmsg([octets], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0, where)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def close(self):
        for s in self.sockets:
            s.close()
        self.selector.close()


def ask_stream(where: tuple[str, int], plan, *, rate: float, count: int, patience_s: float = 1.0, expect: bytes = b"",
               seed: int = 0, keep_arrivals: bool = False, edns: int = 1232, wait_s: float | None = None) -> Result:
    """`right` are answers NOERROR that end with, or hold, `expect`, within patience_s. Waits wait_s at the end for the rest."""
    sender, out, dice = Sender(), Result(), random.Random(seed)
    pending: dict[tuple[int, int], float] = {}
    tail = wire.opt(b"", edns) if edns else b""
    start, n = time.monotonic(), 0
    end = None

    def receive(timeout: float):
        for key, _ in sender.selector.select(timeout):
            s, at = key.fileobj, key.data
            for _ in range(64):
                try:
                    data = s.recv(4096)
                except BlockingIOError:
                    break
                except OSError:
                    continue
                now = time.monotonic()
                out.octets_in += len(data)
                if keep_arrivals:
                    out.arrivals.append((now, len(data)))
                began = pending.pop((at, data[0] << 8 | data[1]), None)
                if began is None:
                    continue
                rcode = wire.RCODES[data[3] & 15] if data[3] & 15 < len(wire.RCODES) else str(data[3] & 15)
                out.rcodes[rcode] = out.rcodes.get(rcode, 0) + 1
                if data[3] & 15 == wire.SERVFAIL:
                    for code in wire.Answer(data).ede:
                        out.ede[code] = out.ede.get(code, 0) + 1
                if data[2] & 2:
                    out.truncated += 1
                elif data[3] & 15 == 0 and data[7] and expect in data and now - began <= patience_s:
                    out.right += 1
                    out.seconds.append(now - began)

    while True:
        now = time.monotonic()
        due = min(count, int((now - start) * rate) + 1)
        for _ in range(min(due - n, 64)):
            source, name, type_ = plan(n)
            id_ = dice.randrange(65536)
            octets = (struct.pack("!6H", id_, 0x0100, 1, 0, 0, 1 if edns else 0) + wire.name(name) +
                      struct.pack("!HH", wire.TYPES[type_], 1) + tail)
            if (n % SOCKETS, id_) in pending:
                n += 1
                continue
            if not sender.send(n % SOCKETS, source, octets, where):
                break
            pending[n % SOCKETS, id_] = time.monotonic()
            out.sent += 1
            out.octets_out += len(octets)
            n += 1
        receive(0 if n < due else 0.001)
        if n >= count:
            end = end or time.monotonic() + (patience_s + 0.5 if wait_s is None else wait_s)
            if not pending or time.monotonic() > end:
                break
    if keep_arrivals:
        stop = time.monotonic() + 0.5
        while time.monotonic() < stop:
            receive(0.05)
    sender.close()
    return out


def address(block: int, n: int) -> str:
    """The n-th address of 10.block.0.0/16 and the ones after it."""
    return f"10.{block + n // 62500}.{1 + n // 250 % 250}.{1 + n % 250}"


def most_in(arrivals: list[tuple], window_s: float) -> int:
    """The most octets that came in any such window."""
    most = total = first = 0
    for when, size in arrivals:
        total += size
        while when - arrivals[first][0] > window_s:
            total -= arrivals[first][1]
            first += 1
        most = max(most, total)
    return most


def spoof(source: str, target: str, packets, seconds: float, port: int = 53) -> int:
    """Raw datagrams from an address that is another's. packets() yields (destination port, octets). Returns how many left."""
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target))
    end, sent = time.monotonic() + seconds, 0
    for to, octets in packets:
        try:
            s.sendto(head + struct.pack("!HHHH", port, to, 8 + len(octets), 0) + octets, (target, 0))
            sent += 1
        except OSError:
            pass
        if sent % 64 == 0 and time.monotonic() > end:
            break
    s.close()
    return sent
