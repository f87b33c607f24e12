//! Shapes, time and resets of the low-frequency oscillator.
use crate::modules::{
    harness::{RATE, Rig},
    spec::OptionValue,
};

fn shape(index: usize) -> Rig {
    Rig::new("Lfo").option("shape", OptionValue::Choice(index))
}

#[test]
fn shapes_pass_their_quarters() {
    // 128 frames a quarter.
    for (index, want) in [
        [0.0, 1.0, 0.0, -1.0],
        [0.0, 1.0, 0.0, -1.0],
        [-1.0, -0.5, 0.0, 0.5],
        [1.0, 1.0, -1.0, -1.0],
    ]
    .into_iter()
    .enumerate()
    {
        let out = shape(index).set("rate", RATE / 512.0).render(8);
        let (out, uni) = (out.lane("out", 0), out.lane("uni", 0));
        for (quarter, want) in want.into_iter().enumerate() {
            let got = out[128 * quarter];
            assert!((got - want).abs() < 2e-6, "{index} {quarter}: {got}");
            assert!((uni[128 * quarter] - (want + 1.0) / 2.0).abs() < 2e-6);
        }
    }
}

#[test]
fn a_cycle_of_minutes_keeps_its_time() {
    let out = shape(2).set("rate", 0.01).render(75_001);
    let out = out.lane("out", 0);
    let wrap = out.windows(2).position(|w| w[1] < w[0]).expect("wraps");
    assert!(wrap.abs_diff(4_800_000 - 1) <= 8, "{wrap}");
}

#[test]
fn random_values_change_once_a_cycle_and_differ() {
    let out = shape(4).set("rate", RATE / 480.0).render(750);
    let out = out.lane("out", 0);
    let changes: Vec<usize> = (1..out.len()).filter(|i| out[*i] != out[i - 1]).collect();
    assert_eq!(changes.len(), 99);
    assert!(changes.iter().all(|i| i % 480 <= 1), "{changes:?}");
    let mean = out.iter().sum::<f32>() / out.len() as f32;
    assert!(mean.abs() < 0.2, "{mean}");
}

#[test]
fn drift_has_no_steps() {
    let out = shape(5).set("rate", 10.0).render(750);
    let out = out.lane("out", 0);
    let step = out.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(step > 0.0 && step < 2.0 * 1.5 * 10.0 / RATE, "{step}");
}

#[test]
fn a_reset_starts_the_cycle_at_its_frame() {
    let out = shape(2)
        .set("rate", 3.0)
        .feed("reset", |_, f| (f == 1_017) as u32 as f32)
        .render(20);
    let out = out.lane("out", 0);
    assert!(out[1_016] > -0.9);
    assert_eq!(out[1_017], -1.0);
}

#[test]
fn a_locked_cycle_is_the_position_in_the_song() {
    let rig = || {
        shape(2)
            .option("every", OptionValue::Length(1.0))
            .change(30_000, |t| t.bpm = 90.0)
    };
    let whole = rig().render(1_000);
    let whole = whole.lane("out", 0);
    let (before, after) = (rig().transport, rig().then.expect("changes").1);
    for (f, x) in whole.iter().enumerate() {
        let t = if f < 30_000 { before } else { after };
        let want = t.beat_at(f as u64).fract() * 2.0 - 1.0;
        assert!((*x as f64 - want).abs() < 1e-6, "{f}: {x} {want}");
    }
    // Swapped in later, it is where it would have been.
    let late = rig().resume(&[], 640).render(100);
    assert_eq!(late.lane("out", 0), &whole[640..640 + 6_400]);
}

#[test]
fn once_runs_one_cycle_from_each_reset() {
    let rig = shape(2).option("mode", OptionValue::Choice(1)).set("rate", 100.0);
    let out = rig.feed("reset", |_, f| (f % 5_000 == 1_000) as u8 as f32).render(200);
    let out = out.lane("out", 0);
    for start in [1_000, 6_000] {
        // It waits at the end, runs 480 frames, and waits again.
        assert!(out[start - 1] > 0.99, "{start}: {}", out[start - 1]);
        assert_eq!(out[start], -1.0);
        assert!(out[start + 240].abs() < 0.01, "{}", out[start + 240]);
        assert!(out[start + 481..start + 4_900].iter().all(|x| *x > 0.999));
    }
}

#[test]
fn a_fade_grows_in_its_time_from_each_reset() {
    let rig = shape(3).set("rate", 0.01).set("fade", 0.1);
    let out = rig.feed("reset", |_, f| (f == 20_000) as u8 as f32).render(500);
    let (out, uni) = (out.lane("out", 0), out.lane("uni", 0));
    for start in [0, 20_000] {
        for (frames, want) in [(240, 0.05), (2_400, 0.5), (4_800, 1.0), (9_000, 1.0)] {
            let (got, uni) = (out[start + frames - 1], uni[start + frames - 1]);
            assert!((got - want).abs() < 1e-3 && (uni - want).abs() < 1e-3, "{got} {want}");
        }
    }
    // Fall is Saw turned over.
    let (rise, fall) = (shape(2).render(9), shape(6).render(9));
    let pairs = rise.lane("out", 0).iter().zip(fall.lane("out", 0));
    assert!(pairs.into_iter().all(|(a, b)| *a == -*b));
}
