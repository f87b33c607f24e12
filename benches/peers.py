#!/usr/bin/env python3
"""The bench patches against SuperCollider, Csound, FAUST and fundsp: CPU time and ratios in one run.

    benches/peers.py [ROUNDS] [PATCH…] [--chronus PROGRAM]

Peers that are not installed are left out, and said so (Debian: supercollider-server csound faust g++). Every program renders 30 s and
1 s offline in turn; what counts is the user CPU time of the 29 s between, so that start-up does not, and each round's ratio to
SuperCollider, so that a machine whose speed drifts does not either.
"""
import importlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

LONG, SHORT, RATE = 30, 1, 48_000
ITEMS = {"p1": (256, "sine"), "p2": (64, "voice"), "p3": (1, "chain"), "p4": (1000, "module")}
PEERS = {"SuperCollider": ("supercollider", ["scsynth"]), "Csound": ("csound", ["csound"]),
         "FAUST": ("faust", ["faust", "g++"]), "fundsp": ("fundsp", ["cargo"])}


def user_seconds(command):
    with open(os.devnull, "r+b") as null:
        process = subprocess.Popen(command, stdin=null, stdout=null, stderr=null)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    if status:
        sys.exit(f"{' '.join(command)} failed with status {status}")
    return usage.ru_utime


def main():
    words = sys.argv[1:]
    chronus = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../target/release/chronus")
    if "--chronus" in words:
        at = words.index("--chronus")
        chronus = words[at + 1]
        del words[at:at + 2]
    rounds = int(words.pop(0)) if words and words[0].isdigit() else 5
    folder = tempfile.mkdtemp()
    programs = {"Chronus": lambda patch, seconds, _: [chronus, "bench", patch, "--seconds", str(seconds)]}
    for name, (module, needs) in PEERS.items():
        if all(shutil.which(n) for n in needs):
            programs[name] = importlib.import_module(f"against.{module}").command
        else:
            print(f"left out: {name} (not installed: {', '.join(n for n in needs if not shutil.which(n))})")
    print("| patch | program | ns per item and frame | ratio to SuperCollider |\n|---|---|---|---|")
    for patch in words or ITEMS:
        items, item = ITEMS[patch]
        commands = {n: [make(patch, s, folder) for s in (LONG, SHORT)] for n, make in programs.items()}
        times = {n: [] for n in commands}
        for _ in range(rounds):
            for name, (long, short) in commands.items():
                cpu = user_seconds(long) - user_seconds(short)
                times[name].append(cpu * 1e9 / ((LONG - SHORT) * RATE * items))
        for name, values in times.items():
            ratio = "–"
            if "SuperCollider" in times and name != "SuperCollider":
                ratios = [v / s for v, s in zip(values, times["SuperCollider"])]
                ratio = f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
            print(f"| {patch} ({items} × {item}) | {name} | {statistics.median(values):.3f} | {ratio} |", flush=True)
    shutil.rmtree(folder)


main()
