"""The names that are asked: each zone of the signed tree, in all ways in which something can be there or not be there."""

from dataclasses import dataclass

import faults
import tree


@dataclass(frozen=True)
class Name:
    owner: str
    rdtype: str
    kind: str
    zone: str


KINDS = {
    "existing": [("www", "A"), ("www", "AAAA"), ("@", "A"), ("@", "MX"), ("@", "TXT"), ("@", "SOA"), ("@", "NS"), ("large", "TXT"),
                 ("*.wild", "A")],
    "keys": [("@", "DNSKEY"), ("@", "DS"), ("secure", "DS"), ("insecure", "DS"), ("www", "DS")],
    "nodata": [("www", "TXT"), ("only4", "AAAA"), ("here.wild", "TXT")],
    "nxdomain": [("none", "A"), ("zzz", "AAAA"), ("none.of.it", "A"), ("x.here.wild", "A"), ("below.www", "A")],
    "empty non-terminal": [("ent", "A"), ("b.ent", "TXT"), ("c.b.ent", "A")],
    "wildcard": [("x.wild", "A"), ("y.x.wild", "TXT"), ("x.wild", "MX"), ("x.walias", "A")],
    "alias": [("alias", "A"), ("alias", "CNAME"), ("alias", "TXT"), ("chain", "A"), ("nowhere", "A"), ("cross", "A"), ("crosswild", "A"),
              ("crossnone", "A"), ("crossnodata", "AAAA"), ("toplain", "A"), ("tobogus", "A")],
    "DNAME": [("www.old", "A"), ("nope.old", "A"), ("old", "DNAME"), ("old", "A"), ("www.oldcross", "AAAA")],
    "below": [("www.secure", "A"), ("nope.secure", "A"), ("x.wild.secure", "A"), ("www.insecure", "A"), ("nope.insecure", "A"),
              ("x.wild.insecure", "A"), ("secure", "NS")],
}


def full(owner: str, zone: str) -> str:
    return zone if owner == "@" else f"{owner}.{zone}"


def all_names() -> list[Name]:
    out = [Name(full(owner, spec.name), rdtype, kind, spec.name) for spec in tree.SPECS for kind, questions in KINDS.items()
           for owner, rdtype in questions]
    for fault in faults.FAULTS:
        more = [("www", "A"), ("other", "A"), ("www", "TXT"), ("none", "A"), ("x.wild", "A"), ("alias", "A"), ("www.old", "A"), ("@", "DNSKEY")]
        out += [Name(full(owner, fault.zone), rdtype, fault.verdict, fault.zone) for owner, rdtype in dict.fromkeys([fault.ask, *more])]
    for zone in ("plain.xo.", "signed.xo.", "plain.xn.", "island.xn."):
        out += [Name(full(owner, zone), rdtype, "top level", zone)
                for owner, rdtype in [("www", "A"), ("none", "A"), ("@", "DS"), ("a.ent", "A"), ("ent", "A"), ("x.wild", "A"), ("alias", "A")]]
    out += [Name(owner, rdtype, "top level", ".") for owner in (".", "xs.", "xo.", "xn.", "none.", "none.xs.", "none.xo.", "none.xn.")
            for rdtype in ("A", "NS", "DS", "SOA")]
    return out
