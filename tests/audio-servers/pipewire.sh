# PipeWire with a null sink and its PulseAudio server: what a desktop has, without a card, a session or a login.
needs="pipewire pipewire-pulse wireplumber pw-cli pw-record pactl dbus-run-session"
host=pulseaudio
under_dbus=yes

prepare() {
    mkdir -p "$HOME/.config/pipewire/pipewire.conf.d" "$HOME/.config/wireplumber/bluetooth.lua.d" "$HOME/.config/pulse"
    # Without logind wireplumber 0.4 gives up unless Bluetooth does without it.
    echo 'bluez_monitor.properties["with-logind"] = false' >"$HOME/.config/wireplumber/bluetooth.lua.d/80-no-logind.lua"
    head -c 256 /dev/urandom >"$HOME/.config/pulse/cookie"
    cat >"$HOME/.config/pipewire/pipewire.conf.d/ci.conf" <<'CONF'
context.objects = [
    { factory = adapter
      args = { factory.name = support.null-audio-sink, node.name = "ci", node.description = "CI sink",
               media.class = "Audio/Sink", object.linger = true, audio.position = "FL,FR", audio.rate = 48000,
               monitor.channel-volumes = true } }
]
CONF
}

# The session manager needs a moment to make it the default.
sink_is_there() { LC_ALL=C pactl info | grep -qx 'Default Sink: ci'; }

server_up() {
    start pipewire $boost pipewire
    server_pid=$started
    until_true 10 pw-cli info 0 || return 1
    start wireplumber wireplumber
    session_pid=$started
    start pipewire-pulse $boost pipewire-pulse
    pulse_pid=$started
    until_true 10 sink_is_there
}

server_kill() {
    # All three, as a crash of the graph or a restart of the service takes them down together.
    stop "$server_pid" KILL
    stop "$pulse_pid" KILL
    stop "$session_pid" KILL
}

record() {
    start recorder $boost pw-record --target ci -P '{ stream.capture.sink=true }' --rate 48000 --channels 2 --format f32 "$1"
    recorder=$started
}
