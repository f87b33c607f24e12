//! A patch's `tuning`: the scale file's name, or a group with its key and reference pitch.
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::dsp::tuning::{Scala, Tuning, read_key, read_reference};

use super::names::list;
use super::read::{Source, describe};
use super::tree::{Shape, Struct, Value};
use super::write::quoted;

const FIELDS: [&str; 3] = ["scale", "root", "pitch"];

/// Bytes of a scale file: the largest in the archives have a few kilobytes.
const LARGEST: u64 = 1 << 18;

/// What pitch a patch's keys have, and how that is written.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchTuning {
    /// As written, relative to the patch's folder.
    scale: String,
    root: Option<String>,
    pitch: Option<String>,
    pub keys: Arc<Tuning>,
}

impl PatchTuning {
    /// As a patch writes it.
    pub fn written(&self) -> String {
        let mut text = format!("(scale: {}", quoted(&self.scale));
        for (name, value) in [("root", &self.root), ("pitch", &self.pitch)] {
            if let Some(value) = value {
                text += &format!(", {name}: {}", quoted(value));
            }
        }
        match (&self.root, &self.pitch) {
            (None, None) => quoted(&self.scale),
            _ => text + ")",
        }
    }
}

/// Reads `"just.scl"` or `(scale: "just.scl", root: "D4", pitch: "A4=432")`, and the file.
pub fn read_tuning(value: &Value, source: &mut Source) -> Option<PatchTuning> {
    let group = match &value.shape {
        Shape::Bad => return None,
        Shape::Text(name) => {
            let scala = load(&name.text, value, source)?;
            return Some(PatchTuning {
                scale: name.text.clone(),
                root: None,
                pitch: None,
                keys: Arc::new(Tuning::new(scala, None, None)),
            });
        }
        Shape::Struct(group) if group.name.is_none() && group.loose.is_empty() => group,
        _ => {
            let message = format!(
                "`tuning` takes a scale file such as \"just.scl\", or (scale: \"just.scl\", root: \"D4\", pitch: \"A4=432\"), not {}",
                describe(source, value)
            );
            source.findings.error(value.span.clone(), message);
            return None;
        }
    };
    for field in &group.fields {
        let word = source.word(&field.name);
        if !FIELDS.contains(&word) {
            let message = format!("`tuning` has no `{word}`; it has {}", list(FIELDS));
            source.findings.error(field.name.clone(), message);
        }
    }
    let root = text(group, "root", source);
    let pitch = text(group, "pitch", source);
    let key = match &root {
        Some((name, at)) => Some(read_key(name).or_else(|| {
            let message = format!("`root` takes a key such as \"D4\", not \"{name}\"");
            source.findings.error(at.span.clone(), message);
            None
        })?),
        None => None,
    };
    let reference = match &pitch {
        Some((name, at)) => Some(read_reference(name).or_else(|| {
            let message =
                format!("`pitch` takes a key and its hertz such as \"A4=440\", not \"{name}\"");
            source.findings.error(at.span.clone(), message);
            None
        })?),
        None => None,
    };
    let Some((name, at)) = text(group, "scale", source) else {
        if !group
            .fields
            .iter()
            .any(|f| source.slice(&f.name) == "scale")
        {
            let message = "`tuning` lacks its `scale`: a file such as \"just.scl\"";
            source.findings.error(value.span.clone(), message);
        }
        return None;
    };
    let scala = load(&name, at, source)?;
    Some(PatchTuning {
        scale: name,
        root: root.map(|(text, _)| text),
        pitch: pitch.map(|(text, _)| text),
        keys: Arc::new(Tuning::new(scala, key, reference)),
    })
}

/// A field's text.
fn text<'v>(group: &'v Struct, name: &str, source: &mut Source) -> Option<(String, &'v Value)> {
    let field = group.fields.iter().find(|f| source.word(&f.name) == name)?;
    match &field.value.shape {
        Shape::Text(text) => Some((text.text.clone(), &field.value)),
        Shape::Bad => None,
        _ => {
            let message = format!(
                "`{name}` takes a text in quotes, not {}",
                describe(source, &field.value)
            );
            source.findings.error(field.value.span.clone(), message);
            None
        }
    }
}

/// Reads a scale file beside the patch. A fault in it is told with its own line. A text without a file, as edits see it, has
/// nothing beside it: then none is read, and none is missed.
fn load(name: &str, value: &Value, source: &mut Source) -> Option<Scala> {
    if source.findings.file().is_empty() {
        return None;
    }
    let folder = Path::new(source.findings.file()).parent();
    let path = folder.unwrap_or(Path::new("")).join(name);
    let read = bytes(&path).map_err(|why| format!("{}: {why}", path.display()));
    // Scala's archive is in Latin-1; only the line about the scale may show it.
    let read = read.and_then(|bytes| {
        let text = String::from_utf8_lossy(&bytes);
        Scala::read(&text)
            .map_err(|e| format!("{}:{}:{}: {}", path.display(), e.line, e.column, e.why))
    });
    match read {
        Ok(scala) => Some(scala),
        Err(why) => {
            source.findings.error(value.span.clone(), why);
            None
        }
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    // Asked before it is opened: a named pipe would wait for a writer.
    let about = fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => e.to_string(),
    })?;
    if !about.is_file() {
        return Err("not a file".to_owned());
    }
    if about.len() > LARGEST {
        return Err(format!("{} bytes are too many for a scale", about.len()));
    }
    fs::read(path).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use crate::patch::file::{Parsed, parse, to_ron};

    fn patch(tuning: &str, folder: &std::path::Path) -> Parsed {
        let file = folder.join("my.ron");
        let text = format!(
            "(tuning: {tuning},\n modules: (seq: Seq(), osc: Sine(), out: Out()), cables: [\"seq.pitch > osc.pitch\", \"osc > out\"])"
        );
        parse(&text, &file.to_string_lossy())
    }

    #[test]
    fn a_tuning_is_read_beside_the_patch_and_written_again() {
        let folder = tempfile::tempdir().expect("folder");
        let scale = "third\n 2\n 5/4\n 2/1\n";
        std::fs::write(folder.path().join("third.scl"), scale).expect("writes");
        for written in [
            "\"third.scl\"",
            "(scale: \"third.scl\", root: \"D4\")",
            "(scale: \"third.scl\", root: \"D4\", pitch: \"A4=432\")",
        ] {
            let parsed = patch(written, folder.path());
            let patch = parsed.patch.expect(written);
            let again = to_ron(&patch);
            assert!(again.contains(&format!("tuning: {written}")), "{again}");
            let file = folder.path().join("other.ron");
            let read = parse(&again, &file.to_string_lossy()).patch.expect("reads");
            assert_eq!(read.tuning, patch.tuning);
        }
    }

    #[test]
    fn faults_are_told_at_their_place_and_in_the_scale_at_its_own() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("bad.scl");
        std::fs::write(&path, "! bad.scl\nbad\n 2\n!\n  3//2\n 2/1\n").expect("writes");
        std::fs::write(folder.path().join("good.scl"), "good\n1\n2/1\n").expect("writes");
        let bad = path.display();
        for (written, column, told) in [
            ("\"bad.scl\"", 10, format!("{bad}:5:3: `3//2` is no note")),
            (
                "\"none.scl\"",
                10,
                "none.scl: there is no such file".to_owned(),
            ),
            ("7", 10, "`tuning` takes a scale file".to_owned()),
            (
                "(root: \"C4\")",
                10,
                "`tuning` lacks its `scale`".to_owned(),
            ),
            (
                "(scale: \"good.scl\", root: \"H4\")",
                36,
                "`root` takes a key".to_owned(),
            ),
            (
                "(scale: \"good.scl\", pitch: \"440\")",
                37,
                "`pitch` takes a key and its hertz".to_owned(),
            ),
            (
                "(scale: \"good.scl\", tonic: \"C4\")",
                30,
                "`tuning` has no `tonic`".to_owned(),
            ),
        ] {
            let parsed = patch(written, folder.path());
            let found: Vec<String> = parsed.errors().map(ToString::to_string).collect();
            let place = format!("my.ron:1:{column} ");
            assert!(
                found
                    .iter()
                    .any(|f| f.contains(&place) && f.contains(&told)),
                "{written}: {found:?}"
            );
            assert_eq!(found.len(), 1, "{found:?}");
        }
    }
}
