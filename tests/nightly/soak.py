#!/usr/bin/python3 -IB
"""Fault F24: hours of benign questions beside attacks, reloads, flushes and control verbs. Nothing may leak, nobody may be turned away.

    HARK_BUILD=build-asan LAB_NO_HARKD=1 tests/lab/enter unshare -n tests/nightly/soak.py [MINUTES] [SEED]

The Internet is that of tests/abuse, with root and zz. signed. Each round of ten seconds has the crowd of tests/abuse, a client who knows what
each of its answers must be, two attacks by servers, one by clients and the control socket's every verb. The exit status is 1 if
a sanitizer said anything or harkd did not end well at SIGTERM, if fewer than 99 of 100 benign questions were answered right, if descriptors
are left, or if the least memory of the last quarter is more than that of the quarter before by more than GROWN_KIB. The longer, the sharper.
"""

import itertools
import json
import os
import random
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "system"), str(HERE.parent / "abuse")]
import authority
import clients
import exhaustion
import packets
import trust
import validation
import wire
from authority import silent
from bounds import addresses, glue_zone
from wire import rr
from world import World, in_child, make_network

ROUND_S, LEAST_ROUNDS, CALM_RATE, ATTACK_RATE = 10, 8, 100, 150
TURN_S, FLUSHED = 0.1, 6  # between two verbs; rounds between two flushes of all, after which everybody waits for the root at once
GOOD = "10.1.9.9"
PATIENCE_S = 20
SETTLED_S, FEW = 40, 4  # idle streams are closed, remembered sockets let go; descriptors that a round may leave to the next
CACHE_MIB = 1  # full within the first rounds, so that it is not what grows
# What AddressSanitizer keeps of freed memory is full as soon; what is leaked while it is still referred to would show as growth.
ASAN = "strict_string_checks=1:detect_stack_use_after_return=1:quarantine_size_mb=8:thread_local_quarantine_size_kb=64:allocator_release_to_os_interval_ms=500"
# Between the least of the third quarter and of the last one. What a peak of AddressSanitizer's allocator leaves behind was 6 MiB in a run of three
# minutes. Ten minutes have 40,000 messages of clients between the two: 400 octets that each left behind, a tenth of a stream's buffer, would be as much; two
# hours, 35 octets.
GROWN_KIB = 16384


# ---- servers that attack: (zone, its habit, the type that is asked for) ----------------------------------------------

def many_names(q):
    """NXNS: every name is a delegation to fifty names of a silent zone."""
    return wire.reply(q, authority=[rr(q.name, "NS", f"n{n}-{random.getrandbits(24)}.vic.zz.") for n in range(50)], flags=0)


def endless_alias(q):
    return wire.reply(q, answer=[rr(q.name, "CNAME", f"c{random.getrandbits(40):x}.alias.zz.")])


def garbled(q):
    """An honest answer of which three octets are others; its ID and question mostly are not."""
    octets = bytearray(wire.reply(q, answer=[rr(q.name, "A", GOOD), rr("www.calm1.zz.", "A", "10.6.6.6")], edns=True))
    for _ in range(3):
        octets[random.randrange(2, len(octets))] = random.randrange(256)
    return bytes(octets)


def large(q):
    return wire.reply(q, answer=[rr(q.name, "TXT", b"\xff" + bytes([n]) * 255) for n in range(4)])


LIARS = (("vic", silent, "A"), ("many", many_names, "A"), ("alias", endless_alias, "A"), ("garbled", garbled, "A"), ("large", large, "TXT"),
         ("trunc", authority.truncated, "A"), ("fail", authority.rcode(wire.SERVFAIL), "A"), ("edns", authority.rcode(wire.FORMERR), "A"),
         ("drip", authority.late(4.9, lambda q: wire.reply(q, answer=[rr(q.name, "A", GOOD)])), "A"))


def torture(w: World, round_: int, zone: str, type_: str) -> int:
    """New names of that zone, from 200 addresses. What is returned here and below: how often it happened."""
    def plan(n: int):
        return clients.address(100, n % 200), f"r{round_}-{n}.{zone}.zz.", type_
    return clients.ask_stream((w.server.address, w.server.port), plan, rate=ATTACK_RATE, count=ATTACK_RATE * ROUND_S, patience_s=1, wait_s=0.2).sent


# ---- clients that attack ---------------------------------------------------------------------------------------------

def malformed(w: World, round_: int) -> int:
    """Messages of tests/system/packets.py, as they are and with octets changed, by UDP and on streams."""
    dice, end, sent = random.Random(round_), time.monotonic() + ROUND_S, 0
    rows = [octets for _, octets, *_ in packets.PACKETS if len(octets) < 9000]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect((w.server.address, w.server.port))
        while time.monotonic() < end:
            octets = bytearray(dice.choice(rows))
            for _ in range(dice.randrange(4) if octets else 0):
                octets[dice.randrange(len(octets))] = dice.randrange(256)
            if dice.randrange(4):
                sent += udp.send(octets) == len(octets)
            else:
                sent += stream(w, struct.pack("!H", len(octets)) + octets, True)
            time.sleep(0.005)
    return sent


def stream(w: World, octets: bytes, hard: bool) -> bool:
    """A connection that says this and ends, or is reset. False: harkd did not want it."""
    try:
        with socket.create_connection((w.server.address, w.server.port), timeout=2) as s:
            if hard:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.sendall(octets)
    except OSError:
        return False
    return True


def dying(w: World, round_: int) -> int:
    """Streams that end, or are reset, anywhere in one of their questions; half of them need an upstream answer that comes too late."""
    dice, end, sent = random.Random(round_), time.monotonic() + ROUND_S, 0
    while time.monotonic() < end:
        asked = [wire.query(dice.choice((f"d{round_}-{dice.getrandbits(32)}.drip.zz.", "h0.calm0.zz."))) for _ in range(dice.randrange(1, 20))]
        octets = b"".join(struct.pack("!H", len(a)) + a for a in asked)
        sent += stream(w, octets[:dice.randrange(1, len(octets) + 1)], dice.randrange(2) == 0)
        time.sleep(0.01)
    return sent


def holding(habit: str):
    def hold(w: World, _: int) -> int:
        return exhaustion.hold_tcp(w, 30, 3, ROUND_S, habit)["opened"]
    hold.__name__ = f"streams {habit}"
    return hold


CLIENTS = (malformed, dying, holding("idle"), holding("slow"), holding("unread"))


# ---- the benign ------------------------------------------------------------------------------------------------------

def careful(w: World, round_: int) -> list[str]:
    """One question after the other, each with its one right answer: "" for a right one, else what was wrong."""
    w.dice, said, end = random.Random(round_), [], time.monotonic() + ROUND_S
    kinds = itertools.cycle((
        ("h{}.calm0.zz.", "A", {"tcp": True}, lambda a: a.rcode == "NOERROR" and GOOD in a.addresses),
        ("x{}.w.safe.zz.", "A", {"do": True}, lambda a: a.verdict == "secure" and GOOD in a.addresses),
        ("no{}.safe.zz.", "A", {"do": True}, lambda a: a.rcode == "NXDOMAIN" and a.verdict == "secure"),
        ("no{}.hashed.zz.", "A", {"do": True, "tcp": True}, lambda a: a.rcode == "NXDOMAIN" and a.verdict == "secure"),
        ("www.safe.zz.", "AAAA", {"do": True}, lambda a: a.rcode == "NOERROR" and not a.addresses and a.verdict == "secure"),
        ("no{}.plain.zz.", "A", {}, lambda a: a.rcode == "NXDOMAIN"),
        ("alias.plain.zz.", "A", {}, lambda a: GOOD in a.addresses),
        ("large.plain.zz.", "TXT", {"edns": 0}, lambda a: a.tc and len(a.data) <= 512),
        ("large.plain.zz.", "TXT", {"tcp": True}, lambda a: len(a.records) == 4),
        ("x{}.bogus.zz.", "A", {"do": True}, lambda a: a.rcode == "SERVFAIL")))
    for n, (name, type_, how, right) in enumerate(kinds):
        if time.monotonic() > end:
            return said
        name = name.format(f"{round_}-{n}")
        got = w.ask(name, type_, source=clients.address(210, n % 250), patience_s=5, **how)
        said.append("" if got and right(got) else f"{name} {type_}: {got.rcode + ' EDE ' + str(got.ede) if got else 'no answer'}")
        time.sleep(0.02)
    return said


def build(folder: Path, seed: int) -> tuple[World, exhaustion.Crowd]:
    w = World("hark", seed, folder, frozenset({"count", "check", "rss"}))
    crowd = exhaustion.Crowd(w)
    t = trust.Trust(w)
    for n, (name, habit, _) in enumerate(LIARS):
        glue_zone(w, f"{name}.zz.", addresses(f"10.{30 + n}", 2), habit)
    w.zone("plain.zz.", ["10.2.251.1"], {("large.plain.zz.", "TXT"): [letter * 250 for letter in "abcd"], ("alias.plain.zz.", "CNAME"): ["h1.calm1.zz."]})
    t.zone("safe.zz.", ["10.2.251.2"], f"www A {GOOD}\n*.w A {GOOD}\n")
    t.zone("hashed.zz.", ["10.2.251.3"], f"www A {GOOD}\n", nsec3=(1, "aabb"))
    keys = trust.rsa_keys(random.Random(seed), 20, 1024, 4711)
    validation.trap(t, 0, keys, 8, 128, 20)
    t.zone("bogus.zz.", ["10.2.251.4"], f"* A {GOOD}\n", after=lambda zone: zone.sigs.pop((zone.origin, trust.DNSKEY)))
    t.start(cache_mib=CACHE_MIB, env={"ASAN_OPTIONS": ASAN})
    return w, crowd


# ---- the control socket ----------------------------------------------------------------------------------------------

def control(w: World, line: str) -> dict:
    """The first line of the reply; who asked for a stream leaves it there."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE_S)
        s.connect(str(w.server.folder / "control"))
        s.sendall(line.encode() + b"\n")
        if line.startswith("events"):
            return {}
        with s.makefile("rb") as reply:
            told = reply.readline()
    return json.loads(told) if told.startswith(b"{") else {}


def reload(w: World, n: int) -> None:
    """Another value each time, of kinds that a worker holds on to."""
    file = w.server.folder / "hark.yaml"
    config = json.loads(file.read_text()) | {"answers": {"minimal": ("yes", "no")[n % 2]}, "log": {"level": ("error", "info")[n // 2 % 2]}}
    config["cache"]["ttl-max"] = 3600 + n % 2
    config["access"] = ["0.0.0.0/0", f"2001:db8:{n % 200:x}::/48"]
    config["edns"] = {"client-size": 1232 + n % 8}
    new = file.with_name("new.yaml")
    new.write_text(json.dumps(config))
    new.rename(file)


VERBS = ("status", "stats", "requests", "recent", "recent x.plain.zz.", "servers", "servers safe.zz.", "anchors", "cache stats", "cache get www.safe.zz.", "nta list",
         "nta add vic.zz. 1m", "nta del vic.zz.", "cache flush www.safe.zz.", "cache flush --zone calm3.zz.", "walk h1.calm1.zz. A", "events", "events failures",
         "log debug", "log error", "reload")


def ask_control(w: World, round_: int, wrong: list[str]) -> None:
    verbs, end = itertools.cycle(VERBS), time.monotonic() + ROUND_S
    if round_ % FLUSHED == FLUSHED - 1:
        control(w, "cache flush all")
    while time.monotonic() < end:
        line = next(verbs)
        if line == "reload":
            reload(w, round_)
        try:
            error = control(w, line).get("error")
        except (OSError, ValueError) as trouble:
            error = repr(trouble)
        if error and not line.startswith("nta"):
            wrong.append(f"{line}: {error}")
        time.sleep(TURN_S)


# ---- rounds ----------------------------------------------------------------------------------------------------------

def grown(samples: list[int]) -> int:
    """From the third quarter's least to the last one's: what is busy still is no leak, and a leak lifts the least as well."""
    quarter = len(samples) // 4
    return min(samples[-quarter:]) - min(samples[-2 * quarter:-quarter])


def waiting(w: World) -> int:
    return next(m["value"] for m in control(w, "stats")["metrics"] if m["name"] == "hark_client_questions")


def settle(w: World, descriptors: int, most_s: float) -> None:
    """Until nobody waits any more, nor do look-ups that outlive their question: so memory is compared."""
    end = time.monotonic() + most_s
    while (waiting(w) > 0 or w.server.descriptors() > descriptors) and time.monotonic() < end:
        time.sleep(0.2)
    time.sleep(1)


def soak(w: World, crowd: exhaustion.Crowd, minutes: float) -> None:
    asked = right = happened = idle = 0
    wrong, samples = [], []
    zones = [(name, type_) for name, _, type_ in LIARS] + [("w.trap0", "A")]
    before, end = w.server.descriptors(), time.monotonic() + minutes * 60
    for n in itertools.count():
        if n >= LEAST_ROUNDS and time.monotonic() > end:
            break
        name, type_ = zones[n % len(zones)]
        other, other_type = zones[(n * 3 + 4) % len(zones)]
        calm = [in_child(crowd.ask, CALM_RATE, ROUND_S, n), in_child(careful, w, n)]
        attacks = [in_child(torture, w, 2 * n, name, type_), in_child(torture, w, 2 * n + 1, other, other_type), in_child(CLIENTS[n % len(CLIENTS)], w, n)]
        ask_control(w, n, wrong)
        stream_, said = [result() for result in calm]
        each = [result() for result in attacks]
        happened += sum(each)
        idle += min(each) == 0
        asked, right = asked + stream_.sent + len(said), right + stream_.right + said.count("")
        if not w.server.alive():
            break
        settle(w, before + FEW, ROUND_S)
        bad = [line for line in said if line]
        samples.append(w.server.memory_kib())
        w.take()
        print(f"round {n + 1}: {name}, {other}, {CLIENTS[n % len(CLIENTS)].__name__}: {right} of {asked} benign right, "
              f"{happened} of the attacks; {samples[-1]} KiB, {w.server.descriptors()} descriptors", flush=True)
        if bad or stream_.right < stream_.sent:
            print("    not right:", "; ".join([*bad[:3], f"of the crowd: {stream_.right} of {stream_.sent}, {stream_.rcodes}, EDE {stream_.ede}"]), flush=True)
    w.check("harkd lives", w.server.alive())
    if not w.server.alive():
        return
    w.least("share of benign questions that were answered right", right / asked, 0.99)
    w.bound("rounds without one of their attacks", idle, 0)
    w.bound("verbs refused", len(wrong), 0)
    w.bound("KiB grown in the second half", grown(samples), GROWN_KIB, "rss")
    settle(w, before, SETTLED_S)
    w.bound("descriptors left", w.server.descriptors(), before)
    for line in wrong[:10]:
        print(line)


def main(minutes: float = 10, seed: int = 1) -> int:
    make_network()
    with tempfile.TemporaryDirectory(prefix="hark-soak-") as name:
        w, crowd = build(Path(name), int(seed))
        try:
            soak(w, crowd, minutes)
        finally:
            w.stop()
        for f in w.figures:
            print(f"{'' if f.get('ok', True) else 'WRONG: '}{f['what']}: {f['value']}{' ' + f['sense'] + ' ' + str(f['bound']) if 'bound' in f else ''}")
        if failed := w.failed():
            print(w.server.log[-8000:])
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
