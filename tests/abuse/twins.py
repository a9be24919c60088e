"""The twins: partial failure, or a legitimate zone just under a limit, must resolve all the same."""

import random
import socket

import authority
import clients
import wire
from authority import Zone, silent
from bounds import addresses, links_with_bad_servers, victim
from scenario import scenario
from world import World

GOOD = "10.1.9.9"


def one_good(w: World, origin: str, bad, count: int = 12, most: int | None = None, most_s: float = 5.0, warm_s=None) -> None:
    """count servers with a habit and an honest one, in any order."""
    all_ = addresses("10.4", count + 1)
    w.dice.shuffle(all_)
    zone = w.zone(origin, all_, {(f"www.{origin}", "A"): [GOOD]})
    for address in all_[1:]:
        w.serve(address, origin, bad)
    names = list(zone.data[origin]["NS"])
    w.dice.shuffle(names)
    w.tld.add(origin, "NS", names)
    w.start()
    resolves(w, f"www.{origin}", most, most_s)


def resolves(w: World, name: str, most: int | None = None, most_s: float = 5.0) -> None:
    got = w.ask(name)
    w.expect(got, "NOERROR", GOOD)
    w.bound("time", round(got.seconds, 3) if got else 99.0, most_s, "time")
    if most:
        w.bound("U", w.upstream(), most)
    else:
        w.note("U", w.upstream())


@scenario("T1", "12 SERVFAIL and 1 good", "ok", figure="answer")
def t1(w: World):
    one_good(w, "t1.zz.", authority.rcode(wire.SERVFAIL))


@scenario("T2", "12 REFUSED and 1 good", "ok", figure="answer")
def t2(w: World):
    one_good(w, "t2.zz.", authority.rcode(wire.REFUSED))


@scenario("T3", "12 dead and 1 good, cold", "ok, ≤ 5 s", figure="answer", tested=2)
def t3(w: World):
    one_good(w, "t3.zz.", silent)


@scenario("T4", "9 dead glueless NS names and 1 good", "ok, ≤ 20", figure="answer", tested=2)
def t4(w: World):
    links_with_bad_servers(w, 1, 9, last=True)
    w.start()
    resolves(w, "www.l0.zz.", 20)


@scenario("T5", "FORMERR to EDNS", "ok", figure="answer")
def t5(w: World):
    zone = w.zone("t5.zz.", ["10.1.0.1"], {("www.t5.zz.", "A"): [GOOD]})
    w.serve("10.1.0.1", "t5.zz.", lambda q: wire.reply(q, rcode=wire.FORMERR, flags=0, edns=False) if q.edns else zone(q))
    w.start()
    resolves(w, "www.t5.zz.")


@scenario("T6", "drops any query with EDNS", "SERVFAIL, EDE 22 or 23, ≤ 5 s", figure="answer")
def t6(w: World):
    zone = w.zone("t6.zz.", ["10.1.0.1"], {("www.t6.zz.", "A"): [GOOD]})
    w.serve("10.1.0.1", "t6.zz.", lambda q: None if q.edns else zone(q))
    w.start()
    got = w.ask("www.t6.zz.")
    w.expect(got, "SERVFAIL")
    w.check("EDE 22 or 23", got and {22, 23} & set(got.ede), got.ede if got else "")
    w.bound("time", round(got.seconds, 3) if got else 99.0, 5.0, "time")
    w.note("U", w.upstream())


@scenario("T7", "lower-cases the question", "ok", figure="answer")
def t7(w: World):
    zone = w.zone("t7.zz.", ["10.1.0.1"], {("www.t7.zz.", "A"): [GOOD], ("second.t7.zz.", "A"): [GOOD]})

    def lower(q):
        octets = zone(q)
        return octets[:12] + q.question[:-4].lower() + octets[12 + len(q.question) - 4:]
    w.serve("10.1.0.1", "t7.zz.", lower)
    w.start()
    resolves(w, "www.t7.zz.")
    resolves(w, "second.t7.zz.", 4)


@scenario("T8", "cold server, answers after 1.0 s", "ok, ≤ 1.3 s", figure="answer")
def t8(w: World):
    slow(w, 1.0, 1.3)


@scenario("T9", "cold server, answers after 3.0 s", "ok, ≤ 3.5 s", figure="answer")
def t9(w: World):
    slow(w, 3.0, 3.5)


def slow(w: World, seconds: float, most_s: float) -> None:
    zone = w.zone("slow.zz.", ["10.1.0.1"], {("www.slow.zz.", "A"): [GOOD]})
    wait = w.vary(seconds)
    w.serve("10.1.0.1", "slow.zz.", authority.late(wait, zone))
    w.start()
    w.note("delay", round(wait, 2))
    resolves(w, "www.slow.zz.", None, most_s + wait - seconds)


@scenario("T10", "40 % loss, one server, 30 names in turn", "30 of 30, ≤ 80 messages, ≤ 10 s", figure="resolved")
def t10(w: World):
    zone = w.zone("t10.zz.", ["10.1.0.1"], {("*.t10.zz.", "A"): [GOOD]})
    w.serve("10.1.0.1", "t10.zz.", authority.lossy(random.Random(w.seed), 0.4, zone))
    w.start()
    got = [w.ask(f"n{n}.t10.zz.") for n in range(30)]
    w.least("resolved", sum(1 for g in got if g and GOOD in g.addresses), 30)
    w.bound("time", round(sum(g.seconds if g else 21 for g in got), 1), 10, "time")
    w.bound("U", w.upstream(), 80)


@scenario("T11", "a cold chain of 6 CNAMEs, each in another zone with 2 glueless servers", "ok", figure="answer")
def t11(w: World):
    """Just under what M11 and M13 forbid."""
    links_with_bad_servers(w, 6, 1, last=True)
    w.start()
    resolves(w, "www.l0.zz.")


@scenario("T12", "13 glueless NS names in one live zone", "ok", figure="answer")
def t12(w: World):
    victim(w, {(f"n{n}.vic.zz.", "A"): ["10.1.0.1"] for n in range(13)})
    names = [f"n{n}.vic.zz." for n in range(13)]
    w.tld.delegate("t12.zz.", {n: [] for n in names})
    w.serve("10.1.0.1", "t12.zz.", Zone("t12.zz.", {("t12.zz.", "NS"): names, ("www.t12.zz.", "A"): [GOOD]}))
    w.start()
    resolves(w, "www.t12.zz.", 20)


@scenario("T13", "four glueless delegations deep", "ok", figure="answer")
def t13(w: World):
    """Under M15's depth."""
    depth = 4
    for n in range(depth):
        w.tld.delegate(f"d{n}.zz.", {f"ns.d{n + 1}.zz.": []})
        zone = Zone(f"d{n}.zz.", {(f"d{n}.zz.", "NS"): [f"ns.d{n + 1}.zz."], (f"ns.d{n}.zz.", "A"): [f"10.1.0.{n}"],
                                  (f"www.d{n}.zz.", "A"): [GOOD]})
        w.serve(f"10.1.0.{n + 1}", f"d{n}.zz.", zone)
    w.zone(f"d{depth}.zz.", ["10.1.0.100"], {(f"ns.d{depth}.zz.", "A"): [f"10.1.0.{depth}"]})
    w.start()
    resolves(w, "www.d0.zz.")


@scenario("T14", "a chain of 10 CNAMEs", "ok", figure="answer")
def t14(w: World):
    records = {(f"c{n}.t14.zz.", "CNAME"): [f"c{n + 1}.t14.zz."] for n in range(10)}
    w.zone("t14.zz.", ["10.1.0.1"], {**records, ("c10.t14.zz.", "A"): [GOOD]})
    w.start()
    resolves(w, "c0.t14.zz.")


@scenario("T15", "a referral of 13 names with 2 addresses each, over 512 octets", "ok", figure="answer")
def t15(w: World):
    all_ = addresses("10.1", 26)
    servers = {f"ns{n}.a-name-of-some-length.t15.zz.": all_[2 * n:2 * n + 2] for n in range(13)}
    w.tld.delegate("t15.zz.", servers)
    zone = Zone("t15.zz.", {("t15.zz.", "NS"): list(servers), ("www.t15.zz.", "A"): [GOOD],
                            **{(s, "A"): glue for s, glue in servers.items()}})
    for address in all_:
        w.serve(address, "t15.zz.", zone)
    w.start()
    resolves(w, "www.t15.zz.")


@scenario("T16", "40 phones behind one address ask the same cold name at once", "each has an answer or TC; over TCP all succeed", seeds=10,
          figure="answers or TC")
def t16(w: World):
    zone = w.zone("t16.zz.", ["10.1.0.1"], {("*.t16.zz.", "A"): [GOOD]})
    wait = w.vary(0.4)
    w.serve("10.1.0.1", "t16.zz.", authority.late(wait, zone))
    w.start()
    got = w.ask_all([("www.t16.zz.", "A")] * 40, 8, source="10.8.0.1")
    w.least("answers or TC", sum(1 for g in got if g and (g.tc or GOOD in g.addresses)), 40)
    again = [w.ask("www.t16.zz.", tcp=True, source="10.8.0.1", patience_s=8) for g in got if g is None or g.tc]
    w.least("right over TCP, of those without", sum(1 for g in again if g and GOOD in g.addresses), len(again))
    w.note("whole answers", sum(1 for g in got if g and GOOD in g.addresses))


@scenario("T17", "a client with 300 different cold names in 3 s, each answered after 0.5 s", "all answered", seeds=5, figure="answered")
def t17(w: World):
    """A browser with many tabs, a mail server: under what one address may have pending."""
    zone = w.zone("t17.zz.", ["10.1.0.1"], {("*.t17.zz.", "A"): [GOOD]})
    wait = w.vary(0.5)
    w.serve("10.1.0.1", "t17.zz.", authority.late(wait, zone))
    w.start()
    got = w.ask_all([(f"n{n}.t17.zz.", "A") for n in range(300)], 8, pause_s=0.01, source="10.8.0.1")
    w.least("answered", sum(1 for g in got if g and GOOD in g.addresses), 300)


@scenario("T18", "500 cold names of one zone in 0.25 s from 250 addresses; its one server takes 0.7 s", "all answered", seeds=5,
          figure="right")
def t18(w: World):
    zone = w.zone("t18.zz.", ["10.1.0.1"], {("*.t18.zz.", "A"): [GOOD]})
    wait = w.vary(0.7)
    w.serve("10.1.0.1", "t18.zz.", authority.late(wait, zone))
    w.start()
    got = clients.ask_stream((w.server.address, w.server.port), lambda n: (clients.address(100, n % 250), f"n{n}.t18.zz.", "A"), rate=2000,
                             count=500, patience_s=6 if w.full else 15, expect=socket.inet_aton(GOOD))
    w.least("right", got.right, 500)
    w.note("rcodes", f"{got.rcodes}, extended {got.ede}")
    w.note("p99 ms", got.quantile_ms(0.99))
