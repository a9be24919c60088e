#!/usr/bin/python3
"""Writes the seeds vector-* and refused-* of rdata, from tests/unit/dns/vectors.def and refused.def: tests/fuzz/make_rdata_seeds.py.
Others are kept."""

import pathlib
import struct
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
SEEDS = TOP / "tests/fuzz/seeds/rdata"
sys.path.insert(0, str(TOP / "tests/unit/dns"))
import vectors  # noqa: E402



def write(kind: str, rows, *forms):
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.mnemonic] = counts.get(row.mnemonic, 0) + 1
        for suffix, octets in forms:
            name = f"{kind}-{row.mnemonic.lower()}-{counts[row.mnemonic]}{suffix}"
            (SEEDS / name).write_bytes(struct.pack("!H", row.code) + octets(row))
    print(f"{kind}: {sum(counts.values())} of {len(counts)} types")


write("vector", vectors.load(), ("", lambda v: v.wire), ("-text", lambda v: v.text.encode("latin-1")))
write("refused", vectors.load_refused(), ("", lambda r: r.octets))
