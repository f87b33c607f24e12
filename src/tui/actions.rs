//! Every action of the screen, one table line each: keys, help, key line, palette and `docs/keys.md` are printed from it.
use crate::control::command::Command;

use super::act;
use super::app::App;
use super::keymap::{Binding, Keymap, keys_of};
use super::knob::Step;
use super::levels;
use super::options::ExitReason;
use super::overlays;
use super::screens::{Screen, diag, files, patch, pattern, text};
use super::stage;
use super::tree;
use super::tutor;

/// One thing that the user can do.
pub struct Action {
    /// As typed in the palette.
    pub name: &'static str,
    /// What may follow the name in the palette.
    pub arg: &'static str,
    pub doc: &'static str,
    /// Chords, separated by blanks, and where they work.
    pub keys: &'static [(Scope, &'static str)],
    /// Its word in the last row: shown behind the first chord of the place.
    pub hint: Hint,
    pub run: fn(&mut App, &str),
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Where a chord works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In every layer, on every screen.
    Everywhere,
    /// Where letters are commands.
    Nav,
    /// Where letters are commands, on this screen only.
    On(Screen),
    /// Where letters are text.
    Edit,
    /// Where letters are notes.
    Keys,
}

impl Scope {
    /// In the order of help and docs, with the headings.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Everywhere, "Everywhere"),
        (Self::Nav, "NAV: letters are commands"),
        (Self::On(Screen::Perform), "Perform"),
        (Self::On(Screen::Patch), "Patch"),
        (Self::On(Screen::Text), "Text"),
        (Self::On(Screen::Pattern), "Pattern"),
        (Self::On(Screen::Diag), "Diagnostics"),
        (Self::On(Screen::Log), "Log"),
        (Self::On(Screen::Files), "Files"),
        (Self::Edit, "EDIT: letters are text"),
        (Self::Keys, "KEYS: letters are notes"),
    ];
}

impl Scope {
    /// As in key files.
    pub fn word(self) -> String {
        match self {
            Self::Everywhere => "everywhere".to_owned(),
            Self::Nav => "nav".to_owned(),
            Self::Edit => "edit".to_owned(),
            Self::Keys => "keys".to_owned(),
            Self::On(screen) => screen.name().to_lowercase(),
        }
    }
}

/// An action's part of the key line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    None,
    Word(&'static str),
    /// Printed as it is: stands for several actions.
    Whole(&'static str),
}

use Hint::{None as Quiet, Whole, Word};
use Scope::{Edit, Everywhere, Keys, Nav, On};
use Screen::{Diag, Files, Log, Patch, Pattern, Perform, Text};

macro_rules! actions {
    ($($name:literal $arg:literal, [$($scope:expr => $chords:literal),*], $hint:expr, $run:expr, $doc:literal;)*) => {
        &[$(Action { name: $name, arg: $arg, doc: $doc, keys: &[$(($scope, $chords)),*], hint: $hint, run: $run }),*]
    };
}

#[rustfmt::skip]
pub const ACTIONS: &[Action] = actions! {
    // Screens' own, first in the key line
    "add" "<kind> <name>", [On(Patch) => "a"],                   Word("add"), patch::edits::add, "add a module behind the one in focus: a list by a few letters, or Kind and name";
    "wire" "<a > b * amount>", [On(Patch) => "w"],               Word("wire"), patch::wiring::wire, "wire the port in focus: to or from one of a list, * amount behind it; or a cable as patches write it";
    "cut" "<a > b>",    [On(Patch) => "x"],                     Word("cut"), patch::wiring::cut, "cut the cable on the row, or one of them";
    "turn up" "",       [On(Patch) => "Right l +"],             Whole("←→ turn"), |a, _| patch::knobs::turn(a, patch::Step::Coarse, 1.0), "turn the knob up by a hundredth of its range; the next choice; in the matrix a pin to the right";
    "turn down" "",     [On(Patch) => "Left h -"],              Quiet, |a, _| patch::knobs::turn(a, patch::Step::Coarse, -1.0), "turn the knob down; the choice before; in the matrix a pin to the left";
    "fine up" "",       [On(Patch) => "Shift+Right L"],         Quiet, |a, _| patch::knobs::turn(a, patch::Step::Fine, 1.0), "turn it up by a thousandth";
    "fine down" "",     [On(Patch) => "Shift+Left H"],          Quiet, |a, _| patch::knobs::turn(a, patch::Step::Fine, -1.0), "turn it down by a thousandth";
    "leap up" "",       [On(Patch) => "PgUp"],                  Quiet, |a, _| patch::knobs::turn(a, patch::Step::Leap, 1.0), "turn it up by a tenth";
    "leap down" "",     [On(Patch) => "PgDn"],                  Quiet, |a, _| patch::knobs::turn(a, patch::Step::Leap, -1.0), "turn it down by a tenth";
    "type value" "",    [On(Patch) => "Enter"],                 Word("value"), |a, _| patch::knobs::enter(a), "type a value with its unit: 440Hz, A3, -12dB, 3/16; on a port its cable's amount; in the matrix set or pull a pin";
    "default" "",       [On(Patch) => "d"],                     Quiet, |a, _| patch::knobs::to_default(a), "back to the parameter's default";
    "amount" "",        [On(Patch) => "*"],                     Quiet, |a, _| patch::wiring::amount(a), "type the amount of the cable on the row, with its unit";
    "next module" "",   [On(Patch) => "Tab"],                   Quiet, |a, _| patch::next_module(a, 1), "to the next module";
    "last module" "",   [On(Patch) => "Shift+Tab"],             Quiet, |a, _| patch::next_module(a, -1), "to the module before";
    "find" "",          [On(Patch) => "/"],                     Quiet, |a, _| patch::lists::find(a), "go to a module or a port by a few letters";
    "to macro" "",      [On(Patch) => "m"],                     Word("macro"), |a, _| overlays::macros::assign(a), "have a macro turn the knob in focus, through a range; written into the text";
    "view" "<rail|focus|matrix>", [On(Patch) => "v"],            Word("view"), patch::next_layout, "the cables as rails, around one module, or as a matrix of pins";
    "trace" "",         [On(Patch) => "t"],                     Word("trace"), |a, _| patch::toggle_trace(a), "let stand out what feeds the row in focus and what it feeds, or not";
    "probe" "",         [On(Patch) => "p"],                     Word("probe"), |a, _| levels::toggle_probe(a), "a scope on the port in focus; there again takes it away";
    "rename" "<name>",  [On(Patch) => "r"],                     Quiet, patch::edits::rename, "another name for the module, in every cable and macro";
    "duplicate" "<name>", [On(Patch) => "D"],                   Quiet, patch::edits::duplicate, "a second module with the same values, fed by the same cables";
    "replace" "<kind>", [On(Patch) => "s"],                     Quiet, patch::edits::replace, "another kind for the module: cables and values that it has too stay";
    "delete" "",        [On(Patch) => "X Delete"],              Quiet, |a, _| patch::edits::delete(a), "delete the module; sound that went through it goes past it";
    "other slot" "",    [On(Patch) => "o"],                     Quiet, |a, _| patch::other_slot(a), "show the bench, what plays, the standby in turn";
    "wired only" "",    [On(Patch) => "f"],                     Quiet, |a, _| patch::toggle_wired(a), "hide the ports without a cable, or show them again";
    "inspector" "",     [On(Patch) => "i"],                     Quiet, |a, _| patch::toggle_inspector(a), "hide the inspector, or show it again";
    "new patch" "",     [On(Patch) => "N", On(Files) => "n"],                     Quiet, |a, _| patch::edits::new_patch(a), "begin a patch with nothing in it; what plays goes on";
    "auto prime" "<on|off>", [On(Patch) => "A"],                Quiet, patch::edits::auto_prime, "build and prime edits as they are made, or when ^E asks for it";
    "throw away" "",    [],                                     Quiet, |a, _| patch::edits::throw_away(a), "throw the edits on the bench away; undo brings them back";
    "title" "<name>",   [],                                     Quiet, patch::edits::title, "the patch's own name";
    "voices" "<1-64>",  [],                                     Quiet, patch::edits::voices, "how many voices the patch has";

    "step" "",          [On(Pattern) => "x"],                   Word("step"), |a, _| pattern::toggle(a), "set the step, or make it a rest";
    "right" "",         [On(Pattern) => "Right l"],             Whole("←→ turn"), |a, _| pattern::across(a, 1, Step::Coarse), "the note up by a semitone; a rhythm's knob up; along the steps of drums";
    "left" "",          [On(Pattern) => "Left h"],              Quiet, |a, _| pattern::across(a, -1, Step::Coarse), "the note down; a knob down; back along the steps";
    "far right" "",     [On(Pattern) => "Shift+Right L"],       Quiet, |a, _| pattern::across(a, 1, Step::Leap), "the note up by an octave; four steps on";
    "far left" "",      [On(Pattern) => "Shift+Left H"],        Quiet, |a, _| pattern::across(a, -1, Step::Leap), "the note down by an octave; four steps back";
    "type step" "",     [On(Pattern) => "Enter"],               Word("type"), |a, _| pattern::enter(a), "type the step: C2!~, c3:0.5, g3; of drums set it; of a rhythm the knob's value";
    "type pattern" "",  [On(Pattern) => "E"],                   Word("text"), |a, _| pattern::enter_text(a), "type the whole notation; what is wrong shows its column";
    "rest" "",          [On(Pattern) => "- Delete"],            Word("rest"), |a, _| pattern::rest(a), "make the step a rest";
    "tie" "",           [On(Pattern) => "_"],                   Quiet, |a, _| pattern::tie(a), "the note before goes on";
    "accent" "",        [On(Pattern) => "!"],                   Word("accent"), |a, _| pattern::accent(a), "an accent, or none; of drums and mini-notation struck softly, or in full (! elsewhere swaps now)";
    "slide" "",         [On(Pattern) => "~"],                   Word("slide"), |a, _| pattern::slide(a), "slide to the next note, or not";
    "strikes" "",       [On(Pattern) => "*"],                   Quiet, |a, _| pattern::strike(a), "struck once, twice, three times, four times";
    "repeat" "",        [On(Pattern) => "."],                   Quiet, |a, _| pattern::repeat(a), "the step before once more, and on to the next";
    "insert step" "",   [On(Pattern) => "i"],                   Quiet, |a, _| pattern::insert(a), "a copy of the step behind it";
    "remove step" "",   [On(Pattern) => "X Backspace"],         Quiet, |a, _| pattern::remove(a), "take the step out: the pattern is shorter";
    "longer" "",        [On(Pattern) => "]"],                   Quiet, |a, _| pattern::length(a, 1), "a step more at the end";
    "shorter" "",       [On(Pattern) => "["],                   Quiet, |a, _| pattern::length(a, -1), "a step less at the end";
    "slower" "",        [On(Pattern) => "{"],                   Quiet, |a, _| pattern::rate(a, 1.0), "longer steps, or cycles";
    "faster" "",        [On(Pattern) => "}"],                   Quiet, |a, _| pattern::rate(a, -1.0), "shorter steps, or cycles";
    "rotate" "",        [On(Pattern) => "r"],                   Word("rotate"), |a, _| pattern::rotate(a, 1), "every step one later, round and round; of drums the lane";
    "rotate back" "",   [On(Pattern) => "R"],                   Quiet, |a, _| pattern::rotate(a, -1), "every step one earlier";
    "transpose" "<semitones>", [On(Pattern) => "t"],            Quiet, |a, arg| pattern::transpose(a, arg, 1.0), "all notes up by a semitone, or by as many as are said";
    "transpose down" "", [On(Pattern) => "T"],                  Quiet, |a, _| pattern::transpose(a, "", -1.0), "all notes down by a semitone";
    "mute" "",          [On(Pattern) => "m"],                   Word("mute"), |a, _| pattern::mute(a), "close the pattern's gate at once, or open it as it was; a knob of the patch, so that it is saved, undone and in the set";
    "mute drum" "",     [On(Pattern) => "M"],                   Quiet, |a, _| pattern::mute_lane(a), "leave the drum in focus out, or play it again";
    "next pattern" "",  [On(Pattern) => "Tab"],                 Quiet, |a, _| pattern::next_module(a, 1), "to the next module with a pattern";
    "last pattern" "",  [On(Pattern) => "Shift+Tab"],           Quiet, |a, _| pattern::next_module(a, -1), "to the module before";
    "heard" "",         [On(Pattern) => "w"],                   Quiet, |a, _| pattern::when(a), "when edits of patterns are heard: at once, at the quantum, or when you swap";

    "load" "<file>",    [On(Files) => "Enter"],                 Word("load"), files::load, "build and prime the file in the standby and go to Perform; open a folder";
    "load here" "",     [On(Files) => "P"],                     Word("load+prime"), |a, _| files::prime(a), "build and prime the file in the standby, stay here";
    "folder up" "",     [On(Files) => "Backspace Left h"],      Quiet, |a, _| files::up(a), "to the folder above";
    "edit file" "",     [On(Files) => "e"],                     Word("edit"), |a, _| files::edit(a), "edit the file's text";
    "rescan" "",        [On(Files) => "r"],                     Quiet, |a, _| files::rescan(a), "read the folder again";

    "edit" "",          [Nav => "e"],                           Quiet, |a, _| text::edit(a), "edit the patch's text (Esc: back to NAV)";
    "type here" "",     [On(Text) => "e Enter i"],              Word("edit"), |a, _| text::edit(a), "type where the cursor is (Esc: back to NAV)";
    "edit external" "", [],                                     Quiet, |a, _| text::external::ask(a), "edit the text in $VISUAL or $EDITOR; the sound goes on, and what is saved there is primed";
    "find in text" "",  [On(Text) => "/", Edit => "^F"],        Quiet, |a, _| text::find(a), "find letters in the text";
    "find next" "",     [On(Text) => "n", Edit => "Alt+n"],    Quiet, |a, _| text::find_next(a, true), "to the next place that was found";
    "find last" "",     [On(Text) => "N", Edit => "Alt+N"], Quiet, |a, _| text::find_next(a, false), "to the place that was found before";
    "to error" "",      [On(Text) => "] F4", Edit => "^N F4"],  Quiet, |a, _| text::next_error(a, true), "put the cursor on the next error";
    "to last error" "", [On(Text) => "[ Shift+F4", Edit => "Shift+F4"], Quiet, |a, _| text::next_error(a, false), "put the cursor on the error before";
    "nav" "",           [Edit => "Esc"],                        Word("nav"), |a, _| text::leave(a), "letters are commands again";
    "fix" "",           [Edit => "Tab"],                        Word("fix/complete"), |a, _| text::fix(a), "take what the list of completions offers; else apply the fix that the error under the cursor offers; else indent";
    "complete" "",      [Edit => "^O"],                         Quiet, |a, _| text::popup::open(a), "list what could stand at the cursor";
    "nudge up" "",      [Edit => "Alt+Up"],                     Whole("Alt+↑↓ nudge"), |a, _| text::nudge(a, 1.0), "add one to the last digit of the number under the cursor; heard at once where it is a parameter of what plays";
    "nudge down" "",    [Edit => "Alt+Down"],                   Quiet, |a, _| text::nudge(a, -1.0), "take one from it";
    "revert" "",        [],                                     Quiet, |a, _| text::revert(a), "throw the edited text away and show what the slot plays";

    "macro" "<1-8>",    [On(Perform) => "Right l"],             Whole("←→ macro"), stage::pick_macro, "pick the next macro, or one by its number";
    "last macro" "",    [On(Perform) => "Left h"],              Quiet, |a, _| stage::step_macro(a, -1), "pick the macro before";
    "macro up" "",      [On(Perform) => "Up k"],                Whole("↑↓ turn"), |a, _| stage::turn_macro(a, 1), "turn the picked macro up";
    "macro down" "",    [On(Perform) => "Down j"],              Quiet, |a, _| stage::turn_macro(a, -1), "turn it down";
    "tap" "",           [On(Perform) => "t"],                   Word("tap"), |a, _| stage::tap(a), "tap the tempo: once a beat";
    "bpm up" "",        [On(Perform) => "+"],                   Quiet, |a, _| stage::nudge_bpm(a, 1.0), "one beat a minute more";
    "bpm down" "",      [On(Perform) => "-"],                   Quiet, |a, _| stage::nudge_bpm(a, -1.0), "one beat a minute less";
    "clear clips" "",   [On(Perform) => "C"],                   Quiet, |a, _| a.meters.clear_clips(), "forget the clips that the meters show";
    "freeze" "",        [On(Diag) => "f"],                      Word("freeze"), |a, _| a.history.toggle_freeze(), "hold the history still";
    "explain" "",       [On(Diag) => "Enter"],                  Word("explain"), |a, _| overlays::explain::open(a), "why it crackled: which thread, which module, what came before, one thing to try";
    "export" "<file>",  [On(Diag) => "e"],                      Word("export"), diag::export, "write the last minute and every explanation into a .json and a .txt file";
    "reset counters" "",[On(Diag) => "r"],                      Word("reset"), |a, _| act::reset_counters(a), "none-reads, xruns and times from zero";
    "newer" "",         [On(Log) => "Down j"],                  Whole("↑↓ scroll"), |a, _| a.move_by(1), "towards the newest event; in the undo tree a step down";
    "older" "",         [On(Log) => "Up k"],                    Quiet, |a, _| a.move_by(-1), "towards the oldest event; in the undo tree a step up";
    "tree" "",          [Nav => "gu", On(Log) => "Tab"],        Quiet, |a, _| tree::toggle(a), "the undo tree: what was done when, and what sounded; there again closes it";
    "recover" "",       [Nav => "gw"],                          Quiet, |a, _| a.send(Command::Recover), "bring back what a killed program left behind: the undo tree, and the patch into the standby";
    "forget work" "",   [],                                     Quiet, |a, _| a.send(Command::ForgetLeft), "throw it away";
    "go there" "",      [On(Log) => "Enter"],                   Quiet, |a, _| tree::leap(a), "leap to the step picked in the undo tree: what sounded then comes back";

    // Everywhere
    "prime" "",         [Everywhere => "^E F5 Alt+Enter"],      Word("prime"), |a, _| act::prime(a), "build and prime: the edited text, else the standby's patch again";
    "swap" "<when>",    [Everywhere => "^G F6"],                Word("swap"), act::swap, "swap at the quantum; again takes it back. When: now, beat, bar, 4bars";
    "perform" "",       [Nav => "1 gp"],                           Whole("1-7 screens"), |a, _| a.go(Perform), "slots, meters, scope, spectrum, macros, events";
    "undo" "",          [Everywhere => "^Z F8", Nav => "u"],    Word("undo"), |a, _| act::undo(a), "undo: a knob turn or an edit of the patch; in EDIT of the text";
    "redo" "",          [Everywhere => "^Y Shift+F8", Nav => "U"], Quiet, |a, _| act::redo(a), "redo";
    "panic" "",         [Everywhere => "^X F12"],               Word("panic"), |a, _| act::panic(a), "fade to silence in 30 ms, tails too; again brings the sound back";
    "record" "<file>",  [Everywhere => "^R F9"],                Word("rec"), act::record, "record what is heard into a WAV file, or stop; without a name the next one in recordings/";
    "keep" "<seconds>", [],                                     Quiet, act::keep, "write the last seconds of what was heard, 60 at most, as if they had been recorded";
    "recordings" "",  [Nav => "R gr"],                       Quiet, |a, _| overlays::shelf::takes(a), "the recordings: length, loudest sample; play one from the standby, rename, delete; 16, 24 or 32f for the next";
    "sets" "",        [Nav => "gS"],                         Quiet, |a, _| overlays::shelf::sets(a), "the performances that were written down: heard again in the standby, a moment's patch there or in a file, the whole as sound";
    "record bits" "<16|24|32f>", [],                             Quiet, act::record_bits, "the format of recordings to come; 16 and 24 are dithered";
    "keyboard" "<mode>", [Everywhere => "^T F7"],               Word("keys"), act::keyboard, "play notes on the keyboard, or stop it. Mode: gate, latch, legato";
    "save" "<file>",    [Everywhere => "^S"],                   Word("save"), act::save, "save the edited text, else the live patch with its knob turns";
    "palette" "",       [Everywhere => "^P F2", Nav => ":"],    Quiet, |a, _| overlays::palette::open(a), "all actions by name";
    "quit" "",          [Everywhere => "^C", Nav => "Q"],       Quiet, |a, _| overlays::quit::ask(a), "quit, after a question; three ^C in 2 s do not ask";

    "nudge macro up" "",[Nav => "Alt+Up", Keys => "Alt+Up"],    Quiet, |a, _| stage::turn_macro(a, 1), "turn the picked macro up, from any screen";
    "nudge macro down" "", [Nav => "Alt+Down", Keys => "Alt+Down"], Quiet, |a, _| stage::turn_macro(a, -1), "turn it down";

    "tutor" "<skip|back|off>", [Everywhere => "F3"],            Quiet, tutor::command, "from a sine to a swapped acid line in eleven steps; while it goes, F3 skips one";

    // NAV
    "patch" "",         [Nav => "2 gc"],                           Quiet, |a, _| a.go(Patch), "modules, cables and knobs";
    "text" "",          [Nav => "3 gt"],                           Quiet, |a, _| a.go(Text), "the patch as text";
    "diagnostics" "",   [Nav => "5 gd"],                           Quiet, |a, _| a.go(Diag), "rings, loads and the callback's times";
    "pattern" "",       [Nav => "4 gs"],                           Quiet, |a, _| a.go(Pattern), "sequences, rhythms and drums while they play";
    "log" "",           [Nav => "6 gl"],                           Quiet, |a, _| a.go(Log), "what happened when";
    "files" "",         [Nav => "7 gf"],                           Quiet, |a, _| a.go(Files), "patch files";
    "up" "",            [On(Patch) => "Up k", On(Text) => "Up k", On(Pattern) => "Up k", On(Diag) => "Up k", On(Files) => "Up k"],       Quiet, |a, _| a.move_by(-1), "up one row";
    "down" "",          [On(Patch) => "Down j", On(Text) => "Down j", On(Pattern) => "Down j", On(Diag) => "Down j", On(Files) => "Down j"], Quiet, |a, _| a.move_by(1), "down one row";
    "page up" "",       [On(Text) => "PgUp", On(Pattern) => "PgUp", On(Files) => "PgUp", On(Log) => "PgUp"],         Quiet, |a, _| a.move_by(-10), "ten rows up";
    "page down" "",     [On(Text) => "PgDn", On(Pattern) => "PgDn", On(Files) => "PgDn", On(Log) => "PgDn"],         Quiet, |a, _| a.move_by(10), "ten rows down";
    "top" "",           [Nav => "Home gg"],                       Quiet, |a, _| a.move_by(isize::MIN / 2), "to the first row";
    "bottom" "",        [Nav => "End ge"],                        Quiet, |a, _| a.move_by(isize::MAX / 2), "to the last row";
    "back" "",          [Nav => "Esc"],                         Quiet, |a, _| a.back(), "drop the filter, else back to the screens before and to Perform; never stops the sound";
    "play" "",          [Nav => "Space"],                       Quiet, |a, _| act::toggle_play(a), "transport: play or stop";
    "swap now" "",      [Nav => "!"],                           Quiet, |a, _| act::swap(a, "now"), "swap at once, still crossfaded";
    "quantum" "<when>", [Nav => "b"],                           Quiet, act::quantum, "when swaps happen: beat, bar, 2bars, 4bars, 8bars in turn, or as named";
    "diff" "",          [Nav => "="],                           Quiet, |a, _| overlays::diff::open(a), "what the standby would change";
    "macros" "",        [],                                     Quiet, |a, _| overlays::macros::open(a), "all macros with their numbers: 1 to 8 picks one";
    "morph to a" "",    [Nav => "("],                           Quiet, |a, _| stage::step_morph(a, -1), "blend the knobs that both patches have towards A";
    "morph to b" "",    [Nav => ")"],                           Quiet, |a, _| stage::step_morph(a, 1), "blend them towards B";
    "cue" "",           [Nav => "c"],                           Quiet, |a, _| stage::cue(a), "scope and spectrum show the standby, until again; what you hear stays";
    "filter" "",        [Nav => "/"],                           Quiet, |a, _| a.start_filter(), "show only rows with the letters typed (Files, Log)";
    "help" "",          [Everywhere => "F1", Nav => "?"],       Word("help"), |a, _| overlays::help::open(a), "this list";

    // KEYS
    "leave keys" "",    [Keys => "Esc"],                        Word("leaves"), |a, _| act::leave_keys(a), "release all notes, letters are commands again";
    "octave up" "",     [Keys => "]"],                          Whole("[ ] octave"), |a, _| a.notes.shift_octave(1), "an octave higher";
    "octave down" "",   [Keys => "["],                          Quiet, |a, _| a.notes.shift_octave(-1), "an octave lower";
    "louder" "",        [Keys => "="],                          Whole("- = velocity"), |a, _| a.notes.shift_velocity(0.1), "more velocity";
    "softer" "",        [Keys => "-"],                          Quiet, |a, _| a.notes.shift_velocity(-0.1), "less velocity";
    "sustain" "",       [Keys => "Space"],                      Word("sustain"), |a, _| act::sustain(a), "hold what is played, until again";
    "key mode" "",      [Keys => "Tab"],                        Word("mode"), |a, _| act::next_key_mode(a), "gate (fixed length), latch (press on, press off) or legato (one note)";

    // By name only
    "learn" "<knob>",   [],                                     Quiet, act::learn, "the next MIDI controller that moves turns the knob in focus, the picked macro, or module.param; again: no longer";
    "keys" "<file>",    [],                                     Quiet, act::keys, "write a file to bind keys in, with all that are bound; `keys load` reads it again";
    "layout" "<name>",  [],                                     Quiet, act::layout, "of the computer's keyboard, for KEYS: qwerty, qwertz, azerty, dvorak; remembered";
    "mouse" "<on|off>", [],                                     Quiet, act::mouse, "whether the mouse is asked for; off leaves it to the terminal; remembered";
    "morph" "<0-1>",    [],                                     Quiet, stage::morph, "blend the knobs that both patches have: 0 is A, 1 is B";
    "bpm" "<20-400>",   [On(Perform) => "B"],                                     Quiet, act::bpm, "tempo of the performance";
    "theme" "<name>",   [],                                     Quiet, act::theme, "night, paper, contrast or a theme file; without a name a list that shows each as you come to it";
    "gate" "<length>",  [],                                     Quiet, act::gate_length, "how long a key sounds in gate mode: 1/4, 1/8, 1/16";
    "fade" "<ms>",      [],                                     Quiet, act::fade, "length of planned swaps' fade";
    "carry" "<on|off>", [],                                     Quiet, act::carry, "whether modules of the same name and kind keep their state across a swap";
    "notes off" "",     [],                                     Quiet, |a, _| act::notes_off(a), "end every note";
    "detach" "",      [],                                     Quiet, |a, _| a.exit = Some(ExitReason::Detached), "leave the screen and let the sound go on: Enter brings it back, Ctrl+C ends it, Ctrl+Z and bg give the shell back";
    "picture" "<file>", [],                                     Quiet, act::picture, "draw the screen as it stands into an SVG file";
    "suspend" "",       [],                                     Quiet, |a, _| a.suspend = true, "fade out and stop the program until the shell's fg";
};

/// Keys that mean an action with something behind its name.
#[rustfmt::skip]
pub const WITH_ARGUMENT: &[(Scope, &str, &str, &str)] = &[
    (Everywhere, "Alt+1", "macro", "1"), (Nav, "m1", "macro", "1"),
    (Everywhere, "Alt+2", "macro", "2"), (Nav, "m2", "macro", "2"),
    (Everywhere, "Alt+3", "macro", "3"), (Nav, "m3", "macro", "3"),
    (Everywhere, "Alt+4", "macro", "4"), (Nav, "m4", "macro", "4"),
    (Everywhere, "Alt+5", "macro", "5"), (Nav, "m5", "macro", "5"),
    (Everywhere, "Alt+6", "macro", "6"), (Nav, "m6", "macro", "6"),
    (Everywhere, "Alt+7", "macro", "7"), (Nav, "m7", "macro", "7"),
    (Everywhere, "Alt+8", "macro", "8"), (Nav, "m8", "macro", "8"),
];

/// The actions of these scopes that have a word in the key line, with the keys to show.
pub fn hints(keymap: &Keymap, scopes: &[Scope]) -> Vec<(String, &'static str)> {
    let mut hints = Vec::new();
    for action in ACTIONS.iter().filter(|a| a.hint != Quiet) {
        let here = |b: &&Binding| {
            let place = scopes.iter().position(|scope| *scope == b.scope);
            place.is_some_and(|at| b.arg.is_empty() && keymap.reaches(&scopes[..at], b.keys))
        };
        let Some(keys) = keymap.of(action).find(here).map(|b| b.keys) else {
            continue;
        };
        let own = keys_of(action).any(|(scope, k)| k == keys && scopes.contains(&scope));
        match action.hint {
            Word(word) => hints.push((keys.to_string(), word)),
            Whole(text) => {
                let (several, word) = text.rsplit_once(' ').unwrap_or((text, ""));
                let shown = match own {
                    true => several.to_owned(),
                    false => keys.to_string(),
                };
                hints.push((shown, word));
            }
            Quiet => {}
        }
    }
    hints
}
