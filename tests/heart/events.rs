//! Events at their frame, late ones at once, and a full queue that loses nothing.
use chronus::dsp::transport::Transport;
use chronus::engine::msg::{Act, EngineMsg, EngineReply, Load, Start};
use chronus::graph::{Block, Core, Snapshot};
use chronus::modules::spec::ParamValue;
use proptest::prelude::*;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use crate::cores::of;
use crate::rig::{RATE, Rig, param, primed};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn events_are_heard_at_exactly_their_frame(
        gaps in prop::collection::vec((0u64..700, 1u32..100), 1..50), size in 16usize..700
    ) {
        let mut rig = Rig::new();
        let generation = rig.load(0, of(|_| 1.0), Start::At(0));
        let mut frame = 0;
        let mut levels = vec![];
        for (gap, value) in gaps {
            frame += gap;
            // Away from 0, and without an offset that the guard would take for one: it looks at 16,384 frames first.
            let value = value as f32 / 200.0;
            levels.push((frame, value));
            rig.send(0, EngineMsg::At { frame, act: param(generation, value), sent_ns: 0 });
        }
        rig.run(5_000 / size, size);
        rig.assert_unbroken();
        let heard = &rig.heard[64..];
        let level = |frame: u64| {
            levels.iter().rev().find(|(at, _)| *at <= frame).map_or(1.0, |(_, v)| *v)
        };
        // The guard limits the level of 1 that precedes the first event; what is below its ceiling is exact.
        for (i, x) in heard.iter().enumerate().filter(|(i, _)| level(*i as u64) < 0.6) {
            let limited = (i.saturating_sub(6_000)..i + 64).any(|j| level(j as u64) > 0.8);
            prop_assert!(limited || x[0] == level(i as u64), "frame {i}");
        }
    }
}

#[test]
fn a_late_event_is_applied_at_once_and_counted() {
    let mut rig = Rig::new();
    let generation = rig.load(0, of(|_| 0.5), Start::At(0));
    rig.run(10, 256);
    let head = rig.slots.telemetry.slots[0].head.load(Relaxed);
    let act = param(generation, 0.25);
    rig.send(
        0,
        EngineMsg::At {
            frame: 5,
            act,
            sent_ns: 0,
        },
    );
    rig.run(20, 256);
    assert_eq!(rig.slots.telemetry.late_events(), 1);
    let first = rig.heard.iter().position(|x| x[0] == 0.125).unwrap();
    assert_eq!(first as u64, head + 64);
}

#[test]
fn a_change_for_a_graph_that_is_gone_is_dropped() {
    let mut rig = Rig::new();
    let old = rig.load(0, of(|_| 0.5), Start::At(0));
    rig.load(0, of(|_| 0.25), Start::At(0));
    rig.send(
        0,
        EngineMsg::At {
            frame: 0,
            act: param(old, 0.0),
            sent_ns: 0,
        },
    );
    rig.run(5, 256);
    assert_eq!(rig.slots.telemetry.slots[0].stale_events.load(Relaxed), 1);
    assert_eq!(rig.heard.last(), Some(&[0.25, 0.125]));
}

#[test]
fn a_replayed_event_reaches_a_graph_that_starts_in_the_past() {
    let mut rig = Rig::new();
    rig.load(0, of(|_| 0.0), Start::At(0));
    rig.run(10, 256);
    let load = Load::new(primed(of(|_| 0.5)), 9, Start::At(1_000))
        .replaying(vec![(1_100, param(9, 0.5)), (4_000, param(9, 0.25))]);
    rig.send(1, EngineMsg::Load(Box::new(load)));
    rig.run(1, 256);
    let first = rig.engine_replies[1].iter().find_map(|r| match r {
        EngineReply::Loaded { from_frame, .. } => Some(*from_frame),
        _ => None,
    });
    assert_eq!(first, Some(1_024));
    rig.swap(1, 9, chronus::audio::msg::SwapAt::Ready, 64);
    rig.run(20, 256);
    assert_eq!(rig.heard.last(), Some(&[0.125, 0.0625]));
    rig.assert_unbroken();
}

/// Keeps the transport it was given, frame by frame.
struct Lines(Arc<Mutex<Vec<f64>>>);

impl Core for Lines {
    fn render(&mut self, block: &Block<'_>, _: &mut chronus::dsp::StereoBlock) {
        let bpm = (0..64).map(|i| block.time.at(i).bpm);
        self.0.lock().unwrap().extend(bpm);
    }
    fn set_now(&mut self, _: usize, _: usize, _: ParamValue) {}
    fn test_note(&mut self, _: Option<f32>) {}
    fn reset(&mut self) {}
    fn save(&mut self, _: &mut Snapshot) {}
    fn restore(&mut self, _: &Snapshot) {}
}

#[test]
fn a_tempo_change_holds_from_its_frame_on() {
    let mut rig = Rig::new();
    let seen = Arc::default();
    rig.load(0, Lines(Arc::clone(&seen)), Start::At(0));
    for (frame, bpm) in [(100, 90.0), (128, 91.0), (192, 92.0), (200, 93.0)] {
        let act = Act::Transport(Transport::new(RATE, bpm));
        rig.send(
            0,
            EngineMsg::At {
                frame,
                act,
                sent_ns: 0,
            },
        );
    }
    rig.run(4, 256);
    let seen = seen.lock().unwrap();
    assert_eq!((seen[99], seen[100], seen[127]), (120.0, 90.0, 90.0));
    assert_eq!((seen[128], seen[191]), (91.0, 91.0));
    // Two within one block: the later one counts, from its frame on.
    assert_eq!((seen[199], seen[200], seen[500]), (92.0, 93.0, 93.0));
}

#[test]
fn a_flood_is_taken_as_there_is_room_and_nothing_is_lost() {
    let mut rig = Rig::new();
    // No offset for the guard to take away.
    let square = |frame: u64| if frame.is_multiple_of(2) { 0.5 } else { -0.5 };
    let generation = rig.load(0, of(square), Start::At(0));
    rig.run(1, 256);
    let (mut sent, mut refused) = (0u64, 0);
    for _ in 0..200 {
        for _ in 0..800 {
            let frame = rig.slots.telemetry.soon();
            let value = sent as f32 / 200_000.0;
            let act = param(generation, value);
            match rig.slots.ports[0].send(EngineMsg::At {
                frame,
                act,
                sent_ns: 0,
            }) {
                Ok(()) => sent += 1,
                Err(_) => refused += 1,
            }
        }
        rig.run(1, 64);
    }
    rig.run(60, 64);
    assert!(refused == 0, "{refused} refused");
    rig.assert_unbroken();
    let last = (sent - 1) as f32 / 200_000.0 * 0.5;
    assert_eq!(rig.heard.last(), Some(&[-last, -0.5 * last]));
}
