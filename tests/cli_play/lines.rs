//! `--linear`: a little set of lines, and what a line mode that was hung up leaves to the next.
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

struct Lines {
    child: Child,
    stdin: ChildStdin,
    told: Receiver<String>,
}

impl Lines {
    fn start(state: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chronus"))
            .args([
                "--linear", "--audio", "null", "--osc", "off", "--midi", "off",
            ])
            .arg("--state")
            .arg(state)
            .arg("--recordings")
            .arg(state.join("takes"))
            .arg("patches/bass/acid.ron")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let stdin = child.stdin.take().expect("stdin");
        let stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let mut lines = stdout.lines().map_while(Result::ok);
            lines.all(|line| tell.send(line).is_ok())
        });
        let lines = Self { child, stdin, told };
        lines.until("help lists the words");
        lines
    }

    /// Says a line, and waits for what comes of it.
    fn say(&mut self, line: &str, comes: &str) -> String {
        writeln!(self.stdin, "{line}").expect("it reads");
        self.until(comes)
    }

    fn until(&self, comes: &str) -> String {
        let mut all = String::new();
        loop {
            let line = self.told.recv_timeout(Duration::from_secs(20));
            let line = line.unwrap_or_else(|_| panic!("no `{comes}` in\n{all}"));
            if line.contains(comes) {
                return line;
            }
            all += &(line + "\n");
        }
    }

    fn end(mut self) {
        self.say("quit", "quitting");
        assert!(self.child.wait().expect("ends").success());
    }
}

impl Drop for Lines {
    /// One that a test gave up would play on: the end of its input ends nothing.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_little_set_is_played_line_by_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut s = Lines::start(folder.path());
    s.say("add echo Delay", "add echo: Delay: B primed");
    s.say("wire vca > echo", "wire vca > echo: B primed");
    s.say("wire echo > out * 0.5", "wire echo > out * 0.5: B primed");
    s.say("wire vca > nowhere", "no: no module `nowhere`");
    s.say("diff", "added echo: Delay");
    s.say("swap now", "swapped A -> B");
    s.say("set vcf.cutoff 900Hz", "vcf.cutoff 400 Hz -> 900 Hz");
    s.say("macro cutoff 0.8", "macro cutoff 40 -> 80");
    s.say("undo", "undo: macro cutoff at 40");
    s.say("undo", "undo: vcf.cutoff 900 Hz -> 400 Hz");
    s.say("undo", "comes back");
    s.until("swapped B -> A");
    s.say("record", "Recording into");
    s.say("record", "Recorded");
    let takes = std::fs::read_dir(folder.path().join("takes")).expect("a folder");
    assert_eq!(takes.count(), 1);
    s.say("swp", "did you mean `swap`?");
    s.end();
    let s = Lines::start(folder.path());
    s.end();
}

#[test]
#[cfg(unix)]
fn what_was_ended_from_outside_is_offered_and_comes_back() {
    for signal in ["-HUP", "-TERM"] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut s = Lines::start(folder.path());
        s.say("set vcf.cutoff 900Hz", "vcf.cutoff 400 Hz -> 900 Hz");
        let pid = s.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.expect("kill").success());
        s.child.wait().expect("ends");
        let mut s = Lines::start(folder.path());
        s.until("recover brings it back, forget drops it");
        s.say("recover", "recovered acid bass");
        s.say("swap now", "swapped A -> B");
        s.say("patch", "cutoff 900 Hz");
        s.end();
        // It ended as it was told to: nothing is offered again.
        let mut s = Lines::start(folder.path());
        s.say("recover", "no: nothing was left behind");
        s.end();
    }
}
