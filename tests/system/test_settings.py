"""Settings whose effect shows only towards servers or in the shape of answers: the test itself is the name server."""

import socket

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from conftest import PATIENCE_S, exchange, make_query
from test_reload import reload, write
from test_server import PORT

SERVERS = 5398  # upstream.port
ROOT, CHILD, SOURCE = "127.0.0.77", "127.0.0.78", "127.0.0.66"

UNCHECKED = {"dnssec": {"validate": "no"}}  # what is verified has the zone's own NS beside it, and a TTL that its signature bounds


@pytest.fixture(params=["started", "reloaded"])
def start_harkd(request, start_harkd):
    """A harkd that has these settings from its start, or by a reload."""
    def by_reload(config):
        daemon = start_harkd({})
        write(daemon, **config)
        told = reload(daemon)
        assert told["changed"] and not told["restart"]
        return daemon
    return start_harkd if request.param == "started" else by_reload


def bound(address: str) -> socket.socket:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(PATIENCE_S)
    s.bind((address, SERVERS))
    return s


def ask(name: str, rdtype: str = "A") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(make_query(name, rdtype).to_wire(), ("127.0.0.1", PORT))


def heard(server: socket.socket) -> tuple[dns.message.Message, tuple[str, int]]:
    wire, peer = server.recvfrom(65535)
    return dns.message.from_wire(wire), peer


def upstream(**more) -> dict:
    return {"upstream": {"root-hints": [f"root.here. {ROOT}"], "prime": "no", "port": SERVERS} | more}


@pytest.fixture
def root():
    with bound(ROOT) as s:
        yield s


def test_source_case_and_size_as_a_server_sees_them(start_harkd, root):
    start_harkd(upstream(source=[SOURCE], **{"case-randomisation": "no"}) | {"edns": {"size": 1400}})
    for n in range(8):
        ask(f"longenoughforletters{n}.counted.")
        query, peer = heard(root)
        assert peer[0] == SOURCE and peer[1] >= 1024
        assert query.question[0].name.to_text() == "counted." and query.payload == 1400
        assert not query.flags & dns.flags.RD and query.ednsflags & dns.flags.DO


def test_letter_case_is_random_by_default(start_harkd, root):
    start_harkd(upstream(minimise="no"))
    names = set()
    for n in range(8):
        ask(f"longenoughforletters{n}.counted.")
        names.add(heard(root)[0].question[0].name.to_text())
    assert any(name != name.lower() for name in names), "a chance of 2^-200 says otherwise"


@pytest.mark.parametrize("allowed", ["yes", "no"])
def test_loopback_servers(start_harkd, root, allowed):
    start_harkd(upstream(**{"loopback-servers": allowed}))
    with bound(CHILD) as child:
        ask("www.counted.")
        query, peer = heard(root)
        reply = dns.message.make_response(query)
        reply.authority.append(dns.rrset.from_text("counted.", 60, "IN", "NS", "ns.counted."))
        reply.additional.append(dns.rrset.from_text("ns.counted.", 60, "IN", "A", CHILD))
        root.sendto(reply.to_wire(), peer)
        child.settimeout(PATIENCE_S if allowed == "yes" else 1)
        if allowed == "yes":
            assert heard(child)[0].question[0].rdtype == dns.rdatatype.A
        else:
            with pytest.raises(TimeoutError):
                heard(child)


def test_without_minimal_answers_the_zone_comes_along(start_harkd):
    start_harkd({"answers": {"minimal": "no"}} | UNCHECKED)
    for _ in range(2):  # from the servers, then from the cache
        reply = exchange("www.python.org.", port=PORT)
        assert [rrset.rdtype for rrset in reply.authority] == [dns.rdatatype.NS]
        assert reply.additional


def test_client_size(start_harkd):
    start_harkd({"edns": {"client-size": 4096}})
    reply = exchange("large.python.org.", "TXT", port=PORT, payload=4096)
    assert reply.answer and not reply.flags & dns.flags.TC and reply.payload == 4096
    assert exchange("large.python.org.", "TXT", port=PORT).flags & dns.flags.TC


def test_ttl_bounds(start_harkd):
    start_harkd({"cache": {"ttl-min": 86000, "negative-ttl-max": 7}} | UNCHECKED)
    assert exchange("www.python.org.", port=PORT).answer[0].ttl >= 86000 - PATIENCE_S
    for _ in range(2):
        reply = exchange("nosuch.python.org.", port=PORT)
        assert reply.authority[0].rdtype == dns.rdatatype.SOA and reply.authority[0].ttl <= 7


@pytest.mark.parametrize("start_harkd", ["started"], indirect=True)
def test_ttls_may_run_by_the_wall_clock(start_harkd):
    start_harkd({"cache": {"clock": "wall"}})
    for _ in range(2):
        assert exchange("www.python.org.", port=PORT).answer[0].ttl > 3000


def test_switches_of_server_choice_do_not_stop_resolution(start_harkd):
    start_harkd({"upstream": {"explore": "no", "extra-addresses": "no", "glue-hardening": "no"}})
    assert exchange("www.python.org.", port=PORT).answer
    assert exchange("www.glueless.org.", port=PORT).answer
