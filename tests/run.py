#!/usr/bin/python3
"""Runs every test of a checked build and ends with one line: N passed, N failed, N skipped.

    tests/run.py [SUITE...]        all suites without an argument; --list names them

A case is what its runner calls one: a cmocka test function, a scenario, a seed file, a pytest case. Runners speak
TAP or JUnit; one that speaks neither counts as one case by its exit code (77: skipped, as Meson has it). A runner
that dies counts as a failed case beside those that it finished.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD = TOP / os.environ.get("HARK_BUILD", "build-asan")
RESULTS = BUILD / "results"
SKIPPED = 77
LABS = 2
SYSTEM_LIMIT_S = 900  # two minutes where nothing else runs; sanitizers on a busy machine take several times that

ENV = os.environ | {
    "CMOCKA_MESSAGE_OUTPUT": "TAP",
    "HARK_BUILD": str(BUILD),
    "ASAN_OPTIONS": "strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass
class Tally:
    name: str
    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list)  # the reasons
    seconds: float = 0
    output: str = ""

    def line(self) -> str:
        mark = "FAIL" if self.failed else "ok" if self.passed else "skip"
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{mark:4}  {self.name:34} {self.passed:5} passed{failed}{skipped}  {self.seconds:.1f} s"


def run(tally: Tally, command: list[str], limit_s: float, env: dict[str, str], cwd: Path) -> int:
    """The exit code; what it printed goes into the tally."""
    start = time.monotonic()
    try:
        done = subprocess.run(command, env=env, cwd=cwd, timeout=limit_s, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        tally.output, code = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        tally.output, code = (late.stdout or b"").decode(errors="replace") + f"\nno end after {limit_s} s\n", -1
    except OSError as error:
        tally.output, code = f"{command[0]}: {error.strerror}", -1
    tally.seconds = time.monotonic() - start
    return code


TAP = re.compile(r"^\s*(not )?ok\b(?:(?!#).)*(?:# *(skip\S*) *(.*))?", re.IGNORECASE)


def count_tap(tally: Tally, code: int) -> None:
    seen = 0
    for line in tally.output.splitlines():
        if not (m := TAP.match(line)):
            continue
        seen += 1
        if m[2]:  # before "not": cmocka says "not ok 3 # SKIP name"
            tally.skipped.append(f"{tally.name}: {m[3] or 'no reason given'}")
        elif m[1]:
            tally.failed += 1
        else:
            tally.passed += 1
    if seen == 0:
        count_code(tally, code)
    elif code != 0 and tally.failed == 0:
        tally.failed += 1


def count_code(tally: Tally, code: int) -> None:
    if code == SKIPPED:
        tally.skipped.append(f"{tally.name}: {tally.output.strip() or 'no reason given'}")
    elif code == 0:
        tally.passed += 1
    else:
        tally.failed += 1
        tally.output += f"\nended with status {code}\n"


def count_junit(tally: Tally, code: int, file: Path) -> None:
    cases = list(xml.parse(file).getroot().iter("testcase")) if file.exists() else []
    for case in cases:
        skip = case.find("skipped")
        if skip is not None:
            tally.skipped.append(f"{tally.name}: {case.get('name')}: {skip.get('message')}")
        elif case.find("failure") is not None or case.find("error") is not None:
            tally.failed += 1
        else:
            tally.passed += 1
    if code != 0 and tally.failed == 0:
        tally.failed += 1


# ---- suites ----------------------------------------------------------------------------------------------------

def meson_test(test: dict) -> Tally:
    tally = Tally(test["name"])
    env = ENV | test.get("env", {})
    code = run(tally, test["cmd"], test.get("timeout") or 600, env, Path(test.get("workdir") or BUILD))
    count_tap(tally, code)
    return tally


def meson_tests() -> list[Tally]:
    """All tests that the meson.build files declare: unit tests, scenarios, seeds of the fuzz targets."""
    tests = json.loads((BUILD / "meson-info/intro-tests.json").read_text())
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return [report(tally) for tally in pool.map(meson_test, tests)]


def script(name: str, *command: str):
    """A program below tests/ that prints TAP, or tells by its exit code."""
    def suite() -> list[Tally]:
        tally = Tally(name)
        count_tap(tally, run(tally, [str(TOP / command[0]), *command[1:]], 300, ENV, TOP))
        return [report(tally)]
    return suite


def simulator() -> list[Tally]:
    """The same seeds each time, as many as the time allows: two minutes of one core in CI. New ones are hunted by hand
    (./dev nightly), so that nobody's change is refused for what a faster machine finds. Says how many runs it was."""
    tally = Tally("sim")
    program = TOP / "build-sim/tests/sim/sim"
    seconds = 120 if os.environ.get("CI") else 40
    count_tap(tally, run(tally, [str(program), "--seeds", "1..40000", "--jobs", "1", "--for", str(seconds)], 600, ENV, TOP))
    print("\n".join(line for line in tally.output.splitlines() if line.startswith("# ") and " runs" in line))
    return [report(tally)]


def in_lab(folder: str, number: int, claims: str) -> Tally:
    tally = Tally(f"{folder}, laboratory {number}")
    file = RESULTS / f"{folder.replace('/', '-')}-{number}.xml"
    with tempfile.TemporaryDirectory(prefix="hark-test-") as temporary:
        os.chmod(temporary, 0o755)  # some harkd in there is not root
        # pytest shuts the folder that it shares with every other pytest: each has its own.
        env = ENV | {"HARK_CLAIMS": claims, "PYTEST_DEBUG_TEMPROOT": temporary}
        code = run(tally, [str(TOP / "tests/lab/enter"), "/usr/bin/python3", "-B", "-m", "pytest", "-q", "-p",
                           "no:cacheprovider", f"--junitxml={file}", folder], SYSTEM_LIMIT_S, env, TOP)
    count_junit(tally, code, file)
    return tally


def pytest_in_labs(folder: str):
    """In two laboratories, which share the files: much of the time a test waits."""
    def suite() -> list[Tally]:
        with tempfile.TemporaryDirectory(dir=RESULTS) as claims, ThreadPoolExecutor(LABS) as pool:
            return [report(tally) for tally in pool.map(lambda number: in_lab(folder, number, claims), range(1, LABS + 1))]
    return suite


def in_turn(names: tuple[str, ...]) -> list[Tally]:
    return [tally for name in names for tally in SUITES[name]()]


def side_by_side(*turns: tuple[str, ...]) -> list[Tally]:
    with ThreadPoolExecutor(len(turns)) as pool:
        return [tally for tallies in pool.map(in_turn, turns) for tally in tallies]


SUITES = {
    "meson": meson_tests,
    "includes": script("includes", "tests/includes"),
    "sim": simulator,
    "system": pytest_in_labs("tests/system"),
    "abuse": script("abuse", "tests/abuse/run", "--tap"),
    "bench": script("bench", "tests/bench/run", "smoke"),
    "diff": script("diff", "tests/diff/run", "--tap"),
}


def report(tally: Tally) -> Tally:
    print(tally.line(), flush=True)
    if tally.failed:
        print(re.sub("(?m)^", "    ", tally.output.strip()), flush=True)
    return tally


def main(wanted: list[str]) -> int:
    if wanted == ["--list"]:
        print("\n".join(SUITES))
        return 0
    if unknown := set(wanted) - SUITES.keys():
        sys.exit(f"tests/run.py: no such suite: {' '.join(unknown)} (there are: {' '.join(SUITES)})")
    RESULTS.mkdir(parents=True, exist_ok=True)
    for old in RESULTS.glob("*.xml"):
        old.unlink()
    if wanted:
        tallies = in_turn(tuple(wanted))
    else:
        # The system tests wait more than they work: others take the core that they leave.
        tallies = in_turn(("meson", "includes")) + side_by_side(("sim", "abuse"), ("system",)) + in_turn(("bench", "diff"))
    for reason in (reason for tally in tallies for reason in tally.skipped):
        print(f"skipped: {reason}")
    failed = sum(t.failed for t in tallies)
    print(f"{sum(t.passed for t in tallies)} passed, {failed} failed, {sum(len(t.skipped) for t in tallies)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
