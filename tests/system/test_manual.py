"""The manual pages and the README: each page is well formed, and each example does what stands below it."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import PATIENCE_S, TOP
from registries import Registries, shape
from test_update import ALL, BUILT_IN, Signer, document, named_root

pytestmark = pytest.mark.usefixtures("lab_harkd")

BUILD = Path(os.environ.get("HARK_BUILD") or TOP / "build")
PAGES = sorted([*BUILD.glob("docs/man/*.[15]"), *TOP.glob("docs/man/*.8")])
README = TOP / "README.md"
ESCAPES = {r"\-": "-", r"\&": "", r"\e": "\\", r"\(aq": "'", r"\(dq": '"'}


@dataclass
class Example:
    """A command, what is shown of its output, and its exit code."""
    page: str
    command: str
    shown: list[str] = field(default_factory=list)
    code: int = 0


def blocks(page: Path) -> list[list[str]]:
    """What stands between .EX and .EE, as a terminal shows it."""
    if page == README:
        return [block.splitlines() for block in re.findall(r"^```\n(\$ .*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)]
    found = re.findall(r"^\.EX\n(.*?)^\.EE$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [[re.sub(r"\\(?:\(..|.)", lambda m: ESCAPES[m[0]], line) for line in block.splitlines()] for block in found]


def examples(page: Path, block: list[str]) -> list[Example]:
    """$ COMMAND and lines of output; a code other than 0 stands below `$ echo $?`."""
    found: list[Example] = []
    for line in block:
        if line == "$ echo $?":
            found[-1].code = -1
        elif line.startswith("$ "):
            found.append(Example(page.name, line[2:]))
        elif found[-1].code == -1:
            found[-1].code = int(line)
        else:
            found[-1].shown.append(line)
    return found


def plain(text: str) -> str:
    """Without what differs between two runs: numbers, dates, ages, digests, which of several servers, what was in the cache, and the spaces around them."""
    text = re.sub(r"\b[a-m]\.root-servers\.net|\b[ab][02]\.org\.afilias-nst\.(org|info)|\bns[12](?=\.python\.org)", "SERVER", text)
    text = re.sub(r"(?<= )(?=[0-9a-f]*:)[0-9a-f:]{4,}|(?<= )[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+", "ADDRESS", text)
    text = re.sub(r"[\u2588-\u258f]+ *", "", text)  # bars
    text = re.sub(r"fetched a moment ago|from its cache, [0-9]+ s old", "CACHE", text)
    text = re.sub(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b", "DAY", text)
    text = re.sub(r"\n {16,}", " ", text)  # where a line was wrapped
    text = re.sub(r"\btoday\b|\b[0-9]+ (day|month|year)s?\b", "AGE", text)
    text = re.sub(r"\b[0-9A-F]{24,}\b", "DIGEST", text)
    return re.sub(r" +", " ", re.sub(r"[0-9]+(\.[0-9]+)?", "N", text))


def pattern(shown: list[str]) -> str:
    """A line "..." is any lines, and what a wrapped one goes on with; "..." at the end of a line what else is on it."""
    parts = []
    lines = plain("".join(f"{line}\n" for line in shown)).split("\n")[:-1]
    for line, after in zip(lines, [*lines[1:], ""]):
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        elif line.endswith(" ..."):
            parts.append(re.escape(line[:-3]) + r".*\n")
        else:
            parts.append(re.escape(line) + (r"(?: .*)?\n" if after == "..." else r"\n"))
    return "".join(parts)


BLOCKS = [examples(page, block) for page in [*PAGES, README] for block in blocks(page) if block[0].startswith("$ ")]
ELSEWHERE = TOP / "docs/why.md"  # has its own test, and a hosts file that the laboratory has not
BLOCKS = [block for block in BLOCKS if "/etc/hosts line 4" not in "".join(block[0].shown)]
SETTINGS = [block for page in PAGES for block in blocks(page) if not block[0].startswith("$ ")]


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """The registries that the examples ask."""
    pages = {
        "rdap.publicinterestregistry.org": {"/rdap/domain/python.org": (200, shape("rdap-pir.json"))},
        "rdap.arin.net": {"/registry/ip/192.0.2.1": (200, shape("rdap-arin.json"))},
        "data.iana.org": {f"/rdap/{kind}.json": (200, body) for kind, body in ALL.items()},
        "www.internic.net": {"/domain/named.root": (200, named_root())},
    }
    home = tmp_path_factory.mktemp("home")
    signer = Signer(home)
    (home / "icannbundle.pem").write_bytes(signer.ca.read_bytes())
    pages["data.iana.org"] |= {f"/root-anchors/{file}": (200, body) for file, body in signer.sign(document(BUILT_IN)).items()}
    said = b"Domain Name: python.org\r\nRegistrar: Gandi SAS\r\nName Server: ns1.python.org\r\n"
    servers = Registries(tmp_path_factory.mktemp("outside"), pages, {"whois.publicinterestregistry.org": lambda line, handler: said})
    state = tmp_path_factory.mktemp("state")
    yield servers.env | {"HARK_STATE": str(state), "HOME": str(home)}
    servers.close()


@pytest.fixture(scope="module")
def done(outside) -> dict[int, list]:
    """All examples, some side by side: what each said, and its code. Those of one block come one after the other, and those that tell harkd to
    do something come last. Pages are of a harkd that remembers nothing, of failures too: what other tests asked before is forgotten."""
    subprocess.run(["hark", "ctl", "cache", "flush", "all"], stdout=subprocess.DEVNULL, timeout=PATIENCE_S, check=True)
    def run(block: list[Example]):
        env = outside | {"LC_ALL": "C.UTF-8" if block[0].page == "README.md" else "C"}
        return [subprocess.run(["bash", "-c", f"set -o pipefail; {e.command}"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, timeout=3 * PATIENCE_S, check=False) for e in block]
    alone = [n for n, block in enumerate(BLOCKS) if any(" ctl " in example.command for example in block)]
    others = [n for n in range(len(BLOCKS)) if n not in alone]
    with ThreadPoolExecutor(3) as pool:
        said = dict(zip(others, pool.map(run, (BLOCKS[n] for n in others))))
    return said | {n: run(BLOCKS[n]) for n in alone}


@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=[f"{b[0].page}: {b[0].command}" for b in BLOCKS])
def test_example(done, number):
    for example, got in zip(BLOCKS[number], done[number], strict=True):
        assert got.returncode == example.code, f"$ {example.command}\n{got.stdout}"
        wanted = "\n".join(example.shown)
        assert re.fullmatch(pattern(example.shown), plain(got.stdout)), f"$ {example.command}\nit said\n{got.stdout}\nthe page has\n{wanted}"


def test_readme_shows_what_is_shown_elsewhere():
    block = next(block for block in blocks(README) if "/etc/hosts line 4" in "".join(block))
    shown = ELSEWHERE.read_text().splitlines()
    assert [line for line in block if line != "..." and line not in shown] == []


def test_every_page_has_examples():
    assert len(PAGES) == 10, PAGES
    without = {page.name for page in PAGES} - {b[0].page for b in BLOCKS} - {"hark.yaml.5"}
    assert not without and SETTINGS


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: s[0])
def test_settings_of_the_pages_are_good(tmp_path, settings):
    file = tmp_path / "hark.yaml"
    file.write_text("\n".join(settings) + "\n")
    checked = subprocess.run(["harkd", "--check", file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_pages_are_well_formed():
    said = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *PAGES], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
    assert [line for line in said.splitlines() if "missing date" not in line] == []


def test_pages_name_each_other():
    """Whatever page of ours is referred to is there."""
    ours = {page.name.replace(".", "(", 1) + ")" if page.name != "hark.yaml.5" else "hark.yaml(5)" for page in PAGES}
    for page in PAGES:
        text = page.read_text().replace("\\-", "-")
        named = {f"{name}({section})" for name, section in re.findall(r"\b(hark[a-z.-]*) \(([1-8])\)", text)}
        assert named <= ours, (page.name, named - ours)
