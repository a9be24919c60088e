"""hark update: the root's servers and keys and IANA's lists of registries, fetched from servers in the laboratory; and who uses them."""

import datetime
import json
import os
import re
import tempfile
import time
from pathlib import Path

import dns.flags
import dns.rcode
import pytest
from conftest import exchange
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from registries import Registries, certificate, make_key

pytestmark = pytest.mark.usefixtures("lab_harkd")

KINDS = {"dns": [f"tld{n}" for n in range(700)], "ipv4": [f"{n}.0.0.0/8" for n in range(1, 200)],
         "ipv6": [f"2001:{n:x}::/32" for n in range(1, 60)], "asn": [f"{n}-{n + 5}" for n in range(1000, 3000, 10)],
         "object-tags": ["ARIN", "RIPE", "XYZ"]}


LAB = json.loads((Path(os.environ["LAB_DIR"]) / "dnssec.json").read_text())["trust-anchors"]  # of the laboratory's root
TOP = Path(__file__).resolve().parents[2]
KSKS = re.findall(r"^ROOT_ANCHOR\((\d+), (\d+), (\d+), \"(\w+)\"\)", (TOP / "src/defs/anchors.def").read_text(), re.M)
ROOTS = re.findall(r"^ROOT\((\w), \"([\d.]+)\", \"([\w:]+)\"\)", (TOP / "src/defs/roots.def").read_text(), re.M)
ORDER = ["root-anchors", "root-hints", "rdap-dns", "rdap-ipv4", "rdap-ipv6", "rdap-asn", "rdap-object-tags"]
LABELS = ["root keys", "root servers", "RDAP names", "RDAP IPv4", "RDAP IPv6", "RDAP ASNs", "RDAP handles"]
NOW = datetime.datetime.now(datetime.timezone.utc)
LATER = NOW + datetime.timedelta(days=1)  # than what is compiled in


def bootstrap(kind: str, published="2026-11-20", entries=None) -> bytes:
    services = [[entries or KINDS[kind], ["https://rdap.update.test/"]]]
    if kind == "object-tags":
        services = [["someone@update.test"] + service for service in services]
    return json.dumps({"version": "1.0", "publication": f"{published}T00:00:00Z", "services": services}).encode()


def named_root(day=f"{LATER:%B} {LATER.day}, {LATER.year}", **other) -> bytes:
    """IANA's file; other: {letter: (IPv4, IPv6)}."""
    lines = [f";       last update:     {day}"]
    for letter, *addresses in ROOTS:
        name = f"{letter.upper()}.ROOT-SERVERS.NET."
        v4, v6 = other.get(letter, addresses)
        lines += [f".  3600000  NS  {name}", f"{name}  3600000  A  {v4}", f"{name}  3600000  AAAA  {v6}"]
    return "\n".join([*lines, "; End of file"]).encode()


def key_digest(tag, algorithm, kind, digest, until="") -> str:
    return (f'<KeyDigest id="K{tag}" validFrom="2017-02-02T00:00:00+00:00"{until}><KeyTag>{tag}</KeyTag><Algorithm>{algorithm}</Algorithm>'
            f"<DigestType>{kind}</DigestType><Digest>{digest}</Digest></KeyDigest>")


BUILT_IN = "".join(key_digest(*ksk) for ksk in KSKS)
OF_LAB = "".join(key_digest(*anchor.split()[-4:]) for anchor in LAB if anchor.startswith(". "))


def document(keys: str) -> bytes:
    return f'<?xml version="1.0"?><TrustAnchor id="X" source="lab"><Zone>.</Zone>{keys}</TrustAnchor>'.encode()


class Signer:
    """Who signs root-anchors.xml, and the authority that vouches for it. Two documents signed in different seconds differ in age."""

    def __init__(self, folder: Path, mail="dnssec@iana.org", ends_days=2):
        folder.mkdir(exist_ok=True)
        self.ca, self.signer, self.folder = folder / "ca.pem", folder / "signer.pem", folder
        ca_key, key = make_key(), make_key()
        self.ca.write_bytes(certificate("ICANN of the laboratory", ca_key, "ICANN of the laboratory", ca_key).public_bytes(Encoding.PEM))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer"), x509.NameAttribute(NameOID.EMAIL_ADDRESS, mail)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ICANN of the laboratory")])
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
                .serial_number(2).not_valid_before(NOW.replace(tzinfo=None) - datetime.timedelta(days=9))
                .not_valid_after(NOW.replace(tzinfo=None) + datetime.timedelta(days=ends_days))
                .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
                .sign(ca_key, hashes.SHA256()))
        self.certificate, self.key = made, key

    def sign(self, data: bytes) -> dict:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(self.certificate, self.key, hashes.SHA256())
        signature = builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])
        return {"root-anchors.xml": data, "root-anchors.p7s": signature}


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return Signer(tmp_path_factory.mktemp("signer"))


@pytest.fixture(scope="module")
def same(signer):
    """Root servers and keys as they are compiled in."""
    return {"named.root": named_root()} | signer.sign(document(BUILT_IN))


@pytest.fixture
def update(hark, tmp_path, same, signer):
    """update({file: bytes}, argument, …): the finished process, and what lies in the folder then. A list is named by its kind alone; what is
    not named of the root is as it is compiled in; None: not there."""
    folder = tmp_path / "state"
    folder.mkdir()

    def run(bodies: dict, *arguments, **env):
        pages = {f"/rdap/{kind}.json": (200, body) for kind, body in bodies.items() if kind in KINDS}
        root = {file: body for file, body in (same | bodies).items() if file not in KINDS and body is not None}
        pages |= {f"/root-anchors/{file}": (200, body) for file, body in root.items() if file != "named.root"}
        hints = {"/domain/named.root": (200, root["named.root"])} if "named.root" in root else {}
        server = Registries(tmp_path, {"data.iana.org": pages, "www.internic.net": hints}, {})
        try:
            done = hark("update", "--ca", str(signer.ca), *arguments, env=server.env | {"HARK_STATE": str(folder)} | env)
        finally:
            server.close()
        assert "Sanitizer" not in done.stderr, done.stderr
        return done, sorted(os.listdir(folder))
    run.folder = folder
    return run


def rows(done) -> dict:
    """What stands below each label: its line, and those that are indented below it."""
    found = re.findall(r"^(\S+ \S+) +(.*\n(?:  .*\n)*)", done.stdout, re.M)
    return {dict(zip(LABELS, ORDER))[label]: rest for label, rest in found if label in LABELS}


ALL = {kind: bootstrap(kind) for kind in KINDS}
FILES = [f"rdap-{kind}.json" for kind in sorted(KINDS)]


def test_newer_lists_are_kept(update):
    done, files = update(ALL)
    assert (done.returncode, files) == (0, FILES), done
    assert max(map(len, done.stdout.splitlines())) <= 80, done.stdout
    assert rows(done)["rdap-dns"].split()[0] == "2026-02-13"
    assert rows(done)["rdap-dns"].endswith("built in  now 2026-11-20, 700 of 700 differ\n"), done
    assert rows(done)["rdap-object-tags"].endswith("now 2026-11-20, 3 of 3 differ\n"), done
    assert (update.folder / "rdap-dns.json").read_bytes() == ALL["dns"]
    done, files = update(ALL)
    assert (done.returncode, files) == (0, FILES) and done.stdout.count(" newest\n") == 7, done
    assert "fetched" in rows(done)["rdap-dns"] and "ctl reload" not in done.stdout


def test_check_writes_nothing(update):
    done, files = update(ALL, "--check", "--json")
    items = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, files) == (2, []) and [(j["item"], j["newer"], j["written"]) for j in items] == [
        (item, item.startswith("rdap"), False) for item in ORDER], done
    assert all(j["age_days"] >= 0 and j["built_in"] for j in items)


BAD = {"older": bootstrap("dns", "2020-01-01"), "yet to come": bootstrap("dns", "2099-01-01"), "short": bootstrap("dns", entries=["com", "net"]), "no JSON": b"<html>", "empty": b"",
       "another list": bootstrap("asn"), "long": b" " * 2000000}


@pytest.mark.parametrize("why", BAD)
def test_a_bad_list_changes_nothing(update, why):
    update(ALL)
    done, files = update(ALL | {"dns": BAD[why]})
    assert done.returncode in (3, 5) and files == FILES, done
    assert (update.folder / "rdap-dns.json").read_bytes() == ALL["dns"]


def test_missing_lists_and_servers_are_told(update, hark):
    done, files = update({"named.root": None, "root-anchors.p7s": None})
    assert (done.returncode, files) == (3, []) and done.stdout.count("has it not") == 7
    done = hark("update", env=os.environ | {"HARK_STATE": str(update.folder)})
    assert done.returncode == 5 and done.stdout.count("not to be had") == 7


def test_a_folder_that_is_not_there_is_named(hark, tmp_path):
    server = Registries(tmp_path, {"data.iana.org": {f"/rdap/{kind}.json": (200, body) for kind, body in ALL.items()}}, {})
    try:
        done = hark("update", env=server.env | {"HARK_STATE": "/nowhere"})
    finally:
        server.close()
    assert done.returncode == 5 and "cannot write /nowhere/rdap-dns.json: No such file" in done.stdout, done
    assert done.stdout.endswith("\nmake the folder /nowhere; HARK_STATE names another folder\n"), done


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
        (update.folder / "rdap-dns.json").write_bytes(ALL["dns"][:5000])
        done = hark("whois", "--rdap", "x.tld7", env=server.env | {"HARK_STATE": str(update.folder)})
        assert done.returncode == 3 and "rdap-dns.json is left out: " in done.stderr, done
        done = hark("update", "--check", env=server.env | {"HARK_STATE": str(update.folder)})
        assert "rdap-dns.json is left out: " in rows(done)["rdap-dns"] and done.stdout.count("left out") == 1, done
    finally:
        server.close()


# ---- the root's servers ----


def test_other_root_servers_are_kept_if_they_have_the_signed_root(update, hark):
    moved = named_root(b=(ROOTS[0][1], ROOTS[1][2]), a=("192.0.2.77", ROOTS[0][2]))  # b where a was, a where nobody is
    done, files = update({"named.root": moved} | ALL, "--check")
    assert (done.returncode, files) == (2, []), done
    assert f"new: {LATER:%Y-%m-%d}, 4 addresses differ" in rows(done)["root-hints"], done
    assert "  - a.root-servers.net 198.41.0.4" in done.stdout and "  + a.root-servers.net 192.0.2.77" in done.stdout, done
    done, files = update({"named.root": moved} | ALL)
    assert "root-hints" in files and f"now {LATER:%Y-%m-%d}" in rows(done)["root-hints"] and "hark ctl reload" in done.stdout, done
    env = os.environ | {"HARK_STATE": str(update.folder)}
    done = hark("trace", "www.python.org", env=env)
    assert done.returncode == 0 and f"with the root servers updated {LATER:%Y-%m-%d}\n" in done.stdout, done
    kept = (update.folder / "root-hints").read_bytes()
    (update.folder / "root-hints").write_bytes(kept[:-80])
    done = hark("trace", "www.python.org", env=env)
    assert done.returncode == 0 and "root-hints is damaged" in done.stderr and "root servers" not in done.stdout, done


BAD_HINTS = {
    "it is dated 2099-04-18, which is yet to come": named_root("April 18, 2099"),
    "nobody at its new addresses has the root zone": named_root(a=("192.5.6.30", "2001:db8:77::1")),  # a server of com; nobody
    "it is older than the one in use: 2024-04-18": named_root("April 18, 2024"),
    "it names 12 root servers, not 13": b"\n".join(line for line in named_root().splitlines() if b"M.ROOT" not in line),
    "is none of IANA's named.root": b"<html>try later</html>",
    "it sends more than 65536 octets": named_root() + b"\n;" * 40000,
}


@pytest.mark.parametrize("why", BAD_HINTS)
def test_bad_root_hints_change_nothing(update, why):
    done, files = update({"named.root": BAD_HINTS[why]} | ALL)
    assert (done.returncode, files) == (5 if "sends more" in why else 3, FILES) and why in rows(done)["root-hints"], done


def test_root_hints_without_trust_anchors_are_refused(update, tmp_path):
    settings = tmp_path / "hark.yaml"
    settings.write_text("dnssec: {builtin-anchors: no, root-data: none}")
    done, files = update({"named.root": named_root(a=(ROOTS[1][1], ROOTS[0][2]), b=(ROOTS[0][1], ROOTS[1][2]))}, HARK_CONFIG=str(settings))
    assert files == [] and "without trust anchors nobody can say" in rows(done)["root-hints"], done


def test_root_hints_that_lead_to_a_root_of_other_keys_are_refused(update, tmp_path):
    settings = tmp_path / "hark.yaml"
    settings.write_text("{}")  # trusts the Internet's root; the laboratory's is signed with other keys
    done, files = update({"named.root": named_root(a=(ROOTS[1][1], ROOTS[0][2]), b=(ROOTS[0][1], ROOTS[1][2]))}, HARK_CONFIG=str(settings))
    assert files == [] and "who answers at its new addresses has not the signed root zone" in rows(done)["root-hints"], done


# ---- the root's keys ----


def test_signed_trust_anchors_are_kept(update, signer, hark):
    """The laboratory's root has a key of its own: IANA's document of there names it beside those that are compiled in."""
    old = signer.sign(document(BUILT_IN + OF_LAB))
    time.sleep(1)  # signatures count seconds
    new = signer.sign(document(OF_LAB + BUILT_IN.replace('"2017-02-02T00:00:00+00:00"', '"2017-02-02T00:00:00Z" validUntil="2026-01-01T00:00:00Z"', 1)))
    done, files = update(old | ALL)
    assert (done.returncode, files) == (0, sorted([*FILES, "root-anchors"])), done
    assert "1 key differs" in rows(done)["root-anchors"] and "hark ctl reload" in done.stdout, done
    done, files = update(new | ALL)
    assert "  - key 20326" in done.stdout and "fetched" in rows(done)["root-anchors"], done
    kept = (update.folder / "root-anchors").read_bytes()
    done, files = update(old | ALL)
    assert done.returncode == 3 and "it is older than the one in use" in rows(done)["root-anchors"], done
    assert (update.folder / "root-anchors").read_bytes() == kept
    settings = update.folder / "hark.yaml"
    settings.write_text("{}")
    env = os.environ | {"HARK_STATE": str(update.folder), "HARK_CONFIG": str(settings)}
    done = hark("trace", "www.python.org", "--json", env=env)  # trusts the root here by what was fetched alone
    assert json.loads(done.stdout.splitlines()[-1])["verdict"] == "secure", done
    assert f"with the root's keys updated {NOW:%Y-%m-%d}" in hark("trace", "www.python.org", env=env).stdout
    (update.folder / "root-anchors").write_bytes(kept.replace(b". DS", b". ds", 1))
    done = hark("trace", "www.python.org", "--json", env=env)
    assert done.returncode == 4 and "root-anchors is damaged" in done.stderr, done


def test_what_ICANN_did_not_sign_is_refused(update, signer, tmp_path):
    good = document(BUILT_IN + OF_LAB)
    forgotten = document(OF_LAB + BUILT_IN[:len(BUILT_IN) // 2])
    other, ended = Signer(tmp_path / "other", "root@example.org"), Signer(tmp_path / "ended", ends_days=-1)
    bad = [  # why, what is served, who is believed
        ("it does not know key 38696, which is built in", signer.sign(forgotten), signer),
        ("the root is not signed by its keys", signer.sign(document(BUILT_IN + key_digest(1, 8, 2, "AB" * 32))), signer),
        ("none of its keys holds now", signer.sign(document(BUILT_IN.replace('+00:00"', '+00:00" validUntil="2026-01-01T00:00:00Z"'))), signer),
        ("it is no TrustAnchor", signer.sign(b"<html/>"), signer),
        ("a document type", signer.sign(b"<!DOCTYPE x>" + good), signer),
        ("its signer is not dnssec@iana.org", other.sign(good), other),
        ("certificate has expired", ended.sign(good), ended),
        ("its signature does not count: certificate verify error", other.sign(good), signer),
        ("its signature does not count: content verify error", signer.sign(good) | {"root-anchors.xml": document(OF_LAB)}, signer),
        ("it is no CMS signature", {"root-anchors.xml": good, "root-anchors.p7s": b"-----BEGIN PKCS7-----"}, signer),
    ]
    for why, files, believed in bad:
        done, kept = update(files, "--ca", str(believed.ca))
        assert "root-anchors" not in kept and why in rows(done)["root-anchors"], (why, done)


def test_without_authority_of_its_own_only_ICANNs_counts(update, hark, tmp_path):
    done = hark("update", "--ca", "/nowhere/ca.pem")
    assert done.returncode == 1 and "/nowhere/ca.pem cannot be read: No such file" in done.stderr, done


def test_who_may_not_see_the_folder_uses_what_is_compiled_in(hark):
    """That of a service with a user of its own is closed to others (DynamicUser); a file that cannot be read is another thing."""
    if Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]:
        pytest.skip("this user namespace has no other user")
    other = {"user": 65534, "group": 65534, "extra_groups": []}
    with tempfile.TemporaryDirectory() as folder:  # not pytest's: that one is closed
        (Path(folder) / "root-hints").write_text("; nothing\n")
        (Path(folder) / "root-hints").chmod(0o600)
        env = os.environ | {"HARK_STATE": folder}
        assert hark("trace", "www.python.org", env=env, **other).stderr == "", "the folder is root's alone"
        Path(folder).chmod(0o755)
        assert "root-hints cannot be read: Permission denied" in hark("trace", "www.python.org", env=env, **other).stderr


def test_harkd_takes_what_was_fetched_at_its_reload(update, signer, start_harkd, hark):
    moved = named_root(b=(ROOTS[0][1], ROOTS[1][2]), a=(ROOTS[1][1], ROOTS[0][2]))
    daemon = start_harkd({"dnssec": {}}, env={"HARK_STATE": str(update.folder)})

    def anchors():
        return json.loads(hark("ctl", "-s", str(daemon.control), "--json", "anchors").stdout)["root"]
    before = anchors()
    assert before["from"].startswith("built in 2") and before["servers_from"] == "built in"
    assert exchange("www.python.org", port=5399).rcode() == dns.rcode.SERVFAIL  # the laboratory's root has another key
    update({"named.root": moved} | signer.sign(document(BUILT_IN + OF_LAB)))
    done = hark("ctl", "-s", str(daemon.control), "reload")
    assert done.returncode == 0 and "upstream.root-hints" in done.stdout, done
    after = anchors()
    assert after["from"] == f"updated {NOW:%Y-%m-%d}" and after["servers_from"] == f"updated {LATER:%Y-%m-%d}"
    reply = exchange("www.python.org", port=5399, want_dnssec=True)
    assert reply.rcode() == dns.rcode.NOERROR and reply.flags & dns.flags.AD, reply
    assert f"root servers: updated {LATER:%Y-%m-%d}" in daemon.log and f"the root's keys: updated {NOW:%Y-%m-%d}" in daemon.log
    status = json.loads(hark("ctl", "-s", str(daemon.control), "--json", "status").stdout)["trust"]
    assert (status["root_anchors_from"], status["root_servers_from"]) == (after["from"], after["servers_from"])
    (update.folder / "root-hints").write_text("; nothing\n")
    assert hark("ctl", "-s", str(daemon.control), "reload").returncode == 0
    assert anchors()["servers_from"] == "built in" and "root-hints is damaged: its checksum is wrong; it is left out" in daemon.log
