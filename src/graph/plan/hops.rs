//! Cables as what the slots of kernels read. Runs on the builder.
use crate::modules::spec::{ModuleSpec, Width};
use crate::patch::{Cable, Input, Patch};

/// One cable end, split into the slots it touches.
#[derive(Clone, Copy)]
pub struct Hop {
    pub node: usize,
    /// The source's output slot.
    pub slot: usize,
    pub feedback: bool,
    pub gain: f32,
    /// The gain for an amount of 1.
    pub share: f32,
}

/// For each module and each of its slots: what it reads.
pub type Hops = Vec<Vec<Vec<Hop>>>;

/// What every input slot of every module reads.
pub fn hops(patch: &Patch) -> Hops {
    let mut all: Hops = patch
        .modules
        .iter()
        .map(|n| vec![Vec::new(); n.spec.input_slots() + n.spec.params.len()])
        .collect();
    for cable in &patch.cables {
        let from = patch.modules[cable.from.node].spec;
        let first = from.output_slot(cable.from.port);
        let stereo = from.outputs[cable.from.port].width == Width::Stereo;
        let to = patch.modules[cable.to.node].spec;
        let mut read = |into: usize, slot: usize, share: f32| {
            all[cable.to.node][into].push(Hop {
                node: cable.from.node,
                slot,
                feedback: cable.feedback,
                gain: cable.amount * share,
                share,
            });
        };
        match (target_slot(to, cable), stereo) {
            ((into, Width::Stereo), true) => {
                read(into, first, 1.0);
                read(into + 1, first + 1, 1.0);
            }
            ((into, Width::Stereo), false) => {
                read(into, first, 1.0);
                read(into + 1, first, 1.0);
            }
            ((into, Width::Mono), true) => {
                read(into, first, 0.5);
                read(into, first + 1, 0.5);
            }
            ((into, Width::Mono), false) => read(into, first, 1.0),
        }
    }
    all
}

fn target_slot(spec: &ModuleSpec, cable: &Cable) -> (usize, Width) {
    match cable.to.input {
        Input::Port(port) => (spec.input_slot(port), spec.inputs[port].width),
        Input::Param(param) => (spec.input_slots() + param, Width::Mono),
    }
}
