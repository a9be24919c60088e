"""Octets and clients that mean no good. harkd answers others meanwhile, and lives; sanitizers watch."""

import random
import socket
import struct
import time

import pytest
from conftest import PATIENCE_S, SANITIZER, alive, exchange, make_query, udp_socket

pytestmark = pytest.mark.usefixtures("lab_harkd")

SEED = 20261123
QUERY = make_query("www.python.org.", options=[]).to_wire()


@pytest.fixture(autouse=True)
def still_serving():
    yield
    assert exchange("www.python.org.").answer
    assert exchange("www.python.org.", tcp=True).answer


def throw(datagrams):
    """Sends them all; now and then asks for a sign of life, which also paces."""
    with udp_socket("127.0.0.1", 53) as s:
        for n, octets in enumerate(datagrams):
            s.send(octets)
            if n % 200 == 199:
                assert alive()


def test_random_octets():
    dice = random.Random(SEED)
    throw(dice.randbytes(dice.choice((0, 1, 11, 12, 13, 40, 200, 512, 1500))) for _ in range(4000))


def test_random_octets_behind_a_good_header():
    dice = random.Random(SEED + 1)
    heads = [struct.pack("!6H", dice.randrange(65536), 0x0100, qd, an, ns, ar)
             for qd in (0, 1, 2) for an in (0, 1) for ns in (0, 1) for ar in (0, 1, 2)]
    throw(dice.choice(heads) + dice.randbytes(dice.randrange(80)) for _ in range(4000))


def test_a_query_cut_at_every_octet():
    throw(QUERY[:n] for n in range(len(QUERY)))


def test_a_query_with_every_bit_flipped():
    def flipped(bit):
        octets = bytearray(QUERY)
        octets[bit // 8] ^= 1 << bit % 8
        return bytes(octets)
    throw(flipped(bit) for bit in range(8 * len(QUERY)))


def test_a_query_with_octets_changed_at_random():
    dice = random.Random(SEED + 2)

    def changed():
        octets = bytearray(QUERY)
        for _ in range(dice.randrange(1, 5)):
            octets[dice.randrange(12, len(octets))] = dice.choice((0, 1, 0x3f, 0x40, 0xc0, 0xff, dice.randrange(256)))
        return bytes(octets)
    throw(changed() for _ in range(1000))


def test_names_that_are_all_pointers():
    throw(struct.pack("!6H", n, 0x0100, 1, 0, 0, 0) + b"\xc0\x0c" * n + b"\0\1\0\1" for n in range(1, 200))


def test_the_largest_datagram():
    dice = random.Random(SEED + 3)
    throw(QUERY[:12] + dice.randbytes(65507 - 12) for _ in range(5))


def tcp(octets: bytes) -> bytes:
    """What comes back until the server closes or rests."""
    reply = b""
    with socket.create_connection(("127.0.0.1", 53), timeout=0.5) as s:
        try:
            s.sendall(octets)
            s.shutdown(socket.SHUT_WR)
            while got := s.recv(65536):
                reply += got
        except OSError:
            pass
    return reply


def test_frames_of_65535_octets():
    dice = random.Random(SEED + 4)
    for fill in (bytes(65535), b"\xff" * 65535, dice.randbytes(65535), QUERY + bytes(65535 - len(QUERY)),
                 b"\x4a\x4a\x01\0\xff\xff" + b"\0" * 65529, b"\x4a\x4a\x01\0\0\1\0\0\0\0\x10\0" + b"\0\0\1\0\1" * 13104 + b"abc"):
        assert len(fill) == 65535
        tcp(b"\xff\xff" + fill)


def test_a_frame_of_65535_options():
    options = struct.pack("!2H", 65001, 0) * 16000
    message = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 1) + b"\x09localhost\0\0\1\0\1" + b"\0\0\x29\x04\xd0\0\0\0\0" + struct.pack(
        "!H", len(options)) + options
    reply = tcp(struct.pack("!H", len(message)) + message)
    assert reply[2:4] == b"\0\7" and reply[5] & 15 == 1, "more than 24 options: FORMERR"


def test_frames_of_no_octets_and_too_few():
    for n in range(13):
        tcp((struct.pack("!H", n) + bytes(n)) * 50)
    tcp(b"\0")
    tcp(b"\0\0" * 10000)


def test_random_frames():
    dice = random.Random(SEED + 5)
    for _ in range(60):
        body = dice.randbytes(dice.choice((1, 12, 40, 600, 5000)))
        tcp(struct.pack("!H", max(0, len(body) + dice.choice((-1, 0, 0, 0, 1)))) + body)


def test_garbage_after_a_good_query_on_a_stream():
    reply = tcp(struct.pack("!H", len(QUERY)) + QUERY + b"\xff\xff\xff\xff")
    assert reply[2:4] == QUERY[:2]


def test_slow_clients_do_not_slow_the_others():
    """A hundred streams that send a length and then an octet now and then; half of them promise the most there is."""
    slow = [socket.create_connection(("127.0.0.1", 53), timeout=PATIENCE_S, source_address=(f"127.0.1.{n % 10}", 0))
            for n in range(100)]
    try:
        for n, s in enumerate(slow):
            s.sendall(b"\xff\xff" if n % 2 else struct.pack("!H", len(QUERY)))
        for step in range(10):
            for s in slow:
                try:
                    s.send(QUERY[step:step + 1])
                except OSError:
                    pass  # closed on: that is harkd's right
            assert exchange("www.python.org.").answer
            assert exchange("www.python.org.", tcp=True).answer
            time.sleep(0.05)
    finally:
        for s in slow:
            s.close()


def test_clients_that_do_not_read():
    """Each asks for megabytes and takes nothing."""
    query = make_query("huge.python.org.", "TXT").to_wire()
    exchange("huge.python.org.", "TXT", tcp=True)
    deaf = []
    try:
        for _ in range(10):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.settimeout(1)
            s.connect(("127.0.0.1", 53))
            deaf.append(s)
            try:
                s.sendall((struct.pack("!H", len(query)) + query) * 200)
            except OSError:
                pass  # it reads no more from whom it cannot write to
        for _ in range(5):
            assert exchange("www.python.org.").answer
            assert exchange("www.python.org.", tcp=True).answer
    finally:
        for s in deaf:
            s.close()


def test_clients_that_vanish():
    for n in range(200):
        s = socket.create_connection(("127.0.0.1", 53), timeout=PATIENCE_S)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by RST
        query = make_query(f"vanish{n % 5}.late.org.").to_wire()
        s.sendall(struct.pack("!H", len(query)) + query)
        s.close()


def test_many_idle_streams():
    """From ten clients, since one alone is held to a share."""
    idle = [socket.create_connection(("127.0.0.1", 53), timeout=PATIENCE_S, source_address=(f"127.0.1.{n % 10}", 0))
            for n in range(400)]
    try:
        assert exchange("www.python.org.", tcp=True).answer
        assert exchange("www.python.org.").answer
    finally:
        for s in idle:
            s.close()


def test_a_daemon_under_all_that_leaks_nothing_and_ends_well(start_harkd):
    """LeakSanitizer speaks at the end of a process: one that has seen hostile clients is ended here."""
    daemon = start_harkd({"log": {"level": "debug"}})
    dice = random.Random(SEED + 6)
    with udp_socket("127.0.0.1", 5399) as s:
        for _ in range(500):
            s.send(dice.randbytes(dice.randrange(1, 100)))
    for name in ("www.noisy.org.", "www.tcp-broken.org.", "www.all-upward.org.", "www.drop-edns.org.", "huge.python.org."):
        exchange(name, "TXT", port=5399, tcp=True)
    idle = [socket.create_connection(("127.0.0.1", 5399), timeout=PATIENCE_S) for _ in range(50)]
    for s in idle[:25]:
        s.sendall(b"\xff\xff" + dice.randbytes(300))
    assert daemon.stop() == 0
    for s in idle:
        s.close()
    assert not SANITIZER.search(daemon.log)
