//! An engine fails or hangs: the other takes over before the ring is dry. Both do: the sound ends and comes back softly.
use chronus::audio::fade::{level, smoothstep};
use chronus::audio::msg::{OutputReply, SwapAt};
use chronus::engine::msg::{EngineReply, Failure, Start};
use proptest::prelude::*;
use std::sync::atomic::Ordering::Relaxed;

use crate::cores::{hash, nan_at, of, panics_at, sine};
use crate::rig::{Rig, alone, guarded, residual};

/// The failovers: to which slot, at which frame, over how many, with which correlation.
fn failovers(rig: &Rig) -> Vec<(usize, u64, u32, f32)> {
    let seen = |reply: &OutputReply| match *reply {
        OutputReply::Failover {
            to,
            frame,
            fade_frames,
            rho,
            ..
        } => Some((to, frame, fade_frames, rho)),
        _ => None,
    };
    rig.output_replies.iter().filter_map(seen).collect()
}

/// What must have been heard where A gave way to B once.
fn seam(
    a: &[[f32; 2]],
    b: &[[f32; 2]],
    (_, frame, fade, rho): (usize, u64, u32, f32),
) -> Vec<[f32; 2]> {
    let mixed = (0..b.len()).map(|i| {
        let w = smoothstep((i as f64 - frame as f64) / f64::from(fade));
        let g = level(1.0 - w, w, f64::from(rho));
        let at = |stream: &[[f32; 2]]| stream.get(i).copied().unwrap_or_default();
        [0, 1].map(|s| (g * ((1.0 - w) * f64::from(at(a)[s]) + w * f64::from(at(b)[s]))) as f32)
    });
    guarded(mixed.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn a_panic_at_any_frame_is_a_fade_of_5_ms(at in 3_000u64..40_000, size in 16usize..1_100, bad in 0u8..2) {
        let mut rig = Rig::for_period(size);
        match bad {
            0 => rig.load(0, panics_at(at, 330.0), Start::At(0)),
            _ => rig.load(0, nan_at(at, 330.0), Start::At(0)),
        };
        rig.load(1, sine(470.0, 0.4), Start::At(0));
        rig.run(60_000 / size, size);
        rig.assert_unbroken();
        let failovers = failovers(&rig);
        prop_assert_eq!(failovers.len(), 1);
        let (to, frame, fade, _) = failovers[0];
        prop_assert_eq!((to, fade), (1, 240));
        // The last whole block of A ends before the bad frame, and is not cut short by more than low water.
        let end = at / 64 * 64;
        prop_assert!(frame + 240 <= end);
        prop_assert!(frame + 240 + 3 * size as u64 + 240 >= end);
        let a = alone(sine(330.0, 0.5), 0, end as usize);
        let b = alone(sine(470.0, 0.4), 0, rig.heard.len());
        let worst = residual(&rig.heard, &seam(&a, &b, failovers[0]));
        prop_assert!(worst <= -110.0, "{} dBFS", worst);
        let failed = rig.engine_replies[0].iter().any(|r| match r {
            EngineReply::Failed { head, why, .. } => *head == end && match why {
                Failure::Panic(_) => bad == 0 && why.sentence().contains("told to panic"),
                Failure::NonFinite => bad == 1,
            },
            _ => false,
        });
        prop_assert!(failed, "the engine did not tell");
    }

    #[test]
    fn a_stall_at_any_callback_is_a_fade_of_5_ms(after in 5usize..40, size in 16usize..1_100) {
        let mut rig = Rig::for_period(size);
        rig.load(0, sine(330.0, 0.5), Start::At(0));
        rig.load(1, sine(470.0, 0.4), Start::At(0));
        rig.run(after, size);
        rig.hung[0] = true;
        // Ten seconds.
        rig.run(480_000 / size, size);
        rig.hung[0] = false;
        rig.run(100, size);
        // That the other slot is late afterwards is not a fault of the one that is heard.
        rig.slots.telemetry.callback.standby_late.store(0, Relaxed);
        rig.assert_unbroken();
        let failovers = failovers(&rig);
        prop_assert_eq!(failovers.len(), 1);
        let frames = rig.heard.len();
        let (a, b) = (alone(sine(330.0, 0.5), 0, frames), alone(sine(470.0, 0.4), 0, frames));
        let worst = residual(&rig.heard, &seam(&a, &b, failovers[0]));
        prop_assert!(worst <= -110.0, "{} dBFS", worst);
    }

    /// A planned swap and a failover want the callback at the same time: whatever the order, one slot is heard in the end, and
    /// the way there has no step in it.
    #[test]
    fn a_swap_during_a_failover_has_one_winner(
        swap_at in 0u64..5_000, dies_at in 3_000u64..7_000, fade in 1u32..2_000, size in 16usize..600, dead in 0usize..2
    ) {
        let mut rig = Rig::for_period(size);
        let slow = |slot: usize| [60.0, 70.0][slot];
        let load = |rig: &mut Rig, slot: usize| {
            let tone = slow(slot);
            if slot == dead {
                rig.load(slot, panics_at(dies_at, tone), Start::At(0))
            } else {
                rig.load(slot, sine(tone, 0.5), Start::At(0))
            }
        };
        load(&mut rig, 0);
        let b = load(&mut rig, 1);
        rig.swap(1, b, SwapAt::Frame(swap_at), fade.max(240));
        rig.run(20_000 / size, size);
        prop_assert_eq!(rig.slots.telemetry.callback.discontinuities.load(Relaxed), 0);
        prop_assert_eq!(rig.none_frames(), 0);
        prop_assert_eq!(rig.slots.output.live(), 1 - dead);
        let straight = guarded(alone(sine(slow(1 - dead), 0.5), 0, rig.heard.len()));
        let tail = rig.heard.len() - 4_000;
        prop_assert_eq!(&rig.heard[tail..], &straight[tail..]);
        // The steepest of two sines of 70 Hz at 0.5, mixed with at most 3 dB of hold, and the steepest fade over 240 frames.
        let steepest = rig.heard.windows(2).map(|w| (w[1][0] - w[0][0]).abs()).fold(0.0, f32::max);
        let limit = 2.0 * 0.5 * 1.42 * 70.0 * std::f32::consts::TAU / 48e3 + 1.875 / 240.0 * 1.42;
        prop_assert!(steepest < limit, "a step of {} where {} is possible", steepest, limit);
        let swapped = rig.output_replies.iter().filter(|r| matches!(r, OutputReply::Swapped { .. })).count();
        let refused = rig.output_replies.iter().filter(|r| matches!(r, OutputReply::Refused { .. })).count();
        prop_assert_eq!(swapped + refused, 1);
    }

    /// No net: the last 5 ms fade out, nothing is cut, repeated or skipped, and what comes back fades in where it stopped.
    #[test]
    fn an_engine_that_pauses_is_heard_to_pause(pause in 1usize..60, size in 16usize..600, after in 5usize..30) {
        let mut rig = Rig::for_period(size);
        rig.load(0, sine(60.0, 0.5), Start::At(0));
        rig.run(after, size);
        rig.hung[0] = true;
        rig.run(pause, size);
        rig.hung[0] = false;
        rig.run(30_000 / size, size);
        prop_assert_eq!(rig.slots.telemetry.callback.discontinuities.load(Relaxed), 0);
        let silent = rig.none_frames();
        prop_assert_eq!(rig.frame() + silent, rig.heard.len() as u64);
        let steepest = rig.heard.windows(2).map(|w| (w[1][0] - w[0][0]).abs()).fold(0.0, f32::max);
        let limit = 0.5 * 60.0 * std::f32::consts::TAU / 48e3 + 0.5 * 1.875 / 240.0;
        prop_assert!(steepest < limit, "a step of {}", steepest);
        let straight = guarded(alone(sine(60.0, 0.5), 0, rig.heard.len()));
        let tail = rig.heard.len() - 4_000;
        prop_assert_eq!(&rig.heard[tail..], &straight[tail - silent as usize..straight.len() - silent as usize]);
        // What the reserve covers is not heard at all.
        if (pause * size + size) as u64 <= 1_920 - 240 - 64 {
            prop_assert_eq!(silent, 0);
            prop_assert_eq!(&rig.heard, &straight);
        }
    }
}

#[test]
fn both_dead_fade_out_and_a_reload_is_heard_again_where_time_stopped() {
    let mut rig = Rig::new();
    rig.load(0, panics_at(9_000, 60.0), Start::At(0));
    rig.load(1, panics_at(9_000, 60.0), Start::At(0));
    rig.run(100, 256);
    let stopped = rig.frame();
    assert_eq!(stopped, 9_000 / 64 * 64);
    assert!(rig.none_frames() > 0);
    let silence_from = rig.heard.len() - 256;
    assert!(rig.heard[silence_from..].iter().all(|x| *x == [0.0; 2]));
    rig.load(0, sine(60.0, 0.5), Start::Head);
    rig.run(40, 256);
    let steepest = rig
        .heard
        .windows(2)
        .map(|w| (w[1][0] - w[0][0]).abs())
        .fold(0.0, f32::max);
    assert!(steepest < 0.5 * 60.0 * std::f32::consts::TAU / 48e3 + 0.5 * 1.875 / 240.0);
    let silent = rig.none_frames() as usize;
    let straight = guarded(alone(sine(60.0, 0.5), 0, rig.heard.len()));
    let end = rig.heard.len();
    assert_eq!(
        rig.heard[end - 2_000..],
        straight[end - 2_000 - silent..end - silent]
    );
}

#[test]
fn a_reload_of_the_live_slot_that_comes_before_it_is_dry_still_fades() {
    let mut rig = Rig::new();
    rig.load(0, panics_at(9_000, 60.0), Start::At(0));
    // As soon as it has failed, with 40 ms of it still in the ring.
    while !rig.engine_replies[0]
        .iter()
        .any(|r| matches!(r, EngineReply::Failed { .. }))
    {
        rig.run(1, 64);
    }
    rig.load(0, of(|_| 0.5), Start::Head);
    rig.run(100, 64);
    let steepest = rig
        .heard
        .windows(2)
        .map(|w| (w[1][0] - w[0][0]).abs())
        .fold(0.0, f32::max);
    assert!(
        steepest < 0.5 * 60.0 * std::f32::consts::TAU / 48e3 + 0.5 * 1.875 / 240.0,
        "{steepest}"
    );
    assert_eq!(rig.heard.last(), Some(&[0.5, 0.25]));
}

#[test]
fn an_engine_twice_too_slow_is_left_once() {
    let mut rig = Rig::new();
    rig.load(0, hash(1, 0.5), Start::At(0));
    rig.load(1, hash(2, 0.5), Start::At(0));
    rig.run(20, 256);
    for n in 0..4_000 {
        // Both are stepped, A only for half of what the callback takes.
        rig.hung[0] = true;
        rig.step_engines();
        for _ in 0..2 {
            rig.slots.engines[0].step();
        }
        rig.callback(256);
        rig.pass(256);
        assert!(failovers(&rig).len() <= 1, "flapping at {n}");
    }
    assert_eq!(failovers(&rig).len(), 1);
    rig.slots.telemetry.callback.standby_late.store(0, Relaxed);
    rig.assert_unbroken();
}

#[test]
fn two_slow_engines_do_not_flap() {
    let mut rig = Rig::new();
    rig.load(0, hash(1, 0.5), Start::At(0));
    rig.load(1, hash(2, 0.5), Start::At(0));
    rig.run(20, 256);
    let mut last = None;
    for n in 0..10_000u64 {
        rig.hung = [true; 2];
        // Each gets what the other does not.
        for _ in 0..4 {
            let turn = (n / 50) as usize % 2;
            rig.slots.engines[turn].step();
        }
        rig.callback(256);
        rig.pass(256);
        if let Some((_, frame, ..)) = failovers(&rig).last()
            && let Some(before) = last.replace(*frame).filter(|b| b != frame)
        {
            // Two seconds of timeline, or a silence that had gone on for 100 ms.
            let held = frame - before >= 96_000 || rig.none_frames() > 4_800;
            assert!(held, "back after {} frames", frame - before);
        }
    }
    assert_eq!(
        rig.slots.telemetry.callback.discontinuities.load(Relaxed),
        0
    );
}

#[test]
fn without_leave_there_is_no_failover() {
    let mut rig = Rig::new();
    rig.load(0, panics_at(9_000, 60.0), Start::At(0));
    rig.load(1, sine(70.0, 0.5), Start::At(0));
    rig.tell(chronus::audio::msg::OutputMsg::Net(false));
    rig.run(100, 256);
    assert!(failovers(&rig).is_empty() && rig.none_frames() > 0);
}

#[test]
fn a_standby_that_falls_behind_never_disturbs_the_one_that_is_heard() {
    let mut rig = Rig::new();
    rig.load(0, hash(1, 0.5), Start::At(0));
    rig.load(1, hash(2, 0.5), Start::At(0));
    rig.run(20, 256);
    rig.hung[1] = true;
    rig.run(50, 256);
    assert_eq!(rig.slots.telemetry.callback.standby_late.load(Relaxed), 1);
    rig.hung[1] = false;
    rig.run(20, 256);
    rig.slots.telemetry.callback.standby_late.store(0, Relaxed);
    rig.assert_unbroken();
    assert_eq!(rig.heard, guarded(alone(hash(1, 0.5), 0, rig.heard.len())));
    // And it is a net again.
    rig.hung[0] = true;
    rig.run(50, 256);
    assert_eq!((failovers(&rig).len(), rig.none_frames()), (1, 0));
}
