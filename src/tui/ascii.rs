//! The last pass over a frame where the terminal's font has ASCII only: every other sign becomes the nearest one that it has.
use ratatui::buffer::Buffer;

/// What stands for what. Letters of names and numbers are in it nowhere: only signs that this program draws.
const SIGNS: &[(&str, &str)] = &[
    ("─━", "-"),
    ("┄┅╌", "."),
    ("│┃", "|"),
    ("┆┇", ":"),
    ("┌┐└┘├┤┬┴┼╭╮╰╯╪╫╬┏┓┗┛┣┫┳┻╋", "+"),
    ("█▉▊▋▌▇▆▅", "#"),
    ("▍▎▏▄▃▂▁", "."),
    ("▸▶›→⟶»", ">"),
    ("◀‹←«", "<"),
    ("↑▲", "^"),
    ("↓▼", "v"),
    ("○◯·•", "."),
    ("●", "o"),
    ("■", "#"),
    ("×", "x"),
    ("✓", "+"),
    ("✗", "!"),
    ("…", "~"),
    ("°", "o"),
    ("≤", "<"),
    ("≥", ">"),
    ("−–—", "-"),
    ("µ", "u"),
];

pub fn plain(buf: &mut Buffer) {
    for cell in &mut buf.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let known = SIGNS.iter().find(|(from, _)| from.contains(symbol));
        let braille = symbol
            .chars()
            .all(|c| ('\u{2800}'..='\u{28ff}').contains(&c));
        match (known, braille) {
            (Some((_, to)), _) => {
                cell.set_symbol(to);
            }
            (None, true) => {
                cell.set_symbol("*");
            }
            // A letter of somebody's name stays what it is.
            (None, false) if symbol.chars().all(char::is_alphanumeric) => {}
            (None, false) => {
                cell.set_symbol("?");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_become_ascii_and_letters_stay() {
        let mut buf = Buffer::with_lines(["┌─▸█·é…⠿☃"]);
        plain(&mut buf);
        assert_eq!(buf, Buffer::with_lines(["+->#.é~*?"]));
    }
}
