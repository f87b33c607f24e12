#!/usr/bin/env python3
"""Instructions an item and frame of the bench patches, by callgrind: the same on every machine, whatever else runs. Fails above the gate.

    benches/instructions.py [CHRONUS-PROGRAM]

Needs valgrind; without it the check is skipped with status 77. AVX2, because valgrind can't run wider vectors.
"""
import os
import re
import shutil
import subprocess
import sys

# Items and the gate: a few hundredths above what was reached when it was set.
GATES = {"p1": (256, 3.25), "p2": (64, 15.8), "p3": (1, 326.0), "p4": (1000, 1.465)}
# Whole beats, so that the gates of P2 open as often in the difference as in the long run.
SHORT, LONG, RATE = 0.5, 1.0, 48_000


def instructions(chronus, patch, seconds):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               chronus, "bench", patch, "--seconds", str(seconds), "--isa", "avx2"]
    run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    counts = re.findall(r"Collected : (\d+)", run.stderr)
    if run.returncode or not counts:
        print(run.stderr, file=sys.stderr)
        sys.exit(f"{' '.join(command)} failed with status {run.returncode}")
    return int(counts[-1])


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    chronus = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../target/release/chronus")
    if not shutil.which("valgrind"):
        print("skipped: instruction gates need valgrind (apt-get install valgrind)")
        sys.exit(77)
    over = []
    for patch, (items, gate) in GATES.items():
        count = instructions(chronus, patch, LONG) - instructions(chronus, patch, SHORT)
        each = count / ((LONG - SHORT) * RATE * items)
        print(f"{patch}: {each:8.2f} instructions an item and frame, gate {gate}")
        if each > gate:
            over.append(patch)
    if over:
        sys.exit(f"above the gate: {', '.join(over)}")


main()
