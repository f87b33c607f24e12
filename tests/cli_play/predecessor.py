#!/usr/bin/env python3
"""A small set, written as the predecessor's users wrote theirs: python-osc, no answer is read, sleeps between the steps.

    chronus --headless --audio wav:heard.wav &
    python3 tests/predecessor/set.py 5005 take.wav

The tests run it as it stands, with python-osc where that is installed, and line by line where it is not.
"""
import sys
import time

from pythonosc.udp_client import SimpleUDPClient

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 5005
TAKE = sys.argv[2] if len(sys.argv) > 2 else "take.wav"
client = SimpleUDPClient("127.0.0.1", PORT)


def send(address, *args):
    client.send_message(address, list(args))


send("/record/start", TAKE)

# A voice, as CP3 patched it: sine > envelope > filter. Values are sent before the commit, and must not be lost.
send("/patch/create", "osc1", "simple_sine")
send("/patch/create", "env1", "adsr")
send("/patch/create", "filt1", "biquad_filter")
send("/patch/connect", "osc1", "env1")
send("/patch/connect", "env1", "filt1")
send("/mod/osc1/freq", 440.0)
send("/mod/osc1/gain", 0.2)
send("/mod/filt1/cutoff", 2000.0)
send("/gate/env1", 1)
send("/patch/commit")
time.sleep(1.0)

# Knobs by the names that controllers used, and a gate that closes.
send("/mod/osc1/frequency", 660.0)
time.sleep(0.5)
send("/gate/env1", 0)
time.sleep(0.7)

# The sequencer: eighths at 120 BPM, a lane of pitches beside the gates.
send("/mod/env1/release", 30.0)
send("/seq/create", "bass")
send("/seq/config", "bass", 120.0, 8, 2)
send("/seq/pattern", "bass", "X.x.X.x.")
send("/seq/param_lane", "bass", "notes", 220.0, 0.0, 330.0, 0.0, 220.0, 0.0, 330.0, 0.0)
send("/seq/assign", "bass", "gate", "env1")
send("/seq/assign", "bass", "param", "osc1", "notes", "freq")
send("/seq/gate_len", "bass", 0.5)
send("/seq/start", "bass")
time.sleep(1.9)
send("/seq/stop", "bass")
time.sleep(0.3)
send("/seq/bpm", "bass", 240.0)
send("/seq/reset", "bass")
send("/seq/start", "bass")
time.sleep(0.95)
send("/seq/stop", "bass")
time.sleep(0.3)

# A patch that is thought better of, then another one in its place.
send("/patch/create", "osc9", "simple_sine")
send("/patch/abort")
send("/patch/create", "osc2", "simple_sine")
send("/mod/osc2/freq", 880.0)
send("/mod/osc2/gain", 0.2)
send("/patch/commit")
time.sleep(1.0)

send("/record/status")
send("/record/stop")
time.sleep(0.5)
