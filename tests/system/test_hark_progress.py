"""What a person at a terminal sees of hark while it waits, and when Ctrl-C is pressed."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from pathlib import Path

import pytest
from conftest import PATIENCE_S

pytestmark = pytest.mark.usefixtures("lab_harkd")

SILENT = ["mail.python.org", "A", "@198.51.100.1", "+tries=1"]
SHOWN = re.compile(rb"\rhark: (\d+) s, waiting for [^\r]*\x1b\[K")
GONE = b"\r\x1b[K"


class Terminal:
    """hark in the foreground of a terminal; answers: a file that they go to instead."""

    def __init__(self, *arguments: str, answers: Path | None = None, env=None, columns=80):
        self.said = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if answers:
                os.dup2(os.open(answers, os.O_WRONLY | os.O_CREAT, 0o600), 1)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            os.execvpe("hark", ["hark", *arguments], os.environ | {"TERM": "xterm"} | (env or {}))

    def read_until(self, pattern: re.Pattern) -> re.Match:
        end = time.monotonic() + PATIENCE_S
        while not (found := pattern.search(self.said)):
            ready, _, _ = select.select([self.fd], [], [], end - time.monotonic())
            assert ready, self.said
            self.said += os.read(self.fd, 4096)
        return found

    def finish(self) -> int:
        """What waitpid says; said is whole then."""
        try:
            while data := os.read(self.fd, 4096):
                self.said += data
        except OSError:
            pass  # the terminal's other end is closed
        os.close(self.fd)
        return os.waitpid(self.pid, 0)[1]


def test_who_waits_sees_for_whom_and_an_answer_wipes_it(tmp_path):
    names, answers = tmp_path / "names", tmp_path / "answers"
    names.write_text(f"localhost\n{' '.join(SILENT)} +time=2\n")
    hark, interrupted = Terminal(*SILENT, "+time=2"), Terminal(*SILENT, "+time=9")
    dumb = Terminal(*SILENT, "+time=2", env={"TERM": "dumb"})
    batch = Terminal("-f", str(names), "--short", answers=answers)

    assert interrupted.read_until(SHOWN)[1] == b"1"
    os.write(interrupted.fd, b"\x03")
    status = interrupted.finish()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT  # shells make 130 of it
    assert interrupted.said.endswith(GONE)

    assert hark.read_until(SHOWN)[1] == b"1"
    assert os.waitstatus_to_exitcode(hark.finish()) == 5
    assert GONE + b"hark: " in hark.said and hark.said.endswith(b"\r\n")
    assert os.waitstatus_to_exitcode(dumb.finish()) == 5
    assert dumb.said.startswith(b"hark: 198.51.100.1@53 did not reply") and b"\x1b" not in dumb.said and dumb.said.count(b"\r") == 1

    batch.read_until(re.compile(rb"\rhark: \d+ s, line 2, waiting for [^\r]*\x1b\[K"))
    assert os.waitstatus_to_exitcode(batch.finish()) == 5
    assert answers.read_text().splitlines() == ["::1", "127.0.0.1"]
