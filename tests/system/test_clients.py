"""What harkd makes of who asks: cookies, access, RD=0, what it tells of itself, the order of addresses."""

import json
import os
import socket
import time

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from conftest import PATIENCE_S, exchange, make_query, rdata
from test_server import PORT, control

pytestmark = pytest.mark.usefixtures("lab_harkd")

COOKIE, NSID = 10, 3
CLIENT = b"client's"


def with_cookie(octets: bytes, name="localhost.") -> dns.message.Message:
    return make_query(name, options=[dns.edns.GenericOption(COOKIE, octets)])


def option_of(reply: dns.message.Message, code: int) -> bytes | None:
    found = [o for o in reply.options if o.otype == code]
    assert len(found) <= 1
    if not found:
        return None
    data = getattr(found[0], "data", None)
    return found[0].to_wire() if data is None else data


def ask(query, source="127.0.0.1", tcp=False) -> dns.message.Message:
    way = dns.query.tcp if tcp else dns.query.udp
    return way(query, "127.0.0.1", port=PORT, timeout=PATIENCE_S, source=source)


def learn(source="127.0.0.1") -> bytes:
    """The cookie that a client gets."""
    cookie = option_of(ask(with_cookie(CLIENT), source), COOKIE)
    assert cookie[:8] == CLIENT and len(cookie) == 24
    return cookie


# ---- cookies ----------------------------------------------------------------------------------------------------

def test_all_workers_know_a_cookie(start_harkd):
    start_harkd({"workers": 3, "cookies": {"require": "yes"}})
    assert ask(with_cookie(CLIENT)).rcode() == dns.rcode.BADCOOKIE
    cookie = learn()
    for _ in range(40):  # each from a port of its own, so every worker hears some
        reply = ask(with_cookie(cookie))
        assert reply.rcode() == dns.rcode.NOERROR and reply.answer
        assert option_of(reply, COOKIE) == cookie
    assert ask(with_cookie(cookie), "127.0.0.2").rcode() == dns.rcode.BADCOOKIE
    assert ask(with_cookie(cookie[:-1] + bytes([cookie[-1] ^ 1]))).rcode() == dns.rcode.BADCOOKIE
    plain = ask(make_query("localhost.", use_edns=-1))
    assert plain.rcode() == dns.rcode.NOERROR and plain.flags & dns.flags.TC and not plain.answer
    assert ask(make_query("localhost.", use_edns=-1), tcp=True).answer


def test_servers_share_a_secret_and_roll_it_over(start_harkd):
    old, new = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
    made = {}
    for n, secrets in enumerate(([old], [old, new], [new, old], [new])):
        start_harkd({"cookies": {"secret": secrets, "require": "yes"}, "listen": [f"127.0.0.1@{PORT + n}"]},
                    at=("127.0.0.1", PORT + n))
        query = with_cookie(CLIENT)
        made[n] = option_of(dns.query.udp(query, "127.0.0.1", port=PORT + n, timeout=PATIENCE_S), COOKIE)
    believed = {}
    for giver, cookie in made.items():
        for n in made:
            reply = dns.query.udp(with_cookie(cookie), "127.0.0.1", port=PORT + n, timeout=PATIENCE_S)
            believed[giver, n] = reply.rcode() == dns.rcode.NOERROR
    # Neighbours in the roll-over understand each other both ways; the first and the last do not.
    assert {pair for pair, good in believed.items() if not good} == {(0, 3), (1, 3), (2, 0), (3, 0)}


def test_cookie_is_given_by_default_and_asked_of_nobody():
    for query in (with_cookie(CLIENT), with_cookie(CLIENT + bytes(16)), make_query("localhost.")):
        reply = dns.query.udp(query, "127.0.0.1", timeout=PATIENCE_S)
        assert reply.rcode() == dns.rcode.NOERROR and reply.answer
        cookie = option_of(reply, COOKIE)
        assert (cookie is None) == (not query.options)
        assert cookie is None or (cookie[:8] == CLIENT and len(cookie) == 24)


def test_answer_from_the_world_has_the_cookie_too(start_harkd):
    start_harkd({})
    for _ in range(2):  # resolved, then from the cache
        reply = ask(with_cookie(CLIENT, "www.python.org."))
        assert rdata(reply, "A") and len(option_of(reply, COOKIE)) == 24


def test_a_reload_keeps_the_cookies_and_takes_the_rest(start_harkd):
    daemon = start_harkd({"workers": 2})
    cookie = learn()
    file = daemon.log_file.with_name("hark.yaml")
    config = json.loads(file.read_text())
    file.write_text(json.dumps(config | {
        "cookies": {"require": "yes"}, "answers": {"identity": "after", "rotate": "no"}, "local-zones-off": ["test"]}))
    assert "error" not in json.loads(control(daemon.control, b"reload\n"))
    for _ in range(20):
        reply = ask(with_cookie(cookie))
        assert reply.rcode() == dns.rcode.NOERROR and option_of(reply, COOKIE) == cookie
        assert ask(with_cookie(CLIENT)).rcode() == dns.rcode.BADCOOKIE
    assert ask(make_query("id.server.", "TXT", rdclass="CH"), tcp=True).answer[0][0].strings == (b"after",)
    assert not ask(make_query("x.test."), tcp=True).flags & dns.flags.AA


def test_cookies_can_be_switched_off(start_harkd):
    start_harkd({"cookies": {"clients": "no"}})
    assert option_of(ask(with_cookie(CLIENT)), COOKIE) is None


# ---- access -----------------------------------------------------------------------------------------------------

def test_the_longer_prefix_of_access_and_access_deny_counts(start_harkd):
    start_harkd({"access": ["127.0.0.0/8", "127.5.5.0/24"], "access-deny": ["127.5.0.0/16"]})
    for source, served in (("127.0.0.1", True), ("127.5.1.1", False), ("127.5.5.5", True)):
        assert (ask(make_query("localhost."), source).rcode() == dns.rcode.NOERROR) == served


def test_spoofed_strangers_are_sent_little(start_harkd):
    """Threat A23: of thousands of questions in a second a /24 is told of a few that it is refused."""
    start_harkd({"access": ["127.0.0.1"], "workers": 2})
    query = make_query("python.org.", "ANY", payload=4096).to_wire()
    sockets = []
    for last in range(2, 10):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((f"127.7.7.{last}", 0))
        s.connect(("127.0.0.1", PORT))
        sockets.append(s)
    start, sent, replies = time.monotonic(), 0, []

    def read():
        for s in sockets:
            try:
                while True:
                    replies.append(s.recv(65535, socket.MSG_DONTWAIT))
            except BlockingIOError:
                pass
    for _ in range(200):
        for s in sockets:
            s.send(query)
            sent += len(query)
        read()
    assert ask(make_query("localhost.")).answer  # whoever may ask is served meanwhile
    last = ask(make_query("localhost."), tcp=True)  # and everything before it was read
    assert last.answer
    read()
    elapsed = time.monotonic() - start
    assert 1 <= len(replies) <= 10 + 5 * (elapsed + 1)
    assert all(reply[3] & 15 == 5 and len(reply) <= len(query) + 60 for reply in replies)
    assert sum(map(len, replies)) < sent
    for s in sockets:
        s.close()
    # Another network is told at once, and over TCP everybody.
    assert ask(make_query("localhost."), "127.8.8.8").rcode() == dns.rcode.REFUSED
    for _ in range(20):
        assert ask(make_query("localhost."), "127.7.7.2", tcp=True).rcode() == dns.rcode.REFUSED


def test_malformed_messages_of_strangers_are_refused_like_others(start_harkd):
    start_harkd({"access": ["127.0.0.1"]})
    for octets in (bytes(12), b"\0\0\x28\0" + bytes(8), make_query("localhost.", use_edns=9).to_wire()):
        for source, expected in (("127.9.9.9", 5), ("127.0.0.1", None)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(PATIENCE_S)
                s.bind((source, 0))
                s.connect(("127.0.0.1", PORT))
                s.send(octets)
                rcode = s.recv(512)[3] & 15
                assert rcode == expected if expected else rcode != 5


# ---- RD=0 -------------------------------------------------------------------------------------------------------

def test_only_who_may_look_into_the_cache_does(start_harkd):
    start_harkd({"answers": {"cache-snooping": ["127.0.0.1"]}})
    assert ask(make_query("www.python.org.")).answer
    assert ask(make_query("www.python.org."), "127.0.0.2").answer
    assert ask(make_query("www.python.org.", flags=0)).answer
    refused = [ask(make_query(name, flags=0), "127.0.0.2") for name in ("www.python.org.", "unseen.python.org.")]
    assert [reply.rcode() for reply in refused] == [dns.rcode.REFUSED] * 2
    assert not any(reply.answer for reply in refused)


# ---- what it tells of itself ------------------------------------------------------------------------------------

def tells(name: str) -> str | None:
    reply = exchange(name, "TXT", port=PORT, rdclass="CH")
    assert reply.rcode() == (dns.rcode.NOERROR if reply.answer else dns.rcode.REFUSED)
    return reply.answer[0][0].strings[0].decode() if reply.answer else None


def test_identity_and_version_by_setting(start_harkd):
    nobody = exchange("id.server.", "TXT", rdclass="CH")
    assert nobody.rcode() == dns.rcode.REFUSED
    start_harkd({"answers": {"identity": "fra-1", "version": "auto"}})
    assert tells("id.server.") == tells("HOSTNAME.bind.") == "fra-1"
    assert tells("version.bind.") == tells("version.server.") and tells("version.bind.").startswith("hark ")
    assert tells("authors.bind.") is None
    reply = ask(make_query("localhost.", options=[dns.edns.GenericOption(NSID, b"")]))
    assert option_of(reply, NSID) == b"fra-1"
    assert option_of(ask(make_query("localhost.")), NSID) is None


def test_identity_auto_is_the_name_of_the_host(start_harkd):
    start_harkd({"answers": {"identity": "auto"}})
    assert tells("hostname.bind.") == os.uname().nodename
    assert tells("version.bind.") is None


# ---- addresses and local zones ----------------------------------------------------------------------------------

def addresses(name: str) -> list[str]:
    reply = ask(make_query(name))
    return [record.to_text() for rrset in reply.answer for record in rrset]


def first_octets(name: str) -> bytes:
    """The first address of the answer as it stands on the wire: dnspython sorts nothing, but be sure."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE_S)
        s.connect(("127.0.0.1", PORT))
        query = make_query(name, use_edns=-1).to_wire()
        s.send(query)
        return s.recv(512)[len(query) + 12:len(query) + 16]


def test_addresses_rotate(start_harkd):
    start_harkd({})
    all_of_them = set(addresses("www.python.org."))
    assert len(all_of_them) > 1
    firsts = [first_octets("www.python.org.") for _ in range(20 * len(all_of_them))]
    assert len(set(firsts)) == len(all_of_them)
    assert min(firsts.count(f) for f in set(firsts)) >= 10


def test_addresses_stay_in_order_by_setting(start_harkd):
    start_harkd({"answers": {"rotate": "no"}})
    assert len(addresses("www.python.org.")) > 1
    assert len({first_octets("www.python.org.") for _ in range(20)}) == 1


def test_single_local_zones_are_switched_off(start_harkd):
    start_harkd({"local-zones-off": ["test", "172.in-addr.arpa"]})
    for name, rdtype, ours in (("x.test.", "A", False), ("1.16.172.in-addr.arpa.", "PTR", False),
                               ("x.invalid.", "A", True), ("1.10.in-addr.arpa.", "PTR", True)):
        reply = ask(make_query(name, rdtype))
        assert reply.rcode() == dns.rcode.NXDOMAIN
        assert bool(reply.flags & dns.flags.AA) == ours, name
