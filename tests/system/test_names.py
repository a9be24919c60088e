"""Right answers for the names of the laboratory: what kind of zone, what kind of servers."""

import pytest
from conftest import asked, exchange, rdata

import dns.flags
import dns.rcode
import dns.rdatatype

pytestmark = pytest.mark.usefixtures("lab_harkd")

PYTHON_A = {"151.101.128.223", "151.101.192.223"}
PYTHON_AAAA = {"2a04:4e42:200::223", "2a04:4e42:400::223"}
WWW_A, WWW_AAAA = {"192.0.2.80"}, {"2001:db8:80::80"}

ANSWERS = [
    # name, type, data of that type in the answer, why it is here
    ("www.python.org.", "A", PYTHON_A, "three zones down from the root"),
    ("www.python.org.", "AAAA", PYTHON_AAAA, "the other address family"),
    ("WwW.pYtHoN.oRg.", "A", PYTHON_A, "letter case does not matter"),
    ("python.org.", "MX", {"50 mail.python.org."}, "a name in RDATA"),
    ("python.org.", "NS", {"ns1.python.org.", "ns2.python.org."}, "the apex's NS"),
    ("python.org.", "CAA", {'0 issue "letsencrypt.org"'}, "a younger type"),
    ("_sip._tcp.python.org.", "SRV", {"10 60 5060 sip.python.org."}, "labels with underscores"),
    ("docs.python.org.", "A", {"192.0.2.100"}, "CNAME to com, CNAME to net"),
    ("docs.python.org.", "CNAME", {"python.edge-cdn.com."}, "the CNAME itself was asked for"),
    ("wiki.python.org.", "AAAA", PYTHON_AAAA, "CNAME within the zone"),
    ("www.old.python.org.", "A", {"192.0.2.98"}, "DNAME to com"),
    ("old.python.org.", "DNAME", {"legacy.python-archive.com."}, "the DNAME itself"),
    ("anything.pages.python.org.", "A", {"192.0.2.90"}, "wildcard"),
    ("two.labels.pages.python.org.", "A", {"192.0.2.90"}, "wildcard over two labels"),
    ("some.alias.python.org.", "A", PYTHON_A, "wildcard CNAME"),
    ("a.b.c.d.e.python.org.", "A", {"192.0.2.91"}, "below empty non-terminals"),
    ("www.sub.python.org.", "A", WWW_A, "one more delegation"),
    ("a.deep.sub.python.org.", "A", {"192.0.2.97"}, "one more delegation, an empty non-terminal"),
    ("opaque.types.python.org.", "TYPE65400", {"\\# 4 deadbeef"}, "an unknown type (RFC 3597)"),
    ("https.types.python.org.", "HTTPS", {'1 . alpn="h2,h3" ipv4hint="192.0.2.1" ipv6hint="2001:db8::1"'}, "SVCB"),
    ("223.128.101.151.in-addr.arpa.", "PTR", {"www.python.org."}, "reverse, IPv4"),
    ("www.signed.se.", "A", WWW_A, "a TLD with NSEC"),
    ("x.wild.signed.se.", "TXT", {'"wild"'}, "a wildcard in an NSEC zone"),
    ("www.unsigned.se.", "A", WWW_A, "unsigned below signed"),
    ("www.unsigned.com.", "A", WWW_A, "unsigned below opt-out"),
    ("www.hello.zz.", "A", WWW_A, "an unsigned TLD"),
    ("www.xn--bcher-kva.org.", "A", WWW_A, "an international name"),
    ("a.root-servers.net.", "A", {"198.41.0.4"}, "a zone on the root's servers"),
    (".", "NS", {f"{x}.root-servers.net." for x in "abcdefghijklm"}, "the root"),
    ("www.v6only.org.", "A", WWW_A, "servers with IPv6 alone"),
    ("www.v4only.org.", "AAAA", WWW_AAAA, "servers with IPv4 alone"),
    ("www.glueless.org.", "A", WWW_A, "servers named in another zone, no glue"),
    ("www.glueless2.org.", "A", WWW_A, "servers named in a zone that is glueless too"),
    ("www.silent-first.org.", "A", WWW_A, "two of three servers never answer"),
    ("www.refusing-first.org.", "A", WWW_A, "two of three servers: port unreachable"),
    ("www.unreachable-first.org.", "A", WWW_A, "two of three servers: no route"),
    ("www.mixed-dead.org.", "A", WWW_A, "three of four servers dead, each in its way"),
    ("www.lame-refused.org.", "A", WWW_A, "two of three servers: REFUSED"),
    ("www.lame-upward.org.", "A", WWW_A, "two of three servers refer to the root"),
    ("www.lame-nonauth.org.", "A", WWW_A, "two of three servers: empty, not authoritative"),
    ("www.lame-servfail.org.", "A", WWW_A, "two of three servers: SERVFAIL"),
    ("www.formerr-edns.org.", "A", WWW_A, "all servers: FORMERR to EDNS"),
    ("www.lowercase.org.", "A", WWW_A, "all servers lose the letter case of the question"),
    ("www.tcp-only.org.", "A", WWW_A, "all servers: truncated over UDP"),
    ("www.noisy.org.", "A", WWW_A, "unreadable and unmatched packets before the answer"),
    ("www.late.org.", "A", WWW_A, "the answer comes after the first retransmission"),
    ("c0.chain.org.", "A", WWW_A, "seven aliases"),
]

EMPTY = [
    # name, type, rcode, why
    ("nothing.python.org.", "A", "NXDOMAIN", "no such name, NSEC3"),
    ("nothing.signed.se.", "A", "NXDOMAIN", "no such name, NSEC"),
    ("nothing.hello.zz.", "A", "NXDOMAIN", "no such name, unsigned"),
    ("no-such-domain.com.", "A", "NXDOMAIN", "no such delegation"),
    ("www.no-such-tld-here.", "A", "NXDOMAIN", "no such TLD"),
    ("dangling.python.org.", "A", "NXDOMAIN", "an alias to nowhere: the rcode is the target's (RFC 6604 3)"),
    ("x.nothing.old.python.org.", "A", "NXDOMAIN", "a DNAME to nowhere"),
    ("only4.python.org.", "AAAA", "NOERROR", "no such data"),
    ("c.d.e.python.org.", "A", "NOERROR", "an empty non-terminal"),
    ("python.org.", "SRV", "NOERROR", "no such data at an apex"),
    ("anything.pages.python.org.", "MX", "NOERROR", "no such data at a wildcard"),
]

FAILURES = [
    # name, why
    ("www.all-silent.org.", "no server answers"),
    ("www.all-refusing.org.", "no server listens"),
    ("www.all-unreachable.org.", "no server is reachable"),
    ("www.all-refused.org.", "every server refuses"),
    ("www.all-upward.org.", "every server refers to the root"),
    ("www.all-servfail.org.", "every server fails"),
    ("www.drop-edns.org.", "servers that drop EDNS are no servers since the flag day of 2019"),
    ("www.tcp-broken.org.", "truncated over UDP, TCP closes at once"),
    ("www.nowhere.org.", "the servers' names do not exist"),
    ("www.circle-a.org.", "the server's name is in a zone whose server's name is in this one"),
    ("c0.longchain.org.", "sixty aliases"),
    ("self.loop.org.", "an alias of itself"),
    ("a.loop.org.", "two aliases in a circle"),
    ("far.loop.org.", "two aliases in a circle over two zones"),
]


@pytest.mark.parametrize("name, rdtype, expected, why", ANSWERS, ids=[f"{a[0]}{a[1]}" for a in ANSWERS])
def test_answers(name, rdtype, expected, why):
    reply = exchange(name, rdtype)
    assert dns.rcode.to_text(reply.rcode()) == "NOERROR", why
    assert rdata(reply, rdtype) == expected, why
    assert reply.flags & dns.flags.RA and not reply.flags & dns.flags.TC


@pytest.mark.parametrize("name, rdtype, rcode, why", EMPTY, ids=[f"{a[0]}{a[1]}" for a in EMPTY])
def test_denies(name, rdtype, rcode, why):
    reply = exchange(name, rdtype)
    assert dns.rcode.to_text(reply.rcode()) == rcode, why
    assert not rdata(reply, rdtype)
    soa = [r for r in reply.authority if r.rdtype == dns.rdatatype.SOA]
    assert len(soa) == 1, "RFC 2308 3: the SOA tells how long to remember"
    assert 0 < soa[0].ttl <= 300


@pytest.mark.parametrize("name, why", FAILURES, ids=[f[0] for f in FAILURES])
def test_fails(name, why):
    reply = exchange(name)
    assert dns.rcode.to_text(reply.rcode()) == "SERVFAIL", why
    assert [o for o in reply.options if o.otype == 15], "RFC 8914: an extended error tells why"


@pytest.mark.parametrize("zone", ["all-refused.org.", "all-servfail.org.", "all-upward.org."])
def test_a_hopeless_zone_costs_few_queries(zone):
    name = f"cost.{zone}"
    exchange(name)
    before = len(asked(name))
    exchange(name)
    assert before <= 8, "two servers, four addresses: each but once or twice"
    assert len(asked(name)) == before, "RFC 9520 3.2: a failure is remembered for at least a second"


def test_alias_chain_is_in_order():
    reply = exchange("docs.python.org.")
    owners = [rrset.name.to_text() for rrset in reply.answer]
    assert owners == ["docs.python.org.", "python.edge-cdn.com.", "pop3.edge-cdn.net."]


def test_dname_comes_with_its_cname():
    reply = exchange("www.old.python.org.")
    kinds = [(rrset.name.to_text(), dns.rdatatype.to_text(rrset.rdtype)) for rrset in reply.answer]
    assert kinds == [("old.python.org.", "DNAME"), ("www.old.python.org.", "CNAME"),
                     ("www.legacy.python-archive.com.", "A")], "RFC 6672 3.1"


def test_large_answer_is_truncated_over_udp_and_whole_over_tcp():
    short = exchange("large.python.org.", "TXT")
    assert short.flags & dns.flags.TC
    assert not short.answer
    whole = exchange("large.python.org.", "TXT", tcp=True)
    assert len(rdata(whole, "TXT")) == 8


def test_huge_answer_comes_over_tcp():
    assert len(rdata(exchange("huge.python.org.", "TXT", tcp=True), "TXT")) == 120


def test_question_comes_back_in_the_letter_case_it_had():
    reply = exchange("wWw.PyThOn.OrG.")
    assert reply.question[0].name.to_text() == "wWw.PyThOn.OrG."


def test_signatures_come_with_do_and_only_then():
    assert not rdata(exchange("www.python.org."), "RRSIG")
    assert rdata(exchange("www.python.org.", want_dnssec=True), "RRSIG")


def test_the_same_over_tcp_and_ipv6():
    for where in "127.0.0.1", "::1":
        for tcp in False, True:
            assert rdata(exchange("www.python.org.", where=where, tcp=tcp), "A") == PYTHON_A
