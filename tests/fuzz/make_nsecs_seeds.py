#!/usr/bin/python3
"""Writes the seeds of fuzz_nsecs into seeds/nsecs: chains of NSEC and NSEC3, put, looked for, flushed, and more of them than there is room for."""

import base64
import random
from pathlib import Path

PUT, FIND, HASH, FLUSH, CLEAR, TIME = range(6)
NSEC, NSEC3, SOA, A = range(4)
BITMAP = b"\0\1\x40"
TTL = 60


def name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in text.split(".") if label) + b"\0"


def put(kind: int, zone: str, owner: str, rdata: bytes, ttl: int = TTL) -> bytes:
    return bytes([PUT, kind | ttl << 2]) + name(zone) + name(owner) + bytes([len(rdata)]) + rdata


def find(zone: str, what: str) -> bytes:
    return bytes([FIND]) + name(zone) + name(what)


def nsec(zone: str, owner: str, following: str) -> bytes:
    return put(NSEC, zone, owner, name(following) + BITMAP)


def nsec3(zone: str, first: int, following: int, salt: bytes = b"") -> bytes:
    owner = base64.b32hexencode(bytes([first]) + bytes(19)).decode() + "." + zone
    return put(NSEC3, zone, owner, b"\1\0\0\5" + bytes([len(salt)]) + salt + b"\x14" + bytes([following]) + bytes(19) + BITMAP)


def hashed(zone: str, first: int) -> bytes:
    return bytes([HASH]) + name(zone) + bytes([first]) + bytes(19)


def seeds() -> dict[str, bytes]:
    names = ["example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example", "\1.z.example", "*.z.example", "\x80.z.example"]
    chain = b"".join(nsec("example", n, names[(i + 1) % len(names)]) for i, n in enumerate(names))
    look = b"".join(find("example", n) for n in [*names, "b.example", "\0.example", "x.y.z.example", "zz.example", "\1\0.z.example", "other"])
    soa = put(SOA, "example", "example", b"soa")
    spans = b"".join(nsec3("example", a, b) for a, b in ((20, 30), (50, 200), (200, 20))) + nsec3("example", 99, 98, b"salt")
    hashes = b"".join(hashed("example", n) for n in (0, 19, 20, 25, 30, 40, 50, 199, 200, 255))
    dice = random.Random(1)
    many = b""
    for _ in range(300):
        n = dice.randrange(10**6)
        many += nsec(f"z{n % 3}", f"n{n:06}a.z{n % 3}", f"n{n:06}c.z{n % 3}") + find("z0", f"n{dice.randrange(10**6):06}b.z0")
    return {
        "chain": chain + look + soa, "again": chain + chain + look, "time": chain + bytes([TIME, 59]) + look + bytes([TIME, 1]) + look,
        "hashes": spans + soa + hashes, "flushed": chain + spans + bytes([FLUSH]) + name("z.example") + look + hashes,
        "cleared": chain + bytes([CLEAR]) + look + chain + look, "many": many,
        "foreign": nsec("child.example", "example", "z.child.example") + nsec("example", "a.example", "victim") + put(A, "example", "example", b"1234")
        + nsec("example", "a.example", "\0.a.example") + look, "root": nsec("", "", "dev") + nsec("", "dev", "") + find("", "a.b.c") + find("", "zz"),
    }


if __name__ == "__main__":
    folder = Path(__file__).parent / "seeds/nsecs"
    folder.mkdir(parents=True, exist_ok=True)
    for label, octets in seeds().items():
        (folder / label).write_bytes(octets)
