//! Which controller turns which knob, kept in a file between performances.
use std::path::{Path, PathBuf};

use crate::control::command::Command;
use crate::control::controls::Assigned;
use crate::patch::file::save_atomic;

pub struct Memory {
    /// None: nothing is remembered.
    path: Option<PathBuf>,
    /// What the file says.
    written: Vec<Assigned>,
}

impl Memory {
    pub fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            written: Vec::new(),
        }
    }

    /// Gives out what was learned before, or what is wrong with the file; that is not written over before something is learned.
    pub fn read(&mut self) -> Option<Command> {
        let path = self.path.as_ref()?;
        let text = std::fs::read_to_string(path).ok()?;
        match ron::from_str::<Vec<Assigned>>(&text) {
            Ok(controls) => {
                self.written.clone_from(&controls);
                Some(Command::SetControls(controls))
            }
            Err(why) => {
                let path = path.display();
                let told = format!("{path}:{why}: no controller is known");
                Some(Command::Tell(told))
            }
        }
    }

    /// Writes what is known now, where the file says something else; gives out why that can't be.
    pub fn write(&mut self, controls: &[Assigned]) -> Option<Command> {
        let path = self.path.as_ref().filter(|_| *controls != self.written)?;
        self.written = controls.to_vec();
        let pretty = ron::ser::PrettyConfig::default();
        let text = ron::ser::to_string_pretty(&self.written, pretty).ok()?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let written =
            std::fs::create_dir_all(folder).and_then(|()| save_atomic(path, &(text + "\n")));
        let why = written.err()?;
        let path = path.display();
        Some(Command::Tell(format!(
            "{path}: {why}: this is not remembered"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::controls::Controlled;

    #[test]
    fn what_was_learned_is_there_the_next_time_and_a_broken_file_is_told_of() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/controls.ron");
        let memory = || Memory::new(Some(path.clone()));
        assert_eq!(memory().read(), None);
        let controls = vec![Assigned {
            channel: 0,
            controller: 21,
            to: Controlled::Macro(0),
        }];
        let mut first = memory();
        assert_eq!(first.write(&[]), None);
        assert!(!path.exists(), "nothing was learned");
        assert_eq!(first.write(&controls), None);
        assert_eq!(
            memory().read(),
            Some(Command::SetControls(controls.clone()))
        );
        std::fs::write(&path, "(").expect("written");
        assert_eq!(first.write(&controls), None);
        let told = memory().read();
        assert!(matches!(told, Some(Command::Tell(why)) if why.contains("no controller is known")));
        let nowhere = Memory::new(Some("/proc/none/controls.ron".into())).write(&controls);
        assert!(matches!(nowhere, Some(Command::Tell(why)) if why.contains("not remembered")));
        assert_eq!(Memory::new(None).write(&controls), None);
    }
}
