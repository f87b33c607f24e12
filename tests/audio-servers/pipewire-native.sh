# The same PipeWire, spoken to without its PulseAudio server (cargo feature `pipewire`).
. "$here/pipewire.sh"
host=pipewire
