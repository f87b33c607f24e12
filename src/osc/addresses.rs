//! The table of OSC addresses: pattern, arguments, what it does, and what it becomes. Replies, errors and `docs/osc.md` are
//! made from it; a new address is one line here. Runs on the OSC thread.
use std::path::{Component, Path, PathBuf};

use crate::control::command::{Command, Draft, Focus, Quantum, Record};
use crate::control::sequences::Ask;

use super::args::{Arg, Values, gate, knob, number, rest, text};

/// One address. In a pattern, `<name>` stands for any one part of the path.
pub struct Address {
    pub group: &'static str,
    pub pattern: &'static str,
    pub args: &'static [Arg],
    pub doc: &'static str,
    pub effect: fn(&Call<'_>) -> Result<Effect, String>,
}

/// A message as its address sees it.
pub struct Call<'a> {
    /// What stood in place of the pattern's `<…>`.
    pub parts: Vec<&'a str>,
    pub values: Values,
    pub reach: &'a Reach,
}

/// What senders may do, by where the socket is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Bound to loopback: senders are this machine's own programs.
    Machine,
    /// Bound beyond loopback: files only below these folders, no quitting.
    Network(Folders),
}

/// What senders from beyond this machine may read and write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    pub patches: PathBuf,
    pub recordings: PathBuf,
}

/// What a message becomes.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Answered `/ok` or `/error`.
    Do(Command),
    /// Answered at this address with the text that the command gives.
    Ask(Command, &'static str),
    /// Answered `/pong` with the same arguments.
    Pong,
}

/// Addresses that are answers: they are never answered, or two programs would talk to each other for ever.
const ANSWERS: &[&str] = &["/ok", "/error", "/pong"];

macro_rules! addresses {
    ($($group:literal { $($pattern:literal [$($arg:expr),*] $doc:literal => $effect:expr;)* })*) => {
        pub static ADDRESSES: &[Address] = &[$($(Address {
            group: $group,
            pattern: $pattern,
            args: &[$($arg),*],
            doc: $doc,
            effect: $effect,
        }),*),*];
    };
}

addresses! {
    "Knobs and notes" {
        "/mod/<id>/<param>" [knob("value")] "Sets a parameter of the live slot, in the parameter's unit or as a patch writes it (\"800Hz\", \"-12dB\", \"3/16\"); of the standby too, where it had the same value. The name of a port sets the amount of the cables into it." => set;
        "/gate/<id>" [gate("open")] "Opens (1) or closes (0) every gate input of a module." => |c| act(Command::Gate {
            module: c.parts[0].to_owned(),
            open: c.values.gate(0),
        });
        "/note" [number("note"), number("velocity")] "Plays a MIDI note (60 is C4, fractions are microtones); velocity 0..1, 0 ends it." => note;
        "/macro/<name>" [number("at")] "Turns a macro of the live patch, by its name or its number from 1, to a place from 0 to 1." => |c| act(Command::Macro {
            name: c.parts[0].to_owned(),
            at: c.values.number(0) as f32,
        });
        "/morph" [number("at")] "Blends the knobs that both patches have: 0 is A, 1 is B; what is heard is turned." => |c| act(Command::Morph(c.values.number(0) as f32));
        "/panic" [] "Fades to silence in 30 ms, tails included; again brings the sound back." => |_| act(Command::Panic);
    }
    "A patch from a file" {
        "/patch/load" [text("file")] "Reads a RON file into the standby, builds and primes it; does not swap." => load;
        "/prime" [] "Primes the draft, or the standby again." => |_| act(Command::Prime);
        "/swap" [text("when").optional()] "Swaps at \"now\", \"beat\", \"bar\" or \"4bars\"; without an argument at the quantum that is set, and where a swap is armed takes it back." => swap;
    }
    "A patch message by message" {
        "/patch/create" [text("id"), text("kind")] "Adds a module to the draft. Under one of the predecessor's names (`simple_sine`, `adsr`, `biquad_filter`, `acid_filter`, `distortion`) numbers for it are in the predecessor's units: an envelope's times in milliseconds, a filter's `mode` 0 low, 1 high, 2 band." => |c| draft(Draft::Create { id: c.values.text(0), kind: c.values.text(1) });
        "/patch/connect" [text("from"), text("to")] "Adds a cable to the draft: `osc` or `osc.out` to `vcf` or `vcf.cutoff`." => |c| draft(Draft::Connect { from: c.values.text(0), to: c.values.text(1) });
        "/patch/delete" [text("id")] "Takes a module and its cables out of the draft." => |c| draft(Draft::Delete { id: c.values.text(0) });
        "/patch/disconnect" [text("from"), text("to")] "Takes a cable out of the draft." => |c| draft(Draft::Disconnect { from: c.values.text(0), to: c.values.text(1) });
        "/patch/clear" [] "Empties the draft." => |_| draft(Draft::Clear);
        "/patch/commit" [] "Builds and primes the draft, and swaps when it is primed." => |_| draft(Draft::Commit);
        "/patch/abort" [] "Throws the draft away." => |_| draft(Draft::Abort);
    }
    "Time" {
        "/transport/play" [] "Starts the transport." => |_| act(Command::Play);
        "/transport/stop" [] "Stops the transport; what sounds by itself goes on." => |_| act(Command::Stop);
        "/bpm" [number("bpm")] "Sets the tempo, in quarter notes a minute." => |c| act(Command::Bpm(c.values.number(0)));
    }
    "History" {
        "/undo" [] "Takes the last change back." => |_| act(Command::Undo);
        "/redo" [] "Brings it again." => |_| act(Command::Redo);
    }
    "Recording" {
        "/record/start" [text("file").optional()] "Writes what is heard into a WAV file of 24 bits; without a name into the next free one in `recordings`. No recording is lost: one that has the name gets a number (`take-1.wav`), and the answer says so." => record;
        "/record/stop" [] "Ends the recording." => |_| act(Command::Record(Record::Stop));
        "/record/keep" [number("seconds").optional()] "Writes the last seconds of what was heard, 60 at most and without an argument, as if they had been recorded." => |c| act(Command::Record(Record::Keep {
            path: None,
            seconds: c.values.optional_number(0).unwrap_or(60.0),
            bits: None,
        }));
        "/record/status" [] "Answered with `/record/status.reply s`: whether it records, the file, and its seconds so far, as JSON." => |_| Ok(Effect::Ask(Command::Record(Record::Status), "/record/status.reply"));
    }
    "Sequences beside the patch" {
        "/seq/create" [text("name")] "Makes a sequence, or that one anew: 120 BPM, 16 steps, 4 a beat, gates of half a step. It keeps a tempo of its own; a Seq in the patch keeps the performance's." => |c| sequence(c, Ask::Create);
        "/seq/config" [text("name"), number("bpm"), number("steps"), number("division")] "Tempo, steps, and steps a beat." => |c| sequence(c, Ask::Config {
            bpm: c.values.number(1),
            steps: c.values.number(2).max(0.0) as usize,
            division: c.values.number(3).max(0.0) as usize,
        });
        "/seq/pattern" [text("name"), text("steps")] "`X` and `x` open the gate, `.` is a rest." => |c| sequence(c, Ask::Pattern(c.values.text(1)));
        "/seq/param_lane" [text("name"), text("lane"), rest("values")] "A value for each step, as arguments or as one text with commas; 0 sets nothing." => |c| sequence(c, Ask::Lane {
            lane: c.values.text(1),
            values: c.values.numbers_from(2)?,
        });
        "/seq/assign" [text("name"), text("what"), text("module"), text("lane").optional(), text("param").optional()] "\"gate\" and a module whose gates it opens; or \"param\", a module, a lane and the parameter that the lane sets." => assign;
        "/seq/start" [text("name")] "Goes on from where it stands." => |c| sequence(c, Ask::Start);
        "/seq/stop" [text("name")] "Stands still; its gates close." => |c| sequence(c, Ask::Stop);
        "/seq/reset" [text("name")] "The next step is the first." => |c| sequence(c, Ask::Reset);
        "/seq/reset_all" [] "The same for all of them: they begin together." => |_| act(Command::Sequence { name: String::new(), ask: Ask::ResetAll });
        "/seq/bpm" [text("name"), number("bpm")] "Its tempo, from the next step on." => |c| sequence(c, Ask::Bpm(c.values.number(1)));
        "/seq/gate_len" [text("name"), number("share")] "How much of a step its gates stay open, 0.01..1." => |c| sequence(c, Ask::GateLength(c.values.number(1)));
    }
    "The program" {
        "/status" [] "Answered with `/status.reply s`: one telemetry object as JSON." => |_| Ok(Effect::Ask(Command::Status, "/status.reply"));
        "/ping" [rest("any")] "Answered with `/pong` and the same arguments." => |_| Ok(Effect::Pong);
        "/quit" [] "Ends the program, with a fade." => |c| match c.reach {
            Reach::Machine => act(Command::Quit),
            Reach::Network(_) => Err("the program can only be ended from its own machine".to_owned()),
        };
    }
}

/// What to do with an address.
pub enum Found<'a> {
    /// The entry, and what stood in place of its `<…>`.
    Entry(&'static Address, Vec<&'a str>),
    /// An answer to somebody: not answered.
    Answer,
    /// No such address; says what would be right.
    Unknown(String),
}

/// Finds an address in the table.
pub fn find(address: &str) -> Found<'_> {
    if ANSWERS.contains(&address) || address.ends_with(".reply") {
        return Found::Answer;
    }
    for entry in ADDRESSES {
        if let Some(parts) = matched(entry.pattern, address) {
            return Found::Entry(entry, parts);
        }
    }
    let nearest = ADDRESSES
        .iter()
        .map(|entry| (strsim::jaro_winkler(entry.pattern, address), entry.pattern))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    Found::Unknown(match nearest {
        Some((likeness, pattern)) if likeness > 0.8 => {
            format!("unknown address; did you mean {pattern}?")
        }
        _ => "unknown address".to_owned(),
    })
}

fn matched<'a>(pattern: &str, address: &'a str) -> Option<Vec<&'a str>> {
    let mut parts = Vec::new();
    let (mut wanted, mut given) = (pattern.split('/'), address.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parts),
            (Some(w), Some(g)) if w.starts_with('<') && !g.is_empty() => parts.push(g),
            (Some(w), Some(g)) if w == g => {}
            _ => return None,
        }
    }
}

fn act(command: Command) -> Result<Effect, String> {
    Ok(Effect::Do(command))
}

fn draft(step: Draft) -> Result<Effect, String> {
    act(Command::Draft(step))
}

fn set(call: &Call<'_>) -> Result<Effect, String> {
    let (module, param) = (call.parts[0].to_owned(), call.parts[1].to_owned());
    let focus = Focus::Live;
    act(match call.values.optional_text(0) {
        Some(text) => Command::SetParamText {
            focus,
            module,
            param,
            text: text.to_owned(),
        },
        None => Command::SetNumber {
            module,
            param,
            value: call.values.number(0) as f32,
        },
    })
}

fn sequence(call: &Call<'_>, ask: Ask) -> Result<Effect, String> {
    let name = call.values.text(0);
    act(Command::Sequence { name, ask })
}

fn assign(call: &Call<'_>) -> Result<Effect, String> {
    let module = call.values.text(2);
    let rest = (call.values.optional_text(3), call.values.optional_text(4));
    match (call.values.text(1).as_str(), rest) {
        ("gate", _) => sequence(call, Ask::AssignGate(module)),
        ("param", (Some(lane), Some(param))) => {
            let (lane, param) = (lane.to_owned(), param.to_owned());
            sequence(
                call,
                Ask::AssignParam {
                    module,
                    lane,
                    param,
                },
            )
        }
        _ => Err(
            "takes \"gate\" and a module, or \"param\", a module, a lane and a parameter".into(),
        ),
    }
}

fn note(call: &Call<'_>) -> Result<Effect, String> {
    let (note, velocity) = (call.values.number(0), call.values.number(1));
    if !(0.0..=127.0).contains(&note) {
        return Err(format!("`note` is 0..127, not {note}"));
    }
    if !(0.0..=1.0).contains(&velocity) {
        return Err(format!("`velocity` is 0..1, not {velocity}"));
    }
    act(Command::Note {
        note: note as f32,
        velocity: velocity as f32,
    })
}

fn swap(call: &Call<'_>) -> Result<Effect, String> {
    let quantum = match call.values.optional_text(0) {
        None => None,
        Some(when) => Some(Quantum::parse(when).ok_or_else(|| {
            format!("`when` is \"now\", \"beat\", \"bar\" or \"4bars\", not \"{when}\"")
        })?),
    };
    act(Command::Swap(quantum))
}

fn record(call: &Call<'_>) -> Result<Effect, String> {
    let path = match (call.values.optional_text(0), call.reach) {
        (None, _) => None,
        (Some(file), Reach::Machine) => Some(PathBuf::from(file)),
        (Some(file), Reach::Network(folders)) => {
            // One name, and no way out of the folder.
            let mut parts = Path::new(file).components();
            match (parts.next(), parts.next()) {
                (Some(Component::Normal(name)), None) => Some(folders.recordings.join(name)),
                _ => {
                    return Err(
                        "from beyond this machine a recording has a plain file name".to_owned()
                    );
                }
            }
        }
    };
    act(Command::Record(Record::Start { path, bits: None }))
}

fn load(call: &Call<'_>) -> Result<Effect, String> {
    let file = PathBuf::from(call.values.text(0));
    let file = match call.reach {
        Reach::Machine => file,
        Reach::Network(folders) => below(&folders.patches, &file)?,
    };
    act(Command::LoadFile(file))
}

/// The file, if it is below the folder once every link is followed.
fn below(folder: &Path, file: &Path) -> Result<PathBuf, String> {
    let refused =
        || "from beyond this machine only files of the patch folder can be loaded".to_owned();
    // Refused before the disk is asked, so that nobody learns which files are there.
    if !file
        .components()
        .all(|c| matches!(c, Component::Normal(_) | Component::CurDir))
    {
        return Err(refused());
    }
    let folder = folder.canonicalize().map_err(|_| refused())?;
    let file = folder.join(file).canonicalize().map_err(|_| refused())?;
    if file.starts_with(&folder) {
        Ok(file)
    } else {
        Err(refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pattern_hides_another() {
        for (i, entry) in ADDRESSES.iter().enumerate() {
            let first = ADDRESSES
                .iter()
                .position(|e| matched(e.pattern, entry.pattern).is_some());
            assert_eq!(first, Some(i), "{}", entry.pattern);
        }
    }

    #[test]
    fn answers_are_not_answered_and_strangers_are_helped() {
        for address in ["/ok", "/error", "/pong", "/status.reply", "/any.reply"] {
            assert!(matches!(find(address), Found::Answer), "{address}");
        }
        for (address, part) in [
            ("/swop", "/swap"),
            ("/seq/creat", "/seq/create"),
            ("/record/stopp", "/record/stop"),
            ("/mod/osc", "unknown"),
            ("/mod//freq", "unknown"),
            ("/mod/osc/freq/x", "unknown"),
        ] {
            match find(address) {
                Found::Unknown(why) => assert!(why.contains(part), "{address}: {why}"),
                _ => panic!("{address} was found"),
            }
        }
    }

    #[test]
    fn from_beyond_the_machine_only_the_patch_folder_is_reached() {
        let home = tempfile::tempdir().expect("temporary folder");
        let folder = home.path().join("patches");
        std::fs::create_dir(&folder).expect("folder");
        std::fs::write(folder.join("in.ron"), "()").expect("file");
        std::fs::write(home.path().join("out.ron"), "()").expect("file");
        assert!(below(&folder, Path::new("in.ron")).is_ok());
        assert!(below(&folder, Path::new("./in.ron")).is_ok());
        let absolute = home.path().join("out.ron");
        for file in [
            "../out.ron",
            "absent.ron",
            absolute.to_str().expect("UTF-8"),
        ] {
            assert!(below(&folder, Path::new(file)).is_err(), "{file}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&absolute, folder.join("link.ron")).expect("link");
            assert!(below(&folder, Path::new("link.ron")).is_err());
        }
    }
}
