//! Envelope that rises and falls by itself.
use crate::dsp::{
    lanes::{Float, Lanes, Mask},
    rise_fall::{self, RiseFall, Top},
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { GATE: "gate" Gate "starts it each time it opens; how long it stays open does not matter"; }
    outputs {
        OUT: "out" Cv "level, 0..1";
        END: "end" Gate "open for a millisecond when it has fallen to 0";
    }
    params {
        A: "a" ["attack", "rise"] Seconds 0.0005, 20.0, 0.003, Log "time from 0 to full level";
        D: "d" ["decay", "fall"] Seconds 0.001, 30.0, 0.3, Log "time from full level to 0";
        LOOP: "loop" Plain 0.0, 1.0, 0.0, Linear "from 0.5 on it begins anew whenever it ends: a slow oscillator of two times";
    }
    options {}
}

/// How long `end` stays open.
const PULSE_SECONDS: f32 = 0.001;

/// State words after the envelope's: frames that `end` stays open.
const PULSE: usize = rise_fall::WORDS;

pub struct Ad {
    rate: f32,
}

impl Module for Ad {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Ad",
        doc: "Envelope of attack and decay, struck by a gate of any length; may repeat itself.",
        algorithm: "exponentials as in Adsr",
        family: Family::Modulation,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = rise_fall::WORDS + 1;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self { rate: build.rate })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (gate, again) = (io.ins[input::GATE], io.ins[param::LOOP]);
        let (attack, decay) = (io.ins[param::A], io.ins[param::D]);
        let mut envelope = RiseFall::<L>::load(io.state);
        let mut pulse = io.state[PULSE];
        let (zero, one, half) = (l.f(0.0), l.f(1.0), l.f(0.5));
        let [out, end] = io.outs else {
            return;
        };
        if gate.is_constant()
            && !pulse.gt(zero).any()
            && let Some(level) = envelope.rests(l, gate.head())
        {
            out.fill(level);
            return end.fill(zero);
        }
        for (i, (o, e)) in out.block.iter_mut().zip(end.block.iter_mut()).enumerate() {
            let times = [attack.at(i), decay.at(i)];
            let again = again.at(i).ge(half);
            let (level, over) = envelope.tick(l, gate.at(i), times, self.rate, Top::Falls, again);
            *o = level;
            pulse = L::F::select(over, l.f((PULSE_SECONDS * self.rate).round()), pulse - one).max(zero);
            *e = L::F::select(pulse.gt(zero), one, zero);
        }
        envelope.store(io.state);
        io.state[PULSE] = pulse;
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::harness::{RATE, Rig};

    fn rig() -> Rig {
        Rig::new("Ad").set("a", 0.01).set("d", 0.1)
    }

    #[test]
    fn it_rises_and_falls_in_its_times_however_short_the_gate() {
        for length in [1, 5_000, 100_000] {
            let out = rig().feed("gate", move |_, t| (17..17 + length).contains(&t) as u8 as f32);
            let out = out.render(150);
            let (y, end) = (out.lane("out", 0), out.lane("end", 0));
            let top = (0..y.len()).max_by(|a, b| y[*a].total_cmp(&y[*b])).expect("frames");
            assert!(top.abs_diff(17 + 480) <= 2, "{length}: {top}");
            assert!(y[top] > 0.99 && y[top] <= 1.0);
            let over = (top..y.len()).find(|t| y[*t] == 0.0).expect("ends");
            assert!(over.abs_diff(top + 4_800) <= 3, "{length}: {over}");
            let pulse = end.iter().filter(|e| **e == 1.0).count();
            assert_eq!((pulse, end[over], end[over - 1]), (48, 1.0, 0.0));
        }
    }

    #[test]
    fn at_rest_it_costs_nothing_and_a_loop_goes_round() {
        let out = rig().steps("gate", |_, b| (b == 3) as u8 as f32).render(200);
        assert!(out.constant[0] && !out.constant[4] && out.constant[199]);
        let round = rig().set("loop", 1.0).steps("gate", |_, b| (b == 0) as u8 as f32);
        let round = round.render(750);
        let ends = round.lane("end", 0).windows(2).filter(|w| w[1] > w[0]).count();
        let want = (48_000.0 / (0.11 * RATE)) as usize;
        assert!(ends.abs_diff(want) <= 1, "{ends} {want}");
    }
}
