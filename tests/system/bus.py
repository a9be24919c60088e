"""A D-Bus of a test's own: Debian's dbus-daemon, systemd-resolved with two links, and what NetworkManager would say."""

import os
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from conftest import PATIENCE_S, TOP
from jeepney import HeaderFields, MessageType, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

PEERS = TOP / "build/peers"
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>
"""
# It gives its privileges up for those of a user of its own, who is root here.
RESOLVED = """
printf 'root:x:0:0::/:/bin/sh\\nsystemd-resolve:x:0:0::/:/bin/sh\\n' >"$1/passwd" && mount --bind "$1/passwd" /etc/passwd &&
printf 'root:x:0:\\nsystemd-resolve:x:0:\\n' >"$1/group" && mount --bind "$1/group" /etc/group &&
echo 'nameserver 127.0.0.53' >"$1/resolv.conf" && mount --bind "$1/resolv.conf" /etc/resolv.conf &&
mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/resolve /run/systemd/resolved.conf.d &&
printf '[Resolve]\\nLLMNR=no\\nMulticastDNS=no\\nCache=no\\nDNSSEC=no\\n' >/run/systemd/resolved.conf.d/test.conf &&
exec "$2/lib/systemd/systemd-resolved"
"""
LINKS = {"lan0": "192.0.2.200/32", "tun0": "10.8.0.2/32"}


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def libraries(package: str) -> str:
    return ":".join(sorted({str(p.parent) for p in (PEERS / package).rglob("*.so*")}))


class Bus:
    def __init__(self, folder: Path):
        self.folder = folder
        self.address = f"unix:path={folder}/bus"
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": self.address}
        (folder / "bus.conf").write_text(CONFIG.format(socket=folder / "bus"))
        self.daemon = subprocess.Popen([PEERS / "bin/dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--nopidfile",
                                        "--print-address=1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.daemon.stdout.readline()

    def resolvectl(self, *words: str) -> bool:
        return subprocess.run([PEERS / "bin/resolvectl", *words], env=os.environ | self.env, stdin=subprocess.DEVNULL,
                              capture_output=True).returncode == 0

    @contextmanager
    def resolved(self):
        env = os.environ | self.env | {"LD_LIBRARY_PATH": libraries("systemd-resolved")}
        process = subprocess.Popen(["unshare", "-m", "sh", "-c", RESOLVED, "sh", self.folder, PEERS / "systemd-resolved"], env=env,
                                   stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + PATIENCE_S
            while not self.resolvectl("dns"):
                assert process.poll() is None and time.monotonic() < end
                time.sleep(0.02)
            yield
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def manager(self, properties: dict):
        """Says those of org.freedesktop.NetworkManager.DnsManager."""
        connection = open_dbus_connection(self.address)
        over = threading.Event()

        def answer():
            while not over.is_set():
                try:
                    call = connection.receive(timeout=0.05)
                except TimeoutError:
                    continue
                if call.header.message_type == MessageType.method_call and call.header.fields[HeaderFields.member] == "GetAll":
                    assert call.body == ("org.freedesktop.NetworkManager.DnsManager",)
                    connection.send(new_method_return(call, "a{sv}", (properties,)))

        connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.NetworkManager"))
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            connection.close()

    def close(self):
        self.daemon.kill()
        self.daemon.wait()


@contextmanager
def two_links():
    """A bus, and a systemd-resolved that knows of a network and of a VPN."""
    ip("link", "add", "tun0", "type", "veth", "peer", "name", "lan0")
    bus = Bus(Path(tempfile.mkdtemp(dir="/run")))
    try:
        for name, address in LINKS.items():
            ip("addr", "add", address, "dev", name)
            ip("link", "set", name, "up")
        with bus.resolved():
            for words in (("dns", "lan0", "192.0.2.53"), ("dns", "tun0", "10.8.0.53"), ("default-route", "lan0", "yes"),
                          ("default-route", "tun0", "no")):
                assert bus.resolvectl(*words)
            yield bus
    finally:
        bus.close()
        ip("link", "del", "tun0")
