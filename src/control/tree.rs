//! The undo tree as a screen shows it: what was done when, and what sounded. Made when asked for; plain data.
use serde::{Deserialize, Serialize};

use super::history::History;

/// A step in the tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    pub id: u64,
    /// The step before it; none for those at the root.
    pub parent: Option<u64>,
    /// "13.2.1", when it was done.
    pub bar: String,
    pub words: String,
    /// The patch that sounded.
    pub heard: String,
    /// It is in effect.
    pub done: bool,
    /// It is the latest that is in effect.
    pub here: bool,
}

/// Oldest first.
pub fn branches(history: &History) -> Vec<Branch> {
    let (entries, here) = history.entries();
    let mut done = vec![false; entries.len()];
    for i in std::iter::successors(here, |&i| entries[i].parent) {
        done[i] = true;
    }
    let branch = |(i, entry): (usize, &super::history::Entry)| Branch {
        id: entry.id,
        parent: entry.parent.map(|p| entries[p].id),
        bar: entry.label.bar.clone(),
        words: entry.label.words.clone(),
        heard: entry.label.heard.clone(),
        done: done[i],
        here: here == Some(i),
    };
    entries.iter().enumerate().map(branch).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::control::command::Focus;
    use crate::control::history::Step;
    use crate::modules::spec::ParamValue;

    #[test]
    fn steps_are_known_by_numbers_that_stay_and_what_was_taken_back_is_not_in_effect() {
        let mut history = History::default();
        // More than are kept: places and numbers differ from then on.
        for n in 0..5_000 {
            let step = Step::Knob {
                focus: Focus::Live,
                module: "vcf".into(),
                param: n.to_string(),
                from: ParamValue::Fixed(0.0),
                to: ParamValue::Fixed(1.0),
            };
            history.add(step, 0, Duration::ZERO);
        }
        let before = history.before().expect("one is in effect");
        history.go(before);
        let all = branches(&history);
        assert!(all[0].id > 0 && all[0].parent.is_none());
        assert!(
            all.windows(2)
                .all(|pair| pair[1].parent == Some(pair[0].id))
        );
        let [.., last, undone] = &all[..] else {
            panic!("many steps");
        };
        assert!(last.here && last.done && !undone.here && !undone.done);
        assert_eq!(history.place(undone.id), Some(all.len() - 1));
    }
}
