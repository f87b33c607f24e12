//! Every module of the registry inside a compiled graph: repeatable, carried, alike at every instruction set and packing, steady
//! under automation; and the figures of musical material.
use chronus::dsp::lanes::IsaChoice;
use chronus::dsp::{BLOCK, denormals::flush_to_zero};
use chronus::graph::{Change, Env, Graph, Layout, Snapshot, compile};
use chronus::modules::REGISTRY;
use chronus::modules::spec::{Family, ModuleSpec, ParamValue, Signal, Voicing};
use chronus::patch::{Patch, file::parse};

#[path = "common/rendered.rs"]
mod rendered;
use rendered::rendered;

const RATE: f32 = 48_000.0;

/// Modules that go wrong on purpose are not asked.
fn modules() -> impl Iterator<Item = &'static ModuleSpec> {
    REGISTRY.iter().copied().filter(|s| s.kind != "Fault")
}

fn read(text: &str) -> Patch {
    let parsed = parse(text, "test.ron");
    let errors: Vec<_> = parsed.errors().map(ToString::to_string).collect();
    parsed.patch.unwrap_or_else(|| panic!("{errors:?}\n{text}"))
}

/// The module between a saw, a sequence and the output, everything connected that it has.
fn around(spec: &ModuleSpec) -> Patch {
    let mut cables = Vec::new();
    for port in spec.inputs {
        let from = match port.signal {
            Signal::Audio => "saw",
            Signal::Pitch => "seq.pitch",
            Signal::Cv => "env",
            Signal::Gate => "seq.gate",
        };
        cables.push(format!("{from} > m.{}", port.name));
    }
    for port in spec.outputs {
        cables.push(format!("m.{} > out * 0.5", port.name));
    }
    let cables: Vec<String> = cables.iter().map(|c| format!("{c:?}")).collect();
    read(&format!(
        r#"(
          name: "test", voices: 3,
          modules: (
            seq: Seq(steps: "C3 - Eb3! G3~ C4", gate: 0.4),
            env: Adsr(a: "5ms", d: "50ms", s: 0.3, r: "30ms"),
            saw: Saw(freq: "110Hz"),
            m: {}(),
            out: Out(),
          ),
          cables: ["seq.gate > env.gate", "seq.pitch > saw.pitch", {}],
        )"#,
        spec.kind,
        cables.join(", ")
    ))
}

fn built(patch: &Patch, isa: IsaChoice) -> (Graph, Layout) {
    flush_to_zero();
    let env = Env {
        rate: RATE,
        isa,
        seed: 1,
        bpm: 120.0,
    };
    compile(patch, &env).expect("compiles")
}

/// Renders with events by absolute frame, while something comes in from outside.
fn render(graph: &mut Graph, from: u64, blocks: usize, events: &[(u64, Change)]) -> Vec<[f32; 2]> {
    let input = |frame: u64| {
        let x = 0.2 * ((frame % 109) as f32 / 54.5 - 1.0);
        [x, -x]
    };
    rendered(graph, RATE, from, blocks, events, Some(&input))
}

/// Two notes, for modules that play them.
fn notes() -> Vec<(u64, Change)> {
    let note = |note, velocity| Change::Note { note, velocity };
    vec![
        (70, note(57.0, 0.8)),
        (1_000, note(64.0, 0.5)),
        (4_000, note(57.0, 0.0)),
        (5_000, note(64.0, 0.0)),
    ]
}

fn available() -> Vec<IsaChoice> {
    let all = IsaChoice::ALL.into_iter();
    all.filter(|i| *i != IsaChoice::Auto && i.resolve().is_ok())
        .collect()
}

fn residual_db(a: &[[f32; 2]], b: &[[f32; 2]]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    let worst = pairs.map(|(x, y)| (x - y).abs() as f64).fold(0.0, f64::max);
    20.0 * (worst + 1e-30).log10()
}

#[test]
fn every_module_repeats_itself_after_a_reset() {
    for spec in modules() {
        for isa in available() {
            let (mut graph, _) = built(&around(spec), isa);
            let first = render(&mut graph, 0, 120, &notes());
            assert!(
                first.iter().flatten().all(|x| x.is_finite()),
                "{}",
                spec.kind
            );
            let heard = first.iter().any(|f| f[0] != 0.0);
            assert!(heard, "{} is silent", spec.kind);
            graph.reset();
            let again = render(&mut graph, 0, 120, &notes());
            assert_eq!(first, again, "{} at {isa:?}", spec.kind);
        }
    }
}

#[test]
fn every_module_carries_its_sound_into_another_graph() {
    for spec in modules() {
        let patch = around(spec);
        let (mut whole, layout) = built(&patch, IsaChoice::Auto);
        let events = notes();
        render(&mut whole, 0, 40, &events);
        let (mut next, next_layout) = built(&patch, IsaChoice::Auto);
        let mut snapshot = Snapshot::plan(&layout, &next_layout);
        whole.save(&mut snapshot);
        next.restore(&snapshot);
        let from = 40 * BLOCK as u64;
        let a = render(&mut whole, from, 80, &events);
        let b = render(&mut next, from, 80, &events);
        assert_eq!(a, b, "{}", spec.kind);
    }
}

#[test]
fn every_module_sounds_alike_at_every_instruction_set() {
    for spec in modules() {
        let patch = around(spec);
        let (mut plain, _) = built(&patch, IsaChoice::Plain);
        let want = render(&mut plain, 0, 150, &notes());
        for isa in available() {
            let (mut graph, _) = built(&patch, isa);
            let off = residual_db(&want, &render(&mut graph, 0, 150, &notes()));
            // Modes ring on for seconds at the pitch that reached them, which fused arithmetic rounds otherwise.
            let bound = if spec.kind == "Modal" { -95.0 } else { -100.0 };
            assert!(off < bound, "{} at {isa:?}: {off} dB", spec.kind);
        }
    }
}

/// Eight copies of an effect side by side are packed into lanes; each sounds as it does alone.
#[test]
fn packed_effects_sound_like_single_ones() {
    for spec in modules().filter(|s| s.family == Family::Effect) {
        let several = |which: std::ops::Range<usize>| {
            let copies = |f: &dyn Fn(usize) -> String| which.clone().map(f).collect::<String>();
            let kind = spec.kind;
            read(&format!(
                r#"(name: "test", modules: (saw: Saw(freq: "110Hz"), {} out: Out()), cables: [{}])"#,
                copies(&|i| format!("m{i}: {kind}(), ")),
                copies(&|i| format!(r#""saw > m{i} * {} > out * 0.125", "#, 1.0 / (i + 1) as f32)),
            ))
        };
        let heard = |patch: &Patch| {
            let (mut graph, _) = built(patch, IsaChoice::Auto);
            render(&mut graph, 0, 200, &[])
        };
        let mut want = vec![[0.0; 2]; 200 * BLOCK];
        for i in 0..8 {
            for (sum, one) in want.iter_mut().zip(heard(&several(i..i + 1))) {
                for side in 0..2 {
                    sum[side] += one[side];
                }
            }
        }
        let off = residual_db(&want, &heard(&several(0..8)));
        assert!(off < -90.0, "{}: {off} dB", spec.kind);
    }
}

/// A parameter that goes from end to end as fast as it can be turned makes no step. A smooth tone through a module has small second
/// differences; a step would be as large as the signal.
#[test]
fn parameters_turn_without_a_step() {
    for (kind, param, from, to, bend) in [
        ("Vca", "gain", 0.0, 1.0, 0.012),
        ("Pan", "pan", -1.0, 1.0, 0.012),
        ("Mix", "gain_a", -60.0, 0.0, 0.01),
        ("Mix", "pan_a", -1.0, 1.0, 0.012),
        ("Delay", "mix", 0.0, 1.0, 0.012),
        ("Delay", "feedback", 0.0, 1.1, 0.012),
        ("Delay", "time", 0.1, 0.5, 0.012),
        ("Delay", "tone", 200.0, 20_000.0, 0.012),
        ("Reverb", "mix", 0.0, 1.0, 0.01),
        ("Reverb", "size", 0.0, 1.0, 0.02),
        ("Reverb", "decay", 0.25, 4.0, 0.02),
        ("Reverb", "damp", 0.0, 1.0, 0.02),
        ("Reverb", "mod", 0.0, 1.0, 0.02),
        ("Reverb", "predelay", 0.0, 0.25, 0.02),
        ("Out", "gain", -60.0, 0.0, 0.012),
    ] {
        let patch = read(&format!(
            r#"(name: "test", modules: (osc: Sine(freq: "220Hz"), m: {kind}({param}: {from}), out: Out()), cables: ["osc > m > out"])"#
        ));
        let node = patch.node("m").expect("there");
        let index = patch.modules[node].spec.param(param).expect("there");
        let change = |at: u64, value: f32| {
            let change = Change::Param {
                node,
                param: index,
                value: ParamValue::Fixed(value),
            };
            (at, change)
        };
        let (mut graph, _) = built(&patch, IsaChoice::Auto);
        let turns: Vec<_> = (0..20)
            .map(|n| change(48_017 + 2_401 * n, if n % 2 == 0 { to } else { from }))
            .collect();
        let out = render(&mut graph, 0, 1_600, &turns);
        let out = &out[47_000..];
        let worst = (0..2)
            .flat_map(|side| {
                out.windows(3)
                    .map(move |w| w[0][side] - 2.0 * w[1][side] + w[2][side])
            })
            .fold(0.0f32, |a, x| a.max(x.abs()));
        assert!(worst < bend, "{kind}.{param}: {worst}");
    }
}

/// Peak, RMS of the loudest second and mean of a patch.
fn figures(text: &str, seconds: usize, events: &[(u64, Change)]) -> (f32, f32, f32) {
    let (mut graph, _) = built(&read(text), IsaChoice::Auto);
    let out = render(&mut graph, 0, seconds * 750, events);
    let peak = out.iter().flatten().fold(0.0f32, |a, x| a.max(x.abs()));
    let second = |s: &[[f32; 2]]| {
        let sum: f64 = s.iter().flatten().map(|x| (*x as f64).powi(2)).sum();
        (sum / (2 * s.len()) as f64).sqrt() as f32
    };
    let rms = out.chunks(48_000).map(second).fold(0.0, f32::max);
    let mean: f64 = out.iter().flatten().map(|x| *x as f64).sum::<f64>() / (2 * out.len()) as f64;
    (peak, rms, mean as f32)
}

/// What the defaults make of a plain bass line: audible, with headroom, without DC, whatever stands behind the amplifier.
#[test]
fn defaults_make_music_at_a_sane_level() {
    for (behind, cables) in [
        ("", "vca > out"),
        ("fx: Delay(),", "vca > fx > out"),
        (
            "fx: Delay(mode: PingPong, feedback: 0.6, mix: 0.5),",
            "vca > fx > out",
        ),
        ("fx: Reverb(),", "vca > fx > out"),
        ("fx: Reverb(size: 0.9, mix: 0.5),", "vca > fx > out"),
        ("fx: Pan(pan: 0.4),", "vca > fx > out"),
        ("fx: Mix(),", "vca > fx > out"),
    ] {
        let text = format!(
            r#"(name: "test", bpm: 120, modules: (
                seq: Seq(steps: "C2 C2 Eb2! - C3~ G1 C2! Bb1"), osc: Saw(), env: Adsr(), vca: Vca(), {behind} out: Out(gain: "-6dB"),
            ), cables: ["seq.pitch > osc.pitch", "seq.gate > env.gate", "osc > vca", "env > vca.cv", "{cables}"])"#
        );
        let (peak, rms, mean) = figures(&text, 6, &[]);
        let db = |x: f32| 20.0 * x.log10();
        println!(
            "{behind:60} peak {:6.1} dBFS, rms {:6.1}, dc {mean:.5}",
            db(peak),
            db(rms)
        );
        assert!(
            (-18.0..0.0).contains(&db(peak)),
            "{behind} peak {}",
            db(peak)
        );
        assert!(
            (-32.0..-10.0).contains(&db(rms)),
            "{behind} rms {}",
            db(rms)
        );
        assert!(mean.abs() < 0.005, "{behind} dc {mean}");
    }
}

/// A chord through an envelope ends in silence, and silence costs little: nothing hums on.
#[test]
fn notes_end_in_silence() {
    let text = r#"(name: "test", voices: 4, modules: (
        keys: Keys(), osc: Saw(), env: Adsr(), vca: Vca(), dly: Delay(), rev: Reverb(size: 0.3), out: Out(gain: "-9dB"),
    ), cables: ["keys.pitch > osc.pitch", "keys.gate > env.gate", "osc > vca > dly > rev > out", "env > vca.cv"])"#;
    let (mut graph, _) = built(&read(text), IsaChoice::Auto);
    let chord = [48.0, 55.0, 63.0].into_iter().flat_map(|note| {
        let change = move |velocity| Change::Note { note, velocity };
        [(100, change(0.8)), (24_000, change(0.0))]
    });
    let chord: Vec<_> = chord.collect();
    let out = render(&mut graph, 0, 15_000, &chord);
    let loud = |s: &[[f32; 2]]| s.iter().flatten().fold(0.0f32, |a, x| a.max(x.abs()));
    assert!(loud(&out[..24_000]) > 0.1);
    assert_eq!(loud(&out[900_000..]), 0.0);
}

#[test]
fn note_sources_give_each_voice_its_own_note() {
    assert!(modules().any(|s| s.voicing == Voicing::NoteSource));
    let text = r#"(name: "test", voices: 4, modules: (
        keys: Keys(), osc: Sine(), env: Adsr(a: "1ms", r: "5ms"), vca: Vca(), out: Out(),
    ), cables: ["keys.pitch > osc.pitch", "keys.gate > env.gate", "osc > vca > out * 0.25", "env > vca.cv"])"#;
    let (mut graph, _) = built(&read(text), IsaChoice::Auto);
    let on = |note| Change::Note {
        note,
        velocity: 1.0,
    };
    let both = render(&mut graph, 0, 300, &[(0, on(57.0)), (0, on(64.0))]);
    graph.reset();
    let low = render(&mut graph, 0, 300, &[(0, on(57.0))]);
    graph.reset();
    let high = render(&mut graph, 0, 300, &[(0, on(64.0))]);
    let sum: Vec<[f32; 2]> = low
        .iter()
        .zip(&high)
        .map(|(a, b)| [a[0] + b[0], a[1] + b[1]])
        .collect();
    let off = residual_db(&both, &sum);
    assert!(off < -90.0, "{off} dB");
}

/// Sines of two voices at a quarter each: nothing steps further from frame to frame than they do alone.
#[test]
fn a_stolen_voice_does_not_click() {
    let patch = read(
        r#"(
          voices: 2,
          modules: (
            keys: Keys(),
            env: Adsr(a: "5ms", d: "100ms", s: 0.8, r: "200ms"),
            osc: Sine(),
            vca: Vca(),
            out: Out(),
          ),
          cables: ["keys.pitch > osc.pitch", "keys.gate > env.gate", "env > vca.cv", "osc > vca", "vca > out * 0.25"],
        )"#,
    );
    let (mut graph, _) = built(&patch, IsaChoice::Auto);
    // A new note every 50 ms, none let go: from the third on each takes a voice that sounds.
    let notes: Vec<(u64, Change)> = (0..40u64)
        .map(|n| {
            let note = 57.0 + (n * 7 % 13) as f32;
            let change = Change::Note {
                note,
                velocity: 1.0,
            };
            (n * 2_400 + n * 37, change)
        })
        .collect();
    let heard = render(&mut graph, 0, 1_600, &notes);
    let highest = 440.0;
    let steepest = 2.0 * 0.25 * std::f32::consts::TAU * highest / RATE;
    let step = heard
        .windows(2)
        .map(|w| (w[1][0] - w[0][0]).abs())
        .fold(0.0, f32::max);
    assert!(
        step > 0.5 * steepest && step < 1.02 * steepest,
        "{step} {steepest}"
    );
}
