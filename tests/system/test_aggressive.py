"""What was verified answers further questions (RFC 8198), for zones of signers that we did not write. A reply of that kind says so (EDE 29)."""

import dns.rdatatype
import pytest
import tree
from validator import RESOLVER, validator

pytestmark = pytest.mark.skipif(RESOLVER != "hark", reason="others do it differently")
SYNTHESISED = 29
NAMES = 120
RECORDS_MAX = 60  # of such a zone's chain, and a span may have to be learnt once for the name and once for the wildcard
KINDS = [f"{signer}-13-{denial}.xs" for signer in tree.SIGNERS for denial in ("nsec", "nsec3", "optout", "iter50")]


@pytest.fixture(scope="module")
def zones(tmp_path_factory):
    with tree.Tree().serve(tmp_path_factory.mktemp("tree")) as t:
        yield t


@pytest.fixture(scope="module")
def ask(zones, tmp_path_factory):
    with validator(tmp_path_factory.mktemp("resolver"), zones.hints, zones.anchor) as v:
        yield v.ask


def proofs(heard) -> set[str]:
    return {dns.rdatatype.to_text(rrset.rdtype) for rrset in heard.reply.authority}


@pytest.mark.parametrize("zone", KINDS)
def test_made_up_names(ask, zone):
    """Each span is asked for once; where names may hide in it, every time."""
    heard = [ask(f"{i * 7919 % 1000003:06}.{zone}.") for i in range(NAMES)]
    made = [h for h in heard if SYNTHESISED in h.ede]
    assert {h.rcode for h in heard} == {"NXDOMAIN"}
    if "optout" in zone:
        assert not made and not any(h.ad for h in heard)
        return
    assert all(h.ad for h in heard)
    assert len(made) >= NAMES - RECORDS_MAX
    for h in made:
        assert proofs(h) == {"SOA", "RRSIG", "NSEC" if "nsec." in zone else "NSEC3"}, str(h.reply)


@pytest.mark.parametrize("zone", KINDS)
def test_wildcards(ask, zone):
    ask(f"gone.{zone}.")
    # The closest encloser: no answer made of the wildcard brings its NSEC3, unless a name happens to fall into its own span.
    ask(f"wild.{zone}.")
    heard = [ask(f"{i * 7919 % 1000003:06}.wild.{zone}.") for i in range(NAMES)]
    made = [h for h in heard if SYNTHESISED in h.ede]
    assert {h.rcode for h in heard} == {"NOERROR"}
    assert len({h.reply.answer[0][0].address for h in heard}) == 1
    if "optout" in zone:
        assert not made
        return
    assert all(h.ad for h in heard) and len(made) >= NAMES - RECORDS_MAX
    for h in made:
        assert proofs(h) == {"RRSIG", "NSEC" if "nsec." in zone else "NSEC3"}, str(h.reply)
        assert h.reply.answer[1].rdtype == dns.rdatatype.RRSIG and h.reply.answer[1].name == h.reply.question[0].name
