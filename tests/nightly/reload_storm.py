#!/usr/bin/python3 -IB
"""Fault F12: 50 reloads a second for a minute under 5,000 questions a second. Nothing may be lost, nothing may grow.

    ./dev lab tests/nightly/reload_storm.py [SECONDS] [RELOADS A SECOND] [QUESTIONS A SECOND]

Prints a line every ten seconds and one at the end; the exit status is 1 if a question got no good answer, if
descriptors grew, or if memory grew by more than 2 MiB after the first quarter (one snapshot of settings kept a reload
would be 50 MiB).
"""

import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PORT, TICK_S = 5398, 0.01
LOST_AFTER_S = 5


def query(number: int, name: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!HH", 1, 1)


class Load(threading.Thread):
    """Questions at a steady rate: most of them known, one in fifty new. Each must be answered, by NOERROR or NXDOMAIN."""

    def __init__(self, rate: int):
        super().__init__()
        self.rate, self.done = rate, False
        self.asked = self.answered = self.bad = self.skipped = 0

    def run(self) -> None:
        waiting: dict[int, float] = {}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            s.connect(("127.0.0.1", PORT))
            s.setblocking(False)
            start = time.monotonic()
            while not self.done or (waiting and time.monotonic() - max(waiting.values()) < LOST_AFTER_S):
                due = 0 if self.done else int((time.monotonic() - start) * self.rate) - self.asked - self.skipped
                for _ in range(min(due, 256)):
                    self.ask(s, waiting)
                select.select([s], [], [], TICK_S)
                self.take(s, waiting)
        self.bad += len(waiting)

    def ask(self, s: socket.socket, waiting: dict[int, float]) -> None:
        number = (self.asked + self.skipped) & 0xffff
        if number in waiting:
            self.skipped += 1
            return
        new = self.asked % 50 == 0
        name = f"n{random.getrandbits(48):x}.python.org" if new else ("www.python.org", "localhost")[self.asked % 2]
        s.send(query(number, name))
        waiting[number] = time.monotonic()
        self.asked += 1

    def take(self, s: socket.socket, waiting: dict[int, float]) -> None:
        while True:
            try:
                reply = s.recv(4096)
            except BlockingIOError:
                return
            number, flags = struct.unpack("!HH", reply[:4])
            if waiting.pop(number, None) is None or flags & 15 not in (0, 3):
                self.bad += 1
            else:
                self.answered += 1


def memory_kib(pid: int) -> int:
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE") // 1024


def reload(control: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(LOST_AFTER_S)
        s.connect(str(control))
        s.sendall(b"reload\n")
        return bool(json.loads(s.recv(65536)).get("changed"))


def settings(folder: Path, n: int) -> None:
    """Another value each time, of every kind that a worker holds on to."""
    new = folder / "new.yaml"
    new.write_text(json.dumps({
        "listen": [f"127.0.0.1@{PORT}"], "drop-privileges": "no", "workers": 2, "control": {"socket": str(folder / "control")},
        "log": {"level": "error"}, "cache": {"size": "1M", "ttl-max": 3600 + n % 2}, "answers": {"minimal": ("yes", "no")[n % 2]},
        "access": ["127.0.0.0/8", f"192.0.2.{n % 200}"], "edns": {"client-size": 1232 + n % 8, "size": 1232 + n % 8},
        "upstream": {"root-hints": ["f.root-servers.net. 192.5.5.241"] if n % 3 else "auto"}}))
    new.rename(folder / "hark.yaml")


def main(seconds: int = 60, reloads: int = 50, rate: int = 5000) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings(folder, 0)
        daemon = subprocess.Popen(["harkd", "-c", str(folder / "hark.yaml")], stdin=subprocess.DEVNULL)
        try:
            return storm(daemon, folder, seconds, reloads, rate)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(20)


def storm(daemon: subprocess.Popen, folder: Path, seconds: int, reloads: int, rate: int) -> int:
    while not (folder / "control").exists():
        time.sleep(0.05)
        if daemon.poll() is not None:
            sys.exit("harkd did not start")
    load = Load(rate)
    load.start()
    samples, done, start = [], 0, time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        if done < now * reloads:
            done += 1
            settings(folder, done)
            if not reload(folder / "control"):
                sys.exit(f"reload {done} changed nothing")
        else:
            time.sleep(0.001)
        if now > len(samples) * seconds / 60:
            samples.append((memory_kib(daemon.pid), len(os.listdir(f"/proc/{daemon.pid}/fd"))))
            if len(samples) % 10 == 0:
                print(f"{now:5.1f} s: {done} reloads, {load.answered} answers, {load.bad} bad, {samples[-1][0]} KiB, "
                      f"{samples[-1][1]} descriptors", flush=True)
    load.done = True
    load.join()
    quarter, end = samples[len(samples) // 4][0], samples[-1][0]
    first_fds = max(fds for _, fds in samples[1:10])
    last_fds = max(fds for _, fds in samples[-9:])
    print(f"{done} reloads in {seconds} s, {load.asked} questions ({load.asked / seconds:.0f}/s), {load.answered} answered, "
          f"{load.bad} bad; memory {quarter} -> {end} KiB, descriptors at most {first_fds} -> {last_fds}")
    return int(load.bad > 0 or end > quarter + 2048 or last_fds > first_fds + 8)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
