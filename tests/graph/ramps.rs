//! Parameters and amounts go to their values from their frame, without a jump.
use chronus::dsp::BLOCK;
use chronus::dsp::lanes::IsaChoice;
use chronus::graph::Change;
use chronus::modules::spec::ParamValue;
use chronus::patch::Patch;
use chronus::patch::file::parse;

use crate::patches::{RATE, built, one_sine, render, render_with, residual_db, sines};

#[test]
fn a_parameter_moves_from_its_frame_over_five_milliseconds() {
    let mut patch = one_sine(12_000.0, false);
    let out = patch.node("out").expect("there");
    patch.modules[out].params[0] = ParamValue::Fixed(-60.0);
    let (mut graph, _) = built(&patch, IsaChoice::Auto);
    let change = Change::Param {
        node: out,
        param: 0,
        value: ParamValue::Fixed(0.0),
    };
    let heard = render_with(&mut graph, 0, 8, &[(100, change)]);
    let level = |from: usize| {
        let frames = heard[from..from + 4].iter();
        frames.map(|f| f[0].abs()).fold(0.0, f32::max)
    };
    assert_eq!(level(96), 0.0, "starts early");
    assert!(level(100) > 0.0, "starts late");
    assert!((level(220) - 0.5).abs() < 0.02, "half way: {}", level(220));
    assert!((level(344) - 1.0).abs() < 1e-3);
}

/// What `turned` hears while every cable in `cables` goes to `to` from `at` on, beside patches that have either amount throughout.
fn amounts_go(patch: &Patch, cables: &[usize], to: f32, at: u64, isa: IsaChoice) {
    let note = Change::Note {
        note: 60.0,
        velocity: 1.0,
    };
    let mut there = patch.clone();
    for cable in cables {
        there.cables[*cable].amount = to;
    }
    let hear = |patch: &Patch, events: &[(u64, Change)]| {
        let mut events = events.to_vec();
        events.insert(0, (0, note));
        let (mut graph, _) = built(patch, isa);
        render_with(&mut graph, 0, 12, &events)
    };
    let turns = cables.iter();
    let turns: Vec<_> = turns
        .map(|&cable| (at, Change::Amount { cable, value: to }))
        .collect();
    let (before, after) = (hear(patch, &[]), hear(&there, &[]));
    let heard = hear(patch, &turns);
    let mut differ = 0;
    for (frame, heard) in heard.iter().enumerate() {
        let went = (frame as f32 + 1.0 - at as f32).clamp(0.0, 240.0) / 240.0;
        for side in 0..2 {
            let (from, to) = (before[frame][side], after[frame][side]);
            let expected = from + (to - from) * went;
            assert!(
                (heard[side] - expected).abs() < 2e-6,
                "{isa:?} frame {frame}: {} instead of {expected}",
                heard[side]
            );
            differ += usize::from(from != to);
        }
    }
    assert!(differ > 100, "the amount makes no difference");
}

#[test]
fn an_amount_goes_from_its_frame_to_the_other_gains_over_240_frames() {
    let into = |patch: &Patch, module: &str| -> Vec<usize> {
        let node = patch.node(module).expect("there");
        let cables = patch.cables.iter().enumerate();
        cables
            .filter(|(_, c)| c.to.node == node)
            .map(|(i, _)| i)
            .collect()
    };
    let text = |text: &str| parse(text, "test.ron").patch.expect("a patch");
    // Mono into stereo, and a feedback cable beside it.
    let straight = text(
        r#"(modules: (a: Sine(freq: "300Hz"), b: Sine(freq: "470Hz"), out: Out()), cables: ["a > out * 0.5", "b ~> out * 0.2"])"#,
    );
    // Stereo into mono.
    let folded = text(
        r#"(modules: (a: Sine(freq: "300Hz"), pan: Pan(), one: Vca(gain: 1), out: Out()),
            cables: ["a > pan > one * 0.7", "one > out"])"#,
    );
    let voices = text(
        r#"(voices: 6, modules: (keys: Keys(), a: Sine(), vca: Vca(), out: Out()),
            cables: ["keys > a.pitch", "a > vca", "keys.gate > vca.cv * 0.5", "vca > out * 0.3"])"#,
    );
    let many = sines(0..21);
    for isa in [IsaChoice::Plain, IsaChoice::Auto] {
        for at in [0, 1, 63, 100] {
            amounts_go(&straight, &[0], 0.9, at, isa);
            amounts_go(&straight, &[1], -1.0, at, isa);
            amounts_go(&folded, &into(&folded, "one"), 0.1, at, isa);
            amounts_go(&voices, &into(&voices, "out"), 0.05, at, isa);
            let cv = voices.cables.iter().position(|c| c.amount == 0.5);
            amounts_go(&voices, &[cv.expect("there")], 0.0, at, isa);
            // What rested behind a closed amplifier is as if it had gone on.
            let mut closed = voices.clone();
            closed.cables[cv.expect("there")].amount = 0.0;
            amounts_go(&closed, &[cv.expect("there")], 0.7, at + 128, isa);
            amounts_go(&many, &into(&many, "v3"), 0.0, at, isa);
            amounts_go(&many, &into(&many, "out")[2..5], 0.5, at, isa);
        }
    }
}

#[test]
fn an_amount_that_turns_back_on_its_way_does_not_jump() {
    let patch = one_sine(100.0, false);
    let (mut graph, _) = built(&patch, IsaChoice::Auto);
    let to = |value| Change::Amount { cable: 0, value };
    let events = [
        (100, to(0.0)),
        (150, to(1.0)),
        (160, to(0.3)),
        (500, to(0.0)),
    ];
    let heard = render_with(&mut graph, 0, 16, &events);
    let steps = heard.windows(2).map(|w| (w[1][0] - w[0][0]).abs());
    // The sine's own steepest step, and what a way of 240 frames adds.
    let most = 2.0 * std::f32::consts::PI * 100.0 / RATE + 1.1 / 240.0;
    assert!(steps.fold(0.0, f32::max) < most);
    assert!(heard[740..].iter().flatten().all(|x| *x == 0.0));
}

#[test]
fn a_lane_of_a_pack_moves_alone() {
    let patch = sines(0..12);
    let vca = patch.node("v3").expect("there");
    let gain = patch.modules[vca].spec.param("gain").expect("there");
    let change = Change::Param {
        node: vca,
        param: gain,
        value: ParamValue::Fixed(0.0),
    };
    let (mut whole, _) = built(&patch, IsaChoice::Auto);
    let (mut moved, _) = built(&patch, IsaChoice::Auto);
    let (mut alone, _) = built(&sines(3..4), IsaChoice::Auto);
    let whole = render(&mut whole, 0, 20);
    let moved = render_with(&mut moved, 0, 20, &[(70, change)]);
    let alone = render(&mut alone, 0, 20);
    assert_eq!(whole[..70], moved[..70]);
    let left: Vec<[f32; 2]> = (10 * BLOCK..20 * BLOCK)
        .map(|i| [whole[i][0] - alone[i][0], whole[i][1] - alone[i][1]])
        .collect();
    assert!(residual_db(&moved[10 * BLOCK..], &left) < -120.0);
}
