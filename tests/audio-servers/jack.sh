# JACK with its dummy driver (cargo feature `jack`).
needs="jackd jack_wait jack_lsp jack_rec"
host=jack

prepare() {
    fresh_jack
    export JACK_NO_AUDIO_RESERVATION=1 JACK_NO_START_SERVER=1 JACK_DEFAULT_SERVER="ci$$"
}

server_up() {
    start server $boost jackd --no-realtime --name "ci$$" -d dummy -r 48000 -p 256 -C 2 -P 2
    server_pid=$started
    jack_wait -w -t 10 >/dev/null 2>&1
}

server_kill() {
    stop "$server_pid" KILL
    rm -rf /dev/shm/jack_"ci$$"* /dev/shm/jack-*-"ci$$"* 2>/dev/null
}

player_ports() { jack_lsp 2>/dev/null | grep -v '^system:' | grep -iE 'out'; }

record() {
    until_true 5 sh -c "jack_lsp 2>/dev/null | grep -v '^system:' | grep -qi out" || return 1
    # It records until it is told to stop, or for an hour.
    start recorder $boost jack_rec -f "$1" -d 3600 -b 32 $(player_ports | head -2)
    recorder=$started
}
