//! The words that may begin a line of `--linear`, and what each asks for.
use std::path::PathBuf;

use crate::app::tell;
use crate::control::command::{Command, Focus, Quantum, Record};
use crate::control::controls::Controlled;
use crate::control::handle::Handle;
use crate::patch::edit::Edit;

/// One word that may begin a line.
pub struct Word {
    pub name: &'static str,
    pub takes: &'static str,
    pub doc: &'static str,
    pub read: fn(&[&str]) -> Option<Act>,
}

/// What a line asks for.
pub enum Act {
    Do(Command),
    /// What is told without asking the supervisor.
    Tell(fn(&Handle) -> String),
    Load(String),
    /// Into what plays' own file, or another one, which is replaced where that was said.
    Save(Option<PathBuf>),
    SaveOver(PathBuf),
    /// The patch files there are.
    Patches,
    /// What the black box says.
    Why,
    Help,
}

pub const WORDS: &[Word] = &[
    Word {
        name: "load",
        takes: "FILE",
        doc: "read a patch into the standby, build and prime it; `load acid` finds patches/acid.ron",
        read: |a| Some(Act::Load(joined(a)?)),
    },
    Word {
        name: "prime",
        takes: "",
        doc: "prime the draft, or the standby again",
        read: |a| none(a, Command::Prime),
    },
    Word {
        name: "swap",
        takes: "[now|beat|bar|4bars]",
        doc: "swap; where a swap waits and no time is given, take it back",
        read: |a| match a {
            [] => Some(Act::Do(Command::Swap(None))),
            [when] => Some(Act::Do(Command::Swap(Some(Quantum::parse(when)?)))),
            _ => None,
        },
    },
    Word {
        name: "set",
        takes: "MODULE.PARAM VALUE",
        doc: "turn a knob of what is heard",
        read: |a| match a {
            [knob, value @ ..] if !value.is_empty() => {
                let (module, param) = knob.split_once('.')?;
                Some(Act::Do(Command::SetParamText {
                    focus: Focus::Live,
                    module: module.to_owned(),
                    param: param.to_owned(),
                    text: value.join(" "),
                }))
            }
            _ => None,
        },
    },
    Word {
        name: "note",
        takes: "NUMBER VELOCITY",
        doc: "play a MIDI note; velocity 0..1, 0 ends it",
        read: |a| match a {
            [note, velocity] => Some(Act::Do(Command::Note {
                note: note.parse().ok()?,
                velocity: velocity.parse().ok()?,
            })),
            _ => None,
        },
    },
    Word {
        name: "bpm",
        takes: "NUMBER",
        doc: "set the tempo",
        read: |a| match a {
            [bpm] => Some(Act::Do(Command::Bpm(bpm.parse().ok()?))),
            _ => None,
        },
    },
    Word {
        name: "play",
        takes: "",
        doc: "start the transport",
        read: |a| none(a, Command::Play),
    },
    Word {
        name: "stop",
        takes: "",
        doc: "stop the transport",
        read: |a| none(a, Command::Stop),
    },
    Word {
        name: "panic",
        takes: "",
        doc: "fade to silence; again brings the sound back",
        read: |a| none(a, Command::Panic),
    },
    Word {
        name: "undo",
        takes: "",
        doc: "take the last change back",
        read: |a| none(a, Command::Undo),
    },
    Word {
        name: "redo",
        takes: "",
        doc: "bring it again",
        read: |a| none(a, Command::Redo),
    },
    Word {
        name: "recover",
        takes: "",
        doc: "bring back what a killed program left behind, into the standby",
        read: |a| none(a, Command::Recover),
    },
    Word {
        name: "forget",
        takes: "",
        doc: "throw it away",
        read: |a| none(a, Command::ForgetLeft),
    },
    Word {
        name: "meters",
        takes: "",
        doc: "levels, rings and counters now",
        read: |a| a.is_empty().then_some(Act::Tell(tell::meters)),
    },
    Word {
        name: "status",
        takes: "",
        doc: "what each slot holds and does, in words",
        read: |a| a.is_empty().then_some(Act::Tell(tell::status)),
    },
    Word {
        name: "patch",
        takes: "",
        doc: "modules, values, cables and macros of what is heard",
        read: |a| a.is_empty().then_some(Act::Tell(tell::patch)),
    },
    Word {
        name: "diff",
        takes: "",
        doc: "what a swap would change",
        read: |a| a.is_empty().then_some(Act::Tell(tell::diff)),
    },
    Word {
        name: "why",
        takes: "",
        doc: "why it crackled last, and one thing to try",
        read: |a| a.is_empty().then_some(Act::Why),
    },
    Word {
        name: "macro",
        takes: "NAME PLACE",
        doc: "turn a macro, by its name or number, to a place from 0 to 1",
        read: |a| match a {
            [name @ .., at] if !name.is_empty() => Some(Act::Do(Command::Macro {
                name: name.join(" "),
                at: at.parse().ok()?,
            })),
            _ => None,
        },
    },
    Word {
        name: "learn",
        takes: "[KNOB]",
        doc: "the next MIDI controller that moves turns it: module.param, or a macro's number; alone no longer",
        read: |a| match a {
            [] => Some(Act::Do(Command::Learn(None))),
            [knob] => Some(Act::Do(Command::Learn(Some(controlled(knob)?)))),
            _ => None,
        },
    },
    Word {
        name: "morph",
        takes: "PLACE",
        doc: "blend the knobs that both patches have: 0 is A, 1 is B",
        read: |a| match a {
            [at] => Some(Act::Do(Command::Morph(at.parse().ok()?))),
            _ => None,
        },
    },
    Word {
        name: "quantum",
        takes: "now|beat|bar|4bars",
        doc: "when swaps happen",
        read: |a| match a {
            [when] => Some(Act::Do(Command::SetQuantum(Quantum::parse(when)?))),
            _ => None,
        },
    },
    Word {
        name: "add",
        takes: "NAME KIND",
        doc: "add a module to the patch on the bench, which is primed into the standby",
        read: |a| match a {
            [name, kind] => Some(edit(Edit::Add {
                name: (*name).to_owned(),
                kind: (*kind).to_owned(),
                after: None,
            })),
            _ => None,
        },
    },
    Word {
        name: "wire",
        takes: "FROM > TO [* AMOUNT]",
        doc: "add a cable on the bench",
        read: |a| {
            let (from, to) = (a.first()?, a.get(2)?);
            let amount = match a.get(3..)? {
                [] => None,
                [times, amount] if *times == "*" => Some((*amount).to_owned()),
                _ => return None,
            };
            (a[1] == ">" || a[1] == "~>").then(|| {
                edit(Edit::Wire {
                    from: (*from).to_owned(),
                    to: (*to).to_owned(),
                    amount,
                    feedback: a[1] == "~>",
                })
            })
        },
    },
    Word {
        name: "cut",
        takes: "FROM > TO",
        doc: "take a cable away on the bench",
        read: |a| match a {
            [from, ">", to] => Some(edit(Edit::Cut {
                from: (*from).to_owned(),
                to: (*to).to_owned(),
            })),
            _ => None,
        },
    },
    Word {
        name: "delete",
        takes: "NAME",
        doc: "delete a module on the bench; sound that went through it goes past it",
        read: |a| match a {
            [module] => Some(edit(Edit::Delete {
                module: (*module).to_owned(),
                bridge: true,
            })),
            _ => None,
        },
    },
    Word {
        name: "rename",
        takes: "OLD NEW",
        doc: "another name for a module on the bench",
        read: |a| match a {
            [module, to] => Some(edit(Edit::Rename {
                module: (*module).to_owned(),
                to: (*to).to_owned(),
            })),
            _ => None,
        },
    },
    Word {
        name: "duplicate",
        takes: "OLD NEW",
        doc: "a second module on the bench, with the same values and fed by the same cables",
        read: |a| match a {
            [module, to] => Some(edit(Edit::Duplicate {
                module: (*module).to_owned(),
                to: (*to).to_owned(),
            })),
            _ => None,
        },
    },
    Word {
        name: "replace",
        takes: "NAME KIND",
        doc: "another kind for a module on the bench: cables and values that it has too stay",
        read: |a| match a {
            [module, kind] => Some(edit(Edit::Replace {
                module: (*module).to_owned(),
                kind: (*kind).to_owned(),
            })),
            _ => None,
        },
    },
    Word {
        name: "cue",
        takes: "on|off",
        doc: "the standby on outputs 3 and 4, where there are some; what is heard stays",
        read: |a| match a {
            ["on"] => Some(Act::Do(Command::Cue(true))),
            ["off"] => Some(Act::Do(Command::Cue(false))),
            _ => None,
        },
    },
    Word {
        name: "patches",
        takes: "",
        doc: "the patch files that `load` finds",
        read: |a| a.is_empty().then_some(Act::Patches),
    },
    Word {
        name: "save",
        takes: "[over] [FILE]",
        doc: "write what is heard, with its knob turns, into its file or a new one; `save over FILE` replaces another",
        read: |a| match a {
            ["over", file @ ..] => Some(Act::SaveOver(joined(file)?.into())),
            file => Some(Act::Save(joined(file).map(PathBuf::from))),
        },
    },
    Word {
        name: "record",
        takes: "",
        doc: "write what is heard into a WAV file; again stops",
        read: |a| none(a, Command::Record(Record::Toggle)),
    },
    Word {
        name: "keep",
        takes: "[SECONDS]",
        doc: "write the last seconds of what was heard, 60 at most",
        read: |a| {
            let seconds = match a {
                [] => 60.0,
                [seconds] => seconds.parse().ok()?,
                _ => return None,
            };
            Some(Act::Do(Command::Record(Record::Keep {
                path: None,
                seconds,
                bits: None,
            })))
        },
    },
    Word {
        name: "help",
        takes: "",
        doc: "these words",
        read: |a| a.is_empty().then_some(Act::Help),
    },
    Word {
        name: "quit",
        takes: "",
        doc: "end the program",
        read: |a| none(a, Command::Quit),
    },
];

fn edit(edit: Edit) -> Act {
    let focus = Focus::Bench;
    Act::Do(Command::Edit { focus, edit })
}

fn none(args: &[&str], command: Command) -> Option<Act> {
    args.is_empty().then_some(Act::Do(command))
}

fn joined(args: &[&str]) -> Option<String> {
    (!args.is_empty()).then(|| args.join(" "))
}

/// "vcf.cutoff", or the number of a macro.
fn controlled(knob: &str) -> Option<Controlled> {
    if let Ok(number) = knob.parse::<usize>() {
        return Some(Controlled::Macro(number.checked_sub(1)?));
    }
    let (module, param) = knob.split_once('.')?;
    Some(Controlled::Param {
        module: module.to_owned(),
        param: param.to_owned(),
    })
}

#[cfg(test)]
mod tests;
