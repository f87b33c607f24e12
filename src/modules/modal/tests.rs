//! Pitch, decay and stability of the struck bodies.
use super::MATERIALS;
use crate::modules::{
    harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
    measure::{Spectrum, cents, pitch},
    spec::OptionValue,
};

fn body(material: usize) -> Rig {
    let rig = Rig::new("Modal").option("material", OptionValue::Choice(material));
    rig.feed("gate", |_, f| (f >= 7) as u32 as f32)
}

#[test]
fn every_body_is_in_tune_within_a_cent() {
    for material in 0..MATERIALS.len() {
        for freq in [40.0f32, 63.0, 110.0, 261.6, 440.0, 1_000.0, 2_500.0, 4_000.0] {
            for stretch in [0.8, 1.0, 1.2] {
                let rig = body(material).set("freq", freq).set("decay", 10.0).set("stretch", stretch);
                let out = rig.set("brightness", 0.0).set("damp", 2.0).render(2_000);
                let y = &out.lane("out", 0)[20_000..];
                let off = cents(pitch(y, freq as f64, RATE), freq as f64);
                assert!(off.abs() < 0.2, "{material} at {freq} Hz, {stretch}: {off} cents");
            }
        }
    }
}

#[test]
fn the_modes_lie_where_the_body_has_them_and_die_as_they_should() {
    for (material, body_of) in MATERIALS.iter().enumerate() {
        for (n, ratio) in body_of.ratios.iter().take(6).enumerate() {
            let hz = 200.0 * ratio;
            let rig = body(material).set("freq", 200.0).set("brightness", 1.0).set("position", 0.07);
            let out = rig.set("decay", 2.0).set("damp", 0.5).render(1_500);
            let y = out.lane("out", 0);
            let level = |from: usize| Spectrum::new(&y[from..from + 16_384], RATE).amplitude_db(hz as f64);
            let lost = (level(4_800) - level(24_000)) / 0.4;
            let want = 30.0 * ratio.max(1.0).sqrt() as f64;
            assert!((lost / want - 1.0).abs() < 0.04, "{material}, mode {n}: {lost} dB a second, {want}");
        }
    }
}

#[test]
fn nothing_blows_up_however_it_is_modulated() {
    let turn = |hz: f64, t: u64| (std::f64::consts::TAU * hz * t as f64 / RATE as f64).sin();
    for hz in [3.0, 211.0, 2_900.0, 11_000.0] {
        for material in 0..MATERIALS.len() {
            let out = body(material)
                .feed("freq", move |_, t| (800.0 * (4.0 * turn(hz, t)).exp2()) as f32)
                .feed("stretch", move |_, t| (1.0 + 0.5 * turn(hz * 0.7, t)) as f32)
                .feed("decay", move |_, t| (0.5 * (6.0 * turn(hz * 1.7, t)).exp2()) as f32)
                .feed("position", move |_, t| (0.5 + 0.5 * turn(hz * 0.3, t)) as f32)
                .feed("in", hash_noise)
                .render(600);
            assert!(out.lane("out", 0).iter().all(|y| y.abs() <= 2.0));
            let calm = body(material).feed("freq", move |_, t| (800.0 * (4.0 * turn(hz, t)).exp2()) as f32);
            let y = calm.set("decay", 60.0).render(1_500);
            let peak = y.lane("out", 0).iter().fold(0.0f32, |a, x| a.max(x.abs()));
            assert!(peak < 1.9, "{material} {hz}: {peak}");
        }
    }
}

#[test]
fn a_full_strike_is_near_full_scale_and_silence_is_free() {
    for material in 0..MATERIALS.len() {
        for freq in [80.0, 400.0, 1_600.0] {
            let rig = Rig::new("Modal").option("material", OptionValue::Choice(material));
            let out = rig.set("freq", freq).set("decay", 0.4).set("damp", 0.0).steps("gate", |_, b| (b == 3) as u32 as f32).render(1_500);
            let peak = out.lane("out", 0).iter().fold(0.0f32, |a, x| a.max(x.abs()));
            assert!((0.25..1.6).contains(&peak), "{material} at {freq} Hz: {peak}");
            assert!(out.constant[2] && !out.constant[3] && out.constant[1_499]);
        }
    }
}

#[test]
fn a_strike_upon_a_ringing_body_begins_without_a_step() {
    let out = Rig::new("Modal")
        .set("brightness", 0.0)
        .set("freq", 200.0)
        .feed("gate", |_, f| (f % 5_003 < 2_000) as u32 as f32)
        .render(1_000);
    let y = out.lane("out", 0);
    let step = y.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(step < 0.1, "{step}");
}

#[test]
fn lane_types_agree() {
    let freq = |lane: usize| 80.0 + 90.0 * lane as f32;
    let gate = |lane: usize, f: u64| ((f + 300 * lane as u64) % 6_000 < 3_000) as u32 as f32;
    for (isa, width) in every_lane_type() {
        let rig = || Rig::new("Modal").option("material", OptionValue::Choice(3));
        let out = rig().per_lane("freq", freq).feed("gate", gate).on(isa, width).render(200);
        for lane in 0..out.lanes() {
            let alone = rig().set("freq", freq(lane)).feed("gate", move |_, f| gate(lane, f)).render(200);
            let db = difference_db(out.lane("out", lane), alone.lane("out", 0));
            assert!(db < -110.0, "{isa:?} {width:?} {lane}: {db}");
        }
    }
}
