//! One step of the history, and when the next turn of a knob is still the same step. Pure data.
use super::super::bench::Sheet;
use super::super::command::{Focus, SlotId};
use super::super::event::Loaded;
use crate::modules::spec::ParamValue;
use crate::patch::edit::Edit;

/// Something that can be taken back.
#[derive(Clone, Debug)]
pub enum Step {
    Knob {
        focus: Focus,
        module: String,
        param: String,
        from: ParamValue,
        to: ParamValue,
    },
    /// An edit of the bench: what lay there before and after, byte by byte, is what undo and redo put back.
    Edit {
        edit: Box<Edit>,
        before: Option<Sheet>,
        after: Option<Sheet>,
    },
    /// One movement that turned several knobs of what is heard.
    Gesture {
        gesture: Gesture,
        turns: Vec<KnobTurn>,
    },
    /// `to` became audible in place of `from`.
    Swap {
        to: SlotId,
        from: Box<Loaded>,
        into: Box<Loaded>,
    },
}

/// What turned several knobs at once, and from where to where.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Gesture {
    /// A macro, by its place in the patch.
    Macro {
        index: usize,
        from: f32,
        to: f32,
    },
    Morph {
        from: f32,
        to: f32,
    },
    /// Of several cables into one port, by the place of its module in the patch.
    Amounts {
        module_at: usize,
    },
}

/// A knob as a gesture found it and left it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct KnobTurn {
    pub module: String,
    pub param: String,
    pub from: ParamValue,
    pub to: ParamValue,
}

impl Gesture {
    /// Goes on with the same movement; false where it is another one.
    fn joins(&mut self, next: &Self) -> bool {
        match (self, next) {
            (
                Self::Macro { index: a, to, .. },
                Self::Macro {
                    index: b,
                    to: newest,
                    ..
                },
            ) if a == b => *to = *newest,
            (Self::Morph { to, .. }, Self::Morph { to: newest, .. }) => *to = *newest,
            (Self::Amounts { module_at: a }, Self::Amounts { module_at: b }) if a == b => {}
            _ => return false,
        }
        true
    }
}

impl Step {
    /// Goes on with the same turn or gesture; false where `next` is a step of its own.
    pub(super) fn joins(&mut self, next: &Self) -> bool {
        match (self, next) {
            (
                Self::Gesture { gesture, turns },
                Self::Gesture {
                    gesture: next,
                    turns: newer,
                },
            ) => {
                if !gesture.joins(next) {
                    return false;
                }
                for turn in newer {
                    let same = |t: &&mut KnobTurn| t.module == turn.module && t.param == turn.param;
                    match turns.iter_mut().find(same) {
                        Some(had) => had.to = turn.to,
                        None => turns.push(turn.clone()),
                    }
                }
            }
            (
                Self::Knob {
                    focus: f,
                    module: m,
                    param: p,
                    to,
                    ..
                },
                Self::Knob {
                    focus,
                    module,
                    param,
                    to: newest,
                    ..
                },
            ) if (&*f, &*m, &*p) == (focus, module, param) => *to = *newest,
            _ => return false,
        }
        true
    }
}
