#!/usr/bin/python3
"""Writes the first seeds of resolver (the form is in fuzz_resolver.c): tests/fuzz/make_resolver_seeds.py. They are the scenarios of
docs/threats.md made small: what costs many messages, and one good server among bad ones. Inputs found by fuzzing are added by hand."""

import pathlib

SEEDS = pathlib.Path(__file__).parent / "seeds" / "resolver"
MINIMISE, PRIME, CASE, HARDEN, EXTRA, EXPLORE, MINIMAL, PROBE_NS = (1 << i for i in range(8))
USUAL = CASE | HARDEN | MINIMAL
ONCE, TWICE, TWENTY, ENDLESS = range(4)  # times that the script is read
ONLY_V6, ONLY_V4 = 0x08, 0x10
TTL_MIN = 4

NAMES = "asked up1 up2 up3 root zz a.zz b.zz nn.asked u.up1 u.asked u.b.zz www.b.zz long nn.a.zz other".split()
KINDS = "A AAAA NS CNAME DNAME SOA DS NSEC TXT NS20 A300 CHAIN CH_A RRSIG TXT2 NSEC3".split()
QUESTIONS = "www.a a deep zz root underscore www.b nn.a".split()
TYPES = "A AAAA NS DS CNAME TXT ANY SOA".split()
NOERROR, NXDOMAIN, SERVFAIL, FORMERR = range(4)
AA, TC, NO_EDNS, LOWER = 1, 2, 16, 32


def rr(owner, kind, target=0, ttl=0):
    """target: a name, or the number of an address (10…13 unusable, 14 and 15 another one each time)."""
    which = target if isinstance(target, int) else NAMES.index(target)
    return bytes([NAMES.index(owner) | ttl << 4, KINDS.index(kind) | which << 4])


def body(answer=(), authority=(), additional=(), flags=AA, rcode=NOERROR, delay=0):
    counts = len(answer) | len(authority) << 2 | len(additional) << 5
    return bytes([flags | rcode << 2 | delay << 6, counts]) + b"".join([*answer, *authority, *additional])


def say(*args, op=2, **kw):
    return bytes([op]) + body(*args, **kw)


def refer(zone, *servers, glue=(), **kw):
    return say((), [rr(zone, "NS", s) for s in servers], [rr(n, "A", a) for n, a in glue], flags=0, **kw)


SILENCE = bytes([0])
CLOSED, UNREACHABLE, TIMEOUT, STREAM_CLOSED, LOCAL = (bytes([1 | why << 4]) for why in range(5))
NXDOMAIN_SOA = say((), [rr("zz", "SOA", 0)], rcode=NXDOMAIN)
NODATA = say((), [rr("a.zz", "SOA", 0)])
ANSWER = say([rr("asked", "A", 3)])
TRUNCATED = say(flags=TC | AA)
ROOT = refer("zz", "nn.a.zz", glue=[("nn.a.zz", 1)])
GLUED = refer("a.zz", "nn.a.zz", glue=[("nn.a.zz", 15)] * 4)
FOUR = refer("a.zz", "nn.a.zz", "nn.asked", "up1", "zz", glue=[("nn.a.zz", 15), ("nn.asked", 15), ("nn.asked", 14), ("nn.a.zz", 14)])


def honest(how):
    return bytes([12, how])


def run(*ops, settings=USUAL, more=ONCE | ONLY_V4, question="www.a", rtype="A", askers=0):
    return bytes([settings, more | askers << 5, QUESTIONS.index(question) | TYPES.index(rtype) << 3]) + b"".join(ops)


def babble(octets, headless=False, op=6):
    return bytes([op | (16 if headless else 0), len(octets)]) + octets


def seeds():
    yield "honest", run(honest(1), honest(3), honest(0x20))
    yield "honest-minimised", run(honest(1), honest(3), honest(0x20), settings=USUAL | MINIMISE, question="deep", more=TWENTY)
    yield "honest-both-families", run(honest(1), say((), [rr("a.zz", "NS", "nn.a.zz")], [rr("nn.a.zz", "AAAA", 1)], flags=0), ANSWER, more=ONCE)
    yield "primed", run(say([rr("root", "NS", "nn.a.zz")], (), [rr("nn.a.zz", "A", 2)]), ROOT, GLUED, ANSWER, settings=USUAL | PRIME)
    yield "primed-in-vain", run(*[SILENCE] * 12, ROOT, ANSWER, settings=USUAL | PRIME, askers=3)
    yield "m1-many-names", run(refer("a.zz", "u.b.zz", op=2), say((), [rr("a.zz", "NS20", 2)], flags=0), NXDOMAIN_SOA, more=ENDLESS | ONLY_V4)
    yield "m2-more-names", run(say((), [rr("a.zz", "NS20", 2)] * 4, flags=0), NXDOMAIN_SOA, more=ENDLESS | ONLY_V4)
    yield "m3-names-in-a-dead-zone", run(say((), [rr("a.zz", "NS20", 2)], flags=0), refer("b.zz", "nn.a.zz", glue=[("nn.a.zz", 15)] * 4))
    yield "m4-dead-servers", run(ROOT, FOUR)
    yield "m5-self-pointing", run(refer("a.zz", "nn.a.zz", "nn.asked", glue=[("nn.a.zz", 1), ("nn.asked", 1)]), more=ENDLESS | ONLY_V4)
    yield "m7-servfail", run(ROOT, FOUR, *[say(rcode=SERVFAIL)] * 6)
    for more in (TWENTY, ENDLESS):  # with EXTRA, zones name agents for error reports
        yield f"reports-servfail-{more}", run(ROOT, FOUR, *[say(rcode=SERVFAIL)] * 6, settings=USUAL | EXTRA, more=more | ONLY_V4)
        yield f"reports-lame-{more}", run(ROOT, FOUR, *[say(flags=0)] * 6, honest(1), honest(0x20), settings=USUAL | EXTRA | MINIMISE, more=more)
    yield "m8-lame", run(ROOT, FOUR, *[say(flags=0)] * 6)
    yield "m8-upward", run(ROOT, FOUR, *[say((), [rr("root", "NS", "other")], flags=0)] * 6)
    yield "m9-formerr", run(ROOT, FOUR, *[say(rcode=FORMERR, flags=NO_EDNS)] * 12)
    yield "m9-formerr-signed", run(ROOT, say((), [rr("a.zz", "NS", "nn.a.zz"), rr("a.zz", "DS")], [rr("nn.a.zz", "A", 15)] * 4, flags=0),
                                   *[say(rcode=FORMERR, flags=NO_EDNS)] * 20)
    yield "m9-bare-formerr", run(ROOT, FOUR, *[babble(b"", op=6)] * 4)
    yield "m10-truncated-closed", run(ROOT, FOUR, *[TRUNCATED, STREAM_CLOSED] * 5)
    yield "m10-truncated-silent", run(ROOT, FOUR, *[TRUNCATED, SILENCE] * 5)
    yield "m10-truncated-twice", run(ROOT, FOUR, *[TRUNCATED] * 10)
    yield "m11-endless-alias", run(say([rr("asked", "CNAME", "u.up1")]), more=ENDLESS | ONLY_V4)
    yield "m12-chain", run(ROOT, GLUED, say([rr("asked", "CHAIN", 0)]))
    yield "m13-alias-times-names", run(say([rr("asked", "CNAME", "u.b.zz")]), say((), [rr("up1", "NS", "u.b.zz")] * 5, flags=0), NXDOMAIN_SOA,
                                       more=ENDLESS | ONLY_V4)
    yield "m14-circle", run(refer("a.zz", "www.b.zz"), refer("b.zz", "nn.a.zz"), more=ENDLESS | ONLY_V4, askers=3)
    yield "m15-endless-depth", run(refer("up1", "u.b.zz"), refer("asked", "u.b.zz"), more=ENDLESS | ONLY_V4)
    yield "m16-tree", run(say((), [rr("asked", "NS", "u.b.zz")] * 7, flags=0), more=ENDLESS | ONLY_V4)
    yield "m17-large-set", run(ROOT, GLUED, say([rr("asked", "A300", 15)]), more=ONCE)
    yield "m18-garbage-first", run(ROOT, GLUED, *[bytes([7, 6]) + b"\x81\x80\0\1\0\1" + body([rr("asked", "A", 3)])] * 2)
    yield "m18-eleven-octets", run(ROOT, GLUED, bytes([7 | 16, 9]) + b"\x81\x80\0\1\0\0\0\0\0" + body([rr("asked", "A", 3)], delay=1))
    yield "m20-many-askers", run(refer("a.zz", "nn.a.zz", glue=[("nn.a.zz", 1)], delay=3), say([rr("asked", "A", 3)], delay=3), askers=7)
    yield "m23-collateral", run(ROOT, FOUR, SILENCE, bytes([8, 6]) + body(flags=0), SILENCE, ANSWER, ANSWER)
    for bad, name in ((say(rcode=SERVFAIL), "servfail"), (say(flags=0), "lame"), (SILENCE, "dead"), (CLOSED, "closed"), (UNREACHABLE, "no-route"),
                      (LOCAL, "no-socket")):
        yield f"twin-{name}-then-good", run(ROOT, FOUR, bad, bad, bad, ANSWER)
    yield "twin-dead-names-then-good", run(say((), [rr("a.zz", "NS", "u.b.zz")] * 6 + [rr("a.zz", "NS", "www.b.zz")], flags=0),
                                           *[NXDOMAIN_SOA] * 6, say([rr("asked", "A", 4)]), ANSWER)
    yield "twin-formerr-to-edns", run(ROOT, GLUED, say(rcode=FORMERR, flags=NO_EDNS), say([rr("asked", "A", 3)], flags=AA | NO_EDNS))
    yield "twin-folds-case", run(ROOT, GLUED, say([rr("asked", "A", 3)], flags=AA | LOWER), say([rr("asked", "A", 3)], flags=AA | LOWER))
    yield "twin-slow", run(ROOT, GLUED, say([rr("asked", "A", 3)], delay=3), SILENCE)
    yield "twin-lossy", run(SILENCE, ROOT, SILENCE, GLUED, SILENCE, ANSWER, more=TWENTY | ONLY_V4)
    yield "dname", run(ROOT, GLUED, say([rr("up1", "DNAME", "b.zz")]), ROOT, GLUED, ANSWER)
    yield "dname-too-long", run(ROOT, GLUED, say([rr("up1", "DNAME", "long")]), more=ENDLESS | ONLY_V4)
    yield "dname-for-cname", run(ROOT, GLUED, say([rr("up1", "DNAME", "b.zz")]), rtype="CNAME")
    yield "alias-then-denial", run(ROOT, GLUED, say([rr("asked", "CNAME", "nn.a.zz")], [rr("a.zz", "SOA", 0)], rcode=NXDOMAIN))
    yield "alias-loop", run(ROOT, GLUED, say([rr("asked", "CNAME", "asked")]))
    yield "alias-of-ds", run(ROOT, GLUED, say([rr("asked", "CNAME", "a.zz")], [rr("a.zz", "SOA", 0)]), rtype="DS")
    yield "ds", run(ROOT, GLUED, NODATA, rtype="DS", question="a")
    yield "ds-referral", run(ROOT, GLUED, rtype="DS", question="a")
    yield "denials-minimised", run(NODATA, NODATA, NXDOMAIN_SOA, settings=USUAL | MINIMISE, question="deep", more=TWENTY | ONLY_V4)
    yield "probes-for-ns", run(NODATA, say([rr("asked", "CNAME", "other")]), NODATA, settings=USUAL | MINIMISE | PROBE_NS, question="deep")
    yield "underscore", run(ROOT, NODATA, ANSWER, settings=USUAL | MINIMISE, question="underscore")
    yield "stumbles-over-probes", run(ROOT, FOUR, say(rcode=SERVFAIL), say(flags=0), ANSWER, settings=USUAL | MINIMISE, question="deep")
    yield "any", run(ROOT, GLUED, say([rr("asked", "A", 3), rr("asked", "TXT"), rr("asked", "AAAA", 2)]), rtype="ANY")
    yield "not-minimal", run(ROOT, GLUED, say([rr("asked", "A", 3)], [rr("a.zz", "NS", "nn.a.zz")], [rr("nn.a.zz", "A", 3), rr("nn.a.zz", "AAAA", 3)]),
                             ANSWER, settings=CASE, askers=1)
    yield "not-minimal-denial", run(ROOT, GLUED, say((), [rr("a.zz", "NS", "nn.a.zz")]), settings=CASE)
    yield "child-servers", run(ROOT, GLUED, say([rr("asked", "A", 3)], [rr("a.zz", "NS", "www.b.zz")]), bytes([8, 7]) + body([rr("asked", "A", 3)]), SILENCE,
                               *[CLOSED] * 6, ROOT, say([rr("asked", "A", 5)]), ANSWER, settings=CASE, askers=1)
    yield "extra-addresses", run(ROOT, refer("a.zz", "nn.a.zz", "www.b.zz", glue=[("nn.a.zz", 2)]), ANSWER, ROOT, ANSWER, settings=USUAL | EXTRA)
    yield "only-v6", run(say((), [rr("a.zz", "NS", "nn.a.zz")], [rr("nn.a.zz", "AAAA", 1)], flags=0), say([rr("asked", "A", 1)]), more=ONCE | ONLY_V6)
    yield "other-family", run(refer("a.zz", "www.b.zz"), say([rr("asked", "A", 1)]), UNREACHABLE, say([rr("asked", "AAAA", 1)]), ANSWER, more=ONCE)
    yield "no-v4-address", run(refer("a.zz", "www.b.zz"), say((), [rr("b.zz", "SOA", 0)]), say([rr("asked", "AAAA", 1)]), ANSWER, more=ONCE)
    yield "missing-glue", run(refer("a.zz", "nn.a.zz"), refer("a.zz", "nn.a.zz", glue=[("nn.a.zz", 4)]), ANSWER)
    yield "missing-glue-in-vain", run(refer("a.zz", "nn.a.zz"), more=ENDLESS | ONLY_V4)
    yield "unusable-glue", run(refer("a.zz", "nn.a.zz", glue=[("nn.a.zz", n) for n in (10, 11, 12, 13)]), more=ENDLESS)
    yield "parents-glue", run(refer("a.zz", "www.b.zz"), refer("b.zz", "www.b.zz", glue=[("www.b.zz", 4)]), say([rr("asked", "A", 6)]),
                              *[CLOSED] * 2, ANSWER)
    yield "clocks", run(ROOT, bytes([10 | 0xF0]) + body([rr("asked", "A", 3)]), bytes([11]) + body([rr("asked", "A", 3)]),
                        more=TWENTY | ONLY_V4 | TTL_MIN, askers=7)
    yield "come-and-go", run(*[bytes([op, n]) + body((), [rr("zz", "NS", "nn.a.zz")], [rr("nn.a.zz", "A", 1)], flags=0) for op, n in
                               ((8, 1), (9, 0), (8, 0x48), (8, 0x80), (8, 0xC0), (9, 1), (9, 2))], more=TWENTY | ONLY_V4)
    yield "known-alias", run(ROOT, GLUED, say([rr("asked", "CNAME", "nn.a.zz")]), say([rr("asked", "A", 3)]))
    yield "known-dname", run(ROOT, GLUED, say([rr("up1", "DNAME", "b.zz")]), ROOT, GLUED, ANSWER, more=TWICE | ONLY_V4)
    yield "known-denial", run(ROOT, GLUED, say((), [rr("a.zz", "SOA", 0)], rcode=NXDOMAIN), settings=CASE)
    yield "known-nodata", run(ROOT, GLUED, NODATA)
    yield "known-not-minimal", run(ROOT, GLUED, ANSWER, settings=CASE | HARDEN)
    yield "odd-class", run(ROOT, GLUED, say([rr("asked", "CH_A"), rr("asked", "A", 3)], [rr("a.zz", "SOA", 0)]))
    yield "failures-remembered", run(*[say(rcode=SERVFAIL)] * 3, bytes([8, 0]) + body(rcode=SERVFAIL), more=TWENTY | ONLY_V4)
    crowd = [bytes([8, n]) + body((), [rr("zz", "NS", "nn.a.zz")], [rr("nn.a.zz", "A", 1)], flags=0, delay=n % 4) for n in (1, 2, 6, 0x10, 0x16, 0x29)]
    for bad, name in ((SILENCE, "silent"), (say(flags=0, rcode=SERVFAIL), "failing"), (ANSWER, "good"), (bytes([9, 2]) + body(delay=2), "leaving")):
        yield f"crowd-{name}", run(*crowd, *[bad] * 6, settings=USUAL | EXTRA | EXPLORE, more=TWENTY | ONLY_V4, askers=7)
        yield f"crowd-{name}-then-good", run(ROOT, *crowd, *[bad] * 6, *[ANSWER] * 6, settings=USUAL | EXTRA | EXPLORE | MINIMISE, more=ONCE, askers=7)
    changed = bytes([13])
    yield "link-comes-back", run(ROOT, GLUED, ANSWER, *[bytes([8, n]) + body(flags=0) for n in (4, 6, 3)], *[SILENCE] * 12, changed, ROOT, GLUED, ANSWER,
                                 *[UNREACHABLE] * 4, changed, ANSWER, more=TWENTY | ONLY_V4, askers=5)
    yield "link-down", run(ROOT, refer("b.zz", "www.b.zz", glue=[("www.b.zz", 7)]), ANSWER, bytes([8, 0]) + body([rr("asked", "A", 3)]), ROOT, GLUED, ANSWER,
                           *[SILENCE] * 40, changed, ANSWER, settings=USUAL | EXPLORE, more=TWICE | ONLY_V4, askers=7, question="www.b")
    yield "no-route-v6", run(say((), [rr("a.zz", "NS", "nn.a.zz")], [rr("nn.a.zz", "AAAA", 1), rr("nn.a.zz", "A", 2)], flags=0), UNREACHABLE, ANSWER,
                             bytes([13 | 48]), *[UNREACHABLE] * 8, more=TWENTY, askers=3)
    yield "near-misses", run(*[babble(b"\0\0", headless=True)] * 4, ANSWER, more=TWENTY)


def main():
    SEEDS.mkdir(parents=True, exist_ok=True)
    for name, octets in seeds():
        (SEEDS / name).write_bytes(octets)


if __name__ == "__main__":
    main()
