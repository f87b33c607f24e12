//! The mouse: what it is on is what it means.
use crossterm::event::{Event as Input, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::control::command::Command;

use super::app::Layer;
use super::player::Player;
use super::scene::Scene;

const DOWN: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const UP: MouseEventKind = MouseEventKind::Up(MouseButton::Left);
const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const WHEEL_DOWN: MouseEventKind = MouseEventKind::ScrollDown;
const WHEEL_UP: MouseEventKind = MouseEventKind::ScrollUp;

fn mouse(scene: &mut Scene, kind: MouseEventKind, (column, row): (u16, u16)) {
    let event = MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    };
    let now = scene.start;
    scene.app.on_input(Input::Mouse(event), now);
}

/// The first row of the screen that has all these words.
fn row(text: &str, words: &[&str]) -> u16 {
    let mut rows = text.lines();
    let at = rows.position(|l| words.iter().all(|w| l.contains(w)));
    at.unwrap_or_else(|| panic!("{words:?}: {text}")) as u16
}

#[test]
fn the_mouse_focuses_turns_wires_and_swaps() {
    let mut p = Player::new();
    p.press("N");
    p.pick("a", "saw");
    p.pick("a", "out");
    let text = p.scene.text(120, 40);
    let act = |p: &mut Player, kind, row: u16, column: u16| {
        mouse(&mut p.scene, kind, (column, row));
        p.make();
    };
    let (output, input) = (row(&text, &["○"]), row(&text, &["Out      in"]));
    let edits = p.edits.len();
    act(&mut p, DOWN, output, 10);
    act(&mut p, UP, input, 10);
    assert!(p.edits.len() > edits, "{text}");
    // A click alone wires nothing.
    let edits = p.edits.len();
    act(&mut p, DOWN, input, 10);
    act(&mut p, UP, input, 10);
    assert_eq!(p.edits.len(), edits);
    // The standby's state in the header: primed, so it is swapped.
    let header = p.scene.text(120, 40);
    let first = header.lines().next().expect("a header");
    let at = first[..first.find("fmpad").expect("B")].chars().count() as u16;
    p.others.clear();
    act(&mut p, DOWN, 0, at);
    assert!(p.others.contains(&Command::Swap(None)), "{:?}", p.others);
}

/// Columns of the Patch screen at 80 columns: on a module's name, on its knobs, on the cables.
const NAMES: u16 = 4;
const KNOBS: u16 = 25;
const CABLES: u16 = 45;

/// What stands in the column of knobs.
fn knob_at(text: &str, row: usize) -> String {
    let row = text.lines().nth(row).unwrap_or_default();
    row.chars().skip(16).take(20).collect()
}

#[test]
fn the_wheel_turns_the_knob_under_it_and_scrolls_elsewhere() {
    let mut p = Player::new();
    let before = p.scene.text(80, 24);
    let at = row(&before, &["gate ", "●"]);
    let turned = |p: &mut Player| -> Vec<String> {
        let sent = p.scene.sent().into_iter();
        let knobs = sent.filter_map(|c| match c {
            Command::SetParam { module, param, .. } => Some(format!("{module}.{param}")),
            _ => None,
        });
        knobs.collect()
    };
    // Three notches on one place turn one knob, and nothing moves under it.
    for _ in 0..3 {
        mouse(&mut p.scene, WHEEL_UP, (KNOBS, at));
        let now = p.scene.text(80, 24);
        assert_eq!(row(&now, &["gate ", "●"]), at, "{now}");
    }
    assert_eq!(turned(&mut p), ["seq.gate"; 3]);
    // On names and cables it scrolls, and goes on over whatever comes.
    for x in [NAMES, CABLES] {
        let before = p.scene.text(80, 24);
        mouse(&mut p.scene, WHEEL_DOWN, (x, at));
        let after = p.scene.text(80, 24);
        assert_eq!(knob_at(&after, 4), knob_at(&before, 7), "{after}");
        mouse(&mut p.scene, WHEEL_DOWN, (KNOBS, at));
        assert_ne!(p.scene.text(80, 24), after);
        p.scene.look();
        p.scene.look();
    }
    assert_eq!(turned(&mut p), [""; 0]);
}

#[test]
fn a_cable_drawn_to_the_edge_brings_the_rows_beyond_it() {
    let mut p = Player::new();
    let text = p.scene.text(80, 24);
    let from = row(&text, &["gate", "○"]);
    assert!(!text.contains("pan    Pan"), "{text}");
    mouse(&mut p.scene, DOWN, (KNOBS, from));
    for _ in 0..200 {
        mouse(&mut p.scene, DRAG, (KNOBS, 22));
        p.scene.text(80, 24);
    }
    let text = p.scene.text(80, 24);
    let to = row(&text, &["pan    Pan"]) + 1;
    assert!(
        text.lines()
            .nth(usize::from(to))
            .is_some_and(|l| l.contains("pan")),
        "{text}"
    );
    mouse(&mut p.scene, UP, (KNOBS, to));
    p.make();
    assert!(
        p.bench().contains("\"seq.gate > pan.pan\""),
        "{}",
        p.bench()
    );
}

#[test]
fn a_click_in_the_text_moves_the_cursor_and_the_text_stays() {
    let mut p = Player::new();
    p.press("3");
    let before = p.scene.text(80, 24);
    let at = row(&before, &["vca: Vca()"]);
    let line = before.lines().nth(usize::from(at)).expect("a line");
    let column = line[..line.find("Vca").expect("Vca")].chars().count() as u16;
    mouse(&mut p.scene, DOWN, (column, at));
    mouse(&mut p.scene, UP, (column, at));
    assert_eq!(p.scene.app.text.cursor(), (7, 9));
    let after = p.scene.text(80, 24);
    assert_eq!(row(&after, &["vca: Vca()"]), at);
    // What is typed goes there; beyond the end of a line is its end.
    p.press("e");
    p.type_text("x");
    assert!(p.scene.app.text.text().contains("vca: xVca()"));
    // The first one closes the list of completions.
    p.press("Esc Esc");
    assert_eq!(p.scene.app.layer, Layer::Nav);
    let shown = p.scene.text(80, 24);
    let last = row(&shown, &["cables: ["]);
    mouse(&mut p.scene, DOWN, (70, last));
    assert_eq!(p.scene.app.text.cursor(), (11, 11));
    // The last row in sight stays where it is.
    mouse(&mut p.scene, DOWN, (9, 20));
    let now = p.scene.text(80, 24);
    assert_eq!(row(&now, &["cables: ["]), last, "{now}");
}
