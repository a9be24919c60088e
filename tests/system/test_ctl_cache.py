"""hark ctl cache: what a running harkd remembers is told, and forgotten when that is asked for."""

import json
import subprocess
import time

import dns.rcode
import pytest
from conftest import PATIENCE_S, exchange, rdata

pytestmark = pytest.mark.usefixtures("lab_harkd")

PORT = 5399
WRONG = 1


@pytest.fixture
def daemon(start_harkd):
    return start_harkd({"workers": 2})


def run(daemon, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(["hark", "ctl", "-s", str(daemon.control), "cache", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)


def cache(daemon, *arguments) -> dict:
    done = run(daemon, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def messages(daemon) -> int:
    done = subprocess.run(["hark", "ctl", "status", "-s", str(daemon.control), "--json"], stdout=subprocess.PIPE, check=True, timeout=PATIENCE_S)
    return json.loads(done.stdout)["resolver"]["messages"]


def ask(name="www.python.org.", rdtype="A"):
    return exchange(name, rdtype, port=PORT)


def test_a_name_that_was_asked_for_is_known(daemon):
    assert cache(daemon, "get", "www.python.org")["records"] == []
    addresses = rdata(ask(), "A")
    time.sleep(1.1)
    known = cache(daemon, "get", "WWW.python.org")
    (records,) = known["records"]
    assert set(records["data"]) == addresses
    assert (records["type"], records["rank"], records["verdict"], records["stale"]) == ("A", "answer", "secure", False)
    assert records["age_s"] >= 1 and records["signatures"] == 1
    assert records["ttl_s"] + records["age_s"] == 3600
    assert known["closest_delegation"] == "python.org."


def test_a_zone_has_a_delegation_and_servers_with_their_times(daemon):
    ask()
    zone = cache(daemon, "get", "python.org.")
    assert zone["delegation"]["ds"] == 1 and not zone["delegation"]["insecure"]
    assert {s["name"] for s in zone["delegation"]["servers"]} == {"ns1.python.org.", "ns2.python.org."}
    assert any(s["heard"] and s["edns"] == "works" for s in zone["servers"])
    assert {"DS", "DNSKEY"} <= {r["type"] for r in zone["records"]}


def test_a_denial_and_a_failure_are_told(daemon):
    assert ask("nothing.python.org.").rcode() == dns.rcode.NXDOMAIN
    (denial,) = cache(daemon, "get", "nothing.python.org.")["denials"]
    assert (denial["what"], denial["zone"], denial["verdict"]) == ("NXDOMAIN", "python.org.", "secure")
    assert ask("www.python.org.", "LOC").rcode() == dns.rcode.NOERROR
    assert [d["type"] for d in cache(daemon, "get", "www.python.org.")["denials"]] == ["LOC"]
    said = run(daemon, "get", "nothing.python.org.").stdout
    assert said.startswith("NXDOMAIN") and "secure" in said


def test_what_is_flushed_is_asked_for_again(daemon):
    first = rdata(ask(), "A")
    before = messages(daemon)
    ask()
    assert messages(daemon) == before
    told = cache(daemon, "flush", "www.python.org.")
    assert told["flushed"] == "name" and told["items"] >= 1
    assert cache(daemon, "get", "www.python.org.")["records"] == []
    assert cache(daemon, "get", "python.org.")["delegation"] is not None
    assert rdata(ask(), "A") == first
    assert messages(daemon) > before
    assert cache(daemon, "flush", "--zone", "python.org")["items"] >= 3
    assert cache(daemon, "get", "python.org.")["delegation"] is None
    assert rdata(ask(), "A") == first
    assert messages(daemon) > before + 2


def test_all_can_be_forgotten(daemon):
    ask()
    assert cache(daemon, "stats")["kinds"]["rrsets"] > 1
    assert cache(daemon, "flush", "all")["flushed"] == "all"
    stats = cache(daemon, "stats")
    assert stats["items"] == stats["kinds"]["rrsets"] == stats["proven_denials"]["items"] == 0
    assert rdata(ask(), "A")


def test_people_are_told_in_words(daemon):
    ask()
    ask("wiki.python.org.")
    said = run(daemon, "get", "www.python.org", "A").stdout.splitlines()
    assert said[0].startswith("A  ") and "s left" in said[0] and "secure, by answer" in said[0]
    assert [r["type"] for r in cache(daemon, "get", "wiki.python.org", "A")["records"]] == ["CNAME"], "an alias answers for all types"
    assert run(daemon, "get", "www.python.org", "TXT").stdout == "nothing is known of www.python.org. TXT; of the zones above it, python.org. is\n"
    assert run(daemon, "flush", "www.python.org").stdout.startswith("www.python.org. is forgotten: ")
    assert run(daemon, "flush", "--zone", "python.org").stdout.startswith("python.org. and what is below it is forgotten: ")
    assert run(daemon, "flush", "all").stdout.startswith("all is forgotten: ")
    assert run(daemon, "stats").stdout.startswith("size ")


def test_what_is_wrong_is_said_in_one_line(daemon):
    for words in (["get"], ["get", "a..b"], ["get", "a.", "XYZZY"], ["get", "a.", "ANY"], ["get", "a", "A", "B"], ["flush"],
                  ["flush", "--zone"], ["flush", "a.", "b."], ["purge"], ["stats", "now"]):
        done = run(daemon, *words)
        assert done.returncode == WRONG and not done.stdout, words
        assert done.stderr.startswith("hark: ") and done.stderr.count("\n") == 1, words
