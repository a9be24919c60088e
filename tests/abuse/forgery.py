"""P1–P14 and M18: what others send in the name of a server, and what a server says that it may not say."""

import math
import random
import socket
import struct
import time

import authority
import clients
import wire
from authority import Zone, silent
from scenario import scenario
from twins import resolves
from wire import rr
from world import TLD, World, in_child

GOOD, EVIL = "10.1.9.9", "10.6.6.6"
ATTACKER = "10.1.0.1"
VICTIM = "10.2.0.1"


def cut(octets: bytes, size: int) -> bytes:
    return octets[:size]


def flag(octets: bytes, set_: int, clear: int = 0) -> bytes:
    word = struct.unpack_from("!H", octets, 2)[0] & ~clear | set_
    return octets[:2] + struct.pack("!H", word) + octets[4:]


def counts(octets: bytes, *numbers: int) -> bytes:
    return octets[:4] + struct.pack("!4H", *numbers) + octets[12:]


def evil_answer(q) -> bytes:
    return wire.reply(q, answer=[rr(q.name, "A", EVIL)])


def other_name(q) -> bytes:
    return wire.name("other.zz.") + q.question[-4:]


def other_case(q) -> bytes:
    return bytes(b ^ 0x20 if chr(b).isalpha() else b for b in q.question[:-4]) + q.question[-4:]


def loop_in_answer(q) -> bytes:
    at = 12 + len(q.question)
    return counts(cut(evil_answer(q), at) + struct.pack("!H", 0xC000 | at) + b"\0\1\0\1\0\0\0\1\0\4\x0a\6\6\6", 1, 1, 0, 0)


# Each with the right ID, from the right address to the right port; nothing in it is to be believed.
MALFORMED = {
    "wrong question": lambda q: wire.reply(q, answer=[rr("other.zz.", "A", EVIL)], question=other_name(q)),
    "wrong type": lambda q: wire.reply(q, answer=[rr(q.name, "A", EVIL)], question=q.question[:-4] + b"\0\x10\0\1"),
    "wrong class": lambda q: wire.reply(q, answer=[rr(q.name, "A", EVIL)], question=q.question[:-2] + b"\0\3"),
    "wrong case": lambda q: wire.reply(q, answer=[rr(q.name, "A", EVIL)], question=other_case(q)),
    "two questions": lambda q: counts(evil_answer(q)[:12] + q.question * 2 + evil_answer(q)[12 + len(q.question):], 2, 1, 0, 1),
    "no question": lambda q: wire.reply(q, answer=[rr(q.name, "A", EVIL)], question=b""),
    "bare FORMERR": lambda q: struct.pack("!6H", q.id, 0x8001, 0, 0, 0, 0),
    "bare NOTIMP": lambda q: struct.pack("!6H", q.id, 0x8004, 0, 0, 0, 0),
    "bad counts": lambda q: counts(evil_answer(q), 1, 9, 9, 9),
    "11 octets": lambda q: cut(evil_answer(q), 11),
    "header alone": lambda q: cut(evil_answer(q), 12),
    "QR clear": lambda q: flag(evil_answer(q), 0, 0x8000),
    "wrong opcode": lambda q: flag(evil_answer(q), 4 << 11),
    "cut question": lambda q: cut(evil_answer(q), 12 + len(q.question) - 3),
    "pointer loop": loop_in_answer,
    "RDATA overrun": lambda q: cut(wire.reply(q, answer=[rr(q.name, "A", EVIL)], edns=False), -6) + b"\0\x40\x0a\6\6\6",
}


@scenario("M18", "TuDoor: 16 malformed packets, each first; the good one 50 ms later", "16 of 16, U ≤ 3", figure="survived")
def m18(w: World):
    wait = w.vary(0.05)
    for n, bad in enumerate(MALFORMED.values()):
        origin = f"bad{n}.zz."
        zone = w.zone(origin, [f"10.1.0.{n + 1}"], {(f"www.{origin}", "A"): [GOOD]})
        w.serve(f"10.1.0.{n + 1}", origin,
                lambda q, zone=zone, bad=bad: zone(q) if q.tcp or q.type != 1 else [(0, bad(q)), (wait, zone(q))])
    w.start()
    got = w.ask_all([(f"www.bad{n}.zz.", "A") for n in range(len(MALFORMED))])
    w.upstream()
    right = [g is not None and g.rcode == "NOERROR" and g.addresses == [GOOD] for g in got]
    w.least("survived", sum(right), len(MALFORMED))
    if not all(right):
        w.note("lost", ", ".join(name for name, ok in zip(MALFORMED, right) if not ok))
    each = [sum(1 for line in w.asked if line[3].endswith(f"bad{n}.zz.")) for n in range(len(MALFORMED))]
    w.bound("U", max(each), 3)


@scenario("P12", "a stream of rubbish before the good answer", "ok, U ≤ 3", seeds=10, figure="answer")
def p12(w: World):
    zone = w.zone("p12.zz.", [ATTACKER], {("www.p12.zz.", "A"): [GOOD]})
    dice = random.Random(w.seed)

    def noisy(q):
        if q.tcp or q.type != 1:
            return zone(q)
        rubbish = [q.data[:2] + dice.randbytes(dice.randrange(0, 80)) for _ in range(2)]
        return [(0, octets) for octets in rubbish] + [(0.05, zone(q))]
    w.serve(ATTACKER, "p12.zz.", noisy)
    w.start()
    resolves(w, "www.p12.zz.", 3)


def chi_squared_excess(values: list[int], low: int, high: int, bins: int = 64) -> float:
    """Standard deviations above what a uniform choice gives (Wilson and Hilferty 1931); 4.75 is p = 10⁻⁶."""
    counted = [0] * bins
    for value in values:
        counted[(value - low) * bins // (high - low)] += 1
    expected = len(values) / bins
    chi = sum((c - expected) ** 2 / expected for c in counted)
    freedom = bins - 1
    return ((chi / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))


def serial_correlation(values: list[int]) -> float:
    mean = sum(values) / len(values)
    variance = sum((v - mean) ** 2 for v in values)
    return sum((a - mean) * (b - mean) for a, b in zip(values, values[1:])) / variance if variance else 1.0


@scenario("P1", "ports and IDs of many queries; a spoofer beside it that knows neither", "uniform, 0 poisoned", seeds=3, alone=True,
          figure="poisoned")
def p1(w: World):
    full = w.full
    count = 20000 if full else 3000
    zone = w.zone("p1.zz.", [ATTACKER], {("*.p1.zz.", "A"): [GOOD]})
    w.serve(ATTACKER, "p1.zz.", lambda q: [(0.6, zone(q))] if q.name.startswith("t") and not q.tcp else zone(q))
    w.settings = {"workers": 2}
    w.start()
    clients.ask_stream((w.server.address, w.server.port), lambda n: (clients.address(100, n % 200), f"n{n}.p1.zz.", "A"),
                       rate=3000 if full else 600, count=count, patience_s=5)
    w.settle(0.5)
    seen = [line for line in w.take() if line[1] == ATTACKER and not line[2]]
    ports, ids = [line[5] for line in seen], [line[6] for line in seen]
    w.least("queries", len(seen), 0.98 * count)
    w.bound("excess of chi² of ports", round(chi_squared_excess(ports, 1024, 65536), 2), 4.75)
    w.bound("excess of chi² of IDs", round(chi_squared_excess(ids, 0, 65536), 2), 4.75)
    most = round(4.75 / math.sqrt(len(seen)), 3)
    w.bound("serial correlation of ports", round(abs(serial_correlation(ports)), 3), most)
    w.bound("serial correlation of IDs", round(abs(serial_correlation(ids)), 3), most)
    w.least("port range", max(ports) - min(ports), 64000 if full else 60000)
    names = [f"t{n}.p1.zz." for n in range(10 if full else 3)]
    poisoned = forged = 0
    for name in names:
        dice = random.Random(name)
        question = wire.name(name) + b"\0\1\0\1"
        tail = question + b"\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4" + socket.inet_aton(EVIL)
        guesses = ((dice.randrange(1024, 65536), struct.pack("!6H", dice.randrange(65536), 0x8400, 1, 1, 0, 0) + tail)
                   for _ in range(10**7))
        attack = in_child(clients.spoof, ATTACKER, "10.9.9.9", guesses, 0.7)
        got = w.ask(name)
        forged += attack()
        again = w.ask(name)
        poisoned += any(g and EVIL in g.addresses for g in (got, again))
        w.check("answered beside it", got and GOOD in got.addresses, got.rcode if got else "none")
    w.note("forged packets", forged)
    w.bound("poisoned", poisoned, 0)


def seen_by_others(walks: list[tuple[str, int]], back: int) -> float:
    """The part of the messages whose port was in use within so many messages before, but not in the same walk."""
    hits, last = 0, {}
    for n, (walk, port) in enumerate(walks):
        hits += any(n - at <= back and other != walk for at, other in last.get(port, ()))
        last.setdefault(port, []).append((n, walk))
    return hits / len(walks)


@scenario("P1.2", "walks of two steps: what a server sees of one says nothing of the next", "uniform; ports repeat by chance alone", seeds=3,
          alone=True, figure="repeats")
def p1_walks(w: World):
    """A port may serve again for the next step of the same walk (docs/decisions/0007), and nowhere else."""
    full = w.full
    count, back = 20000 if full else 3000, 500

    def above(q):
        child = ".".join(q.name.split(".")[-4:])
        return wire.reply(q, authority=[rr(child, "NS", f"ns.{child}")], additional=[rr(f"ns.{child}", "A", VICTIM)], flags=0)

    def below(q):
        soa = wire.soa(".".join(q.name.split(".")[-4:]))
        return wire.reply(q, answer=[rr(q.name, "A", GOOD)]) if q.type == 1 else wire.reply(q, authority=[soa])
    parent = w.zone("p1.zz.", [ATTACKER])
    w.serve(ATTACKER, "p1.zz.", lambda q: above(q) if q.name.count(".") > 2 and not q.name.startswith("ns0.") else parent(q))
    w.serve(VICTIM, "p1.zz.", below)
    w.settings = {"workers": 2}
    w.start()
    clients.ask_stream((w.server.address, w.server.port), lambda n: (clients.address(100, n % 200), f"www.c{n}.p1.zz.", "A"),
                       rate=1000 if full else 400, count=count, patience_s=5)
    w.settle(0.5)
    seen = [line for line in w.take() if line[1] in (ATTACKER, VICTIM) and not line[2] and "c" in line[3]]
    for who, address in (("above", ATTACKER), ("below", VICTIM)):
        ports = [line[5] for line in seen if line[1] == address]
        w.least(f"queries {who}", len(ports), 0.95 * count)
        w.bound(f"excess of chi² of ports {who}", round(chi_squared_excess(ports, 1024, 65536), 2), 4.75)
        w.bound(f"serial correlation of ports {who}", round(abs(serial_correlation(ports)), 3), round(4.75 / math.sqrt(len(ports)), 3))
    walks = [(line[3].lower().split(".")[-4], line[5]) for line in seen]
    w.note("messages from the port of the step before", sum(a == b for a, b in zip(sorted(walks), sorted(walks)[1:])))
    chance = back / 2 / 64512  # a walk's two messages have one port
    most = chance + 4.75 * math.sqrt(chance / len(walks))
    w.bound("repeats", round(seen_by_others(walks, back), 4), round(most, 4))


@scenario("P2", "1,000 clients ask one cold name at once; the answer takes 1 s", "U ≤ 2, all answered", seeds=5)
def p2(w: World):
    zone = w.zone("p2.zz.", [ATTACKER], {("*.p2.zz.", "A"): [GOOD]})
    wait = w.vary(1.0)
    w.serve(ATTACKER, "p2.zz.", lambda q: [(wait, zone(q))] if q.name.startswith("slow") else zone(q))
    w.start()
    for n in range(5):  # its round trip is known to be short
        w.ask(f"n{n}.p2.zz.")
    w.upstream(0.3)
    for name in ("slow1.p2.zz.", "slow2.p2.zz."):
        got = clients.ask_stream((w.server.address, w.server.port), lambda n: (clients.address(100, n), name, "A"), rate=20000,
                                 count=1000, patience_s=5, expect=socket.inet_aton(GOOD))
        w.least("right answers", got.right, 1000)
        w.bound("U", w.upstream(), 2)


@scenario("P4", "the port is known: guesses of all IDs while the server takes 1 s", "0 poisoned, over TCP, U ≤ 4", seeds=5,
          figure="poisoned")
def p4(w: World):
    zone = w.zone("44.zz.", [ATTACKER], {("*.44.zz.", "A"): [GOOD]})
    count, dice = 65536 if w.full else 3000, random.Random(w.seed)

    def spoofed(q):
        if q.tcp or q.type != 1:
            return zone(q)
        head = evil_answer(q)[2:]
        tail = head[:10] + wire.name(q.name) + head[10 + len(q.question) - 4:]  # off the path, letter case is not seen
        ids = dice.sample(range(65536), count)
        if q.id not in ids:
            ids[dice.randrange(100, count)] = q.id
        return [(0, struct.pack("!H", id_) + tail) for id_ in ids] + [(1.0, zone(q))]
    w.serve(ATTACKER, "44.zz.", spoofed)
    w.start()
    poisoned = 0
    for name in ("www.44.zz.", "12345.44.zz.", "2.44.zz."):
        got = w.ask(name)
        u = w.upstream(1.2)
        again = w.ask(name)
        poisoned += any(g and EVIL in g.addresses for g in (got, again))
        w.expect(got, "NOERROR", GOOD)
        w.bound("U", u, 4)
        w.check("finished over TCP", any(line[2] for line in w.asked))
    w.bound("poisoned", poisoned, 0)


@scenario("P5", "an answer of 4,000 octets over UDP", "asked again over TCP", seeds=5, figure="answer")
def p5(w: World):
    zone = w.zone("p5.zz.", [ATTACKER], {("www.p5.zz.", "A"): [GOOD]})

    def large(q):
        if q.tcp or q.type != 1:
            return zone(q)
        return wire.reply(q, answer=[rr(q.name, "A", f"10.6.{n // 250}.{n % 250}") for n in range(w.vary(250))], size=65535)
    w.serve(ATTACKER, "p5.zz.", large)
    w.start()
    got = w.ask("www.p5.zz.", edns=4096)
    w.expect(got, "NOERROR", GOOD)
    w.check("only what came over TCP", got and got.addresses == [GOOD])
    w.bound("U", w.upstream(), 4)


def lies(q, victim: str) -> dict[str, bytes]:
    """Answers of the attacker for its own name, each with something about the victim's names that is not its business."""
    www, zone, own, evil_ns = f"www.{victim}", victim, q.name, "ns.evil.zz."
    good, e = rr(own, "A", GOOD), rr(www, "A", EVIL)
    glue, zone_ns = rr(evil_ns, "A", EVIL), rr(zone, "NS", evil_ns)
    return {
        "A in answer": wire.reply(q, answer=[good, e]),
        "A before the answer": wire.reply(q, answer=[e, good]),
        "A alone": wire.reply(q, answer=[e]),
        "A in authority": wire.reply(q, answer=[good], authority=[e]),
        "A in additional": wire.reply(q, answer=[good], additional=[e]),
        "AAAA in additional": wire.reply(q, answer=[good], additional=[rr(www, "AAAA", "fd00::6"), e]),
        "NS in authority": wire.reply(q, answer=[good], authority=[zone_ns], additional=[glue]),
        "NS in answer": wire.reply(q, answer=[good, zone_ns], additional=[glue]),
        "NS with SOA": wire.reply(q, authority=[wire.soa(zone), zone_ns], additional=[glue], rcode=wire.NXDOMAIN),
        "referral to it, its own server": wire.reply(q, authority=[zone_ns], additional=[glue], flags=0),
        "referral with glue for it": wire.reply(q, authority=[rr(own, "NS", www)], additional=[e], flags=0),
        "NS of the TLD": wire.reply(q, answer=[good], authority=[rr("zz.", "NS", evil_ns)], additional=[glue]),
        "NS of the root": wire.reply(q, answer=[good], authority=[rr(".", "NS", evil_ns)], additional=[glue]),
        "glue for the TLD's server": wire.reply(q, answer=[good], additional=[rr("ns.zz.", "A", EVIL)]),
        "glue for its server": wire.reply(q, answer=[good], additional=[rr(f"ns0.{zone}", "A", EVIL)]),
        "NS with its server's glue": wire.reply(q, authority=[rr(own, "NS", f"ns0.{zone}")], additional=[rr(f"ns0.{zone}", "A", EVIL)],
                                                flags=0),
        "CNAME and its target": wire.reply(q, answer=[rr(own, "CNAME", www), e]),
        "CNAME of it": wire.reply(q, answer=[good, rr(www, "CNAME", "www.evil.zz.")]),
        "DNAME of it": wire.reply(q, answer=[good, rr(zone, "DNAME", "evil.zz.")]),
        "DNAME of the TLD": wire.reply(q, answer=[good, rr("zz.", "DNAME", "evil.zz.")]),
        "DNAME and CNAME": wire.reply(q, answer=[rr(zone, "DNAME", "evil.zz."), rr(own, "CNAME", www), e]),
        "SOA of it and NXDOMAIN": wire.reply(q, authority=[wire.soa(zone)], rcode=wire.NXDOMAIN),
        "SOA of the TLD and NXDOMAIN": wire.reply(q, authority=[wire.soa("zz.")], rcode=wire.NXDOMAIN),
        "DS of it": wire.reply(q, answer=[good], authority=[rr(zone, "DS", bytes(36))]),
        "CNAME to it and NXDOMAIN": wire.reply(q, answer=[rr(own, "CNAME", www)], authority=[wire.soa(zone)], rcode=wire.NXDOMAIN),
        "wildcard of it": wire.reply(q, answer=[good, rr("*." + zone, "A", EVIL)]),
        "CNAME chain through it": wire.reply(q, answer=[rr(own, "CNAME", www), rr(www, "CNAME", "www.evil.zz."),
                                                        rr("www.evil.zz.", "A", EVIL)]),
        "MX and its address": wire.reply(q, answer=[good], additional=[e, rr(f"mx.{zone}", "A", EVIL)]),
        "negative for the TLD in authority": wire.reply(q, answer=[good], authority=[wire.soa("zz."), wire.soa(".")]),
        "upper-case owner": wire.reply(q, answer=[good], additional=[rr(www.upper(), "A", EVIL)]),
    }


LIES = 30


@scenario("P6", "30 kinds of data beyond the server's zone", "30 of 30 victims keep their data", seeds=5, figure="kept")
def p6(w: World):
    victims = [f"vic{n}.zz." for n in range(LIES)]
    for n, victim in enumerate(victims):
        w.zone(victim, [f"10.2.0.{n + 1}"], {(f"www.{victim}", "A"): [f"10.2.9.{n + 1}"], (f"mx.{victim}", "A"): [f"10.2.9.{n + 1}"]})
        zone = w.zone(f"liar{n}.zz.", [f"10.1.0.{n + 1}"])

        def liar(q, n=n, victim=victim, zone=zone):
            all_ = list(lies(q, victim).values()) if q.name.startswith("www") else []
            return all_[n] if all_ else zone(q)
        w.serve(f"10.1.0.{n + 1}", f"liar{n}.zz.", liar)
    w.start()
    w.serve(EVIL, ".", lambda q: evil_answer(q))
    before = w.ask_all([(f"www.liar{n}.zz.", "A") for n in range(LIES)])
    w.check("each liar's question ended", all(before), sum(1 for g in before if g))
    got = w.ask_all([(f"www.{v}", "A") for v in victims] + [(f"mx.{v}", "A") for v in victims])
    kept = [all(g and g.addresses == [f"10.2.9.{n + 1}"] for g in (got[n], got[n + LIES])) for n in range(LIES)]
    w.least("kept", sum(kept), LIES)
    kinds = list(lies(wire.Query(wire.query("www.x.zz."), "", ("", 0), False, 0), "v.zz."))
    assert len(kinds) == LIES, len(kinds)
    if not all(kept):
        w.note("lost", ", ".join(kind for kind, ok in zip(kinds, kept) if not ok))
    warm = w.ask("other.warm.zz.")
    w.expect(warm, "NOERROR", "10.2.250.9", "an unrelated name")
    w.check("nobody asked the evil server", not any(line[1] == EVIL for line in w.take()))


@scenario("P7", "NS beside a positive answer (CVE-2025-11411)", "the next question goes to the zone's servers", seeds=5, figure="answer")
def p7(w: World):
    zone = w.zone("p7.zz.", ["10.2.0.1"], {("*.p7.zz.", "A"): [GOOD]})

    def promiscuous(q):
        if q.type != 1:
            return zone(q)
        return wire.reply(q, answer=[rr(q.name, "A", GOOD)], authority=[rr("p7.zz.", "NS", "ns.evil.zz.")],
                          additional=[rr("ns.evil.zz.", "A", EVIL)])
    w.serve("10.2.0.1", "p7.zz.", promiscuous)
    w.zone("evil.zz.", [EVIL], {("ns.evil.zz.", "A"): [EVIL]})
    w.serve(EVIL, "p7.zz.", evil_answer)
    w.start()
    for n in range(5):
        w.expect(w.ask(f"n{n}.p7.zz."), "NOERROR", GOOD)
    w.check("the evil server was not asked", not any(line[1] == EVIL for line in (w.upstream(), w.asked)[1]))


@scenario("P9", "ghost domain: a child that keeps itself alive after its parent let go", "NXDOMAIN when the parent's TTL ends", seeds=5,
          figure="answer")
def p9(w: World):
    ttl = w.vary(5)
    zone = w.zone("p9.zz.", [ATTACKER], {("*.p9.zz.", "A"): [EVIL]}, ttl=86400)

    def tld(q):
        if not authority.below(q.name, "p9.zz."):
            return w.tld(q)
        if w.flags["gone"]:
            return wire.reply(q, authority=[wire.soa("zz.")], rcode=wire.NXDOMAIN)
        return wire.reply(q, authority=[rr("p9.zz.", "NS", "ns0.p9.zz.", ttl)], additional=[rr("ns0.p9.zz.", "A", ATTACKER, ttl)],
                          flags=0)
    w.serve(TLD, "zz.", tld)

    def clinging(q):
        if q.type == 1 and q.name != "p9.zz.":
            return wire.reply(q, answer=[rr(q.name, "A", ATTACKER if q.name.startswith("ns") else EVIL, 1)],
                              authority=[rr("p9.zz.", "NS", "ns0.p9.zz.", 86400)], additional=[rr("ns0.p9.zz.", "A", ATTACKER, 86400)])
        return zone(q)
    w.serve(ATTACKER, "p9.zz.", clinging)
    w.start()
    start = time.monotonic()
    w.expect(w.ask("n0.p9.zz."), "NOERROR", EVIL, "while delegated")
    w.flags["gone"] = 1
    n = 0
    while time.monotonic() < start + ttl + 1.2:
        n += 1
        for name, type_ in ((f"n{n}.p9.zz.", "A"), ("p9.zz.", "NS"), ("ns0.p9.zz.", "A"), (f"a{n}.b{n}.p9.zz.", "A")):
            w.ask(name, type_, patience_s=3)
        time.sleep(0.5)
    w.expect(w.ask("last.p9.zz."), "NXDOMAIN")


@scenario("P10", "an alias with its target's address from the alias's server", "the target's own server is asked", seeds=5, figure="answer")
def p10(w: World):
    w.zone("vic.zz.", ["10.2.0.1"], {("www.vic.zz.", "A"): [GOOD]})
    zone = w.zone("p10.zz.", [ATTACKER])
    w.serve(ATTACKER, "p10.zz.", lambda q: zone(q) if q.name == "p10.zz." else wire.reply(
        q, answer=[rr(q.name, "CNAME", "www.vic.zz."), rr("www.vic.zz.", "A", EVIL)]))
    w.start()
    got = w.ask("www.p10.zz.")
    w.expect(got, "NOERROR", GOOD)
    w.check("without the forged one", got and EVIL not in got.addresses)
    w.expect(w.ask("www.vic.zz."), "NOERROR", GOOD, "the target itself")


@scenario("P11", "DNAME: a CNAME that does not follow, a foreign owner, too long a name", "as RFC 6672", seeds=5, figure="answer")
def p11(w: World):
    w.zone("t.zz.", ["10.2.0.1"], {("*.t.zz.", "A"): [GOOD]})
    w.zone("evil.zz.", [EVIL], {("*.evil.zz.", "A"): [EVIL]})
    long_target = ".".join(["x" * 60] * 3 + ["y" * 40]) + ".t.zz."

    def dname(origin, *records):
        zone = w.zone(origin, [f"10.1.0.{len(w.hosts)}"])
        w.serve(f"10.1.0.{len(w.hosts) - 1}", origin,
                lambda q: zone(q) if q.name == origin else wire.reply(q, answer=[r(q) for r in records]))
    dname("d1.zz.", lambda q: rr("d1.zz.", "DNAME", "t.zz."), lambda q: rr(q.name, "CNAME", "www.evil.zz."))
    dname("d2.zz.", lambda q: rr("zz.", "DNAME", "evil.zz."), lambda q: rr(q.name, "CNAME", "www.evil.zz."))
    dname("d3.zz.", lambda q: rr("d3.zz.", "DNAME", long_target))
    dname("d4.zz.", lambda q: rr("d4.zz.", "DNAME", "t.zz."))
    w.start()
    w.expect(w.ask("www.d1.zz."), "NOERROR", GOOD, "the DNAME counts, not the CNAME beside it")
    w.ask("www.d2.zz.")
    w.expect(w.ask("www.t.zz."), "NOERROR", GOOD, "a foreign DNAME is not kept")
    w.expect(w.ask("a" * 60 + "." + "b" * 20 + ".d3.zz."), "YXDOMAIN", None, "too long")
    w.expect(w.ask("www.d4.zz."), "NOERROR", GOOD)


@scenario("P13", "a forged FORMERR marks no server as without EDNS", "all later queries carry EDNS", seeds=5, figure="answer")
def p13(w: World):
    zone = w.zone("p13.zz.", [ATTACKER], {("*.p13.zz.", "A"): [GOOD]})
    forged = []

    def once(q):
        if q.name == "n1.p13.zz." and not q.tcp and q.type == 1 and not forged:
            forged.append(q)
            return [(0, wire.reply(q, rcode=wire.FORMERR, flags=0, edns=False)), (0.05, zone(q))]
        return zone(q)
    w.serve(ATTACKER, "p13.zz.", once)
    w.start()
    w.ask("n0.p13.zz.")
    w.upstream(0.5)
    got = w.ask("n1.p13.zz.")
    w.expect(got, "NOERROR", GOOD)
    w.bound("U", w.upstream(), 4)
    for n in range(2, 6):
        w.expect(w.ask(f"n{n}.p13.zz."), "NOERROR", GOOD)
    w.upstream(0.3)
    plain = sum(1 for line in w.asked if not line[9])
    w.bound("later queries without EDNS", plain, 0)


@scenario("P14", "glue that points at nowhere, at loopback, at ourselves", "U ≤ 14; the cache stays; a good one beside it is used",
          seeds=5, figure="answer")
def p14(w: World):
    nowhere = ["0.0.0.0", "0.1.2.3", "127.0.0.1", "127.9.9.9", "169.254.1.1", "224.0.0.1", "239.1.2.3", "255.255.255.255"]
    w.tld.delegate("p14.zz.", {f"ns{n}.p14.zz.": [a] for n, a in enumerate(nowhere)})
    w.tld.delegate("half.zz.", {"ns0.half.zz.": nowhere[:4], "ns1.half.zz.": [ATTACKER]})
    w.serve(ATTACKER, "half.zz.", Zone("half.zz.", {("half.zz.", "NS"): ["ns1.half.zz."], ("www.half.zz.", "A"): [GOOD]}))
    w.serve("127.0.0.1", ".", evil_answer)
    w.serve("127.9.9.9", ".", evil_answer)
    w.start()
    got = w.ask("www.p14.zz.")
    w.expect(got, "SERVFAIL", None, "bad glue alone")
    w.bound("U", w.upstream(), 14)
    for n in range(50):
        w.ask(f"n{n}.p14.zz.", patience_s=6)
    w.take()
    w.expect(w.ask("w0.warm.zz."), "NOERROR", None, "a cached name")
    w.settle(0.3)
    w.bound("U of a cached name", len(w.take()), 0)
    w.expect(w.ask("www.half.zz."), "NOERROR", GOOD)
