"""Packets that a name server must know what to do with: octets, the rcode that comes back (or silence), and why.

Each row is (what, octets, expected, source). Names are asked that harkd knows by itself (localhost) or holds in its
cache (www.python.org, which the test warms up), so no row waits for a server. Where RFCs leave the choice, the source
says so.
"""

import struct

SILENCE = None
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS, BADCOOKIE = 0, 1, 2, 3, 4, 5, 16, 23

ID = 0x4a4a
QR, AA, TC, RD, RA, Z, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010
IN, CH, HS, NONE, ANY = 1, 3, 4, 254, 255
A, NS, CNAME, SOA, SIG, AAAA, OPT, RRSIG, TKEY, TSIG, IXFR, AXFR, MAILB, MAILA, ALL = (
    1, 2, 5, 6, 24, 28, 41, 46, 249, 250, 251, 252, 253, 254, 255)

LOCALHOST = b"\x09localhost\x00"
PYTHON = b"\x03www\x06python\x03org\x00"
ROOT = b"\x00"


def opcode(n: int) -> int:
    return n << 11


def header(flags: int = RD, qd: int = 1, an: int = 0, ns: int = 0, ar: int = 0) -> bytes:
    return struct.pack("!6H", ID, flags, qd, an, ns, ar)


def question(name: bytes = LOCALHOST, rdtype: int = A, rdclass: int = IN) -> bytes:
    return name + struct.pack("!2H", rdtype, rdclass)


def ask(name: bytes = LOCALHOST, rdtype: int = A, rdclass: int = IN, flags: int = RD) -> bytes:
    return header(flags) + question(name, rdtype, rdclass)


def record(name: bytes, rdtype: int, rdclass: int, ttl: int, rdata: bytes) -> bytes:
    return name + struct.pack("!2HIH", rdtype, rdclass, ttl, len(rdata)) + rdata


def option(code: int, data: bytes = b"") -> bytes:
    return struct.pack("!2H", code, len(data)) + data


def opt(options: bytes = b"", size: int = 1232, version: int = 0, flags: int = 0, owner: bytes = ROOT,
        ext_rcode: int = 0) -> bytes:
    return record(owner, OPT, size, ext_rcode << 24 | version << 16 | flags, options)


def edns(options: bytes = b"", name: bytes = LOCALHOST, **more) -> bytes:
    return header(ar=1) + question(name) + opt(options, **more)


def label(n: int) -> bytes:
    return bytes([n]) + b"a" * n


LONGEST = label(63) * 3 + label(61) + ROOT  # 255 octets
TOO_LONG = label(63) * 3 + label(62) + ROOT  # 256
LABELS_127 = label(1) * 127 + ROOT
SOA_RR = record(ROOT, SOA, IN, 0, ROOT + ROOT + struct.pack("!5I", 1, 2, 3, 4, 5))
A_RR = record(LOCALHOST, A, IN, 60, b"\x7f\0\0\1")
TSIG_RR = record(b"\x03key\x00", TSIG, ANY, 0, b"\x0bhmac-sha256\x00" + bytes(6) + b"\x01\x2c\x00\x20" + bytes(32)
                 + struct.pack("!3H", ID, 0, 0))
SIG0_RR = record(ROOT, SIG, ANY, 0, struct.pack("!HBBIIIH", 0, 13, 0, 0, 2000000000, 1900000000, ID) + b"\x03key\x00" + bytes(64))
TKEY_RR = record(b"\x03key\x00", TKEY, ANY, 0, b"\x03gss\x00" + struct.pack("!2I4H", 1, 2, 3, 0, 0, 0))


def cookie(octets: bytes, qd: int = 0, **more) -> bytes:
    return header(qd=qd, ar=1, **more) + question() * qd + opt(option(10, octets))


PACKETS = [
    # --- less than a header, header alone: RFC 1035 4.1.1 fixes 12 octets
    ("no octets", b"", SILENCE, "RFC 1035 4.1.1: nothing to reply to"),
    ("one octet", b"\x4a", SILENCE, "RFC 1035 4.1.1: no whole ID"),
    ("the ID alone", b"\x4a\x4a", SILENCE, "RFC 1035 4.1.1: no QR bit seen"),
    ("11 octets", header()[:11], SILENCE, "RFC 1035 4.1.1: no whole header"),
    ("header, no question", header(qd=0), FORMERR, "RFC 9619 4: QDCOUNT of a query is 1"),
    ("header of zeros", bytes(12), FORMERR, "RFC 9619 4"),
    ("header promises a question", header(), FORMERR, "RFC 1035 4.1.2: it is not there"),
    ("header promises everything", header(qd=65535, an=65535, ns=65535, ar=65535), FORMERR, "RFC 9619 4"),
    # --- responses are never answered, or two servers answer each other for ever
    ("a response", ask(flags=QR | RD), SILENCE, "RFC 1035 4.1.1: QR=1 is no query"),
    ("a response, header alone", header(QR, qd=0), SILENCE, "RFC 1035 4.1.1"),
    ("a FORMERR response", header(QR | FORMERR, qd=0), SILENCE, "RFC 1035 4.1.1"),
    ("a response with an answer", header(QR | RD | RA, an=1) + question() + A_RR, SILENCE, "RFC 1035 4.1.1"),
    ("a response of opcode NOTIFY", ask(flags=QR | opcode(4)), SILENCE, "RFC 1996 4.7"),
    ("a response of opcode 15", ask(flags=QR | opcode(15)), SILENCE, "RFC 1035 4.1.1"),
    ("a response, truncated", header(QR | TC) + LOCALHOST[:4], SILENCE, "RFC 1035 4.1.1"),
    ("all bits set", b"\xff" * 64, SILENCE, "RFC 1035 4.1.1: QR=1"),
    # --- opcodes
    *((f"opcode {n} ({what})", ask(flags=opcode(n) | RD), NOTIMP, source) for n, what, source in (
        (1, "IQUERY", "RFC 3425 3"), (2, "STATUS", "RFC 1035 4.1.1"), (3, "unassigned", "RFC 6895 2.2"),
        (4, "NOTIFY", "RFC 1996 3.11: for secondaries; not a zone of ours"), (5, "UPDATE", "RFC 2136 3.1"),
        (6, "DSO", "RFC 8490 5.1: over UDP not at all"), (7, "unassigned", "RFC 6895 2.2"),
        (8, "unassigned", "RFC 6895 2.2"), (15, "unassigned", "RFC 6895 2.2"))),
    ("opcode UPDATE with zone SOA", header(opcode(5)) + question(b"\x03org\x00", SOA), NOTIMP, "RFC 2136 3.1"),
    ("opcode NOTIFY with zone SOA", header(opcode(4) | AA) + question(b"\x03org\x00", SOA), NOTIMP, "RFC 1996 3.11"),
    ("opcode DSO without question", header(opcode(6), qd=0), NOTIMP, "RFC 8490 5.1"),
    # --- the number of questions
    ("two questions", header(qd=2) + question() + question(), FORMERR, "RFC 9619 4"),
    ("two questions, one there", header(qd=2) + question(), FORMERR, "RFC 9619 4"),
    ("65535 questions", header(qd=65535) + question(), FORMERR, "RFC 9619 4"),
    ("no question but one there", header(qd=0) + question(), FORMERR, "RFC 9619 4"),
    ("no question but EDNS", header(qd=0, ar=1) + opt(), FORMERR, "RFC 9619 4; RFC 7873 5.4 only with cookies"),
    # --- the name of the question
    ("name without end", header() + b"\x09localhost", FORMERR, "RFC 1035 3.1: no root label"),
    ("name past the end", header() + b"\x3fabc", FORMERR, "RFC 1035 3.1"),
    ("name, no type", header() + LOCALHOST, FORMERR, "RFC 1035 4.1.2"),
    ("name, half a type", header() + LOCALHOST + b"\0", FORMERR, "RFC 1035 4.1.2"),
    ("name and type, no class", header() + LOCALHOST + b"\0\1", FORMERR, "RFC 1035 4.1.2"),
    ("name and type, half a class", header() + LOCALHOST + b"\0\1\0", FORMERR, "RFC 1035 4.1.2"),
    ("pointer to itself", header() + b"\xc0\x0c\0\1\0\1", FORMERR, "RFC 1035 4.1.4: points to a prior occurrence"),
    ("pointer into the header", header() + b"\xc0\x00\0\1\0\1", FORMERR, "RFC 1035 4.1.4: no name is there"),
    ("pointer forward", header() + b"\xc0\x12\0\1\0\1" + LOCALHOST, FORMERR, "RFC 1035 4.1.4"),
    ("pointer past the end", header() + b"\xff\xff\0\1\0\1", FORMERR, "RFC 1035 4.1.4"),
    ("pointer cut short", header() + b"\xc0", FORMERR, "RFC 1035 4.1.4"),
    ("pointer behind a label, back to it", header() + b"\x01a\xc0\x0c\0\1\0\1", FORMERR, "RFC 1035 4.1.4: a loop"),
    ("label type 01", header() + b"\x41\x01a\0\0\1\0\1", FORMERR, "RFC 6891 5: label type 0x41 is deprecated"),
    ("label type 10", header() + b"\x80\0\0\1\0\1", FORMERR, "RFC 1035 4.1.4: reserved"),
    ("name of 256 octets", header() + question(TOO_LONG), FORMERR, "RFC 1035 2.3.4: 255 at most"),
    ("name of 500 octets", header() + question(label(63) * 7 + label(50) + ROOT), FORMERR, "RFC 1035 2.3.4"),
    ("label of 64 octets", header() + question(bytes([64]) + b"a" * 64 + ROOT), FORMERR, "RFC 1035 2.3.4"),
    ("name of 255 octets below localhost", ask(label(63) * 3 + label(51) + LOCALHOST), NOERROR, "RFC 1035 2.3.4; RFC 6761 6.3"),
    ("127 labels", ask(label(1) * 122 + LOCALHOST), NOERROR, "RFC 1035 2.3.4"),
    ("octets that are no letters", ask(b"\x04\x00.\xff " + LOCALHOST), NOERROR, "RFC 2181 11: any octet may be in a name"),
    ("mixed case", ask(b"\x09LoCaLhOsT\x00"), NOERROR, "RFC 4343 3"),
    # --- sections that promise more, or hold what a query has not
    ("an answer promised", header(an=1) + question(), FORMERR, "RFC 1035 4.1"),
    ("an authority promised", header(ns=1) + question(), FORMERR, "RFC 1035 4.1"),
    ("an additional promised", header(ar=1) + question(), FORMERR, "RFC 1035 4.1"),
    ("65535 additionals promised", header(ar=65535) + question() + opt(), FORMERR, "RFC 1035 4.1"),
    ("an answer in a query", header(an=1) + question() + A_RR, FORMERR, "RFC 1035 4.1.1: left open; no query has one"),
    ("an authority in a query", header(ns=1) + question() + SOA_RR, FORMERR, "RFC 1035 4.1.1: left open; only IXFR has one"),
    ("an additional address", header(ar=1) + question() + A_RR, NOERROR, "RFC 1035 4.1.1: left open; harmless"),
    ("a record cut in its header", header(ar=1) + question() + opt()[:8], FORMERR, "RFC 1035 4.1.3"),
    ("a record cut in its RDATA", header(ar=1) + question() + A_RR[:-1], FORMERR, "RFC 1035 4.1.3"),
    ("RDLENGTH past the end", header(ar=1) + question() + LOCALHOST + b"\0\1\0\1\0\0\0\0\xff\xff", FORMERR, "RFC 1035 4.1.3"),
    ("an A record of 3 octets", header(ar=1) + question() + record(LOCALHOST, A, IN, 0, b"abc"), FORMERR, "RFC 1035 3.4.1"),
    ("trailing octets", ask() + b"garbage", NOERROR, "no RFC forbids them; they mean nothing"),
    ("trailing octets behind EDNS", edns() + b"\0", NOERROR, "no RFC forbids them; they mean nothing"),
    ("TSIG with an unknown key", header(ar=1) + question() + TSIG_RR, FORMERR, "RFC 8945 5.2: as a server that knows no TSIG"),
    ("TSIG not last", header(ar=2) + question() + TSIG_RR + opt(), FORMERR, "RFC 8945 5.1"),
    ("SIG(0)", header(ar=1) + question() + SIG0_RR, FORMERR, "RFC 2931 3.2: nobody has a key here"),
    ("SIG(0) behind EDNS", header(ar=2) + question() + opt() + SIG0_RR, FORMERR, "RFC 2931 3.2"),
    ("TKEY record", header(ar=1) + question() + TKEY_RR, FORMERR, "RFC 2930: not here (CVE-2025-40775)"),
    ("UPDATE signed by TSIG", header(opcode(5), ar=1) + question(b"\x03org\x00", SOA) + TSIG_RR, NOTIMP, "RFC 2136 3.1"),
    ("UPDATE signed by SIG(0)", header(opcode(5), ar=1) + question(b"\x03org\x00", SOA) + SIG0_RR, NOTIMP, "RFC 2136 3.1"),
    # --- header bits
    ("reserved Z bit", ask(flags=RD | Z), NOERROR, "RFC 6895 2.1: ignored"),
    ("AA in a query", ask(flags=RD | AA), NOERROR, "RFC 1035 4.1.1: of responses only"),
    ("RA in a query", ask(flags=RD | RA), NOERROR, "RFC 1035 4.1.1: of responses only"),
    ("AD in a query", ask(flags=RD | AD), NOERROR, "RFC 6840 5.7"),
    ("CD in a query", ask(flags=RD | CD), NOERROR, "RFC 4035 3.2.2"),
    ("TC in a query", ask(flags=RD | TC), FORMERR, "RFC 1035 4.1.1: left open; part of it is missing"),
    ("rcode in a query", ask(flags=RD | 7), NOERROR, "RFC 1035 4.1.1: of responses only"),
    ("no RD, a name of ours", ask(flags=0), NOERROR, "RFC 6761 6.3"),
    ("no RD, in the cache", ask(PYTHON, flags=0), NOERROR, "RFC 1034 4.3.1: local information"),
    ("no RD, not in the cache", ask(b"\x06unseen\x03org\x00", flags=0), REFUSED, "RFC 8499 6: nobody is asked without RD"),
    # --- classes
    ("class CH, version.bind", ask(b"\x07version\x04bind\x00", 16, CH), REFUSED, "RFC 4892: not told"),
    ("class CH, id.server", ask(b"\x02id\x06server\x00", 16, CH), REFUSED, "RFC 4892 3: not told"),
    ("class CH, a host", ask(PYTHON, A, CH), REFUSED, "RFC 6895 3.2: class not served"),
    ("class HS", ask(PYTHON, A, HS), REFUSED, "RFC 6895 3.2: class not served"),
    ("class ANY", ask(PYTHON, A, ANY), REFUSED, "RFC 1035 3.2.5: never one answer"),
    ("class NONE", ask(PYTHON, A, NONE), FORMERR, "RFC 2136 1.3: of UPDATE only"),
    ("class 0", ask(PYTHON, A, 0), FORMERR, "RFC 6895 3.2: reserved"),
    ("class 65535", ask(PYTHON, A, 65535), REFUSED, "RFC 6895 3.2: reserved"),
    ("class 2", ask(PYTHON, A, 2), REFUSED, "RFC 6895 3.2: CSNET, obsolete"),
    # --- types that are no data
    ("type 0", ask(PYTHON, 0), FORMERR, "RFC 6895 3.1: reserved"),
    ("type OPT", ask(PYTHON, OPT), FORMERR, "RFC 6891 6.1.1: not a question"),
    ("type TKEY", ask(PYTHON, TKEY), FORMERR, "RFC 2930 4: only with a TKEY record"),
    ("type TSIG", ask(PYTHON, TSIG), FORMERR, "RFC 8945 4.2: not a question"),
    ("type IXFR", header(ns=1) + question(PYTHON, IXFR) + SOA_RR, REFUSED, "RFC 1995 3: not a zone of ours"),
    ("type AXFR", ask(PYTHON, AXFR), REFUSED, "RFC 5936 4.2: not over UDP, not a zone of ours"),
    ("type MAILB", ask(PYTHON, MAILB), NOTIMP, "RFC 6895 3.1: obsolete"),
    ("type MAILA", ask(PYTHON, MAILA), NOTIMP, "RFC 6895 3.1: obsolete"),
    ("type ANY", ask(PYTHON, ALL), NOERROR, "RFC 8482 4.1: one RRset"),
    ("type 128 (NXNAME)", ask(PYTHON, 128), FORMERR, "RFC 9824 3.5"),
    ("type 128 by EDNS", header(ar=1) + question(PYTHON, 128) + opt(), FORMERR, "RFC 9824 3.5"),
    # --- EDNS
    ("EDNS", edns(), NOERROR, "RFC 6891"),
    ("EDNS with DO", edns(flags=0x8000), NOERROR, "RFC 3225 3"),
    ("EDNS with reserved flags", edns(flags=0x7fff), NOERROR, "RFC 6891 6.1.4: ignored"),
    ("EDNS version 1", edns(version=1), BADVERS, "RFC 6891 6.1.3"),
    ("EDNS version 255", edns(version=255), BADVERS, "RFC 6891 6.1.3"),
    ("EDNS version 1 with unreadable options", edns(b"\0\3\xff", version=1), BADVERS, "RFC 6891 6.1.3: version first"),
    ("EDNS with an extended rcode", edns(ext_rcode=1), NOERROR, "RFC 6891 6.1.3: of responses only"),
    ("EDNS size 0", edns(size=0), NOERROR, "RFC 6891 6.2.3: counts as 512"),
    ("EDNS size 65535", edns(size=65535), NOERROR, "RFC 6891 6.2.3"),
    ("two OPT records", header(ar=2) + question() + opt() + opt(), FORMERR, "RFC 6891 6.1.1"),
    ("OPT not owned by the root", header(ar=1) + question() + opt(owner=LOCALHOST), FORMERR, "RFC 6891 6.1.2"),
    ("OPT in the answer section", header(an=1) + question() + opt(), FORMERR, "RFC 6891 6.1.1"),
    ("OPT in the authority section", header(ns=1) + question() + opt(), FORMERR, "RFC 6891 6.1.1"),
    ("option longer than the OPT", edns(b"\0\3\0\x09abc"), FORMERR, "RFC 6891 6.1.2"),
    ("option cut in its header", edns(b"\0\3\0"), FORMERR, "RFC 6891 6.1.2"),
    ("unknown option", edns(option(65001, b"hark")), NOERROR, "RFC 6891 6.1.2: ignored"),
    ("25 options", edns(option(65001) * 25), FORMERR, "no RFC sets a limit; ours is 24 (CVE-2026-41292)"),
    ("NSID", edns(option(3)), NOERROR, "RFC 5001 2.1"),
    ("cookie of 8", edns(option(10, bytes(8))), NOERROR, "RFC 7873 5.2.3"),
    ("cookie of 7", edns(option(10, bytes(7))), FORMERR, "RFC 7873 5.2.2"),
    ("cookie of 9", edns(option(10, bytes(9))), FORMERR, "RFC 7873 5.2.2"),
    ("cookie of 41", edns(option(10, bytes(41))), FORMERR, "RFC 7873 5.2.2"),
    ("cookie of 15", edns(option(10, bytes(15))), FORMERR, "RFC 7873 5.2.2"),
    ("cookie of 16", edns(option(10, bytes(16))), NOERROR, "RFC 7873 5.2.4: not ours; as if it were not there"),
    ("cookie of 24 that is forged", edns(option(10, bytes(8) + b"\x01\0\0\0" + bytes(12))), NOERROR, "RFC 7873 5.2.4"),
    ("cookie of 40", edns(option(10, bytes(40))), NOERROR, "RFC 7873 4"),
    ("two cookies", edns(option(10, bytes(8)) * 2), NOERROR, "RFC 7873 5.2: the first counts"),
    ("a cookie, no question", cookie(bytes(8)), NOERROR, "RFC 7873 5.4"),
    ("a forged cookie, no question", cookie(bytes(24)), BADCOOKIE, "RFC 7873 5.4"),
    ("a cookie of 9, no question", cookie(bytes(9)), FORMERR, "RFC 7873 5.2.2"),
    ("a cookie, no question, octets behind", cookie(bytes(8)) + b"x", FORMERR, "RFC 9619 4: nothing else goes without"),
    ("a cookie, no question, TC", cookie(bytes(8), flags=RD | TC), FORMERR, "RFC 1035 4.1.1: left open; part of it is missing"),
    ("a cookie, two questions", cookie(bytes(8), qd=2), FORMERR, "RFC 9619 4"),
    ("EDNS version 1, no question", header(qd=0, ar=1) + opt(version=1), BADVERS, "RFC 6891 6.1.3: version first"),
    ("two NSID", edns(option(3) * 2), FORMERR, "no RFC says what it means"),
    ("client subnet", edns(option(8, b"\0\1\x18\0\xc0\0\2")), NOERROR, "RFC 7871 7.1"),
    ("client subnet, bits below the prefix", edns(option(8, b"\0\1\x17\0\xc0\0\3")), FORMERR, "RFC 7871 6"),
    ("client subnet, prefix of 33", edns(option(8, b"\0\1\x21\0\xc0\0\2\1\0")), FORMERR, "RFC 7871 6"),
    ("client subnet, scope set", edns(option(8, b"\0\1\x18\x18\xc0\0\2")), FORMERR, "RFC 7871 6: zero in queries"),
    ("client subnet, too short", edns(option(8, b"\0\1\x18")), FORMERR, "RFC 7871 6"),
    ("keepalive over UDP", edns(option(11)), NOERROR, "RFC 7828 3.2.1: ignored"),
    ("padding", edns(option(12, bytes(100))), NOERROR, "RFC 7830 3"),
    ("extended error in a query", edns(option(15, b"\0\1")), NOERROR, "RFC 8914 2: of responses only"),
]
