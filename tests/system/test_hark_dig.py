"""dig, kdig and hark say the same of the same question: what was sent, what came back, how it ended.

Each row is asked by all three, with the same words as far as they share them. All rows are asked beforehand, side by side.
"""

import os
import re
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from conftest import PATIENCE_S
from machine import Machine

pytestmark = pytest.mark.usefixtures("lab_harkd")

ROOT, ROOT6, SILENT, REFUSING = "@198.41.0.4", "@2001:503:ba3e::2:30", "@198.51.100.1", "@198.51.100.3"
BRIEF = ["+time=1", "+tries=1"]
NEVER = None  # kdig has no such option, or means something else by it

# The words, and those that kdig takes instead where it does not have the same.
CASES: list[tuple] = [(line.split(),) for line in f"""
www.python.org A
A www.python.org
www.python.org. AAAA
python.org MX
python.org SOA +tcp
python.org NS @::1
python.org CAA -6 @::1
-t TXT -q python.org
-4 -p 53 @127.0.0.1 python.org TXT
. NS
. SOA
. DNSKEY +dnssec
org DS +dnssec
python.org DNSKEY +dnssec
docs.python.org A
docs.python.org AAAA +dnssec
dangling.python.org A
self.loop.org A
c0.longchain.org A
nothing.python.org A
nothing.python.org A +dnssec
only4.python.org AAAA
only4.python.org AAAA +dnssec
x.y.pages.python.org A
x.y.pages.python.org A +dnssec
below.alias.python.org TXT
www.old.python.org A
old.python.org DNAME
huge.python.org TXT
huge.python.org TXT +ignore
large.python.org TXT +bufsize=512
large.python.org TXT +bufsize=4096
large.python.org TXT +noedns
escape.types.python.org TXT
hinfo.types.python.org HINFO
loc.types.python.org LOC
naptr.types.python.org NAPTR
https.types.python.org HTTPS
svcb.types.python.org TYPE64
opaque.types.python.org TYPE65400
www.all-servfail.org A
www.all-servfail.org A +cd
unsigned.com A +cd +dnssec
www.python.org A +norec
never-asked.counted.org A +norec
www.python.org A +noadflag
www.python.org A +aaflag +zflag
www.python.org A +nsid
python.org A +subnet=192.0.2.0/25
python.org A +subnet=2001:db8::/56
python.org A +ednsopt=65001:AABB
-x 151.101.128.223
-x 2a04:4e42:200::223
-x 10.1.2.3
localhost A
version.bind TXT -c CH
id.server TXT CH
python.org ANY
python.org ANY +tcp +dnssec
. SOA {ROOT} +norec
www.python.org A {ROOT} +norec
www.python.org A {ROOT6} +norec +dnssec
nothing-at-all A {ROOT} +norec +nsid
python.org A @a.root-servers.net +norec +tcp
www.python.org A {SILENT} {' '.join(BRIEF)}
www.python.org A {SILENT} +tcp {' '.join(BRIEF)}
www.python.org A {REFUSING} {' '.join(BRIEF)}
www.python.org A @127.0.0.1 -p 9 {' '.join(BRIEF)}
www.python.org A -b 127.0.0.1
""".strip().splitlines()] + [
    ("python.org SOA +cookie".split(),),
    ("python.org A +cookie=0011223344556677".split(),),
    ("python.org A +edns=1 +noednsneg".split(), "python.org A +edns=1".split()),
    (f"python.org A +edns=1 +noednsneg +norec {ROOT}".split(), f"python.org A +edns=1 +norec {ROOT}".split()),
    ("python.org A +edns=1 +noqr".split(), NEVER),
    (f"python.org A +edns=7 +norec +noqr {ROOT}".split(), NEVER),
    ("python.org A +subnet=0".split(), NEVER),
    ("-x 151.101".split(), NEVER),
    ("-x 10".split(), NEVER),
    ("python.org SOA +opcode=notify +noednsneg".split(), NEVER),
    ("python.org A +tcp +keepalive".split(), NEVER),
    ("python.org A +padding=128".split(), NEVER),
    ("python.org A +ednsflags=0x10".split(), NEVER),
    ("bücher.org A +idnin +noidnout".split(), NEVER),
]
assert len(CASES) > 60
IDS = [" ".join(c[0]) for c in CASES]

# What each says without being told, made equal: EDNS, 1232 octets, AD; no cookie; what was sent is shown.
TOOLS = {
    "hark": ["hark", "--exit-compat=dig", "+qr"],
    "dig": ["dig", "+nocookie", "+qr", "+noidnout"],
    "kdig": ["kdig", "+edns", "+bufsize=1232", "+adflag", "+qr"],
}


@dataclass
class Message:
    status: str = ""
    opcode: str = ""
    flags: str = ""
    counts: list[int] = field(default_factory=list)
    edns: dict = field(default_factory=dict)
    records: dict[str, list] = field(default_factory=dict)
    ttls: list[int] = field(default_factory=list)
    size: str = ""  # of what was sent


HEADER = re.compile(r";; ->>HEADER<<- opcode: (\w+)[,;] status: (\w+)[,;] id: \d+")
FLAGS = re.compile(r";; [Ff]lags: ?([a-z ]*)(; MBZ: 0x4)?; QUERY: (\d+)[,;] ANSWER: (\d+)[,;] AUTHORITY: (\d+)[,;] ADDITIONAL: (\d+)")
VERSION = re.compile(r";;? (?:EDNS: )?[Vv]ersion: (\d+)[,;] flags: ?([a-z ]*)(?:; MBZ: (0x[0-9a-f]+))?[;,] (?:udp|UDP size): (\d+)")
OPTION = re.compile(r";;? ([A-Z][A-Za-z -]+|OPT=\d+|Option \(\d+\))(?::|$) ?(.*)")
NAMES = {"TCP KEEPALIVE": "KEEPALIVE", "TCP-KEEPALIVE": "KEEPALIVE", "PADDING": "PAD", "CLIENT-SUBNET": "SUBNET"}


def option(name: str, value: str, message: Message) -> None:
    """EDNS's options, in one spelling."""
    name = NAMES.get(name, name)
    value = value.strip()
    if name == "EDE":
        value = "" if message.status == "SERVFAIL" else re.match(r"(\d+)", value)[1]  # a failure is remembered for a while: 13
    elif name == "COOKIE":
        value = len(re.match(r"([0-9A-Fa-f]*)", value)[1])  # that of the client is at random, and so is the server's
    elif name == "NSID":
        value = re.sub(r'[ "]', "", value.split("(")[0]).lower()
    elif name == "SUBNET":
        value = value.replace("0/0/0", "0.0.0.0/0/0") if value.startswith("0/") else value
    elif name == "PAD":
        value = "as many octets as make the size"
    elif name.startswith(("OPT=", "Option (")):
        name, value = re.search(r"\d+", name)[0], re.sub(r'\(.*|[ "]', "", value).lower()
    message.edns.setdefault(name, []).append(value)


def record(line: str) -> tuple:
    owner, ttl, rdclass, rdtype, *rest = line.split(None, 4)
    kind = dns.rdatatype.from_text(rdtype)
    data = dns.rdata.from_text(dns.rdataclass.from_text(rdclass), kind, rest[0] if rest else "")
    return (dns.name.from_text(owner).canonicalize(), kind, data.to_digestable() if kind != dns.rdatatype.RRSIG else data.to_wire()), int(ttl)


def messages(text: str) -> list[Message]:
    found, section, m = [], "", Message()
    for line in text.splitlines():
        if match := HEADER.match(line):
            m = Message(opcode=match[1], status=match[2])
            found.append(m)
            section = "header"
        elif match := FLAGS.match(line):
            m.flags, m.counts = match[1].split() + ["z"] * bool(match[2]), [int(match[i]) for i in range(3, 7)]
        elif match := re.match(r";; (\w+)(?: PSEUDO|\s)SECTION", line):
            section = match[1]
        elif "PSEUDOSECTION" in line:
            section = "EDNS"
        elif match := VERSION.match(line):
            m.edns |= {"version": match[1], "flags": match[2].split(), "size": match[4], "mbz": int(match[3] or "0", 16)}
            section = "EDNS"
        elif section == "EDNS" and (match := OPTION.match(line)):
            option(match[1], match[2], m)
        elif section == "QUESTION" and line.startswith(";"):
            m.records.setdefault(section, []).append(line.strip("; ").lower().split())
            section = ""
        elif line and not line.startswith(";") and section in ("ANSWER", "AUTHORITY", "ADDITIONAL"):
            what, ttl = record(line)
            m.records.setdefault(section, []).append(what)
            m.ttls.append(ttl)
        elif match := re.match(r";; (?:QUERY SIZE: (\d+)|Sent (\d+) B)$", line):
            m.size = match[1] or match[2]
        elif line.startswith(";; ") and section != "QUESTION":
            section = ""
    for m in found:
        for records in m.records.values():
            records.sort()
    return found


def ask(tool: str, words: list[str]) -> subprocess.CompletedProcess:
    if tool == "kdig":
        words = [{"+tries=1": "+retry=0"}.get(w, w) for w in words]
    return subprocess.run([*TOOLS[tool], *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=PATIENCE_S, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"})


@pytest.fixture(scope="module")
def asked() -> list[dict]:
    """The first round fills the cache, so that the three tools find the same in it."""
    def all_three(case):
        return {"hark": ask("hark", case[0]), "dig": ask("dig", case[0]),
                "kdig": ask("kdig", case[-1]) if case[-1] is not NEVER else None}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda case: ask("dig", case[0]) if case[0][-1] not in BRIEF else None, CASES))
        return list(pool.map(all_three, CASES))


@pytest.mark.parametrize("row", range(len(CASES)), ids=IDS)
def test_agrees(asked, row):
    ours, digs, kdigs = (asked[row][tool] for tool in ("hark", "dig", "kdig"))
    said = f"{ours.stdout}{ours.stderr}\n==== dig\n{digs.stdout}{digs.stderr}\n==== kdig\n{kdigs.stdout + kdigs.stderr if kdigs else ''}"
    assert ours.returncode == digs.returncode, said
    mine = messages(ours.stdout)
    assert mine, said
    for theirs in (digs, kdigs):
        if theirs:
            compare(mine, messages(theirs.stdout), said, ours.returncode == 0)


def compare(mine: list[Message], theirs: list[Message], said: str, replied: bool) -> None:
    assert theirs, said
    for a, b in [(mine[0], theirs[0]), (mine[-1], theirs[-1])] if replied else [(mine[0], theirs[0])]:
        assert (a.opcode, a.status) == (b.opcode, b.status), said
        assert sorted(a.flags) == sorted(b.flags), said
        assert (a.counts, a.size) == (b.counts, b.size), said
        assert a.edns == b.edns, said
        assert a.records == b.records, said
        if "aa" in a.flags:
            assert sorted(a.ttls) == sorted(b.ttls), said
    assert len(mine) == 1 or replied, said


def test_a_batch(hark, tmp_path):
    """The lines in their order, each with options of its own."""
    file = tmp_path / "names"
    file.write_text("www.python.org A\n-x 151.101.128.223\npython.org MX +tcp +norec\nnothing.python.org AAAA @::1\n")
    ours, digs = ask("hark", ["-f", str(file)]), ask("dig", ["-f", str(file)])
    mine, theirs = messages(ours.stdout), messages(digs.stdout)
    assert len(mine) == len(theirs) == 8
    for n in range(8):
        compare(mine[n:n + 1], theirs[n:n + 1], f"{ours.stdout}\n====\n{digs.stdout}", True)
    assert [m.records["QUESTION"][0][0] for m in mine[1::2]] == [
        "www.python.org.", "223.128.101.151.in-addr.arpa.", "python.org.", "nothing.python.org."]


def test_a_batch_that_is_not_there():
    assert ask("hark", ["-f", "/nonexistent"]).returncode == ask("dig", ["-f", "/nonexistent"]).returncode == 8


def test_several_servers(hark):
    """Each is asked each question; dig is asked once for each."""
    servers = ["@127.0.0.1", ROOT, "@::1"]
    ours = ask("hark", ["python.org", "SOA", "MX", "+norec", *servers])
    mine = messages(ours.stdout)
    assert len(mine) == 12
    answers = iter(mine[1::2])
    for rdtype in ("SOA", "MX"):
        for server in servers:
            digs = ask("dig", ["python.org", rdtype, "+norec", server])
            compare([next(answers)], messages(digs.stdout)[1:], f"{ours.stdout}\n====\n{digs.stdout}", True)
    shown = re.findall(r"^;; SERVER: (\S+)", ours.stdout, re.MULTILINE)
    assert shown == ["127.0.0.1#53(127.0.0.1)", "198.41.0.4#53(198.41.0.4)", "::1#53(::1)"] * 2
    done = hark("python.org", "MX", "@127.0.0.1", "@nowhere.invalid", "@::1", "+short")
    assert (done.stdout, done.returncode) == ("50 mail.python.org.\n" * 2, 5)
    assert done.stderr == "hark: no address of the server nowhere.invalid is known here: Name or service not known\n"


SPELLINGS = ["@127.0.0.1#53", "@127.0.0.1:53", "@127.0.0.1@53", "@[127.0.0.1]", "@::1", "@[::1]", "@[::1]#53", "@[::1]:53", "@::1#53",
             "@localhost", "@localhost#53", "@localhost:53", "@::1%1"]


def test_a_server_in_every_spelling():
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda s: (s, ask("hark", ["python.org", "MX", "+short", "+noqr", s])), SPELLINGS))
    assert [(s, d.stdout) for s, d in done if d.stdout != "50 mail.python.org.\n"] == []


def test_the_next_address_of_a_server_that_has_several():
    """of-two.zz stands for a dead address and for one that answers."""
    machine = Machine(hosts="127.0.0.1 localhost\n198.51.100.3 of-two.zz\n127.0.0.1 of-two.zz\n")
    done = machine.run("hark", "python.org", "MX", "@of-two.zz", "+noall", "+answer", "+stats", "+tries=1")
    assert "50 mail.python.org." in done.stdout and ";; SERVER: 127.0.0.1#53(of-two.zz) (UDP)" in done.stdout, done.stderr


def test_a_server_on_a_link():
    """A link-local address is half an address without its interface, and is shown with it."""
    def ip(words):
        subprocess.run(["ip", *words.split()], check=True)

    ip("link add near type veth peer name far")
    try:
        for words in ("link set near up", "link set far up", "address add fe80::53/64 dev near nodad"):
            ip(words)
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            s.bind(("fe80::53", 53, 0, socket.if_nametoindex("near")))
            s.settimeout(PATIENCE_S)
            hark = subprocess.Popen(["hark", "x.example", "A", "@[fe80::53%near]:53", "--json"], stdout=subprocess.PIPE, text=True)
            data, client = s.recvfrom(512)
            s.sendto(dns.message.make_response(dns.message.from_wire(data)).to_wire(), client)
            assert '"server":"fe80::53%near","server_name":"[fe80::53%near]:53","port":53' in hark.communicate(timeout=PATIENCE_S)[0]
        done = ask("hark", ["x.example", "A", "@fe80::53%near", *BRIEF])
        assert done.stderr.startswith("hark: fe80::53%near@53 refuses: ") and done.returncode == 9
    finally:
        ip("link delete near")
    done = ask("hark", ["x.example", "A", "@fe80::53", *BRIEF])
    assert "a link-local address needs its interface" in done.stderr and done.returncode == 9


HABITS = [  # what dig prints of the records of one answer
    "python.org SOA +noall +answer", "python.org MX +noall +answer +nottlid", "python.org MX +noall +answer +noclass",
    "python.org MX +noall +answer +nottlid +noclass", "python.org MX +noall +answer +ttlunits", "python.org NS +noall +question",
    "python.org MX +short", "python.org DNSKEY +short +nocrypto", "org DS +short +nocrypto", "python.org MX +noall +answer +unknownformat",
    "python.org DNSKEY +noall +answer +nocrypto", "opaque.types.python.org TYPE65400 +short", "python.org MX +nocmd +nocomments +nostats",
    "nothing.python.org A +noall +authority", "docs.python.org A +noall +answer", "escape.types.python.org TXT +short",
]


def test_parts_of_the_output():
    """As dig has them but for the columns, the order, and the TTLs of what is in the cache."""
    def parts(text):
        return sorted(re.sub(r"\s+\d+[smhd\d]*(\s+(?:IN|CLASS1|MX|SOA|NS|DNSKEY|A|CNAME)\s)", r" TTL\1", line).split() for line in text.splitlines() if line)

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda words: (ask("hark", [*words.split(), "+noqr"]), ask("dig", [*words.split(), "+noqr"])), HABITS))
    for words, (ours, digs) in zip(HABITS, done, strict=True):
        theirs = re.sub(r"^;.*(?:DiG|global options).*\n", "", digs.stdout, flags=re.MULTILINE)
        assert parts(ours.stdout) == parts(theirs), (words, ours.stdout, digs.stdout)
