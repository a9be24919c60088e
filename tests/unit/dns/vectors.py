"""The vectors of vectors.def for programs in Python."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]

# Types by number, the strings joined as C would join them; what is left reads as Python.
SOURCE = """
#define RRTYPE(name, code, ...) code_of name code
#include "src/defs/rrtype.def"
#undef RRTYPE
#define VECTOR(type, text, wire, canonical, why) vector (#type, text, wire, canonical)
%s
#include "tests/unit/dns/vectors.def"
"""


@dataclass(frozen=True)
class Vector:
    mnemonic: str
    code: int
    text: str
    wire: bytes
    canonical: str  # what hark prints


def load() -> list[Vector]:
    header = (TOP / "tests/unit/dns/vectors.h").read_text()
    names = "\n".join(re.findall(r"^#define [A-Z_]+ \"[0-9A-F]+\"", header, re.MULTILINE))
    lines = subprocess.run(["cc", "-E", "-P", "-I", str(TOP), "-x", "c", "-"], input=SOURCE % names, text=True,
                           capture_output=True, check=True).stdout
    codes = {name: int(code) for name, code in re.findall(r"^code_of (\w+) (\d+)$", lines, re.MULTILINE)}
    out = []
    for row in re.findall(r'vector (\((?:[^()"]|"(?:[^"\\]|\\.)*")*\))', lines):
        kind, text, wire, canonical = eval(row, {"NULL": None})  # our own table
        name = kind.removeprefix("TYPE_")
        mnemonic = name.replace("_", "-") if name in codes else f"TYPE{name}"
        out.append(Vector(mnemonic, codes.get(name) or int(name), text, bytes.fromhex(wire), canonical or text))
    return out
