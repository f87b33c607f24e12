//! `chronus [PATCH]`: starts the instrument and everything that talks to it, and takes it down again. Runs on the main thread.
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::audio::stderr::StderrCapture;
use crate::cli;
use crate::control::command::Command;
use crate::control::event::{Event, What};
use crate::control::handle::Handle;
use crate::control::queue::Receiver;
use crate::control::slot::SlotState;
use crate::control::telemetry_json::write_lines;
use crate::tui::{self, Back, ExitReason};

use super::complain::complain;
use super::failure::Failure;
use super::first_patch::FirstPatch;
use super::instrument::Instrument;
use super::linear;
use super::log::Log;
use super::outside::{Osc, listen, start_midi};
use super::signals::{self, Why};
use super::watch;

/// A first patch that is not heard by then will not be.
const FIRST_PATIENCE: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(20);
/// The screen is put up again after a panic of its own, so often; then the instrument goes on without one.
const SCREENS: usize = 3;

/// The program without a verb.
pub fn run(args: &cli::Play) -> Result<(), Failure> {
    let patch = FirstPatch::read(args.patch.as_deref())?;
    if let Some(keys) = &args.screen.keys {
        check_keys(keys)?;
    }
    let log = Log::create(args.log.as_deref())
        .map_err(|e| Failure::file("--log", args.log.as_deref().unwrap_or(Path::new("")), &e))?;
    let telemetry = args.telemetry.as_deref().map(open_telemetry).transpose()?;
    let instrument = Instrument::start(args)?;
    let handle = instrument.handle().clone();
    log.line(format_args!(
        "chronus {} on {}",
        env!("CARGO_PKG_VERSION"),
        instrument.device()
    ));
    let stop = Arc::new(AtomicBool::new(false));
    let leaving = handle.clone();
    // The supervisor's end ends every way of running.
    signals::watch(stop.clone(), move |why| {
        // Whoever is gone already has nothing left to quit.
        if why == Why::Ended {
            let _ = leaving.command(Command::LeaveWork);
        }
        let _ = leaving.command(Command::Quit);
    })
    .map_err(|e| Failure::Machine(format!("signals: {e}")))?;
    log.follow(handle.subscribe())
        .map_err(|e| Failure::Machine(format!("--log: {e}")))?;
    let writer = telemetry
        .map(|out| write_telemetry(handle.clone(), out))
        .transpose()?;
    if let Err(e) = watch::spawn(handle.clone()) {
        log.line(format_args!("patch files are not watched: {e}"));
    }
    let osc = listen(args, &patch, &handle)?;
    let midi = start_midi(args, &handle)?;
    let events = handle.subscribe();
    let greeting = begin(&handle, &events, &patch, args.headless)?;
    let session = Session {
        handle: &handle,
        events,
        stop: stop.clone(),
        end: args.length.map(|length| Instant::now() + length),
        log: &log,
    };
    let ended = if args.headless {
        session.headless();
        Ok(())
    } else if args.screen.linear || dumb() {
        session.linear()
    } else {
        session.screen(args, &patch, notice(&instrument, &osc, greeting))
    };
    drop(osc);
    drop(midi);
    instrument.end();
    if let Some(writer) = writer {
        // It ends with the last event; a reader that does not read must not keep the program.
        wait_for(&writer, Duration::from_millis(100));
    }
    ended
}

/// Mistakes in a file that was asked for are told before anything sounds.
fn check_keys(path: &Path) -> Result<(), Failure> {
    let mistakes = tui::keys_mistakes(path).map_err(|e| Failure::file("--keys", path, &e))?;
    for mistake in &mistakes {
        complain(mistake);
    }
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(Failure::Told),
    }
}

fn wait_for(thread: &JoinHandle<()>, patience: Duration) {
    let until = Instant::now() + patience;
    while !thread.is_finished() && Instant::now() < until {
        thread::sleep(Duration::from_millis(1));
    }
}

fn open_telemetry(path: &Path) -> Result<Box<dyn Write + Send>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdout()));
    }
    match File::create(path) {
        Ok(file) => Ok(Box::new(BufWriter::new(file))),
        Err(e) => Err(Failure::file("--telemetry", path, &e)),
    }
}

fn write_telemetry(
    handle: Handle,
    mut out: Box<dyn Write + Send>,
) -> Result<JoinHandle<()>, Failure> {
    // Subscribed here, so that nothing that happens from now on is missed.
    let events = handle.subscribe();
    thread::Builder::new()
        .name("telemetry".into())
        .spawn(move || {
            if let Err(e) = write_lines(&handle, &events, &mut out, &|| true)
                && e.kind() != io::ErrorKind::BrokenPipe
            {
                complain(format_args!("chronus: --telemetry: {e}"));
            }
        })
        .map_err(|e| Failure::Machine(format!("--telemetry: {e}")))
}

/// Loads the first patch and waits until it sounds. Without a screen a patch that can't play ends the program; with one,
/// the hello patch plays in its place.
fn begin(
    handle: &Handle,
    events: &Receiver<Event>,
    patch: &FirstPatch,
    headless: bool,
) -> Result<String, Failure> {
    match load(handle, events, patch) {
        Ok(()) => Ok(format!(
            "You hear {}. Press e to change it, ? for help.",
            patch.name
        )),
        Err(why) if headless || patch.path.is_none() => {
            Err(Failure::Input(format!("{}: {why}", patch.name)))
        }
        Err(why) => {
            let hello = FirstPatch::hello();
            load(handle, events, &hello)
                .map_err(|e| Failure::Machine(format!("{}: {e}", hello.name)))?;
            Ok(format!(
                "{}: {why}. You hear {} instead.",
                patch.name, hello.name
            ))
        }
    }
}

fn load(handle: &Handle, events: &Receiver<Event>, patch: &FirstPatch) -> Result<(), String> {
    let command = Command::LoadText {
        text: patch.text.clone(),
        path: patch.path.clone(),
    };
    handle.ask(command, FIRST_PATIENCE)?;
    let until = Instant::now() + FIRST_PATIENCE;
    loop {
        match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(event) => match event.what {
                What::Primed { .. } => {
                    wait_until_live(handle);
                    return Ok(());
                }
                What::Failed { why, .. } => return Err(why),
                What::Refused { .. } => return Err(event.sentence),
                What::Quit => return Ok(()),
                _ => {}
            },
            Err(_) => return Err("it was not primed within 5 s".to_owned()),
        }
    }
}

/// What the first patch brings with it (its tempo) is told before the greeting, not over it.
fn wait_until_live(handle: &Handle) {
    let until = Instant::now() + Duration::from_millis(200);
    while handle
        .view()
        .slots
        .iter()
        .all(|s| s.state != SlotState::Live)
        && Instant::now() < until
    {
        thread::sleep(Duration::from_millis(1));
    }
}

/// The first sentence on the screen: what is not as expected comes before the greeting.
fn notice(instrument: &Instrument, osc: &Osc, greeting: String) -> String {
    let view = instrument.handle().view();
    let greeting = match (&view.recovery, &view.not_kept) {
        (Some(recovery), _) => {
            format!("{recovery}: gw brings it back, :forget work drops it.")
        }
        // The folder and the reason are long: they stand in the log.
        (None, Some(_)) => format!("Unsaved work is not kept, 6 says why. {greeting}"),
        (None, None) => greeting,
    };
    match (instrument.problem(), osc) {
        (Some(problem), _) => format!("No sound: {problem}. {greeting}"),
        (None, Osc::Problem(problem)) => format!("{problem}. {greeting}"),
        (None, _) => greeting,
    }
}

/// The instrument plays: the ways to be with it until it ends.
struct Session<'a> {
    handle: &'a Handle,
    events: Receiver<Event>,
    stop: Arc<AtomicBool>,
    /// `--for`.
    end: Option<Instant>,
    log: &'a Log,
}

impl Session<'_> {
    fn headless(&self) {
        while !self.stop.load(Ordering::Acquire) && self.end.is_none_or(|end| Instant::now() < end)
        {
            let left = self
                .end
                .map_or(GLANCE, |end| end.saturating_duration_since(Instant::now()));
            match self.events.recv_timeout(left.min(GLANCE)) {
                Ok(event) if event.what == What::Quit => return,
                Err(RecvTimeoutError::Disconnected) => return,
                _ => {}
            }
        }
    }

    fn linear(&self) -> Result<(), Failure> {
        self.end_on_time();
        linear::run(self.handle, &self.events, &self.stop)
    }

    fn screen(
        &self,
        args: &cli::Play,
        patch: &FirstPatch,
        greeting: String,
    ) -> Result<(), Failure> {
        self.end_on_time();
        let capture = || {
            let log = self.log.clone();
            StderrCapture::begin(move |line| log.line(format_args!("stderr: {line}")))
        };
        let mut captured = capture();
        let mut options = tui::Options {
            theme: args.screen.theme.clone(),
            color: args.screen.color,
            glyphs: args.screen.glyphs,
            motion: args.screen.motion,
            mouse: !args.screen.no_mouse,
            config: tui::config_folder(),
            keys: args.screen.keys.clone(),
            folders: patch.folders(),
            greeting,
            stop: self.stop.clone(),
        };
        let mut failed = 0;
        while failed < SCREENS {
            let (handle, with) = (self.handle.clone(), options.clone());
            match catch_unwind(AssertUnwindSafe(|| tui::run(handle, with))) {
                Ok(Ok(ExitReason::Detached)) => {
                    drop(captured);
                    if self.detached() == Back::Ended {
                        return Ok(());
                    }
                    captured = capture();
                    "The screen is back; the sound went on.".clone_into(&mut options.greeting);
                }
                Ok(Ok(reason)) => {
                    if reason == ExitReason::TerminalLost {
                        let _ = self.handle.command(Command::LeaveWork);
                    }
                    return Ok(());
                }
                Ok(Err(e)) if e.kind() == io::ErrorKind::InvalidInput => {
                    return Err(Failure::Input(format!("--theme: {e}")));
                }
                Ok(Err(e)) => return Err(Failure::Machine(format!("terminal: {e}"))),
                Err(_) => {
                    failed += 1;
                    "The screen failed and was put up again; the sound went on."
                        .clone_into(&mut options.greeting);
                }
            }
        }
        drop(captured);
        complain(format_args!(
            "chronus: the screen failed {SCREENS} times; the sound goes on. Ctrl+C ends it."
        ));
        self.headless();
        Ok(())
    }

    /// The screen is away until it is wanted again.
    fn detached(&self) -> Back {
        complain(
            "The sound goes on. Enter brings the screen back, Ctrl+C ends it; Ctrl+Z and bg give the shell back.",
        );
        signals::detach(true);
        let ended = || {
            let quit = self.events.try_iter().any(|event| event.what == What::Quit);
            quit || self.stop.load(Ordering::Acquire)
        };
        let back = tui::wait_detached(ended);
        signals::detach(false);
        back
    }

    /// Sets `stop` when `--for` is over.
    fn end_on_time(&self) {
        let (Some(end), stop) = (self.end, self.stop.clone()) else {
            return;
        };
        let spawned = thread::Builder::new().name("for".into()).spawn(move || {
            thread::sleep(end.saturating_duration_since(Instant::now()));
            stop.store(true, Ordering::Release);
        });
        if let Err(e) = spawned {
            self.log.line(format_args!("--for: no thread: {e}"));
        }
    }
}

/// A terminal that shows letters and nothing else gets lines.
fn dumb() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
