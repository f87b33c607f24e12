//! Every order of a few turns of both engines and the callback, with a failure or a reload in between: the callback's decisions do
//! not depend on who came first.
use std::sync::atomic::Ordering::Relaxed;

use chronus::audio::msg::{OutputReply, SwapAt};
use chronus::engine::msg::Start;

use crate::cores::{panics_at, sine};
use crate::rig::Rig;

/// What may come next.
#[derive(Clone, Copy)]
enum TurnOf {
    Engine(usize),
    Callback,
}

/// All sequences of this many turns, as numbers in base 3.
fn all_orders(turns: u32) -> impl Iterator<Item = Vec<TurnOf>> {
    (0..3usize.pow(turns)).map(move |mut number| {
        (0..turns)
            .map(|_| {
                let digit = number % 3;
                number /= 3;
                match digit {
                    0 | 1 => TurnOf::Engine(digit),
                    _ => TurnOf::Callback,
                }
            })
            .collect()
    })
}

fn take(rig: &mut Rig, turn: TurnOf) {
    match turn {
        TurnOf::Engine(slot) => {
            // A few blocks at a time, so that rings run low within a few turns.
            for _ in 0..3 {
                rig.slots.engines[slot].step();
            }
        }
        TurnOf::Callback => {
            rig.callback(450);
            rig.pass(450);
        }
    }
}

/// The steepest of two sines of 70 Hz at 0.5, one fading in while the other fades out, with 3 dB of hold.
const STEEPEST: f32 = 2.0 * 0.5 * 1.42 * 70.0 * std::f32::consts::TAU / 48e3 + 1.42 * 1.875 / 240.0;

fn check(rig: &Rig, order: usize) {
    let t = &rig.slots.telemetry;
    assert_eq!(t.callback.discontinuities.load(Relaxed), 0, "order {order}");
    let silent = rig.none_frames();
    assert_eq!(
        rig.frame() + silent,
        rig.heard.len() as u64,
        "order {order}"
    );
    let steepest = rig.heard.windows(2).map(|w| (w[1][0] - w[0][0]).abs());
    let steepest = steepest.fold(0.0, f32::max);
    assert!(steepest < STEEPEST, "a step of {steepest} in order {order}");
    // A swap that was asked for happened, or was refused, or waits; never two of them.
    let ends = rig
        .output_replies
        .iter()
        .filter(|r| matches!(r, OutputReply::Swapped { .. } | OutputReply::Refused { .. }));
    assert!(ends.count() <= 1);
}

#[test]
fn a_swap_and_a_failure_in_every_order() {
    for (number, order) in all_orders(8).enumerate() {
        let mut rig = Rig::for_period(450);
        rig.load(0, panics_at(3_300, 60.0), Start::At(0));
        let b = rig.load(1, sine(70.0, 0.5), Start::At(0));
        rig.run(2, 450);
        rig.swap(1, b, SwapAt::Frame(2_000), 960);
        for turn in order {
            take(&mut rig, turn);
        }
        rig.run(12, 450);
        check(&rig, number);
        assert_eq!(rig.slots.output.live(), 1);
        assert_eq!(rig.heard.len() as u64, rig.frame() + rig.none_frames());
    }
}

#[test]
fn a_reload_of_the_standby_in_every_order() {
    for (number, order) in all_orders(8).enumerate() {
        let mut rig = Rig::for_period(450);
        rig.load(0, sine(60.0, 0.5), Start::At(0));
        rig.load(1, panics_at(6_000, 65.0), Start::At(0));
        rig.run(2, 450);
        let start = Start::At(rig.frame() + 600);
        let b = rig.load(1, sine(70.0, 0.5), start);
        rig.swap(1, b, SwapAt::Ready, 960);
        for turn in order {
            take(&mut rig, turn);
        }
        rig.run(12, 450);
        check(&rig, number);
        assert_eq!(rig.slots.output.live(), 1, "order {number}");
    }
}
