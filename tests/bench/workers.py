"""What an answer costs with two workers, beside one: hits over UDP from many client ports.

Both cores have a generator and may have a worker, with one worker as with two, so that what the generators do to caches and schedules
is the same for both. The echo server, one process and two, says what the kernel alone makes of it.
"""

import subprocess
import time
from contextlib import ExitStack

import measure
import peers
import servers
from measure import Bench, Failures, Rows

CORES = (servers.SERVER_CORE, servers.OTHER_CORE)
FIRST_PORT = 5321
PORTS = 64  # of all generators together


class Echoes:
    """So many echo servers behind one port."""

    def __init__(self, bench: Bench, count: int, port: int):
        self.name, self.address, self.port = "echo", servers.ADDRESS, port
        self.processes = [subprocess.Popen([bench.tools / "echo", self.address, str(port), "shared"]) for _ in range(count)]
        self.log = ""
        time.sleep(measure.SETTLE_S)

    def cpu_s(self) -> float:
        return sum(servers.cpu_s(p.pid) for p in self.processes)

    def stop(self):
        for p in self.processes:
            p.kill()
            p.wait()


class Workers:
    """harkd with so many workers."""

    def __init__(self, bench: Bench, count: int, port: int):
        self.name, self.address, self.port = "hark", servers.ADDRESS, port
        settings = servers.SETTINGS["hark"] | {"workers": count}
        self.server = peers.start("hark", bench.folder / f"workers-{count}", hints=bench.world.hints, address=self.address, port=port,
                                  cache_mib=bench.args.cache, settings=settings, prefix=("taskset", "-c", "{},{}".format(*CORES)))
        bench.tell(self.server)

    @property
    def log(self) -> str:
        return self.server.log

    def cpu_s(self) -> float:
        return servers.cpu_s(self.server.pid)

    def stop(self):
        self.server.stop()


def ask(bench: Bench, server, names, count: int, seed: int) -> tuple[int, float]:
    """Answers, and how many a second."""
    each = [str(bench.tools / "ports"), server.address, str(server.port), str(names), "--ports", str(PORTS // len(CORES)),
            "--count", str(count // len(CORES)), "--window", str(bench.args.window // len(CORES)), *["--echo"] * (server.name == "echo"),
            *["--zipf"] * bench.args.zipf, *["--edns"] * bench.args.edns]
    running = [subprocess.Popen(["taskset", "-c", str(core), *each, "--seed", str(2 * seed + n + 1)], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True) for n, core in enumerate(CORES)]
    told = [p.communicate() for p in running]
    if any(p.returncode for p in running) or any(err for _, err in told):
        raise Failures(f"{server.name}: ports says (answers failures seconds answers/s): {told}, exit status {[p.returncode for p in running]}\n{server.log[-2000:]}")
    figures = [[float(word) for word in out.split()] for out, _ in told]
    return int(sum(f[0] for f in figures)), sum(f[3] for f in figures)


def workers(bench: Bench) -> dict[str, Rows]:
    args = bench.args
    lines = measure.shuffled(bench.world.names(), 0)[:args.names]
    names = bench.names_file("names", lines)
    with ExitStack() as stack:
        running = {}
        for n, (kind, made) in enumerate((k, m) for k, m in (("echo", Echoes), ("hark", Workers)) for _ in range(2)):
            count = 1 + n % 2
            running[f"{kind}, {count}"] = server = made(bench, count, FIRST_PORT + n)
            stack.callback(server.stop)
            measure.warm(bench, server, names, len(lines))
            ask(bench, server, names, args.count // 5, 0)
        rows: Rows = {name: {"cpu_us": [], "rate": [], "ratio": []} for name in running}
        for i in range(args.rounds):
            order = list(running)[i % len(running):] + list(running)[:i % len(running)]
            for name in order:
                before = running[name].cpu_s()
                answers, rate = ask(bench, running[name], names, args.count, i + 1)
                rows[name]["cpu_us"].append((running[name].cpu_s() - before) / answers * 1e6)
                rows[name]["rate"].append(rate)
            for kind in "echo", "hark":
                rows[f"{kind}, 2"]["ratio"].append(rows[f"{kind}, 2"]["cpu_us"][-1] / rows[f"{kind}, 1"]["cpu_us"][-1])
    return {f"workers: {args.names} names over UDP, {args.count} questions a round from {PORTS} ports, {args.window} under way": rows}


WORKERS = [measure.Column("cpu_us", "µs CPU per answer", "{:.3f}", spread=True), measure.Column("ratio", "two to one", "{:.2f}", spread=True),
           measure.Column("rate", "answers/s", "{:.0f}")]
COLUMNS = {"workers": WORKERS}
MEASURES = {"workers": workers}
