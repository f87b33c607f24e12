//! What is held down, at any frame of the near past and future: a patch that comes in plays the notes that are held where it
//! begins, and those that come after. Bounded, plain data.
use std::collections::VecDeque;

/// Notes and gates that are remembered: more than fingers, fewer than a stuck controller can make.
const MOST: usize = 128;
/// Events remembered one by one; older ones only by what they left held.
const RECENT: usize = 512;

/// Something played by hand.
#[derive(Clone, Debug, PartialEq)]
pub enum Played {
    /// Velocity 0 ends it.
    Note {
        note: f32,
        velocity: f32,
    },
    Gate {
        module: String,
        open: bool,
    },
    NotesOff,
}

/// What is down at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Down {
    /// Note and velocity, oldest first.
    pub notes: Vec<(f32, f32)>,
    pub gates: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Held {
    settled: Down,
    recent: VecDeque<(u64, Played)>,
}

impl Down {
    fn take(&mut self, played: &Played) {
        match played {
            Played::Note { note, velocity } => {
                self.notes.retain(|(n, _)| n != note);
                if *velocity > 0.0 {
                    if self.notes.len() >= MOST {
                        self.notes.remove(0);
                    }
                    self.notes.push((*note, *velocity));
                }
            }
            Played::Gate { module, open } => {
                self.gates.retain(|m| m != module);
                if *open && self.gates.len() < MOST {
                    self.gates.push(module.clone());
                }
            }
            Played::NotesOff => self.notes.clear(),
        }
    }
}

impl Held {
    /// Events come in the order in which they were sent to the engines; one for an earlier frame takes its place before.
    pub fn play(&mut self, frame: u64, played: Played) {
        let at = self.recent.partition_point(|(f, _)| *f <= frame);
        self.recent.insert(at, (frame, played));
        if self.recent.len() > RECENT
            && let Some((_, oldest)) = self.recent.pop_front()
        {
            self.settled.take(&oldest);
        }
    }

    /// What is down just before a frame.
    pub fn before(&self, frame: u64) -> Down {
        let mut down = self.settled.clone();
        for (_, played) in self.recent.iter().filter(|(f, _)| *f < frame) {
            down.take(played);
        }
        down
    }

    /// What is played from a frame on.
    pub fn from(&self, frame: u64) -> impl Iterator<Item = &(u64, Played)> {
        self.recent.iter().filter(move |(f, _)| *f >= frame)
    }

    /// Forgets when what lies before a frame was played.
    pub fn settle(&mut self, frame: u64) {
        while self.recent.front().is_some_and(|(f, _)| *f < frame)
            && let Some((_, played)) = self.recent.pop_front()
        {
            self.settled.take(&played);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(note: f32, velocity: f32) -> Played {
        Played::Note { note, velocity }
    }

    #[test]
    fn what_is_down_depends_on_the_frame() {
        let mut held = Held::default();
        held.play(100, note(60.0, 0.5));
        held.play(300, note(60.0, 0.0));
        held.play(200, note(64.0, 0.7));
        assert_eq!(held.before(100).notes, []);
        assert_eq!(held.before(250).notes, [(60.0, 0.5), (64.0, 0.7)]);
        assert_eq!(held.before(301).notes, [(64.0, 0.7)]);
        assert_eq!(held.from(200).count(), 2);
        held.settle(250);
        assert_eq!(held.from(0).count(), 1);
        assert_eq!(held.before(1_000).notes, [(64.0, 0.7)]);
        held.play(400, Played::NotesOff);
        assert_eq!(held.before(401).notes, []);
    }

    #[test]
    fn a_stuck_controller_does_not_fill_the_memory() {
        let mut held = Held::default();
        for n in 0..10_000u32 {
            held.play(n.into(), note(n as f32, 0.5));
        }
        assert!(held.recent.len() <= RECENT);
        assert_eq!(held.before(20_000).notes.len(), MOST);
    }

    #[test]
    fn gates_are_held_by_name() {
        let mut held = Held::default();
        let gate = |open| Played::Gate {
            module: "env".into(),
            open,
        };
        held.play(1, gate(true));
        held.play(2, gate(true));
        assert_eq!(held.before(9).gates, ["env"]);
        held.play(3, gate(false));
        assert!(held.before(9).gates.is_empty());
    }
}
