#!/bin/sh
# check.sh SERVER SECONDS: plays a sine through a real sound server and records what the server heard; then kills the server
# and brings it back. SERVER is one of pulseaudio, pipewire, pipewire-native, jack. Ends with 0 well, 1 failed, 77 skipped.
#
#   CHRONUS   the program under test             WAVCHECK   the judge (cargo build --example wavcheck)
#   TONE      instead of CHRONUS: the tone example           KEEP=1     keeps recordings and logs
set -u
server=$1
seconds=$2
here=$(cd "$(dirname "$0")" && pwd)
under_dbus=
prepare() { :; }
. "$here/$server.sh"

for tool in $needs; do
    command -v "$tool" >/dev/null 2>&1 || { echo "skipped $server: $tool is not installed"; exit 77; }
done
if [ -n "$under_dbus" ] && [ -z "${CI_SESSION_BUS:-}" ]; then
    CI_SESSION_BUS=1 exec dbus-run-session -- "$0" "$@"
fi
. "$here/lib.sh"
prepare

server_up || { fail "the server does not start"; exit 1; }
play "$host"
sleep 2
kill -0 "$player" 2>/dev/null || { fail "the player ended: $(tail -1 "$work/player.log")"; exit 1; }

# 1. What the server hears is one unbroken sine.
hear "$seconds s steady" "$seconds" "$(awk "BEGIN { print $seconds - 1.5 }")"
[ "$(told lost)" -eq 0 ] || fail "it told of a lost device while the server was well"

# 2. The server dies: it is told of, and the program lives.
killed=$(now_ms)
server_kill
if until_true 3 told_lost; then
    pass "told of the loss within $(($(now_ms) - killed)) ms of the kill"
else
    fail "3 s after the server was killed nothing is told"
fi
sleep 1
kill -0 "$player" 2>/dev/null || fail "the player did not survive its server"

# 3. The server is back: so is the sound, within 2 s, and unbroken from then on.
server_up || fail "the server does not start again"
up=$(now_ms)
if until_true 5 told_back; then
    took=$(($(now_ms) - up))
    if [ $took -le 2000 ]; then pass "sounds again after $took ms"; else fail "sounds again only after $took ms"; fi
else
    fail "5 s after the server came back it is not found"
fi
hear "after the restart" 4 2

stop "$player" TERM
verdict
