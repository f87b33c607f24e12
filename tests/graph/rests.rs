//! Voices and sources that rest are, to the bit, as if they had not.
use chronus::dsp::BLOCK;
use chronus::dsp::lanes::IsaChoice;
use chronus::graph::{Change, Graph, Snapshot};
use chronus::modules::spec::ParamValue;
use chronus::patch::Patch;

use crate::patches::{Builder, available, built, render_with, residual_db};

/// Chains of oscillator, filter, amplifier: a saw below a moving filter, or a sine below one that stays.
fn gated(which: &[usize]) -> Patch {
    gated_heard(which, which)
}

/// The same; of the others nothing reaches the output, so that what they add to a sum's rounding does not either.
fn gated_heard(which: &[usize], heard: &[usize]) -> Patch {
    let mut b = Builder::default();
    let out = b.add("out", "Out", &[("gain", 0.1)]);
    for i in which {
        let name = |kind: &str| format!("{kind}{i}");
        let kind = if i % 3 == 0 { "Sine" } else { "Saw" };
        let osc = b.add(&name("o"), kind, &[("freq", 90.0 + 31.7 * *i as f32)]);
        let times = [("a", 0.002), ("d", 0.02), ("r", 0.03)];
        let env = b.add(&name("e"), "Adsr", &times);
        let filter = b.add(&name("f"), "Svf", &[("cutoff", 500.0), ("q", 3.0)]);
        let amp = b.add(&name("v"), "Vca", &[]);
        b.wire(osc, filter, "in", 1.0);
        b.wire(filter, amp, "in", 1.0);
        b.wire(env, amp, "cv", 1.0);
        if i % 3 != 0 {
            b.wire(env, filter, "cutoff", 2.0);
        }
        b.wire(amp, out, "in", if heard.contains(i) { 1.0 } else { 0.0 });
    }
    b.patch()
}

/// Whether a chain's gate is open in a block.
type Held = fn(usize, u64) -> bool;

/// Plays them from one block to another; gates that are open at the start are opened there.
fn play(
    graph: &mut Graph,
    patch: &Patch,
    blocks: std::ops::Range<u64>,
    held: Held,
) -> Vec<[f32; 2]> {
    let mut events = Vec::new();
    for (node, module) in patch.modules.iter().enumerate() {
        let Some(Ok(i)) = module.name.strip_prefix('e').map(str::parse::<usize>) else {
            continue;
        };
        for block in blocks.clone() {
            // At the start everybody is told: a graph that takes over has all its gates closed.
            if block == blocks.start || held(i, block) != held(i, block - 1) {
                let open = held(i, block);
                let offset = if block == blocks.start {
                    0
                } else {
                    7 * i as u64 % 64
                };
                events.push((block * 64 + offset, Change::Gate { node, open }));
            }
        }
    }
    events.sort_by_key(|(at, _)| *at);
    let count = (blocks.end - blocks.start) as usize;
    render_with(graph, blocks.start * 64, count, &events)
}

#[test]
fn what_rests_behind_a_closed_amplifier_is_the_same_whoever_plays_beside_it() {
    let all: Vec<usize> = (0..20).collect();
    for chain in [5usize, 6] {
        // The rest is as long as a note, so that lanes rest alone, with some and with all others.
        let alone: Held = |i, block| (i == 5 || i == 6) && block % 60 > 40;
        let busy: Held = |i, block| match i {
            5 | 6 => block % 60 > 40,
            _ => (block + i as u64) % 90 > 70,
        };
        let single = gated(&[chain]);
        let mut reference = Vec::new();
        for isa in available() {
            let own = play(&mut built(&single, isa).0, &single, 0..240, alone);
            assert!(own.iter().any(|f| f[0].abs() > 0.01), "it sounds");
            if reference.is_empty() {
                reference = own.clone();
            }
            let db = residual_db(&own, &reference);
            assert!(db < -110.0, "{isa:?} {chain}: {db}");
        }
        let pair = gated(&[5, 6]);
        let patch = gated_heard(&all, &[5, 6]);
        for isa in available() {
            // Instruction sets differ above, and only there.
            let pair_sound = play(&mut built(&pair, isa).0, &pair, 0..240, alone);
            let run = |held: Held| play(&mut built(&patch, isa).0, &patch, 0..240, held);
            for (name, sound) in [("silent", run(alone)), ("busy", run(busy))] {
                assert!(sound == pair_sound, "{isa:?} beside {name} ones");
            }
        }
    }
}

#[test]
fn a_rest_is_carried_to_the_bit() {
    let patch = gated(&(0..20).collect::<Vec<_>>());
    // All gates are closed for half of the time, and what rang behind them has faded: whole lane groups rest, before the first note
    // and after it.
    let held: Held = |i, block| (block + 5 * i as u64) % 250 > 235;
    for seam in [33, 150, 161, 300, 330] {
        let (mut first, layout) = built(&patch, IsaChoice::Auto);
        let (mut second, other) = built(&patch, IsaChoice::Auto);
        play(&mut first, &patch, 0..seam, held);
        let mut snapshot = Snapshot::plan(&layout, &other);
        first.save(&mut snapshot);
        second.restore(&snapshot);
        let go_on = |graph: &mut Graph| play(graph, &patch, seam..seam + 250, held);
        let (one, other) = (go_on(&mut first), go_on(&mut second));
        assert!(one.iter().any(|f| f[0].abs() > 0.01), "it sounds");
        assert!(one == other, "{seam}");
    }
}

/// Sources behind amplifiers of their own; `heard`: each is heard besides, by nothing times itself, so that none ever rests.
fn sources(kind: &str, heard: bool) -> Patch {
    let mut b = Builder::default();
    let out = b.add("out", "Out", &[("gain", 0.1)]);
    for i in 0..11 {
        let name = |kind: &str| format!("{kind}{i}");
        let knobs = [("freq", 90.0 + 431.7 * i as f32)];
        let osc = b.add(&name("o"), kind, if kind == "Noise" { &[] } else { &knobs });
        let env = b.add(
            &name("e"),
            "Adsr",
            &[("a", 0.002), ("d", 0.02), ("r", 0.03)],
        );
        let amp = b.add(&name("v"), "Vca", &[]);
        b.wire(osc, amp, "in", 1.0);
        b.wire(env, amp, "cv", 1.0);
        b.wire(amp, out, "in", 1.0);
        if heard {
            b.wire(osc, out, "in", 0.0);
        }
    }
    b.patch()
}

#[test]
fn a_source_that_rested_is_as_if_it_had_not_to_the_bit() {
    let kinds = [
        "Sine",
        "Saw",
        "Pulse",
        "Tri",
        "SuperSaw",
        "Operator",
        "Wavetable",
        "Noise",
    ];
    for kind in kinds {
        for isa in available() {
            // One lane group rests whole from time to time; a knob is turned while it does.
            let play = |heard: bool| {
                let patch = sources(kind, heard);
                let (mut graph, _) = built(&patch, isa);
                let mut sound = Vec::new();
                for (round, hz) in [0.0, 123.4, 2_711.0].into_iter().enumerate() {
                    let from = round as u64 * 100;
                    let mut events = Vec::new();
                    for (node, module) in patch.modules.iter().enumerate() {
                        if module.name.starts_with('e') {
                            let i = node as u64 % 11;
                            let on = (from + 60 + 3 * i) * 64 + 5 * i;
                            events.push((on, Change::Gate { node, open: true }));
                            events.push((on + 700, Change::Gate { node, open: false }));
                        }
                        let turned = module.name == "o3" && hz > 0.0 && kind != "Noise";
                        if turned {
                            let value = ParamValue::Fixed(hz);
                            let param = module.spec.param("freq");
                            let param = param.expect("it has a frequency");
                            events.push((from * 64 + 2_000, Change::Param { node, param, value }));
                        }
                    }
                    events.sort_by_key(|(at, _)| *at);
                    sound.extend(render_with(&mut graph, from * 64, 100, &events));
                }
                sound
            };
            let (rested, rendered) = (play(false), play(true));
            assert!(rested.iter().any(|f| f[0].abs() > 0.01), "{kind} sounds");
            assert!(rested == rendered, "{kind} {isa:?}");
        }
    }
}

#[test]
fn an_amplifier_that_its_knob_opens_and_closes_is_heard_though_its_envelope_rests() {
    for isa in available() {
        let play = |heard: bool| {
            let patch = sources("Saw", heard);
            let (mut graph, _) = built(&patch, isa);
            let node = patch.node("v3").expect("there");
            let param = patch.modules[node].spec.param("gain").expect("there");
            let turn = |block: u64, to: f32| {
                let value = ParamValue::Fixed(to);
                (block * 64 + 9, Change::Param { node, param, value })
            };
            render_with(&mut graph, 0, 300, &[turn(100, 0.5), turn(200, 0.0)])
        };
        let (rested, rendered) = (play(false), play(true));
        let loud = |blocks: std::ops::Range<usize>| {
            let frames = &rested[blocks.start * 64..blocks.end * 64];
            frames.iter().any(|f| f[0].abs() > 0.01)
        };
        assert!(loud(150..151), "{isa:?}: opened");
        assert!(!loud(0..100) && !loud(250..300), "{isa:?}: closed");
        assert!(rested == rendered, "{isa:?}");
    }
}

#[test]
fn a_filter_rests_whatever_else_is_packed_beside_it() {
    let held: Held = |_, block| block % 40 > 30;
    // Each of the first chains is behind an amplifier, those of `open` are not; one oscillator sounds twice.
    let patch = |chains: std::ops::Range<usize>, gated: usize| {
        let mut b = Builder::default();
        let out = b.add("out", "Out", &[("gain", 0.1)]);
        for i in chains {
            let name = |kind: &str| format!("{kind}{i}");
            let osc = b.add(&name("o"), "Saw", &[("freq", 90.0 + 31.7 * i as f32)]);
            let filter = b.add(&name("f"), "Svf", &[("cutoff", 300.0), ("q", 9.0)]);
            b.wire(osc, filter, "in", 1.0);
            if i >= gated {
                b.wire(filter, out, "in", 1.0);
                continue;
            }
            let env = b.add(
                &name("e"),
                "Adsr",
                &[("a", 0.001), ("d", 0.02), ("r", 0.01)],
            );
            for k in 0..1 + i % 2 {
                let amp = b.add(&format!("v{i}{k}"), "Vca", &[]);
                b.wire(filter, amp, "in", 1.0 - 0.3 * k as f32);
                b.wire(env, amp, "cv", 1.0);
                b.wire(amp, out, "in", 1.0);
            }
        }
        b.patch()
    };
    let sound = |isa, chains, gated| {
        let patch = patch(chains, gated);
        play(&mut built(&patch, isa).0, &patch, 0..200, held)
    };
    for isa in available() {
        for gated in [1, 2, 3] {
            // Each chain for itself: nothing is packed beside it, and only its own amplifiers are asked.
            let mut alone = vec![[0.0; 2]; 200 * BLOCK];
            for i in 0..gated {
                let single = sound(isa, i..i + 1, gated);
                assert!(single.iter().any(|f| f[0].abs() > 0.01), "{i} sounds");
                for (sum, x) in alone.iter_mut().zip(single) {
                    *sum = [sum[0] + x[0], sum[1] + x[1]];
                }
            }
            let others = {
                // The same open ones, by their place beside gates that stay closed.
                let patch = patch(0..gated + 7, gated);
                play(&mut built(&patch, isa).0, &patch, 0..200, |_, _| false)
            };
            let all = sound(isa, 0..gated + 7, gated);
            let own = all.iter().zip(&others);
            let own: Vec<[f32; 2]> = own.map(|(a, b)| [a[0] - b[0], a[1] - b[1]]).collect();
            let db = residual_db(&own, &alone);
            assert!(db < -110.0, "{isa:?} {gated}: {db}");
        }
    }
}
