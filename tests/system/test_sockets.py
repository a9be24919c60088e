"""Where harkd's sockets come from, and what becomes of what waits in them."""

import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

import dns.message
import dns.query
import dns.rcode
import pytest
from conftest import PATIENCE_S, alive, exchange, make_query, udp_socket

pytestmark = pytest.mark.usefixtures("lab_harkd")

PORT = 5399


def bound(type_, address="127.0.0.1", port=PORT, reuse=False):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, type_)
    if s.family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((address, port))
    if type_ == socket.SOCK_STREAM:
        s.listen()
    return s


class Given:
    """Starts harkd as a service manager does that has the sockets."""

    def __init__(self, tmp_path, sockets, names="", pid="$$", **config):
        file = tmp_path / "hark.yaml"
        file.write_text(json.dumps({"control": {"socket": "none"}, "drop-privileges": "no"} | config))
        self.log_file = tmp_path / "log"
        high = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 100) for s in sockets]

        def give():
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i)

        env = os.environ | {"LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": names}
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(["sh", "-c", f"LISTEN_PID={pid} exec harkd -c {file}"], env=env, preexec_fn=give,
                                            pass_fds=range(3, 3 + len(sockets)), stdout=log, stderr=log)
        for fd in high:
            os.close(fd)

    def until_ready(self):
        end = time.monotonic() + PATIENCE_S
        while ": ready, " not in self.log:
            assert self.process.poll() is None and time.monotonic() < end, self.log
            time.sleep(0.02)
        return self

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0, self.log


@contextmanager
def given(*args, **more):
    daemon = Given(*args, **more)
    try:
        yield daemon.until_ready()
    finally:
        if daemon.process.poll() is None:
            daemon.stop()


# ---- given by a service manager -----------------------------------------------------------------------------------

def test_serves_the_sockets_that_it_is_given_and_no_others(tmp_path):
    sockets = [bound(socket.SOCK_DGRAM), bound(socket.SOCK_STREAM), bound(socket.SOCK_DGRAM, "::1", PORT + 1)]
    with given(tmp_path, sockets, workers=2, listen=f"127.0.0.1@{PORT + 2}") as daemon:
        for s in sockets:
            assert os.get_inheritable(s.fileno()) is False
        for _ in range(20):
            assert exchange("www.test.", port=PORT) and exchange("www.test.", port=PORT, tcp=True)
            assert exchange("www.test.", where="::1", port=PORT + 1)
        assert not alive(port=PORT + 2), "listen is not looked at"
        assert f"listening on 127.0.0.1@{PORT}, by sockets of the service manager" in daemon.log


@pytest.mark.parametrize("count, workers", [(2, 2), (3, 2), (2, 3), (1, 3)])
def test_sockets_of_one_place_are_shared_out(tmp_path, count, workers):
    sockets = [bound(socket.SOCK_DGRAM, reuse=True) for _ in range(count)]
    with given(tmp_path, sockets, workers=workers):
        for s in sockets:
            s.close()
        for _ in range(30):  # from as many ports, so that each socket gets some
            assert exchange("www.test.", port=PORT)


def test_nothing_is_lost_between_one_harkd_and_the_next(tmp_path):
    udp, tcp = bound(socket.SOCK_DGRAM), bound(socket.SOCK_STREAM)
    with given(tmp_path, [udp, tcp]):
        pass
    query = make_query("www.test.")
    with udp_socket("127.0.0.1", PORT) as s, socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE_S) as t:
        s.send(query.to_wire())
        dns.query.send_tcp(t, query)
        with given(tmp_path, [udp, tcp]):
            assert dns.message.from_wire(s.recv(4096)).id == query.id
            assert dns.query.receive_tcp(t)[0].id == query.id


def test_sockets_for_another_process_are_not_taken(tmp_path):
    with given(tmp_path, [bound(socket.SOCK_DGRAM, port=PORT + 1)], pid="1", listen=f"127.0.0.1@{PORT}"):
        assert alive(port=PORT)


def useless():
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection = socket.socketpair(socket.AF_UNIX)[0]
    dual = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    dual.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    dual.bind(("::", PORT + 2))
    quiet = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    quiet.bind(("127.0.0.1", PORT + 3))
    return {"it is neither IPv4 nor IPv6": unix, "it is neither IPv4 nor IPv6 ": connection,
            "it takes IPv4 as well (BindIPv6Only=ipv6-only is wanted, and a socket for IPv4)": dual,
            "it is a connection (Accept=no is wanted)": quiet, "it is no socket": open(os.devnull, "rb"),
            "it is bound to no port": socket.socket(socket.AF_INET, socket.SOCK_DGRAM)}


def test_a_socket_of_no_use_stops_the_start(tmp_path):
    good = bound(socket.SOCK_DGRAM, port=PORT + 1)
    for why, bad in useless().items():
        daemon = Given(tmp_path, [good, bad], names="good:bad")
        assert daemon.process.wait(PATIENCE_S) == 1
        bad.close()
        assert f"the service manager's socket 1 (bad) cannot be used: {why.strip()}\n" in daemon.log


# ---- made here ------------------------------------------------------------------------------------------------------

def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


@pytest.mark.parametrize("address", ["198.51.100.77", "2001:db8:77::1"])
def test_an_address_that_comes_later(start_harkd, tmp_path, address):
    """Fault F15."""
    file = tmp_path / "hark.yaml"
    file.write_text(f"listen: ['{address}@{PORT}']\n")
    done = subprocess.run(["harkd", "-c", str(file)], stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1 and "(freebind: yes waits for the address to come)" in done.stderr
    start_harkd({"listen": [f"127.0.0.1@{PORT}", f"{address}@{PORT}"], "freebind": "yes",
                 "access": ["127.0.0.0/8", "198.51.100.0/24", "2001:db8::/32"]})
    ip("address", "add", address, "dev", "lo")
    try:
        assert exchange("www.test.", where=address, port=PORT)
        assert exchange("www.test.", where=address, port=PORT, tcp=True)
    finally:
        ip("address", "del", address, "dev", "lo")


def test_starts_without_any_network(tmp_path):
    """Fault F15: not even the loopback is up."""
    file, log = tmp_path / "hark.yaml", tmp_path / "log"
    file.write_text(f"listen: 127.0.0.1@{PORT}\nfreebind: yes\ncontrol: {{socket: none}}\n")
    script = f"""harkd -c {file} 2>{log} & pid=$!
        for i in $(seq 200); do grep -q ': ready, ' {log} && break; sleep 0.05; done
        ip link set lo up && hark www.test A @127.0.0.1 -p {PORT} --timeout 5; kill $pid; wait $pid"""
    done = subprocess.run(["unshare", "-Urn", "sh", "-c", script], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 0, log.read_text()
    assert "NXDOMAIN" in done.stdout, done.stdout


# ---- fault F11, threat A19 ------------------------------------------------------------------------------------------

def answered(names: list[str], at_once=20) -> int:
    """How many of the names get data or a denial over UDP, so many questions at a time."""
    good = 0
    with udp_socket("127.0.0.1", PORT) as s:
        for start in range(0, len(names), at_once):
            for name in names[start:start + at_once]:
                s.send(make_query(name).to_wire())
            for _ in names[start:start + at_once]:
                good += dns.message.from_wire(s.recv(4096)).rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
    return good


def tcp_from(source: str):
    s = socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE_S, source_address=(source, 0))
    return s


def test_few_descriptors(start_harkd):
    daemon = start_harkd({"workers": 2})
    pid = daemon.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (64, hard))
    idle = [tcp_from(f"127.0.0.{10 + n // 10}") for n in range(100)]
    names = [f"few{n}.python.org." if n % 2 else "www.python.org." for n in range(400)]
    assert answered(names) >= 0.99 * len(names)
    assert len(os.listdir(f"/proc/{pid}/fd")) <= 64
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(PATIENCE_S)
        control.connect(str(daemon.control))
        control.sendall(b"status\n")
        figures = json.loads(control.makefile().readline())["sockets"]
        assert figures["clients_open"] < 64 and figures["clients_refused"] + figures["clients_closed_idle"] > 0
    assert "Assertion" not in daemon.log
    # Room again: who comes now is served, without a restart.
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    for source in ("127.0.0.1", "127.0.0.2"):
        assert exchange("www.python.org.", port=PORT, tcp=True, source=source).answer
    assert answered([f"many{n}.python.org." for n in range(200)]) == 200
    for s in idle:
        s.close()


def test_one_client_has_its_connections_over_all_workers(start_harkd):
    start_harkd({"workers": 4})
    connections = [tcp_from("127.0.0.20") for _ in range(90)]
    open_ = 0
    for s in connections:
        try:
            dns.query.send_tcp(s, make_query("www.test."))
            dns.query.receive_tcp(s)
            open_ += 1
        except (EOFError, ConnectionError):
            pass
    assert open_ == 64
    assert exchange("www.test.", port=PORT, tcp=True), "others are served"
    for s in connections:
        s.close()


# ---- the end ----------------------------------------------------------------------------------------------------------

def test_what_waits_in_the_socket_at_the_end_is_answered(start_harkd):
    daemon = start_harkd({"workers": 2})
    sockets = [udp_socket("127.0.0.1", PORT) for _ in range(50)]
    daemon.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, daemon.process.pid, os.WSTOPPED | os.WNOWAIT)
    for s in sockets:
        for _ in range(8):
            s.send(make_query("www.test.").to_wire())
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.send_signal(signal.SIGCONT)
    for s in sockets:
        for _ in range(8):
            assert len(s.recv(4096)) > 12
        s.close()
    assert daemon.process.wait(PATIENCE_S) == 0
