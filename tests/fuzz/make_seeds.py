#!/usr/bin/python3
"""Writes the first seeds of msg, name and edns: tests/fuzz/make_seeds.py. Inputs found by fuzzing are added by hand, under names of their own."""

import pathlib
import random
import struct

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset

random.seed(1)  # dnspython shuffles records
SEEDS = pathlib.Path(__file__).parent / "seeds"

RECORDS = """
A 192.0.2.1 | AAAA 2001:db8::1 | NS ns1.example.org. | CNAME target.example.org. | PTR host.example.org.
SOA ns1.example.org. hostmaster.example.org. 2024010101 7200 3600 1209600 300 | HINFO "PC" "Linux" | MX 10 mail.example.org.
TXT "v=spf1 -all" "two" | LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m | SRV 0 5 5060 sip.example.org.
NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.org!" . | DNAME example.net.
DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118 | SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
RRSIG A 13 3 300 20240201000000 20240101000000 12345 example.org. AAECAwQFBgcICQ== | NSEC host.example.org. A MX RRSIG NSEC TYPE1234
DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG | NSEC3PARAM 1 0 12 aabbccdd
TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971 | CDS 0 0 0 00 | CDNSKEY 0 3 0 AA==
ZONEMD 2018031500 1 1 FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE7EB1A7B641A47BA7FED2DD5B97AE499FAFA4F22C6BD647DE
SVCB 1 svc.example.org. alpn="h2,h3" port=8443 ipv4hint=192.0.2.1 | HTTPS 1 . alpn="h2" | SPF "v=spf1 -all"
CAA 0 issue "ca.example.net" | URI 10 1 "https://www.example.org/" | TYPE65280 \\# 3 010203
""".replace("\n", "|").split("|")


def response(qname, qtype, answer=(), authority=(), additional=(), **edns):
    message = dns.message.make_response(dns.message.make_query(qname, qtype, **edns), recursion_available=True)
    for section, texts in ((message.answer, answer), (message.authority, authority), (message.additional, additional)):
        section.extend(dns.rrset.from_text(*t) for t in texts)
    return message


def messages():
    for text in filter(None, (r.strip() for r in RECORDS)):
        rtype, rdata = text.split(" ", 1)
        yield "type-" + rtype.lower(), response(
            "www.example.org", rtype, [("www.example.org.", 300, "IN", rtype, rdata)]).to_wire()
    yield "query", dns.message.make_query("www.example.org", "A").to_wire()
    yield "query-edns", dns.message.make_query("WwW.eXample.org", "AAAA", want_dnssec=True, payload=1232).to_wire()
    referral = response("www.example.org", "A", authority=[("org.", 172800, "IN", "NS", "a0.nic.org.", "b0.nic.org.")],
                        additional=[("a0.nic.org.", 172800, "IN", "A", "192.0.2.53"), ("b0.nic.org.", 172800, "IN", "AAAA", "2001:db8::53")],
                        use_edns=0)
    yield "referral", referral.to_wire()
    chain = response("a.example.org", "A", [("a.example.org.", 60, "IN", "CNAME", "b.example.org."), ("b.example.org.", 60, "IN", "CNAME", "c.example.net."),
                                            ("c.example.net.", 60, "IN", "A", "192.0.2.1", "192.0.2.2")])
    yield "cname-chain", chain.to_wire()
    nxdomain = response("no.example.org", "A", authority=[("example.org.", 300, "IN", "SOA", "ns1.example.org. hostmaster.example.org. 1 2 3 4 5")])
    nxdomain.set_rcode(dns.rcode.NXDOMAIN)
    yield "nxdomain", nxdomain.to_wire()
    badcookie = dns.message.make_response(dns.message.make_query("x", "A", use_edns=0))
    badcookie.set_rcode(dns.rcode.BADCOOKIE)
    yield "badcookie", badcookie.to_wire()
    many = response("many.example.org", "A", [("many.example.org.", 5, "IN", "A", *(f"198.51.100.{i}" for i in range(60)))])
    yield "many-addresses", many.to_wire()
    head = struct.pack("!HHHHHH", 1, 0x8000, 1, 1, 0, 1)
    question, rest = b"\1a\2bc\0\0\1\0\1", b"\0\1\0\1\0\0\0\5\0\4\1\2\3\4"
    opt = b"\0\0\x29\4\xd0\0\0\0\0\0\0"
    yield "trailing", head + question + b"\xc0\x0c" + rest + opt + b"xyz"
    yield "opt-with-owner", head + question + b"\xc0\x0c" + rest + b"\1a" + opt
    yield "opt-twice", head[:10] + b"\0\2" + question + b"\xc0\x0c" + rest + opt + opt
    yield "pointer-loop", head + question + b"\xc0\x17" + rest + opt
    yield "pointer-forwards", head + question + b"\xc0\x30" + rest + opt
    yield "counts-too-great", struct.pack("!HHHHHH", 1, 0x8000, 1, 65535, 65535, 65535) + question
    yield "two-questions", struct.pack("!HHHHHH", 1, 0, 2, 0, 0, 0) + question + b"\1x\xc0\x0c\0\1\0\1"
    yield "no-question", struct.pack("!HHHHHH", 1, 0x8000, 0, 0, 0, 0)
    yield "update", struct.pack("!HHHHHH", 1, 5 << 11, 1, 0, 0, 0) + question
    tsig = b"\1k\0\0\xfa\0\xff\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    yield "tsig", struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 2) + question + opt + tsig


def names():
    yield "root", b"\0\0"
    yield "wire", b"\0" + dns.name.from_text("www.Example.org").to_wire()
    yield "wire-pointer", b"\x05\1a\2bc\0\1x\xc0\0"
    yield "wire-two-pointers", b"\x07\1a\0\1b\xc0\0\1c\xc0\3"
    yield "wire-loop", b"\0\1a\xc0\0"
    yield "wire-self", b"\0\xc0\0"
    yield "wire-forwards", b"\0\1a\xc0\5\0\0"
    yield "wire-cut", b"\0\3ab"
    yield "wire-reserved-40", b"\0\x40a\0"
    yield "wire-reserved-80", b"\0\x80a\0"
    yield "wire-127-labels", b"\0" + b"\1a" * 127 + b"\0"
    yield "wire-128-labels", b"\0" + b"\1a" * 128 + b"\0"
    yield "wire-255", b"\0" + b"\x3f" + b"a" * 63 + b"\x3f" + b"B" * 63 + b"\x3f" + b"c" * 63 + b"\x3d" + b"d" * 61 + b"\0"
    yield "wire-256", b"\0" + b"\x3f" + b"a" * 63 + b"\x3f" + b"B" * 63 + b"\x3f" + b"c" * 63 + b"\x3e" + b"d" * 62 + b"\0"
    yield "wire-hops", b"\xfd" + b"\0\xc0\0" + b"".join(struct.pack("!H", 0xc000 | 2 * i + 1) for i in range(126))
    yield "two-names", b"\3www\7example\0\3WWW\7EXAMPLE\0"
    yield "two-names-below", b"\1a\3www\7example\0\3WWW\7EXAMPLE\0"
    yield "two-names-octets", b"\x09x\7example\0\7example\0"
    for label, text in {
            "text": "www.example.org", "text-dot": "www.example.org.", "text-root": ".", "text-at": "@", "text-escaped-dot": "a\\.b.c",
            "text-decimal": "\\000\\255.\\032x", "text-special": "\\\"\\(\\)\\;\\@\\$\\\\", "text-empty-label": "a..b",
            "text-bad-escape": "a\\25", "text-end-escape": "a\\", "text-256": "a\\256", "text-utf8": "m\u00fcnchen.example",
            "text-63": "a" * 63, "text-64": "a" * 64, "text-127": "a." * 127, "text-128": "a." * 128, "text-wildcard": "*.example",
            "text-case": "[{@`.aZ.zA", "text-space": "a b.\tc"}.items():
        yield label, text.encode()


def options():
    def opt(*pairs, size=1232, ttl=0x8000):
        return struct.pack("!HI", size, ttl) + b"".join(struct.pack("!HH", c, len(d)) + d for c, d in pairs)

    yield "empty", opt()
    yield "version-1", opt((3, b""), ttl=0x10000)
    yield "flags", opt(ttl=0xff00ffff)
    yield "nsid-ask", opt((3, b""))
    yield "nsid", opt((3, b"ns1.example\x1b\""))
    yield "nsid-twice", opt((3, b""), (3, b""))
    for n in (0, 7, 8, 9, 15, 16, 24, 40, 41):
        yield f"cookie-{n}", opt((10, bytes(range(n))))
    yield "cookie-twice", opt((10, b"12345678"), (10, b"x"))
    for address, source, scope in (("192.0.2.0", 24, 0), ("192.0.2.0", 23, 16), ("0.0.0.0", 0, 0), ("2001:db8::", 56, 48), ("2001:db8::1", 128, 0)):
        yield f"subnet-{source}-{scope}-{'6' if ':' in address else '4'}", opt((8, dns.edns.ECSOption(address, source, scope).to_wire()))
    yield "subnet-bits", opt((8, b"\0\1\x17\0\xc0\0\3"))
    yield "subnet-long", opt((8, b"\0\1\x18\0\xc0\0\2\0"))
    yield "subnet-short", opt((8, b"\0\1\x18\0\xc0\0"))
    yield "subnet-family-0", opt((8, b"\0\0\0\0"))
    yield "subnet-family-3", opt((8, b"\0\3\0\0"))
    yield "subnet-33", opt((8, b"\0\1\x21\0\1\2\3\4\0"))
    yield "keepalive-ask", opt((11, b""))
    yield "keepalive", opt((11, b"\1\x2c"))
    yield "keepalive-1", opt((11, b"\1"))
    yield "padding", opt((12, bytes(128)))
    yield "padding-twice", opt((12, b""), (12, b""))
    yield "ede", opt((15, b"\0\x16all servers failed"))
    yield "ede-utf8-zero", opt((15, "\0\x06\u00fc\0x".encode()))
    yield "ede-five", opt(*((15, bytes([0, i])) for i in range(5)))
    yield "ede-short", opt((15, b"\0"))
    yield "report", opt((18, b"\6agents\7example\0"))
    yield "report-pointer", opt((18, b"\xc0\x0c"))
    yield "report-root", opt((18, b"\0"))
    yield "unknown", opt((65001, b"x"), (65001, b""))
    yield "all", opt((3, b""), (10, b"12345678abcdefgh"), (8, b"\0\1\x08\0\x0a"), (11, b"\0\1"), (15, b"\0\x0f" b"blocked"), (18, b"\1x\0"), (12, b"\0\0\0"))
    yield "options-24", opt(*((0, b"") for _ in range(24)))
    yield "options-25", opt(*((0, b"") for _ in range(25)))
    yield "cut", opt((3, b"abc"))[:-1]
    yield "cut-header", opt((3, b""))[:-1]


for folder, seeds in (("msg", messages()), ("name", names()), ("edns", options())):
    (SEEDS / folder).mkdir(parents=True, exist_ok=True)
    for label, data in seeds:
        # The ID is chance in dnspython; a fixed one keeps the files the same at every run.
        (SEEDS / folder / label).write_bytes(b"\x12\x34" + data[2:] if folder == "msg" else data)
