"""A small signer of zones for tests: right ones, and ones that are wrong in one chosen point.

    zsk = Key(13)
    zone = Zone("example.", "www A 192.0.2.1", keys=[ksk, zsk]).sign(ksk=[ksk], zsk=[zsk], nsec3=(0, ""))
    zone.sigs[name, "A"] = []                 nobody signed this one
    zone.text()                               a master file that a server takes as it stands

It shares no code with what it tests, nor with the other signers of the laboratory (dnspython's records, OpenSSL's mathematics by way
of cryptography, the rest from RFC 4034, 4035, 5155).
"""

import base64
import functools
import hashlib
import struct
import time
from collections.abc import Callable, Iterable

import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
import dns.rdtypes.ANY.RRSIG
import dns.zone
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

IN = 1
ZONE, REVOKE, SEP = 0x100, 0x80, 1
KSK, ZSK = ZONE | SEP, ZONE
DAY = 86400
RSA = {5: hashes.SHA1, 7: hashes.SHA1, 8: hashes.SHA256, 10: hashes.SHA512}
EC = {13: (ec.SECP256R1, hashes.SHA256, 32), 14: (ec.SECP384R1, hashes.SHA384, 48)}
DIGESTS = {1: "sha1", 2: "sha256", 4: "sha384"}
NAMES = {5: "RSASHA1", 7: "RSASHA1-NSEC3-SHA1", 8: "RSASHA256", 10: "RSASHA512", 13: "ECDSAP256SHA256", 14: "ECDSAP384SHA384",
         15: "ED25519", 16: "ED448"}
BASE32HEX = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHIJKLMNOPQRSTUV")


def name(text: str | dns.name.Name) -> dns.name.Name:
    return (dns.name.from_text(text) if isinstance(text, str) else text).canonicalize()


def type_of(text: str | int) -> int:
    return int(text) if isinstance(text, int) else int(dns.rdatatype.from_text(text))


# ---- keys --------------------------------------------------------------------------------------------------------

def generate(algorithm: int, bits: int):
    if algorithm in RSA:
        return rsa.generate_private_key(65537, bits)
    if algorithm in EC:
        return ec.generate_private_key(EC[algorithm][0]())
    return (ed25519.Ed25519PrivateKey if algorithm == 15 else ed448.Ed448PrivateKey).generate()


def public_octets(private) -> bytes:
    """As a DNSKEY has it: RFC 3110, 6605, 8080."""
    public = private.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        n = public.public_numbers()
        e = n.e.to_bytes((n.e.bit_length() + 7) // 8, "big")
        return bytes([len(e)]) + e + n.n.to_bytes((n.n.bit_length() + 7) // 8, "big")
    if isinstance(public, ec.EllipticCurvePublicKey):
        return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)[1:]
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def tag_of(rdata: bytes) -> int:
    """RFC 4034 appendix B."""
    total = sum(b if i & 1 else b << 8 for i, b in enumerate(rdata))
    return (total + (total >> 16)) & 0xFFFF


class Key:
    """A key pair with the DNSKEY that publishes it. `says`: the algorithm number that the records have, if another."""

    def __init__(self, algorithm: int = 13, flags: int = ZSK, bits: int = 2048, private=None, says: int = 0, protocol: int = 3):
        self.algorithm, self.flags, self.says, self.protocol = algorithm, flags, says or algorithm, protocol
        self.private = private or generate(algorithm, bits)
        self.octets = public_octets(self.private)

    def like(self, **changed) -> "Key":
        """The same pair, published otherwise."""
        fields = {"algorithm": self.algorithm, "flags": self.flags, "says": self.says, "protocol": self.protocol} | changed
        return Key(private=self.private, **fields)

    @property
    def wire(self) -> bytes:
        return struct.pack("!HBB", self.flags, self.protocol, self.says) + self.octets

    @property
    def tag(self) -> int:
        return tag_of(self.wire)

    @property
    def rdata(self) -> dns.rdata.Rdata:
        return dns.rdata.from_wire(IN, 48, self.wire, 0, len(self.wire))

    def ds(self, owner: str | dns.name.Name, digest: int = 2) -> dns.rdata.Rdata:
        hashed = hashlib.new(DIGESTS.get(digest, "sha256"), name(owner).to_wire() + self.wire).digest()
        return dns.rdtypes.ANY.DS.DS(IN, 43, self.tag, self.says, digest, hashed)

    def sign_octets(self, octets: bytes) -> bytes:
        if self.algorithm in RSA:
            return self.private.sign(octets, padding.PKCS1v15(), RSA[self.algorithm]())
        if self.algorithm in EC:
            _, digest, size = EC[self.algorithm]
            r, s = decode_dss_signature(self.private.sign(octets, ec.ECDSA(digest())))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return self.private.sign(octets)

    def pem(self) -> str:
        return self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()).decode()


def key_of_pem(text: str, algorithm: int, flags: int) -> Key:
    return Key(algorithm, flags, private=serialization.load_pem_private_key(text.encode(), None))


@functools.cache
def some_key(label: str, algorithm: int = 13, flags: int = ZSK, bits: int = 2048) -> Key:
    """The same one for the same arguments, in this process."""
    return Key(algorithm, flags, bits)


# ---- signatures --------------------------------------------------------------------------------------------------

def labels_of(owner: dns.name.Name) -> int:
    """RFC 4034 3.1.3: neither the root nor an asterisk counts."""
    return len(owner.labels) - 1 - (owner.labels[0] == b"*")


def rrsig(owner, rrset: dns.rdataset.Rdataset, key: Key, signer, *, inception: int | None = None, expiration: int | None = None,
          labels: int | None = None, signed_owner=None, ttl: int | None = None, algorithm: int | None = None):
    """RFC 4034 3.1.8.1. `labels`, `algorithm`: what the record says; `signed_owner`: what is signed, where that is another name."""
    owner, signer, now = name(owner), name(signer), int(time.time())
    inception = now - DAY if inception is None else inception
    expiration = now + 30 * DAY if expiration is None else expiration
    labels = labels_of(owner) if labels is None else labels
    ttl = rrset.ttl if ttl is None else ttl
    head = struct.pack("!HBBIIIH", rrset.rdtype, algorithm or key.says, labels, ttl, expiration, inception, key.tag)
    over = name(signed_owner or owner).to_wire() + struct.pack("!HHI", rrset.rdtype, IN, ttl)
    data = sorted({r.to_digestable() for r in rrset})
    octets = head + signer.to_wire() + b"".join(over + struct.pack("!H", len(d)) + d for d in data)
    return dns.rdtypes.ANY.RRSIG.RRSIG(IN, 46, rrset.rdtype, algorithm or key.says, labels, ttl, expiration, inception, key.tag, signer,
                                       key.sign_octets(octets))


def spoiled(sig):
    """The same signature with one bit wrong."""
    octets = bytearray(sig.signature)
    octets[len(octets) // 2] ^= 1
    return sig.replace(signature=bytes(octets))


# ---- zones -------------------------------------------------------------------------------------------------------

def hash_of(owner: dns.name.Name, salt: bytes, iterations: int) -> bytes:
    """RFC 5155 5."""
    digest = hashlib.sha1(name(owner).to_wire() + salt).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt).digest()
    return digest


def base32hex(octets: bytes) -> str:
    return base64.b32encode(octets).translate(BASE32HEX).decode().rstrip("=").lower()


def bitmap(types: Iterable[int]) -> bytes:
    """RFC 4034 4.1.2."""
    windows: dict[int, bytearray] = {}
    for t in types:
        window = windows.setdefault(t >> 8, bytearray(32))
        window[(t & 0xFF) >> 3] |= 0x80 >> (t & 7)
    return b"".join(bytes([n, len(w.rstrip(b"\0"))]) + w.rstrip(b"\0") for n, w in sorted(windows.items()))


class Zone:
    """RRsets and the signatures of each, by (owner, type)."""

    def __init__(self, origin: str, text: str, keys: Iterable[Key] = (), ttl: int = 3600, minimum: int = 300, serial: int = 1):
        self.origin, self.ttl, self.minimum = name(origin), ttl, minimum
        head = f"$ORIGIN {origin}\n$TTL {ttl}\n"
        if "SOA" not in text:
            head += f"@ SOA ns hostmaster {serial} 7200 3600 1209600 {minimum}\n"
        parsed = dns.zone.from_text(head + text, origin, relativize=False, check_origin=False)
        self.sets: dict[tuple[dns.name.Name, int], dns.rdataset.Rdataset] = {
            (name(owner), int(rdataset.rdtype)): rdataset for owner, node in parsed.nodes.items() for rdataset in node}
        self.sigs: dict[tuple[dns.name.Name, int], list] = {}
        for key in keys:
            self.add(self.origin, key.rdata)

    def __getitem__(self, at: tuple[str, str]) -> dns.rdataset.Rdataset:
        return self.sets[name(self.full(at[0])), type_of(at[1])]

    def full(self, owner: str | dns.name.Name) -> dns.name.Name:
        """A name in the zone, by its text as a master file has it."""
        return owner if isinstance(owner, dns.name.Name) else dns.name.from_text("" if owner == "@" else owner, self.origin)

    def add(self, owner, rdata, ttl: int | None = None):
        at = name(self.full(owner)), int(rdata.rdtype)
        if at not in self.sets:
            self.sets[at] = dns.rdataset.Rdataset(IN, rdata.rdtype, ttl=self.ttl if ttl is None else ttl)
        self.sets[at].add(rdata, self.sets[at].ttl)

    def cuts(self) -> set[dns.name.Name]:
        return {owner for owner, t in self.sets if t == 2 and owner != self.origin}

    def is_below_cut(self, owner: dns.name.Name, cuts: set[dns.name.Name]) -> bool:
        return any(owner != cut and owner.is_subdomain(cut) for cut in cuts)

    def authoritative(self) -> dict[dns.name.Name, set[int]]:
        """Owners and their types, without what lies below cuts; of a cut, NS and DS alone."""
        cuts, out = self.cuts(), {}
        for owner, t in self.sets:
            if not self.is_below_cut(owner, cuts) and (owner not in cuts or t in (2, 43, 47)):
                out.setdefault(owner, set()).add(t)
        return out

    def sign(self, ksk: Iterable[Key], zsk: Iterable[Key], *, nsec3: tuple[int, str] | None = None, opt_out: bool = False,
             inception: int | None = None, expiration: int | None = None,
             change: Callable[["Zone"], None] | None = None) -> "Zone":
        """Denial, then a signature of each key over each set. nsec3: (iterations, salt in hexadecimal). `change` acts between the two."""
        if nsec3 is None:
            self.make_nsec()
        else:
            self.make_nsec3(*nsec3, opt_out)
        if change:
            change(self)
        for owner, types in self.authoritative().items():
            for t in types:
                if t == 46 or owner in self.cuts() and t == 2:
                    continue
                by = ksk if t == 48 else zsk
                self.sigs[owner, t] = [rrsig(owner, self.sets[owner, t], key, self.origin, inception=inception, expiration=expiration)
                                       for key in by]
        return self

    def resign(self, owner, rdtype, *keys: Key, **how) -> None:
        """That set's signatures are these."""
        at = name(self.full(owner)), type_of(rdtype)
        how.setdefault("signer", self.origin)
        self.sigs[at] = [rrsig(at[0], self.sets[at], key, **how) for key in keys]

    def resign_all(self, *keys: Key, of=lambda owner, rdtype: True, **how) -> None:
        for owner, rdtype in self.sigs:
            if of(owner, rdtype):
                self.resign(owner, rdtype, *keys, **how)

    def make_nsec(self) -> None:
        owners = self.authoritative()
        ordered = sorted(owners)
        for n, owner in enumerate(ordered):
            following = ordered[(n + 1) % len(ordered)]
            wire = following.to_wire() + bitmap(owners[owner] | {46, 47})
            self.add(owner, dns.rdata.from_wire(IN, 47, wire, 0, len(wire)), self.minimum)

    def make_nsec3(self, iterations: int, salt_text: str, opt_out: bool) -> None:
        salt, owners, cuts = bytes.fromhex(salt_text), self.authoritative(), self.cuts()
        param = struct.pack("!BBHB", 1, 0, iterations, len(salt)) + salt
        self.add(self.origin, dns.rdata.from_wire(IN, 51, param, 0, len(param)), 0)
        owners[self.origin] = owners[self.origin] | {51}
        hashed: dict[bytes, set[int]] = {}
        for owner, types in owners.items():
            insecure = owner in cuts and 43 not in types
            if insecure and opt_out:
                continue
            signed = set() if insecure else {46}
            hashed.setdefault(hash_of(owner, salt, iterations), set()).update(types | signed)
            above = owner
            while above != self.origin and (above := above.parent()) != self.origin:  # empty non-terminals
                hashed.setdefault(hash_of(above, salt, iterations), set())
        ordered = sorted(hashed)
        for n, digest in enumerate(ordered):
            following = ordered[(n + 1) % len(ordered)]
            wire = (struct.pack("!BBHB", 1, opt_out, iterations, len(salt)) + salt + bytes([len(following)]) + following +
                    bitmap(hashed[digest]))
            self.add(dns.name.from_text(base32hex(digest), self.origin), dns.rdata.from_wire(IN, 50, wire, 0, len(wire)), self.minimum)

    def remove(self, rdtype, owner=None) -> None:
        """Sets of that type, with their signatures."""
        wanted = None if owner is None else name(self.full(owner))
        for at in [at for at in self.sets if at[1] == type_of(rdtype) and wanted in (None, at[0])]:
            del self.sets[at]
            self.sigs.pop(at, None)

    def text(self) -> str:
        lines = []
        for (owner, _), rdataset in sorted(self.sets.items(), key=lambda item: (item[0][0], item[0][1] != 6)):
            lines += [f"{owner} {rdataset.ttl} IN {dns.rdatatype.to_text(rdataset.rdtype)} {r.to_text()}" for r in rdataset]
            lines += [f"{owner} {rdataset.ttl} IN RRSIG {s.to_text()}" for s in self.sigs.get((owner, int(rdataset.rdtype)), ())]
        return "\n".join(lines) + "\n"
