"""The signed zones of the laboratory are what they claim, as verifiers see it that know nothing of how they were made."""

import subprocess

import faults
import pytest
import tree

VERIFIERS = {
    "bind": lambda zone, file: [tree.BIN / "dnssec-verify", "-q", "-o", zone, file],
    "ldns": lambda zone, file: [tree.BIN / "ldns-verify-zone", file],
}


def complaint(verifier: str, zone: str) -> str:
    file = tree.make() / "zones" / tree.file_name(zone)
    done = subprocess.run(VERIFIERS[verifier](zone, file), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    return done.stdout if done.returncode else ""


@pytest.mark.parametrize("signer", tree.SIGNERS)
def test_every_zone_of_a_signer_is_whole_to_the_others(signer):
    wrong = {spec.name: said for spec in tree.SPECS if spec.signer == signer
             if (said := complaint("ldns" if signer == "bind" else "bind", spec.name))}
    assert not wrong


def test_a_fault_is_one_to_others_too():
    """Of those that lie in the zone file alone, where the verifier looks (it knows neither DS nor RFC 5011)."""
    told = {name: complaint("bind", f"{name}.xs.") for name in ("expired", "spoiled", "changed", "unsigned-set", "zsk-gone", "nsec-bitmap")}
    assert all(told.values()), told


def test_no_two_faults_share_a_name():
    names = [f.name for f in faults.FAULTS]
    assert len(names) == len(set(names)) and len(faults.BROKEN_ROLLS) >= 20
