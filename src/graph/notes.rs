//! Which voice plays which note. Runs on engine threads.
use crate::modules::module::{VoiceChange, VoiceEvent};

/// State words of a voice, beside the module's: note, held, stamp, velocity.
pub const WORDS: usize = 4;

/// Notes that a single voice remembers while newer ones sound over them.
const STACK: usize = 16;

/// Gives notes to voices: a free voice first, the longest released before others, then the oldest held. One voice alone plays the
/// newest note and falls back to the one before it (last-note priority), legato.
pub struct NoteAllocator {
    voices: Vec<Voice>,
    clock: u32,
    stack: [f32; STACK],
    stacked: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Voice {
    note: f32,
    held: bool,
    /// When it was last given or released.
    stamp: u32,
    velocity: f32,
}

impl NoteAllocator {
    pub fn new(voices: usize) -> Self {
        Self {
            voices: vec![Voice::default(); voices],
            clock: 0,
            stack: [0.0; STACK],
            stacked: 0,
        }
    }

    pub fn reset(&mut self) {
        self.voices.fill(Voice::default());
        self.stacked = 0;
        self.clock = 0;
    }

    pub fn on(&mut self, offset: usize, note: f32, velocity: f32) -> VoiceEvent {
        self.clock += 1;
        let voice = self.choose(note);
        let legato = self.voices.len() == 1 && self.voices[0].held && self.voices[0].note != note;
        if self.voices.len() == 1 && self.stacked < STACK {
            self.forget(note);
            self.stack[self.stacked] = note;
            self.stacked += 1;
        }
        self.give(offset, voice, note, velocity, legato)
    }

    /// None where no voice plays the note.
    pub fn off(&mut self, offset: usize, note: f32) -> Option<VoiceEvent> {
        self.clock += 1;
        self.forget(note);
        let voice = self.voices.iter().position(|v| v.held && v.note == note)?;
        if self.voices.len() == 1 && self.stacked > 0 {
            let below = self.stack[self.stacked - 1];
            return Some(self.give(offset, 0, below, self.voices[0].velocity, true));
        }
        self.voices[voice].held = false;
        self.voices[voice].stamp = self.clock;
        Some(VoiceEvent {
            offset,
            voice,
            change: VoiceChange::Off,
        })
    }

    /// Ends one held note; none where none is held.
    pub fn off_any(&mut self, offset: usize) -> Option<VoiceEvent> {
        self.stacked = 0;
        let note = self.voices.iter().find(|v| v.held)?.note;
        self.off(offset, note)
    }

    fn give(
        &mut self,
        offset: usize,
        voice: usize,
        note: f32,
        velocity: f32,
        legato: bool,
    ) -> VoiceEvent {
        self.voices[voice] = Voice {
            note,
            held: true,
            stamp: self.clock,
            velocity,
        };
        VoiceEvent {
            offset,
            voice,
            change: VoiceChange::On {
                pitch: (note - 60.0) / 12.0,
                velocity,
                legato,
            },
        }
    }

    fn choose(&self, note: f32) -> usize {
        let held = self.voices.iter().position(|v| v.held && v.note == note);
        held.unwrap_or_else(|| {
            (0..self.voices.len())
                .min_by_key(|v| (self.voices[*v].held, self.voices[*v].stamp))
                .unwrap_or(0)
        })
    }

    fn forget(&mut self, note: f32) {
        let mut kept = 0;
        for i in 0..self.stacked {
            if self.stack[i] != note {
                self.stack[kept] = self.stack[i];
                kept += 1;
            }
        }
        self.stacked = kept;
    }

    pub fn save(&self, voice: usize, words: &mut [f32]) {
        let v = &self.voices[voice];
        words.copy_from_slice(&[
            v.note,
            if v.held { 1.0 } else { 0.0 },
            f32::from_bits(v.stamp),
            v.velocity,
        ]);
    }

    pub fn restore(&mut self, voice: usize, words: &[f32]) {
        if let [note, held, stamp, velocity] = *words {
            let stamp = stamp.to_bits();
            self.voices[voice] = Voice {
                note,
                held: held > 0.5,
                stamp,
                velocity,
            };
            self.clock = self.clock.max(stamp);
            if self.voices.len() == 1 && held > 0.5 {
                self.stack[0] = note;
                self.stacked = 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_released_voice_is_taken_before_a_held_one() {
        let mut notes = NoteAllocator::new(3);
        let voices: Vec<usize> = [60.0, 64.0, 67.0]
            .iter()
            .map(|n| notes.on(0, *n, 1.0).voice)
            .collect();
        assert_eq!(voices, [0, 1, 2]);
        assert_eq!(notes.off(0, 64.0).map(|e| e.voice), Some(1));
        assert_eq!(notes.off(0, 60.0).map(|e| e.voice), Some(0));
        assert_eq!(notes.on(0, 72.0, 1.0).voice, 1);
        assert_eq!(notes.on(0, 74.0, 1.0).voice, 0);
        assert_eq!(notes.on(0, 76.0, 1.0).voice, 2, "all held: the oldest");
        assert_eq!(notes.off(0, 67.0), None, "stolen");
    }

    #[test]
    fn one_voice_falls_back_to_the_note_below() {
        let mut notes = NoteAllocator::new(1);
        notes.on(0, 60.0, 1.0);
        let second = notes.on(0, 62.0, 1.0);
        assert!(matches!(
            second.change,
            VoiceChange::On { legato: true, .. }
        ));
        let back = notes.off(0, 62.0).expect("plays");
        assert!(matches!(back.change, VoiceChange::On { pitch, legato: true, .. } if pitch == 0.0));
        assert_eq!(notes.off(0, 60.0).map(|e| e.change), Some(VoiceChange::Off));
    }

    #[test]
    fn a_saved_voice_can_be_released_where_it_was_restored() {
        let mut notes = NoteAllocator::new(2);
        notes.on(0, 60.0, 0.5);
        let mut words = [0.0; WORDS];
        notes.save(0, &mut words);
        let mut other = NoteAllocator::new(2);
        other.restore(0, &words);
        assert_eq!(other.off(0, 60.0).map(|e| e.voice), Some(0));
    }
}
