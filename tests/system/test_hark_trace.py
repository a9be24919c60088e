"""Pictures of walks, and walks that a harkd makes (`hark trace --through`): the laboratory's, and scripted ones."""

import json
import os
import re
import socket
import threading
import time
from xml.etree import ElementTree

import pytest
from conftest import PATIENCE_S

pytestmark = pytest.mark.usefixtures("lab_harkd")


def test_trace_draws_a_picture(hark, tmp_path):
    """Well-formed, with the walk in it, and nothing that is fetched or run. Its looks: tests/unit/cli/test_trace.c, and eyes."""
    for name, shows, colour in [("www.python.org", {"the root", "python.org", "www.python.org A? \u2192 A 151.101.128.223, 1 more"}, "#2f855a"),
                                ("docs.python.org", {"on to python.edge-cdn.com", "on to pop3.edge-cdn.net"}, "#975a16"),
                                ("www.all-refusing.org", {"refused", "www.all-refusing.org A?"}, "#c53030")]:
        file = tmp_path / f"{name}.svg"
        done = hark("trace", name, "--svg", str(file))
        picture = ElementTree.parse(file).getroot()
        words = [" ".join(t.itertext()) for t in picture.iter("{http://www.w3.org/2000/svg}text")]
        assert not {f"{name} A", *shows} - {*words} and "org" in words, words
        assert done.stdout.splitlines()[-1].split(" ms")[0] in " ".join(words), "the same sum as the page's"
        text = file.read_text(encoding="ascii")
        assert colour in text and "<script" not in text and "href" not in text and text.count("http") == 1
    assert hark("trace", "www.python.org", "--svg", "-").stdout.startswith("<?xml ")
    for where, code, said in [("/dev/full", 10, "No space left"), (str(tmp_path / "none/x"), 10, "No such file"), (str(tmp_path), 10, "Is a directory")]:
        done = hark("trace", "www.python.org", "--svg", where)
        assert done.returncode == code and done.stderr.count("\n") == 1 and said in done.stderr, done.stderr
    done = hark("trace", "www.python.org", "wiki.python.org", "--svg", str(tmp_path / "two"))
    assert done.returncode == 1 and "one name" in done.stderr and not (tmp_path / "two").exists()


def test_a_denial_in_an_opt_out_span_is_not_called_secure(hark):
    """RFC 5155 9.2. com. is signed, and what it says of its own data is secure; of names in the span it is not."""
    page = hark("trace", "not-there.com").stdout.splitlines()
    assert any(re.search(r"NXDOMAIN\) +insecure: opt-out$", line) for line in page), page
    assert "unsigned zones may be: opt-out" in "".join(page) and page[-1].endswith(", insecure"), page


# ---- through harkd -----------------------------------------------------------------------------------------------

def test_through_shows_what_harkd_knows_and_what_it_asks(hark):
    """A name that nobody has asked for, in a zone that it may know; then from the cache."""
    name = f"through-{time.time_ns()}.pages.python.org"
    first = hark("trace", name, "--through")
    assert first.returncode == 0 and not first.stderr, first.stderr
    page = first.stdout.splitlines()
    assert page[0] == f"{name} A  as harkd does it, with its cache", page
    assert "192.0.2.90" in first.stdout and re.search(r" python\.org +ns[12]\.python\.org ", first.stdout), page
    assert re.fullmatch(r"\d+ hops?, \d+ ms, \d+ messages?, secure", page[-1]), page
    again = hark("trace", name, "--through").stdout.splitlines()
    assert re.fullmatch(rf"    {name} A: A 192.0.2.90 +cache", again[2]), again
    assert re.fullmatch(r"0 hops, \d+ ms, 0 messages, secure", again[-1]), again
    lines = [json.loads(line) for line in hark("trace", name, "--through", "--json").stdout.splitlines()]
    assert [e["event"] for e in lines] == ["question", "cache", "done", "outcome"] or [e["event"] for e in lines][-3:] == ["cache", "done", "outcome"], lines
    assert hark("trace", name, "--through", "+short").stdout == "192.0.2.90\n"


def test_through_tells_harkds_failure(hark):
    done = hark("trace", "www.all-refusing.org", "--through")
    assert done.returncode == 5 and "No answer: " in done.stdout and done.stdout.endswith(", failed\n"), done
    assert hark("trace", "nothing.python.org", "--through").returncode == 2


@pytest.fixture
def scripted(tmp_path, hark):
    """Has `hark trace www.example. --through` hear those lines of a control socket, which then closes."""
    path = str(tmp_path / "socket")

    def play(*lines, arguments=("--through",)):
        heard = []
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(1)
            listener.settimeout(PATIENCE_S)

            def answer():
                with listener.accept()[0] as c:
                    heard.append(c.makefile("rb").readline())
                    c.sendall("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode())

            thread = threading.Thread(target=answer)
            thread.start()
            done = hark("trace", "www.example", "-s", path, *arguments, env=os.environ | {"LC_ALL": "C"})
            thread.join()
        os.unlink(path)
        assert json.loads(heard[0]) == {"verb": "walk", "arguments": ["www.example.", "A"]}
        return done

    return play


OUTCOME = {"event": "outcome", "QNAME": "www.example.", "QTYPE": 1, "rcode": "NOERROR", "messages": 2, "time_ms": 1300, "verdict": "secure",
           "answerRRs": [{"NAME": "www.example.", "TYPE": 1, "CLASS": 1, "TTL": 60, "rdataA": "192.0.2.1"}], "authorityRRs": []}
QUESTION = {"event": "question", "at_ms": 0, "depth": 0, "qname": "www.example.", "qtype": "A"}


def step(event, at_ms, **more):
    return QUESTION | {"event": event, "at_ms": at_ms, "zone": "example.", "server": "ns.example.", "address": "192.0.2.53", "port": 53,
                       "transport": "udp", "sent_name": "www.example.", "sent_type": "A"} | more


def test_through_prints_what_it_hears(scripted):
    done = scripted(QUESTION, {"event": "of-later", "what": 1}, step("cut", 0, servers=2, addresses=2, **{"from": "cache"}), step("sent", 0, message=7),
                    step("timeout", 900, message=7), step("sent", 900, message=8), step("reply", 1300, message=8, rtt_ms=400, aa=True, rcode="NOERROR"),
                    step("answer", 1300, rrs=OUTCOME["answerRRs"]), OUTCOME)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert done.stdout.splitlines() == [
        "www.example A  as harkd does it, with its cache", "",
        "    zone     server                   address                               time",
        "    example  2 servers, 2 addresses                                        cache",
        "    example  ns.example               192.0.2.53             .......    no reply",
        " 1  example  ns.example               192.0.2.53                   ###    400 ms",
        "      www.example A?  ->  A 192.0.2.1", "",
        "Answer, secure", "www.example.            60      IN      A       192.0.2.1", "",
        "1 hop, 1300 ms, 2 messages, 1 without a reply, secure"]


@pytest.mark.parametrize("lines, code, said", [
    ([{"error": "no such verb"}], 3, "is older than this hark: it cannot show its walk"),
    ([{"error": "as many walks as may be are under way: ask again in a moment"}], 3, "as many walks as may be are under way"),
    ([], 5, "ended its walk too early: it closed the connection"),
    ([QUESTION], 5, "ended its walk too early: it closed the connection"),
    (["nonsense"], 5, "ended its walk too early: "),
    ([{"event": "reply", "qname": "a..b"}], 5, "cannot be read: "),
    ([{"event": "outcome", "answerRRs": 7}], 5, "cannot be read: "),
    ([QUESTION, {"event": "lost", "count": 3}, OUTCOME], 0, "3 of its events are missing here"),
])
def test_through_says_in_a_line_what_was_wrong(scripted, lines, code, said):
    done = scripted(*lines)
    assert done.returncode == code and done.stderr.count("\n") == 1 and said in done.stderr, done.stderr


def test_octets_of_a_strange_harkd_are_escaped(scripted):
    evil = "\x1b[2J\u202e"
    done = scripted(QUESTION, step("fallback", 0, tag="x", text=evil), OUTCOME | {"rcode": "SERVFAIL", "text": evil, "answerRRs": []})
    assert "\x1b" not in done.stdout + done.stderr and "\u202e" not in done.stdout and "\\027[2J" in done.stdout, done.stdout


@pytest.mark.parametrize("arguments, said", [
    (["-s", "/nonexistent/socket", "--through"], "no harkd answers at /nonexistent/socket: No such file or directory; does it run"),
    (["-s", "/nonexistent/socket"], "add --through"),
    (["-4", "--through"], "-4 does not go with --through"),
    (["-p", "5353", "--through"], "-p does not go with --through"),
])
def test_what_cannot_be_is_said_in_a_line(hark, arguments, said):
    done = hark("trace", "www.python.org", *arguments)
    assert done.returncode == (5 if "answers" in said else 1) and said in done.stderr and done.stderr.count("\n") == 1, done.stderr
