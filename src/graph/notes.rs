//! Which voice plays which note. Runs on engine threads.
use crate::modules::module::{EVERY_VOICE, NoteMode, Priority, VoiceChange, VoiceEvent};

/// State words of a place: note, held, stamp, velocity.
const WORDS: usize = 4;

/// Notes that a single voice remembers while others sound over them.
const STACK: usize = 16;

/// Gives notes to voices. Many voices: the one that played this note last, then a free one, the longest released before others,
/// then the oldest held. One voice, or all in unison: one of the held notes, by priority.
pub struct NoteAllocator {
    mode: NoteMode,
    /// One a voice; where all held notes come to one voice, one a note.
    places: Vec<Place>,
    /// Places of one voice.
    per_voice: usize,
    /// Voices that play the same note.
    in_unison: bool,
    clock: u32,
    stack: [f32; STACK],
    stacked: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    note: f32,
    held: bool,
    /// When it was last given or released.
    stamp: u32,
    velocity: f32,
}

impl NoteAllocator {
    pub fn new(voices: usize, mode: NoteMode) -> Self {
        let mode = match mode {
            NoteMode::Poly if voices == 1 => NoteMode::Mono {
                priority: Priority::Last,
                retriggers: false,
            },
            mode => mode,
        };
        let per_voice = match mode {
            NoteMode::Held(places) => places.max(1),
            _ => 1,
        };
        Self {
            mode,
            places: vec![Place::default(); voices * per_voice],
            per_voice,
            in_unison: voices > 1 && matches!(mode, NoteMode::Mono { .. }),
            clock: 0,
            stack: [0.0; STACK],
            stacked: 0,
        }
    }

    /// State words of one voice.
    pub fn words(&self) -> usize {
        self.per_voice * WORDS
    }

    pub fn reset(&mut self) {
        self.places.fill(Place::default());
        self.stacked = 0;
        self.clock = 0;
    }

    /// None where another note goes on sounding over it.
    pub fn on(&mut self, offset: usize, note: f32, velocity: f32) -> Option<VoiceEvent> {
        self.clock += 1;
        let NoteMode::Mono {
            priority,
            retriggers,
        } = self.mode
        else {
            let place = self.choose(note);
            return Some(self.give(offset, place, note, velocity, false));
        };
        let before = self.places[0];
        self.forget(note);
        if self.stacked == STACK {
            self.forget(self.stack[0]);
        }
        self.stack[self.stacked] = note;
        self.stacked += 1;
        if before.held && self.pick(priority) != note {
            return None;
        }
        let legato = before.held && before.note != note && !retriggers;
        Some(self.give(offset, 0, note, velocity, legato))
    }

    /// None where no voice plays the note.
    pub fn off(&mut self, offset: usize, note: f32) -> Option<VoiceEvent> {
        self.clock += 1;
        self.forget(note);
        let place = self.places.iter().position(|v| v.held && v.note == note)?;
        if let NoteMode::Mono { priority, .. } = self.mode
            && self.stacked > 0
        {
            let below = self.pick(priority);
            return Some(self.give(offset, 0, below, self.places[0].velocity, true));
        }
        self.places[place].held = false;
        self.places[place].stamp = self.clock;
        Some(VoiceEvent {
            offset,
            voice: self.voice_of(place),
            change: VoiceChange::Off,
        })
    }

    /// Ends one held note; none where none is held.
    pub fn off_any(&mut self, offset: usize) -> Option<VoiceEvent> {
        self.stacked = 0;
        let note = self.places.iter().find(|v| v.held)?.note;
        self.off(offset, note)
    }

    fn give(
        &mut self,
        offset: usize,
        place: usize,
        note: f32,
        velocity: f32,
        legato: bool,
    ) -> VoiceEvent {
        self.places[place] = Place {
            note,
            held: true,
            stamp: self.clock,
            velocity,
        };
        VoiceEvent {
            offset,
            voice: self.voice_of(place),
            change: VoiceChange::On {
                pitch: (note - 60.0) / 12.0,
                velocity,
                legato,
            },
        }
    }

    fn voice_of(&self, place: usize) -> usize {
        match self.in_unison {
            true => EVERY_VOICE,
            false => place,
        }
    }

    /// The note of the stack that sounds.
    fn pick(&self, priority: Priority) -> f32 {
        let held = &self.stack[..self.stacked];
        let notes = held.iter().copied();
        let picked = match priority {
            Priority::Last => held.last().copied(),
            Priority::Low => notes.reduce(f32::min),
            Priority::High => notes.reduce(f32::max),
        };
        picked.unwrap_or(0.0)
    }

    /// A voice that rings with the same note is struck again before another is taken: two of them would beat.
    fn choose(&self, note: f32) -> usize {
        let same = |v: &Place| v.note == note && v.stamp > 0;
        let held = self.places.iter().position(|v| v.held && v.note == note);
        held.or_else(|| self.places.iter().position(same))
            .unwrap_or_else(|| {
                (0..self.places.len())
                    .min_by_key(|v| (self.places[*v].held, self.places[*v].stamp))
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

    /// One voice's places.
    pub fn save(&self, voice: usize, words: &mut [f32]) {
        let places = &self.places[voice * self.per_voice..][..self.per_voice];
        for (v, words) in places.iter().zip(words.chunks_exact_mut(WORDS)) {
            words.copy_from_slice(&[
                v.note,
                if v.held { 1.0 } else { 0.0 },
                f32::from_bits(v.stamp),
                v.velocity,
            ]);
        }
    }

    pub fn restore(&mut self, voice: usize, words: &[f32]) {
        let places = &mut self.places[voice * self.per_voice..][..self.per_voice];
        for (place, words) in places.iter_mut().zip(words.chunks_exact(WORDS)) {
            let [note, held, stamp, velocity] = [words[0], words[1], words[2], words[3]];
            *place = Place {
                note,
                held: held > 0.5,
                stamp: stamp.to_bits(),
                velocity,
            };
            self.clock = self.clock.max(place.stamp);
        }
        let first = self.places[0];
        if voice == 0 && first.held && matches!(self.mode, NoteMode::Mono { .. }) {
            self.stack[0] = first.note;
            self.stacked = 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_released_voice_is_taken_before_a_held_one() {
        let mut notes = NoteAllocator::new(3, NoteMode::Poly);
        let voices: Vec<usize> = [60.0, 64.0, 67.0]
            .iter()
            .filter_map(|n| Some(notes.on(0, *n, 1.0)?.voice))
            .collect();
        assert_eq!(voices, [0, 1, 2]);
        assert_eq!(notes.off(0, 64.0).map(|e| e.voice), Some(1));
        assert_eq!(notes.off(0, 60.0).map(|e| e.voice), Some(0));
        assert_eq!(notes.on(0, 72.0, 1.0).map(|e| e.voice), Some(1));
        assert_eq!(notes.on(0, 74.0, 1.0).map(|e| e.voice), Some(0));
        assert_eq!(
            notes.on(0, 76.0, 1.0).map(|e| e.voice),
            Some(2),
            "all held: the oldest"
        );
        assert_eq!(notes.off(0, 67.0), None, "stolen");
    }

    #[test]
    fn one_voice_falls_back_to_the_note_below() {
        let mut notes = NoteAllocator::new(1, NoteMode::Poly);
        notes.on(0, 60.0, 1.0);
        let second = notes.on(0, 62.0, 1.0).expect("plays");
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
        let mut notes = NoteAllocator::new(2, NoteMode::Poly);
        notes.on(0, 60.0, 0.5);
        let mut words = [0.0; WORDS];
        notes.save(0, &mut words);
        let mut other = NoteAllocator::new(2, NoteMode::Poly);
        other.restore(0, &words);
        assert_eq!(other.off(0, 60.0).map(|e| e.voice), Some(0));
    }

    #[test]
    fn a_note_that_rings_out_is_struck_again_in_its_own_voice() {
        let mut notes = NoteAllocator::new(4, NoteMode::Poly);
        for note in [60.0, 64.0, 60.0, 67.0, 60.0] {
            let voice = notes.on(0, note, 1.0).map(|e| e.voice);
            assert_eq!(voice == Some(0), note == 60.0);
            notes.off(0, note);
        }
    }

    #[test]
    fn one_of_the_held_notes_sounds_by_priority_in_every_voice() {
        let mono = |priority, retriggers| NoteMode::Mono {
            priority,
            retriggers,
        };
        let pitch = |e: Option<VoiceEvent>| match e?.change {
            VoiceChange::On { pitch, .. } => Some(60.0 + 12.0 * pitch),
            VoiceChange::Off => None,
        };
        let mut low = NoteAllocator::new(3, mono(Priority::Low, false));
        let first = low.on(0, 64.0, 1.0).expect("plays");
        assert_eq!(first.voice, EVERY_VOICE);
        assert_eq!(low.on(0, 67.0, 1.0), None, "the lower one goes on");
        assert_eq!(pitch(low.on(0, 60.0, 1.0)), Some(60.0));
        assert_eq!(low.off(0, 67.0), None);
        assert_eq!(pitch(low.off(0, 60.0)), Some(64.0));
        let mut high = NoteAllocator::new(1, mono(Priority::High, true));
        high.on(0, 60.0, 1.0);
        let second = high.on(0, 72.0, 1.0).expect("plays");
        let again = matches!(second.change, VoiceChange::On { legato: false, .. });
        assert!(again && second.voice == 0);
    }

    #[test]
    fn all_held_notes_come_to_one_voice_and_are_carried() {
        let mut notes = NoteAllocator::new(1, NoteMode::Held(4));
        for (n, note) in [60.0, 64.0, 67.0].into_iter().enumerate() {
            assert_eq!(notes.on(0, note, 1.0).map(|e| e.voice), Some(n));
        }
        let mut words = vec![0.0; notes.words()];
        notes.save(0, &mut words);
        let mut other = NoteAllocator::new(1, NoteMode::Held(4));
        other.restore(0, &words);
        assert_eq!(other.off(0, 64.0).map(|e| e.voice), Some(1));
        assert_eq!(other.on(0, 71.0, 1.0).map(|e| e.voice), Some(3));
    }
}
