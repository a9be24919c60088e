#!/usr/bin/python3 -IB
"""Seeds of fuzz_settings from the table of broken files, and of fuzz_control."""

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLE = HERE.parent / "unit/lib/broken.txt"


def unescape(line: str) -> bytes:
    return re.sub(rb"\\(x..|.)", lambda m: bytes.fromhex(m[1][1:].decode()) if m[1][:1] == b"x" else
                  {b"t": b"\t"}.get(m[1], m[1]), line.encode())


def broken():
    file: list[str] = []
    for line in TABLE.read_text().splitlines():
        if line == "==":
            yield b"".join(unescape(row) + b"\n" for row in file)
            file = []
        elif not line.startswith("-- ") and (file or not line.startswith("#")):
            file.append(line)


GOOD = {
    "lists": 'listen: [192.0.2.1@5300, "2001:db8::1"]\naccess:\n- 10.0.0.0/8\n- ::1\nlocal-zones-off: [home.arpa]\n',
    "texts": 'answers: {identity: "two words: # \\u00e9\\x01\\"", version: auto}\nlog: {queries: "/tmp/a b", clients: none}\n',
    "units": "cache: {size: 64MiB, ttl-min: 5s, ttl-max: 1d, negative-ttl-max: 10m}\n",
    "algorithms": "dnssec:\n  algorithms-off: [5, RSASHA1-NSEC3-SHA1, ed448]\n  digests-off: sha-1\n",
    "secrets": "cookies:\n  secret:\n  - 000102030405060708090A0b0c0d0e0f\n",
    "words": "log: {level: debug, format: json, queries: stderr}\nuser: auto\ncontrol: {socket: none}\n",
    "paths": "control: {socket: /run/x.sock}\nuser: hark\nlog: {queries: none}\n",
    "sources": "upstream: {source: [192.0.2.9, '2001:db8::9'], ipv4: off}\n",
    "no-family": "upstream: {ipv4: off, ipv6: off}\n", "ttl-order": "cache: {ttl-max: 7, ttl-min: 8}\n",
    "names": "".join(f"n{n}: 1\n" for n in range(150)), "elements": "access:\n" + "- ::\n" * 1025,
    "named-root": "HINTS\n; root\n. 3600000 NS A.ROOT-SERVERS.NET.\nA.ROOT-SERVERS.NET. 3600000 A 198.41.0.4\n"
                  "A.ROOT-SERVERS.NET. 3600000 AAAA 2001:503:ba3e::2:30 ; six\n\nB.ROOT-SERVERS.NET. 3600000 A 170.247.170.2\n",
    "named-root-broken": "HINTS\nA.ROOT-SERVERS.NET. 3600000 A 198.41.0\n",
    "named-root-many": "HINTS\n" + "".join(f"{n}.root. 1 A 192.0.2.{n}\n" for n in range(14)),
    "named-root-empty": "HINTS\n. 3600000 NS A.ROOT-SERVERS.NET.\n",
    "hints": "upstream:\n  root-hints:\n  - 'a\\032b.root. 192.0.2.53 2001:db8::53'\n  - b.root. 192.0.2.54\n",
}
CONTROL = {
    "status": b"\0status\n", "reload-refused": b"\0reload\n", "reload": b"\1reload", "json": b'\1{"verb": "reload", "more": [1]}\n',
    "no-verb": b"\1{}", "twice": b'\1{"verb":"status","verb":"reload"}', "deep": b"\1" + b'{"a":' * 50, "empty": b"\1\n",
    "long": b"\1" + b"status" * 20, "zero": b'\1{"verb":"st\\u0000atus"}', "number": b'\1{"verb":7}', "cut": b'\1{"verb":"status"',
    "anchors": b"\0anchors\n", "nta-add": b"\1nta add example.com. 12h\n", "nta-del": b'\1{"verb":"nta","arguments":["del","a\\\\046b."]}',
    "nta-refused": b"\0nta list", "nta-words": b"\1nta add a. 1 2 3 4", "nta-types": b'\1{"verb":"nta","arguments":["add",null]}',
}


def write(folder: str, name: str, data: bytes) -> None:
    (HERE / "seeds" / folder).mkdir(parents=True, exist_ok=True)
    (HERE / "seeds" / folder / name).write_bytes(data)


for number, data in enumerate(broken()):
    write("settings", f"broken-{number}", data)
for name, text in GOOD.items():
    write("settings", name, text.encode())
for name, data in CONTROL.items():
    write("control", name, data)
