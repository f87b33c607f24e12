//! What the tutor asks for, one thing after the other, and how it is seen that it was done.
use crate::control::command::Command;
use crate::modules::spec::ParamValue;
use crate::patch::edit::Edit;
use crate::patch::{Input, Patch};
use crate::tui::app::App;
use crate::tui::overlays::Overlay;
use crate::tui::screens::{Screen, patch};

use super::Tutor;

/// In no file: ^S asks for a name.
pub const SINE: &str = r#"// The tutor's patch. It is in no file; ^S would ask for a name.
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

/// One thing to do.
pub struct Step {
    pub title: &'static str,
    pub text: &'static str,
    pub hint: &'static str,
    pub enter: fn(&mut App),
    pub done: fn(&App, &Tutor) -> bool,
}

fn nothing(_: &mut App) {}

pub const STEPS: &[Step] = &[
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
        text: "The row with ▸ has the focus: osc's freq. Press → a few times: you hear it at once. Shift is fine, PgUp coarse, Enter types 440Hz or A4.",
        hint: "↑ and ↓ move the focus; it is freq of osc that counts here.",
        enter: |app| app.patch.focus_on("osc", patch::Field::Param(0)),
        done: |app, tutor| knob(app, "osc", "freq").is_some_and(|hz| hz != tutor.before),
    },
    Step {
        title: "Everything is undone",
        text: "^Z takes it back: knobs at once; cables, modules and swaps too. ^Y makes it again.",
        hint: "Ctrl and z, once for every turn that took a while. In this program it never suspends; :suspend does.",
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

pub fn live(app: &App) -> Option<&Patch> {
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

pub fn knob(app: &App, module: &str, param: &str) -> Option<f32> {
    let patch = live(app)?;
    let node = &patch.modules[patch.node(module)?];
    match node.params[node.spec.param(param)?] {
        ParamValue::Fixed(value) => Some(value),
        ParamValue::Beats(beats) => Some(beats),
    }
}
