"""Postfix goes where hark mx says, in its order; hosts of equal preference in any."""

import json
import subprocess

import postfix
import pytest

pytestmark = [pytest.mark.usefixtures("lab_harkd"), pytest.mark.skipif(bool(postfix.is_possible()), reason=postfix.is_possible())]

BELOW = ("two equal implicit implicit6 alias implalias nowhere not-there null noaddress lost partly tofailing failfirst tonodata "
         "toalias tocircle private many sts wilddane").split()
DOMAINS = [*(f"{n}.post.org" for n in BELOW), "two.post.zz", "equal.post.zz", "null.post.zz", "dane.post.zz", "all-servfail.org", "self.loop.org",
           "python.org", "[188.166.95.178]", "[IPv6:2a03:b0c0:2:d0::71:1]"]
ANSWERS = {"deliverable": "deferred", "temporary": "deferred", "no_mail": "bounced", "no_domain": "bounced"}  # the sinks defer all
KNOWN = {  # where Postfix does something else: what becomes of the mail, where it goes first
    "toaddress.post.org": ("deferred", ["192.0.2.29"]),  # an MX that is an address, which RFC 5321 5.1 does not know, is taken for one
    "nullbeside.post.org": ("bounced", []),  # "0 ." beside others counts as a null MX, which RFC 7505 3 has alone
}
DANE = ["dane.post.org", "mixed.post.org", "outalias.post.org", "inalias.post.org", "tosigned.post.zz", "dane.post.zz"]
ADDRESSES = ["188.166.95.178", "2a03:b0c0:2:d0::71:1", "192.168.1.25", *(f"192.0.2.{n}" for n in (25, 26, 27, 28, 29, 31, 32, 33, 34, 35))]


def addresses(verb: str):
    lines = "".join(f"addr {verb} {a}/{'128 nodad' if ':' in a else '32'} dev lo\n" for a in ADDRESSES)
    subprocess.run(["ip", "-batch", "-"], input=lines, text=True, check=True)


@pytest.fixture(scope="module")
def delivered():
    """A Postfix that has tried every domain once."""
    addresses("add")
    server = postfix.Postfix(ADDRESSES, DANE)
    try:
        everyone = [*DOMAINS, *KNOWN, *DANE]
        for n, domain in enumerate(everyone):
            if domain not in everyone[:n]:
                server.send(f"s{n}", f"user@{domain}")
        server.wait_for(lambda: all(server.status(f"user@{d}") for d in everyone))
        server.order = {d: server.sinks.seen.get(f"s{everyone.index(d)}", []) for d in everyone}
    finally:
        server.close()
        addresses("del")
    yield server


def plan_of(hark, domain):
    return json.loads(hark("mx", "--json", f"user@{domain}").stdout)


def follows(order: list[str], plan) -> bool:
    """The addresses of each preference, in any order, one preference after the other."""
    groups: dict[int, set[str]] = {}
    for host in plan["hosts"]:
        if host["state"] == "used":
            groups.setdefault(host["preference"], set()).update(host["addresses"])
    at = 0
    for _, group in sorted(groups.items()):
        if set(order[at:at + len(group)]) != group:
            return False
        at += len(group)
    return at == len(order)


@pytest.mark.parametrize("domain", [d for d in DOMAINS if d not in DANE])
def test_postfix_goes_where_the_plan_says(hark, delivered, domain):
    plan = plan_of(hark, domain)
    status, why = delivered.status(f"user@{domain}")
    assert status == ANSWERS[plan["verdict"]], (plan, why)
    assert follows(delivered.order[domain], plan), (plan, delivered.order[domain])


@pytest.mark.parametrize("domain, status, first", [(d, *how) for d, how in KNOWN.items()])
def test_where_postfix_knowingly_differs(hark, delivered, domain, status, first):
    plan, order = plan_of(hark, domain), delivered.order[domain]
    assert delivered.status(f"user@{domain}")[0] == status
    assert order[:len(first)] == first and not follows(order, plan), (plan, order)


@pytest.mark.parametrize("domain", DANE)
def test_postfix_wants_tls_where_the_plan_does(hark, delivered, domain):
    """The sinks offer none: hosts that need it are left with a word, others reached."""
    plan = plan_of(hark, domain)
    needy = {h["name"] for h in plan["hosts"] if h["tls"] in ("dane", "encrypt")}
    others = {a for h in plan["hosts"] if h["tls"] == "opportunistic" for a in h["addresses"]}
    said = {h["name"] for h in plan["hosts"] if f"TLS is required, but was not offered by host {h['name']}[" in delivered.log}
    assert said >= needy, (plan, delivered.log)
    assert set(delivered.order[domain]) == others, (plan, delivered.order[domain])
