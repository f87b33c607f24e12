//! The command line as data: every verb, flag and the values they take. Read once, on the main thread.
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::audio::device::DeviceSpec;
use crate::audio::input::InputSpec;
use crate::audio::wav_bits::Bits;
use crate::dsp::lanes::IsaChoice;
use crate::tui;

use values::{bits, color, duration, glyphs, isa, moment, motion, osc, period, rate, seconds};

/// A terminal live-coding synthesizer: patches are verified before they are heard, and swapped without a click.
#[derive(Debug, Parser)]
#[command(
    name = "chronus",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Exit status: 0 well, 1 the patch or another input is at fault, 2 usage, 3 the machine (no device, disk full).\n\
                  Where a patch is read, `-` is standard input."
)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Option<Verb>,
    #[command(flatten)]
    pub play: Play,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write what a patch plays into a WAV file, faster than real time
    Render(Render),
    /// Tell what is wrong with patches: file:line:col, exit status 1 if any
    Check(Check),
    /// List the modules that patches may name, or describe one
    Modules(Modules),
    /// List audio hosts and their devices
    Devices,
    /// Play a recorded performance again: the same bits, faster than real time
    Replay(Replay),
    /// Measure the render speed of the shipped bench patches
    Bench(Bench),
}

/// Play (without a verb).
#[derive(Debug, Args)]
pub struct Play {
    /// The patch to play; without it the hello patch
    #[arg(value_name = "PATCH")]
    pub patch: Option<PathBuf>,
    /// default | pulseaudio | pipewire | jack | alsa | coreaudio | wasapi | null | wav:FILE; HOST:DEVICE for one of its devices
    #[arg(long, value_name = "HOST[:DEVICE]", value_parser = DeviceSpec::parse)]
    pub audio: Option<DeviceSpec>,
    /// What patches with an In hear: default | off | wav:FILE | HOST or HOST:DEVICE; off where there is no audio device
    #[arg(long, value_name = "INPUT", value_parser = InputSpec::parse)]
    pub input: Option<InputSpec>,
    /// Frames a second; the device's own choice where it is not given
    #[arg(long, value_name = "HZ", value_parser = rate)]
    pub rate: Option<u32>,
    /// Frames a device callback
    #[arg(long, value_name = "FRAMES", value_parser = period)]
    pub period: Option<u32>,
    /// safe forgives a busy machine, live answers keys fastest
    #[arg(long, value_enum, default_value = "safe")]
    pub latency: LatencyName,
    /// Instruction set to render with
    #[arg(long, value_name = "ISA", value_parser = isa, default_value = "auto", help = "auto | plain | avx2 | avx512 | neon")]
    pub isa: IsaChoice,
    /// ADDR:PORT | off; port 0 picks a free one and prints it [default: 127.0.0.1:5005]
    #[arg(long, value_name = "ADDR:PORT", value_parser = osc)]
    pub osc: Option<OscBind>,
    /// NAME | off | all: MIDI ports with NAME in their names
    #[arg(long, value_name = "NAME|off|all", default_value = "all")]
    pub midi: String,
    /// off | in | out: follow the MIDI clock that comes in, or send ours
    #[arg(long, value_enum, default_value = "off")]
    pub midi_clock: MidiClock,
    /// No screen: runs until SIGTERM, SIGINT, OSC /quit or --for
    #[arg(long)]
    pub headless: bool,
    /// End after this time: 20s, 500ms, 2m
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub length: Option<Duration>,
    /// Write one JSON object a line, ten a second and one a change; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub telemetry: Option<PathBuf>,
    /// Where recordings go that are given no name
    #[arg(long, value_name = "FOLDER", default_value = "recordings")]
    pub recordings: PathBuf,
    /// Of recordings; 16 and 24 are dithered
    #[arg(long, value_name = "16|24|32f", value_parser = bits, default_value = "24")]
    pub record_bits: Bits,
    /// Where performances and unsaved work are kept: a folder, or off [default: $XDG_STATE_HOME/chronus]
    #[arg(long, value_name = "FOLDER|off")]
    pub state: Option<PathBuf>,
    /// Write what happens, in sentences
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    #[command(flatten)]
    pub screen: Screen,
}

/// `--midi-clock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MidiClock {
    Off,
    In,
    Out,
}

/// How the screen looks.
#[derive(Debug, Args)]
pub struct Screen {
    /// night, paper, contrast, or a theme file
    #[arg(long, value_name = "NAME", default_value = "night")]
    pub theme: String,
    /// No full screen: one event a line, commands on standard input
    #[arg(long)]
    pub linear: bool,
    /// auto | never | 16 | 256 | truecolor
    #[arg(long, value_name = "COLOR", value_parser = color, default_value = "auto")]
    pub color: tui::ColorChoice,
    /// unicode | braille | ascii
    #[arg(long, value_name = "GLYPHS", value_parser = glyphs, default_value = "unicode")]
    pub glyphs: tui::Glyphs,
    /// full | reduced: numbers four times a second, no scope
    #[arg(long, value_name = "MOTION", value_parser = motion, default_value = "full")]
    pub motion: tui::Motion,
    /// Keys of your own, in place of keys.ron in the configuration folder (see docs/keys.md)
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
}

#[derive(Debug, Args)]
pub struct Render {
    /// The patch to render
    pub patch: PathBuf,
    /// The WAV file to write
    #[arg(short, long, value_name = "OUT.wav")]
    pub output: PathBuf,
    /// How long
    #[arg(long, value_name = "N", value_parser = seconds, default_value = "10")]
    pub seconds: f64,
    /// Frames a second
    #[arg(long, value_name = "HZ", value_parser = rate, default_value_t = 48_000)]
    pub rate: u32,
    /// What patches with an In hear, from the first frame on
    #[arg(long, value_name = "IN.wav")]
    pub input: Option<PathBuf>,
    /// What happens when: a RON list of (at: "2.1.1", do: Set("vcf.cutoff", "800Hz"))
    #[arg(long, value_name = "EVENTS.ron")]
    pub script: Option<PathBuf>,
    /// Of the WAV file; 16 and 24 are dithered
    #[arg(long, value_name = "16|24|32f", value_parser = bits, default_value = "24")]
    pub bits: Bits,
    /// Seeds every noise of the patch, and the dither
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u32,
    /// Instruction set to render with: auto | plain | avx2 | avx512 | neon
    #[arg(long, value_name = "ISA", value_parser = isa, default_value = "auto", help = "auto | plain | avx2 | avx512 | neon")]
    pub isa: IsaChoice,
}

#[derive(Debug, Args)]
pub struct Replay {
    /// A set: a file, or its number in the state folder; without it the sets there are listed
    pub set: Option<String>,
    /// The WAV file to write, or with --patch-at the patch; without it what happened is printed
    #[arg(short, long, value_name = "OUT.wav")]
    pub output: Option<PathBuf>,
    /// Write from this time on
    #[arg(long, value_name = "TIME", value_parser = moment, default_value = "0s")]
    pub from: f64,
    /// And up to this one [default: the end]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<f64>,
    /// Write the patch that was audible then, knobs as they stood
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with_all = ["from", "to"])]
    pub patch_at: Option<f64>,
    /// Of the WAV file; 32f are the very bits that were heard, 16 and 24 are dithered
    #[arg(long, value_name = "16|24|32f", value_parser = bits, default_value = "32f")]
    pub bits: Bits,
    /// Where the performances are
    #[arg(long, value_name = "FOLDER")]
    pub state: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Check {
    /// The patches to check
    #[arg(required = true)]
    pub patches: Vec<PathBuf>,
    /// One JSON object a line instead of text
    #[arg(long)]
    pub json: bool,
    /// Render and verify them too
    #[arg(long)]
    pub prime: bool,
}

#[derive(Debug, Args)]
pub struct Modules {
    /// One kind: its ports, parameters, units, ranges and defaults
    pub kind: Option<String>,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Bench {
    /// Which bench patches; all where none is named
    #[arg(value_name = "PATCH")]
    pub patches: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Seconds of sound to render of each
    #[arg(long, value_name = "N", default_value_t = 20.0)]
    pub seconds: f64,
    /// Instruction set to render with
    #[arg(long, value_name = "ISA", value_parser = isa, default_value = "auto", help = "auto | plain | avx2 | avx512 | neon")]
    pub isa: IsaChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LatencyName {
    Safe,
    Live,
}

/// `--osc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OscBind {
    Off,
    At(SocketAddr),
}

/// What no single argument can tell: arguments that do not go together.
pub fn whole(cli: Cli) -> Result<Cli, clap::Error> {
    let to_stdout = cli.play.telemetry.as_deref() == Some(std::path::Path::new("-"));
    if to_stdout && !cli.play.headless {
        let why = "--telemetry - wants --headless: standard output is the screen's";
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, why));
    }
    Ok(cli)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
