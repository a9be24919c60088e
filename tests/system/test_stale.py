"""What expired, while its servers are silent or fail (RFC 8767), and what is refreshed before it expires. When exactly, the
unit tests say in virtual time."""

import json
import socket
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from conftest import PATIENCE_S, exchange, rdata

EDE = 15
SERVER = ("127.0.0.79", 5397)


class Root:
    """A root server that has every name itself, for so many seconds."""

    def __init__(self):
        self.how, self.ttl, self.asked = "answers", 1, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(SERVER)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                wire, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            if not wire:
                return
            query = dns.message.from_wire(wire)
            name, rdtype = query.question[0].name, query.question[0].rdtype
            self.asked.append(name.to_text().lower())
            if self.how == "silent":
                continue
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.AA
            if self.how == "fails":
                reply.set_rcode(dns.rcode.SERVFAIL)
            elif name.to_text().lower().startswith("none"):
                reply.set_rcode(dns.rcode.NXDOMAIN)
            elif rdtype == dns.rdatatype.A:
                reply.answer.append(dns.rrset.from_text(name, self.ttl, "IN", "A", "192.0.2.1"))
            if not reply.answer and self.how == "answers":
                reply.authority.append(dns.rrset.from_text(".", self.ttl, "IN", "SOA", f"root.here. x. 1 2 3 4 {self.ttl}"))
            self.socket.sendto(reply.to_wire(), peer)

    def close(self):
        self.how = "silent"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", SERVER)
        self.thread.join(PATIENCE_S)
        self.socket.close()


@pytest.fixture
def root():
    r = Root()
    yield r
    r.close()


@pytest.fixture
def harkd(root, start_harkd):
    """harkd(**settings of cache)"""
    def start(**cache):
        return start_harkd({"upstream": {"root-hints": [f"root.here. {SERVER[0]}"], "port": SERVER[1], "prime": "no", "minimise": "no",
                                         "ipv6": "no", "loopback-servers": "yes", "case-randomisation": "no"},
                            "dnssec": {"validate": "no"}, "workers": 1, "cache": cache})
    return start


def ask(name, **more):
    return exchange(name, port=5399, **more)


def errors(reply) -> list[int]:
    return [int(o.code) for o in reply.options if o.otype == EDE]


def counters(daemon) -> dict:
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE_S)
        s.connect(str(daemon.control))
        s.sendall(b"status\n")
        octets = b""
        while not octets.endswith(b"\n"):
            octets += s.recv(65536)
    return json.loads(octets)["resolver"]


@pytest.mark.parametrize("how", ["silent", "fails"])
def test_what_expired_is_given_with_a_ttl_of_30_and_the_reason(harkd, root, how):
    daemon = harkd()
    for _ in range(2):
        assert rdata(ask("www.here."), "A") == {"192.0.2.1"}
        assert ask("none.here.").rcode() == dns.rcode.NXDOMAIN
    root.how = how
    time.sleep(2.1)
    for tcp in (False, True, False):
        reply = ask("www.here.", tcp=tcp)
        assert rdata(reply, "A") == {"192.0.2.1"}
        assert reply.answer[0].ttl == 30
        assert errors(reply) == [3]
        assert not reply.flags & (dns.flags.AA | dns.flags.AD)
        reply = ask("none.here.", tcp=tcp)
        assert reply.rcode() == dns.rcode.NXDOMAIN
        assert errors(reply) == [19]
    assert ask("never.here.").rcode() == dns.rcode.SERVFAIL
    assert counters(daemon)["stale_answers"] == 3
    assert counters(daemon)["stale_nxdomains"] == 3


def test_it_is_not_for_who_asks_without_recursion(harkd, root):
    harkd()
    ask("www.here.")
    root.how = "fails"
    time.sleep(2.1)
    assert ask("www.here.", flags=0).rcode() == dns.rcode.REFUSED
    assert rdata(ask("www.here."), "A") == {"192.0.2.1"}


def test_switched_off_the_failure_is_told(harkd, root):
    harkd(**{"stale-max": 0})
    ask("www.here.")
    root.how = "fails"
    time.sleep(2.1)
    assert ask("www.here.").rcode() == dns.rcode.SERVFAIL


def test_without_patience_it_is_given_first_and_refreshed_behind(harkd, root):
    harkd(**{"stale-wait": 0, "stale-ttl": 7})
    ask("www.here.")
    time.sleep(2.1)
    reply = ask("www.here.")
    assert (errors(reply), reply.answer[0].ttl) == ([3], 7)
    end = time.monotonic() + PATIENCE_S
    root.ttl = 600
    while errors(reply):
        assert time.monotonic() < end
        time.sleep(1.1)
        reply = ask("www.here.")
    assert reply.answer[0].ttl > 500


def test_what_is_asked_for_near_its_end_is_refreshed(harkd, root):
    root.ttl = 10
    daemon = harkd()
    for _ in range(3):
        ask("www.here.")
    assert root.asked.count("www.here.") == 1
    end = time.monotonic() + PATIENCE_S
    while counters(daemon)["refreshes"] == 0 and root.asked.count("www.here.") < 2:
        assert time.monotonic() < end
        assert ask("www.here.").answer[0].ttl <= 10
        time.sleep(0.3)
    assert counters(daemon)["refreshes"] == 1, "before it expired, or nobody would have had to"
