"""Hands on a MIDI keyboard, for JACK: the client `hands.py NAME` with one output, `out`. Every line of its input is sent as it comes,
a message in hexadecimal: `90 45 64`. `clock BPM SECONDS` sends a start, then 24 ticks a beat, counted in JACK's frames."""
import ctypes
import queue
import sys

jack = ctypes.CDLL("libjack.so.0")
pointer, frames = ctypes.c_void_p, ctypes.c_uint32
jack.jack_client_open.restype = pointer
jack.jack_port_register.restype = pointer
jack.jack_port_register.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong]
jack.jack_port_get_buffer.restype = pointer
jack.jack_port_get_buffer.argtypes = [pointer, frames]
jack.jack_midi_clear_buffer.argtypes = [pointer]
jack.jack_midi_event_write.argtypes = [pointer, frames, ctypes.c_char_p, ctypes.c_size_t]
jack.jack_get_sample_rate.argtypes = [pointer]
NO_START_SERVER, IS_OUTPUT = 1, 2

client = jack.jack_client_open(sys.argv[1].encode(), NO_START_SERVER, None)
if not client:
    sys.exit("no JACK server")
port = jack.jack_port_register(client, b"out", b"8 bit raw midi", IS_OUTPUT, 0)
rate = jack.jack_get_sample_rate(client)
waiting = queue.SimpleQueue()
clock = {"left": 0, "every": 0.0, "next": 0.0}


@ctypes.CFUNCTYPE(ctypes.c_int, frames, pointer)
def process(length, _):
    buffer = jack.jack_port_get_buffer(port, length)
    jack.jack_midi_clear_buffer(buffer)
    while True:
        try:
            message = waiting.get_nowait()
        except queue.Empty:
            break
        if isinstance(message, tuple):
            clock.update(left=message[1], every=message[0], next=0.0)
            message = b"\xfa"
        jack.jack_midi_event_write(buffer, 0, message, len(message))
    while clock["left"] and clock["next"] < length:
        jack.jack_midi_event_write(buffer, int(clock["next"]), b"\xf8", 1)
        clock["next"] += clock["every"]
        clock["left"] -= 1
    clock["next"] -= length
    return 0


jack.jack_set_process_callback.argtypes = [pointer, type(process), pointer]
jack.jack_set_process_callback(client, process, None)
jack.jack_activate.argtypes = [pointer]
if jack.jack_activate(client):
    sys.exit("the client can't be activated")
for line in sys.stdin:
    words = line.split()
    if words[:1] == ["clock"]:
        tick = 60.0 / float(words[1]) / 24.0
        waiting.put((tick * rate, int(float(words[2]) / tick)))
    elif words:
        waiting.put(bytes(int(word, 16) for word in words))
