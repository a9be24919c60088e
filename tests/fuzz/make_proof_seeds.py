#!/usr/bin/python3 -IB
"""Seeds of fuzz_proofs: zones of each kind of chain, whole and in part, and records of no zone."""

import random
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "seeds/proofs"
KINDS = {"nsec": 0, "nsec3": 2, "opt-out": 6, "salted": 10, "root": 32, "root-nsec3": 34}


def main() -> None:
    dice = random.Random(5155)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind, mode in KINDS.items():
        for i in range(4):
            (FOLDER / f"{kind}-{i}").write_bytes(bytes([mode | (16 if i < 2 else 0)]) + dice.randbytes(90))
    for i in range(8):
        (FOLDER / f"records-{i}").write_bytes(bytes([1, 11]) + dice.randbytes(150))


if __name__ == "__main__":
    main()
