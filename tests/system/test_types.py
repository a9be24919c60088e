"""Every type of the registry as the tool prints it: asked by mnemonic, served as the octets of its vectors."""

import json
import socket
import struct
import sys
import threading

import dns.message
import internet
import pytest
from conftest import PATIENCE_S, TOP

sys.path.insert(0, str(TOP / "tests/unit/dns"))
import vectors  # noqa: E402

VECTORS = [v for v in vectors.load() if v.mnemonic != "OPT"]
MNEMONICS = sorted({v.mnemonic for v in VECTORS})
PORT = 5397


def reply_to(query: bytes) -> bytes:
    """All vectors of the type asked for, put together by hand: a library would know the types, and which have one record only."""
    asked = dns.message.from_wire(query)
    question = asked.question[0]
    data = [v.wire for v in VECTORS if v.code == question.rdtype]
    name = question.name.to_wire()
    head = struct.pack("!HHHHHH", asked.id, 0x8180, 1, len(data), 0, 0)
    return head + name + struct.pack("!HH", question.rdtype, 1) + b"".join(
        name + struct.pack("!HHIH", question.rdtype, 1, 60, len(d)) + d for d in data)


@pytest.fixture(scope="module")
def server():
    """A name server at PORT of 127.0.0.1 that has every type, over TCP."""
    listener = socket.create_server(("127.0.0.1", PORT))
    listener.settimeout(0.2)
    end = threading.Event()

    def serve():
        while not end.is_set():
            try:
                stream, _ = listener.accept()
            except TimeoutError:
                continue
            with stream, stream.makefile("rwb") as f:
                stream.settimeout(PATIENCE_S)
                while head := f.read(2):
                    wire = reply_to(f.read(int.from_bytes(head, "big")))
                    f.write(len(wire).to_bytes(2, "big") + wire)
                    f.flush()

    thread = threading.Thread(target=serve)
    thread.start()
    yield ["@127.0.0.1", "-p", str(PORT), "+tcp"]
    end.set()
    thread.join()
    listener.close()


@pytest.mark.parametrize("types", [MNEMONICS[i:i + 16] for i in range(0, len(MNEMONICS), 16)], ids=lambda t: f"{t[0]}-{t[-1]}")
def test_prints_every_type_by_mnemonic(hark, server, types):
    done = hark("x.example.", *types, *server)
    assert done.returncode == 0, done.stderr
    printed = [line.split(None, 4) for line in done.stdout.splitlines() if line.startswith("x.example.")]
    wanted = {(v.mnemonic, v.canonical) for v in VECTORS if v.mnemonic in types}
    assert {(p[3], p[4] if len(p) > 4 else "") for p in printed} == wanted


def test_takes_types_by_number(hark, server):
    assert hark("x.example.", "TYPE65280", *server, "--short").stdout.splitlines()
    assert hark("x.example.", "TYPE66", *server, "--short").stdout == hark("x.example.", "dsync", *server, "--short").stdout


def test_json_has_each_type_by_name(hark, server):
    types = ["DSYNC", "NSAP-PTR", "APL", "OPENPGPKEY", "NULL"]
    done = hark("x.example.", *types, *server, "--json")
    assert done.returncode == 0, done.stderr
    text = done.stdout.strip()
    decoder, at, found = json.JSONDecoder(), 0, {}
    while at < len(text):
        message, at = decoder.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip())
        for one in message if isinstance(message, list) else [message]:
            for rr in one["answerRRs"]:
                found.setdefault(rr["TYPEname"], set()).add(rr.get(f"rdata{rr['TYPEname']}", rr.get("RDATAHEX")))
    assert found == {t: {v.wire.hex().upper() if t == "NULL" else v.canonical for v in VECTORS if v.mnemonic == t} for t in types}


@pytest.mark.usefixtures("lab_harkd")
def test_harkd_passes_every_type_on(hark):
    """From a zone on knotd that holds them as octets: by recursion, then from the cache."""
    wrong = []
    for mnemonic in MNEMONICS:
        if mnemonic.lower() in internet.STRUCTURAL:
            continue
        here = [v for v in VECTORS if v.mnemonic == mnemonic]
        wanted = {f"{mnemonic.lower()}-{i}.vectors.python.org.": v.canonical for i, v in enumerate(here, 1)
                  if not internet.is_beyond_knotd(v.code, v.wire)}
        for _ in range(2):
            printed = [line.split(None, 4) for line in hark(*wanted, mnemonic, "@127.0.0.1").stdout.splitlines()]
            got = {p[0]: p[4] for p in printed if len(p) == 5 and p[3] == mnemonic and p[0] in wanted}
            # knotd puts some names into lower case.
            wrong += [(name, text, got.get(name)) for name, text in wanted.items() if got.get(name, "").lower() != text.lower()]
    assert not wrong
