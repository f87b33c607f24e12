//! How the screens look, kept: a table of screens and sizes, each with its text and what every theme makes of it. And what drawing
//! them costs. `INSTA_UPDATE=always` writes the pictures anew; look at them before they are committed.
use std::fmt::Write;
use std::io::sink;
use std::path::Path;
use std::time::Duration;

use ratatui::{
    Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, buffer::Buffer, layout::Rect,
};

use super::color::Depth;
use super::draw::draw;
use super::options::Glyphs;
use super::scene::{Scene, playing};
use super::screens::files::FilesScreen;
use super::svg;
use super::theme::Theme;
use crate::dsp::cpu;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Keys that lead to what is kept, and its name.
const SHOTS: &[(&str, &str)] = &[
    ("1", "perform"),
    ("2", "patch"),
    ("3", "text"),
    ("4", "pattern"),
    ("5", "diag"),
    ("6", "log"),
    ("7", "files"),
];
/// What docs/screens.md and the README show, beside those.
const DOCS: &[(&str, &str)] = &[("2 v v", "matrix"), ("g", "which-key"), (":", "palette")];

/// The scene with a screen open. Files are those of a folder that is shipped.
fn shot(keys: &str) -> Scene {
    let mut scene = playing(Depth::True);
    scene.app.files = FilesScreen::new(&["patches/bass".into()]);
    scene.press(keys);
    scene.look();
    scene
}

/// A number for the colours and weights of every cell.
fn digest(buf: &Buffer) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for cell in buf.content() {
        let text = format!("{:?}{:?}{:?}", cell.fg, cell.bg, cell.modifier);
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    hash
}

#[test]
fn every_screen_looks_as_it_was_kept_in_every_size_and_theme() {
    for (key, name) in SHOTS {
        for (width, height) in SIZES {
            // A scene of its own for each: meters and scope go on from look to look.
            let mut scene = shot(key);
            let mut kept = scene.text(width, height);
            for theme in Theme::shipped() {
                for (depth, depth_name) in [
                    (Depth::True, "true"),
                    (Depth::Indexed, "256"),
                    (Depth::Sixteen, "16"),
                    (Depth::None, "none"),
                ] {
                    scene.app.depth = depth;
                    scene.app.theme = Theme::load(theme, depth).expect("shipped");
                    let mut again = Buffer::empty(Rect::new(0, 0, width, height));
                    let area = again.area;
                    super::draw::draw_into(&mut scene.app, area, &mut again);
                    let _ = writeln!(kept, "{theme} {depth_name} {:016x}", digest(&again));
                }
            }
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), kept);
        }
    }
}

#[test]
fn in_ascii_there_is_nothing_else() {
    for (key, name) in SHOTS.iter().chain(&[("?", "help"), (":", "palette")]) {
        let mut scene = shot(key);
        scene.app.options.glyphs = Glyphs::Ascii;
        scene.look();
        for (width, height) in SIZES.into_iter().chain([(40, 10), (300, 80)]) {
            let text = scene.text(width, height);
            let strange = text.chars().find(|c| !c.is_ascii());
            assert_eq!(strange, None, "{name} {width}x{height}\n{text}");
        }
    }
}

#[test]
fn thirty_frames_a_second_cost_little_of_a_core() {
    const FRAMES: u32 = 90;
    // What the scene plays is made before.
    let mut scene = shot(SHOTS[0].0);
    for _ in 0..FRAMES + 10 {
        scene.start += Duration::from_millis(33);
        scene.app.look(scene.start);
    }
    for (key, name) in SHOTS {
        for (width, height) in SIZES {
            let mut scene = shot(key);
            let options = TerminalOptions {
                viewport: Viewport::Fixed(Rect::new(0, 0, width, height)),
            };
            let mut terminal =
                Terminal::with_options(CrosstermBackend::new(sink()), options).expect("a terminal");
            let before = cpu::seconds();
            for _ in 0..FRAMES {
                scene.start += Duration::from_millis(33);
                scene.app.look(scene.start);
                let drawn = terminal.draw(|frame| draw(&mut scene.app, frame));
                drawn.expect("drawn");
            }
            let share = (cpu::seconds() - before) / (f64::from(FRAMES) / 30.0);
            println!("{name} {width}x{height}: {:.1} % of a core", share * 100.0);
            // 5 % is for the program as it is shipped; a build for tests is slower.
            let most = if cfg!(debug_assertions) { 0.25 } else { 0.05 };
            assert!(share <= most, "{name} {width}x{height}: {share:.3}");
        }
    }
}

/// The pictures of README and docs, of the screens as they are: CHRONUS_WRITE_DOCS=1 draws them anew.
#[test]
fn the_docs_show_the_screens_as_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screens");
    for (keys, name) in DOCS.iter().chain(SHOTS) {
        let mut scene = shot(keys);
        let buf = scene.draw(120, 40);
        let (ground, ink) = scene.app.theme.ground();
        let picture = svg::picture(&buf, ground, ink);
        let path = folder.join(name).with_extension("svg");
        if std::env::var_os("CHRONUS_WRITE_DOCS").is_some() {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, picture).expect("written");
        } else {
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            let path = path.display();
            assert!(
                kept == picture,
                "{path} is not as the screen is: CHRONUS_WRITE_DOCS=1 draws it anew"
            );
        }
    }
}
