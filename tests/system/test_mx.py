"""hark mx against the laboratory's mail domains (tests/lab/internet.py: post.org is signed, post.zz is not)."""

import json
import os
import socket
import threading

import dns.message
import dns.rrset
import pytest
from registries import Registries, reply

pytestmark = pytest.mark.usefixtures("lab_harkd")

MAIL = "mail.{} 2a03:b0c0:2:d0::71:1|188.166.95.178"
PLANS = [  # below post.org and post.zz: domain, exit code, verdict, hosts with their addresses in order
    ("two", 0, "deliverable", [MAIL, "backup.{} 192.0.2.25"]),
    ("implicit", 0, "deliverable", ["implicit.{} 188.166.95.178"]),
    ("implicit6", 0, "deliverable", ["implicit6.{} 2a03:b0c0:2:d0::71:1"]),
    ("alias", 0, "deliverable", [MAIL, "backup.{} 192.0.2.25"]),
    ("implalias", 0, "deliverable", ["implalias.{} 188.166.95.178"]),
    ("nowhere", 2, "no_domain", []),
    ("not-there", 2, "no_domain", []),
    ("null", 6, "no_mail", []),
    ("null10", 6, "no_mail", []),
    ("nullbeside", 0, "deliverable", [MAIL]),
    ("noaddress", 6, "no_mail", []),
    ("lost", 6, "no_mail", []),
    ("partly", 0, "deliverable", [MAIL]),
    ("tofailing", 3, "temporary", []),
    ("failfirst", 0, "deliverable", [MAIL]),
    ("tonodata", 0, "deliverable", [MAIL]),
    ("toalias", 0, "deliverable", ["alias4.{} 2a03:b0c0:2:d0::71:1|188.166.95.178"]),
    ("tocircle", 0, "deliverable", ["backup.{} 192.0.2.25"]),
    ("toaddress", 0, "deliverable", [MAIL]),
    ("private", 0, "deliverable", ["inside.{} 192.168.1.25"]),
    ("many", 0, "deliverable", [f"m{n}.{{}} 192.0.2.3{n}" for n in range(1, 6)]),
    ("b\u00fccher", 0, "deliverable", [MAIL]),
]


def plan_of(hark, *arguments):
    done = hark("mx", "--json", *arguments)
    return done.returncode, json.loads(done.stdout)


def used(plan):
    return [f"{h['name']} {'|'.join(h['addresses'])}" for h in plan["hosts"] if h["state"] == "used"]


@pytest.mark.parametrize("zone", ["post.org", "post.zz"])
@pytest.mark.parametrize("name, code, verdict, hosts", PLANS, ids=[p[0] for p in PLANS])
def test_plan(hark, zone, name, code, verdict, hosts):
    returned, plan = plan_of(hark, f"user@{name}.{zone}")
    assert (returned, plan["verdict"]) == (code, verdict), plan
    assert used(plan) == [h.format(zone) for h in hosts]
    assert plan["secure"] == (zone == "post.org"), "denials too"


@pytest.mark.parametrize("domain, code", [("all-servfail.org", 3), ("self.loop.org", 3), ("www.all-silent.org", 3)])
def test_failures_are_temporary(hark, domain, code):
    returned, plan = plan_of(hark, domain)
    assert (returned, plan["verdict"], plan["hosts"]) == (code, "temporary", []), plan


def test_a_referral_is_no_denial(hark):
    done = hark("mx", "two.post.org", "@198.41.0.4")
    assert done.returncode == 3 and "temporary failure (MX: the name server refers to others" in done.stdout, done


def test_no_reply_at_all(hark):
    done = hark("mx", "python.org", "@127.0.0.1", "-p", "9")
    assert done.returncode == 5 and "temporary failure" in done.stdout


def test_equal_preferences_come_in_any_order(hark):
    orders = {tuple(h["name"] for h in plan_of(hark, "equal.post.org")[1]["hosts"]) for _ in range(12)}
    assert len(orders) > 1 and all(sorted(o) == ["backup.post.org", "mail.post.org", "third.post.org"] for o in orders)


def test_next_is_for_scripts(hark):
    done = hark("mx", "--next", "two.post.org")
    assert done.stdout == ("mail.post.org 2a03:b0c0:2:d0::71:1 25\nmail.post.org 188.166.95.178 25\n"
                           "backup.post.org 192.0.2.25 25\n")
    done = hark("mx", "--next", "null.post.org")
    assert (done.returncode, done.stdout) == (6, "") and "accepts no mail" in done.stderr


def test_families(hark):
    assert hark("mx", "-4", "--next", "two.post.org").stdout == "mail.post.org 188.166.95.178 25\nbackup.post.org 192.0.2.25 25\n"
    assert hark("mx", "-6", "--next", "two.post.org").stdout == "mail.post.org 2a03:b0c0:2:d0::71:1 25\n"


def test_a_family_that_nobody_has_is_named(hark):
    code, plan = plan_of(hark, "-6", "private.post.org")
    assert (code, plan["verdict"], plan["why"]) == (6, "no_mail", "none of its hosts has an IPv6 address")


def test_self_and_all_no_better_are_left_out(hark):
    assert used(plan_of(hark, "many.post.org", "--self", "m3.post.org")[1]) == ["m1.post.org 192.0.2.31", "m2.post.org 192.0.2.32"]
    assert used(plan_of(hark, "many.post.org", "--self", "192.0.2.32")[1]) == ["m1.post.org 192.0.2.31"]
    assert used(plan_of(hark, "many.post.org", "--self", "[192.0.2.32]")[1]) == ["m1.post.org 192.0.2.31"]
    assert plan_of(hark, "toalias.post.org", "--self", "mail.post.org")[1]["verdict"] == "loop", "what it is an alias of"
    code, plan = plan_of(hark, "many.post.org", "--self", "m1.post.org")
    assert (code, plan["verdict"]) == (3, "loop")


def test_dane(hark):
    _, plan = plan_of(hark, "dane.post.org")
    assert [(h["tls"], h["secure"]) for h in plan["hosts"]] == [("dane", True), ("encrypt", True)]
    assert plan["hosts"][0]["tlsa"][0]["data"].startswith("3 1 1 8A9C3E8A")
    assert [h["tls"] for h in plan_of(hark, "dane.post.zz")[1]["hosts"]] == ["opportunistic"], "unsigned"
    assert [h["tls"] for h in plan_of(hark, "tosigned.post.zz")[1]["hosts"]] == ["opportunistic"], "an unsigned MX"
    assert [h["tls"] for h in plan_of(hark, "mixed.post.org")[1]["hosts"]] == ["dane", "opportunistic"]
    assert [h["tls"] for h in plan_of(hark, "wilddane.post.org")[1]["hosts"]] == ["opportunistic"], "no TLSA"
    host = plan_of(hark, "outalias.post.org")[1]["hosts"][0]
    assert (host["tls"], host["secure"], host["tlsa_name"]) == ("dane", False, "_25._tcp.mx.outalias.post.org"), "RFC 7672 2.2.2"
    host = plan_of(hark, "inalias.post.org")[1]["hosts"][0]
    assert (host["tls"], host["secure"], host["tlsa_name"]) == ("dane", True, "_25._tcp.mx1.dane.post.org")


WARNINGS = {"toalias": "alias of mail.post.org", "toaddress": "is an address", "private": "private address", "nullbeside": "beside others",
            "null10": "preference 10", "two": "192.0.2.25 of backup.post.org has no name (PTR)"}


@pytest.mark.parametrize("name, words", WARNINGS.items())
def test_warnings(hark, name, words):
    _, plan = plan_of(hark, f"{name}.post.org")
    assert any(words in w for w in plan["warnings"]), plan["warnings"]
    assert words in hark("mx", f"{name}.post.org").stdout


def test_addresses_in_utf8(hark):
    done = hark("mx", "j\u00fcrgen@b\u00fccher.post.org", env=os.environ | {"LC_ALL": "C.UTF-8"})
    assert done.stdout.startswith("xn--bcher-kva.post.org (b\u00fccher.post.org): deliverable\n") and "  SMTPUTF8  the host must offer it" in done.stdout, done
    assert hark("mx", "user@b\u00fccher.post.org", env=os.environ | {"LC_ALL": "C"}).stdout.startswith("xn--bcher-kva.post.org: deliverable\n")
    assert plan_of(hark, "j\u00fcrgen@two.post.org")[1]["smtputf8"] is True and plan_of(hark, "user@two.post.org")[1]["smtputf8"] is False


def test_the_page_of_the_manual(hark):
    out = hark("mx", "dane.post.org").stdout
    assert out.startswith("dane.post.org: deliverable\n     10  mx1.dane.post.org")
    assert "TLS: DANE\n" in out and "  of no use: 1 1 1 8A9C3E8A0B07DDC9...\n" in out


def test_what_is_no_domain_is_told(hark):
    for wrong in ("user@", "user@[192.0.2.256]", "a..b", "a@b@two.post.org", '"a@b"', "a b@two.post.org", ".a@two.post.org", "192.0.2.1", "user@a b",
                  "Joe <user@two.post.org>", "mailto:user@two.post.org"):
        done = hark("mx", wrong)
        assert done.returncode == 1 and done.stderr.count("\n") == 1 and wrong in done.stderr
    done = hark("mx")
    assert done.returncode == 1 and "hark mx DOMAIN" in done.stderr
    done = hark("mx", "two.post.org", "--self", "a b", "--self", "not even..a name")
    assert (done.returncode, done.stdout) == (1, "") and "--self takes" in done.stderr
    assert hark("mx", '"a@b"@two.post.org').stdout == hark("mx", "two.post.org").stdout


def test_a_literal_needs_no_dns(hark):
    done = hark("mx", "--next", "user@[IPv6:2001:db8::25]", "@127.0.0.1", "-p", "9")
    assert (done.returncode, done.stdout) == (0, "2001:db8::25 2001:db8::25 25\n")


POLICY = "version: STSv1\nmode: {}\nmax_age: 86400\nmx: {}\n"
STS_PATH = "/.well-known/mta-sts.txt"
POLICIES = [  # page, untrusted certificate, what becomes of the two hosts, part of a warning
    ((200, POLICY.format("enforce", "mail.post.org").encode(), "text/plain"), False, ["mta-sts", "not_in_policy"], "does not name the host backup"),
    ((200, POLICY.format("enforce", "*.post.org").encode(), "text/plain; charset=utf-8"), False, ["mta-sts", "mta-sts"], None),
    ((200, POLICY.format("testing", "mail.post.org").encode(), "text/plain"), False, ["opportunistic", "opportunistic"], "does not name"),
    ((200, POLICY.format("enforce", "other.example").encode(), "text/plain"), True, ["opportunistic", "opportunistic"], "cannot be had"),
    ((200, b"<html>", "text/html"), False, ["opportunistic", "opportunistic"], "not text/plain"),
    (lambda h: reply(h, 302, b"", Location=f"https://mta-sts.sts.post.org{STS_PATH}"), False, ["opportunistic", "opportunistic"], "redirects"),
    ((200, b"x" * 70000, "text/plain"), False, ["opportunistic", "opportunistic"], "more than 65536 octets"),
    ((404, b"", "text/plain"), False, ["opportunistic", "opportunistic"], "HTTP status 404"),
]


@pytest.mark.parametrize("page, untrusted, hosts, words", POLICIES)
def test_mta_sts(hark, tmp_path, page, untrusted, hosts, words):
    name = "mta-sts.sts.post.org"
    servers = Registries(tmp_path, {name: {STS_PATH: page}}, {}, untrusted=[name] * untrusted)
    try:
        plan = json.loads(hark("mx", "--json", "sts.post.org", env=servers.env).stdout)
    finally:
        servers.close()
    assert [h["tls"] if h["state"] == "used" else h["state"] for h in plan["hosts"]] == hosts, plan
    assert any(words in w for w in plan["warnings"]) if words else not any("STS" in w for w in plan["warnings"]), plan["warnings"]
    assert plan["tls_reports"] == "mailto:tls@post.org"


def test_the_policy_on_the_page(hark, tmp_path):
    name = "mta-sts.sts.post.org"
    servers = Registries(tmp_path, {name: {STS_PATH: POLICIES[0][0]}}, {})
    try:
        out = hark("mx", "sts.post.org", env=servers.env).stdout
    finally:
        servers.close()
    assert "TLS: MTA-STS\n" in out and "  MTA-STS   enforce: mail.post.org (id 20261101, to be kept for 1 day)\n" in out
    servers = Registries(tmp_path, {"other.test": {STS_PATH: POLICIES[0][0]}}, {}, elsewhere={name: "203.0.113.200"})
    try:
        plan = json.loads(hark("mx", "--json", "sts.post.org", env=servers.env).stdout)
    finally:
        servers.close()
    assert plan["mta_sts"]["mode"] == "unknown" and "certificate" in plan["mta_sts"]["why"], "one for another name"
    assert "  MTA-STS   announced (id 20261101), but its policy cannot be had\n" in hark("mx", "sts.post.org").stdout


def test_hosts_are_looked_up_side_by_side(hark):
    """A name server that answers for hosts only when eight questions wait: one after the other, none would ever be answered."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    waiting, most = {}, 0

    def answer(data, client):
        query = dns.message.from_wire(data)
        reply, name = dns.message.make_response(query), query.question[0].name
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        data = {"MX": [f"{n} m{n}.{name}" for n in range(8)], "A": [f"192.0.2.{name.labels[0][1:].decode()}"]}.get(kind)
        if data:
            reply.answer.append(dns.rrset.from_text_list(name, 60, "IN", kind, data))
        server.sendto(reply.to_wire(), client)

    def serve():
        nonlocal most
        while True:
            data, client = server.recvfrom(4096)
            if len(data) < 12:
                return
            if b"\2m" not in data:  # of the domain itself
                answer(data, client)
                continue
            waiting[client] = data
            most = max(most, len(waiting))
            if len(waiting) == 8:
                for client, data in waiting.items():
                    answer(data, client)
                waiting.clear()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    done = hark("mx", "--next", "side.zz", "@127.0.0.1", "-p", str(server.getsockname()[1]))
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"end", server.getsockname())
    thread.join()
    server.close()
    assert done.stdout.splitlines() == [f"m{n}.side.zz 192.0.2.{n} 25" for n in range(8)], done
    assert most == 8
