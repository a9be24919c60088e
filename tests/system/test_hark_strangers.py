"""What strangers put into names and data never steers a terminal, whatever shows it; and output that nobody can take is told, or none."""

import json
import os
import re
import signal
import subprocess
import unicodedata
import xml.dom.minidom

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from conftest import PATIENCE_S, Daemon
from machine import Machine, Server
from test_hark_progress import Terminal

pytestmark = pytest.mark.usefixtures("lab_harkd")

ROOT, RESOLVER = "192.0.2.66", "127.0.0.67"
NAME = r"\027[31m\155\007\008\013\127\194\155\226\128\174.evil.zz."  # ESC, CSI, BEL, BS, CR, DEL; CSI and a right-to-left mark in UTF-8
TEXT = r'"\027]0;owned\007\027[2J\008\155\226\128\174\127 <script>&"'
RAW = "\x1b[31m\x07\u009b\u202e.evil.zz"
DATA = {"A": "192.0.2.1", "AAAA": "2001:db8::1", "TXT": TEXT, "MX": f"10 {NAME}", "CAA": f"0 issue {TEXT}", "PTR": NAME, "NAPTR": f"1 1 {TEXT} {TEXT} {TEXT} {NAME}",
        "SRV": f"1 1 1 {NAME}", "HINFO": f"{TEXT} {TEXT}", "URI": f"1 1 {TEXT}", "SOA": f"{NAME} {NAME} 1 2 3 4 5", "HTTPS": f"1 {NAME} alpn=h2"}


class Evil(Server):
    """The root and all that is below it."""

    def __init__(self):
        super().__init__(ROOT, {})

    def reply(self, query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        reply.use_edns(0, payload=1232, options=[dns.edns.EDEOption(22, "\x1b[2J\x07\u009b\u202e"), dns.edns.GenericOption(3, b"\x1b[31m\x07\x9b")])
        name, rdtype = query.question[0].name, dns.rdatatype.to_text(query.question[0].rdtype)
        if name == dns.name.root and rdtype == "NS":
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "NS", NAME))
            reply.additional.append(dns.rrset.from_text(NAME, 60, "IN", "A", ROOT))
        elif name.labels[0].lower() == b"fail":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif name.labels[0].lower() == b"alias":
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", NAME))
        elif rdtype in DATA:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", rdtype, DATA[rdtype]))
        else:
            reply.authority.append(dns.rrset.from_text(".", 60, "IN", "SOA", "ns.evil.zz. host.evil.zz. 1 2 3 4 5"))
        return reply


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    """A harkd whose world says such things, and the environment of a hark that walks there too."""
    folder = tmp_path_factory.mktemp("evil")
    with Evil():
        daemon = Daemon(folder, {"listen": [f"{RESOLVER}@53"], "dnssec": {"validate": "no"}, "upstream": {"root-hints": [f"hint.root. {ROOT}"], "ipv6": "no"}}, [], {})
        daemon.wait_for(RESOLVER, 53)
        daemon.env = {"HARK_CONFIG": str(folder / "hark.yaml"), "LANG": "C.UTF-8", "TERM": "xterm"}
        yield daemon
        assert daemon.stop() == 0, daemon.log


def harm(said: bytes) -> list[str]:
    """What is in it that steers, with what stands around it."""
    text = said.decode("utf-8", "surrogateescape")
    return [text[max(0, i - 40):i + 9] for i, c in enumerate(text)
            if c != "\n" and (ord(c) < 32 or 0x7f <= ord(c) < 0xa0 or 0xd800 <= ord(c) < 0xe000 or unicodedata.category(c) == "Cf")]


def run(evil, *words) -> bytes:
    done = subprocess.run(["hark", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | evil.env,
                          timeout=PATIENCE_S, check=False)
    assert 0 <= done.returncode <= 5, (words, done)
    return done.stdout


def on_terminal(evil, *words) -> bytes:
    """Without the colours of hark's own and the ends of lines."""
    terminal = Terminal(*words, env=evil.env)
    terminal.finish()
    return re.sub(rb"\x1b\[[0-9;]*m|\r(?=\n)", b"", re.sub(rb"\r(?:hark: [^\r\x1b]*)?\x1b\[K", b"", terminal.said))


QUERIES = [("x.evil.zz", *DATA, f"@{RESOLVER}", f"@{ROOT}", "+nsid", *more) for more in ((), ("+short",), ("--json",), ("+multiline",), ("+idn", "+noall", "+answer"))]
TRACES = [("trace", *question, *more) for question in (("x.evil.zz", "TXT"), ("alias.evil.zz", "A"), ("fail.evil.zz", "A"), (r"\027[31m.evil.zz", "PTR"))
          for more in ((), ("--json",), ("--short",), ("--through",), ("+dnssec", "-v"))]
CTL = [("ctl", *words) for words in (("recent",), ("recent", "--json"), ("recent", "x.evil.zz", "MX"), ("cache", "get", "x.evil.zz"), ("servers",), ("status",), ("walk", "alias2.evil.zz"),
                                     ("walk", "x2.evil.zz", "TXT", "--json"), (RAW,), ("servers", RAW), ("log", RAW), ("nta", "add", NAME), ("nta",), ("events", RAW))]


def test_no_view_is_steered_by_what_strangers_say(evil):
    with open(evil.control.parent / "events", "w+b") as told:
        reader = subprocess.Popen(["hark", "ctl", "events"], stdin=subprocess.DEVNULL, stdout=told, stderr=told, env=os.environ | evil.env)
        for words in [*QUERIES, *TRACES, *CTL, ("fail.evil.zz", "A", f"@{RESOLVER}"), (RAW, "A", f"@{RESOLVER}"), (RAW,), ("trace", RAW), ("mx", RAW), ("whois", RAW), ("why", NAME)]:
            said = run(evil, *words)
            assert said and not harm(said), (words, harm(said))
        reader.send_signal(signal.SIGINT)
        reader.wait(PATIENCE_S)
        told.seek(0)
        said = told.read()
        assert rb"\027[31m" in said and b" is \\027" in said and not harm(said), harm(said)
    assert not harm(evil.log.encode())


def test_no_terminal_is_steered_by_what_strangers_say(evil):
    for words in [QUERIES[0], QUERIES[3], *TRACES[::5], CTL[0], CTL[3], ("ctl", "walk", "x3.evil.zz", "TXT"), (RAW,)]:
        said = on_terminal(evil, *words)
        assert said and not harm(said), (words, harm(said))


def test_a_machine_that_asks_them_is_not_steered_either(evil):
    machine = Machine(resolv_conf=f"nameserver {RESOLVER}\n")
    for words in [("alias.evil.zz",), ("-v", "alias.evil.zz"), ("192.0.2.1",), ("why", "alias.evil.zz"), ("why", "192.0.2.1"), ("why", "x.evil.zz", "TXT", "MX"), ("why", "x.evil.zz", "TXT", "--json"),
                  ("why", "fail.evil.zz"), ("mx", "x.evil.zz"), ("mx", "x.evil.zz", "--json"), ("mx", "x.evil.zz", "--next")]:
        done = machine.run("hark", *words, env=evil.env)
        said = (done.stdout + done.stderr).encode()
        assert said and not harm(said), (words, harm(said))


def test_a_picture_holds_nothing_but_what_is_drawn(evil, tmp_path):
    for question in (("x.evil.zz", "TXT"), ("alias.evil.zz", "A")):
        run(evil, "trace", *question, "--svg", str(tmp_path / "walk.svg"))
        picture = (tmp_path / "walk.svg").read_bytes()
        assert rb"\027[31m" in picture and not harm(picture) and b"<script" not in picture
        assert xml.dom.minidom.parseString(picture)


COMMANDS = [("www.python.org",), ("why", "www.python.org"), ("www.python.org", "A"), ("www.python.org", "A", "--json"), ("trace", "www.python.org"), ("trace", "--through", "www.python.org"), ("mx", "python.org"),
            ("ctl", "status"), ("ctl", "stats"), ("ctl", "recent"), ("ctl", "walk", "www.python.org"), ("ctl",), ("help",), ("--version",)]


def test_a_full_disk_is_told_and_a_closed_output_is_none():
    for words in COMMANDS:
        with open("/dev/full", "wb") as full:
            done = subprocess.run(["hark", *words], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
        assert (done.returncode, done.stderr) == (10, "hark: cannot write the output: No space left on device\n"), words
    for words in COMMANDS[:5]:
        done = subprocess.run(["sh", "-c", 'exec "$@" <&- >&-', "sh", "hark", *words], stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
        assert (done.returncode, done.stderr) == (0, ""), words


def test_files_that_are_missing_are_done_without():
    nothing = Machine(resolv_conf="", hosts="", nsswitch_conf="")
    done = nothing.run("hark", "why", "mail.python.org", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 0 and "188.166.95.178" in json.dumps(said)
    assert "which names none: this machine itself" in nothing.run("hark", "why", "mail.python.org").stdout
    assert "/etc/resolv.conf names none" in nothing.run("hark", "mail.python.org").stdout


def test_a_name_that_dns_does_not_take_is_not_asked_there():
    for name in ("a" * 64 + ".org", "a..b"):
        done = Machine().run("hark", "why", name)
        assert done.returncode == 2 and "127.0.0.1       not asked: DNS has no such names\n" in done.stdout, done.stdout
        assert done.stdout.endswith("\n  not asked: DNS has no such names\n"), "no walk, and nothing to notice"


def test_a_narrow_terminal_shows_who_was_asked():
    terminal = Terminal("trace", "www.python.org", env={"NO_COLOR": "1"}, columns=40)
    assert os.waitstatus_to_exitcode(terminal.finish()) == 0
    hops = re.findall(r"^ \d  .{11}.*?([0-9a-f][0-9a-f.:]{6,}\S*) +\d+ ms$", terminal.said.decode().replace("\r", ""), re.MULTILINE)
    assert len(hops) == 3, terminal.said


def test_a_harkd_that_hangs_is_told(start_harkd):
    daemon = start_harkd({}, at=("127.0.0.69", 53))
    machine = Machine(resolv_conf="nameserver 127.0.0.69\noptions timeout:1 attempts:1\n")
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        done = machine.run("hark", "why", "mail.python.org", env={"HARK_CONFIG": str(daemon.control.parent / "hark.yaml")})
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    said = "".join(done.stdout.split())  # a path may be longer than the line
    assert done.returncode == 5 and f"harkdonthismachinehangs:ittakesconnectionsat{daemon.control},buttellsnothing." in said, done
