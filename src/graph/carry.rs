//! State into a snapshot and out of it. Runs on engine threads, between two blocks.
use crate::dsp::lanes::{Float, Isa, Lanes};

use super::{
    Snapshot,
    lane_graph::{AnyUnit, LaneGraph, each_width},
    ports::Reader,
    snapshot::Carried,
    unit::Unit,
};

impl<A: Isa> LaneGraph<A> {
    pub(super) fn save_to(&mut self, into: &mut Snapshot) {
        let rate = self.rate;
        for carried in &mut into.carried {
            let place = self.places[carried.from];
            each_width!(&mut self.units[place.unit], unit => {
                (0..unit.naps.len()).for_each(|group| unit.catch_up(group, rate));
                unit.save(place.instance, carried);
            });
        }
    }

    pub(super) fn restore_from(&mut self, from: &Snapshot) {
        let rate = self.rate;
        for carried in &from.carried {
            let place = self.places[carried.to];
            each_width!(&mut self.units[place.unit], unit => {
                (0..unit.naps.len()).for_each(|group| unit.wake_up(group, rate));
                unit.restore(place.instance, carried);
            });
        }
    }
}

impl<A: Isa, R: Reader<A>> Unit<A, R> {
    /// Copies the state of the voices from an instance on.
    fn save(&self, first: usize, into: &mut Carried) {
        let (module, notes) = into.words.split_at_mut(into.voices * self.words);
        if into.whole {
            copy_out(&self.state, module);
            copy_out(&self.memory, &mut into.memory);
        } else {
            for voice in 0..into.voices {
                let words = &mut module[voice * self.words..][..self.words];
                let memory = &mut into.memory[voice * self.memory_len..][..self.memory_len];
                self.get_lane(first + voice, words, memory);
            }
        }
        if let Some(allocator) = &self.notes {
            let notes = notes.chunks_exact_mut(allocator.words());
            for (voice, words) in notes.enumerate() {
                allocator.save(voice, words);
            }
        }
    }

    fn restore(&mut self, first: usize, from: &Carried) {
        let (module, notes) = from.words.split_at(from.voices * self.words);
        if from.whole {
            copy_in(module, &mut self.state);
            copy_in(&from.memory, &mut self.memory);
        } else {
            for voice in 0..from.voices {
                let memory = &from.memory[voice * self.memory_len..][..self.memory_len];
                self.set_words(first + voice, &module[voice * self.words..][..self.words]);
                self.set_memory(first + voice, memory);
            }
        }
        if let Some(allocator) = &mut self.notes {
            let notes = notes.chunks_exact(allocator.words());
            for (voice, words) in notes.enumerate() {
                allocator.restore(voice, words);
            }
        }
    }

    fn get_lane(&self, instance: usize, words: &mut [f32], memory: &mut [f32]) {
        let (group, lane) = (instance / R::L::N, instance % R::L::N);
        let state = &self.state[group * self.words..][..self.words];
        for (to, from) in words.iter_mut().zip(state) {
            *to = from.lanes()[lane];
        }
        let held = &self.memory[group * self.memory_len..][..self.memory_len];
        for (to, from) in memory.iter_mut().zip(held) {
            *to = from.lanes()[lane];
        }
    }

    pub fn set_words(&mut self, instance: usize, words: &[f32]) {
        let (group, lane) = (instance / R::L::N, instance % R::L::N);
        let state = &mut self.state[group * self.words..][..self.words];
        for (to, from) in state.iter_mut().zip(words) {
            to.lanes_mut()[lane] = *from;
        }
    }

    fn set_memory(&mut self, instance: usize, words: &[f32]) {
        let (group, lane) = (instance / R::L::N, instance % R::L::N);
        let memory = &mut self.memory[group * self.memory_len..][..self.memory_len];
        for (to, from) in memory.iter_mut().zip(words) {
            to.lanes_mut()[lane] = *from;
        }
    }
}

/// Vectors as they lie, lane after lane, as many as there is room for.
fn copy_out<F: Float>(from: &[F], into: &mut [f32]) {
    let Some(first) = from.first() else { return };
    let rows = into.chunks_exact_mut(first.lanes().len());
    for (row, x) in rows.zip(from) {
        row.copy_from_slice(x.lanes());
    }
}

fn copy_in<F: Float>(from: &[f32], into: &mut [F]) {
    let Some(first) = into.first() else { return };
    let rows = from.chunks_exact(first.lanes().len());
    for (row, x) in rows.zip(into) {
        x.lanes_mut().copy_from_slice(row);
    }
}
