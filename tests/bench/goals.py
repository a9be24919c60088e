"""What ./dev bench all measures, and what hark is to reach: figures beside the floor or a peer of the same run."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

PEERS = ("unbound", "knot", "bind", "pdns")

# Each as ./dev bench takes it. Together less than 25 minutes.
PARTS = {
    "hits": "hits --rounds 3",
    "zipf": "hits --zipf --rounds 3",
    "instructions": "instructions",
    "workers": "workers --rounds 3",
    "tcp": "tcp --rounds 3 --count 100000",
    "misses": "misses --rounds 3",
    "mixed": "mixed --count 100000",
    "memory": "memory --count 200000 --small-cache 0",
    "start": "start",
    "flood": "flood --peer-share 0.05",
}

Rows = dict[str, dict[str, list[float]]]
Tables = dict[str, dict[str, Rows]]  # by part, by title


@dataclass(frozen=True)
class Goal:
    """One row: a figure of each server, in one table of a part; what hark's may be, and how that reads."""
    id: str
    title: str
    part: str
    table: str  # what its title holds
    key: str
    unit: str
    limit: Callable[[Tables, Rows], float | None] = field(repr=False)
    text: str = ""
    least: bool = False  # the figure must reach the limit, not stay below
    servers: tuple[str, ...] = ("echo", "hark", *PEERS)


def middle(rows: Rows, name: str, key: str) -> float | None:
    values = rows.get(name, {}).get(key)
    return statistics.median(values) if values else None


def find(tables: Tables, part: str, title: str) -> Rows:
    return next((rows for t, rows in tables.get(part, {}).items() if title in t and (title != "cold" or "validating" not in t)), {})


def times(factor: float, name: str, key: str = "cpu_us"):
    def limit(tables: Tables, rows: Rows) -> float | None:
        base = middle(rows, name, key)
        return factor * base if base else None
    return limit


def times_best(factor: float, key: str = "cpu_us"):
    def limit(tables: Tables, rows: Rows) -> float | None:
        peers = [value for name in PEERS if (value := middle(rows, name, key))]
        return factor * min(peers) if peers else None
    return limit


def just(value: float):
    return lambda tables, rows: value


def of_hark(key: str):
    return lambda tables, rows: middle(rows, "hark", key)


GOALS = [
    Goal("hits", "UDP hit, 10,000 names, uniform", "hits", "hits", "cpu_us", "µs", times(1.18, "echo"), "≤ 1.18 × echo"),
    Goal("zipf", "UDP hit, Zipf", "zipf", "hits", "cpu_us", "µs", times(1.15, "echo"), "≤ 1.15 × echo"),
    Goal("instructions", "UDP hit, with EDNS: instructions", "instructions", "hit", "edns", "", just(1500), "≤ 1,500", servers=("hark",)),
    Goal("instructions-batch", "the same, in a batch of four or more", "instructions", "hit", "edns batch", "", just(1500), "≤ 1,500",
         servers=("hark",)),
    Goal("workers", "UDP hit, two workers", "workers", "workers", "cpu_us", "µs", times(1.1, "hark, 1"), "≤ 1.1 × one worker",
         servers=("echo, 1", "echo, 2", "hark, 1", "hark, 2")),
    Goal("tcp", "TCP hit, 20 connections, pipelined", "tcp", "8 under way", "cpu_us", "µs", times_best(0.65), "≤ 0.65 × best peer"),
    Goal("tcp-new", "TCP, a new connection each", "tcp", "new connection", "cpu_us", "µs", just(0), ""),
    Goal("misses", "miss, no validation", "misses", "cold", "cpu_us", "µs", times_best(0.8), "≤ 0.8 × best peer"),
    Goal("validated", "miss, validated", "misses", "validating", "cpu_us", "µs", times(0.55, "unbound"), "≤ 0.55 × Unbound"),
    Goal("checks", "miss, validated, beside its own", "misses", "validating", "cpu_us", "µs", of_hark("allowed_us"),
         "≤ own unvalidated + 1.6 × one P-256 check", servers=("hark",)),
    Goal("messages", "upstream messages, no validation", "misses", "cold", "upstream", "", just(2.3), "≤ 2.3"),
    Goal("messages-validated", "upstream messages, validated", "misses", "validating", "upstream", "", just(2.3), "≤ 2.3"),
    Goal("mixed", "a day in a minute, validated", "mixed", "mixed", "cpu_us", "µs", just(0), ""),
    Goal("mixed-p99", "the same: 99 of 100 answers came within", "mixed", "mixed", "p99_us", "µs", just(0), ""),
    Goal("flat", "memory a name, unsigned", "memory", "unsigned", "octets", "B", just(110), "≤ 110 B"),
    Goal("signed", "memory a name, signed, five types", "memory", "signed zones", "octets", "B", just(350), "≤ 350 B"),
    Goal("start", "start to first answer", "start", "start", "ms", "ms", just(15), "≤ 15 ms"),
    Goal("idle", "idle resident memory", "start", "start", "rss_mib", "MiB", just(10e6 / (1 << 20)), "≤ 10 MB"),
    Goal("flood", "resident memory in a flood", "flood", "flood", "peak_mib", "MiB", of_hark("bound_mib"), "≤ cache + 10 % + 16 MB"),
    Goal("flood-kept", "names still hits after it", "flood", "flood", "kept", "%", just(95), "≥ 95 %", least=True),
]


@dataclass(frozen=True)
class Verdict:
    goal: Goal
    figures: dict[str, list[float]]  # by server, a figure a round
    limit: float | None  # None: none is set
    own: float

    @property
    def reached(self) -> bool | None:
        if not self.goal.text or not self.limit:
            return None
        return self.own >= self.limit if self.goal.least else self.own <= self.limit


def verdicts(tables: Tables) -> list[Verdict]:
    """Of what was measured."""
    out = []
    for goal in GOALS:
        rows = find(tables, goal.part, goal.table)
        figures = {name: rows[name][goal.key] for name in goal.servers if rows.get(name, {}).get(goal.key)}
        own = figures.get("hark, 2") or figures.get("hark")
        if own:
            out.append(Verdict(goal, figures, goal.limit(tables, rows) if goal.text else None, statistics.median(own)))
    return out
