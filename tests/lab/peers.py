"""Starts hark and its peers, one process each, with a small configuration that is generated: for the attack tests
and the benchmark.

    with start("unbound", folder, hints={"a.root.": ["10.0.0.1"]}) as server:
        ask(server.address, server.port)

The peers are Debian's packages, unpacked below build/peers by tests/lab/unpack (fetch() calls it); nothing is installed. They
run only inside a network namespace of the caller's: start() refuses where any interface but loopback is up.
Every server iterates from the given hints with one thread and the defaults of its package otherwise; `settings` adds to that.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
UNPACKED = TOP / "build/peers"
PATIENCE_S = 20
ANY_ANCHOR = f". IN DS 20326 8 2 {'00' * 32}\n"  # it will not start without one
LOCALHOST_ZONE = "$TTL 604800\n@ SOA localhost. root 2 604800 86400 2419200 604800\n@ NS localhost.\n@ A 127.0.0.1\n"  # as Debian's BIND has it
VERSION_BIND = b"\0\1\0\0\0\1\0\0\0\0\0\0\7version\4bind\0\0\x10\0\3"


@dataclass
class Plan:
    """What a server is to do, however its configuration says it."""
    folder: Path
    address: str
    port: int
    hints: dict[str, list[str]]
    cache_mib: int
    ipv6: bool
    validate: bool
    anchor: str  # a file of DS records, where validate is set
    settings: object  # in the server's own form; see each writer

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return self.path(name)

    def hints_file(self) -> str:
        lines = [f". 3600000 NS {name}" for name in self.hints]
        lines += [f"{name} 3600000 {'AAAA' if ':' in a else 'A'} {a}" for name, all_ in self.hints.items() for a in all_]
        return self.write("root.hints", "\n".join(lines) + "\n")


def program(name: str) -> str:
    return str(UNPACKED / "bin" / name)


def hark(plan: Plan) -> list[str]:
    """settings: a dictionary, nested as in hark.yaml, merged over ours."""
    config = {
        "listen": [f"{plan.address}@{plan.port}"], "access": ["0.0.0.0/0", "::/0"], "workers": 1,
        "drop-privileges": "no", "control": {"socket": plan.path("control")}, "cache": {"size": plan.cache_mib << 20},
        "upstream": {"root-hints": [" ".join([name, *all_]) for name, all_ in plan.hints.items()],
                     "ipv6": "yes" if plan.ipv6 else "no"},
    }
    anchors = Path(plan.anchor).read_text().splitlines() if plan.validate else []
    config |= {"dnssec": dnssec_settings(anchors)}
    for key, value in (plan.settings or {}).items():
        config[key] = config.get(key, {}) | value if isinstance(value, dict) else value
    return [hark_program(), "-c", plan.write("hark.yaml", json.dumps(config, indent=1))]  # JSON is YAML


def dnssec_settings(anchors: list[str]) -> dict:
    """The dnssec section of hark.yaml where these are the only anchors; without one nothing is validated."""
    return {"validate": "yes" if anchors else "no", "trust-anchors": anchors, "root-data": "none", "rfc5011": "no"}


def hark_program() -> str:
    """The harkd of HARK_BUILD, a path relative to the checkout or absolute."""
    build = TOP / os.environ.get("HARK_BUILD", "build")
    found = [f for f in build.glob("src/**/harkd") if f.is_file() and os.access(f, os.X_OK)]
    if not found:
        sys.exit(f"peers: {build} holds no harkd")
    return str(found[0])


def unbound(plan: Plan) -> list[str]:
    """settings: lines of the server clause."""
    lines = [
        f"interface: {plan.address}", f"port: {plan.port}", "access-control: 0.0.0.0/0 allow", "access-control: ::/0 allow",
        "do-daemonize: no", "num-threads: 1", 'username: ""', 'chroot: ""', 'pidfile: ""', f'directory: "{plan.folder}"',
        "use-syslog: no", 'logfile: ""', "do-not-query-localhost: no", f"do-ip6: {'yes' if plan.ipv6 else 'no'}",
        f'root-hints: "{plan.hints_file()}"', f'module-config: "{"validator " if plan.validate else ""}iterator"',
        f"msg-cache-size: {plan.cache_mib * 1024 // 3}k", f"rrset-cache-size: {plan.cache_mib * 1024 * 2 // 3}k",
        *([f'trust-anchor-file: "{plan.anchor}"'] if plan.validate else []), *(plan.settings or [])]
    text = "server:\n" + "".join(f"  {line}\n" for line in lines) + "remote-control:\n  control-enable: no\n"
    return [program("unbound"), "-d", "-c", plan.write("unbound.conf", text)]


def bind(plan: Plan) -> list[str]:
    """settings: statements of the options clause, without semicolons at their ends."""
    listen = "listen-on-v6" if ":" in plan.address else "listen-on"
    none = "listen-on" if ":" in plan.address else "listen-on-v6"
    lines = [
        f'directory "{plan.folder}"', f"{listen} port {plan.port} {{ {plan.address}; }}", f"{none} {{ none; }}",
        "pid-file none", "session-keyfile none", "lock-file none", "recursion yes", "allow-query { any; }",
        "allow-recursion { any; }", "allow-query-cache { any; }", f"max-cache-size {plan.cache_mib}M",
        f"dnssec-validation {'yes' if plan.validate else 'no'}", *(plan.settings or [])]
    text = "options {\n" + "".join(f"  {line};\n" for line in lines) + "};\ncontrols { };\n"
    text += f'zone "localhost" {{ type master; file "{plan.write("localhost.zone", LOCALHOST_ZONE)}"; }};\n'
    text += f'zone "." {{ type hint; file "{plan.hints_file()}"; }};\n'
    if plan.validate:
        ds = [line.split("DS", 1)[1].split() for line in Path(plan.anchor).read_text().splitlines()]
        text += "".join(f'trust-anchors {{ . static-ds {d[0]} {d[1]} {d[2]} "{"".join(d[3:])}"; }};\n' for d in ds)
    return [program("named"), *([] if plan.ipv6 else ["-4"]), "-g", "-n", "1", "-c", plan.write("named.conf", text)]


def knot(plan: Plan) -> list[str]:
    """settings: lines of Lua. Paths of its modules and its anchor are compiled in: overlays that it alone sees put them there."""
    text = (f"net.listen('{plan.address}', {plan.port})\nnet.ipv6 = {str(plan.ipv6).lower()}\n"
            f"cache.open({plan.cache_mib} * MB, 'lmdb://{plan.folder}')\nmodules.load('hints')\n"
            f"hints.root_file('{plan.hints_file()}')\n")
    text += "" if plan.validate else "trust_anchors.remove('.')\n"
    text += "".join(f"{line}\n" for line in plan.settings or [])
    (plan.folder / "share/dns").mkdir(parents=True, exist_ok=True)
    plan.write("share/dns/root.key", Path(plan.anchor).read_text() if plan.validate else ANY_ANCHOR)
    plan.write("share/dns/root.hints", Path(plan.hints_file()).read_text())
    command = [program("kresd"), "-n", "-c", plan.write("kresd.conf", text), str(plan.folder)]
    over = {"/usr/lib/x86_64-linux-gnu": UNPACKED / "knot-resolver/usr/lib/x86_64-linux-gnu", "/usr/share": plan.folder / "share"}
    mounts = [f'mount -t overlay overlay -o "lowerdir={ours}:{theirs}" {theirs}' for theirs, ours in over.items()]
    return ["unshare", "-m", "sh", "-c", " && ".join([*mounts, 'exec "$@"']), "sh", *command]


def pdns(plan: Plan) -> list[str]:
    """settings: lines of recursor.conf. Its cache is counted in entries: a KiB each, 2 where they are whole answers."""
    lines = [
        f"local-address={plan.address}", f"local-port={plan.port}", "allow-from=0.0.0.0/0, ::/0", "daemon=no", "threads=1",
        f"hint-file={plan.hints_file()}", f"socket-dir={plan.folder}", "write-pid=no", "disable-syslog=yes", "quiet=yes",
        "security-poll-suffix=", "dont-query=", "include-dir=", f"dnssec={'validate' if plan.validate else 'off'}",
        f"query-local-address=0.0.0.0{', ::' if plan.ipv6 else ''}", f"max-cache-entries={plan.cache_mib * 1024 * 2 // 3}",
        f"max-packetcache-entries={plan.cache_mib * 1024 // 6}"]
    if plan.validate:
        ds = [line.split("DS", 1)[1].strip() for line in Path(plan.anchor).read_text().splitlines()]
        lines.append("lua-config-file=" + plan.write("anchors.lua", "clearTA('.')\n" + "".join(
            f"addTA('.', '{d}')\n" for d in ds)))
    plan.write("recursor.conf", "\n".join([*lines, *(plan.settings or [])]) + "\n")
    return [program("pdns_recursor"), f"--config-dir={plan.folder}"]


@dataclass(frozen=True)
class Peer:
    package: str  # Debian's; "" for hark itself
    title: str
    command: object = field(repr=False)  # Plan → list of words


PEERS = {
    "hark": Peer("", "hark", hark),
    "unbound": Peer("unbound", "Unbound", unbound),
    "bind": Peer("bind9", "BIND", bind),
    "knot": Peer("knot-resolver", "Knot Resolver", knot),
    "pdns": Peer("pdns-recursor", "PowerDNS Recursor", pdns),
}


class Server:
    """A running server. A context manager: it ends with the block."""

    def __init__(self, name: str, plan: Plan, process: subprocess.Popen):
        self.name, self.address, self.port, self.process = name, plan.address, plan.port, process
        self.folder, self.log_file, self.pid = plan.folder, plan.folder / "log", process.pid

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def cpu_s(self) -> float:
        """User and system time of the process, all its threads."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def memory_kib(self, what: str = "VmRSS") -> int:
        """VmRSS, or VmHWM for its peak since the last reset_peak()."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1])
        return 0

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def reset_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def answers(self) -> bool:
        with socket.socket(socket.AF_INET6 if ":" in self.address else socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            try:
                s.connect((self.address, self.port))
                s.send(VERSION_BIND)
                return bool(s.recv(512))
            except OSError:
                return False

    def alive(self) -> bool:
        return self.process.poll() is None

    def status(self) -> dict:
        """What the control socket of hark says."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(str(self.folder / "control"))
            s.sendall(b"status\n")
            octets = b""
            while not octets.endswith(b"\n") and (more := s.recv(65536)):
                octets += more
        return json.loads(octets)

    def stop(self) -> int:
        """The exit status; killed where a SIGTERM does not end it."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def interfaces_up() -> list[str]:
    """Of this network namespace: /sys may be another's, so the kernel is asked."""
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    shown = subprocess.run(["ip", "-o", "link", "show", "up"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [name for name in names if f": {name}:" in shown or f": {name}@" in shown]


def fetch(names) -> None:
    """Unpacks what is missing. Call it outside of the namespace: it may need the package mirror."""
    packages = [PEERS[name].package for name in names if PEERS[name].package]
    if packages:
        subprocess.run([str(TOP / "tests/lab/unpack"), *packages], check=True)


def launch(name: str, folder: Path, *, hints: dict[str, list[str]], address: str = "127.0.0.1", port: int = 5300,
           cache_mib: int = 32, ipv6: bool = False, validate: bool = False, anchor: str = "", settings=None,
           prefix: tuple[str, ...] = (), env: dict[str, str] | None = None) -> Server:
    """Started, not yet answering. `prefix`: words before its command (taskset, prlimit). Its log is folder/log."""
    if interfaces_up():
        raise RuntimeError(f"peers: {', '.join(interfaces_up())} is up: not in a namespace of loopback alone")
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(folder.resolve(), address, port, hints, cache_mib, ipv6, validate, anchor, settings)
    with open(folder / "log", "wb") as out:
        process = subprocess.Popen([*prefix, *PEERS[name].command(plan)], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   cwd=folder, env=os.environ | (env or {}))
    return Server(name, plan, process)


def start(name: str, folder: Path, **how) -> Server:
    """Started and answering; the arguments of launch()."""
    server = launch(name, folder, **how)
    end = time.monotonic() + PATIENCE_S
    while not server.answers():
        if not server.alive() or time.monotonic() > end:
            server.stop()
            raise RuntimeError(f"{name} does not answer at {server.address}@{server.port}:\n{server.log[-4000:]}")
        time.sleep(0.02)
    return server
