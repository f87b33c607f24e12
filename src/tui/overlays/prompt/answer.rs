//! What becomes of a line that was typed, and what is wrong with it as it stands.
use std::ops::Range;

use crate::control::command::Command;
use crate::modules::module::Build;
use crate::modules::spec::{OptionKind, OptionSpec, OptionValue};
use crate::patch::Node;
use crate::patch::edit::{Edit, check_name};
use crate::patch::value::{format_value, parse_amount, parse_length, parse_value};
use crate::tui::act;
use crate::tui::app::App;
use crate::tui::screens::patch::{edits, knobs, wiring};
use crate::tui::screens::pattern;

use super::{Cabled, Prompt, Purpose};

pub(super) fn finish(app: &mut App, prompt: Prompt) -> Option<Prompt> {
    match &prompt.purpose {
        Purpose::SavePath => {
            act::save_to(app, act::patch_path(&prompt.line));
            None
        }
        _ if complaint(&prompt).is_some() => Some(prompt),
        Purpose::Bpm { .. } => {
            act::bpm(app, &prompt.line);
            None
        }
        Purpose::Range {
            index,
            module,
            spec,
        } => {
            let edit = Edit::Assign {
                index: *index,
                name: spec.name.to_owned(),
                module: module.clone(),
                param: spec.name.to_owned(),
                range: prompt.line.trim().to_owned(),
            };
            edits::send(app, edit)
                .then_some(())
                .map_or(Some(prompt), |()| None)
        }
        Purpose::Words {
            node,
            option,
            place,
        } => {
            let text = whole(node, *option, place, prompt.line.trim());
            pattern::typed(app, node, *option, text);
            None
        }
        Purpose::Amount {
            from, to, cabled, ..
        } => {
            let line = prompt.line.trim();
            let amount = (!line.is_empty()).then(|| line.to_owned());
            let (from, to) = (from.clone(), to.clone());
            match cabled {
                Cabled::New { feedback } => wiring::wire_now(app, from, to, amount, *feedback),
                Cabled::Now { .. } => {
                    edits::send(app, Edit::Amount { from, to, amount });
                }
            }
            None
        }
        Purpose::Name { module, .. } => {
            edits::rename_to(app, module.clone(), prompt.line.trim());
            None
        }
        Purpose::Choice { module, spec, .. } => {
            if let Ok(value) = read_choice(spec, prompt.line.trim()) {
                knobs::choose(app, module.clone(), spec.name, value);
            }
            None
        }
        Purpose::Value {
            focus,
            module,
            spec,
            ..
        } => match parse_value(spec, prompt.line.trim()) {
            Ok(value) => {
                app.say(format!(
                    "{module}.{} {}",
                    spec.name,
                    format_value(spec, value)
                ));
                app.send(Command::SetParam {
                    focus: *focus,
                    module: module.clone(),
                    param: spec.name.to_owned(),
                    value,
                });
                None
            }
            Err(_) => Some(prompt),
        },
    }
}

/// What is wrong with the line as it stands.
pub(super) fn complaint(prompt: &Prompt) -> Option<String> {
    match &prompt.purpose {
        Purpose::Value { spec, .. } if !prompt.line.trim().is_empty() => {
            parse_value(spec, prompt.line.trim()).err().map(|e| e.why)
        }
        Purpose::Amount { into, .. } if !prompt.line.trim().is_empty() => {
            parse_amount(*into, prompt.line.trim()).err().map(|e| e.why)
        }
        Purpose::Name { patch, .. } if !prompt.line.trim().is_empty() => {
            let refused = check_name(patch, prompt.line.trim()).err();
            refused.map(|why| why.to_string())
        }
        Purpose::Choice { spec, .. } if !prompt.line.trim().is_empty() => {
            read_choice(spec, prompt.line.trim()).err()
        }
        Purpose::Bpm { .. } if !prompt.line.trim().is_empty() => {
            let bpm = prompt.line.trim().parse::<f64>().ok();
            let right = bpm.is_some_and(|bpm| (20.0..=400.0).contains(&bpm));
            (!right).then(|| "a tempo is a number from 20 to 400".to_owned())
        }
        Purpose::Range { spec, .. } => match prompt.line.split_once("..") {
            Some((low, high)) => {
                let wrong = |text: &str| parse_value(spec, text.trim()).err().map(|e| e.why);
                wrong(low).or_else(|| wrong(high))
            }
            None => Some("a range has two ends: 200Hz..4kHz".to_owned()),
        },
        Purpose::Words {
            node,
            option,
            place,
        } => {
            let (at, why) = fault(node, *option, place, &prompt.line)?;
            Some(format!("column {}: {why}", at + 1))
        }
        Purpose::SavePath => {
            let path = act::patch_path(&prompt.line);
            match (path.is_dir(), path.exists()) {
                (true, _) => Some("this is a folder".to_owned()),
                (_, true) => Some("this file is there already; Enter replaces it".to_owned()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The whole text with the line in its place.
fn whole(node: &Node, option: usize, place: &Range<usize>, line: &str) -> String {
    match &node.options[option] {
        OptionValue::Text(text) => {
            pattern::words::spliced(text, vec![(place.clone(), line.to_owned())])
        }
        _ => line.to_owned(),
    }
}

/// Where in the line the module finds a fault (from 0), and what.
pub(super) fn fault(
    node: &Node,
    option: usize,
    place: &Range<usize>,
    line: &str,
) -> Option<(usize, String)> {
    let mut options = node.options.clone();
    options[option] = OptionValue::Text(whole(node, option, place, line));
    let build = Build {
        rate: 48_000.0,
        options: &options,
        check: true,
        tuning: None,
    };
    let wrong = crate::modules::check_options(node.spec, &build).err()?;
    let last = line.chars().count();
    Some((wrong.at.saturating_sub(place.start).min(last), wrong.why))
}

/// What a text means for an option, or what would be right.
fn read_choice(spec: &OptionSpec, text: &str) -> Result<OptionValue, String> {
    match spec.kind {
        OptionKind::Choice(names) => {
            let lower = text.to_lowercase();
            let at = names
                .iter()
                .position(|n| n.to_lowercase().starts_with(&lower));
            at.map(OptionValue::Choice)
                .ok_or_else(|| format!("there is {}", names.join(", ")))
        }
        OptionKind::Text(_) => Ok(OptionValue::Text(text.to_owned())),
        // Where it is, is found when the patch's text is read again.
        OptionKind::File(_) => Ok(OptionValue::File {
            written: text.to_owned(),
            path: Default::default(),
        }),
        OptionKind::Whole { min, max, .. } => {
            let number = text.parse().ok().filter(|n| (min..=max).contains(n));
            number
                .map(OptionValue::Whole)
                .ok_or_else(|| format!("a whole number from {min} to {max}"))
        }
        OptionKind::Length { .. } => parse_length(text)
            .map(OptionValue::Length)
            .ok_or_else(|| "a note length such as 1/16".to_owned()),
    }
}
