"""hark ZONE AXFR and IXFR=SERIAL: as dig and kdig have a zone from knotd, and from servers that break off."""

import json
import socket
import socketserver
import struct
import subprocess
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from conftest import PATIENCE_S

PORT = 5391
KNOT = f"""
server:
    rundir: %(dir)s
    listen: 127.0.0.1@{PORT}
    tcp-workers: 1
    udp-workers: 1
    background-workers: 1
database:
    storage: %(dir)s
    journal-db-max-size: 4M
acl:
  - id: anybody
    action: transfer
template:
  - id: default
    storage: %(dir)s
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: changes
    semantic-checks: off
zone:
  - domain: zone.test.
    acl: anybody
  - domain: closed.test.
"""
MANY = 1500  # records, which are several messages of knotd's 16 kB


def zone_file(serial: int) -> str:
    rest = "".join(f"host{n} A 192.0.2.{n % 256}\nhost{n} TXT \"number {n} of many\"\n" for n in range(MANY))
    return f"$TTL 3600\n@ SOA ns.zone.test. root {serial} 1 2 3 4\n@ NS ns\nns A 192.0.2.1\nnew{serial} AAAA 2001:db8::{serial}\n{rest}"


@pytest.fixture(scope="module")
def knot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    (folder / "knot.conf").write_text(KNOT % {"dir": folder})
    for name in ("zone.test.zone", "closed.test.zone"):
        (folder / name).write_text(zone_file(1))
    server = subprocess.Popen(["knotd", "-c", folder / "knot.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_for(serial):
        end = time.monotonic() + PATIENCE_S
        while f" {serial} 1 2 3 4" not in run("hark", "zone.test", "SOA", "+short", "+time=1").stdout:
            assert time.monotonic() < end and server.poll() is None
            time.sleep(0.05)

    wait_for(1)
    for serial in (2, 3):  # two steps of changes, for IXFR
        (folder / "zone.test.zone").write_text(zone_file(serial))
        subprocess.run(["knotc", "-c", folder / "knot.conf", "zone-reload", "zone.test"], check=True, stdout=subprocess.DEVNULL)
        wait_for(serial)
    yield
    server.terminate()
    server.wait()


def run(tool: str, *words: str, port: int = PORT) -> subprocess.CompletedProcess:
    return subprocess.run([tool, *words, "@127.0.0.1", "-p", str(port)], capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def records(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line and not line.startswith(";")]


@pytest.mark.parametrize(("rdtype", "count"), [("AXFR", 2 * MANY + 5), ("IXFR=1", 10), ("IXFR=2", 6), ("ixfr=3", 1), ("IXFR=9", 1), ("IXFR=4294967295", 2 * MANY + 5)])
def test_as_dig_and_kdig_have_it(knot, rdtype, count):
    ours, digs, kdigs = (run(tool, "zone.test", rdtype) for tool in ("hark", "dig", "kdig"))
    assert ours.returncode == 0 and ours.stderr == ""
    assert len(records(ours.stdout)) == count
    assert records(ours.stdout) == records(digs.stdout)
    if rdtype != "IXFR=9":  # kdig waits for more than the one SOA
        assert records(ours.stdout) == records(kdigs.stdout)
    assert [line for line in ours.stdout.splitlines() if "XFR size" in line] == [line for line in digs.stdout.splitlines() if "XFR size" in line]


def test_in_its_other_forms(knot):
    short = run("hark", "zone.test", "AXFR", "+short").stdout
    assert short == run("dig", "zone.test", "AXFR", "+short").stdout
    lines = [json.loads(line) for line in run("hark", "zone.test", "AXFR", "--json").stdout.splitlines()]
    assert len(lines) > 2 and sum(len(m["answerRRs"]) for m in lines) == 2 * MANY + 5
    assert [m.get("transfer", {}).get("records") for m in lines] == [None] * (len(lines) - 1) + [2 * MANY + 5]
    assert run("hark", "zone.test", "AXFR", "+noall", "+stats").stdout.startswith(";; Query time: ")
    sent = run("hark", "zone.test", "IXFR=1", "+qr").stdout
    assert ";; ->>HEADER<<- opcode: QUERY" in sent and " 1 0 0 0 0" in sent and sent.count("QUERY SIZE") == 1
    assert ";; flags:; QUERY: 1" in sent and ";; flags: rd; QUERY: 1" in run("hark", "zone.test", "IXFR=3", "+qr", "+rec").stdout


def test_one_that_is_not_given(knot):
    for zone, said in (("closed.test", "NOTAUTH: the server does not serve this zone, or not to whom it does not know"),
                       ("other.test", "NOTAUTH: the server does not serve this zone, or not to whom it does not know")):
        for form in ([], ["+short"]):
            done = run("hark", zone, "AXFR", *form)
            assert (done.stderr, done.returncode) == (f"hark: no transfer of {zone}. from 127.0.0.1@{PORT}: {said}\n", 3)
        told = json.loads(run("hark", zone, "AXFR", "--json").stdout)
        assert told["error"] == said and told["rcode"] == "NOTAUTH" and told["transfer"]["records"] == 0
    assert run("hark", "closed.test", "AXFR", "--exit-compat=dig").returncode == run("dig", "closed.test", "AXFR").returncode


class Crooked(socketserver.BaseRequestHandler):
    """What it does depends on the zone's first label."""

    def soa(self, serial=5):
        return f"{self.zone} 60 IN SOA . . {serial} 1 2 3 4"

    def send(self, *lines, rcode=dns.rcode.NOERROR, question=True, id_=None):
        reply = dns.message.make_response(self.query)
        reply.set_rcode(rcode)
        reply.use_edns(False)
        reply.answer = [dns.rrset.from_text(*line.split(None, 4)[:4], line.split(None, 4)[4]) for line in lines]
        if not question:
            reply.question = []
        if id_ is not None:
            reply.id = id_
        wire = reply.to_wire(max_size=65535)
        self.request.sendall(struct.pack("!H", len(wire)) + wire)

    def handle(self):
        length = struct.unpack("!H", self.request.recv(2, socket.MSG_WAITALL))[0]
        self.query = dns.message.from_wire(self.request.recv(length, socket.MSG_WAITALL))
        self.zone = self.query.question[0].name.to_text()
        a = [f"h{n}.{self.zone} 60 IN A 192.0.2.{n}" for n in range(3)]
        match self.zone.split(".")[0]:
            case "good":  # later messages need no question
                self.send(self.soa())
                self.send(*a, question=False)
                self.send(self.soa(), a[0])
            case "stops":
                self.send(self.soa(), *a)
                self.request.sendall(b"\0\x50half")
            case "silent":
                self.send(self.soa(), *a)
                self.request.recv(1)
            case "nosoa":
                self.send(*a)
            case "empty":
                self.send(self.soa())
                self.send()
            case "error":
                self.send(self.soa(), *a)
                self.send(rcode=dns.rcode.SERVFAIL)
            case "changed":
                self.send(self.soa(), *a, self.soa(6))
            case "other":
                self.send(self.soa())
                self.send(*a, id_=self.query.id ^ 1)
            case "oldest":
                self.send(*([] if self.query.edns >= 0 else [self.soa(), *a, self.soa()]), rcode=dns.rcode.FORMERR if self.query.edns >= 0 else 0)
            case "endless":
                self.send(self.soa())
                try:
                    while True:
                        self.send(*a)
                except OSError:
                    pass
            case "closes":
                pass


@pytest.fixture(scope="module")
def crooked():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Crooked) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


CROOKED = [  # how many records are printed, how it exits, what is said
    ("good", 5, 0, ""), ("oldest", 5, 0, ""),
    ("stops", 4, 3, "the server closed the connection before the end (after 4 records)"),
    ("silent", 4, 3, "the server did not send the rest in time (after 4 records)"),
    ("nosoa", 0, 3, "the first record is not the zone's SOA"),
    ("empty", 1, 3, "the server sent a message without records (after 1 record)"),
    ("error", 4, 3, "SERVFAIL (after 4 records)"),
    ("changed", 5, 3, "the zone changed under way: the SOA at the end is not that of the beginning (after 5 records)"),
    ("other", 1, 3, "the server sent something that is no part of it (after 1 record)"),
    ("closes", 0, 5, "closed the connection before its reply"),
]


@pytest.mark.parametrize(("zone", "count", "status", "said"), CROOKED, ids=[row[0] for row in CROOKED])
def test_servers_that_do_it_wrong(crooked, zone, count, status, said):
    patience = ["+time=1", "+tries=1"] if zone == "silent" else []
    done = run("hark", zone, "AXFR", *patience, port=crooked)
    assert (len(records(done.stdout)), done.returncode) == (count, status), done.stdout + done.stderr
    assert said in done.stderr and bool(said) == bool(done.stderr)
    if zone in ("stops", "nosoa", "closes"):
        told = [json.loads(line) for line in run("hark", zone, "AXFR", "--json", port=crooked).stdout.splitlines()]
        assert said in told[-1]["error"] and sum(len(m.get("answerRRs", [])) for m in told) == count + 3 * (zone == "nosoa")


def test_one_without_end_is_printed_as_it_comes(crooked):
    """A reader that has seen enough ends it."""
    done = subprocess.run(["sh", "-c", f"{{ hark endless AXFR +short @127.0.0.1 -p {crooked}; echo $? >&2; }} | head -n 1000 | wc -l"],
                          capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert (done.stdout.strip(), done.stderr) == ("1000", "0\n")
