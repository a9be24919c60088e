"""Where peers may say something else than hark, and which RFC allows or demands what hark says.

Reason(text, zones, peers, when): of zones whose names match the pattern, for these peers, where when(name, hark's, theirs) holds.
"""

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reason:
    text: str
    zones: tuple[str, ...]
    peers: tuple[str, ...]
    when: Callable = field(compare=False)


def why(name, peer: str, ours, theirs) -> Reason | None:
    return next((r for r in REASONS if peer in r.peers and any(fnmatch.fnmatch(name.zone, z) for z in r.zones) and
                 r.when(name, ours, theirs)), None)


def only_ad(hark_has: bool):
    """Nothing differs but AD, which one of the two sets."""
    return lambda name, ours, theirs: (ours.rcode, ours.answer, ours.ad, theirs.ad) == (theirs.rcode, theirs.answer, hark_has, not hark_has)


def refused_here(name, ours, theirs) -> bool:
    return ours.rcode == "SERVFAIL" and theirs.rcode in ("NOERROR", "NXDOMAIN")


def refused_there(name, ours, theirs) -> bool:
    return theirs.rcode in ("SERVFAIL", "silence") and ours.rcode in ("NOERROR", "NXDOMAIN")


def insecure_with_ad(name, ours, theirs) -> bool:
    insecure = name.kind == "insecure" or name.zone.endswith(".xn.") or name.zone == "plain.xo." or "insecure." in name.owner
    return insecure and only_ad(False)(name, ours, theirs)


def below_a_dname(name, ours, theirs) -> bool:
    return name.kind == "DNAME" and ".old" in name.owner and theirs.rcode == "NXDOMAIN" and not theirs.answer and bool(ours.answer)


REASONS = [
    Reason("RFC 9276 3.2: the limit is the validator's; above 50 iterations hark believes nothing that NSEC3 says, these peers up to 150",
           ("*-13-iter51.xs.", "*-13-iter50.xs."), ("unbound", "bind", "pdns"), only_ad(False)),  # aliases lead from the one to the other
    Reason("RFC 9276 3.2: what is insecure is an answer that needs NSEC3 records of too many iterations, not all of the zone",
           ("*-13-iter51.xs.",), ("knot",), only_ad(True)),
    Reason("RFC 4034 2.1.1: a key without the zone bit verifies nothing", ("no-zone-bit.xs.",), ("bind",), refused_here),
    Reason("RFC 4034 2.1.2: a key of a protocol other than 3 is invalid", ("protocol.xs.",), ("bind",), refused_here),
    Reason("RFC 5011 2.1: a key with the revoke bit is good for nothing but its own revocation", ("revoked.xs.",), ("unbound",), refused_here),
    Reason("RFC 4509 3: SHA-1 does not count where SHA-256 stands beside it", ("sha1-beside.xs.",), ("unbound",), refused_here),
    Reason("RFC 6840 5.4: one good signature suffices", ("one-good.xs.",), ("bind",), refused_there),
    Reason("RFC 4035 5.2: of a zone of unknown algorithms nothing can be checked, its keys neither", ("algorithm-253.xs.",), ("bind",),
           refused_there),
    Reason("RFC 4035 5.5: a denial whose SOA has a wrong signature is bogus", ("soa-spoiled.xs.",), ("bind",), refused_here),
    Reason("RFC 5155 8.3: without a record of the closest encloser nothing is proven", ("nsec3-salt.xs.",), ("pdns",), refused_here),
    Reason("RFC 5155 9.2: a proof with an opt-out span never sets AD, behind an alias neither", ("*-13-optout.xs.",), ("pdns",), only_ad(False)),
    Reason("RFC 4035 3.2.3: nothing of an insecure zone has AD, asked with CD before or not", ("*",), ("pdns",), insecure_with_ad),
    Reason("RFC 6672 5.3.4.1: the NSEC3 record of a DNAME's owner does not deny what is below it", ("*.xs.",), ("pdns",), below_a_dname),
    Reason("RFC 6672 5.3.1: a signed DNAME and its target's data need no other proof", ("*-noproof.xs.", "nsec3-salt.xs.", "soa-spoiled.xs."),
           ("pdns",), lambda name, ours, theirs: refused_there(name, ours, theirs) and name.owner.startswith("www.old.")),
    Reason("RFC 4035 5.3.4: an expanded wildcard needs a proof that nothing is closer, not the SOA", ("soa-spoiled.xs.",), ("pdns",),
           lambda name, ours, theirs: refused_there(name, ours, theirs) and name.owner.startswith("x.wild.")),
]
