//! The last two rows: what happened last as a sentence, and the keys that matter here.
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use crate::patch::value::note_name;
use crate::tui::actions;
use crate::tui::app::{App, Layer};
use crate::tui::pen::{Pen, columns};
use crate::tui::screens::{Screen, text};
use crate::tui::stage;
use crate::tui::theme::Role;
use crate::tui::words;

/// What is said now.
fn said(app: &App) -> (String, Role) {
    let said = &app.sentence;
    let newest = said.is_new(app.now) && app.text.changed_before(said.at);
    let error = match app.screen {
        Screen::Text if !newest => text::error_sentence(app),
        _ => None,
    };
    match (error, &app.view.device_problem) {
        (Some(error), _) => (error, Role::Failed),
        (None, Some(problem)) if said.text.is_empty() => (problem.clone(), Role::Failed),
        (None, _) => (said.text.clone(), said.role),
    }
}

/// Whether what was said just now needs the row of the keys too.
pub fn is_long(app: &App, width: u16) -> bool {
    let free = app.layer != Layer::Keys && !app.filtering;
    let countdown = stage::countdown_words(app).map_or(0, |words| columns(&words) + 2);
    let room = width.saturating_sub(1 + countdown);
    free && app.sentence.is_new(app.now) && columns(&said(app).0) > room
}

/// In one row, or in the two of an area.
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
    let (sentence, role) = said(app);
    let style = match role {
        // The reverse of 16 colours is too loud for a whole row.
        Role::Failed => app.theme.style(Role::DiagError),
        role => app.theme.style(role),
    };
    let style = style.remove_modifier(Modifier::REVERSED);
    if let Some(words) = stage::countdown_words(app) {
        let style = app.theme.style(Role::Primed).add_modifier(Modifier::BOLD);
        pen.right(&format!(" {words} "), style);
    }
    if area.height < 2 {
        pen.rest(sentence, style);
        return;
    }
    let lines = words::wrapped(&sentence, usize::from(pen.room()));
    let mut lines = lines.into_iter();
    pen.rest(lines.next().unwrap_or_default(), style);
    let more: Vec<String> = lines.collect();
    Pen::row(buf, area, 1).gap(1).rest(more.join(" "), style);
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
