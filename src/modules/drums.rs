//! Drum gates from a text in mini-notation: each drum has its output. It has no state.
use crate::dsp::lanes::{Float, Lanes};

use super::{
    beat::{step_length, walk},
    module::{Build, In, Io, LaneInit, Module, OptionError},
    notation::{self, DRUMS, Score, Voices},
    pattern::Player,
    playing::{Moment, Part, parts},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {}
    outputs {
        BD: "bd" Gate "bass drum (also kick, k, x); how hard it is struck is 2 · gate - 1, here and below";
        SD: "sd" Gate "snare drum (sn, snare, s)";
        HH: "hh" Gate "closed hi-hat (ch, hat, h)";
        OH: "oh" Gate "open hi-hat (open)";
        CP: "cp" Gate "clap (clap)";
        RS: "rs" Gate "rim shot (rim)";
        LT: "lt" Gate "low tom (tom)";
        HT: "ht" Gate "high tom";
    }
    params {
        GATE: "gate" Plain 0.0, 1.0, 0.5, Linear "part of its place that a gate lasts";
        SWING: "swing" Plain -0.75, 0.75, 0.0, Linear "how late every second sixteenth is, in sixteenths, beside the patch's swing";
    }
    options {
        PATTERN: "pattern" Text("bd*4, ~ sd ~ sd, hh*8") "mini-notation of drums: bd sd hh oh cp rs lt ht, ~ rest, [ ] group, < > by turns, * / ! @ _ ? , | (3,8) bd:0.5";
        EVERY: "every" Length { default: 4.0 } "length of a cycle";
    }
}

/// State word: tells this module's chances from another's.
const SEED: usize = 0;

pub struct Drums {
    score: Score,
    /// Beats of a cycle.
    length: f64,
}

impl Module for Drums {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Drums",
        doc: "Drum gates from a text in mini-notation, an output each.",
        algorithm: "the notation is TidalCycles' (McLean 2014), flattened when the patch is built",
        family: Family::Notes,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let length = step_length(build.length(option::EVERY), option::EVERY)?;
        let text = build.text(option::PATTERN);
        let score = notation::read(text, &notation::Drums, Voices::Lanes(DRUMS.len()));
        let score = score.map_err(|(at, why)| OptionError {
            option: option::PATTERN,
            at,
            why,
        })?;
        Ok(Self { score, length })
    }

    fn words(&self) -> Vec<Part> {
        parts(option::PATTERN, self.score.words())
    }

    fn playing(&self, at: &Moment) -> Vec<Part> {
        let player = Player::new(&self.score, self.length, at.own_swing, at.swing, at.seed);
        parts(option::PATTERN, player.playing(at))
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.module_seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let cx = io.cx;
        let (gate, swing) = (io.ins[param::GATE], io.ins[param::SWING]);
        for (drum, out) in io.outs.iter_mut().enumerate() {
            if !out.wanted {
                continue;
            }
            let mut moves = false;
            for lane in 0..L::N {
                let own = swing.head().lanes()[lane];
                let seed = io.state[SEED].lanes()[lane].to_bits();
                let player = Player::new(&self.score, self.length, own, cx.swing, seed);
                moves |= walk(cx, |s| {
                    let mut now = player.at(cx, &s, drum);
                    now.strike.high = 0.5 + 0.5 * now.velocity;
                    let open = gate.at(s.at).lanes()[lane] > 0.0;
                    let own = now.gate.filter(|_| open);
                    let gate = own.map_or(gate, #[inline(always)] |g| In::constant(l.f(g)));
                    s.write(cx, out, lane, gate, &now.strike)
                });
            }
            out.constant = !moves;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        beat::tests::edges,
        harness::{RATE, Rig},
        notation::DRUMS,
        spec::OptionValue,
    };
    use super::OUTPUTS;
    use crate::dsp::transport::Transport;

    fn drums(text: &str) -> Rig {
        Rig::new("Drums").option("pattern", OptionValue::Text(text.to_owned()))
    }

    #[test]
    fn outputs_are_the_drums_of_the_notation() {
        let names: Vec<_> = OUTPUTS.iter().map(|p| p.name).collect();
        assert_eq!(
            names,
            DRUMS.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        );
    }

    #[test]
    fn every_drum_is_struck_at_its_frames() {
        let time = Transport::new(RATE as f64, 133.7);
        let out = drums("bd(3,8), ~ sn:0.5, hh*8")
            .transport(time)
            .render(4_000);
        for (drum, of_cycle) in [
            ("bd", &[0.0, 3.0, 6.0][..]),
            ("sd", &[4.0]),
            ("hh", &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]),
            ("cp", &[]),
        ] {
            let (up, _) = edges(out.lane(drum, 0));
            let eighths = (0..20).flat_map(|c| of_cycle.iter().map(move |e| 8.0 * c as f64 + e));
            let want: Vec<u64> = eighths.filter_map(|e| time.frame_of(e * 0.5, 0)).collect();
            assert_eq!(up, want[..up.len()], "{drum}");
            assert_eq!(up.is_empty(), of_cycle.is_empty());
        }
        let snare = out.lane("sd", 0);
        assert_eq!(snare.iter().fold(0.0f32, |a, x| a.max(*x)), 0.75);
    }
}
