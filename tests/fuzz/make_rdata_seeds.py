#!/usr/bin/python3
"""Writes a seed of octets and one of text for each vector of tests/unit/dns/vectors.def: tests/fuzz/make_rdata_seeds.py. Others are kept."""

import pathlib
import re
import struct
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
SEEDS = TOP / "tests/fuzz/seeds/rdata"

# Types by number, the strings joined as C would join them; what is left reads as Python.
SOURCE = """
enum { %s };
#define RRTYPE(name, code, ...) code_of name code
#include "src/defs/rrtype.def"
#undef RRTYPE
#define VECTOR(type, text, wire, ...) vector (#type, text, wire)
%s
#include "tests/unit/dns/vectors.def"
"""


def expanded() -> str:
    header = (TOP / "tests/unit/dns/vectors.h").read_text()
    names = "\n".join(re.findall(r"^#define [A-Z_]+ \"[0-9A-F]+\"", header, re.MULTILINE))
    command = ["cc", "-E", "-P", "-I", str(TOP), "-x", "c", "-"]
    return subprocess.run(command, input=SOURCE % ("none", names), cwd=TOP, text=True, capture_output=True, check=True).stdout


lines = expanded()
codes = {f"TYPE_{name}": int(code) for name, code in re.findall(r"^code_of (\w+) (\d+)$", lines, re.MULTILINE)}
counts: dict[str, int] = {}
for vector in re.findall(r'vector (\((?:[^()"]|"(?:[^"\\]|\\.)*")*\))', lines):
    kind, text, wire = eval(vector)  # our own table
    label = kind.removeprefix("TYPE_").lower() if kind in codes else f"type{kind}"
    code = struct.pack("!H", codes.get(kind) or int(kind))
    counts[label] = counts.get(label, 0) + 1
    (SEEDS / f"vector-{label}-{counts[label]}").write_bytes(code + bytes.fromhex(wire))
    (SEEDS / f"vector-{label}-{counts[label]}-text").write_bytes(code + text.encode("latin-1"))
print(f"{sum(counts.values())} vectors of {len(counts)} types")
