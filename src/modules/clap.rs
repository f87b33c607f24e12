//! Hand clap.
use std::f32::consts::PI;

use crate::dsp::{
    lanes::{Float, Int, Lanes, Mask},
    noise::white,
    svf::{Coefficients, State},
};

use super::{
    level::apply_level,
    module::{Build, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    strike::{Decay, Edges, SILENT, soft_part},
    table::ports,
};

ports! {
    inputs {
        GATE: "gate" Gate "claps where it opens; how hard is 2 · gate - 1";
        ACCENT: "accent" Cv "makes a clap up to twice as hard";
    }
    outputs { OUT: "out" Audio "the clap"; }
    params {
        TONE: "tone" ["freq"] Hz 300.0, 5_000.0, 1_100.0, Log "centre of the noise";
        Q: "q" Plain 0.5, 8.0, 1.6, Log "how narrow the noise is";
        SPREAD: "spread" Seconds 0.002, 0.05, 0.0105, Log "time from hand to hand";
        DECAY: "decay" Seconds 0.02, 5.0, 0.28, Log "time until 1 % of the last one is left";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

/// Hands before the last, and how much of one is left when the next comes.
const HANDS: f32 = 3.0;
/// Part of the spread until 1 % of a hand is left.
const SHORT: f32 = 1.1;

/// State words.
const WAS: usize = 0;
const AMP: usize = 1;
/// Hands still to come, and the part of the way to the next.
const HANDS_LEFT: usize = 2;
const WAY: usize = 3;
const HARD: usize = 4;
const SOFTENED: usize = 5;
const COUNT: usize = 6;
const SEED: usize = 7;
const FILTER: usize = 8;
const WORDS: usize = FILTER + 2;

pub struct Clap {
    rate: f32,
    soft: f32,
}

impl Module for Clap {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Clap",
        doc: "Hand clap: noise around a frequency, in four hands of which the last rings.",
        algorithm: "analog drum machines' repeated envelope",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = WORDS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            soft: soft_part(build.rate),
        })
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let mut edges = Edges::new(io.ins[input::GATE], io.ins[input::ACCENT], io.state[WAS]);
        let [mut amp, mut left, mut way, mut hard, mut softened] =
            [AMP, HANDS_LEFT, WAY, HARD, SOFTENED].map(
                #[inline(always)]
                |w| io.state[w],
            );
        let out = &mut io.outs[output::OUT];
        let over = l.f(SILENT).ge(amp.max(softened)) & l.f(0.5).gt(left);
        if edges.none(l) && over.all() {
            io.state[WAS] = edges.end();
            return out.fill(l.f(0.0));
        }
        let decay = Decay::new(l, io.ins[param::DECAY], self.rate);
        let [tone, q, spread] = [param::TONE, param::Q, param::SPREAD].map(
            #[inline(always)]
            |p| io.ins[p],
        );
        let (turn, one, half) = (l.f(1.0 / self.rate), l.f(1.0), l.f(0.5));
        let still = tone.is_constant() && q.is_constant();
        let steady = filter_at(l, tone.head() * turn, q.head());
        let mut filter = State::<L> {
            s1: io.state[FILTER],
            s2: io.state[FILTER + 1],
        };
        let (mut count, seed) = (io.state[COUNT].bits(), io.state[SEED].bits());
        let soft = l.f(self.soft);
        for (i, o) in out.block.iter_mut().enumerate() {
            let struck = edges.at(l, i);
            hard = L::F::select(struck, edges.hardness(l, i), hard);
            left = L::F::select(struck, l.f(HANDS), left);
            way = L::F::select(struck, l.f(0.0), way);
            amp = L::F::select(struck, hard, amp);

            let step = turn / spread.at(i);
            way = way + step;
            let next = way.ge(one) & left.ge(half);
            amp = L::F::select(next, hard, amp);
            left = L::F::select(next, left - one, left);
            way = L::F::select(next, way - one, way.min(one));

            let (k, gain) = match still {
                true => steady,
                false => filter_at(l, tone.at(i) * turn, q.at(i)),
            };
            softened = (amp - softened).fma(soft, softened);
            let (_, band) = filter.tick(&k, white(l, count, seed) * softened, half);
            *o = (band + band) * gain;

            count = count + l.i(1);
            // While hands are to come each one is short: ln 100 over its share of the way.
            let short = (step * l.f(super::strike::CURVE / SHORT)).min(half);
            let part = L::F::select(left.ge(half), short, decay.part(l, i));
            amp = amp.nfma(part, amp);
        }
        apply_level(l, &mut out.block, &io.ins[param::LEVEL]);
        io.state[WAS] = edges.end();
        io.state[COUNT] = count.bits();
        io.state[FILTER] = filter.s1;
        io.state[FILTER + 1] = filter.s2;
        for (word, value) in [(AMP, amp), (HANDS_LEFT, left), (WAY, way), (HARD, hard), (SOFTENED, softened)] {
            io.state[word] = value;
        }
    }
}

/// The filter at a centre over the rate, and the gain that keeps the band's power whatever its width.
#[inline(always)]
fn filter_at<L: Lanes>(l: L, turn: L::F, q: L::F) -> (Coefficients<L>, L::F) {
    let damping = l.f(1.0) / q;
    let k = Coefficients::new(l, (turn * l.f(PI)).min(l.f(0.45 * PI)), damping);
    (k, damping.sqrt())
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig},
        measure::rms,
    };

    #[test]
    fn four_hands_come_a_spread_apart_and_then_it_is_silent() {
        let spread = 0.02;
        let rig = Rig::new("Clap").steps("gate", |_, b| (b >= 1) as u32 as f32);
        let out = rig.set("spread", spread).set("decay", 0.3).set("tone", 3_000.0).render(1_000);
        let x = &out.lane("out", 0)[64..];
        let frames = (spread * RATE) as usize;
        for hand in 0..4 {
            let at = hand * frames;
            let before = if hand == 0 { 0.0 } else { rms(&x[at - 200..at]) };
            let after = rms(&x[at + 20..at + 220]);
            assert!(after > 0.05 && after > 4.0 * before, "{hand}: {before} {after}");
        }
        assert!(out.constant[0] && out.constant[999]);
        let loud = x.iter().fold(0.0f32, |a, x| a.max(x.abs()));
        assert!((0.3..1.5).contains(&loud), "{loud}");
    }
}
