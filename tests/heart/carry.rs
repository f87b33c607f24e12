//! State that goes from the running graph into the next, and rings that are replaced under a slot.
use chronus::audio::msg::{OutputMsg, OutputReply, SwapAt};
use chronus::dsp::StereoBlock;
use chronus::engine::msg::{EngineMsg, EngineReply, Load, Start};
use chronus::graph::{Block, Carried, Core, Snapshot};
use chronus::modules::spec::ParamValue;
use proptest::prelude::*;
use std::sync::atomic::Ordering::Relaxed;

use crate::cores::{panics_at, sine};
use crate::rig::{Rig, alone, guarded, primed};

/// A sound that depends on how many blocks were rendered before: only its state knows where it is.
struct Walk {
    blocks: f32,
}

impl Core for Walk {
    fn render(&mut self, _: &Block<'_>, out: &mut StereoBlock) {
        for (i, frame) in out.iter_mut().enumerate() {
            let x = ((self.blocks * 64.0 + i as f32) * 0.01).sin() * 0.5;
            *frame = [x, -x];
        }
        self.blocks += 1.0;
    }
    fn set_now(&mut self, _: usize, _: usize, _: ParamValue) {}
    fn test_note(&mut self, _: Option<f32>) {}
    fn reset(&mut self) {
        self.blocks = 0.0;
    }
    fn save(&mut self, into: &mut Snapshot) {
        into.carried[0].words[0] = self.blocks;
    }
    fn restore(&mut self, from: &Snapshot) {
        self.blocks = from.carried[0].words[0];
    }
}

fn snapshot() -> Box<Snapshot> {
    Box::new(Snapshot {
        carried: vec![Carried {
            from: 0,
            to: 0,
            voices: 1,
            whole: false,
            words: vec![0.0],
            memory: vec![],
        }],
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]
    /// The same sound goes on through a swap: to the bit outside of the fade, and within it to the rounding of the mix.
    #[test]
    fn a_swap_with_carried_state_is_no_swap_at_all(before in 3usize..60, size in 16usize..700, wait in 0u64..2_000) {
        let mut rig = Rig::for_period(size);
        rig.load(0, Walk { blocks: 0.0 }, Start::At(0));
        rig.load(1, sine(440.0, 0.5), Start::At(0));
        rig.run(before, size);
        let at = rig.slots.telemetry.slots[0].head.load(Relaxed) + wait;
        rig.send(0, EngineMsg::Save { snapshot: snapshot(), at });
        let saved = loop {
            rig.run(1, size);
            let found = rig.engine_replies[0].iter().position(|r| matches!(r, EngineReply::Saved { .. }));
            if let Some(found) = found {
                break rig.engine_replies[0].remove(found);
            }
        };
        let EngineReply::Saved { snapshot, frame, generation } = saved else { unreachable!() };
        prop_assert_eq!((frame, generation), (at.next_multiple_of(64), 1));
        let load = Load::new(primed(Walk { blocks: 0.0 }), 7, Start::At(frame)).carrying(snapshot);
        rig.send(1, EngineMsg::Load(Box::new(load)));
        rig.swap(1, 7, SwapAt::Ready, 960);
        rig.run(8_000 / size + 2, size);
        let swapped = rig.output_replies.iter().find_map(|r| match r {
            OutputReply::Swapped { frame, .. } => Some(*frame),
            _ => None,
        });
        let swapped = swapped.expect("swapped");
        prop_assert!(swapped >= frame);
        rig.assert_unbroken();
        let straight = guarded(alone(Walk { blocks: 0.0 }, 0, rig.heard.len()));
        let fade = swapped as usize..swapped as usize + 960 + 64;
        for (i, (heard, straight)) in rig.heard.iter().zip(&straight).enumerate() {
            let error = (heard[0] - straight[0]).abs();
            prop_assert!(error == 0.0 || (fade.contains(&i) && error < 3e-6), "{} at {}", error, i);
        }
    }
}

#[test]
fn a_snapshot_always_comes_home() {
    let mut rig = Rig::new();
    let unsaved = |rig: &Rig, slot: usize| {
        let replies = rig.engine_replies[slot].iter();
        replies
            .filter(|r| matches!(r, EngineReply::Unsaved(_)))
            .count()
    };
    let save = |at| EngineMsg::Save {
        snapshot: snapshot(),
        at,
    };
    // Without a graph, replaced by another, ended by a reload, by an unload, by a failure.
    rig.send(0, save(0));
    rig.run(1, 256);
    assert_eq!(unsaved(&rig, 0), 1);
    rig.load(0, Walk { blocks: 0.0 }, Start::At(0));
    rig.send(0, save(1 << 40));
    rig.send(0, save(1 << 40));
    rig.run(1, 256);
    assert_eq!(unsaved(&rig, 0), 2);
    rig.load(0, Walk { blocks: 0.0 }, Start::Head);
    rig.send(0, save(1 << 40));
    rig.send(0, EngineMsg::Unload);
    rig.run(1, 256);
    assert_eq!(unsaved(&rig, 0), 4);
    rig.load(0, panics_at(20_000, 60.0), Start::Head);
    rig.send(0, save(1 << 40));
    rig.run(200, 256);
    assert_eq!(unsaved(&rig, 0), 5);
}

#[test]
fn a_ring_is_replaced_under_an_unheard_slot_and_never_under_a_heard_one() {
    let mut rig = Rig::new();
    rig.load(0, sine(60.0, 0.5), Start::At(0));
    rig.load(1, sine(70.0, 0.5), Start::At(0));
    rig.run(20, 256);
    let detached = |rig: &Rig| {
        let replies = rig.output_replies.iter().filter_map(|r| match r {
            OutputReply::Detached { slot, attached, .. } => Some((*slot, *attached)),
            _ => None,
        });
        replies.collect::<Vec<_>>()
    };
    let (_writer, feed) = rig.slots.ports[0].ring();
    rig.tell(OutputMsg::Attach { slot: 0, feed });
    let (writer, feed) = rig.slots.ports[1].ring();
    rig.tell(OutputMsg::Attach { slot: 1, feed });
    rig.send(1, EngineMsg::Attach(writer));
    rig.run(20, 256);
    assert_eq!(detached(&rig), [(0, false), (1, true)]);
    let home = rig.engine_replies[1].iter();
    assert_eq!(
        home.filter(|r| matches!(r, EngineReply::Detached(_)))
            .count(),
        1
    );
    rig.run(20, 256);
    // The new ring is in step again, and a net.
    rig.hung[0] = true;
    rig.run(40, 256);
    assert_eq!((rig.slots.output.live(), rig.none_frames()), (1, 0));
    assert_eq!(
        rig.slots.telemetry.callback.discontinuities.load(Relaxed),
        0
    );
}

#[test]
fn a_parked_graph_is_not_rendered_and_plays_from_where_it_is_resumed() {
    let mut rig = Rig::new();
    rig.load(0, sine(60.0, 0.5), Start::At(0));
    let b = rig.load(1, sine(70.0, 0.5), Start::At(0));
    rig.run(20, 256);
    rig.send(1, EngineMsg::Park);
    rig.run(100, 256);
    let head = rig.slots.telemetry.slots[1].head.load(Relaxed);
    assert!(head < rig.frame());
    // A knob that is turned meanwhile counts later.
    let act = crate::rig::param(b, 0.5);
    rig.send(
        1,
        EngineMsg::At {
            frame: rig.frame(),
            act,
            sent_ns: 0,
        },
    );
    let from = rig.frame() + 1_000;
    rig.send(
        1,
        EngineMsg::Resume {
            from,
            snapshot: None,
        },
    );
    rig.swap(1, b, SwapAt::Frame(from.next_multiple_of(64) + 64), 240);
    rig.run(40, 256);
    rig.slots.telemetry.callback.standby_late.store(0, Relaxed);
    rig.assert_unbroken();
    let straight = guarded(alone(sine(70.0, 0.25), 0, rig.heard.len()));
    let tail = rig.heard.len() - 4_000;
    assert_eq!(rig.heard[tail..], straight[tail..]);
}
