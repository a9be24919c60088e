"""Where a server's time goes, by perf: the kernel's share by system call, its own by function."""

import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

FREQUENCY_HZ = 9973
ATTACH_S = 0.5
SHOWN = 40
CALL = re.compile(r"(?:__x64_sys_|__do_sys_|__se_sys_|__arm64_sys_)(\w+)")
FRAME = re.compile(r"\s+([0-9a-f]+) (.*) \(([^()]*|\[.*\])\)$")


def record(pid: int, data: Path, work: Callable):
    """What work() gives; samples are taken while it runs."""
    perf = subprocess.Popen(["perf", "record", "-q", "-g", "-F", str(FREQUENCY_HZ), "-o", data, "-p", str(pid)],
                            stderr=subprocess.DEVNULL)
    time.sleep(ATTACH_S)
    try:
        return work()
    finally:
        perf.terminate()
        perf.wait()


def samples(data: Path):
    """Frames of each sample, innermost first: (symbol, object)."""
    text = subprocess.run(["perf", "script", "-i", data, "-F", "ip,sym,dso"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True).stdout
    for block in text.split("\n\n"):
        frames = [(m[2].split("+0x")[0], m[3]) for m in map(FRAME.match, block.splitlines()) if m]
        if frames:
            yield frames


def is_kernel(dso: str) -> bool:
    return dso.startswith("[kernel") or dso == "[guest.kernel.kallsyms]"


def place_of(frames: list[tuple[str, str]]) -> tuple[str, str]:
    """Table and row: the system call that the kernel is in, or the innermost function of the server or a library."""
    symbol, dso = frames[0]
    if not is_kernel(dso):
        return "user, by function", f"{symbol}  {Path(dso).name}"
    calls = [m[1] for s, d in frames if is_kernel(d) and (m := CALL.match(s))]
    if calls:
        return "kernel, by system call", calls[-1]
    return "kernel, by system call", "entry and exit" if any("SYSCALL" in s or "syscall" in s for s, _ in frames) else "interrupts, faults"


def report(data: Path, per: int, cpu_us: float) -> str:
    """Tables; shares, and µs of cpu_us, which one of `per` answers cost."""
    tables: dict[str, Counter] = {}
    inner: Counter = Counter()
    total = 0
    for frames in samples(data):
        table, row = place_of(frames)
        tables.setdefault(table, Counter())[row] += 1
        if is_kernel(frames[0][1]):
            inner[frames[0][0]] += 1
        total += 1
    tables["kernel, by function"] = inner
    lines = [f"{total} samples; {cpu_us:.1f} µs each of {per}"]
    for table, rows in sorted(tables.items()):
        whole = sum(rows.values())
        lines.append(f"\n{table}: {100 * whole / total:.1f} %, {cpu_us * whole / total:.1f} µs")
        lines += [f"  {100 * n / total:5.1f} %  {cpu_us * n / total:6.2f} µs  {row}" for row, n in rows.most_common(SHOWN)]
    return "\n".join(lines)
