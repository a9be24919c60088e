"""Zones that are wrong in one point, or odd and right all the same; and roll-overs of keys, step by step, right and wrong.

FAULTS are zones NAME.xs. of the tree (tree.py). ROLLS and BROKEN_ROLLS are states of a zone, for whoever plays them (rolling.py). Each says what a
validator must make of it, and which extended error (RFC 8914) tells why; several where that leaves a choice.
"""

import dataclasses
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import sign
from sign import DAY, KSK, REVOKE, ZSK, Key, Zone, some_key, spoiled

ADDRESS = "10.53.0.3"  # of the server: tree.py
ALWAYS_S = 3600 * DAY
BOGUS, RRSIG_EXPIRED, NOT_YET_VALID, DNSKEY_MISSING, RRSIGS_MISSING, NO_ZONE_BIT, NSEC_MISSING, BACKWARDS = 6, 7, 8, 9, 10, 11, 12, 25
UNSUPPORTED_ALGORITHM, UNSUPPORTED_DIGEST = 1, 2

LEAF = """
@ NS ns
ns A {address}
@ A 192.0.2.111
www A 192.0.2.112
other A 192.0.2.113
*.wild A 192.0.2.114
a.ent A 192.0.2.115
alias CNAME www
old DNAME new
www.new A 192.0.2.116
"""


@dataclass(frozen=True)
class State:
    """What a zone and its parent say at one time: the keys in the DS set, in the DNSKEY set, and those that sign."""
    ds: tuple = ()  # keys, or (key, digest)
    keys: tuple[Key, ...] = ()
    ksk: tuple[Key, ...] = ()
    zsk: tuple[Key, ...] = ()
    nsec3: tuple[int, str] | None = None
    inception_s: int = -DAY  # from now
    expiration_s: int = ALWAYS_S
    signed: bool = True
    change: Callable[[Zone], None] | None = None  # before it is signed, after denial is made
    after: Callable[[Zone], None] | None = None  # when it is signed

    def make(self, origin: str, address: str = ADDRESS, serial: int = 1, ttl: int = 3600) -> tuple[str, list[str]]:
        """The master file, and the DS set of the parent."""
        now = int(time.time())
        zone = Zone(origin, LEAF.format(address=address), self.keys if self.signed else (), serial=serial, ttl=ttl)
        if self.signed:
            zone.sign(self.ksk, self.zsk, nsec3=self.nsec3, inception=now + self.inception_s, expiration=now + self.expiration_s,
                      change=self.change)
        if self.after:
            self.after(zone)
        pairs = [d if isinstance(d, tuple) else (d, 2) for d in self.ds]
        return zone.text(), [key.ds(origin, digest).to_text() if isinstance(key, Key) else key(origin) for key, digest in pairs]

    def but(self, **changed) -> "State":
        return dataclasses.replace(self, **changed)


@functools.cache
def pair(number: int, algorithm: int = 13) -> tuple[Key, Key]:
    """A KSK and a ZSK."""
    return some_key(f"roll {number}", algorithm, KSK), some_key(f"roll {number}", algorithm, ZSK)


def signed_by(number: int = 1, algorithm: int = 13, **more) -> State:
    k, z = pair(number, algorithm)
    return State(**{"ds": (k,), "keys": (k, z), "ksk": (k,), "zsk": (z,)} | more)


K1, Z1 = pair(1)
K2, Z2 = pair(2)
GOOD = signed_by()


# ---- faults ------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Fault:
    name: str
    reason: str
    state: State
    ask: tuple[str, str] = ("www", "A")
    verdict: str = "bogus"
    ede: frozenset[int] = field(default_factory=frozenset)
    others: tuple[tuple[str, str], ...] = ()  # questions that have nothing to do with the fault: secure

    @property
    def zone(self) -> str:
        return f"{self.name}.xs."

    def make(self) -> tuple[str, list[str]]:
        return self.state.make(self.zone)


def spoil(owner: str, rdtype: str) -> Callable[[Zone], None]:
    def act(zone: Zone):
        at = sign.name(zone.full(owner)), sign.type_of(rdtype)
        zone.sigs[at] = [spoiled(s) for s in zone.sigs[at]]
    return act


def unsign(owner: str, rdtype: str) -> Callable[[Zone], None]:
    return lambda zone: zone.sigs.pop((sign.name(zone.full(owner)), sign.type_of(rdtype)))


def resigned(owner: str, rdtype: str, *keys: Key, **how) -> Callable[[Zone], None]:
    return lambda zone: zone.resign(owner, rdtype, *keys, **how)


def changed_data(zone: Zone) -> None:
    import dns.rdata
    rdataset = zone["www", "A"]
    rdataset.clear()
    rdataset.add(dns.rdata.from_text("IN", "A", "203.0.113.66"), 3600)


def no_nsec(zone: Zone) -> None:
    zone.remove("NSEC")


def wrong_bitmap(zone: Zone) -> None:
    """NSEC of www says that there is a TXT record."""
    import dns.rdata
    rdataset = zone["www", "NSEC"]
    following = rdataset[0].next
    rdataset.clear()
    wire = following.to_wire() + sign.bitmap({1, 16, 46, 47})
    rdataset.add(dns.rdata.from_wire(1, 47, wire, 0, len(wire)), 300)


def wrong_salt(zone: Zone) -> None:
    """NSEC3 records whose owners were hashed with another salt than they say."""
    import dns.rdata
    for (_, rdtype), rdataset in zone.sets.items():
        if rdtype == 50:
            wire = bytearray(rdataset[0].to_wire())
            wire[5] ^= 0xFF
            rdataset.clear()
            rdataset.add(dns.rdata.from_wire(1, 50, bytes(wire), 0, len(wire)), 300)


def at(days: float) -> int:
    return int(time.time() + days * DAY)


def dated(owner: str, rdtype: str, key: Key, first: float, last: float) -> Callable[[Zone], None]:
    return lambda zone: zone.resign(owner, rdtype, key, inception=at(first), expiration=at(last))


def wildcard_forged(zone: Zone) -> None:
    """www is signed as an expansion of the zone's wildcard would be."""
    zone.resign("www", "A", Z1, labels=len(zone.origin.labels) - 1, signed_owner=f"*.{zone.origin}")


def add_signature(owner: str, rdtype: str, key: Key, make=lambda s: s) -> Callable[[Zone], None]:
    def act(zone: Zone):
        at_ = sign.name(zone.full(owner)), sign.type_of(rdtype)
        zone.sigs[at_].insert(0, make(sign.rrsig(at_[0], zone.sets[at_], key, zone.origin)))
    return act


def wrong_digest(origin: str) -> str:
    tag, algorithm, digest, hashed = K1.ds(origin).to_text().split(" ", 3)
    return f"{tag} {algorithm} {digest} {hashed[::-1]}"


def ds_of_number(algorithm: int) -> Callable[[str], str]:
    def act(origin: str) -> str:
        tag, _, digest, hashed = K1.ds(origin).to_text().split(" ", 3)
        return f"{tag} {algorithm} {digest} {hashed}"
    return act


def damaged(key: Key) -> Key:
    """Its DNSKEY holds no point of the curve."""
    out = key.like()
    out.octets = b"\xff" * len(key.octets)
    return out


def unknown(algorithm: int) -> State:
    """Signed with P-256 in truth, but the records say another algorithm."""
    k, z = K1.like(says=algorithm), Z1.like(says=algorithm)
    return State((k,), (k, z), (k,), (z,))


NOT_ZONE = K1.like(flags=1)
ZSK_NOT_ZONE = Z1.like(flags=0)
REVOKED = K1.like(flags=KSK | REVOKE)
PROTOCOL_4 = K1.like(protocol=4)
BAD_K1 = damaged(K1)
OTHERS = (("other", "A"),)


def bogus(name: str, reason: str, state: State, *ede: int, ask=("www", "A"), others=()) -> Fault:
    return Fault(name, reason, state, ask, "bogus", frozenset(ede), tuple(others))


FAULTS = [
    bogus("expired", "every signature expired three days ago", GOOD.but(inception_s=-30 * DAY, expiration_s=-3 * DAY), RRSIG_EXPIRED),
    bogus("future", "every signature is valid from next month", GOOD.but(inception_s=30 * DAY), NOT_YET_VALID),
    bogus("data-expired", "the signature of www A alone expired", GOOD.but(after=dated("www", "A", Z1, -30, -3)), RRSIG_EXPIRED,
          others=OTHERS),
    bogus("data-future", "the signature of www A alone is valid from tomorrow", GOOD.but(after=dated("www", "A", Z1, 1, 9)), NOT_YET_VALID,
          others=OTHERS),
    bogus("backwards", "the signature of www A expired before it was valid", GOOD.but(after=dated("www", "A", Z1, -1, -9)), BACKWARDS,
          RRSIG_EXPIRED, others=OTHERS),
    bogus("keys-expired", "the signature of the DNSKEY set expired", GOOD.but(after=dated("@", "DNSKEY", K1, -30, -3)), RRSIG_EXPIRED),
    bogus("spoiled", "one bit of the signature of www A is wrong", GOOD.but(after=spoil("www", "A")), BOGUS, others=OTHERS),
    bogus("changed", "www A was changed after it was signed", GOOD.but(after=changed_data), BOGUS, others=OTHERS),
    bogus("keys-spoiled", "one bit of the signature of the DNSKEY set is wrong", GOOD.but(after=spoil("@", "DNSKEY")), BOGUS),
    bogus("unsigned-set", "www A has no signature", GOOD.but(after=unsign("www", "A")), RRSIGS_MISSING, others=OTHERS),
    bogus("unsigned-keys", "the DNSKEY set has no signature", GOOD.but(after=unsign("@", "DNSKEY")), RRSIGS_MISSING),
    bogus("keys-by-zsk", "the DNSKEY set is signed by the ZSK alone, which no DS names", GOOD.but(ksk=(Z1,)), DNSKEY_MISSING, BOGUS),
    bogus("ds-wrong-digest", "the digest of the DS is wrong", GOOD.but(ds=((wrong_digest, 2),)), DNSKEY_MISSING),
    bogus("ds-of-another", "the DS is of a key that the zone has not", GOOD.but(ds=(K2,)), DNSKEY_MISSING),
    bogus("ds-wrong-algorithm", "the DS has the key's tag and digest, and algorithm 8", GOOD.but(ds=((ds_of_number(8), 2),)),
          DNSKEY_MISSING),
    bogus("sha1-beside", "the DS of SHA-1 is right, that of SHA-256 is wrong (RFC 4509 3)", GOOD.but(ds=((K1, 1), (wrong_digest, 2))),
          DNSKEY_MISSING),
    bogus("no-zone-bit", "the KSK has no zone bit", GOOD.but(ds=(NOT_ZONE,), keys=(NOT_ZONE, Z1), ksk=(NOT_ZONE,)), NO_ZONE_BIT),
    bogus("zsk-no-zone-bit", "the ZSK has no zone bit", GOOD.but(keys=(K1, ZSK_NOT_ZONE), zsk=(ZSK_NOT_ZONE,)), NO_ZONE_BIT,
          DNSKEY_MISSING),
    bogus("protocol", "the KSK's protocol is 4 (RFC 4034 2.1.2)", GOOD.but(ds=(PROTOCOL_4,), keys=(PROTOCOL_4, Z1), ksk=(PROTOCOL_4,)),
          BOGUS, DNSKEY_MISSING, NO_ZONE_BIT),
    bogus("revoked", "the one KSK is revoked, and the DS names it so", GOOD.but(ds=(REVOKED,), keys=(REVOKED, Z1), ksk=(REVOKED,)),
          BOGUS, DNSKEY_MISSING),
    bogus("key-damaged", "the KSK is no point of the curve", GOOD.but(ds=(BAD_K1,), keys=(BAD_K1, Z1), ksk=(BAD_K1,)), BOGUS),
    bogus("signer-parent", "www A is signed in the name of xs.", GOOD.but(after=resigned("www", "A", Z1, signer="xs.")), BOGUS,
          DNSKEY_MISSING, others=OTHERS),
    bogus("signer-sibling", "www A is signed in the name of another zone", GOOD.but(after=resigned("www", "A", Z1, signer="py-13-nsec.xs.")),
          BOGUS, others=OTHERS),
    bogus("signer-below", "www A is signed in the name of www", GOOD.but(after=lambda z: z.resign("www", "A", Z1, signer=z.full("www"))),
          BOGUS, others=OTHERS),
    bogus("zsk-gone", "www A is signed by a key that is not in the zone", GOOD.but(after=resigned("www", "A", Z2)), DNSKEY_MISSING,
          others=OTHERS),
    bogus("sig-algorithm", "the signature of www A says algorithm 8", GOOD.but(after=resigned("www", "A", Z1, algorithm=8)), DNSKEY_MISSING,
          BOGUS, others=OTHERS),
    bogus("unsigned-zone", "there is a DS, and the zone is not signed at all", GOOD.but(signed=False), DNSKEY_MISSING, RRSIGS_MISSING,
          NSEC_MISSING),
    bogus("labels-more", "the signature counts more labels than www has (RFC 4035 5.3.1)", GOOD.but(after=resigned("www", "A", Z1, labels=9)),
          BOGUS, others=OTHERS),
    bogus("labels-fewer", "www is signed as if it came of a wildcard (RFC 4035 5.3.4)", GOOD.but(after=wildcard_forged), NSEC_MISSING,
          BOGUS, others=OTHERS),
    bogus("wild-noproof", "an expanded wildcard without a proof that nothing is closer", GOOD.but(change=no_nsec), NSEC_MISSING,
          ask=("x.wild", "A"), others=OTHERS),
    bogus("nodata-noproof", "NODATA without NSEC", GOOD.but(change=no_nsec), NSEC_MISSING, ask=("www", "TXT"), others=OTHERS),
    bogus("nxdomain-noproof", "NXDOMAIN without NSEC", GOOD.but(change=no_nsec), NSEC_MISSING, ask=("not-there", "A"), others=OTHERS),
    bogus("nsec-bitmap", "NODATA whose NSEC says that the type is there", GOOD.but(change=wrong_bitmap), BOGUS, NSEC_MISSING,
          ask=("www", "TXT"), others=OTHERS),
    bogus("nsec-unsigned", "NODATA whose NSEC has no signature", GOOD.but(after=unsign("www", "NSEC")), RRSIGS_MISSING, NSEC_MISSING,
          ask=("www", "TXT"), others=OTHERS),
    bogus("nsec-expired", "NODATA whose NSEC's signature expired", GOOD.but(after=dated("www", "NSEC", Z1, -30, -3)), RRSIG_EXPIRED,
          ask=("www", "TXT"), others=OTHERS),
    bogus("nsec3-salt", "NODATA whose NSEC3 record was hashed with another salt", GOOD.but(nsec3=(0, "aabb"), change=wrong_salt),
          NSEC_MISSING, BOGUS, ask=("www", "TXT"), others=OTHERS),
    bogus("cname-spoiled", "the signature of an alias is wrong", GOOD.but(after=spoil("alias", "CNAME")), BOGUS, ask=("alias", "A"),
          others=OTHERS),
    bogus("dname-unsigned", "a DNAME has no signature", GOOD.but(after=unsign("old", "DNAME")), RRSIGS_MISSING, ask=("www.old", "A"),
          others=OTHERS),
    bogus("soa-spoiled", "the signature of the SOA in a denial is wrong", GOOD.but(after=spoil("@", "SOA")), BOGUS, ask=("www", "TXT"),
          others=OTHERS),
    # not bogus: nobody can say (RFC 4035 5.2)
    Fault("algorithm-12", "an algorithm that nobody verifies (GOST)", unknown(12), verdict="insecure", ede=frozenset({UNSUPPORTED_ALGORITHM})),
    Fault("algorithm-200", "an algorithm that is not assigned", unknown(200), verdict="insecure", ede=frozenset({UNSUPPORTED_ALGORITHM})),
    Fault("algorithm-253", "a private algorithm", unknown(253), verdict="insecure", ede=frozenset({UNSUPPORTED_ALGORITHM})),
    Fault("digest-200", "a digest that is not assigned", GOOD.but(ds=((K1, 200),)), verdict="insecure", ede=frozenset({UNSUPPORTED_DIGEST})),
    Fault("no-ds", "signed, and the parent has no DS", GOOD.but(ds=()), verdict="insecure"),
    # odd, and right
    Fault("one-good", "of two signatures of www A one is wrong (RFC 6840 5.4)", GOOD.but(after=add_signature("www", "A", Z1, spoiled)),
          verdict="secure"),
    Fault("one-keyless", "a second signature by a key that is not there", GOOD.but(after=add_signature("www", "A", Z2)), verdict="secure"),
    Fault("ds-beside", "a DS of an unknown algorithm and one of an absent key beside the right one",
          GOOD.but(ds=(K1, K2, (ds_of_number(200), 2))), verdict="secure"),
    Fault("digest-beside", "a DS of an unknown digest beside the right one", GOOD.but(ds=(K1, (K1, 200))), verdict="secure"),
    Fault("standby", "keys that do not sign", GOOD.but(keys=(K1, K2, Z1, Z2)), verdict="secure"),
    Fault("csk", "one key for all, with the SEP flag", GOOD.but(keys=(K1,), zsk=(K1,)), verdict="secure"),
    Fault("csk-zsk", "one key for all, without the SEP flag (RFC 4034 2.1.1: it means nothing)", State((Z1,), (Z1,), (Z1,), (Z1,)),
          verdict="secure"),
    Fault("revoked-beside", "a revoked key beside a good one", GOOD.but(keys=(K1, K2.like(flags=KSK | REVOKE), Z1)), verdict="secure"),
    Fault("two-algorithms", "DS of two algorithms, signed by one (RFC 6840 5.11)", GOOD.but(ds=(K1, pair(1, 15)[0])), verdict="secure"),
]


# ---- roll-overs --------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Roll:
    name: str
    steps: tuple[State, ...]
    source: str


def algorithm_roll(old: int, new: int, conservative: bool) -> tuple[State, ...]:
    (ko, zo), (kn, zn) = pair(1, old), pair(1, new)
    first, last = signed_by(1, old), signed_by(1, new)
    both = State((ko,), (ko, zo, kn, zn), (ko, kn), (zo, zn))
    if not conservative:
        return first, both, both.but(ds=(kn,)), last
    return (first, first.but(zsk=(zo, zn)), both, both.but(ds=(kn,)), last.but(zsk=(zo, zn)), last)


ROLLS = [
    Roll("zsk-prepublish", (GOOD, GOOD.but(keys=(K1, Z1, Z2)), GOOD.but(keys=(K1, Z1, Z2), zsk=(Z2,)), GOOD.but(keys=(K1, Z2), zsk=(Z2,))),
         "RFC 6781 4.1.1.1"),
    Roll("zsk-double", (GOOD, GOOD.but(keys=(K1, Z1, Z2), zsk=(Z1, Z2)), GOOD.but(keys=(K1, Z2), zsk=(Z2,))), "RFC 6781 4.1.1.2"),
    Roll("ksk-double", (GOOD, GOOD.but(keys=(K1, K2, Z1), ksk=(K1, K2)), GOOD.but(ds=(K2,), keys=(K1, K2, Z1), ksk=(K1, K2)),
                        GOOD.but(ds=(K2,), keys=(K2, Z1), ksk=(K2,))), "RFC 6781 4.1.2"),
    Roll("ksk-double-ds", (GOOD, GOOD.but(ds=(K1, K2)), GOOD.but(ds=(K1, K2), keys=(K2, Z1), ksk=(K2,)),
                           GOOD.but(ds=(K2,), keys=(K2, Z1), ksk=(K2,))), "RFC 7583 3.3.3"),
    Roll("ksk-revoked", (GOOD, GOOD.but(keys=(K1, K2, Z1), ksk=(K1, K2)), GOOD.but(ds=(K2,), keys=(K1, K2, Z1), ksk=(K1, K2)),
                         GOOD.but(ds=(K2,), keys=(REVOKED, K2, Z1), ksk=(REVOKED, K2)), GOOD.but(ds=(K2,), keys=(K2, Z1), ksk=(K2,))),
         "RFC 5011 6.3"),
    Roll("csk", (State((K1,), (K1,), (K1,), (K1,)), State((K1,), (K1, K2), (K1, K2), (K1,)), State((K1, K2), (K1, K2), (K1, K2), (K1,)),
                 State((K1, K2), (K1, K2), (K1, K2), (K2,)), State((K2,), (K1, K2), (K1, K2), (K2,)), State((K2,), (K2,), (K2,), (K2,))),
         "RFC 6781 4.1.3"),
    Roll("8-13-conservative", algorithm_roll(8, 13, True), "RFC 6781 4.1.4"),
    Roll("8-13-liberal", algorithm_roll(8, 13, False), "RFC 6781 4.1.4, RFC 6840 5.11"),
    Roll("13-15-conservative", algorithm_roll(13, 15, True), "RFC 6781 4.1.4"),
    Roll("13-15-liberal", algorithm_roll(13, 15, False), "RFC 6781 4.1.4, RFC 6840 5.11"),
    Roll("nsec-nsec3", (GOOD, GOOD.but(nsec3=(0, "")), GOOD.but(nsec3=(0, "aabb")), GOOD), "RFC 5155 10.4, 10.5"),
    Roll("unsign", (GOOD, GOOD.but(ds=()), GOOD.but(ds=(), signed=False)), "RFC 6781 4.4"),
    Roll("sign", (GOOD.but(ds=(), signed=False), GOOD.but(ds=()), GOOD), "RFC 6781 4.4"),
]

K15, Z15 = pair(1, 15)


def broken(name: str, reason: str, state: State, *ede: int, ask=("www", "A")) -> Fault:
    return Fault(name, reason, state, ask, "bogus", frozenset(ede))


BROKEN_ROLLS = [
    broken("zsk-removed-early", "the old ZSK is gone, its signatures are not", GOOD.but(keys=(K1, Z2)), DNSKEY_MISSING),
    broken("zsk-used-early", "the new ZSK signs before it is published", GOOD.but(zsk=(Z2,)), DNSKEY_MISSING),
    broken("zsk-half", "one set was left to the old ZSK, which is gone",
           GOOD.but(keys=(K1, Z2), zsk=(Z2,), after=resigned("www", "A", Z1)), DNSKEY_MISSING),
    broken("zsk-without-zone-bit", "the new ZSK lacks the zone bit", GOOD.but(keys=(K1, ZSK_NOT_ZONE), zsk=(ZSK_NOT_ZONE,)), NO_ZONE_BIT,
           DNSKEY_MISSING),
    broken("zsk-forgot-one", "www A was not signed again", GOOD.but(keys=(K1, Z2), zsk=(Z2,), after=unsign("www", "A")), RRSIGS_MISSING),
    broken("ksk-removed-early", "the old KSK is gone, the DS still names it", GOOD.but(keys=(K2, Z1), ksk=(K2,)), DNSKEY_MISSING),
    broken("ds-changed-early", "the DS names a KSK that is not published yet", GOOD.but(ds=(K2,)), DNSKEY_MISSING),
    broken("ksk-does-not-sign", "the DS names the new KSK, which is published and does not sign",
           GOOD.but(ds=(K2,), keys=(K1, K2, Z1)), DNSKEY_MISSING),
    broken("ksk-signs-early", "the old KSK signs no more, the DS still names it", GOOD.but(keys=(K1, K2, Z1), ksk=(K2,)), DNSKEY_MISSING),
    broken("ksk-revoked-early", "the KSK is revoked, the DS names it as it was", GOOD.but(keys=(REVOKED, K2, Z1), ksk=(REVOKED, K2)),
           DNSKEY_MISSING, BOGUS),
    broken("ds-mistyped", "the digest of the new DS is wrong", GOOD.but(ds=((wrong_digest, 2),)), DNSKEY_MISSING),
    broken("ds-of-zsk", "the new DS names the ZSK, which does not sign the keys", GOOD.but(ds=(Z1,)), DNSKEY_MISSING),
    broken("keys-by-zsk-alone", "the DNSKEY set was signed by the new ZSK alone", GOOD.but(keys=(K1, Z2), ksk=(Z2,), zsk=(Z2,)),
           DNSKEY_MISSING),
    broken("keys-not-signed-again", "the DNSKEY set has a new key and the signature of before",
           GOOD.but(keys=(K1, Z1, Z2), after=lambda z: stale_key_signature(z)), BOGUS),
    broken("algorithm-ds-early", "the DS is of the new algorithm, the zone of the old one", signed_by(1, 13).but(ds=(K15,)), DNSKEY_MISSING),
    broken("algorithm-keys-unsigned", "DS and key of the new algorithm, which does not sign the keys",
           State((K15,), (K1, Z1, K15, Z15), (K1,), (Z1, Z15)), DNSKEY_MISSING, RRSIGS_MISSING),
    broken("algorithm-signatures-old", "keys of the new algorithm, data signed by the old one", State((K15,), (K15, Z15), (K15,), (Z1,)),
           DNSKEY_MISSING),
    broken("algorithm-ds-old", "the old algorithm's keys are gone, the DS still names them", signed_by(1, 15).but(ds=(K1,)), DNSKEY_MISSING),
    broken("signer-stopped", "nobody signed during the roll: all signatures expired", GOOD.but(inception_s=-30 * DAY, expiration_s=-3 * DAY),
           RRSIG_EXPIRED),
    broken("ksk-offline", "the signature of the DNSKEY set expired", GOOD.but(after=dated("@", "DNSKEY", K1, -30, -1)), RRSIG_EXPIRED),
    broken("signer-clock", "the signer's clock is a week fast", GOOD.but(inception_s=7 * DAY), NOT_YET_VALID),
    broken("unsigned-early", "the zone is unsigned, the DS is still there", GOOD.but(signed=False), DNSKEY_MISSING, RRSIGS_MISSING,
           NSEC_MISSING),
    broken("denial-half", "NSEC is gone, NSEC3 not yet there", GOOD.but(change=no_nsec), NSEC_MISSING, ask=("not-there", "A")),
]


def stale_key_signature(zone: Zone) -> None:
    """The signature of the keys as they were: K1 and Z1."""
    before = Zone(zone.origin.to_text(), LEAF.format(address=ADDRESS), (K1, Z1))
    zone.sigs[zone.origin, 48] = [sign.rrsig(zone.origin, before["@", "DNSKEY"], K1, zone.origin)]
