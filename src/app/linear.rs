//! `--linear`: no screen to redraw; one event a line, and commands as lines on standard input. For screen readers, pipes and
//! very small terminals. Runs on the main thread; input is read on a thread of its own.
mod words;

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::control::blackbox::{self, BlackBox};
use crate::control::command::Command;
use crate::control::event::{Event, What};
use crate::control::handle::Handle;
use crate::control::queue::Receiver;
use crate::patch::names::nearest;

use super::failure::{Failure, print};
use words::{Act, WORDS};

/// How long a command may take to be answered; what comes of it is told by events.
const PATIENCE: Duration = Duration::from_secs(2);
const GLANCE: Duration = Duration::from_millis(50);

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
    if let Some(recovery) = &handle.view().recovery {
        let offer = line(recovery);
        print(&format!(
            "{offer}: recover brings it back, forget drops it\n"
        ))?;
    }
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
        None => {
            let usage = format!("usage: {} {}", word.name, word.takes);
            return Some(usage.trim_end().to_owned());
        }
        Some(Act::Tell(tell)) => return Some(tell(handle)),
        Some(Act::Help) => return Some(help()),
        Some(Act::Why) => return Some(why(black_box)),
        Some(Act::Do(command)) => command,
        Some(Act::Load(file)) => Command::LoadFile(found(&file)),
        Some(Act::Patches) => return Some(patches(Path::new("patches"))),
        Some(Act::Save(path)) => {
            let view = handle.view();
            let own = view.slots[view.live.index()].loaded.as_ref();
            let own = own.and_then(|loaded| loaded.path.clone());
            if let Some(other) = path
                .as_ref()
                .filter(|p| own.as_ref() != Some(*p) && p.exists())
            {
                let other = other.display();
                return Some(format!(
                    "no: {other} is there already; `save over {other}` replaces it"
                ));
            }
            save(handle, path)
        }
        Some(Act::SaveOver(path)) => save(handle, Some(path)),
    };
    match handle.ask(command, PATIENCE) {
        Ok(text) => Some(text.unwrap_or_else(|| "ok".to_owned())),
        Err(why) => Some(format!("no: {why}")),
    }
}

fn save(handle: &Handle, path: Option<PathBuf>) -> Command {
    let slot = handle.view().live;
    Command::Save { slot, path }
}

/// As `load` takes them, one a line.
fn patches(folder: &Path) -> String {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            // What a link leads to may lead back here.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(_) if path.extension().is_some_and(|e| e == "ron") => {
                    let name = path.strip_prefix(folder).unwrap_or(&path);
                    names.push(name.with_extension("").display().to_string());
                }
                _ => {}
            }
        }
    }
    names.sort();
    match names.is_empty() {
        true => format!("no patches in {}", folder.display()),
        false => names.join("\n"),
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
    use crate::app::first_patch::FirstPatch;
    use crate::control::command::SlotId;
    use crate::control::event::{Loaded, View};
    use crate::control::handle::{Board, Message, Meters};
    use crate::control::reading::Reading;
    use crate::graph::prime::PrimeReport;
    use crate::patch::file::parse;

    struct Still;

    impl Meters for Still {
        fn read(&self) -> Reading {
            Reading::default()
        }

        fn scope(&self, _: &mut Vec<[f32; 2]>) -> u64 {
            0
        }
    }

    /// Says a line to an instrument that plays a file and does all that it is asked; what came of it, and what it was asked.
    fn said(own: &Path, line: &str) -> (String, Option<Command>) {
        let text = FirstPatch::hello().text;
        let mut view = View::default();
        view.slots[0].loaded = Some(Loaded {
            patch: Arc::new(parse(&text, "own.ron").patch.expect("a patch")),
            text: text.into(),
            path: Some(own.to_owned()),
            modified: false,
            report: PrimeReport::default(),
        });
        let (handle, inbox) = Handle::new(Board::new(view), Arc::new(Still));
        let instrument = thread::spawn(move || match inbox.recv_timeout(PATIENCE).ok()? {
            Message::Request(request, _) => {
                request
                    .answer
                    .expect("asked")
                    .send(Ok(None))
                    .expect("waits");
                Some(request.command)
            }
            Message::Wake => None,
        });
        let told = reply(&handle, &Mutex::default(), line).expect("answered");
        drop(handle);
        (told, instrument.join().expect("no panic"))
    }

    #[test]
    fn a_file_is_written_over_only_where_that_was_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let [own, other, new] =
            ["own.ron", "other.ron", "new one.ron"].map(|f| folder.path().join(f));
        for there in [&own, &other] {
            std::fs::write(there, "").expect("written");
        }
        let save = |path: Option<&Path>| Command::Save {
            slot: SlotId::A,
            path: path.map(Path::to_owned),
        };
        let save_as = |words: &str, path: &Path| said(&own, &format!("{words} {}", path.display()));
        assert_eq!(save_as("save", Path::new("")).1, Some(save(None)));
        assert_eq!(save_as("save", &own).1, Some(save(Some(&own))));
        assert_eq!(save_as("save", &new).1, Some(save(Some(&new))));
        let (told, asked) = save_as("save", &other);
        assert!(told.contains("is there already"), "{told}");
        assert_eq!(asked, None);
        let over = told.split('`').nth(1).expect("what does it");
        assert_eq!(said(&own, over).1, Some(save(Some(&other))));
    }

    #[test]
    fn words_that_are_none_are_answered_with_the_nearest() {
        let told = |line: &str| said(Path::new("a.ron"), line);
        assert_eq!(
            told("swp"),
            ("`swp` is no command; did you mean `swap`?".into(), None)
        );
        assert!(told("xyzzy").0.contains("`help` lists them"));
        assert_eq!(told("bpm fast"), ("usage: bpm NUMBER".into(), None));
        assert_eq!(told("undo"), ("ok".into(), Some(Command::Undo)));
    }

    #[test]
    fn patches_are_found_by_their_names() {
        let there = found("bass/acid");
        assert_eq!(
            there,
            Path::new("patches/bass/acid.ron"),
            "run in the project's folder"
        );
        assert_eq!(found("patches/bass/acid"), there);
        assert_eq!(found("patches/bass/acid.ron"), there);
        assert_eq!(found("no such"), Path::new("no such"));
    }

    #[test]
    fn every_word_reads_what_it_says_it_takes() {
        for word in WORDS {
            let line = word
                .takes
                .replace("[over] [FILE]", "over a b.ron")
                .replace("OLD NEW", "vcf filter")
                .replace("on|off", "on")
                .replace("FILE", "a b.ron")
                .replace("MODULE.PARAM VALUE", "vcf.cutoff 800Hz")
                .replace("NUMBER VELOCITY", "60 0.5")
                .replace("NUMBER", "120")
                .replace("[now|beat|bar|4bars]", "4bars")
                .replace("now|beat|bar|4bars", "bar")
                .replace("NAME PLACE", "2 0.4")
                .replace("PLACE", "0.4")
                .replace("[KNOB]", "vcf.cutoff")
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
            ("save", vec!["over"]),
            ("cue", vec![]),
        ] {
            let word = WORDS.iter().find(|w| w.name == name).expect("known");
            assert!((word.read)(&args).is_none(), "{name} {args:?}");
        }
    }

    #[test]
    fn patches_are_listed_as_load_takes_them() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("bass")).expect("a folder");
        for file in ["b.ron", "bass/acid.ron", "notes.txt"] {
            std::fs::write(folder.path().join(file), "").expect("written");
        }
        assert_eq!(patches(folder.path()), "b\nbass/acid");
        assert!(patches(&folder.path().join("none")).starts_with("no patches"));
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        assert_eq!(line("a\u{1b}[31m\nb\u{7}"), "a[31m b");
        assert_eq!(clean("one\ntwo\u{1b}"), "one\ntwo");
    }
}
