//! Writing into the buffer without ever leaving it: a cursor for one row, a frame for a panel, bars.
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::options::Glyphs;
use super::theme::{Role, Theme};

/// Writes one row from left to right and stops at its end.
pub struct Pen<'a> {
    buf: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> Pen<'a> {
    /// On row `row` of an area, counted from 0. Rows outside write nothing.
    pub fn row(buf: &'a mut Buffer, area: Rect, row: u16) -> Self {
        let area = area.intersection(buf.area);
        let inside = row < area.height;
        Self {
            buf,
            x: area.x,
            y: area.y + if inside { row } else { 0 },
            end: if inside { area.right() } else { area.x },
        }
    }

    pub fn text(&mut self, text: impl AsRef<str>, style: Style) -> &mut Self {
        let room = self.end.saturating_sub(self.x);
        if room > 0 {
            let (x, _) = self
                .buf
                .set_stringn(self.x, self.y, text, usize::from(room), style);
            self.x = x;
        }
        self
    }

    /// Text cut to `width` or filled up with blanks.
    pub fn cell(&mut self, text: impl AsRef<str>, width: u16, style: Style) -> &mut Self {
        let start = self.x;
        let end = self.end.min(start.saturating_add(width));
        let whole = std::mem::replace(&mut self.end, end);
        self.text(clip(text.as_ref(), usize::from(width)), style);
        self.x = end;
        self.end = whole;
        self
    }

    /// Text cut to what is left of the row.
    pub fn rest(&mut self, text: impl AsRef<str>, style: Style) -> &mut Self {
        let width = usize::from(self.room());
        self.text(clip(text.as_ref(), width), style)
    }

    pub fn gap(&mut self, columns: u16) -> &mut Self {
        self.x = self.x.saturating_add(columns).min(self.end);
        self
    }

    /// To a column of the row, counted from the area's left edge `from`.
    pub fn to(&mut self, x: u16) -> &mut Self {
        self.x = x.min(self.end);
        self
    }

    /// Flush with the right end, if there is room for all of it.
    pub fn right(&mut self, text: &str, style: Style) -> &mut Self {
        let width = columns(text);
        if self.x + width <= self.end {
            let x = self.end - width;
            self.buf
                .set_stringn(x, self.y, text, usize::from(width), style);
            self.end = x;
        }
        self
    }

    pub fn x(&self) -> u16 {
        self.x
    }

    pub fn room(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }
}

/// Columns that a text takes.
pub fn columns(text: &str) -> u16 {
    ratatui::text::Span::raw(text)
        .width()
        .min(usize::from(u16::MAX)) as u16
}

/// The text, or its beginning with `…` where it is wider than `width`.
pub fn clip(text: &str, width: usize) -> String {
    if text.len() <= width || usize::from(columns(text)) <= width {
        return text.to_owned();
    }
    match width {
        0 => String::new(),
        _ => within(text.chars(), width - 1).chain(['…']).collect(),
    }
}

/// The text, or its end behind `…`: of a line that is being typed the end is what matters.
pub fn tail(text: &str, width: usize) -> String {
    if usize::from(columns(text)) <= width {
        return text.to_owned();
    }
    let end: Vec<char> = within(text.chars().rev(), width.saturating_sub(1)).collect();
    std::iter::once('…').chain(end.into_iter().rev()).collect()
}

/// As many as fit into so many columns.
fn within(chars: impl Iterator<Item = char>, width: usize) -> impl Iterator<Item = char> {
    let mut used = 0;
    chars.take_while(move |c| {
        used += match c.is_ascii() {
            true => 1,
            false => usize::from(columns(c.encode_utf8(&mut [0; 4]))),
        };
        used <= width
    })
}

/// What stands on a panel's frame.
#[derive(Default)]
pub struct Labels<'a> {
    pub title: &'a str,
    pub title_style: Style,
    /// At the lower right.
    pub foot: &'a str,
    pub foot_style: Style,
}

/// Draws a frame and returns what is inside it. Without room for one, the area itself.
pub fn panel(buf: &mut Buffer, area: Rect, theme: &Theme, labels: &Labels<'_>) -> Rect {
    let area = area.intersection(buf.area);
    if area.width < 4 || area.height < 3 {
        return area;
    }
    let border = theme.style(Role::Border);
    let (left, right) = (area.x, area.right() - 1);
    let (top, bottom) = (area.y, area.bottom() - 1);
    for x in left + 1..right {
        buf[(x, top)].set_symbol("─").set_style(border);
        buf[(x, bottom)].set_symbol("─").set_style(border);
    }
    for y in top + 1..bottom {
        buf[(left, y)].set_symbol("│").set_style(border);
        buf[(right, y)].set_symbol("│").set_style(border);
    }
    for (x, y, corner) in [
        (left, top, "┌"),
        (right, top, "┐"),
        (left, bottom, "└"),
        (right, bottom, "┘"),
    ] {
        buf[(x, y)].set_symbol(corner).set_style(border);
    }
    let room = usize::from(area.width.saturating_sub(4));
    if !labels.title.is_empty() {
        let title = format!(" {} ", clip(labels.title, room.saturating_sub(2)));
        buf.set_stringn(left + 2, top, title, room, labels.title_style);
    }
    if !labels.foot.is_empty() {
        let foot = format!(" {} ", clip(labels.foot, room.saturating_sub(2)));
        let width = columns(&foot);
        let x = right.saturating_sub(width).max(left + 1);
        buf.set_stringn(x, bottom, foot, room, labels.foot_style);
    }
    Rect::new(left + 1, top + 1, area.width - 2, area.height - 2)
}

/// Clears an area to the theme's background, for an overlay.
pub fn wipe(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let area = area.intersection(buf.area);
    for position in area.positions() {
        buf[position].reset();
    }
    buf.set_style(area, theme.base());
}

/// The eighths of a cell, filled from the left.
const ACROSS: [&str; 9] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
/// The eighths of a cell, filled from below.
pub const UPWARD: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// A bar of `width` cells of which `share` (0..=1) is full; `style` gives each full cell's style by its place.
pub fn bar(
    pen: &mut Pen<'_>,
    width: u16,
    share: f32,
    glyphs: Glyphs,
    empty: Style,
    style: impl Fn(f32) -> Style,
) {
    let eighths = (share.clamp(0.0, 1.0) * f32::from(width) * 8.0).round() as u32;
    for cell in 0..width {
        let filled = eighths.saturating_sub(u32::from(cell) * 8).min(8) as usize;
        let place = (f32::from(cell) + 0.5) / f32::from(width.max(1));
        match (glyphs, filled) {
            (_, 0) => pen.text(if glyphs == Glyphs::Ascii { "." } else { "·" }, empty),
            (Glyphs::Ascii, n) => pen.text(if n >= 4 { "#" } else { "." }, style(place)),
            (_, n) => pen.text(ACROSS[n], style(place)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_outside_the_area() {
        let whole = Rect::new(0, 0, 10, 3);
        let mut buf = Buffer::empty(whole);
        let area = Rect::new(2, 1, 4, 1);
        Pen::row(&mut buf, area, 0).text("abcdefgh", Style::new());
        Pen::row(&mut buf, area, 1).text("below", Style::new());
        Pen::row(&mut buf, Rect::new(50, 50, 4, 4), 0).text("far away", Style::new());
        assert_eq!(
            buf,
            Buffer::with_lines(["          ", "  abcd    ", "          "])
        );
    }

    #[test]
    fn long_texts_keep_their_beginning_or_their_end_by_columns() {
        for (text, begins, ends) in [
            ("abcdef", "abcdef", "abcdef"),
            ("abcdefg", "abcde…", "…cdefg"),
            ("音音音", "音音音", "音音音"),
            ("音音音音", "音音…", "…音音"),
        ] {
            assert_eq!(clip(text, 6), begins);
            assert_eq!(tail(text, 6), ends);
        }
        assert_eq!(clip("ab", 0), "");
    }

    #[test]
    fn a_cell_is_as_wide_as_asked() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
        let area = buf.area;
        Pen::row(&mut buf, area, 0)
            .cell("cutoff frequency", 6, Style::new())
            .cell("ab", 3, Style::new())
            .right("z", Style::new());
        assert_eq!(buf, Buffer::with_lines(["cutof…ab   z"]));
    }

    #[test]
    fn a_panel_of_any_size_stays_inside() {
        let theme = Theme::load("night", crate::tui::color::Depth::None).expect("theme");
        for width in 0..12 {
            for height in 0..6 {
                let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
                let labels = Labels {
                    title: "a long title",
                    foot: "a long foot",
                    ..Labels::default()
                };
                let inner = panel(&mut buf, Rect::new(0, 0, 40, 20), &theme, &labels);
                assert_eq!(inner.intersection(buf.area), inner);
            }
        }
    }
}
