//! Euclidean rhythm on the shared transport. It has no state: what sounds is a function of the position in the song.
use crate::dsp::{
    euclid::{self, is_hit, rhythm},
    lanes::{Float, Lanes},
};

use super::{
    beat::{Grid, Strike, step_length, walk},
    module::{Build, Io, LaneInit, Module, OptionError},
    notation::hash,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {}
    outputs {
        GATE: "gate" Gate "open on the hits";
        OFF: "off" Gate "open on the steps between";
        FIRST: "first" Gate "open on the first step of the rhythm";
    }
    params {
        HITS: "hits" ["k", "pulses"] Plain 0.0, 32.0, 5.0, Linear "hits, spread over the steps";
        STEPS: "steps" ["n"] Plain 1.0, 32.0, 8.0, Linear "steps until it begins again";
        TURN: "turn" ["rotate", "rotation"] Plain -32.0, 32.0, 0.0, Linear "turns the rhythm: its step that comes first";
        GATE_LEN: "length" Plain 0.0, 1.0, 0.5, Linear "part of a step that a gate lasts";
        CHANCE: "chance" Plain 0.0, 1.0, 1.0, Linear "chance of each hit";
        SWING: "swing" Plain -0.75, 0.75, 0.0, Linear "how late every second step is, in steps, beside the patch's swing";
    }
    options { RATE: "rate" Length { default: 0.25 } "length of a step"; }
}

/// State word: tells this module's chances from another's.
const SEED: usize = 0;

pub struct Euclid {
    /// Beats.
    length: f64,
    /// By steps and hits, so that a knob may move through them.
    rhythms: Vec<u32>,
}

impl Module for Euclid {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Euclid",
        doc: "Euclidean rhythm: hits spread over steps as evenly as can be.",
        algorithm: "Bjorklund's, after Toussaint, The Euclidean Algorithm Generates Traditional Musical Rhythms (2005)",
        family: Family::Notes,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let length = step_length(build.length(option::RATE), option::RATE)?;
        let all = (0..=euclid::MOST).flat_map(|n| (0..=euclid::MOST).map(move |k| rhythm(k, n)));
        Ok(Self {
            length,
            rhythms: all.collect(),
        })
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.module_seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, _: L, io: &mut Io<'_, L>) {
        let cx = io.cx;
        let ins = io.ins;
        for (port, out) in io.outs.iter_mut().enumerate() {
            if !out.wanted {
                continue;
            }
            let mut moves = false;
            for lane in 0..L::N {
                let seed = io.state[SEED].lanes()[lane].to_bits();
                let of = |param: usize, i: usize| ins[param].at(i).lanes()[lane];
                let grid = Grid::new(self.length, of(param::SWING, 0), cx.swing);
                moves |= walk(cx, |s| {
                    let place = grid.place(s.time, cx.frame + s.at as u64);
                    let whole = |param: usize| of(param, s.at).round() as i64;
                    let steps = whole(param::STEPS).clamp(1, euclid::MOST as i64);
                    let hits = whole(param::HITS).clamp(0, steps);
                    let row = steps as usize * (euclid::MOST + 1);
                    let bits = self.rhythms.get(row + hits as usize).copied().unwrap_or(0);
                    let hit = is_hit(bits, steps as usize, whole(param::TURN), place.number);
                    let luck = (hash(seed, place.number) >> 8) as f32 / (1u32 << 24) as f32;
                    let open = match port {
                        output::GATE => hit && luck < of(param::CHANCE, s.at),
                        output::OFF => !hit,
                        _ => place.number.rem_euclid(steps) == 0,
                    };
                    let strike = Strike::of(&place, open);
                    s.write(cx, out, lane, ins[param::GATE_LEN], &strike)
                });
            }
            // A rhythm that is turned while it plays may change at any block.
            out.constant = !moves;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        beat::tests::edges,
        harness::{RATE, Rig},
    };
    use crate::dsp::transport::Transport;

    fn euclid(hits: f32, steps: f32, turn: f32) -> Rig {
        Rig::new("Euclid")
            .set("hits", hits)
            .set("steps", steps)
            .set("turn", turn)
    }

    #[test]
    fn hits_fall_on_their_frames() {
        for bpm in [87.3, 120.0, 151.9] {
            let time = Transport::new(RATE as f64, bpm);
            let out = euclid(3.0, 8.0, 0.0).transport(time).render(4_000);
            let (up, _) = edges(out.lane("gate", 0));
            let steps = (0..).filter(|n| [0, 3, 6].contains(&(n % 8)));
            let want: Vec<u64> = steps
                .map_while(|n| time.frame_of(n as f64 * 0.25, 0))
                .take(up.len())
                .collect();
            assert!(up.len() > 10);
            assert_eq!(up, want, "{bpm}");
        }
    }

    #[test]
    fn the_rhythm_turns_and_its_gaps_have_their_own_gate() {
        let out = euclid(3.0, 8.0, 2.0).render(1_500);
        let steps = |port: &str| -> Vec<u64> {
            let (up, _) = edges(out.lane(port, 0));
            up.iter().map(|f| f / 6_000).filter(|n| *n < 8).collect()
        };
        assert_eq!(steps("gate"), [1, 4, 6]);
        assert_eq!(steps("off"), [0, 2, 3, 5, 7]);
        assert_eq!(steps("first"), [0]);
    }

    #[test]
    fn a_chance_leaves_out_its_part_and_the_same_every_time() {
        let render = |seed| {
            let rig = euclid(16.0, 16.0, 0.0).set("chance", 0.7).seed(seed);
            edges(rig.render(30_000).lane("gate", 0)).0
        };
        let (one, same, other) = (render(5), render(5), render(6));
        assert_eq!(one, same);
        assert_ne!(one, other);
        let share = one.len() as f64 / 320.0;
        assert!((0.62..0.78).contains(&share), "{share}");
    }

    #[test]
    fn swapped_in_later_it_is_where_it_would_have_been() {
        let rig = || euclid(5.0, 13.0, 1.0).set("chance", 0.8);
        let whole = rig().render(2_000);
        let late = rig().resume(&[], 64_000).render(1_000);
        assert_eq!(&whole.lane("gate", 0)[64_000..], late.lane("gate", 0));
    }
}
