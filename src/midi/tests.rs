//! A scripted port into the whole instrument, in lock step: what is played, at which frame, and what knobs do.
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use crate::control::command::{Command, SlotId};
use crate::control::controls::Controlled;
use crate::control::session::Session;
use crate::control::supervisor::Config;
use crate::modules::spec::ParamValue;

use super::receiver::Receiver;

const PATCH: &str = r#"(name: "k", voices: 4, modules: (keys: Keys(), osc: Sine(), env: Adsr(), vca: Vca(), out: Out()),
  cables: ["keys.pitch > osc.pitch", "keys.gate > env.gate", "env > vca.cv", "osc > vca > out"],
  macros: [(name: "far", at: 0.5, to: ["out.gain -30dB..0dB"])])"#;

struct Stage {
    session: Session,
    port: Receiver,
    /// Microseconds since the program began.
    us: u64,
}

impl Stage {
    fn new(follow: bool) -> Self {
        let mut session = Session::new(Config {
            rate: 48_000.0,
            budget: 1e6,
            net: false,
            ..Config::default()
        });
        session
            .load_first(PATCH, Path::new("k.ron"))
            .expect("plays");
        let port = Receiver::new(follow, session.handle().clone());
        let mut stage = Self {
            session,
            port,
            us: 0,
        };
        stage.pass(200_000);
        stage
    }

    fn pass(&mut self, us: u64) -> Vec<[f32; 2]> {
        self.us += us;
        self.session.render((us as usize * 48).div_ceil(1_000))
    }

    /// A message, seen late by some time.
    fn send(&mut self, bytes: &[u8], late_us: u64) {
        let seen = UNIX_EPOCH + Duration::from_micros(self.us + late_us);
        self.port.receive(self.us, bytes, seen);
    }

    fn performed(&self, of: impl Fn(&Command) -> bool) -> Vec<(u64, Command)> {
        let all = self.session.supervisor.performed();
        let wanted = all.filter(|p| of(&p.command));
        wanted.map(|p| (p.frame, p.command.clone())).collect()
    }

    fn gain(&self) -> ParamValue {
        let view = self.session.supervisor.view();
        let patch = &view.slots[SlotId::A.index()]
            .loaded
            .as_ref()
            .expect("there")
            .patch;
        let out = &patch.modules[patch.node("out").expect("there")];
        out.params[out.spec.param("gain").expect("there")]
    }
}

fn loudest(sound: &[[f32; 2]]) -> f32 {
    sound.iter().map(|f| f[0].abs()).fold(0.0, f32::max)
}

#[test]
fn notes_sound_from_press_to_release_and_the_pedal_holds_them() {
    let mut s = Stage::new(false);
    assert_eq!(loudest(&s.pass(100_000)), 0.0);
    s.send(&[0x90, 60, 100], 0);
    s.pass(100_000);
    assert!(loudest(&s.pass(50_000)) > 0.05);
    s.send(&[0xb0, 64, 127], 0);
    s.send(&[0x80, 60, 0], 0);
    s.pass(2_000_000);
    assert!(loudest(&s.pass(50_000)) > 0.02, "the pedal holds it");
    s.send(&[0xb0, 64, 0], 0);
    s.pass(3_000_000);
    assert!(loudest(&s.pass(50_000)) < 1e-3, "released");
    let notes = s.performed(|c| matches!(c, Command::Note { .. }));
    assert_eq!(notes.len(), 2, "{notes:?}");
}

#[test]
fn a_lost_port_leaves_no_note_behind() {
    let mut s = Stage::new(false);
    for note in [60, 64, 67] {
        s.send(&[0x91, note, 90], 0);
    }
    s.send(&[0xe1, 0, 96], 0);
    s.pass(100_000);
    s.port.end();
    s.pass(4_000_000);
    assert!(loudest(&s.pass(50_000)) < 1e-3);
    let bends = s.performed(|c| matches!(c, Command::Bend(_)));
    assert_eq!(
        bends.last().map(|(_, c)| c.clone()),
        Some(Command::Bend(0.0))
    );
}

#[test]
fn late_threads_do_not_make_the_rhythm_uneven() {
    let mut s = Stage::new(false);
    // What the port's thread is told by ours: one lead and some slack.
    s.port.set_ahead(Duration::from_millis(60));
    for n in 0..40u64 {
        s.send(&[0x90, 60, 100], n * 7919 % 4_000);
        s.pass(50_000);
        s.send(&[0x80, 60, 0], 0);
        s.pass(50_000);
    }
    s.pass(200_000);
    let on = |c: &Command| matches!(c, Command::Note { velocity, .. } if *velocity > 0.0);
    let frames: Vec<u64> = s.performed(on).iter().map(|(frame, _)| *frame).collect();
    assert_eq!(frames.len(), 40);
    let gaps = frames
        .windows(2)
        .skip(4)
        .map(|w| (w[1] - w[0]) as i64 - 4_800);
    let worst = gaps.map(i64::abs).max();
    // The two clocks are joined to a microsecond or two: a frame of 20 µs.
    assert!(worst <= Some(12), "{worst:?} {frames:?}");
}

#[test]
fn a_controller_is_learned_turns_its_knob_and_is_told() {
    let mut s = Stage::new(false);
    let told = |s: &mut Stage| -> Vec<String> {
        s.session.events().into_iter().map(|e| e.sentence).collect()
    };
    s.send(&[0xb0, 21, 64], 0);
    s.pass(100_000);
    assert!(s.session.supervisor.view().controls.is_empty());
    let knob = Controlled::Param {
        module: "out".into(),
        param: "gain".into(),
    };
    s.session
        .command(Command::Learn(Some(knob)))
        .expect("taken");
    told(&mut s);
    s.send(&[0xb0, 21, 127], 0);
    s.pass(100_000);
    let view = s.session.supervisor.view();
    assert_eq!((view.controls.len(), view.learning.clone()), (1, None));
    let sentences = told(&mut s);
    assert!(
        sentences
            .iter()
            .any(|t| t == "Controller 21 turns out.gain"),
        "{sentences:?}"
    );
    let high = s.gain();
    s.send(&[0xb0, 21, 0], 0);
    s.pass(100_000);
    assert_ne!(s.gain(), high);
    s.session
        .command(Command::Learn(Some(Controlled::Macro(0))))
        .expect("taken");
    s.send(&[0xb0, 22, 127], 0);
    s.pass(100_000);
    assert_eq!(s.gain(), ParamValue::Fixed(0.0));
    let why = s
        .session
        .command(Command::Learn(Some(Controlled::Macro(7))));
    assert!(why.is_err());
}

#[test]
fn the_wheel_moves_notes_and_no_text() {
    let mut s = Stage::new(false);
    let text = s.session.supervisor.view().slots[0]
        .loaded
        .as_ref()
        .map(|l| l.text.clone());
    s.send(&[0xb0, 101, 0], 0);
    s.send(&[0xb0, 100, 0], 0);
    s.send(&[0xb0, 6, 12], 0);
    s.send(&[0x90, 57, 127], 0);
    s.pass(500_000);
    let crossings = |sound: &[[f32; 2]]| {
        sound
            .windows(2)
            .filter(|w| w[0][0] < 0.0 && w[1][0] >= 0.0)
            .count()
    };
    let plain = crossings(&s.pass(1_000_000));
    s.send(&[0xe0, 127, 127], 0);
    s.pass(100_000);
    let bent = crossings(&s.pass(1_000_000));
    assert!(
        plain.abs_diff(220) <= 1 && bent.abs_diff(440) <= 1,
        "{plain} {bent}"
    );
    let view = s.session.supervisor.view();
    assert_eq!(view.slots[0].loaded.as_ref().map(|l| l.text.clone()), text);
    assert_eq!(view.undo_steps, 0);
}

#[test]
fn the_tempo_follows_a_clock_and_so_do_start_and_stop() {
    let mut s = Stage::new(true);
    s.send(&[0xfc], 0);
    s.pass(20_000);
    assert!(!s.session.supervisor.view().playing);
    s.send(&[0xfa], 0);
    for n in 0..24 * 8u64 {
        s.send(&[0xf8], n * 7919 % 900);
        s.pass(15_625);
    }
    let view = s.session.supervisor.view();
    assert!(
        view.playing && (view.bpm - 160.0).abs() < 0.5,
        "{}",
        view.bpm
    );
    // Nobody asked this one to follow.
    let mut alone = Stage::new(false);
    alone.send(&[0xfc], 0);
    alone.pass(50_000);
    assert!(alone.session.supervisor.view().playing);
}

#[test]
fn anything_may_come_from_a_cable() {
    let mut s = Stage::new(true);
    let mut seed = 1u32;
    for _ in 0..20_000 {
        let mut byte = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let bytes: Vec<u8> = (0..byte() % 5).map(|_| byte()).collect();
        s.send(&bytes, 0);
        if byte() == 0 {
            s.pass(2_000);
        }
    }
    s.port.end();
    let sound = s.pass(100_000);
    assert!(sound.iter().flatten().all(|v| v.is_finite()));
}
