"""Which questions of clients went upstream: looks at all datagrams to the authorities of the zones while a measurement runs.

The kernel filters, so that others cost the server some 0.1 µs; what is left is read by a thread on the generator's core.
"""

import ctypes
import ipaddress
import socket
import struct
import threading
from collections import Counter

ETH_P_IP, SO_ATTACH_FILTER, SO_RCVBUFFORCE = 0x0800, 26, 33
SOL_PACKET, PACKET_STATISTICS, PACKET_IGNORE_OUTGOING = 263, 6, 23
IP_HEADER, UDP_HEADER, DNS_HEADER = 20, 8, 12  # no IP options here
ROOM = 64 << 20
UDP, PORT = 17, 53


def datagrams_to(network: str):
    """A classic BPF program: UDP datagrams to port 53 of that network, whole; no others."""
    to = ipaddress.ip_network(network)
    load_octet, load_half, load, equal, mask, end = 0x30, 0x28, 0x20, 0x15, 0x54, 0x06
    return [(load_octet, 0, 0, 9), (equal, 0, 6, UDP), (load_half, 0, 0, IP_HEADER + 2), (equal, 0, 4, PORT), (load, 0, 0, 16),
            (mask, 0, 0, int(to.netmask)), (equal, 0, 1, int(to.network_address)), (end, 0, 0, 0xFFFF), (end, 0, 0, 0)]


class Tap:
    """with Tap("10.2.0.0/16") as tap: …; then tap.asked counts (name, type)."""

    def __init__(self, network: str):
        self.asked: Counter[tuple[str, int]] = Counter()
        self.ending = False
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        program = datagrams_to(network)
        octets = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(octets)))
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        for option in (socket.SO_RCVBUF, SO_RCVBUFFORCE):
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, option, ROOM)
            except PermissionError:
                pass
        self.socket.settimeout(0.1)
        self.socket.bind(("lo", ETH_P_IP))
        self.thread = threading.Thread(target=self.read)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join()
        _, lost = struct.unpack("II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        self.socket.close()
        if lost:
            raise RuntimeError(f"the tap lost {lost} datagrams")

    def read(self):
        while True:
            try:
                datagram = self.socket.recv(2048)
            except TimeoutError:
                if self.ending:
                    return
                continue
            self.asked[question(datagram[IP_HEADER + UDP_HEADER:])] += 1

    def fetched(self, names: set[str], fresh: str = "") -> int:
        """How many look-ups of these names there were, and of names that begin like that: a fresh one counts once."""
        kept = sum(n for (name, type_), n in self.asked.items() if type_ == 1 and name in names)
        return kept + sum(1 for name, type_ in self.asked if type_ == 1 and fresh and name.startswith(fresh))


def question(message: bytes) -> tuple[str, int]:
    labels, at = [], DNS_HEADER
    while at < len(message) and message[at]:
        labels.append(message[at + 1:at + 1 + message[at]])
        at += 1 + message[at]
    return b".".join(labels).decode("ascii", "replace").lower(), int.from_bytes(message[at + 1:at + 3], "big")
