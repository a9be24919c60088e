"""A2–A23: floods and products that are to use up processor, memory, sockets or places. Beside most of them a well-behaved crowd asks on."""

import random
import select
import socket
import struct
import time

import authority
import clients
import wire
from authority import Zone, silent
from bounds import addresses, glue_zone
from scenario import scenario
from wire import rr
from world import TLD, World, in_child

GOOD = socket.inet_aton("10.1.9.9")
CALM_ZONES = 50
CROWD = 50  # addresses of the well-behaved
ATTACKER = "10.1.0.1"


class Crowd:
    """A well-behaved crowd: names of 50 zones by Zipf's law, a tenth of them new, each server 10 ms away."""

    def __init__(self, w: World):
        self.w = w
        for n in range(CALM_ZONES):
            origin = f"calm{n}.zz."
            w.zone(origin, [f"10.2.{n}.1"], {(f"*.{origin}", "A"): ["10.1.9.9"]})
            w.serve(f"10.2.{n}.1", origin, self.quick(origin, w.hosts[f"10.2.{n}.1"].zones[origin]))

    @staticmethod
    def quick(origin, zone):
        def act(q):
            return [(0.01, wire.quick_a(q, GOOD))] if q.type == 1 and q.name != origin and not q.name.startswith("ns") else zone(q)
        return act

    def plan(self, seed: int):
        dice = random.Random(seed)
        ranks = [1 / (n + 1) for n in range(1000)]
        names = dice.choices([f"h{n // CALM_ZONES}.calm{n % CALM_ZONES}.zz." for n in range(1000)], ranks, k=200_000)

        def ask(n: int):
            new = n % 10 == 0
            return clients.address(200, n % CROWD), f"new{seed}-{n}.calm{n % CALM_ZONES}.zz." if new else names[n], "A"
        return ask

    def ask(self, rate: float, seconds: float, seed: int) -> clients.Result:
        return clients.ask_stream((self.w.server.address, self.w.server.port), self.plan(seed), rate=rate, count=int(rate * seconds),
                                  expect=GOOD, seed=seed, patience_s=1.0 if self.w.full else 5.0)


def beside(w: World, crowd: Crowd, attack, *, rate: float, seconds: float, least: float, slower: float = 3) -> clients.Result:
    """The crowd alone, then beside the attack (a function of the seconds, run in a process of its own)."""
    small = 1 if w.full else 0.15
    rate = max(40.0, rate * small)
    crowd.ask(rate, 2, w.seed)  # fills the cache
    calm = crowd.ask(rate, 3, w.seed + 1000)
    w.server.reset_peak()
    before_kib, cpu = w.server.memory_kib(), w.server.cpu_s()
    running = in_child(attack, seconds + 1)
    time.sleep(1)
    crowded = crowd.ask(rate, seconds, w.seed + 2000)
    said = running()
    w.note("calm p99 ms", calm.quantile_ms(0.99))
    w.least("goodput", round(crowded.goodput, 4), least)
    w.bound("p99 ms", crowded.quantile_ms(0.99), round(max(slower * calm.quantile_ms(0.99), 30), 1), "time")
    w.note("crowd answers", crowded.rcodes)
    w.note("attack", said)
    w.note("CPU s", round(w.server.cpu_s() - cpu, 2))
    w.note("RSS before and peak MiB", f"{before_kib >> 10}, {w.server.memory_kib('VmHWM') >> 10}")
    w.check("alive", w.server.alive())
    return crowded


def flood(w: World, plan, rate: float):
    """An attack: that stream, at that rate."""
    rate *= 1 if w.full else 0.1

    def attack(seconds: float):
        got = clients.ask_stream((w.server.address, w.server.port), plan, rate=rate, count=int(rate * seconds), patience_s=1, wait_s=0.2)
        return {"sent": got.sent, "answered": got.answered, **got.rcodes}
    return attack


def seconds_of(w: World) -> float:
    return 20 if w.full else 5


@scenario("A2", "NRDelegation: referrals to 1,500 names of a silent zone", "≤ 12, ≤ 2 ms CPU a query", seeds=3)
def a2(w: World):
    glue_zone(w, "silent.zz.", addresses("10.3", 2), silent)
    for n in range(20):
        w.tld.delegate(f"nr{n}.zz.", {f"name{n}-{i}.silent.zz.": [] for i in range(w.vary(1500))})
    w.start()
    cpu = w.server.cpu_s()
    got = w.ask("www.nr0.zz.")
    w.answered(got)
    w.bound("U", w.upstream(), 12)
    all_ = w.ask_all([(f"www.nr{n}.zz.", "A") for n in range(1, 20)], 6)
    w.check("all answered", all(all_), sum(1 for g in all_ if g))
    w.bound("CPU ms a query", round(1000 * (w.server.cpu_s() - cpu) / 20, 2), 2.0, "cpu")


@scenario("A10", "answers full of distinct names, 1,000 times over TCP", "≤ 100 µs each", seeds=3, figure="CPU µs an answer")
def a10(w: World):
    zone = w.zone("a10.zz.", [ATTACKER])
    many = {"few": w.vary(190), "many": w.vary(3400)}

    def full(q):
        count = many.get(q.name.split(".")[0])
        if not count or q.type != 2:
            return zone(q)
        return wire.reply(q, answer=[rr(q.name, "NS", f"name{n}.of{n % 7}.a10.zz.") for n in range(count)])
    w.serve(ATTACKER, "a10.zz.", full)
    w.start()
    w.check("3,400 names: an answer or SERVFAIL", w.ask("many.a10.zz.", "NS", tcp=True))
    got = w.ask("few.a10.zz.", "NS", tcp=True)
    w.check("190 names", got and len(got.records) == many["few"], len(got.records) if got else "")
    times = 1000 if w.full else 100
    cpu = w.server.cpu_s()
    with socket.create_connection((w.server.address, w.server.port)) as s:
        s.settimeout(10)
        query = wire.query("few.a10.zz.", "NS")
        for _ in range(times):
            s.sendall(struct.pack("!H", len(query)) + query)
            size = int.from_bytes(s.recv(2, socket.MSG_WAITALL), "big")
            octets = s.recv(size, socket.MSG_WAITALL)
        w.check("the last is whole", len(wire.Answer(octets).records) == many["few"])
    w.bound("CPU µs an answer", round(1e6 * (w.server.cpu_s() - cpu) / times, 1), 100, "cpu")


@scenario("A11", "16,000 empty EDNS options a query, over TCP, and 250 over UDP at 4,000 a second", "crowd ≥ 90 %", seeds=2, alone=True,
          figure="goodput")
def a11(w: World):
    crowd = Crowd(w)
    w.start()
    where = (w.server.address, w.server.port)
    long_ = wire.query("www.warm.zz.", options=wire.option(65001, b"") * w.vary(16000 * 4 // 5))
    short = wire.query("www.warm.zz.", options=wire.option(65001, b"") * w.vary(250))
    rate = 4000 if w.full else 400

    def attack(seconds: float) -> dict:
        end, sent, replies = time.monotonic() + seconds, 0, 0
        sender = clients.Sender()
        tcp = socket.create_connection(where)
        tcp.settimeout(1)
        start = time.monotonic()
        while (now := time.monotonic()) < end:
            while sent < (now - start) * rate:
                sender.send(sent % clients.SOCKETS, clients.address(100, sent % 200), short, where)
                sent += 1
            try:
                tcp.sendall(struct.pack("!H", len(long_)) + long_)
                replies += len(tcp.recv(65535)) > 0
            except OSError:
                tcp.close()
                tcp = socket.create_connection(where)
                tcp.settimeout(1)
            time.sleep(0.005)
        return {"UDP": sent, "over TCP": replies}
    beside(w, crowd, attack, rate=1000, seconds=seconds_of(w), least=0.9)


@scenario("A13", "100 names of two zones that need each other, in 5 s", "U ≤ 16", seeds=5)
def a13(w: World):
    w.tld.delegate("la.zz.", {"ns.lb.zz.": []})
    w.tld.delegate("lb.zz.", {"ns.la.zz.": []})
    w.start()
    got = w.ask_all([(f"w{n}.{'la' if n % 2 else 'lb'}.zz.", "A") for n in range(100)], pause_s=0.05)
    w.least("answered", sum(1 for g in got if g), 100)
    w.bound("U", w.upstream(), 16)


@scenario("A14", "servers that always say BADCOOKIE, FORMERR, BADVERS or TC", "U ≤ 5 a server", seeds=5)
def a14(w: World):
    def bad_cookie(q):
        cookie = wire.option(wire.COOKIE, q.cookie[:8] + bytes(range(16))) if len(q.cookie) >= 8 else b""
        return wire.reply(q, rcode=wire.BADCOOKIE, flags=0, options=cookie, edns=True)
    habits = [bad_cookie, authority.rcode(wire.FORMERR), authority.rcode(wire.BADVERS), lambda q: wire.reply(q, flags=wire.AA | wire.TC)]
    for n, habit in enumerate(habits):
        glue_zone(w, f"again{n}.zz.", [f"10.4.0.{n + 1}"], habit)
    w.start()
    got = w.ask_all([(f"www.again{n}.zz.", "A") for n in range(len(habits))])
    w.check("all end with SERVFAIL", all(g and g.rcode == "SERVFAIL" for g in got), [g.rcode if g else None for g in got])
    w.upstream()
    each = [sum(1 for line in w.asked if line[1] == f"10.4.0.{n + 1}") for n in range(len(habits))]
    w.bound("U", max(each), 5)


@scenario("A15", "water torture: 3,000 new names a second below a silent zone, from 200 addresses", "crowd ≥ 95 %, p99 ≤ 2×", seeds=2,
          alone=True, figure="goodput")
def a15(w: World):
    crowd = Crowd(w)
    glue_zone(w, "vic.zz.", addresses("10.3", 2), silent)
    w.start()
    attack = flood(w, lambda n: (clients.address(100, n % 200), f"r{n * 2654435761 % 4294967296}.vic.zz.", "A"), w.vary(3000))
    beside(w, crowd, attack, rate=1000, seconds=seconds_of(w), least=0.95, slower=2)


@scenario("A15b", "twin: 5,000 new names a second below one live TLD, 50 ms away", "no SERVFAIL", seeds=2, alone=True,
          figure="goodput")
def a15b(w: World):
    zone = w.zone("live.zz.", addresses("10.1", 2), {("*.live.zz.", "A"): ["10.1.9.9"]})
    for a in addresses("10.1", 2):
        w.serve(a, "live.zz.", lambda q: [(0.05, wire.quick_a(q, GOOD))] if q.type == 1 and q.name != "live.zz." else [(0.05, zone(q))])
    w.start()
    rate = 5000 if w.full else 400
    got = clients.ask_stream((w.server.address, w.server.port), lambda n: (clients.address(100, n % 200), f"n{n}.live.zz.", "A"),
                             rate=rate, count=rate * (10 if w.full else 4), patience_s=5, expect=GOOD)
    w.least("goodput", round(got.goodput, 4), 0.999)
    w.bound("SERVFAIL", got.rcodes.get("SERVFAIL", 0), 0)
    w.note("p99 ms", got.quantile_ms(0.99))


@scenario("A16", "slow drip: 5,000 questions a second that are answered after 4.9 s", "crowd ≥ 95 %, RSS bounded", seeds=2,
          alone=True, figure="goodput")
def a16(w: World):
    crowd = Crowd(w)
    zone = w.zone("drip.zz.", [ATTACKER])
    w.serve(ATTACKER, "drip.zz.", lambda q: [(4.9, wire.quick_a(q, GOOD))] if q.type == 1 and len(q.name) > 9 else zone(q))
    w.start()
    before = w.server.memory_kib()
    attack = flood(w, lambda n: (clients.address(100, n % 200), f"d{n}.drip.zz.", "A"), w.vary(5000))
    beside(w, crowd, attack, rate=1000, seconds=seconds_of(w), least=0.95)
    w.bound("RSS grown MiB", (w.server.memory_kib("VmHWM") - before) >> 10, 32 * 1.1 + 16 + 40, "rss")


@scenario("A17", "DNSBomb: 500 names of 1,200 octets whose answers all come at once, to one address", "≤ 80 kB in 100 ms", seeds=3,
          alone=True, figure="octets in 100 ms")
def a17(w: World):
    zone = w.zone("bomb.zz.", [ATTACKER])
    release = w.vary(1.2)
    first = []

    def bomb(q):
        if q.type != 16:
            return zone(q)
        first[:] = first or [q.time]
        octets = wire.reply(q, answer=[rr(q.name, "TXT", "x" * 1100)])
        return [(max(0.0, first[0] + release - q.time), octets)]
    w.serve(ATTACKER, "bomb.zz.", bomb)
    w.start()
    got = clients.ask_stream((w.server.address, w.server.port), lambda n: ("10.8.0.1", f"b{n}.bomb.zz.", "TXT"), rate=500, count=500,
                             patience_s=6, keep_arrivals=True)
    most = clients.most_in(got.arrivals, 0.1)
    w.bound("octets in 100 ms", most, 80_000, "time")
    w.bound("octets in 100 ms of a receiver who is late", most, 160_000)  # all at once are twice as much
    w.note("answers", f"{got.answered}, of them {got.truncated} with TC; {got.octets_in} octets for {got.octets_out}")
    again = w.ask("b1.bomb.zz.", "TXT", source="10.8.0.2")
    w.check("an honest client has its answer", again and again.rcode == "NOERROR" and again.records, again.rcode if again else "none")


@scenario("A17b", "twin: 500 cached names of 1,200 octets, asked in 0.2 s from one address", "all whole", seeds=3, figure="whole")
def a17b(w: World):
    w.zone("cached.zz.", [ATTACKER], {("*.cached.zz.", "TXT"): ["x" * 1100]})
    w.start()
    where = (w.server.address, w.server.port)

    def plan(n):
        return "10.8.0.1", f"c{n % 500}.cached.zz.", "TXT"
    clients.ask_stream(where, lambda n: (clients.address(100, n), *plan(n)[1:]), rate=300, count=500, patience_s=6)
    got = clients.ask_stream(where, plan, rate=2500 if w.full else 500, count=500, patience_s=6)
    w.least("whole", got.rcodes.get("NOERROR", 0) - got.truncated, 500)


def datagrams() -> int:
    """Sent in this namespace since it is there."""
    lines = [line.split() for line in open("/proc/net/snmp", encoding="ascii") if line.startswith("Udp:")]
    return int(dict(zip(lines[0], lines[1]))["OutDatagrams"])


@scenario("A18", "TsuKing: two of our own named as each other's servers", "≤ 10 messages", seeds=3, figure="messages", only_hark=True)
def a18(w: World):
    own = ["10.6.0.1", "10.6.0.2"]
    w.listen = ["10.0.0.1", TLD, "10.2.250.1"]
    w.tld.delegate("loop.zz.", {f"ns{n}.loop.zz.": [a] for n, a in enumerate(own)})
    w.start(address=own[0], port=53)
    w.start_server("other", address=own[1], port=53)
    w.upstream(0.5)
    before = datagrams()
    got = w.ask("www.loop.zz.")
    w.upstream()
    w.answered(got)
    w.bound("messages", (datagrams() - before - 2 + 1) // 2, 10)


def hold_tcp(w: World, sources: int, each: int, seconds: float, habit: str) -> dict:
    """Connections that are held open: idle, one octet a second, or questions whose answers are never read."""
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    where, held, opened = (w.server.address, w.server.port), [], 0
    query = wire.query("www.warm.zz.")
    query = struct.pack("!H", len(query)) + query
    end, tick = time.monotonic() + seconds, 0
    todo = [clients.address(100, n % sources) for n in range(sources * each)]
    while time.monotonic() < end:
        for source in todo[:200]:
            s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            s.setblocking(False)
            if habit == "unread":
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            try:
                s.bind((source, 0))
                s.connect(where)
            except BlockingIOError:
                pass
            except OSError:
                s.close()
                continue
            opened += 1
            held.append(s)
        todo = todo[200:]
        tick += 1
        for s in held if habit != "idle" and (todo or tick % 10 == 0) else ():
            try:
                s.send(query[tick % len(query):][:1] if habit == "slow" else query * 20)
            except OSError:
                pass
        time.sleep(0.1)
    poll = select.poll()
    for s in held:
        poll.register(s, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    closed = len(poll.poll(0))
    for s in held:
        s.close()
    return {"opened": opened, "closed by the server": closed}


def tcp_crowd(w: World, count: int) -> tuple[int, float]:
    """How many of so many new connections got their answer, and the slowest."""
    good, slowest = 0, 0.0
    for n in range(count):
        got = w.ask(f"h{n % 5}.calm{n % CALM_ZONES}.zz.", tcp=True, source=clients.address(210, n), patience_s=1.0 if w.full else 8)
        good += got is not None and got.rcode == "NOERROR"
        slowest = max(slowest, got.seconds if got else 99)
        time.sleep(0.02)
    return good, slowest


@scenario("A19", "TCP: thousands of idle, slow and unread connections from 300 addresses", "TCP ≥ 90 %, UDP ≥ 98 %, RSS ≤ +64 MB", seeds=2,
          alone=True, figure="goodput")
def a19(w: World):
    crowd = Crowd(w)
    w.start()
    each = 10 if w.full else 1
    sources, seconds = 300 if w.full else 100, seconds_of(w)
    crowd.ask(100, 2, w.seed)
    before = w.server.memory_kib()
    w.server.reset_peak()
    attacks = [in_child(hold_tcp, w, sources, 2 * each if habit == "idle" else each, seconds + 2, habit) for habit in ("idle", "slow", "unread")]
    time.sleep(2)
    stream = in_child(crowd.ask, 500 if w.full else 50, seconds - 1, w.seed + 1)
    good, slowest = tcp_crowd(w, 100 if w.full else 20)
    udp = stream()
    w.note("attack", [attack() for attack in attacks])
    w.least("goodput", round(udp.goodput, 4), 0.98)
    w.least("TCP goodput", good / (100 if w.full else 20), 0.9)
    w.note("slowest over TCP", round(slowest, 3))
    w.bound("RSS grown MiB", (w.server.memory_kib("VmHWM") - before) >> 10, 64, "rss")
    w.expect(w.ask("w9.warm.zz.", tcp=True), "NOERROR", None, "TCP afterwards")


@scenario("A23", "reflection: questions in the name of addresses outside `access`, and ANY", "out / in ≤ 1.1; ANY ≤ 1,232", seeds=3,
          figure="out / in", only_hark=True)
def a23(w: World):
    w.settings = {"access": ["127.0.0.0/8", "10.8.0.0/16"]}
    records = {("big.a23.zz.", t): v for t, v in {"A": [f"10.7.1.{n}" for n in range(60)], "TXT": ["x" * 200, "y" * 200],
                                                   "AAAA": [f"fd00::{n}" for n in range(40)], "MX": [b"\0\1" + wire.name("mx.a23.zz.")]}.items()}
    w.zone("a23.zz.", [ATTACKER], records)
    w.start()
    got = w.ask("big.a23.zz.", "ANY", source="10.8.0.1")
    w.bound("octets of ANY", len(got.data) if got else 99999, 1232)
    got = w.ask("big.a23.zz.", "A", source="10.8.0.1")
    w.expect(got, "NOERROR", None, "a client of ours")
    count = 3000 if w.full else 500
    out = clients.ask_stream((w.server.address, w.server.port), lambda n: (f"10.7.7.{n % 250}", "big.a23.zz.", ("ANY", "A", "TXT")[n % 3]),
                             rate=1500, count=count, patience_s=0.5, keep_arrivals=True)
    w.bound("out / in", round(out.octets_in / max(1, out.octets_out), 2), 1.1)
    w.bound("answers with data", out.rcodes.get("NOERROR", 0), 0)
    w.note("refusals", out.rcodes)
    w.expect(w.ask("w9.warm.zz.", source="10.8.0.2"), "NOERROR", None, "a client of ours afterwards")
