#!/usr/bin/python3
"""Writes the first seeds of reply (the form is in fuzz_reply.c): tests/fuzz/make_reply_seeds.py. Inputs found by fuzzing are added by hand."""

import pathlib

SEEDS = pathlib.Path(__file__).parent / "seeds" / "reply"
NAMES = """www.zone.org zone.org a.b.c.zone.org sub.zone.org deep.sub.zone.org x.deep.sub.zone.org ns.zone.org *.zone.org
www.victim.org victim.org new.victim.org org alias.example.com q.below.example.com below.example.com . ns.victim.org
www.example.com example.com com ns.org a.root ns.com evilzone.org other.net net ns1.sub.zone.org ns2.sub.zone.org
a.deep.sub.zone.org www.sub.zone.org ns1.other.net b.victim.org""".split()
TYPES = "A AAAA NS CNAME DNAME SOA DS NSEC TXT MX NSEC3 RRSIG ANY SVCB PTR DNSKEY".split()
ANSWER, AUTHORITY, ADDITIONAL = 0, 16, 32
ZONE_ORG, ORG, DEEP, LOW_RANK, NO_ALIASES = 0, 1, 2, 4, 8
MINIMISE, HARDEN, EXTRA, MINIMAL, AGAIN = 1, 8, 16, 64, 128
AA, TC, NXDOMAIN, SERVFAIL, REFUSED, FORMERR = 1, 2, 3, 2, 5, 1
WRONG_ID, WRONG_NAME = 4, 8
TTL_MID = 0x10


def record(section, owner, rtype, target, ttl=TTL_MID):
    """target: a name of the table, or a number: an address of the table."""
    return bytes([section | TYPES.index(rtype), 255 if owner == "?" else NAMES.index(owner), ttl,
                  target if isinstance(target, int) else NAMES.index(target)])


def message(*records, flags=AA, rcode=0, extra=0):
    return bytes([1 | extra, flags, rcode, len(records)]) + b"".join(records)


def body(octets, counts=(1, 0, 0), flags=AA, rcode=0):
    octets += b"\0" * (-len(octets) % 8)
    return bytes([0, flags, rcode, *counts, len(octets) // 8]) + octets


def failure(which):
    return bytes([3 | which << 4])


def run(*messages, zone=ZONE_ORG, settings=HARDEN | MINIMAL, name="www.zone.org", rtype="A"):
    return bytes([zone, settings, NAMES.index(name) | TYPES.index(rtype) << 4]) + b"".join(messages)


POISON = [record(AUTHORITY, "victim.org", "NS", "ns.zone.org"), record(ADDITIONAL, "ns.victim.org", "A", 1),
          record(ANSWER, "www.victim.org", "A", 1), record(ADDITIONAL, "www.victim.org", "A", 1),
          record(AUTHORITY, "org", "NS", "ns.zone.org"), record(AUTHORITY, ".", "NS", "ns.zone.org")]
OWN = record(ANSWER, "?", "A", 1)
SOA = record(AUTHORITY, "zone.org", "SOA", "ns.zone.org")
DELEGATE = [record(AUTHORITY, "sub.zone.org", "NS", "ns1.sub.zone.org"), record(ADDITIONAL, "ns1.sub.zone.org", "A", 1)]
ADDRESS = bytes([0xC0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1])


def seeds():
    yield "answer", run(message(OWN))
    yield "answer-minimise", run(message(OWN), message(OWN), name="a.b.c.zone.org", settings=MINIMISE | HARDEN)
    yield "answer-and-poison", run(message(OWN, *POISON))
    yield "answer-and-poison-low", run(message(OWN, *POISON), zone=LOW_RANK, settings=0)
    yield "poison-alone", run(message(*POISON), message(*POISON, flags=0), settings=AGAIN)
    yield "poison-nxdomain", run(message(SOA, *POISON, rcode=NXDOMAIN))
    yield "soa-of-the-parent", run(message(record(AUTHORITY, "org", "SOA", "ns.org"), rcode=NXDOMAIN))
    yield "nodata", run(message(SOA, record(AUTHORITY, "www.zone.org", "NSEC", "zone.org")))
    for target in "www.victim.org", "new.victim.org", "other.net", "alias.example.com", "q.below.example.com", "www.zone.org":
        yield "cname-" + target, run(message(
            record(ANSWER, "?", "CNAME", target), record(ANSWER, target, "A", 1), *POISON), zone=LOW_RANK)
    yield "cname-loop", run(message(record(ANSWER, "?", "CNAME", "zone.org"), record(ANSWER, "zone.org", "CNAME", "www.zone.org")), settings=AGAIN)
    yield "cname-nxdomain", run(message(record(ANSWER, "?", "CNAME", "new.victim.org"), SOA, rcode=NXDOMAIN))
    yield "dname-own", run(message(record(ANSWER, "zone.org", "DNAME", "victim.org"), record(ANSWER, "www.victim.org", "A", 1)))
    yield "dname-above", run(message(record(ANSWER, "org", "DNAME", "zone.org"), OWN))
    yield "referral", run(message(*DELEGATE, flags=0), message(OWN), name="x.deep.sub.zone.org", settings=MINIMISE | HARDEN)
    yield "referral-again", run(message(*DELEGATE, flags=0), settings=AGAIN, name="x.deep.sub.zone.org")
    yield "referral-up", run(message(record(AUTHORITY, "org", "NS", "ns.zone.org"), record(ADDITIONAL, "ns.zone.org", "A", 1), flags=0))
    yield "referral-self", run(message(record(AUTHORITY, "zone.org", "NS", "ns1.other.net"), flags=0))
    yield "referral-loopback", run(message(DELEGATE[0], record(ADDITIONAL, "ns1.sub.zone.org", "A", 3), flags=0), name="deep.sub.zone.org")
    yield "referral-foreign-glue", run(
        message(record(AUTHORITY, "sub.zone.org", "NS", "ns.victim.org"), record(ADDITIONAL, "ns.victim.org", "A", 1), flags=0),
        name="deep.sub.zone.org", settings=AGAIN)
    yield "referral-many", run(
        message(*[record(AUTHORITY, "sub.zone.org", "NS", n) for n in NAMES[:31]], flags=0), name="deep.sub.zone.org", settings=AGAIN | EXTRA)
    yield "child-servers", run(message(OWN, record(AUTHORITY, "zone.org", "NS", "ns.victim.org"), record(AUTHORITY, "zone.org", "NS", "ns1.other.net"),
                                       record(ADDITIONAL, "ns.victim.org", "A", 1)), message(rcode=SERVFAIL), settings=EXTRA)
    yield "tld", run(message(record(AUTHORITY, "victim.org", "NS", "ns1.other.net"), record(AUTHORITY, "com", "NS", "ns.org"), flags=0), zone=ORG,
                     name="www.victim.org", settings=AGAIN)
    yield "deep", run(message(OWN, *POISON, record(AUTHORITY, "zone.org", "NS", "ns.victim.org")), zone=DEEP, name="x.deep.sub.zone.org", settings=0)
    yield "any", run(message(OWN, record(ANSWER, "?", "NS", "ns.victim.org"), *POISON), rtype="ANY")
    yield "ds", run(message(record(ANSWER, "sub.zone.org", "DS", 10)), name="sub.zone.org", rtype="DS")
    yield "other-class", run(message(record(ANSWER, "?", "A", 1, TTL_MID | 1), record(ANSWER, "www.victim.org", "A", 1, 1)))
    yield "truncated", run(message(OWN, flags=AA | TC), message(OWN))
    yield "wrong-first", run(message(OWN, extra=WRONG_ID | WRONG_NAME), message(OWN))
    yield "formerr", run(message(rcode=FORMERR), message(OWN))
    yield "servfail", run(message(rcode=SERVFAIL), message(rcode=REFUSED), settings=AGAIN | MINIMISE, name="a.b.c.zone.org")
    yield "failures", run(*[failure(i) for i in range(5)])
    yield "silence", run()
    yield "body", run(body(ADDRESS))
    yield "body-short", run(body(ADDRESS, counts=(9, 0, 0)))
    yield "octets", run(bytes([2, 3]) + bytes([0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0, 3]) + b"www\4zone\3org\0\0")


if __name__ == "__main__":
    SEEDS.mkdir(parents=True, exist_ok=True)
    for name, octets in seeds():
        (SEEDS / name).write_bytes(octets)
