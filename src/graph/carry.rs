//! State into a snapshot and out of it. Runs on engine threads, between two blocks.
use crate::dsp::lanes::Isa;

use super::{
    Snapshot,
    lane_graph::{AnyUnit, LaneGraph, each_width},
};

impl<A: Isa> LaneGraph<A> {
    pub(super) fn save_to(&mut self, into: &mut Snapshot) {
        for carried in &mut into.carried {
            let place = self.places[carried.from];
            let rate = self.rate;
            each_width!(&mut self.units[place.unit], unit => {
                (0..unit.naps.len()).for_each(|group| unit.catch_up(group, rate));
                let size = unit.carried_words();
                for voice in 0..carried.voices {
                    let words = &mut carried.words[voice * size..][..size];
                    let (module, note) = words.split_at_mut(unit.words);
                    unit.get_words(place.instance + voice, module);
                    if let Some(allocator) = &unit.notes {
                        allocator.save(voice, note);
                    }
                    let memory = &mut carried.memory[voice * unit.memory_len..][..unit.memory_len];
                    unit.get_memory(place.instance + voice, memory);
                }
            });
        }
    }

    pub(super) fn restore_from(&mut self, from: &Snapshot) {
        for carried in &from.carried {
            let place = self.places[carried.to];
            let rate = self.rate;
            each_width!(&mut self.units[place.unit], unit => {
                (0..unit.naps.len()).for_each(|group| unit.wake_up(group, rate));
                let size = unit.carried_words();
                for voice in 0..carried.voices {
                    let (module, note) = carried.words[voice * size..][..size].split_at(unit.words);
                    unit.set_words(place.instance + voice, module);
                    if let Some(allocator) = &mut unit.notes {
                        allocator.restore(voice, note);
                    }
                    let memory = &carried.memory[voice * unit.memory_len..][..unit.memory_len];
                    unit.set_memory(place.instance + voice, memory);
                }
            });
        }
    }
}
