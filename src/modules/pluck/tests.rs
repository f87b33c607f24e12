//! Pitch, decay and level of the plucked string.
use crate::modules::{
    harness::{RATE, Rig, difference_db, every_lane_type},
    measure::{Spectrum, cents, pitch, rms},
};

fn once() -> Rig {
    Rig::new("Pluck").feed("gate", |_, f| (f >= 7) as u32 as f32)
}

/// 40 Hz to 4 kHz, in thirds of an octave.
fn notes() -> impl Iterator<Item = f32> {
    (0..=20).map(|n| 40.0 * (n as f32 / 3.0 * 0.996_6).exp2())
}

/// A tone's own frequency stands out of its harmonics: below twice and above half of it nothing is left.
fn fundamental(x: &[f32], freq: f64, rate: f32) -> f64 {
    pitch(x, freq, rate)
}

#[test]
fn it_is_in_tune_within_a_cent_from_40_hz_to_4_khz() {
    let mut worst = 0.0f64;
    for freq in notes() {
        for (bright, noise, decay) in [(0.0, 0.0, 6.0), (0.7, 0.4, 4.0), (1.0, 1.0, 6.0)] {
            let rig = once().set("freq", freq).set("brightness", bright).set("noise", noise).set("decay", decay);
            let out = rig.render(1_200);
            let y = &out.lane("out", 0)[9_600..];
            let off = cents(fundamental(y, freq as f64, RATE), freq as f64);
            worst = worst.max(off.abs());
            assert!(off.abs() < 1.0, "{freq} Hz, brightness {bright}, noise {noise}: {off} cents");
        }
    }
}

#[test]
fn the_fundamental_is_60_db_down_after_the_decay() {
    for freq in [55.0f32, 220.0, 880.0, 2_200.0] {
        for bright in [0.0, 0.5, 1.0] {
            for decay in [0.5f32, 2.0, 8.0] {
                let rig = once().set("freq", freq).set("brightness", bright).set("decay", decay).set("noise", 0.0);
                let out = rig.render(2_000);
                let y = out.lane("out", 0);
                let level = |from: usize| Spectrum::new(&y[from..from + 8_192], RATE).amplitude_db(freq as f64);
                let (early, late) = (2_400, 2_400 + (0.3 * decay.min(4.0) * RATE) as usize);
                let db = (level(early) - level(late)) / ((late - early) as f64 / (decay * RATE) as f64);
                assert!((db - 60.0).abs() < 2.0, "{freq} Hz, {bright}, {decay} s: {db} dB");
            }
        }
    }
}

#[test]
fn where_it_is_plucked_a_harmonic_is_missing() {
    let part = |position: f32| {
        let rig = once().set("freq", 200.0).set("position", position).set("noise", 0.0).set("brightness", 1.0);
        let out = rig.render(600);
        let s = Spectrum::new(&out.lane("out", 0)[4_800..], RATE);
        s.amplitude_db(400.0) - s.amplitude_db(200.0)
    };
    assert!(part(0.5) < -50.0, "{}", part(0.5));
    assert!(part(0.2) > -20.0, "{}", part(0.2));
}

#[test]
fn a_closed_gate_lays_a_hand_on_the_string() {
    let rig = Rig::new("Pluck").steps("gate", |_, b| (b < 375) as u32 as f32);
    let out = rig.set("release", 0.1).render(1_000);
    let y = out.lane("out", 0);
    let (rings, damped) = (rms(&y[20_000..24_000]), rms(&y[32_000..36_000]));
    assert!(damped < 1e-3 * rings, "{rings} {damped}");
    assert!(out.constant[999]);
}

#[test]
fn a_full_pluck_is_near_full_scale_and_a_soft_one_is_soft_and_dark() {
    let mut fine = true;
    for freq in [60.0f32, 220.0, 1_000.0] {
        for noise in [0.0, 0.4, 1.0] {
            let heard = |gate: f32| {
                let rig = Rig::new("Pluck").set("freq", freq).set("noise", noise).set("decay", 8.0);
                let out = rig.feed("gate", move |_, f| if f > 5 { gate } else { 0.0 }).render(600);
                let y = out.lane("out", 0).to_vec();
                let peak = y.iter().fold(0.0f32, |a, x| a.max(x.abs()));
                let s = Spectrum::new(&y, RATE);
                (peak, s.band_db(4_000.0, 20_000.0) - s.band_db(20.0, 4_000.0))
            };
            let ((loud, bright), (quiet, dark)) = (heard(1.0), heard(0.65));
            fine &= (0.4..1.5).contains(&loud) && quiet < 0.55 * loud && dark < bright;
        }
    }
    assert!(fine);
}

#[test]
fn any_sound_excites_it_and_silence_is_free() {
    let rig = Rig::new("Pluck").set("freq", 110.0).set("decay", 1.0);
    let out = rig.feed("in", |_, f| if f < 400 { 0.5 } else { 0.0 }).render(3_000);
    let y = out.lane("out", 0);
    assert!((pitch(&y[9_600..48_000], 110.0, RATE) - 110.0).abs() < 0.05);
    assert!(!out.constant[0] && out.constant[2_999]);
    let mean = y.iter().map(|x| *x as f64).sum::<f64>() / y.len() as f64;
    assert!(mean.abs() < 1e-3, "{mean}");
}

#[test]
fn pitch_and_damping_may_move_at_audio_rate() {
    let turn = |hz: f64, t: u64| (std::f64::consts::TAU * hz * t as f64 / RATE as f64).sin();
    for (hz, octaves) in [(3.0, 2.0), (97.0, 1.0), (997.0, 4.0), (9_000.0, 4.0)] {
        let out = once()
            .feed("freq", move |_, t| (400.0 * (octaves * turn(hz, t)).exp2()) as f32)
            .feed("brightness", move |_, t| (0.5 + 0.5 * turn(hz * 1.3, t)) as f32)
            .feed("position", move |_, t| (0.255 + 0.245 * turn(hz * 0.7, t)) as f32)
            .set("decay", 60.0)
            .render(1_500);
        let peak = out.lane("out", 0).iter().fold(0.0f32, |a, x| a.max(x.abs()));
        assert!(peak < 6.0, "{hz} Hz: {peak}");
    }
}

#[test]
fn lane_types_agree() {
    let rig = || Rig::new("Pluck").per_lane("freq", |lane| 80.0 + 90.0 * lane as f32);
    let gate = |lane: usize, f: u64| ((f + 300 * lane as u64) % 6_000 < 3_000) as u32 as f32;
    for (isa, width) in every_lane_type() {
        let out = rig().feed("gate", gate).on(isa, width).render(300);
        for lane in 0..out.lanes() {
            let alone = Rig::new("Pluck").set("freq", 80.0 + 90.0 * lane as f32);
            // A lane's noise is of its own seed.
            let alone = alone.set("noise", 0.0).feed("gate", move |_, f| gate(lane, f)).render(300);
            let same = rig().set("noise", 0.0).feed("gate", gate).on(isa, width).render(300);
            let db = difference_db(same.lane("out", lane), alone.lane("out", 0));
            assert!(db < -90.0, "{isa:?} {width:?} {lane}: {db}");
        }
    }
}
