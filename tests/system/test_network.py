"""The machine's own link goes down and comes back (faults F7, F15): a harkd at the end of a wire of its own."""

import json
import os
import subprocess
import sys
import time

import pytest
from conftest import PATIENCE_S, SANITIZER, lab_anchors

pytestmark = pytest.mark.usefixtures("lab_harkd")

INSIDE, OUTSIDE = "10.77.0.2", "10.77.0.1"
NAMES = ["www.python.org.", "www.unsigned.se.", "www.hello.zz.", "www.unsigned.com.", "www.signed.se."]

# Asks and prints rcode and EDE codes of each name; runs in the other namespace.
ASK = """
import sys, json
import dns.message, dns.query, dns.edns, dns.rcode
out = []
for name in sys.argv[2:]:
    r = dns.query.udp(dns.message.make_query(name, 'A', use_edns=0), '127.0.0.1', timeout=float(sys.argv[1]))
    out.append([dns.rcode.to_text(r.rcode()), [[int(o.code), o.text or ''] for o in r.options if isinstance(o, dns.edns.EDEOption)]])
print(json.dumps(out))
"""


def run(*command: str) -> str:
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60, text=True, check=True).stdout


class Wire:
    """Another network namespace, and a pair of interfaces between it and the laboratory."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "600"], stdin=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE_S
        here = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == here:
            assert time.monotonic() < end and self.holder.poll() is None
            time.sleep(0.01)
        self.enter = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]
        run("ip", "link", "add", "wire0", "type", "veth", "peer", "name", "wire1", "netns", str(self.holder.pid))
        run("ip", "address", "add", f"{OUTSIDE}/24", "dev", "wire0")
        run("ip", "link", "set", "wire0", "up")
        self.inside("ip", "link", "set", "lo", "up")
        self.inside("ip", "address", "add", f"{INSIDE}/24", "dev", "wire1")

    def inside(self, *command: str) -> str:
        return run(*self.enter, *command)

    def up(self):
        self.inside("ip", "link", "set", "wire1", "up")
        self.inside("ip", "route", "replace", "default", "via", OUTSIDE)

    def down(self):
        self.inside("ip", "link", "set", "wire1", "down")

    def close(self):
        subprocess.run(["ip", "link", "delete", "wire0"], stdin=subprocess.DEVNULL, timeout=60, check=False)
        self.holder.kill()
        self.holder.wait(PATIENCE_S)


@pytest.fixture
def wire():
    w = Wire()
    yield w
    w.close()


@pytest.fixture
def harkd(wire, tmp_path):
    """A harkd at the other end of the wire; its log."""
    config, log = tmp_path / "hark.yaml", tmp_path / "harkd.log"
    config.write_text(json.dumps({"listen": ["127.0.0.1"], "workers": 2, "drop-privileges": "no", "log": {"level": "info"},
                                  "control": {"socket": str(tmp_path / "control")},
                                  "dnssec": lab_anchors()["dnssec"] | {"aggressive": "no"}}))  # else names that nobody asked are denied, link or not
    with open(log, "wb") as out:
        process = subprocess.Popen([*wire.enter, "harkd", "-c", str(config)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        until(lambda: "ready" in log.read_text(), log)
        yield log
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0, log.read_text()
        assert not SANITIZER.search(log.read_text())


def until(said, log):
    end = time.monotonic() + PATIENCE_S
    while not said():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.02)


def ask(wire, *names):
    return json.loads(wire.inside(sys.executable, "-c", ASK, str(PATIENCE_S), *names))


def changes(log) -> int:
    return log.read_text().count("the network of this machine has changed")


def test_who_starts_without_a_link_resolves_when_it_is_there(wire, harkd):
    failed = ask(wire, NAMES[0])
    assert failed[0][0] == "SERVFAIL" and failed[0][1][0][0] in (22, 23)
    wire.up()
    until(lambda: changes(harkd) >= 1, harkd)
    assert [rcode for rcode, _ in ask(wire, *NAMES[1:3])] == ["NOERROR"] * 2


def test_a_link_that_was_down_leaves_no_trace(wire, harkd):
    wire.up()
    until(lambda: changes(harkd) >= 1, harkd)
    time.sleep(0.2)
    assert [rcode for rcode, _ in ask(wire, *NAMES[:2])] == ["NOERROR"] * 2
    for n in range(3):
        before = changes(harkd)
        wire.down()
        until(lambda: changes(harkd) > before, harkd)
        down = ask(wire, *[f"down{n}{i}.python.org." for i in range(3)], *[f"down{n}{i}.unsigned.se." for i in range(3)])
        assert {rcode for rcode, _ in down} == {"SERVFAIL"}
        assert all(codes and codes[0][0] in (22, 23) for _, codes in down), down
        before = changes(harkd)
        wire.up()
        until(lambda: changes(harkd) > before, harkd)
        up = ask(wire, *[f"up{n}.{name.split('.', 1)[1]}" for name in NAMES])
        assert {rcode for rcode, _ in up} <= {"NOERROR", "NXDOMAIN"}, up
