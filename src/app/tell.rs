//! How things stand, in lines for those who hear or read them one by one.
use crate::control::command::SlotId;
use crate::control::handle::Handle;
use crate::control::position::bar_text;
use crate::patch::value::format_value;
use crate::tui::difference;

pub fn meters(handle: &Handle) -> String {
    let (view, reading) = (handle.view(), handle.reading());
    let mut lines = Vec::new();
    for slot in SlotId::BOTH {
        let (shown, read) = (&view.slots[slot.index()], reading.slot(slot));
        let patch = shown
            .loaded
            .as_ref()
            .map_or("empty", |l| l.patch.name.as_str());
        lines.push(format!(
            "{} {patch} {}: left {:.1} right {:.1} dBFS, ring {}/{} lowest {}, none-reads {}, load {:.0} %",
            slot.name(),
            shown.state.word(),
            decibels(read.rms[0]),
            decibels(read.rms[1]),
            read.ring,
            read.ring_size,
            read.ring_min,
            read.none_reads,
            read.load * 100.0
        ));
    }
    lines.push(format!(
        "{}: xruns {}, lead {:.1} ms, {} bpm",
        view.device,
        reading.xruns,
        reading.lead_ms(),
        view.bpm
    ));
    lines.join("\n")
}

fn decibels(level: f32) -> f32 {
    20.0 * level.max(1e-6).log10()
}

/// "A acid bass: live", what waits, what is recorded.
pub fn status(handle: &Handle) -> String {
    let (view, reading) = (handle.view(), handle.reading());
    let mut lines = vec![format!(
        "bar {}, {} bpm, transport {}",
        bar_text(&view.transport, reading.frame),
        view.bpm,
        if view.playing { "plays" } else { "stopped" }
    )];
    for slot in SlotId::BOTH {
        let seen = &view.slots[slot.index()];
        let name = match &seen.loaded {
            Some(_) if seen.is_net => "a copy of what plays",
            Some(loaded) => &loaded.patch.name,
            None => "empty",
        };
        let heard = if slot == view.live { ", heard" } else { "" };
        lines.push(format!(
            "{} {name}: {}{heard}",
            slot.name(),
            seen.state.word()
        ));
    }
    let now = view.transport.beat_at(reading.frame);
    match (view.swap_beat, view.armed) {
        (Some(beat), _) => lines.push(format!("swap in {:.1} beats", (beat - now).max(0.0))),
        (None, Some(_)) => lines.push("swap as soon as it can".to_owned()),
        (None, None) => lines.push(format!("swaps happen at: {}", view.quantum)),
    }
    if let Some(at) = view.morph {
        lines.push(format!("morph {at:.2}: 0 is A, 1 is B"));
    }
    if view.panicked {
        lines.push("panic: silent until panic again".to_owned());
    }
    if let Some(recording) = &view.recording {
        lines.push(format!("recording {}", recording.path.display()));
    }
    if let Some(problem) = &view.device_problem {
        lines.push(format!("device: {problem}"));
    }
    lines.push(format!(
        "undo {} steps, redo {}",
        view.undo_steps, view.redo_steps
    ));
    lines.join("\n")
}

/// Every module with its values, every cable, every macro of what is heard.
pub fn patch(handle: &Handle) -> String {
    let view = handle.view();
    let Some(loaded) = &view.slots[view.live.index()].loaded else {
        return "nothing is loaded".to_owned();
    };
    let patch = &loaded.patch;
    let mut lines = vec![format!(
        "{}: {} voice{}",
        patch.name,
        patch.voices,
        if patch.voices == 1 { "" } else { "s" }
    )];
    for node in &patch.modules {
        let values = node.spec.params.iter().zip(&node.params);
        let values: Vec<_> = values
            .map(|(spec, value)| format!("{} {}", spec.name, format_value(spec, *value)))
            .collect();
        lines.push(format!(
            "{} {}: {}",
            node.name,
            node.spec.kind,
            values.join(", ")
        ));
    }
    lines.extend(patch.cables.iter().map(|c| difference::cable(patch, c)));
    for (i, each) in patch.macros.iter().enumerate() {
        lines.push(format!("macro {} {} {:.2}", i + 1, each.name, each.at));
    }
    lines.join("\n")
}

pub fn diff(handle: &Handle) -> String {
    let view = handle.view();
    let standby = &view.slots[view.live.other().index()];
    let live = &view.slots[view.live.index()].loaded;
    let (Some(old), Some(new), false) = (live, &standby.loaded, standby.is_net) else {
        return "the standby has no patch of its own".to_owned();
    };
    let changes = difference::difference(&old.patch, &new.patch);
    if changes.is_empty() {
        return "the same modules, values and cables".to_owned();
    }
    let words = |c: &difference::Change| {
        let verb = match c.mark {
            difference::Mark::Added => "added",
            difference::Mark::Removed => "removed",
            difference::Mark::Changed => "changed",
        };
        format!("{verb} {}", c.text)
    };
    let lines: Vec<_> = changes.iter().map(words).collect();
    lines.join("\n")
}
