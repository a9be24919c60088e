"""The laboratory is what internet.py says, and leaves nothing behind."""

import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import internet
import knot
import pytest
from conftest import PATIENCE_S, TOP

ENTER = [str(TOP / "tests/lab/enter")]
BARE = os.environ | {"LAB_NO_HARKD": "1"}


def query(where, name, rdtype, tcp=False, **more):
    message = dns.message.make_query(name, rdtype, **more)
    ask = dns.query.tcp if tcp else dns.query.udp
    return ask(message, where, timeout=PATIENCE_S)


HONEST = [z for z in internet.ZONES if internet.who_serves(z) & set(internet.KNOTD)]
SIGNED = [z for z in HONEST if z.sign]


@pytest.mark.parametrize("zone", HONEST, ids=[z.name for z in HONEST])
def test_every_honest_server_serves_its_zone(zone):
    for server in (internet.BY_NAME[n] for n in zone.servers if n in internet.BY_NAME):
        for address in server.addresses if server.who in internet.KNOTD else ():
            reply = query(address, zone.name, "SOA")
            assert reply.flags & dns.flags.AA and reply.answer, (server.name, address)


@pytest.mark.parametrize("zone", [z for z in SIGNED if z.name != "."], ids=lambda z: z.name)
def test_every_signed_zone_has_its_key_in_the_parent(zone):
    parent, child = internet.parent_of(zone), internet.BY_NAME[zone.servers[-1]]
    above = query(internet.addresses_of(next(iter(internet.who_serves(parent))))[0], zone.name, "DS")
    keys = query(child.addresses[0], zone.name, "DNSKEY", want_dnssec=True)
    published = {rr.to_text() for rrset in above.answer for rr in rrset if rrset.rdtype == dns.rdatatype.DS}
    assert published == {knot.ds_rdata(zone.name, key) for key in knot.key_signing(keys)} != set()
    assert any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in keys.answer)


def test_tlds_deny_in_different_ways():
    def denial(tld):
        reply = query(internet.addresses_of("tld")[0], f"no-such-name-there.{tld}", "A", want_dnssec=True, payload=4096)
        assert reply.rcode() == dns.rcode.NXDOMAIN
        return {(dns.rdatatype.to_text(r.rdtype), getattr(r[0], "flags", None)) for r in reply.authority} - {
            ("SOA", None), ("RRSIG", None)}
    assert {t: denial(t) for t in ("org.", "com.", "se.", "zz.")} == {
        "org.": {("NSEC3", 0)}, "com.": {("NSEC3", 1)}, "se.": {("NSEC", None)}, "zz.": set()}


def test_root_has_the_addresses_it_has_on_the_internet():
    reply = query("198.41.0.4", ".", "NS", payload=4096)
    glue = {rr.to_text() for rrset in reply.additional for rr in rrset}
    assert glue == {a for s in internet.ROOTS for a in s.addresses}
    assert {"170.247.170.2", "2801:1b8:10::b"} <= glue


def error_of(address: str) -> str:
    """What the kernel says to a query sent there: nothing (timeout), refused or unreachable."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(0.3)
        try:
            s.connect((address, 53))
            s.send(dns.message.make_query("org.", "NS").to_wire())
            s.recv(512)
            return "an answer"
        except socket.timeout:
            return "silence"
        except ConnectionRefusedError:
            return "refused"
        except OSError:
            return "unreachable"


@pytest.mark.parametrize("who, expected", [("silent", "silence"), ("refusing", "refused"), ("unreachable", "unreachable")])
def test_dead_servers_are_dead_in_three_ways(who, expected):
    assert {error_of(a) for a in internet.addresses_of(who)} == {expected}


def test_scripted_servers_have_their_habits():
    def first(who, **more):
        return query(internet.addresses_of(who)[0], f"www.{next(iter(internet.zones_of(who))).name}", "A", **more)
    assert first("refused").rcode() == dns.rcode.REFUSED
    assert first("servfail").rcode() == dns.rcode.SERVFAIL
    assert first("upward").authority[0].name == dns.name.root
    assert not first("nonauth").flags & dns.flags.AA
    assert first("formerr-edns", use_edns=0).rcode() == dns.rcode.FORMERR
    assert first("formerr-edns").answer
    assert first("tcp-only").flags & dns.flags.TC
    assert first("tcp-only", tcp=True).answer
    assert first("honest").answer


def test_files_of_the_system_are_the_laboratorys():
    assert Path("/etc/resolv.conf").read_text() == "nameserver 127.0.0.1\n"
    assert "files dns" in Path("/etc/nsswitch.conf").read_text()
    assert socket.gethostbyname("only-in-hosts.zz") == "192.0.2.7"
    assert Path(os.environ["HARK_CONFIG"]).is_file()


def test_there_is_no_way_out():
    routes = subprocess.run(["ip", "route", "show", "table", "all"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "default" not in routes
    links = subprocess.run(["ip", "-o", "link"], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert [line.split()[1] for line in links.splitlines()] == ["lo:"]


# ---- coming and going: laboratories inside this one, so that what they leave would be seen here -----------------

def processes() -> set[int]:
    return {int(d) for d in os.listdir("/proc") if d.isdigit()}


@pytest.fixture
def nothing_is_left():
    before = processes()
    mounts = Path("/proc/self/mounts").read_text()
    yield
    end = time.monotonic() + PATIENCE_S
    while (left := processes() - before) and time.monotonic() < end:
        time.sleep(0.02)
    assert not left, [Path(f"/proc/{p}/cmdline").read_bytes() for p in left]
    assert Path("/proc/self/mounts").read_text() == mounts


def start_lab(*command, **more):
    """A laboratory whose command has begun: the command prints a line when it has."""
    lab = subprocess.Popen([*ENTER, *command], env=BARE, stdout=subprocess.PIPE, start_new_session=True, **more)
    assert lab.stdout.readline() == b"begun\n"
    return lab


SLEEP = ["sh", "-c", "echo begun; setsid sleep 1000 & exec sleep 1000"]


@pytest.mark.usefixtures("nothing_is_left")
class TestComingAndGoing:
    @pytest.mark.parametrize("command, code", [
        (["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137), (["no-such-command"], 127),
        (["/etc"], 126), (["sh", "-c", "setsid sleep 1000 & exit 3"], 3)])
    def test_returns_the_status_of_its_command(self, command, code):
        assert subprocess.run([*ENTER, *command], env=BARE, timeout=60, check=False).returncode == code

    def test_killed(self):
        with start_lab(*SLEEP) as lab:
            lab.kill()

    def test_unshare_killed(self):
        with start_lab(*SLEEP) as lab:
            child = Path(f"/proc/{lab.pid}/task/{lab.pid}/children").read_text().split()[0]
            os.kill(int(child), signal.SIGKILL)
            assert lab.wait(PATIENCE_S) == 137

    @pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
    def test_signalled(self, number, code):
        with start_lab(*SLEEP) as lab:
            lab.send_signal(number)
            assert lab.wait(PATIENCE_S) == code

    def test_command_may_catch_a_signal(self):
        with start_lab("sh", "-c", "trap 'exit 9' TERM; echo begun; while :; do sleep 0.05; done") as lab:
            lab.send_signal(signal.SIGTERM)
            assert lab.wait(PATIENCE_S) == 9

    def test_interrupted_before_it_is_up(self):
        lab = subprocess.Popen([*ENTER, "sleep", "1000"], env=BARE)
        time.sleep(0.3)
        lab.send_signal(signal.SIGTERM)
        assert lab.wait(PATIENCE_S) == 143

    def test_shell_without_a_command_on_a_terminal(self):
        pid, tty = pty.fork()
        if pid == 0:
            os.execve(ENTER[0], ENTER, BARE | {"TERM": "dumb"})
        seen = b""

        def until(text, patience=60):
            nonlocal seen
            end = time.monotonic() + patience
            while text not in seen:
                assert select.select([tty], [], [], max(0, end - time.monotonic()))[0], seen
                seen += os.read(tty, 4096)
            seen = b""

        until(b"(lab)")
        os.write(tty, b"sleep 1000\r")
        until(b"sleep 1000")
        time.sleep(0.3)
        os.write(tty, b"\x03")  # Ctrl-C ends the sleep, not the shell
        until(b"(lab)")
        os.write(tty, b"echo job $((40 + 2)); exit 5\r")
        until(b"job 42")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
        os.close(tty)

    def test_ctrl_c_on_a_terminal(self):
        pid, tty = pty.fork()
        if pid == 0:
            os.execve(ENTER[0], [*ENTER, *SLEEP], BARE)
        seen = b""
        while b"begun" not in seen:
            seen += os.read(tty, 4096)
        os.write(tty, b"\x03")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
        os.close(tty)

    def test_orphans_are_reaped(self):
        command = "for i in 1 2 3 4 5; do (sh -c 'sleep 0.05 &'); done; sleep 0.5; ps -eo stat= | grep -c '^Z'"
        done = subprocess.run([*ENTER, "sh", "-c", command], env=BARE, stdout=subprocess.PIPE, timeout=60, check=False)
        assert done.stdout == b"0\n"

    def test_an_unprivileged_user_may_have_one(self):
        if len(Path("/proc/self/uid_map").read_text().split("\n")) != 2 or " 4294967295" not in Path(
                "/proc/self/uid_map").read_text():
            pytest.skip("this laboratory is an unprivileged user's already")
        with tempfile.TemporaryDirectory() as folder:  # the checkout may lie where only root may look
            os.chmod(folder, 0o755)
            for part in ("tests/lab", "build/peers"):
                shutil.copytree(TOP / part, f"{folder}/{part}", symlinks=True)  # some of a package lead out of it
            env = {k: v for k, v in BARE.items() if k != "HARK_BUILD"} | {"HOME": folder}  # so may the build
            nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
            done = subprocess.run([*nobody, f"{folder}/tests/lab/enter", "kdig", "@198.41.0.4", ".", "SOA", "+short"],
                                  env=env, stdout=subprocess.PIPE, timeout=60, check=False, cwd="/")
        assert done.returncode == 0 and done.stdout.startswith(b"a.root-servers.net.")

    def test_starts_soon(self):
        start = time.monotonic()
        subprocess.run([*ENTER, "true"], env=BARE, timeout=60, check=True)
        assert time.monotonic() - start < 15, "it takes two seconds on two idle cores; the promise is five"


def test_map_is_printed():
    shown = subprocess.run(["/usr/bin/python3", str(TOP / "tests/lab/internet.py")], stdout=subprocess.PIPE, text=True,
                           check=True).stdout
    assert re.search(r"^ +python\.org\. +nsec3 +ns1\.python\.org\.", shown, re.MULTILINE)
