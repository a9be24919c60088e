"""Each zone of the signed tree (tests/lab/tree.py), asked for everything that can be there or not be there."""

import faults
import pytest
import tree
from validator import RESOLVER, validator

SECURE, INSECURE = "NOERROR AD", "NOERROR"
NO_NAME = "NXDOMAIN AD"
UNSUPPORTED_ALGORITHM, UNSUPPORTED_ITERATIONS, SYNTHESISED = 1, 27, 29
WITH_SHA1 = {"dnssec": {"algorithms-off": []}} if RESOLVER == "hark" else None


@pytest.fixture(scope="module")
def zones(tmp_path_factory):
    with tree.Tree().serve(tmp_path_factory.mktemp("tree")) as t:
        yield t


@pytest.fixture(scope="module")
def ask(zones, tmp_path_factory):
    with validator(tmp_path_factory.mktemp("resolver"), zones.hints, zones.anchor, settings=WITH_SHA1) as v:
        yield v.ask


@pytest.fixture(scope="module")
def ask_by_default(zones, tmp_path_factory):
    with validator(tmp_path_factory.mktemp("default"), zones.hints, zones.anchor) as v:
        yield v.ask


def said(heard) -> str:
    return heard.rcode + (" AD" if heard.ad else "")


# What is asked of each zone, and what a zone with NSEC says.
QUESTIONS = {
    ("www", "A"): SECURE, ("www", "AAAA"): SECURE, ("www", "TXT"): SECURE, ("@", "MX"): SECURE, ("@", "DNSKEY"): SECURE, ("@", "DS"): SECURE,
    ("large", "TXT"): SECURE, ("none", "A"): NO_NAME, ("none.of.it", "A"): NO_NAME, ("ent", "A"): SECURE, ("b.ent", "TXT"): SECURE,
    ("c.b.ent", "A"): NO_NAME, ("x.wild", "A"): SECURE, ("y.x.wild", "TXT"): SECURE, ("x.wild", "MX"): SECURE, ("here.wild", "TXT"): SECURE,
    ("x.here.wild", "A"): NO_NAME, ("*.wild", "A"): SECURE, ("x.walias", "A"): SECURE, ("chain", "A"): SECURE, ("nowhere", "A"): NO_NAME,
    ("alias", "TXT"): SECURE, ("cross", "A"): SECURE, ("www.old", "A"): SECURE, ("nope.old", "A"): NO_NAME, ("old", "DNAME"): SECURE,
    ("www.oldcross", "AAAA"): SECURE, ("www.secure", "A"): SECURE, ("nope.secure", "A"): NO_NAME, ("x.wild.secure", "A"): SECURE,
    ("secure", "DS"): SECURE, ("insecure", "DS"): SECURE, ("www.insecure", "A"): INSECURE, ("nope.insecure", "A"): "NXDOMAIN",
    ("toplain", "A"): INSECURE, ("tobogus", "A"): "SERVFAIL",
}
# Of these the proof has a span with opt-out (RFC 5155 9.2), or too many iterations (RFC 9276 3.2): what is signed is believed, never AD.
BY_SPAN = {("none", "A"), ("none.of.it", "A"), ("c.b.ent", "A"), ("x.wild", "A"), ("y.x.wild", "TXT"), ("x.wild", "MX"), ("x.here.wild", "A"),
           ("x.walias", "A"), ("nowhere", "A"), ("nope.old", "A"), ("insecure", "DS")}
DENIED = BY_SPAN | {("www", "TXT"), ("ent", "A"), ("b.ent", "TXT"), ("here.wild", "TXT"), ("alias", "TXT"), ("*.wild", "MX")}


def expected(spec: tree.Spec, question: tuple[str, str]) -> set[str]:
    right = QUESTIONS[question]
    plain = right.removesuffix(" AD")
    if spec.is_insecure and question in DENIED:
        return {plain}
    if spec.denial.opt_out and question in BY_SPAN:
        # ldns-signzone sets the flag and has records for the unsigned delegations all the same
        return {plain, right} if question == ("insecure", "DS") and spec.signer == "ldns" else {plain}
    return {right}


def full(owner: str, zone: str) -> str:
    return zone if owner == "@" else f"{owner}.{zone}"


@pytest.mark.parametrize("spec", tree.SPECS, ids=lambda s: s.name)
def test_zone(ask, spec):
    wrong = {}
    for question in QUESTIONS:
        heard = ask(full(question[0], spec.name), question[1])
        if said(heard) not in expected(spec, question):
            wrong[question] = f"{heard}, not {' or '.join(expected(spec, question))}"
    assert not wrong


@pytest.mark.parametrize("signer", tree.SIGNERS)
def test_too_many_iterations_are_told(ask, signer):
    heard = ask(f"never.{signer}-13-iter51.xs.")
    assert (heard.rcode, heard.ad) == ("NXDOMAIN", False) and (RESOLVER != "hark" or UNSUPPORTED_ITERATIONS in heard.ede), str(heard)
    heard = ask(f"never.{signer}-13-iter50.xs.")
    assert said(heard) == NO_NAME and heard.ede <= {SYNTHESISED}, str(heard)


@pytest.mark.skipif(RESOLVER != "hark", reason="defaults are each resolver's own")
@pytest.mark.parametrize("algorithm", tree.ALGORITHMS)
def test_algorithms_by_default(ask_by_default, algorithm):
    """RFC 9905: those with SHA-1 are as if nobody knew them."""
    for owner in ("www", "none", "x.wild"):
        heard = ask_by_default(f"{owner}.py-{algorithm}-nsec.xs.")
        assert heard.rcode == ("NXDOMAIN" if owner == "none" else "NOERROR"), str(heard)
        assert heard.ad == (algorithm not in (5, 7)) and (heard.ad or UNSUPPORTED_ALGORITHM in heard.ede), str(heard)


@pytest.mark.parametrize("fault", faults.FAULTS, ids=lambda f: f.name)
def test_fault(ask, fault):
    name = full(fault.ask[0], fault.zone)
    heard = ask(name, fault.ask[1])
    assert heard.verdict == fault.verdict, f"{heard}: {fault.reason}"
    if RESOLVER == "hark" and fault.ede:
        assert heard.ede & fault.ede, f"{heard}, not {sorted(fault.ede)}: {fault.reason}"
        assert all(heard.texts), str(heard)
    if fault.verdict == "bogus":
        unchecked = ask(name, fault.ask[1], cd=True)
        assert unchecked.rcode != "SERVFAIL" and not unchecked.ad, str(unchecked)
    for owner, rdtype in fault.others:
        assert (other := ask(full(owner, fault.zone), rdtype)).verdict == "secure", f"{owner} {rdtype}: {other}"


@pytest.mark.parametrize("name, verdict", [
    ("www.plain.xo.", "insecure"), ("nope.plain.xo.", "insecure"), ("www.signed.xo.", "secure"), ("nope.signed.xo.", "secure"),
    ("www.plain.xn.", "insecure"), ("www.island.xn.", "insecure"), ("nope.xn.", "insecure"), ("nope.xo.", "insecure"), ("nope.xs.", "secure"),
    ("nope.", "secure"), (".", "secure")])
def test_tld(ask, name, verdict):
    assert ask(name, "A").verdict == verdict
