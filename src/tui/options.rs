//! What the program tells the screen at its start, and how the screen ended.
use std::path::PathBuf;
use std::sync::{Arc, atomic::AtomicBool};

/// How the screen is to look and behave.
#[derive(Clone, Debug)]
pub struct Options {
    /// One of the shipped themes, or the path of a theme file.
    pub theme: String,
    pub color: ColorChoice,
    pub glyphs: Glyphs,
    pub motion: Motion,
    /// Whether the mouse is asked for. Without it the terminal keeps its own selection.
    pub mouse: bool,
    /// The user's configuration; nothing is remembered without it.
    pub config: Option<PathBuf>,
    /// `--keys`: in place of the `keys.ron` of that folder.
    pub keys: Option<PathBuf>,
    /// Folders that the Files screen shows, the first one first.
    pub folders: Vec<PathBuf>,
    /// The sentence shown until something happens.
    pub greeting: String,
    /// Set by the program's signal handlers: the screen leaves at once.
    pub stop: Arc<AtomicBool>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            theme: "night".to_owned(),
            color: ColorChoice::Auto,
            glyphs: Glyphs::Unicode,
            motion: Motion::Full,
            mouse: true,
            config: None,
            keys: None,
            folders: vec![PathBuf::from("patches")],
            greeting: String::new(),
            stop: Arc::default(),
        }
    }
}

/// Why [`super::run`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// The user asked for it.
    Quit,
    /// The screen is to go and the sound to go on.
    Detached,
    /// [`Options::stop`] was set.
    Stopped,
    /// The terminal went away.
    TerminalLost,
    /// The supervisor ended.
    InstrumentEnded,
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// From `NO_COLOR`, `COLORTERM` and `TERM`.
    #[default]
    Auto,
    Never,
    Sixteen,
    Indexed,
    True,
}

impl ColorChoice {
    pub const NAMES: [&'static str; 5] = ["auto", "never", "16", "256", "truecolor"];

    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "never" => Self::Never,
            "16" => Self::Sixteen,
            "256" => Self::Indexed,
            "truecolor" => Self::True,
            _ => return None,
        })
    }
}

/// `--glyphs`: what meters and curves are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Block elements: in nearly every font.
    #[default]
    Unicode,
    /// Finer curves, where the font draws Braille well.
    Braille,
    Ascii,
}

impl Glyphs {
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "unicode" => Self::Unicode,
            "braille" => Self::Braille,
            "ascii" => Self::Ascii,
            _ => return None,
        })
    }
}

/// `--motion`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Motion {
    #[default]
    Full,
    /// Numbers four times a second, no scope.
    Reduced,
}
