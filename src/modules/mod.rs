//! Every module a patch may name. To add one: write `src/modules/<file>.rs`, add its line to the table below.
pub mod audio_file;
#[cfg(test)]
mod automation;
mod beat;
mod blend;
mod echo;
mod hand;
#[cfg(test)]
pub mod harness;
mod level;
mod materials;
#[cfg(test)]
pub mod measure;
pub mod module;
pub mod notation;
pub mod playing;
mod pointwise;
#[cfg(test)]
mod properties;
pub mod spec;
mod stages;
mod steps;
mod strike;
mod table;
mod tone;
pub mod tuner;
mod vowels;

use crate::dsp::lanes::{Isa, Lanes};
use module::{Build, Entered, Kernel, Module, OptionError, Rest};
use spec::ModuleSpec;

macro_rules! modules {
    ($($(#[$when:meta])? $file:ident: $module:ident)*) => {
        $($(#[$when])? mod $file;)*

        /// The specs of all modules, in the order of the table.
        pub static REGISTRY: &[&ModuleSpec] = &[$($(#[$when])? &<$file::$module as Module>::SPEC),*];

        /// Builds the kernel of a module at a lane width.
        pub fn kernel<A: Isa, L: Lanes>(
            spec: &ModuleSpec,
            isa: A,
            lanes: L,
            build: &Build<'_>,
        ) -> Result<Box<dyn Kernel<L>>, OptionError> {
            $($(#[$when])? if spec.kind == <$file::$module as Module>::SPEC.kind {
                return Ok(Box::new(Entered { isa, lanes, module: <$file::$module as Module>::build(build)? }));
            })*
            unreachable!("a spec that is not in the registry: {}", spec.kind)
        }

        /// What a kind may leave out while nothing of it can be heard.
        pub fn rest(spec: &ModuleSpec) -> Rest {
            $($(#[$when])? if spec.kind == <$file::$module as Module>::SPEC.kind {
                return <$file::$module as Module>::REST;
            })*
            Rest::Never
        }

        /// A module built to be read by editors: see [`playing`].
        pub fn written(
            spec: &ModuleSpec,
            build: &Build<'_>,
        ) -> Result<Box<dyn playing::Written>, OptionError> {
            $($(#[$when])? if spec.kind == <$file::$module as Module>::SPEC.kind {
                return Ok(Box::new(playing::Read(<$file::$module as Module>::build(build)?)));
            })*
            unreachable!("a spec that is not in the registry: {}", spec.kind)
        }

        /// How many voices a module makes in a patch of `patch` voices; 1 where it can't read its options.
        pub fn voices(spec: &ModuleSpec, build: &Build<'_>, patch: usize) -> usize {
            $($(#[$when])? if spec.kind == <$file::$module as Module>::SPEC.kind {
                return <$file::$module as Module>::build(build).map_or(1, |m| m.voices(patch));
            })*
            1
        }

        /// Whether a module can read its options.
        pub fn check_options(spec: &ModuleSpec, build: &Build<'_>) -> Result<(), OptionError> {
            $($(#[$when])? if spec.kind == <$file::$module as Module>::SPEC.kind {
                return <$file::$module as Module>::build(build).map(drop);
            })*
            Ok(())
        }
    };
}

modules! {
    sine: Sine
    keys: Keys
    seq: Seq
    clock: Clock
    euclid: Euclid
    pattern: Pattern
    drums: Drums
    random: Random
    hold: Hold
    turing: Turing
    quantize: Quantize
    arp: Arp
    saw: Saw
    pulse: Pulse
    tri: Tri
    supersaw: SuperSaw
    operator: Operator
    noise: Noise
    dust: Dust
    svf: Svf
    ladder: Ladder
    drive: Drive
    adsr: Adsr
    ad: Ad
    ar: Ar
    env: Env
    lfo: Lfo
    vca: Vca
    mix: Mix
    pan: Pan
    math: Math
    scale: Scale
    clamp: Clamp
    compare: Compare
    logic: Logic
    slew: Slew
    follower: Follower
    ringmod: RingMod
    xfade: Xfade
    one_pole: OnePole
    dc_block: DcBlock
    comb: Comb
    formant: Formant
    eq: Eq
    delay: Delay
    pingpong: PingPong
    width: Width
    freqshift: FreqShift
    chorus: Chorus
    flanger: Flanger
    phaser: Phaser
    comp: Comp
    limiter: Limiter
    crush: Crush
    reverb: Reverb
    wavetable: Wavetable
    sampler: Sampler
    grains: Grains
    pluck: Pluck
    modal: Modal
    kick: Kick
    snare: Snare
    hat: Hat
    clap: Clap
    audio_in: AudioIn
    out: Out
    #[cfg(feature = "faults")] fault: Fault
}

/// A kind's spec by the name that patches write.
pub fn find(kind: &str) -> Option<&'static ModuleSpec> {
    REGISTRY.iter().copied().find(|spec| spec.kind == kind)
}
