//! Envelope that follows its gate.
use crate::dsp::{
    lanes::{Float, Lanes},
    rise_fall::{self, RiseFall, Top},
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { GATE: "gate" Gate "open: attack, then full level; closed: release"; }
    outputs { OUT: "out" Cv "level, 0..1"; }
    params {
        A: "a" ["attack", "rise"] Seconds 0.0005, 20.0, 0.003, Log "time from 0 to full level";
        R: "r" ["release", "fall"] Seconds 0.001, 30.0, 0.2, Log "time from full level to 0";
    }
    options {}
}

pub struct Ar {
    rate: f32,
}

impl Module for Ar {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Ar",
        doc: "Envelope of attack and release: full level while its gate is open.",
        algorithm: "exponentials as in Adsr",
        family: Family::Modulation,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = rise_fall::WORDS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self { rate: build.rate })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (gate, attack, release) = (io.ins[input::GATE], io.ins[param::A], io.ins[param::R]);
        let mut envelope = RiseFall::<L>::load(io.state);
        let out = &mut io.outs[output::OUT];
        if gate.is_constant()
            && let Some(level) = envelope.rests(l, gate.head())
        {
            return out.fill(level);
        }
        let never = l.f(0.0).gt(l.f(0.0));
        for (i, o) in out.block.iter_mut().enumerate() {
            let times = [attack.at(i), release.at(i)];
            (*o, _) = envelope.tick(l, gate.at(i), times, self.rate, Top::Holds, never);
        }
        envelope.store(io.state);
    }
}

#[test]
fn it_follows_its_gate_in_its_times() {
    use super::harness::Rig;
    let rig = Rig::new("Ar").set("a", 0.01).set("r", 0.1);
    let out = rig.feed("gate", |_, t| (64..9_600).contains(&t) as u8 as f32).render(300);
    let y = out.lane("out", 0);
    let full = y.iter().position(|y| *y >= 1.0).expect("arrives");
    assert!(full.abs_diff(64 + 480) <= 2, "{full}");
    assert!(y[full..9_600].iter().all(|y| *y == 1.0));
    let silent = (9_600..y.len()).find(|t| y[*t] == 0.0).expect("ends");
    assert!(silent.abs_diff(9_600 + 4_800) <= 3, "{silent}");
    let step = y.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(step < 1.3 * 1.47 / 480.0, "{step}");
    let rest = Rig::new("Ar").steps("gate", |_, b| (b < 90) as u8 as f32).render(400);
    assert!(rest.constant[80] && !rest.constant[91] && rest.constant[399]);
}
