"""hark NAME answers as the system does: getent, which asks the C library too, must agree. Each case has a machine of its own."""

import json
import re
import signal
import time
from pathlib import Path

import pytest
from conftest import PATIENCE_S, until
from machine import FILES, Machine, Server

pytestmark = pytest.mark.usefixtures("lab_harkd")

HOSTS = FILES["hosts"]
MANY = HOSTS + ("192.0.2.1 one.example one\n2001:db8::1 one.example\n192.0.2.2 one.example\n# 192.0.2.3 one.example\n"
                "192.0.2.4 ALIAS.example alias2.example # the rest\n192.0.2.300 bad.example\n10.1.2.3 www.python.org\n"
                "2001:db8::6 six.example\n192.0.2.6 four.example\n")


def nss(line: str) -> dict[str, str]:
    return {"nsswitch_conf": f"passwd: files\nservices: files\n{line}\n"}


def resolv(text: str) -> dict[str, str]:
    return {"resolv_conf": text}


SEARCH = resolv("search python.org\nnameserver 127.0.0.1\n")
NDOTS = resolv("search org python.org\noptions ndots:3\nnameserver 127.0.0.1\n")
DEAD = resolv("nameserver 198.51.100.3\nnameserver 127.0.0.1\n")  # refuses at once
NOBODY = resolv("nameserver 198.51.100.3\n")

CASES = [  # name, options, files, what is special
    ("www.python.org", [], {}, "both families"),
    ("WWW.Python.ORG", [], {}, "in other letters"),
    ("www.python.org.", [], {}, "with a final dot"),
    ("www.python.org", ["-4"], {}, "IPv4 alone"),
    ("www.python.org", ["-6"], {}, "IPv6 alone"),
    ("only4.python.org", [], {}, "one family"),
    ("docs.python.org", [], {}, "an alias"),
    ("dangling.python.org", [], {}, "an alias to nowhere"),
    ("nothing.python.org", [], {}, "no such name"),
    ("python.org", [], {}, "a zone's own name"),
    ("localhost", [], {}, "hosts file, both families"),
    ("ip6-localhost", [], {}, "hosts file, another name"),
    ("only-in-hosts.zz", [], {}, "hosts file"),
    ("one.example", [], {"hosts": MANY}, "several lines"),
    ("one", [], {"hosts": MANY}, "the second name of a line"),
    ("alias.example", [], {"hosts": MANY}, "letter case in the file"),
    ("alias2.example", [], {"hosts": MANY}, "a comment behind"),
    ("bad.example", [], {"hosts": MANY}, "a line with a bad address"),
    ("www.python.org", [], {"hosts": MANY}, "hosts file before DNS"),
    ("six.example", [], {"hosts": MANY}, "IPv6 only"),
    ("four.example", ["-4"], {"hosts": MANY}, "IPv4 only"),
    ("www.python.org", [], {"hosts": ""}, "an empty hosts file"),
    ("docs", [], SEARCH, "search list"),
    ("www", [], SEARCH, "search list"),
    ("www.", [], SEARCH, "search list, but absolute"),
    ("nothing", [], SEARCH, "search list, in vain"),
    ("www.python", [], resolv("search org\nnameserver 127.0.0.1\n"), "a dot, and still searched"),
    ("www.python", [], NDOTS, "ndots"),
    ("www.python.org", [], NDOTS, "ndots, then as it is"),
    ("www.python.org", [], resolv("domain python.org\noptions ndots:0\nnameserver ::1\n"), "domain, IPv6 server"),
    ("www.python.org", [], DEAD, "the first server refuses"),
    ("www.python.org", [], NOBODY, "no server at all"),
    ("www.python.org", [], nss("hosts: dns files") | {"hosts": MANY}, "DNS before the hosts file"),
    ("www.python.org", [], nss("hosts: files"), "no DNS"),
    ("only-in-hosts.zz", [], nss("hosts: dns"), "no hosts file"),
    ("www.python.org", [], nss("hosts: files [NOTFOUND=return] dns"), "the hosts file decides"),
    ("one.example", [], nss("hosts: files [SUCCESS=continue] dns") | {"hosts": MANY}, "success goes on to nothing"),
    ("www.python.org", [], nss("hosts: files [SUCCESS=continue] dns") | {"hosts": MANY}, "success goes on"),
    ("only-in-hosts.zz", [], nss("hosts: files dns [NOSUCH=return] wins"), "what is not understood spoils the line"),
    ("fileserver", [], nss("hosts: files dns [NOTFOUND=return wins"), "what is not understood spoils the line"),
    ("www.python.org", [], nss("hosts: files dns [NOTFOUND=nosuch] wins"), "what is not understood spoils the line"),
    ("www.python.org", [], nss("hosts: files [NOTFOUND=continue] dns # wins"), "a comment"),
    ("www.python.org", [], nss("networks: files"), "no hosts line"),
    ("www.python.org", [], nss("hosts: files nosuchsource dns"), "a source that is not installed"),
    ("printer.local", [], nss("hosts: files mdns4_minimal [NOTFOUND=return] dns"), "mDNS"),
    ("nobody.local", [], nss("hosts: files mdns4_minimal [NOTFOUND=return] dns"), "mDNS, no such name"),
    ("fileserver", [], nss("hosts: files wins dns"), "WINS"),
    ("www.all-refused.org", [], {}, "servers that refuse"),
    ("127.1", [], {}, "an address in another form"),
]
REVERSE = [
    ("192.0.2.7", {}, "hosts file"),
    ("::1", {}, "hosts file, IPv6"),
    ("151.101.128.223", {}, "DNS"),
    ("2a04:4e42:200::223", {}, "DNS, IPv6"),
    ("192.0.2.4", {"hosts": MANY}, "the first of two names"),
    ("192.0.2.250", {}, "nobody"),
]


def family(address: str) -> int:
    return 6 if ":" in address else 4


@pytest.mark.parametrize("name, options, files, why", CASES, ids=[f"{c[0]}-{c[3]}".replace(" ", "-") for c in CASES])
def test_agrees_with_getent(name, options, files, why):
    machine = Machine(**files)
    theirs = machine.run("getent", "ahosts" + {"-4": "v4", "-6": "v6"}.get("".join(options), ""), name)
    ours = machine.run("hark", name, "--json", *options)
    said = json.loads(ours.stdout)
    lines = [line.split() for line in theirs.stdout.splitlines() if "STREAM" in line]
    wanted = list(dict.fromkeys(words[0] for words in lines))
    assert sorted(said["addresses"]) == sorted(wanted), (why, ours.stderr)
    # harkd lets the addresses of one set take turns; which family comes first is the system's choice.
    assert [family(a) for a in said["addresses"]] == [family(a) for a in wanted], why
    if not said["addresses"]:
        assert theirs.returncode == 2 and ours.returncode in (2, 5) and ours.stderr.count("\n") == 1, ours.stderr
    else:
        assert ours.returncode == 0
        assert said.get("canonical", said["name"]).lower() == lines[0][2].lower(), why
    assert said["agrees"], why
    counted = {a for part in said["sources"] if part.get("counts") for a in part["addresses"]}
    assert counted == set(wanted) or name == "127.1", why


@pytest.mark.parametrize("address, files, why", REVERSE, ids=[r[0] for r in REVERSE])
def test_agrees_with_getent_about_an_address(address, files, why):
    machine = Machine(**files)
    theirs = machine.run("getent", "hosts", address)
    ours = machine.run("hark", address, "--json")
    said = json.loads(ours.stdout)
    assert said.get("pointer") == (theirs.stdout.split() + [None, None])[1], (why, ours.stderr)
    assert ours.returncode == (0 if theirs.returncode == 0 else 2)
    assert said["agrees"]


def test_agrees_with_getent_about_a_service():
    machine = Machine()
    port = int(re.search(r"(\d+)/tcp", machine.run("getent", "services", "https/tcp").stdout)[1])
    assert json.loads(machine.run("hark", "www.python.org:https", "--json").stdout)["port"] == port
    assert machine.run("hark", "only-in-hosts.zz:8080", "--short").stdout == "192.0.2.7:8080\n"
    assert machine.run("hark", "localhost:http", "-6", "--short").stdout == "[::1]:80\n"
    assert machine.run("hark", "192.0.2.7:domain", "--short").stdout == "only-in-hosts.zz:domain\n"


def ours(machine: Machine) -> list[int]:
    """The processes that still run with this machine's files."""
    mark = f"FOLDER={machine.folder}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


WHENCE = [
    ("only-in-hosts.zz", {}, "files: /etc/hosts line 3"),
    ("one.example", {"hosts": MANY}, "files: /etc/hosts lines 4, 5, 6"),
    ("www.python.org", {}, "dns: 127.0.0.1, harkd on this machine (/etc/resolv.conf line 1), "),
    ("docs", SEARCH, "asked for as docs.python.org (search list)"),
    ("www.python.org", DEAD, "dns: 127.0.0.1, harkd on this machine (/etc/resolv.conf line 2), after 198.51.100.3 did not reply"),
    ("printer.local", nss("hosts: files mdns4_minimal dns"), "mdns4_minimal: the module libnss_mdns4_minimal.so.2"),
    ("127.1", {}, "the name itself: it is an address in another form"),
    ("151.101.128.223", {}, "dns: 127.0.0.1, harkd on this machine"),
    ("192.0.2.7", {}, "files: /etc/hosts line 3"),
]


@pytest.mark.parametrize("name, files, says", WHENCE, ids=[f"{w[0]}-{n}" for n, w in enumerate(WHENCE)])
def test_says_where_it_comes_from(name, files, says):
    assert f"  from      {says}" in (out := Machine(**files).run("hark", name).stdout) or says in out, out


def test_a_local_harkd_tells_whether_it_knew_the_answer():
    machine, name = Machine(), f"fetched-{time.time_ns()}.pages.python.org"
    assert "harkd on this machine (/etc/resolv.conf line 1), fetched a moment ago, TTL" in machine.run("hark", name).stdout
    until(lambda: "), from its cache, " in machine.run("hark", name).stdout)
    parts = json.loads(machine.run("hark", name, "--json").stdout)["sources"]
    assert [part["age_s"] for part in parts if part["source"] == "dns"][0] >= 1


def test_a_disagreement_of_the_whole_with_its_parts_is_told():
    machine = Machine(**nss("hosts: files changing"))
    done = machine.run("hark", "x.changes")
    assert re.search(r"^  from      changing: .*\n  but       asked one by one, the sources .* say something else; hark why x\.changes$",
                     done.stdout, re.MULTILINE), done.stdout
    said = json.loads(machine.run("hark", "why", "x.changes", "--json").stdout)
    assert said["agrees"] is False and said["addresses"] != said["sources"][1]["addresses"]
    assert [n for n in said["notices"] if n.startswith(f"programs hear {said['addresses'][0]}, which is not what the sources say")]


def test_verbose_tells_how_the_system_was_asked():
    out = Machine(**nss("hosts: files nosuchsource dns")).run("hark", "www.python.org", "-v").stdout
    assert "AF_UNSPEC, SOCK_STREAM, AI_CANONNAME, AI_ADDRCONFIG" in out
    assert "files nosuchsource dns (/etc/nsswitch.conf line 3)" in out
    assert re.search(r"^  files     Name or service not known, \d", out, re.MULTILINE)
    assert re.search(r"^  nosuchsource its module is not installed", out, re.MULTILINE)
    assert re.search(r"^  dns       \d address", out, re.MULTILINE)
    out = Machine().run("hark", "localhost", "-v", "-4").stdout
    assert "AF_INET, SOCK_STREAM, AI_CANONNAME\n" in out
    assert "dns       not asked: it was decided before" in out


def test_a_module_that_crashes_is_said_to():
    done = Machine(**nss("hosts: crashing files")).run("hark", "only-in-hosts.zz")
    assert done.returncode == 10 and "is a module of /etc/nsswitch.conf broken?" in done.stderr


def test_a_module_that_hangs_ends_by_the_time_limit():
    done = Machine(**nss("hosts: hanging files")).run("hark", "only-in-hosts.zz", "--timeout", "1")
    assert done.returncode == 5 and "no answer of the system in 1 s" in done.stderr


@pytest.mark.parametrize("arguments", [["www.python.org", "A"], ["ctl"], ["lookup", "a.b", "only-in-hosts.zz"]])
def test_every_look_up_keeps_its_time_limit(arguments):
    files = resolv("nameserver 198.51.100.1\noptions timeout:30\n")
    server = ["@198.51.100.1", "+time=30"] if "A" in arguments else []
    if arguments == ["ctl"]:
        assert Machine().run("hark", "ctl", "status", "--timeout", "9").returncode == 0
        return
    done = Machine(**files).run("hark", *arguments, *server, "--timeout", "1")
    assert done.returncode == 5 and done.stderr.count("\n") == 1, done.stderr


def test_an_interrupt_leaves_nothing_behind():
    machine = Machine(**nss("hosts: hanging"))
    process = machine.start("hark", "x.example")
    until(lambda: len(ours(machine)) >= 3)  # hark, the whole, the source
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, errors) == (-signal.SIGINT, "", "")
    until(lambda: not ours(machine))


# ---- what a look-up costs ----

LOADED = re.compile(r"find library=(\S+)")


def libraries(*arguments: str, **files: str) -> set[str]:
    """Which libraries the processes of such a look-up loaded, whether with the program or later."""
    settings = {} if arguments[0] == "trace" else {"HARK_CONFIG": "/nothing"}  # a walk needs to know the laboratory's keys
    done = Machine(**files).run("hark", *arguments, env={"LD_DEBUG": "libs"} | settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name.split(".so")[0] for name in LOADED.findall(done.stderr)}


@pytest.mark.parametrize("arguments, more", [
    (["only-in-hosts.zz"], set()), (["www.python.org"], set()), (["192.0.2.7"], set()), (["www.python.org", "--json"], set()),
    (["www.python.org", "A"], set()), (["bücher.de."], {"libidn2", "libunistring"}), 
    (["trace", "www.python.org"], {"libcrypto", "libuv", "libyaml-0"})],
    ids=lambda a: "-".join(a) if isinstance(a, list) else "")
def test_libraries_are_loaded_by_whoever_needs_them(arguments, more):
    heavy = {"libdbus-1", "libcrypto", "libssl", "libcurl", "libidn2", "libunistring", "libuv", "libyaml-0"}
    assert libraries(*arguments, hosts=HOSTS + "192.0.2.8 xn--bcher-kva.de\n") & heavy == more


def test_a_look_up_asks_dns_no_more_than_it_must():
    """The system as a whole, its source dns alone, and hark itself, to learn which server it was: two types each."""
    asked = []

    class Counting(Server):
        def reply(self, query):
            asked.append(query.question[0].to_text())
            return super().reply(query)

    with Counting("192.0.2.53", {"a.example A": ["192.0.2.9"], "a.example AAAA": ["2001:db8::9"]}):
        machine = Machine(resolv_conf="nameserver 192.0.2.53\n")
        assert machine.run("hark", "a.example").returncode == 0
        assert len(asked) == 6
        assert machine.run("hark", "--short", "a.example").returncode == 0
        assert len(asked) == 8
        assert machine.run("hark", "only-in-hosts.zz").returncode == 0
    assert len(asked) == 8
