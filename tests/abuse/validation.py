"""M21, M22, A4–A7, P15–P18: what strangers make a validator work or believe, each with its harmless twin."""

import random
import statistics
import struct
import time

import clients
import dns.rdata
import dns.rdtypes.ANY.NSEC
import sign
import trust
import wire
from authority import silent
from exhaustion import ATTACKER, Crowd, beside, seconds_of
from scenario import scenario
from trust import DNSKEY, NSEC, NSEC3, RRSIG, SignedZone, Trust
from world import World

GOOD, EVIL = "10.1.9.9", "10.6.6.6"
LIMIT_S = 60
EACH_ASKED = {"dnssec": {"aggressive": "no"}}  # hark's alone: else the first few denials would answer for all (RFC 8198)
VICTIM = "10.2.0.1"
UNSUPPORTED_ITERATIONS = 27


def ask(w: World, name: str, type_="A", **more):
    return w.ask(name, type_, do=True, **more)


def verdict(w: World, got, wanted: str, what: str, address: str | None = None) -> None:
    """secure, insecure or bogus; and the address, where one is to be there."""
    said = f"{got.rcode} {got.verdict} EDE {got.ede} {','.join(got.addresses[:2])}" if got else "none"
    w.check(what, got is not None and got.verdict == wanted and (address is None or address in got.addresses), said)


def checks(w: World) -> int | None:
    """Signatures that hark has verified; nothing where the resolver does not tell."""
    if w.resolver != "hark":
        return None
    told = w.status().get("dnssec", {}).get("verified")
    return sum(told.values()) if isinstance(told, dict) else told


def checked(w: World, before: int | None, most: int, questions: int = 1) -> None:
    after = checks(w)
    if before is not None and after is not None:
        w.bound("signatures checked", round((after - before) / questions, 1), most)


def cpu_each(w: World, what: str, names: list[str], most_ms: float, rcode: str | None = "SERVFAIL", most_checks: int = 8) -> list:
    """CPU and signatures checked, of one question after the other."""
    start, before, end = w.server.cpu_s(), checks(w), time.monotonic() + LIMIT_S
    got = []
    for name in names:
        got.append(ask(w, name, patience_s=6))
        if len(got) > 2 and not any(got[-3:]) or time.monotonic() > end:  # some peers never answer some of it
            break
    w.bound(f"CPU ms {what}", round(1000 * (w.server.cpu_s() - start) / len(got), 2), most_ms, "cpu")
    if rcode:
        w.check(f"all {rcode} {what}", all(g and g.rcode == rcode for g in got), sorted({g.rcode if g else "none" for g in got}))
    checked(w, before, most_checks, len(got))
    return got


# ---- KeyTrap -----------------------------------------------------------------------------------------------------

def trap(t: Trust, n: int, keys: list[bytes], algorithm: int, octets: int, signatures: int = 100) -> str:
    """A zone with so many keys of one tag, whose data have so many signatures by that tag; not one fits."""
    origin, address = f"trap{n}.zz.", f"10.1.{n // 200}.{1 + n % 200}"
    dice = random.Random(f"{t.w.seed} {n}")
    records = [dns.rdata.from_wire(1, DNSKEY, k, 0, len(k)) for k in keys]

    def add_keys(zone):
        for r in records:
            zone.add(zone.origin, r)

    def spoil(zone):
        for at in [at for at in zone.sigs if at[1] != DNSKEY]:
            zone.sigs[at] = trust.bad_signatures(dice, at[0], zone.sets[at], zone.origin, signatures, sign.tag_of(keys[0]), algorithm, octets)
    t.zone(origin, [address], f"*.w A {GOOD}\nwww A {GOOD}\n", change=add_keys, after=spoil)
    return origin


def key_trap(w: World, zones: int, keys_of, algorithm: int, octets: int, signatures: int = 100) -> list[str]:
    t = Trust(w)
    out = [trap(t, n, keys_of(n), algorithm, octets, signatures) for n in range(zones)]
    t.zone("fair.zz.", ["10.2.0.9"], f"*.w A {GOOD}\n")
    t.start()
    ask(w, "x.w.fair.zz.")
    return out


@scenario("M21", "KeyTrap: 100 keys of one tag, 100 bad signatures of each set (RSA-1024)", "≤ 2.0 ms CPU first, ≤ 0.3 ms next", seeds=5,
          figure="CPU ms first")
def m21(w: World):
    dice, count = random.Random(w.seed), 20 if w.full else 3
    zones = key_trap(w, count, lambda n: trust.rsa_keys(dice, 100, 1024, 4711), 8, 128)
    fair = [f"{n}.w.fair.zz." for n in range(20)]
    cpu_each(w, "of a good zone", fair, 99, "NOERROR")
    cpu_each(w, "first", [f"www.{z}" for z in zones], 2.0)
    cpu_each(w, "next", [f"www.{z}" for z in zones], 0.3)
    cpu_each(w, "of another name", [f"a{n}.w.{z}" for n, z in enumerate(zones)], 2.0)
    w.note("U", w.upstream())
    verdict(w, ask(w, "last.w.fair.zz."), "secure", "a good zone afterwards", GOOD)


@scenario("M21b", "twin: two keys of one tag, and a set with three good signatures", "secure", figure="verdict")
def m21b(w: World):
    t = Trust(w)
    dice = random.Random(w.seed)
    ksk, zsk = t.keys("twin.zz.")
    same = trust.ec_keys(1, zsk.tag, 13)[0]
    others = [sign.Key(13), sign.Key(13)]

    def add(zone):
        zone.add(zone.origin, dns.rdata.from_wire(1, DNSKEY, same, 0, len(same)))
        for key in others:
            zone.add(zone.origin, key.rdata)
    t.zone("twin.zz.", [ATTACKER], f"www A {GOOD}\n", change=add, after=lambda zone: zone.resign("www", "A", *others, zsk))
    t.start()
    dice.random()
    verdict(w, ask(w, "www.twin.zz."), "secure", "verdict", GOOD)
    w.note("U", w.upstream())


@scenario("A4", "KeyTrap with RSA-4096 and P-384, 200 questions a second beside a crowd", "crowd ≥ 90 %, p99 ≤ 3×", seeds=2, alone=True,
          figure="goodput")
def a4(w: World):
    crowd, dice, count = Crowd(w), random.Random(w.seed), 20 if w.full else 2
    t = Trust(w)
    curve = trust.ec_keys(30 if w.full else 6, 815)
    zones = [trap(t, n, curve, 14, 96, 30) if n % 2 else trap(t, n, trust.rsa_keys(dice, 20, 4096, 4711), 8, 512, 20)
             for n in range(count)]
    t.start()
    ask(w, f"www.{zones[0]}")

    def attack(seconds: float):
        rate = w.vary(200) if w.full else 20
        got = clients.ask_stream((w.server.address, w.server.port), lambda n: (clients.address(100, n % 50), f"k{n}.w.{zones[n % count]}", "A"),
                                 rate=rate, count=int(rate * seconds), patience_s=2, wait_s=0.2)
        return {"sent": got.sent, **got.rcodes}
    before = checks(w)
    beside(w, crowd, attack, rate=500, seconds=seconds_of(w), least=0.9)
    checked(w, before, 9, int(seconds_of(w) * (200 if w.full else 20)))


# ---- NSEC3 -------------------------------------------------------------------------------------------------------

def padded(signed: SignedZone, count: int):
    """The zone's denials of names, with as many NSEC3 records (and signatures) as that."""
    def act(q):
        name = sign.name(q.name)
        if name in signed.names or not signed.hashes or signed.cut(name):
            return signed(q)
        out = signed.denial(name)
        for owner in signed.hashes:
            if sum(1 for r in out if r[1] == NSEC3) >= count:
                break
            out += [r for r in signed.set(owner, NSEC3) if r not in out]
        return wire.reply(q, authority=out, rcode=wire.NXDOMAIN)
    return act


def deep(n: int, origin: str, labels: int = 112) -> str:
    """A name of that many labels, new for each n."""
    return f"{n:x}." + "a." * (labels - 1 - origin.count(".")) + origin


def filler(count: int) -> str:
    return "".join(f"f{n} A {GOOD}\n" for n in range(count))


@scenario("M22", "NXDOMAIN of a name of 112 labels by 7 NSEC3 records of 50 iterations", "≤ 0.5 ms CPU, NXDOMAIN", seeds=5, figure="CPU ms each")
def m22(w: World):
    t = Trust(w)
    zone = t.zone("m22.zz.", [ATTACKER], filler(20), nsec3=(50, "aabbccdd"))
    w.serve(ATTACKER, "m22.zz.", padded(zone, 7))
    w.settings = EACH_ASKED
    t.start()
    ask(w, "f1.m22.zz.")
    got = cpu_each(w, "each", [deep(n, "m22.zz.") for n in range(100 if w.full else 10)], 0.5, "NXDOMAIN")
    w.check("all secure or insecure with EDE 27", all(g and (g.verdict == "secure" or UNSUPPORTED_ITERATIONS in g.ede) for g in got),
            sorted({f"{g.verdict} {g.ede}" if g else "none" for g in got}))
    w.note("U", w.upstream())


@scenario("M22b", "twin: NODATA by NSEC3 of a name 20 labels below the apex", "secure", figure="verdict")
def m22b(w: World):
    t = Trust(w)
    name = deep(1, "m22b.zz.", 22)
    t.zone("m22b.zz.", [ATTACKER], f"{name} A {GOOD}\n{filler(20)}", nsec3=(50, "aabbccdd"))
    t.start()
    verdict(w, ask(w, name, "TXT"), "secure", "verdict")
    w.note("U", w.upstream())


@scenario("A5", "NSEC3 of 0, 50, 51 and 2,500 iterations, salts of 0 and 255 octets: denials and referrals", "≤ 1 ms CPU", seeds=5,
          figure="CPU ms each")
def a5(w: World):
    t = Trust(w)
    cases = {}
    for n, (iterations, salt) in enumerate([(0, ""), (50, ""), (51, ""), (2500, ""), (0, "5a" * 255), (50, "5a" * 255), (2500, "5a" * 255)]):
        origin = f"a5-{n}.zz."
        cases[origin] = iterations
        lines = filler(8) + f"plain NS ns.plain\nns.plain A 10.2.7.{n + 1}\n"
        zone = t.zone(origin, [f"10.1.0.{n + 1}"], lines, nsec3=(iterations, salt))
        w.serve(f"10.1.0.{n + 1}", origin, padded(zone, 7))
        w.serve(f"10.2.7.{n + 1}", f"plain.{origin}", lambda q: wire.reply(q, answer=[wire.rr(q.name, "A", GOOD)]))
    w.settings = EACH_ASKED
    t.start()
    for origin in cases:
        ask(w, f"f1.{origin}")
    each = 20 if w.full else 2
    got = cpu_each(w, "each", [deep(n, origin, 60) for origin in cases for n in range(each)], 1.0, "NXDOMAIN")
    over = [iterations > 50 for iterations in cases.values() for _ in range(each)]
    w.check("above 50 insecure with EDE 27, else secure",
            all(g and (g.verdict == "insecure" and UNSUPPORTED_ITERATIONS in g.ede if o else g.verdict == "secure") for g, o in zip(got, over)) and len(got) == len(over),
            [f"{g.verdict} {g.ede}" if g else "none" for g in got[::each]])
    plain = [ask(w, f"www.plain.{origin}") for origin in cases]
    w.check("delegations without DS resolve, insecure", all(g and g.verdict == "insecure" and GOOD in g.addresses for g in plain),
            [f"{g.rcode} {g.verdict}" if g else "none" for g in plain])
    w.note("U", w.upstream())


@scenario("A6", "NXDOMAIN with 60 valid NSEC3 records and their signatures", "≤ 5 ms CPU, ≤ 16 signatures", seeds=5, figure="CPU ms each")
def a6(w: World):
    t = Trust(w)
    zone = t.zone("a6.zz.", [ATTACKER], filler(70), nsec3=(0, ""))
    w.serve(ATTACKER, "a6.zz.", padded(zone, 60))
    w.settings = EACH_ASKED
    t.start()
    ask(w, "f1.a6.zz.")
    got = cpu_each(w, "each", [f"none{n}.a6.zz." for n in range(20 if w.full else 3)], 5.0, None, 16)
    w.check("SERVFAIL or NXDOMAIN", all(g and g.rcode in ("SERVFAIL", "NXDOMAIN") for g in got), sorted({g.rcode if g else "none" for g in got}))
    verdict(w, ask(w, "f2.a6.zz."), "secure", "data of the zone afterwards", GOOD)
    w.note("U", w.upstream())


@scenario("A6b", "twin: NXDOMAIN with 8 NSEC3 records, each with two signatures", "secure", figure="verdict")
def a6b(w: World):
    t = Trust(w)
    second = sign.Key(13)

    def twice(zone):
        for at in zone.sigs:
            if at[1] == NSEC3:
                zone.resign(at[0], at[1], t.keys("a6b.zz.")[1], second)
    zone = t.zone("a6b.zz.", [ATTACKER], filler(20), nsec3=(0, ""), more_keys=[second], after=twice)
    w.serve(ATTACKER, "a6b.zz.", padded(zone, 8))
    t.start()
    verdict(w, ask(w, "none.a6b.zz."), "secure", "verdict")
    w.note("U", w.upstream())


# ---- many signatures, keys that are none -------------------------------------------------------------------------

def invalid_keys(tag: int) -> dict[str, tuple[int, bytes]]:
    """Algorithm and RDATA of DNSKEYs that hold no public key, all of that tag (CVE-2025-8677)."""
    def rdata(algorithm: int, octets: bytes) -> bytes:
        return trust.with_tag(struct.pack("!HBB", sign.ZSK, 3, algorithm) + octets, tag, 0)
    out = {"no point": (13, b"\xff" * 64), "half a point": (13, b"\1" * 32), "empty": (13, b""), "long": (13, b"\2" * 200),
           "no modulus": (8, b"\3\1\0\1"), "exponent 0": (8, b"\1\0" + b"\x81" * 128), "no exponent": (8, b"\0\0\0" + b"\x81" * 128),
           "exponent past the end": (8, b"\xff\1"), "even modulus": (8, b"\3\1\0\1" + b"\x80" * 128), "Ed25519 short": (15, b"\1" * 31),
           "Ed448 long": (16, b"\1" * 58), "modulus of 1": (8, b"\1\3\1")}
    return {what: (algorithm, rdata(algorithm, octets)) for what, (algorithm, octets) in out.items()}


@scenario("A7", "8 signatures of a set by keys that are none, 100,000 names", "bogus, memory flat, ≤ 4 signatures", seeds=1, alone=True,
          figure="octets of memory a question")
def a7(w: World):
    t, dice, zones = Trust(w), random.Random(w.seed), []
    for n, (what, (algorithm, octets)) in enumerate(invalid_keys(4711).items()):
        flags = int.from_bytes(octets[:2], "big")
        if not flags & sign.ZONE or flags & sign.REVOKE:  # those bits would say why at once
            octets = struct.pack("!H", sign.ZSK) + octets[2:]
        size = {13: 64, 15: 64, 16: 114}.get(algorithm, 128)
        zones.append(trap(t, n, [octets], algorithm, size, 8))
    t.start(cache_mib=4)  # full before memory is looked at
    before = checks(w)
    got = [ask(w, f"www.{z}") for z in zones]
    w.check("all SERVFAIL", all(g and g.rcode == "SERVFAIL" for g in got), [g.rcode if g else "none" for g in got])
    checked(w, before, 4, len(got))

    def repeat(count: int, seed: int):
        return clients.ask_stream((w.server.address, w.server.port),
                                  lambda n: (clients.address(100, n % 50), f"r{seed}-{n}.w.{zones[n % len(zones)]}", "A"),
                                  rate=1000 if w.full else 100, count=count, seed=seed, patience_s=6)
    rounds, each, done, kib = 10 if w.full else 2, 10_000 if w.full else 50, [], []
    for n in range(rounds):
        done.append(repeat(each, n))
        w.settle(1, 8)
        w.log.clear()
        kib.append(w.server.memory_kib())
    # What leaks does so in every round; a round that a busy machine made heavier grows the heap once.
    grown = [1024 * (b - a) / each for a, b in zip(kib, kib[1:])]
    w.bound("octets of memory a question", round(statistics.median_low(grown), 2), 1, "rss")
    w.note("RSS KiB by round", kib)
    w.bound("answers with data", sum(d.rcodes.get("NOERROR", 0) for d in done), 0)
    w.least("answered", round(sum(d.answered for d in done) / (rounds * each), 3), 0.9)


# ---- forgeries ---------------------------------------------------------------------------------------------------

@scenario("P15", "signatures of a child with fewer labels than its own name: a wildcard of its parent", "bogus; the parent unharmed", seeds=5,
          figure="the parent's names")
def p15(w: World):
    t = Trust(w)

    def forge(zone):
        for owner in ("www", "other"):
            zone.resign(owner, "A", t.keys("child.p15.zz.")[1], labels=2, signed_owner="*.p15.zz.")
    t.zone("child.p15.zz.", [ATTACKER], f"www A {EVIL}\nother A {EVIL}\nfair A {GOOD}\n", parent="p15.zz.", after=forge)
    t.zone("p15.zz.", [VICTIM], f"www A {GOOD}\n")
    t.start()
    for owner in ("www", "other"):
        verdict(w, ask(w, f"{owner}.child.p15.zz."), "bogus", f"{owner}, forged")
    got = [ask(w, f"{n}.p15.zz.") for n in ("no", "nor-this", "*")]
    w.check("the parent's names", all(g and g.rcode == "NXDOMAIN" and g.verdict == "secure" for g in got),
            [f"{g.rcode} {g.verdict}" if g else "none" for g in got])
    verdict(w, ask(w, "www.p15.zz."), "secure", "the parent's www", GOOD)
    verdict(w, ask(w, "fair.child.p15.zz."), "secure", "twin: a name of the child", GOOD)
    w.note("U", w.upstream())


def nsec_record(owner: str, following: str, types: set[int]):
    wire_ = sign.name(following).to_wire() + sign.bitmap(types | {46, 47})
    return sign.name(owner), dns.rdata.from_wire(1, NSEC, wire_, 0, len(wire_))


def signed_set(owner, rdata, key, signer: str, ttl: int = 300) -> list[tuple]:
    """A record with its signature, as a reply has them."""
    import dns.rdataset
    rdataset = dns.rdataset.from_rdata(ttl, rdata)
    sig = sign.rrsig(owner, rdataset, key, signer)
    return [trust.record(owner, int(rdata.rdtype), ttl, rdata), trust.record(owner, RRSIG, ttl, sig)]


@scenario("P16", "denials that speak of names that are not the signer's: next name, owner, ancestor, NSEC3 of another zone",
          "the victim is reachable", seeds=5, figure="the victim")
def p16(w: World):
    t = Trust(w)
    t.zone("vic.zz.", [VICTIM], f"www A {GOOD}\nalso A {GOOD}\n")
    t.zone("vic3.zz.", ["10.2.0.2"], f"www A {GOOD}\nalso A {GOOD}\n", nsec3=(0, ""))
    evil = t.zone("evil.zz.", [ATTACKER], f"www A {EVIL}\n")
    evil3 = t.zone("evil3.zz.", ["10.1.0.2"], f"www A {EVIL}\n", nsec3=(0, ""))
    sub = t.zone("sub.par.zz.", ["10.1.0.4"], f"www A {GOOD}\n", parent="par.zz.")
    par = t.zone("par.zz.", ["10.1.0.3"], f"www A {GOOD}\n")
    zsk, zsk3 = t.keys("evil.zz.")[1], t.keys("evil3.zz.")[1]
    param = struct.pack("!BBHB", 1, 0, 0, 0)

    def nxdomain(q, *more) -> bytes:
        soa = evil.set(evil.origin, trust.SOA)
        return wire.reply(q, authority=[*soa, *(r for part in more for r in part)], rcode=wire.NXDOMAIN)

    def hashed(name: str, origin: str) -> tuple:
        """An NSEC3 record in that zone, which covers nearly all, signed by evil3."""
        digest = bytearray(sign.hash_of(sign.name(name), b"", 0))
        digest[-1] ^= 1
        owner = f"{sign.base32hex(bytes(digest))}.{origin}"
        octets = param + bytes([20]) + bytes(digest[:-1]) + bytes([digest[-1] ^ 3]) + sign.bitmap({1})
        return owner, dns.rdata.from_wire(1, NSEC3, octets, 0, len(octets))

    def evil_says(q) -> bytes:
        label = q.name.split(".")[0]
        if label == "beyond":  # CVE-2026-10723: the next name is outside, so all between is "denied"
            return nxdomain(q, signed_set(*nsec_record("evil.zz.", "zzzz.zz.", {2, 6}), zsk, "evil.zz."))
        if label == "owner":  # the owner is outside
            return nxdomain(q, signed_set(*nsec_record("vic.zz.", "zzzz.vic.zz.", {2, 6}), zsk, "evil.zz."))
        if label == "above":  # the victim's, in the victim's name
            return nxdomain(q, signed_set(*nsec_record("vic.zz.", "zzzz.vic.zz.", {2, 6}), zsk, "vic.zz."))
        return evil(q)

    def evil3_says(q) -> bytes:
        label = q.name.split(".")[0]
        if label in ("theirs", "theirs2"):
            signer = "evil3.zz." if label == "theirs" else "vic3.zz."
            parts = [signed_set(*hashed(n, "vic3.zz."), zsk3, signer) for n in ("www.vic3.zz.", "also.vic3.zz.", "vic3.zz.")]
            return wire.reply(q, authority=[*evil3.set(evil3.origin, trust.SOA), *(r for p in parts for r in p)], rcode=wire.NXDOMAIN)
        return evil3(q)

    def sub_says(q) -> bytes:
        """Of the child it is said, by the parent's NSEC at the cut, that it has nothing: an ancestor's delegation (RFC 6840 4.1)."""
        if q.name == "gone.sub.par.zz.":
            cut = sign.name("sub.par.zz.")
            return wire.reply(q, authority=[*par.set(par.origin, trust.SOA), *par.set(cut, NSEC)], rcode=wire.NXDOMAIN)
        return sub(q)
    w.serve(ATTACKER, "evil.zz.", evil_says)
    w.serve("10.1.0.2", "evil3.zz.", evil3_says)
    w.serve("10.1.0.4", "sub.par.zz.", sub_says)
    t.start()
    for name in ("beyond.evil.zz.", "owner.evil.zz.", "above.evil.zz.", "theirs.evil3.zz.", "theirs2.evil3.zz.", "gone.sub.par.zz."):
        verdict(w, ask(w, name), "bogus", name)
    for name in ("www.vic.zz.", "also.vic.zz.", "www.vic3.zz.", "also.vic3.zz.", "www.sub.par.zz.", "www.par.zz."):
        got = ask(w, name)
        w.check("the victim", got and got.verdict == "secure" and GOOD in got.addresses, f"{name} {got.rcode if got else 'none'}")
    for name in ("none.vic.zz.", "none.vic3.zz.", "none.sub.par.zz."):
        got = ask(w, name)
        w.check(f"twin: {name}", got and got.rcode == "NXDOMAIN" and got.verdict == "secure", got.rcode if got else "none")
    w.note("U", w.upstream())


@scenario("P17", "a wildcard's data replayed for names that exist, directly and behind an alias", "never served", seeds=5, figure="never served")
def p17(w: World):
    t = Trust(w)
    zone = t.zone("p17.zz.", [VICTIM], f"www A {GOOD}\nmail A {GOOD}\n*.star A {GOOD}\nhere.star A {GOOD}\n* A {EVIL}\n")
    alias = t.zone("alias.zz.", [ATTACKER], "a CNAME www.p17.zz.\nb CNAME mail.p17.zz.\n")
    star = sign.name("*.p17.zz.")
    evil = {"www.p17.zz.", "mail.p17.zz."}

    def replay(q, proof: bool) -> bytes:
        name = sign.name(q.name)
        more = zone.nsec_at(sign.name("nothing.p17.zz.")) if proof else ()  # true, and of another name
        return wire.reply(q, answer=zone.set(star, 1, name.to_text()), authority=more)

    def says(q):
        return replay(q, w.flags["proof"] == 1) if q.name in evil and q.type == 1 and w.flags["evil"] else zone(q)

    def alias_says(q):
        name = q.name
        if q.type == 1 and name in ("a.alias.zz.", "b.alias.zz."):
            target = {"a": "www.p17.zz.", "b": "mail.p17.zz."}[name[0]]
            return wire.reply(q, answer=[*alias.set(sign.name(name), trust.CNAME), *zone.set(star, 1, target)])
        return alias(q)
    w.serve(VICTIM, "p17.zz.", says)
    w.serve(ATTACKER, "alias.zz.", alias_says)
    t.start()
    got = ask(w, "x.star.p17.zz.")
    verdict(w, got, "secure", "twin: an honest wildcard", GOOD)
    verdict(w, ask(w, "other.p17.zz."), "secure", "twin: another", EVIL)
    w.flags["evil"] = 1
    for name in ("a.alias.zz.", "www.p17.zz."):
        got = ask(w, name)
        w.check("never served", got and EVIL not in got.addresses, f"{name} {got.rcode if got else 'none'} {got.addresses if got else ''}")
    w.flags["proof"] = 1
    for name in ("b.alias.zz.", "mail.p17.zz."):
        got = ask(w, name)
        w.check("never served", got and EVIL not in got.addresses, f"{name} {got.rcode if got else 'none'} {got.addresses if got else ''}")
    w.note("U", w.upstream())


# ---- downgrades --------------------------------------------------------------------------------------------------

def bare(records: list[tuple]) -> list[tuple]:
    return [r for r in records if r[1] not in (RRSIG, NSEC, NSEC3, trust.DS)]


class Stripped:
    """A zone's answers without what DNSSEC added, to all questions of these types (all: none given)."""

    def __init__(self, zone: SignedZone, *types: int):
        self.zone, self.types = zone, types

    def __call__(self, q) -> bytes:
        if self.types and q.type not in self.types:
            return self.zone(q)
        name = sign.name(q.name)
        answer = bare(self.zone.set(name, q.type)) if q.type != DNSKEY else []
        if answer:
            return wire.reply(q, answer=answer)
        return wire.reply(q, authority=bare(self.zone.set(self.zone.origin, trust.SOA)), rcode=wire.NOERROR if name in self.zone.names else 3)


def stripped_referrals(w: World, t: Trust) -> None:
    """zz. refers without DS and without a proof for the zones that are said so."""
    honest = t.tld

    def act(q):
        name = sign.name(q.name)
        child = honest.cut(name)
        what = NO_DS.get(child.to_text()) if child else None
        if what is None:
            return honest(q)
        if q.type == trust.DS and child == name:
            return wire.reply(q, authority=[*honest.set(honest.origin, trust.SOA), *what(honest, name)])
        ns = honest.zone.sets[child, 2]
        glue = [trust.record(o, t_, s.ttl, r) for (o, t_), s in honest.zone.sets.items() if t_ == 1 and o.is_subdomain(child) for r in s]
        return wire.reply(q, authority=[*(trust.record(child, 2, ns.ttl, r) for r in ns), *what(honest, child)], additional=glue, flags=0)
    w.serve("10.0.0.2", "zz.", act)


NO_DS = {
    "d-no-proof.zz.": lambda tld, child: [],
    "d-other-nsec.zz.": lambda tld, child: tld.nsec_at(sign.name("warm.zz.")),
    "d-same-nsec.zz.": lambda tld, child: tld.nsec_at(child),  # whose bitmap has DS
    "d-apex-nsec.zz.": lambda tld, child: tld.nsec_at(tld.origin),
}


@scenario("P18", "downgrades: what is signed is served as if it were not", "all SERVFAIL; twins secure", seeds=5, figure="downgrade")
def p18(w: World):
    t = Trust(w)
    habits = {
        "d-stripped.zz.": lambda z: Stripped(z),
        "d-answers.zz.": lambda z: Stripped(z, 1, 28, 16),
        "d-keys.zz.": lambda z: Stripped(z, DNSKEY),
        "d-keys-silent.zz.": lambda z: lambda q: silent(q) if q.type == DNSKEY else z(q),
        "d-keys-servfail.zz.": lambda z: lambda q: wire.reply(q, rcode=wire.SERVFAIL) if q.type == DNSKEY else z(q),
        "d-no-edns.zz.": lambda z: lambda q: wire.reply(q, rcode=wire.FORMERR, edns=False) if q.edns else Stripped(z)(q),
        "d-cut.zz.": lambda z: lambda q: fake_cut(q, z) if q.name.startswith("www.") else z(q),
    }
    for n, (origin, habit) in enumerate(habits.items()):
        zone = t.zone(origin, [f"10.1.0.{n + 1}"], f"www A {GOOD}\n")
        w.serve(f"10.1.0.{n + 1}", origin, habit(zone))
        t.zone(f"fair-{origin}", [f"10.1.1.{n + 1}"], f"www A {GOOD}\n", nsec3=(0, "") if n % 2 else None)
    for n, origin in enumerate(NO_DS):
        w.serve(f"10.1.2.{n + 1}", origin, Stripped(t.zone(origin, [f"10.1.2.{n + 1}"], f"www A {EVIL}\n")))
    opt_out_replayed(w, t)
    w.serve("10.1.9.1", "www.d-cut.zz.", lambda q: wire.reply(q, answer=[wire.rr(q.name, "A", EVIL)]))
    t.start()
    stripped_referrals(w, t)
    w.authority.stop()
    w.authority = type(w.authority)(w.hosts, silent, w.listen)
    for origin in [*habits, *NO_DS, "d-victim.d-opt.zz."]:
        got = ask(w, f"www.{origin}")
        w.check("downgrade", got and got.rcode == "SERVFAIL", f"{origin} {got.rcode if got else 'none'} {got.ede if got else ''}")
    for origin in habits:
        verdict(w, ask(w, f"www.fair-{origin}"), "secure", f"twin: fair-{origin}", GOOD)
    verdict(w, ask(w, "www.d-fair.d-opt.zz."), "insecure", "twin: unsigned below opt-out", GOOD)
    w.note("U", w.upstream())


def fake_cut(q, zone: SignedZone) -> bytes:
    """A delegation that the zone has not: to a server of the attacker, without a word on DS."""
    child = "www." + zone.origin.to_text()
    return wire.reply(q, authority=[wire.rr(child, "NS", f"ns.{child}")], additional=[wire.rr(f"ns.{child}", "A", "10.1.9.1")], flags=0)


def opt_out_replayed(w: World, t: Trust) -> None:
    """d-opt.zz.: opt-out. Its signed child is referred to with an opt-out record of another span."""
    victim = t.zone("d-victim.d-opt.zz.", ["10.1.3.2"], f"www A {EVIL}\n", parent="d-opt.zz.")
    t.delegate("d-fair.d-opt.zz.", ["10.1.3.3"], [], "d-opt.zz.")
    zone = t.zone("d-opt.zz.", ["10.1.3.1"], filler(6), nsec3=(0, ""), opt_out=True)
    child = sign.name("d-victim.d-opt.zz.")
    own = zone.nsec3_of(child, True)
    other = next(owner for owner in zone.hashes if zone.set(owner, NSEC3) != own)

    def says(q):
        name = sign.name(q.name)
        if not name.is_subdomain(child):
            return zone(q)
        denial = [*zone.nsec3_of(zone.origin, True), *zone.set(other, NSEC3)]
        if q.type == trust.DS and name == child:
            return wire.reply(q, authority=[*zone.set(zone.origin, trust.SOA), *denial])
        return wire.reply(q, authority=[wire.rr(str(child), "NS", f"ns0.{child}"), *dict.fromkeys(denial)],
                          additional=[wire.rr(f"ns0.{child}", "A", "10.1.3.2")], flags=0)
    w.serve("10.1.3.1", "d-opt.zz.", says)
    w.serve("10.1.3.2", "d-victim.d-opt.zz.", Stripped(victim))
    w.serve("10.1.3.3", "d-fair.d-opt.zz.", lambda q: wire.reply(q, answer=[wire.rr(q.name, "A", GOOD)]))


# ---- twins -------------------------------------------------------------------------------------------------------

@scenario("T20", "a cold chain of 6 CNAMEs, each in another signed zone, NSEC3 NODATA at its end", "secure", seeds=10, figure="verdict")
def t20(w: World):
    t = Trust(w)
    for n in range(6):
        t.zone(f"sub{n}.link{n}.zz.", [f"10.1.1.{n + 1}"], f"www CNAME www.sub{n + 1}.link{n + 1}.zz.\n", parent=f"link{n}.zz.",
               algorithm=(13, 8, 15, 14, 16, 10)[n])
        t.zone(f"link{n}.zz.", [f"10.1.0.{n + 1}"], nsec3=(0, "aabb") if n % 2 else None, algorithm=(8, 13)[n % 2])
    t.zone("sub6.link6.zz.", ["10.1.1.7"], f"www A {GOOD}\n", parent="link6.zz.", nsec3=(50, "aabbccdd"))
    t.zone("link6.zz.", ["10.1.0.7"], nsec3=(0, ""), opt_out=True)
    t.start()
    before = checks(w)
    got = ask(w, "www.sub0.link0.zz.", "AAAA", tcp=True)
    verdict(w, got, "secure", "verdict")
    w.check("six aliases", got and len(got.names) == 6, len(got.names) if got else "")
    checked(w, before, 96)
    w.bound("time", round(got.seconds, 3) if got else 99.0, 5.0, "time")
    w.bound("U", w.upstream(), 60)


@scenario("T21", "a zone in the middle of a roll-over: two KSKs, two ZSKs, two algorithms, all sets signed twice", "secure", figure="verdict")
def t21(w: World):
    t = Trust(w)
    (k8, z8), (k13, z13) = trust.key_pair("t21 old", 8), trust.key_pair("t21 new", 13)
    zone = sign.Zone("t21.zz.", f"@ NS ns\nns A {ATTACKER}\nwww A {GOOD}\n*.w A {GOOD}\n", [k8, k13, z8, z13])
    zone.sign([k8, k13], [z8, z13])
    t.delegate("t21.zz.", [ATTACKER], [k8.ds("t21.zz."), k13.ds("t21.zz."), k8.ds("t21.zz.", 1)])
    w.serve(ATTACKER, "t21.zz.", SignedZone(zone))
    t.start()
    for name, rdtype in (("www.t21.zz.", "A"), ("x.w.t21.zz.", "A"), ("none.t21.zz.", "A"), ("www.t21.zz.", "TXT")):
        verdict(w, ask(w, name, rdtype), "secure", "verdict")
    w.note("U", w.upstream())
