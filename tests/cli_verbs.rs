//! The command line of the real binary: exit statuses, and messages that name what is wrong.
use std::io::Write;
use std::process::{Command, Output, Stdio};

const SINE: &str = r#"(
  name: "sine",
  modules: (
    osc: Sine(freq: "A3"),
    out: Out(gain: "-12dB"),
  ),
  cables: ["osc > out"],
)
"#;

struct Ran {
    status: i32,
    out: String,
    err: String,
}

fn ran(output: &Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran {
        status: output.status.code().expect("ended by itself"),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

fn chronus(args: &[&str], folder: &std::path::Path, input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chronus"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    // A program that does not read its input may be gone already.
    let _ = child
        .stdin
        .take()
        .expect("stdin")
        .write_all(input.as_bytes());
    ran(&child.wait_with_output().expect("ends"))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    write("good.ron", SINE);
    write("typo.ron", &SINE.replace("Sine", "Sime"));
    write("param.ron", &SINE.replace("freq", "frequ"));
    write("unit.ron", &SINE.replace("\"A3\"", "\"440hzz\""));
    write("comma.ron", &SINE.replace("\"A3\"),", "\"A3\")"));
    write("nan.ron", &SINE.replace("\"A3\"", "NaN"));
    write("range.ron", &SINE.replace("\"A3\"", "1e39"));
    write("silent.ron", &SINE.replace("\"osc > out\"", ""));
    write("empty.ron", "");
    write("binary.ron", "\u{0}\u{1}");
    write("large.ron", &" ".repeat((1 << 20) + 1));
    folder
}

#[test]
fn each_mistake_has_its_status_and_its_words() {
    let folder = folder();
    let table: &[(&[&str], i32, &str)] = &[
        // Usage
        (&["--audio", "foo"], 2, "--audio"),
        (&["--for", "20"], 2, "--for"),
        (&["--for=-1s"], 2, "--for"),
        (&["--rate", "0"], 2, "--rate"),
        (&["--period", "7"], 2, "--period"),
        (&["--latency", "none"], 2, "--latency"),
        (&["--isa", "sse9"], 2, "--isa"),
        (&["--osc", "5005"], 2, "--osc"),
        (&["--color", "pink"], 2, "--color"),
        (&["--nothing"], 2, "--nothing"),
        (&["--telemetry", "-"], 2, "--headless"),
        (&["good.ron", "good.ron"], 2, "good.ron"),
        (&["check"], 2, "PATCHES"),
        (&["render", "good.ron"], 2, "--output"),
        (
            &["render", "good.ron", "-o", "a.wav", "--bits", "12"],
            2,
            "--bits",
        ),
        (
            &["render", "good.ron", "-o", "a.wav", "--seconds", "nan"],
            2,
            "--seconds",
        ),
        // The user's input
        (&["modules", "Sime"], 1, "did you mean `Sine`"),
        (&["check", "absent.ron"], 1, "absent.ron"),
        (&["check", "."], 1, "."),
        (&["check", "typo.ron"], 1, "typo.ron:4:10 "),
        (&["check", "param.ron"], 1, "param.ron:4:15 "),
        (&["check", "unit.ron"], 1, "unit.ron:4:"),
        (&["check", "comma.ron"], 1, "comma.ron:4:"),
        (&["check", "nan.ron"], 1, "nan.ron:4:"),
        (&["check", "range.ron"], 1, "range.ron:4:"),
        (&["check", "empty.ron"], 1, "empty.ron:1:1 "),
        (&["check", "binary.ron"], 1, "binary.ron:1:"),
        (&["check", "large.ron"], 1, "1 MiB"),
        (&["check", "--prime", "silent.ron"], 1, "silent"),
        (
            &["check", "good.ron", "typo.ron", "nan.ron"],
            1,
            "nan.ron:4:",
        ),
        (&["render", "absent.ron", "-o", "a.wav"], 1, "absent.ron"),
        (&["render", "typo.ron", "-o", "a.wav"], 1, "typo.ron:4:10 "),
        (&["render", "silent.ron", "-o", "a.wav"], 1, "silent"),
        (
            &["render", "good.ron", "-o", "absent/a.wav"],
            1,
            "absent/a.wav",
        ),
        (
            &[
                "render",
                "good.ron",
                "-o",
                "a.wav",
                "--script",
                "absent.ron",
            ],
            1,
            "--script",
        ),
        // The machine
        #[cfg(target_os = "linux")]
        (&["render", "good.ron", "-o", "/dev/full"], 3, "/dev/full"),
        // Well
        (&["--help"], 0, ""),
        (&["--version"], 0, ""),
        (&["check", "good.ron"], 0, ""),
        (&["check", "--prime", "good.ron"], 0, ""),
        (&["modules", "--json"], 0, ""),
    ];
    for (args, status, words) in table {
        let ran = chronus(args, folder.path(), "");
        assert_eq!(ran.status, *status, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
        if *status == 0 {
            assert!(ran.err.is_empty(), "{args:?}: {}", ran.err);
            assert!(!ran.out.is_empty(), "{args:?}");
        }
    }
}

#[test]
fn standard_input_is_a_patch_too() {
    let folder = folder();
    assert_eq!(chronus(&["check", "-"], folder.path(), SINE).status, 0);
    let ran = chronus(
        &["check", "-"],
        folder.path(),
        &SINE.replace("Sine", "Sime"),
    );
    assert_eq!(ran.status, 1);
    assert!(ran.err.starts_with("-:4:10 "), "{}", ran.err);
}

#[test]
fn json_is_one_object_a_line() {
    let folder = folder();
    let ran = chronus(
        &[
            "check",
            "--json",
            "--prime",
            "good.ron",
            "typo.ron",
            "silent.ron",
            "absent.ron",
        ],
        folder.path(),
        "",
    );
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    let lines: Vec<serde_json::Value> = ran
        .out
        .lines()
        .map(|l| serde_json::from_str(l).expect("JSON"))
        .filter(|l: &serde_json::Value| l["severity"] != "warning")
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["ok"], true);
    assert!(lines[0]["primed"]["rms"].as_f64() > Some(0.1));
    assert_eq!(
        (lines[1]["line"].as_u64(), lines[1]["column"].as_u64()),
        (Some(4), Some(10))
    );
    assert_eq!(lines[1]["fix"]["text"], "Sine");
    assert_eq!(lines[2]["check"], "silent");
    assert!(
        lines[3]["message"]
            .as_str()
            .is_some_and(|m| m.contains("absent.ron"))
    );
}

#[test]
fn rendering_is_repeatable_whatever_the_way_in() {
    let folder = folder();
    let render = |args: &[&str], input: &str, name: &str| {
        let args = [&["render"], args, &["--seconds", "0.5", "-o", name]].concat();
        let ran = chronus(&args, folder.path(), input);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{args:?}");
        std::fs::read(folder.path().join(name)).expect("a file")
    };
    let once = render(&["good.ron", "--bits", "32f"], "", "a.wav");
    assert_eq!(once, render(&["good.ron", "--bits", "32f"], "", "b.wav"));
    assert_eq!(once, render(&["-", "--bits", "32f"], SINE, "c.wav"));
    for (bits, size) in [("16", 2), ("24", 3), ("32f", 4)] {
        render(
            &["good.ron", "--bits", bits, "--rate", "44100"],
            "",
            "d.wav",
        );
        let mut wav = hound::WavReader::open(folder.path().join("d.wav")).expect("a WAV file");
        let spec = wav.spec();
        assert_eq!((spec.channels, spec.sample_rate), (2, 44_100));
        assert_eq!((spec.bits_per_sample, wav.duration()), (size * 8, 22_050));
        let loudest = match bits {
            "32f" => wav
                .samples::<f32>()
                .map(|s| s.expect("sample").abs())
                .fold(0.0, f32::max),
            _ => {
                let full = (1u32 << (spec.bits_per_sample - 1)) as f32;
                let all = wav.samples::<i32>().map(|s| s.expect("sample").abs());
                all.max().unwrap_or(0) as f32 / full
            }
        };
        // -12 dB
        assert!((loudest - 0.2512).abs() < 0.001, "{bits}: {loudest}");
    }
}

#[test]
fn a_script_is_carried_out_and_its_refusals_are_told() {
    let folder = folder();
    let script = |text: &str| {
        std::fs::write(folder.path().join("s.ron"), text).expect("written");
        let args = [
            "render",
            "good.ron",
            "-o",
            "s.wav",
            "--seconds",
            "1",
            "--bits",
            "32f",
            "--script",
            "s.ron",
        ];
        let ran = chronus(&args, folder.path(), "");
        (ran.status, ran.err)
    };
    assert_eq!(
        script("[(at: 0.5, do: Set(\"out.gain\", \"-60dB\"))]"),
        (0, String::new())
    );
    let mut wav = hound::WavReader::open(folder.path().join("s.wav")).expect("a WAV file");
    let all: Vec<f32> = wav.samples::<f32>().map(|s| s.expect("sample")).collect();
    let loudest = |part: &[f32]| part.iter().fold(0.0f32, |most, s| most.max(s.abs()));
    assert!(loudest(&all[..40_000]) > 0.2);
    assert_eq!(loudest(&all[80_000..]), 0.0);
    for (text, words) in [
        ("[(at: 0.5, do: Jump)]", "s.ron:1:"),
        ("[(at: 0.5, do: Set(\"osc.frequ\", 3))]", "freq"),
        ("[(at: 0.1, do: Load(\"typo.ron\"))]", "typo.ron:4:10"),
    ] {
        let (status, err) = script(text);
        assert_eq!(status, 1, "{text}: {err}");
        assert!(err.contains(words), "{text}: {err}");
    }
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chronus"))
        .args(["modules", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let ran = ran(&child.wait_with_output().expect("ends"));
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
}
