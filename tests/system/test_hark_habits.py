"""What fingers know from other tools: batches, dig's exit codes and options, completion in the shell."""

import json
import re
import subprocess

import dns.edns
import dns.flags
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


def test_the_address_that_is_asked_from():
    machine = Machine()
    said = json.loads(machine.run("hark", "only4.python.org", "A", "-b", "198.51.100.3", "@198.51.100.3", "+tries=1", "--json").stdout)
    assert said["error"], "nobody listens there, and that address of ours may be used"
    done = machine.run("hark", "only4.python.org", "A", "-b", "203.0.113.77", "+short")
    assert done.returncode == 5, "that one is not ours"
    assert machine.run("hark", "only4.python.org", "A", "-b", "127.0.0.1", "+short").stdout == "192.0.2.92\n"
