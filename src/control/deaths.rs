//! Which patches kill their engines: one that does so again and again is not built any more. Pure data.
//!
//! One that sounds for seconds in between is worth more than silence, and goes on being built.
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::patch::Patch;

/// A patch that died so often is given up: as it was, with the copy that stood by, and once more with what was built anew.
const MOST: usize = 4;
/// In this time. Who dies less often plays well enough in between for the sound to go on.
const MEMORY: Duration = Duration::from_secs(3);
/// A patch and its copy that die of the same note die once.
const ONCE: Duration = Duration::from_millis(100);
/// Deaths, and patches given up, that are remembered at one time.
const KEPT: usize = 64;

/// The deaths of late, and the patches that are given up.
#[derive(Clone, Debug, Default)]
pub struct Deaths {
    /// What died, and when; oldest first.
    recent: VecDeque<(Arc<Patch>, Duration)>,
    given_up: VecDeque<Arc<Patch>>,
}

impl Deaths {
    pub fn add(&mut self, patch: &Arc<Patch>, now: Duration) {
        self.recent
            .retain(|(_, at)| now.saturating_sub(*at) < MEMORY);
        let mut before = self.recent.iter().filter(|(p, _)| p == patch);
        if before.any(|(_, at)| now.saturating_sub(*at) < ONCE) {
            return;
        }
        push(&mut self.recent, (patch.clone(), now));
        let deaths = self.recent.iter().filter(|(p, _)| p == patch).count();
        if deaths >= MOST && !self.is_given_up(patch) {
            push(&mut self.given_up, patch.clone());
        }
    }

    /// It is not to be built again by itself.
    pub fn is_given_up(&self, patch: &Arc<Patch>) -> bool {
        self.given_up.contains(patch)
    }

    /// The user asks for it once more.
    pub fn pardon(&mut self, patch: &Arc<Patch>) {
        self.recent.retain(|(p, _)| p != patch);
        self.given_up.retain(|p| p != patch);
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() >= KEPT {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_that_dies_again_and_again_is_given_up_until_it_is_asked_for() {
        let (bad, good) = (
            Arc::new(Patch::empty("bad")),
            Arc::new(Patch::empty("good")),
        );
        let mut deaths = Deaths::default();
        for n in 0..MOST as u64 {
            assert!(!deaths.is_given_up(&bad));
            deaths.add(&bad, Duration::from_millis(200 * n));
            // Its copy dies with it.
            deaths.add(&bad, Duration::from_millis(200 * n + 5));
        }
        // The same patch is the same, whoever read it; and it stays so.
        deaths.add(&good, Duration::from_secs(1_000));
        assert!(deaths.is_given_up(&Arc::new(Patch::empty("bad"))));
        assert!(!deaths.is_given_up(&good));
        deaths.pardon(&bad);
        assert!(!deaths.is_given_up(&bad));
    }

    #[test]
    fn one_that_dies_once_a_second_is_never_given_up_and_the_lists_end() {
        let bad = Arc::new(Patch::empty("bad"));
        let mut deaths = Deaths::default();
        for n in 0..100 {
            deaths.add(&bad, Duration::from_secs(n));
            assert!(!deaths.is_given_up(&bad));
        }
        for n in 0..1_000 {
            let patch = Arc::new(Patch::empty(&n.to_string()));
            for n in 0..MOST as u32 {
                deaths.add(&patch, n * ONCE);
            }
        }
        assert!(deaths.recent.len() <= KEPT && deaths.given_up.len() <= KEPT);
    }
}
