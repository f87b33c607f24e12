//! The keys that are held, in the order they were struck: what an arpeggiator plays from. Realtime.
use super::module::{VoiceChange, VoiceEvent};
use crate::dsp::lanes::Float;

/// Notes that may be held.
pub const HELD: usize = 16;

/// State words: three a held note, then the rest.
const PITCHES: usize = 0;
const ORDERS: usize = HELD;
const VELOCITIES: usize = 2 * HELD;
/// Held keys that are down, as bits; a note that latch keeps is none of them.
const DOWN: usize = 3 * HELD;
const CLOCK: usize = DOWN + 1;
/// The pitch that stays.
const LAST: usize = DOWN + 2;
pub const SEED: usize = DOWN + 3;
pub const WORDS: usize = DOWN + 4;

/// The keys that are held.
pub struct Hand {
    pub pitch: [f32; HELD],
    /// When each was struck; 0 where nothing is held.
    pub order: [f32; HELD],
    pub velocity: [f32; HELD],
    pub down: u32,
    pub clock: f32,
    pub last: f32,
    pub seed: u32,
}

impl Hand {
    #[inline(always)]
    pub fn load<F: Float>(state: &[F], lane: usize) -> Self {
        let get = |word: usize| state[word].lanes()[lane];
        Self {
            pitch: std::array::from_fn(|n| get(PITCHES + n)),
            order: std::array::from_fn(|n| get(ORDERS + n)),
            velocity: std::array::from_fn(|n| get(VELOCITIES + n)),
            down: get(DOWN).to_bits(),
            clock: get(CLOCK),
            last: get(LAST),
            seed: get(SEED).to_bits(),
        }
    }

    #[inline(always)]
    pub fn store<F: Float>(&self, state: &mut [F], lane: usize) {
        let mut set = |word: usize, value: f32| state[word].lanes_mut()[lane] = value;
        for n in 0..HELD {
            set(PITCHES + n, self.pitch[n]);
            set(ORDERS + n, self.order[n]);
            set(VELOCITIES + n, self.velocity[n]);
        }
        set(DOWN, f32::from_bits(self.down));
        set(CLOCK, self.clock);
        set(LAST, self.last);
    }

    #[inline(always)]
    pub fn take(&mut self, event: &VoiceEvent, latch: bool) {
        let place = event.voice & (HELD - 1);
        match event.change {
            VoiceChange::On {
                pitch, velocity, ..
            } => {
                if self.down == 0 {
                    // A new chord: what latch kept goes.
                    (self.order, self.clock) = ([0.0; HELD], 0.0);
                }
                self.clock += 1.0;
                self.pitch[place] = pitch;
                self.velocity[place] = velocity;
                self.order[place] = self.clock;
                self.down |= 1 << place;
            }
            VoiceChange::Off => {
                self.down &= !(1 << place);
                if !latch {
                    self.order[place] = 0.0;
                }
            }
        }
    }

    /// The held notes by pitch, or in the order they were struck; returns how many.
    #[inline(always)]
    pub fn sorted(&self, notes: &mut [(f32, f32); HELD], as_played: bool) -> usize {
        let mut keys = [(0.0f32, 0usize); HELD];
        let mut count = 0;
        for n in 0..HELD {
            if self.order[n] > 0.0 {
                let key = if as_played {
                    self.order[n]
                } else {
                    self.pitch[n]
                };
                keys[count] = (key, n);
                count += 1;
            }
        }
        keys[..count].sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        for (note, (_, n)) in notes.iter_mut().zip(&keys[..count]) {
            *note = (self.pitch[*n], self.velocity[*n]);
        }
        count
    }
}

// A note's place among those held is cut to so many.
const _: () = assert!(HELD.is_power_of_two());
