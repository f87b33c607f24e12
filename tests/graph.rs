//! The compiled graph, driven by hand-made patches: lanes, sums, feedback, ramps, notes, state carry, priming.
use chronus::dsp::lanes::IsaChoice;
use chronus::dsp::{BLOCK, transport::Transport};
use chronus::graph::prime::{Check, Proof};
use chronus::graph::{
    Block, Change, Env, Graph, GraphEvent, Layout, PrimeSpec, Snapshot, compile, prime,
};
use chronus::modules::{find, module::TimeCx, spec::ParamValue};
use chronus::patch::file::parse;
use chronus::patch::{Cable, Input, Node, Patch, PrimeMode, Source, Target};

const RATE: f32 = 48_000.0;

fn env(isa: IsaChoice) -> Env {
    Env {
        rate: RATE,
        isa,
        seed: 1,
        bpm: 120.0,
    }
}

#[derive(Default)]
struct Builder {
    modules: Vec<Node>,
    cables: Vec<Cable>,
}

impl Builder {
    fn add(&mut self, name: &str, kind: &str, params: &[(&str, f32)]) -> usize {
        let spec = find(kind).expect("in the registry");
        let mut values: Vec<ParamValue> = spec
            .params
            .iter()
            .map(|p| ParamValue::Fixed(p.default))
            .collect();
        for (param, value) in params {
            values[spec.param(param).expect("a parameter")] = ParamValue::Fixed(*value);
        }
        self.modules.push(Node {
            name: name.into(),
            spec,
            params: values,
            options: spec.options.iter().map(|o| o.default_value()).collect(),
        });
        self.modules.len() - 1
    }

    fn wire(&mut self, from: usize, to: usize, input: &str, amount: f32) -> &mut Cable {
        let spec = self.modules[to].spec;
        let input = spec
            .input(input)
            .map(Input::Port)
            .or_else(|| spec.param(input).map(Input::Param))
            .expect("an input");
        self.cables.push(Cable {
            from: Source {
                node: from,
                port: 0,
            },
            to: Target { node: to, input },
            amount,
            feedback: false,
        });
        self.cables.last_mut().expect("just pushed")
    }

    fn patch(self) -> Patch {
        Patch {
            name: "test".into(),
            bpm: None,
            voices: 1,
            modules: self.modules,
            cables: self.cables,
            macros: Vec::new(),
            swing: 0.0,
            tuning: None,
            prime: PrimeMode::Sound,
            spill: false,
        }
    }
}

/// The sines of `which` out of a family of different frequencies, each with its own amplifier, into one output.
fn sines(which: std::ops::Range<usize>) -> Patch {
    let mut b = Builder::default();
    let out = b.add("out", "Out", &[]);
    for i in which {
        let freq = 55.0 + 13.7 * i as f32;
        let osc = b.add(&format!("o{i}"), "Sine", &[("freq", freq), ("level", 0.5)]);
        let vca = b.add(&format!("v{i}"), "Vca", &[("gain", 1.0)]);
        b.wire(osc, vca, "in", 1.0);
        b.wire(vca, out, "in", 0.05);
    }
    b.patch()
}

/// One sine straight or through one cable, which may be marked as feedback.
fn one_sine(freq: f32, feedback: bool) -> Patch {
    let mut b = Builder::default();
    let out = b.add("out", "Out", &[]);
    let osc = b.add("osc", "Sine", &[("freq", freq)]);
    b.wire(osc, out, "in", 1.0).feedback = feedback;
    b.patch()
}

fn render(graph: &mut Graph, from: u64, blocks: usize) -> Vec<[f32; 2]> {
    render_with(graph, from, blocks, &[])
}

/// Events by absolute frame.
fn render_with(
    graph: &mut Graph,
    from: u64,
    blocks: usize,
    events: &[(u64, Change)],
) -> Vec<[f32; 2]> {
    let mut heard = Vec::new();
    for block in 0..blocks {
        let frame = from + (block * BLOCK) as u64;
        let events: Vec<GraphEvent> = events
            .iter()
            .filter(|(at, _)| (frame..frame + BLOCK as u64).contains(at))
            .map(|(at, change)| GraphEvent {
                offset: (at - frame) as usize,
                change: *change,
            })
            .collect();
        let mut out = [[0.0; 2]; BLOCK];
        graph.render(
            &Block {
                frame,
                time: TimeCx::steady(Transport::new(RATE as f64, 120.0)),
                events: &events,
                input: None,
            },
            &mut out,
        );
        heard.extend(out);
    }
    heard
}

fn built(patch: &Patch, isa: IsaChoice) -> (Graph, Layout) {
    compile(patch, &env(isa)).expect("compiles")
}

fn residual_db(a: &[[f32; 2]], b: &[[f32; 2]]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    let worst = pairs.map(|(x, y)| (x - y).abs() as f64).fold(0.0, f64::max);
    20.0 * (worst + 1e-30).log10()
}

fn available() -> Vec<IsaChoice> {
    let all = IsaChoice::ALL.into_iter();
    all.filter(|i| *i != IsaChoice::Auto && i.resolve().is_ok())
        .collect()
}

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

fn spec(mode: PrimeMode) -> PrimeSpec {
    PrimeSpec {
        mode,
        rate: RATE,
        bpm: 120.0,
        // Debug builds are slow; the cost check has its own test.
        budget: 100.0,
        proof: Proof::None,
    }
}

fn verdict(patch: &Patch) -> Result<f32, Check> {
    let (graph, layout) = built(patch, IsaChoice::Auto);
    prime(graph, layout, &spec(patch.prime), &mut |_| {})
        .map(|p| p.report().rms)
        .map_err(|f| f.check)
}

#[test]
fn priming_hears_sound_and_refuses_silence_and_loudness() {
    let patch = one_sine(440.0, false);
    let rms = verdict(&patch).expect("sounds");
    assert!((rms - 0.5f32.sqrt()).abs() < 0.02, "{rms}");
    let mut silent = patch.clone();
    silent.cables.clear();
    assert_eq!(verdict(&silent), Err(Check::Silent));
    silent.prime = PrimeMode::Silent;
    assert!(verdict(&silent).is_ok());
    let mut loud = patch.clone();
    loud.cables[0].amount = 5.0;
    assert_eq!(verdict(&loud), Err(Check::Loud));
    let mut faint = patch.clone();
    faint.cables[0].amount = 0.003_16; // -50 dBFS
    assert!(verdict(&faint).is_ok());
    assert!(verdict(&one_sine(40.0, false)).is_ok());
}

#[test]
fn a_graph_that_costs_too_much_is_refused() {
    let (graph, layout) = built(&sines(0..64), IsaChoice::Auto);
    let spec = PrimeSpec {
        budget: 1e-7,
        ..spec(PrimeMode::Sound)
    };
    let failure = prime(graph, layout, &spec, &mut |_| {})
        .err()
        .expect("dear");
    assert_eq!(failure.check, Check::Cost);
}

#[test]
fn a_primed_graph_starts_from_the_very_beginning() {
    let (graph, layout) = built(&sines(0..3), IsaChoice::Auto);
    let primed = prime(graph, layout, &spec(PrimeMode::Sound), &mut |_| {});
    let (mut primed, ..) = primed.expect("sounds").into_parts();
    let (mut fresh, _) = built(&sines(0..3), IsaChoice::Auto);
    assert_eq!(render(&mut primed, 0, 20), render(&mut fresh, 0, 20));
}

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
