//! Where the program keeps what it must not forget: performances, and work that was not saved.
use std::path::{Path, PathBuf};

/// The state folder; none where it is off, or where there is no home.
pub fn folder(asked: Option<&Path>) -> Option<PathBuf> {
    match asked {
        Some(path) if path == Path::new("off") => None,
        Some(path) => Some(path.to_owned()),
        None => {
            let named = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
            let xdg = named("XDG_STATE_HOME").map(PathBuf::from);
            let home = || named("HOME").map(|home| Path::new(&home).join(".local/state"));
            let appdata = || named("LOCALAPPDATA").map(PathBuf::from);
            let base = xdg.or_else(home).or_else(appdata)?;
            Some(base.join("chronus"))
        }
    }
}

pub fn sets(state: &Path) -> PathBuf {
    state.join("sets")
}
