//! The mouse, where the terminal tells of it: a click focuses, or primes and swaps on a slot's state; the wheel turns the knob that
//! is under it, and scrolls elsewhere; from port to port it wires. Places are noted while the screen is drawn.
use std::time::{Duration, Instant};

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::control::command::SlotId;
use crate::control::slot::SlotState;
use crate::patch::edit::{source_text, target_text};

use super::act;
use super::app::App;
use super::knob::Step;
use super::screens::patch::Row;
use super::screens::{Screen, patch};

/// What stands at a place of the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spot {
    /// A slot and its state.
    Slot(SlotId),
    /// A row of the patch that is shown.
    Row(Row),
    /// A macro of the live patch.
    Macro(usize),
    /// A row of the files that are shown.
    File(usize),
    /// A line of the text that is shown: its column `left` stands at the screen's column `from`.
    Line { line: usize, from: u16, left: usize },
}

/// Who scrolls goes on scrolling for this long, whatever comes under the pointer: knobs stay as they are.
const SCROLLS_ON: Duration = Duration::from_millis(400);

/// What the mouse is at.
#[derive(Debug, Default)]
pub struct Mouse {
    /// Where the button went down.
    dragged: Option<Spot>,
    scrolled: Option<Instant>,
}

pub fn on_mouse(app: &mut App, mouse: MouseEvent) {
    if app.overlay.is_some() {
        return;
    }
    let at = Position::new(mouse.column, mouse.row);
    let spot = app.spot_at(at);
    match mouse.kind {
        MouseEventKind::ScrollUp => wheel(app, spot, at, 1),
        MouseEventKind::ScrollDown => wheel(app, spot, at, -1),
        MouseEventKind::Down(MouseButton::Left) => press(app, spot, at),
        MouseEventKind::Drag(MouseButton::Left) => drag(app, at),
        MouseEventKind::Up(MouseButton::Left) => release(app, spot),
        _ => {}
    }
}

fn wheel(app: &mut App, spot: Option<Spot>, at: Position, by: i32) {
    let scrolled = app.mouse.scrolled;
    let scrolls = scrolled.is_some_and(|last| app.now < last + SCROLLS_ON);
    let rail = app.patch.layout == patch::Layout::Rail;
    let on_knobs = !rail || app.patch.window.is_of_knobs(at.x);
    match (app.screen, spot) {
        (Screen::Patch, Some(Spot::Row(row))) if !scrolls && on_knobs && row.is_knob() => {
            focus(app, spot);
            patch::knobs::turn(app, Step::Coarse, by as f32);
        }
        (Screen::Patch, _) => {
            app.mouse.scrolled = Some(app.now);
            patch::scroll(app, -by as isize * 3);
        }
        (Screen::Perform, Some(Spot::Macro(_))) => {
            focus(app, spot);
            super::stage::turn_macro(app, by);
        }
        (Screen::Perform, _) => {}
        _ => app.move_by(-by as isize * 3),
    }
}

fn press(app: &mut App, spot: Option<Spot>, at: Position) {
    app.mouse.dragged = spot;
    match spot {
        // What is heard stays: its state is only read.
        Some(Spot::Slot(slot)) if slot == app.view.live => {}
        Some(Spot::Slot(slot)) if app.slot(slot).is_net => {
            let name = slot.name();
            app.say(format!(
                "{name} holds a copy of what plays; load a patch on screen 7"
            ));
        }
        Some(Spot::Slot(slot)) => match app.slot(slot).state {
            SlotState::Primed => act::swap(app, ""),
            _ => act::prime(app),
        },
        Some(Spot::Line { line, from, left }) if app.screen == Screen::Text => {
            app.text.click(line, left, at.x.saturating_sub(from));
        }
        other => focus(app, other),
    }
}

/// A cable that is drawn to the edge brings the rows beyond it.
fn drag(app: &mut App, at: Position) {
    if app.screen == Screen::Patch && matches!(app.mouse.dragged, Some(Spot::Row(_))) {
        patch::scroll(app, app.patch.window.beyond(at.y));
    }
}

/// A cable between the row where the button went down and this one, if there can be one.
fn release(app: &mut App, spot: Option<Spot>) {
    let (Some(Spot::Row(from)), Some(Spot::Row(to))) = (app.mouse.dragged.take(), spot) else {
        return;
    };
    let Some(shown) = patch::shown(app).filter(|_| from != to && app.screen == Screen::Patch)
    else {
        return;
    };
    // The patch may be another one than that which was drawn.
    let rows = patch::rows(&shown.patch, false);
    let there = |row: &Row| {
        rows.iter()
            .any(|r| (r.node, r.field) == (row.node, row.field))
    };
    if !there(&from) || !there(&to) {
        return;
    }
    let ends = match (from.source(), to.target()) {
        (Some(source), Some(target)) => Some((source, target)),
        _ => to.source().zip(from.target()),
    };
    match ends {
        Some((source, target)) => {
            let (source, target) = (
                source_text(&shown.patch, source),
                target_text(&shown.patch, target),
            );
            patch::wiring::wire(app, &format!("{source} > {target}"));
        }
        None => app.say("A cable goes from an output to an input or a knob"),
    }
}

fn focus(app: &mut App, spot: Option<Spot>) {
    match spot {
        Some(Spot::Row(row)) if app.screen == Screen::Patch => patch::focus_on_row(app, row),
        Some(Spot::Macro(index)) => app.picked_macro = index,
        Some(Spot::File(row)) => app.files.focus_on(row),
        _ => {}
    }
}

/// The places of one frame.
#[derive(Debug, Default)]
pub struct Spots(std::cell::RefCell<Vec<(Rect, Spot)>>);

impl Spots {
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    pub fn note(&self, place: Rect, spot: Spot) {
        self.0.borrow_mut().push((place, spot));
    }

    pub fn at(&self, place: Position) -> Option<Spot> {
        let spots = self.0.borrow();
        let found = spots.iter().rev().find(|(rect, _)| rect.contains(place));
        found.map(|(_, spot)| *spot)
    }
}
