//! The sound page: figures and spectra of what users hear, measured on patches and kept true.
//!
//! `CHRONUS_WRITE_DOCS=1 cargo test --release --test sound_page` measures them anew and writes docs/sound.md with its pictures.
use std::fmt::Write;
use std::path::Path;

use chronus::dsp::lanes::IsaChoice;

#[path = "tools/picture.rs"]
mod picture;
#[allow(dead_code)]
mod reference;
#[allow(dead_code)]
#[path = "tools/spectrum.rs"]
mod spectrum;
use reference::{Alone, RATE};

const PAGE: &str = "docs/sound.md";
/// Heard before measuring: filters and delays swing in.
const LEAD_IN: usize = RATE / 2;
const FRAMES: usize = 1 << 17;

/// What a figure means.
#[derive(Clone, Copy)]
enum Figure {
    /// The loudest line below 16 kHz that is no harmonic of this frequency, in dBFS.
    Alias(f64),
    /// All but the sine of this frequency, against it.
    ThdN(f64),
    /// The level of a harmonic against the ideal waveform's, in dB: fundamental, harmonic, and the ideal's ratio to the first.
    Droop(f64, f64, f64),
    /// The pitch of what oscillates against this frequency, in cents.
    Cents(f64),
}

struct Row {
    what: String,
    patch: String,
    figure: Figure,
    /// The figure's size may not be above this.
    bound: f64,
    /// The spectrum's file, where it is worth a picture.
    picture: Option<&'static str>,
}

fn patch(modules: &str, cables: &str) -> String {
    format!("(modules: ({modules}, out: Out()), cables: [{cables}], prime: Silent)")
}

fn row(what: impl Into<String>, patch: String, figure: Figure, bound: f64) -> Row {
    Row {
        what: what.into(),
        patch,
        figure,
        bound,
        picture: None,
    }
}

impl Row {
    fn render(&self) -> Vec<f32> {
        let mut alone = Alone::new(&self.patch, 0, IsaChoice::Auto);
        let heard = alone.until((LEAD_IN + FRAMES) as u64);
        heard[LEAD_IN..].iter().map(|x| x[0]).collect()
    }

    fn measure(&self, x: &[f32]) -> f64 {
        let near = |hz| spectrum::analyse(x, RATE as u32, hz).expect("enough frames");
        match self.figure {
            Figure::Alias(hz) => {
                let report = near(hz);
                report.alias_db + report.fundamental_db
            }
            Figure::ThdN(hz) => near(hz).thd_n_db,
            Figure::Droop(hz, harmonic, ideal) => {
                let level = |hz: f64| near(hz).fundamental_db;
                level(hz * harmonic) - level(hz) - 20.0 * ideal.log10()
            }
            Figure::Cents(hz) => 1_200.0 * (near(hz).hz / hz).log2(),
        }
    }

    fn unit(&self) -> &'static str {
        match self.figure {
            Figure::Alias(_) => "dBFS",
            Figure::ThdN(_) | Figure::Droop(..) => "dB",
            Figure::Cents(_) => "cents",
        }
    }

    /// Whether a measured figure is within the bound.
    fn holds(&self, value: f64) -> bool {
        match self.figure {
            Figure::Alias(_) | Figure::ThdN(_) => value <= self.bound,
            Figure::Droop(..) | Figure::Cents(_) => value.abs() <= self.bound,
        }
    }

    fn shown(&self, value: f64) -> String {
        match self.figure {
            Figure::Alias(_) | Figure::ThdN(_) => format!("{value:.0}"),
            Figure::Droop(..) | Figure::Cents(_) => format!("{:.2}", value + 0.0),
        }
    }
}

const PITCHES: [f64; 5] = [110.0, 440.0, 1_244.5, 2_489.0, 4_978.0];

/// The page's rows, in order.
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let osc = |kind: &str, hz: f64| patch(&format!("o: {kind}(freq: {hz})"), r#""o > out""#);
    for hz in PITCHES {
        let mut saw = row(
            format!("Saw, {hz} Hz, aliasing"),
            osc("Saw", hz),
            Figure::Alias(hz),
            -135.0,
        );
        saw.picture = match hz {
            1_244.5 => Some("saw-1244"),
            4_978.0 => Some("saw-4978"),
            _ => None,
        };
        rows.push(saw);
    }
    for hz in PITCHES {
        rows.push(row(
            format!("Pulse, {hz} Hz, aliasing"),
            osc("Pulse", hz),
            Figure::Alias(hz),
            -135.0,
        ));
    }
    for hz in PITCHES {
        rows.push(row(
            format!("Tri, {hz} Hz, aliasing"),
            osc("Tri", hz),
            Figure::Alias(hz),
            -135.0,
        ));
    }
    // A whole number of cycles in the transform, so that levels are exact.
    let whole = 1_365.0 * RATE as f64 / FRAMES as f64;
    rows.push(row(
        "Saw, 499.9 Hz, level at 15 kHz against the ideal",
        osc("Saw", whole),
        Figure::Droop(whole, 30.0, 1.0 / 30.0),
        0.05,
    ));
    let synced = |hz: f64, ratio: f64| {
        patch(
            &format!("lead: Saw(freq: {hz}), o: Saw(freq: {})", hz * ratio),
            r#""lead.phase > o.sync", "o > out""#,
        )
    };
    for hz in [110.0, 440.0, 1_244.5] {
        rows.push(row(
            format!("Saw synced hard to {hz} Hz, 2.37 times as fast, aliasing"),
            synced(hz, 2.37),
            Figure::Alias(hz),
            -120.0,
        ));
    }
    rows.last_mut()
        .into_iter()
        .for_each(|r| r.picture = Some("sync-1244"));
    rows.push(row(
        "Saw, 441 Hz, its phase modulated by a sine of 441 Hz, 0.3 cycle, aliasing",
        patch(
            "m: Sine(freq: 441), o: Saw(freq: 441)",
            r#""m > o.fm * 0.3", "o > out""#,
        ),
        Figure::Alias(441.0),
        -90.0,
    ));
    for hz in [110.0, 997.0, 9_001.0] {
        rows.push(row(
            format!("Sine, {hz} Hz, THD+N"),
            osc("Sine", hz),
            Figure::ThdN(hz),
            -145.0,
        ));
    }
    for shape in ["Soft", "Hard", "Fold"] {
        let modules = format!(
            "o: Sine(freq: 2500), d: Drive(shape: {shape}, drive: \"24dB\", level: \"-6dB\")"
        );
        rows.push(row(
            format!("Drive {shape}, +24 dB into it at 2.5 kHz, aliasing"),
            patch(&modules, r#""o > d > out""#),
            Figure::Alias(2_500.0),
            -80.0,
        ));
    }
    rows.last_mut()
        .into_iter()
        .for_each(|r| r.picture = Some("fold-2500"));
    for hz in [100.0, 440.0, 2_000.0, 8_000.0] {
        let modules = format!("n: Noise(level: 0.001), f: Ladder(cutoff: {hz}, res: 1)");
        rows.push(row(
            format!("Ladder oscillating by itself at {hz} Hz, pitch"),
            patch(&modules, r#""n > f > out""#),
            Figure::Cents(hz),
            1.0,
        ));
    }
    rows[0].picture = Some("saw-110");
    rows
}

fn page(rows: &[(Row, f64)]) -> String {
    let mut page = String::from(
        "# Sound

Measured on whole patches as they are heard, at 48 kHz: 131,072 frames through a 7-term Blackman-Harris window. Aliasing is the loudest
line between 20 Hz and 16 kHz that is no harmonic. The best peers that were measured the same way (SuperCollider, Csound, FAUST, fundsp)
reach -82 to -99 dBFS for saws at these pitches.

One command measures it all anew and writes this page and its pictures:

    CHRONUS_WRITE_DOCS=1 cargo test --release --test sound_page

Without the variable the test checks that the page is true: a plain `./test` does.

| what | figure | bound |
|---|---|---|
",
    );
    for (row, value) in rows {
        let (shown, unit) = (row.shown(*value), row.unit());
        let _ = writeln!(page, "| {} | {shown} {unit} | {} |", row.what, row.bound);
    }
    page += "
More figures, of filters, envelopes, clocks and effects, stand with the tests that assert them in [measurements.md](measurements.md).

## Spectra

20 Hz to 24 kHz along a logarithm, 0 to -180 dBFS.
";
    for (row, _) in rows {
        if let Some(name) = row.picture {
            let title = row.what.trim_end_matches(", aliasing");
            let _ = write!(page, "\n{title}:\n\n![{title}](spectra/{name}.svg)\n");
        }
    }
    page
}

/// The figure of each row of the committed page.
fn figures(page: &str) -> Vec<(&str, f64)> {
    let cells = |line: &str| line.split(" | ").count() == 3;
    page.lines()
        .filter(|line| line.starts_with("| ") && cells(line) && !line.contains("| figure |"))
        .filter_map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let what = cells.next()?;
            let number = cells.next()?.split(' ').next()?;
            Some((what, number.parse().ok()?))
        })
        .collect()
}

#[test]
fn the_page_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let writes = std::env::var_os("CHRONUS_WRITE_DOCS").is_some();
    let mut measured = Vec::new();
    for row in rows() {
        let x = row.render();
        let value = row.measure(&x);
        println!("{}: {} {}", row.what, row.shown(value), row.unit());
        assert!(
            row.holds(value),
            "{}: {value:.2} against {}",
            row.what,
            row.bound
        );
        if let (Some(name), true) = (row.picture, writes) {
            let folder = root.join("docs/spectra");
            std::fs::create_dir_all(&folder).expect("a folder");
            let svg = picture::spectrum(&spectrum::amplitudes(&x), RATE as f64);
            std::fs::write(folder.join(format!("{name}.svg")), svg).expect("written");
        }
        measured.push((row, value));
    }
    let wanted = page(&measured);
    if writes {
        return std::fs::write(root.join(PAGE), wanted).expect("written");
    }
    let committed = std::fs::read_to_string(root.join(PAGE)).expect("the page");
    let (there, now) = (figures(&committed), figures(&wanted));
    let names = |all: &[(&str, f64)]| all.iter().map(|(n, _)| n.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&there), names(&now), "print the page anew");
    for ((what, there), (_, now)) in there.iter().zip(&now) {
        // Instruction sets round differently; what lies below -120 dB is made of such roundings.
        let slack = if *now < -120.0 { 8.0 } else { 1.0 };
        assert!(
            (there - now).abs() <= slack,
            "{what}: {there} on the page, {now} measured"
        );
    }
    for (row, _) in &measured {
        if let Some(name) = row.picture {
            assert!(committed.contains(&format!("spectra/{name}.svg")), "{name}");
            assert!(
                root.join(format!("docs/spectra/{name}.svg")).is_file(),
                "{name}"
            );
        }
    }
}
