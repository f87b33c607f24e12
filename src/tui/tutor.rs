//! `:tutor`: from a sine to a swapped acid line, inside the program. Every step looks whether it was done; none touches a file. The
//! keys go on meaning what they always mean.
use std::time::{Duration, Instant};

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::control::command::Command;
use crate::modules::spec::ParamValue;
use crate::patch::edit::Edit;
use crate::patch::{Input, Patch};

use super::app::App;
use super::overlays::Overlay;
use super::pen::{Labels, Pen, panel, wipe};
use super::screens::{Screen, patch};
use super::theme::Role;

/// In no file: ^S asks for a name.
const SINE: &str = r#"// The tutor's patch. It is in no file; ^S would ask for a name.
(
  name: "tutor sine", bpm: 120,
  modules: (
    osc: Sine(freq: "A3"),
    out: Out(gain: "-14dB"),
  ),
  cables: ["osc > out"],
)
"#;

/// What the saw becomes when the tutor lays the rest beside it.
const ACID: &str = r#"// The tutor's patch. It is in no file; ^S would ask for a name.
(
  name: "tutor acid", bpm: 120,
  modules: (
    seq: Seq(rate: "1/16", gate: 0.6, steps: "C2 C2 Eb2! - C3~ G1 C2! Bb1"),
    osc: Saw(),
    env: Adsr(a: "2ms", d: "180ms", s: 0, r: "40ms"),
    vcf: Ladder(cutoff: "400Hz", res: 0.75, drive: 1.4), // the squelch
    vca: Vca(),
    out: Out(gain: "-10dB"),
  ),
  cables: [
    "osc > vcf > vca > out",
    "seq.pitch > osc.pitch",
    "seq.gate > env.gate",
    "env > vca.cv",
    "env > vcf.cutoff * 2.5oct",
    "seq.accent > vcf.res * 0.15",
  ],
  macros: [(name: "cutoff", at: 0.4, to: ["vcf.cutoff 120Hz..3kHz"])],
)
"#;

/// Somebody who did nothing for so long gets the hint.
const STUCK: Duration = Duration::from_secs(15);
/// How long the praise stands.
const PRAISE: Duration = Duration::from_millis(1_200);

struct Step {
    title: &'static str,
    text: &'static str,
    hint: &'static str,
    enter: fn(&mut App),
    done: fn(&App, &Tutor) -> bool,
}

pub struct Tutor {
    at: usize,
    since: Instant,
    /// When the step was found done.
    done: Option<Instant>,
    /// A value that the step began with.
    before: f32,
}

fn nothing(_: &mut App) {}

const STEPS: &[Step] = &[
    Step {
        title: "Two slots",
        text: "A plays. The tutor has just loaded a sine into B and primed it: built, rendered unheard, checked. Press ^G: B swaps in at the next bar.",
        hint: "Hold Ctrl and press g. The countdown is at the lower right. ! swaps at once.",
        enter: |app| {
            app.go(Screen::Perform);
            let text = SINE.to_owned();
            app.send(Command::LoadText { text, path: None });
        },
        done: |app, _| live(app).is_some_and(|p| p.name == "tutor sine"),
    },
    Step {
        title: "Seven screens",
        text: "That is a sine at A3. Press 2: the Patch screen shows its modules, ports and cables.",
        hint: "The digits 1 to 7 are the screens, from anywhere but EDIT and KEYS. Esc goes back.",
        enter: nothing,
        done: |app, _| app.screen == Screen::Patch,
    },
    Step {
        title: "Knobs are live",
        text: "↓ to osc's freq, then → a few times: you hear it at once. Shift is fine, PgUp coarse, Enter types 440Hz or A4.",
        hint: "The row with ▸ has the focus. If it says no knob, one row further down.",
        enter: |app| app.patch.focus_on("osc", patch::Field::Param(0)),
        done: |app, tutor| knob(app, "osc", "freq").is_some_and(|hz| hz != tutor.before),
    },
    Step {
        title: "Everything is undone",
        text: "^Z takes it back: knobs at once; cables, modules and swaps too. ^Y makes it again.",
        hint: "Ctrl and z. In this program it never suspends; :suspend does.",
        enter: nothing,
        done: |app, tutor| knob(app, "osc", "freq").is_none_or(|hz| hz == tutor.before),
    },
    Step {
        title: "Another oscillator",
        text: "With the focus on osc press s, type saw, Enter: the sine becomes a saw. It is built and primed in B; A keeps playing.",
        hint: "Or type it as a command: : then replace Saw",
        enter: |app| app.patch.focus_on("osc", patch::Field::Param(0)),
        done: |app, _| kind(app, "osc") == Some("Saw"),
    },
    Step {
        title: "A filter",
        text: "Press a, type lad, Enter: a ladder filter. It has a name by itself, and no cable yet.",
        hint: "The list takes a few letters of the name or of what it does. Esc closes it.",
        enter: nothing,
        done: |app, _| {
            bench(app).is_some_and(|p| p.modules.iter().any(|m| m.spec.kind == "Ladder"))
        },
    },
    Step {
        title: "A cable",
        text: "Wire it: type :wire osc > vcf and Enter. (Or on osc's out press w and pick it.) A mistake is told where it is, with what would be right.",
        hint: "If your filter has another name, use that one. An amount goes behind a *: env > vcf.cutoff * 2oct",
        enter: nothing,
        done: |app, _| {
            bench(app).is_some_and(|p| {
                p.cables.iter().any(|c| {
                    p.modules[c.from.node].name == "osc"
                        && p.modules[c.to.node].spec.kind == "Ladder"
                        && matches!(c.to.input, Input::Port(_))
                })
            })
        },
    },
    Step {
        title: "The rest of an acid line",
        text: "A sequencer, an envelope and a VCA are the same keys again. The tutor has laid them on the bench for you. Press = to see what the swap would change.",
        hint: "= compares the standby with what plays, in words. Any key closes it.",
        enter: |app| {
            patch::edits::send(app, Edit::Rewrite(ACID.to_owned()));
        },
        done: |app, _| matches!(app.overlay, Some(Overlay::Diff)),
    },
    Step {
        title: "Swap it in",
        text: "Close the list. ^G, and at the bar your acid line is heard. b changes how long a swap waits; ( and ) blend the knobs that A and B share.",
        hint: "If B says FAILED the reason is beside it, and A keeps playing. ^E builds and primes again.",
        enter: nothing,
        done: |app, _| live(app).is_some_and(|p| p.modules.iter().any(|m| m.spec.kind == "Seq")),
    },
    Step {
        title: "One knob over several",
        text: "1 goes to Perform. Alt+1 picks the macro `cutoff`, Alt+↑ opens it (or m 1, then ↑). On the Patch screen m gives any knob to a macro.",
        hint: "Some desktops keep Alt+digit for themselves: m and a digit do the same.",
        enter: nothing,
        done: |app, tutor| {
            let at = live(app).and_then(|p| p.macros.first()).map(|m| m.at);
            at.is_some_and(|at| at != tutor.before)
        },
    },
    Step {
        title: "When something is wrong",
        text: "^X is panic: silence in 30 ms, and again for sound. Press it twice.",
        hint: "Ctrl and x. F12 does the same.",
        enter: nothing,
        done: |app, tutor| !app.view.panicked && tutor.before > 0.5,
    },
];

fn live(app: &App) -> Option<&Patch> {
    app.loaded(app.view.live).map(|l| &*l.patch)
}

/// What is being patched: the bench, or what plays.
fn bench(app: &App) -> Option<&Patch> {
    match &app.view.bench {
        Some(bench) => Some(&*bench.patch),
        None => live(app),
    }
}

fn kind(app: &App, module: &str) -> Option<&'static str> {
    let patch = bench(app)?;
    Some(patch.modules[patch.node(module)?].spec.kind)
}

fn knob(app: &App, module: &str, param: &str) -> Option<f32> {
    let patch = live(app)?;
    let node = &patch.modules[patch.node(module)?];
    match node.params[node.spec.param(param)?] {
        ParamValue::Fixed(value) => Some(value),
        ParamValue::Beats(beats) => Some(beats),
    }
}

/// "", "skip", "back", "off".
pub fn command(app: &mut App, arg: &str) {
    match (arg.trim(), app.tutor.as_ref().map(|t| t.at)) {
        ("" | "on", None) => enter(app, 0),
        ("off" | "end", Some(_)) => {
            app.tutor = None;
            app.say("The tutor is off; :tutor begins again. Nothing was written to any file");
        }
        ("back", Some(at)) => enter(app, at.saturating_sub(1)),
        ("" | "skip" | "next", Some(at)) => enter(app, at + 1),
        (_, None) => app.say(":tutor begins it"),
        (other, Some(_)) => app.complain(format!("tutor takes skip, back or off, not `{other}`")),
    }
}

fn enter(app: &mut App, at: usize) {
    let Some(step) = STEPS.get(at) else {
        app.tutor = None;
        return app.say("That was all. ? lists every key, : every command; ^S saves what you hear under a name that you choose");
    };
    (step.enter)(app);
    let before = match step.title {
        "One knob over several" => live(app)
            .and_then(|p| p.macros.first())
            .map_or(0.0, |m| m.at),
        "Everything is undone" => app.tutor.as_ref().map_or(0.0, |t| t.before),
        "When something is wrong" => 0.0,
        _ => knob(app, "osc", "freq").unwrap_or(0.0),
    };
    app.tutor = Some(Tutor {
        at,
        since: app.now,
        done: None,
        before,
    });
}

/// Looks whether the step was done; called once a look.
pub fn follow(app: &mut App) {
    let (now, panicked) = (app.now, app.view.panicked);
    let Some(mut tutor) = app.tutor.take() else {
        return;
    };
    if STEPS[tutor.at].title == "When something is wrong" && panicked {
        tutor.before = 1.0;
    }
    if tutor.done.is_none() && (STEPS[tutor.at].done)(app, &tutor) {
        tutor.done = Some(now);
    }
    let next = tutor.done.is_some_and(|done| now >= done + PRAISE);
    let at = tutor.at;
    app.tutor = Some(tutor);
    if next {
        enter(app, at + 1);
    }
}

/// Rows that it takes from the bottom of the screen.
pub fn rows(app: &App, area: Rect) -> u16 {
    match (&app.tutor, area.height) {
        (None, _) | (_, 0..=7) => 0,
        (Some(_), 8..=15) => 3,
        (Some(_), _) => 5,
    }
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(tutor) = &app.tutor else { return };
    let theme = &app.theme;
    let step = &STEPS[tutor.at];
    wipe(buf, area, theme);
    let title = format!("tutor {} of {}: {}", tutor.at + 1, STEPS.len(), step.title);
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Focus).add_modifier(Modifier::BOLD),
        foot: "F3 skip  :tutor back  :tutor off",
        foot_style: theme.style(Role::Muted),
    };
    let inner = panel(buf, area, theme, &labels);
    let stuck = app.now.saturating_duration_since(tutor.since) > STUCK;
    let (text, role) = match (tutor.done.is_some(), stuck) {
        (true, _) => ("Done.".to_owned(), Role::Live),
        (false, true) => (format!("{} {}", step.text, step.hint), Role::Text),
        (false, false) => (step.text.to_owned(), Role::Text),
    };
    let width = usize::from(inner.width.saturating_sub(2));
    for (row, line) in (0..inner.height).zip(super::words::wrapped(&text, width)) {
        Pen::row(buf, inner, row)
            .gap(1)
            .text(line, theme.style(role));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
}
