#!/bin/sh
# midi.sh: over JACK's MIDI a sequencer plays notes into a program that was there before it, is heard, and goes away again; hands play,
# bend, hold, and turn a knob that was learned; a monitor sees the program's clock; and the program follows one. The sound is judged by
# level and pitch: where jackd itself stumbles, MIDI still has to arrive. Ends with 0 well, 1 failed, 77 skipped.
#
#   CHRONUS   the program under test, built with --features jack         KEEP=1    keeps recordings and logs
set -u
server=midi
here=$(cd "$(dirname "$0")" && pwd)
for tool in jackd jack_wait jack_midiseq jack_midi_dump python3 mkfifo; do
    command -v "$tool" >/dev/null 2>&1 || { echo "skipped midi: $tool is not installed"; exit 77; }
done
python3 -c 'import ctypes; ctypes.CDLL("libjack.so.0")' 2>/dev/null || { echo "skipped midi: no libjack.so.0"; exit 77; }
. "$here/lib.sh"
export JACK_NO_AUDIO_RESERVATION=1 JACK_NO_START_SERVER=1 JACK_DEFAULT_SERVER="midi$$"
fresh_jack
# A server that was killed leaves its place in a registry that has few.
trap 'stop "$jack" TERM; rm -rf /dev/shm/jack_"midi$$"* /dev/shm/jack-*-"midi$$"*; finish' EXIT
start server $boost jackd --no-realtime --name "midi$$" -d dummy -r 48000 -p 256
jack=$started
jack_wait -w -t 10 >/dev/null 2>&1 || { fail "jackd does not start"; exit 1; }
mkfifo "$work/lines" "$work/hands"

# play PATCH SOUND CLOCK: the program, line by line; what it is told goes to file descriptor 3.
play() {
    # shellcheck disable=SC2016
    start player $boost sh -c 'fifo=$1; shift; exec "$@" <"$fifo"' - "$work/lines" "$CHRONUS" "$here/$1" --linear \
        --audio "wav:$work/$2" --osc off --state off --midi all --midi-clock "$3" --log "$work/told"
    player=$started
    exec 3>"$work/lines"
}
told() { grep -q "$1" "$work/told"; }
# wants SECONDS WORDS NAME: the program tells so in time.
wants() { if until_true "$1" told "$2"; then pass "$3"; else fail "$3: not told (last: $(tail -1 "$work/told"))"; fi; }
# judge NAME WORDS…: what heard.py finds in a recording.
judge() {
    what=$1; shift
    if report=$(python3 "$here/heard.py" "$@"); then pass "$what: $report"; else fail "$what: $report"; fi
}

play keys.ron heard.wav out
sleep 2
# An A, 0.25 s long, every half second by JACK's clock.
start sequencer $boost jack_midiseq Seq 24000 0 69 12000
sequencer=$started
wants 5 "MIDI from Seq:out" "a port that comes is found"
sleep 5
stop "$sequencer" TERM
wants 5 "MIDI lost: Seq:out" "a port that goes is told of"

# Hands: each message has its time to be heard.
# shellcheck disable=SC2016
start hands $boost sh -c 'exec python3 "$1" Hands <"$2"' - "$here/hands.py" "$work/hands"
exec 4>"$work/hands"
wants 5 "MIDI from Hands:out" "hands are found"
send() { echo "$1" >&4; sleep "$2"; }
send "90 45 64" 0.4 # an A
send "e0 7f 7f" 0.4 # two semitones up
send "e0 00 40" 0.4
send "b0 40 7f" 0.1 # the pedal
send "80 45 00" 0.1
send "e0 00 00" 0.4 # down: heard where the pedal holds it
send "e0 00 40" 0.4
send "b0 40 00" 0.5
echo "learn osc.level" >&3
sleep 0.3
send "b0 15 20" 0.1
wants 5 "Controller 21 turns osc.level" "a controller is learned"
send "90 45 64" 0.5
send "b0 15 7f" 0.5
send "80 45 00" 0.5

# A client that comes makes JACK without realtime stumble: our clock after the notes.
start monitor $boost jack_midi_dump mon
monitor=$started
wants 5 "MIDI clock to mon:input" "a port that listens is found"
# 24 a beat: four beats.
ticks() { [ "$(grep -c -i f8 "$work/monitor.log")" -ge 96 ]; }
if until_true 10 ticks; then pass "four beats of our clock"; else fail "no clock: $(wc -l <"$work/monitor.log") lines"; fi
stop "$monitor" TERM
echo quit >&3
until_true 5 sh -c "! kill -0 $player 2>/dev/null" || fail "quit does not end it"
judge "notes" "$work/heard.wav" beat 0.5 6
judge "gestures" "$work/heard.wav" gestures

# Their clock: a beat of 60 follows one of 100.
: >"$work/told"
play beat.ron followed.wav in
wants 5 "MIDI from Hands:out" "hands are found again"
sleep 0.5
send "clock 100 8" 8
echo quit >&3
until_true 5 sh -c "! kill -0 $player 2>/dev/null" || fail "quit does not end it"
judge "their clock" "$work/followed.wav" beat 0.6 6
verdict
