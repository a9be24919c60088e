"""What is typed wrongly gets one line that says what is wrong and what to type instead, and exit code 1; and the helps that these lines name."""

import subprocess

import pytest
from conftest import PATIENCE_S, TOP

pytestmark = pytest.mark.usefixtures("lab_harkd")

NAME, LABEL = ".".join(["abcdefghi"] * 26), "a" * 64 + ".org"

WRONG = {
    "nothing at all": [([], "which name? hark NAME"), (["@127.0.0.1"], "which name?"), (["-t", "MX"], "which name?"), (["lookup"], "which name?"),
                       (["query"], "which name?"), (["trace"], "hark trace NAME"), (["why"], "hark why NAME"), (["mx"], "hark mx DOMAIN"),
                       (["whois"], "hark whois NAME")],
    "an empty argument": [([""], 'the root is "."'), (["mx", ""], "empty"), (["mx", "python.org", "--self", ""], "--self needs a value")],
    "an option that is not there": [(["+shrot", "x.org"], "did you mean +short?"), (["--jsno", "x.org"], "did you mean --json?"),
                                    (["x.org", "--no-ends"], "did you mean --no-edns?"), (["x.org", "--verbsoe"], "did you mean --verbose?"), (["-j", "x.org"], "unknown option -j; see: hark help"),
                                    (["-4j", "x.org"], "unknown option -j in -4j"), (["x.org", "+zzzzz"], "see: hark help")],
    "an option of another command": [(["trace", "x.org", "+tcp"], "+tcp goes with hark NAME TYPE, not with trace; see: hark help trace"),
                                     (["why", "x.org", "+short"], "not with why; see: hark help why"), (["ctl", "+short"], "not with ctl"),
                                     (["x.org", "-s", "/x"], "--socket goes with trace, ctl"), (["-v", "x.org", "A"], "+verbose goes with hark NAME, why, trace"),
                                     (["whois", "x.org", "--self", "a"], "--self goes with mx")],
    "a missing value": [(["x.org", "-t"], "-t needs a value: TYPE"), (["x.org", "+time"], "+time needs a value: SECONDS"), (["-f"], "needs a value: FILE"),
                        (["ctl", "-s"], "needs a value: PATH"), (["x.org", "A", "@"], "@ needs a server: @192.0.2.1")],
    "a value where none belongs": [(["x.org", "+short=yes"], "takes no value")],
    "a number out of range": [(["x.org", "+time=0"], "from 1 to 60"), (["x.org", "+bufsize=10"], "from 512 to 65535"), (["x.org", "+tries=1e9"], "from 1 to 10"),
                              (["x.org", "A", "-p", "70000"], "not a port: 1 to 65535"), (["x.org", "A", "@127.0.0.1#99999"], "not a port: 1 to 65535"),
                              (["www.python.org:99999"], "is not a port"), (["www.python.org:"], "behind the colon")],
    "a bad time": [(["x.org", "--timeout", "1h"], "from 1 to 3600"), (["trace", "x.org", "--timeout", "0"], "from 1 to 3600")],
    "a bad address": [(["x.org", "A", "@256.1.1.1"], "@256.1.1.1 is no address; a server is @192.0.2.1"), (["x.org", "A", "@2001:db8:::1"], "is no address"),
                      (["-x", "www.python.org"], "-x takes addresses"), (["-x", "10.256"], "-x takes addresses"), (["x.org", "A", "-b", "here"], "an address of this machine"),
                      (["x.org", "A", "@tls://192.0.2.1"], "by UDP and TCP alone"), (["x.org", "+subnet=192.0.2.0/33"], "is not a prefix: 192.0.2.0/24"), (["mx", "user@[192.0.2.999]"], "an address literal is [192.0.2.1]"),
                      (["whois", "192.0.2.1/33"], "no name, address or AS number")],
    "a bad type or class": [(["x.org", "-t", "MXX"], "unknown record type 'MXX'"), (["x.org", "IXFR"], "needs the serial that is held"), (["x.org", "A", "-c", "XX"], "known are IN, CH")],
    "no such service": [(["www.python.org:nosuch"], "/etc/services lists them")],
    "too many": [(["update", "x.org"], "update takes no name"), (["update", "@192.0.2.1"], "update asks IANA"), (["ctl", "status", "now"], "now is too much"), (["help", "trace", "mx"], "one help at a time")],
    "at odds": [(["-4", "-6", "x.org"], "leave nothing"), (["x.org", "+noedns", "+cookie"], "needs EDNS"), (["whois", "x.org", "+rdap", "+whois"], "leave nothing"),
                (["trace", "x.org", "@192.0.2.1"], "leave it out"), (["why", "x.org", "@192.0.2.1"], "leave it out"), (["ctl", "@192.0.2.1"], "another socket: -s PATH")],
    "a file that is none": [(["-f", "/nonexistent"], "cannot read /nonexistent: No such file"), (["-f", "/etc"], "cannot read /etc: Is a directory")],
    "a URL": [(["https://www.python.org/x"], "look up the name in it: hark www.python.org\n"), (["trace", "http://u@www.python.org:80/a@b"], "in it: hark trace www.python.org\n"),
              (["mx", "https://[::1]:8/"], "in it: hark mx ::1\n")],
    "an address with two @": [(["mx", "a@b@python.org"], "it has more than one @"), (["mx", 'a"@"b@python.org'], "it has more than one @")],
    "a name that is too long": [(["ctl", "cache", "get", "a." * 600], "is too long"), ([NAME, "A"], "a name 255"), (["trace", NAME], "a name 255"), (["mx", NAME], "no domain name"), (["whois", NAME + ".org"], "no name")],
    "a label that is too long": [([LABEL, "A"], "a label has at most 63 octets"), (["trace", LABEL], "at most 63 octets"), (["mx", LABEL], "no domain name")],
    "an empty label": [(["a..b", "A"], "there is an empty label"), (["whois", "a..b"], "there is an empty label"), (["mx", "user@a..b"], "no domain name")],
    "bad IDN": [(["a..b.\u00fc"], "is not a domain name"), ([b"\xff.org", "A"], "not an internationalised name")],
    "words that a verb does not take": [(["ctl", "cache", "gte", "x"], "cache is followed by get NAME [TYPE]"), (["ctl", "cache", "get"], "get is followed by NAME"),
                                        (["ctl", "cache", "get", "a..b"], "no name"), (["ctl", "cache", "get", "x.org", "NOTYPE"], "no record type"), (["ctl", "cache", "get", "x.org", "ANY"], "nothing is remembered of that type"),
                                        (["ctl", "nta", "add"], "nta is followed by"), (["ctl", "nta", "add", "x.org", "8d"], "at most a week"),
                                        (["ctl", "cache", "flush"], "flush is followed by"), (["ctl", "recent", "a..b"], "no name"), (["ctl", "walk"], "walk is followed by NAME"),
                                        (["ctl", "events", "nonsense"], "no such event; there are question")],
    "no such verb": [(["ctl", "relaod"], "did you mean reload?"), (["ctl", "stop"], "it knows: status"), (["ctl", "flush", "x.org"], "did you mean cache flush?")],
    "no such AS number": [(["whois", "AS99999999999"], "AS numbers end at 4294967295")],
    "no such help": [(["help", "trcae"], "did you mean trace?"), (["help", "zzzzzz"], "there is: hark help lookup|")],
}
ROWS = [(kind, arguments, says) for kind, rows in WRONG.items() for arguments, says in rows]


@pytest.mark.parametrize("kind, arguments, says", ROWS, ids=[f"{kind}: {' '.join(map(str, a))[:50]}" for kind, a, _ in ROWS])
def test_wrong_usage_gets_one_helpful_line(hark, kind, arguments, says):
    done = hark(*arguments)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr.startswith("hark: ") and done.stderr.count("\n") == 1 and says in done.stderr, (kind, done.stderr)


@pytest.mark.parametrize("word, meant", [("TXTT", "TXT"), ("AAAAA", "AAAA"), ("DNSKEYS", "DNSKEY")])
def test_a_name_that_looks_like_a_type_is_told(hark, word, meant):
    done = hark("only-in-hosts.zz", word, "--short")
    assert (done.returncode, done.stdout) == (2, "192.0.2.7\n")
    assert done.stderr.endswith(f"; did you mean the type {meant}?\n") and done.stderr.count("\n") == 1


COMMANDS = ["lookup", "query", "why", "trace", "mx", "whois", "update", "ctl"]


def test_helps_fit_a_screen(hark):
    for topic, lines in [([], 24), *(([c], 40) for c in COMMANDS), (["exit"], 24)]:
        done = hark("help", *topic)
        assert done.returncode == 0 and not done.stderr
        shown = done.stdout.splitlines()
        assert 5 < len(shown) <= lines, (topic, len(shown))
        assert [line for line in shown if len(line) > 80] == [], topic


def test_help_has_three_ways_to_it(hark):
    assert hark("--help").stdout == hark("help").stdout == hark("-h", "x.org").stdout
    for command in COMMANDS:
        text = hark("help", command).stdout
        assert text == hark(command, "--help").stdout == hark("-h", command, "x.org").stdout
        assert f"man hark{'' if command == 'lookup' else '-' + command}" in text


def test_harkds_help_is_short_and_true():
    said = subprocess.run(["harkd", "--help"], stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True).stdout.splitlines()
    assert len(said) <= 24 and max(map(len, said)) <= 80
    page = (TOP / "docs/man/harkd.8").read_text().replace("\\-", "-")
    for word in (w for line in said for w in line.split() if w.startswith("--")):
        assert word.strip("[],=") in page, word
