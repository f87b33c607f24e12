//! A spectrum as an SVG of a few kilobytes: one stroke from each column's loudest line.
use std::fmt::Write;

const WIDTH: usize = 720;
const HEIGHT: usize = 260;
const LEFT: usize = 44;
const BOTTOM: usize = 24;
const LOWEST_HZ: f64 = 20.0;
const LOWEST_DB: f64 = -180.0;

/// `amplitudes` are those of the bins from 0 to half the rate.
pub fn spectrum(amplitudes: &[f64], rate: f64) -> String {
    let octaves = (rate / 2.0 / LOWEST_HZ).log2();
    let x_of = |hz: f64| LEFT as f64 + (hz / LOWEST_HZ).log2() / octaves * WIDTH as f64;
    let y_of = |db: f64| 8.0 + db.clamp(LOWEST_DB, 0.0) / LOWEST_DB * HEIGHT as f64;
    let (whole_width, whole_height) = (LEFT + WIDTH + 8, HEIGHT + 8 + BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole_width} {whole_height}\" font-family=\"monospace\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#101418\"/>\n"
    );
    for db in (0..=180).step_by(30) {
        let y = y_of(-f64::from(db));
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}h{WIDTH}\" stroke=\"#2a3038\"/><text x=\"{}\" y=\"{:.1}\" fill=\"#8a939e\" text-anchor=\"end\">{}</text>",
            LEFT - 6,
            y + 4.0,
            -db
        );
    }
    for (hz, name) in [(100.0, "100"), (1_000.0, "1k"), (10_000.0, "10k")] {
        let x = x_of(hz);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} 8v{HEIGHT}\" stroke=\"#2a3038\"/><text x=\"{x:.1}\" y=\"{}\" fill=\"#8a939e\" text-anchor=\"middle\">{name}</text>",
            HEIGHT + 22
        );
    }
    let mut columns = vec![0.0f64; WIDTH];
    for (bin, amplitude) in amplitudes.iter().enumerate() {
        let hz = bin as f64 / (amplitudes.len() - 1) as f64 * rate / 2.0;
        if hz < LOWEST_HZ {
            continue;
        }
        let column = ((x_of(hz) - LEFT as f64) as usize).min(WIDTH - 1);
        columns[column] = columns[column].max(*amplitude);
    }
    let mut path = String::new();
    for (column, amplitude) in columns.iter().enumerate().filter(|(_, a)| **a > 0.0) {
        let sign = if path.is_empty() { 'M' } else { 'L' };
        let y = y_of(20.0 * amplitude.log10());
        let _ = write!(path, "{sign}{} {y:.1}", LEFT + column);
    }
    let _ = writeln!(
        svg,
        "<path d=\"{path}\" fill=\"none\" stroke=\"#6ad1a8\" stroke-width=\"1.2\"/>"
    );
    svg + "</svg>\n"
}
