//! The screen's life: two threads, so that leaving never depends on the one that may hang in the terminal.
use std::io::{self, BufWriter, IsTerminal, Stdout, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event};
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::{Terminal, backend::CrosstermBackend, layout::Rect};

use crate::control::command::Command;
use crate::control::handle::Handle;

use super::app::{App, Layer};
use super::burst::Burst;
use super::color::Depth;
use super::draw::draw;
use super::options::{ExitReason, Motion, Options};
use super::screens::text::external::External;
use super::svg;
use super::terminal;
use super::theme::Theme;
use super::tty::{Tty, Waited};

/// 30 frames a second; sound never waits for one.
const FRAME: Duration = Duration::from_millis(33);
/// With reduced motion.
const SLOW_FRAME: Duration = Duration::from_millis(250);
/// How often the guard looks whether the terminal is still there.
const GUARD: Duration = Duration::from_millis(100);
/// What the screen's thread gets to leave by itself.
const LEAVE_WITHIN: Duration = Duration::from_millis(300);
/// Panic's fade, with room for the lead.
const FADE: Duration = Duration::from_millis(120);

type Screen = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Shows the instrument until the user quits, the program is told to stop, or the terminal goes away. The terminal is restored
/// in every case. A theme that is not there is [`io::ErrorKind::InvalidInput`]; a panic of the screen is passed on.
pub fn run(handle: Handle, options: Options) -> io::Result<ExitReason> {
    if !stdout().is_terminal() {
        return Err(io::Error::other(
            "standard output is no terminal; --headless plays without one",
        ));
    }
    Theme::load(&options.theme, Depth::None)
        .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
    let tty = Tty::open()?;
    terminal::install_panic_hook();
    let stop = options.stop.clone();
    let (done, finished) = channel();
    let guarded = tty.clone();
    let screen = thread::Builder::new().name("tui".into()).spawn(move || {
        let ended = show(handle, options, &tty);
        terminal::leave();
        let _ = done.send(());
        ended
    })?;
    while let Err(RecvTimeoutError::Timeout) = finished.recv_timeout(GUARD) {
        let reason = match (stop.load(Ordering::SeqCst), guarded.gone()) {
            (true, _) => ExitReason::Stopped,
            (_, true) => ExitReason::TerminalLost,
            _ => continue,
        };
        if let Err(RecvTimeoutError::Timeout) = finished.recv_timeout(LEAVE_WITHIN) {
            // It hangs in the terminal: it is left behind, and ends with the program.
            terminal::leave();
            return Ok(reason);
        }
        break;
    }
    // The hook restored the terminal; whoever called decides what becomes of the rest.
    screen
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The screen's thread.
fn show(handle: Handle, options: Options, tty: &Tty) -> io::Result<ExitReason> {
    let depth = Depth::detect(options.color, |name| std::env::var(name).ok());
    let (stop, mouse) = (options.stop.clone(), options.mouse);
    let frame = match options.motion {
        Motion::Full => FRAME,
        Motion::Reduced => SLOW_FRAME,
    };
    let stopped_outside = suspend_signal();
    let mut app = App::new(handle, options, depth);
    terminal::enter(mouse)?;
    let mut screen = Terminal::new(CrosstermBackend::new(BufWriter::new(stdout())))?;
    blank(&mut screen)?;
    let mut next_frame = Instant::now();
    let mut burst = Burst::default();
    // There is input left that was not taken in yet.
    let mut more = false;
    loop {
        if stop.load(Ordering::SeqCst) {
            return Ok(ExitReason::Stopped);
        }
        let now = Instant::now();
        if now >= next_frame {
            app.look(now);
            for panic in terminal::take_panics() {
                app.complain(panic);
            }
            show_frame(&mut screen, &mut app)?;
            #[cfg(feature = "faults")]
            fail_once();
            let shown = Instant::now();
            let took = shown.duration_since(now);
            // Where frames are slow, keys get as much time as they.
            next_frame = (now + frame).max(shown + took.min(SLOW_FRAME));
        }
        if let Some(reason) = app.exit {
            return Ok(reason);
        }
        if app.suspend || stopped_outside.swap(false, Ordering::SeqCst) {
            app.suspend = false;
            let mouse = mouse && !app.settings.mouse_off;
            suspend(&mut app, mouse)?;
            blank(&mut screen)?;
            continue;
        }
        if app.external {
            app.external = false;
            external(&mut app, mouse, &stop, tty)?;
            blank(&mut screen)?;
            continue;
        }
        let until = match more {
            true => Instant::now(),
            false => app.deadline().map_or(next_frame, |d| d.min(next_frame)),
        };
        let time = until.saturating_duration_since(Instant::now());
        let waited = tty.wait(time);
        match waited {
            Waited::Gone => return Ok(ExitReason::TerminalLost),
            Waited::Nothing => {
                burst.waited(time);
                app.end_notes(Instant::now());
            }
            Waited::Input => {}
        }
        // A resize comes as a signal, not as input: crossterm is asked either way.
        let mut resized = false;
        more = event::poll(Duration::ZERO)?;
        if !more && waited == Waited::Input {
            tty.announce();
            more = event::poll(Duration::ZERO)?;
        }
        while more {
            let input = event::read()?;
            resized |= matches!(input, Event::Resize(..));
            burst.take(&mut app, input, Instant::now());
            if tty.gone() {
                return Ok(ExitReason::TerminalLost);
            }
            more = event::poll(Duration::ZERO)?;
            // A flood of input is shown as it is taken in, and stops nobody from stopping.
            if Instant::now() >= next_frame {
                break;
            }
        }
        if !more || burst.is_long() {
            burst.pass_on(&mut app, Instant::now());
        }
        if resized {
            // It may be as large as before again, and have forgotten all of it meanwhile.
            blank(&mut screen)?;
        }
        terminal::report_keys(app.layer == Layer::Keys);
        terminal::report_mouse(mouse && !app.settings.mouse_off);
    }
}

/// Clears the terminal, so that the next frame is drawn whole. Unlike `Terminal::clear` it asks the terminal nothing: not every
/// one answers.
fn blank(screen: &mut Screen) -> io::Result<()> {
    let size = screen.size()?;
    screen.resize(Rect::new(0, 0, size.width, size.height))
}

fn show_frame(screen: &mut Screen, app: &mut App) -> io::Result<()> {
    crossterm::queue!(screen.backend_mut(), BeginSynchronizedUpdate)?;
    let drawn = screen.draw(|frame| draw(app, frame))?;
    if let Some(path) = app.picture.take() {
        let (ground, ink) = app.theme.ground();
        match std::fs::write(&path, svg::picture(drawn.buffer, ground, ink)) {
            Ok(()) => app.say(format!("The screen is drawn in {}", path.display())),
            Err(why) => app.complain(format!("{}: {why}", path.display())),
        }
    }
    crossterm::execute!(screen.backend_mut(), EndSynchronizedUpdate)
}

/// For tests: the screen's first frame is followed by a panic where the environment asks for it.
#[cfg(feature = "faults")]
fn fail_once() {
    static FAILED: AtomicBool = AtomicBool::new(false);
    if std::env::var_os("CHRONUS_SCREEN_PANICS").is_some() && !FAILED.swap(true, Ordering::SeqCst) {
        panic!("a fault that the environment asked for");
    }
}

/// Fades out, gives the terminal back and stops, as Ctrl-Z does elsewhere; goes on where it stopped.
fn suspend(app: &mut App, mouse: bool) -> io::Result<()> {
    let sounding = !app.view.panicked;
    let out = app.notes.all_off();
    app.play(out);
    if sounding {
        app.send(Command::Panic);
        thread::sleep(FADE);
    }
    terminal::leave();
    stop_here();
    terminal::enter(mouse)?;
    if sounding {
        app.send(Command::Panic);
    }
    Ok(())
}

/// Gives the terminal to the user's own editor until that ends. The sound goes on.
fn external(app: &mut App, mouse: bool, stop: &AtomicBool, tty: &Tty) -> io::Result<()> {
    let out = app.notes.all_off();
    app.play(out);
    terminal::leave();
    match External::start(app) {
        Ok(mut editor) => {
            while editor.step(app) {
                if stop.load(Ordering::SeqCst) || tty.gone() {
                    editor.kill();
                    break;
                }
                app.look(Instant::now());
                thread::sleep(GUARD);
            }
        }
        Err(why) => app.complain(format!("the editor did not start: {why}")),
    }
    terminal::enter(mouse)
}

/// Stops the process until SIGCONT. A SIGTSTP raised by ourselves is dropped for orphaned process groups; SIGSTOP is not.
#[cfg(unix)]
fn stop_here() {
    let _ = signal_hook::low_level::raise(libc::SIGSTOP);
}

#[cfg(not(unix))]
fn stop_here() {}

/// Set when another program asks us to stop.
fn suspend_signal() -> Arc<AtomicBool> {
    let asked = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    let _ = signal_hook::flag::register(libc::SIGTSTP, asked.clone());
    asked
}
