//! What plays first: the patch that the command line names, or the hello patch that the program carries.
use std::path::{Path, PathBuf};

use crate::patch::file;

use super::complain::complain;
use super::failure::Failure;

const HELLO: &str = include_str!("../../patches/hello.ron");

/// A patch that has been read and has no errors.
#[derive(Clone, Debug)]
pub struct FirstPatch {
    pub text: String,
    /// None: it came from the program itself or from standard input.
    pub path: Option<PathBuf>,
    /// As the user knows it.
    pub name: String,
}

impl FirstPatch {
    pub fn hello() -> Self {
        Self {
            text: HELLO.to_owned(),
            path: None,
            name: "hello.ron".to_owned(),
        }
    }

    /// Reads the patch that was asked for. Its mistakes are told on stderr.
    pub fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::hello());
        };
        let (text, parsed) = file::load(path).map_err(|e| Failure::Input(e.to_string()))?;
        if parsed.patch.is_none() {
            for mistake in parsed.errors() {
                complain(mistake);
            }
            return Err(Failure::Told);
        }
        Ok(Self {
            text,
            path: (path != Path::new("-")).then(|| path.to_path_buf()),
            name: path.display().to_string(),
        })
    }

    /// Folders to look for patches in: beside this one, then the shipped ones.
    pub fn folders(&self) -> Vec<PathBuf> {
        let beside = self.path.as_ref().and_then(|p| p.parent()).map(|folder| {
            if folder.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                folder.to_path_buf()
            }
        });
        let shipped = PathBuf::from("patches");
        let mut folders: Vec<PathBuf> = beside.into_iter().collect();
        if !folders.contains(&shipped) && shipped.is_dir() {
            folders.push(shipped);
        }
        if folders.is_empty() {
            folders.push(PathBuf::from("."));
        }
        folders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hello_patch_has_no_mistakes() {
        let parsed = file::parse(HELLO, "hello.ron");
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        assert_eq!(parsed.patch.map(|p| p.name).as_deref(), Some("hello"));
    }
}
