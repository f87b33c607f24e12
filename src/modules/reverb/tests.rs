//! The reverb's figures: decay times, echo density, colour, freeze.
use super::super::harness::{RATE, Rig, difference_db, every_lane_type, hash_noise};

/// One frame at 1 on the left.
fn impulse() -> Rig {
    let one = |_: usize, f: u64| (f == 0) as u32 as f32;
    Rig::new("Reverb").feed("in", one).set("mix", 1.0)
}

fn energy(x: &[f32]) -> f64 {
    x.iter().map(|x| (*x as f64).powi(2)).sum()
}

/// Seconds to -60 dB, by the slope of the backward-integrated energy between -5 and -35 dB (ISO 3382).
fn decay_time(x: &[f32]) -> f64 {
    let mut left = energy(x);
    let whole = left;
    let (mut from, mut to) = (0, 0);
    for (i, x) in x.iter().enumerate() {
        left -= (*x as f64).powi(2);
        let db = 10.0 * (left / whole).max(1e-30).log10();
        if db > -5.0 {
            from = i;
        }
        if db > -35.0 {
            to = i;
        }
    }
    2.0 * (to - from) as f64 / RATE as f64
}

#[test]
fn rooms_last_as_long_as_their_size_says() {
    for (size, decay, want) in [(0.0, 1.0, 0.4), (0.5, 1.0, 2.19), (0.5, 0.5, 1.1), (0.8, 1.0, 6.08)] {
        let out = impulse().set("size", size).set("decay", decay).set("damp", 0.0);
        let out = out.render((want * 1.3 * RATE / 64.0) as usize);
        let took = decay_time(out.lane("out", 0));
        assert!((took / want as f64 - 1.0).abs() < 0.12, "{size}: {took} s, {want}");
    }
}

#[test]
fn both_sides_answer_alike_and_differ() {
    let out = impulse().feed("in.R", |_, f| (f == 0) as u32 as f32).render(2_000);
    let (l, r) = (out.lane("out", 0), out.right("out", 0));
    let balance = 10.0 * (energy(l) / energy(r)).log10();
    assert!(balance.abs() < 1.5, "{balance} dB");
    let both: f64 = l.iter().zip(r).map(|(a, b)| *a as f64 * *b as f64).sum();
    let correlation = both / (energy(l) * energy(r)).sqrt();
    assert!(correlation.abs() < 0.15, "{correlation}");
}

#[test]
fn the_tail_is_dense_like_noise() {
    // Echo density (Abel and Huang 2006): the part of 20 ms beyond one standard deviation, against noise's. 1 is noise.
    let out = impulse().set("size", 0.5).render(2_000);
    let out = out.lane("out", 0);
    let density = |at: f32| {
        let part = &out[(at * RATE) as usize..][..960];
        let deviation = (energy(part) / 960.0).sqrt() as f32;
        part.iter().filter(|x| x.abs() > deviation).count() as f32 / 960.0 / 0.3173
    };
    assert!(density(0.15) > 0.8, "{}", density(0.15));
    assert!(density(0.4) > 0.85, "{}", density(0.4));
}

#[test]
fn a_steady_input_leaves_no_dc() {
    let out = Rig::new("Reverb")
        .feed("in", |_, _| 1.0)
        .set("size", 1.0)
        .set("decay", 4.0)
        .set("mix", 1.0)
        .render(30_000);
    let end = &out.lane("out", 0)[1_000_000..];
    let most = end.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    assert!(most < 0.1, "{most}");
}

#[test]
fn the_longest_room_does_not_grow() {
    let out = Rig::new("Reverb")
        .feed("in", |_, f| if f < 48_000 { hash_noise(0, f) } else { 0.0 })
        .set("size", 1.0)
        .set("decay", 4.0)
        .set("damp", 0.0)
        .set("mod", 1.0)
        .set("mix", 1.0)
        .render(15_000);
    let second = |n: usize| energy(&out.lane("out", 0)[n * 48_000..][..48_000]);
    for n in 2..19 {
        assert!(second(n + 1) < second(n), "{n}");
    }
}

#[test]
fn a_frozen_room_holds_for_a_minute_and_lets_go() {
    let out = Rig::new("Reverb")
        .feed("in", |_, f| if f < 48_000 { hash_noise(0, f) } else { 0.0 })
        .steps("freeze", |_, b| (600..48_000).contains(&b) as u32 as f32)
        .set("mix", 1.0)
        .render(52_000);
    let second = |n: usize| 10.0 * energy(&out.lane("out", 0)[n * 48_000..][..48_000]).log10();
    let change = second(63) - second(3);
    assert!(change.abs() < 0.2, "{change} dB in a minute");
    assert!(second(68) < second(63) - 20.0, "lets go");
}

#[test]
fn no_mode_rings_out_of_the_tail() {
    // A second of the late tail, white at its source: in twelfths of an octave from 500 Hz, each several modes wide, its loudest
    // against the mean of its neighbourhood, as noise of the same length has it. A ringing mode would stand out by 20 dB and more.
    let spectrum = |x: &[f32]| {
        let s = super::super::measure::Spectrum::new(x, RATE);
        let bands = (0..58).map(|b| 500.0 * (b as f64 / 12.0).exp2());
        bands
            .map(|hz| s.band_db(hz, hz * 1.06))
            .collect::<Vec<f64>>()
    };
    let stands_out = |bands: &[f64]| {
        let near = bands.windows(13).map(|w| w[6] - w.iter().sum::<f64>() / 13.0);
        near.fold(f64::NEG_INFINITY, f64::max)
    };
    for size in [0.0, 0.3, 0.7] {
        let out = impulse().set("size", size).set("decay", 4.0).set("damp", 0.0).set("cut", 10.0).render(3_000);
        let noise: Vec<f32> = (0..65_536).map(|f| hash_noise(3, f)).collect();
        let (tail, noise) = (stands_out(&spectrum(&out.lane("out", 0)[24_000..][..65_536])), stands_out(&spectrum(&noise)));
        assert!(tail < noise + 4.0, "{size}: {tail} {noise}");
    }
}

#[test]
fn knobs_turn_without_a_step() {
    let tone = |_: usize, f: u64| (f as f32 * 0.02).sin();
    let out = Rig::new("Reverb")
        .feed("in", tone)
        .steps("size", |_, b| if b < 1_000 { 0.3 } else { 0.8 })
        .steps("predelay", |_, b| if b < 1_500 { 0.01 } else { 0.02 })
        .set("mix", 1.0)
        .render(2_500);
    let out = &out.lane("out", 0)[40_000..];
    let top = out.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    let bend = out.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max);
    // A tone of this level curves by 0.02² of it; a step would be a thousand times that. The crossfades bend a little more.
    assert!(bend < 0.004 * top, "{bend} {top}");
}

#[test]
fn silence_costs_nothing_and_sound_wakes_it() {
    let out = Rig::new("Reverb")
        .steps("in", |_, b| (b == 30) as u32 as f32)
        .set("size", 0.0)
        .set("decay", 0.25)
        .render(3_000);
    assert!(out.constant[0] && out.constant[2_999] && !out.constant[40]);
    assert!(energy(&out.lane("out", 0)[32 * 64..]) > 1e-4);
}

#[test]
fn lanes_are_independent() {
    for (isa, width) in every_lane_type() {
        let all = Rig::new("Reverb")
            .per_lane("size", |lane| 0.1 * lane as f32 % 1.0)
            .feed("in", hash_noise)
            .on(isa, width)
            .render(100);
        for lane in 0..all.lanes() {
            let alone = Rig::new("Reverb")
                .set("size", 0.1 * lane as f32 % 1.0)
                .feed("in", move |_, f| hash_noise(lane, f))
                .render(100);
            let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
            assert!(off < -110.0, "{isa:?} {width:?} lane {lane}: {off}");
        }
    }
}
