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

queries = HERE / "seeds/query"
queries.mkdir(parents=True, exist_ok=True)
for what, octets, _, _ in packets.PACKETS[::4]:
    name = re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")
    (queries / name).write_bytes(b"\0" + octets)
# With each way to ask (see the bits in fuzz_query.c): cookies, zones that are answered here, class CH.
CLIENT = b"client's"
WAYS = {"udp": 4, "tcp": 5, "stranger": 2, "no-snooper": 0, "required": 12, "zones-off": 20}
MORE = {
    "cookie-8": packets.edns(packets.option(10, CLIENT)),
    "cookie-24": packets.edns(packets.option(10, CLIENT + b"\1\0\0\0" + bytes(12))),
    "cookie-alone": packets.cookie(CLIENT),
    "cookie-24-alone": packets.cookie(CLIENT + b"\1\0\0\0" + bytes(12)),
    "nsid-cookie-padding": packets.edns(packets.option(3) + packets.option(10, CLIENT) + packets.option(12, bytes(20))),
    "id-server": packets.ask(b"\2id\6server\0", 16, packets.CH),
    "reverse-172": packets.ask(b"\0011\00216\003172\7in-addr\4arpa\0", 12),
    "reverse-10": packets.ask(b"\0011\00210\7in-addr\4arpa\0", 6),
    "x-test": packets.ask(b"\1x\4test\0"),
    "home-arpa-ds": packets.ask(b"\4home\4arpa\0", 43),
    "no-rd": packets.ask(packets.PYTHON, flags=0),
}
for way, bits in WAYS.items():
    for what, octets in MORE.items():
        (queries / f"{way}-{what}").write_bytes(bytes([bits]) + octets)
settings = HERE / "seeds/settings"
settings.mkdir(parents=True, exist_ok=True)
for name, text in SETTINGS.items():
    (settings / name).write_text(text)
