//! What the screen remembers over restarts: a few words in `settings.ron` of the configuration folder.
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::patch::file::save_atomic;

const FILE: &str = "settings.ron";
const KEYS: &str = "keys.ron";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Of the computer's keyboard.
    pub layout: String,
    pub mouse_off: bool,
}

impl Settings {
    /// What was remembered; nothing where there is no folder or the file can't be read.
    pub fn read(folder: Option<&Path>) -> Self {
        let text = folder.and_then(|folder| std::fs::read_to_string(folder.join(FILE)).ok());
        text.and_then(|text| ron::from_str(&text).ok())
            .unwrap_or_default()
    }

    pub fn write(&self, folder: Option<&Path>) -> io::Result<()> {
        let Some(folder) = folder else {
            return Ok(());
        };
        std::fs::create_dir_all(folder)?;
        let text = ron::ser::to_string_pretty(self, ron::ser::PrettyConfig::default())
            .map_err(io::Error::other)?;
        save_atomic(&folder.join(FILE), &(text + "\n"))
    }
}

/// The user's folder for what programs are told once: `$XDG_CONFIG_HOME/chronus`, else `~/.config/chronus`.
pub fn folder() -> Option<PathBuf> {
    let named = |name| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let base = named("XDG_CONFIG_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| named("APPDATA"))
        .or_else(|| Some(named("HOME")?.join(".config")))?;
    Some(base.join("chronus"))
}

/// Where the user's own keys are.
pub fn keys_path(folder: &Path) -> PathBuf {
    folder.join(KEYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().expect("folder");
        let inside = folder.path().join("deep");
        assert_eq!(Settings::read(Some(&inside)), Settings::default());
        let settings = Settings {
            layout: "azerty".to_owned(),
            mouse_off: true,
        };
        settings.write(Some(&inside)).expect("written");
        assert_eq!(Settings::read(Some(&inside)), settings);
        std::fs::write(inside.join(FILE), "(broken").expect("written");
        assert_eq!(Settings::read(Some(&inside)), Settings::default());
        settings.write(None).expect("nothing to do");
    }
}
