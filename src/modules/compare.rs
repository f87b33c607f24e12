//! Turns a signal into a gate.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes},
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        A: "a" Cv "signal";
        B: "b" Cv "what it is compared with";
    }
    outputs {
        ABOVE: "above" Gate "open while a is above";
        BELOW: "below" Gate "open while it is not";
    }
    params {
        LEVEL: "level" ["threshold", "value"] Plain -100.0, 100.0, 0.0, Linear "added to `b`: the threshold where nothing is connected";
        HYSTERESIS: "hysteresis" Plain 0.0, 10.0, 0.0, Linear "how far below the threshold the signal has to fall again";
    }
    options {}
}

pub struct Compare;

impl Module for Compare {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Compare",
        doc: "Comparator with hysteresis: a gate from any signal.",
        algorithm: "",
        family: Family::Shaping,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    /// 1 while above.
    const WORDS: usize = 1;

    fn build(_: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self)
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (a, b) = (io.ins[input::A], io.ins[input::B]);
        let (level, hysteresis) = (io.ins[param::LEVEL], io.ins[param::HYSTERESIS]);
        let still = [a, b, level, hysteresis].iter().all(|x| x.is_constant());
        let frames = if still { 1 } else { BLOCK };
        let [above, below] = io.outs else {
            return;
        };
        let (one, mut was) = (l.f(1.0), io.state[0]);
        for i in 0..frames {
            let over = a.at(i) - (b.at(i) + level.at(i));
            let stays = was.gt(l.f(0.5)) & over.gt(-hysteresis.at(i));
            was = L::F::select(over.gt(l.f(0.0)) | stays, one, l.f(0.0));
            above.block[i] = was;
            below.block[i] = one - was;
        }
        (above.constant, below.constant) = (still, still);
        io.state[0] = was;
    }
}

#[test]
fn it_opens_above_the_threshold_and_closes_below_the_hysteresis() {
    use super::harness::Rig;
    let x = |_, t: u64| [0.0, 0.6, 0.45, 0.35, 0.45, 0.51][t as usize % 6];
    let rig = || Rig::new("Compare").feed("a", x).set("level", 0.5);
    let plain = rig().render(1);
    let sticky = rig().set("hysteresis", 0.1).render(1);
    assert_eq!(plain.lane("above", 0)[..6], [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(sticky.lane("above", 0)[..6], [0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
    assert_eq!(sticky.lane("below", 0)[..6], [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
}
