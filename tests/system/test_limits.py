"""What one client may have pending, and what it gets for asking the same again and again (docs/threats.md M20, A17)."""

import json
import os
import socket
import subprocess
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from conftest import PATIENCE_S, asked, make_query

pytestmark = pytest.mark.usefixtures("lab_harkd")

SERVER, CLIENT, PORT = "203.0.113.7", "203.0.113.8", 5399
OPEN = {"access": ["127.0.0.0/8", "203.0.113.0/24"]}


def at_once(queries: list[dns.message.Message], where=SERVER, source=CLIENT, wait_s: float = 6) -> list[dns.message.Message]:
    """Each by a socket of its own; whatever answers come."""
    sockets = []
    for query in queries:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((source, 0))
        s.connect((where, PORT))
        s.setblocking(False)
        s.send(query.to_wire())
        sockets.append(s)
    answers, end = [], time.monotonic() + wait_s
    while len(answers) < len(queries) and time.monotonic() < end:
        for s in sockets:
            try:
                answers.append(s.recv(4096))
            except (BlockingIOError, ConnectionRefusedError):
                pass
        time.sleep(0.02)
    for s in sockets:
        s.close()
    return [dns.message.from_wire(a) for a in answers]


def is_curt(answer: dns.message.Message) -> bool:
    return bool(answer.flags & dns.flags.TC) and not answer.answer and not answer.authority


def clients(daemon) -> dict:
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE_S)
        s.connect(str(daemon.control))
        s.sendall(b"status\n")
        octets = b""
        while not octets.endswith(b"\n"):
            octets += s.recv(65536)
    return json.loads(octets)["clients"]


def ends_empty(daemon):
    """All that was counted is given back."""
    end = time.monotonic() + PATIENCE_S
    while (now := clients(daemon))["questions_pending"] or now["clients_waiting"]:
        assert time.monotonic() < end, now
        time.sleep(0.05)
    assert now["clients_at_limit"] == 0


def test_of_many_equal_questions_two_get_full_answers_and_all_others_tc(start_harkd):
    daemon = start_harkd({**OPEN, "listen": [f"{SERVER}@{PORT}"]}, at=(SERVER, PORT))
    queries = [make_query("twins.late.org.", use_edns=n % 2 - 1) for n in range(40)]
    answers = at_once(queries)
    assert len(answers) == 40, "forty phones behind one address: each is told something"
    full = [a for a in answers if not is_curt(a)]
    assert [a.rcode() for a in full] == [dns.rcode.NXDOMAIN] * 2
    longest = {edns: max(len(q.to_wire()) for q in queries if q.edns == edns) for edns in (-1, 0)}
    assert all(len(a.to_wire()) <= longest[a.edns] for a in answers if is_curt(a)), "no more octets than came"
    assert len(asked("twins.late.org.")) <= 6, "upstream: as many as for one question (one of two addresses is dead)"
    assert clients(daemon)["twins_truncated"] == 38
    ends_empty(daemon)
    retry = dns.query.tcp(queries[0], SERVER, port=PORT, timeout=PATIENCE_S, source=CLIENT)
    assert retry.rcode() == dns.rcode.NXDOMAIN


def test_the_same_datagram_again_gets_no_second_answer(start_harkd):
    daemon = start_harkd({**OPEN, "listen": [f"{SERVER}@{PORT}"]}, at=(SERVER, PORT))
    wire = make_query("again.late.org.").to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((CLIENT, 0))
        s.connect((SERVER, PORT))
        s.settimeout(PATIENCE_S)
        for _ in range(5):
            s.send(wire)
        assert dns.message.from_wire(s.recv(4096)).rcode() == dns.rcode.NXDOMAIN
        s.settimeout(1)
        with pytest.raises(TimeoutError):
            s.recv(4096)
    assert clients(daemon)["repetitions_dropped"] == 4
    ends_empty(daemon)


def test_who_is_on_this_host_gets_all(start_harkd):
    daemon = start_harkd({})
    answers = at_once([make_query("host.late.org.") for _ in range(40)], "127.0.0.1", "127.0.0.1")
    assert [a.rcode() for a in answers] == [dns.rcode.NXDOMAIN] * 40
    ends_empty(daemon)


def test_a_client_with_too_many_questions_is_sent_to_tcp(start_harkd):
    daemon = start_harkd({**OPEN, "listen": [f"{SERVER}@{PORT}"], "limits": {"client-questions": 16}}, at=(SERVER, PORT))
    answers = at_once([make_query(f"many{n}.late.org.") for n in range(40)])
    assert len(answers) == 40
    assert sum(map(is_curt, answers)) == 24
    assert clients(daemon)["over_limit"] == 24
    ends_empty(daemon)
