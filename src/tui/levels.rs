//! What the screen watches inside the graphs: a level for each output, and the trace of a probed port.
use crate::control::command::{Command, Jack, ProbeAt, SlotId, Watching};
use crate::modules::spec::{Law, Signal};
use crate::patch::{Cable, Input, Patch, Source};

use super::app::App;
use super::meters::{db_text, decibels};
use super::screens::Screen;
use super::screens::patch::knobs::value_of;
use super::screens::patch::{Field, Row, Sight, row_in_focus, sight};
use super::waveform::Recent;

/// The probe, and what was asked of the engines last.
#[derive(Default)]
pub struct Watcher {
    asked: Option<Watching>,
    /// The port that is probed, by names.
    pub probe: Option<(String, Jack)>,
    pub recent: Recent,
    /// Lowest and highest of the latest frames.
    pub range: Option<[f32; 2]>,
    frames: Vec<f32>,
}

/// Asks for what the screen shows, and takes in what came.
pub fn update(app: &mut App) {
    let wanted = (app.screen == Screen::Patch).then(|| Watching {
        probe: app.watcher.probe.clone().and_then(|(module, jack)| {
            Some(ProbeAt {
                slot: slot_with(app, &module)?,
                module,
                jack,
            })
        }),
    });
    if wanted != app.watcher.asked {
        app.watcher.asked = wanted.clone();
        app.send(Command::Watch(wanted));
    }
    if let Some(feed) = &app.view.probe {
        let watcher = &mut app.watcher;
        watcher.frames.clear();
        feed.read(&mut watcher.frames);
        watcher.recent.push_mono(&watcher.frames);
        let fold = |range: [f32; 2], v: &f32| [range[0].min(*v), range[1].max(*v)];
        if let Some(first) = watcher.frames.first() {
            watcher.range = Some(watcher.frames.iter().fold([*first; 2], fold));
        }
    }
}

/// Puts the probe on the port in focus, or takes it away from there.
pub fn toggle_probe(app: &mut App) {
    let Some((shown, row)) = row_in_focus(app) else {
        return app.say("No port is here to probe");
    };
    let Some(at) = jack(&shown.patch, row) else {
        return app.say("A choice carries no signal: probe a port or a knob");
    };
    app.watcher.recent = Recent::default();
    app.watcher.range = None;
    if app.watcher.probe.as_ref() == Some(&at) {
        app.watcher.probe = None;
        return app.say("The probe is off");
    }
    let (Jack::Input(port) | Jack::Output(port)) = &at.1;
    app.say(format!("The probe is at {}.{port}", at.0));
    app.watcher.probe = Some(at);
}

fn jack(patch: &Patch, row: Row) -> Option<(String, Jack)> {
    let node = &patch.modules[row.node];
    let spec = node.spec;
    let jack = match row.field {
        Field::In(i) => Jack::Input(spec.inputs[i].name.to_owned()),
        Field::Param(i) => Jack::Input(spec.params[i].name.to_owned()),
        Field::Out(i) => Jack::Output(spec.outputs[i].name.to_owned()),
        Field::Choice(_) => return None,
    };
    Some((node.name.clone(), jack))
}

/// The slot that plays what is shown: for the bench the standby where that has it, else what is heard.
fn slot_shown(app: &App) -> Option<SlotId> {
    let live = app.view.live;
    match sight(app) {
        Sight::Slot(slot) => Some(slot),
        Sight::Bench => {
            let bench = app.view.bench.as_ref()?;
            let there = app
                .loaded(live.other())
                .is_some_and(|l| l.text == bench.text);
            match there {
                true => Some(live.other()),
                false => bench.of_live.then_some(live),
            }
        }
    }
}

fn slot_with(app: &App, module: &str) -> Option<SlotId> {
    let shown = slot_shown(app)?;
    let has = |slot: &SlotId| {
        let loaded = app.loaded(*slot);
        loaded.is_some_and(|l| l.patch.node(module).is_some())
    };
    [shown, shown.other()].into_iter().find(has)
}

/// Lowest and highest value of an output, where a slot plays it.
pub fn range(app: &App, patch: &Patch, source: Source) -> Option<[f32; 2]> {
    let module = &patch.modules[source.node];
    let slot = slot_shown(app)?;
    let loaded = app.loaded(slot)?;
    let node = loaded.patch.node(&module.name)?;
    if loaded.patch.modules[node].spec.kind != module.spec.kind {
        return None;
    }
    let before = &loaded.patch.modules[..node];
    let first: usize = before.iter().map(|m| m.spec.outputs.len()).sum();
    let levels = app.slot(slot).levels.as_ref()?;
    levels.range(first + source.port)
}

/// The range in which cables move a knob at this moment, in its unit.
pub fn live_range(app: &App, patch: &Patch, node: usize, param: usize) -> Option<[f32; 2]> {
    let spec = &patch.modules[node].spec.params[param];
    let into = |c: &&Cable| c.to.node == node && c.to.input == Input::Param(param);
    let mut moved = [0.0f32; 2];
    let mut any = false;
    for cable in patch.cables.iter().filter(into) {
        let [low, high] = range(app, patch, cable.from)?.map(|v| v * cable.amount);
        moved = [moved[0] + low.min(high), moved[1] + low.max(high)];
        any = true;
    }
    let base = value_of(app, &patch.modules[node], param).at_tempo(spec, app.view.bpm);
    let shifted = |by: f32| {
        let value = match spec.unit.law() {
            Law::Add | Law::Decibels => base + by,
            Law::Octaves => base * by.exp2(),
        };
        value.clamp(spec.min, spec.max)
    };
    any.then(|| moved.map(shifted))
}

/// "-12.1 dB" of sound, "0.00..0.82" of anything else; nothing where nothing is known.
pub fn text(app: &App, patch: &Patch, source: Source) -> String {
    let signal = patch.modules[source.node].spec.outputs[source.port].signal;
    match range(app, patch, source) {
        Some(range) => range_text(signal, range),
        None => String::new(),
    }
}

pub fn range_text(signal: Signal, [low, high]: [f32; 2]) -> String {
    match signal {
        Signal::Audio => format!("{} dB", db_text(decibels(low.abs().max(high.abs())))),
        Signal::Gate if high >= 0.5 => "open".to_owned(),
        Signal::Gate => "closed".to_owned(),
        _ if high - low < 0.005 => format!("{:.2}", 0.5 * (low + high) + 0.0),
        _ => format!("{low:.2}..{high:.2}"),
    }
}
