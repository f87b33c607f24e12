//! `docs/keys.md`, printed from the actions table.
use std::fmt::Write;

use super::actions::{ACTIONS, Scope};
use super::keymap::Keymap;

/// The whole page.
pub fn page() -> String {
    let mut page = String::from(
        "# Keys\n\n\
         Printed from the table in `src/tui/actions.rs`; do not edit. `^G` is Ctrl+G. Inside the program `?` (or F1) shows the\n\
         same list, and `:` finds every action by its name.\n\n\
         Letters have three jobs, the layer in the header says which: in NAV they are commands, in EDIT text, in KEYS notes.\n\
         What matters on stage has a Ctrl chord and works in all three.\n",
    );
    let keymap = Keymap::default();
    for (scope, heading) in Scope::ALL {
        let rows: Vec<String> = ACTIONS
            .iter()
            .flat_map(|action| {
                let keys = keymap.printed(action, scope);
                keys.map(|keys| row(&keys, action.name, action.doc))
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
                 one undo step and is never carried out, from terminals that paste as if it were typed too. In a line of its own (a\n\
                 value, a name, a command) Ctrl+W takes a word back and Ctrl+U all of it.\n",
            );
        }
        if scope == Scope::Keys {
            page.push_str(
                "\nNotes: `z s x d c v g b h n j m` is the lower row from C, `q 2 w 3 e r 5 t 6 y 7 u` the upper one an octave higher.\n\
                 `:layout azerty`, `:layout qwertz` and `:layout dvorak` move them to where those keyboards have these keys; it is\n\
                 remembered. Where the terminal reports released keys (`keys:release` in the last row) notes last as long as the key is held.\n",
            );
        }
    }
    page.push_str(
        "\n## Keys of your own\n\n\
         `:keys` writes `keys.ron` into the configuration folder (`$XDG_CONFIG_HOME/chronus`, else `~/.config/chronus`), with every\n\
         key that is bound, switched off; `:keys load` reads it again, and `--keys FILE` takes another file. An entry is keys and\n\
         an action with what may stand behind its name:\n\n\
         ```ron\n\
         (\n    layout: \"azerty\",\n    everywhere: [\"F4 record\"],\n    nav: [\"K keep 30\", \"gk swap now\", \"b nothing\"],\n    patch: [\"Q wire\"],\n)\n\
         ```\n\n\
         The places are those of the headings here. Mistakes are told with line and column, and so is what a key did before; where\n\
         nothing is left for an action that must work everywhere, that is told too. Two letters, one after the other, are keys as\n\
         well: after the first a list of the second ones comes up, if you hesitate.\n",
    );
    page.push_str("\n## By name only\n\n| name | what it does |\n|---|---|\n");
    for action in ACTIONS.iter().filter(|a| keymap.of(a).next().is_none()) {
        let name = format!("{} {}", action.name, action.arg);
        let _ = writeln!(page, "| `:{}` | {} |", name.trim_end(), action.doc);
    }
    page
}

fn row(keys: &[String], name: &str, doc: &str) -> String {
    let chords: Vec<String> = keys
        .iter()
        .map(|c| match c.as_str() {
            "|" => "`\\|`".to_owned(),
            c => format!("`{c}`"),
        })
        .collect();
    format!("| {} | {name} | {doc} |\n", chords.join(" "))
}
