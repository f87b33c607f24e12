//! Recordings in a folder: listed, renamed, thrown away. Plain file work, for threads that may wait.
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::audio::wav_read::{WavFacts, WavReader};

/// A recording, or a file that is none.
#[derive(Clone, Debug)]
pub struct Take {
    pub path: PathBuf,
    /// When it was last written to.
    pub changed: SystemTime,
    pub facts: Result<WavFacts, String>,
    /// Its loudest sample, once that was looked for.
    pub peak: Option<f32>,
}

impl Take {
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// The WAV files of a folder, newest first. What they hold is not read.
pub fn list(folder: &Path) -> Vec<Take> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut takes: Vec<Take> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|e| e.eq_ignore_ascii_case("wav"))
        })
        .filter_map(|path| {
            let about = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
            let facts = WavReader::open(&path).map(|reader| reader.facts);
            Some(Take {
                changed: about.modified().ok()?,
                facts: facts.map_err(|why| why.to_string()),
                peak: None,
                path,
            })
        })
        .collect();
    takes.sort_by(|a, b| b.changed.cmp(&a.changed).then(b.path.cmp(&a.path)));
    takes
}

/// The loudest sample of a recording.
pub fn peak(path: &Path) -> io::Result<f32> {
    WavReader::open(path)?.peak()
}

/// Another name in the same folder; nothing that is there is replaced.
pub fn rename(path: &Path, name: &str) -> Result<PathBuf, String> {
    let name = name.trim();
    if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
        return Err(format!("`{name}` can't be a file's name"));
    }
    let ends = Path::new(name).extension();
    let name = match ends.is_some_and(|e| e.eq_ignore_ascii_case("wav")) {
        true => name.to_owned(),
        false => format!("{name}.wav"),
    };
    let to = path.with_file_name(&name);
    if to == path {
        return Ok(to);
    }
    if fs::symlink_metadata(&to).is_ok() {
        return Err(format!("{name} is there already"));
    }
    fs::rename(path, &to).map_err(|why| format!("{}: {why}", path.display()))?;
    Ok(to)
}

pub fn delete(path: &Path) -> Result<(), String> {
    fs::remove_file(path).map_err(|why| format!("{}: {why}", path.display()))
}

/// How long since a file was written.
pub fn ago(then: SystemTime) -> String {
    let minutes = then.elapsed().unwrap_or_default().as_secs() / 60;
    match minutes {
        0 => "just now".into(),
        1..=59 => format!("{minutes} min ago"),
        60..=1_439 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

/// A patch that plays a recording round and round, to be heard like any other patch.
pub fn patch_of(take: &Take) -> String {
    patch_playing(&take.path)
}

/// The same of any sound file.
pub fn patch_playing(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    format!(
        "(\n  name: \"{}\",\n  modules: (\n    take: Sampler(file: \"{}\", mode: Free),\n    out: Out(),\n  ),\n  cables: [\"take > out\"],\n  prime: Silent,\n)\n",
        quoted(&stem.to_string_lossy()),
        quoted(&path.to_string_lossy()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::wav_bits::Bits;
    use crate::audio::wav_file::WavFile;
    use crate::patch::file::parse;

    #[test]
    fn takes_are_listed_renamed_and_thrown_away_and_nothing_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let make = |name: &str, level: f32| {
            let path = folder.path().join(name);
            let mut wav = WavFile::create(&path, 48_000, Bits::Int24, 0).expect("a file");
            wav.write(&vec![[level; 2]; 24_000]).expect("written");
            path
        };
        let one = make("001 a \"b\".wav", 0.5);
        make("002 c.wav", 0.25);
        fs::write(folder.path().join("notes.txt"), "words").expect("written");
        fs::write(folder.path().join("broken.wav"), "words").expect("written");
        let takes = list(folder.path());
        assert_eq!(takes.len(), 3);
        let first = takes.iter().find(|t| t.path == one).expect("listed");
        let facts = first.facts.clone().expect("a WAV file");
        assert_eq!((facts.seconds(), facts.format()), (0.5, "24".to_owned()));
        assert!((peak(&one).expect("read") - 0.5).abs() < 1e-5);
        let parsed = parse(&patch_of(first), "take");
        assert!(parsed.patch.is_some(), "{:?}", parsed.diagnostics);
        assert!(rename(&one, "002 c").expect_err("kept").contains("already"));
        assert!(rename(&one, "../x").is_err());
        let named = rename(&one, "best").expect("renamed");
        assert!(named.ends_with("best.wav") && named.is_file());
        delete(&named).expect("deleted");
        assert_eq!(list(folder.path()).len(), 2);
    }
}
