//! Gates from gates.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes, Mask},
};

use super::{
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        A: "a" Gate "first gate";
        B: "b" Gate "second gate";
    }
    outputs {
        AND: "and" Gate "open while both are";
        OR: "or" Gate "open while one is, or both";
        XOR: "xor" Gate "open while just one is";
        NOT: "not" Gate "open while the first is closed";
        TOGGLE: "toggle" Gate "opens and closes in turn each time the first opens; the second closes it";
    }
    params {}
    options {}
}

/// State words: whether `a` was open, and the toggle.
const WAS: usize = 0;
const TOGGLED: usize = 1;

pub struct Logic;

impl Module for Logic {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Logic",
        doc: "Gates from gates: and, or, xor, not, and a toggle.",
        algorithm: "",
        family: Family::Shaping,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 2;

    fn build(_: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self)
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (a, b) = (io.ins[input::A], io.ins[input::B]);
        let still = a.is_constant() && b.is_constant();
        let frames = if still { 1 } else { BLOCK };
        let [and, or, xor, not, toggle] = io.outs else {
            return;
        };
        let (one, zero, half) = (l.f(1.0), l.f(0.0), l.f(0.5));
        let (mut was, mut toggled) = (io.state[WAS], io.state[TOGGLED]);
        for i in 0..frames {
            let is_a = L::F::select(a.at(i).ge(half), one, zero);
            let is_b = L::F::select(b.at(i).ge(half), one, zero);
            and.block[i] = is_a * is_b;
            or.block[i] = is_a.max(is_b);
            xor.block[i] = (is_a - is_b).abs();
            not.block[i] = one - is_a;
            let opens = is_a.gt(was);
            toggled = L::F::select(opens, one - toggled, toggled);
            toggled = L::F::select(is_b.gt(half) & opens.not(), zero, toggled);
            toggle.block[i] = toggled;
            was = is_a;
        }
        for out in io.outs.iter_mut() {
            out.constant = still;
        }
        (io.state[WAS], io.state[TOGGLED]) = (was, toggled);
    }
}

#[test]
fn gates_follow_their_tables_and_the_toggle_counts_to_two() {
    let gate = |bits: [u8; 8]| move |_, t: u64| bits[t as usize % 8] as f32;
    let rig = super::harness::Rig::new("Logic");
    let rig = rig.feed("a", gate([0, 1, 1, 0, 1, 0, 1, 0])).feed("b", gate([0, 0, 1, 1, 0, 0, 0, 1]));
    let out = rig.render(1);
    for (port, want) in [
        ("and", [0, 0, 1, 0, 0, 0, 0, 0]),
        ("or", [0, 1, 1, 1, 1, 0, 1, 1]),
        ("xor", [0, 1, 0, 1, 1, 0, 1, 1]),
        ("not", [1, 0, 0, 1, 0, 1, 0, 1]),
        ("toggle", [0, 1, 0, 0, 1, 1, 0, 0]),
    ] {
        assert_eq!(out.lane(port, 0)[..8], want.map(|x| x as f32), "{port}");
    }
}
