//! `chronus replay`: a performance again, from its set: as a WAV file, as a list, or a moment of it as a patch.
use std::fmt::Write as _;
use std::path::Path;

use crate::cli;
use crate::control::set::{Set, Shelf, Unwritten, Wanted, What, patch_at, render};
use crate::control::supervisor::machine;
use crate::control::takes::ago;
use crate::dsp::denormals::flush_to_zero;
use crate::patch::file::save_atomic;

use super::complain::complain;
use super::failure::{Failure, print};
use super::render::bar;
use super::state;

/// The verb.
pub fn run(args: &cli::Replay) -> Result<(), Failure> {
    flush_to_zero();
    let folder = state::folder(args.state.as_deref()).unwrap_or_default();
    let shelf = Shelf::new(state::sets(&folder));
    let Some(name) = &args.set else {
        return list(&shelf);
    };
    let path = shelf.find(name).ok_or_else(|| {
        let folder = shelf.folder().display();
        Failure::Input(format!("{name}: no such set, neither here nor in {folder}"))
    })?;
    let set = Set::read(&path).map_err(|e| Failure::Input(e.to_string()))?;
    if let Some(at) = args.patch_at {
        return write_patch(&set, at, args.output.as_deref());
    }
    match &args.output {
        Some(output) => write_sound(&set, args, output),
        None => tell(&set),
    }
}

fn seconds(set: &Set, frame: u64) -> f64 {
    frame as f64 / set.header.rate
}

fn list(shelf: &Shelf) -> Result<(), Failure> {
    let mut text = String::new();
    for shelved in shelf.list() {
        let name = shelved.path.file_stem().unwrap_or_default();
        let name = name.to_string_lossy();
        // Writing into a string can't fail.
        let _ = match Set::read(&shelved.path) {
            Ok(set) => writeln!(
                text,
                "{name:<10} {:>8.1} s  {:>6} entries  {}",
                seconds(&set, set.last_frame()),
                set.lines.len(),
                ago(shelved.changed)
            ),
            Err(why) => writeln!(text, "{name:<10} {why}"),
        };
    }
    if text.is_empty() {
        text = format!("no sets in {}\n", shelf.folder().display());
    }
    print(&text)
}

/// What happened when, a line each.
fn tell(set: &Set) -> Result<(), Failure> {
    let mut text = String::new();
    if let Some(listener) = set.listener() {
        // Writing into a string can't fail.
        let _ = writeln!(text, "{}", listener.sentence(set.header.rate));
    }
    for line in &set.lines {
        let words = match &line.what {
            What::Text { .. } | What::Played {} | What::Transport(_) => continue,
            What::Load {
                slot,
                generation,
                path,
                ..
            } => format!(
                "{} loads {} (generation {generation})",
                slot.name(),
                path.as_deref().unwrap_or("an edited patch")
            ),
            What::Do {
                slot, act, frame, ..
            } => format!("{} {act:?} at frame {frame}", slot.name()),
            What::Heard {
                how,
                to,
                frame,
                rho,
                ..
            } => format!("{how:?} to {} at frame {frame}, rho {rho:.2}", to.name()),
            other => format!("{other:?}"),
        };
        // Writing into a string can't fail.
        let _ = writeln!(text, "{:>9.3} s  {words}", seconds(set, line.at));
    }
    print(&text)
}

fn write_patch(set: &Set, at: f64, output: Option<&Path>) -> Result<(), Failure> {
    let frame = (at * set.header.rate) as u64;
    let text = patch_at(set, frame).map_err(|e| Failure::Input(e.to_string()))?;
    match output {
        Some(path) => save_atomic(path, &text).map_err(|e| Failure::file("--output", path, &e)),
        None => print(&text),
    }
}

fn write_sound(set: &Set, args: &cli::Replay, output: &Path) -> Result<(), Failure> {
    let rate = set.header.rate;
    let last = args.to.map_or(set.last_frame(), |to| (to * rate) as u64);
    let first = (args.from * rate) as u64;
    if first >= last {
        let length = seconds(set, set.last_frame());
        return Err(Failure::Input(format!(
            "nothing is left to write: the set is {length:.1} s long"
        )));
    }
    if set.header.machine != machine() {
        complain(format_args!(
            "chronus: played on another machine ({}): equal to the ear, not to the bit",
            set.header.machine
        ));
    }
    let bits = args.bits;
    let bar = bar(last, rate as u32);
    let differences = render(set, Wanted { first, last, bits }, output, |frame| {
        bar.set_position(frame);
        true
    })
    .map_err(|e| match e {
        Unwritten::Unplayable(why) => Failure::Input(why.to_string()),
        Unwritten::File(why) => Failure::file("--output", output, &why),
    })?;
    bar.finish_and_clear();
    if let Some(listener) = set.listener() {
        complain(listener.sentence(rate));
    }
    for (frame, why) in set.hindrances() {
        complain(format_args!(
            "{:.3} s: {why}: what was heard there is not in the set",
            seconds(set, frame)
        ));
    }
    if set.torn {
        complain(format_args!(
            "chronus: the set ends in the middle of a line"
        ));
    }
    for difference in differences {
        complain(format_args!("{difference}"));
    }
    Ok(())
}
