//! Sound files that patches name: found beside the patch, missed at their line.
use std::path::Path;

use chronus::dsp::lanes::IsaChoice;
use chronus::graph::{Env, compile};
use chronus::modules::spec::OptionValue;
use chronus::patch::file::{load, to_ron};

fn patch(file: &str) -> String {
    format!(
        "(\n  name: \"files\",\n  modules: (\n    tape: Sampler(file: \"{file}\"),\n    out: Out(),\n  ),\n  cables: [\"tape > out\"],\n)\n"
    )
}

fn wav(path: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("created");
    for i in 0..4_800 {
        writer.write_sample((i % 100) * 300).expect("written");
    }
    writer.finalize().expect("closed");
}

#[test]
fn a_file_is_looked_for_beside_its_patch_and_written_back_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("samples")).expect("made");
    wav(&folder.path().join("samples/a.wav"));
    let at = folder.path().join("a.ron");
    std::fs::write(&at, patch("samples/a.wav")).expect("written");
    let (_, parsed) = load(&at).expect("read");
    let patch = parsed.patch.expect("nothing wrong");
    let OptionValue::File { path, .. } = &patch.modules[0].options[0] else {
        panic!("no file");
    };
    assert_eq!(path, &folder.path().join("samples/a.wav"));
    assert!(to_ron(&patch).contains("\"samples/a.wav\""));
    let env = Env {
        rate: 48_000.0,
        isa: IsaChoice::Plain,
        seed: 1,
        bpm: 120.0,
    };
    assert!(compile(&patch, &env).is_ok());
    // It was there when the text was read, and is gone when it is built.
    std::fs::remove_file(path).expect("removed");
    let why = compile(&patch, &env).err().expect("refused").to_string();
    assert!(
        why.contains("tape") && why.contains("a.wav") && why.contains("no such file"),
        "{why}"
    );
}

#[test]
fn what_is_missing_or_no_sound_is_told_at_its_line_with_its_path() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("text.wav"), "no sound").expect("written");
    for (file, why) in [("gone.wav", "no such file"), ("text.wav", "not a WAV")] {
        let at = folder.path().join("a.ron");
        std::fs::write(&at, patch(file)).expect("written");
        let (_, parsed) = load(&at).expect("read");
        assert!(parsed.patch.is_none());
        let told = parsed.errors().next().expect("told");
        assert_eq!((told.line, told.column), (4, 26), "{told}");
        let path = folder.path().join(file).display().to_string();
        assert!(
            told.message.contains(&path) && told.message.contains(why),
            "{told}"
        );
    }
}
