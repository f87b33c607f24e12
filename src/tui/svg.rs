//! A frame of the screen as an SVG picture: exact cells whatever the font, lines and blocks as shapes.
use std::fmt::Write;

use ratatui::{
    buffer::Buffer,
    style::{Color, Modifier},
};

use super::color::{Rgb, indexed_rgb, mix};

const WIDTH: u16 = 9;
const HEIGHT: u16 = 18;
/// From the cell's top to the letters' feet.
const BASELINE: u16 = 14;
const MARGIN: u16 = 9;

/// The first 16 colours, which terminals choose themselves: those of xterm, softened.
const ANSI: [Rgb; 16] = [
    [0x1c, 0x1c, 0x22],
    [0xd0, 0x5a, 0x5a],
    [0x6f, 0xb8, 0x6f],
    [0xd6, 0xb0, 0x50],
    [0x5f, 0x87, 0xd7],
    [0xb0, 0x78, 0xc8],
    [0x50, 0xb8, 0xb8],
    [0xc8, 0xc8, 0xc8],
    [0x70, 0x70, 0x78],
    [0xf0, 0x80, 0x80],
    [0x90, 0xe0, 0x90],
    [0xf0, 0xd0, 0x70],
    [0x80, 0xa8, 0xf8],
    [0xd8, 0xa0, 0xf0],
    [0x78, 0xe0, 0xe0],
    [0xff, 0xff, 0xff],
];

/// The picture of a buffer; `ground` and `ink` stand for the terminal's own two colours.
pub fn picture(buf: &Buffer, ground: Rgb, ink: Rgb) -> String {
    let area = buf.area;
    let (width, height) = (
        area.width * WIDTH + 2 * MARGIN,
        area.height * HEIGHT + 2 * MARGIN,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14.95\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{}\"/>\n",
        hex(ground)
    );
    let (mut grounds, mut blocks) = (Shapes::default(), Shapes::default());
    let (mut lines, mut letters) = (Shapes::default(), Letters::default());
    for y in 0..area.height {
        for x in 0..area.width {
            let cell = &buf[(area.x + x, area.y + y)];
            let mut fore = rgb(cell.fg, ink);
            let mut back = rgb(cell.bg, ground);
            if cell.modifier.contains(Modifier::REVERSED) {
                std::mem::swap(&mut fore, &mut back);
            }
            if cell.modifier.contains(Modifier::DIM) {
                fore = mix(fore, back, 0.4);
            }
            let at = Cell {
                x: x * WIDTH + MARGIN,
                y: y * HEIGHT + MARGIN,
            };
            if back != ground {
                at.block([0, 0, 8, 8], grounds.of(&fill(back)));
            }
            let Some(c) = cell.symbol().chars().next().filter(|c| *c != ' ') else {
                continue;
            };
            if let Some(part) = block_of(c) {
                at.block(part, blocks.of(&fill(fore)));
            } else if !at.line(c, fore, &mut lines) {
                let style = style(fore, cell.modifier);
                letters.put(&at, &style, cell.symbol());
            }
        }
        letters.end_row();
    }
    grounds.write(&mut svg);
    blocks.write(&mut svg);
    lines.write(&mut svg);
    svg += &letters.svg;
    svg.push_str("</svg>\n");
    svg
}

fn fill(color: Rgb) -> String {
    format!("fill=\"{}\" shape-rendering=\"crispEdges\"", hex(color))
}

fn style(color: Rgb, modifier: Modifier) -> String {
    let weight = match modifier.contains(Modifier::BOLD) {
        true => " font-weight=\"bold\"",
        false => "",
    };
    let decoration = match modifier.contains(Modifier::UNDERLINED) {
        true => " text-decoration=\"underline\"",
        false => "",
    };
    format!("fill=\"{}\"{weight}{decoration}", hex(color))
}

/// Outlines by how they are drawn: all of one kind are one element.
#[derive(Default)]
struct Shapes(Vec<(String, String)>);

impl Shapes {
    fn of(&mut self, look: &str) -> &mut String {
        let at = self.0.iter().position(|(l, _)| l == look);
        let at = at.unwrap_or_else(|| {
            self.0.push((look.to_owned(), String::new()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    fn write(&self, svg: &mut String) {
        for (look, outline) in &self.0 {
            let _ = writeln!(svg, "<path {look} d=\"{outline}\"/>");
        }
    }
}

/// Letters of one look beside each other are one element, each at its own place whatever the font. Where a viewer knows only the
/// first place, the size makes the usual font's letters as wide as a cell.
#[derive(Default)]
struct Letters {
    svg: String,
    style: String,
    places: String,
    row: u16,
    /// Where the next letter is beside the last.
    next: u16,
    text: String,
}

impl Letters {
    fn put(&mut self, at: &Cell, style: &str, symbol: &str) {
        if self.style != style || self.next != at.x {
            self.end_row();
            style.clone_into(&mut self.style);
        }
        self.next = at.x + WIDTH;
        self.row = at.y + BASELINE;
        let gap = if self.places.is_empty() { "" } else { " " };
        let _ = write!(self.places, "{gap}{}", at.x);
        let text = symbol.replace('&', "&amp;");
        self.text += &text.replace('<', "&lt;").replace('>', "&gt;");
        // What is several characters would take the places of those behind it.
        if symbol.chars().nth(1).is_some() {
            self.end_row();
        }
    }

    fn end_row(&mut self) {
        if !self.text.is_empty() {
            let Self {
                style,
                places,
                row,
                text,
                ..
            } = self;
            let _ = writeln!(
                self.svg,
                "<text y=\"{row}\" {style} x=\"{places}\">{text}</text>"
            );
        }
        self.places.clear();
        self.text.clear();
    }
}

/// Its left upper corner.
struct Cell {
    x: u16,
    y: u16,
}

/// Which part of a cell a block fills, in eighths: left, top, right, bottom.
fn block_of(c: char) -> Option<[u16; 4]> {
    Some(match c {
        '█' => [0, 0, 8, 8],
        '▀' => [0, 0, 8, 4],
        '▔' => [0, 0, 8, 1],
        '▁'..='▇' => [0, 8 - (c as u32 - '▁' as u32 + 1) as u16, 8, 8],
        '▉'..='▏' => [0, 0, ('▏' as u32 - c as u32 + 1) as u16, 8],
        _ => return None,
    })
}

impl Cell {
    fn block(&self, [left, top, right, bottom]: [u16; 4], outline: &mut String) {
        let x = |eighths: u16| f32::from(eighths * WIDTH) / 8.0;
        let y = |eighths: u16| f32::from(eighths * HEIGHT) / 8.0;
        let (width, height) = (x(right) - x(left), y(bottom) - y(top));
        let _ = write!(
            outline,
            "M{} {}h{width}v{height}h-{width}z",
            f32::from(self.x) + x(left),
            f32::from(self.y) + y(top)
        );
    }

    /// Draws a box-drawing character; false where it is none.
    fn line(&self, c: char, color: Rgb, lines: &mut Shapes) -> bool {
        // A heavy line down over a light one across.
        let strokes = if c == '╂' { ['─', '┃'] } else { [c, ' '] };
        let (x, y) = (f32::from(self.x), f32::from(self.y));
        let (half_x, half_y) = (f32::from(WIDTH) / 2.0, f32::from(HEIGHT) / 2.0);
        for line in strokes.into_iter().filter_map(line_of) {
            let width = if line.heavy { 2.4 } else { 1.2 };
            let dashes = match line.dashed {
                true => " stroke-dasharray=\"2 1.6\"",
                false => "",
            };
            let look = format!(
                "stroke=\"{}\" stroke-width=\"{width}\" stroke-linecap=\"square\" fill=\"none\"{dashes}",
                hex(color)
            );
            let outline = lines.of(&look);
            let [left, right, top, bottom] = line.arms;
            if left || right {
                let from = if left { x } else { x + half_x };
                let length = half_x * f32::from(u8::from(left) + u8::from(right));
                let _ = write!(outline, "M{from} {}h{length}", y + half_y);
            }
            if top || bottom {
                let from = if top { y } else { y + half_y };
                let length = half_y * f32::from(u8::from(top) + u8::from(bottom));
                let _ = write!(outline, "M{} {from}v{length}", x + half_x);
            }
        }
        line_of(strokes[0]).is_some()
    }
}

/// A box-drawing character.
#[derive(Clone, Copy)]
struct Line {
    /// To the left, right, top, bottom.
    arms: [bool; 4],
    heavy: bool,
    dashed: bool,
}

fn line_of(c: char) -> Option<Line> {
    const LIGHT: &str = "─│┐┘┌└┤├┬┴┼";
    const HEAVY: &str = "━┃┓┛┏┗┫┣┳┻╋";
    const ARMS: [[u8; 4]; 11] = [
        [1, 1, 0, 0],
        [0, 0, 1, 1],
        [1, 0, 0, 1],
        [1, 0, 1, 0],
        [0, 1, 0, 1],
        [0, 1, 1, 0],
        [1, 0, 1, 1],
        [0, 1, 1, 1],
        [1, 1, 0, 1],
        [1, 1, 1, 0],
        [1, 1, 1, 1],
    ];
    let (index, heavy, dashed) = match c {
        '┄' => (0, false, true),
        '┆' => (1, false, true),
        _ => match LIGHT.chars().position(|l| l == c) {
            Some(index) => (index, false, false),
            None => (HEAVY.chars().position(|l| l == c)?, true, false),
        },
    };
    Some(Line {
        arms: ARMS[index].map(|arm| arm == 1),
        heavy,
        dashed,
    })
}

fn rgb(color: Color, otherwise: Rgb) -> Rgb {
    let index = match color {
        Color::Reset => return otherwise,
        Color::Rgb(r, g, b) => return [r, g, b],
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Indexed(n) => n,
    };
    match index {
        0..16 => ANSI[usize::from(index)],
        _ => indexed_rgb(index),
    }
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    #[test]
    fn letters_are_escaped_and_blocks_are_shapes() {
        let mut buf = Buffer::with_lines(["<&>█▄┌"]);
        buf.set_style(buf.area, Style::new().fg(Color::Rgb(1, 2, 3)));
        let svg = picture(&buf, [0; 3], [255; 3]);
        assert!(svg.contains("&lt;") && svg.contains("&amp;") && svg.contains("&gt;"));
        assert!(svg.contains(" x=\"9 18 27\">"), "{svg}");
        assert_eq!(svg.matches("#010203").count(), 3, "letters, blocks, lines");
        assert!(svg.ends_with("</svg>\n"));
    }
}
