"""Hits, misses and the start. Each measurement returns its tables: by title, by server, by key a list with one figure a round.

All of them ask through tests/bench/flood.c or streams.c, which check every reply; a wrong or missing one raises Failures.
"""

import argparse
import contextlib
import os
import random
import socket
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import kinds
import profiling
import servers
from report import Column
from world import World, address_of, is_signed

SETTLE_S = 0.5  # what a server still does in the background for what it was asked
WARM_WINDOW = 16
COLD_PATIENCE_MS = 10_000
START_LIMIT_S = 30
START_DOUBT_S, START_TRIES = 0.0005, 5
START_PAUSE_S = 0.00005  # between two looks: the kernel stops who takes real time and never sleeps, for 50 ms a second
VERDICTS = 200  # names whose AD flag is looked at
QUERY_DO, OPT_DO = b"\0\7\1\0\0\1\0\0\0\0\0\1", b"\0\0\x29\4\xd0\0\0\x80\0\0\0"
LOCALHOST_A = b"\0\7\1\0\0\1\0\0\0\0\0\0\x09localhost\0\0\1\0\1"

Rows = dict[str, dict[str, list[float]]]


class Failures(Exception):
    pass


@dataclass
class Bench:
    args: argparse.Namespace
    world: World
    folder: Path  # on a tmpfs: no disk is measured
    tools: Path
    told: dict[str, dict]  # by server: version and configuration, for the report
    runs: int = 0

    def start(self, name: str, cache_mib: int, validate: bool | None = None):
        self.runs += 1
        validate = self.args.validate if validate is None else validate
        server = servers.start(name, self.folder / f"{name}-{self.runs}", self.world, cache_mib, validate)
        self.tell(server)
        return server

    def tell(self, server):
        if server.name not in self.told:
            version = "" if server.name == "echo" else servers.version(server.name)
            self.told[server.name] = {"version": version, "configuration": servers.configuration(server)}

    def names_file(self, name: str, lines) -> Path:
        """Lines of a name, an address or "-" or NXDOMAIN, and possibly a type."""
        file = self.folder / name
        file.write_text("".join(f"{' '.join(line)}\n" for line in lines))
        return file

    def ask(self, tool: str, server, names: Path, **options) -> list[float]:
        """What the tool prints: answers, failures, seconds, answers a second; flood: the latency's p50 and p99 in µs; streams: connections."""
        command = [self.tools / tool, server.address, str(server.port), names]
        for key, value in options.items():
            command += [f"--{key.replace('_', '-')}", *([] if value is True else [str(value)])] if value is not False else []
        done = subprocess.run(command + ["--echo"] * (server.name == "echo"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode or done.stderr:
            raise Failures(f"{server.name}: {tool} says (answers failures seconds answers/s): {done.stdout.strip()}\n{done.stderr}"
                           f"{server.log[-2000:]}")
        return [float(word) for word in done.stdout.split()]


def shuffled(names: list[str], seed: int) -> list[tuple[str, str]]:
    return [(n, address_of(n)) for n in random.Random(seed).sample(names, len(names))]


def udp_counters() -> dict[str, int]:
    """Of this network namespace."""
    lines = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines()]
    out = {}
    for head, values in zip(lines[::2], lines[1::2]):
        out |= {f"{head[0]}{key}": int(value) for key, value in zip(head[1:], values[1:])}
    return {"sent": out["Udp:OutDatagrams"], "lost": out["Udp:RcvbufErrors"], "tcp": out["Tcp:ActiveOpens"]}


class Upstream:
    """Messages between a server and the authorities: all datagrams sent here but the clients' and the answers to them."""

    def __init__(self):
        self.before = udp_counters()

    def messages(self, asked: int) -> float:
        """Questions sent upstream over UDP since then, where clients asked so many and all were answered."""
        return (udp_counters()["sent"] - self.before["sent"] - 2 * asked) / 2

    def lost(self) -> int:
        return udp_counters()["lost"] - self.before["lost"]

    def connections(self) -> int:
        return udp_counters()["tcp"] - self.before["tcp"]


# ---- hits, tcp --------------------------------------------------------------------------------------------------

PER_ANSWER = [Column("cpu_us", "µs CPU per answer", "{:.3f}", spread=True, ratios=True), Column("rate", "answers/s", "{:.0f}")]


def warm(bench: Bench, server, names: Path, count: int):
    """Slowly, in order: each name goes to the authorities once; then twice more from the cache."""
    for _ in range(3 if server.name != "echo" else 0):
        bench.ask("flood", server, names, in_order=True, count=count, window=WARM_WINDOW, patience=COLD_PATIENCE_MS,
                  edns=bench.args.edns)


def per_answer(bench: Bench, running: list, tool: str, names: Path, options: dict) -> Rows:
    """Interleaved: each round asks every server, and begins with the next one."""
    rows: Rows = {s.name: {"cpu_us": [], "rate": [], "upstream": [], "connections": []} for s in running}
    for i in range(bench.args.rounds):
        for s in running[i % len(running):] + running[:i % len(running)]:
            upstream, before = Upstream(), servers.cpu_s(s.pid)
            answers, _, _, rate, *more = bench.ask(tool, s, names, **options, seed=i + 1)
            row = rows[s.name]
            row["cpu_us"].append((servers.cpu_s(s.pid) - before) / answers * 1e6)
            row["rate"].append(rate)
            row["connections"] += more if tool == "streams" else []
            row["upstream"] += [upstream.messages(int(answers))] if tool == "flood" else []
    return rows


def with_all(bench: Bench, transport: str, measured) -> dict[str, Rows]:
    """Every server at once, each with the same names in its cache."""
    lines = shuffled(bench.world.names(), 0)[:bench.args.names]
    names = bench.names_file("names", lines)
    running = [servers.Echo(bench.tools / "echo", transport)] if bench.args.echo else []
    try:
        for name in bench.args.only:
            running.append(bench.start(name, bench.args.cache))
        for s in running:
            bench.tell(s)
            warm(bench, s, names, len(lines))
        return measured(running, names)
    finally:
        for s in running:
            s.stop()


def hits(bench: Bench) -> dict[str, Rows]:
    args = bench.args
    options = {"count": args.count, "window": args.window, "zipf": args.zipf, "edns": args.edns}
    title = f"hits: {args.names} names over UDP, {args.count} questions a round, {args.window} under way"

    def measured(running, names):
        for s in running:
            bench.ask("flood", s, names, **options | {"count": args.count // 5 + 1})
        if args.profile:
            profile(bench, next(s for s in running if s.name == "hark"), names, options)
        return {title: per_answer(bench, running, "flood", names, options)}
    return with_all(bench, "udp", measured)


def tcp(bench: Bench) -> dict[str, Rows]:
    args = bench.args
    options = {"edns": args.edns, "zipf": args.zipf, "connections": args.connections}
    kept = options | {"count": args.count}
    new = options | {"count": args.count // 4, "window": 1, "per_connection": 1}

    def measured(running, names):
        return {f"tcp: {args.names} names, {args.count} questions a round over {args.connections} kept connections, "
                f"{window} under way on each": per_answer(bench, running, "streams", names, kept | {"window": window})
                for window in (args.window, 1)} | {
                f"tcp: {args.count // 4} questions a round, each over a new connection, {args.connections} at a time":
                    per_answer(bench, running, "streams", names, new)}
    return with_all(bench, "tcp", measured)


def profile(bench: Bench, server, names: Path, options: dict):
    data, before = bench.folder / "perf.data", servers.cpu_s(server.pid)
    answers, *_ = profiling.record(server.pid, data, lambda: bench.ask("flood", server, names, **options))
    print(f"\n{server.name}: {profiling.report(data, int(answers), (servers.cpu_s(server.pid) - before) / answers * 1e6)}")


# ---- misses -----------------------------------------------------------------------------------------------------

MISSES = [Column("cpu_us", "µs CPU per resolution", "{:.1f}", spread=True, ratios=True),
          Column("per_cpu_s", "resolutions/CPU s", "{:.0f}"), Column("upstream", "upstream messages each", "{:.2f}", spread=True),
          Column("verified", "signatures checked each", "{:.2f}"),
          Column("tcp", "upstream TCP", "{:.0f}"), Column("lost", "datagrams lost", "{:.0f}"),
          Column("p256_us", "one P-256 check", "{:.1f}"), Column("allowed_us", "own unvalidated + 1.6 of these", "{:.1f}")]
CHECKS = 1.6  # of signatures: what a validated look-up may cost more than one that is not


def verdicts_are_right(server, names: list[str]):
    """AD for names of signed zones, and for no others: asked once more, so that it costs the measurement nothing."""
    for name in names:
        zone = int(name.split(".")[-2].removeprefix("zone"))
        query = QUERY_DO + b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0\0\1\0\1" + OPT_DO
        with socket.socket(type=socket.SOCK_DGRAM) as s:
            s.settimeout(COLD_PATIENCE_MS / 1000)
            s.connect((server.address, server.port))
            s.send(query)
            reply = s.recv(4096)
        if reply[3] & 15 or bool(reply[3] & 0x20) != is_signed(zone):
            raise Failures(f"{server.name}: {name}: flags {reply[2:4].hex()}, and its zone is {'' if is_signed(zone) else 'not '}signed")


def cold(bench: Bench, rows: Rows, validate: bool, i: int):
    """The i-th round: a cold server each; a name of every zone, in another order each round, the same for all servers."""
    args = bench.args
    lines = shuffled(bench.world.names(), i + 1)[:args.count]
    names = bench.names_file("names", lines)
    order = args.only[i % len(args.only):] + args.only[:i % len(args.only)]
    for name in order:
        server = bench.start(name, args.cache, validate)
        try:
            upstream, before = Upstream(), servers.cpu_s(server.pid)

            def ask():
                return bench.ask("flood", server, names, in_order=True, count=len(lines), window=args.window,
                                 patience=COLD_PATIENCE_MS, edns=args.edns)
            data = bench.folder / "perf.data"
            with kinds.Kinds() if args.kinds else contextlib.nullcontext() as seen:
                answers, *_ = profiling.record(server.pid, data, ask) if args.profile else ask()
            time.sleep(SETTLE_S)
            cpu_s = servers.cpu_s(server.pid) - before
            if args.profile:
                print(f"\n{name}: {profiling.report(data, int(answers), cpu_s / answers * 1e6)}")
            if seen:
                print(f"\n{name} asks{', validating' if validate else ''}:\n{seen.report(int(answers))}")
            row = rows[name]
            row["cpu_us"].append(cpu_s / answers * 1e6)
            row["per_cpu_s"].append(answers / cpu_s)
            row["upstream"].append(upstream.messages(int(answers)) / answers)
            row["tcp"].append(upstream.connections())
            row["lost"].append(upstream.lost())
            if validate:
                row["verified"] += [server.status()["dnssec"]["verified"] / answers] if name == "hark" else []
                verdicts_are_right(server, [n for n, _ in lines[::max(1, len(lines) // VERDICTS)]])
        finally:
            server.stop()


def misses(bench: Bench) -> dict[str, Rows]:
    """Without validation and with it, or one of them; and what one check of a signature costs in the same minutes."""
    args = bench.args
    ways = [False, True] if args.validate is None else [args.validate]
    tables: dict[bool, Rows] = {way: {name: {c.key: [] for c in MISSES} for name in args.only} for way in ways}
    for i in range(args.rounds):
        for way in ways:
            cold(bench, tables[way], way, i)
        for name in {"hark"} & set(args.only if True in ways else ()):
            tables[True][name]["p256_us"].append(p256_us(bench))
    if len(ways) == 2 and "hark" in args.only:
        own, mine = tables[False]["hark"], tables[True]["hark"]
        mine["allowed_us"] = [statistics.median(own["cpu_us"]) + CHECKS * statistics.median(mine["p256_us"])]
    asked = min(args.count, bench.world.zones)
    return {f"misses: {asked} names of as many zones of {bench.world.zones}, cold, {args.window} under way{', validating' if way else ''}": rows
            for way, rows in tables.items()}


def p256_us(bench: Bench) -> float:
    done = subprocess.run(["taskset", "-c", str(servers.SERVER_CORE), bench.tools / "p256"], stdout=subprocess.PIPE, check=True, text=True)
    return float(done.stdout)


# ---- start ------------------------------------------------------------------------------------------------------

START = [Column("ms", "ms to first answer", "{:.1f}", spread=True, ratios=True), Column("cpu_ms", "ms CPU", "{:.1f}"),
         Column("rss_mib", "RSS MiB", "{:.1f}"), Column("doubt_ms", "± ms", "{:.2f}")]


def start(bench: Bench) -> dict[str, Rows]:
    args = bench.args
    rows: Rows = {name: {c.key: [] for c in START} for name in args.only}
    real_time()
    for i in range(args.rounds):
        for name in args.only[i % len(args.only):] + args.only[:i % len(args.only)]:
            for key, value in started(bench, name).items():
                rows[name][key].append(value)
    return {"start: from exec of the server to the answer to localhost. A": rows}


def real_time():
    """Who takes the time does not wait for its core, where that is allowed; what it starts is as ever."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except PermissionError:
        pass


def started(bench: Bench, name: str) -> dict[str, float]:
    """Once more where the beginning was not seen in time; the last try counts with the doubt that it has."""
    for left in reversed(range(START_TRIES)):
        bench.runs += 1
        launched = time.monotonic()
        server = servers.launch(name, bench.folder / f"{name}-{bench.runs}", bench.world, bench.args.cache, bench.args.validate)
        try:
            begin, cpu_begin, doubt_s = seen_running(server, launched)
            end = first_answer(server)
            bench.tell(server)
            if doubt_s < START_DOUBT_S or left == 0:
                return {"ms": (end - begin) * 1000, "cpu_ms": (servers.cpu_s(server.pid) - cpu_begin) * 1000,
                        "rss_mib": server.memory_kib() / 1024, "doubt_ms": doubt_s * 1000}
        finally:
            server.stop()
    raise AssertionError("START_TRIES is 0")


def seen_running(server, last: float) -> tuple[float, float, float]:
    """Wrappers (taskset, shells) run first in the same process: the clock begins where the server's own program does. Its CPU time
    until then; and how long nobody had looked: since `last`, where the first look comes too late."""
    limit = last + START_LIMIT_S
    looked = time.monotonic()
    while not servers.is_running(server.pid, server.name):
        last = looked  # when that look began: it may itself have been interrupted
        if last > limit or not server.alive():
            raise Failures(f"{server.name} did not start:\n{server.log[-2000:]}")
        time.sleep(START_PAUSE_S)
        looked = time.monotonic()
    now = time.monotonic()
    return now, servers.cpu_s(server.pid), now - last


def first_answer(server) -> float:
    limit = time.monotonic() + START_LIMIT_S
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.settimeout(0.001)
        s.connect((server.address, server.port))
        while time.monotonic() < limit and server.alive():
            try:
                s.send(LOCALHOST_A)
                reply = s.recv(4096)
            except ConnectionRefusedError:
                time.sleep(0.0002)
                continue
            except TimeoutError:
                continue
            if reply[3] & 15 == 0 and reply[7] > 0 and b"\0\4\x7f\0\0\1" in reply:
                return time.monotonic()
    raise Failures(f"{server.name} does not know localhost:\n{server.log[-2000:]}")


COLUMNS = {"hits": PER_ANSWER, "tcp": PER_ANSWER, "misses": MISSES, "start": START}
MEASURES = {"hits": hits, "tcp": tcp, "misses": misses, "start": start}
