//! What every module of the registry has to hold, whoever wrote it.
use crate::dsp::{BLOCK, lanes::IsaChoice};

use super::{
    REGISTRY,
    harness::{Rendered, Rig, Width, difference_db, every_lane_type, hash_noise},
    module::VoiceChange,
    spec::{Family, ModuleSpec, OptionKind, OptionValue, Signal, Voicing, kernel_value},
};

const BLOCKS: usize = 24;
/// No module makes more of an input at full scale, even at the corners: resonance and gain included.
const BOUND: f32 = 1e4;

/// Modules that go wrong on purpose are not asked.
fn modules() -> impl Iterator<Item = &'static ModuleSpec> {
    REGISTRY.iter().copied().filter(|s| s.kind != "Fault")
}

/// The module with sound, gates and notes at its inputs.
fn busy(spec: &'static ModuleSpec) -> Rig {
    let mut rig = Rig::new(spec.kind);
    for (n, port) in spec.inputs.iter().enumerate() {
        let gate = matches!(port.signal, Signal::Gate);
        let scale = if matches!(port.signal, Signal::Pitch) {
            0.01
        } else {
            0.5
        };
        let value = move |lane: usize, f: u64| match gate {
            true => ((f + 100 * lane as u64) % 700 < 400) as u32 as f32,
            false => scale * hash_noise(lane + 7 * n, f),
        };
        for slot in [port.name.to_owned(), format!("{}.R", port.name)]
            .into_iter()
            .take(port.width.slots())
        {
            rig = rig.feed(&slot, value);
        }
    }
    if spec.voicing == Voicing::NoteSource {
        for (frame, voice, pitch) in [(33, 0, 0.5), (200, 1, -1.0), (700, 0, 1.25)] {
            let on = VoiceChange::On {
                pitch,
                velocity: 0.8,
                legato: voice == 0,
            };
            rig = rig
                .note(frame, voice, on)
                .note(frame + 300, voice, VoiceChange::Off);
        }
    }
    rig
}

/// Every choice of every option, and every parameter at its ends: one at a time, then in random combinations.
fn corners(spec: &'static ModuleSpec) -> Vec<Rig> {
    let mut rigs = Vec::new();
    let ends = |rig: Rig, bits: u64, only: Option<usize>| {
        let params = spec.params.iter().enumerate();
        params
            .filter(|(n, _)| only.is_none_or(|o| o == *n))
            .fold(rig, |rig, (n, p)| {
                let value = if bits >> n & 1 == 1 { p.max } else { p.min };
                rig.set(p.name, kernel_value(p, value))
            })
    };
    for n in 0..spec.params.len() {
        rigs.push(ends(busy(spec), 0, Some(n)));
        rigs.push(ends(busy(spec), u64::MAX, Some(n)));
    }
    for combination in 0..12u64 {
        rigs.push(ends(
            busy(spec),
            combination.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20,
            None,
        ));
    }
    for option in spec.options {
        if let OptionKind::Choice(names) = option.kind {
            for choice in 0..names.len() {
                let rig = busy(spec).option(option.name, OptionValue::Choice(choice));
                rigs.push(ends(rig, choice as u64 * 0x55, None));
            }
        }
    }
    rigs.push(busy(spec));
    rigs
}

fn every_frame(out: &Rendered) -> impl Iterator<Item = f32> + '_ {
    out.slots.iter().flatten().flatten().copied()
}

fn same_bits(a: &Rendered, b: &Rendered) -> bool {
    every_frame(a)
        .map(f32::to_bits)
        .eq(every_frame(b).map(f32::to_bits))
}

#[test]
fn every_corner_of_every_range_is_finite() {
    for spec in modules() {
        for (n, rig) in corners(spec).into_iter().enumerate() {
            for (isa, width) in [
                (IsaChoice::Plain, Width::One),
                (IsaChoice::Auto, Width::Wide),
            ] {
                let rig_out = rig.render_on(isa, width, BLOCKS);
                let worst = every_frame(&rig_out).fold(0.0f32, |a, x| match x.is_finite() {
                    true => a.max(x.abs()),
                    false => f32::INFINITY,
                });
                assert!(
                    worst < BOUND,
                    "{} corner {n} on {isa:?} {width:?}: {worst}",
                    spec.kind
                );
                let state = rig_out.state.iter();
                let finite = state.flat_map(|s| &s.memory).all(|x| x.is_finite());
                assert!(finite, "{} corner {n}: memory", spec.kind);
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_samples() {
    for spec in modules() {
        for (isa, width) in every_lane_type() {
            let render = || busy(spec).on(isa, width).render(BLOCKS);
            assert!(
                same_bits(&render(), &render()),
                "{} {isa:?} {width:?}",
                spec.kind
            );
        }
    }
}

#[test]
fn a_saved_state_plays_on_as_if_nothing_had_happened() {
    for spec in modules() {
        for (isa, width) in every_lane_type() {
            let rig = || busy(spec).on(isa, width);
            let whole = rig().render(BLOCKS);
            let first = rig().render(BLOCKS / 2);
            let from = (BLOCKS / 2 * BLOCK) as u64;
            // A rig counts notes from its first block: what is left of them is struck anew.
            let rest = busy_from(spec, from).on(isa, width);
            let rest = rest.resume(&first.state, from).render(BLOCKS / 2);
            for (slot, lanes) in whole.slots.iter().enumerate() {
                for (lane, frames) in lanes.iter().enumerate() {
                    let again = &rest.slots[slot][lane];
                    assert!(
                        frames[from as usize..]
                            .iter()
                            .map(|x| x.to_bits())
                            .eq(again.iter().map(|x| x.to_bits())),
                        "{} {isa:?} {width:?} slot {slot} lane {lane}",
                        spec.kind
                    );
                }
            }
        }
    }
}

/// As `busy`, its notes counted from a later block.
fn busy_from(spec: &'static ModuleSpec, from: u64) -> Rig {
    let mut rig = busy(spec);
    rig.shift_notes(from);
    rig
}

#[test]
fn a_lane_sounds_as_it_does_alone() {
    for spec in modules() {
        for (isa, width) in every_lane_type() {
            let wide = busy(spec).on(isa, width).render(BLOCKS);
            let alone = busy(spec).on(IsaChoice::Plain, Width::One).render(BLOCKS);
            for (slot, lanes) in wide.slots.iter().enumerate() {
                let off = difference_db(&lanes[0], &alone.slots[slot][0]);
                assert!(
                    off < -100.0,
                    "{} {isa:?} {width:?} slot {slot}: {off}",
                    spec.kind
                );
            }
        }
    }
}

#[test]
fn a_signal_that_stands_still_sounds_like_a_constant() {
    for spec in modules() {
        let level = |n: usize| 0.2 + 0.1 * n as f32;
        let (mut still, mut signal) = (Rig::new(spec.kind), Rig::new(spec.kind));
        for (n, port) in spec.inputs.iter().enumerate() {
            still = still.set(port.name, level(n));
            signal = signal.feed(port.name, move |_, _| level(n));
        }
        for p in spec.params {
            let value = kernel_value(p, p.default);
            signal = signal.feed(p.name, move |_, _| value);
        }
        let (still, signal) = (still.render(BLOCKS), signal.render(BLOCKS));
        for slot in 0..still.slots.len() {
            let off = difference_db(&still.slots[slot][0], &signal.slots[slot][0]);
            assert!(off < -100.0, "{} slot {slot}: {off}", spec.kind);
        }
    }
}

#[test]
fn specs_are_complete_and_their_names_differ() {
    for (n, spec) in REGISTRY.iter().enumerate() {
        let kind = spec.kind;
        assert!(REGISTRY[..n].iter().all(|s| s.kind != kind), "{kind} twice");
        assert!(!spec.doc.is_empty() && !spec.outputs.is_empty(), "{kind}");
        let of_ports = spec.inputs.iter().map(|p| (p.name, p.doc));
        let of_params = spec.params.iter().map(|p| (p.name, p.doc));
        let of_options = spec.options.iter().map(|o| (o.name, o.doc));
        let mut names: Vec<_> = of_ports.chain(of_params).chain(of_options).collect();
        assert!(
            names.iter().all(|(_, doc)| !doc.is_empty()),
            "{kind} lacks a doc"
        );
        names.sort();
        names.dedup_by_key(|(name, _)| *name);
        let all = spec.inputs.len() + spec.params.len() + spec.options.len();
        assert_eq!(names.len(), all, "{kind} names something twice");
        for p in spec.params {
            let inside = (p.min..=p.max).contains(&p.default);
            assert!(inside, "{kind}.{}: default out of range", p.name);
        }
        assert!(spec.family != Family::Source || !spec.outputs.is_empty());
    }
}
