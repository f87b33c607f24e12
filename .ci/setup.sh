# What `run` and `test` have in common: finds what a build needs, installs only what is missing, or says exactly what to do.
# Sourced with $root set to the project's folder. POSIX sh; asks nothing; touches neither apt nor the network where all is there.

scratch=
say() { printf '%s\n' "$*" >&2; }

die() {
    without_scratch
    say "$@"
    exit 3
}

# --- How to become root, and how to install --------------------------------------------------------------------------

# Prints what to put before a command that only root may run; fails where there is no way without a question.
root_prefix() {
    if [ "$(id -u)" = 0 ]; then
        :
    elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ]; }; }; then
        echo sudo
    else
        return 1
    fi
}

# Fresh lists, or a failure: without the option apt-get passes off being offline as success.
apt_update() {
    [ -z "${apt_updated:-}" ] || return 0
    # shellcheck disable=SC2086
    $prefix apt-get update -qq -o APT::Update::Error-Mode=any </dev/null >&2 && apt_updated=yes
}

apt_has() {
    candidate=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
    [ -n "$candidate" ] && [ "$candidate" != "(none)" ]
}

# Never removes anything, and waits for another apt to finish.
apt_install() {
    # shellcheck disable=SC2086
    $prefix env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends --no-remove \
        -o DPkg::Lock::Timeout=120 "$@" </dev/null >&2
}

# Since the 64-bit time_t change the ALSA library has another name.
alsa_package() {
    if apt_has libasound2t64; then echo libasound2t64; else echo libasound2; fi
}

# --- What is there ----------------------------------------------------------------------------------------------------

with_scratch() {
    [ -n "$scratch" ] || scratch=$(mktemp -d "${TMPDIR:-/tmp}/chronus-setup.XXXXXX") || die "no temporary folder can be made"
}
without_scratch() { [ -z "$scratch" ] || rm -rf "$scratch"; scratch=; }

# Really links: a compiler alone does not prove that the C library's headers and start files are there.
links() {
    with_scratch
    printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' >"$scratch/try.c"
    cc -o "$scratch/try" "$scratch/try.c" "$@" >/dev/null 2>&1
}

find_cargo() {
    command -v cargo >/dev/null 2>&1 && return 0
    bin="${CARGO_HOME:-${HOME:-/nonexistent}/.cargo}/bin"
    [ -x "$bin/cargo" ] || return 1
    PATH="$bin:$PATH"
    export PATH
}

# "1.95.0" of a cargo that really starts: rustup's does not without a toolchain.
cargo_version() { cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9][0-9.]*\).*/\1/p'; }

# at_least 1.95.0 1.88
at_least() {
    have_major=${1%%.*}; have_minor=${1#*.}; have_minor=${have_minor%%.*}
    want_major=${2%%.*}; want_minor=${2#*.}; want_minor=${want_minor%%.*}
    [ "$have_major" -gt "$want_major" ] || { [ "$have_major" -eq "$want_major" ] && [ "$have_minor" -ge "$want_minor" ]; }
}

wanted_rust() { sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' "$root/Cargo.toml"; }

cargo_is_good() {
    find_cargo || return 1
    version=$(cargo_version)
    [ -n "$version" ] && at_least "$version" "$(wanted_rust)"
}

# The link override of .cargo/config.toml names the triples that need no ALSA headers.
override_covers_us() {
    case $(uname -s) in Linux) ;; *) return 0 ;; esac
    triple=$(rustc -vV 2>/dev/null | sed -n 's/^host: //p')
    grep -q "target.$triple.alsa" "$root/.cargo/config.toml"
}

# --- What to do about it ----------------------------------------------------------------------------------------------

elsewhere() {
    say "chronus needs $1. Install:"
    say "  Fedora      sudo dnf install gcc glibc-devel alsa-lib"
    say "  Arch        sudo pacman -S --needed gcc alsa-lib"
    say "  openSUSE    sudo zypper install gcc glibc-devel libasound2"
    say "  Alpine      sudo apk add gcc musl-dev alsa-lib-dev pkgconf"
    say "  Debian      sudo apt-get install gcc libc6-dev libasound2     (libasound2t64 since Debian 13 and Ubuntu 24.04)"
    say "then run this again."
    without_scratch
    exit 3
}

need_linker() {
    [ "$(uname -s)" = Linux ] || {
        links || die "chronus needs a C linker: xcode-select --install"
        return 0
    }
    links -l:libasound.so.2 && return 0
    what="a C linker and the ALSA library"
    command -v apt-get >/dev/null 2>&1 || elsewhere "$what"
    packages=
    links || packages="gcc libc6-dev"
    prefix=$(root_prefix) || die "chronus needs $what. Install them, then run this again:
  sudo apt-get update && sudo apt-get install --no-install-recommends gcc libc6-dev $(alsa_package)"
    say "Installing $what (once)…"
    apt_update || die "The package lists can't be fetched. Are you online? When you are, run this again."
    links -l:libasound.so.2 || packages="$packages $(alsa_package)"
    # shellcheck disable=SC2086
    apt_install $packages || die "apt-get could not install: $packages"
    links -l:libasound.so.2 || die "Installed $packages, but \`cc -l:libasound.so.2\` still fails."
}

need_cargo() {
    cargo_is_good && return 0
    wanted=$(wanted_rust)
    by_hand="chronus needs Rust $wanted or newer${version:+ (cargo here is $version)}.
  With rustup:     rustup default stable
  Without it:      your distribution's package \`rustup\`, or https://rustup.rs
then run this again."
    if ! command -v rustup >/dev/null 2>&1; then
        command -v apt-get >/dev/null 2>&1 || die "$by_hand"
        prefix=$(root_prefix) || die "$by_hand"
        apt_update || die "The package lists can't be fetched. Are you online?
$by_hand"
        apt_has rustup || die "This distribution has no package \`rustup\`.
$by_hand"
        say "Installing rustup (once)…"
        apt_install rustup || die "$by_hand"
    fi
    say "Fetching the stable Rust toolchain (once)…"
    if ! rustup default stable </dev/null >&2; then
        say "The toolchain can't be fetched. Are you online?"
        die "$by_hand"
    fi
    # A toolchain that was there before may be old.
    cargo_is_good || rustup update stable </dev/null >&2
    cargo_is_good || die "$by_hand"
}

need_headers_elsewhere() {
    override_covers_us && return 0
    command -v pkg-config >/dev/null 2>&1 && pkg-config --exists alsa && return 0
    die "On this machine ($triple) the build also needs ALSA's headers and pkg-config:
  Debian    sudo apt-get install pkg-config libasound2-dev        Alpine    sudo apk add pkgconf alsa-lib-dev
or add a table for $triple to .cargo/config.toml."
}

# All that a build needs, or the end.
need_all() {
    need_linker
    need_cargo
    need_headers_elsewhere
    without_scratch
}

# build ARGUMENTS…: with progress on a terminal, and a word about the network where that may be it.
build() {
    quiet=
    [ -t 2 ] || quiet=--quiet
    (cd "$root" && cargo build --locked $quiet "$@" </dev/null) && return 0
    if ! (cd "$root" && cargo fetch --locked --offline </dev/null >/dev/null 2>&1); then
        say "The crates are not all here yet: the first build needs the network. Are you online?"
    fi
    return 1
}

target_folder() {
    (cd "$root" && cargo metadata --locked --no-deps --format-version 1 2>/dev/null) |
        sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}
