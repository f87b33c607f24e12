//! Response and quiet of the equalizer.
use crate::dsp::eq::{Band, analog_gain};
use crate::modules::{
    harness::{RATE, Rig, hash_noise},
    measure::gains,
};

const AT: [f64; 7] = [30.0, 120.0, 500.0, 2_000.0, 6_000.0, 11_000.0, 16_000.0];

fn response(set: &[(&str, f32)]) -> Vec<f64> {
    let rig = set.iter().fold(Rig::new("Eq"), |rig, (name, value)| rig.set(name, *value));
    let impulse = |_, t: u64| if t == 0 { 1.0 } else { 0.0 };
    let out = rig.feed("in", impulse).render(1 << 10);
    gains(out.lane("out", 0), RATE, &AT)
}

#[test]
fn bands_have_the_analog_magnitude_up_to_16_khz() {
    let check = |band, freq: f32, gain: f32, q: f32, got: Vec<f64>| {
        let mut worst = 0.0f64;
        for (at, got) in AT.into_iter().zip(got) {
            let want = analog_gain(band, freq as f64, gain as f64, q as f64, at);
            worst = worst.max((20.0 * (got / want).log10()).abs());
        }
        // Peaks that overlap the end of the spectrum, because they are broad or high, miss the mark.
        let most = if q < 0.7 || freq > 10_000.0 { 0.8 } else { 0.5 };
        assert!(worst < most, "{freq} {gain} {q}: {worst} dB");
    };
    for gain in [0.25f32, 0.5, 2.0, 4.0] {
        for freq in [100.0f32, 1_000.0, 6_000.0, 12_000.0] {
            for q in [0.5f32, 1.0, 4.0] {
                let got = response(&[("a_freq", freq), ("a_gain", gain), ("a_q", q)]);
                check(Band::Peak, freq, gain, q, got);
            }
        }
        let q = std::f32::consts::FRAC_1_SQRT_2;
        for freq in [60.0f32, 200.0, 1_500.0] {
            let got = response(&[("low_freq", freq), ("low_gain", gain)]);
            check(Band::LowShelf, freq, gain, q, got);
        }
        for freq in [1_000.0f32, 5_000.0, 10_000.0] {
            let got = response(&[("high_freq", freq), ("high_gain", gain)]);
            check(Band::HighShelf, freq, gain, q, got);
        }
    }
}

#[test]
fn flat_it_is_transparent_and_at_rest_silent() {
    let out = Rig::new("Eq").feed("in", hash_noise).feed("in.R", hash_noise).render(20);
    assert!((0..1_280).all(|t| out.lane("out", 0)[t] == hash_noise(0, t as u64)));
    let rest = Rig::new("Eq").set("a_gain", 4.0).render(3);
    assert!(rest.constant.iter().all(|c| *c));
}

#[test]
fn turning_a_gain_makes_no_step() {
    // From flat to +12 dB in 20 ms under a bass note, as the graph ramps a knob that jumps.
    let x = |_, t: u64| (std::f64::consts::TAU * 100.0 * t as f64 / RATE as f64).sin() as f32;
    let gain = |_, t: u64| 4f32.powf(((t as f32 - 3_200.0) / 960.0).clamp(0.0, 1.0));
    let rig = Rig::new("Eq").feed("a_gain", gain);
    let out = rig.set("a_freq", 3_000.0).feed("in", x).render(100);
    let y = out.lane("out", 0);
    let bend = y.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0, f32::max);
    assert!(bend < 2e-3, "{bend}");
}
