"""F1–F20: what breaks without anybody meaning it."""

import random
import socket
import struct
import time

import authority
import clients
import wire
from authority import CLOSE, RESET, Zone, silent
from bounds import addresses, glue_zone
from scenario import scenario
from wire import rr
from world import World

GOOD_TEXT = "10.1.9.9"
GOOD = socket.inet_aton(GOOD_TEXT)


@scenario("F1", "1,000 names of healthy, slow, lame and dead zones, mixed", "0 without reply, each ≤ 5 s", seeds=3, figure="answered",
          alone=True)
def f1(w: World):
    habits = {"well": 0, "slow1": w.vary(1.0), "slow3": w.vary(3.0), "dead": None, "lame": -1}
    for n, (kind, wait) in enumerate(habits.items()):
        for z in range(10):
            origin, a = f"{kind}-{z}.zz.", f"10.1.{n}.{z + 1}"
            zone = w.zone(origin, [a], {(f"*.{origin}", "A"): [GOOD_TEXT]})
            habit = silent if wait is None else authority.rcode(wire.REFUSED) if wait < 0 else authority.late(wait, zone) if wait else zone
            w.serve(a, origin, habit)
    w.start()
    count, kinds = 1000 if w.full else 200, list(habits)
    dice = random.Random(w.seed)
    names = [f"n{n}.{dice.choice(kinds)}-{dice.randrange(10)}.zz." for n in range(count)]
    got = clients.ask_stream((w.server.address, w.server.port), lambda n: (clients.address(100, n % 50), names[n], "A"), rate=100,
                             count=count, patience_s=5.2 if w.full else 15, expect=GOOD)
    w.least("answered", got.answered, count)
    healthy = sum(1 for name in names if any(k in name for k in ("well", "slow")))
    w.least("healthy and slow resolved", got.right, round(0.99 * healthy))
    w.note("rcodes", got.rcodes)


# What a broken server of a zone says; each must be passed over for the good one.
BROKEN = {
    "REFUSED": authority.rcode(wire.REFUSED),
    "SERVFAIL": authority.rcode(wire.SERVFAIL),
    "NOTIMP": authority.rcode(wire.NOTIMP),
    "FORMERR": authority.rcode(wire.FORMERR, edns=False),
    "NOTAUTH": authority.rcode(wire.NOTAUTH),
    "upward referral": lambda q: wire.reply(q, authority=[rr(".", "NS", "a.root.")], flags=0),
    "empty, AA clear": lambda q: wire.reply(q, flags=0),
    "referral to itself": lambda q: wire.reply(q, authority=[rr(q.name.split(".", 1)[1], "NS", "ns0.zz.")], flags=0),
    "silent": silent,
    "rubbish": lambda q: q.data[:2] + b"\xff" * 30,
    "TC, TCP closed": authority.truncated,
    "wrong ID": lambda q: wire.reply(q, answer=[rr(q.name, "A", "10.6.6.6")], id_=q.id ^ 0x5555),
}


@scenario("F2", "12 habits of broken servers, each 12 times beside one good server", "12 of 12", figure="resolved")
def f2(w: World):
    origins = []
    for n, habit in enumerate(BROKEN.values()):
        origin = f"z{n}.zz."
        all_ = [f"10.4.{n}.{i + 1}" for i in range(13)]
        w.dice.shuffle(all_)
        zone = w.zone(origin, all_, {(f"www.{origin}", "A"): [GOOD_TEXT]})
        for address in all_[1:]:
            w.serve(address, origin, habit)
        origins.append(origin)
    w.start()
    got = w.ask_all([(f"www.{o}", "A") for o in origins])
    right = [g is not None and GOOD_TEXT in g.addresses for g in got]
    w.least("resolved", sum(right), len(BROKEN))
    if not all(right):
        w.note("lost", ", ".join(name for name, ok in zip(BROKEN, right) if not ok))
    w.bound("time", round(max(g.seconds if g else 99 for g in got), 2), 5.0, "time")
    w.note("U", w.upstream())


HALF = ("raw", struct.pack("!H", 200) + b"\0" * 20)
BROKEN_TCP = {"closed": CLOSE, "reset": RESET, "half an answer": [(0, HALF)], "TC over TCP": "tc", "silent": None}


@scenario("F3", "13 servers say TC=1 and are broken over TCP, in five ways", "U ≤ 27, SERVFAIL, EDE 22", seeds=5)
def f3(w: World):
    for n, broken in enumerate(BROKEN_TCP.values()):
        def habit(q, broken=broken):
            tc = wire.reply(q, flags=wire.AA | wire.TC)
            return (tc if broken == "tc" else broken) if q.tcp else tc
        glue_zone(w, f"f3-{n}.zz.", [f"10.4.{n}.{i + 1}" for i in range(13)], habit)
    w.start()
    got = w.ask_all([(f"www.f3-{n}.zz.", "A") for n in range(len(BROKEN_TCP))])
    w.upstream()
    each = [sum(1 for line in w.asked if line[3].endswith(f"f3-{n}.zz.")) for n in range(len(BROKEN_TCP))]
    w.bound("U", max(each), 27)
    w.note("each", dict(zip(BROKEN_TCP, each)))
    w.check("SERVFAIL", all(g and g.rcode == "SERVFAIL" for g in got), [g.rcode if g else "none" for g in got])
    w.check("EDE 22 or 23", all(g and {22, 23} & set(g.ede) for g in got), [g.ede if g else "none" for g in got])
    quick = [g.seconds if g else 99 for name, g in zip(BROKEN_TCP, got) if name != "silent"]
    w.bound("quickest kinds s", round(max(quick), 2), 3.0, "time")
    w.bound("time", round(max(g.seconds if g else 99 for g in got), 2), 5.0, "time")


def corrupted(dice, octets: bytes, question: int) -> bytes:
    """Cut short, or a bit of its ID or question turned: what a flipped bit of the data would be, only a signature tells."""
    if dice.random() < 0.5:
        return octets[:dice.randrange(len(octets) - 12)]
    at = dice.choice([0, 1, *range(12, 12 + question)])
    return octets[:at] + bytes([octets[at] ^ 1 << dice.randrange(8)]) + octets[at + 1:]


@scenario("F5", "10 % duplicates, 10 % reordered, 5 % corrupted", "0 wrong, ≥ 99.9 % answered", seeds=3, figure="right", alone=True)
def f5(w: World):
    zone = w.zone("f5.zz.", addresses("10.1", 4), {("*.f5.zz.", "A"): [GOOD_TEXT]})
    dice = random.Random(w.seed)

    def crooked(q):
        octets = zone(q)
        if q.tcp:
            return octets
        if dice.random() < 0.05:
            octets = corrupted(dice, octets, len(q.question))
        wait = 0.03 if dice.random() < 0.1 else 0.001
        return [(wait, octets)] * (2 if dice.random() < 0.1 else 1)
    for a in addresses("10.1", 4):
        w.serve(a, "f5.zz.", crooked)
    w.start()
    count, rate = (10000, 1000) if w.full else (600, 150)
    got = clients.ask_stream((w.server.address, w.server.port), lambda n: (clients.address(100, n % 100), f"n{n}.f5.zz.", "A"),
                             rate=rate, count=count, patience_s=5.2 if w.full else 15, expect=GOOD)
    w.least("right", got.right, round(0.999 * count))
    w.bound("NOERROR without the right address", got.rcodes.get("NOERROR", 0) - got.right, round(0.001 * count))
    w.note("rcodes", got.rcodes)
    w.note("p99 ms", got.quantile_ms(0.99))


@scenario("F6", "packet loss of 5, 20 and 40 %, one server", "all resolve; at 20 % p99 ≤ 2.5 s", seeds=5, figure="resolved")
def f6(w: World):
    for share in (5, 20, 40):
        zone = w.zone(f"loss{share}.zz.", [f"10.1.0.{share}"], {(f"*.loss{share}.zz.", "A"): [GOOD_TEXT]})
        w.serve(f"10.1.0.{share}", f"loss{share}.zz.", authority.lossy(random.Random(f"{w.seed} {share}"), share / 100, zone))
    w.start()
    right = 0
    for share in (5, 20, 40):
        got = w.ask_all([(f"n{n}.loss{share}.zz.", "A") for n in range(60)], pause_s=0.03)
        good = [g for g in got if g and GOOD_TEXT in g.addresses]
        right += len(good)
        times = sorted(g.seconds for g in good)
        w.note(f"at {share} %", f"{len(good)} of 60, slowest {times[-1] if times else 99:.2f} s")
        if share == 20:
            w.bound("p99 at 20 % s", round(times[int(0.99 * len(times))] if times else 99, 2), 2.5, "time")
    w.least("resolved", right, 179)  # of 180: 0.4⁷ is what seven tries leave


@scenario("F11", "no more file descriptors: 64 in all, 200 TCP clients", "UDP ≥ 99 %, recovers", seeds=3, figure="goodput", only_hark=True)
def f11(w: World):
    zone = w.zone("f11.zz.", ["10.1.0.1"], {("*.f11.zz.", "A"): [GOOD_TEXT]})
    w.serve("10.1.0.1", "f11.zz.", authority.late(0.005, zone))
    w.start(prefix=("prlimit", "--nofile=64"))

    def plan(n):
        return clients.address(100, n % 50), f"n{n if n % 5 == 0 else n % 20}.f11.zz.", "A"
    where, held = (w.server.address, w.server.port), []
    clients.ask_stream(where, plan, rate=50, count=50, patience_s=5, expect=GOOD)
    for n in range(200):
        s = socket.socket()
        s.setblocking(False)
        s.bind((clients.address(110, n), 0))
        try:
            s.connect(where)
        except BlockingIOError:
            pass
        held.append(s)
    time.sleep(0.5)
    got = clients.ask_stream(where, plan, rate=50, count=250, patience_s=5.2 if w.full else 15, expect=GOOD)
    w.least("goodput", round(got.goodput, 4), 0.99)
    w.note("rcodes", got.rcodes)
    for s in held:
        s.close()
    time.sleep(1)
    w.expect(w.ask("w7.warm.zz.", tcp=True, patience_s=8), "NOERROR", None, "TCP afterwards")


@scenario("F19", "100,000 client addresses", "≥ 95 %, RSS ≤ +8 MiB", seeds=2, figure="goodput", alone=True)
def f19(w: World):
    w.zone("f19.zz.", ["10.1.0.1"], {("*.f19.zz.", "A"): [GOOD_TEXT]})
    w.start()
    where = (w.server.address, w.server.port)
    many, count, rate = (100_000, 200_000, 20_000) if w.full else (5000, 6000, 1500)

    def plan(n):
        return clients.address(100, n % many), f"n{n % 100}.f19.zz.", "A"
    for n in range(100):
        w.ask(f"n{n}.f19.zz.")
    clients.ask_stream(where, lambda n: (clients.address(90, n % 50), *plan(n)[1:]), rate=rate, count=count // 20, expect=GOOD)
    before = w.server.memory_kib()
    w.server.reset_peak()
    got = clients.ask_stream(where, plan, rate=rate, count=count, patience_s=1 if w.full else 8, expect=GOOD)
    w.least("goodput", round(got.goodput, 4), 0.95)
    w.bound("RSS grown MiB", (w.server.memory_kib("VmHWM") - before) / 1024, 8, "rss")


def busy(w: World) -> int:
    figures = w.status()["resolver"]
    return figures["jobs"] + figures["waiters"] + figures["sends"]


@scenario("F20", "2,000 clients that die before their answer, over UDP and TCP", "afterwards all is as before", seeds=3, figure="goodput",
          only_hark=True)
def f20(w: World):
    zone = w.zone("f20.zz.", ["10.1.0.1"], {("*.f20.zz.", "A"): [GOOD_TEXT]})
    w.serve("10.1.0.1", "f20.zz.", authority.late(0.7, zone))
    live = w.zone("live.zz.", ["10.1.0.2"], {("*.live.zz.", "A"): [GOOD_TEXT]})
    w.serve("10.1.0.2", "live.zz.", authority.late(0.3, live))
    w.start()
    where = (w.server.address, w.server.port)
    descriptors = w.server.descriptors()
    count = 1000 if w.full else 100

    def die(n: int) -> None:
        query = wire.query(f"d{n}.f20.zz.", id_=n)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((clients.address(100, n % 250), 0))
            s.sendto(query, where)
        with socket.socket() as s:
            s.bind((clients.address(120, n % 250), 0))
            s.connect(where)
            s.sendall(struct.pack("!H", len(query)) + query)
            if n % 2:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for n in range(count):
        die(n)
    got = w.ask_all([(f"n{n}.live.zz.", "A") for n in range(20)], 8)
    w.least("goodput", sum(1 for g in got if g and GOOD_TEXT in g.addresses) / 20, 1.0)
    end = time.monotonic() + 10
    while (left := busy(w)) and time.monotonic() < end:
        time.sleep(0.5)
    w.bound("jobs, waiters and messages left", left, 0)
    w.bound("descriptors more than before", w.server.descriptors() - descriptors, 2)
    w.expect(w.ask("w8.warm.zz."), "NOERROR", None, "afterwards")
