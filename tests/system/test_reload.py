"""Other settings without a restart: SIGHUP, `hark ctl reload`; files with mistakes change nothing (fault F13)."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from conftest import PATIENCE_S, exchange, make_query, rdata, until

pytestmark = pytest.mark.usefixtures("lab_harkd")

PORT = 5399
TOP = Path(__file__).resolve().parent.parent.parent


def settings(daemon) -> Path:
    return daemon.control.parent / "hark.yaml"


def write(daemon, **changed) -> dict:
    """Settings of the start, with those changed; replaced at once, as editors do."""
    file = settings(daemon)
    if not hasattr(daemon, "first"):
        daemon.first = json.loads(file.read_text())
    new = file.with_suffix(".new")
    new.write_text(json.dumps(daemon.first | changed))
    new.rename(file)
    return daemon.first


def ctl(daemon, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(["hark", "ctl", "-s", str(daemon.control), *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)


def reload(daemon) -> dict:
    done = ctl(daemon, "reload", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ---- what a reload changes --------------------------------------------------------------------------------------

def test_a_reload_changes_what_it_may_and_tells_what_waits(start_harkd):
    daemon = start_harkd({"workers": 2})
    assert exchange("10.in-addr.arpa.", "SOA", port=PORT).answer
    write(daemon, **{"local-zones": "no", "workers": 3})
    told = reload(daemon)
    assert told["changed"] == ["local-zones"]
    assert told["restart"] == [{"setting": "workers", "running": "2", "file": "3"}]
    assert not exchange("10.in-addr.arpa.", "SOA", port=PORT).answer, "asked of the world, which has no such zone"
    assert "workers waits for a restart: 2 -> 3" in daemon.log
    assert json.loads(ctl(daemon, "status", "--json").stdout)["workers"] == 2

    write(daemon, access=["192.0.2.0/24"])
    assert set(reload(daemon)["changed"]) == {"access", "local-zones"}
    assert exchange("www.python.org.", port=PORT).rcode() == dns.rcode.REFUSED
    write(daemon)
    assert reload(daemon)["changed"] == ["access"]
    assert reload(daemon) == {"reloaded": True, "file": str(settings(daemon)), "changed": [], "restart": []}
    assert rdata(exchange("www.python.org.", port=PORT), "A")


def test_a_reload_says_the_same_in_words(start_harkd):
    daemon = start_harkd({})
    write(daemon, log={"level": "info"}, workers=1)
    done = ctl(daemon, "reload")
    assert done.returncode == 0
    assert done.stdout == (f"{settings(daemon)} is read: other values of log.level\n"
                           "workers waits for a restart: 0 -> 1\n")
    settings(daemon).unlink()
    done = ctl(daemon, "reload")
    assert done.returncode == 3 and not done.stdout
    assert done.stderr == f"hark: {settings(daemon)}: cannot be read: No such file or directory\n"


def test_a_hangup_reloads(start_harkd):
    daemon = start_harkd({})
    write(daemon, access=["192.0.2.0/24"])
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: "other values of access" in daemon.log)
    until(lambda: exchange("www.python.org.", port=PORT).rcode() == dns.rcode.REFUSED)
    settings(daemon).write_text("acess: 127.0.0.1\n")
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: "the settings stay as they were" in daemon.log)
    assert f"{settings(daemon)}:1:1: there is no setting acess; did you mean access?" in daemon.log


def test_the_cache_is_kept_and_bounds_change(start_harkd):
    daemon = start_harkd({"dnssec": {"validate": "no"}})  # what is verified has no delegation beside it
    assert rdata(exchange("www.python.org.", port=PORT), "A")
    before = json.loads(ctl(daemon, "status", "--json").stdout)["resolver"]["messages"]
    write(daemon, answers={"minimal": "no"}, cache={"ttl-max": 7})
    assert set(reload(daemon)["changed"]) == {"answers.minimal", "cache.ttl-max"}
    reply = exchange("www.python.org.", port=PORT)
    assert reply.answer[0].ttl > 7, "stored under the old bound"
    assert reply.authority, "finished answers of the old settings are not given any more"
    assert json.loads(ctl(daemon, "status", "--json").stdout)["resolver"]["messages"] == before
    assert exchange("www.glueless.org.", port=PORT).answer[0].ttl <= 7


def test_a_reload_that_changes_nothing_keeps_finished_answers(start_harkd):
    daemon = start_harkd({})
    write(daemon)

    def hits() -> int:
        assert rdata(exchange("www.python.org.", port=PORT), "A")
        return json.loads(ctl(daemon, "status", "--json").stdout)["queries"]["cache_hits"]

    hits()
    before = hits()
    assert hits() == before + 1, "by now a finished answer serves it"
    assert reload(daemon)["changed"] == []
    assert hits() == before + 2
    write(daemon, answers={"minimal": "no"})
    assert reload(daemon)["changed"] == ["answers.minimal"]
    assert hits() == before + 2


def test_questions_in_flight_outlive_the_settings_that_they_began_with(start_harkd):
    """Root hints of a file are pointed to by whoever asks the root; they go with their snapshot."""
    daemon = start_harkd({"upstream": {"root-hints": ["f.root-servers.net. 192.5.5.241"]}})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE_S)
        s.connect(("127.0.0.1", PORT))
        for n in range(4):
            s.send(make_query(f"inflight{n}.late.org.").to_wire())
        for n in range(6):
            write(daemon, upstream={"root-hints": [f"{'ak'[n % 2]}.root-servers.net. {('198.41.0.4', '193.0.14.129')[n % 2]}"],
                                    "minimise": ("yes", "no")[n % 2]})
            reload(daemon)
        for _ in range(4):
            assert dns.message.from_wire(s.recv(4096)).rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


def test_a_root_server_may_answer_after_the_settings_that_named_it_went(start_harkd):
    def upstream(address):
        return {"root-hints": [f"root.here. {address}"], "prime": "no", "port": 5398, "minimise": "no"}

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as root, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        root.settimeout(PATIENCE_S)
        root.bind(("127.0.0.77", 5398))
        daemon = start_harkd({"workers": 1, "dnssec": {"validate": "no"}})  # whose settings stay in memory for good; those of a reload do not
        write(daemon, upstream=upstream("127.0.0.77"))
        reload(daemon)
        s.settimeout(PATIENCE_S)
        s.connect(("127.0.0.1", PORT))
        s.send(make_query("www.counted.").to_wire())
        wire, peer = root.recvfrom(4096)
        write(daemon, upstream=upstream("127.0.0.78"))
        assert reload(daemon)["changed"] == ["upstream.root-hints"]
        reply = dns.message.make_response(dns.message.from_wire(wire))
        reply.flags |= dns.flags.AA
        reply.answer.append(dns.rrset.from_text(reply.question[0].name, 60, "IN", "A", "192.0.2.7"))
        reply.authority.append(dns.rrset.from_text(".", 60, "IN", "NS", "other.here."))
        root.sendto(reply.to_wire(), peer)
        assert rdata(dns.message.from_wire(s.recv(4096)), "A") == {"192.0.2.7"}


def test_reloads_under_load_lose_nothing(start_harkd):
    """Fault F12, short; the long form is tests/nightly/reload_storm.py."""
    daemon = start_harkd({"workers": 2})
    descriptors = Path(f"/proc/{daemon.process.pid}/fd")
    names = ["www.python.org.", "nosuch.python.org.", "www.glueless.org.", "localhost."]
    for name in names:
        exchange(name, port=PORT)
    before, done, asked, bad = len(list(descriptors.iterdir())), threading.Event(), [0], []

    def ask():
        n = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(PATIENCE_S)
            s.connect(("127.0.0.1", PORT))
            while not done.is_set():
                query = make_query(f"n{n}.python.org." if n % 8 == 0 else names[n % len(names)])
                s.send(query.to_wire())
                try:
                    reply = dns.message.from_wire(s.recv(4096))
                except TimeoutError:
                    bad.append(f"no answer to {query.question[0]}")
                    return
                if reply.id != query.id or reply.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                    bad.append(reply.to_text())
                n += 1
        asked[0] += n

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    for n in range(100):
        write(daemon, answers={"minimal": ("yes", "no")[n % 2]}, edns={"client-size": 1232 + n % 3})
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE_S)
            s.connect(str(daemon.control))
            s.sendall(b"reload\n")
            assert json.loads(s.recv(65536))["reloaded"]
    done.set()
    for asker in askers:
        asker.join()
    assert not bad, bad[:3]
    assert asked[0] > 100
    until(lambda: len(list(descriptors.iterdir())) <= before + 2)  # a name server's TCP connection may still be kept


def test_reloads_that_wait_share_one(start_harkd):
    daemon = start_harkd({"workers": 1})
    peers = []
    daemon.process.send_signal(signal.SIGSTOP)
    for _ in range(8):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(PATIENCE_S)
        s.connect(str(daemon.control))
        s.sendall(b"reload\n")
        peers.append(s)
    daemon.process.send_signal(signal.SIGCONT)
    for s in peers:
        assert json.loads(s.recv(65536))["reloaded"]
        s.close()
    reload(daemon)  # its own line comes after theirs: the log is read behind the replies
    write(daemon, log={"level": "debug"})
    reload(daemon)
    until(lambda: "other values of" in daemon.log)
    assert 2 <= daemon.log.count("nothing changed") <= 3, "one runs, one waits, and one was asked for after them"


# ---- files with mistakes ----------------------------------------------------------------------------------------

def unescape(line: str) -> bytes:
    return re.sub(rb"\\(x..|.)", lambda m: bytes.fromhex(m[1][1:].decode()) if m[1][:1] == b"x" else
                  {b"t": b"\t"}.get(m[1], m[1]), line.encode())


def broken() -> list[tuple[bytes, list[str]]]:
    """The table that the unit tests read too: files, and what is said of each."""
    cases, file, says = [], [], []
    for line in (TOP / "tests/unit/lib/broken.txt").read_text().splitlines():
        if line == "==":
            cases.append((b"".join(unescape(row) + b"\n" for row in file), says))
            file, says = [], []
        elif line.startswith("-- "):
            says.append(line[3:])
        elif file or not line.startswith("#"):
            file.append(line)
    return cases


def answers() -> list[str]:
    """The same questions' rcodes and data."""
    asked = [("www.python.org.", "A"), ("nosuch.python.org.", "A"), ("localhost.", "A"), ("www.glueless.org.", "AAAA"),
             ("1.0.0.10.in-addr.arpa.", "PTR")]
    replies = [exchange(name, rdtype, port=PORT) for name, rdtype in asked]
    return [f"{reply.rcode()} {sorted(rdata(reply, rdtype))}" for reply, (_, rdtype) in zip(replies, asked)]


def test_no_broken_file_changes_anything_and_each_is_told(start_harkd):
    daemon = start_harkd({})
    path, before, cases = settings(daemon), answers(), broken()
    assert len(cases) >= 40
    for n, (file, says) in enumerate(cases):
        path.write_bytes(file)
        expected = "\n".join(line if line.startswith("and ") else f"{path}:{line}" for line in says)
        done = ctl(daemon, "reload", "--json")
        assert (done.returncode, json.loads(done.stdout)) == (3, {"error": expected}), file
        assert done.stderr == "".join(f"hark: {line}\n" for line in expected.splitlines()), file
        if n % 10 == 0:
            assert answers() == before, file
    assert answers() == before
    assert daemon.log.count("the settings stay as they were") == len(cases)


def test_what_is_no_file_changes_nothing(start_harkd, tmp_path):
    daemon = start_harkd({})
    path, before = settings(daemon), answers()

    def refused(why: str) -> None:
        done = ctl(daemon, "reload")
        assert (done.returncode, done.stderr) == (3, f"hark: {path}: cannot be read: {why}\n")

    path.unlink()
    refused("No such file or directory")
    path.mkdir()
    refused("a folder, not a file")
    path.rmdir()
    os.mkfifo(path)  # reading it would wait for ever
    refused("not a file")
    path.unlink()
    path.symlink_to(path)
    refused("Too many levels of symbolic links")
    path.unlink()
    path.write_bytes(b"# nothing\n" * 200000)
    refused("longer than 1024 KiB")
    path.write_text(f'upstream:\n  root-hints: {tmp_path}/named.root\n')
    done = ctl(daemon, "reload")
    assert done.stderr == (f'hark: {path}:2:15: upstream.root-hints: "{tmp_path}/named.root" cannot be read: '
                           "No such file or directory\n")
    assert answers() == before


# ---- harkd --check, --print-config ------------------------------------------------------------------------------

def harkd(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(["harkd", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=PATIENCE_S, check=False)


def test_check_says_what_a_reload_would(tmp_path):
    file = tmp_path / "hark.yaml"
    file.write_text("listen: 127.0.0.1@5300\n")
    done = harkd("--check", str(file))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{file}: good\n", "")
    file.write_text("lisen: 1\nworkers: 257\n")
    for command in (["--check", str(file)], ["-c", str(file), "--check"], ["-c", str(file), "--print-config"]):
        done = harkd(*command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (f"{file}:1:1: there is no setting lisen; did you mean listen?\n"
                               f'{file}:2:10: workers: "257" is too large: expected a number from 0 to 256\n')


def test_printed_settings_read_back(tmp_path):
    file, again = tmp_path / "hark.yaml", tmp_path / "again.yaml"
    file.write_text("workers: 3\naccess: [10.0.0.0/8, '::1']\ncache: {size: 64M}\n")
    first = harkd("-c", str(file), "--print-config")
    assert first.returncode == 0 and not first.stderr
    assert "\nworkers: 3\n" in first.stdout and "\nlocal-zones: yes  # default\n" in first.stdout
    again.write_text(first.stdout)
    assert harkd("-c", str(again), "--print-config").stdout.splitlines()[1:] == first.stdout.splitlines()[1:]


def test_nobody_there_is_said(hark, tmp_path):
    done = hark("ctl", "status", "-s", f"{tmp_path}/none")
    assert done.returncode == 5
    assert done.stderr == (f"hark: no harkd answers at {tmp_path}/none: No such file or directory; "
                           "does it run, with that control.socket?\n")
