#!/usr/bin/python3 -IB
"""Seeds of fuzz_anchors: state files of RFC 5011, whole and damaged, and anchors in master-file form."""

import hashlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "seeds/anchors"
ED25519 = "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="
P256 = "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="
HEAD = "hark-rfc5011 1\nzone .\nseen 1763900000 next 1763943200 retry 17280\n"
DS = "DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"


def whole(lines: str) -> str:
    return lines + f"sum {hashlib.sha256(lines.encode()).hexdigest().upper()}\n"


STATES = HEAD + f"""\
key pending 1763900000 1766492000 {ED25519}
key valid 1763900000 0 {P256}
key missing 1763900000 0 {ED25519.replace("15 l0", "15 m0")}
key revoked 1763900000 1766492000 {ED25519.replace("15 l0", "15 n0")}
key removed 1763900000 0 {ED25519.replace("15 l0", "15 o0")}
"""
SEEDS = {
    "empty": whole(HEAD), "states": whole(STATES), "states-no-sum": STATES, "cut": whole(STATES)[:-40],
    "wrong-sum": whole(STATES).replace("valid", "invalid"), "revoke-flag": HEAD + f"key valid 1 0 {ED25519.replace('257', '385')}\n",
    "leading-zero": HEAD.replace("seen 1", "seen 01"), "negative": HEAD.replace("seen 1", "seen -1"), "version": HEAD.replace(" 1\n", " 2\n"),
    "other-zone": HEAD.replace("zone .", "zone example."), "no-key": HEAD + "key valid 1 0 257 3 15 \n",
    "base64-loose": HEAD + f"key valid 1 0 {ED25519.replace('A4=', 'A5=')}\n", "start": HEAD + f"key start 1 0 {ED25519}\n",
    "many": HEAD + "".join(f"key valid {n} 0 257 3 15 {n:02}ZWoi0iS8Aa\n" for n in range(33)),
    "ds": f". 172800 IN {DS} ; root\n", "no-owner": DS, "key": f"example. DNSKEY {ED25519}\n", "class-first": f"IN {DS}",
    "lines": f"a. ( DS 1 15 1\n 6f4973ab543aa0ef73c9ff5e3160288ef672c9b2 ) \n\nb.\tDNSKEY ( {P256}\n) ; x\n;\n",
    "lines-parentheses": f"b.\tDNSKEY {P256.replace('257 3 13 ', '( 257 3 13 ')}\n)\na. {DS}\n",
    "generic": ". CLASS1 TYPE43 \\# 24 00010f016f4973ab543aa0ef73c9ff5e3160288ef672c9b2", "short": ". DS 1 8 2 00",
}

# Visits: half days since the last one, the keys that are there (a bit each), those that are there with REVOKE, 1: there was no RRset.
VISITS = {
    "roll": [(2, 1, 0, 0), (2, 3, 0, 0), (30, 3, 0, 0), (32, 3, 0, 0), (2, 2, 1, 0), (2, 2, 0, 0), (62, 2, 0, 0), (10, 3, 0, 0)],
    "pending-leaves": [(2, 1, 0, 0), (2, 3, 0, 0), (20, 1, 0, 0), (50, 3, 0, 0), (2, 2, 0, 1), (2, 1, 2, 0), (61, 1, 0, 0)],
    "missing": [(2, 7, 0, 0), (62, 7, 0, 0), (2, 2, 0, 0), (2, 5, 0, 0), (255, 5, 0, 0), (2, 0, 5, 0), (61, 2, 128, 0), (2, 130, 0, 0)],
}

FOLDER.mkdir(parents=True, exist_ok=True)
for name, text in SEEDS.items():
    (FOLDER / name).write_text(text)
for name, steps in VISITS.items():
    (FOLDER / f"visits-{name}").write_bytes(bytes([0, *(octet for step in steps for octet in step)]))
