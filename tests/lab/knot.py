"""The laboratory's honest servers: knotd processes, each with the zones of one level, signed as they start.

Levels start from the bottom up, because a parent needs the DS records of keys that its children make at start.
"""

import hashlib
import subprocess
import time
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdatatype

import internet

PATIENCE_S = 20
DENIAL = {"nsec": "nsec3: off", "nsec3": "nsec3: on\n    nsec3-iterations: 0\n    nsec3-salt-length: 0",
          "optout": "nsec3: on\n    nsec3-iterations: 0\n    nsec3-salt-length: 0\n    nsec3-opt-out: on"}


class NotReady(Exception):
    pass


def configuration(who: str, folder: Path) -> str:
    """One worker of each kind (this is a laboratory of two cores), small databases, nothing written back."""
    lines = ["server:", f"    rundir: {folder}", "    udp-workers: 1", "    tcp-workers: 1",
             "    background-workers: 2", "    tcp-max-clients: 64",
             f"    listen: [{', '.join(f'{a}@53' for a in internet.addresses_of(who))}]",
             "log:", f"  - target: {folder}/knotd.log", "    any: info",
             "database:", f"    storage: {folder}", "    journal-db-max-size: 4M", "    kasp-db-max-size: 8M",
             "    timer-db-max-size: 1M", "policy:"]
    for name, denial in DENIAL.items():
        lines += [f"  - id: {name}", "    algorithm: ecdsap256sha256", "    ksk-lifetime: 0", "    zsk-lifetime: 0",
                  "    cds-cdnskey-publish: none", f"    {denial}"]
    lines += ["template:", "  - id: default", f"    storage: {folder}", "    zonefile-sync: -1",
              "    zonefile-load: whole", "    journal-content: none", "    semantic-checks: off", "zone:"]
    for zone in internet.zones_of(who):
        lines += [f'  - domain: "{zone.name}"', f"    file: {file_name(zone)}"]
        if zone.sign:
            lines += ["    dnssec-signing: on", f"    dnssec-policy: {zone.sign}"]
    return "\n".join(lines) + "\n"


def file_name(zone: internet.Zone) -> str:
    return (zone.name.rstrip(".") or "root") + ".zone"


def start(who: str, folder: Path, ds: dict[str, list[str]], popen) -> subprocess.Popen:
    folder.mkdir(parents=True)
    for zone in internet.zones_of(who):
        (folder / file_name(zone)).write_text(internet.master_file(zone, ds))
    (folder / "knot.conf").write_text(configuration(who, folder))
    return popen(["knotd", "-c", str(folder / "knot.conf")], folder / "stderr.log")


def ask(address: str, name: str, rdtype: str) -> dns.message.Message | None:
    query = dns.message.make_query(name, rdtype, use_edns=0, payload=4096, want_dnssec=True)
    try:
        return dns.query.udp(query, address, timeout=0.25)
    except (dns.exception.Timeout, OSError):
        return None


def ds_rdata(owner: str, key) -> str:
    """DS of a key, digest type 2 (RFC 4509)."""
    data = key.to_wire()
    tag = sum(b << 8 if i % 2 == 0 else b for i, b in enumerate(data))
    tag = (tag + (tag >> 16)) & 0xFFFF  # RFC 4034 appendix B
    digest = hashlib.sha256(dns.name.from_text(owner).canonicalize().to_wire() + data).hexdigest()
    return f"{tag} {key.algorithm} 2 {digest}"


def key_signing(reply: dns.message.Message) -> list:
    return [key for rrset in reply.answer if rrset.rdtype == dns.rdatatype.DNSKEY for key in rrset if key.flags & 1]


def wait_for(who: str, process: subprocess.Popen) -> dict[str, list[str]]:
    """Returns when every zone of this level is served: the DS records for their parents."""
    address = internet.addresses_of(who)[0]
    ds: dict[str, list[str]] = {}
    end = time.monotonic() + PATIENCE_S
    for zone in internet.zones_of(who):
        while True:
            reply = ask(address, zone.name, "DNSKEY" if zone.sign else "SOA")
            if reply is not None and reply.answer and reply.flags & dns.flags.AA:
                break
            if process.poll() is not None or time.monotonic() > end:
                raise NotReady(f"knotd ({who}) does not serve {zone.name}")
            time.sleep(0.01)
        if zone.sign:
            ds[zone.name] = [ds_rdata(zone.name, key) for key in key_signing(reply)]
    return ds


def start_all(folder: Path, popen) -> dict[str, list[str]]:
    """Starts every level; returns the DS records of all signed zones, the root's too."""
    ds: dict[str, list[str]] = {}
    for who in reversed(internet.KNOTD):
        ds |= wait_for(who, start(who, folder / who, ds, popen))
    return ds
