"""A tree of signed zones with a root of its own: every algorithm, digest and way of denial, by four signers that know nothing of each
other, and beside them zones that are unsigned, of unknown algorithms, or wrong in one point (faults.py).

    .                            NSEC, P-256
    xs.                          NSEC; below it all that is signed, SIGNER-ALGORITHM-DENIAL.xs. and the others of this file
    xo.                          NSEC3 with opt-out: plain.xo. unsigned, signed.xo. signed
    xn.                          unsigned: island.xn. signed, without a DS that anybody would see
    insecure.X, secure.X         below each signed zone X, on a server of their own

Signers: knot (knotd), ldns (ldns-signzone), bind (dnssec-signzone), py (sign.py). The zones are signed once and kept below build/lab; the
same sources find them again. Servers are knotd processes that serve them as they are, at addresses of 10.53.0.0/24, in a network namespace
of the caller's:

    with Tree().serve(folder) as tree:
        peers.start("hark", …, hints=tree.hints, anchor=tree.anchor, validate=True)

`python3 tests/lab/tree.py` signs the zones where that is not done yet, and lists them.
"""

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import sign
from sign import Key, Zone, some_key

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
BIN = TOP / "build/peers/bin"
KEPT = TOP / "build/lab"
KEPT_S = 12 * 3600
SIGNERS = ("knot", "ldns", "bind", "py")
PACKAGES = ("knot", "ldnsutils", "bind9-utils")  # what tests/lab/unpack must have unpacked
YEARS_S = 10 * 365 * sign.DAY
ADDRESS = {"root": "10.53.0.1", "tld": "10.53.0.2", "zones": "10.53.0.3", "deep": "10.53.0.4"}
PATIENCE_S = 30


@dataclass(frozen=True)
class Denial:
    iterations: int = -1  # NSEC
    salt: str = ""
    opt_out: bool = False

    @property
    def nsec3(self) -> tuple[int, str] | None:
        return None if self.iterations < 0 else (self.iterations, self.salt)


DENIALS = {
    "nsec": Denial(), "nsec3": Denial(0), "optout": Denial(0, "", True), "salt": Denial(0, "aabbccddeeff0011"),
    "iter50": Denial(50, "aabbccdd"), "iter51": Denial(51, "aabbccdd"),
}
LONG_SALT = Denial(0, "5a" * 255)
ALGORITHMS = (5, 7, 8, 10, 13, 14, 15, 16)


@dataclass(frozen=True)
class Spec:
    """One zone: who signs it, how, and what its parent says of it."""
    name: str
    signer: str
    algorithm: int
    denial: Denial
    digests: tuple[int, ...] = (2,)

    @property
    def is_insecure(self) -> bool:
        """RFC 9276 3.2, and the limit that hark and its peers have: NSEC3 above 50 iterations proves nothing."""
        return self.denial.iterations > 50


def specs() -> list[Spec]:
    out = []
    for signer in SIGNERS:
        for algorithm in ALGORITHMS:
            for denial in ("nsec", "nsec3"):
                if algorithm != 5 or denial == "nsec":  # RFC 5155 2: 7 is 5 for zones that may have NSEC3
                    out.append(Spec(f"{signer}-{algorithm}-{denial}.xs.", signer, algorithm, DENIALS[denial]))
        for denial in ("optout", "salt", "iter50", "iter51"):
            out.append(Spec(f"{signer}-13-{denial}.xs.", signer, 13, DENIALS[denial]))
    for algorithm in (8, 13):
        for digest in (1, 4):
            out.append(Spec(f"ds{digest}-{algorithm}.xs.", "py", algorithm, DENIALS["nsec"], (digest,)))
        out.append(Spec(f"ds124-{algorithm}.xs.", "py", algorithm, DENIALS["nsec"], (1, 2, 4)))
    out.append(Spec("longsalt.xs.", "py", 13, LONG_SALT))
    return out


SPECS = specs()
AROUND = {s.name: SPECS[(n + 1) % len(SPECS)].name for n, s in enumerate(SPECS)}  # where each zone's aliases lead


def records(zone: str, elsewhere: str) -> str:
    """What each zone holds, at the end of its delegations."""
    return f"""
@             NS     ns
@             A      192.0.2.1
@             TXT    "of {zone}"
@             MX     10 mail
ns            A      {ADDRESS['zones']}
www           A      192.0.2.80
www           AAAA   2001:db8::80
mail          A      192.0.2.25
only4         A      192.0.2.4
large         TXT    "{'x' * 200}" "{'y' * 200}" "{'z' * 200}"
*.wild        A      192.0.2.90
*.wild        TXT    "any"
here.wild     A      192.0.2.91
*.walias      CNAME  www
a.b.ent       A      192.0.2.92
alias         CNAME  www
chain         CNAME  alias
cross         CNAME  www.{elsewhere}
crosswild     CNAME  some.wild.{elsewhere}
crossnone     CNAME  none.{elsewhere}
crossnodata   CNAME  only4.{elsewhere}
nowhere       CNAME  not-there
toplain       CNAME  www.plain.xo.
tobogus       CNAME  www.expired.xs.
old           DNAME  new
www.new       A      192.0.2.93
oldcross      DNAME  {elsewhere}
"""


def delegations(zone: str) -> str:
    """insecure.ZONE and secure.ZONE."""
    ds = child_key("ksk").ds(f"secure.{zone}").to_text()
    return (f"insecure NS ns.insecure\nns.insecure A {ADDRESS['deep']}\n"
            f"secure NS ns.secure\nns.secure A {ADDRESS['deep']}\nsecure DS {ds}\n")


def leaf(address: str) -> str:
    return f"@ NS ns\nns A {address}\n@ A 192.0.2.101\nwww A 192.0.2.102\n*.wild A 192.0.2.103\na.ent A 192.0.2.104\nalias CNAME www\n"


def child_key(which: str) -> Key:
    return some_key(f"child {which}", 13, sign.KSK if which == "ksk" else sign.ZSK)


# ---- the signers -------------------------------------------------------------------------------------------------

def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(c) for c in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def unsigned_text(spec: Spec, soa: bool = True) -> str:
    head = f"$ORIGIN {spec.name}\n$TTL 3600\n" + ("@ SOA ns hostmaster 1 7200 3600 1209600 300\n" if soa else "")
    return head + records(spec.name, AROUND[spec.name]) + delegations(spec.name)


def bits_of(algorithm: int) -> list[str]:
    return ["-b", "2048"] if algorithm in sign.RSA else []


BIND_NAMES = sign.NAMES | {7: "NSEC3RSASHA1"}


def sign_by_bind(spec: Spec, folder: Path) -> str:
    keygen = [BIN / "dnssec-keygen", "-q", "-K", folder, "-a", BIND_NAMES[spec.algorithm], *bits_of(spec.algorithm)]
    keys = [run(*keygen, *flags, spec.name, cwd=folder).strip() for flags in (["-f", "KSK"], [])]
    denial = spec.denial
    how = ["-3", denial.salt or "-", "-H", str(denial.iterations), *["-A"] * denial.opt_out] if denial.nsec3 else []
    (folder / "zone").write_text(unsigned_text(spec))
    for key in keys:
        (folder / "zone").open("a").write((folder / f"{key}.key").read_text())
    run(BIN / "dnssec-signzone", "-q", "-z" if len(keys) < 2 else "-x", "-K", folder, "-o", spec.name, "-s", "-86400", "-e",
        f"now+{YEARS_S}", *how, "-O", "full", "-f", folder / "signed", folder / "zone", *keys, cwd=folder)
    return (folder / "signed").read_text()


def sign_by_ldns(spec: Spec, folder: Path) -> str:
    name = sign.NAMES[spec.algorithm]
    keygen = [BIN / "ldns-keygen", "-a", name, *bits_of(spec.algorithm)]
    keys = [run(*keygen, *flags, spec.name, cwd=folder).strip() for flags in (["-k"], [])]
    denial, now = spec.denial, int(time.time())
    how = ["-n", "-t", str(denial.iterations), *(["-s", denial.salt] if denial.salt else []), *["-p"] * denial.opt_out] if denial.nsec3 else []
    (folder / "zone").write_text(unsigned_text(spec))
    run(BIN / "ldns-signzone", *how, "-i", str(now - sign.DAY), "-e", str(now + YEARS_S), "-o", spec.name, "-f", folder / "signed",
        folder / "zone", *keys, cwd=folder)
    return (folder / "signed").read_text()


def sign_by_py(spec: Spec, _: Path) -> str:
    ksk = some_key("py", spec.algorithm, sign.KSK)
    zsk = some_key("py", spec.algorithm)
    zone = Zone(spec.name, records(spec.name, AROUND[spec.name]) + delegations(spec.name), [ksk, zsk])
    return zone.sign([ksk], [zsk], nsec3=spec.denial.nsec3, opt_out=spec.denial.opt_out, expiration=int(time.time()) + YEARS_S).text()


def sign_by_knot(wanted: list[Spec], folder: Path) -> dict[str, str]:
    """All at once: knotd signs as it starts, writes the zones back and is ended."""
    zones = folder / "zones"
    zones.mkdir()
    lines = ["server:", f"    rundir: {folder}", "    background-workers: 2", "log:", "  - target: stderr", "    any: warning",
             "database:", f"    storage: {folder}", "policy:"]
    policies = {}
    for spec in wanted:
        denial = spec.denial
        policy = f"p{spec.algorithm}-{abs(denial.iterations)}-{len(denial.salt) // 2}-{denial.opt_out:d}-{bool(denial.nsec3):d}"
        if policy not in policies.values():
            lines += [f"  - id: {policy}", f"    algorithm: {sign.NAMES[spec.algorithm].lower()}", "    ksk-lifetime: 0", "    zsk-lifetime: 0",
                      "    cds-cdnskey-publish: none", f"    rrsig-lifetime: {YEARS_S}", "    rrsig-refresh: 10d"]
            lines += [f"    ksk-size: 2048\n    zsk-size: 2048"] if spec.algorithm in sign.RSA else []
            lines += [f"    nsec3: on\n    nsec3-iterations: {denial.iterations}\n    nsec3-salt-length: {len(denial.salt) // 2}\n"
                      f"    nsec3-opt-out: {'on' if denial.opt_out else 'off'}"] if denial.nsec3 else []
        policies[spec.name] = policy
        (zones / f"{spec.name}zone").write_text(unsigned_text(spec))
    lines += ["template:", "  - id: default", f"    storage: {zones}", "    file: \"%s.zone\"", "    zonefile-sync: 0",
              "    zonefile-load: whole", "    journal-content: none", "    semantic-checks: off", "    dnssec-signing: on", "zone:"]
    lines += [f"  - domain: \"{spec.name}\"\n    dnssec-policy: {policies[spec.name]}" for spec in wanted]
    (folder / "knot.conf").write_text("\n".join(lines) + "\n")
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([BIN / "knotd", "-c", folder / "knot.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        try:
            end = time.monotonic() + 120
            while not all("RRSIG" in (zones / f"{s.name}zone").read_text(errors="replace") for s in wanted):
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"knotd did not sign: {(folder / 'log').read_text()}")
                time.sleep(0.05)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
    return {spec.name: (zones / f"{spec.name}zone").read_text() for spec in wanted}


def ds_of(owner: str, signed: str, digests: tuple[int, ...]) -> list[str]:
    """DS records of the keys with the SEP flag in a signed master file."""
    import dns.zone
    zone = dns.zone.from_text(signed, owner, relativize=False)
    out = []
    for rdata in zone.find_rdataset(sign.name(owner), "DNSKEY"):
        if rdata.flags & sign.SEP:
            wire = rdata.to_wire()
            for digest in digests:
                hashed = hashlib.new(sign.DIGESTS[digest], sign.name(owner).to_wire() + wire).hexdigest()
                out.append(f"{sign.tag_of(wire)} {rdata.algorithm} {digest} {hashed}")
    return out


# ---- the whole ---------------------------------------------------------------------------------------------------

@dataclass
class Made:
    """Zones ready to serve, by server: {where: {zone: text}}, and what their parents say of them."""
    zones: dict[str, dict[str, str]] = field(default_factory=lambda: {where: {} for where in ADDRESS})
    ds: dict[str, list[str]] = field(default_factory=dict)
    anchor: str = ""


def delegation(child: str, ds: list[str], where: str = "zones") -> str:
    lines = [f"{child} NS ns.{child}", f"ns.{child} A {ADDRESS[where]}", *(f"{child} DS {d}" for d in ds)]
    return "\n".join(lines) + "\n"


def signed_by_py(origin: str, text: str, **how) -> tuple[str, list[str]]:
    ksk, zsk = some_key("py", 13, sign.KSK), some_key("py", 13)
    zone = Zone(origin, text, [ksk, zsk])
    return zone.sign([ksk], [zsk], expiration=int(time.time()) + YEARS_S, **how).text(), [ksk.ds(origin).to_text()]


def children(parent: str) -> dict[str, str]:
    secure = Zone(f"secure.{parent}", leaf(ADDRESS["deep"]), [child_key("ksk"), child_key("zsk")])
    secure.sign([child_key("ksk")], [child_key("zsk")], expiration=int(time.time()) + YEARS_S)
    return {f"secure.{parent}": secure.text(), f"insecure.{parent}": Zone(f"insecure.{parent}", leaf(ADDRESS["deep"])).text()}


def sign_all(folder: Path) -> Made:
    import faults
    made = Made()
    def one(spec: Spec) -> str:
        own = folder / spec.name
        own.mkdir()
        return {"bind": sign_by_bind, "ldns": sign_by_ldns, "py": sign_by_py}[spec.signer](spec, own)
    (folder / "knot").mkdir()
    with ThreadPoolExecutor(2) as pool:
        knots = [s for s in SPECS if s.signer == "knot"]
        by_knot = pool.submit(sign_by_knot, knots, folder / "knot")
        others = [s for s in SPECS if s.signer != "knot"]
        texts = dict(zip((s.name for s in others), pool.map(one, others))) | by_knot.result()
    for spec in SPECS:
        made.zones["zones"][spec.name] = texts[spec.name]
        made.ds[spec.name] = ds_of(spec.name, texts[spec.name], spec.digests)
        made.zones["deep"] |= children(spec.name)
    for fault in faults.FAULTS:
        made.zones["zones"][fault.zone], made.ds[fault.zone] = fault.make()
    add_tlds(made)
    return made


def add_tlds(made: Made) -> None:
    text, tops = "@ NS ns\nns A {}\n".format(ADDRESS["tld"]), {}
    tops["xs."] = signed_by_py("xs.", text + "".join(delegation(zone, ds) for zone, ds in made.ds.items()))
    for zone in ("signed.xo.", "island.xn."):
        made.zones["zones"][zone], made.ds[zone] = signed_by_py(zone, leaf(ADDRESS["zones"]))
    for zone in ("plain.xo.", "plain.xn."):
        made.zones["zones"][zone] = Zone(zone, leaf(ADDRESS["zones"])).text()
    opt_out = delegation("plain.xo.", []) + delegation("signed.xo.", made.ds["signed.xo."])
    tops["xo."] = signed_by_py("xo.", text + opt_out, nsec3=(0, ""), opt_out=True)
    tops["xn."] = Zone("xn.", text + delegation("plain.xn.", []) + delegation("island.xn.", [])).text(), []
    root = f"@ NS a.root.\na.root. A {ADDRESS['root']}\n"
    root += "".join(delegation(tld, ds, "tld") for tld, (_, ds) in tops.items())
    made.zones["tld"] = {tld: text for tld, (text, _) in tops.items()}
    made.zones["root"]["."], ds = signed_by_py(".", root)
    made.anchor = "".join(f". IN DS {d}\n" for d in ds)


def stamp() -> str:
    sources = [HERE / f for f in ("tree.py", "sign.py", "faults.py")]
    return hashlib.sha256(b"".join(f.read_bytes() for f in sources)).hexdigest()[:16]


def is_fresh(kept: Path) -> bool:
    """Some signatures are meant to become valid in days, others to have expired a day ago."""
    made = kept / "anchor"
    return made.exists() and 0 <= time.time() - made.stat().st_mtime < KEPT_S


def make() -> Path:
    """The folder with all zones, signed now or before. Needs neither network nor namespace."""
    kept = KEPT / f"tree-{stamp()}"
    if is_fresh(kept):
        return kept
    KEPT.mkdir(parents=True, exist_ok=True)
    with open(KEPT / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_fresh(kept):
            return kept
        for old in KEPT.glob("tree-*"):
            shutil.rmtree(old, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="hark-tree.") as work:
            made = sign_all(Path(work))
        for where, zones in made.zones.items():
            (kept / where).mkdir(parents=True, exist_ok=True)
            for zone, text in zones.items():
                (kept / where / file_name(zone)).write_text(text)
        (kept / "anchor").write_text(made.anchor)
    return kept


def file_name(zone: str) -> str:
    return f"{zone.rstrip('.') or 'root'}.zone"


# ---- servers -----------------------------------------------------------------------------------------------------

class Knotd:
    """One knotd that serves master files as they are."""

    def __init__(self, folder: Path, address: str):
        self.folder, self.address = folder, address
        folder.mkdir(parents=True, exist_ok=True)
        self.zones: list[str] = []
        self.process: subprocess.Popen | None = None

    def put(self, zone: str, text: str) -> None:
        (self.folder / file_name(zone)).write_text(text)
        if zone not in self.zones:
            self.zones.append(zone)

    def start(self) -> "Knotd":
        lines = ["server:", f"    rundir: {self.folder}", "    udp-workers: 1", "    tcp-workers: 1", "    background-workers: 1",
                 "    tcp-max-clients: 64", f"    listen: {self.address}@53", "log:", "  - target: stderr", "    any: warning", "database:",
                 f"    storage: {self.folder}", "    journal-db-max-size: 4M", "    kasp-db-max-size: 8M", "    timer-db-max-size: 1M",
                 "template:", "  - id: default", f"    storage: {self.folder}", "    zonefile-sync: -1", "    zonefile-load: whole",
                 "    journal-content: none", "    semantic-checks: off", "zone:"]
        lines += [f"  - domain: \"{zone}\"\n    file: {file_name(zone)}" for zone in self.zones]
        (self.folder / "knot.conf").write_text("\n".join(lines) + "\n")
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([BIN / "knotd", "-c", self.folder / "knot.conf"], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.folder)
        end = time.monotonic() + PATIENCE_S
        for zone in self.zones:
            while not self.serves(zone):
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"knotd at {self.address} does not serve {zone}:\n{(self.folder / 'log').read_text()}")
                time.sleep(0.02)
        return self

    def serves(self, zone: str) -> bool:
        with socket.socket(type=socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            try:
                s.sendto(b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + sign.name(zone).to_wire() + b"\0\6\0\1", (self.address, 53))
                reply = s.recv(4096)
            except OSError:
                return False
        return reply[2] & 4 != 0 and reply[3] & 15 == 0 and reply[7] > 0

    def reload(self) -> None:
        """What was put since then is served when this returns."""
        run(BIN / "knotc", "-b", "-s", self.folder / "knot.sock", "zone-reload", cwd=self.folder)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def own_addresses() -> None:
    """10.53.0.0/24 is this namespace's."""
    shown = subprocess.run(["ip", "route", "show", "table", "local"], stdout=subprocess.PIPE, text=True, check=True).stdout
    if "local 10.53.0.0/24" not in shown:
        subprocess.run(["ip", "addr", "replace", "10.53.0.254/32", "dev", "lo"], check=True)
        subprocess.run(["ip", "route", "add", "local", "10.53.0.0/24", "dev", "lo", "src", "10.53.0.254"], check=True)


class Tree:
    """The tree and its servers. `folder`: where they may write."""

    def __init__(self):
        self.kept = make()
        self.servers: dict[str, Knotd] = {}

    @property
    def hints(self) -> dict[str, list[str]]:
        return {"a.root.": [ADDRESS["root"]]}

    @property
    def anchor(self) -> str:
        return str(self.kept / "anchor")

    def serve(self, folder: Path) -> "Tree":
        own_addresses()
        for where, address in ADDRESS.items():
            server = self.servers[where] = Knotd(folder / f"knotd-{where}", address)
            for file in sorted((self.kept / where).iterdir()):
                server.put("." if file.stem == "root" and where == "root" else f"{file.stem}.", file.read_text())
            server.start()
        return self

    def __enter__(self) -> "Tree":
        return self

    def __exit__(self, *_) -> None:
        for server in self.servers.values():
            server.stop()


if __name__ == "__main__":
    import faults
    make()
    for spec in SPECS:
        print(f"{spec.name:26} {spec.signer:5} {sign.NAMES[spec.algorithm]:20} {spec.denial.nsec3 or 'NSEC'}"
              f"{' opt-out' if spec.denial.opt_out else ''} DS {' '.join(map(str, spec.digests))}")
    for fault in faults.FAULTS:
        print(f"{fault.zone:26} {fault.verdict:9} {fault.reason}")
