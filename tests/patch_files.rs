//! Patch files on disk: what is not a patch is refused at once, and by name.
#![allow(clippy::unwrap_used)]
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use chronus::patch::file::{LARGEST, load, read, save_atomic};

fn refusal(path: &Path) -> String {
    let start = Instant::now();
    let error = read(path).unwrap_err().to_string();
    assert!(start.elapsed() < Duration::from_secs(1), "{error}");
    error
}

#[test]
fn what_is_not_a_patch_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert!(refusal(&path("none.ron")).contains("none.ron: "));
    assert!(refusal(folder.path()).ends_with(": a folder, not a patch file"));

    fs::write(path("latin.ron"), b"(\n  name: \"gr\xfc\xdfe\",\n)").unwrap();
    assert!(refusal(&path("latin.ron")).ends_with("latin.ron:2:12 not UTF-8 text"));

    let large = fs::File::create(path("large.ron")).unwrap();
    large.set_len(1 << 34).unwrap();
    assert!(refusal(&path("large.ron")).ends_with("the limit is 1 MiB"));
    let mut just = fs::File::create(path("just.ron")).unwrap();
    just.write_all(&vec![b' '; LARGEST]).unwrap();
    assert_eq!(read(&path("just.ron")).unwrap().len(), LARGEST);
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.ron");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    assert!(refusal(&pipe).ends_with(": a named pipe, not a patch file"));
    assert!(save_atomic(&pipe, "x").is_err());
    assert!(refusal(Path::new("/dev/zero")).ends_with(": a device, not a patch file"));
    assert!(save_atomic(Path::new("/dev/null"), "x").is_err());
    assert!(fs::metadata("/dev/null").is_ok_and(|about| !about.is_file()));

    let socket = folder.path().join("socket.ron");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert!(read(&socket).is_err());
}

#[test]
fn a_saved_patch_loads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tune.ron");
    let text = "(modules: (osc: Sine(), out: Out()),\r\n cables: [\"osc > out\"]) // é\r\n";
    save_atomic(&path, text).unwrap();
    let (read, parsed) = load(&path).unwrap();
    assert_eq!(read, text);
    assert_eq!(parsed.patch.unwrap().name, "tune");
    save_atomic(&path, "").unwrap();
    let (_, parsed) = load(&path).unwrap();
    let shown = parsed.diagnostics[0].to_string();
    assert!(
        shown.ends_with("tune.ron:1:1 the patch is empty; it begins with `(`"),
        "{shown}"
    );
    // Nothing but the file is left in the folder.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A reader that looks at any moment finds one of the texts, whole.
#[test]
fn a_reader_never_finds_half_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.ron");
    let texts = ["a".repeat(100_000), "b".repeat(50_000)];
    save_atomic(&path, &texts[0]).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let found = fs::read_to_string(&path).unwrap();
                assert!(texts.contains(&found), "{} bytes", found.len());
                reads += 1;
            }
            reads
        });
        for n in 0..50 {
            save_atomic(&path, &texts[n % 2]).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
}
