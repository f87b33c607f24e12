//! A morph between both slots' patches: the knobs that they share, each with its two ends. Plain data, owned by the supervisor.
use crate::modules::spec::ParamValue;
use crate::patch::{Input, MacroTarget, Patch, Target};

use super::command::SlotId;
use super::params::{self, Place};

/// Knobs of modules with the same name and kind on both sides, between the value in A and that in B.
#[derive(Clone, Debug, PartialEq)]
pub struct Morph {
    /// 0: as A has them; 1: as B does.
    pub at: f32,
    /// The patches that it is between; others, and it is over.
    pub generations: [u32; 2],
    /// The slot that was turned: the live one. The other stays as it is, and is one end.
    pub slot: SlotId,
    pub knobs: Vec<Shared>,
}

/// One knob that both patches have, and have set differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    pub module: String,
    pub param: String,
    /// In A and in B.
    pub ends: [ParamValue; 2],
    /// What the morph set it to last: turned by hand since, it is left alone.
    pub set: ParamValue,
}

impl Morph {
    /// The morph between two patches while `slot` is heard; it stands at that slot's end.
    pub fn between(patches: [&Patch; 2], generations: [u32; 2], slot: SlotId) -> Self {
        let mut knobs = Vec::new();
        for a in &patches[0].modules {
            let same = patches[1].node(&a.name).map(|n| &patches[1].modules[n]);
            let Some(b) = same.filter(|b| b.spec.kind == a.spec.kind) else {
                continue;
            };
            for (param, spec) in a.spec.params.iter().enumerate() {
                let ends = [a.params[param], b.params[param]];
                if ends[0] != ends[1] {
                    knobs.push(Shared {
                        module: a.name.clone(),
                        param: spec.name.to_owned(),
                        set: ends[slot.index()],
                        ends,
                    });
                }
            }
        }
        for a in params::all(patches[0]).filter(|k| matches!(k.place, Place::Cable(_))) {
            let module = &patches[0].modules[a.node].name;
            let Ok(b) = params::find(patches[1], module, &a.name) else {
                continue;
            };
            let ends = [a.value, b.value];
            if ends[0] != ends[1] {
                knobs.push(Shared {
                    module: module.clone(),
                    param: a.name,
                    set: ends[slot.index()],
                    ends,
                });
            }
        }
        Self {
            at: slot.index() as f32,
            generations,
            slot,
            knobs,
        }
    }
}

impl Shared {
    /// Its value at a place between both ends, along the parameter's own scale.
    pub fn value(&self, patch: &Patch, at: f32) -> Option<ParamValue> {
        // The ends themselves, to the last bit.
        if at <= 0.0 || at >= 1.0 {
            return Some(self.ends[usize::from(at >= 1.0)]);
        }
        let knob = params::find(patch, &self.module, &self.param).ok()?;
        let target = MacroTarget {
            target: Target {
                node: knob.node,
                input: match knob.place {
                    Place::Param(param) => Input::Param(param),
                    // Amounts go straight, wherever they lead.
                    Place::Cable(_) => Input::Port(0),
                },
            },
            low: self.ends[0],
            high: self.ends[1],
        };
        Some(target.value(patch, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::file::parse;

    fn patch(text: &str) -> Patch {
        parse(text, "test.ron").patch.expect("a patch")
    }

    #[test]
    fn only_what_both_have_and_set_differently_is_shared() {
        let a = patch(
            r#"(modules: (osc: Sine(freq: "100Hz"), vca: Vca(gain: 1), out: Out(gain: "-12dB")), cables: ["osc > vca > out"])"#,
        );
        let b = patch(
            r#"(modules: (osc: Sine(freq: "400Hz"), vca: Saw(), out: Out(gain: "-12dB")), cables: ["osc > out"])"#,
        );
        let morph = Morph::between([&a, &b], [1, 2], SlotId::A);
        assert_eq!(morph.at, 0.0);
        let [knob] = &morph.knobs[..] else {
            panic!("{:?}", morph.knobs);
        };
        assert_eq!((knob.module.as_str(), knob.param.as_str()), ("osc", "freq"));
        // Half way between two octaves is the one between them: the scale is the parameter's.
        let Some(ParamValue::Fixed(hz)) = knob.value(&a, 0.5) else {
            panic!("no value");
        };
        assert!((hz - 200.0).abs() < 0.01, "{hz}");
        assert_eq!(knob.value(&a, 1.0), Some(ParamValue::Fixed(400.0)));
    }

    #[test]
    fn amounts_of_cables_go_straight_and_ends_are_met_to_the_last_bit() {
        let text = |amount: f32, hz: f32| {
            patch(&format!(
                r#"(modules: (lfo: Lfo(), osc: Sine(freq: {hz}), out: Out()), cables: ["lfo > osc.fm * {amount}", "osc > out"])"#
            ))
        };
        for n in 0..64 {
            let hz = 97.3 + n as f32;
            let (a, b) = (text(0.2, hz), text(0.8, 333.3));
            let morph = Morph::between([&a, &b], [1, 2], SlotId::A);
            let [freq, amount] = &morph.knobs[..] else {
                panic!("{:?}", morph.knobs);
            };
            assert_eq!(amount.param, "fm<lfo");
            let Some(ParamValue::Fixed(half)) = amount.value(&a, 0.5) else {
                panic!("no value");
            };
            assert!((half - 0.5).abs() < 1e-6, "{half}");
            assert_eq!(freq.value(&a, 0.0), Some(freq.ends[0]));
            assert_eq!(freq.value(&a, 1.0), Some(freq.ends[1]));
        }
    }
}
