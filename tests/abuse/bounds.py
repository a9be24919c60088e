"""M1–M23: what one query of a client may cost others, and how soon it is answered."""

import authority
import wire
from authority import Zone, silent
from scenario import scenario
from wire import rr
from world import World

VICTIM = "10.2.0.1"


def addresses(block: str, count: int) -> list[str]:
    return [f"{block}.{1 + n // 250}.{1 + n % 250}" for n in range(count)]


def glue_zone(w: World, origin: str, all_: list[str], habit) -> None:
    """A zone whose servers all have that habit."""
    w.tld.delegate(origin, {f"ns{n}.{origin}": [a] for n, a in enumerate(all_)})
    for address in all_:
        w.serve(address, origin, habit)


def victim(w: World, records: dict = {}) -> Zone:
    return w.zone("vic.zz.", [VICTIM], {("vic.zz.", "A"): ["10.2.9.9"], **records})


def warm_victim(w: World) -> None:
    """The victim is known: whom it costs is the question, not its referral."""
    w.ask("vic.zz.")
    w.upstream(0.3)


def cost(w: World, name: str, most: int, rcode: str | None = "SERVFAIL", most_s: float = 5.0) -> None:
    got = w.ask(name)
    w.bound("U", w.upstream(), most)
    w.answered(got, most_s)
    if rcode:
        w.expect(got, rcode)


@scenario("M1", "NXNS: referral to 50 glueless names in a victim's zone", "≤ 6")
def m1(w: World):
    victim(w)
    w.tld.delegate("m1.zz.", {f"n{n}.vic.zz.": [] for n in range(w.vary(50))})
    w.start()
    warm_victim(w)
    cost(w, "www.m1.zz.", 6)


@scenario("M2", "NXNS: 500 names, referral over TCP", "≤ 6")
def m2(w: World):
    victim(w)
    w.tld.delegate("m2.zz.", {f"name-server-{n}.vic.zz.": [] for n in range(w.vary(500))})
    w.start()
    warm_victim(w)
    cost(w, "www.m2.zz.", 6)


@scenario("M3", "20 NS names inside a zone with 13 dead servers", "≤ 12, ≤ 5 s")
def m3(w: World):
    glue_zone(w, "dead.zz.", addresses("10.3", 13), silent)
    w.tld.delegate("m3.zz.", {f"n{n}.dead.zz.": [] for n in range(w.vary(20))})
    w.start()
    cost(w, "www.m3.zz.", 12)


@scenario("M4", "13 dead server addresses", "≤ 14, ≤ 5 s")
def m4(w: World):
    glue_zone(w, "m4.zz.", addresses("10.3", 13), silent)
    w.start()
    cost(w, "www.m4.zz.", 14)


def self_pointing(w: World, origin: str, all_: list[list[str]]) -> None:
    """Each name server's glue leads to servers that refer to the same zone again (CVE-2026-3592)."""
    servers = {f"ns{n}.{origin}": glue for n, glue in enumerate(all_)}
    w.tld.delegate(origin, servers)
    ns = [rr(origin, "NS", s) for s in servers]
    glue = [rr(s, "A", a) for s, all_of in servers.items() for a in all_of]

    def refers_to_itself(q):
        return wire.reply(q, authority=ns, additional=glue, flags=0)
    for address in {a for all_of in all_ for a in all_of}:
        w.serve(address, origin, refers_to_itself)


@scenario("M5", "self-pointing glue, 10 NS × the same 13 addresses", "≤ 14, SERVFAIL")
def m5(w: World):
    self_pointing(w, "m5.zz.", [addresses("10.1", 13)] * w.vary(10))
    w.start()
    cost(w, "www.m5.zz.", 14)


@scenario("M6", "self-pointing glue, 10 NS × 13 distinct addresses", "≤ 28, SERVFAIL")
def m6(w: World):
    count = w.vary(10)
    all_ = addresses("10.1", 13 * count)
    self_pointing(w, "m6.zz.", [all_[13 * n:13 * n + 13] for n in range(count)])
    w.start()
    cost(w, "www.m6.zz.", 28)


@scenario("M7", "13 × SERVFAIL", "≤ 14")
def m7(w: World):
    glue_zone(w, "m7.zz.", addresses("10.4", 13), authority.rcode(wire.SERVFAIL))
    w.start()
    cost(w, "www.m7.zz.", 14)


@scenario("M8", "13 × REFUSED", "≤ 14")
def m8(w: World):
    glue_zone(w, "m8.zz.", addresses("10.4", 13), authority.rcode(wire.REFUSED))
    w.start()
    cost(w, "www.m8.zz.", 14)


@scenario("M9", "13 × FORMERR without EDNS", "≤ 18")
def m9(w: World):
    glue_zone(w, "m9.zz.", addresses("10.4", 13), authority.rcode(wire.FORMERR, edns=False))
    w.start()
    cost(w, "www.m9.zz.", 18)


@scenario("M10", "13 × TC=1, TCP closed at once", "≤ 27")
def m10(w: World):
    glue_zone(w, "m10.zz.", addresses("10.4", 13), authority.truncated)
    w.start()
    cost(w, "www.m10.zz.", 27)


@scenario("M11", "endless CNAME, one link an answer", "≤ 12")
def m11(w: World):
    zone = w.zone("m11.zz.", ["10.1.0.1"])

    def endless(q):
        first = q.name.split(".")[0]
        if not first.startswith("c"):
            return zone(q)
        return wire.reply(q, answer=[rr(q.name, "CNAME", f"c{int(first[1:]) + 1}.m11.zz.")])
    w.serve("10.1.0.1", "m11.zz.", endless)
    w.start()
    cost(w, "c0.m11.zz.", 12)


@scenario("M12", "60 CNAMEs in one answer", "≤ 12")
def m12(w: World):
    zone, count = w.zone("m12.zz.", ["10.1.0.1"]), w.vary(60)

    def chain(q):
        first = q.name.split(".")[0]
        if not first.startswith("c"):
            return zone(q)
        at = int(first[1:])
        return wire.reply(q, answer=[rr(f"c{n}.m12.zz.", "CNAME", f"c{n + 1}.m12.zz.") for n in range(at, at + count)])
    w.serve("10.1.0.1", "m12.zz.", chain)
    w.start()
    cost(w, "c0.m12.zz.", 12)


def links_with_bad_servers(w: World, count: int, bad: int, last: bool = False) -> list[str]:
    """l0.zz … : www of each is an alias to the next; each zone has that many NS names without address and one with."""
    all_ = []
    for n in range(count):
        address = f"10.1.1.{n + 1}"
        names = [f"x{n}-{i}.vic.zz." for i in range(bad)] + [f"good{n}.vic.zz."]
        w.dice.shuffle(names)
        w.tld.delegate(f"l{n}.zz.", {name: [] for name in names})
        zone = Zone(f"l{n}.zz.", {(f"l{n}.zz.", "NS"): names, (f"end.l{n}.zz.", "A"): ["10.1.9.9"]})
        zone.add(f"www.l{n}.zz.", *(("A", ["10.1.9.9"]) if last and n == count - 1 else ("CNAME", [f"www.l{n + 1}.zz."])))
        w.serve(address, f"l{n}.zz.", zone)
        all_.append(address)
    victim(w, {(f"good{n}.vic.zz.", "A"): [a] for n, a in enumerate(all_)})
    return all_


@scenario("M13", "CAMP: CNAME chain × 10 glueless NS a link (9 NXDOMAIN, 1 good)", "≤ 32, first link resolves")
def m13(w: World):
    servers = links_with_bad_servers(w, 20, 9)
    w.start()
    got = w.ask("www.l0.zz.")
    w.bound("U", w.upstream(), 32)
    w.answered(got)
    w.check("the first link resolved", any(line[1] == servers[0] for line in w.asked))


@scenario("M14", "cyclic dependency la.zz ↔ lb.zz; then 10 more queries", "≤ 4, ≤ 1 s; +0")
def m14(w: World):
    w.tld.delegate("la.zz.", {"ns.lb.zz.": []})
    w.tld.delegate("lb.zz.", {"ns.la.zz.": []})
    w.start()
    cost(w, "www.la.zz.", 4, most_s=1.0)
    more = w.ask_all([(f"w{n}.la.zz.", "A") for n in range(10)])
    w.check("10 more answered", all(more), sum(1 for m in more if m))
    w.bound("U of 10 more", w.upstream(), 0)


@scenario("M15", "endless glueless depth (CVE-2014-8500)", "≤ 8")
def m15(w: World):
    def tld(q):
        at = q.name.rstrip(".").split(".")
        if len(at) >= 2 and at[-2][0] == "d" and at[-2][1:].isdigit():
            n = int(at[-2][1:])
            return wire.reply(q, authority=[rr(f"d{n}.zz.", "NS", f"ns.d{n + 1}.zz.")], flags=0)
        return w.tld(q)
    w.serve("10.0.0.2", "zz.", tld)
    w.start()
    cost(w, "www.d0.zz.", 8)


@scenario("M16", "8-ary glueless tree", "≤ 24")
def m16(w: World):
    width = w.vary(8)

    def tld(q):
        at = q.name.rstrip(".").split(".")
        if len(at) >= 2 and at[-2].startswith("t"):
            child = f"{at[-2]}.zz."
            return wire.reply(q, authority=[rr(child, "NS", f"ns.{at[-2]}{n}.zz.") for n in range(width)], flags=0)
        return w.tld(q)
    w.serve("10.0.0.2", "zz.", tld)
    w.start()
    cost(w, "www.t.zz.", 24)


@scenario("M17", "2,000 address records over TCP", "answered or SERVFAIL, RSS ≤ +256 KiB a name", seeds=5, figure="RSS grown KiB a name")
def m17(w: World):
    zone, count = w.zone("m17.zz.", ["10.1.0.1"]), w.vary(2000)
    w.serve("10.1.0.1", "m17.zz.", lambda q: zone(q) if q.name == "m17.zz." or q.type != 1 else wire.reply(
        q, answer=[rr(q.name, "A", f"10.6.{n // 250}.{n % 250}") for n in range(count)]))
    w.start()
    w.ask("n0.m17.zz.", tcp=True)
    before = w.server.memory_kib()
    w.server.reset_peak()
    got = [w.ask(f"n{n}.m17.zz.", tcp=True) for n in range(1, 11)]
    w.check("answered", all(g and g.rcode in ("NOERROR", "SERVFAIL") for g in got), got[0].rcode if got[0] else "none")
    w.bound("RSS grown KiB a name", round((w.server.memory_kib("VmHWM") - before) / 10), 256, "rss")
    w.expect(w.ask("w1.warm.zz."), "NOERROR", None, "afterwards")


@scenario("M19", "source ports, IDs and letter case of 300 queries", "≥ 294 ports", seeds=5, figure="ports")
def m19(w: World):
    w.zone("m19.zz.", ["10.1.0.1"], {("*.m19.zz.", "A"): ["10.1.9.9"]})
    w.start()
    names = [f"abcdefghijklm{n}.m19.zz." for n in range(300)]
    for start in range(0, 300, 20):
        w.ask_all([(n, "A") for n in names[start:start + 20]])
    w.settle(0.3)
    log = [line for line in w.take() if line[1] == "10.1.0.1"]
    seen = list({line[3]: line for line in log if line[4] == 1 and line[3] in names}.values())
    w.least("names asked", len(seen), 300)
    ports = [line[5] for line in seen]
    w.least("ports", len(set(ports)), 294)
    w.note("range", f"{min(ports)}–{max(ports)}")
    w.least("spread of the ports", max(ports) - min(ports), 58000)
    w.least("distinct IDs", len({line[6] for line in seen}), 294)
    w.least("names with mixed case", sum(1 for line in seen if line[8] != line[8].lower()), 290)


@scenario("M20", "200 identical queries of one client in 1 s, answer after 1.2 s", "≤ 2 full, ≤ 2 in 50 ms, U ≤ 2", seeds=10)
def m20(w: World):
    zone = w.zone("m20.zz.", ["10.1.0.1"], {("www.m20.zz.", "A"): ["10.1.9.9"], ("warm.m20.zz.", "A"): ["10.1.9.9"]})
    wait = w.vary(1.2)
    w.serve("10.1.0.1", "m20.zz.", lambda q: [(wait, zone(q))] if q.name.startswith("www") else zone(q))
    w.start()
    w.ask("warm.m20.zz.")
    w.upstream(0.3)
    full = [got for got in w.ask_all([("www.m20.zz.", "A")] * 200, 8, pause_s=0.005, source="10.8.0.1") if got]
    whole = [got for got in full if got.rcode == "NOERROR" and got.addresses and not got.tc]
    w.note("answers / of them empty with TC", f"{len(full)} / {sum(1 for got in full if got.tc)}")
    w.bound("U", w.upstream(), 2)
    w.bound("full answers", len(whole), 2)
    w.least("full answers (an honest client has one)", len(whole), 1)
    w.bound("octets out / in", round(sum(len(g.data) for g in full) / (200 * len(wire.query("www.m20.zz."))), 2), 1.1)


@scenario("M23", "a zone that never answers shares its server with others: 8 other names right after", "all ok, ≤ 10 ms", seeds=10, figure="slowest ms")
def m23(w: World):
    for n in range(8):
        w.zone(f"other{n}.zz.", ["10.1.0.1"], {(f"www.other{n}.zz.", "A"): [f"10.1.9.{n + 1}"]})
    w.tld.delegate("m23.zz.", {"ns.m23.zz.": ["10.1.0.1"]})
    w.serve("10.1.0.1", "m23.zz.", silent)
    w.start()
    w.ask("www.m23.zz.")
    slowest = 0.0
    for n in range(8):
        got = w.ask(f"www.other{n}.zz.")
        w.expect(got, "NOERROR", f"10.1.9.{n + 1}", f"other{n}")
        slowest = max(slowest, got.seconds if got else 99)
    w.note("U", w.upstream())
    w.bound("slowest ms", round(1000 * slowest, 1), 10, "time")
