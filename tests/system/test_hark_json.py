"""--json by a reader that knows RFC 8427 alone, and the fields that hark adds: names, types, and that they fit each other."""

import json
import os
import re
import subprocess

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest

pytestmark = pytest.mark.usefixtures("lab_harkd")

MESSAGE = {  # RFC 8427 2.1
    "ID": int, "QR": bool, "Opcode": int, "AA": bool, "TC": bool, "RD": bool, "RA": bool, "AD": bool, "CD": bool, "RCODE": int,
    "QDCOUNT": int, "ANCOUNT": int, "NSCOUNT": int, "ARCOUNT": int,
    "QNAME": str, "QTYPE": int, "QTYPEname": str, "QCLASS": int, "QCLASSname": str,
    "answerRRs": list, "authorityRRs": list, "additionalRRs": list,
}
ALWAYS = set(MESSAGE) - {"QNAME", "QTYPE", "QTYPEname", "QCLASS", "QCLASSname", "answerRRs", "authorityRRs", "additionalRRs"}
RECORD = {"NAME": str, "TYPE": int, "TYPEname": str, "CLASS": int, "CLASSname": str, "TTL": int, "RDLENGTH": int, "RDATAHEX": str}  # 2.2
ADDED = {  # 2.4 and 3: when it came, and the query; what else hark tells
    "dateString": str, "dateSeconds": int, "queryMessage": dict,
    "server": str, "server_name": str, "port": int, "transport": str, "time_ms": int, "octets": int, "rcode": str, "ede": list,
    "dnssec": str, "dnssec_why": str, "QNAMEunicode": str,
}
FAILED = {"QNAME": str, "QTYPE": int, "QTYPEname": str, "server": str, "server_name": str, "port": int, "transport": str, "name": str,
          "error": str, "QNAMEunicode": str, "place": str}


def typed(what: dict, fields: dict) -> None:
    for key, value in what.items():
        assert key in fields, (key, what)
        assert type(value) is fields[key], (key, what)
        assert fields[key] is not int or 0 <= value < 2**33, (key, what)


def read_record(rr: dict) -> None:
    rdata = [key for key in rr if key.startswith("rdata")]
    typed({key: value for key, value in rr.items() if key not in rdata}, RECORD)
    opt = rr["TYPE"] == dns.rdatatype.OPT
    assert set(RECORD) - set(rr) <= {"RDATAHEX"} | ({"CLASSname"} if opt else set()), rr
    assert len(rdata) + ("RDATAHEX" in rr) == 1, "one form of the data"
    assert rr["NAME"].endswith(".") and dns.name.from_text(rr["NAME"])
    assert rr["TYPEname"] == dns.rdatatype.to_text(rr["TYPE"])
    assert opt or rr["CLASSname"] == dns.rdataclass.to_text(rr["CLASS"])
    if rdata:
        assert rdata == [f"rdata{rr['TYPEname']}"], "2.3"
        assert type(rr[rdata[0]]) is str
        wire = dns.rdata.from_text(rr["CLASS"], rr["TYPE"], rr[rdata[0]]).to_wire()
        assert len(wire) == rr["RDLENGTH"]
    else:
        assert re.fullmatch(r"(?:[0-9A-F]{2})*", rr["RDATAHEX"]) and len(rr["RDATAHEX"]) == 2 * rr["RDLENGTH"]


def read_message(m: dict, added: dict) -> None:
    typed(m, MESSAGE | added)
    assert ALWAYS <= set(m), m
    for count, section in (("ANCOUNT", "answerRRs"), ("NSCOUNT", "authorityRRs"), ("ARCOUNT", "additionalRRs")):
        assert m[count] == len(m.get(section, [])), (count, m)
        for rr in m.get(section, []):
            read_record(rr)
    assert m["RCODE"] < 16 and m["Opcode"] < 16 and m["QDCOUNT"] == ("QNAME" in m)
    if "QNAME" in m:
        assert m["QTYPEname"] == dns.rdatatype.to_text(m["QTYPE"]) and m["QCLASSname"] == dns.rdataclass.to_text(m["QCLASS"])


def read(line: str) -> dict:
    assert line.isascii()
    m = json.loads(line, object_pairs_hook=lambda pairs: dict(pairs) if len(dict(pairs)) == len(pairs) else pytest.fail(f"a key twice: {line}"))
    if "error" in m:
        typed(m, FAILED)
        return m
    read_message(m, ADDED)
    assert {"server", "port", "transport", "time_ms", "octets", "rcode", "ede", "dateString", "dateSeconds"} <= set(m)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", m["dateString"]), "RFC 3339"
    for ede in m["ede"]:
        typed(ede, {"code": int, "purpose": str, "text": str})
    if "queryMessage" in m:
        read_message(m["queryMessage"], {})
        assert not m["queryMessage"]["QR"] and m["queryMessage"]["ID"] == m["ID"]
    return m


# A line of a batch, and what must hold.
SHAPES = [
    ("www.python.org A", lambda m: m["ANCOUNT"] == 2 and m["rcode"] == "NOERROR" and m["transport"] == "udp"),
    ("www.python.org AAAA +dnssec", lambda m: m["dnssec"] == "secure" and {"AAAA", "RRSIG"} == {r["TYPEname"] for r in m["answerRRs"]}),
    ("nothing.python.org A +dnssec", lambda m: m["RCODE"] == 3 and any(r["TYPEname"] == "NSEC3" for r in m["authorityRRs"])),
    ("only4.python.org AAAA", lambda m: m["ANCOUNT"] == 0 and m["authorityRRs"][0]["TYPEname"] == "SOA"),
    ("www.all-servfail.org A", lambda m: m["rcode"] == "SERVFAIL" and m["ede"]),
    ("huge.python.org TXT", lambda m: m["transport"] == "tcp" and m["ANCOUNT"] == 120),
    ("huge.python.org TXT +ignore", lambda m: m["TC"] is True),
    ("escape.types.python.org TXT", lambda m: m["answerRRs"][0]["rdataTXT"] == r'"quote\" backslash\\ \195\164 \000 end"'),
    ("opaque.types.python.org TYPE65400", lambda m: m["answerRRs"][0]["RDATAHEX"] == "DEADBEEF" and m["QTYPEname"] == "TYPE65400"),
    ("https.types.python.org HTTPS", lambda m: "rdataHTTPS" in m["answerRRs"][0]),
    ("www.python.org A +noedns", lambda m: m["ARCOUNT"] == 0 and "additionalRRs" not in m),
    ("www.python.org A +edns=1 +noednsneg", lambda m: m["rcode"] == "BADVERS" and m["RCODE"] == 0),
    ("www.python.org A +nsid +cookie +qr", lambda m: m["queryMessage"]["additionalRRs"][0]["RDLENGTH"] == 16),
    ("python.org SOA +opcode=status +noednsneg", lambda m: m["Opcode"] == 2 and m["rcode"] == "NOTIMP"),
    ("id.server TXT CH", lambda m: m["QCLASSname"] == "CH"),
    (". DNSKEY", lambda m: m["QNAME"] == "."),
    ("python.org ANY", lambda m: m["QTYPEname"] == "ANY"),
    ("bücher.org A", lambda m: m["QNAME"] == "xn--bcher-kva.org." and m["QNAMEunicode"] == "bücher.org."),
    ("xn--0.python.org A", lambda m: "QNAMEunicode" not in m),
    ("www.python.org A @198.51.100.3 +tries=1", lambda m: m["error"] == "refuses: nothing listens on that port" and m["server_name"] == "198.51.100.3"),
    ("www.python.org A @nowhere.invalid", lambda m: m["error"].startswith("no address of the server nowhere.invalid") and m["QTYPE"] == 1),
    ("www.python.org A @127.0.0.1#70000", lambda m: "is not a port" in m["error"]),
    ("www.python.org A +nonsense", lambda m: m["place"].endswith("line 23") and "+nonsense" in m["error"]),
    ("a..b A", lambda m: m["name"] == "a..b" and "empty label" in m["error"]),
]


def test_every_shape(tmp_path):
    """One line an object, in the order of the batch."""
    file = tmp_path / "names"
    file.write_text("".join(f"{line}\n" for line, _ in SHAPES), encoding="utf-8")
    done = subprocess.run(["hark", "--json", "-f", str(file)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, env=os.environ | {"LC_ALL": "C.UTF-8"})
    lines = done.stdout.decode("ascii").splitlines()
    assert len(lines) == len(SHAPES), done.stderr
    for (words, holds), line in zip(SHAPES, lines, strict=True):
        assert holds(read(line)), (words, line)
