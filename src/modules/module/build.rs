//! What a module is built from. Runs on the builder.
use std::sync::Arc;

use super::super::{audio_file, spec::OptionValue, tuner::Tuner};
use crate::dsp::{sample::Sample, tuning::Tuning};

/// What a module is built from.
pub struct Build<'a> {
    /// Frames a second.
    pub rate: f32,
    /// In the order of the spec; every option is there.
    pub options: &'a [OptionValue],
    /// The patch's; none is equal temperament.
    pub tuning: Option<&'a Arc<Tuning>>,
    /// Only whether the options can be read is asked: files are looked at, not loaded.
    pub check: bool,
}

impl Build<'_> {
    /// Puts notes, in octaves above C4 of equal temperament, where the patch's tuning has them.
    pub fn tuner(&self) -> Tuner {
        Tuner::new(self.tuning)
    }

    pub fn choice(&self, option: usize) -> usize {
        match self.options[option] {
            OptionValue::Choice(index) => index,
            _ => 0,
        }
    }

    pub fn text(&self, option: usize) -> &str {
        match &self.options[option] {
            OptionValue::Text(text) => text,
            _ => "",
        }
    }

    /// The sound of a file option; none where no file is given, and where nothing is to be loaded.
    pub fn sound(&self, option: usize) -> Result<Option<Arc<Sample>>, OptionError> {
        let OptionValue::File { path, .. } = &self.options[option] else {
            return Ok(None);
        };
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        let sound = match self.check {
            true => audio_file::look(path).map(|()| None),
            false => audio_file::load(path).map(Some),
        };
        sound.map_err(|why| OptionError { option, at: 0, why })
    }

    pub fn whole(&self, option: usize) -> i64 {
        match self.options[option] {
            OptionValue::Whole(number) => number,
            _ => 0,
        }
    }

    /// Beats (quarter notes).
    pub fn length(&self, option: usize) -> f64 {
        match self.options[option] {
            OptionValue::Length(beats) => beats,
            _ => 0.0,
        }
    }
}

/// An option's text that the module can't read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionError {
    /// Index into the spec's options.
    pub option: usize,
    /// Characters into the text where the trouble starts.
    pub at: usize,
    /// What is wrong and what would be right.
    pub why: String,
}

/// Which lane [`init`](super::Module::init) sets.
#[derive(Clone, Copy, Debug)]
pub struct LaneInit {
    /// 0 for a mono module.
    pub voice: usize,
    /// Differs between modules and voices of a patch, and is the same every time the patch is compiled.
    pub seed: u32,
    /// The same in all voices of a module.
    pub module_seed: u32,
    /// Frames a second.
    pub rate: f32,
}

/// Seeds of a module's voices: they differ between modules and voices and are the same in every compilation (FNV-1a over the name).
#[derive(Clone, Copy)]
pub struct Seeds(u32);

impl Seeds {
    pub fn new(patch: u32, name: &str) -> Self {
        let start = 0x811c_9dc5 ^ patch.wrapping_mul(0x9e37_79b9);
        Self(name.bytes().fold(start, hash))
    }

    pub fn of(self, voice: usize) -> u32 {
        let bytes = (voice as u32).to_le_bytes();
        bytes.into_iter().fold(self.0, hash).max(1)
    }
}

fn hash(so_far: u32, byte: u8) -> u32 {
    (so_far ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

/// The seed of one voice.
pub fn seed(patch: u32, name: &str, voice: usize) -> u32 {
    Seeds::new(patch, name).of(voice)
}
