//! The last two rows: what happened last as a sentence, and the keys that matter here.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::patch::value::note_name;
use crate::tui::actions;
use crate::tui::app::{App, Layer};
use crate::tui::pen::{Pen, columns};
use crate::tui::screens::{Screen, text};
use crate::tui::stage;
use crate::tui::theme::Role;

pub fn sentence(app: &App, area: Rect, buf: &mut Buffer) {
    let mut pen = Pen::row(buf, area, 0);
    pen.gap(1);
    if app.filtering {
        let filter = match app.screen {
            Screen::Files => &app.files.filter,
            Screen::Text => &app.text.search,
            _ => &app.journal.filter,
        };
        pen.text("/", app.theme.style(Role::Focus));
        pen.text(format!("{filter}▏"), app.theme.style(Role::Text));
        return;
    }
    let error = match app.screen {
        Screen::Text => text::error_sentence(app),
        _ => None,
    };
    let (sentence, role) = match &error {
        Some(error) => (error.as_str(), Role::Failed),
        None => match &app.view.device_problem {
            Some(problem) if app.sentence.text.is_empty() => (problem.as_str(), Role::Failed),
            _ => (app.sentence.text.as_str(), app.sentence.role),
        },
    };
    let style = match role {
        // The reverse of 16 colours is too loud for a whole row.
        Role::Failed => app.theme.style(Role::DiagError),
        role => app.theme.style(role),
    };
    pen.text(sentence, style.remove_modifier(Modifier::REVERSED));
    if let Some(words) = stage::countdown_words(app) {
        let style = app.theme.style(Role::Primed).add_modifier(Modifier::BOLD);
        pen.right(&format!(" {words} "), style);
    }
}

pub fn keys(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let mut pen = Pen::row(buf, area, 0);
    pen.gap(1);
    if app.layer == Layer::Keys {
        badge(app, &mut pen);
    }
    let scopes = app.scopes();
    let hints = if app.filtering {
        vec![("Enter".to_owned(), "done"), ("Esc".to_owned(), "all")]
    } else {
        actions::hints(&app.keymap, &scopes)
    };
    let last: &[(&str, &str)] = match app.layer {
        Layer::Nav if !app.filtering => &[("?", "help"), (":", "cmd")],
        _ => &[],
    };
    let first = hints.iter().filter(|(_, word)| *word != "help");
    let first: Vec<(&str, &str)> = first.map(|(chord, word)| (chord.as_str(), *word)).collect();
    let width = |hints: &[(&str, &str)], gap: u16| -> u16 {
        let each = hints.iter().map(|(c, w)| columns(c) + columns(w) + 1 + gap);
        each.sum()
    };
    // Two columns between them where all fit so, else one.
    let gap = match width(&first, 2) + width(last, 2) <= pen.room() {
        true => 2,
        false => 1,
    };
    let mut shown = first.len();
    while shown > 0 && width(&first[..shown], gap) + width(last, gap) > pen.room() + gap {
        shown -= 1;
    }
    for (chord, word) in first[..shown].iter().chain(last) {
        pen.text(chord, theme.style(Role::Focus))
            .gap(1)
            .text(word, theme.style(Role::Muted))
            .gap(gap);
    }
}

/// "keys:gate 1/8  C4  octave 4 velocity 80"
fn badge(app: &App, pen: &mut Pen<'_>) {
    let theme = &app.theme;
    let notes = &app.notes;
    let style = theme.style(Role::Gate).add_modifier(Modifier::BOLD);
    pen.text(notes.badge(), style).gap(2);
    if let Some(last) = notes.last {
        let role = match notes.sounding() {
            0 => Role::Muted,
            _ => Role::Live,
        };
        pen.cell(note_name(i32::from(last)), 4, theme.style(role));
    }
    pen.text(
        format!("oct {} vel {:.0}", notes.octave, notes.velocity * 100.0),
        theme.style(Role::Text),
    );
    if notes.sustain {
        pen.text(" sustain", theme.style(Role::Primed));
    }
    pen.gap(2);
}
