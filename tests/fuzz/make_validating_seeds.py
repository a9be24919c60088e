#!/usr/bin/python3
"""Writes seeds of validating (the form is in fuzz_resolver.c and script.c): tests/fuzz/make_validating_seeds.py. Denials that are learnt and then
answer other questions, and what may be said of a DS. The smaller ones are older than this and were written by hand."""

import pathlib

from make_resolver_seeds import MINIMISE, NXDOMAIN, ONCE, ONLY_V4, QUESTIONS, SERVFAIL, SILENCE, TWICE, TYPES, USUAL, body, rr, run

SEEDS = pathlib.Path(__file__).parent / "seeds" / "validating"
A, DNSKEY, DS, NSEC, SOA, CNAME, NS, DNAME = range(8)  # what an RRSIG covers
HOST, CUT, APEX, ALIAS = range(4)  # bitmaps
LABELS_LESS, EXPIRED, BAD = 4, 8, 16
SHORT, OPT_OUT, ALONE = 4, 8, 16
HASHED, BEFORE = 8, 16


def sig(owner, covers, up, how=0):
    return rr(owner, "RRSIG") + bytes([up | how, covers])


def nsec(owner, to, bitmap, up, how=0):
    return [rr(owner, "NSEC", to) + bytes([bitmap, 0]), sig(owner, NSEC, up, how)]


def nsec3(owner, bitmap, up, how=0, before=0):
    return [rr(owner, "NSEC3") + bytes([up | how, bitmap | before]), sig(owner, HASHED | before, up)]


def soa(owner, up, how=0):
    return [rr(owner, "SOA"), sig(owner, SOA, up, how)]


def key(owner="asked", up=0, how=0):
    return [rr(owner, "TXT") + b"\0\0", sig(owner, DNSKEY, up, how)]


def ds(owner, up, how=0):
    return [rr(owner, "DS") + b"\0\0", sig(owner, DS, up, how)]


def say(*args, **kw):
    return bytes([2]) + body(*args, **kw)


def asking(question, rtype, *args, **kw):
    """As say(); and a client asks this."""
    return bytes([8, QUESTIONS.index(question) | TYPES.index(rtype) << 3]) + body(*args, **kw)


KEY = say(key())
NODATA_ROOT = say((), soa("root", 0))
NOTHING = ((), ())
# Asked while the first question still waits for its denial; its own message is lost, and sent again when all is known.
LATER = [asking("nn.a", "A", key()), SILENCE, SILENCE]
MORE = [asking(*q, *NOTHING, rcode=SERVFAIL) for q in (("nn.a", "TXT"), ("deep", "A"), ("a", "DS"), ("www.a", "DS"), ("nn.a", "DS"), ("underscore", "A"), ("www.b", "A"),
                                                       ("zz", "DS"), ("www.a", "AAAA"))]
TLD_AND_ZONE = [NODATA_ROOT, NODATA_ROOT]


def refer_with(proofs=()):
    return say((), [rr("a.zz", "NS", "nn.a.zz"), *proofs], [rr("nn.a.zz", "A", 1)], flags=0)


ANSWER_BY_ZONE = say([rr("asked", "A", 3), sig("asked", A, 1)])
ANSWER_UNSIGNED = say([rr("asked", "A", 3)])


def seeds():
    how = {"settings": USUAL | MINIMISE, "more": ONCE | ONLY_V4}
    between = nsec("a.zz", "b.zz", HOST, 2)
    yield "learnt-nxdomain", run(*TLD_AND_ZONE, say((), [*soa("root", 0), *between], rcode=NXDOMAIN), *LATER, *MORE, **how)
    yield "learnt-nxdomain-cut", run(*TLD_AND_ZONE, say((), [*soa("root", 0), *nsec("a.zz", "b.zz", CUT, 2)], rcode=NXDOMAIN), *LATER, *MORE, **how)
    yield "learnt-nxdomain-above", run(say((), [*soa("root", 0), *nsec("root", "other", APEX, 0), *nsec("other", "root", CUT, 1)], rcode=NXDOMAIN), *LATER, *MORE, **how)
    yield "learnt-nodata", run(*TLD_AND_ZONE, say((), [*soa("root", 0), *nsec("asked", "b.zz", HOST, 3)]), *LATER, *MORE, rtype="TXT", **how)
    yield "learnt-nodata-alias", run(*TLD_AND_ZONE, say((), [*soa("root", 0), *nsec("asked", "b.zz", ALIAS, 3)]), *LATER, *MORE, rtype="TXT", **how)
    yield "learnt-wildcard", run(*TLD_AND_ZONE, say([rr("asked", "A", 3), sig("asked", A, 3, LABELS_LESS)], nsec("nn.a.zz", "b.zz", HOST, 3)), *LATER, *MORE, **how)
    yield "learnt-wildcard-alias", run(*TLD_AND_ZONE, say([rr("asked", "CNAME", 12), sig("asked", CNAME, 3, LABELS_LESS)], nsec("nn.a.zz", "b.zz", HOST, 3)), *LATER, *MORE,
                                       **how)
    # Of these names, hashes are in the order *.a, root, a, l.a, zz, www.a: what follows a covers l.a, and nothing the wildcard.
    known = [*nsec3("asked", HOST, 3, SHORT, BEFORE), *nsec3("root", APEX, 0, SHORT), *nsec3("zz", HOST, 1, SHORT)]
    soon = [asking("a", "TXT", key()), asking("nn.a", "A", (), [*soa("root", 0), *nsec3("a.zz", HOST, 2)]), SILENCE, SILENCE]
    yield "learnt-hashes-expand", run(*TLD_AND_ZONE, say([rr("asked", "A", 3), sig("asked", A, 3, LABELS_LESS)], known), *soon, *MORE, **how)
    yield "learnt-hashes-expand-alias", run(*TLD_AND_ZONE, say([rr("asked", "CNAME", 15), sig("asked", CNAME, 3, LABELS_LESS)], known), *soon, *MORE, **how)
    for name, flags in (("", 0), ("-opt-out", OPT_OUT)):
        alone = nsec3("root", APEX, 0, ALONE | flags)
        denial = [*soa("root", 0), *alone]
        yield f"learnt-hashes{name}", run(say((), denial, rcode=NXDOMAIN), *LATER, *MORE, **how)
        yield f"learnt-hashes-below{name}", run(*TLD_AND_ZONE, say((), denial, rcode=NXDOMAIN), *LATER, *MORE, **how)
        yield f"learnt-hashes-nodata{name}", run(*TLD_AND_ZONE, say((), [*soa("root", 0), *nsec3("asked", HOST, 3, flags)]), *LATER, *MORE, rtype="TXT", **how)
        yield f"learnt-hashes-wildcard{name}", run(*TLD_AND_ZONE, say([rr("asked", "A", 3), sig("asked", A, 3, LABELS_LESS)],
                                                                      nsec3("asked", HOST, 3, flags, BEFORE)), *LATER, *MORE, **how)
        yield f"learnt-hashes-spans{name}", run(say((), [*nsec3("root", APEX, 0, flags), *nsec3("zz", HOST, 1, flags, BEFORE), *soa("root", 0)], rcode=NXDOMAIN), *LATER, *MORE, **how)
        yield f"ds-denied-by-hashes{name}", run(refer_with(nsec3("a.zz", CUT, 2, flags)), ANSWER_UNSIGNED, KEY, *MORE)
        yield f"ds-denied-by-span{name}", run(refer_with([*nsec3("root", APEX, 0, flags), *nsec3("zz", CUT, 1, flags, BEFORE)]), ANSWER_UNSIGNED, KEY, *MORE)

    for name, said in (("nodata", say((), [*soa("root", 0), *nsec("asked", "b.zz", CUT, 2)])), ("no-cut", say((), [*soa("root", 0), *nsec("asked", "b.zz", HOST, 2)])),
                       ("apex", say((), [*soa("root", 0), *nsec("asked", "b.zz", APEX, 2)])), ("no-name", say((), [*soa("root", 0), *nsec("zz", "b.zz", HOST, 1)], rcode=NXDOMAIN)),
                       ("servfail", say(rcode=SERVFAIL)), ("alias", say([rr("asked", "CNAME", 15), sig("asked", CNAME, 2)])), ("alias-unsigned", say([rr("asked", "CNAME", 15)])),
                       ("bad", say(ds("asked", 2, BAD))), ("expired", say(ds("asked", 2, EXPIRED))), ("by-itself", say(ds("asked", 0))), ("unsigned", say([rr("asked", "DS") + b"\0\0"])),
                       ("self-denied", say((), [*soa("asked", 0), *nsec("asked", "asked", APEX, 0)])), ("unproven", say((), soa("root", 0))), ("secure", say(ds("asked", 2)))):
        yield f"ds-{name}", run(refer_with(), ANSWER_BY_ZONE, said, KEY, KEY, *MORE, more=TWICE | ONLY_V4)
    for name, answer in (("signed", ANSWER_BY_ZONE), ("unsigned", ANSWER_UNSIGNED)):
        for n, keys in enumerate((say(key(how=BAD)), say(key(how=EXPIRED)), say(rcode=SERVFAIL), NODATA_ROOT)):
            yield f"keys-{name}-{n}", run(refer_with(), answer, say(ds("asked", 2)), KEY, keys, *MORE)
            yield f"keys-of-root-{name}-{n}", run(refer_with(), answer, say(ds("asked", 2)), keys, KEY, *MORE)


def main():
    for name, octets in seeds():
        (SEEDS / name).write_bytes(octets)


if __name__ == "__main__":
    main()
