"""docs/benchmarks: the tables of a whole run with goal and verdict, and a plot beside each."""

import statistics
from pathlib import Path

import goals
import plot
from report import Column, cells, titles

TITLES = {"echo": "echo", "hark": "hark", "unbound": "Unbound", "knot": "Knot", "bind": "BIND", "pdns": "PowerDNS"}
KINDS = {"echo": "floor", "hark": "own"}

HEAD = """\
# Benchmarks

Written by `./dev bench all --doc`; not to be edited. One run of {date} on {cpu}, {cores} cores, Linux {kernel}; hark {commit}. The peers
are Debian 12's packages with one thread, equal caches and their own best settings ([servers.py](../../tests/bench/servers.py)); the authorities,
a tree of 20,000 zones, are `knotd` on the same machine. The server that is asked is alone on one core. Figures are medians of interleaved rounds; CPU is
user and system time of the server's process. Every reply was checked; a wrong or missing one ends the run. Microseconds are this machine's and
this day's: what counts are the ratios within one run. Where the time goes, and what was tried: [performance.md](../performance.md).

"""

# Why a row may fall short; shown where it does.
REMAINDERS = {
    "hits": "What is left above the floor is one look-up whose two lines of memory are not in the processor's cache.",
    "zipf": "What is left above the floor is one look-up whose two lines of memory are not in the processor's cache.",
    "instructions-batch": "Fetching the memory of all answers of a batch first takes instructions and saves time: it is the one place where the two part ways.",
    "validated": "Two fifths are OpenSSL's P-256; arithmetic of our own for keys that sign much would be faster, and was not taken: decision 17.",
    "checks": "Beside its signatures a validated name has a DNSKEY set to be fetched, keys to be read, and proofs that there is no DS.",
    "messages-validated": "30 % of the zones are signed, and each has a DNSKEY set that must be asked for: 2.00 + 0.30 is the least.",
    "flat": "An item is the name's octets in the key and all growth of the process is counted, not the block's alone.",
}


def line(verdict: goals.Verdict) -> str:
    """For who looks on."""
    said = {True: "reached", False: "FALLS SHORT", None: ""}[verdict.reached]
    limit = f"{plot.shown(verdict.limit)} ({verdict.goal.text})" if verdict.limit else ""
    return f"{verdict.goal.title:42} {plot.shown(verdict.own):>7} {verdict.goal.unit:4} {limit:44} {said}".rstrip()


def row(verdict: goals.Verdict) -> list[str]:
    goal = verdict.goal
    middles = {name: statistics.median(values) for name, values in verdict.figures.items()}
    is_number = goal.text[2:].split()[:1] == [f"{verdict.limit:g}"] if verdict.limit else True
    limit = "" if is_number else f" = {plot.shown(verdict.limit)}"
    reached = {True: "reached", False: "**falls short**", None: ""}[verdict.reached]
    if "hark, 2" in middles:
        return [goal.title, (goal.text + limit), f"{plot.shown(middles['echo, 1'])}, {plot.shown(middles['echo, 2'])}",
                f"**{plot.shown(middles['hark, 2'])}** (one: {plot.shown(middles['hark, 1'])})", "", "", "", "", reached]
    own = f"**{plot.shown(middles['hark'])}**"
    floor = plot.shown(middles["echo"]) if "echo" in middles else ""
    peers = [plot.shown(middles[n]) if n in middles else "" for n in goals.PEERS]
    return [f"{goal.title}{f', {goal.unit}' if goal.unit else ''}", goal.text + limit, floor, own, *peers, reached]


def shortfall(v: goals.Verdict) -> str:
    own = f"{plot.shown(v.own)} {v.goal.unit}".strip()
    return f"- **{v.goal.title}**: {own} where {plot.shown(v.limit)} is the goal. {REMAINDERS.get(v.goal.id, '')}".rstrip() + "\n"


def markdown(lines: list[list[str]], left: int = 1) -> str:
    head, *rest = lines
    rule = "|" + "|".join("---" if i < left else "--:" for i in range(len(head))) + "|"
    return "\n".join(["| " + " | ".join(head) + " |", rule, *("| " + " | ".join(line) + " |" for line in rest)]) + "\n"


def details(title: str, rows: dict, columns: list[Column]) -> str:
    columns = [c for c in columns if any(row.get(c.key) for row in rows.values())]
    lines = [["", *(t for c in columns for t in titles(rows, c))]]
    lines += [[name, *(cell for c in columns for cell in cells(rows, name, c))] for name in rows]
    return f"\n{title}\n\n{markdown(lines)}"


def figures(verdict: goals.Verdict) -> list[tuple]:
    out = []
    for name, values in verdict.figures.items():
        kind = KINDS.get(name.split(",")[0], "peer")
        out.append((TITLES.get(name, name), kind, statistics.median(values), min(values), max(values)))
    return out


def write(folder: Path, about: dict, tables: goals.Tables, columns: dict[str, list[Column]]):
    """about: date, commit, machine, servers with their versions, as report.about() has it."""
    folder.mkdir(parents=True, exist_ok=True)
    verdicts = goals.verdicts(tables)
    machine = about["machine"]
    text = HEAD.format(date=about["date"][:10], commit=about["commit"], **machine)
    text += markdown([["", "goal", "echo", "hark", *(TITLES[p] for p in goals.PEERS), ""], *(row(v) for v in verdicts)], 2)
    short = [shortfall(v) for v in verdicts if v.reached is False]
    text += "\n## What falls short\n\n" + "".join(short) if short else ""
    for file in folder.glob("*.svg"):
        file.unlink()
    text += "\n## Plots\n\nThe bar is the median, the thin line the spread of the rounds, the dashed line hark's goal.\n\n"
    for v in verdicts:
        if len(v.figures) > 1:
            (folder / f"{v.goal.id}.svg").write_text(plot.bars(v.goal.title, v.goal.unit, figures(v), v.limit if v.goal.text else None, v.goal.text))
            text += f"![{v.goal.title}]({v.goal.id}.svg)\n"
    text += "\n## All figures\n"
    for part, parts in tables.items():
        text += f"\n### `./dev bench {goals.PARTS.get(part, part)}`\n"
        text += "".join(details(title, rows, columns[part]) for title, rows in parts.items())
    text += "\n## Versions\n\n" + "".join(f"- {TITLES.get(name, name)}: {told['version']}\n" for name, told in about["servers"].items()
                                         if told["version"])
    (folder / "README.md").write_text(text)
