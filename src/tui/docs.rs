//! `docs/keys.md`, printed from the actions table.
use std::fmt::Write;

use super::actions::{ACTIONS, Scope};

/// The whole page.
pub fn page() -> String {
    let mut page = String::from(
        "# Keys\n\n\
         Printed from the table in `src/tui/actions.rs`; do not edit. `^G` is Ctrl+G. Inside the program `?` (or F1) shows the\n\
         same list, and `:` finds every action by its name.\n\n\
         Letters have three jobs, the layer in the header says which: in NAV they are commands, in EDIT text, in KEYS notes.\n\
         What matters on stage has a Ctrl chord and works in all three.\n",
    );
    for (scope, heading) in Scope::ALL {
        let rows: Vec<String> = ACTIONS
            .iter()
            .flat_map(|action| {
                let keys = action.keys.iter().filter(move |(s, _)| *s == scope);
                keys.map(move |(_, chords)| row(chords, action.name, action.doc))
            })
            .collect();
        if !rows.is_empty() {
            let _ = write!(
                page,
                "\n## {heading}\n\n| keys | name | what it does |\n|---|---|---|\n"
            );
            page.extend(rows);
        }
        if scope == Scope::Edit {
            page.push_str(
                "\nBesides: ordinary typing, arrows, Home, End, Ctrl+Left and Ctrl+Right by words, Backspace, Delete. Pasted text is\n\
                 one undo step and is never carried out.\n",
            );
        }
        if scope == Scope::Keys {
            page.push_str(
                "\nNotes: `z s x d c v g b h n j m` is the lower row from C, `q 2 w 3 e r 5 t 6 y 7 u` the upper one an octave higher.\n\
                 `:keys azerty`, `:keys qwertz` and `:keys dvorak` move them to where those keyboards have these keys. Where the\n\
                 terminal reports released keys (`keys:release` in the last row) notes last as long as the key is held.\n",
            );
        }
    }
    page.push_str("\n## By name only\n\n| name | what it does |\n|---|---|\n");
    for action in ACTIONS.iter().filter(|a| a.keys.is_empty()) {
        let name = format!("{} {}", action.name, action.arg);
        let _ = writeln!(page, "| `:{}` | {} |", name.trim_end(), action.doc);
    }
    page
}

fn row(chords: &str, name: &str, doc: &str) -> String {
    let chords: Vec<String> = chords
        .split(' ')
        .map(|c| match c {
            "|" => "`\\|`".to_owned(),
            c => format!("`{c}`"),
        })
        .collect();
    format!("| {} | {name} | {doc} |\n", chords.join(" "))
}
