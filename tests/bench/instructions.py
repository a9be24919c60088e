"""What an answer from the cache takes in instructions of harkd's own, as ./dev test counts them (tests/cost). No time is measured."""

import re
import subprocess
from pathlib import Path

from measure import Bench, Failures, Rows
from report import Column

TOP = Path(__file__).resolve().parent.parent.parent
PROGRAM = TOP / "build-asan/tests/cost/hits"  # it stands beside the checked build, without sanitizers
KINDS = {"plain": "plain", "edns": "EDNS", "do": "DO", "cookie": "cookie", "addresses": "four addresses"}
KINDS |= {f"{kind} batch": f"{title}, in a batch" for kind, title in KINDS.items()}
INSTRUCTIONS = [Column(key, title, "{:.0f}") for key, title in KINDS.items()]


def instructions(bench: Bench) -> dict[str, Rows]:
    if not PROGRAM.exists():
        print("bench: instructions are counted once ./dev test has built tests/cost")
        return {}
    done = subprocess.run([TOP / "tests/cost/run", PROGRAM], stdout=subprocess.PIPE, text=True)
    found = {kind: [float(count)] for kind, count in re.findall(r"- ([\w ]+): (\d+) instructions a hit", done.stdout)}
    if "SKIP" not in done.stdout and (done.returncode or not found):
        raise Failures(f"tests/cost/run says:\n{done.stdout}")
    return {"hit: instructions in user space, by the kind of question": {"hark": found}} if found else {}


COLUMNS = {"instructions": INSTRUCTIONS}
MEASURES = {"instructions": instructions}
