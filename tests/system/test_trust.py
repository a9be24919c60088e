"""Where validation begins: a root whose keys roll (RFC 5011) before a harkd that is stopped, restarted and robbed of its memory, and negative
trust anchors (RFC 7646)."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import dns.flags
import dns.rcode
import pytest
import sign
import tree
from conftest import PATIENCE_S, Daemon, exchange

PORT = 5399
ROOT = "10.53.0.21"
A, B = (sign.some_key(f"root {n}", flags=sign.KSK) for n in "AB")
ZSK = sign.some_key("root zsk")
GOOD, BAD = sign.some_key("good", flags=sign.KSK), sign.some_key("bad", flags=sign.KSK)
DAY = 86400
FAILED = 3  # exit code of hark


def revoked(key: sign.Key) -> sign.Key:
    return key.like(flags=key.flags | sign.REVOKE)


class World:
    """The root, good. and bad. (whose signatures are spoiled) on one knotd."""

    def __init__(self, folder):
        tree.own_addresses()
        self.server = tree.Knotd(folder / "knot", ROOT)
        self.serial = 0
        for zone, key in (("good.", GOOD), ("bad.", BAD)):
            made = sign.Zone(zone, f"@ NS ns\nns A {ROOT}\nwww A 192.0.2.1\n", (key,)).sign((key,), (key,))
            if key is BAD:
                made.sigs = {at: [sign.spoiled(s) for s in sigs] if at[1] == 1 else sigs for at, sigs in made.sigs.items()}
            self.server.put(zone, made.text())
        self.show(A)
        self.server.start()

    def show(self, *keys: sign.Key) -> None:
        """The root has these key-signing keys, and each signs its DNSKEY RRset."""
        self.serial += 1
        text = f"@ NS a.root.\na.root. A {ROOT}\n"
        for zone, key in (("good.", GOOD), ("bad.", BAD)):
            text += f"{zone} NS ns.{zone}\nns.{zone} A {ROOT}\n{zone} DS {key.ds(zone).to_text()}\n"
        made = sign.Zone(".", text, (*keys, ZSK), serial=self.serial, ttl=2 * DAY)
        self.server.put(".", made.sign(keys, (ZSK,)).text())
        if self.server.process:
            self.server.reload()

    def settings(self, folder, **dnssec) -> dict:
        """A harkd that knows key A as the system's file has it, and remembers in `folder`."""
        data = folder / "root.key"
        data.write_text(f". 172800 IN DNSKEY {A.rdata.to_text()} ; as dns-root-data has it\n")
        state = folder / "state"
        state.mkdir(exist_ok=True)
        trust = {"builtin-anchors": "no", "root-data": str(data), "state": str(state)} | dnssec
        return {"workers": 2, "upstream": {"root-hints": [f"a.root. {ROOT}"], "ipv6": "no"}, "dnssec": trust}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("trust"))
    yield made
    made.server.stop()


def ctl(daemon, *words, code=0) -> dict:
    done = subprocess.run(["hark", "ctl", *words, "-s", daemon.control, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def until(true, what=""):
    end = time.monotonic() + PATIENCE_S
    while not (value := true()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return value


def states(daemon) -> dict[int, str]:
    """By tag, once the root was looked at in this run."""
    return {key["tag"]: key["state"] for key in ctl(daemon, "anchors")["root"]["keys"]}


def trusted(daemon) -> set[int]:
    return {anchor["tag"] for anchor in ctl(daemon, "anchors")["anchors"]}


def looked(daemon) -> None:
    """The look at the root that is due after a start has been taken."""
    def done():
        root = ctl(daemon, "anchors")["root"]
        return root["next"] and root["next"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    until(done, lambda: daemon.log)


def secure(name="www.good.") -> bool:
    return bool(exchange(name, "A", port=PORT, want_dnssec=True).flags & dns.flags.AD)


def rcode(name: str) -> str:
    return exchange(name, "A", port=PORT, want_dnssec=True).rcode().name


def later(folder, seconds: int) -> None:
    """As if so much time had passed: all that is remembered is so much older."""
    file = folder / "state" / "root-keys"
    lines = file.read_text().splitlines()[:-1]
    def older(match):
        return str(max(0, int(match[0]) - seconds)) if int(match[0]) > 10**9 else match[0]
    text = "".join(re.sub(r"(?<= )\d{10}(?= |$)", older, line) + "\n" for line in lines)
    file.write_text(text + f"sum {hashlib.sha256(text.encode()).hexdigest().upper()}\n")


def test_a_roll_of_the_roots_key(world, start_harkd, tmp_path):
    """Add, hold-down, revoke, remove, with a restart between all of them."""
    folder = tmp_path
    config = world.settings(folder)
    steps = [
        ((A,), 0, {A: "valid"}, {A}),
        ((A, B), DAY, {A: "valid", B: "pending"}, {A}),
        ((A, B), 29 * DAY, {A: "valid", B: "pending"}, {A}),
        ((A, B), 2 * DAY, {A: "valid", B: "valid"}, {A, B}),
        ((revoked(A), B), DAY, {A: "revoked", B: "valid"}, {B}),
        ((B,), DAY, {A: "revoked", B: "valid"}, {B}),
        ((B,), 31 * DAY, {A: "removed", B: "valid"}, {B}),
        ((A, B), 31 * DAY, {A: "removed", B: "valid"}, {B}),
    ]
    for keys, after, expected, trusts in steps:
        world.show(*keys)
        if after:
            later(folder, after)
        daemon = start_harkd(config)
        looked(daemon)
        assert states(daemon) == {key.tag: state for key, state in expected.items()}, daemon.log
        until(lambda wanted=trusts: trusted(daemon) == {key.tag for key in wanted}, daemon.log)
        assert secure()
        daemon.process.send_signal(signal.SIGKILL)
        daemon.process.wait()
        daemon.log_handle.close()
    # What the settings name counts no more than what the system has, once it was seen revoked.
    only = world.settings(folder, **{"trust-anchors": [f". DS {A.ds('.').to_text()}"]})
    daemon = start_harkd(only)
    assert not trusted(daemon)
    assert "a trust anchor of the root in the settings was seen revoked" in daemon.log
    world.show(A)


def test_a_revocation_counts_at_once(world, start_harkd, tmp_path):
    """The workers take the new set while they run."""
    world.show(A, B)
    daemon = start_harkd(world.settings(tmp_path))
    looked(daemon)
    daemon.stop()
    later(tmp_path, 31 * DAY)
    daemon = start_harkd(world.settings(tmp_path))
    looked(daemon)
    until(lambda: trusted(daemon) == {A.tag, B.tag})
    daemon.stop()
    later(tmp_path, DAY)
    world.show(revoked(A), B)
    daemon = start_harkd(world.settings(tmp_path))
    until(lambda: trusted(daemon) == {B.tag})
    until(lambda: f"key {A.tag} of the root: revoked, and not trusted any more" in daemon.log)
    assert secure()
    # `hark trace` begins where harkd does: at what is remembered.
    traced = subprocess.run(["hark", "trace", "www.good.", "--json"], stdout=subprocess.PIPE, text=True, check=False, timeout=PATIENCE_S,
                            env=os.environ | {"HARK_CONFIG": str(tmp_path / "2" / "hark.yaml")})
    assert json.loads(traced.stdout.splitlines()[-1])["verdict"] == "secure", traced.stdout
    world.show(A)


@pytest.mark.parametrize("damage", [lambda text: text[:-30], lambda text: "", lambda text: text.replace("valid", "revoked", 1)])
def test_a_damaged_memory_is_said_and_the_one_before_it_counts(world, start_harkd, tmp_path, damage):
    world.show(A)
    config = world.settings(tmp_path)
    daemon = start_harkd(config)
    looked(daemon)
    daemon.stop()
    later(tmp_path, DAY)
    world.show(A, B)
    daemon = start_harkd(config)
    looked(daemon)
    assert states(daemon) == {A.tag: "valid", B.tag: "pending"}
    daemon.stop()
    file = tmp_path / "state" / "root-keys"
    file.write_text(damage(file.read_text()))
    daemon = start_harkd(config)
    assert f"{file} is " in daemon.log and "warning" in daemon.log
    assert states(daemon).get(A.tag) == "valid"
    assert secure()
    world.show(A)


def test_a_missed_roll_is_said(world, start_harkd, tmp_path):
    """Nothing leads from the key that is known to the one that signs."""
    world.show(B)
    daemon = start_harkd(world.settings(tmp_path))
    until(lambda: "has the root a key that this harkd does not know?" in daemon.log, daemon.log)
    assert rcode("www.good.") == "SERVFAIL"
    assert not states(daemon)
    world.show(A)


def test_nothing_is_remembered_where_that_is_off(world, start_harkd, tmp_path):
    daemon = start_harkd(world.settings(tmp_path, state="none"))
    looked(daemon)
    assert states(daemon) == {A.tag: "valid"}
    assert not list((tmp_path / "state").iterdir())
    assert ctl(daemon, "anchors")["root"]["folder"] is None


def test_the_root_is_not_looked_at_where_that_is_off(world, start_harkd, tmp_path):
    daemon = start_harkd(world.settings(tmp_path, rfc5011="no"))
    time.sleep(2)
    root = ctl(daemon, "anchors")["root"]
    assert not root["followed"] and not root["keys"] and root["seen"] is None
    assert secure()


def test_a_folder_that_cannot_be_written_is_said(world, start_harkd, tmp_path):
    config = world.settings(tmp_path, state=str(tmp_path / "not-there"))
    daemon = start_harkd(config)
    until(lambda: "what was seen of the root's keys is not remembered" in daemon.log, daemon.log)
    assert secure()


# ---- negative trust anchors --------------------------------------------------------------------------------------

def test_a_negative_anchor_lets_a_broken_zone_be_seen(world, start_harkd, tmp_path):
    daemon = start_harkd(world.settings(tmp_path, rfc5011="no"))
    assert rcode("www.bad.") == "SERVFAIL" and secure()
    until_when = ctl(daemon, "nta", "add", "bad.", "2h")["until"]
    assert until_when > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7100))
    assert rcode("www.bad.") == "NOERROR" and not secure("www.bad.")
    assert secure()
    listed = ctl(daemon, "nta", "list")["negative"]
    assert [(n["zone"], n["by"]) for n in listed] == [("bad.", "ctl")]
    assert ctl(daemon, "nta", "del", "BAD")["removed"] == "bad."
    assert rcode("www.bad.") == "SERVFAIL"
    assert ctl(daemon, "nta", "list")["negative"] == []
    assert "error" in ctl(daemon, "nta", "del", "bad.", code=FAILED)


def test_what_was_secure_is_not_and_is_again(world, start_harkd, tmp_path):
    daemon = start_harkd(world.settings(tmp_path, rfc5011="no"))
    assert secure()
    before = ctl(daemon, "status")["resolver"]["messages"]
    ctl(daemon, "nta", "add", "good.")
    assert not secure() and rcode("www.good.") == "NOERROR"
    ctl(daemon, "nta", "del", "good.")
    assert secure()
    assert ctl(daemon, "status")["resolver"]["messages"] == before, "what the cache has is judged anew, not asked for"


def test_a_negative_anchor_ends(world, start_harkd, tmp_path):
    daemon = start_harkd(world.settings(tmp_path, rfc5011="no"))
    ctl(daemon, "nta", "add", "bad.", "3")
    assert rcode("www.bad.") == "NOERROR"
    until(lambda: "bad. is validated again: its negative trust anchor has ended" in daemon.log, daemon.log)
    until(lambda: rcode("www.bad.") == "SERVFAIL")
    assert ctl(daemon, "nta", "list")["negative"] == []


def test_a_reload_keeps_negative_anchors(world, start_harkd, tmp_path):
    config = world.settings(tmp_path, rfc5011="no")
    daemon = start_harkd(config)
    ctl(daemon, "nta", "add", "bad.")
    file = tmp_path / "0" / "hark.yaml"
    settings = json.loads(file.read_text())
    settings["dnssec"]["negative-anchors"] = ["good. 2199-12-31"]
    file.write_text(json.dumps(settings))
    assert ctl(daemon, "reload")["changed"] == ["dnssec.negative-anchors"]
    assert rcode("www.bad.") == "NOERROR" and not secure()
    listed = {n["zone"]: (n["by"], n["until"]) for n in ctl(daemon, "nta", "list")["negative"]}
    assert listed["bad."][0] == "ctl" and listed["good."] == ("settings", "2199-12-31T00:00:00Z")
    del settings["dnssec"]["negative-anchors"]
    file.write_text(json.dumps(settings))
    ctl(daemon, "reload")
    assert rcode("www.bad.") == "NOERROR" and secure()


def test_a_lifetime_is_a_week_at_most(world, start_harkd, tmp_path):
    daemon = start_harkd(world.settings(tmp_path, rfc5011="no"))
    for words in (["add", "bad.", "8d"], ["add"], ["add", "bad.", "0"], ["add", "b..d"], ["give", "bad."]):
        assert ctl(daemon, "nta", *words, code=1)["error"]
    assert rcode("www.bad.") == "SERVFAIL"


def test_anchors_are_told_to_people(world, start_harkd, tmp_path):
    daemon = start_harkd(world.settings(tmp_path))
    looked(daemon)
    ctl(daemon, "nta", "add", "bad.")
    shown = subprocess.run(["hark", "ctl", "anchors", "-s", daemon.control], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert f". DNSKEY {A.tag}, algorithm 13" in shown
    assert re.search(r"^bad\. is not validated until 20..-..-..T..:..:..Z, set by ctl$", shown, re.MULTILINE)
    assert f"key {A.tag} of the root is valid since 20" in shown
    assert f"remembered below {tmp_path / 'state'}" in shown


# ---- a clock that is not to be believed --------------------------------------------------------------------------

def made_later() -> str:
    """A harkd that takes the environment's word for when it was made (tests/unit/daemon)."""
    found = list(Path(shutil.which("harkd")).resolve().parents[2].glob("tests/unit/daemon/harkd-made-later"))
    return str(found[0]) if found else pytest.skip("harkd-made-later is not built")


@pytest.fixture
def unclocked(world, tmp_path):
    """unclocked(built, **dnssec): that one, made at that Unix time."""
    started = []

    def start(built, **dnssec):
        config = world.settings(tmp_path, **dnssec) | {"listen": [f"127.0.0.1@{PORT}"]}
        daemon = Daemon(tmp_path, config, [], {"HARK_TEST_BUILT_S": str(int(built))}, program=made_later())
        started.append(daemon)
        return daemon.wait_for("127.0.0.1", PORT)

    yield start
    for daemon in started:
        assert daemon.stop() == 0


def test_a_clock_before_the_build_is_said_and_nothing_is_authentic(unclocked):
    daemon = unclocked(time.time() + 10 * 365 * DAY)
    assert daemon.log.count("the time is not known: the clock says 20") == 1
    reply = exchange("www.good.", "A", port=PORT, want_dnssec=True)
    assert reply.rcode() == dns.rcode.NOERROR and not reply.flags & dns.flags.AD
    assert any("does not know what time it is" in (o.text or "") for o in reply.options if o.otype == 15)
    assert rcode("www.bad.") == "SERVFAIL", "signatures are verified all the same"
    assert ctl(daemon, "status")["trust"]["clock_known"] is False
    time.sleep(2.5)
    root = ctl(daemon, "anchors")["root"]
    assert root["followed"] and not root["keys"], "no hold-down can be counted without a clock"
    assert daemon.log.count("the time is not known") == 1


def test_a_clock_is_believed_once_it_has_passed_the_build(unclocked):
    daemon = unclocked(time.time() + 5)
    assert not secure() and rcode("www.good.") == "NOERROR"
    until(lambda: "signatures are held against it from now on" in daemon.log, daemon.log)
    assert ctl(daemon, "status")["trust"]["clock_known"] is True
    assert secure(), "what was judged without a clock is judged anew"
    until(lambda: states(daemon) == {A.tag: "valid"})
    assert daemon.log.count("the time is not known") == 1


def test_a_clock_that_is_believed_all_the_same(unclocked):
    daemon = unclocked(time.time() + DAY, **{"believe-clock": "yes"})
    assert secure() and "the time is not known" not in daemon.log
    assert ctl(daemon, "status")["trust"]["clock_known"] is True


# ---- changes of the settings -------------------------------------------------------------------------------------

def test_other_anchors_count_after_a_reload(world, start_harkd, tmp_path):
    config = world.settings(tmp_path, rfc5011="no", state="none")
    daemon = start_harkd(config)
    assert secure()
    file = tmp_path / "0" / "hark.yaml"
    settings = json.loads(file.read_text())
    settings["dnssec"]["trust-anchors"] = [f". DS {B.ds('.').to_text()}"]  # the root is not signed by it
    file.write_text(json.dumps(settings))
    ctl(daemon, "reload")
    assert rcode("www.good.") == "SERVFAIL"
    settings["dnssec"]["trust-anchors"] = [f"good. DS {GOOD.ds('good.').to_text()}"]
    settings["dnssec"]["root-data"] = "none"
    file.write_text(json.dumps(settings))
    ctl(daemon, "reload")
    assert secure()
    assert rcode("www.bad.") == "NOERROR" and not secure("www.bad.")


def test_the_systems_file_is_read_again_by_a_reload(world, start_harkd, tmp_path):
    daemon = start_harkd(world.settings(tmp_path, rfc5011="no", state="none"))
    assert trusted(daemon) == {A.tag}
    (tmp_path / "root.key").write_text(f". IN DS {A.ds('.').to_text()}\n. IN DS {B.ds('.').to_text()}\n")
    assert ctl(daemon, "reload")["changed"] == []
    assert trusted(daemon) == {A.tag, B.tag}


def test_an_anchor_of_an_unknown_algorithm_alone_is_said_and_counts_as_none(world, start_harkd, tmp_path):
    odd = "good. DS 1 200 2 " + "00" * 32
    daemon = start_harkd(world.settings(tmp_path, rfc5011="no", **{"trust-anchors": [odd], "root-data": "none"}))
    assert "the trust anchor of good. counts as none" in daemon.log
    assert ctl(daemon, "status")["trust"] | {"anchors": 0, "anchors_unusable": 1} == ctl(daemon, "status")["trust"]
    assert rcode("www.good.") == "NOERROR" and not secure()
