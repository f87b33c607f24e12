//! Three ways to go wrong, three answers.
use std::path::Path;

use super::BlackBox;
use crate::control::command::SlotId;
use crate::control::session::{CHUNK, Hindrance, Session};
use crate::control::supervisor::Config;

const SINE: &str =
    r#"(name: "sine", modules: (osc: Sine(), out: Out(gain: "-12dB")), cables: ["osc > out"])"#;
const SLOW: &str = r#"(name: "slow", modules: (osc: Sine(), bad: Fault(kind: Slow, after: 200), out: Out(gain: "-12dB")), cables: ["osc > bad > out"])"#;

struct Watched {
    session: Session,
    black_box: BlackBox,
    seconds: f64,
}

impl Watched {
    fn playing(text: &str) -> Self {
        let mut session = Session::new(Config {
            budget: 1e6,
            both: 1e6,
            net: false,
            ..Config::default()
        });
        session.load_first(text, Path::new("p.ron")).expect("plays");
        let mut watched = Self {
            session,
            black_box: BlackBox::default(),
            seconds: 0.0,
        };
        watched.play(0.3);
        watched
    }

    /// The device goes on for so long.
    fn play(&mut self, seconds: f64) {
        let mut frames = (seconds * 48_000.0) as usize;
        while frames > 0 {
            self.session.render(CHUNK);
            frames = frames.saturating_sub(CHUNK);
            self.pass(CHUNK as f64 / 48_000.0);
        }
    }

    fn pass(&mut self, seconds: f64) {
        self.seconds += seconds;
        for event in self.session.events() {
            self.black_box.hear(&event);
        }
        let view = self.session.supervisor.view();
        let reading = self.session.handle().reading();
        self.black_box.look(&view, &reading, self.seconds);
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.black_box
            .incidents()
            .map(|i| i.finding.cause.kind())
            .collect()
    }
}

#[test]
fn a_slow_module_is_named() {
    let mut watched = Watched::playing(SLOW);
    assert_eq!(watched.kinds(), [""; 0]);
    watched.session.hinder(SlotId::A, Hindrance::Slow(0.5));
    watched.play(1.0);
    assert_eq!(
        watched.kinds().first(),
        Some(&"slow module"),
        "{:?}",
        watched.kinds()
    );
    let newest = watched.black_box.incidents().next().expect("an incident");
    assert!(newest.finding.likely.contains("`bad`"), "{newest:?}");
    assert!(newest.none_reads > 0);
}

#[test]
fn a_busy_machine_is_not_the_patch() {
    let mut watched = Watched::playing(SINE);
    watched.session.hinder(SlotId::A, Hindrance::Slow(0.5));
    watched.play(1.0);
    assert_eq!(watched.kinds(), ["busy machine"]);
    let newest = watched.black_box.incidents().next().expect("an incident");
    assert!(
        newest.finding.advice.contains("--latency safe"),
        "{newest:?}"
    );
}

#[test]
fn a_device_that_asks_for_nothing_is_neither() {
    let mut watched = Watched::playing(SINE);
    for _ in 0..10 {
        watched.pass(0.1);
    }
    assert_eq!(watched.kinds(), ["stalled device"]);
    // It comes back, and stalls again: that is told anew.
    watched.play(5.0);
    for _ in 0..10 {
        watched.pass(0.1);
    }
    assert_eq!(watched.kinds(), ["stalled device"; 2]);
}
