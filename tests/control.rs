//! The whole instrument in lock step: what is heard, sample by sample, whatever is asked of it.
use std::path::Path;

use chronus::audio::guard::Guard;
use chronus::control::command::{At, Command, Draft, Focus, Quantum, SlotId};
use chronus::control::event::{Event, What};
use chronus::control::script;
use chronus::control::session::{CHUNK, Session};
use chronus::control::slot::SlotState;
use chronus::control::supervisor::Config;
use chronus::dsp::lanes::IsaChoice;
use chronus::dsp::{BLOCK, transport::Transport};
use chronus::modules::spec::ParamValue;

mod reference;
use reference::{Alone, RATE, Reference, residual_db, shipped};

fn config() -> Config {
    Config {
        rate: RATE as f64,
        isa: IsaChoice::Plain,
        // Lock-step tests run on any machine, and in debug builds.
        budget: 1e6,
        net: false,
        ..Config::default()
    }
}

/// A patch of one sine.
fn sine(name: &str, freq: u32) -> String {
    format!(
        r#"(name: "{name}", modules: (osc: Sine(freq: {freq}.0), out: Out(gain: "-12dB")), cables: ["osc > out"])"#
    )
}

/// A patch of other modules, so that nothing of it is carried.
fn saw(name: &str, freq: u32) -> String {
    format!(
        r#"(name: "{name}", modules: (vco: Saw(freq: {freq}.0), vca: Vca(gain: 0.2), mix: Out()), cables: ["vco > vca > mix"])"#
    )
}

fn session(text: &str) -> Session {
    session_with(text, config())
}

fn session_with(text: &str, config: Config) -> Session {
    let mut session = Session::new(config);
    session
        .load_first(text, Path::new("first.ron"))
        .expect("a patch that plays");
    session
}

fn load(session: &mut Session, text: &str) {
    let command = Command::LoadText {
        text: text.to_owned(),
        path: None,
    };
    session.command(command).expect("taken");
}

fn load_at(session: &mut Session, text: &str, frame: u64) {
    let command = Command::LoadText {
        text: text.to_owned(),
        path: None,
    };
    session
        .command_at(command, At::Frame(frame))
        .expect("taken");
}

fn set(session: &mut Session, focus: Focus, knob: &str, value: f32) -> Result<(), String> {
    let (module, param) = knob.split_once('.').expect("module.param");
    let command = Command::SetParam {
        focus,
        module: module.to_owned(),
        param: param.to_owned(),
        value: ParamValue::Fixed(value),
    };
    session.command(command).map(drop)
}

fn state(session: &Session, slot: SlotId) -> SlotState {
    session.supervisor.view().slots[slot.index()].state.clone()
}

fn name(session: &Session, slot: SlotId) -> String {
    let view = session.supervisor.view();
    let loaded = view.slots[slot.index()].loaded.as_ref();
    loaded.map_or(String::new(), |l| l.patch.name.clone())
}

fn value(session: &Session, slot: SlotId, knob: &str) -> ParamValue {
    let (module, param) = knob.split_once('.').expect("module.param");
    let view = session.supervisor.view();
    let patch = &view.slots[slot.index()]
        .loaded
        .as_ref()
        .expect("loaded")
        .patch;
    let node = &patch.modules[patch.node(module).expect("there")];
    node.params[node.spec.param(param).expect("there")]
}

fn sentences(events: &[Event]) -> Vec<&str> {
    events.iter().map(|e| e.sentence.as_str()).collect()
}

fn counted(session: &Session) {
    let reading = session.handle().reading();
    assert_eq!(reading.discontinuities, 0, "discontinuities");
    assert_eq!(reading.none_reads(), 0, "none-reads");
    assert_eq!(reading.late_events, 0, "late events");
}

#[test]
fn the_first_patch_is_heard_from_its_first_frame() {
    let text = sine("a", 440);
    let mut session = session(&text);
    let mut expected = Alone::new(&text, 0, IsaChoice::Plain).until(9_600);
    let heard = session.render(9_600);
    Guard::new(RATE as f32).process(&mut expected);
    assert_eq!(heard, expected, "bit by bit");
    assert_eq!(state(&session, SlotId::A), SlotState::Live);
    counted(&session);
}

#[test]
fn whatever_size_the_callbacks_have_the_samples_are_the_same() {
    let script = r#"[
        (at: 0.05, do: Set("osc.freq", "330Hz")),
        (at: 0.1, do: Load("../tests/none.ron")),
        (at: "1.2.1", do: Set("osc.level", 0.5)),
        (at: 0.3, do: Bpm(90)),
        (at: "1.3.1", do: Set("osc.level", 1)),
    ]"#;
    let items = script::parse(script, Path::new("s.ron")).expect("reads");
    let play = |sizes: &[usize]| {
        let mut session = session(&sine("a", 440));
        session.play_script(items.clone());
        let mut sound = vec![[0.0; 2]; 3 * RATE / 2];
        let (mut at, mut n) = (0, 0);
        while at < sound.len() {
            let end = (at + sizes[n % sizes.len()]).min(sound.len());
            session.fill(&mut sound[at..end]);
            (at, n) = (end, n + 1);
        }
        counted(&session);
        sound
    };
    let expected = play(&[CHUNK]);
    // A host that asks for more than it said is met with silence until the lead has grown, never with a gap.
    for (sizes, waits) in [
        (&[1][..], 0),
        (&[64], 0),
        (&[63, 1, 500], 0),
        (&[512, 17], 0),
        (&[1_024, 17], 1_024),
        (&[2_048, 16, 700], 2_048),
    ] {
        let heard = play(sizes);
        assert!(heard[..waits].iter().all(|f| *f == [0.0; 2]), "{sizes:?}");
        let first = heard[waits..]
            .iter()
            .zip(&expected)
            .position(|(a, b)| a != b);
        assert_eq!(first, None, "sizes {sizes:?}");
    }
}

#[test]
#[ignore = "long: 10^5 callbacks of a shipped patch"]
fn a_hundred_thousand_callbacks_of_any_size_play_what_render_writes() {
    let text = include_str!("../patches/hello.ron");
    let mut whole = session(text);
    let mut session = session(text);
    let mut random = 1u32;
    let mut sound = vec![[0.0; 2]; 2_048];
    session.fill(&mut sound);
    let waits = 2_048;
    assert!(sound.iter().all(|f| *f == [0.0; 2]), "the maximum burst");
    let mut asked = waits;
    let mut expected = Vec::new();
    for n in 0..100_000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let out = &mut sound[..16 + (random >> 8) as usize % 2_033];
        session.fill(out);
        while expected.len() < out.len() {
            expected.extend(whole.render(CHUNK));
        }
        assert!(out == &expected[..out.len()], "callback {n}, frame {asked}");
        expected.drain(..out.len());
        asked += out.len();
    }
    counted(&session);
}

#[test]
fn a_swap_happens_at_the_first_frame_of_the_bar() {
    let mut session = session(&sine("a", 440));
    session.render(RATE / 10);
    load(&mut session, &saw("b", 110));
    session.render(RATE / 10);
    assert_eq!(state(&session, SlotId::B), SlotState::Primed);
    session.command(Command::Swap(None)).expect("primed");
    assert_eq!(session.supervisor.view().armed, Some(Some(2)));
    session.render(2 * RATE);
    let events = session.events();
    let swapped = events.iter().find_map(|e| match e.what {
        What::Swapped {
            to,
            frame,
            fade_frames,
            ..
        } => Some((to, frame, fade_frames)),
        _ => None,
    });
    // 120 BPM: a bar of four beats is 2 s.
    assert_eq!(
        swapped,
        Some((SlotId::B, 96_000, 960)),
        "{:?}",
        sentences(&events)
    );
    assert_eq!(state(&session, SlotId::B), SlotState::Live);
    assert_eq!(state(&session, SlotId::A), SlotState::Primed);
    counted(&session);
}

#[test]
fn an_armed_swap_follows_the_tempo_and_can_be_taken_back() {
    let mut session = session(&sine("a", 440));
    load(&mut session, &saw("b", 110));
    session.render(RATE / 2);
    session.command(Command::Swap(None)).expect("primed");
    session.command(Command::Swap(None)).expect("taken back");
    assert_eq!(session.supervisor.view().armed, None);
    session.command(Command::Swap(None)).expect("again");
    session.render(RATE / 4);
    let soon = session.supervisor.rig().heads().earliest;
    session.command(Command::Bpm(240.0)).expect("in range");
    session.render(2 * RATE);
    let frame = session.events().iter().find_map(|e| match e.what {
        What::Swapped { frame, .. } => Some(frame),
        _ => None,
    });
    let line = Transport::new(RATE as f64, 120.0).changed_at(soon, |t| t.bpm = 240.0);
    assert_eq!(frame, line.frame_of(4.0, 0));
    counted(&session);
}

#[test]
fn swaps_between_many_patches_are_the_mix_of_both_rendered_alone() {
    let texts: Vec<String> = (0..6)
        .map(|n| match n % 2 {
            0 => sine(&format!("p{n}"), 110 + 70 * n),
            _ => saw(&format!("p{n}"), 55 + 31 * n),
        })
        .collect();
    swaps_are_the_mix(&texts, 60);
}

#[test]
#[ignore = "two minutes"]
fn two_hundred_swaps_between_shipped_patches_are_the_mix_of_both_rendered_alone() {
    swaps_are_the_mix(&shipped(), 200);
}

#[test]
fn every_shipped_patch_is_accepted_in_little_more_than_its_rendering() {
    let mut session = session(&sine("a", 440));
    for text in shipped() {
        load(&mut session, &text);
        let events = session.events();
        let report = events.iter().find_map(|e| match &e.what {
            What::Primed { report, .. } => Some(report.clone()),
            _ => None,
        });
        let report = report.unwrap_or_else(|| panic!("{:?}", sentences(&events)));
        let beyond = report.total_ms - report.render_ms;
        // 5 ms in a release build; tests are slower, and not alone.
        assert!(beyond < 50.0, "{beyond} ms: {report:?}");
        session.render(CHUNK);
    }
}

fn swaps_are_the_mix(texts: &[String], swaps: usize) {
    let mut session = session_with(
        &texts[0],
        Config {
            take_tempo: false,
            ..config()
        },
    );
    session.command(Command::SetStateCarry(false)).expect("set");
    let mut expected = Reference::new(&texts[0], IsaChoice::Plain);
    let mut heard = Vec::new();
    let mut random = 12_345u32;
    for n in 1..=swaps {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let text = &texts[(random >> 16) as usize % texts.len()];
        let begin = (session.supervisor.rig().heads().earliest + 200 + u64::from(random % 3_000))
            .next_multiple_of(BLOCK as u64);
        load_at(&mut session, text, begin);
        heard.extend(session.render(RATE / 8 + random as usize % 999));
        session.events();
        session
            .command(Command::Swap(Some(Quantum::Now)))
            .expect("primed");
        heard.extend(session.render(RATE / 10));
        let (frame, fade, rho) = session
            .events()
            .iter()
            .find_map(|e| match e.what {
                What::Swapped {
                    frame,
                    fade_frames,
                    rho,
                    ..
                } => Some((frame, fade_frames, rho)),
                _ => None,
            })
            .unwrap_or_else(|| panic!("swap {n} did not happen"));
        expected.swap(text, begin, (frame, fade, rho));
    }
    let residual = residual_db(&heard, &expected.heard(heard.len()));
    assert!(residual <= -110.0, "residual {residual:.1} dBFS");
    counted(&session);
}

#[test]
fn with_its_state_carried_a_sound_goes_on_as_if_nothing_happened() {
    let text = r#"(name: "a", modules: (osc: Sine(freq: 220.0), dly: Delay(time: 0.11, feedback: 0.5, mix: 0.5), out: Out(gain: "-12dB")), cables: ["osc > dly > out"])"#;
    let more = r#"(name: "b", modules: (osc: Sine(freq: 220.0), dly: Delay(time: 0.11, feedback: 0.5, mix: 0.5), lfo: Sine(freq: 3.0), out: Out(gain: "-12dB")), cables: ["osc > dly > out"])"#;
    let mut plain = session(text);
    let expected = plain.render(3 * RATE);
    let mut session = session(text);
    let mut heard = session.render(RATE / 3);
    load(&mut session, more);
    heard.extend(session.render(RATE / 2));
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    heard.extend(session.render(3 * RATE - heard.len()));
    assert_eq!(name(&session, session.supervisor.view().live), "b");
    let residual = residual_db(&heard, &expected);
    assert!(residual <= -110.0, "residual {residual:.1} dBFS");
    counted(&session);
}

#[test]
fn a_held_note_an_oscillator_and_an_echo_go_on_through_a_swap() {
    let keys = |name: &str, more: &str| {
        format!(
            r#"(name: "{name}", voices: 4, modules: (keys: Keys(), osc: Saw(), vcf: Ladder(cutoff: 900.0, res: 0.4), env: Adsr(attack: 0.2), vca: Vca(), dly: Delay(time: 0.2, feedback: 0.6, mix: 0.4), {more} out: Out(gain: "-9dB")), cables: ["keys.pitch > osc.freq", "keys.gate > env.gate", "env > vca.cv", "osc > vcf > vca > dly > out"])"#
        )
    };
    let play = |swaps: bool| {
        let mut session = session(&keys("a", ""));
        let mut heard = session.render(RATE / 10);
        for note in [45.0, 52.0, 57.0] {
            session
                .command(Command::Note {
                    note,
                    velocity: 0.8,
                })
                .expect("a note");
        }
        heard.extend(session.render(RATE / 10));
        if swaps {
            load(&mut session, &keys("b", "lfo: Lfo(),"));
        }
        heard.extend(session.render(RATE / 4));
        if swaps {
            session
                .command(Command::Swap(Some(Quantum::Now)))
                .expect("primed");
        }
        heard.extend(session.render(RATE / 2));
        let off = Command::Note {
            note: 52.0,
            velocity: 0.0,
        };
        session.command(off).expect("a note's end");
        heard.extend(session.render(RATE));
        let wanted = if swaps { "b" } else { "a" };
        assert_eq!(name(&session, session.supervisor.view().live), wanted);
        counted(&session);
        heard
    };
    let plain = play(false);
    assert!(plain[RATE / 2..RATE].iter().any(|f| f[0] > 0.1));
    let residual = residual_db(&play(true), &plain);
    assert!(residual <= -110.0, "residual {residual:.1} dBFS");
}

#[test]
fn a_held_note_goes_on_into_the_next_patch_carried_or_not() {
    let keys = |name: &str, osc: &str| {
        format!(
            r#"(name: "{name}", modules: (keys: Keys(), {osc}: Sine(), env: Adsr(), vca: Vca(), out: Out(gain: "-12dB")), cables: ["keys.pitch > {osc}.pitch", "keys.gate > env.gate", "env > vca.cv", "{osc} > vca > out"])"#
        )
        .replace("osc.pitch", "osc.freq")
        .replace("vco.pitch", "vco.freq")
    };
    for carry in [true, false] {
        let mut session = session(&keys("a", "osc"));
        session.command(Command::SetStateCarry(carry)).expect("set");
        session.render(RATE / 10);
        let note = Command::Note {
            note: 57.0,
            velocity: 0.8,
        };
        session.command(note).expect("a note");
        session.render(RATE / 4);
        load(&mut session, &keys("b", "vco"));
        session.render(RATE / 2);
        session
            .command(Command::Swap(Some(Quantum::Now)))
            .expect("primed");
        session.render(RATE / 2);
        assert_eq!(name(&session, session.supervisor.view().live), "b");
        let loudest = |sound: &[[f32; 2]]| sound.iter().fold(0.0f32, |m, x| m.max(x[0].abs()));
        assert!(loudest(&session.render(RATE / 10)) > 0.02, "carry {carry}");
        let off = Command::Note {
            note: 57.0,
            velocity: 0.0,
        };
        session.command(off).expect("a note's end");
        session.render(2 * RATE);
        assert!(loudest(&session.render(RATE / 10)) < 1e-3, "carry {carry}");
        counted(&session);
    }
}

#[test]
fn only_what_was_asked_for_last_comes_in() {
    let mut session = session(&sine("a", 440));
    session.render(RATE / 10);
    for n in 0..20 {
        load(&mut session, &saw(&format!("b{n}"), 100 + n));
    }
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    session.render(RATE / 2);
    assert_eq!(name(&session, session.supervisor.view().live), "b19");
    counted(&session);
}

#[test]
fn a_text_with_errors_or_a_silent_patch_touches_nothing() {
    let play = |attempts: &[&str]| {
        let mut session = session(&sine("a", 440));
        load(&mut session, &saw("b", 110));
        let mut heard = session.render(RATE / 2);
        for text in attempts {
            load(&mut session, text);
            heard.extend(session.render(RATE / 10));
        }
        let events = session.events();
        session
            .command(Command::Swap(Some(Quantum::Now)))
            .expect("still primed");
        heard.truncate(RATE / 2);
        let rest = session.render(RATE / 2);
        assert_eq!(name(&session, session.supervisor.view().live), "b");
        counted(&session);
        (heard, rest, events)
    };
    let silent = sine("s", 440).replace("\"osc > out\"", "");
    let (heard, rest, events) = play(&["(", "(modules: (x: Sinne()))", &silent]);
    let told = sentences(&events).join("\n");
    assert!(told.contains("did you mean `Sine`"), "{told}");
    assert!(told.contains("B FAILED silent: rms 0.0000"), "{told}");
    assert!(told.contains("A keeps playing"), "{told}");
    // The attempts took 0.3 s during which the sound went on as it would have without them.
    let mut without = session(&sine("a", 440));
    load(&mut without, &saw("b", 110));
    let mut expected = without.render(RATE / 2 + 3 * (RATE / 10));
    without
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    let expected_rest = without.render(RATE / 2);
    expected.truncate(RATE / 2);
    assert!(heard == expected && rest == expected_rest);
}

#[test]
fn a_knob_goes_to_the_live_patch_and_to_the_standby_where_it_stood_the_same() {
    let mut session = session(&sine("a", 440));
    load(&mut session, &sine("b", 440).replace("-12dB", "-20dB"));
    session.render(RATE / 4);
    set(&mut session, Focus::Live, "osc.freq", 330.0).expect("in range");
    set(&mut session, Focus::Live, "out.gain", -6.0).expect("in range");
    for slot in SlotId::BOTH {
        assert_eq!(value(&session, slot, "osc.freq"), ParamValue::Fixed(330.0));
    }
    assert_eq!(
        value(&session, SlotId::A, "out.gain"),
        ParamValue::Fixed(-6.0)
    );
    assert_eq!(
        value(&session, SlotId::B, "out.gain"),
        ParamValue::Fixed(-20.0)
    );
    let view = session.handle().view();
    let text = &view.slots[0].loaded.as_ref().expect("loaded").text;
    assert!(text.contains("330"), "{text}");
    for (knob, value, word) in [
        ("osc.frek", 1.0, "did you mean `freq`"),
        ("osk.freq", 1.0, "no module `osk`"),
        ("osc.freq", 1e9, "20"),
        ("osc.freq", f32::NAN, "freq"),
    ] {
        let why = set(&mut session, Focus::Live, knob, value).expect_err(word);
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn undo_takes_back_knobs_at_once_and_swaps_through_the_other_slot() {
    let mut session = session(&sine("a", 440));
    session.render(RATE / 10);
    set(&mut session, Focus::Live, "osc.freq", 330.0).expect("in range");
    load(&mut session, &saw("b", 110));
    session.render(RATE / 4);
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    session.render(RATE);
    set(&mut session, Focus::Live, "vco.freq", 220.0).expect("in range");
    assert_eq!(session.supervisor.view().undo_steps, 3);
    session
        .command(Command::SetQuantum(Quantum::Now))
        .expect("set");
    let undo = |session: &mut Session| {
        session.command(Command::Undo).expect("something to undo");
        session.render(RATE);
    };
    undo(&mut session);
    assert_eq!(
        value(&session, SlotId::B, "vco.freq"),
        ParamValue::Fixed(110.0)
    );
    undo(&mut session);
    let live = session.supervisor.view().live;
    assert_eq!((live, name(&session, live).as_str()), (SlotId::A, "a"));
    undo(&mut session);
    assert_eq!(
        value(&session, SlotId::A, "osc.freq"),
        ParamValue::Fixed(440.0)
    );
    assert!(session.command(Command::Undo).is_err());
    for _ in 0..3 {
        session.command(Command::Redo).expect("something to redo");
        session.render(RATE);
    }
    assert_eq!(name(&session, session.supervisor.view().live), "b");
    assert_eq!(
        value(&session, SlotId::B, "vco.freq"),
        ParamValue::Fixed(220.0)
    );
    counted(&session);
}

#[test]
fn undo_of_a_swap_builds_the_old_patch_again_where_it_is_gone() {
    let mut session = session(&sine("a", 440));
    session
        .command(Command::SetQuantum(Quantum::Now))
        .expect("set");
    load(&mut session, &saw("b", 110));
    session.render(RATE / 4);
    session.command(Command::Swap(None)).expect("primed");
    session.render(RATE);
    load(&mut session, &saw("c", 90));
    session.render(RATE / 4);
    assert_eq!(name(&session, SlotId::A), "c");
    session.command(Command::Undo).expect("a swap to undo");
    session.render(RATE);
    assert_eq!(name(&session, session.supervisor.view().live), "a");
    counted(&session);
}

fn draft(session: &mut Session, step: Draft) -> Result<(), String> {
    session.command(Command::Draft(step)).map(drop)
}

fn create(session: &mut Session, id: &str, kind: &str) {
    let (id, kind) = (id.to_owned(), kind.to_owned());
    draft(session, Draft::Create { id, kind }).expect("a known kind");
}

fn connect(session: &mut Session, from: &str, to: &str) {
    let (from, to) = (from.to_owned(), to.to_owned());
    draft(session, Draft::Connect { from, to }).expect("both there");
}

#[test]
fn a_draft_is_heard_with_the_knobs_turned_before_and_during_its_commit() {
    let mut session = session(&saw("a", 110));
    session.render(RATE / 10);
    create(&mut session, "osc1", "simple_sine");
    set(&mut session, Focus::Live, "osc1.frequency", 300.0).expect("the draft's");
    assert!(set(&mut session, Focus::Live, "osc1.nope", 300.0).is_err());
    draft(&mut session, Draft::Commit).expect("not empty");
    // Inline builds are done by now; the knob goes to what is on its way, or stands by.
    set(&mut session, Focus::Live, "osc1.level", 0.5).expect("the new patch's");
    // The next draft opens while the first has not yet been heard.
    create(&mut session, "osc2", "simple_sine");
    connect_fails(&mut session);
    session.render(RATE);
    let live = session.supervisor.view().live;
    assert_eq!(name(&session, live), "draft");
    assert_eq!(value(&session, live, "osc1.freq"), ParamValue::Fixed(300.0));
    assert_eq!(value(&session, live, "osc1.level"), ParamValue::Fixed(0.5));
    assert_eq!(session.supervisor.view().draft, Some(1));
    create(&mut session, "amp", "adsr");
    connect(&mut session, "osc2", "amp");
    draft(&mut session, Draft::Commit).expect("not empty");
    session.render(RATE);
    let live = session.supervisor.view().live;
    let view = session.supervisor.view();
    let patch = &view.slots[live.index()]
        .loaded
        .as_ref()
        .expect("loaded")
        .patch;
    assert!(patch.node("osc2").is_some() && patch.node("osc1").is_none());
    assert!(draft(&mut session, Draft::Commit).is_err(), "nothing left");
    counted(&session);
}

fn connect_fails(session: &mut Session) {
    let step = Draft::Connect {
        from: "osc1".into(),
        to: "osc2".into(),
    };
    let why = draft(session, step).expect_err("osc1 went with the first draft");
    assert!(why.contains("osc1"), "{why}");
}

#[test]
fn panic_is_silence_within_30_ms_and_again_brings_the_sound_back() {
    let mut session = session(&sine("a", 440));
    session.render(RATE / 4);
    session.command(Command::Panic).expect("always");
    session.render(RATE * 30 / 1_000 + BLOCK + CHUNK);
    let quiet = session.render(RATE / 4);
    assert!(quiet.iter().flatten().all(|x| *x == 0.0));
    session.command(Command::Panic).expect("always");
    session.render(RATE / 10);
    let back = session.render(RATE / 10);
    assert!(back.iter().any(|x| x[0].abs() > 0.1));
}

#[test]
fn the_standby_without_a_patch_of_its_own_holds_a_copy_that_sounds_the_same() {
    let net = Config {
        net: true,
        ..config()
    };
    let mut session = session_with(&sine("a", 440), net);
    session.render(RATE / 2);
    let view = session.supervisor.view();
    assert!(view.slots[1].is_net && !view.no_net);
    assert_eq!(state(&session, SlotId::B), SlotState::Primed);
    set(&mut session, Focus::Live, "osc.freq", 330.0).expect("in range");
    let mut heard = session.render(RATE / 2);
    // A swap to the copy is not heard at all.
    session
        .command(Command::Swap(Some(Quantum::Now)))
        .expect("primed");
    heard.extend(session.render(RATE / 2));
    assert_eq!(session.supervisor.view().live, SlotId::B);
    let mut plain = session_with(&sine("a", 440), config());
    plain.render(RATE / 2);
    set(&mut plain, Focus::Live, "osc.freq", 330.0).expect("in range");
    let residual = residual_db(&heard, &plain.render(RATE));
    assert!(residual <= -110.0, "residual {residual:.1} dBFS");
    counted(&session);
}

#[test]
fn a_patch_brings_its_tempo_at_the_frame_of_its_swap() {
    let mut session = session(&sine("a", 440));
    load(
        &mut session,
        &saw("b", 110).replace("name: \"b\"", "name: \"b\", bpm: 90"),
    );
    session.render(RATE / 2);
    assert_eq!(session.supervisor.view().bpm, 120.0);
    session.command(Command::Swap(None)).expect("primed");
    session.render(2 * RATE);
    let events = session.events();
    let swap = events.iter().find_map(|e| match e.what {
        What::Swapped { frame, .. } => Some(frame),
        _ => None,
    });
    assert_eq!(swap, Some(96_000));
    let view = session.supervisor.view();
    assert_eq!(view.bpm, 90.0);
    assert_eq!(view.transport.anchor_frame, 96_000);
    counted(&session);
}

#[cfg(feature = "faults")]
mod faults {
    use super::*;

    fn faulty(kind: &str, after: u32) -> String {
        format!(
            r#"(name: "bad", modules: (osc: Sine(freq: 330.0), f: Fault(kind: {kind}, after: {after}), out: Out(gain: "-12dB")), cables: ["osc > f > out"])"#
        )
    }

    #[test]
    fn bad_patches_are_never_heard_and_the_standby_keeps_what_it_had() {
        let play = |bad: Option<&str>| {
            let mut session = session(&sine("a", 440));
            load(&mut session, &saw("b", 110));
            let mut heard = session.render(RATE / 4);
            if let Some(kind) = bad {
                load(&mut session, &faulty(kind, 0));
            }
            heard.extend(session.render(RATE / 4));
            session
                .command(Command::Swap(Some(Quantum::Now)))
                .expect("primed");
            heard.extend(session.render(RATE / 4));
            assert_eq!(
                name(&session, session.supervisor.view().live),
                "b",
                "{bad:?}"
            );
            counted(&session);
            (heard, session.events())
        };
        let (expected, _) = play(None);
        for (kind, check) in [
            ("Panic", "panic"),
            ("Nan", "nan"),
            ("Inf", "nan"),
            ("Dc", "dc"),
            ("Loud", "loud"),
            ("Silent", "silent"),
        ] {
            for _ in 0..5 {
                let (heard, events) = play(Some(kind));
                assert!(heard == expected, "{kind} was heard");
                let told = events.iter().find_map(|e| match &e.what {
                    What::Failed { check, .. } => Some(check.name()),
                    _ => None,
                });
                assert_eq!(told, Some(check), "{kind}");
            }
        }
    }

    /// A patch that primes well and panics while it is live: its counter starts again after priming.
    fn dies_at(block: u32) -> String {
        faulty("Panic", block)
    }

    #[test]
    fn a_live_patch_that_panics_is_followed_by_its_copy_and_built_again() {
        let net = Config {
            net: true,
            ..config()
        };
        let mut session = session_with(&dies_at(900), net);
        let mut heard = session.render(RATE);
        // The copy took over the fault's counter with the rest of the state, so it dies at the same block; what stands by then
        // is built again.
        heard.extend(session.render(3 * RATE));
        let events = session.events();
        let told = sentences(&events).join("\n");
        assert!(
            events.iter().any(|e| matches!(e.what, What::Failed { .. })),
            "{told}"
        );
        assert!(
            events
                .iter()
                .any(|e| matches!(e.what, What::Rebuilt { .. })),
            "{told}"
        );
        let tail = &heard[heard.len() - RATE / 2..];
        assert!(
            tail.iter().any(|x| x[0].abs() > 0.05),
            "it sounds again\n{told}"
        );
    }

    #[test]
    fn another_patch_that_stands_by_takes_over_without_a_gap() {
        let mut session = session(&dies_at(1_500));
        load(&mut session, &saw("b", 110));
        let heard = session.render(4 * RATE);
        let events = session.events();
        let told = sentences(&events).join("\n");
        let rebuilt = events.iter().find_map(|e| match e.what {
            What::Rebuilt { after_ms, .. } => Some(after_ms),
            _ => None,
        });
        assert!(rebuilt.is_some_and(|ms| ms <= 100.0), "{rebuilt:?}\n{told}");
        assert!(
            events
                .iter()
                .any(|e| matches!(e.what, What::Failover { to: SlotId::B, .. })),
            "{told}"
        );
        assert_eq!(session.supervisor.view().live, SlotId::B);
        assert_eq!(session.handle().reading().none_reads(), 0, "{told}");
        // No stretch of silence anywhere.
        let longest = heard[4_800..]
            .split(|x| x[0].abs() > 1e-4)
            .map(<[_]>::len)
            .max();
        assert!(longest < Some(48), "{longest:?} frames of silence");
    }
}
