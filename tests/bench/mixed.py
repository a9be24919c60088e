"""A day in a minute: names by Zipf's law, new ones all the time, some that do not exist, at a rate that every server stands."""

import random

import servers
from measure import COLD_PATIENCE_MS, Bench, Rows, Upstream, shuffled, warm
from memory import LEAVES
from report import Column
from tap import Tap
from world import address_of

MISSES, ABSENT = 15, 3  # of a hundred questions: for a name never asked before; of these, so many for one that does not exist
PARENTS = 1500  # lines of the file whose names the new ones are below; the share of absent ones is in it

MIXED = [Column("cpu_us", "µs CPU per answer", "{:.1f}", spread=True, ratios=True), Column("upstream", "upstream messages each", "{:.3f}"),
         Column("hit_rate", "% hits", "{:.1f}"), Column("p50_us", "p50 µs", "{:.0f}"), Column("p99_us", "p99 µs", "{:.0f}"),
         Column("rss_mib", "RSS MiB after", "{:.1f}"), Column("lost", "datagrams lost", "{:.0f}")]


def parents(bench: Bench, seed: int) -> list[tuple[str, str]]:
    """Where new names are: of every 15, twelve are made by the wildcard of an unsigned zone, and three exist nowhere in a zone of any kind.
    A few popular zones have most of them, and many zones one: half of these were never asked about."""
    dice, out = random.Random(seed), []
    wild, all_ = bench.world.unsigned("d."), bench.world.names("")
    for n in range(PARENTS):
        zones = wild if n % MISSES >= ABSENT else all_
        zone = zones[int(len(zones) * dice.random() ** 3)]
        out.append((zone, address_of(zone) if zones is wild else "NXDOMAIN"))
    return out


def mixed(bench: Bench) -> dict[str, Rows]:
    args = bench.args
    rows: Rows = {name: {c.key: [] for c in MIXED} for name in args.only}
    lines = shuffled(bench.world.names(), 0)[:args.names]
    names = bench.names_file("popular", lines)
    for i in range(args.rounds):
        fresh = bench.names_file("fresh", parents(bench, i + 1))
        for name in args.only[i % len(args.only):] + args.only[:i % len(args.only)]:
            server = bench.start(name, args.cache)
            try:
                warm(bench, server, names, len(lines))
                day(bench, server, rows[name], names, {n for n, _ in lines}, {"fresh": fresh, "seed": i + 1})
            finally:
                server.stop()
    return {f"mixed: {args.count} questions at {args.rate} a second{', validating' if args.validate else ''}: {args.names} names by Zipf, "
            f"{MISSES} % new names, of these {ABSENT} that do not exist; {args.cache} MiB of cache": rows}


def day(bench: Bench, server, row: dict[str, list[float]], names, popular: set[str], options: dict):
    args = bench.args
    upstream, before = Upstream(), servers.cpu_s(server.pid)
    with Tap(LEAVES) as tap:
        answers, _, _, _, p50_us, p99_us = bench.ask("flood", server, names, zipf=True, share=MISSES, count=args.count, rate=args.rate,
                                                     window=args.window, patience=COLD_PATIENCE_MS, edns=True, **options)
    row["cpu_us"].append((servers.cpu_s(server.pid) - before) / answers * 1e6)
    row["upstream"].append(upstream.messages(int(answers)) / answers)
    row["lost"].append(upstream.lost())
    row["hit_rate"].append(100 * (1 - tap.fetched(popular, f"n{options['seed']:x}-") / answers))
    row["p50_us"].append(p50_us)
    row["p99_us"].append(p99_us)
    row["rss_mib"].append(server.memory_kib() / 1024)


COLUMNS = {"mixed": MIXED}
MEASURES = {"mixed": mixed}
