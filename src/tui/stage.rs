//! What the stage's keys do: macros, the morph, the cue, the tempo by hand.
use std::time::Duration;

use crate::control::command::Command;
use crate::control::command::{Quantum, SlotId};
use crate::control::event::View;
use crate::patch::Macro;

use super::app::App;
use super::words;

/// One press of a macro's or the morph's keys.
const STEP: f32 = 0.05;
/// A longer pause begins a new count.
const TAP_PAUSE: Duration = Duration::from_secs(2);
/// Taps that are averaged.
const TAPS: usize = 9;

// Macros

pub fn macros(app: &App) -> &[Macro] {
    app.loaded(app.view.live)
        .map_or(&[], |loaded| loaded.patch.macros.as_slice())
}

pub fn pick_macro(app: &mut App, arg: &str) {
    let count = macros(app).len();
    match arg.trim().parse::<usize>() {
        Ok(n) if (1..=count).contains(&n) => {
            app.picked_macro = n - 1;
            let name = macros(app)[n - 1].name.clone();
            app.say(format!("Macro {n}: {name}. Alt+↑↓ turns it"));
        }
        Ok(n) => app.complain(match count {
            0 => "The live patch has no macros; m on a knob of the Patch screen (2) makes one"
                .to_owned(),
            _ => format!("the live patch has no macro {n}; it has {count}"),
        }),
        Err(_) if arg.trim().is_empty() => step_macro(app, 1),
        Err(_) => app.complain("macro takes a number from 1 to 8"),
    }
}

pub fn step_macro(app: &mut App, by: isize) {
    let count = macros(app).len();
    if count == 0 {
        return app
            .say("The live patch has no macros; m on a knob of the Patch screen (2) makes one");
    }
    let at = app.picked_macro.min(count - 1) as isize;
    app.picked_macro = (at + by).rem_euclid(count as isize) as usize;
}

/// Turns the picked macro by twentieths.
pub fn turn_macro(app: &mut App, by: i32) {
    let index = app.picked_macro.min(macros(app).len().saturating_sub(1));
    let Some(picked) = macros(app).get(index) else {
        return app
            .say("The live patch has no macros; m on a knob of the Patch screen (2) makes one");
    };
    let at = stepped(picked.at, by);
    let name = (index + 1).to_string();
    app.ask(Command::Macro { name, at });
}

/// The next twentieth, free of what sums of them leave behind.
fn stepped(at: f32, by: i32) -> f32 {
    (((at + by as f32 * STEP) * 1_000.0).round() / 1_000.0).clamp(0.0, 1.0)
}

// Between the slots

/// "0.4"; without a number where it stands.
pub fn morph(app: &mut App, arg: &str) {
    match (arg.trim(), app.view.morph) {
        ("", Some(at)) => app.say(format!(
            "The morph stands at {at:.2}: 0 is A, 1 is B; ( and ) move it"
        )),
        ("", None) => app.say("No morph: the standby has no patch of its own"),
        (number, _) => match number.parse::<f32>() {
            Ok(at) if (0.0..=1.0).contains(&at) => {
                app.ask(Command::Morph(at));
            }
            _ => app.complain("morph goes from 0 (A) to 1 (B)"),
        },
    }
}

pub fn step_morph(app: &mut App, by: i32) {
    match app.view.morph {
        Some(at) => {
            app.ask(Command::Morph(stepped(at, by)));
        }
        None => app.say("No morph: the standby has no patch of its own; load one on screen 7"),
    }
}

pub fn cue(app: &mut App) {
    let on = !app.view.cued;
    let standby = app.view.live.other();
    if on && (app.loaded(standby).is_none() || app.slot(standby).is_net) {
        return app.say("Nothing to cue: the standby has no patch of its own");
    }
    app.cue.clear();
    if app.ask(Command::Cue(on)) {
        let name = words::slot_and_name(&app.view, standby);
        let heard = app.view.live.name();
        app.say(match (on, app.view.cue_outputs) {
            (true, true) => format!("Cue: {name} sounds on outputs 3 and 4, and is what scope and spectrum show"),
            (true, false) => format!("Cue: this device has no outputs 3 and 4, so scope and spectrum show {name}; you still hear only {heard}"),
            (false, _) => "Cue off: scope and spectrum show what you hear".to_owned(),
        });
    }
}

/// Beats until the swap that was asked for, and the share of its quantum that is over.
pub fn countdown(app: &App) -> Option<(f64, f32)> {
    let view: &View = &app.view;
    let beat = view.swap_beat?;
    let left = (beat - view.transport.beat_at(app.reading.frame)).max(0.0);
    let whole = match view.quantum {
        Quantum::Now | Quantum::Beat => 1.0,
        Quantum::Bar => f64::from(view.transport.beats_per_bar),
        Quantum::Bars(n) => f64::from(view.transport.beats_per_bar) * f64::from(n),
    };
    Some((left, (1.0 - left / whole.max(left)).clamp(0.0, 1.0) as f32))
}

/// "B in 2.3 beats": for every screen.
pub fn countdown_words(app: &App) -> Option<String> {
    let (left, _) = countdown(app)?;
    let to: SlotId = app.view.live.other();
    let seconds = left * 60.0 / app.view.bpm.max(1.0);
    Some(format!("{} in {left:.1} beats, {seconds:.1} s", to.name()))
}

// Tempo

pub fn nudge_bpm(app: &mut App, by: f64) {
    let bpm = (app.view.bpm.round() + by).clamp(20.0, 400.0);
    app.ask(Command::Bpm(bpm));
}

/// The tempo of the last taps, from the second one on.
pub fn tap(app: &mut App) {
    let now = app.now;
    if app
        .taps
        .last()
        .is_some_and(|last| now.duration_since(*last) > TAP_PAUSE)
    {
        app.taps.clear();
    }
    app.taps.push(now);
    if app.taps.len() > TAPS {
        app.taps.remove(0);
    }
    let (Some(first), Some(last)) = (app.taps.first(), app.taps.last()) else {
        return;
    };
    let beats = app.taps.len() - 1;
    let seconds = last.duration_since(*first).as_secs_f64();
    if beats == 0 || seconds <= 0.0 {
        return app.say("Tap: once more for the tempo");
    }
    let bpm = (beats as f64 * 60.0 / seconds * 10.0).round() / 10.0;
    match (20.0..=400.0).contains(&bpm) {
        true => {
            if app.ask(Command::Bpm(bpm)) {
                app.say(format!(
                    "Tapped {bpm:.1} BPM over {}",
                    words::count(beats, "beat")
                ));
            }
        }
        false => app.complain(format!("tapped {bpm:.0}: the tempo goes from 20 to 400")),
    }
}
