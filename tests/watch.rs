//! What a screen sees inside a graph that plays: levels of its outputs, and a probed port frame by frame. It changes no sample.
use std::path::Path;

use chronus::control::command::{Command, Jack, ProbeAt, SlotId, Watching};
use chronus::control::session::Session;
use chronus::control::supervisor::Config;
use chronus::dsp::lanes::IsaChoice;

const RATE: usize = 48_000;

/// A voice, a filter with outputs that nobody reads, two modulations of one knob.
const PATCH: &str = r#"(
  name: "watched", voices: 4,
  modules: (
    keys: Keys(), osc: Saw(), lfo: Lfo(rate: "5Hz"), env: Adsr(a: "1ms"), vca: Vca(),
    tone: Sine(freq: "440Hz", level: 0.5), vcf: Svf(cutoff: "1kHz"), out: Out(gain: "-12dB"),
  ),
  cables: [
    "keys.pitch > osc.freq", "keys.gate > env.gate", "osc > vca > out", "env > vca.cv",
    "tone > vcf > out", "lfo > vcf.cutoff * 2oct", "lfo.uni > vcf.cutoff * -1oct",
  ],
)
"#;

fn session(isa: IsaChoice) -> Session {
    let mut session = Session::new(Config {
        rate: RATE as f64,
        isa,
        budget: 1e6,
        net: false,
        ..Config::default()
    });
    session
        .load_first(PATCH, Path::new("watched.ron"))
        .expect("a patch that plays");
    session
}

fn watch(session: &mut Session, module: &str, jack: Jack) {
    let probe = Some(ProbeAt {
        slot: SlotId::A,
        module: module.into(),
        jack,
    });
    session
        .command(Command::Watch(Some(Watching { probe })))
        .expect("a port");
    // What was rendered ahead is not seen.
    session.render(RATE / 10);
    probed(session);
}

fn probed(session: &Session) -> Vec<f32> {
    let mut frames = Vec::new();
    if let Some(feed) = &session.handle().view().probe {
        feed.read(&mut frames);
    }
    frames
}

fn extremes(frames: &[f32]) -> [f32; 2] {
    frames.iter().fold([f32::MAX, f32::MIN], |[low, high], v| {
        [low.min(*v), high.max(*v)]
    })
}

fn near(range: [f32; 2], wanted: [f32; 2], by: f32) {
    let off = range.iter().zip(wanted).map(|(a, b)| (a - b).abs());
    assert!(off.into_iter().all(|d| d < by), "{range:?}, not {wanted:?}");
}

fn level(session: &Session, module: &str, port: &str) -> Option<[f32; 2]> {
    let view = session.handle().view();
    let slot = &view.slots[0];
    let patch = &slot.loaded.as_ref().expect("loaded").patch;
    let node = patch.node(module).expect("there");
    let before = patch.modules[..node].iter();
    let first: usize = before.map(|m| m.spec.outputs.len()).sum();
    let port = patch.modules[node].spec.output(port).expect("there");
    slot.levels.as_ref().expect("watched").range(first + port)
}

#[test]
fn levels_are_those_of_the_outputs_at_every_width() {
    for isa in [IsaChoice::Plain, IsaChoice::Auto] {
        let mut s = session(isa);
        s.command(Command::Watch(Some(Watching::default())))
            .expect("set");
        let play = |s: &mut Session, velocity| {
            let note = 69.0;
            s.command(Command::Note { note, velocity }).expect("a note");
            s.render(RATE / 2);
        };
        s.render(RATE / 2);
        near(level(&s, "tone", "out").expect("read"), [-0.5, 0.5], 0.01);
        assert_eq!(level(&s, "keys", "gate"), Some([0.0, 0.0]));
        assert_eq!(level(&s, "vcf", "hp"), None, "nobody reads it");
        play(&mut s, 1.0);
        assert_eq!(level(&s, "keys", "gate").map(|r| r[1]), Some(1.0));
        let vca = level(&s, "vca", "out").expect("read");
        assert!(vca[1] > 0.5 && vca[0] < -0.5, "{vca:?}");
        play(&mut s, 0.0);
        s.render(RATE);
        near(level(&s, "vca", "out").expect("read"), [0.0, 0.0], 1e-3);
        s.command(Command::Watch(None)).expect("set");
        s.render(RATE / 10);
        assert!(s.handle().view().slots[0].levels.is_none());
    }
}

#[test]
fn a_probe_hears_outputs_inputs_and_what_nobody_reads() {
    let mut s = session(IsaChoice::Auto);
    watch(&mut s, "tone", Jack::Output("out".into()));
    s.render(RATE / 10);
    let tone = probed(&s);
    assert!(tone.len() + 256 >= RATE / 10, "{} frames", tone.len());
    near(extremes(&tone), [-0.5, 0.5], 0.005);
    // 440 Hz: as many rising crossings in a tenth of a second, whole and in order.
    let crossings = tone
        .windows(2)
        .filter(|w| w[0] < 0.0 && w[1] >= 0.0)
        .count();
    assert!((43..=45).contains(&crossings), "{crossings}");
    // Both cables with their amounts: 2·lfo − (1 + lfo)/2.
    watch(&mut s, "vcf", Jack::Input("cutoff".into()));
    s.render(RATE * 3 / 10);
    near(extremes(&probed(&s)), [-2.0, 1.0], 0.05);
    watch(&mut s, "vcf", Jack::Output("hp".into()));
    s.render(RATE / 10);
    let [low, high] = extremes(&probed(&s));
    assert!(low < -0.01 && high > 0.01, "{low} {high}");
    let why = s
        .command(Command::Watch(Some(Watching {
            probe: Some(ProbeAt {
                slot: SlotId::A,
                module: "vcf".into(),
                jack: Jack::Output("hpp".into()),
            }),
        })))
        .expect_err("no such port");
    assert!(why.contains("hp"), "{why}");
}

#[test]
fn a_graph_that_is_watched_sounds_as_one_that_is_not() {
    let (mut plain, mut watched) = (session(IsaChoice::Auto), session(IsaChoice::Auto));
    let mut heard = [Vec::new(), Vec::new()];
    for (n, (module, port)) in [
        ("tone", "out"),
        ("vcf", "peak"),
        ("keys", "pitch"),
        ("vcf", "hp"),
    ]
    .into_iter()
    .enumerate()
    {
        let jack = Jack::Output(port.into());
        let probe = Some(ProbeAt {
            slot: SlotId::A,
            module: module.into(),
            jack,
        });
        let command = Command::Watch((n != 2).then_some(Watching { probe }));
        watched.command(command).expect("a port");
        for (session, heard) in [&mut plain, &mut watched].into_iter().zip(&mut heard) {
            let note = 60.0 + n as f32;
            session
                .command(Command::Note {
                    note,
                    velocity: 0.8,
                })
                .expect("a note");
            heard.extend(session.render(RATE / 5));
        }
    }
    assert!(heard[0].iter().any(|f| f[0] != 0.0));
    assert!(heard[0] == heard[1]);
}
