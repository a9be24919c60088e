"""The benchmark's Internet: a root, 20 TLDs, 20,000 zones, each level on a knotd of its own (a server that held a
child zone too would not refer to it).

15 TLDs deny by NSEC3 with opt-out, 5 by NSEC; 30 % of the zones are signed (P-256, keys of their own, NSEC). 60 % of the zones have
servers of their own below them, with glue; the others' are those of a hosting zone, mostly of another TLD, whose addresses must be found first.

Beside them, where asked for: zones with many names of five types, all signed (mix00.tld00 …), and no wildcard.

World(n).make() writes the zones once, below build/bench, and lets knotd sign them from the leaves to the root; the same sources
find them again by a stamp. World(n).serve() starts the authorities. Both are called inside the namespace.
"""

import base64
import hashlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
FILES = TOP / "build/bench"
KNOTD = TOP / "build/peers/bin/knotd"
ZONES = 20_000
TLDS, NSEC_TLDS = 20, 5
HOSTERS = 100  # of the zones, the first ones
POOL = 256  # addresses of name servers below the TLDs
TTL = 86400
LABELS = ("", "www.", "mail.", "api.", "cdn.")  # each zone's names; unsigned zones have a wildcard at d. beside
MIXED_ZONES = 50
MIXED_TYPES = ("A", "A", "A", "A", "A", "AAAA", "AAAA", "MX", "TXT", "CNAME")  # of each ten names
LEVELS = ("leaves", "tlds", "root")  # the order of signing: a parent needs its children's keys
SIGN_LIMIT_S = 900
START_LIMIT_S = 120
LIFETIME = "3650d"  # of signatures: made once

KNOT = """\
server:
    rundir: {run}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 2
    tcp-max-clients: 1024
{listen}
log:
  - target: stderr
    any: warning
database:
    storage: {run}
    kasp-db-max-size: 1G
policy:
  - id: nsec
    algorithm: ecdsap256sha256
    single-type-signing: on
    ksk-lifetime: 0
    rrsig-lifetime: {lifetime}
    rrsig-refresh: 10d
    cds-cdnskey-publish: none
    nsec3: off
  - id: optout
    algorithm: ecdsap256sha256
    single-type-signing: on
    ksk-lifetime: 0
    rrsig-lifetime: {lifetime}
    rrsig-refresh: 10d
    cds-cdnskey-publish: none
    nsec3: on
    nsec3-iterations: 0
    nsec3-salt-length: 0
    nsec3-opt-out: on
template:
  - id: default
    storage: {zones}
    file: "%s.zone"
    zonefile-sync: {sync}
    zonefile-load: whole
    journal-content: none
    semantic-checks: off
  - id: nsec
    storage: {zones}
    file: "%s.zone"
    zonefile-sync: 0
    zonefile-load: whole
    journal-content: none
    semantic-checks: off
    dnssec-signing: on
    dnssec-policy: nsec
  - id: optout
    storage: {zones}
    file: "%s.zone"
    zonefile-sync: 0
    zonefile-load: whole
    journal-content: none
    semantic-checks: off
    dnssec-signing: on
    dnssec-policy: optout
zone:
"""


def address_of(name: str) -> str:
    """The A record of every name here that is not a name server: of 198.18.0.0/15 (RFC 2544)."""
    n = zlib.crc32(name.encode()) & 0x1FFFF
    return f"198.{18 + (n >> 16)}.{n >> 8 & 255}.{n & 255}"


def pool_address(n: int) -> str:
    return f"10.2.{n % POOL // 128}.{n % 128 + 1}"


def tld_of(n: int) -> str:
    return f"tld{n % TLDS:02}"


def zone_name(n: int) -> str:
    return f"zone{n:05}.{tld_of(n)}"


def is_signed(n: int) -> bool:
    return n // TLDS * 7 % 10 < 3


def has_own_servers(n: int, hosters: int) -> bool:
    return n < hosters or n % 5 < 3


def denial_of(tld: int) -> str:
    return "nsec" if tld < NSEC_TLDS else "optout"


def soa(primary: str) -> str:
    return f"@ {TTL} SOA {primary} hostmaster 1 7200 3600 1209600 3600\n"


def zone_text(n: int, hosters: int) -> str:
    """A leaf's master file."""
    lines = [f"$TTL {TTL}\n", soa("ns1")]
    for i, ns in enumerate(servers_of(n, hosters)):
        lines.append(f"@ NS {ns}\n")
        if has_own_servers(n, hosters):
            lines.append(f"{ns} A {pool_address(7 * n + 131 * i)}\n")
    lines += [f"{label}{zone_name(n)}. A {address_of(label + zone_name(n))}\n" for label in LABELS]
    if not is_signed(n):
        lines.append(f"*.d A {address_of('d.' + zone_name(n))}\n")
    return "".join(lines)


def mixed_zone(n: int) -> str:
    return f"mix{n:02}.{tld_of(n)}"


def mixed_name(n: int) -> tuple[str, str]:
    """The n-th name of all mixed zones, and its type."""
    return f"m{n // MIXED_ZONES}.{mixed_zone(n % MIXED_ZONES)}", MIXED_TYPES[n // MIXED_ZONES % len(MIXED_TYPES)]


def mixed_data(n: int) -> str:
    name, type_ = mixed_name(n)
    return {"A": address_of(name), "AAAA": f"2001:db8::{n >> 16:x}:{n & 0xFFFF:x}", "MX": "10 www", "CNAME": "www",
            "TXT": f'"v=spf1 ip4:{address_of(name)} include:_spf.{name} -all"'}[type_]


def mixed_text(zone: int, count: int) -> str:
    """A mixed zone's master file: its share of so many names."""
    lines = [f"$TTL {TTL}\n", soa("ns1"), mixed_delegation(zone, "@", ""), f"www A {address_of('www.' + mixed_zone(zone))}\n"]
    lines += [f"{mixed_name(n)[0].split('.')[0]} {mixed_name(n)[1]} {mixed_data(n)}\n" for n in range(zone, count, MIXED_ZONES)]
    return "".join(lines)


def mixed_delegation(zone: int, owner: str, ds: str) -> str:
    lines = [f"{owner} NS ns{i}.{mixed_zone(zone)}.\nns{i}.{mixed_zone(zone)}. A {pool_address(5 * zone + i)}\n" for i in (1, 2)]
    return "".join(lines) + (f"{owner} DS {ds}\n" if ds else "")


def servers_of(n: int, hosters: int) -> list[str]:
    zone = zone_name(n if has_own_servers(n, hosters) else (n * 13 + 7) % hosters)
    return [f"ns1.{zone}.", f"ns2.{zone}."]


def delegation(n: int, hosters: int, ds: str) -> str:
    lines = []
    for i, ns in enumerate(servers_of(n, hosters)):
        lines.append(f"{zone_name(n)}. NS {ns}\n")
        if has_own_servers(n, hosters):
            lines.append(f"{ns} A {pool_address(7 * n + 131 * i)}\n")
    return "".join(lines) + (f"{zone_name(n)}. DS {ds}\n" if ds else "")


def ds_of(zone: str, signed: Path) -> str:
    """The DS of a signed master file's one key, digest type 2 (RFC 4509)."""
    for line in signed.read_text().splitlines():
        fields = line.split()
        if "DNSKEY" in fields[1:4] and fields[0] != ";":
            flags, protocol, algorithm, *key = fields[fields.index("DNSKEY") + 1:]
            data = int(flags).to_bytes(2) + bytes([int(protocol), int(algorithm)]) + base64.b64decode("".join(key))
            tag = sum(b << 8 if i % 2 == 0 else b for i, b in enumerate(data))  # RFC 4034 appendix B
            owner = b"".join(bytes([len(label)]) + label.encode() for label in zone.split(".") if label) + b"\0"
            return f"{tag + (tag >> 16) & 0xFFFF} {algorithm} 2 {hashlib.sha256(owner + data).hexdigest()}"
    raise RuntimeError(f"{signed} holds no DNSKEY")


class World:
    def __init__(self, zones: int, mixed: int = 0):
        """mixed: how many names in the mixed zones."""
        self.zones, self.mixed_count = zones, mixed
        self.mixed_zones = min(MIXED_ZONES, mixed)
        self.hosters = min(HOSTERS, max(1, zones // 4))
        self.folder = FILES / (f"world-{zones}-{mixed}" if mixed else f"world-{zones}")
        self.authorities: list[subprocess.Popen] = []

    # ---- what there is to ask ----

    @property
    def hints(self) -> dict[str, list[str]]:
        return {f"{c}.root.": [a] for c, a in zip("abc", self.addresses("root"))}

    @property
    def anchor(self) -> str:
        """A file with the root's DS record."""
        return str(self.folder / "root.ds")

    def names(self, label: str = "www.") -> list[str]:
        """One name of each zone."""
        return [label + zone_name(n) for n in range(self.zones)]

    def unsigned(self, label: str = "") -> list[str]:
        return [label + zone_name(n) for n in range(self.zones) if not is_signed(n)]

    def distinct(self, count: int) -> Iterator[tuple[str, str]]:
        """So many names that all differ, with their addresses: the wildcards of the unsigned zones, zone by zone in turn."""
        unsigned = self.unsigned()
        for i in range(count):
            zone = unsigned[i % len(unsigned)]
            yield f"n{i // len(unsigned)}.d.{zone}", address_of("d." + zone)

    def mixed(self) -> Iterator[tuple[str, str, str]]:
        """All names of the mixed zones, zone by zone in turn: name, nothing to compare, type; an alias is asked for its address."""
        for n in range(self.mixed_count):
            name, type_ = mixed_name(n)
            yield (name, "-", "A" if type_ == "CNAME" else type_)

    def addresses(self, level: str) -> list[str]:
        match level:
            case "root":
                return [f"10.0.0.{n}" for n in (1, 2, 3)]
            case "tlds":
                return [f"10.1.{t}.{n}" for t in range(TLDS) for n in (1, 2)]
        return [pool_address(n) for n in range(POOL)]

    # ---- zones ----

    def zones_of(self, level: str) -> list[tuple[str, str]]:
        """Name and how it is signed: nsec, optout or nothing."""
        match level:
            case "root":
                return [(".", "nsec")]
            case "tlds":
                return [(f"tld{t:02}", denial_of(t)) for t in range(TLDS)]
        return ([(zone_name(n), "nsec" if is_signed(n) else "") for n in range(self.zones)] +
                [(mixed_zone(n), "nsec") for n in range(self.mixed_zones)])

    def file(self, level: str, zone: str, folder: Path) -> Path:
        return folder / level / ("root.zone" if zone == "." else f"{zone}.zone")

    def write(self, level: str, folder: Path):
        """The zones of a level, unsigned; those below it are signed already."""
        (folder / level).mkdir()
        if level == "leaves":
            for n in range(self.zones):
                self.file(level, zone_name(n), folder).write_text(zone_text(n, self.hosters))
            for n in range(self.mixed_zones):
                self.file(level, mixed_zone(n), folder).write_text(mixed_text(n, self.mixed_count))
        elif level == "tlds":
            for t in range(TLDS):
                self.file(level, tld_of(t), folder).write_text(self.tld_text(t, folder))
        else:
            self.file(level, ".", folder).write_text(self.root_text(folder))

    def tld_text(self, t: int, folder: Path) -> str:
        lines = [f"$TTL {TTL}\n", soa("a.nic")]
        lines += [f"@ NS {c}.nic\n{c}.nic A 10.1.{t}.{i + 1}\n" for i, c in enumerate("ab")]
        for n in range(t, self.zones, TLDS):
            ds = ds_of(zone_name(n), self.file("leaves", zone_name(n), folder)) if is_signed(n) else ""
            lines.append(delegation(n, self.hosters, ds))
        for n in range(t, self.mixed_zones, TLDS):
            zone = mixed_zone(n)
            lines.append(mixed_delegation(n, f"{zone}.", ds_of(zone, self.file("leaves", zone, folder))))
        return "".join(lines)

    def root_text(self, folder: Path) -> str:
        lines = [f"$TTL {TTL}\n", soa("a.root.")]
        lines += [f". NS {name}\n{name} A {a}\n" for name, (a,) in self.hints.items()]
        for t in range(TLDS):
            zone = tld_of(t)
            lines += [f"{zone}. NS {c}.nic.{zone}.\n{c}.nic.{zone}. A 10.1.{t}.{i + 1}\n" for i, c in enumerate("ab")]
            lines.append(f"{zone}. DS {ds_of(zone, self.file('tlds', zone, folder))}\n")
        return "".join(lines)

    # ---- made once ----

    def make(self):
        stamp = hashlib.sha256(Path(__file__).read_bytes() + f"{self.zones} {self.mixed_count}".encode()).hexdigest()
        if (self.folder / "stamp").exists() and (self.folder / "stamp").read_text() == stamp:
            return
        print(f"bench: making a world of {self.zones} zones", file=sys.stderr)
        begin = time.monotonic()
        shutil.rmtree(self.folder, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix=f"{self.folder.name}.", dir=FILES))
        try:
            for level in LEVELS:
                self.write(level, new)
                self.sign(level, new)
            (new / "root.ds").write_text(f". IN DS {ds_of('.', self.file('root', '.', new))}\n")
            (new / "stamp").write_text(stamp)
            new.rename(self.folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        print(f"bench: made in {time.monotonic() - begin:.0f} s", file=sys.stderr)

    def sign(self, level: str, folder: Path):
        """A knotd that listens nowhere signs and writes back; a file that it wrote is another inode."""
        run = Path(tempfile.mkdtemp(prefix="hark-sign."))
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2g", "sign", run], check=True)  # each key is synced to its disk
        zones = [(zone, how) for zone, how in self.zones_of(level) if how]
        left = {self.file(level, zone, folder): 0 for zone, _ in zones}
        for file in left:
            left[file] = file.stat().st_ino
        knotd = self.knotd(level, folder, run, zones, listen=False)
        end = time.monotonic() + SIGN_LIMIT_S
        try:
            while left:
                time.sleep(0.05)
                left = {file: inode for file, inode in left.items() if file.stat().st_ino == inode}
                if knotd.poll() is not None or time.monotonic() > end:
                    sys.exit(f"bench: knotd did not sign {len(left)} zones:\n{(run / 'log').read_text(errors='replace')[-3000:]}")
        finally:
            knotd.terminate()
            knotd.wait()
            subprocess.run(["umount", run], check=True)
            run.rmdir()

    def knotd(self, level: str, folder: Path, run: Path, zones: list[tuple[str, str]], listen: bool) -> subprocess.Popen:
        addresses = ", ".join(f"{a}@53" for a in self.addresses(level))
        text = KNOT.format(run=run, zones=folder / level, sync=-1, lifetime=LIFETIME,
                           listen=f"    listen: [{addresses}]" if listen else "")
        for zone, how in zones:
            text += f'  - domain: "{zone}"\n' + (f"    template: {how}\n" if how and not listen else "")
            text += f"    file: {self.file(level, zone, folder)}\n" if zone == "." else ""
        (run / "knot.conf").write_text(text)
        with open(run / "log", "wb") as log:
            return subprocess.Popen([KNOTD, "-c", run / "knot.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    # ---- served ----

    def serve(self, folder: Path):
        """Starts the three authorities and returns when every zone of each is served."""
        lines = [f"addr add {a}/32 dev lo\n" for level in LEVELS for a in self.addresses(level)]
        subprocess.run(["ip", "-batch", "-"], input="".join(lines), text=True, check=True)
        for level in LEVELS:
            run = folder / f"knotd-{level}"
            run.mkdir()
            self.authorities.append(self.knotd(level, self.folder, run, self.zones_of(level), listen=True))
        for level, knotd in zip(LEVELS, self.authorities):
            self.wait_for(level, knotd, folder / f"knotd-{level}/log")

    def wait_for(self, level: str, knotd: subprocess.Popen, log: Path):
        end = time.monotonic() + START_LIMIT_S
        left = [zone for zone, _ in self.zones_of(level)]
        with socket.socket(type=socket.SOCK_DGRAM) as s:
            s.connect((self.addresses(level)[0], 53))
            s.settimeout(0.2)
            while left:
                if knotd.poll() is not None or time.monotonic() > end:
                    sys.exit(f"bench: knotd ({level}) does not serve {left[-1]}:\n{log.read_text(errors='replace')[-3000:]}")
                try:
                    s.send(soa_query(left[-1]))
                    reply = s.recv(4096)
                except OSError:
                    reply = b""
                if len(reply) > 12 and reply[3] & 15 == 0 and reply[7] > 0:
                    left.pop()
                else:
                    time.sleep(0.02)

    def stop(self):
        for knotd in self.authorities:
            knotd.kill()
            knotd.wait()


def soa_query(zone: str) -> bytes:
    name = b"".join(bytes([len(label)]) + label.encode() for label in zone.split(".") if label)
    return b"\0\1\0\0\0\1\0\0\0\0\0\0" + name + b"\0\0\6\0\1"
