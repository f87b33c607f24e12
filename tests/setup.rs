//! `run` and `test` on machines that lack something: a path of pretended programs shows what they would install and say.
#![cfg(target_os = "linux")]
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Programs that every system has.
const ORDINARY: &[&str] = &[
    "cat", "dirname", "env", "grep", "head", "ls", "mktemp", "rm", "sed", "sh", "touch",
];

/// A machine that has only what is put there. Pretended programs note their calls in `$CALLS`.
struct Machine {
    folder: TempDir,
}

impl Machine {
    /// With a linker, ALSA and a good cargo; as an ordinary user on Debian.
    fn complete() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("bin")).expect("a folder");
        let machine = Self { folder };
        for name in ORDINARY {
            let real = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(name));
            let real = real
                .iter()
                .find(|path| path.exists())
                .unwrap_or_else(|| panic!("{name} is missing"));
            symlink(real, machine.bin().join(name)).expect("a link");
        }
        machine.has("cc", "exit 0");
        machine.has("id", "echo 1000");
        machine.has("uname", "echo Linux");
        machine.has("cargo", "echo 'cargo 1.95.0 (f2d3ce0bd 2026-03-21)'");
        machine.has("rustc", "echo 'host: x86_64-unknown-linux-gnu'");
        machine.has("apt-get", r#"echo "apt-get $*" >>"$CALLS""#);
        machine.has(
            "apt-cache",
            r#"[ "$2" = libasound2t64 ] || echo "  Candidate: 1.0""#,
        );
        machine
    }

    fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    fn has(&self, program: &str, script: &str) {
        let path = self.bin().join(program);
        let _ = fs::remove_file(&path);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    }

    fn lacks(&self, program: &str) {
        fs::remove_file(self.bin().join(program)).expect("it was there");
    }

    /// Runs the check with stdin closed: the status, what it said, and what was called to install.
    fn check(&self) -> (i32, String, String) {
        let root = env!("CARGO_MANIFEST_DIR");
        let calls = self.folder.path().join("calls");
        let output = Command::new("/bin/sh")
            .args([
                "-u",
                "-c",
                &format!("root='{root}'; . '{root}/.ci/setup.sh'; need_all; echo ready"),
            ])
            .env_clear()
            .env("PATH", self.bin())
            .env("HOME", self.folder.path())
            .env("CALLS", &calls)
            .env("STATE", self.folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (
            output.status.code().unwrap_or(-1),
            said,
            fs::read_to_string(calls).unwrap_or_default(),
        )
    }
}

#[track_caller]
fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is missing in:\n{said}");
    }
}

#[test]
fn where_all_is_there_nothing_is_touched() {
    let (status, said, calls) = Machine::complete().check();
    assert_eq!((status, said.as_str(), calls.as_str()), (0, "ready\n", ""));
}

#[test]
fn cargo_is_found_beside_the_path() {
    let machine = Machine::complete();
    let home = machine.folder.path().join(".cargo/bin");
    fs::create_dir_all(&home).expect("a folder");
    fs::rename(machine.bin().join("cargo"), home.join("cargo")).expect("moved");
    assert_eq!(machine.check().0, 0);
}

#[test]
fn who_may_not_install_is_told_the_command() {
    let machine = Machine::complete();
    machine.has("cc", "exit 1");
    let (status, said, calls) = machine.check();
    assert_eq!((status, calls.as_str()), (3, ""));
    says(
        &said,
        &[
            "sudo apt-get update && sudo apt-get install --no-install-recommends gcc libc6-dev libasound2\n",
        ],
    );
}

#[test]
fn sudo_that_would_ask_is_not_called_without_a_terminal() {
    let machine = Machine::complete();
    machine.has("cc", "exit 1");
    machine.has(
        "sudo",
        r#"[ "$1" = -n ] && exit 1; echo "sudo $*" >>"$CALLS""#,
    );
    let (status, _, calls) = machine.check();
    assert_eq!((status, calls.as_str()), (3, ""));
}

#[test]
fn root_gets_what_is_missing_and_only_that() {
    // A compiler that finds ALSA only once apt-get has run.
    let cc = r#"case $* in *asound*) [ -e "$STATE/installed" ] ;; *) exit 0 ;; esac"#;
    for (name, candidate) in [("libasound2", "libasound2t64"), ("libasound2t64", "none")] {
        let machine = Machine::complete();
        machine.has("id", "echo 0");
        machine.has("cc", cc);
        machine.has("apt-get", r#"echo "apt-get $*" >>"$CALLS"; case $* in *install*) touch "$STATE/installed" ;; esac"#);
        machine.has(
            "apt-cache",
            &format!(r#"[ "$2" = {candidate} ] || echo "  Candidate: 1.0""#),
        );
        let (status, said, calls) = machine.check();
        assert_eq!(status, 0, "{said}");
        let lines: Vec<_> = calls.lines().collect();
        assert_eq!(lines.len(), 2, "{calls}");
        says(lines[0], &["update", "Error-Mode=any"]);
        says(
            lines[1],
            &["--no-install-recommends", "--no-remove", "Lock::Timeout"],
        );
        assert!(lines[1].ends_with(&format!(" {name}")), "{calls}");
    }
}

#[test]
fn offline_is_named_as_the_likely_cause() {
    let machine = Machine::complete();
    machine.has("id", "echo 0");
    machine.has("cc", "exit 1");
    machine.has("apt-get", "exit 100");
    let (status, said, _) = machine.check();
    assert_eq!(status, 3);
    says(&said, &["online"]);
}

#[test]
fn other_distributions_are_told_their_own_commands() {
    let machine = Machine::complete();
    machine.has("cc", "exit 1");
    machine.lacks("apt-get");
    let (status, said, _) = machine.check();
    assert_eq!(status, 3);
    says(
        &said,
        &[
            "sudo dnf install",
            "sudo pacman -S",
            "sudo zypper install",
            "apk add",
        ],
    );
}

#[test]
fn a_cargo_that_is_too_old_or_does_not_start_is_replaced_by_the_distributions_rustup() {
    let new = r#"[ -e "$STATE/toolchain" ] && echo 'cargo 1.95.0 (x)' "#;
    for old in ["echo 'cargo 1.63.0 (x)'", "exit 1"] {
        let machine = Machine::complete();
        machine.has("id", "echo 0");
        machine.has("cargo", &format!("{new} || {old}"));
        // Installing the package brings a rustup, and that brings a toolchain.
        machine.has(
            "apt-get",
            r#"echo "apt-get $*" >>"$CALLS"
case $* in *rustup*) printf '#!/bin/sh\necho "rustup $*" >>"$CALLS"; touch "$STATE/toolchain"\n' >"$STATE/bin/rustup"
    /bin/chmod +x "$STATE/bin/rustup" ;; esac"#,
        );
        let (status, said, calls) = machine.check();
        assert_eq!(status, 0, "{said}");
        says(
            &calls,
            &["--no-remove", " rustup\n", "rustup default stable"],
        );
    }
}

#[test]
fn without_a_way_to_a_newer_cargo_both_versions_are_named() {
    let machine = Machine::complete();
    machine.has("cargo", "echo 'cargo 1.63.0 (x)'");
    let (status, said, calls) = machine.check();
    assert_eq!((status, calls.as_str()), (3, ""));
    says(
        &said,
        &[
            "1.63.0",
            env!("CARGO_PKG_RUST_VERSION"),
            "rustup default stable",
            "https://rustup.rs",
        ],
    );
}

#[test]
fn machines_without_a_link_override_need_the_headers() {
    let machine = Machine::complete();
    machine.has("rustc", "echo 'host: riscv64gc-unknown-linux-gnu'");
    let (status, said, _) = machine.check();
    assert_eq!(status, 3);
    says(&said, &["riscv64gc-unknown-linux-gnu", "libasound2-dev"]);
    machine.has("pkg-config", "exit 0");
    assert_eq!(machine.check().0, 0);
}
