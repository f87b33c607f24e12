//! The mouse, where the terminal tells of it: the wheel turns what is in focus or scrolls.
use crossterm::event::{MouseEvent, MouseEventKind};

use super::app::App;
use super::knob::Step;
use super::screens::{Screen, patch};

pub fn on_mouse(app: &mut App, mouse: MouseEvent) {
    let by = match mouse.kind {
        MouseEventKind::ScrollUp => 1,
        MouseEventKind::ScrollDown => -1,
        _ => return,
    };
    if app.overlay.is_some() {
        return;
    }
    match app.screen {
        Screen::Patch => patch::knobs::turn(app, Step::Coarse, by as f32),
        Screen::Perform => super::stage::turn_macro(app, by),
        _ => app.move_by(-by as isize * 3),
    }
}
