//! How the text looks: colours, findings below their lines, what sounds, what is looked for, the list of completions.
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Modifier, Style},
};

use crate::patch::diagnostic::{Diagnostic, Severity};
use crate::tui::app::{App, Layer};
use crate::tui::editor::{Editor, highlight, width_between};
use crate::tui::mouse::Spot;
use crate::tui::options::Glyphs;
use crate::tui::pen::{Labels, Pen, panel};
use crate::tui::theme::Role;
use crate::tui::words;

use super::{beside, popup};

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let screen = &app.text;
    let theme = &app.theme;
    let side = match area.width {
        0..=99 => 0,
        width => (width / 3).min(60),
    };
    let main = Rect {
        width: area.width - side,
        ..area
    };
    let star = if screen.edited() { " *" } else { "" };
    let name = match &screen.path {
        Some(path) => path.display().to_string(),
        None => "not in a file yet".to_owned(),
    };
    let title = format!("{name}{star}  → slot {}", app.view.live.other().name());
    let errors = screen.parsed.errors().count();
    let cursor = screen.editor.as_ref().map_or((0, 0), Editor::cursor);
    let foot = format!(
        "{}:{}  {}",
        cursor.0 + 1,
        cursor.1 + 1,
        words::count(errors, "error")
    );
    let labels = Labels {
        title: &title,
        title_style: theme.style(Role::Text).add_modifier(Modifier::BOLD),
        foot: &foot,
        foot_style: theme.style(if errors > 0 {
            Role::DiagError
        } else {
            Role::Live
        }),
    };
    let inner = panel(buf, main, theme, &labels);
    let Some(editor) = &screen.editor else {
        Pen::row(buf, inner, 0).gap(1).text(
            "Nothing is loaded; files are on screen 7.",
            theme.style(Role::Muted),
        );
        return None;
    };
    let cursor = lines(app, editor, inner, buf);
    if let Some(at) = cursor {
        popup::draw(app, at, area, buf);
    }
    if side > 0 {
        let right = Rect {
            x: main.right(),
            width: side,
            ..area
        };
        beside::draw(app, editor, right, buf);
    }
    cursor.filter(|_| app.layer == Layer::Edit)
}

/// Columns of the mark and the line number.
const GUTTER: u16 = 6;

/// The text with its findings below their lines; returns where the cursor is.
fn lines(app: &App, editor: &Editor, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let (cursor_line, cursor_column) = editor.cursor();
    let findings = |line: usize| {
        app.text
            .parsed
            .diagnostics
            .iter()
            .filter(move |d| d.line == line + 1)
    };
    let height_of = |line: usize| 1 + findings(line).take(1).count();
    // The cursor's line stays in the upper two thirds; findings above it take rows too.
    let mut top = cursor_line;
    let mut rows = height_of(cursor_line);
    let wanted = usize::from(area.height) * 2 / 3;
    while top > 0 && rows + height_of(top - 1) <= wanted.max(1) {
        top -= 1;
        rows += height_of(top);
    }
    let last = editor.lines().len();
    // It stays where it was as long as the cursor is in sight: what is under the mouse stays under it.
    let seen = |from: usize| {
        let rows: usize = (from..=cursor_line).map(height_of).sum();
        from <= cursor_line && rows <= usize::from(area.height)
    };
    top = app.text.top.get().filter(|top| seen(*top)).unwrap_or(top);
    let to_end: usize = (top..last).map(height_of).sum();
    let mut spare = usize::from(area.height).saturating_sub(to_end);
    while top > 0 && height_of(top - 1) <= spare {
        top -= 1;
        spare -= height_of(top);
    }
    app.text.top.set(Some(top));
    let width = usize::from(area.width.saturating_sub(GUTTER + 1));
    let at_cursor = &editor.lines()[cursor_line];
    let mut left = (cursor_column + 1).saturating_sub(width);
    while usize::from(width_between(at_cursor, left, cursor_column)) >= width.max(1) {
        left += 1;
    }
    let mut in_comment = false;
    for line in &editor.lines()[..top] {
        highlight::pieces(line, &mut in_comment);
    }
    let mut y = 0;
    let mut cursor = None;
    let marks = marks(app, editor);
    for (n, line) in editor.lines().iter().enumerate().skip(top) {
        if y >= area.height {
            break;
        }
        let found: Vec<&Diagnostic> = findings(n).collect();
        if n == cursor_line {
            let whole = Rect::new(area.x, area.y + y, area.width, 1);
            buf.set_style(whole, theme.raised());
            let x = area.x + GUTTER + width_between(line, left, cursor_column);
            cursor = Some(Position::new(x.min(area.right() - 1), area.y + y));
        }
        let place = Rect::new(area.x, area.y + y, area.width, 1);
        let from = area.x + GUTTER;
        app.spots.note(
            place,
            Spot::Line {
                line: n,
                from,
                left,
            },
        );
        let mut pen = Pen::row(buf, area, y);
        let (mark, role) = match found.first().map(|d| d.severity) {
            Some(Severity::Error) if app.options.glyphs == Glyphs::Ascii => ("x", Role::DiagError),
            Some(Severity::Error) => ("✗", Role::DiagError),
            Some(Severity::Warning) => ("!", Role::DiagWarn),
            None => (" ", Role::Muted),
        };
        pen.text(mark, theme.style(role));
        let number = if n == cursor_line {
            Role::Text
        } else {
            Role::Muted
        };
        pen.text(format!("{:>4} ", n + 1), theme.style(number));
        let mut skip = left;
        for (piece, role) in highlight::pieces(line, &mut in_comment) {
            let length = piece.chars().count();
            let visible: String = piece.chars().skip(skip).collect();
            skip = skip.saturating_sub(length);
            pen.text(visible, theme.style(role));
        }
        for mark in marks.iter().filter(|mark| mark.line == n) {
            let from = width_between(line, left, mark.from).min(width as u16);
            let to = width_between(line, left, mark.to).min(width as u16 + 1);
            let place = Rect::new(area.x + GUTTER + from, area.y + y, to - from, 1);
            buf.set_style(place.intersection(area), mark.style);
        }
        y += 1;
        if let Some(finding) = found.first() {
            finding_row(
                app,
                finding,
                (line, left),
                Rect {
                    y: area.y + y,
                    height: area.height.saturating_sub(y).min(1),
                    ..area
                },
                buf,
            );
            y += 1;
        }
    }
    cursor
}

/// "      ^^^^^ unknown module `Lader`; did you mean `Ladder`?  Tab fixes"
fn finding_row(
    app: &App,
    finding: &Diagnostic,
    (line, left): (&str, usize),
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &app.theme;
    let style = theme.style(match finding.severity {
        Severity::Error => Role::DiagError,
        Severity::Warning => Role::DiagWarn,
    });
    let length = finding.span.len().clamp(1, 12);
    let fix = if finding.fix.is_some() {
        "  Tab fixes"
    } else {
        ""
    };
    let text = format!("{} {}{fix}", "^".repeat(length), finding.message);
    // Under its place where the message then fits, else further left.
    let wanted = width_between(line, left, finding.column - 1);
    let room = area.width.saturating_sub(GUTTER);
    let fits = room.saturating_sub(crate::tui::pen::columns(&text));
    Pen::row(buf, area, 0)
        .gap(GUTTER + wanted.min(fits))
        .text(text, style);
}

/// A part of a line that stands out.
struct Mark {
    line: usize,
    from: usize,
    to: usize,
    style: Style,
}

/// What sounds, and what is looked for.
fn marks(app: &App, editor: &Editor) -> Vec<Mark> {
    let theme = &app.theme;
    let sounds = theme.style(Role::Live).add_modifier(Modifier::REVERSED);
    let found = theme
        .style(Role::Primed)
        .add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
    let length = app.text.search.chars().count();
    let matches = app.text.matches().into_iter();
    let mut marks: Vec<Mark> = matches
        .map(|(line, from)| Mark {
            line,
            from,
            to: from + length,
            style: found,
        })
        .collect();
    if app.text.checked == Some(editor.revision()) {
        let text = editor.text();
        for span in app.sounding.spans(app, &text, &app.text.parsed) {
            let (line, from) = editor.place_of(span.start);
            let (end, to) = editor.place_of(span.end);
            if line == end {
                marks.push(Mark {
                    line,
                    from,
                    to,
                    style: sounds,
                });
            }
        }
    }
    marks
}
