//! Packed lanes, pitch, feedback and carried state: the same sound whatever the packing.
use chronus::dsp::BLOCK;
use chronus::dsp::lanes::IsaChoice;
use chronus::graph::{Snapshot, compile};

use crate::patches::{Builder, available, built, env, one_sine, render, residual_db, sines};

#[test]
fn packed_modules_sound_like_single_ones_at_every_instruction_set() {
    let count = 21;
    let mut want = vec![[0.0f32; 2]; 40 * BLOCK];
    for i in 0..count {
        // One at a time there is nothing to share lanes with.
        let (mut graph, _) = built(&sines(i..i + 1), IsaChoice::Plain);
        for (sum, x) in want.iter_mut().zip(render(&mut graph, 0, 40)) {
            *sum = [sum[0] + x[0], sum[1] + x[1]];
        }
    }
    for isa in available() {
        let (mut graph, _) = built(&sines(0..count), isa);
        let heard = render(&mut graph, 0, 40);
        assert!(heard.iter().any(|f| f[0].abs() > 0.1), "silent at {isa:?}");
        let residual = residual_db(&heard, &want);
        assert!(residual < -120.0, "{isa:?}: {residual} dB");
    }
}

#[test]
fn the_same_patch_gives_the_same_samples() {
    for isa in available() {
        let (mut a, _) = built(&sines(0..9), isa);
        let (mut b, _) = built(&sines(0..9), isa);
        let first = render(&mut a, 0, 20);
        assert_eq!(first, render(&mut b, 0, 20));
        a.reset();
        assert_eq!(first, render(&mut a, 0, 20), "after reset, {isa:?}");
    }
}

#[test]
fn a_pitch_cable_shifts_by_octaves() {
    let mut b = Builder::default();
    let out = b.add("out", "Out", &[]);
    // A sine that stands still at its crest: a constant 1.
    let one = b.add("one", "Vca", &[("gain", 1.0)]);
    let still = b.add("still", "Sine", &[("ratio", 0.0)]);
    let quarter = b.add("quarter", "Sine", &[("ratio", 0.0)]);
    let osc = b.add("osc", "Sine", &[("freq", 100.0)]);
    b.wire(still, one, "in", 1.0);
    b.wire(quarter, still, "fm", 1.0);
    b.wire(one, osc, "pitch", 1.0);
    b.wire(osc, out, "in", 1.0);
    let (mut graph, _) = built(&b.patch(), IsaChoice::Auto);
    let (mut plain, _) = built(&one_sine(100.0, false), IsaChoice::Auto);
    assert!(residual_db(&render(&mut graph, 0, 10), &render(&mut plain, 0, 10)) < -100.0);
}

#[test]
fn feedback_is_exactly_one_block_late() {
    let (mut late, _) = built(&one_sine(750.0, true), IsaChoice::Auto);
    let (mut now, _) = built(&one_sine(750.0, false), IsaChoice::Auto);
    let (late, now) = (render(&mut late, 0, 10), render(&mut now, 0, 10));
    assert!(late[..BLOCK].iter().flatten().all(|x| *x == 0.0));
    assert_eq!(late[BLOCK..], now[..now.len() - BLOCK]);
}

#[test]
fn a_cycle_is_named_and_a_feedback_mark_allows_it() {
    let mut b = Builder::default();
    let out = b.add("out", "Out", &[]);
    let first = b.add("first", "Vca", &[("gain", 0.5)]);
    let second = b.add("second", "Vca", &[("gain", 0.5)]);
    b.wire(first, second, "in", 1.0);
    b.wire(second, first, "in", 1.0);
    b.wire(second, out, "in", 1.0);
    let mut patch = b.patch();
    let error = compile(&patch, &env(IsaChoice::Auto))
        .err()
        .expect("a cycle");
    let text = error.to_string();
    assert!(text.contains("first") && text.contains("second"), "{text}");
    patch.cables[1].feedback = true;
    assert!(compile(&patch, &env(IsaChoice::Auto)).is_ok());
}

#[test]
fn carried_state_continues_the_sound_whatever_the_packing() {
    for (before, after) in [(0..1, 0..1), (0..9, 0..9), (0..9, 2..4), (2..4, 0..9)] {
        let (mut old, old_layout) = built(&sines(before.clone()), IsaChoice::Auto);
        let (mut new, new_layout) = built(&sines(after.clone()), IsaChoice::Auto);
        render(&mut old, 0, 10);
        let mut snapshot = Snapshot::plan(&old_layout, &new_layout);
        assert!(!snapshot.is_empty());
        old.save(&mut snapshot);
        new.restore(&snapshot);
        let heard = render(&mut new, 640, 10);
        if before == after {
            assert_eq!(heard, render(&mut old, 640, 10));
            continue;
        }
        // What goes on, and what starts anew.
        let mut want = vec![[0.0f32; 2]; heard.len()];
        for i in after.clone() {
            let (mut alone, _) = built(&sines(i..i + 1), IsaChoice::Auto);
            if before.contains(&i) {
                render(&mut alone, 0, 10);
            }
            for (sum, x) in want.iter_mut().zip(render(&mut alone, 640, 10)) {
                *sum = [sum[0] + x[0], sum[1] + x[1]];
            }
        }
        let residual = residual_db(&heard, &want);
        assert!(residual < -110.0, "{before:?} to {after:?}: {residual} dB");
    }
}
