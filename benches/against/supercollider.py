"""SuperCollider's version of the bench patches: SynthDefs and scores as scsynth reads them offline. Debian: supercollider-server."""
import struct

VOICES, RATE = 64, 48_000


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
        if controls:
            self.ugen("Control", 1, [], outputs=len(controls))

    def ugen(self, kind, rate, inputs, outputs=1, special=0):
        self.ugens.append((kind, rate, [self.input(i) for i in inputs], outputs, special))
        return (len(self.ugens) - 1, 0)

    def times(self, a, b):
        return self.ugen("BinaryOpUGen", 2, [a, b], special=2)

    def sum(self, terms):
        """A tree of Sum4, as sclang makes it of a running sum."""
        while len(terms) > 1:
            quads = [terms[i:i + 4] for i in range(0, len(terms), 4)]
            kinds = {2: "BinaryOpUGen", 3: "Sum3", 4: "Sum4"}
            terms = [q[0] if len(q) == 1 else self.ugen(kinds[len(q)], 2, q) for q in quads]
        return terms[0]

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


def tone(d, freq):
    """Saw, resonant low-pass whose audio-rate damping makes it recompute every sample, envelope, amplifier."""
    segments = [(1.0, 0.01), (0.5, 0.1), (0.0, 0.25)]
    shape = [0.0, float(len(segments)), 2.0, -99.0]  # start, segments, release node, loop node
    for level, seconds in segments:
        shape += [level, seconds, 5.0, -4.0]
    env = d.ugen("EnvGen", 2, [d.control("gate"), 1.0, 0.0, 1.0, 0.0] + shape)
    saw = d.ugen("Saw", 2, [freq])
    cutoff = d.ugen("MulAdd", 2, [env, 4000.0, 200.0])
    low = d.ugen("BLowPass", 2, [saw, cutoff, d.ugen("DC", 2, [0.5])])
    return d.times(low, env)


def p1():
    d = SynthDef("patch", [])
    total = d.sum([d.ugen("SinOsc", 2, [55 + 13.7 * i, 0.0]) for i in range(256)])
    scaled = d.times(total, 1 / 256)
    d.ugen("Out", 2, [0.0, scaled, scaled], outputs=0)
    return d


def p2():
    d = SynthDef("patch", [("freq", 110.0), ("gate", 0.0)])
    scaled = d.times(tone(d, d.control("freq")), 1 / 16)
    d.ugen("Out", 2, [0.0, scaled, scaled], outputs=0)
    return d


def p3():
    d = SynthDef("patch", [("gate", 0.0)])
    sound = d.ugen("UnaryOpUGen", 2, [d.times(tone(d, 110.0), 4.0)], special=36)  # tanh
    back = d.ugen("LocalIn", 2, [0.0, 0.0], outputs=2)[0]
    wait = 0.375 - 64 / RATE  # the loop itself is a block late
    left = d.ugen("MulAdd", 2, [(back, 1), 0.5, sound])
    left = d.ugen("DelayN", 2, [left, 0.375, wait])
    right = d.ugen("DelayN", 2, [d.times((back, 0), 0.5), 0.375, wait])
    d.ugen("LocalOut", 2, [left, right], outputs=0)
    dry = [d.ugen("BinaryOpUGen", 2, [sound, echo]) for echo in (left, right)]
    room = d.ugen("FreeVerb2", 2, dry + [0.3, 0.8, 0.5], outputs=2)[0]
    d.ugen("Out", 2, [0.0] + [d.times((room, side), 0.3) for side in (0, 1)], outputs=0)
    return d


def p4():
    d = SynthDef("patch", [])
    pole = 0.8772  # exp(-2 pi 1000 / 48000)
    chains = [d.ugen("OnePole", 2, [d.times(d.ugen("SinOsc", 2, [55 + 13.7 * i, 0.0]), 1 / 250), pole]) for i in range(250)]
    total = d.sum(chains)
    d.ugen("Out", 2, [0.0, total, total], outputs=0)
    return d


def score(patch, seconds, path):
    define = {"p1": p1, "p2": p2, "p3": p3, "p4": p4}[patch]
    if patch == "p2":
        new = [message("/s_new", "patch", 1000 + i, 1, 1, "freq", 55.0 * 2 ** (i / 16)) for i in range(VOICES)]
    else:
        new = [message("/s_new", "patch", 1000, 1, 1)]
    events = [bundle(0, [message("/d_recv", define().encode())]), bundle(0, [message("/g_new", 1, 1, 0)] + new)]
    if patch in ("p2", "p3"):
        for k in range(seconds * 4):
            events.append(bundle(k * 0.25, [message("/n_set", 1, "gate", 1 - k % 2)]))
    events.append(bundle(seconds, [message("/c_set", 0, 0)]))
    with open(path, "wb") as file:
        file.write(b"".join(events))


def command(patch, seconds, folder, output="/dev/null"):
    path = f"{folder}/{patch}-{seconds}.osc"
    score(patch, seconds, path)
    return ["scsynth", "-N", path, "_", output, str(RATE), "WAV", "int16", "-o", "2", "-i", "0",
            "-z", "64", "-m", "65536", "-a", "1024", "-n", "4096", "-w", "512", "-d", "4096"]
