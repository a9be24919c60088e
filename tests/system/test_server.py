"""harkd as a server: transports, addresses, access, settings, start and end."""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from conftest import PATIENCE_S, SANITIZER, alive, exchange, make_query, rdata

pytestmark = pytest.mark.usefixtures("lab_harkd")

PORT = 5399


def frame(message: dns.message.Message) -> bytes:
    wire = message.to_wire()
    return struct.pack("!H", len(wire)) + wire


def read_frame(stream) -> dns.message.Message:
    def exactly(n):
        data = b""
        while len(data) < n:
            got = stream.recv(n - len(data))
            assert got, "the stream ended"
            data += got
        return data
    return dns.message.from_wire(exactly(int.from_bytes(exactly(2))))


# ---- TCP (RFC 7766) ---------------------------------------------------------------------------------------------

def test_pipelined_queries_are_answered_out_of_order():
    exchange("www.python.org.")
    slow, quick = make_query("pipelined.late.org."), make_query("www.python.org.")
    quick.id = slow.id ^ 1
    with socket.create_connection(("127.0.0.1", 53), timeout=PATIENCE_S) as s:
        s.sendall(frame(slow) + frame(quick))
        assert [read_frame(s).id, read_frame(s).id] == [quick.id, slow.id], "RFC 7766 6.2.1.1"


def test_many_queries_share_a_stream():
    queries = [make_query("www.python.org.", rdtype) for rdtype in ("A", "AAAA") * 100]
    for n, query in enumerate(queries):
        query.id = n
    with socket.create_connection(("127.0.0.1", 53), timeout=PATIENCE_S) as s:
        s.sendall(b"".join(map(frame, queries)))
        assert {read_frame(s).id for _ in queries} == set(range(len(queries)))


def test_a_query_may_come_octet_by_octet():
    with socket.create_connection(("127.0.0.1", 53), timeout=PATIENCE_S) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in frame(make_query("www.python.org.")):
            s.sendall(bytes([octet]))
        assert rdata(read_frame(s), "A")


def test_half_closed_stream_still_gets_its_answer():
    with socket.create_connection(("127.0.0.1", 53), timeout=PATIENCE_S) as s:
        s.sendall(frame(make_query("halfclosed.late.org.")))
        s.shutdown(socket.SHUT_WR)
        assert read_frame(s).rcode() == dns.rcode.NXDOMAIN


# ---- addresses --------------------------------------------------------------------------------------------------

LOCALS = [("127.0.0.1", "127.0.0.77"), ("203.0.113.7", "203.0.113.8"), ("2001:db8:53::7", "2001:db8:53::8")]


@pytest.mark.parametrize("addresses", LOCALS, ids=[a[0] for a in LOCALS])
def test_wildcard_binds_answer_from_the_address_that_was_asked(start_harkd, addresses):
    start_harkd({"listen": [f"0.0.0.0@{PORT}", f"::@{PORT}"], "access": ["127.0.0.0/8", "203.0.113.0/24", "2001:db8::/32", "::1/128"]},
                at=("127.0.0.1", PORT))
    family = socket.AF_INET6 if ":" in addresses[0] else socket.AF_INET
    for address in addresses:
        with socket.socket(family, socket.SOCK_DGRAM) as s:  # unconnected: it would take a reply from anywhere
            s.settimeout(PATIENCE_S)
            query = make_query("localhost.")
            s.sendto(query.to_wire(), (address, PORT))
            data, peer = s.recvfrom(4096)
            assert peer[:2] == (address, PORT)
            assert dns.message.from_wire(data).id == query.id
        assert exchange("localhost.", where=address, port=PORT, tcp=True).answer


def test_listens_on_loopback_alone_by_default():
    sockets = subprocess.run(["ss", "-Hlntup"], stdout=subprocess.PIPE, text=True, check=True).stdout
    bound = {line.split()[4] for line in sockets.splitlines() if f"pid={os.environ['LAB_HARKD_PID']}," in line}
    assert bound == {"127.0.0.1:53", "[::1]:53"}


@pytest.mark.parametrize("source", ["203.0.113.8", "2001:db8:53::8"])
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_is_no_open_resolver(start_harkd, source, tcp):
    """Listening to all the world is not serving it."""
    start_harkd({"listen": [f"0.0.0.0@{PORT}", f"::@{PORT}"]}, at=("127.0.0.1", PORT))
    query = make_query("www.python.org.")
    ask = dns.query.tcp if tcp else dns.query.udp
    try:
        reply = ask(query, source, port=PORT, source=source, timeout=3)
    except (dns.exception.Timeout, EOFError, ConnectionError):
        return
    assert reply.rcode() == dns.rcode.REFUSED
    assert not reply.answer and not reply.authority
    assert len(reply.to_wire()) <= len(query.to_wire()) + 100, "little for whoever forges a source"


# ---- questions --------------------------------------------------------------------------------------------------

def test_any_gets_one_rrset():
    reply = exchange("python.org.", "ANY")
    assert len(reply.answer) == 1, "RFC 8482 4.1: one of those that are there; 4.2: HINFO"


def test_answers_have_ra_and_echo_rd_and_cd():
    reply = exchange("www.python.org.", flags=dns.flags.RD | dns.flags.CD)
    assert reply.flags & dns.flags.RA and reply.flags & dns.flags.RD and reply.flags & dns.flags.CD
    assert not reply.flags & (dns.flags.AA | dns.flags.AD)


def test_no_opt_without_opt():
    reply = exchange("www.python.org.", use_edns=False)
    assert reply.edns == -1 and reply.answer, "RFC 6891 6.1.1"


def test_without_edns_a_reply_has_512_octets_at_most():
    reply = exchange("large.python.org.", "TXT", use_edns=False)
    assert reply.flags & dns.flags.TC and len(reply.to_wire()) <= 512


def test_minimal_answers_by_default():
    reply = exchange("www.python.org.")
    assert not reply.authority and not reply.additional


def test_equal_questions_at_once_are_asked_once():
    from conftest import asked
    name = "crowd.late.org."
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(exchange(name).rcode())) for _ in range(30)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert answers == [dns.rcode.NXDOMAIN] * 30
    # The server is slow enough to see retransmissions, and more than one of its addresses.
    assert len([q for q in asked(name)]) <= 12


# ---- settings ---------------------------------------------------------------------------------------------------

def test_upstream_families_can_be_switched_off(start_harkd):
    start_harkd({"upstream": {"ipv6": "no"}})
    assert exchange("www.v6only.org.", port=PORT).rcode() == dns.rcode.SERVFAIL
    assert rdata(exchange("www.v4only.org.", port=PORT), "A") == {"192.0.2.80"}


def test_ipv6_alone_is_enough(start_harkd):
    start_harkd({"upstream": {"ipv4": "no"}})
    assert rdata(exchange("www.v6only.org.", port=PORT), "A") == {"192.0.2.80"}
    assert rdata(exchange("www.python.org.", port=PORT), "A")
    assert exchange("www.v4only.org.", port=PORT).rcode() == dns.rcode.SERVFAIL


def test_cache_ttl_max(start_harkd):
    start_harkd({"cache": {"ttl-max": 30}})
    exchange("www.python.org.", port=PORT)
    assert exchange("www.python.org.", port=PORT).answer[0].ttl <= 30


def test_without_minimisation_the_whole_name_is_sent(start_harkd):
    from conftest import asked
    name = "deep.er.name.counted.org."
    start_harkd({"upstream": {"minimise": "no"}})
    assert exchange(name, port=PORT).answer
    assert asked(name, "A")
    assert not asked("name.counted.org.") and not asked("er.name.counted.org.")


def test_workers(start_harkd):
    daemon = start_harkd({"workers": 3})
    for n in range(50):
        assert exchange("www.python.org.", port=PORT).answer
    assert status(daemon.control)["workers"] == 3


def test_local_zones_can_be_switched_off(start_harkd):
    start_harkd({"local-zones": "no", "listen": [f"127.0.0.1@{PORT}"]}, at=("127.0.0.1", 0))
    end = time.monotonic() + PATIENCE_S
    while True:  # `alive` asks for localhost, which takes a walk to the root now
        try:
            reply = dns.query.udp(make_query("localhost."), "127.0.0.1", port=PORT, timeout=1)
            break
        except (dns.exception.Timeout, OSError):
            assert time.monotonic() < end
    assert reply.rcode() == dns.rcode.NXDOMAIN


def test_root_hints_can_be_replaced(start_harkd):
    start_harkd({"upstream": {"root-hints": ["here.root. 198.41.0.4"], "prime": "no", "ipv6": "no"}})
    assert rdata(exchange("www.python.org.", port=PORT), "A")


def test_a_large_cache_and_a_small_one(start_harkd):
    for n, size in enumerate(("1M", "64M")):
        start_harkd({"cache": {"size": size}, "listen": [f"127.0.0.1@{PORT + n}"]}, at=("127.0.0.1", PORT + n))
        assert exchange("www.python.org.", port=PORT + n).answer


# ---- start and end ----------------------------------------------------------------------------------------------

def test_sigterm_ends_with_status_0(start_harkd):
    daemon = start_harkd({})
    assert daemon.stop() == 0
    assert not alive(port=PORT)


def masks(status: Path) -> dict[str, set[int]]:
    """Which signals a thread blocks and catches."""
    found = dict(re.findall(r"^Sig(Blk|Cgt):\s*([0-9a-f]+)$", status.read_text(), re.MULTILINE))
    return {what: {n for n in range(1, 65) if int(bits, 16) >> n - 1 & 1} for what, bits in found.items()}


def test_signals_come_to_the_main_thread_whoever_blocked_them_before(start_harkd):
    """Threads are born with them blocked, so they were blocked before there was a thread."""
    told = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, told)
    try:
        daemon = start_harkd({"workers": 2})
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    threads = {int(task.name): masks(task / "status") for task in Path(f"/proc/{daemon.process.pid}/task").iterdir()}
    main = threads.pop(daemon.process.pid)
    assert told <= main["Cgt"] and not told & main["Blk"]
    ours = [thread for thread in threads.values() if signal.SIGPROF not in thread["Blk"]]  # sanitizers block all in theirs
    assert len(ours) >= 3 and all(told <= thread["Blk"] for thread in ours), threads
    assert daemon.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a PID namespace")
def test_sigterm_is_not_lost_at_the_start_of_the_first_process(tmp_path):
    """As in a container: the kernel drops signals to it that it neither handles nor blocks."""
    file = tmp_path / "hark.yaml"
    file.write_text(json.dumps({"listen": [f"127.0.0.1@{PORT}"], "drop-privileges": "no", "control": {"socket": str(tmp_path / "control")}}))
    with open(tmp_path / "log", "w+b") as log:
        outer = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "harkd", "-c", file], stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE_S
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
        blocks = False
        while not blocks:
            assert outer.poll() is None and time.monotonic() < end, (tmp_path / "log").read_text()
            for child in children.read_text().split():
                is_harkd = Path(f"/proc/{child}/comm").read_text() == "harkd\n"  # not unshare any more
                blocks = is_harkd and signal.SIGTERM in masks(Path(f"/proc/{child}/status"))["Blk"]
        os.kill(int(child), signal.SIGTERM)
        assert outer.wait(PATIENCE_S) == 0
    assert "stopping: SIGTERM" in (tmp_path / "log").read_text()


def test_sigterm_drains(start_harkd):
    """A question that waits for its answer gets it, though the end was asked for meanwhile."""
    daemon = start_harkd({})
    exchange("www.late.org.", port=PORT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE_S)
        s.connect(("127.0.0.1", PORT))
        s.send(make_query("drained.late.org.").to_wire())
        time.sleep(0.3)
        daemon.process.send_signal(signal.SIGTERM)
        assert dns.message.from_wire(s.recv(4096)).rcode() == dns.rcode.NXDOMAIN
    assert daemon.stop() == 0


def test_sigterm_leaves_no_reply_half_sent(start_harkd):
    """A client that reads slowly gets the replies that were made for it whole, then the end of the stream."""
    daemon = start_harkd({})
    exchange("huge.python.org.", "TXT", port=PORT, tcp=True)
    questions = b"".join(frame(make_query("huge.python.org.", "TXT")) for _ in range(400))
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(PATIENCE_S)
        s.connect(("127.0.0.1", PORT))
        s.sendall(questions)
        time.sleep(1)
        daemon.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        got = b""
        while octets := s.recv(65536):
            got += octets
    replies = 0
    while got:
        length = int.from_bytes(got[:2])
        assert len(got) >= 2 + length, "the last reply is cut"
        got = got[2 + length:]
        replies += 1
    assert 0 < replies < 400
    assert daemon.stop() == 0


def test_sigint_ends_too(start_harkd):
    daemon = start_harkd({})
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.process.wait(PATIENCE_S) == 0


def refused_start(*arguments, **env) -> tuple[int, str]:
    done = subprocess.run(["harkd", *arguments], env=os.environ | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=PATIENCE_S, check=False)
    assert not SANITIZER.search(done.stdout), done.stdout
    return done.returncode, done.stdout


def test_a_port_in_use_is_named_with_the_option_that_changes_it():
    code, said = refused_start("--listen", "127.0.0.1@53")
    assert code != 0
    assert "127.0.0.1" in said and "--listen" in said, said


def test_a_port_that_may_not_be_bound_is_named_with_the_option_that_changes_it():
    done = subprocess.run(["setpriv", "--bounding-set=-net_bind_service", "harkd", "--listen", "127.0.0.9@53"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode != 0
    assert "127.0.0.9" in done.stdout and "--listen" in done.stdout, done.stdout


@pytest.mark.parametrize("text, place", [
    ("listne: [127.0.0.1]\n", "1:1"), ("cache:\n  size: many\n", "2:9"), ("listen: [127.0.0.1@99999]\n", "1:"),
    ("workers: -1\n", "1:"), ("cache: [\n", ""), ("upstream:\n  ipv4: maybe\n", "2:"), ("a: &x [*x]\n", "1:"),
    ("\tlisten: 1\n", "1:"), ("log:\n  level: loud\n", "2:"), ("\x00\x01\n", "")],
    ids=["key", "size", "port", "number", "bracket", "bool", "alias", "tab", "word", "octets"])
def test_a_broken_configuration_is_told_with_its_place(tmp_path, text, place):
    file = tmp_path / "hark.yaml"
    file.write_text(text)
    code, said = refused_start("-c", str(file))
    assert code != 0
    assert f"{file}:{place}" in said, said


def test_a_missing_configuration_is_told(tmp_path):
    code, said = refused_start("-c", str(tmp_path / "not-there.yaml"))
    assert code != 0 and "not-there.yaml" in said


def test_wrong_arguments_are_told():
    for arguments in (["--lisen", "127.0.0.1"], ["--listen"], ["--listen", "nowhere"], ["extra"]):
        code, said = refused_start(*arguments)
        assert code != 0 and said, arguments


def test_runs_without_any_configuration(start_harkd):
    """Only the port, because the laboratory's harkd has 53. The root's real keys are trusted, which the laboratory's root does not have."""
    start_harkd(None, "--listen", f"127.0.0.1@{PORT}", at=("127.0.0.1", PORT), env={"HARK_CONFIG": ""})
    reply = exchange("www.python.org.", port=PORT)
    assert reply.rcode() == dns.rcode.SERVFAIL and [o for o in reply.options if o.otype == dns.edns.OptionType.EDE]
    assert rdata(exchange("www.python.org.", port=PORT, flags=dns.flags.RD | dns.flags.CD), "A")


def test_log_has_one_clean_line_an_event(start_harkd):
    daemon = start_harkd({"log": {"level": "debug"}})
    for name in ("new\\010line.counted.org.", "esc\\027[31m.counted.org.", "\\255\\000.all-refused.org."):
        exchange(name, port=PORT)
    daemon.stop()
    raw = daemon.log_file.read_bytes()
    assert raw.endswith(b"\n")
    assert not re.search(rb"[^\x20-\x7e\n]", raw), "threat S7: octets of strangers are escaped"


# ---- control socket ---------------------------------------------------------------------------------------------

def control(path, request: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE_S)
        s.connect(str(path))
        s.sendall(request)
        reply = b""
        while got := s.recv(65536):
            reply += got
    return reply


def status(path) -> dict:
    return json.loads(control(path, b"status\n"))


def test_status_tells_what_happened(start_harkd):
    daemon = start_harkd({})
    before = status(daemon.control)
    for _ in range(5):
        exchange("www.python.org.", port=PORT)
    exchange("nothing.python.org.", port=PORT, tcp=True)
    after = status(daemon.control)
    assert after["version"] and after["uptime_s"] >= 0
    assert after["listen"] == [f"127.0.0.1@{PORT}"]
    assert after["queries"]["total"] - before["queries"]["total"] == 6
    assert after["queries"]["tcp"] - before["queries"]["tcp"] == 1
    assert after["rcodes"]["NXDOMAIN"] == 1
    assert after["queries"]["cache_hits"] >= 3
    assert 0 < after["cache"]["used"] <= after["cache"]["size"]
    assert after["resolver"]["messages"] >= 3


def test_control_understands_json_and_says_what_it_does_not(start_harkd):
    daemon = start_harkd({})
    assert "version" in json.loads(control(daemon.control, b'{"verb": "status"}\n'))
    for nonsense in (b"statsu\n", b"{}\n", b"{\n", b"\n", b"\xff\xfe\n", b"status status\n"):
        assert "error" in json.loads(control(daemon.control, nonsense)), nonsense
    try:
        control(daemon.control, b"x" * 200000)
    except ConnectionError:
        pass  # closed on: 64 KiB are enough for a request
    assert "version" in status(daemon.control)


def test_control_socket_is_not_for_everyone(start_harkd):
    daemon = start_harkd({})
    assert daemon.control.stat().st_mode & 0o007 == 0
    daemon.stop()
    assert not daemon.control.exists()
