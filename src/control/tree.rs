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
