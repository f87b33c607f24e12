# PulseAudio with one null sink, which has a clock of its own but no card.
needs="pulseaudio pactl parec"
host=pulseaudio

server_up() {
    start server pulseaudio -n --daemonize=no --exit-idle-time=-1 --disallow-exit --use-pid-file=no --log-target=stderr \
        --realtime=no --high-priority=no -L module-native-protocol-unix \
        -L "module-null-sink sink_name=ci rate=48000 channels=2 format=float32le"
    server_pid=$started
    until_true 10 pactl info || return 1
    # The daemon makes its first thread an ordinary one, and every request passes through that.
    [ -z "$boost" ] || chrt -a -r -p 60 "$server_pid"
    pactl set-default-sink ci
}

server_kill() {
    stop "$server_pid" KILL
    # A killed daemon leaves its socket; the next one clears it away, but a client would find a dead end until then.
    rm -rf "$XDG_RUNTIME_DIR/pulse"
}

record() {
    start recorder $boost parec -d ci.monitor --format=float32le --rate=48000 --channels=2 --file-format=wav --latency-msec=50 "$1"
    recorder=$started
}
