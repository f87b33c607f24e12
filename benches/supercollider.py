#!/usr/bin/env python3
"""P2 against SuperCollider: 64 voices of saw, resonant low-pass with its cutoff moved every sample, envelope, amplifier.

    benches/supercollider.py [ROUNDS] [CHRONUS-BINARY]

Needs scsynth (Debian: supercollider-server). Both programs render 60 s and 1 s offline in turn; what is compared is the user CPU time
of the 59 s between, so that start-up does not count, and the ratio of each round, so that a machine whose speed drifts does not either.
"""
import os
import statistics
import struct
import subprocess
import sys
import tempfile

VOICES, LONG, SHORT, RATE = 64, 60, 1, 48_000


# --- OSC and SynthDef bytes -------------------------------------------------------------------------------------------

def text(s):
    raw = s.encode()
    return raw + b"\0" * (4 - len(raw) % 4)


def message(address, *args):
    tags, body = ",", b""
    for a in args:
        if isinstance(a, bytes):
            tags, body = tags + "b", body + struct.pack(">i", len(a)) + a + b"\0" * (-len(a) % 4)
        elif isinstance(a, int):
            tags, body = tags + "i", body + struct.pack(">i", a)
        elif isinstance(a, float):
            tags, body = tags + "f", body + struct.pack(">f", a)
        else:
            tags, body = tags + "s", body + text(a)
    return text(address) + text(tags) + body


def bundle(seconds, messages):
    body = b"#bundle\0" + struct.pack(">II", int(seconds), int(seconds % 1 * 2**32))
    for m in messages:
        body += struct.pack(">i", len(m)) + m
    return struct.pack(">i", len(body)) + body


class SynthDef:
    """Version 2 of the format, as scsynth's "Synth Definition File Format" page lays it out. Rates: 0 scalar, 1 control, 2 audio."""

    def __init__(self, name, controls):
        self.name, self.controls = name, controls
        self.constants, self.ugens = [], []
        self.ugen("Control", 1, [], outputs=len(controls))

    def ugen(self, kind, rate, inputs, outputs=1, special=0):
        self.ugens.append((kind, rate, [self.input(i) for i in inputs], outputs, special))
        return (len(self.ugens) - 1, 0)

    def input(self, value):
        if isinstance(value, tuple):
            return value
        if value not in self.constants:
            self.constants.append(value)
        return (-1, self.constants.index(value))

    def control(self, name):
        return (0, [n for n, _ in self.controls].index(name))

    def encode(self):
        pstring = lambda s: bytes([len(s)]) + s.encode()
        out = b"SCgf" + struct.pack(">ih", 2, 1) + pstring(self.name)
        out += struct.pack(">i", len(self.constants)) + b"".join(struct.pack(">f", c) for c in self.constants)
        out += struct.pack(">i", len(self.controls)) + b"".join(struct.pack(">f", v) for _, v in self.controls)
        out += struct.pack(">i", len(self.controls))
        out += b"".join(pstring(n) + struct.pack(">i", i) for i, (n, _) in enumerate(self.controls))
        out += struct.pack(">i", len(self.ugens))
        for kind, rate, inputs, outputs, special in self.ugens:
            out += pstring(kind) + struct.pack(">biih", rate, len(inputs), outputs, special)
            out += b"".join(struct.pack(">ii", *i) for i in inputs) + bytes([rate]) * outputs
        return out + struct.pack(">h", 0)


def voice():
    d = SynthDef("voice", [("freq", 110.0), ("gate", 0.0)])
    segments = [(1.0, 0.01), (0.5, 0.1), (0.0, 0.25)]
    shape = [0.0, float(len(segments)), 2.0, -99.0]  # start, segments, release node, loop node
    for level, seconds in segments:
        shape += [level, seconds, 5.0, -4.0]
    env = d.ugen("EnvGen", 2, [d.control("gate"), 1.0, 0.0, 1.0, 0.0] + shape)
    saw = d.ugen("Saw", 2, [d.control("freq")])
    cutoff = d.ugen("MulAdd", 2, [env, 4000.0, 200.0])
    damping = d.ugen("DC", 2, [0.5])
    low = d.ugen("BLowPass", 2, [saw, cutoff, damping])  # an audio-rate damping makes it recompute every sample
    sound = d.ugen("BinaryOpUGen", 2, [low, env], special=2)
    scaled = d.ugen("BinaryOpUGen", 2, [sound, 16.0], special=4)
    d.ugen("Out", 2, [0.0, scaled, scaled], outputs=0)
    return d.encode()


def score(seconds, path):
    new = [message("/s_new", "voice", 1000 + i, 1, 1, "freq", 55.0 * 2 ** (i / 16)) for i in range(VOICES)]
    events = [bundle(0, [message("/d_recv", voice())]), bundle(0, [message("/g_new", 1, 1, 0)] + new)]
    for k in range(seconds * 4):
        events.append(bundle(k * 0.25, [message("/n_set", 1, "gate", 1 - k % 2)]))
    events.append(bundle(seconds, [message("/c_set", 0, 0)]))
    with open(path, "wb") as file:
        file.write(b"".join(events))


# --- Measuring --------------------------------------------------------------------------------------------------------

def user_seconds(command):
    with open(os.devnull, "r+b") as null:
        process = subprocess.Popen(command, stdin=null, stdout=null, stderr=null)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    if status:
        sys.exit(f"{command[0]} failed with status {status}")
    return usage.ru_utime


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    chronus = sys.argv[2] if len(sys.argv) > 2 else os.path.join(here, "target/release/chronus")
    folder = tempfile.mkdtemp()
    for seconds in (LONG, SHORT):
        score(seconds, f"{folder}/{seconds}.osc")
    scsynth = lambda s: ["scsynth", "-N", f"{folder}/{s}.osc", "_", "/dev/null", str(RATE), "WAV", "int16", "-o", "2", "-i", "0",
                         "-z", "64", "-m", "65536", "-a", "1024", "-n", "4096", "-w", "512", "-d", "4096"]
    ours = lambda s: [chronus, "bench", "p2", "--seconds", str(s)]
    per = {"SuperCollider": [], "Chronus": []}
    for _ in range(rounds):
        for name, command in (("SuperCollider", scsynth), ("Chronus", ours)):
            cpu = user_seconds(command(LONG)) - user_seconds(command(SHORT))
            per[name].append(cpu * 1e9 / ((LONG - SHORT) * RATE * VOICES))
    for name, values in per.items():
        print(f"{name:14} {statistics.median(values):7.2f} ns per voice and frame ({min(values):.2f} to {max(values):.2f})")
    ratios = [c / s for c, s in zip(per["Chronus"], per["SuperCollider"])]
    print(f"{'ratio':14} {statistics.median(ratios):7.3f} ({min(ratios):.3f} to {max(ratios):.3f}), {rounds} rounds")


main()
