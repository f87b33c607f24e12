"""Whether a recording holds an A (440 Hz) every half second: at least six of them, each where it belongs within 15 ms."""
import struct
import sys

data = open(sys.argv[1], "rb").read()
start = data.index(b"data") + 8
left = [x for x, _ in struct.iter_unpack("<ff", data[start:len(data) - (len(data) - start) % 8])]
begins, sounding = [], False
for at in range(0, len(left) - 240, 240):
    loud = max(abs(x) for x in left[at:at + 240]) > 0.05
    if loud and not sounding:
        begins.append(at / 48000)
    sounding = loud
pitches = []
for begin in begins:
    piece = left[int((begin + 0.05) * 48000):][:7200]
    pitches.append(sum(1 for a, b in zip(piece, piece[1:]) if a < 0 <= b) / 0.15)
apart = [b - a for a, b in zip(begins, begins[1:])]
worst = max((abs(x - 0.5) for x in apart), default=9)
print(f"{len(begins)} notes, {worst * 1000:.0f} ms off the beat at the worst, {min(pitches, default=0):.0f} Hz")
well = len(begins) >= 6 and worst < 0.015 and all(abs(p - 440) < 8 for p in pitches[:-1])
sys.exit(0 if well else 1)
