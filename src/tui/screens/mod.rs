//! The screens: what fills the terminal between the header and the sentence.
pub mod diag;
pub mod files;
pub mod log;
pub mod patch;
pub mod pattern;
pub mod perform;
pub mod text;

/// A screen; the number key that goes there is in the actions table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Screen {
    #[default]
    Perform,
    Patch,
    Text,
    Pattern,
    Diag,
    Log,
    Files,
}

impl Screen {
    /// As in the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Perform => "PERFORM",
            Self::Patch => "PATCH",
            Self::Text => "TEXT",
            Self::Pattern => "PATTERN",
            Self::Diag => "DIAG",
            Self::Log => "LOG",
            Self::Files => "FILES",
        }
    }
}
