"""harkd over TCP with many connections, and with greedy ones."""

import json
import resource
import select
import socket
import struct
import time

import pytest
from conftest import PATIENCE_S, exchange, make_query
from test_server import PORT, control, frame, read_frame

pytestmark = pytest.mark.usefixtures("lab_harkd")

CONNECTIONS = 4096  # of the process; docs/threats.md A19
FROM_ONE_ADDRESS = 64
PIPELINED = 1000


def connect(n: int) -> socket.socket:
    """The n-th of many, from an address that has not its share yet."""
    s = socket.socket()
    s.settimeout(PATIENCE_S)
    s.bind((f"127.1.{n // FROM_ONE_ADDRESS // 200}.{1 + n // FROM_ONE_ADDRESS % 200}", 0))
    s.connect(("127.0.0.1", PORT))
    return s


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CONNECTIONS * 2:
        pytest.skip(f"no more than {hard} file descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def tcp_figures(daemon) -> dict:
    return json.loads(control(daemon.control, b"status\n"))["sockets"]


def test_as_many_connections_as_there_may_be_are_all_answered(start_harkd, many_descriptors):
    daemon = start_harkd({"workers": 2})
    exchange("www.python.org.", port=PORT)
    query = make_query("www.python.org.")
    streams = []
    try:
        for n in range(CONNECTIONS):
            streams.append(connect(n))
            streams[-1].sendall(frame(query))
        for s in streams:
            reply = read_frame(s)
            assert reply.id == query.id and reply.answer
        figures = tcp_figures(daemon)
        assert figures["clients_accepted"] >= CONNECTIONS and figures["clients_refused"] == 0 and figures["clients_closed_slow"] == 0, figures
    finally:
        for s in streams:
            s.close()


def test_thousands_of_idle_connections_stay_and_answer_again(start_harkd, many_descriptors):
    """As long as places are left nobody is hurried."""
    count = CONNECTIONS // 2
    daemon = start_harkd({"workers": 1})
    exchange("www.python.org.", port=PORT)
    query = make_query("www.python.org.")
    streams = []
    try:
        for n in range(count):
            streams.append(connect(n))
            streams[-1].sendall(frame(query))
            read_frame(streams[-1])
        assert tcp_figures(daemon)["clients_open"] == count
        for s in streams:
            s.sendall(frame(query))
        for s in streams:
            assert read_frame(s).answer
    finally:
        for s in streams:
            s.close()


def read_for(s: socket.socket, octets: bytearray):
    try:
        while got := s.recv(65536, socket.MSG_DONTWAIT):
            octets += got
    except BlockingIOError:
        pass


def ids_in(octets: bytearray) -> list[int]:
    """Of the messages that are there."""
    out, at = [], 0
    while at + 2 <= len(octets) and at + 2 + (n := struct.unpack_from("!H", octets, at)[0]) <= len(octets):
        out.append(struct.unpack_from("!H", octets, at + 2)[0])
        at += 2 + n
    return out


def test_one_that_pipelines_much_gets_all_its_answers(start_harkd):
    """More than may be pending or queued at a time: reading pauses, nothing is lost, hits come in their order."""
    start_harkd({"workers": 1})
    exchange("www.python.org.", port=PORT)
    query = make_query("www.python.org.")
    asked = bytearray()
    for n in range(PIPELINED):
        query.id = n
        asked += frame(query)
    heard = bytearray()
    with connect(0) as s:
        s.setblocking(False)
        end = time.monotonic() + PATIENCE_S
        while len(ids_in(heard)) < PIPELINED and time.monotonic() < end:
            readable, writable, _ = select.select([s], [s] if asked else [], [], 1)
            if writable:
                del asked[:s.send(asked)]
            if readable:
                read_for(s, heard)
    assert ids_in(heard) == list(range(PIPELINED))


def test_hits_overtake_the_misses_before_them(start_harkd):
    """RFC 7766 6.2.1.1: as many misses as may be pending but one do not hold up what follows."""
    start_harkd({"workers": 2})
    exchange("www.python.org.", port=PORT)
    late, quick = [make_query(f"n{n}.pipelined.late.org.") for n in range(20)], make_query("www.python.org.")
    for n, query in enumerate([*late, quick]):
        query.id = n
    with connect(0) as s:
        s.sendall(b"".join(frame(q) for q in [*late, quick]))
        first = read_frame(s)
        assert first.id == quick.id and first.answer
        assert {read_frame(s).id for _ in late} == set(range(len(late)))
