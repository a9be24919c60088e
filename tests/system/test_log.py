"""What harkd writes about itself and, if told to, about questions."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import pytest
from conftest import PATIENCE_S, alive, exchange, make_query, udp_socket, until

pytestmark = pytest.mark.usefixtures("lab_harkd")

PORT = 5399
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def questions(lines: list[str]) -> list[str]:
    """Without those that looked whether harkd is up."""
    return [line for line in lines if "localhost" not in line]


def test_names_are_not_logged_by_default(start_harkd):
    daemon = start_harkd({"log": {"level": "info"}})
    exchange("www.python.org.", port=PORT)
    exchange("nosuch.python.org.", port=PORT)
    assert daemon.stop() == 0
    assert "python" not in daemon.log


def test_query_log_tells_who_asked_what_and_where_the_answer_is_from(start_harkd, tmp_path):
    file = tmp_path / "queries"
    daemon = start_harkd({"log": {"queries": str(file), "clients": "address"}})
    for _ in range(2):
        exchange("www.python.org.", port=PORT)
    exchange("nosuch.python.org.", "AAAA", port=PORT, tcp=True)
    exchange("www.test.", port=PORT)
    exchange("www.python.org.", "AXFR", port=PORT, tcp=True, flags=0)
    assert file.stat().st_mode & 0o777 == 0o600
    assert daemon.stop() == 0
    lines = questions(file.read_text().splitlines())
    assert all(re.fullmatch(TIME, line.split()[0]) for line in lines)
    assert [re.sub(r" \d+ (\S+ \S+)$", r" MS \1", line.split(" ", 1)[1]) for line in lines] == [
        "127.0.0.1 udp www.python.org. A NOERROR MS servers -",
        "127.0.0.1 udp www.python.org. A NOERROR MS cache -",
        "127.0.0.1 tcp nosuch.python.org. AAAA NXDOMAIN MS servers -",
        "127.0.0.1 udp www.test. A NXDOMAIN MS local -",
        "127.0.0.1 tcp www.python.org. AXFR REFUSED MS - 21",
    ]


def test_a_reload_opens_the_query_log_anew(start_harkd, tmp_path):
    file, old = tmp_path / "queries", tmp_path / "queries.1"
    daemon = start_harkd({"log": {"queries": str(file)}})
    exchange("before.test.", port=PORT)
    until(lambda: "before.test." in file.read_text(), lambda: daemon.log)  # a line is written after its reply was sent
    file.rename(old)
    daemon.process.send_signal(signal.SIGHUP)
    until(file.exists, lambda: daemon.log)
    exchange("after.test.", port=PORT)
    daemon.stop()
    assert [line.split()[3] for line in questions(old.read_text().splitlines())] == ["before.test."]
    assert [line.split()[3] for line in questions(file.read_text().splitlines())] == ["after.test."]


@pytest.mark.parametrize("clients, expected", [("prefix", "127.0.0.0/24"), ("none", "-")])
def test_query_log_tells_of_clients_what_it_is_told_to(start_harkd, tmp_path, clients, expected):
    file = tmp_path / "queries"
    start_harkd({"log": {"queries": str(file), "clients": clients}}).stop()
    assert {line.split()[1] for line in file.read_text().splitlines()} == {expected}


def test_query_log_shows_a_48_of_ipv6(start_harkd, tmp_path):
    file = tmp_path / "queries"
    daemon = start_harkd({"log": {"queries": str(file)}, "listen": ["127.0.0.1@5399", f"2001:db8:53::7@{PORT}"],
                          "access": ["127.0.0.0/8", "2001:db8::/32"]})
    exchange("www.test.", where="2001:db8:53::7", port=PORT)
    daemon.stop()
    assert questions(file.read_text().splitlines())[0].split()[1] == "2001:db8:53::/48"


def test_how_long_it_took(start_harkd, tmp_path):
    file = tmp_path / "queries"
    daemon = start_harkd({"log": {"queries": str(file), "format": "json"}})
    exchange("timed.late.org.", port=PORT)  # that server answers after a second
    daemon.stop()
    (entry,) = map(json.loads, questions(file.read_text().splitlines()))
    assert entry["ms"] >= 900 and entry["from"] == "servers"


def test_query_log_beside_the_log(start_harkd):
    daemon = start_harkd({"log": {"queries": "stderr"}})
    exchange("www.test.", port=PORT)
    daemon.stop()
    assert re.search(f"^query: {TIME} 127.0.0.0/24 udp www.test. A NXDOMAIN 0 local -$", daemon.log, re.MULTILINE)


def test_a_query_log_that_cannot_be_written_stops_the_start(tmp_path):
    file = tmp_path / "hark.yaml"
    file.write_text(f"listen: 127.0.0.1@5399\nlog: {{queries: {tmp_path}/no/such/folder}}\n")
    done = subprocess.run(["harkd", "-c", str(file)], stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert f"cannot write the query log {tmp_path}/no/such/folder: No such file or directory (log.queries)" in done.stderr


# ---- threat S7 --------------------------------------------------------------------------------------------------

HOSTILE = [
    b"<script>alert(1)</script>", b"\"onx=", b"'><img src=x onerror=alert(1)>", b"</title>", b"<!--", b"-->", b"&lt;", b"javascript:",
    b"\x1b]8;;http://x\x07", b"\x1b[2J", b"\x1b[31m", b"\x9b31m", b"\x07", b"\x08\x08", b"\x7f", b"\x00", b"\r\n", b"\n", b"\r", b"\v", b"\f",
    b"%0a", b"%0d%0a", b"%n%n%s%s", b"%x", b"\\", b"\\\\", b"\\010", b"\\n", b"\\u0022", b"\"", b"\"}", b"\",\"rcode\":\"X", b"'", b"`id`",
    b"$(id)", b"${x}", b"{{7*7}}", b"#{7*7}", b"<%= 7 %>", b"=cmd|' /C calc'!A0", b"+1", b"-1", b"@SUM(1)", b"\t=1", b"a,b;c", b"a b", b" ",
    "\u202e".encode(), "\u2066".encode(), "\u2028".encode(), "\u0085".encode(), "\ufeff".encode(), b"\xff\xfe", b"\xc3\x28", b"\xe2\x82",
    b"../../etc/passwd", b"; DROP TABLE x;--", b"query: 2026", b"harkd: error: x", b"<6>x", b"a.b", b"x" * 63,
]
SAFE = re.compile(rb"[\x20-\x7e]*\Z")


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_names_stay_one_harmless_line(start_harkd, tmp_path, form):
    assert len(HOSTILE) >= 60
    file = tmp_path / "queries"
    daemon = start_harkd({"log": {"queries": str(file), "format": form, "level": "debug"}})
    names = [dns.name.Name([label, b"test", b""]) for label in HOSTILE]
    with udp_socket("127.0.0.1", PORT) as s:
        for name in names:
            s.send(make_query(name).to_wire())
            s.recv(4096)
    daemon.stop()
    lines = [line for line in file.read_bytes().split(b"\n")[:-1] if b"localhost" not in line]
    assert len(lines) == len(names)
    for line, name in zip(lines, names):
        assert SAFE.match(line), line
        if form == "json":
            shown = json.loads(line)["name"]
            assert not set(line) & set(b"<>&'")
        else:
            assert len(fields := line.decode().split(" ")) == 9, "spaces are escaped, so fields can be told apart"
            shown = fields[3]
        assert dns.name.from_text(shown) == name
    for line in Path(daemon.log_file).read_bytes().split(b"\n"):
        assert SAFE.match(line), line


# ---- fault F22 --------------------------------------------------------------------------------------------------

def test_a_log_that_nobody_reads_holds_up_no_question(tmp_path):
    file = tmp_path / "hark.yaml"
    file.write_text(json.dumps({"listen": f"127.0.0.1@{PORT}", "control": {"socket": "none"}, "drop-privileges": "no",
                                "log": {"queries": "stderr", "level": "debug"}}))
    reader, writer = os.pipe()
    process = subprocess.Popen(["harkd", "-c", str(file)], stderr=writer, stdin=subprocess.DEVNULL)
    os.close(writer)
    end = time.monotonic() + PATIENCE_S
    while not alive("127.0.0.1", PORT):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    wire = make_query("a-name-that-makes-the-line-a-little-longer-than-it-would-be.test.").to_wire()
    wanted, at_once, answered = 16000, 50, 0  # 2 MB of lines: more than the pipe and harkd's own room
    with udp_socket("127.0.0.1", PORT) as s:
        for _ in range(wanted // at_once):
            for _ in range(at_once):
                s.send(wire)
            for _ in range(at_once):
                answered += len(s.recv(4096)) > 12
    assert answered == wanted
    # It reads again: what is left comes, and how much did not.
    text = b""
    end = time.monotonic() + PATIENCE_S
    while b"lines are lost" not in text and time.monotonic() < end:
        text += os.read(reader, 65536)
    lost = int(re.search(rb"(\d+) log lines are lost", text)[1])
    assert 0 < lost < wanted
    # And once more without reading: the end comes nevertheless.
    with udp_socket("127.0.0.1", PORT) as s:
        for _ in range(wanted // at_once):
            for _ in range(at_once):
                s.send(wire)
            for _ in range(at_once):
                s.recv(4096)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    os.close(reader)


def test_json_log(start_harkd):
    daemon = start_harkd({"log": {"format": "json"}})
    daemon.stop()
    entries = [json.loads(line) for line in daemon.log.splitlines() if line.startswith("{")]
    assert {"level": "notice", "message": "stopped"}.items() <= entries[-1].items()
    assert all(re.fullmatch(TIME, entry["time"]) for entry in entries)


def test_log_with_the_time(start_harkd):
    daemon = start_harkd({"log": {"time": "yes"}})
    daemon.stop()
    assert re.match(f"{TIME} harkd: notice: stopped", daemon.log.splitlines()[-1])
