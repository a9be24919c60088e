"""harkd and its service manager: what it says, when it goes silent, and what it may no longer do."""

import ctypes
import errno
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import PATIENCE_S, TOP, alive, exchange

pytestmark = pytest.mark.usefixtures("lab_harkd")

PORT = 5399


class Manager:
    """Hears what a real one would."""

    def __init__(self, address: str):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1) if address[0] == "@" else address)
        self.env = {"NOTIFY_SOCKET": address}

    def hears(self, timeout=PATIENCE_S) -> dict[str, str]:
        self.socket.settimeout(timeout)
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))

    def hears_until(self, key: str) -> dict[str, str]:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if key in (message := self.hears()):
                return message
        raise AssertionError(f"{key} never came")


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    return Manager(str(tmp_path / "notify") if request.param == "path" else f"@hark-test-{os.getpid()}")


def test_says_when_it_is_ready_and_when_it_stops(start_harkd, manager):
    daemon = start_harkd({}, env=manager.env)
    ready = manager.hears()
    assert ready["READY"] == "1" and "worker" in ready["STATUS"]
    daemon.process.send_signal(signal.SIGTERM)
    assert manager.hears()["STOPPING"] == "1"
    assert daemon.process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_says_when_it_reloads(start_harkd, manager):
    daemon = start_harkd({}, env=manager.env)
    manager.hears()
    before = time.monotonic_ns() // 1000
    daemon.process.send_signal(signal.SIGHUP)
    reloading = manager.hears_until("RELOADING")
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert manager.hears()["READY"] == "1"


def test_without_a_watchdog_it_sends_no_signs_of_life(start_harkd, manager):
    start_harkd({}, env=manager.env | {"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"})  # of another process
    assert "READY" in manager.hears()
    with pytest.raises(TimeoutError):
        manager.hears(timeout=1)


def test_a_notify_socket_that_is_none_does_not_stop_the_start(start_harkd, tmp_path):
    for number, address in enumerate(["nonsense", str(tmp_path / "nobody"), "/" + 200 * "x"]):
        daemon = start_harkd({}, env={"NOTIFY_SOCKET": address}, at=("127.0.0.1", PORT + number))
        assert "service manager" in daemon.log


libc = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE, PTRACE_DETACH, PTRACE_INTERRUPT = 0x4206, 17, 0x4207


def ptrace(request: int, thread: int):
    if libc.ptrace(request, thread, None, None) < 0:
        e = ctypes.get_errno()
        if e == errno.EPERM:
            pytest.skip("this system does not let one process stop a thread of another")
        raise OSError(e, os.strerror(e))


@contextmanager
def stalled(thread: int):
    """That one thread stands still."""
    ptrace(PTRACE_SEIZE, thread)
    ptrace(PTRACE_INTERRUPT, thread)
    os.waitpid(thread, 0x40000000)  # __WALL
    yield
    ptrace(PTRACE_DETACH, thread)


def threads_named(pid: int, name: str) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    return [int(t.name) for t in tasks.iterdir() if (t / "comm").read_text().strip() == name]


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_a_stalled_worker_ends_the_signs_of_life(start_harkd, manager):
    """Fault F21: the manager then restarts the whole."""
    daemon = start_harkd({"workers": 2}, env=manager.env | {"WATCHDOG_USEC": "400000"})
    pid = daemon.process.pid
    manager.hears_until("WATCHDOG")
    workers = threads_named(pid, "worker")
    assert len(workers) == 2
    with stalled(workers[1]):
        end = time.monotonic() + PATIENCE_S
        with pytest.raises(TimeoutError):  # what was on its way comes; then nothing
            while time.monotonic() < end:
                manager.hears(timeout=1)
        assert "did not answer" in daemon.log
    manager.hears_until("WATCHDOG")
    assert alive(port=PORT)


# ---- privileges ---------------------------------------------------------------------------------------------------

def is_real_root() -> bool:
    return Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]


def status_of(pid: int) -> list[dict[str, str]]:
    """/proc/PID/status of every thread."""
    return [dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
            for task in Path(f"/proc/{pid}/task").iterdir()]


NO_CAPABILITIES = {c: "0000000000000000" for c in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}


def assert_powerless(pid: int, uid: int, gid: int):
    threads = status_of(pid)
    assert len(threads) >= 3, "main and two workers"
    for thread in threads:
        assert set(thread["Uid"].split()) == {str(uid)} and set(thread["Gid"].split()) == {str(gid)}
        assert thread["Groups"].split() in ([], [str(gid)])
        assert {c: thread[c] for c in NO_CAPABILITIES} == NO_CAPABILITIES, thread["Name"]
        assert thread["NoNewPrivs"] == "1"


@pytest.mark.skipif(not is_real_root(), reason="needs root outside of a user namespace")
@pytest.mark.parametrize("user", ["auto", "daemon"])
def test_started_as_root_it_becomes_somebody_without_any_right(start_harkd, user):
    daemon = start_harkd({"drop-privileges": "yes", "user": user, "workers": 2, "listen": "127.0.0.9"},
                         at=("127.0.0.9", 53))
    name = user
    if user == "auto":
        name = "hark" if "hark" in {u.pw_name for u in pwd.getpwall()} else "nobody"
    entry = pwd.getpwnam(name)
    assert_powerless(daemon.process.pid, entry.pw_uid, entry.pw_gid)
    assert exchange("www.python.org.", where="127.0.0.9").answer, "port 53 was bound before"
    limits = Path(f"/proc/{daemon.process.pid}/limits").read_text()
    assert "Max core file size        0                    0" in limits
    assert os.stat(f"/proc/{daemon.process.pid}/environ").st_uid == 0, "not dumpable: /proc is root's"


@pytest.mark.skipif(not is_real_root(), reason="needs root outside of a user namespace")
def test_the_control_socket_is_the_users_but_never_nobodys(start_harkd):
    for number, (user, owner) in enumerate([("daemon", "daemon"), ("nobody", "root")]):
        daemon = start_harkd({"drop-privileges": "yes", "user": user}, at=("127.0.0.1", PORT + number))
        assert pwd.getpwuid(daemon.control.stat().st_uid).pw_name == owner


@pytest.mark.skipif(not is_real_root(), reason="needs root outside of a user namespace")
def test_a_control_socket_that_could_not_be_removed_does_not_hinder_the_next_start(start_harkd, tmp_path):
    path = tmp_path / "control"
    for _ in range(2):
        daemon = start_harkd({"drop-privileges": "yes", "user": "nobody", "control": {"socket": str(path)}})
        assert daemon.stop() == 0
        assert path.exists(), "nobody may not remove it"
        assert "no control socket" not in daemon.log


@pytest.mark.skipif(not is_real_root(), reason="needs root outside of a user namespace")
def test_the_service_managers_folder_has_the_control_socket(start_harkd, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    for p in [folder, tmp_path, *tmp_path.parents][:4]:
        p.chmod(p.stat().st_mode | 0o055)  # no bit is taken from a folder that may not be the test's
    daemon = start_harkd({"drop-privileges": "yes", "user": "daemon", "control": {"socket": "auto"}},
                         env={"RUNTIME_DIRECTORY": str(folder)})
    assert pwd.getpwuid((folder / "control.sock").stat().st_uid).pw_name == "daemon"
    assert daemon.stop() == 0
    assert not (folder / "control.sock").exists(), "removed at the end by who owns it"


def test_a_user_that_does_not_exist_stops_the_start(tmp_path):
    file = tmp_path / "hark.yaml"
    file.write_text("user: no-such-user\nlisten: 127.0.0.1@5399\n")
    done = subprocess.run(["harkd", "-c", str(file)], stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert "there is no user no-such-user other than root to become (user)" in done.stderr


@pytest.mark.skipif(not is_real_root(), reason="needs a user other than root")
def test_port_53_by_an_ambient_capability_that_is_given_up(tmp_path):
    """As a service manager with AmbientCapabilities=CAP_NET_BIND_SERVICE starts it."""
    entry = pwd.getpwnam("daemon")
    file = tmp_path / "hark.yaml"
    file.write_text("listen: 127.0.0.9\ncontrol: {socket: none}\n")
    for folder in [tmp_path, *tmp_path.parents][:3]:
        folder.chmod(folder.stat().st_mode | 0o055)
    log = open(tmp_path / "log", "wb")
    process = subprocess.Popen(["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups",
                                "--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service",
                                "harkd", "-c", str(file)], stdout=log, stderr=log)
    try:
        end = time.monotonic() + PATIENCE_S
        while not alive("127.0.0.9"):
            assert process.poll() is None and time.monotonic() < end, (tmp_path / "log").read_text()
            time.sleep(0.02)
        threads = status_of(process.pid)
        assert {t["Uid"].split()[0] for t in threads} == {str(entry.pw_uid)}
        for thread in threads:
            for c in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert thread[c] == "0000000000000000"
            assert thread["NoNewPrivs"] == "1"
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0, (tmp_path / "log").read_text()


def test_a_user_namespace_without_that_user_gets_a_warning(tmp_path):
    """It stays root of that namespace, without capabilities."""
    file = tmp_path / "hark.yaml"
    file.write_text("control: {socket: none}\nlisten: 127.0.0.1@5399\n")
    log = open(tmp_path / "log", "w+b")
    process = subprocess.Popen(["unshare", "-Urn", "sh", "-c", f"ip link set lo up && exec harkd -c {file}"], stdout=log, stderr=log)
    try:
        end = time.monotonic() + PATIENCE_S
        while b": ready, " not in (tmp_path / "log").read_bytes():
            assert process.poll() is None and time.monotonic() < end, (tmp_path / "log").read_text()
            time.sleep(0.02)
        assert "this user namespace does not have the user" in (tmp_path / "log").read_text()
        for thread in status_of(process.pid):
            assert {c: thread[c] for c in NO_CAPABILITIES} == NO_CAPABILITIES
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0, (tmp_path / "log").read_text()


# ---- units for systemd --------------------------------------------------------------------------------------------

UNITS = TOP / "systemd"


def installed(folder: Path, unit: str, programs: str = "/usr/bin"):
    text = (UNITS / f"{unit}.in").read_text()
    (folder / unit).write_text(text.replace("@SBINDIR@", programs).replace("@BINDIR@", programs))


def exposure(folder: Path, unit: str) -> float:
    """What systemd-analyze security says of that unit there, 0 (safe) to 10."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze")
    said = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(folder / unit)],
                          stdout=subprocess.PIPE, text=True, env=os.environ | {"SYSTEMD_COLORS": "0"}, check=False).stdout
    return float(re.search(rf"Overall exposure level for {unit}: ([0-9.]+)", said)[1])


EXPOSURE = [("harkd.service", False, 1.6), ("harkd.service", True, 1.1), ("hark-update.service", False, 1.1)]


@pytest.mark.parametrize("unit, sockets, most", EXPOSURE, ids=["capability", "socket-activation", "update"])
def test_the_units_expose_little(tmp_path, unit, sockets, most):
    """`systemd-analyze security --offline=true`; the same command gives 9.6 for named and unbound of Debian 12, 2.3 for pdns-recursor."""
    installed(tmp_path, unit)
    if sockets:
        (tmp_path / "harkd.service.d").mkdir()
        shutil.copy(UNITS / "socket.conf", tmp_path / "harkd.service.d")
    assert exposure(tmp_path, unit) <= most


def test_the_units_are_what_systemd_reads(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze")
    for name in ("harkd", "hark"):
        (tmp_path / name).symlink_to("/bin/true")
    for unit in ("harkd.service", "hark-update.service"):
        installed(tmp_path, unit, str(tmp_path))
    for unit in ("harkd.socket", "hark-update.timer"):
        shutil.copy(UNITS / unit, tmp_path)
    units = sorted(str(file) for file in tmp_path.glob("*.*"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert (done.returncode, done.stdout, len(units)) == (0, "", 4)


def test_update_writes_as_the_user_who_reads_it():
    def lines(unit):
        return re.findall("^(?:DynamicUser|User|StateDirectory|StateDirectoryMode)=.*$", (UNITS / unit).read_text(), re.MULTILINE)
    assert len(lines("harkd.service.in")) == 4 and lines("harkd.service.in") == lines("hark-update.service.in")


def test_the_unit_lets_harkd_do_what_it_does(tmp_path):
    """Every system call of a run, from start to end, is in the unit's list."""
    if not shutil.which("strace") or not shutil.which("systemd-analyze"):
        pytest.skip("there is no strace or no systemd-analyze")

    def expand(name: str) -> set[str]:
        if name[0] != "@":
            return {name}
        listed = subprocess.run(["systemd-analyze", "syscall-filter", name], stdout=subprocess.PIPE, text=True, check=True).stdout
        words = [line.strip() for line in listed.splitlines()[1:]]
        return set().union(*(expand(word) for word in words if word and word[0] != "#"))

    allowed = set()
    for line in re.findall("^SystemCallFilter=(.*)$", (UNITS / "harkd.service.in").read_text(), re.MULTILINE):
        names = set().union(*(expand(word) for word in line.lstrip("~").split()))
        allowed = allowed - names if line[0] == "~" else allowed | names
    file = tmp_path / "hark.yaml"
    file.write_text(json.dumps({"listen": f"127.0.0.1@{PORT}", "drop-privileges": "no", "log": {"queries": str(tmp_path / "queries")},
                                "control": {"socket": str(tmp_path / "control")}}))
    env = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}  # looking for leaks takes ptrace(), as strace does
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "harkd", "-c", str(file)], env=env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 3 * PATIENCE_S
    while not alive(port=PORT):
        assert tracer.poll() is None and time.monotonic() < end
        time.sleep(0.1)
    for name, tcp in [("www.python.org.", False), ("www.python.org.", True), ("large.python.org.", False), ("nosuch.com.", False)]:
        exchange(name, "TXT" if "large" in name else "A", port=PORT, tcp=tcp)
    (harkd,) = Path(f"/proc/{tracer.pid}/task/{tracer.pid}/children").read_text().split()
    os.kill(int(harkd), signal.SIGTERM)
    tracer.wait(PATIENCE_S)
    used = set(re.findall(r"^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed)", (tmp_path / "trace").read_text(errors="replace"), re.MULTILINE))
    assert {"sendmmsg", "recvmmsg", "bind", "clone3", "exit_group"} <= used
    assert used - allowed == set()
