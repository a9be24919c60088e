"""The tool, as people and scripts use it: output, exit codes."""

import json
import os
import re
import shutil
import socket
import subprocess

import pytest
from conftest import PATIENCE_S

pytestmark = pytest.mark.usefixtures("lab_harkd")

SILENT, REFUSING = "@198.51.100.1", "@198.51.100.3"
IMPATIENT = ["+time=1", "+tries=1"]

EXIT_CODES = [
    (["www.python.org", "A"], 0, "an answer"),
    (["A", "www.python.org"], 0, "arguments in any order"),
    (["@127.0.0.1", "MX", "python.org"], 0, "the server first"),
    (["www.python.org", "A", "@::1"], 0, "a server by IPv6"),
    (["-6", "www.python.org", "A", "@::1"], 0, "IPv6 only, and it is"),
    (["-t", "AAAA", "www.python.org"], 0, "the type by option"),
    (["www.python.org", "A", "+tcp"], 0, "over TCP"),
    (["huge.python.org", "TXT"], 0, "TCP where UDP is truncated"),
    (["-x", "151.101.128.223"], 0, "the name of an address"),
    (["docs.python.org", "A"], 0, "an answer behind aliases"),
    (["www.silent-first.org", "A", "+time=10"], 0, "a dead server is not the asker's trouble"),
    (["localhost", "A"], 0, "answered by harkd itself"),
    (["www.python.org"], 0, "as the system does"),
    (["only-in-hosts.zz"], 0, "as the system does: the hosts file"),
    (["nothing.python.org", "A"], 2, "no such name"),
    (["only4.python.org", "AAAA"], 2, "no such data"),
    (["dangling.python.org", "A"], 2, "an alias to nowhere"),
    (["nothing.python.org"], 2, "no such name, as the system does"),
    (["www.all-refused.org", "A"], 3, "no server of the zone would say"),
    (["self.loop.org", "A"], 3, "aliases without end"),
    (["www.python.org", "A", SILENT, *IMPATIENT], 5, "no reply"),
    (["www.python.org", "A", REFUSING, *IMPATIENT], 5, "nobody listens"),
    (["www.python.org", "A", "@203.0.114.1", *IMPATIENT], 5, "no route"),
    (["www.python.org", "A", "@127.0.0.1", "-p", "9", *IMPATIENT], 5, "nobody listens at that port"),
    (["www.python.org", "NOSUCHTYPE"], 0, None),
    (["--nonsense", "www.python.org"], 1, "no such option"),
    (["www.python.org", "A", "+nonsense"], 1, "no such option"),
    (["www.python.org", "A", "-p", "70000"], 1, "no such port"),
    (["-4", "-6", "www.python.org", "A"], 1, "at odds"),
    (["a" * 64 + ".org", "A"], 1, "a label of 64"),
    (["www.python.org", "nothing.python.org", "A"], 2, "of several names the worst"),
    (["www.python.org", "nothing.python.org", "www.all-refused.org", "A"], 3, "of several names the worst"),
    (["help"], 0, "help"),
    (["--version"], 0, "version"),
]
EXIT_CODES = [row for row in EXIT_CODES if row[2]]


@pytest.mark.parametrize("arguments, code, why", EXIT_CODES, ids=[" ".join(e[0])[:60] for e in EXIT_CODES])
def test_exit_code(hark, arguments, code, why):
    done = hark(*arguments)
    assert done.returncode == code, (why, done.stdout, done.stderr)
    assert "\x1b" not in done.stdout + done.stderr, "colour only on a terminal"
    if code in (1, 5):
        assert done.stderr, "trouble is told on stderr"


def test_help_fits_a_terminal_of_80_columns(hark):
    assert [line for line in hark("help").stdout.splitlines() if len(line) > 80] == []


def test_text_reads_like_digs(hark):
    out = hark("www.python.org", "A").stdout
    assert re.search(r"^www\.python\.org\.\s+\d+\s+IN\s+A\s+151\.101\.128\.223$", out, re.MULTILINE)


def test_short_is_the_data_alone(hark):
    assert sorted(hark("www.python.org", "A", "--short").stdout.split()) == ["151.101.128.223", "151.101.192.223"]
    assert hark("python.org", "MX", "+short").stdout == "50 mail.python.org.\n"


def test_several_types_at_once(hark):
    out = hark("python.org", "A", "MX", "+short").stdout.split("\n")
    assert "50 mail.python.org." in out and "151.101.192.223" in out


def test_json_is_one_object_a_line(hark):
    lines = hark("www.python.org", "A", "AAAA", "--json").stdout.splitlines()
    messages = [json.loads(line) for line in lines]
    assert len(messages) == 2
    for message in messages:
        text = json.dumps(message)
        assert '"QNAME": "www.python.org."' in text, "RFC 8427 2.1"
        assert '"answerRRs"' in text, "RFC 8427 2.1"


def test_norec_does_not_resolve(hark):
    done = hark("never-asked-before.counted.org", "A", "+norec")
    assert done.returncode in (2, 3)


def test_dnssec_shows_signatures(hark):
    assert "RRSIG" in hark("www.python.org", "A", "+dnssec").stdout
    assert "RRSIG" not in hark("www.python.org", "A").stdout


def test_as_the_system_gives_all_addresses(hark):
    out = hark("www.python.org", "--short").stdout.split()
    assert set(out) == {info[4][0] for info in socket.getaddrinfo("www.python.org", None)}


def test_trace_walks_from_the_root(hark):
    done = hark("trace", "www.python.org")
    assert done.returncode == 0
    page = done.stdout
    places = [page.index(word) for word in ("root-servers.net", "afilias-nst", "ns1.python.org" if
              "ns1.python.org" in page else "ns2.python.org")]
    assert places == sorted(places), page
    assert "151.101.128.223" in page
    assert len(page.splitlines()) < 25, "a glance"
    assert re.fullmatch(r"3 hops, \d+ ms, \d+ messages, \w+", page.splitlines()[-1]), page
    assert max(map(len, page.splitlines()[3:13])) <= 80, page


def test_trace_goes_on_at_an_alias(hark):
    """Into other top-level domains, over a server whose address nobody has told."""
    page = hark("trace", "docs.python.org").stdout
    said = [page.index(word) for word in ("an alias of python.edge-cdn.com", "\n    python.edge-cdn.com A  (alias target)", "an alias of pop3.edge-cdn.net",
                                          "\n    pop3.edge-cdn.net A  (alias target)", "\nAnswer, insecure")]
    assert said == sorted(said), page
    assert re.search(r"Where is ns[12].dns-host.com A\?  \(address of a name server\)", page), page
    hops = [int(n) for n in re.findall(r"^ ?(\d+)  \S", page, re.MULTILINE)]
    assert hops == list(range(1, len(hops) + 1)) and f"\n{hops[-1]} hops, " in page, page


def test_trace_as_json_has_one_object_an_event(hark):
    done = hark("trace", "www.python.org", "AAAA", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    zones = [e.get("zone") for e in events if e.get("address")]
    assert [z for z in (".", "org.", "python.org.") if z in zones] == [".", "org.", "python.org."]
    assert "2a04:4e42:200::223" in done.stdout


def test_trace_of_nothing_and_of_trouble(hark):
    assert hark("trace", "nothing.python.org").returncode == 2
    assert hark("trace", "www.all-refused.org").returncode in (3, 5)
    late = hark("trace", "www.all-silent.org", "--timeout", "1")
    assert late.returncode == 5 and "www.all-silent.org" in late.stdout and "No answer: " in late.stdout, "the page is there all the same"


def test_trace_obeys_the_configuration(hark, tmp_path):
    file = tmp_path / "hark.yaml"
    file.write_text("upstream:\n  ipv4: no\n")
    done = hark("trace", "www.python.org", "--json", env=os.environ | {"HARK_CONFIG": str(file)})
    addresses = {e["address"] for e in map(json.loads, done.stdout.splitlines()) if e.get("address")}
    assert addresses and all(":" in a for a in addresses)


def test_a_broken_configuration_is_named(hark, tmp_path):
    file = tmp_path / "hark.yaml"
    file.write_text("upstream:\n  ipv5: no\n")
    done = hark("trace", "www.python.org", env=os.environ | {"HARK_CONFIG": str(file)})
    assert done.returncode in (1, 10)
    assert re.search(rf"{re.escape(str(file))}:2:\d+", done.stderr), done.stderr


def test_set_id_ignores_the_environment(hark, tmp_path):
    """Who runs with another's rights does not read a file of the caller's choice."""
    broken = tmp_path / "hark.yaml"
    broken.write_text("nonsense: [\n")
    env = os.environ | {"HARK_CONFIG": str(broken)}
    assert str(broken) in hark("trace", "www.python.org", env=env).stderr
    copy = tmp_path / "hark"
    shutil.copy(shutil.which("hark"), copy)
    try:
        os.chown(copy, 65534, 65534)
    except OSError:
        pytest.skip("this user namespace has no other user")
    copy.chmod(0o6755)
    done = subprocess.run([copy, "trace", "www.python.org"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
    # Nor our root's keys, which another file names. Not the exit code: LeakSanitizer fails where it may not look into the process.
    assert "ask its " in done.stdout and "that its DS names" in done.stdout and str(broken) not in done.stderr, done.stderr


@pytest.mark.parametrize("arguments, code, says", [
    ("www.tcp-broken.org A @198.51.100.38", 5, "198.51.100.38@53 says over UDP that its reply needs TCP; over TCP it closed"),
    ("www.drop-edns.org A @198.51.100.32 +tries=1 +time=1", 5, "did not reply in time; is that the address and port of a name server? Some old ones want +noedns"),
    ("x.org A @127.0.0.9 +tcp", 5, "127.0.0.9@53 over TCP refuses: nothing listens"),
    ("a..b", 2, "Name or service not known; DNS cannot have it: there is an empty label"),
])
def test_a_failure_says_what_to_try(hark, arguments, code, says):
    done = hark(*arguments.split())
    assert done.returncode == code and says in done.stderr and done.stderr.count("\n") == 1


def test_the_servers_of_a_zone_are_compared(hark):
    done = hark("www.python.org", "+nssearch", "-4")  # of the zone that the name is in
    said = re.findall(r"(\d{10}) .* from server (\S+) in", done.stdout)
    assert done.returncode == 0 and sorted(said) == [("2026110100", "203.0.113.7"), ("2026110100", "203.0.113.8")]
    alias = hark("docs.python.org", "+nssearch", "-4")  # not of the zone that it leads to
    assert sorted(re.findall(r"(\d{10}) .* from server (\S+) in", alias.stdout)) == sorted(said)
    assert hark("docs.python.org", "+nssearch", "+nonssearch", "+short").stderr == ""
    lame = hark("lame-nonauth.org", "+nssearch", "-4", "--json")
    assert lame.returncode == 2 and lame.stderr.count("it does not serve the zone") == 2
    assert [json.loads(line)["ANCOUNT"] for line in lame.stdout.splitlines()].count(1) == 1
    refused = hark("lame-refused.org", "+nssearch", "-4")
    assert refused.returncode == 3 and refused.stderr.count("REFUSED") == 2 and " SOA from 198.51.100." in refused.stderr
    silent = hark("lame-refused.org", "+nssearch", "@127.0.0.9", "--json")
    assert silent.returncode == 5 and json.loads(silent.stdout)["error"] == "refuses: nothing listens on that port"
    assert json.loads(hark("x.org", "+nssearch", "@nowhere.invalid", "--json").stdout)["name"] == "x.org"


def test_a_trace_of_trouble_says_it_once_and_in_80_columns(hark):
    done = hark("trace", "self.loop.org")
    assert "No answer: the aliases lead in a circle (SERVFAIL); EDE 0" in done.stdout
    for name, says in (("www.all-servfail.org", "the name server failed (SERVFAIL)\n"), ("www.circle-a.org", "(SERVFAIL);\nEDE 22, No Reach")):
        done = hark("trace", name)
        assert says in done.stdout and max(map(len, done.stdout.splitlines())) <= 80


def test_a_trace_says_why_an_answer_is_insecure(hark):
    assert "insecure (the zone above has no DS)" in hark("trace", "unsigned.se").stdout
    assert "insecure (nothing vouches for it)" in hark("trace", "www.python.org", "RRSIG").stdout, "signatures are not signed"


def test_octets_of_strangers_are_escaped(hark):
    out = hark("escape.types.python.org", "TXT").stdout
    assert '"quote\\" backslash\\\\ \\195\\164 \\000 end"' in out


def test_kdig_agrees():
    done = subprocess.run(["kdig", "@127.0.0.1", "www.python.org", "AAAA", "+short"], stdout=subprocess.PIPE, text=True,
                          check=True)
    assert sorted(done.stdout.split()) == ["2a04:4e42:200::223", "2a04:4e42:400::223"]
    done = subprocess.run(["kdig", "@::1", "huge.python.org", "TXT", "+tcp", "+short"], stdout=subprocess.PIPE, text=True,
                          check=True)
    assert len(done.stdout.splitlines()) == 120
