"""What clients see of validation: flags, rcodes, reasons; and what servers are told without having asked. An Internet of one signed root, which
denies compactly (RFC 9824) and names an agent for reports (RFC 9567), and two unsigned zones below it."""

import itertools
import json
import select
import socket
import threading
import time

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.rrset
import pytest
import sign
from conftest import PATIENCE_S, exchange
from test_reload import reload, write

ROOT, LEAF = "127.0.0.77", "127.0.0.78"  # hints may be of the loopback network
AT = ("127.0.0.1", 5391)
NXNAME, KEY_TAG, EDE, REPORT_CHANNEL, CO = 128, 14, 15, 18, 0x4000
TRUSTED = sign.some_key("flags root", 13, sign.KSK)
NS_BITS = {2, 46, 47}
OWNED = {
    "www.example.": {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]},
    "spoiled.": {"A": ["192.0.2.66"]},
    "expired.": {"A": ["192.0.2.67"]},
    "*.wild.": {"A": ["192.0.2.90"]},
    ".": {"SOA": ["ns. hostmaster. 1 2 3 4 300"], "NS": ["ns."], "DNSKEY": [TRUSTED.rdata.to_text()]},
    "ns.": {"A": [ROOT]},
    "plain.": {"NS": ["ns.plain."]},
    "ns.plain.": {"A": [LEAF]},
    "odd.": {"NS": ["ns.odd."], "DS": ["1 13 3 " + "00" * 32]},  # GOST: supported by nobody any more
    "ns.odd.": {"A": [LEAF]},
}


class Internet:
    """Answers at both addresses until it is closed; remembers what it was asked."""

    def __init__(self):
        self.asked: list[tuple[dns.name.Name, str, dict[int, bytes]]] = []
        self.agent = ""
        self.is_open = True
        self.sockets = {}
        self.sets = {(sign.name(owner), dns.rdatatype.from_text(t)): dns.rdataset.from_text_list("IN", t, 300, data)
                     for owner, types in OWNED.items() for t, data in types.items()}
        for address in (ROOT, LEAF):
            s = self.sockets[address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind((address, 53))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        self.is_open = False
        self.thread.join()
        for s in self.sockets.values():
            s.close()

    def serve(self):
        while self.is_open:
            for s in select.select(list(self.sockets.values()), [], [], 0.05)[0]:
                data, peer = s.recvfrom(4096)
                query = dns.message.from_wire(data)
                self.asked.append((query.question[0].name.canonicalize(), dns.rdatatype.to_text(query.question[0].rdtype),
                                   {int(o.otype): o.to_wire() for o in query.options}))
                reply = (self.leaf if s is self.sockets[LEAF] else self.root)(query)
                options = [dns.edns.GenericOption(REPORT_CHANNEL, dns.name.from_text(self.agent).to_wire())] if self.agent else []
                reply.use_edns(0, dns.flags.DO, 1232, options=options)
                s.sendto(reply.to_wire(), peer)

    def leaf(self, query) -> dns.message.Message:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        question = query.question[0]
        if question.rdtype == dns.rdatatype.A:
            reply.answer.append(dns.rrset.from_text(question.name, 300, "IN", "A", "192.0.2.99"))
        else:
            zone = dns.name.Name(question.name.labels[-2:])
            reply.authority.append(dns.rrset.from_text(zone, 300, "IN", "SOA", f"ns.{zone} h. 1 2 3 4 300"))
        return reply

    def add(self, section, owner: dns.name.Name, rdataset, signed=True, **how):
        section.append(dns.rrset.from_rdata_list(owner, rdataset.ttl, rdataset))
        if signed:
            sig = sign.rrsig(owner, rdataset, TRUSTED, ".", **how)
            sig = sign.spoiled(sig) if owner.is_subdomain(sign.name("spoiled.")) and rdataset.rdtype == dns.rdatatype.A else sig
            section.append(dns.rrset.from_rdata(owner, rdataset.ttl, sig))

    def deny(self, section, owner: dns.name.Name, types: set[int], following=None):
        wire = (following or dns.name.Name((b"\0", *owner.labels))).to_wire() + sign.bitmap(types)
        nsec = dns.rdataset.from_rdata(300, dns.rdata.from_wire(1, 47, wire, 0, len(wire)))
        self.add(section, owner, nsec)

    def root(self, query) -> dns.message.Message:
        reply, question = dns.message.make_response(query), query.question[0]
        owner = question.name.canonicalize()
        cut = next((n for n, t in self.sets if t == dns.rdatatype.NS and n != dns.name.root and owner.is_subdomain(n)), None)
        if cut and not (owner == cut and question.rdtype == dns.rdatatype.DS):
            self.add(reply.authority, cut, self.sets[cut, dns.rdatatype.NS], signed=False)
            if (cut, dns.rdatatype.DS) in self.sets:
                self.add(reply.authority, cut, self.sets[cut, dns.rdatatype.DS])
            else:
                self.deny(reply.authority, cut, NS_BITS)
            glue = dns.name.from_text("ns", cut)
            self.add(reply.additional, glue, self.sets[glue, dns.rdatatype.A], signed=False)
            return reply
        reply.flags |= dns.flags.AA
        found, how = self.find(owner, question.rdtype)
        if found:
            self.add(reply.answer, question.name, found, **how)
            if "labels" in how:
                self.deny(reply.authority, sign.name("wild."), {46, 47}, sign.name("zzz.wild."))
            return reply
        self.add(reply.authority, dns.name.root, self.sets[dns.name.root, dns.rdatatype.SOA])
        types = {t for n, t in self.sets if n == owner} | {46, 47}
        is_there = len(types) > 2 or any(n.is_subdomain(owner) for n, _ in self.sets)
        self.deny(reply.authority, owner, types if is_there else {46, 47, NXNAME})
        return reply

    def find(self, owner: dns.name.Name, rdtype):
        """The set, and how it is signed."""
        first = owner.labels[0].lower()
        if (owner, rdtype) in self.sets:
            past = int(time.time()) - 3 * sign.DAY
            return self.sets[owner, rdtype], {"inception": past - 9, "expiration": past} if owner == sign.name("expired.") else {}
        if owner != dns.name.root and owner.parent() == sign.name("spoiled.") and rdtype == dns.rdatatype.A:
            return dns.rdataset.from_text("IN", "A", 300, "192.0.2.68"), {}
        if owner != dns.name.root and owner.parent() == sign.name("wild.") and rdtype == dns.rdatatype.A:
            return self.sets[sign.name("*.wild."), rdtype], {"labels": 1, "signed_owner": "*.wild."}
        if first.startswith(b"root-key-sentinel-") and rdtype == dns.rdatatype.A:
            return dns.rdataset.from_text("IN", "A", 300, "192.0.2.50"), {}
        if owner.is_subdomain(dns.name.from_text("agent.")) and rdtype == dns.rdatatype.TXT:
            return dns.rdataset.from_text("IN", "TXT", 300, "thanks"), {}
        return None, {}

    def times_asked(self, name: str, rdtype: str) -> int:
        return sum((n, t) == (sign.name(name), rdtype) for n, t, _ in self.asked)


@pytest.fixture
def internet():
    it = Internet()
    yield it
    it.close()


@pytest.fixture
def validating(internet, start_harkd):
    """validating(**settings of dnssec, log={…})"""
    def start(log=None, **more):
        dnssec = {"trust-anchors": [f". {TRUSTED.ds('.').to_text()}".replace(". ", ". DS ", 1)], "root-data": "none", "rfc5011": "no"}
        daemon = start_harkd({"upstream": {"root-hints": [f"ns. {ROOT}"], "prime": "no", "ipv6": "no", "loopback-servers": "yes"},
                              "dnssec": dnssec | more, "log": log or {}}, at=AT)
        assert bool(ask("www.example.", ad=True).flags & dns.flags.AD) == (more.get("validate") != "no")
        return daemon
    return start


def ask(name, rdtype="A", do=False, cd=False, ad=False, co=False, rd=True) -> dns.message.Message:
    flags = sum(flag for flag, is_set in ((dns.flags.RD, rd), (dns.flags.CD, cd), (dns.flags.AD, ad)) if is_set)
    return exchange(name, rdtype, *AT, flags=flags, want_dnssec=do, ednsflags=CO if co else 0)


def errors(reply) -> dict[int, str]:
    return {int(o.code): o.text or "" for o in reply.options if o.otype == EDE}


def types(section) -> set[str]:
    return {dns.rdatatype.to_text(rrset.rdtype) for rrset in section}


def rcode(reply) -> str:
    return dns.rcode.to_text(reply.rcode())


def test_flags(validating):
    """RFC 6840 5.7 to 5.9, RFC 4035 3.2. Each question twice: the second answer is a copy."""
    validating()
    wrong = {}
    for name, secure, bogus in (("www.example.", True, False), ("www.plain.", False, False), ("spoiled.", False, True), ("expired.", False, True)):
        for bits in range(8):
            do, cd, ad = bool(bits & 1), bool(bits & 2), bool(bits & 4)
            for _ in range(2):
                reply = ask(name, do=do, cd=cd, ad=ad)
                seen = (rcode(reply), bool(reply.flags & dns.flags.AD), bool(reply.flags & dns.flags.CD), "RRSIG" in types(reply.answer))
                right_rcode = "SERVFAIL" if bogus and not cd else "NOERROR"
                may_ad = (False, secure and (do or ad)) if cd and secure else (secure and (do or ad),)  # CD: AD as it is known
                is_signed = name != "www.plain." and do and right_rcode == "NOERROR"
                if (seen[0], seen[2], seen[3]) != (right_rcode, cd, is_signed) or seen[1] not in may_ad:
                    wrong[name, do, cd, ad] = seen
                if bogus and not cd and (len(reply.answer) or not errors(reply) or not all(errors(reply).values())):
                    wrong[name, do, cd, ad] = errors(reply)
    assert not wrong


def test_what_cd_fetched_is_validated_for_others(validating, internet):
    validating()
    assert rcode(ask("spoiled.", cd=True, do=True)) == "NOERROR"
    assert rcode(ask("spoiled.", rd=False)) == "REFUSED"  # nobody has validated it, and nobody is to be asked
    reply = ask("spoiled.")
    assert rcode(reply) == "SERVFAIL" and 6 in errors(reply)
    assert rcode(ask("spoiled.", cd=True, do=True)) == "NOERROR"
    assert rcode(ask("spoiled.", rd=False)) != "NOERROR"


KINDS = {"plain": {}, "CD": {"cd": True}, "CD and DO": {"cd": True, "do": True}}


def test_no_order_of_questions_changes_what_is_said(validating):
    """Threat S14: pairs and triples of questions with and without CD and DO, in all orders, each of names that nobody has asked for."""
    validating()
    wrong = []
    for name, right in (("{}.spoiled.", {"plain": "SERVFAIL", "CD": "NOERROR", "CD and DO": "NOERROR"}),
                        ("{}.wild.", dict.fromkeys(KINDS, "NOERROR")), ("{}.plain.", dict.fromkeys(KINDS, "NOERROR"))):
        for n, order in enumerate(itertools.permutations(KINDS)):
            said = [(kind, rcode(ask(name.format(f"o{n}"), **KINDS[kind]))) for kind in (*order, *order)]
            without_rd = rcode(ask(name.format(f"o{n}"), rd=False))
            if any(what != right[kind] for kind, what in said) or right["plain"] == "SERVFAIL" and without_rd == "NOERROR":
                wrong.append((name, said, without_rd))
    assert not wrong


def test_reasons(validating):
    """A failure is told by the code and the sentence that its own; of insecure data the sentence goes with the answer (RFC 8914)."""
    validating()
    told = errors(ask("expired."))
    assert 7 in told and "expired" in told[7] and str(TRUSTED.tag) in told[7], told
    assert 6 in errors(ask("spoiled."))
    for _ in range(2):
        reply = ask("www.odd.", do=True)
        assert rcode(reply) == "NOERROR" and not reply.flags & dns.flags.AD and 2 in errors(reply), errors(reply)
    assert not errors(ask("www.plain.")) and not errors(ask("www.example."))


def test_log_says_what_the_client_is_told(validating, tmp_path):
    daemon = validating(log={"level": "debug", "queries": str(tmp_path / "queries")})
    told = errors(ask("expired."))
    assert errors(ask("www.odd."))
    assert daemon.stop() == 0
    assert f"expired. A failed: rrsig-expired: {told[7]}" in daemon.log
    lines = [line.split() for line in (tmp_path / "queries").read_text().splitlines()]
    assert {line[3]: line[8] for line in lines if line[3] in ("expired.", "www.odd.", "www.example.")} == {
        "expired.": "7", "www.odd.": "2", "www.example.": "-"}


def test_insecure_by_the_operators_word(validating):
    """RFC 7646: data below a negative anchor is given, without AD and with the reason; without validation all is, without a word."""
    daemon = validating(**{"negative-anchors": ["spoiled."]})
    for _ in range(2):
        reply = ask("spoiled.", do=True)
        assert rcode(reply) == "NOERROR" and reply.answer and not reply.flags & dns.flags.AD
        assert list(errors(reply)) == [0] and "spoiled" in errors(reply)[0], errors(reply)
    assert rcode(ask("expired.")) == "SERVFAIL"
    assert daemon.stop() == 0
    validating(validate="no")
    reply = ask("spoiled.", do=True)
    assert rcode(reply) == "NOERROR" and not errors(reply) and not ask("www.example.", ad=True).flags & dns.flags.AD


def test_validation_may_be_switched_while_it_runs(validating):
    """What was learnt before is judged by the settings of now, finished answers too."""
    daemon = validating(validate="no")
    first = json.loads((daemon.control.parent / "hark.yaml").read_text())
    for _ in range(2):
        assert rcode(ask("spoiled.")) == rcode(ask("expired.", do=True)) == rcode(ask("www.example.")) == "NOERROR"
        write(daemon, dnssec=first["dnssec"] | {"validate": "yes"})
        assert reload(daemon)["changed"] == ["dnssec.validate"]
        assert rcode(ask("spoiled.")) == rcode(ask("expired.", do=True)) == "SERVFAIL"
        assert ask("www.example.", ad=True).flags & dns.flags.AD
        write(daemon, dnssec=first["dnssec"] | {"validate": "yes", "negative-anchors": ["."]})
        assert reload(daemon)["changed"] == ["dnssec.negative-anchors"]
        assert rcode(ask("spoiled.")) == "NOERROR" and not ask("www.example.", ad=True).flags & dns.flags.AD
        write(daemon, dnssec=first["dnssec"] | {"validate": "no"})
        reload(daemon)


def test_compact_denial(validating, internet):
    """RFC 9824 5: NXDOMAIN to clients without DO or with CO, NOERROR to DO without CO. 3.5: NXNAME is no question."""
    validating()
    for _ in range(2):
        for do, co, right in ((False, False, "NXDOMAIN"), (False, True, "NXDOMAIN"), (True, False, "NOERROR"), (True, True, "NXDOMAIN")):
            reply = ask("not-there.example.", do=do, co=co, ad=True)
            assert (rcode(reply), bool(reply.flags & dns.flags.AD), bool(reply.ednsflags & CO)) == (right, True, co), (do, co, str(reply))
            assert ("NSEC" in types(reply.authority)) == do
    assert rcode(ask("www.example.", "TXT")) == "NOERROR" and rcode(ask("example.", "A")) == "NOERROR"
    before = len(internet.asked)
    reply = ask("www.example.", NXNAME, do=True)
    assert rcode(reply) == "FORMERR" and 30 in errors(reply)
    assert len(internet.asked) == before


@pytest.mark.parametrize("cd", (False, True))
def test_wildcards_proof_stays_with_its_answer(validating, cd):
    """RFC 4035 3.1.3.3: whoever checks it himself needs it, from the cache too; whoever does not, does not."""
    validating()
    for do in (True, True, False):
        reply = ask("some.wild.", do=do, cd=cd)
        assert rcode(reply) == "NOERROR" and ("NSEC" in types(reply.authority)) == do, str(reply)
    assert rcode(ask("other.wild.", rd=False)) == "REFUSED"
    assert "NSEC" in types(ask("some.wild.", do=True, cd=cd, rd=False).authority)


def test_sentinel(validating):
    """RFC 8509."""
    daemon = validating()
    there, other = f"{TRUSTED.tag:05}", f"{(TRUSTED.tag + 1) % 65536:05}"
    said = {name: rcode(ask(f"root-key-sentinel-{name}.example.")) for name in (f"is-ta-{there}", f"not-ta-{there}", f"is-ta-{other}", f"not-ta-{other}")}
    assert list(said.values()) == ["NOERROR", "SERVFAIL", "SERVFAIL", "NOERROR"], said
    assert rcode(ask(f"root-key-sentinel-not-ta-{there}.example.", cd=True)) == "NOERROR"
    assert daemon.stop() == 0
    validating(**{"root-key-sentinel": "no"})
    assert rcode(ask(f"root-key-sentinel-not-ta-{there}.example.")) == "NOERROR"


def wait_until(what) -> bool:
    end = time.monotonic() + PATIENCE_S
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return what()


def test_nothing_is_told_by_default(validating, internet):
    internet.agent = "agent."
    validating()
    assert rcode(ask("spoiled.")) == "SERVFAIL"
    assert rcode(ask("www.example.", "TXT")) == "NOERROR"
    assert not [q for q in internet.asked if q[0].labels[0].startswith((b"_er", b"_ta")) or KEY_TAG in q[2]]


def test_error_report(validating, internet):
    """RFC 9567 6.1.1: once, and nothing of the report's own way."""
    internet.agent = "agent."
    validating(**{"error-reports": "yes"})
    for _ in range(3):
        assert rcode(ask("spoiled.")) == "SERVFAIL"
    assert wait_until(lambda: internet.times_asked("_er.1.spoiled.6._er.agent.", "TXT"))
    assert rcode(ask("expired.")) == "SERVFAIL"
    assert wait_until(lambda: internet.times_asked("_er.1.expired.7._er.agent.", "TXT"))
    reports = [n for n, _, _ in internet.asked if n.labels[0] == b"_er"]
    assert len(reports) == 2, reports


def test_trusted_keys_are_told(validating, internet):
    """RFC 8145 4 and 5."""
    validating(**{"key-tag-signals": "yes"})
    assert wait_until(lambda: internet.times_asked(f"_ta-{TRUSTED.tag:04x}.", "NULL"))
    told = [options.get(KEY_TAG) for _, rdtype, options in internet.asked if rdtype == "DNSKEY"]
    assert told and set(told) == {TRUSTED.tag.to_bytes(2, "big")}
    assert not [n for n, rdtype, options in internet.asked if rdtype != "DNSKEY" and KEY_TAG in options]
