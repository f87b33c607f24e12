//! Steps of a drum pattern by keys.
use crate::modules::notation::DRUMS;
use crate::modules::spec::OptionValue;
use crate::patch::Node;
use crate::tui::app::App;

use super::{hear, kit, text};

/// Sets the step in focus, or takes it away.
pub fn toggle(app: &mut App, node: &Node, option: usize) {
    change(app, node, option, |name, now| match now {
        Some(_) => None,
        None => Some(name.to_owned()),
    });
}

/// Takes the step in focus away.
pub fn rest(app: &mut App, node: &Node, option: usize) {
    change(app, node, option, |_, _| None);
}

/// Struck softly, or in full.
pub fn accent(app: &mut App, node: &Node, option: usize) {
    change(app, node, option, |name, now| match now {
        Some(word) if word.contains(':') => Some(word.split(':').next().unwrap_or(name).to_owned()),
        Some(word) => Some(format!("{word}:0.5")),
        None => Some(format!("{name}:0.5")),
    });
}

fn change(
    app: &mut App,
    node: &Node,
    option: usize,
    new: impl Fn(&str, Option<&str>) -> Option<String>,
) {
    let now = text(node, option);
    let Some(kit) = kit::Kit::read(&now) else {
        return app.complain("This text can't be shown as steps: E edits it");
    };
    let lane = app.pattern.row.min(DRUMS.len() - 1);
    let column = app.pattern.column.min(kit.columns - 1);
    let made = kit::set(&now, lane, column, kit.columns, |word| {
        new(DRUMS[lane].0, word)
    });
    match made {
        Ok(text) => {
            hear::choose(app, node, option, OptionValue::Text(text));
        }
        Err(why) => app.complain(why),
    }
}

pub fn mute(app: &mut App, node: &Node, option: usize) {
    let now = text(node, option);
    let lane = app.pattern.row.min(DRUMS.len() - 1);
    let name = DRUMS[lane].0;
    match kit::toggle_mute(&now, lane) {
        Some(text) => {
            let word = if kit::muted(&now, lane) {
                "plays again"
            } else {
                "is muted"
            };
            if hear::choose(app, node, option, OptionValue::Text(text)) {
                app.say(format!("{}: {name} {word}", node.name));
            }
        }
        None => app.say(format!("Nothing is written for {name}")),
    }
}

pub fn rotate(app: &mut App, node: &Node, option: usize, by: isize) {
    let now = text(node, option);
    let lane = app.pattern.row.min(DRUMS.len() - 1);
    let columns = kit::Kit::read(&now).map_or(16, |k| k.columns);
    match kit::rotated(&now, lane, columns, by) {
        Some(text) => {
            hear::choose(app, node, option, OptionValue::Text(text));
        }
        None => app.say("This layer is more than steps: E edits the text"),
    }
}
