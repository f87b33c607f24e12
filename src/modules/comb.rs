//! Tuned comb filter.
use crate::dsp::{
    BLOCK,
    delay_line::{advance, lagrange, weigh, wrap},
    lanes::{Float, Int, Lanes, Mask},
    soften::soften,
};

use super::{
    module::{Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { IN: "in" Audio "signal"; }
    outputs { OUT: "out" Audio "the signal through its echoes"; }
    params {
        FREQ: "freq" ["pitch", "cutoff", "frequency"] Hz 20.0, 8_000.0, 261.625_58, Log "the note it rings at";
        FEEDBACK: "feedback" ["res"] Plain 0.0, 0.999, 0.9, Linear "how long it rings; the loudness of noise stays about the same";
        DAMP: "damp" Plain 0.0, 1.0, 0.2, Linear "high harmonics die first; the pitch stays";
    }
    options { HARMONICS: "harmonics" Choice(&["All", "Odd"]) "all of them, or the odd ones only, as in a closed pipe"; }
}

/// The lowest note: the range's lower end.
const LOWEST: f32 = 20.0;
/// What was written is silence below this: -140 dB.
const SILENCE: f32 = 1e-7;

/// State words: the place to write, frames since something was written, and the last two values read.
const AT: usize = 0;
const QUIET: usize = 1;
const READ: usize = 2;

pub struct Comb {
    odd: bool,
    rate: f32,
    len: usize,
}

impl Module for Comb {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Comb",
        doc: "Comb filter tuned to a note: resonators, pipes, metal; strike it with noise.",
        algorithm: "third-order Lagrange interpolation, damped by a symmetric three-tap filter, whose delay is one frame at every frequency: in tune whatever the damping",
        family: Family::Filter,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 4;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            odd: build.choice(option::HARMONICS) == 1,
            rate: build.rate,
            len: (build.rate / LOWEST).ceil() as usize + BLOCK + 4,
        })
    }

    fn memory(&self) -> usize {
        self.len
    }

    /// The ring is silent before anything is written.
    fn init(&self, _: LaneInit, words: &mut [f32]) {
        words[QUIET] = self.len as f32;
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let x = io.ins[input::IN];
        let full = l.f(self.len as f32);
        let out = &mut io.outs[output::OUT];
        if !x.louder_than(l, SILENCE) && io.state[QUIET].ge(full).all() {
            (io.state[READ], io.state[READ + 1]) = (l.f(0.0), l.f(0.0));
            return out.fill(l.f(0.0));
        }
        let (freq, feedback, damp) = (
            io.ins[param::FREQ],
            io.ins[param::FEEDBACK],
            io.ins[param::DAMP],
        );
        let at = io.state[AT].bits();
        let (mut last, mut older) = (io.state[READ], io.state[READ + 1]);
        let mut loudest = l.f(0.0);
        for (i, o) in out.block.iter_mut().enumerate() {
            let now = at + l.i(i as i32);
            let read = self.read(l, io.memory, now, freq.at(i));
            // [s, 1 - 2 s, s] around the value before: one frame late, and as much at half the rate as damping asks.
            let s = damp.at(i) * l.f(0.25);
            let damped = (read + older).fma(s, s.nfma(last + last, last));
            (older, last) = (last, read);
            let part = feedback.at(i);
            let echo = if self.odd { -(damped * part) } else { damped * part };
            // Noise through a comb gains 1 / (1 - feedback²) in power.
            let level = part.nfma(part, l.f(1.0)).max(l.f(0.0)).sqrt();
            let y = soften(l, x.at(i).fma(level, echo));
            *o = y;
            loudest = loudest.max(y.abs());
            for lane in 0..L::N {
                let place = wrap(now.lanes()[lane], self.len);
                io.memory[place].lanes_mut()[lane] = y.lanes()[lane];
            }
        }
        (io.state[READ], io.state[READ + 1]) = (last, older);
        io.state[AT] = advance(l, at, BLOCK as i32, self.len).bits();
        let quiet = (io.state[QUIET] + l.f(BLOCK as f32)).min(full);
        let heard = loudest.gt(l.f(SILENCE));
        io.state[QUIET] = L::F::select(heard, l.f(0.0), quiet);
    }
}

impl Comb {
    /// What was written so long ago that the loop, with the frame that damping takes, lasts a period.
    #[inline(always)]
    fn read<L: Lanes>(&self, l: L, ring: &[L::F], now: L::I, freq: L::F) -> L::F {
        // A loop that turns its sign repeats after two rounds.
        let rate = if self.odd { 0.5 * self.rate } else { self.rate };
        let most = (self.len - BLOCK) as f32;
        let frames = (l.f(rate) / freq - l.f(1.0)).max(l.f(2.0)).min(l.f(most));
        let whole = frames.floor();
        let newest = now + l.i(1) - whole.to_int();
        let mut near = [l.f(0.0); 4];
        for lane in 0..L::N {
            let mut place = wrap(newest.lanes()[lane], self.len);
            for x in &mut near {
                x.lanes_mut()[lane] = ring[place].lanes()[lane];
                place = if place == 0 { self.len - 1 } else { place - 1 };
            }
        }
        weigh::<L>(near, lagrange(l, frames - whole))
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, hash_noise},
        measure::{cents, pitch, rms},
        spec::OptionValue,
    };

    #[test]
    fn it_rings_in_tune_whatever_the_damping() {
        let tuned = [41.2f32, 110.0, 261.6, 440.0, 987.8, 1_760.0, 3_520.0];
        for (odd, damp) in [(0, 0.0), (0, 0.3), (0, 1.0), (1, 0.0), (1, 0.5)] {
            // Full damping leaves nothing to measure of the highest notes.
            for freq in tuned.into_iter().filter(|f| damp < 1.0 || *f < 2_000.0) {
                let rig = Rig::new("Comb").option("harmonics", OptionValue::Choice(odd));
                let rig = rig.set("freq", freq).set("feedback", 0.999).set("damp", damp);
                let out = rig.feed("in", |_, t| if t < 8 { 1.0 } else { 0.0 }).render(1 << 9);
                let y = &out.lane("out", 0)[2_000..18_000];
                let off = cents(pitch(y, freq as f64, RATE), freq as f64);
                assert!(off.abs() < 1.0, "{freq} Hz, {odd}, {damp}: {off} cents");
            }
        }
    }

    #[test]
    fn noise_keeps_its_loudness_and_the_loop_is_bounded() {
        // Interpolation takes some of the highest harmonics of a long loop.
        for feedback in [0.0, 0.5, 0.9] {
            let rig = Rig::new("Comb").set("feedback", feedback).set("damp", 0.0);
            let out = rig.feed("in", |lane, t| 0.1 * hash_noise(lane, t)).render(2_000);
            let y = rms(&out.lane("out", 0)[64_000..]);
            let db = 20.0 * (y / (0.1 / 3f64.sqrt())).log10();
            assert!(db.abs() < 3.0, "{feedback}: {db} dB");
        }
        let sweep = |_, t: u64| {
            let turn = 997.0 * t as f64 / RATE as f64;
            (500.0 * (4.0 * (std::f64::consts::TAU * turn).sin()).exp2()) as f32
        };
        let rig = Rig::new("Comb").set("feedback", 0.999).feed("freq", sweep);
        let out = rig.feed("in", hash_noise).render(750);
        assert!(out.lane("out", 0).iter().all(|y| y.abs() <= 2.0));
    }

    #[test]
    fn when_it_has_died_away_it_rests() {
        let rig = Rig::new("Comb").set("feedback", 0.5).steps("in", |_, b| (b == 0) as u8 as f32);
        let out = rig.render(400);
        assert!(!out.constant[1] && out.constant[399]);
    }
}
