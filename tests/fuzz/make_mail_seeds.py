#!/usr/bin/python3 -IB
"""Seeds of fuzz_sts (policies and TXT records), fuzz_rdap and fuzz_whois (the shapes of tests/registries, and worse), fuzz_bootstrap
and fuzz_root."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
SHAPES = HERE.parent / "registries"
STS = {
    "rfc": "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: backupmx.example.com\nmax_age: 604800\n",
    "crlf": "version: STSv1\r\nmode: testing\r\nmax_age: 1\r\nmx: a\r\n", "none": "version: STSv1\nmode: none\nmax_age: 0",
    "age": "version: STSv1\nmode: none\nmax_age: 31557601\n", "star": "version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.*.b\n",
    "html": "<html>\n", "empty": "", "many": "version: STSv1\nmode: enforce\nmax_age: 1\n" + "".join(f"mx: m{n}\n" for n in range(70)),
    "txt": "\x14v=STSv1; id=20261101", "txt-pieces": "\x08v=STSv1;\x0c id=2026; x=y",
}


def write(folder: str, name: str, data: bytes) -> None:
    (HERE / "seeds" / folder).mkdir(parents=True, exist_ok=True)
    (HERE / "seeds" / folder / name).write_bytes(data)


for name, text in STS.items():
    write("sts", name, text.encode("latin-1"))

for n, text in enumerate((SHAPES / "whois-shapes.txt").read_bytes().split(b"\n=== ")):
    write("whois", f"shape{n}", text[text.index(b"\n") + 1:text.rindex(b"\n--- ")])
for shape in sorted(SHAPES.iterdir()):
    if shape.name == "whois-shapes.txt":
        continue
    write(shape.name.split("-")[0], shape.name.split("-", 1)[1], shape.read_bytes())
RDAP = {
    "space-dot": b'{"objectClassName":"domain","ldhName":"x ."}',
    "kinds": b'{"objectClassName":"domain","ldhName":[1],"status":{"a":1},"events":[1,{"eventAction":1}],"entities":[null,{"roles":"registrar"}]}',
    "deep": b'{"objectClassName":"domain","x":' + b"[" * 3000 + b"]" * 3000 + b"}", "cut": b'{"objectClassName":"dom', "zero": b'{"objectClassName":"a\\u0000"}',
    "zeroes": b'{"objectClassName":"domain","ldhName":"a\\u0000b.","handle":"\\u0000","status":["\\u0000x","y\\u0000"]}',
    "escapes": b'{"objectClassName":"domain","ldhName":"\\u001b[2J\\u202e.X.","handle":" \\u0085 "}', "latin": b'{"handle":"M\xfcller"}',
}
WHOIS = {
    "escapes": b"Domain Name: \x1b[2Jx\xe2\x80\xae\nRegistrar: M\xfcller\x9b\n", "refer": b"refer: a_b.c\nrefer: whois://a.b:43/\nReferralServer: rwhois://x.y\n",
    "block": b"Name servers:\n a.b 192.0.2.1\n\nregistrar:\n X: y\nx:\n", "jprs": b"[Domain Name\n[Domain Name]\n[] x\n]\n", "asn": b"aut-num: ASx\naut-num: 1\n",
    "long": b"domain: " + b"\xe6\x97\xa5" * 400 + b"\n", "many": b"nserver: " + b"\nnserver: ".join(b"n%d.x" % n for n in range(90)), "empty": b"", "zeros": b"\0\n\0:\0\n",
    "nothing": b"% Abuse contact for 'x' is ''\nRecord created on \n[]\n[ ] x\n** :\n: y\n(a): b\ndomain: \x80.x\n\ncontact:\ncontact: \n\nRegistrar:\n(http://x)\n",
}
for name, data in RDAP.items():
    write("rdap", name, data)
for name, data in WHOIS.items():
    write("whois", name, data)


def bootstrap(kind: int, keys: str, urls: str = '"https://x.example/rdap/"', date: str = "2026-01-01T00:00:00Z") -> bytes:
    return bytes([kind]) + f'{{"version":"1.0","publication":"{date}","services":[[[{keys}],[{urls}]]]}}'.encode()


BOOTSTRAP = {
    "tags": b'\4{"publication":"2026-01-01","services":[[["a@b"],["ARIN","x"],["https://x.example/"]],[["YYYY"],["https://x/"]]]}',
    "dns": bootstrap(0, '"com","NET.","xn--p1ai",""'), "ipv4": bootstrap(1, '"192.0.2.0/24","192.0.0.0/8"'), "ipv6": bootstrap(2, '"2001:db8::/32"'),
    "asn": bootstrap(3, '"1-5","7","4294967295"'), "urls": bootstrap(0, '"com"', '"http://x","ftp://y","https://z"'), "no-date": bootstrap(0, '"com"', date="soon"),
    "bad-asn": bootstrap(3, '"5-1","1-","x"'), "bad-prefix": bootstrap(1, '"2001:db8::/32","192.0.2.0/40"'), "user": bootstrap(0, '"com"', '"https://a@b/"'),
    "kinds": bootstrap(0, '1,null,["a"]', "1,{}"), "many": bootstrap(3, ",".join(f'"{n}"' for n in range(600))), "empty": b"\0", "cut": b"\0{\"publication",
}
for name, data in BOOTSTRAP.items():
    write("bootstrap", name, data)


def named_root(end: str = "") -> bytes:
    lines = [";       last update:     April 18, 2024"]
    for n, letter in enumerate("abcdefghijklm"):
        name = f"{letter.upper()}.ROOT-SERVERS.NET."
        lines += [f".  3600000  NS  {name}", f"{name}  3600000  A  198.41.{n}.4", f"{name}  3600000  AAAA  2001:503:{n}::30 ; x"]
    return "\n".join([*lines, end]).encode()


KEY = ('<KeyDigest id="k" validFrom="2017-02-02T00:00:00+00:00" validUntil="2030-01-11T00:00:00Z"><KeyTag>1</KeyTag><Algorithm>8</Algorithm>'
       f"<DigestType>2</DigestType><Digest>{'AB' * 32}</Digest></KeyDigest>")
ROOT = {
    "hints": named_root(), "hints-html": b"<html>", "hints-more": named_root("n.root-servers.net. A 192.0.2.1"), "hints-mx": named_root(". MX 1 a."),
    "xml-keys": f"<TrustAnchor><Zone>.</Zone>{KEY * 17}</TrustAnchor>".encode(), "xml-two": f"<TrustAnchor><Zone>.</Zone>{KEY * 2}</TrustAnchor>".encode(),
    "xml-deep": b"<TrustAnchor>" + b"<a>" * 40, "xml-type": b"<!DOCTYPE a [<!ENTITY b 'c'>]><TrustAnchor>&b;</TrustAnchor>", "xml-cut": b"<TrustAnchor><Zone>.", "empty": b"",
    "der": bytes.fromhex("308006092a864886f70d010702a0800000"),
}
for name, data in ROOT.items():
    write("root", name, data)
