#!/usr/bin/python3
"""Seeds of fuzz_query and fuzz_settings: some of the system tests' packets, and small configuration files."""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "system"))
import packets  # noqa: E402

SETTINGS = {
    "empty": "",
    "listen": "listen: [127.0.0.1@5300, '::1']\naccess: [10.0.0.0/8]\nworkers: 2\n",
    "cache": "cache: {size: 64MiB, ttl-min: 5, ttl-max: 1h, clock: wall}\n",
    "upstream": "upstream:\n  root-hints:\n    - a.root. 192.0.2.1 2001:db8::1\n  source: [192.0.2.9]\n  ipv6: no\n",
    "mistyped": "cahce:\n  size: 12Q\n",
    "anchors": "listen: &a [127.0.0.1]\naccess: *a\n",
    "broken": "listen: [127.0.0.1\n",
}

CLIENT = b"client's"
COOKIE_24 = CLIENT + b"\1\0\0\0" + bytes(12)
# With each way to ask (see the bits in fuzz_query.c): cookies, zones that are answered here, class CH, without RD.
WAYS = {"udp": 4, "tcp": 5, "stranger": 2, "few-told": 66, "no-snooper": 0, "required": 12, "required-tcp": 13, "zones-off": 20, "bare": 36}
MORE = {
    "cookie-8": packets.edns(packets.option(10, CLIENT)),
    "cookie-24": packets.edns(packets.option(10, COOKIE_24)),
    "cookie-24-asked": packets.edns(packets.option(10, COOKIE_24), name=b"\6cookie\7example\0"),
    "cookie-alone": packets.cookie(CLIENT),
    "cookie-24-alone": packets.cookie(COOKIE_24),
    "nsid-cookie-padding": packets.edns(packets.option(3) + packets.option(10, CLIENT) + packets.option(12, bytes(20))),
    "keepalive": packets.edns(packets.option(11)),
    "id-server": packets.ask(b"\2id\6server\0", 16, packets.CH),
    "chaos-unknown": packets.ask(packets.LOCALHOST, 16, packets.CH),
    "reverse-172": packets.ask(b"\0011\00216\003172\7in-addr\4arpa\0", 12),
    "reverse-10": packets.ask(b"\0011\00210\7in-addr\4arpa\0", 6),
    "x-test": packets.ask(b"\1x\4test\0"),
    "home-arpa-ds": packets.ask(b"\4home\4arpa\0", 43),
    "no-rd": packets.ask(packets.PYTHON, flags=0),
    "no-rd-known": packets.ask(b"\5known\7example\0", flags=0),
    "no-rd-gone": packets.ask(b"\4gone\7example\0", flags=0),
    "version-1-and-more": packets.header(ar=2) + packets.question() + packets.A_RR + packets.opt(version=1),
    "version-1-alone": packets.header(qd=0, ar=1) + packets.opt(version=1),
    "bad-option-alone": packets.header(qd=0, ar=1) + packets.opt(b"\0"),
}
LOCAL = ("x.local", "x.onion", "x.invalid", "x.localhost", "1.0.0.127.in-addr.arpa", "10.in-addr.arpa", "home.arpa", "arpa", "in-addr.arpa",
         "resolver.arpa", "x.example", "x.localdomainname")


def wire(name: str) -> bytes:
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"


def asked(found: int, name: str, rdtype: int = packets.A, bits: int = packets.RD, **opt) -> bytes:
    """The ID says what is found; each such name is new to the cache."""
    head = found.to_bytes(2, "big") + packets.header(bits, ar=1)[2:]
    return head + packets.question(wire(name) if name else packets.ROOT, rdtype) + packets.opt(**opt)


def more_queries():
    for what, octets, _, _ in packets.PACKETS:
        yield re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-"), 0, octets
    for way, bits in WAYS.items():
        for what, octets in MORE.items():
            yield f"{way}-{what}", bits, octets
    for found in range(8):
        for rdtype in (packets.A, packets.ALL, packets.RRSIG):
            yield f"found-{found}-type-{rdtype}", 0, asked(found, f"found-{found}-{rdtype}.example", rdtype)
        yield f"found-{found}-tcp", 1, asked(found, f"found-{found}-tcp.example", bits=packets.RD | packets.AD, flags=0x8000)
        yield f"found-{found}-do", 0, asked(found, f"found-{found}-do.example", size=4096, flags=0x8000)
    for found in range(8):  # and every verdict, with what may come along
        for judged in range(0, 128, 11):
            bits = packets.RD | (packets.CD if judged & 1 else 0) | (packets.AD if judged & 2 else 0)
            yield (f"judged-{found}-{judged}", 128, asked(found | judged << 3, f"judged-{found}-{judged}.example", packets.ALL if judged == 88 else packets.A,
                                                          bits=bits, flags=(0, 0x8000, 0xc000)[judged % 3]))
    for label in ("is-ta-20326", "not-ta-20326", "is-ta-00001", "not-ta-00001", "is-ta-99999", "is-ta-2032x"):
        yield f"sentinel-{label}", 128, asked(0, f"root-key-sentinel-{label}.example")
    for size in range(660, 724, 4):  # the answer fits, its OPT does not
        yield f"size-{size}", 0, asked(2, "size.example", size=size)
    yield "root-tcp", 1, asked(2, "")
    for name in LOCAL:
        for rdtype in (packets.A, packets.AAAA, packets.NS, packets.SOA, 12):
            yield f"local-{name.replace('.', '-')}-{rdtype}", 0, packets.ask(wire(name), rdtype)


queries = HERE / "seeds/query"
queries.mkdir(parents=True, exist_ok=True)
for name, bits, octets in more_queries():
    (queries / name).write_bytes(bytes([bits]) + octets)
settings = HERE / "seeds/settings"
settings.mkdir(parents=True, exist_ok=True)
for name, text in SETTINGS.items():
    (settings / name).write_text(text)
