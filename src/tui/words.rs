//! How slots, swaps and numbers are called on the screen: state is always a word, never a colour alone.
use crate::control::command::{Quantum, SlotId};
use crate::control::event::{Loaded, SlotView, View};
use crate::control::slot::{Incoming, SlotState};

use super::pen::columns;
use super::theme::Role;

/// A slot's state in one word, and the role of its colour.
pub fn state(view: &View, slot: SlotId) -> (String, Role) {
    let seen = &view.slots[slot.index()];
    if slot != view.live
        && let Some(incoming) = &seen.incoming
    {
        match incoming {
            Incoming::Building => return ("BUILDING".into(), Role::Busy),
            Incoming::Priming { done } => return (format!("PRIMING {done}/8"), Role::Busy),
            Incoming::Refused { .. } => return ("FAILED".into(), Role::Failed),
            Incoming::Verified => {}
        }
    }
    match &seen.state {
        SlotState::Empty => ("EMPTY".into(), Role::Muted),
        SlotState::Failed(_) => ("FAILED".into(), Role::Failed),
        _ if seen.is_net && slot != view.live => ("NET".into(), Role::Muted),
        SlotState::Filling => ("FILLING".into(), Role::Busy),
        SlotState::Primed => ("PRIMED".into(), Role::Primed),
        SlotState::Live if view.panicked => ("MUTED".into(), Role::Failed),
        SlotState::Live => ("LIVE".into(), Role::Live),
        SlotState::Fading { percent, .. } => (format!("FADING {percent}%"), Role::Busy),
    }
}

/// "→14" behind the state of a standby whose swap is armed.
pub fn armed(view: &View, slot: SlotId) -> String {
    match view.armed {
        Some(Some(bar)) if slot != view.live => format!("→{bar}"),
        Some(None) if slot != view.live => "→".to_owned(),
        _ => String::new(),
    }
}

/// What a slot holds, in short: the file's name without its ending, else the patch's name.
pub fn short_name(seen: &SlotView) -> String {
    match &seen.loaded {
        Some(_) if seen.is_net => "copy".to_owned(),
        Some(loaded) => stem(loaded),
        None => "-".to_owned(),
    }
}

/// The file's name without its ending, else the patch's name.
pub fn stem(loaded: &Loaded) -> String {
    let path = loaded.path.as_deref();
    let stem = path.and_then(|p| p.file_stem());
    stem.map_or_else(
        || loaded.patch.name.clone(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}

/// "A acid bass": for sentences.
pub fn slot_and_name(view: &View, slot: SlotId) -> String {
    match &view.slots[slot.index()].loaded {
        Some(loaded) => format!("{} {}", slot.name(), loaded.patch.name),
        None => slot.name().to_owned(),
    }
}

/// "at the next bar".
pub fn when(quantum: Quantum) -> String {
    match quantum {
        Quantum::Now => "at once".into(),
        Quantum::Beat => "at the next beat".into(),
        Quantum::Bar => "at the next bar".into(),
        Quantum::Bars(n) => format!("at the next {n} bars"),
    }
}

/// "1 cable", "3 cables".
pub fn count(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        _ => format!("{n} {noun}s"),
    }
}

/// Words in lines of at most `width` columns.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if usize::from(columns(line) + 1 + columns(word)) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

pub fn slot_role(slot: SlotId) -> Role {
    match slot {
        SlotId::A => Role::SlotA,
        SlotId::B => Role::SlotB,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::prime::Check;

    #[test]
    fn every_state_has_a_word_of_its_own() {
        let mut view = View::default();
        let mut words = Vec::new();
        let states = [
            SlotState::Empty,
            SlotState::Filling,
            SlotState::Primed,
            SlotState::Fading {
                percent: 40,
                rising: true,
            },
            SlotState::Failed("panicked".into()),
            SlotState::Live,
        ];
        for state_of_b in states {
            view.slots[1].state = state_of_b;
            words.push(state(&view, SlotId::B).0);
        }
        view.slots[1].incoming = Some(Incoming::Priming { done: 5 });
        words.push(state(&view, SlotId::B).0);
        view.slots[1].incoming = Some(Incoming::Building);
        words.push(state(&view, SlotId::B).0);
        let mut different = words.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), words.len(), "{words:?}");
        view.slots[1].incoming = Some(Incoming::Refused {
            check: Check::Silent,
            why: String::new(),
        });
        assert_eq!(state(&view, SlotId::B).0, "FAILED");
    }
}
