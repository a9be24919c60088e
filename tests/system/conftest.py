"""What the system tests share. They run inside the laboratory: ./dev test system, or ./dev lab pytest tests/system."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests/lab"))

PATIENCE_S = 20  # longer than any answer may take, on a loaded machine under sanitizers
LONG = ("test_trust.py", "test_settings.py", "test_lab.py", "test_server.py", "test_stale.py")  # these begin
CLAIMED: dict[str, bool] = {}  # by test file
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|Assertion .* failed")


def pytest_configure():
    if "LAB_DIR" not in os.environ:
        pytest.exit("the system tests run in the laboratory: ./dev test system", 2)


def is_ours(file: str) -> bool:
    """Where several laboratories share the suite: whether this one runs the file. The first to come to it does."""
    if file not in CLAIMED:
        try:
            os.close(os.open(f"{os.environ['HARK_CLAIMS']}/{file}", os.O_CREAT | os.O_EXCL))
            CLAIMED[file] = True
        except FileExistsError:
            CLAIMED[file] = False
    return CLAIMED[file]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item):
    return True if "HARK_CLAIMS" in os.environ and not is_ours(item.path.name) else None  # True: it is seen to


def make_query(name, rdtype="A", **more) -> dns.message.Message:
    """Recursion desired, EDNS 1232 unless told otherwise."""
    flags = more.pop("flags", dns.flags.RD)
    more.setdefault("use_edns", 0)
    more.setdefault("payload", 1232)
    query = dns.message.make_query(name, rdtype, flags=flags, **more)
    query.id = random.randrange(65536)
    return query


def exchange(name, rdtype="A", where="127.0.0.1", port=53, tcp=False, source=None, **more) -> dns.message.Message:
    query = make_query(name, rdtype, **more)
    ask = dns.query.tcp if tcp else dns.query.udp
    return ask(query, where, port=port, source=source, timeout=PATIENCE_S)


def rdata(reply: dns.message.Message, rdtype: str) -> set[str]:
    """The data of that type in the answer, whoever owns it."""
    return {record.to_text() for rrset in reply.answer for record in rrset
            if dns.rdatatype.to_text(rrset.rdtype) == rdtype}


def alive(where="127.0.0.1", port=53) -> bool:
    """Whether something answers, without asking anybody upstream."""
    try:
        return dns.query.udp(make_query("localhost."), where, port=port, timeout=1) is not None
    except (dns.exception.Timeout, OSError):
        return False


def lab_anchors() -> dict:
    """The settings by which harkd trusts the laboratory's root."""
    return {"dnssec": json.loads((Path(os.environ["LAB_DIR"]) / "dnssec.json").read_text())}


def until(condition, said=str):
    """Waits until condition(); where that does not come true, said() tells what went on."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, said()
        time.sleep(0.02)


class Daemon:
    """A harkd of a test's own."""

    def __init__(self, folder: Path, config: dict, arguments: list[str], env: dict[str, str], program: str = "harkd"):
        self.log_file = folder / "harkd.log"
        command = [program, *arguments]
        if config is not None:
            file = folder / "hark.yaml"
            config = {"drop-privileges": "no", "control": {"socket": str(folder / "control")}} | lab_anchors() | config
            file.write_text(json.dumps(config, indent=1))  # JSON is YAML
            command += ["-c", str(file)]
        self.control = folder / "control"
        self.log_handle = open(self.log_file, "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log_handle, stderr=self.log_handle,
                                        env=os.environ | env)

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def wait_for(self, where: str, port: int):
        end = time.monotonic() + PATIENCE_S
        while not alive(where, port):
            assert self.process.poll() is None, f"harkd ended:\n{self.log}"
            assert time.monotonic() < end, f"harkd does not answer at {where}@{port}:\n{self.log}"
            time.sleep(0.02)
        return self

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        self.log_handle.close()
        assert not SANITIZER.search(self.log), self.log
        return code


@pytest.fixture
def start_harkd(tmp_path):
    """start_harkd({setting: value, …}, *arguments, at=(address, port)): started and answering; ended after the test."""
    started = []

    def start(config=None, *arguments, at=("127.0.0.1", 5399), env=None):
        folder = tmp_path / str(len(started))
        folder.mkdir()
        if config is not None:
            config = {"listen": [f"{at[0]}@{at[1]}"]} | config
        daemon = Daemon(folder, config, list(arguments), env or {})
        started.append(daemon)
        return daemon.wait_for(*at) if at[1] else daemon

    yield start
    for daemon in started:
        if daemon.process.poll() is None:
            assert daemon.stop() == 0, daemon.log


@pytest.fixture
def hark():
    """hark(argument, …): the finished process, output as text."""
    def run(*arguments, timeout=PATIENCE_S, **more):
        return subprocess.run(["hark", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=timeout, check=False, **more)
    return run


@pytest.fixture(scope="session")
def lab_harkd():
    """The laboratory's own harkd: it must live until the end, and end well; no sanitizer may have spoken."""
    if "LAB_HARKD_PID" not in os.environ:
        pytest.skip("no harkd runs in this laboratory (not built, or LAB_NO_HARKD)")
    pid = int(os.environ["LAB_HARKD_PID"])
    yield pid
    log = (Path(os.environ["LAB_DIR"]) / "harkd.log").read_text(errors="replace")
    assert alive(), f"the laboratory's harkd is gone:\n{log[-4000:]}"
    assert not SANITIZER.search(log), log


def scripted_log() -> list[list[str]]:
    """What the scripted servers were asked: time, address, transport, habit, name, type, edns or plain."""
    lines = (Path(os.environ["LAB_DIR"]) / "scripted.log").read_text(errors="replace").splitlines()
    return [line.split() for line in lines]


def asked(name: str, rdtype: str = "") -> list[list[str]]:
    """The scripted servers' queries for a name, in whatever letter case."""
    return [q for q in scripted_log() if len(q) == 7 and q[4].lower() == name.lower() and rdtype in ("", q[5])]


def udp_socket(where: str, port: int) -> socket.socket:
    s = socket.socket(socket.AF_INET6 if ":" in where else socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(PATIENCE_S)
    s.connect((where, port))
    return s
