#!/bin/sh
# midi.sh: a sequencer plays notes over JACK's MIDI into a program that was there before it, is heard, and goes away again; the
# program's own clock is seen by a MIDI monitor. Ends with 0 well, 1 failed, 77 skipped.
#
#   CHRONUS   the program under test, built with --features jack
set -u
server=midi
here=$(cd "$(dirname "$0")" && pwd)
for tool in jackd jack_wait jack_lsp jack_connect jack_midiseq jack_midi_dump python3; do
    command -v "$tool" >/dev/null 2>&1 || { echo "skipped midi: $tool is not installed"; exit 77; }
done
. "$here/lib.sh"
export JACK_NO_AUDIO_RESERVATION=1 JACK_NO_START_SERVER=1 JACK_DEFAULT_SERVER="midi$$"
# A server that was killed leaves its place in a registry that has few.
trap 'stop "$jack" TERM; rm -rf /dev/shm/jack_"midi$$"* /dev/shm/jack-*-"midi$$"*; finish' EXIT
start server $boost jackd --no-realtime --name "midi$$" -d dummy -r 48000 -p 256
jack=$started
jack_wait -w -t 10 >/dev/null 2>&1 || { fail "jackd does not start"; exit 1; }

start player $boost "$CHRONUS" "$here/keys.ron" --headless --audio "wav:$work/heard.wav" --osc off --state off \
    --midi all --midi-clock out --log "$work/told"
player=$started
sleep 2
# An A, 0.25 s long, every half second by JACK's clock.
start sequencer $boost jack_midiseq Seq 24000 0 69 12000
sequencer=$started
told() { grep -q "$1" "$work/told"; }
if until_true 5 told "MIDI from Seq:out"; then pass "a port that comes is found"; else fail "the port is not found"; fi
sleep 5
stop "$sequencer" TERM
if until_true 5 told "MIDI lost: Seq:out"; then
    pass "a port that goes is told of"
else
    fail "nothing tells that the port is gone: $(tail -1 "$work/told")"
fi
# A client that comes makes JACK without realtime stumble: our clock after the notes.
start monitor $boost jack_midi_dump mon
if until_true 5 told "MIDI clock to mon:input"; then pass "a port that listens is found"; else fail "it is not found"; fi
# 24 a beat: four beats.
ticks() { [ "$(grep -c -i f8 "$work/monitor.log")" -ge 96 ]; }
if until_true 10 ticks; then pass "four beats of our clock"; else fail "no clock: $(wc -l <"$work/monitor.log") lines"; fi
stop "$player" TERM
report=$(python3 "$here/notes.py" "$work/heard.wav") && even=yes || even=no
# The dummy driver's clock waits where the machine makes it late: then the beat itself was uneven.
stumbled=$(grep -c XRun "$work/server.log")
case "$even,$stumbled" in
    yes,*) pass "$report" ;;
    no,0) fail "$report" ;;
    *) unjudged="$report; jackd was late $stumbled times itself" ;;
esac
verdict
