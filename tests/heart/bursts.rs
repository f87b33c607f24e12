//! Whatever a host asks for, the samples are those of a straight render.
use proptest::prelude::*;

use crate::cores::{count, hash};
use crate::rig::{Rig, alone, guarded};
use chronus::engine::msg::Start;

const CALLBACKS: usize = 100_000;

/// A generator of one's own, so that a failure can be had again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Plays bursts of (callbacks, frames each) and compares what follows the first `warm_up` of them with a straight render.
fn plays_as_rendered(warm_up: usize, mut next: impl FnMut(usize) -> (usize, usize)) {
    let mut rig = Rig::new();
    rig.load(0, hash(1, 0.5), Start::At(0));
    rig.load(1, count(), Start::At(0));
    let (mut played, mut bursts) = (0, 0);
    let mut heard = alone(hash(1, 0.5), 0, 0);
    let mut skipped = 0;
    while played < CALLBACKS {
        let (callbacks, frames) = next(bursts);
        rig.step_engines();
        for _ in 0..callbacks {
            rig.callback(frames);
        }
        rig.pass(callbacks * frames);
        played += callbacks;
        bursts += 1;
        if bursts == warm_up {
            rig.slots.telemetry.reset_counters();
            skipped = rig.frame();
            rig.heard.clear();
        }
        if rig.heard.len() > 1 << 22 {
            heard.append(&mut rig.heard);
        }
    }
    heard.append(&mut rig.heard);
    rig.assert_unbroken();
    assert_eq!(skipped + heard.len() as u64, rig.frame());
    let straight = guarded(alone(hash(1, 0.5), 0, rig.frame() as usize));
    assert!(
        heard == straight[skipped as usize..],
        "not the straight render"
    );
    let lead = rig
        .slots
        .telemetry
        .timeline
        .lead
        .load(std::sync::atomic::Ordering::Relaxed);
    assert!(lead <= 2_880, "lead of {lead} frames");
}

#[test]
fn bursts_of_one_to_eight_periods() {
    let mut dice = Dice(1);
    plays_as_rendered(5, |n| match n {
        0 => (8, 256),
        // The fade around the frames that the first one did not get.
        1..5 => (1, 256),
        _ => (1 + dice.below(8) as usize, 256),
    });
}

#[test]
fn sizes_from_16_to_2048() {
    let mut dice = Dice(2);
    plays_as_rendered(5, |n| match n {
        0 => (1, 2_048),
        1..5 => (1, 256),
        _ => (1, 16 + dice.below(2_033) as usize),
    });
}

#[test]
fn without_a_warm_up_the_first_large_burst_ends_softly_and_nothing_is_skipped() {
    let mut rig = Rig::new();
    rig.load(0, count(), Start::At(0));
    rig.run(10, 256);
    rig.step_engines();
    for _ in 0..12 {
        rig.callback(1_024);
    }
    rig.run(200, 1_024);
    assert!(rig.none_frames() > 0);
    // Where the sound is at full level, the frames are the timeline's, one after the other.
    let straight = guarded(alone(count(), 0, rig.heard.len()));
    let silent = rig.none_frames() as usize;
    let tail = 100_000;
    let end = rig.heard.len();
    assert!(rig.heard[end - tail..] == straight[end - tail - silent..end - silent]);
    assert_eq!(rig.frame(), (end - silent) as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_sizes_play_the_same(sizes in prop::collection::vec(1usize..600, 1..60)) {
        let mut rig = Rig::new();
        rig.load(0, hash(3, 0.7), Start::At(0));
        rig.load(1, hash(4, 0.7), Start::At(0));
        for size in &sizes {
            rig.run(1, *size);
        }
        rig.assert_unbroken();
        let straight = guarded(alone(hash(3, 0.7), 0, rig.heard.len()));
        prop_assert!(rig.heard == straight);
    }
}
