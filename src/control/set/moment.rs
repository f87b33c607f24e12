//! A moment of a set as a patch: what was audible then, with every knob where it stood, in the words and the layout of its author.
use super::super::params;
use super::line::{Given, What};
use super::player::Unplayable;
use super::read::Set;
use super::recipe::recipe;
use crate::patch::edit;

/// The text of the patch that was audible at a frame.
pub fn patch_at(set: &Set, frame: u64) -> Result<String, Unplayable> {
    let mut live = None;
    let mut first = None;
    for line in &set.lines {
        match &line.what {
            What::Load { generation, .. } if first.is_none() => first = Some(*generation),
            What::Heard {
                generation,
                frame: from,
                ..
            } if *from <= frame => live = Some(*generation),
            _ => {}
        }
    }
    let live = live.or(first).ok_or(Unplayable::Silent)?;
    let load = set
        .lines
        .iter()
        .find(|line| matches!(&line.what, What::Load { generation, .. } if *generation == live));
    let load = load.ok_or(Unplayable::Silent)?;
    let recipe = recipe(set, &load.what)?;
    let (mut text, mut patch) = (recipe.text.to_string(), (*recipe.patch).clone());
    let What::Load { given, .. } = &load.what else {
        return Err(Unplayable::Silent);
    };
    let later = set.lines.iter().filter_map(|line| match &line.what {
        What::Do {
            generation,
            frame,
            act,
            ..
        } if *generation == live => Some((*frame, act)),
        _ => None,
    });
    let turns = given.iter().map(|(frame, act)| (*frame, act)).chain(later);
    for (_, act) in turns.filter(|(at, _)| *at <= frame) {
        if let Given::Knob(module, param, value) = act
            && let Ok(knob) = params::find(&patch, module, param)
        {
            knob.put(&mut patch, *value);
        }
    }
    let written = crate::patch::file::parse(&text, "").patch;
    for knob in params::all(&patch) {
        let module = &patch.modules[knob.node].name;
        let was = written
            .as_ref()
            .and_then(|p| params::find(p, module, &knob.name).ok());
        if was.is_some_and(|was| was.value == knob.value) {
            continue;
        }
        let edited = edit::set_knob(&text, module, &knob.name, knob.value);
        text = edited.map_err(|e| Unplayable::Patch {
            generation: live,
            why: e.to_string(),
        })?;
    }
    Ok(text)
}
