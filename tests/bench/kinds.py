"""Which questions a server sends upstream: by the level of who is asked and by type, seen on the loopback interface."""

import socket
import struct
import threading
from collections import Counter

LEVELS = {"10.0": "root", "10.1": "TLDs", "10.2": "zones"}  # world.World.addresses
TYPES = {1: "A", 2: "NS", 6: "SOA", 28: "AAAA", 43: "DS", 48: "DNSKEY"}
SO_RCVBUFFORCE = 33  # the module does not name it
ETH_P_IP, LINK_LEN, UDP, DNS_PORT = 0x0800, 14, 17, 53
BUFFER, PATIENCE_S = 64 << 20, 0.2


class Kinds:
    """with Kinds() as kinds: …; then kinds.counted. Costs the sniffer's core, so figures of CPU are another run's."""

    def __init__(self):
        self.counted: Counter = Counter()
        self.again: set = set()
        self.ended = threading.Event()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self.socket.bind(("lo", 0))
        self.socket.settimeout(PATIENCE_S)
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.socket.close()

    def run(self):
        while True:
            try:
                packet = self.socket.recv(2048)
            except TimeoutError:
                if self.ended.is_set():
                    return
                continue
            self.count(packet[LINK_LEN:])

    def count(self, ip: bytes):
        head = (ip[0] & 15) * 4
        if ip[9] != UDP or struct.unpack_from("!H", ip, head + 2)[0] != DNS_PORT:
            return
        level = LEVELS.get(f"{ip[16]}.{ip[17]}")
        if not level:
            return
        at = end = head + 8 + 12
        while ip[end]:
            end += 1 + ip[end]
        kind = struct.unpack_from("!H", ip, end + 1)[0]
        question = (ip[16:20], ip[at:end].lower(), kind)
        self.counted[f"{level} {TYPES.get(kind, kind)}"] += 1
        self.counted["asked before, of the same server"] += question in self.again
        self.again.add(question)

    def report(self, per: int) -> str:
        return "\n".join(f"  {n:8}  {n / per:7.4f} each  {what}" for what, n in sorted(self.counted.items()))
