"""hark whois against registries in the laboratory: the documented shapes of some, and hostile ones."""

import gzip
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from registries import RDAP_TYPE, Registries, drip, endless, reply, shape

pytestmark = pytest.mark.usefixtures("lab_harkd")

VERISIGN, PIR, REGISTRAR = "rdap.verisign.com", "rdap.publicinterestregistry.org", "rdap.example-registrar.test"
EVIL = "pubapi.registry.google"  # keeps app, dev and others
LIMIT = 262144


def record(name: str, **more) -> bytes:
    return json.dumps({"objectClassName": "domain", "ldhName": name} | more).encode()


def redirect(to: str, status: int = 302):
    return lambda handler: reply(handler, status, b"", Location=to)


def start(handler, kind: str = RDAP_TYPE):
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.end_headers()
    return handler.wfile.write


def close(handler):
    handler.connection.close()


def servers(*names: str) -> list:
    return [{"objectClassName": "nameserver", "ldhName": n} for n in names]


HOSTILE_BODY = record("evil.app", status=["\x1b]8;;http://x\x07\x1b[2J", "\u202egpj.exe"], handle="\x9b31m\x7f", port43="x" * 9000,
                      entities=[{"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "M\u00fcller\x1b[31m\u2066"]]]}])
APP = "/rdap/domain/"
PAGES = {
    VERISIGN: {
        "/com/v1/domain/example.com": (200, shape("rdap-verisign.json")),
        "/com/v1/domain/busy.com": (429, shape("rdap-error.json")),
        "/com/v1/domain/down.com": (500, b"oops"),
        "/com/v1/domain/slow.com": lambda h: drip(start(h)),
        "/com/v1/domain/unsigned.com": (200, record("UNSIGNED.COM", nameservers=servers("ns1.unsigned.com"), secureDNS={"delegationSigned": True})),
        "/com/v1/domain/held.com": (200, record("HELD.COM", status=["client hold"], nameservers=servers("ns1.held.com"))),
        "/com/v1/domain/unknown.com": (200, record("UNKNOWN.COM", links=[{"rel": "related", "type": RDAP_TYPE, "href": f"https://{REGISTRAR}/rdap/domain/U"}])),
    },
    REGISTRAR: {"/rdap/domain/EXAMPLE.COM": (200, shape("rdap-registrar.json"))},
    PIR: {
        "/rdap/domain/python.org": (200, shape("rdap-pir.json")),
        "/rdap/domain/www.python.org": (400, b'{"errorCode": 400, "title": "not a second-level name"}'),
        "/rdap/domain/post.org": (200, record("post.org", nameservers=servers("ns1.post.org", "old.elsewhere.net"), secureDNS={"delegationSigned": False})),
        "/rdap/domain/xn--bcher-kva.org": (200, record("xn--bcher-kva.org", unicodeName="b\u00fccher.org", nameservers=servers("ns1.xn--bcher-kva.org"))),
    },
    "rdap.nominet.uk": {"/uk/domain/example.co.uk": (200, shape("rdap-nominet.json"))},
    "rdap.arin.net": {"/registry/ip/192.0.2.1": (200, shape("rdap-arin.json")), "/registry/ip/192.0.2.0/24": (200, shape("rdap-arin.json")),
                       "/registry/entity/abc1-ARIN": (200, json.dumps({"objectClassName": "entity", "handle": "ABC1-ARIN", "jscard": {
                           "organizations": {"o": {"name": "B\u00fccher GmbH"}}, "addresses": {"a": {"countryCode": "DE"}}}}).encode())},
    "rdap.db.ripe.net": {"/ip/193.0.6.139": (200, shape("rdap-ripe.json"))},
    "rdap.apnic.net": {"/autnum/4608": (200, shape("rdap-apnic.json"))},
    "rdap.iana.org": {"/domain/com": (200, shape("rdap-iana.json"))},
    EVIL: {
        APP + "endless.app": lambda h: endless(start(h)),
        APP + "drip.app": lambda h: drip(start(h)),
        APP + "loop.app": redirect(f"https://{EVIL}{APP}loop.app"),
        APP + "inside.app": redirect("https://localhost/"),
        APP + "inside4.app": redirect("https://127.0.0.1/"),
        APP + "plain.app": redirect(f"http://{EVIL}/"),
        APP + "huge.app": (200, b'{"objectClassName": "domain", "x": "' + b"y" * LIMIT + b'"}'),
        APP + "deep.app": (200, b'{"objectClassName": "domain", "x": ' + b"[" * 100000 + b"]" * 100000 + b"}"),
        APP + "escapes.app": (200, HOSTILE_BODY),
        APP + "charset.app": (200, record("charset.app", handle="M\u00fcller").decode().encode("utf-16")),
        APP + "latin.app": (200, b'{"objectClassName": "domain", "handle": "M\xfcller"}'),
        APP + "empty.app": (200, b""),
        APP + "nul.app": (200, record("nul.app", status=["act\0ive\0"], entities=[{"roles": ["registrar"], "vcardArray": ["vcard", [
            ["fn", {}, "text", "\0Example\0 Registrar"]]]}])),
        APP + "kind.app": (200, b'{"objectClassName": "autnum", "startAutnum": 1}'),
        APP + "itself.app": (200, record("itself.app", links=[{"rel": "related", "type": RDAP_TYPE, "href": f"https://{EVIL}{APP}itself.app"}])),
        APP + "html.app": (200, b"<html>down for maintenance</html>"),
        APP + "closed.app": close,
        APP + "example.app": (200, shape("rdap-jscontact.json")),
        APP + "none.app": (200, b'{"errorCode": 404, "title": "Not Found"}'),
        APP + "often.app": (200, b'{"errorCode": 429, "title": "Slow down"}'),
        APP + "gzip.app": lambda h: reply(h, 200, gzip.compress(record("gzip.app", handle="packed")), "application/json", Content_Encoding="gzip"),
        APP + "bomb.app": lambda h: reply(h, 200, gzip.compress(b" " * 2**24), Content_Encoding="gzip"),
        APP + "moved7.app": redirect(f"https://{PIR}/rdap/domain/python.org", 307),
        APP + "moved.app": redirect(f"https://{PIR}/rdap/domain/python.org"),
    },
    "rdap.nic.fr": {},  # its certificate nobody signed
}


def answers(known: dict):
    """A WHOIS server that knows these lines."""
    return lambda line, handler: known.get(line, b"No match for \"" + line.upper().encode() + b"\".\r\n")


WHOIS = {
    "whois.iana.org": answers({"com": shape("whois-iana.txt"), "example.zz": b"refer: whois.nic.zz\n\ndomain: ZZ\n",
                               "example.ax": b"refer: whois.of-today.test\n", "gone.ax": b"refer: whois.ax\n",
                               "circle.zz": b"refer: whois.circle-a.test\n", "inside.zz": b"refer: whois.inside.test\n"}),
    "whois.nic.zz": answers({"example.zz": b"Domain Name: example.zz\nRegistrar: Zed\nName Server: ns1.example.zz\n"}),
    "whois.of-today.test": answers({"example.ax": b"Domain Name: example.ax\nRegistrar: Today\n"}),
    "whois.circle-a.test": lambda line, h: b"whois: whois.circle-b.test\n",
    "whois.circle-b.test": lambda line, h: b"whois: whois.circle-a.test\n",
    "whois.verisign-grs.com": answers({"domain example.com": shape("whois-verisign.txt"), "domain slow.com": b"Domain Name: SLOW.COM\n",
                                       "domain down.com": b"Domain Name: DOWN.COM\n", "domain busy.com": shape("whois-verisign.txt").replace(
        b"EXAMPLE.COM", b"BUSY.COM").replace(b"whois.example-registrar.test", b"")}),
    "whois.example-registrar.test": answers({"example.com": shape("whois-registrar.txt")}),
    "whois.publicinterestregistry.org": answers({"python.org": shape("whois-pir.txt")}),
    "whois.denic.de": answers({"-T dn,ace example.de": shape("whois-denic.txt"), "-T dn,ace nobody-has-it.de": shape("whois-denic-free.txt"),
                               "-T dn,ace www.example.de": b"Domain: www.example.de\nStatus: invalid\n", "-T dn,ace a.b.example.de": b"% Error: 5501 bad\n",
                               "-T dn,ace b.example.de": b"% Error: 5502 access control limit reached\n",
                               "-T dn,ace x.unsure.de": b"% Error: 5503 internal\n", "-T dn,ace zone.de": b"% Error: 5504 no name to register\n"}),
    "whois.nic.uk": answers({"example.co.uk": shape("whois-nominet.txt")}),
    "whois.arin.net": answers({"n + 193.0.6.139": shape("whois-arin.txt")}),
    "whois.ripe.net": answers({"193.0.6.139": shape("whois-ripe.txt")}),
    "whois.apnic.net": answers({"AS4608": shape("whois-apnic.txt")}),
    "whois.jprs.jp": answers({"example.jp/e": shape("whois-jprs.txt")}),
    "whois.nic.google": lambda line, h: {"escapes.app": HOSTILE_BODY, "latin.app": "Domain Name: latin.app\nRegistrar: Müller\x9b\n".encode("latin-1"),
                                      "endless.app": None, "drip.app": None}.get(line, b"%ERROR:201: access denied\r\n")
    if line not in ("endless.app", "drip.app") else (endless if line == "endless.app" else drip)(h.wfile.write),
}


@pytest.fixture(scope="module")
def registries(tmp_path_factory):
    made = Registries(tmp_path_factory.mktemp("registries"), PAGES, WHOIS, untrusted=["rdap.nic.fr"], elsewhere={"whois.inside.test": "10.0.0.1"})
    yield made
    made.close()


@pytest.fixture
def whois(hark, registries):
    def run(*arguments):
        done = hark("whois", *arguments, env=registries.env)
        assert not set(done.stdout + done.stderr) & {chr(c) for c in [*range(10), *range(11, 32), *range(127, 160), 0x202e, 0x2066]}, done
        assert "Sanitizer" not in done.stderr, done.stderr
        return done
    return run


def test_a_slow_rdap_server_leaves_time_for_whois(whois):
    out = whois("slow.com", "+time=2").stdout
    assert "slow.com: registered" in out and "no whole reply in time" in out


@pytest.fixture
def card(whois):
    def run(*arguments):
        done = whois("--json", *arguments)
        assert done.returncode == 0, done
        return json.loads(done.stdout)
    return run


SHAPES = [  # arguments, where it came from, what must be on the card
    (["example.com"], "https://rdap.verisign.com/", {"name": "example.com", "registrar": "Example Registrar, Inc.", "registrar_id": "376",
     "expires": "2027-08-13T04:00:00Z", "abuse_email": "abuse@registrar.example", "signed": True, "holder": "M\u00fcller & S\u00f6hne GmbH",
     "redacted": ["Registrant Name", "Registrant Email"]}),
    (["www.deep.example.com"], "https://rdap.verisign.com/", {"name": "example.com"}),
    (["EXAMPLE.COM."], "https://rdap.verisign.com/", {"name": "example.com"}),
    (["python.org"], "https://rdap.publicinterestregistry.org/", {"holder": "Python Software Foundation", "country": "US"}),
    (["b\u00fccher.org"], "https://rdap.publicinterestregistry.org/", {"name": "xn--bcher-kva.org", "unicode_name": "b\u00fccher.org"}),
    (["example.co.uk"], "https://rdap.nominet.uk/", {"registrar": "Example Tag Holder", "signed": False}),
    (["192.0.2.1"], "https://rdap.arin.net/", {"kind": "network", "label": "TEST-NET-1", "abuse_email": "abuse@iana.org"}),
    (["192.0.2.0/24"], "https://rdap.arin.net/", {"kind": "network", "name": "192.0.2.0 - 192.0.2.255"}),
    (["193.0.6.139"], "https://rdap.db.ripe.net/", {"country": "NL", "status": ["ASSIGNED PA", "active"], "holder": "Reseaux IP Europeens Network Coordination Centre (RIPE NCC)"}),
    (["192.0.2.77/24"], "https://rdap.arin.net/registry/ip/192.0.2.0/24", {"kind": "network"}),
    (["2.0.192.in-addr.arpa"], "https://rdap.arin.net/registry/ip/192.0.2.0/24", {"kind": "network", "abuse_email": "abuse@iana.org"}),
    (["--whois", "139.6.0.193.in-addr.arpa"], "whois://whois.ripe.net/193.0.6.139", {"label": "RIPE-NCC"}),
    (["[192.0.2.1]"], "https://rdap.arin.net/", {"label": "TEST-NET-1"}),
    (["nul.app"], "https://pubapi.registry.google/", {"name": "nul.app", "registrar": "Example Registrar", "status": ["active"]}),
    (["AS0.4608"], "https://rdap.apnic.net/autnum/4608", {"name": "AS4608"}),
    (["AS4608"], "https://rdap.apnic.net/", {"kind": "asn", "name": "AS4608", "country": "AU"}),
    (["abc1-ARIN"], "https://rdap.arin.net/registry/entity/abc1-ARIN", {"kind": "entity", "holder": "B\u00fccher GmbH", "country": "DE"}),
    (["4608"], "https://rdap.apnic.net/", {"name": "AS4608"}),
    (["com"], "https://rdap.iana.org/", {"name": "com", "holder": "VeriSign Global Registry Services"}),
    (["example.de"], "whois://whois.denic.de/", {"status": ["connect"], "servers": ["ns1.example.de", "ns.other.example"], "signed": True}),
    (["www.example.de"], "whois://whois.denic.de/example.de", {"name": "example.de"}),
    (["example.jp"], "whois://whois.jprs.jp/", {"holder": "Example Co., Ltd.", "servers": ["ns1.example.jp", "ns2.example.jp"]}),
    (["example.ax"], "whois://whois.of-today.test/", {"registrar": "Today"}),
    (["example.zz"], "whois://whois.iana.org/", {"registrar": "Zed"}),
    (["example.app"], "https://pubapi.registry.google/", {"holder": "B\u00fccher [31mGmbH", "country": "DE", "registrar": "JS Registrar, Inc.",
     "abuse_email": "abuse@js.example", "redacted": ["Registrant Name", "Registrant Phone"]}),
    (["moved.app"], "https://rdap.publicinterestregistry.org/", {"name": "python.org"}),
    (["moved7.app"], "https://rdap.publicinterestregistry.org/", {"name": "python.org"}),
    (["gzip.app"], "https://pubapi.registry.google/", {"name": "gzip.app", "handle": "packed"}),
    (["down.com"], "whois://whois.verisign-grs.com/", {"name": "down.com"}),
    (["busy.com"], "whois://whois.verisign-grs.com/", {"name": "busy.com"}),
    (["--whois", "example.com"], "whois://whois.verisign-grs.com/", {"registrar": "Example Registrar, Inc.", "holder": "M\u00fcller & S\u00f6hne GmbH"}),
    (["--whois", "com"], "whois://whois.iana.org/", {"holder": "VeriSign Global Registry Services"}),
    (["--whois", "python.org"], "whois://whois.publicinterestregistry.org/", {"holder": "Python Software Foundation"}),
    (["--whois", "example.co.uk"], "whois://whois.nic.uk/", {"registrar": "Example Tag Holder [Tag = EX]", "created": "before Aug-1996"}),
    (["--whois", "193.0.6.139"], "whois://whois.ripe.net/", {"label": "RIPE-NCC", "abuse_email": "abuse@ripe.net"}),
    (["--whois", "AS4608"], "whois://whois.apnic.net/", {"name": "AS4608", "label": "APNIC-SERVICES"}),
    (["-h", "whois.ripe.net", "193.0.6.139"], "whois://whois.ripe.net/", {"label": "RIPE-NCC"}),
    (["--whois", "latin.app"], "whois://whois.nic.google/", {"registrar": "M\u00fcller"}),
]


@pytest.mark.parametrize("arguments, source, expected", SHAPES, ids=[" ".join(s[0]) for s in SHAPES])
def test_card(card, arguments, source, expected):
    got = card(*arguments)
    assert {key: got.get(key) for key in expected} == expected, got
    assert source in "".join(got["sources"]), got["sources"]


@pytest.mark.parametrize("arguments", [["nobody-has-it.com"], ["nobody-has-it.de"], ["--whois", "nobody-has-it.org"]])
def test_what_is_not_registered(whois, arguments):
    done = whois(*arguments)
    assert done.returncode == 2 and "not registered" in done.stdout, done


def test_what_was_asked_for_is_named(whois):
    assert "  asked for   www.example.com, which is below it\n" in whois("WWW.example.com").stdout
    assert "  asked for   moved.app, and the register sent this\n" in whois("moved.app").stdout
    assert "  redacted    Registrant Name, Registrant Email\n" in whois("example.com").stdout
    assert "  asked for   1.2.0.192.in-addr.arpa, which belongs to 192.0.2.1\n" in whois("1.2.0.192.in-addr.arpa").stdout
    assert whois("none.app").stdout.startswith("none.app: not registered\n"), "an error with status 200"
    below = whois("--rdap", "www.python.org").stdout
    assert below.startswith("python.org: registered\n  asked for   www.python.org, which is below it\n") and "note" not in below
    assert "asked for" not in whois("EXAMPLE.com.").stdout
    assert whois("www.nobody-has-it.com").stdout.startswith("www.nobody-has-it.com: not registered\n"), "not the last name that was tried"
    assert whois("AS4200000000").stdout.startswith("AS4200000000: not registered\n")
    for wrong in ("AS4294967296", "AS1.65536", "AS99999999999"):
        assert "AS numbers end at 4294967295" in whois(wrong).stderr


HOSTILE = [  # name of app, whether WHOIS is asked too, exit code, what the one line says
    ("endless", False, 5, "more than 262144 octets"), ("drip", False, 5, "no whole reply in time"), ("loop", False, 5, "redirects again and again"),
    ("inside", False, 5, "private address"), ("inside4", False, 5, "private address"), ("plain", False, 5, "nothing is encrypted"),
    ("huge", False, 5, "more than 262144 octets"), ("deep", False, 3, "depth"), ("charset", False, 3, ""), ("latin", False, 3, "decode"),
    ("empty", False, 3, ""), ("kind", False, 3, "another kind"), ("html", False, 3, ""), ("closed", False, 5, ""),
    ("bomb", False, 5, "more than 262144 octets"), ("often", False, 3, "asked too often (429): Slow down"),
    ("html", True, 3, "access denied"), ("endless", True, 5, "more than 262144 octets"), ("drip", True, 5, "in time"), ("deep", True, 3, "access denied"),
]


@pytest.mark.parametrize("name, both, code, words", HOSTILE, ids=[f"{h[0]}{'-both' * h[1]}" for h in HOSTILE])
def test_hostile_servers_cost_one_line_and_bounded_time(whois, name, both, code, words):
    begun = time.monotonic()
    done = whois(f"{name}.app", "+time=1", *([] if both else ["--rdap"]))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done
    assert words in done.stderr and len(done.stderr) < 1000, done.stderr
    assert time.monotonic() - begun < 10, "given up"


def test_hostile_servers_cost_bounded_memory(registries):
    def peak_kb(name: str) -> int:
        process = subprocess.Popen(["hark", "whois", "--rdap", f"{name}.app", "+time=1"], env=registries.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return os.wait4(process.pid, 0)[2].ru_maxrss
    usual = peak_kb("example")
    for name in ("endless", "huge", "deep", "escapes", "bomb"):
        assert peak_kb(name) < usual + 32768, name


def test_escapes_do_not_reach_the_terminal(whois, card):
    out = whois("escapes.app").stdout
    assert "M\u00fcller[31m" in out or "M?ller[31m" in out
    assert "gpj.exe" in out and "]8;;http://x[2J" in out
    assert card("escapes.app")["registrar"] == "M\u00fcller[31m"
    assert whois("--raw", "escapes.app").returncode == 0


def test_a_registrar_that_does_not_know_it_is_no_source(card):
    got = card("unknown.com")
    assert len(got["sources"]) == 1 and got["notes"] == [f"https://{REGISTRAR}/rdap/domain/U: it does not know it"]


def test_who_refers_to_itself_is_asked_once(card):
    assert len(card("itself.app")["sources"]) == 1


def test_a_certificate_nobody_signed_is_not_believed(whois):
    done = whois("--rdap", "example.fr")
    assert done.returncode == 5 and "certificate" in done.stderr, done


def test_a_limit_is_told_and_ends_it(whois):
    done = whois("a.b.example.de")
    assert (done.returncode, done.stdout) == (3, "") and "whois.denic.de: Error: 5502 access control limit reached" in done.stderr, done


def test_what_a_register_was_unclear_about_is_not_free(whois):
    done = whois("x.unsure.de")
    assert (done.returncode, done.stdout) == (3, "") and "whois.denic.de: Error: 5503 internal" in done.stderr, done
    done = whois("nobody.zone.de")
    assert done.returncode == 2 and done.stdout.startswith("nobody.zone.de: not registered\n"), "it was clear about the name itself"
    assert "  note        whois.denic.de: Error: 5504 no name to register\n" in done.stdout


def test_a_server_that_iana_names_too_is_asked_once(whois):
    done = whois("gone.ax")
    assert done.returncode == 5 and done.stderr.count("whois.ax") == 1 and "Name or service not known" in done.stderr, done


def test_referrals_in_a_circle_end(whois):
    done = whois("--whois", "circle.zz")
    assert done.returncode == 3 and done.stderr.count("\n") == 1, done


def test_private_addresses_are_asked_only_if_named(hark, whois, registries):
    done = whois("--whois", "inside.zz")
    assert done.returncode == 5 and "private address" in done.stderr, "a referral there"
    done = hark("whois", "-h", "127.0.0.1", "-p", "9", "example.com", env=registries.env)
    assert done.returncode == 5 and "private" not in done.stderr, "nobody listens there, but it was tried"


def test_rdap_alone_where_there_is_none(whois):
    done = whois("--rdap", "example.de")
    assert done.returncode == 3 and "no RDAP" in done.stderr, done


def test_raw_is_what_the_servers_sent(whois):
    out = whois("--raw", "example.de").stdout
    assert out.startswith("; whois://whois.denic.de/example.de\n% Restricted rights.") and "Nserver: ns.other.example" in out


DIFFERENCES = [
    ("post.org", ["the register names the server old.elsewhere.net, DNS does not", "DNS delegates to ns2.post.org, which the register does not name",
                  "the register says unsigned, and DNS has a DS: "]),
    ("unsigned.com", ["the register says signed, and DNS has no DS: it is not validated"]),
    ("held.com", ["it is registered, and DNS does not have it: its status is client hold"]),
    ("python.org", []),
]


@pytest.mark.parametrize("name, expected", DIFFERENCES, ids=[d[0] for d in DIFFERENCES])
def test_what_dns_says_now(card, whois, name, expected):
    got = card(name)["dns"]["differences"]
    assert len(got) == len(expected) and all(g.startswith(e) for g, e in zip(got, expected)), got
    page = whois(name).stdout
    assert ("as the register has it" in page) == (not expected)
    for line in expected:
        assert line in page


def test_without_a_name_server_the_card_is_there_all_the_same(whois):
    begun = time.monotonic()
    done = whois("post.org", "@198.51.100.1")  # silent
    assert done.returncode == 0 and "nobody could be asked" in done.stdout, done
    assert time.monotonic() - begun < 8, "given up"


def test_the_parent_is_asked(card):
    dns = card("python.org")["dns"]
    assert dns["servers"] == ["ns1.python.org", "ns2.python.org"] and dns["asked"].endswith((".afilias-nst.info", ".afilias-nst.org"))
    assert len(dns["ds"]) >= 1


def test_several_targets(whois):
    done = whois("example.com", "nobody-has-it.com", "AS4608")
    assert done.returncode == 2 and "AS4608: registered" in done.stdout


@pytest.mark.parametrize("wrong", ["a..b", "a b.com", "x/../../y", "-x.com.", "foo\nbar.com", "."])
def test_what_nobody_registers_is_told(whois, wrong):
    done = whois("--", wrong)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done
