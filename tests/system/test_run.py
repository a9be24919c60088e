"""./dev run, both ways: where the root servers answer (this laboratory), and where nothing does (an empty namespace)."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from conftest import PATIENCE_S, TOP, alive

RUN_PATIENCE_S = 180  # it may have to build first


@pytest.fixture(scope="module", autouse=True)
def needs_a_build(lab_harkd):
    if not shutil.which("meson"):
        pytest.skip("./dev run builds hark; there is no meson here")


class Run:
    """./dev run, until it has said how to end it."""

    def __init__(self, *command):
        env = {k: v for k, v in os.environ.items() if k not in ("HARK_BUILD", "LAB_NO_HARKD")}
        self.process = subprocess.Popen(command, env=env, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.said = ""
        end = time.monotonic() + RUN_PATIENCE_S
        while "Ctrl-C ends it" not in self.said:
            line = self.process.stdout.readline()
            assert line and time.monotonic() < end, self.said
            self.said += line

    def interrupt(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)  # as a terminal does
        code = self.process.wait(PATIENCE_S)
        self.said += self.process.stdout.read()
        self.process.stdout.close()
        return code


def test_where_the_roots_answer():
    run = Run("./dev", "run")
    try:
        assert "the root servers answer" in run.said
        assert "--listen 127.0.0.1@5300" in run.said, "port 53 is the laboratory's harkd's"
        assert "151.101.128.223" in run.said
        assert re.search(r"hark www\.python\.org AAAA @127\.0\.0\.1 -p 5300", run.said)
        assert alive(port=5300)
    finally:
        code = run.interrupt()
    assert code == 0, run.said
    assert not alive(port=5300)


def test_another_name():
    run = Run("./dev", "run", "www.signed.se")
    assert run.interrupt() == 0
    assert "192.0.2.80" in run.said


def test_where_nothing_answers():
    run = Run("unshare", "-n", "./dev", "run")
    try:
        assert "no root server answers" in run.said and "laboratory" in run.said
        assert "151.101.128.223" in run.said
        line = re.search(r"^ *(nsenter .* AAAA .*)$", run.said, re.MULTILINE)
        asked = subprocess.run(["sh", "-c", line[1]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert "2a04:4e42:200::223" in asked.stdout, asked.stdout
    finally:
        code = run.interrupt()
    assert code == 0, run.said
