#!/usr/bin/python3 -IB
"""Data races: harkd built with ThreadSanitizer, four workers, validating the signed tree (tests/lab/tree.py), while everything happens at once.

    HARK_BUILD=build-tsan LAB_NO_HARKD=1 tests/lab/enter tests/nightly/races.py [LIVES] [SECONDS OF EACH]

Over UDP and TCP come names of every kind, cold and warm, secure, insecure and bogus; meanwhile the settings are reloaded, negative trust
anchors come and go, every verb of the control socket is asked, walks and events are read (not all of them to their end), and SIGTERM ends each life in the middle of the load. The exit status is 1 if ThreadSanitizer
reported anything, if a life ended badly, or if hardly anything was answered.
"""

import itertools
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lab"))
import faults
import peers
import tree

PORT = 5397
PATIENCE_S = 20
UNDER_WAY = 48  # UDP questions at a time
STREAMS, PER_STREAM = 6, 20  # TCP connections at a time, questions on each
NAMES = ("www", "none", "x.wild", "alias", "cross", "crossnone", "nowhere", "www.insecure", "nope.insecure", "www.secure", "nope.secure", "large",
         "www.old", "www.oldcross", "toplain", "tobogus", "ent")
TYPES = (1, 1, 1, 28, 16, 15, 43, 48, 65)
LEAST_ANSWERED = 100  # of each life, over each transport


def question(number: int, dice: random.Random) -> bytes:
    """One of three is about a name that nobody asked for before; flags are DO, CD and AD in all orders."""
    origin = dice.choice((dice.choice(tree.SPECS).name, dice.choice(faults.FAULTS).zone, "xs.", "plain.xo.", "xn."))
    name = dice.choice(NAMES)
    if dice.randrange(3) == 0:
        name = f"n{dice.getrandbits(40):x}.{dice.choice(('wild.', 'wild.secure.', '', 'insecure.'))}".rstrip(".")
    labels = b"".join(bytes([len(label)]) + label.encode() for label in f"{name}.{origin}".rstrip(".").split("."))
    flags = 0x0100 | dice.choice((0, 0, 0x10, 0x20))
    opt = struct.pack("!BHHIH", 0, 41, 1232, dice.choice((0, 0x8000)), 0)
    return struct.pack("!HHHHHH", number, flags, 1, 0, 0, 1) + labels + struct.pack("!BHH", 0, dice.choice(TYPES), 1) + opt


class Loop(threading.Thread):
    """Does something again and again until its life ends; a daemon that is gone is no error."""

    def __init__(self, folder: Path, seed: int):
        super().__init__(daemon=True)
        self.folder, self.dice = folder, random.Random(seed)
        self.done, self.count = threading.Event(), 0

    def run(self) -> None:
        self.begin()
        while not self.done.is_set():
            try:
                self.count += self.turn()
            except OSError:
                time.sleep(0.05)

    def begin(self) -> None:
        pass

    def turn(self) -> int:
        raise NotImplementedError


class Datagrams(Loop):
    def begin(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(0.2)
        self.socket.connect(("127.0.0.1", PORT))
        self.numbers = itertools.count()
        self.waiting: dict[int, float] = {}

    def turn(self) -> int:
        now = time.monotonic()
        self.waiting = {n: end for n, end in self.waiting.items() if end > now}
        while len(self.waiting) < UNDER_WAY:
            number = next(self.numbers) & 0xffff
            self.waiting[number] = now + 2
            self.socket.send(question(number, self.dice))
        return self.waiting.pop(struct.unpack("!H", self.socket.recv(4096)[:2])[0], None) is not None


class Streams(Loop):
    def turn(self) -> int:
        with socket.create_connection(("127.0.0.1", PORT), timeout=2) as s:
            for number in range(PER_STREAM):
                asked = question(number, self.dice)
                s.sendall(struct.pack("!H", len(asked)) + asked)
            answered = 0
            for _ in range(self.dice.choice((PER_STREAM, PER_STREAM, 3))):  # some leave before they are answered
                head = s.recv(2, socket.MSG_WAITALL)
                if len(head) < 2 or not s.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL):
                    break
                answered += 1
            return answered


class Control(Loop):
    """One verb after the other. `wrong`: answers that are errors, where none is expected."""

    def begin(self) -> None:
        self.wrong: list[str] = []
        self.zone = itertools.cycle([s.name for s in tree.SPECS])
        self.settings = itertools.count()

    def turn(self) -> int:
        verb = self.dice.choice(("status", "stats", "anchors", "reload", "nta add", "nta del", "nta list", "recent", "requests", "servers", "log debug", "log error", "cache stats", "cache get",
                                 "cache flush", "cache flush --zone"))
        if verb == "reload":
            write_settings(self.folder, next(self.settings))
        zone = next(self.zone)
        named = verb in ("nta add", "nta del", "cache get", "cache flush", "cache flush --zone")
        named |= verb in ("recent", "servers") and self.dice.randrange(2) == 0
        line = f"{verb} {zone}{' 1m' if verb == 'nta add' else ''}" if named else verb
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE_S)
            s.connect(str(self.folder / "control"))
            s.sendall(line.encode() + b"\n")
            with s.makefile("rb") as reply:
                told = reply.readline()
        if told and verb not in ("nta add", "nta del") and json.loads(told).get("error") not in (None, "harkd is stopping"):
            self.wrong.append(f"{line}: {told!r}")
        time.sleep(0.02)
        return bool(told)


class Watchers(Loop):
    """Walks and events, read as they come; some leave in the middle, some read nothing for a while."""

    def turn(self) -> int:
        name = f"www.{self.dice.choice(tree.SPECS).name}"
        line = self.dice.choice(("events", "events failures", f"events name={name}", f"walk {name} A", f"walk {name} AAAA", f"walk n{self.dice.getrandbits(30)}.{name}"))
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(0.5)
            s.connect(str(self.folder / "control"))
            s.sendall(line.encode() + b"\n")
            if self.dice.randrange(4) == 0:
                time.sleep(0.3)
            with s.makefile("rb") as reply:
                return any([True for _ in itertools.islice(reply, self.dice.choice((3, 300)))])


def write_settings(folder: Path, n: int) -> None:
    """Another value each time, of every kind that a worker holds on to: anchors and policy too."""
    anchors = (folder / "anchor").read_text().splitlines()
    new = folder / "new.yaml"
    new.write_text(json.dumps({
        "listen": [f"127.0.0.1@{PORT}"], "drop-privileges": "no", "workers": 4, "control": {"socket": str(folder / "control"), "recent": ("yes", "no")[n // 4 % 2]},
        "log": {"level": ("error", "debug")[n % 2], "format": ("text", "json")[n // 2 % 2], "queries": str(folder / "queries")},
        "cache": {"size": "1M" if n % 2 else "4M", "ttl-max": 3600 + n % 2},
        "answers": {"minimal": ("yes", "no")[n % 2]}, "access": ["127.0.0.0/8", f"192.0.2.{n % 200}"],
        "edns": {"client-size": 1232 + n % 8, "size": 1232 + n % 8},
        "dnssec": {"trust-anchors": anchors, "root-data": "no", "rfc5011": ("no", "yes")[n % 2], "aggressive": ("yes", "no")[n // 2 % 2],
                   "negative-anchors": [tree.SPECS[n % len(tree.SPECS)].name] * (n % 3 == 0), "rsa-bits-min": 1024 + n % 2,
                   "error-reports": ("no", "yes")[n % 2], "key-tag-signals": ("no", "yes")[n // 2 % 2]},
        "limits": {"client-questions": 4096}, "upstream": {"root-hints": ["a.root. " + tree.ADDRESS["root"]], "ipv6": "no"}}))
    new.rename(folder / "hark.yaml")


def life(folder: Path, seed: int, seconds: float) -> list[str]:
    """What was wrong with one life of harkd."""
    write_settings(folder, seed)
    told = folder / "tsan"
    env = os.environ | {"TSAN_OPTIONS": f"log_path={told} exitcode=66 history_size=7 second_deadlock_stack=1"}
    with open(folder / "log", "ab") as log:
        daemon = subprocess.Popen([peers.hark_program(), "-c", folder / "hark.yaml"], stdin=subprocess.DEVNULL, stderr=log, env=env)
    end = time.monotonic() + PATIENCE_S
    while not (folder / "control").exists():
        time.sleep(0.05)
        if daemon.poll() is not None or time.monotonic() > end:
            daemon.kill()
            return [f"harkd did not start:\n{(folder / 'log').read_text()}"]
    datagrams = [Datagrams(folder, 10 * seed + n) for n in range(2)]
    streams = [Streams(folder, 10 * seed + 2 + n) for n in range(STREAMS)]
    watchers = [Watchers(folder, 100 * seed + n) for n in range(4)]
    loops = [*datagrams, *streams, *watchers, Control(folder, seed)]
    for loop in loops:
        loop.start()
    time.sleep(seconds)
    wrong = [f"life {seed}: harkd ended by itself with {daemon.returncode}"] if daemon.poll() is not None else []
    counts = [sum(loop.count for loop in kind) for kind in (datagrams, streams, loops[-1:], watchers)]
    daemon.send_signal(signal.SIGTERM)
    try:
        status = daemon.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        daemon.kill()
        status = daemon.wait()
    for loop in loops:
        loop.done.set()
        loop.join(PATIENCE_S)
    print(f"life {seed}: {counts[0]} answers over UDP, {counts[1]} over TCP, {counts[2]} of the control socket, {counts[3]} of its streams; exit status {status}", flush=True)
    wrong += [f"life {seed}: exit status {status}"] if status else []
    wrong += [f"life {seed}: too little happened"] if min(counts[:2]) < LEAST_ANSWERED or min(counts[2:]) < 5 else []
    return wrong + loops[-1].wrong + [f.read_text() for f in sorted(folder.glob("tsan.*"))]


def main(lives: int = 5, seconds: int = 6) -> int:
    with tempfile.TemporaryDirectory() as name, tree.Tree().serve(Path(name)) as t:
        wrong = []
        for seed in range(lives):
            folder = Path(name) / f"life{seed}"
            folder.mkdir()
            (folder / "anchor").write_text(Path(t.anchor).read_text())
            wrong += life(folder, seed, seconds)
    for text in wrong:
        print(text)
    print(f"{lives} lives, {len(wrong)} of them or their reports wrong")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
