"""DNS messages as the attack tests need them: quick to read, easy to build wrong on purpose."""

import socket
import struct
from functools import lru_cache

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "DNAME": 39, "OPT": 41,
         "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "NSEC3": 50, "ANY": 255}
TYPE_NAMES = {number: text for text, number in TYPES.items()}
RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH"]
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, YXDOMAIN, NOTAUTH = 0, 1, 2, 3, 4, 5, 6, 9
BADVERS, BADCOOKIE = 16, 23
QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
DO = 0x8000  # of EDNS
COOKIE, EDE = 10, 15
IN = 1
POINTER_TO_QUESTION = b"\xc0\x0c"


@lru_cache(65536)
def labels(text: str) -> tuple[bytes, ...]:
    """The labels of a name with or without its final dot; no escapes."""
    text = text.rstrip(".")
    return tuple(label.encode("latin-1") for label in text.split(".")) if text else ()


@lru_cache(65536)
def name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in labels(text)) + b"\0"


def read_name(data: bytes, at: int) -> tuple[str, int]:
    """In lower case with a final dot, and the offset behind it. Raises ValueError or IndexError on nonsense."""
    parts, end, hops = [], -1, 0
    while (length := data[at]) != 0:
        if length >= 0xC0:
            if end < 0:
                end = at + 2
            at = (length & 0x3F) << 8 | data[at + 1]
            hops += 1
            if hops > 126:
                raise ValueError("pointer loop")
            continue
        if length > 63:
            raise ValueError("label type")
        parts.append(data[at + 1:at + 1 + length].decode("latin-1").lower())
        at += 1 + length
    return ".".join(parts) + ".", end if end >= 0 else at + 1


class Query:
    """A query that a scripted server got."""
    __slots__ = ("data", "id", "flags", "name", "type", "question", "edns", "version", "cookie", "options", "to", "peer", "tcp",
                 "time")

    def __init__(self, data: bytes, to: str, peer: tuple[str, int], tcp: bool, time: float):
        self.data, self.to, self.peer, self.tcp, self.time = data, to, peer, tcp, time
        self.id, self.flags, questions, _, _, additional = struct.unpack_from("!6H", data)
        if questions != 1:
            raise ValueError(f"{questions} questions")
        self.name, end = read_name(data, 12)
        self.type = data[end] << 8 | data[end + 1]
        self.question = data[12:end + 4]
        self.edns, self.version, self.cookie, self.options = 0, 0, b"", False
        if additional and data[end + 4:end + 7] == b"\0\0\x29":
            self.read_opt(data, end + 7)

    def read_opt(self, data: bytes, at: int):
        self.edns, _, self.version, _, length = struct.unpack_from("!HBBHH", data, at)
        at += 8
        end = at + length
        self.options = length > 0
        while at + 4 <= end:
            code, size = struct.unpack_from("!HH", data, at)
            if code == COOKIE:
                self.cookie = data[at + 4:at + 4 + size]
            at += 4 + size

    @property
    def size(self) -> int:
        """How much may go back over UDP."""
        return 65535 if self.tcp else max(512, self.edns)

    @property
    def type_text(self) -> str:
        return TYPE_NAMES.get(self.type, f"TYPE{self.type}")


# A record: (owner, type, TTL, data). Data is text, or octets as they are.

def rr(owner: str, type_: str, data, ttl: int = 3600) -> tuple:
    return owner, TYPES[type_], ttl, data


def soa(origin: str, minimum: int = 60) -> tuple:
    return rr(origin, "SOA", name("ns." + origin) + name("h." + origin) + struct.pack("!5I", 1, 3600, 900, 604800, minimum),
              minimum)


class Builder:
    """Octets of a message, with compression."""

    def __init__(self, head: bytes):
        self.out = bytearray(head)
        self.seen: dict[tuple, int] = {}

    def name(self, text: str):
        parts = tuple(label.lower() for label in labels(text))
        cased = labels(text)
        for n in range(len(parts)):
            if at := self.seen.get(parts[n:]):
                self.out += struct.pack("!H", 0xC000 | at)
                return
            if len(self.out) < 0x3FFF:
                self.seen[parts[n:]] = len(self.out)
            self.out += bytes([len(cased[n])]) + cased[n]
        self.out += b"\0"

    def record(self, record: tuple):
        owner, type_, ttl, data = record
        self.name(owner)
        self.out += struct.pack("!HHIH", type_, IN, ttl, 0)
        start = len(self.out)
        if isinstance(data, (bytes, bytearray)):
            self.out += data
        elif type_ == 1:
            self.out += socket.inet_aton(data)
        elif type_ == 28:
            self.out += socket.inet_pton(socket.AF_INET6, data)
        elif type_ == 39:
            self.out += name(data)
        elif type_ == 16:
            self.out += b"".join(bytes([len(data[n:n + 255])]) + data[n:n + 255].encode() for n in range(0, len(data), 255))
        else:
            self.name(data)
        struct.pack_into("!H", self.out, start - 2, len(self.out) - start)


def option(code: int, data: bytes) -> bytes:
    return struct.pack("!HH", code, len(data)) + data


def opt(options: bytes = b"", size: int = 1232, rcode: int = 0, version: int = 0, flags: int = 0) -> bytes:
    return b"\0\0\x29" + struct.pack("!HBBHH", size, rcode >> 4, version, flags, len(options)) + options


def reply(q: Query, *, answer=(), authority=(), additional=(), rcode: int = NOERROR, flags: int = AA, edns: bool | None = None,
          options: bytes = b"", size: int | None = None, id_: int | None = None, question: bytes | None = None) -> bytes:
    """An answer to that query; TC and no records where it does not fit. `edns`: as the query has it, by default."""
    edns = bool(q.edns) if edns is None else edns
    if edns and q.cookie and not options:
        options = b""
    question = q.question if question is None else question
    head = struct.pack("!6H", q.id if id_ is None else id_, QR | flags | rcode & 15, 1 if question else 0, len(answer),
                       len(authority), len(additional) + edns)
    b = Builder(head + question)
    if question:
        b.seen[labels(q.name)] = 12
    for record in (*answer, *authority, *additional):
        b.record(record)
    if edns:
        b.out += opt(options, rcode=rcode)
    if len(b.out) > (q.size if size is None else size):
        return struct.pack("!6H", q.id, QR | flags | TC | rcode & 15, 1, 0, 0, edns) + question + (opt() if edns else b"")
    return bytes(b.out)


def quick_a(q: Query, packed: bytes, ttl: bytes = b"\0\0\x0e\x10") -> bytes:
    """One address record, as quickly as Python can."""
    head = q.data[:2] + (b"\x84\0\0\1\0\1\0\0\0\1" if q.edns else b"\x84\0\0\1\0\1\0\0\0\0")
    tail = b"\0\0\x29\4\xd0\0\0\0\0\0\0" if q.edns else b""
    return head + q.question + POINTER_TO_QUESTION + b"\0\1\0\1" + ttl + b"\0\4" + packed + tail


def query(text: str, type_="A", id_: int = 0, *, edns: int = 1232, flags: int = RD, options: bytes = b"",
          class_: int = IN, do: bool = False) -> bytes:
    type_ = TYPES[type_] if isinstance(type_, str) else type_
    return (struct.pack("!6H", id_, flags, 1, 0, 0, 1 if edns else 0) + name(text) + struct.pack("!HH", type_, class_) +
            (opt(options, edns, flags=DO if do else 0) if edns else b""))


class Answer:
    """What a client got."""

    def __init__(self, data: bytes, seconds: float = 0):
        self.data, self.seconds = data, seconds
        self.id, self.flags, questions, an, ns, ar = struct.unpack_from("!6H", data)
        self.code, self.tc, self.records, self.ede = self.flags & 15, bool(self.flags & TC), [], []
        at = 12
        for _ in range(questions):
            _, at = read_name(data, at)
            at += 4
        for n in range(an + ns + ar):
            owner, at = read_name(data, at)
            type_, _, ttl, length = struct.unpack_from("!HHIH", data, at)
            at += 10
            if type_ == TYPES["OPT"]:
                self.code |= (ttl >> 24) << 4
                self.read_options(data[at:at + length])
            elif n < an:
                self.records.append((owner, type_, data[at:at + length], at))
            at += length

    def read_options(self, data: bytes):
        at = 0
        while at + 4 <= len(data):
            code, length = struct.unpack_from("!HH", data, at)
            if code == EDE:
                self.ede.append(struct.unpack_from("!H", data, at + 4)[0])
            at += 4 + length

    @property
    def rcode(self) -> str:
        return RCODES[self.code] if self.code < len(RCODES) else str(self.code)

    @property
    def verdict(self) -> str:
        """What a client with DO hears of DNSSEC."""
        return "bogus" if self.rcode == "SERVFAIL" else "secure" if self.flags & AD else "insecure"

    @property
    def addresses(self) -> list[str]:
        return [socket.inet_ntoa(data) for _, type_, data, _ in self.records if type_ == 1]

    @property
    def names(self) -> list[str]:
        """Targets of aliases and name servers in the answer."""
        return [read_name(self.data, at)[0] for _, type_, _, at in self.records if type_ in (2, 5, 39)]
