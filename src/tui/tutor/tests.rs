//! A pupil does what the tutor says.
use std::path::Path;

use super::steps::SINE;
use super::*;
use crate::control::session::Session;
use crate::control::supervisor::Config;
use crate::tui::chord::Chord;
use crate::tui::color::Depth;
use crate::tui::options::Options;
use crossterm::event::{Event as Input, KeyEvent};

struct Pupil {
    session: Session,
    app: App,
    now: Instant,
}

impl Pupil {
    fn new() -> Self {
        let mut session = Session::new(Config {
            budget: 1e6,
            both: 1e6,
            net: false,
            ..Config::default()
        });
        let first = SINE.replace("tutor sine", "first");
        session
            .load_first(&first, Path::new("first.ron"))
            .expect("plays");
        session.render(4_800);
        let app = App::new(session.handle().clone(), Options::default(), Depth::True);
        let now = Instant::now();
        Self { session, app, now }
    }

    /// So long, with a look ten times a second.
    fn pass(&mut self, seconds: f64) {
        let mut left = seconds;
        while left > 1e-9 {
            let step = left.min(0.1);
            self.session.render((step * 48_000.0) as usize);
            self.now += Duration::from_secs_f64(step);
            self.app.look(self.now);
            left -= step;
        }
    }

    fn press(&mut self, chords: &str) {
        for name in chords.split(' ') {
            let (code, modifiers) = Chord::parse(name).expect(name).parts();
            let event = Input::Key(KeyEvent::new(code, modifiers));
            self.app.on_input(event, self.now);
            self.pass(0.02);
        }
    }

    fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            let name = if c == ' ' {
                "Space".to_owned()
            } else {
                c.to_string()
            };
            self.press(&name);
        }
    }

    fn at(&self) -> usize {
        self.app.tutor.as_ref().map_or(99, |t| t.at)
    }
}

#[test]
fn from_a_sine_to_a_swapped_acid_line() {
    let mut p = Pupil::new();
    p.type_text(":tutor");
    p.press("Enter");
    p.pass(0.5);
    assert_eq!(p.at(), 0, "nothing is done by itself");
    p.press("^G");
    p.pass(3.0);
    assert_eq!(p.at(), 1, "{:?}", p.app.sentence);
    p.press("2");
    p.pass(1.6);
    assert_eq!(p.at(), 2);
    p.press("Right Right");
    p.pass(1.6);
    assert_eq!(p.at(), 3, "{:?}", p.app.sentence);
    p.press("^Z");
    p.pass(1.6);
    assert_eq!(p.at(), 4, "{:?}", p.app.sentence);
    p.press("s");
    p.type_text("saw");
    p.press("Enter");
    p.pass(1.6);
    assert_eq!(p.at(), 5, "{:?}", p.app.sentence);
    p.press("a");
    p.type_text("lad");
    p.press("Enter");
    p.pass(1.6);
    assert_eq!(p.at(), 6, "{:?}", p.app.sentence);
    let vcf = p.app.view.bench.as_ref().and_then(|b| {
        let all = b.patch.modules.iter();
        all.clone()
            .find(|m| m.spec.kind == "Ladder")
            .map(|m| m.name.clone())
    });
    p.type_text(&format!(":wire osc > {}", vcf.expect("a ladder")));
    p.press("Enter");
    p.pass(1.6);
    assert_eq!(p.at(), 7, "{:?}", p.app.sentence);
    p.pass(1.0);
    p.press("=");
    p.pass(1.6);
    assert_eq!(p.at(), 8, "{:?}", p.app.sentence);
    p.press("Esc ^G");
    p.pass(4.0);
    assert_eq!(p.at(), 9, "{:?}", p.app.sentence);
    p.press("1 Alt+1 Alt+Up");
    p.pass(1.6);
    assert_eq!(p.at(), 10, "{:?}", p.app.sentence);
    p.press("^X");
    p.pass(0.2);
    p.press("^X");
    p.pass(1.6);
    p.pass(0.1);
    assert_eq!(p.at(), 99, "the end: {:?}", p.app.sentence);
    // Nothing of it is in a file.
    let view = p.session.supervisor.view();
    assert!(
        view.slots[view.live.index()]
            .loaded
            .as_ref()
            .expect("loaded")
            .path
            .is_none()
    );
}

#[test]
fn every_step_can_be_skipped_and_gone_back() {
    let mut p = Pupil::new();
    command(&mut p.app, "");
    for at in 0..STEPS.len() {
        assert_eq!(p.at(), at);
        p.press("F3");
    }
    assert_eq!(p.at(), 99);
    command(&mut p.app, "");
    p.press("F3");
    command(&mut p.app, "back");
    assert_eq!(p.at(), 0);
    command(&mut p.app, "off");
    assert!(p.app.tutor.is_none());
}
