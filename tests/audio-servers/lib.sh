# Common to the checks against real sound servers: a private place for the server, the program under test, the verdicts.
# Sourced by check.sh with $server set. Everything that is started here is ended here, by its process id.

root=$(cd "$here/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/audio-server.XXXXXX")
export HOME="$work/home" XDG_RUNTIME_DIR="$work/run"
mkdir -p "$HOME" && mkdir -m 700 "$XDG_RUNTIME_DIR"
[ -n "${CI_SESSION_BUS:-}" ] || unset DBUS_SESSION_BUS_ADDRESS
unset PULSE_SERVER PULSE_RUNTIME_PATH PIPEWIRE_REMOTE DISPLAY WAYLAND_DISPLAY
pids=
failures=0
unjudged=

pass() { echo "ok      $server: $*"; }
fail() { echo "FAILED  $server: $*"; failures=$((failures + 1)); }

# start NAME COMMAND…: in the background, its output in $work/NAME.log, its id in $started.
start() {
    name=$1; shift
    "$@" >>"$work/$name.log" 2>&1 </dev/null &
    started=$!
    pids="$pids $started"
}

# On desktops the sound server has realtime priority by rtkit. Here it gets it, with its recorder, from whoever may give it:
# else a busy machine breaks the server's own clock, and the recording shows that.
boost=
chrt -r 60 true 2>/dev/null && boost="chrt -r 60"

# stop PID [SIGNAL]: and wait until it is gone, 3 s at most.
stop() {
    kill "-${2:-TERM}" "$1" 2>/dev/null
    tries=60
    while [ $tries -gt 0 ] && kill -0 "$1" 2>/dev/null; do
        sleep 0.05
        tries=$((tries - 1))
    done
    kill -KILL "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

finish() {
    for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
    wait 2>/dev/null
    if [ "$failures" -eq 0 ] && [ -z "${KEEP:-}" ]; then
        rm -rf "$work"
    else
        echo "        what was recorded and logged: $work"
    fi
}
trap finish EXIT
trap 'exit 130' INT TERM

# fresh_jack: servers that were killed leave their places in a registry that has eight, and their memory, for ever.
fresh_jack() {
    pgrep -x "jackd|jackdmp|jackdbus" >/dev/null 2>&1 && return
    rm -rf /dev/shm/jack-shm-registry /dev/shm/jack-"$(id -u)"-* /dev/shm/jack_ci[0-9]* \
        /dev/shm/jack_sem."$(id -u)"_ci[0-9]* /dev/shm/jack_sem."$(id -u)"_midi[0-9]*
}

# until_true SECONDS COMMAND…: tries ten times a second.
until_true() {
    tries=$(($1 * 10)); shift
    while [ $tries -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
        tries=$((tries - 1))
    done
    return 1
}

# Plays a sine on host $1 until it is stopped; its events go to $work/player.log.
play() {
    if [ -n "${TONE:-}" ]; then
        start player "$TONE" "$1" 600
    else
        start player "$CHRONUS" "$here/sine.ron" --headless --audio "$1" --osc off --telemetry -
    fi
    player=$started
}

# The player's events of one kind so far: device_lost, device_back (the words of the telemetry, or of the tone example).
told() {
    case $1 in
        lost) grep -cE '"event":"device_lost"|Lost \{' "$work/player.log" ;;
        back) grep -cE '"event":"device_back"|Back \{' "$work/player.log" ;;
    esac
}
told_lost() { [ "$(told lost)" -ge 1 ]; }
told_back() { [ "$(told back)" -ge 1 ]; }

# Milliseconds since some moment.
now_ms() { date +%s%3N; }

# control SECONDS: measures beside the recording how late the machine wakes a thread of our own priority. A server's buffer
# bridges about 20 ms: where the machine was later than that by itself, breaks prove nothing.
control() {
    rm -f "$work/control.log"
    start control ${boost:+chrt -r 40} "$WAVCHECK" wakeups "$1"
    controller=$started
}

# hear NAME SECONDS LEAST: records for so long, three times at most, until it has an unbroken sine of at least LEAST seconds.
# What was wrong with the earlier ones is said: on a busy machine a server loses a buffer now and then by itself.
hear() {
    attempt=1
    worst=0
    while :; do
        file="$work/$(printf '%s' "$1" | tr ' ' '-')-$attempt.wav"
        record "$file" || { fail "$1: nothing to record"; return; }
        control "$2"
        sleep "$2"
        stop "$recorder" INT
        wait "$controller" 2>/dev/null
        late=$(tail -1 "$work/control.log")
        [ "${late:-0}" -le "$worst" ] || worst=$late
        if report=$("$WAVCHECK" sine "$file" 440 "$3" 2>&1); then
            pass "$1: $(printf '%s\n' "$report" | head -1)"
            return
        fi
        printf '        %s, recording %s; the machine woke threads %s ms late:\n' "$1" "$attempt" "${late:-?}"
        printf '%s\n' "$report" | sed 's/^/        /'
        [ $attempt -lt 3 ] || break
        attempt=$((attempt + 1))
    done
    if [ "$worst" -ge 20 ]; then
        unjudged="$1: the machine itself woke a thread $worst ms late"
    else
        fail "$1: three recordings, and none is one unbroken sine"
    fi
}

# The end of a check: 77, skipped, where the machine did not allow a verdict.
verdict() {
    [ "$failures" -eq 0 ] || exit 1
    [ -z "$unjudged" ] || { echo "not judged: $unjudged"; exit 77; }
    exit 0
}
