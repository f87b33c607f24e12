//! What the user writes, checked: plain data whose names are resolved against the module specs. No sound, no threads.
mod args;
mod brackets;
mod cable_names;
mod cable_text;
mod chain;
pub mod check;
pub mod diagnostic;
pub mod edit;
pub mod file;
mod group;
mod group_amounts;
mod group_ports;
pub mod lexer;
mod literal;
mod macro_text;
mod modules_text;
pub mod names;
pub mod ports;
pub mod quoted;
mod read;
mod save;
pub mod spans;
pub mod tree;
mod tuning_text;
pub mod value;
mod write;
mod written;

use crate::modules::spec::{ModuleSpec, OptionValue, ParamValue, Scale, Voicing};

pub use tuning_text::PatchTuning;

/// A patch that passed every check but the compiler's: all names are resolved, all values are in range.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    pub name: String,
    /// Tempo that the patch asks for; takes effect when it is swapped in.
    pub bpm: Option<f64>,
    /// Voices below a note source, 1..=64.
    pub voices: usize,
    /// How late every second sixteenth is, in sixteenths, 0..=0.75.
    pub swing: f64,
    /// What pitch its keys have; none is equal temperament.
    pub tuning: Option<PatchTuning>,
    pub modules: Vec<Node>,
    pub cables: Vec<Cable>,
    pub macros: Vec<Macro>,
    pub prime: PrimeMode,
    /// Whether it rings out after a swap away from it, beside a patch that goes on with none of its effects.
    pub spill: bool,
}

/// A module of a patch.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    pub spec: &'static ModuleSpec,
    /// In the order of the spec, defaults filled in.
    pub params: Vec<ParamValue>,
    /// In the order of the spec, defaults filled in.
    pub options: Vec<OptionValue>,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.spec.kind == other.spec.kind
            && self.params == other.params
            && self.options == other.options
    }
}

/// A connection. Several into one input are summed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cable {
    pub from: Source,
    pub to: Target,
    /// A factor into a port; into a parameter, what a signal of 1 adds, in the parameter's law (octaves, dB or the bare number).
    pub amount: f32,
    /// Read one block (64 frames) late, so that it may close a loop.
    pub feedback: bool,
}

/// An output port of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// Index into [`Patch::modules`].
    pub node: usize,
    /// Index into the spec's outputs.
    pub port: usize,
}

/// Where a cable ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Index into [`Patch::modules`].
    pub node: usize,
    pub input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Index into the spec's inputs.
    Port(usize),
    /// Index into the spec's parameters.
    Param(usize),
}

/// One knob over several parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Macro {
    pub name: String,
    /// Position, 0..=1.
    pub at: f32,
    pub to: Vec<MacroTarget>,
}

/// What a macro moves: a parameter's value, or the amount of every cable into a port.
#[derive(Clone, Debug, PartialEq)]
pub struct MacroTarget {
    pub target: Target,
    /// The value at macro position 0.
    pub low: ParamValue,
    /// The value at macro position 1.
    pub high: ParamValue,
}

impl Macro {
    /// What its knob sets at a position, 0..=1.
    pub fn values(&self, patch: &Patch, position: f32) -> Vec<(Target, ParamValue)> {
        let values = self.to.iter();
        values
            .map(|to| (to.target, to.value(patch, position)))
            .collect()
    }
}

impl MacroTarget {
    /// The value at a position of the knob, along the parameter's own scale.
    pub fn value(&self, patch: &Patch, position: f32) -> ParamValue {
        let scale = match self.target.input {
            Input::Param(param) => patch.modules[self.target.node].spec.params[param].scale,
            Input::Port(_) => Scale::Linear,
        };
        let between = |low: f32, high: f32, scale| match scale {
            // Equal ratios need two ends on the same side of 0.
            Scale::Log if low > 0.0 && high > 0.0 => low * (high / low).powf(position),
            _ => {
                let (low, high) = (f64::from(low), f64::from(high));
                six_digits(low + (high - low) * f64::from(position))
            }
        };
        match (self.low, self.high) {
            (ParamValue::Fixed(low), ParamValue::Fixed(high)) => {
                ParamValue::Fixed(between(low, high, scale))
            }
            (ParamValue::Beats(low), ParamValue::Beats(high)) => {
                ParamValue::Beats(between(low, high, Scale::Log))
            }
            (low, high) => match position < 0.5 {
                true => low,
                false => high,
            },
        }
    }
}

/// A quarter of the way from 0.1 to 0.9 is 0.3, in what is written into the text too.
fn six_digits(value: f64) -> f32 {
    if value == 0.0 || !value.is_finite() {
        return value as f32;
    }
    let scale = 10f64.powf(5.0 - value.abs().log10().floor());
    ((value * scale).round() / scale) as f32
}

/// How a patch is primed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum PrimeMode {
    /// With a test note of C4; it must sound.
    #[default]
    Sound,
    /// With this test note, in octaves above C4; it must sound.
    Note(f32),
    /// It may be silent.
    Silent,
}

impl Patch {
    /// A patch with nothing in it.
    pub fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            bpm: None,
            voices: 1,
            swing: 0.0,
            tuning: None,
            modules: Vec::new(),
            cables: Vec::new(),
            macros: Vec::new(),
            prime: PrimeMode::Sound,
            spill: false,
        }
    }

    /// Whether it hears what comes in.
    pub fn listens(&self) -> bool {
        self.modules.iter().any(|m| m.spec.listens())
    }

    /// Whether notes that are played reach anything.
    pub fn hears_notes(&self) -> bool {
        let mut all = self.modules.iter();
        all.any(|m| m.spec.voicing == Voicing::NoteSource)
    }

    pub fn node(&self, name: &str) -> Option<usize> {
        self.modules.iter().position(|m| m.name == name)
    }
}

impl Node {
    /// A module with the defaults of its kind.
    pub fn new(name: &str, spec: &'static ModuleSpec) -> Self {
        let params = spec.params.iter().map(|p| ParamValue::Fixed(p.default));
        Self {
            name: name.to_owned(),
            spec,
            params: params.collect(),
            options: spec.options.iter().map(|o| o.default_value()).collect(),
        }
    }
}
