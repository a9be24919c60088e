#!/usr/bin/python3
"""Writes seeds/dnssec_records: a key of each algorithm (those that RFC 5702, 6605 and 8080 print), and each way to be none."""

import base64
import struct
from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds/dnssec_records"
ORDER = [5, 7, 8, 10, 13, 14, 15, 16]  # of defs/algorithm.def
KEYS = {
    8: "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk=",
    13: "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
    14: "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
    15: "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
    16: "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
}
KEYS = {number: base64.b64decode(text) for number, text in KEYS.items()}
MODULUS = KEYS[8][4:]


def dnskey(algorithm: int, key: bytes, flags: int = 257, protocol: int = 3, signature: bytes = b"") -> bytes:
    return bytes([ORDER.index(algorithm), len(signature)]) + struct.pack("!HBB", flags, protocol, algorithm) + key + signature


def rrsig(labels: int, signer: bytes, signature: bytes) -> bytes:
    return b"\0\0" + struct.pack("!HBBIIIH", 1, 13, labels, 3600, 2000000000, 1000000000, 55648) + signer + signature


seeds = {f"key-{number}": dnskey(number, key, signature=bytes(range(64))) for number, key in KEYS.items()}
seeds |= {f"key-{number}": dnskey(number, KEYS[8], 256, signature=b"\1" * 64) for number in (5, 7, 10)}
seeds |= {
    "revoked": dnskey(13, KEYS[13], 257 | 0x80), "no-zone-key": dnskey(13, KEYS[13], 1), "protocol-1": dnskey(13, KEYS[13], protocol=1),
    "off-curve": dnskey(13, KEYS[13][:-1] + b"\1"), "p256-short": dnskey(13, KEYS[13][:-1]), "p256-zero": dnskey(13, bytes(64)),
    "p384-of-256": dnskey(14, KEYS[13]), "ed25519-long": dnskey(15, KEYS[15] + b"\0"), "ed25519-zero": dnskey(15, bytes(32)),
    "rsa-long-form": dnskey(8, b"\0\0\3\1\0\1" + MODULUS), "rsa-no-exponent": dnskey(8, b"\0\0\0" + MODULUS),
    "rsa-no-modulus": dnskey(8, b"\3\1\0\1"), "rsa-zeroes": dnskey(8, b"\4\0\0\0\3" + b"\0\0" + MODULUS), "rsa-zero": dnskey(8, b"\1\0\0"),
    "rsa-exponent-1": dnskey(8, b"\1\1" + MODULUS), "rsa-exponent-36-bits": dnskey(8, b"\5\x0f\0\0\0\1" + MODULUS),
    "rsa-exponent-long": dnskey(8, b"\x40" + b"\xff" * 64 + MODULUS), "rsa-even": dnskey(8, b"\3\1\0\1" + MODULUS[:-1] + b"\0", signature=b"\1" * 64),
    "rsa-4096": dnskey(8, b"\3\1\0\1" + b"\xff" * 512, signature=b"\1" * 250), "rsa-4097": dnskey(8, b"\3\1\0\1" + b"\1" + b"\xff" * 512),
    "exponent-cut": dnskey(8, b"\xff\1"), "one-octet": dnskey(15, b"\0"), "none": b"\0\0\1\1\3\x0f",
    "ecdsa-zero": dnskey(13, KEYS[13], signature=bytes(64)), "ecdsa-high": dnskey(13, KEYS[13], signature=b"\xff" * 64),
    "rrsig": rrsig(2, b"\7example\3net\0", bytes(64)), "rrsig-labels": rrsig(255, b"\7example\3net\0", bytes(64)),
    "rrsig-wildcard": rrsig(0, b"\1*\7example\3net\0", bytes(64)), "rrsig-root": rrsig(0, b"\0", b"\1"),
    "rrsig-no-signature": rrsig(0, b"\0", b""), "rrsig-signer-cut": rrsig(1, b"\7exam", b""),
    "rrsig-signer-compressed": rrsig(1, b"\xc0\0", bytes(9)),
}
SEEDS.mkdir(parents=True, exist_ok=True)
for name, octets in seeds.items():
    (SEEDS / name).write_bytes(octets)
