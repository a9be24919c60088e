"""The vectors of vectors.def and refused.def for programs in Python."""

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
#define BAD_TEXT(type, text, error, why) bad_text (#type, text)
#define BAD_WIRE(type, wire, why) bad_wire (#type, wire)
%s
#include "tests/unit/dns/vectors.def"
#include "tests/unit/dns/refused.def"
"""


@dataclass(frozen=True)
class Vector:
    mnemonic: str
    code: int
    text: str
    wire: bytes
    canonical: str  # what hark prints


@dataclass(frozen=True)
class Refused:
    mnemonic: str
    code: int
    octets: bytes  # of text, or of RDATA


class Tables:
    def __init__(self):
        header = (TOP / "tests/unit/dns/vectors.h").read_text()
        names = "\n".join(re.findall(r"^#define [A-Z_]+ \"[0-9A-F]+\"", header, re.MULTILINE))
        self.lines = subprocess.run(["cc", "-E", "-P", "-I", str(TOP), "-x", "c", "-"], input=SOURCE % names, text=True,
                                    capture_output=True, check=True).stdout
        self.codes = {name: int(code) for name, code in re.findall(r"^code_of (\w+) (\d+)$", self.lines, re.MULTILINE)}

    def rows(self, table: str):
        """The columns of each row, with mnemonic and code for the type."""
        for row in re.findall(rf'^{table} (\((?:[^()"]|"(?:[^"\\]|\\.)*")*\))', self.lines, re.MULTILINE):
            kind, *rest = eval(row, {"NULL": None})  # our own table
            name = kind.removeprefix("TYPE_")
            mnemonic = name.replace("_", "-") if name in self.codes else f"TYPE{name}"
            yield mnemonic, self.codes.get(name) or int(name), *rest


def load() -> list[Vector]:
    return [Vector(mnemonic, code, text, bytes.fromhex(wire), canonical or text)
            for mnemonic, code, text, wire, canonical in Tables().rows("vector")]


def load_refused() -> list[Refused]:
    tables = Tables()
    return [Refused(m, code, text.encode("latin-1")) for m, code, text in tables.rows("bad_text")] + [
        Refused(m, code, bytes.fromhex(wire)) for m, code, wire in tables.rows("bad_wire")]
