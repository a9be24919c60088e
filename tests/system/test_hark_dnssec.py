"""What `hark trace` and `hark +dnssec` say of signed zones, and of what is wrong with them (tests/lab/tree.py, faults.py)."""

import json
import os
import re

import faults
import peers
import pytest
import tree
from validator import RESOLVER, validator

BOGUS = 4
EXITS = {"secure": (0, 2), "insecure": (0, 2), "bogus": (BOGUS,)}


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """The tree, and the environment in which `hark trace` begins at its root."""
    folder = tmp_path_factory.mktemp("tree")
    with tree.Tree().serve(folder) as t:
        anchors = open(t.anchor, encoding="ascii").read().splitlines()
        file = folder / "hark.yaml"
        file.write_text(json.dumps({"upstream": {"root-hints": [" ".join([name, *all_]) for name, all_ in t.hints.items()], "ipv6": "no"},
                                    "dnssec": peers.dnssec_settings(anchors)}))
        t.environment = os.environ | {"HARK_CONFIG": str(file)}
        t.folder = folder
        yield t


def full(owner: str, zone: str) -> str:
    return zone if owner == "@" else f"{owner}.{zone}"


def trace(hark, signed, *arguments):
    return hark("trace", *arguments, env=signed.environment)


def test_the_chain_is_told_zone_by_zone(hark, signed):
    done = trace(hark, signed, "www.py-15-nsec3.xs", "A", "-v")
    assert done.returncode == 0, done.stdout + done.stderr
    page = " ".join(done.stdout.replace("│", "").replace("|", "").split())
    places = [page.index(said) for said in ("the root is secure: trust anchor ", "xs is secure: DS ", "py-15-nsec3.xs is secure: DS ",
                                            "www.py-15-nsec3.xs A is secure: signed by key ", " Answer, secure ")]
    assert places == sorted(places), page
    assert "ED25519 of py-15-nsec3.xs, 20" in page
    assert not done.stderr
    brief = trace(hark, signed, "www.py-15-nsec3.xs", "A").stdout
    assert " is secure: " not in brief and "\nAnswer, secure\n" in brief and brief.rstrip().endswith(" messages, secure"), brief
    assert [line.split()[-1] for line in brief.splitlines() if re.search(r" A\?  ", line)] == ["secure"] * 3, brief
    assert re.search(r"messages for the keys of the root, xs, py-15-nsec3.xs ", brief), brief
    assert max(map(len, brief.splitlines()[3:-6])) <= 80, brief


def test_the_chain_is_there_for_programs(hark, signed):
    done = trace(hark, signed, "www.py-15-nsec3.xs", "A", "+json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    chain = {e["zone"]: e for e in events if e["event"] == "chain"}
    assert list(chain) == [".", "xs.", "py-15-nsec3.xs."]
    assert {e["verdict"] for e in chain.values()} == {"secure"}
    assert [e["anchor"] for e in chain.values()] == [True, False, False]
    for zone, e in chain.items():
        signature = e["signature"]
        assert signature["signer"] == zone and signature["inception"] < signature["expiration"]
        assert any(f"{ds['rdataDS']} ".startswith(f"{signature['key_tag']} {signature['algorithm']} ") for ds in e["ds"]), e
    assert events[-1]["event"] == "outcome" and events[-1]["verdict"] == "secure"


@pytest.mark.parametrize("fault", faults.FAULTS, ids=lambda f: f.name)
def test_trace_tells_what_is_wrong(hark, signed, fault):
    name = full(fault.ask[0], fault.zone)
    done = trace(hark, signed, name, fault.ask[1], "+json")
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode in EXITS[fault.verdict], f"{fault.reason}: {done.returncode} {outcome}"
    if fault.verdict == "bogus":
        assert outcome["tag"] and outcome["text"] and outcome["ede"], outcome  # which code: test_dnssec_tree.py
        page = trace(hark, signed, name, fault.ask[1]).stdout
        words = " ".join(page.split())
        assert re.search("bogus: |bogus$", words) and words.count(outcome["text"]) >= 2, page  # at the step, and at the end
    else:
        assert outcome["verdict"] == fault.verdict, f"{fault.reason}: {outcome}"


def test_a_configuration_without_validation_has_no_verdict(hark, signed, tmp_path):
    settings = json.loads(open(signed.environment["HARK_CONFIG"], encoding="ascii").read())
    settings["dnssec"] = {"validate": "no"}
    file = tmp_path / "hark.yaml"
    file.write_text(json.dumps(settings))
    done = hark("trace", "www.expired.xs", env=os.environ | {"HARK_CONFIG": str(file)})
    assert done.returncode == 0
    assert "\nAnswer\n" in done.stdout and "secure" not in done.stdout


# ---- by the word of a server -------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def ask(signed):
    """The lines of `hark NAME TYPE +dnssec` asked of a validating harkd."""
    if RESOLVER != "hark":
        pytest.skip("harkd's own words")
    with validator(signed.folder / "resolver", signed.hints, signed.anchor) as v:
        yield f"@{v.server.address}#{v.server.port}"


@pytest.mark.parametrize("name, code, said", [
    ("www.py-13-nsec.xs", 0, ";; DNSSEC: secure"),
    ("nothing.py-13-nsec.xs", 2, ";; DNSSEC: secure"),
    ("www.plain.xn", 0, ";; DNSSEC: insecure ("),
    ("www.island.xn", 0, ";; DNSSEC: insecure ("),
    ("www.expired.xs", BOGUS, ";; DNSSEC: bogus (signature of expired.xs DNSKEY by key "),
])
def test_plus_dnssec_says_what_is_proven(hark, ask, name, code, said):
    done = hark(name, "A", ask, "+dnssec")
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout, done.stdout
    assert done.stdout.count(";; DNSSEC: ") == 1


def test_trace_and_client_hear_the_same_reason(hark, ask, signed):
    client = json.loads(hark("www.expired.xs", "A", ask, "+dnssec", "+json").stdout)
    traced = json.loads(trace(hark, signed, "www.expired.xs", "A", "+json").stdout.splitlines()[-1])
    assert client["dnssec"] == "bogus" and traced["text"] in client["dnssec_why"]


def test_unchecked_data_is_not_called_secure(hark, ask):
    done = hark("www.expired.xs", "A", ask, "+dnssec", "+cd", "+json")
    assert json.loads(done.stdout)["dnssec"] in ("insecure", "bogus")
