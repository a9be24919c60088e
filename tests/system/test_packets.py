"""Every packet of packets.py gets exactly its rcode, or nothing."""

import socket
import struct

import pytest
from conftest import PATIENCE_S, exchange, udp_socket

import packets

pytestmark = pytest.mark.usefixtures("lab_harkd")


@pytest.fixture(scope="module", autouse=True)
def warm_cache(lab_harkd):
    assert exchange("www.python.org.").answer


def rcode_of(reply: bytes) -> int:
    """The rcode with its upper bits, which are in the OPT: the last record, and the only one owned by the root."""
    low = reply[3] & 15
    at = reply.rfind(b"\0\0\x29")  # root, type 41
    return low if at < 0 or int.from_bytes(reply[10:12]) == 0 else reply[at + 5] << 4 | low


@pytest.mark.parametrize("what, octets, expected, source", packets.PACKETS, ids=[p[0] for p in packets.PACKETS])
def test_gets_its_rcode_or_silence(what, octets, expected, source):
    # A question that is always answered follows: its reply coming first means silence, without a wait.
    follower = packets.ask(flags=packets.RD)
    follower = b"\x11\x11" + follower[2:]
    with udp_socket("127.0.0.1", 53) as s:
        s.send(octets)
        s.send(follower)
        first = s.recv(65535)
        if first[:2] == b"\x11\x11":
            s.settimeout(0.2)  # replies may overtake each other
            try:
                first = s.recv(65535)
            except socket.timeout:
                first = None
    got = None if first is None else rcode_of(first)
    assert got == expected, source
    if first is not None:
        assert first[:2] == octets[:2]
        assert first[2] & 0x80


def test_over_tcp_every_packet_gets_the_same_rcode_or_a_closed_stream():
    """Silence on a stream may also be its end: RFC 7766 8 lets a server close on what it cannot read."""
    wrong = []
    for what, octets, expected, source in packets.PACKETS:
        with socket.create_connection(("127.0.0.1", 53), timeout=PATIENCE_S) as s:
            s.sendall(struct.pack("!H", len(octets)) + octets + struct.pack("!H", 27) + packets.ask())
            data = b""
            while len(data) < 2 or len(data) < 2 + int.from_bytes(data[:2]):
                try:
                    got = s.recv(65535)
                except ConnectionResetError:
                    got = b""
                if not got:
                    break
                data += got
        if not data:
            assert expected is None, what
            continue
        rcode = rcode_of(data[2:2 + int.from_bytes(data[:2])])
        # The second query is answered with NOERROR: that reply alone says nothing of the first.
        if rcode != (expected or 0):
            wrong.append((what, rcode, expected))
    assert not wrong
