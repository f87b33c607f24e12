//! `--linear`: no screen to redraw; one event a line, and commands as lines on standard input. For screen readers, pipes and
//! very small terminals. Runs on the main thread; input is read on a thread of its own.
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::control::command::{Command, Focus, Quantum, SlotId};
use crate::control::event::{Event, What};
use crate::control::handle::Handle;

use super::failure::{Failure, print};

/// How long a command may take to be answered; what comes of it is told by events.
const PATIENCE: Duration = Duration::from_secs(2);
const GLANCE: Duration = Duration::from_millis(50);

/// One word that may begin a line.
struct Word {
    name: &'static str,
    takes: &'static str,
    doc: &'static str,
    read: fn(&[&str]) -> Option<Act>,
}

enum Act {
    Do(Command),
    Meters,
    Help,
}

const WORDS: &[Word] = &[
    Word {
        name: "load",
        takes: "FILE",
        doc: "read a patch into the standby, build and prime it",
        read: |a| Some(Act::Do(Command::LoadFile(PathBuf::from(joined(a)?)))),
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
        name: "meters",
        takes: "",
        doc: "levels, rings and counters now",
        read: |a| a.is_empty().then_some(Act::Meters),
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

fn none(args: &[&str], command: Command) -> Option<Act> {
    args.is_empty().then_some(Act::Do(command))
}

fn joined(args: &[&str]) -> Option<String> {
    (!args.is_empty()).then(|| args.join(" "))
}

/// Tells events and carries out lines until the instrument ends or `stop` is set. The end of the input ends nothing: what
/// plays goes on.
pub fn run(handle: &Handle, events: &Receiver<Event>, stop: &AtomicBool) -> Result<(), Failure> {
    let asking = handle.clone();
    thread::Builder::new()
        .name("linear input".into())
        .spawn(move || read_lines(&asking))
        .map_err(|e| Failure::Machine(format!("no thread for the input: {e}")))?;
    while !stop.load(Ordering::Acquire) {
        match events.recv_timeout(GLANCE) {
            Ok(event) => {
                print(&format!("{} {}\n", event.bar, event.sentence))?;
                if event.what == What::Quit {
                    break;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

fn read_lines(handle: &Handle) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        if let Some(reply) = reply(handle, &line)
            && print(&(reply + "\n")).is_err()
        {
            return;
        }
    }
}

/// Carries a line out; what is to be said at once.
fn reply(handle: &Handle, line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (name, args) = words.split_first()?;
    let Some(word) = WORDS.iter().find(|w| w.name == *name) else {
        return Some(format!("`{name}` is no command; `help` lists them"));
    };
    match (word.read)(args) {
        None => Some(format!("usage: {} {}", word.name, word.takes)),
        Some(Act::Meters) => Some(meters(handle)),
        Some(Act::Help) => Some(help()),
        Some(Act::Do(command)) => match handle.ask(command, PATIENCE) {
            Ok(text) => text,
            Err(why) => Some(format!("no: {why}")),
        },
    }
}

fn help() -> String {
    let lines = WORDS.iter().map(|w| {
        let form = format!("{} {}", w.name, w.takes);
        format!("{form:26} {}", w.doc)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn meters(handle: &Handle) -> String {
    let (view, reading) = (handle.view(), handle.reading());
    let mut lines = Vec::new();
    for slot in SlotId::BOTH {
        let (shown, read) = (&view.slots[slot.index()], reading.slot(slot));
        let patch = shown
            .loaded
            .as_ref()
            .map_or("empty", |l| l.patch.name.as_str());
        lines.push(format!(
            "{} {patch} {}: left {:.1} right {:.1} dBFS, ring {}/{} lowest {}, none-reads {}, load {:.0} %",
            slot.name(),
            shown.state.word(),
            decibels(read.rms[0]),
            decibels(read.rms[1]),
            read.ring,
            read.ring_size,
            read.ring_min,
            read.none_reads,
            read.load * 100.0
        ));
    }
    lines.push(format!(
        "{}: xruns {}, lead {:.1} ms, {} bpm",
        view.device,
        reading.xruns,
        reading.lead_ms(),
        view.bpm
    ));
    lines.join("\n")
}

fn decibels(level: f32) -> f32 {
    20.0 * level.max(1e-6).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_what_it_says_it_takes() {
        for word in WORDS {
            let line = word
                .takes
                .replace("FILE", "a b.ron")
                .replace("MODULE.PARAM VALUE", "vcf.cutoff 800Hz")
                .replace("NUMBER VELOCITY", "60 0.5")
                .replace("NUMBER", "120")
                .replace("[now|beat|bar|4bars]", "4bars");
            let args: Vec<&str> = line.split_whitespace().collect();
            assert!((word.read)(&args).is_some(), "{} {line}", word.name);
            assert!(help().contains(word.doc));
        }
        for (name, args) in [
            ("set", vec!["cutoff", "1"]),
            ("bpm", vec!["x"]),
            ("play", vec!["x"]),
            ("load", vec![]),
        ] {
            let word = WORDS.iter().find(|w| w.name == name).expect("known");
            assert!((word.read)(&args).is_none(), "{name} {args:?}");
        }
    }
}
