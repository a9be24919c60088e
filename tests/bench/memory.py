"""What answers take in memory, and what a flood of one-time names does to a cache."""

from dataclasses import dataclass
from pathlib import Path

import servers
from measure import COLD_PATIENCE_MS, Bench, Rows, Upstream, shuffled, warm
from report import Column
from tap import Tap
from world import TTL, address_of, mixed_zone

SAMPLE = 20_000  # of the names that memory asked for, asked once more
LEAVES = "10.2.0.0/16"  # the addresses of the zones' servers
ROOM, SIGNED_ROOM = 2048, 4096  # octets of cache a name, unless told otherwise: more than any server needs
FLOODED_ZONES = 1000
SLACK, SLACK_MIB = 1.1, 16  # what resident memory may be: so many times the cache, and that

MEMORY = [Column("octets", "octets per answer kept", "{:.0f}", ratios=True), Column("idle_mib", "idle MiB", "{:.1f}"),
          Column("rss_mib", "RSS MiB after", "{:.1f}"), Column("peak_mib", "peak MiB", "{:.1f}"), Column("kept", "% kept", "{:.1f}"),
          Column("cpu_us", "µs CPU each", "{:.1f}")]


@dataclass
class Filling:
    """Names to fill a cache with, each once; before that, one name of each of their zones."""
    names: Path
    count: int
    sample: Path
    sampled: int
    zones: Path
    zone_count: int
    options: dict


def filling(bench: Bench, label: str, lines: list, zones: list, **options) -> Filling:
    sample = lines[::max(1, len(lines) // SAMPLE)]
    return Filling(bench.names_file(f"{label}-names", lines), len(lines), bench.names_file(f"{label}-sample", sample), len(sample),
                   bench.names_file(f"{label}-zones", zones), len(zones), options)


def flat(bench: Bench) -> Filling:
    zones = [(f"known.{d}", address_of(d)) for d in bench.world.unsigned("d.")]  # that d.ZONE is there and has nothing is known, too
    return filling(bench, "flat", list(bench.world.distinct(bench.args.count)), zones)


def mixed(bench: Bench) -> Filling:
    zones = [f"www.{mixed_zone(n)}" for n in range(bench.world.mixed_zones)]
    return filling(bench, "mixed", list(bench.world.mixed()), [(n, address_of(n)) for n in zones], do=True)


def memory(bench: Bench) -> dict[str, Rows]:
    """Distinct answers of zones that are known: with room for all of them, with a cache too small, and signed ones of several types."""
    args = bench.args
    tables = {}
    large_mib = args.cache or max(64, args.count * ROOM >> 20)
    for cache_mib in [large_mib, *([args.small_cache] if args.small_cache else [])]:
        rows = filled_all(bench, flat(bench), cache_mib, False)
        if cache_mib == args.small_cache:
            for row in rows.values():
                del row["octets"][:]
        tables[f"memory: {args.count} distinct A records, unsigned, {cache_mib} MiB of cache"] = rows
    if signed := bench.world.mixed_count:
        cache_mib = args.cache or max(64, signed * SIGNED_ROOM >> 20)
        tables[f"memory: {signed} distinct names of signed zones, validated: A 50 %, AAAA 20 %, MX, TXT, CNAME 10 % each, "
               f"{cache_mib} MiB of cache"] = filled_all(bench, mixed(bench), cache_mib, True)
    return tables


def filled_all(bench: Bench, what: Filling, cache_mib: int, validate: bool) -> Rows:
    rows: Rows = {name: {c.key: [] for c in MEMORY} for name in bench.args.only}
    for name in bench.args.only:
        server = bench.start(name, cache_mib, validate)
        try:
            filled(bench, server, rows[name], what)
        finally:
            server.stop()
    return rows


def filled(bench: Bench, server, row: dict[str, list[float]], what: Filling):
    def asked(file: Path, count: int):
        bench.ask("flood", server, file, in_order=True, count=count, window=bench.args.window, patience=COLD_PATIENCE_MS, **what.options)

    row["idle_mib"].append(server.memory_kib() / 1024)
    asked(what.zones, what.zone_count)
    known_kib, before = server.memory_kib(), servers.cpu_s(server.pid)
    asked(what.names, what.count)
    row["cpu_us"].append((servers.cpu_s(server.pid) - before) / what.count * 1e6)
    after_kib = server.memory_kib()
    row["rss_mib"].append(after_kib / 1024)
    row["peak_mib"].append(server.memory_kib("VmHWM") / 1024)
    upstream = Upstream()
    asked(what.sample, what.sampled)
    kept = max(0.0, 1 - upstream.messages(what.sampled) / what.sampled)
    row["kept"].append(100 * kept)
    row["octets"] += [1024 * (after_kib - known_kib) / (what.count * kept)] if kept > 0.5 else []


# ---- flood ------------------------------------------------------------------------------------------------------

FLOOD = [Column("kept", "% of names still hits", "{:.1f}"), Column("peak_mib", "peak MiB", "{:.1f}"), Column("bound_mib", "bound MiB", "{:.1f}"),
         Column("idle_mib", "idle MiB", "{:.1f}"), Column("cpu_us", "µs CPU per answer", "{:.1f}"), Column("p99_us", "p99 µs", "{:.0f}"),
         Column("asked", "one-time names", "{:.0f}")]


def flood(bench: Bench) -> dict[str, Rows]:
    """Names that clients keep asking for, in turn, amid a flood of names that are asked once: which of them are in the cache after it.
    A peer stands a tenth of the flood, unless told otherwise: they are slow at it, and it is over for them long before."""
    args = bench.args
    lines = shuffled(bench.world.names(), 0)[:args.names]
    names = bench.names_file("hot", lines)
    zones = bench.world.unsigned()[:FLOODED_ZONES]
    fresh = bench.names_file("fresh", [(f"d.{zone}", address_of(f"d.{zone}")) for zone in zones])
    rows: Rows = {name: {c.key: [] for c in FLOOD} for name in args.only}
    for name in args.only:
        count = (args.count if name == "hark" else round(args.count * args.peer_share)) * 100 // args.share
        server = bench.start(name, args.cache)
        try:
            row = rows[name]
            row["idle_mib"].append(server.memory_kib() / 1024)
            warm(bench, server, names, len(lines))
            before = servers.cpu_s(server.pid)
            *_, p99_us = bench.ask("flood", server, names, in_order=not args.zipf, zipf=args.zipf, fresh=fresh, share=args.share, count=count,
                                   window=args.window, patience=COLD_PATIENCE_MS)
            row["cpu_us"].append((servers.cpu_s(server.pid) - before) / count * 1e6)
            row["p99_us"].append(p99_us)
            row["asked"].append(count * args.share // 100)
            row["peak_mib"].append(server.memory_kib("VmHWM") / 1024)
            row["bound_mib"].append(args.cache * SLACK + SLACK_MIB)
            with Tap(LEAVES) as tap:
                bench.ask("flood", server, names, in_order=True, count=len(lines), window=args.window, patience=COLD_PATIENCE_MS)
            row["kept"].append(100 * (1 - tap.fetched({n for n, _ in lines}) / len(lines)))
        finally:
            server.stop()
    return {f"flood: {len(lines)} names asked for {'by Zipf' if args.zipf else 'in turn'} amid {args.count} one-time names "
            f"({args.share} % of all questions), {args.cache} MiB of cache": rows}


COLUMNS = {"memory": MEMORY, "flood": FLOOD}
MEASURES = {"memory": memory, "flood": flood}
