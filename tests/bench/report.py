"""What came out: one table, and a file of JSON with every round and all that is needed to judge it."""

import datetime
import json
import os
import platform
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Column:
    """A figure of a row: the median of its rounds, with least and most where spread is set."""
    key: str
    title: str
    form: str  # of str.format
    spread: bool = False
    ratios: bool = False  # also how many times hark's and the echo's


def middle(values: list[float]) -> float:
    return statistics.median(values)


def cells(rows: dict[str, dict], name: str, column: Column) -> list[str]:
    values = rows[name].get(column.key, [])
    if not values:
        return ["–"] * len(titles(rows, column))
    out = [column.form.format(middle(values))]
    if column.spread:
        out.append(f"{column.form.format(min(values))} … {column.form.format(max(values))}")
    if column.ratios:
        out += [f"{middle(values) / middle(rows[base][column.key]):.2f}" for base in bases(rows)]
    return out


def bases(rows: dict[str, dict]) -> list[str]:
    return [name for name in ("hark", "echo") if name in rows]


def titles(rows: dict[str, dict], column: Column) -> list[str]:
    out = [column.title]
    if column.spread:
        out.append("least … most")
    if column.ratios:
        out += [f"to {base}" for base in bases(rows)]
    return out


def table(rows: dict[str, dict], columns: list[Column]) -> str:
    """rows: by server, each a dictionary of lists with a figure a round. A column that nobody has a figure for is not shown."""
    columns = [c for c in columns if any(row.get(c.key) for row in rows.values())]
    lines = [["", *(title for c in columns for title in titles(rows, c))]]
    lines += [[name, *(cell for c in columns for cell in cells(rows, name, c))] for name in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))).rstrip()
                     for line in lines)


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def commit() -> str:
    done = subprocess.run(["git", "-c", f"safe.directory={TOP}", "describe", "--always", "--dirty"], cwd=TOP, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip()


def about(command: str, servers: dict[str, dict]) -> dict:
    """All that is needed to judge figures."""
    return {"command": command, "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), "commit": commit(),
            "machine": {"cpu": cpu_model(), "cores": os.cpu_count(), "kernel": platform.release(), "load": os.getloadavg()}, "servers": servers}


def write(file: Path, facts: dict, tables: dict[str, dict], columns: dict[str, list[Column]], more: dict):
    """tables: by title, what table() shows."""
    out = facts | more | {
        "tables": {title: {name: {key: figure(values) for key, values in row.items()} for name, row in rows.items()}
                   for title, rows in tables.items()},
        "ratios": {title: {c.key: {name: {base: round(middle(row[c.key]) / middle(rows[base][c.key]), 3) for base in bases(rows)}
                                   for name, row in rows.items() if row.get(c.key)}
                           for c in columns[title] if c.ratios} for title, rows in tables.items()},
    }
    file.write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")


def rounds(file: Path) -> tuple[dict, dict[str, dict]]:
    """What write() wrote: the facts, and the tables as they were."""
    out = json.loads(file.read_text())
    return out, {title: {name: {key: f.get("rounds", []) for key, f in row.items()} for name, row in rows.items()}
                 for title, rows in out["tables"].items()}


def figure(values: list[float]) -> dict:
    return {"median": middle(values), "least": min(values), "most": max(values), "rounds": values} if values else {}
