"""A3, A24: floods that are to push out of the cache what others ask for, or to fill it with what is over."""

import clients
import wire
from authority import Zone
from exhaustion import ATTACKER, CALM_ZONES, GOOD, Crowd
from scenario import scenario
from wire import rr
from world import World, in_child

NAMES = 1000  # that the crowd repeats, as Crowd.plan() has them
KNOWN = 3  # times that each was asked for before
SERVERS, LINKS = 13, 11
LABEL = 40  # octets of each made-up name, so that a datagram holds them all
SLACK_MIB = 16  # beside the cache and a tenth of it
SHORT_TTL_S = 1


def heavy(w: World) -> Zone:
    """Each name n… there is a delegation to 13 names of its own, each c… an alias of eleven links; none of them is of any use."""
    zone = w.zone("heavy.zz.", [ATTACKER])
    servers, links = w.vary(SERVERS), w.vary(LINKS)

    def act(q):
        label = q.name.split(".")[0]
        if label.startswith("n") and label[1:].isdigit() and q.name.count(".") >= 3:
            child = ".".join(q.name.split(".")[-4:])
            return wire.reply(q, flags=0, authority=[rr(child, "NS", f"{label}s{n}".ljust(LABEL, "x") + ".heavy.zz.") for n in range(servers)])
        if label.startswith("c") and q.type == 1 and label[1:].split("l")[0].isdigit():
            chain = [q.name] + [f"{label.split('l')[0]}l{n}".ljust(LABEL, "x") + ".heavy.zz." for n in range(links)]
            answer = [rr(a, "CNAME", b) for a, b in zip(chain, chain[1:])] + [rr(chain[-1], "A", "10.1.9.8")]
            return wire.reply(q, answer=answer)
        return zone(q)
    w.serve(ATTACKER, "heavy.zz.", act)
    return zone


def fetched(log: list[tuple]) -> int:
    """How many look-ups of the crowd's repeated names there were."""
    return sum(1 for line in log if line[4] == 1 and line[3].startswith("h") and ".calm" in line[3] and not line[3].startswith("heavy"))


def hit_rate(w: World, crowd: Crowd, rate: float, seconds: float, seed: int) -> float:
    w.settle(0.3, 5)
    w.take()
    got = crowd.ask(rate, seconds, seed)
    w.settle(0.3, 5)
    repeated = sum(1 for n in range(got.sent) if n % 10)
    return 1 - fetched(w.take()) / repeated


@scenario("A3", "CacheFlush: referrals to 13 long names and chains of 11 aliases, hundreds a second, a cache of 4 MiB",
          "hit rate ≥ 90 % of calm", seeds=2, alone=True, figure="hit rate")
def a3(w: World):
    crowd = Crowd(w)
    heavy(w)
    w.start(cache_mib=4 if w.full else 1)
    where = (w.server.address, w.server.port)
    rate, seconds = (250.0, 30) if w.full else (60.0, 5)
    clients.ask_stream(where, lambda n: (clients.address(200, n % 50), known_name(n % NAMES), "A"),
                       rate=500 if w.full else 200, count=KNOWN * NAMES, expect=GOOD, patience_s=5)
    calm = hit_rate(w, crowd, rate, 4, w.seed)
    attack_rate = w.vary(400 if w.full else 150)

    def attack():
        return clients.ask_stream(where, lambda n: (clients.address(100, n % 200), f"{'nc'[n % 2]}{n}.heavy.zz.", "A"), rate=attack_rate,
                                  count=int(attack_rate * seconds), wait_s=0.2)
    running = in_child(attack)
    crowded = hit_rate(w, crowd, rate, seconds, w.seed + 1000)
    said = running()
    w.note("calm hit rate", round(calm, 4))
    w.least("hit rate", round(crowded, 4), round(0.9 * calm, 4))
    w.note("attack", f"{said.sent} questions, {said.rcodes}")
    w.note("peak MiB", w.server.memory_kib("VmHWM") >> 10)
    w.check("alive", w.server.alive())


@scenario("A24", "expired answers hoarded: one name hammered while thousands of others come and expire a second later",
          "RSS ≤ cache + 10 % + 16 MiB, + 5 %; U ≤ 2", seeds=2, alone=True, figure="U")
def a24(w: World):
    zone = w.zone("short.zz.", [ATTACKER])
    ttl = SHORT_TTL_S.to_bytes(4, "big")
    w.serve(ATTACKER, "short.zz.", lambda q: wire.quick_a(q, GOOD, ttl) if q.type == 1 and q.name.startswith("e") else zone(q))
    w.zone("hot.zz.", ["10.2.251.1"], {("www.hot.zz.", "A"): ["10.1.9.9"]})
    cache_mib = 4 if w.full else 1
    w.start(cache_mib=cache_mib)
    w.expect(w.ask("www.hot.zz."), "NOERROR", "10.1.9.9", "the name")
    w.settle(0.3, 5)
    w.take()
    rate, seconds = (3000, 30) if w.full else (400, 6)
    got = clients.ask_stream((w.server.address, w.server.port), lambda n: hammered(n, w.seed), rate=rate, count=rate * seconds, expect=GOOD,
                             patience_s=1.0 if w.full else 5.0)
    w.settle(0.3, 5)
    w.bound("U", sum(1 for line in w.take() if line[3] == "www.hot.zz."), 2)
    w.least("goodput", round(got.goodput, 4), 0.99)
    w.bound("RSS MiB", w.server.memory_kib("VmHWM") >> 10, (cache_mib * 1.1 + SLACK_MIB) * 1.05, "rss")


def hammered(n: int, seed: int) -> tuple[str, str, str]:
    return clients.address(100, n % 200), "www.hot.zz." if n % 4 == 0 else f"e{seed}-{n}.short.zz.", "A"


def known_name(n: int) -> str:
    return f"h{n // CALM_ZONES}.calm{n % CALM_ZONES}.zz."
