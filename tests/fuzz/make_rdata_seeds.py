#!/usr/bin/python3
"""Writes a seed of octets and one of text for each vector of tests/unit/dns/vectors.def: tests/fuzz/make_rdata_seeds.py. Others are kept."""

import pathlib
import struct
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
SEEDS = TOP / "tests/fuzz/seeds/rdata"
sys.path.insert(0, str(TOP / "tests/unit/dns"))
import vectors  # noqa: E402

counts: dict[str, int] = {}
for v in vectors.load():
    counts[v.mnemonic] = counts.get(v.mnemonic, 0) + 1
    label = f"vector-{v.mnemonic.lower()}-{counts[v.mnemonic]}"
    code = struct.pack("!H", v.code)
    (SEEDS / label).write_bytes(code + v.wire)
    (SEEDS / f"{label}-text").write_bytes(code + v.text.encode("latin-1"))
print(f"{sum(counts.values())} vectors of {len(counts)} types")
