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
settings = HERE / "seeds/settings"
settings.mkdir(parents=True, exist_ok=True)
for name, text in SETTINGS.items():
    (settings / name).write_text(text)
