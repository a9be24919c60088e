"""Signed zones on the scripted servers, honest (every proof that RFC 4035 and RFC 5155 ask for) or changed at will.

    t = Trust(w)
    vic = t.zone("vic.zz.", ["10.2.0.1"], "www A 10.1.9.9")
    w.serve("10.2.0.1", "vic.zz.", lambda q: … vic(q) …)
    t.start()                        root and zz. are signed, the resolver validates from the root's key
"""

import random
import struct
import sys
from pathlib import Path

import dns.name
import wire

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))
import sign
from sign import KSK, ZSK, Key, Zone, some_key

NS, CNAME, SOA, DNAME, DS, RRSIG, NSEC, DNSKEY, NSEC3 = 2, 5, 6, 39, 43, 46, 47, 48, 50
DAY = 86400


def record(owner, type_: int, ttl: int, rdata) -> tuple:
    """As wire.reply takes it; names in data are not compressed."""
    return owner if isinstance(owner, str) else owner.to_text(), type_, ttl, rdata if isinstance(rdata, bytes) else rdata.to_wire()


def key_pair(label: str, algorithm: int = 13) -> tuple[Key, Key]:
    return some_key(label, algorithm, KSK), some_key(label, algorithm, ZSK)


class SignedZone:
    """An authority for one signed zone."""

    def __init__(self, zone: Zone):
        self.zone, self.origin = zone, zone.origin
        self.wires: dict[tuple, tuple[str, list[tuple]]] = {}
        self.cuts = zone.cuts()
        self.nsecs = sorted(owner for owner, t in zone.sets if t == NSEC)
        self.hashes = sorted((owner for owner, t in zone.sets if t == NSEC3), key=lambda n: n.labels[0])
        if self.hashes:
            data = zone.sets[self.hashes[0], NSEC3][0]
            self.param = data.salt, data.iterations
        self.names = set()
        for owner in zone.authoritative():
            while owner not in self.names and owner.is_subdomain(self.origin):
                self.names.add(owner)
                if owner == self.origin:
                    break
                owner = owner.parent()
        self.names -= set(self.hashes)

    # ---- records -------------------------------------------------------------------------------------------------

    def set(self, owner, type_: int, shown=None) -> list[tuple]:
        """An RRset with its signatures; of a wildcard under the name that was asked."""
        at = owner, type_
        found = self.zone.sets.get(at)
        if found is None:
            return []
        if at not in self.wires:  # made once: what attacks others must not be slow itself
            self.wires[at] = owner.to_text(), [(type_, found.ttl, r.to_wire()) for r in found] + [
                (RRSIG, found.ttl, s.to_wire()) for s in self.zone.sigs.get(at, ())]
        own, wires = self.wires[at]
        shown = own if shown is None else shown if isinstance(shown, str) else shown.to_text()
        return [(shown, *w) for w in wires]

    def nsec_at(self, name) -> list[tuple]:
        """The record that matches the name, or covers it."""
        before = [owner for owner in self.nsecs if owner <= name]
        return self.set(before[-1] if before else self.nsecs[-1], NSEC) if self.nsecs else []

    def nsec3_of(self, name, exact: bool) -> list[tuple]:
        label = sign.base32hex(sign.hash_of(name, *self.param)).encode()
        equal = [owner for owner in self.hashes if owner.labels[0] == label]
        if exact or equal:
            return self.set(equal[0], NSEC3) if equal else []
        before = [owner for owner in self.hashes if owner.labels[0] < label]
        return self.set((before or self.hashes)[-1], NSEC3)

    def encloser(self, name):
        """The closest encloser and the next closer name."""
        closer = name
        while name not in self.names:
            closer, name = name, name.parent()
        return name, closer

    def denial(self, name) -> list[tuple]:
        """That the name is not there, or has not the type."""
        out = list(self.set(self.origin, SOA))
        found, closer = self.encloser(name)
        star = sign.name(f"*.{found}") if str(found) != "." else sign.name("*.")
        if not self.hashes:
            parts = [self.nsec_at(name)] if name in self.names else [self.nsec_at(name), self.nsec_at(star)]
        elif name in self.names:
            parts = [self.nsec3_of(name, True)] or [self.nsec3_of(found, True)]
            if not parts[0]:  # an unsigned delegation in an opt-out span
                parts = [self.nsec3_of(name.parent(), True), self.nsec3_of(name, False)]
        else:
            parts = [self.nsec3_of(found, True), self.nsec3_of(closer, False), self.nsec3_of(star, False)]
        for part in parts:
            out += [r for r in part if r not in out]
        return out

    # ---- answers -------------------------------------------------------------------------------------------------

    def cut(self, name):
        return next((c for c in self.cuts if name.is_subdomain(c)), None)

    def referral(self, q, child) -> bytes:
        authority = self.set(child, NS)[:len(self.zone.sets[child, NS])]
        authority += self.set(child, DS) or [r for r in self.denial(child) if r[1] != SOA and not self.is_soa_sig(r)]
        glue = [record(owner, t, s.ttl, r) for (owner, t), s in self.zone.sets.items() if t in (1, 28) and owner.is_subdomain(child) for r in s]
        return wire.reply(q, authority=authority, additional=glue, flags=0)

    @staticmethod
    def is_soa_sig(r: tuple) -> bool:
        return r[1] == RRSIG and r[3][:2] == b"\0\6"

    def __call__(self, q) -> bytes:
        name = dns.name.from_wire(q.question, 0)[0].canonicalize()  # any octets; q.name is for eyes
        child = self.cut(name)
        if child and not (q.type == DS and child == name):
            return self.referral(q, child)
        if name in self.names:
            if answer := self.set(name, q.type) or self.set(name, CNAME):
                return wire.reply(q, answer=answer)
            return wire.reply(q, authority=self.denial(name))
        found, closer = self.encloser(name)
        star = sign.name(f"*.{found}") if str(found) != "." else sign.name("*.")
        if star in self.names:
            if answer := self.set(star, q.type, q.name) or self.set(star, CNAME, q.name):
                return wire.reply(q, answer=answer, authority=self.no_closer(name, closer))
            more = self.denial(name) if not self.hashes else [
                *self.set(self.origin, SOA), *self.nsec3_of(found, True), *self.nsec3_of(closer, False), *self.nsec3_of(star, True)]
            return wire.reply(q, authority=dict.fromkeys([*more, *(self.nsec_at(star) if not self.hashes else [])]))
        return wire.reply(q, authority=self.denial(name), rcode=wire.NXDOMAIN)

    def no_closer(self, name, closer) -> list[tuple]:
        return self.nsec3_of(closer, False) if self.hashes else self.nsec_at(name)


class Trust:
    """The chain from the root down to what a scenario needs."""

    def __init__(self, w):
        self.w = w
        self.ds: dict[str, list] = {}
        self.extra: dict[str, str] = {}  # of the parents: what delegations add to them
        self.parents: dict[str, tuple[str, dict]] = {}  # those that are signed at the start, when their children are known

    def keys(self, origin: str, algorithm: int = 13) -> tuple[Key, Key]:
        return key_pair(origin, algorithm)

    def delegate(self, origin: str, addresses: list[str], ds: list, parent: str = "zz.") -> None:
        lines = "".join(f"{origin} NS ns{n}.{origin}\nns{n}.{origin} A {a}\n" for n, a in enumerate(addresses))
        self.extra[parent] = self.extra.get(parent, "") + lines + "".join(f"{origin} DS {d.to_text()}\n" for d in ds)

    def unsigned(self, origin: str, addresses: list[str], records: str, algorithm: int = 13, keys=None, more_keys=(), ttl: int = 3600) -> Zone:
        """The zone as sign.Zone has it, not yet signed."""
        text = "".join(f"@ NS ns{n}\nns{n} A {a}\n" for n, a in enumerate(addresses))
        return Zone(origin, text + records, [*(keys or self.keys(origin, algorithm)), *more_keys], ttl=ttl)

    def zone(self, origin: str, addresses: list[str], records: str = "", *, algorithm: int = 13, nsec3=None, opt_out: bool = False,
             parent: str = "zz.", change=None, after=None, more_keys=(), ttl: int = 3600) -> SignedZone:
        """Signed, served at these addresses, and delegated with a DS. Of a zone with children of its own: signed at the start."""
        ksk, zsk = self.keys(origin, algorithm)
        zone = self.unsigned(origin, addresses, records + self.extra.get(origin, ""), algorithm, more_keys=more_keys, ttl=ttl)
        zone.sign([ksk], [zsk], nsec3=nsec3, opt_out=opt_out, change=change)
        if after:
            after(zone)
        self.delegate(origin, addresses, [ksk.ds(origin)], parent)
        signed = SignedZone(zone)
        for address in addresses:
            self.w.serve(address, origin, signed)
        return signed

    def start(self, **more) -> None:
        """Root and zz., with what the world has delegated without signatures."""
        from world import ROOT, TLD
        tld = self.top("zz.", TLD, self.w.tld, self.extra.get("zz.", ""))
        ds = self.keys("zz.")[0].ds("zz.").to_text()
        self.top(".", ROOT, self.w.root, f"zz. DS {ds}\n")
        anchor = self.w.folder / "anchor"
        anchor.write_text(f". IN DS {self.keys('.')[0].ds('.').to_text()}\n")
        self.tld = tld
        self.w.start(validate=True, anchor=str(anchor), **more)

    def top(self, origin: str, address: str, plain, more: str) -> SignedZone:
        lines = [f"{owner} {type_} {v}" for owner, types in plain.data.items() for type_, values in types.items() for v in values]
        zone = Zone(origin, "\n".join(lines) + "\n" + more, self.keys(origin))
        ksk, zsk = self.keys(origin)
        signed = SignedZone(zone.sign([ksk], [zsk]))
        self.w.serve(address, origin, signed)
        return signed


# ---- keys and signatures without use -------------------------------------------------------------------------------

def with_tag(octets: bytes, tag: int, at: int) -> bytes:
    """Two octets of a DNSKEY's RDATA, at an even place, set so that its tag is this one."""
    octets = octets[:at] + b"\0\0" + octets[at + 2:]
    for _ in range(3):
        missing = (tag - sign.tag_of(octets)) & 0xFFFF
        word = (int.from_bytes(octets[at:at + 2], "big") + missing) & 0xFFFF
        octets = octets[:at] + struct.pack("!H", word) + octets[at + 2:]
        if sign.tag_of(octets) == tag:
            return octets
    return octets


def rsa_keys(dice: random.Random, count: int, bits: int, tag: int, algorithm: int = 8) -> list[bytes]:
    """DNSKEYs of one tag whose moduli are nobody's: arithmetic with them costs what it always costs."""
    out = []
    while len(out) < count:
        modulus = bytearray(dice.randbytes(bits // 8))
        modulus[0] |= 0x80
        modulus[-1] |= 1
        octets = with_tag(struct.pack("!HBB", ZSK, 3, algorithm) + b"\3\1\0\1" + bytes(modulus), tag, 20)
        if sign.tag_of(octets) == tag:
            out.append(octets)
    return out


def ec_keys(count: int, tag: int, algorithm: int = 14) -> list[bytes]:
    """Points of the curve, of one tag by the flags that RFC 4034 2.1.1 reserves and tells to ignore."""
    from cryptography.hazmat.primitives.asymmetric import ec
    curve = {13: ec.SECP256R1, 14: ec.SECP384R1}[algorithm]()
    out, secret = [], 1000
    while len(out) < count:
        secret += 1
        public = sign.public_octets(ec.derive_private_key(secret, curve))
        octets = with_tag(struct.pack("!HBB", ZSK, 3, algorithm) + public, tag, 0)
        flags = int.from_bytes(octets[:2], "big")
        if flags & sign.ZONE and not flags & sign.REVOKE and sign.tag_of(octets) == tag:
            out.append(octets)
    return out


def bad_signatures(dice: random.Random, owner, rrset, signer, count: int, tag: int, algorithm: int, octets: int) -> list:
    """RRSIGs by that tag, current, whose signatures are random."""
    from dns.rdtypes.ANY.RRSIG import RRSIG as Record
    import time
    now = int(time.time())
    owner, signer = sign.name(owner), sign.name(signer)
    out = []
    for _ in range(count):
        signature = bytes([dice.randrange(0x40)]) + dice.randbytes(octets - 1)  # less than any modulus or order
        out.append(Record(1, RRSIG, rrset.rdtype, algorithm, sign.labels_of(owner), rrset.ttl, now + 30 * DAY, now - DAY, tag, signer,
                          signature))
    return out
