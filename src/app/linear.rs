//! `--linear`: no screen to redraw; one event a line, and commands as lines on standard input. For screen readers, pipes and
//! very small terminals. Runs on the main thread; input is read on a thread of its own.
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::control::blackbox::{self, BlackBox};
use crate::control::command::{Command, Focus, Quantum, Record};
use crate::control::event::{Event, What};
use crate::control::handle::Handle;
use crate::patch::edit::Edit;
use crate::patch::names::nearest;

use super::failure::{Failure, print};
use super::tell;

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
    /// What is told without asking the supervisor.
    Tell(fn(&Handle) -> String),
    Load(String),
    Save(PathBuf),
    /// What the black box says.
    Why,
    Help,
}

const WORDS: &[Word] = &[
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
        takes: "[now|beat|bar|4bars]",
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
        name: "save",
        takes: "FILE",
        doc: "write what is heard, with its knob turns, into a file",
        read: |a| Some(Act::Save(PathBuf::from(joined(a)?))),
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

/// Tells events and carries out lines until the instrument ends or `stop` is set. The end of the input ends nothing: what
/// plays goes on.
pub fn run(handle: &Handle, events: &Receiver<Event>, stop: &AtomicBool) -> Result<(), Failure> {
    let asking = handle.clone();
    let black_box = Arc::new(Mutex::new(BlackBox::default()));
    let asked = black_box.clone();
    thread::Builder::new()
        .name("linear input".into())
        .spawn(move || read_lines(&asking, &asked))
        .map_err(|e| Failure::Machine(format!("no thread for the input: {e}")))?;
    print("chronus, line by line: help lists the words\n")?;
    let start = Instant::now();
    let mut told = None;
    while !stop.load(Ordering::Acquire) {
        match events.recv_timeout(GLANCE) {
            Ok(event) => {
                lock(&black_box).hear(&event);
                print(&format!("{} {}\n", event.bar, line(&event.sentence)))?;
                if event.what == What::Quit {
                    break;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let crackled = {
            let mut black_box = lock(&black_box);
            let now = start.elapsed().as_secs_f64();
            black_box.look(&handle.view(), &handle.reading(), now);
            let newest = black_box.incidents().next();
            newest.map(|i| {
                (
                    i.at.to_bits(),
                    format!("{} crackled: {}", i.bar, i.finding.what),
                )
            })
        };
        if let Some((at, words)) = crackled
            && told.replace(at) != Some(at)
        {
            print(&format!("{}; why tells more\n", line(&words)))?;
        }
    }
    Ok(())
}

fn lock(black_box: &Mutex<BlackBox>) -> MutexGuard<'_, BlackBox> {
    black_box.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One line, whatever stands in it: nothing that a terminal would obey, nothing that breaks it.
fn line(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => line.push(' '),
            c if c.is_control() => {}
            c => line.push(c),
        }
    }
    line
}

fn read_lines(handle: &Handle, black_box: &Mutex<BlackBox>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        if let Some(reply) = reply(handle, black_box, &line)
            && print(&(clean(&reply) + "\n")).is_err()
        {
            return;
        }
    }
}

fn clean(reply: &str) -> String {
    let lines: Vec<_> = reply.lines().map(line).collect();
    lines.join("\n")
}

/// Carries a line out; what is to be said at once.
fn reply(handle: &Handle, black_box: &Mutex<BlackBox>, line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (name, args) = words.split_first()?;
    let Some(word) = WORDS.iter().find(|w| w.name == *name) else {
        let near = nearest(name, WORDS.iter().map(|w| w.name));
        return Some(match near {
            Some(near) => format!("`{name}` is no command; did you mean `{near}`?"),
            None => format!("`{name}` is no command; `help` lists them"),
        });
    };
    let command = match (word.read)(args) {
        None => return Some(format!("usage: {} {}", word.name, word.takes)),
        Some(Act::Tell(tell)) => return Some(tell(handle)),
        Some(Act::Help) => return Some(help()),
        Some(Act::Why) => return Some(why(black_box)),
        Some(Act::Do(command)) => command,
        Some(Act::Load(file)) => Command::LoadFile(found(&file)),
        Some(Act::Save(path)) => Command::Save {
            slot: handle.view().live,
            path: Some(path),
        },
    };
    match handle.ask(command, PATIENCE) {
        Ok(text) => Some(text.unwrap_or_else(|| "ok".to_owned())),
        Err(why) => Some(format!("no: {why}")),
    }
}

/// The file that is meant: as it is, with its ending, or among the patches.
fn found(file: &str) -> PathBuf {
    let given = PathBuf::from(file);
    let ending = PathBuf::from(format!("{file}.ron"));
    let shipped = Path::new("patches").join(&ending);
    let all = [&given, &ending, &shipped];
    let there = all.into_iter().find(|p| p.is_file());
    there.cloned().unwrap_or(given)
}

fn why(black_box: &Mutex<BlackBox>) -> String {
    match lock(black_box).incidents().next() {
        Some(incident) => blackbox::lines(incident).join("\n"),
        None => "it has not crackled".to_owned(),
    }
}

fn help() -> String {
    let lines = WORDS.iter().map(|w| {
        let form = format!("{} {}", w.name, w.takes);
        format!("{form:26} {}", w.doc)
    });
    lines.collect::<Vec<_>>().join("\n")
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
                .replace("[now|beat|bar|4bars]", "4bars")
                .replace("NAME PLACE", "2 0.4")
                .replace("PLACE", "0.4")
                .replace("FROM > TO [* AMOUNT]", "env > vcf.cutoff * 2oct")
                .replace("FROM > TO", "env > vcf")
                .replace("NAME KIND", "vcf Ladder")
                .replace("[SECONDS]", "10");
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

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        assert_eq!(line("a\u{1b}[31m\nb\u{7}"), "a[31m b");
        assert_eq!(clean("one\ntwo\u{1b}"), "one\ntwo");
    }
}
