//! The mouse, where the terminal tells of it: a click focuses, or primes and swaps on a slot's state; the wheel turns what is
//! under it; from port to port it wires. Places are noted while the screen is drawn.
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
}

pub fn on_mouse(app: &mut App, mouse: MouseEvent) {
    if app.overlay.is_some() {
        return;
    }
    let at = Position::new(mouse.column, mouse.row);
    let spot = app.spot_at(at);
    match mouse.kind {
        MouseEventKind::ScrollUp => wheel(app, spot, 1),
        MouseEventKind::ScrollDown => wheel(app, spot, -1),
        MouseEventKind::Down(MouseButton::Left) => press(app, spot),
        MouseEventKind::Up(MouseButton::Left) => release(app, spot),
        _ => {}
    }
}

fn wheel(app: &mut App, spot: Option<Spot>, by: i32) {
    focus(app, spot);
    match app.screen {
        Screen::Patch => patch::knobs::turn(app, Step::Coarse, by as f32),
        Screen::Perform => super::stage::turn_macro(app, by),
        _ => app.move_by(-by as isize * 3),
    }
}

fn press(app: &mut App, spot: Option<Spot>) {
    app.dragged = spot;
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
        other => focus(app, other),
    }
}

/// A cable between the row where the button went down and this one, if there can be one.
fn release(app: &mut App, spot: Option<Spot>) {
    let (Some(Spot::Row(from)), Some(Spot::Row(to))) = (app.dragged.take(), spot) else {
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
