"""Results as lines, as TAP, as a table, as JSON and as docs/reliability.md."""

import json
import shlex
import statistics
import sys
from pathlib import Path

import peers
import scenario

ORDER = list(peers.PEERS)


def shown(figure: dict) -> str:
    text = f"{figure['what']} {figure['value']}"
    if "bound" in figure:
        text += f" ({figure['sense']} {figure['bound']})"
    return text + (" ✗" if not figure.get("ok", True) else "")


def progress(result: dict) -> None:
    mark = "FAIL" if result["failed"] else "ok"
    print(f"{mark:4} {result['id']:5} {result['resolver']:8} seed {result['seed']:<3} {result['seconds']:5.1f} s  "
          f"{'; '.join(shown(f) for f in result['figures'])}", flush=True)
    if result["trouble"]:
        print("     " + result["trouble"].strip().replace("\n", "\n     "), flush=True)
    if result.get("log"):
        print(f"     log: {result['log']}", flush=True)


def tap(result: dict) -> None:
    title = scenario.ALL[result["id"]].title
    print(f"{'not ok' if result['failed'] else 'ok'} - {result['id']} {title}, seed {result['seed']}".replace("#", "no."), flush=True)
    if result["failed"]:
        print(f"    failed: {', '.join(result['failed'])}; " + "; ".join(shown(f) for f in result["figures"]))
        print("    " + result["trouble"].replace("\n", "\n    "), flush=True)


def values(results: list[dict], id_: str, name: str, what: str) -> list:
    return [f["value"] for r in results if r["id"] == id_ and r["resolver"] == name for f in r["figures"] if f["what"] == what]


def cell(results: list[dict], s: scenario.Scenario, name: str) -> str:
    """The worst and the median of the figure that the scenario is about, its answers and its slowest."""
    mine = [r for r in results if r["id"] == s.id and r["resolver"] == name]
    if not mine:
        return ""
    parts = []
    numbers = [v for v in values(results, s.id, name, s.figure) if isinstance(v, (int, float))]
    if numbers:
        worst = min(numbers) if is_least(results, s) else max(numbers)
        middle = statistics.median_low(numbers)
        parts.append(f"{worst:g}" if worst == middle else f"{worst:g} ({middle:g})")
    good = [f["ok"] for r in mine for f in r["figures"] if f["what"] == s.figure and f["kind"] == "check"]
    if good:
        parts.append(f"{sum(good)}/{len(good)}")
    times = [v for v in values(results, s.id, name, "time") if isinstance(v, (int, float))]
    if times:
        worst = max(times)
        parts.append("no reply" if worst >= 99 else f"{worst:.1f} s")
    bad = sum(1 for r in mine if any(not f.get("ok", True) for f in r["figures"]) or r["trouble"])
    if bad:
        parts.append(f"✗ {bad}/{len(mine)}")
    return ", ".join(parts) or f"ok {len(mine)}/{len(mine)}"


def is_least(results: list[dict], s: scenario.Scenario) -> bool:
    return any(f.get("sense") == "≥" for r in results if r["id"] == s.id for f in r["figures"] if f["what"] == s.figure)


def rows(results: list[dict]) -> list[list[str]]:
    names = [n for n in ORDER if any(r["resolver"] == n for r in results)]
    out = [["ID", "what", "bound", *names]]
    for s in scenario.ALL.values():
        if any(r["id"] == s.id for r in results):
            out.append([s.id, s.title, s.bound, *(cell(results, s, n) for n in names)])
    return out


def sums(results: list[dict]) -> list[str]:
    """Of M1–M16, each scenario by its worst seed."""
    ids = [f"M{n}" for n in range(1, 17)]
    out = []
    for name in ORDER:
        worst = {i: max(v) for i in ids if (v := [x for x in values(results, i, name, "U") if isinstance(x, (int, float))])}
        if len(worst) == len(ids):
            out.append(f"{peers.PEERS[name].title}: sum of the worst {sum(worst.values())}, worst single {max(worst.values())}")
    return out


def table(results: list[dict]) -> None:
    lines = rows(results)
    widths = [min(46, max(len(line[n]) for line in lines)) for n in range(len(lines[0]))]
    print()
    for line in lines:
        print("  ".join(text[:46].ljust(width) for text, width in zip(line, widths)).rstrip())
    for line in sums(results):
        print(f"M1–M16, {line}")
    failed = [r for r in results if r["failed"]]
    print(f"{len(results)} runs, {len(failed)} of hark broke a bound" +
          (": " + ", ".join(sorted({f"{r['id']} seed {r['seed']} ({', '.join(r['failed'])})" for r in failed})) if failed else ""))


def write_json(results: list[dict], file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"runs": results}, indent=1, ensure_ascii=False) + "\n")


def write_doc(results: list[dict], file: Path) -> None:
    lines = rows(results)
    text = DOC + "\n| " + " | ".join(lines[0]) + " |\n|" + "---|" * len(lines[0]) + "\n"
    text += "".join("| " + " | ".join(line) + " |\n" for line in lines[1:])
    text += "\n" + "\n".join(f"- M1–M16, {line}." for line in sums(results)) + "\n"
    text += f"\nThis run: `./dev abuse {shlex.join(sys.argv[1:])}`\n"
    file.write_text(text)


DOC = """\
# Attacks, faults and their twins

Written by `./dev abuse --doc` with the arguments named at the end; not to be edited. Each row is a scenario of `tests/abuse`, run in a network namespace
of its own against scripted servers with no latency but what the scenario makes; its numbers vary by ±20 % with the seed. Peers are Debian 12's
packages with their defaults and one thread.

A cell shows the worst seed (and the median), right answers of all runs, the slowest answer, and in how many runs our bound was
broken (✗). U is upstream messages for one client query, every retry and sub-query included. Peers never promised our bounds: they are a
comparison, not a test of them.
"""
