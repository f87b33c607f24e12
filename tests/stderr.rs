//! What libraries print to descriptor 2 stays off the screen, and what is ours arrives. The test runs itself as a child
//! process, whose stderr it reads.
#![cfg(unix)]
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use chronus::audio::stderr::{StderrCapture, hush, restore};

const CHILD: &str = "CHRONUS_STDERR_CHILD";

/// As a C library does: straight to the descriptor, past what the test harness captures.
fn print(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// What the child process leaves on its stderr.
fn stderr_of(role: &str) -> String {
    let program = std::env::current_exe().expect("this test");
    let child = Command::new(program)
        .args(["--exact", "child", "--nocapture", "--include-ignored"])
        .env(CHILD, role)
        .stdout(Stdio::null())
        .output()
        .expect("a child process");
    assert!(
        child.status.success(),
        "{role}: {}",
        String::from_utf8_lossy(&child.stderr)
    );
    String::from_utf8_lossy(&child.stderr).into_owned()
}

#[test]
fn child() {
    match std::env::var(CHILD).as_deref() {
        Ok("hush") => {
            let quiet = hush();
            assert!(quiet.is_some());
            assert!(hush().is_none(), "redirections don't nest");
            print("ALSA lib confmisc.c:855:(parse_card) cannot find card '0'\n");
            print(
                "a word of our own\nCannot connect to server socket err = No such file or directory\n",
            );
            drop(quiet);
            print("after\n");
        }
        Ok("capture") => {
            let (sender, lines) = channel();
            let capture =
                StderrCapture::begin(move |line| drop(sender.send(line))).expect("a pipe");
            assert!(hush().is_none(), "the capture has it already");
            print("ALSA lib pcm.c: broken\nhalf ");
            print("a line\n");
            let next = || lines.recv_timeout(Duration::from_secs(10)).expect("a line");
            assert_eq!(
                (next(), next()),
                ("ALSA lib pcm.c: broken".into(), "half a line".into())
            );
            print("no end of line");
            drop(capture);
            assert_eq!(next(), "no end of line", "the last word is not lost");
            assert!(hush().is_some(), "its turn is over");
            print("after\n");
        }
        Ok("restore") => {
            let capture = StderrCapture::begin(|_| {}).expect("a pipe");
            print("hidden\n");
            restore();
            print("a panic's message\n");
            restore();
            drop(capture);
            print("after\n");
        }
        Ok("panic") => {
            let unwound = std::panic::catch_unwind(|| {
                let _capture = StderrCapture::begin(|_| {}).expect("a pipe");
                std::panic::resume_unwind(Box::new(()));
            });
            assert!(unwound.is_err());
            print("after\n");
        }
        _ => {}
    }
}

#[test]
fn library_noise_is_swallowed_and_the_rest_arrives() {
    assert_eq!(stderr_of("hush"), "a word of our own\nafter\n");
}

#[test]
fn a_capture_takes_every_line_and_gives_stderr_back() {
    assert_eq!(stderr_of("capture"), "after\n");
}

#[test]
fn stderr_comes_back_at_once_for_a_panic_hook() {
    assert_eq!(stderr_of("restore"), "a panic's message\nafter\n");
}

#[test]
fn stderr_comes_back_where_a_panic_unwinds() {
    assert_eq!(stderr_of("panic"), "after\n");
}
