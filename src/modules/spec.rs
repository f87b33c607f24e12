//! What the rest of the program may know about a kind of module, as data: names, ports, parameters, units, ranges.
//! RON names, OSC addresses, help, docs and the checks are printed from it.

use std::path::PathBuf;

/// One kind of module.
#[derive(Debug)]
pub struct ModuleSpec {
    /// As patches write it: `Ladder`.
    pub kind: &'static str,
    /// One line.
    pub doc: &'static str,
    /// Where the algorithm comes from, where that is worth saying.
    pub algorithm: &'static str,
    pub family: Family,
    pub voicing: Voicing,
    pub inputs: &'static [PortSpec],
    pub outputs: &'static [PortSpec],
    pub params: &'static [ParamSpec],
    pub options: &'static [OptionSpec],
}

impl ModuleSpec {
    pub fn input(&self, name: &str) -> Option<usize> {
        self.inputs.iter().position(|p| p.name == name)
    }

    pub fn output(&self, name: &str) -> Option<usize> {
        self.outputs.iter().position(|p| p.name == name)
    }

    /// A parameter by its name or one of its other names.
    pub fn param(&self, name: &str) -> Option<usize> {
        self.params
            .iter()
            .position(|p| p.name == name || p.aliases.contains(&name))
    }

    /// Whether it hears what comes in from outside the patch.
    pub fn listens(&self) -> bool {
        self.kind == "In"
    }

    pub fn option(&self, name: &str) -> Option<usize> {
        self.options.iter().position(|o| o.name == name)
    }

    /// The first kernel slot of an input port: a stereo port takes two.
    pub fn input_slot(&self, port: usize) -> usize {
        self.inputs[..port].iter().map(|p| p.width.slots()).sum()
    }

    /// The first kernel slot of an output port.
    pub fn output_slot(&self, port: usize) -> usize {
        self.outputs[..port].iter().map(|p| p.width.slots()).sum()
    }

    /// Kernel slots of all input ports; parameters follow them.
    pub fn input_slots(&self) -> usize {
        self.input_slot(self.inputs.len())
    }

    pub fn output_slots(&self) -> usize {
        self.output_slot(self.outputs.len())
    }
}

/// The shelf a module stands on, in lists and docs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Source,
    Notes,
    /// Control signals: envelopes, slow oscillators.
    Modulation,
    Shaping,
    Filter,
    Effect,
    Output,
}

/// What a module does with voices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voicing {
    /// One instance a voice where an input is polyphonic, else one.
    PerVoice,
    /// One instance; polyphonic inputs are summed before it.
    Summed,
    /// Makes voices from notes: as many instances as the patch has voices.
    NoteSource,
    /// Makes as many voices as its options say.
    OwnVoices,
}

#[derive(Debug)]
pub struct PortSpec {
    pub name: &'static str,
    pub doc: &'static str,
    pub signal: Signal,
    pub width: Width,
}

/// What a port carries. All are audio-rate; the difference is for people and checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Full scale is -1..1.
    Audio,
    /// Octaves above C4 (261.63 Hz).
    Pitch,
    /// Usually 0..1 or -1..1.
    Cv,
    /// Open at 0.5 and above.
    Gate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Mono,
    /// Two kernel slots: left, right.
    Stereo,
}

impl Width {
    pub const fn slots(self) -> usize {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
        }
    }
}

/// A parameter: also an input, since every parameter can be modulated by cables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParamSpec {
    pub name: &'static str,
    /// Other names that patches and controllers may use.
    pub aliases: &'static [&'static str],
    pub doc: &'static str,
    pub unit: Unit,
    pub min: f32,
    pub max: f32,
    pub default: f32,
    pub scale: Scale,
}

/// How a knob travels from `min` to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// Equal ratios; `min` is above 0.
    Log,
}

/// The unit of a parameter's value. It decides what a cable's amount means, and what the kernel receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A bare number; cables add.
    Plain,
    /// Hertz; cables shift by octaves. Also written as a note name, or a note length where `tempo` follows.
    Hz,
    /// Hertz or a note length that follows the tempo (one cycle in that length); cables shift by octaves.
    TempoHz,
    /// Hertz up or down from where something is; cables add hertz.
    HzShift,
    /// Seconds; cables shift by octaves.
    Seconds,
    /// Seconds, or a note length that follows the tempo; cables shift by octaves.
    TempoSeconds,
    /// Decibels for people, a linear gain for the kernel; cables add decibels.
    Decibels,
    /// Octaves; cables add.
    Octaves,
    /// Semitones; cables add.
    Semitones,
    /// Cents; cables add.
    Cents,
}

impl Unit {
    /// As shown after a number.
    pub fn label(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Hz | Self::TempoHz | Self::HzShift => "Hz",
            Self::Seconds | Self::TempoSeconds => "s",
            Self::Decibels => "dB",
            Self::Octaves => "oct",
            Self::Semitones => "st",
            Self::Cents => "cents",
        }
    }

    pub fn law(self) -> Law {
        match self {
            Self::Hz | Self::TempoHz | Self::Seconds | Self::TempoSeconds => Law::Octaves,
            Self::Decibels => Law::Decibels,
            _ => Law::Add,
        }
    }

    /// Whether a note length such as `3/16` is a value.
    pub fn follows_tempo(self) -> bool {
        matches!(self, Self::TempoHz | Self::TempoSeconds)
    }
}

/// What a modulation does to a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// value + modulation
    Add,
    /// value × 2^modulation
    Octaves,
    /// value × 10^(modulation / 20)
    Decibels,
}

/// A parameter's value as the user set it, in the parameter's unit.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum ParamValue {
    Fixed(f32),
    /// A note length in beats (quarter notes): follows the tempo.
    Beats(f32),
}

impl ParamValue {
    /// The value in the parameter's unit at a tempo, clamped to the parameter's range.
    pub fn at_tempo(self, spec: &ParamSpec, bpm: f64) -> f32 {
        let seconds = |beats: f32| beats as f64 * 60.0 / bpm;
        let value = match (self, spec.unit) {
            (Self::Fixed(v), _) => v,
            (Self::Beats(b), Unit::TempoHz) => (1.0 / seconds(b)) as f32,
            (Self::Beats(b), _) => seconds(b) as f32,
        };
        value.clamp(spec.min, spec.max)
    }
}

/// What the kernel receives for a value in the parameter's unit: a gain for decibels, else the value.
pub fn kernel_value(spec: &ParamSpec, value: f32) -> f32 {
    match spec.unit {
        // The lowest value of a decibel range is silence, so that a fader can be closed.
        Unit::Decibels if value <= spec.min => 0.0,
        Unit::Decibels => 10f32.powf(value / 20.0),
        _ => value,
    }
}

/// A choice made when the patch is compiled; changing it is a change of structure.
#[derive(Debug)]
pub struct OptionSpec {
    pub name: &'static str,
    pub doc: &'static str,
    pub kind: OptionKind,
}

#[derive(Debug)]
pub enum OptionKind {
    /// One of these names, written bare (`shape: Tri`); the first is the default.
    Choice(&'static [&'static str]),
    /// Free text that the module reads itself, with its default.
    Text(&'static str),
    /// The name of a sound file, relative to the patch's folder; where none is given, this.
    File(&'static str),
    /// A whole number.
    Whole { min: i64, max: i64, default: i64 },
    /// A note length such as "1/16", in beats (quarter notes).
    Length { default: f64 },
}

/// An option's value.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// Index into the spec's names.
    Choice(usize),
    Text(String),
    /// As written, and where it is; empty where none is given.
    File {
        written: String,
        path: PathBuf,
    },
    Whole(i64),
    /// Beats (quarter notes).
    Length(f64),
}

impl OptionSpec {
    pub fn default_value(&self) -> OptionValue {
        match self.kind {
            OptionKind::Choice(_) => OptionValue::Choice(0),
            OptionKind::Text(text) => OptionValue::Text(text.to_owned()),
            OptionKind::File(_) => OptionValue::File {
                written: String::new(),
                path: PathBuf::new(),
            },
            OptionKind::Whole { default, .. } => OptionValue::Whole(default),
            OptionKind::Length { default } => OptionValue::Length(default),
        }
    }
}
