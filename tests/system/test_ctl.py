"""hark ctl: what a running harkd tells of its questions and servers, at once and while it happens."""

import json
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import dns.rcode
import pytest
from conftest import PATIENCE_S, Daemon, exchange

pytestmark = pytest.mark.usefixtures("lab_harkd")

PORT = 5399
SECRET = "www.secret-of-nobody-else.python.org."


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """One for all tests: it has answered, failed, and is asked by ten names that are nobody else's."""
    folder = tmp_path_factory.mktemp("ctl")
    one = Daemon(folder, {"listen": [f"127.0.0.1@{PORT}"], "workers": 2}, [], {}).wait_for("127.0.0.1", PORT)
    ask("www.python.org.")
    ask("www.all-refused.org.")
    ask(SECRET)
    yield one
    assert one.stop() == 0, one.log


def ask(name, rdtype="A"):
    return exchange(name, rdtype, port=PORT)


def ctl(daemon, *words) -> subprocess.CompletedProcess:
    return subprocess.run(["hark", "ctl", *words, "-s", str(daemon.control)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)


def told(daemon, *words) -> dict:
    done = ctl(daemon, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def page(daemon, *words) -> str:
    done = ctl(daemon, *words)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def test_recent_questions_are_told_with_who_was_asked(daemon):
    (record,) = told(daemon, "recent", "WWW.python.org", "A")["recent"]
    assert (record["qname"], record["qtype"], record["rcode"], record["verdict"], record["from"]) == ("www.python.org.", "A", "NOERROR", "secure", "fetched")
    assert record["messages"] == len(record["asked"]) >= 4 and record["age_s"] < 60 and record["reason"] is None
    zones = [a["zone"] for a in record["asked"]]
    assert {".", "org.", "python.org."} == set(zones) and all(a["rcode"] == "NOERROR" for a in record["asked"])
    last = [a for a in record["asked"] if a["sent_name"] == "www.python.org."][0]
    assert last["server"] in ("ns1.python.org.", "ns2.python.org.") and last["port"] == 53 and last["transport"] == "udp"
    chain = {c["zone"]: c for c in record["chain"]}
    assert [chain[z]["by"] for z in (".", "org.", "python.org.")] == ["anchor", "ds", "ds"]
    assert all(c["verdict"] == "secure" and c["key_tag"] > 0 and c["algorithm"] == 13 for c in chain.values())
    shown = page(daemon, "recent", "www.python.org", "A")
    assert "www.python.org A: NOERROR, secure" in shown and "the keys of the root are secure" in shown


def test_a_failure_is_told_with_its_reason(daemon):
    (record,) = told(daemon, "recent", "www.all-refused.org")["recent"]
    assert record["rcode"] == "SERVFAIL" and record["reason"]["tag"] == "refused" and record["reason"]["ede"]["code"] == 20
    assert [a["useless"] for a in record["asked"] if a["rcode"] == "REFUSED"] == ["refused"] * 4
    assert {r["qname"] for r in told(daemon, "recent")["recent"]} >= {"www.python.org.", "www.all-refused.org.", SECRET}
    assert told(daemon, "recent", "nobody-asked.org")["recent"] == []


def test_no_name_is_on_a_disk(daemon):
    folder = Path(daemon.control).parent
    while folder.name and not folder.name.startswith("ctl"):
        folder = folder.parent
    files = [f for f in folder.rglob("*") if f.is_file()]
    assert files, "the settings at least"
    assert [f for f in files if b"secret-of-nobody-else" in f.read_bytes()] == []


def test_a_switch_forgets_what_was_asked(start_harkd, tmp_path):
    daemon = start_harkd({"control": {"socket": str(tmp_path / "0/control"), "recent": "no"}}, at=("127.0.0.1", 5398))
    exchange("www.python.org.", port=5398)
    assert told(daemon, "recent") == {"recent": [], "found": 0, "kept": False}
    assert "control.recent" in page(daemon, "recent")


def test_a_walk_is_told_step_by_step(daemon):
    done = ctl(daemon, "walk", "www.python.org", "AAAA", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and [e["event"] for e in events[:1]] == ["question"] and events[-1]["event"] == "outcome"
    assert {"sent", "reply", "answer", "validated"} <= {e["event"] for e in events}
    assert events[-1]["rcode"] == "NOERROR" and events[-1]["verdict"] == "secure" and events[-1]["messages"] == 1
    again = page(daemon, "walk", "www.python.org", "AAAA").splitlines()
    assert "cache" in again[1] and "from the cache" in again[2] and "0 messages" in again[-1]
    assert "127.0.0.1" in json.dumps(told(daemon, "walk", "localhost", "A")["answerRRs"])
    assert [ctl(daemon, "walk", *words).returncode for words in (("localhost", "MX"), ("www.all-upward.org",))] == [2, 3]


class Reader:
    """hark ctl events in the background."""

    def __init__(self, daemon, *words):
        self.process = subprocess.Popen(["hark", "ctl", "events", *words, "-s", str(daemon.control)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.timer = threading.Timer(PATIENCE_S, self.process.kill)
        self.timer.start()
        self.first = self.process.stdout.readline()

    def lines(self, last) -> list[str]:
        got = []
        for line in self.process.stdout:
            got.append(line)
            if last in line:
                break
        return got

    def end(self) -> int:
        self.timer.cancel()
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE_S)
        assert not self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return code


def test_events_are_told_live_and_filtered(daemon):
    failures, named = Reader(daemon, "failures", "name=all-silent.org"), Reader(daemon, "sent", "denial", "name=python.org", "--json")
    try:
        assert "Ctrl-C" in failures.first and json.loads(named.first) == {"event": "watching"}
        assert ctl(daemon, "events").stderr == "hark: two others read events already, and there is no third place\n"
        assert ask("not-there.python.org.").rcode() == dns.rcode.NXDOMAIN
        got = [json.loads(line) for line in named.lines('"denial"')]
        assert [e["event"] for e in got] == ["sent", "denial"] and {e["qname"] for e in got} == {"not-there.python.org."}
        assert all(re.fullmatch(r"20..-..-..T..:..:..Z", e["time"]) for e in got)
        asked = threading.Thread(target=ask, args=("www.all-silent.org.",), daemon=True)  # it has its answer after 5 s
        asked.start()
        (line,) = failures.lines("timeout")
        assert "www.all-silent.org A" in line
        (request,) = [r for r in told(daemon, "requests")["requests"] if r["qname"] == "www.all-silent.org."]
        assert (request["qtype"], request["clients"], request["zone"]) == ("A", 1, "all-silent.org.") and request["messages"] > 0
        assert "www.all-silent.org A for 1 client" in page(daemon, "requests")
    finally:
        codes = [failures.end(), named.end()]
    assert codes == [-signal.SIGINT] * 2
    for _ in range(50):
        third = Reader(daemon)  # their places are free once harkd has noticed
        third.end()
        if "harkd tells" in third.first:
            break
    else:
        pytest.fail("those who left still count")


def test_a_reader_that_reads_nothing_holds_nobody_up_and_is_told(daemon):
    with socket.socket(socket.AF_UNIX) as s, s.makefile("rb") as lines:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.settimeout(PATIENCE_S)
        s.connect(str(daemon.control))
        s.sendall(b"events name=unsigned.com\n")
        assert json.loads(lines.readline()) == {"event": "watching"}
        for i in range(400):
            ask(f"n{i}.unsigned.com.")
        seen = {}
        while "lost" not in seen:
            seen = json.loads(lines.readline())
            seen = {seen["event"]: seen.get("count")}
        assert seen["lost"] > 0


def test_a_stop_waits_for_no_reader(start_harkd):
    daemon = start_harkd({"workers": 2}, at=("127.0.0.1", 5398))
    readers = []
    for line in (b"events\n", b"walk www.all-silent.org\n", b"walk www.python.org\n"):
        readers.append(socket.socket(socket.AF_UNIX))
        readers[-1].settimeout(PATIENCE_S)
        readers[-1].connect(str(daemon.control))
        readers[-1].sendall(line)
        assert readers[-1].recv(10)
    hark = [subprocess.Popen(["hark", "ctl", *words, "-s", str(daemon.control)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for words in (("events",), ("walk", "walk.all-silent.org"))]
    assert all(h.stdout.readline() for h in hark)
    assert daemon.stop() == 0, daemon.log
    ends = [(h.communicate(timeout=PATIENCE_S)[1].split(" ended ")[-1], h.returncode) for h in hark]
    assert ends == [("what it told: it closed the connection\n", 5), ("its walk too early: it closed the connection\n", 5)]
    for reader in readers:
        while reader.recv(65536):
            pass  # until its end
        reader.close()


def test_servers_are_told(daemon):
    all_of_them = told(daemon, "servers")
    assert all_of_them["known"] >= all_of_them["heard"] > 3 and all_of_them["failing"] >= 1
    assert all_of_them["failing_most"] and len(all_of_them["slowest"]) <= 10
    (one,) = [s for s in told(daemon, "servers", "198.51.100.24")["servers"]]
    assert one["heard"] and one["edns"] == "works" and one["lame_for"] == ["all-refused.org."] and one["cap"] >= 100
    assert "lame for all-refused.org" in page(daemon, "servers", "198.51.100.24")
    assert {s["address"] for s in told(daemon, "servers", "ns1.all-refused.org")["servers"]} == {"198.51.100.24", "2001:db8:dead::18"}
    assert "nothing is known of it" in page(daemon, "servers", "192.0.2.99")


def test_the_status_is_a_page_and_stats_are_all_figures(daemon):
    shown = page(daemon, "status").splitlines()
    assert shown[0].startswith("harkd ") and " runs for " in shown[0] and f"127.0.0.1@{PORT}" in shown[0]
    assert [line.split("  ")[0] for line in shown[1:9]] == ["Questions", "Answers", "Cache", "Servers", "In flight", "Trust", "Root", "Trouble"]
    assert shown[7] == "Root        servers built in; keys from the settings"
    assert max(map(len, shown)) <= 100
    metrics = {m["name"]: m for m in told(daemon, "stats")["metrics"]}
    assert metrics["hark_queries_total"]["value"] > 3 and metrics["hark_queries_total"]["kind"] == "counter"
    assert metrics["hark_replies_total"]["values"]["SERVFAIL"] >= 1
    assert "hark_queries_total" in page(daemon, "stats")
    assert {len(line) - len(line.lstrip()) for line in page(daemon, "stats").splitlines()} == {0, 2}
    assert ctl(daemon, "stats", "prom").returncode == 1


SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"\})? (\d+)')


def test_prometheus_reads_the_figures(daemon):
    """https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format"""
    text = page(daemon, "stats", "prometheus")
    assert text.endswith("\n")
    kinds, samples = {}, []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("# HELP "):
            name, words = line[7:].split(" ", 1)
            assert words and next(lines) in (f"# TYPE {name} counter", f"# TYPE {name} gauge") and name not in kinds
            kinds[name] = "counter" if name.endswith("_total") else "gauge"
            assert f"# TYPE {name} {kinds[name]}\n" in text
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample and sample[1] == list(kinds)[-1], line  # all of one figure stand together
        samples.append(sample[1] + (sample[2] or ""))
    assert len(samples) == len(set(samples)) >= len(told(daemon, "stats")["metrics"])
    assert 'hark_replies_total{rcode="NOERROR"}' in samples and "hark_uptime_seconds" in samples


def test_the_status_ends_in_what_is_wrong(daemon):
    told(daemon, "nta", "add", "python.org")
    assert "1 zone not validated, as was asked for: hark ctl nta" in page(daemon, "status")
    told(daemon, "nta", "del", "python.org")
    assert "not validated" not in page(daemon, "status")


def test_a_harkd_that_only_fails_is_in_trouble(start_harkd):
    daemon = start_harkd({}, at=("127.0.0.1", 5398))
    assert "Trouble     none\n" in page(daemon, "status")
    for n in range(5):
        exchange(f"{n}.all-refused.org.", port=5398)
    shown = page(daemon, "status")
    assert "Trouble     5 of the newest 5 look-ups failed: hark ctl recent\n" in shown, shown


def test_the_log_is_louder_until_a_reload(daemon):
    assert told(daemon, "log") == {"level": "notice"}
    assert told(daemon, "log", "debug") == {"level": "debug", "before": "notice"}
    ask("www.all-refused.org.", "TXT")
    end = time.monotonic() + PATIENCE_S
    while "www.all-refused.org. TXT failed" not in daemon.log and time.monotonic() < end:
        time.sleep(0.02)  # a thread of its own writes it
    assert "www.all-refused.org. TXT failed" in daemon.log
    told(daemon, "log", "notice")
    assert ctl(daemon, "log", "loud").returncode == 1


def test_verbs_are_listed_and_each_is_helped(daemon):
    listed = page(daemon)
    verbs = [line.split()[0] for line in listed.splitlines()[1:-1]]
    assert {"status", "stats", "requests", "recent", "walk", "events", "servers", "cache", "anchors", "nta", "log", "reload"} == set(verbs)
    for verb in verbs:
        assert f"hark ctl {verb}" in page(daemon, "help", verb)
    assert "near-miss" in page(daemon, "help", "events")
    assert ctl(daemon, "help", "relaod").stderr == "hark: harkd knows no 'relaod'; did you mean reload?\n"


def test_an_older_harkd_is_told_from_a_wrong_word(tmp_path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(tmp_path / "old"))
        s.listen()

        def answer():
            peer, _ = s.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b'{"error":"no such verb"}\n')
        thread = threading.Thread(target=answer)
        thread.start()
        done = subprocess.run(["hark", "ctl", "recent", "-s", tmp_path / "old"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
        thread.join(PATIENCE_S)
    assert (done.returncode, done.stdout) == (3, "") and done.stderr == "hark: that harkd is older than this hark: it knows no 'recent'\n"


def refused(path, *words) -> str:
    done = subprocess.run(["hark", "ctl", *words, "-s", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, done.stdout) == (5, "")
    return done.stderr


def test_what_stands_in_the_way_is_said_in_one_line(daemon, tmp_path):
    (tmp_path / "plain").touch()
    assert refused(tmp_path / "plain", "status") == f"hark: {tmp_path}/plain is no socket; harkd's is named by its control.socket\n"
    assert refused(tmp_path / "none", "status") == \
        f"hark: no harkd answers at {tmp_path}/none: No such file or directory; does it run, with that control.socket?\n"
    crowd = [socket.socket(socket.AF_UNIX) for _ in range(40)]
    try:
        for one in crowd:
            one.connect(str(daemon.control))
        assert refused(daemon.control, "nta") == f"hark: harkd at {daemon.control} did not reply: it hung up; do too many ask it at a time?\n"
    finally:
        for one in crowd:
            one.close()
    end = time.monotonic() + PATIENCE_S
    while ctl(daemon, "log").returncode and time.monotonic() < end:
        pass  # it has not seen yet that they went
    assert told(daemon, "log") == {"level": "notice"}
