//! Sample arithmetic on slices and lanes. No threads, no I/O, no knowledge of patches.
pub mod alike;
pub mod approach;
pub mod corner;
pub mod cpu;
pub mod decibels;
pub mod delay_line;
pub mod denormals;
pub mod diffuser;
pub mod eq;
pub mod equal_power;
pub mod euclid;
pub mod fdn;
pub mod frame_ring;
pub mod half_band;
pub mod hilbert;
pub mod ladder;
pub mod lanes;
pub mod leak;
pub mod matched_svf;
pub mod math;
pub mod noise;
pub mod note;
pub mod octaves;
pub mod one_pole;
pub mod oversample;
pub mod peak;
pub mod phase;
pub mod rise;
pub mod rise_fall;
pub mod sample;
pub mod scale;
pub mod sine;
pub mod soften;
pub mod step;
pub mod svf;
pub mod sweep;
pub mod swing;
pub mod sync;
pub mod tape;
pub mod transport;
pub mod true_peak;
pub mod tuning;
pub mod waveshape;
pub mod wavetable;
pub mod way;

/// Frames rendered in one engine step: the engine's quantum, whatever the device asks for.
pub const BLOCK: usize = 64;

/// One block of stereo sound.
pub type StereoBlock = [[f32; 2]; BLOCK];
