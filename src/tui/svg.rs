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
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14.5\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{}\"/>\n",
        hex(ground)
    );
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
                color: hex(fore),
            };
            if back != ground {
                at.block(&mut svg, 0.0, 0.0, 1.0, 1.0, &hex(back));
            }
            at.symbol(&mut svg, cell.symbol(), cell.modifier);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

struct Cell {
    x: u16,
    y: u16,
    color: String,
}

impl Cell {
    /// A rectangle in shares of the cell.
    fn block(&self, svg: &mut String, left: f32, top: f32, right: f32, bottom: f32, color: &str) {
        let (w, h) = (f32::from(WIDTH), f32::from(HEIGHT));
        let _ = writeln!(
            svg,
            "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{color}\" shape-rendering=\"crispEdges\"/>",
            f32::from(self.x) + left * w,
            f32::from(self.y) + top * h,
            (right - left) * w,
            (bottom - top) * h,
        );
    }

    fn symbol(&self, svg: &mut String, symbol: &str, modifier: Modifier) {
        let Some(c) = symbol.chars().next().filter(|c| *c != ' ') else {
            return;
        };
        let color = self.color.as_str();
        match c {
            '█' => return self.block(svg, 0.0, 0.0, 1.0, 1.0, color),
            '▀' => return self.block(svg, 0.0, 0.0, 1.0, 0.5, color),
            '▔' => return self.block(svg, 0.0, 0.0, 1.0, 0.125, color),
            '▁'..='▇' => {
                let eighths = (c as u32 - '▁' as u32 + 1) as f32;
                return self.block(svg, 0.0, 1.0 - eighths / 8.0, 1.0, 1.0, color);
            }
            '▉'..='▏' => {
                let eighths = ('▏' as u32 - c as u32 + 1) as f32;
                return self.block(svg, 0.0, 0.0, eighths / 8.0, 1.0, color);
            }
            _ => {}
        }
        // A heavy line down over a light one across.
        let strokes = if c == '╂' { ['─', '┃'] } else { [c, ' '] };
        for line in strokes.into_iter().filter_map(line_of) {
            self.line(svg, line);
        }
        if line_of(strokes[0]).is_some() {
            return;
        }
        let weight = match modifier.contains(Modifier::BOLD) {
            true => " font-weight=\"bold\"",
            false => "",
        };
        let decoration = match modifier.contains(Modifier::UNDERLINED) {
            true => " text-decoration=\"underline\"",
            false => "",
        };
        let text = symbol
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" fill=\"{color}\"{weight}{decoration}>{text}</text>",
            self.x,
            self.y + BASELINE
        );
    }

    fn line(&self, svg: &mut String, line: Line) {
        let (x, y) = (f32::from(self.x), f32::from(self.y));
        let (mx, my) = (x + f32::from(WIDTH) / 2.0, y + f32::from(HEIGHT) / 2.0);
        let ends = [
            (line.arms[0], x, my),
            (line.arms[1], x + f32::from(WIDTH), my),
            (line.arms[2], mx, y),
            (line.arms[3], mx, y + f32::from(HEIGHT)),
        ];
        let width = if line.heavy { 2.4 } else { 1.2 };
        let dashes = match line.dashed {
            true => " stroke-dasharray=\"2 1.6\"",
            false => "",
        };
        for (_, to_x, to_y) in ends.into_iter().filter(|(there, ..)| *there) {
            let _ = writeln!(
                svg,
                "<path d=\"M{mx} {my}L{to_x} {to_y}\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linecap=\"square\"{dashes}/>",
                self.color
            );
        }
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
        assert_eq!(svg.matches("<text").count(), 3);
        assert_eq!(svg.matches("#010203").count(), 3 + 2 + 2);
        assert!(svg.ends_with("</svg>\n"));
    }
}
