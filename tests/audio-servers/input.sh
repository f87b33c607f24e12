#!/bin/sh
# input.sh: a sine comes in from a real input device of PulseAudio, through a patch, and out to a sink; then the server is killed
# and brought back. Ends with 0 well, 1 failed, 77 skipped.
#
#   CHRONUS   the program under test             WAVCHECK   the judge (cargo build --example wavcheck)
set -u
server=input
here=$(cd "$(dirname "$0")" && pwd)
. "$here/pulseaudio.sh"
for tool in $needs; do
    command -v "$tool" >/dev/null 2>&1 || { echo "skipped input: $tool is not installed"; exit 77; }
done
. "$here/lib.sh"

# The input is the monitor of a sink that somebody else plays into.
microphone_up() {
    pactl load-module module-null-sink sink_name=mic rate=48000 channels=2 format=float32le >/dev/null || return 1
    pactl set-default-source mic.monitor
    pactl set-default-sink ci
}

server_up && microphone_up || { fail "the server does not start"; exit 1; }
start singer $boost "$CHRONUS" "$here/sine.ron" --headless --audio pulseaudio:mic --osc off --state off
sleep 1
start player $boost "$CHRONUS" "$here/in.ron" --headless --audio pulseaudio:ci --input pulseaudio:mic --osc off --state off \
    --telemetry -
player=$started
back() { [ "$(grep -c '"sentence":"listening to' "$work/player.log")" -ge "$1" ]; }
if until_true 5 back 1; then pass "the input is opened"; else fail "the input is not opened"; fi
sleep 1
hear "what comes in" 6 4

# The server takes both with it. (A source that is removed alone is no loss: PulseAudio gives another in its place.)
server_kill
gone() { grep -q '"sentence":"no input:' "$work/player.log"; }
if until_true 5 gone; then pass "told that the input is gone"; else fail "nothing tells that the input is gone"; fi
sleep 1
kill -0 "$player" 2>/dev/null || fail "the player did not survive its input"
server_up && microphone_up || fail "the server does not start again"
if until_true 10 back 2; then pass "the input that came back is found"; else fail "the input that came back is not found"; fi
sleep 1
hear "after it came back" 5 2
stop "$player" TERM
verdict
