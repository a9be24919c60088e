"""What fingers know from other tools: batches, dig's exit codes and options, completion in the shell."""

import json
import os
import re
import subprocess

import dns.edns
import dns.flags
import dns.rcode
import pytest
from conftest import TOP
from machine import Machine, Server

pytestmark = pytest.mark.usefixtures("lab_harkd")

LINES = "only-in-hosts.zz\n\n# nothing\nonly4.python.org A # the rest\nlocalhost -4\n"


def test_a_batch_is_answered_line_by_line(hark, tmp_path):
    file = tmp_path / "names"
    file.write_text(LINES)
    done = hark("-f", str(file), "--short")
    assert (done.stdout, done.stderr, done.returncode) == ("192.0.2.7\n192.0.2.92\n127.0.0.1\n", "", 0)
    with open(file, encoding="ascii") as lines:
        done = subprocess.run(["hark", "--short", "-f", "-"], stdin=lines, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "192.0.2.7\n192.0.2.92\n127.0.0.1\n"


def test_a_batch_goes_on_after_a_bad_line(hark, tmp_path):
    file = tmp_path / "names"
    file.write_text("only4.python.org +nonsense\n@127.0.0.1\nonly4.python.org\n")
    done = hark("-f", str(file), "--short", "-t", "A")
    assert (done.stdout, done.returncode) == ("192.0.2.92\n", 1)
    first, second = done.stderr.splitlines()
    assert first == f"hark: {file} line 1: unknown option +nonsense; see: hark help"
    assert second == f"hark: {file} line 2: no name"


def test_a_batch_of_walks(hark, tmp_path):
    file = tmp_path / "names"
    file.write_text("only4.python.org\nsip.python.org\n")
    assert hark("trace", "-f", str(file), "--short").stdout == "192.0.2.92\n192.0.2.96\n"


def test_a_batch_that_is_not_there(hark):
    done = hark("-f", "/nonexistent")
    assert done.returncode == 1 and done.stderr == "hark: cannot read /nonexistent: No such file or directory\n"


DIG_CODES = [(["www.python.org"], 0), (["nothing.python.org"], 0), (["www.all-refused.org"], 0),
             (["www.python.org", "@198.51.100.3"], 9), (["a..b"], 1)]


@pytest.mark.parametrize("arguments, code", DIG_CODES, ids=[" ".join(a) for a, _ in DIG_CODES])
def test_exit_codes_as_dig_has_them(hark, arguments, code):
    assert hark(*arguments, "A", "--exit-compat=dig", "+tries=1").returncode == code


class Recorder(Server):
    """Remembers who asked what."""

    def reply(self, query):
        self.asked = query
        return super().reply(query)


def test_options_of_edns_reach_the_server(hark):
    with Recorder("192.0.2.53", {"x.example A": ["192.0.2.1"]}) as server:
        done = hark("x.example", "A", "@192.0.2.53", "+subnet=192.0.2.128/25", "+cookie", "+nsid", "+short")
        assert done.stdout == "192.0.2.1\n", done.stderr
        options = {o.otype: o for o in server.asked.options}
        subnet = options[dns.edns.ECS]
        assert (subnet.address, subnet.srclen, subnet.scopelen) == ("192.0.2.128", 25, 0)
        assert len(options[10].data) == 8, "RFC 7873 4"
        assert hark("x.example", "A", "@192.0.2.53", "+subnet=0", "+short").stdout == "192.0.2.1\n"
        assert [(o.address, o.srclen) for o in server.asked.options] == [("0.0.0.0", 0)]
        assert hark("x.example", "A", "@192.0.2.53", "+short").stdout == "192.0.2.1\n"
        assert server.asked.options == ()


class Picky(Recorder):
    """Wants a cookie of its own (badcookie…), sends another's (liar…), knows no EDNS (plain…)."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.queries = []

    def reply(self, query):
        reply = super().reply(query)
        self.queries.append(query)
        name = query.question[0].name.to_text()
        sent = next((o.data for o in query.options if o.otype == dns.edns.OptionType.COOKIE), b"")
        if name.startswith("plain") and query.edns >= 0:
            reply.use_edns(-1)
            reply.set_rcode(dns.rcode.FORMERR)
        elif sent:
            client = b"another-" if name.startswith("liar") else sent[:8]
            reply.use_edns(0, payload=1232, options=[dns.edns.GenericOption(10, client + b"server--")])
        if name.startswith("badcookie") and sent[8:] != b"server--":
            reply.set_rcode(dns.rcode.BADCOOKIE)
        return reply


def test_what_a_tester_of_servers_sends(hark):
    names = ["badcookie.example", "liar.example", "plain.example", "x.example"]
    with Picky("192.0.2.53", {f"{name} A": ["192.0.2.1"] for name in names}) as server:
        def sent(*arguments, code=0):
            server.queries.clear()
            done = hark("A", "@192.0.2.53", "+short", "+time=1", "+tries=1", *arguments)
            assert done.returncode == code, (arguments, done.stderr)
            return server.queries

        first, second = sent("badcookie.example", "+cookie")
        assert [len(q.options[0].data) for q in (first, second)] == [8, 16], "RFC 7873 5.3"
        assert second.options[0].data == first.options[0].data + b"server--"
        assert len(sent("badcookie.example", "+cookie", "+nobadcookie", code=3)) == 1
        (query,) = sent("badcookie.example", "+cookie=3132333435363738" + b"server--".hex())
        assert query.options[0].data == b"12345678server--"
        assert len(sent("liar.example", "+cookie", code=5)) == 1, "a forged reply is no reply"
        assert [q.edns for q in sent("plain.example")] == [0, -1], "RFC 6891 7"
        assert [q.edns for q in sent("plain.example", "+noednsneg", code=3)] == [0]
        (query,) = sent("x.example", "+ednsopt=65001:0102", "+ednsopt=EXPIRE", "+ednsflags=0x4001", "+dnssec", "+padding=64", "+nsid")
        assert [(o.otype, o.to_wire()) for o in query.options[:3]] == [(3, b""), (65001, b"\1\2"), (9, b"")]
        assert query.ednsflags == 0xc001 and query.options[3].otype == dns.edns.OptionType.PADDING
        assert len(query.to_wire()) == 64
        (query,) = sent("x.example", "+noad", "+norec", "+cd", "+aaonly", "+zflag")
        assert query.flags & 0xffff == dns.flags.CD | dns.flags.AA | 0x40
        (query,) = sent("x.example", "+edns=1", "+bufsize=4096")
        assert (query.edns, query.payload, query.flags) == (1, 4096, dns.flags.RD | dns.flags.AD)


def test_names_in_their_own_script_only_where_they_can_be_read(hark):
    """Never where the output is no terminal, unless asked for."""
    name, plain = "bücher.org", "xn--bcher-kva.org."
    utf8 = os.environ | {"LC_ALL": "C.UTF-8"}
    answer = ["+noall", "+answer", "+nottlid", "+noclass"]
    assert hark(name, "A", *answer, env=utf8).stdout == f"{plain:<24}A       192.0.2.81\n"
    assert hark(name, "A", *answer, "+idn", env=utf8).stdout == f"{name + '.':<24}A       192.0.2.81\n"
    assert hark(name, "A", *answer, "+idnout").stdout == f"{name + '.':<24}A       192.0.2.81\n"
    assert hark(plain, "NS", "+short", "+idnout", env=utf8).stdout == f"ns1.{name}.\n"
    assert hark(name, "A", "+noidn", "+noall", "+question", env=utf8).stdout.split()[0] == ";b\\195\\188cher.org."

    def on_terminal(*words, **more):
        done = subprocess.run(["script", "-qec", " ".join(["hark", "+nocolor", *words]), "/dev/null"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=True, env=utf8 | more)
        return done.stdout.replace("\r", "")

    assert on_terminal(name, "NS", "+short") == f"ns1.{name}.\n"
    assert on_terminal(plain, "NS", "+short", "+noidn") == on_terminal(plain, "NS", "+short", LC_ALL="C") == f"ns1.{plain}\n"
    assert f"{name}." in on_terminal(name, "A")
    assert name not in on_terminal(name, "A", "--json").replace(f'"QNAMEunicode":"{name}."', "")


def test_the_address_that_is_asked_from():
    machine = Machine()
    said = json.loads(machine.run("hark", "only4.python.org", "A", "-b", "198.51.100.3", "@198.51.100.3", "+tries=1", "--json").stdout)
    assert said["error"], "nobody listens there, and that address of ours may be used"
    done = machine.run("hark", "only4.python.org", "A", "-b", "203.0.113.77", "+short")
    assert done.returncode == 5, "that one is not ours"
    assert machine.run("hark", "only4.python.org", "A", "-b", "127.0.0.1", "+short").stdout == "192.0.2.92\n"
