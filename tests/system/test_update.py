"""hark update: IANA's lists of registries, fetched from a server in the laboratory."""

import json
import os

import pytest
from registries import Registries

pytestmark = pytest.mark.usefixtures("lab_harkd")

KINDS = {"dns": [f"tld{n}" for n in range(700)], "ipv4": [f"{n}.0.0.0/8" for n in range(1, 200)],
         "ipv6": [f"2001:{n:x}::/32" for n in range(1, 60)], "asn": [f"{n}-{n + 5}" for n in range(1000, 3000, 10)]}


def bootstrap(kind: str, published="2026-11-20", entries=None) -> bytes:
    services = [[entries or KINDS[kind], ["https://rdap.update.test/"]]]
    return json.dumps({"version": "1.0", "publication": f"{published}T00:00:00Z", "services": services}).encode()


@pytest.fixture
def update(hark, tmp_path):
    """update({list: bytes}, argument, …): the finished process, and what lies in the folder then."""
    folder = tmp_path / "state"
    folder.mkdir()

    def run(bodies: dict, *arguments):
        pages = {f"/rdap/{kind}.json": (200, body) for kind, body in bodies.items()}
        server = Registries(tmp_path, {"data.iana.org": pages}, {})
        try:
            done = hark("update", *arguments, env=server.env | {"HARK_STATE": str(folder)})
        finally:
            server.close()
        assert "Sanitizer" not in done.stderr, done.stderr
        return done, sorted(os.listdir(folder))
    run.folder = folder
    return run


ALL = {kind: bootstrap(kind) for kind in KINDS}
FILES = [f"rdap-{kind}.json" for kind in sorted(KINDS)]


def test_newer_lists_are_kept(update):
    done, files = update(ALL)
    assert (done.returncode, files) == (0, FILES), done
    assert "dns     2026-02-13    (built in) now 2026-11-20: 700 entries, 700 of another server" in done.stdout
    assert (update.folder / "rdap-dns.json").read_bytes() == ALL["dns"]
    done, files = update(ALL)
    assert (done.returncode, files) == (0, FILES) and done.stdout.count("is the newest") == 4, done
    assert "dns     2026-11-20    (fetched)" in done.stdout


def test_check_writes_nothing(update):
    done, files = update(ALL, "--check", "--json")
    lists = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, files) == (2, []) and [(j["list"], j["newer"], j["written"]) for j in lists] == [
        (kind, True, False) for kind in ("dns", "ipv4", "ipv6", "asn")], done


BAD = {"older": bootstrap("dns", "2020-01-01"), "short": bootstrap("dns", entries=["com", "net"]), "no JSON": b"<html>", "empty": b"",
       "another list": bootstrap("asn"), "long": b" " * 2000000}


@pytest.mark.parametrize("why", BAD)
def test_a_bad_list_changes_nothing(update, why):
    update(ALL)
    done, files = update(ALL | {"dns": BAD[why]})
    assert done.returncode in (3, 5) and files == FILES, done
    assert (update.folder / "rdap-dns.json").read_bytes() == ALL["dns"]


def test_missing_lists_and_servers_are_told(update, hark):
    done, files = update({})
    assert (done.returncode, files) == (3, []) and done.stdout.count("has it not") == 4
    done = hark("update", env=os.environ | {"HARK_STATE": str(update.folder)})
    assert done.returncode == 5 and len(done.stdout.splitlines()) == 4


def test_a_folder_that_is_not_there_is_named(hark, tmp_path):
    server = Registries(tmp_path, {"data.iana.org": {f"/rdap/{kind}.json": (200, body) for kind, body in ALL.items()}}, {})
    try:
        done = hark("update", env=server.env | {"HARK_STATE": "/nowhere"})
    finally:
        server.close()
    assert done.returncode == 3 and "cannot write /nowhere/rdap-dns.json: No such file" in done.stdout, done


def test_whois_uses_the_newer_list(update, hark, tmp_path):
    update(ALL)
    record = json.dumps({"objectClassName": "domain", "ldhName": "x.tld7"}).encode()
    server = Registries(tmp_path, {"rdap.update.test": {"/domain/x.tld7": (200, record)}}, {})
    try:
        done = hark("whois", "--rdap", "x.tld7", env=server.env | {"HARK_STATE": str(update.folder)})
        assert done.returncode == 0 and "https://rdap.update.test/domain/x.tld7" in done.stdout, done
        (update.folder / "rdap-dns.json").write_bytes(bootstrap("dns", "2020-01-01"))
        done = hark("whois", "--rdap", "x.tld7", env=server.env | {"HARK_STATE": str(update.folder)})
        assert done.returncode == 3 and "no RDAP" in done.stderr, "what is compiled in is newer"
    finally:
        server.close()
