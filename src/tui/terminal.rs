//! The terminal's modes: taken at the start, given back in every case, also from a panic, a signal or another thread.
use std::io::{self, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::ThreadId;

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
    KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::style::Print;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};

/// The modes are ours. Whoever turns it off restores them.
static OURS: AtomicBool = AtomicBool::new(false);
static MOUSE: AtomicBool = AtomicBool::new(false);
static KEY_REPORTS: AtomicBool = AtomicBool::new(false);
/// The thread whose panic ends the screen.
static SCREEN_THREAD: Mutex<Option<ThreadId>> = Mutex::new(None);
/// What other threads said while they panicked: it would tear the screen.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Buttons and wheel, without the flood of motion reports.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// Takes the terminal over, for the calling thread.
pub fn enter(mouse: bool) -> io::Result<()> {
    *lock(&SCREEN_THREAD) = Some(std::thread::current().id());
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    let mut out = stdout();
    queue!(
        out,
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange
    )?;
    if mouse {
        MOUSE.store(true, Ordering::SeqCst);
        out.write_all(MOUSE_ON.as_bytes())?;
    }
    out.flush()
}

/// Gives it back. May be called from any thread, any number of times; a terminal that is gone is no error.
pub fn leave() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    report_keys(false);
    let mut out = stdout();
    if MOUSE.swap(false, Ordering::SeqCst) {
        let _ = out.write_all(MOUSE_OFF.as_bytes());
    }
    let _ = execute!(
        out,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
}

/// Asks the terminal to tell of the mouse, or leaves it to the terminal.
pub fn report_mouse(on: bool) {
    if MOUSE.swap(on, Ordering::SeqCst) != on {
        let _ = execute!(stdout(), Print(if on { MOUSE_ON } else { MOUSE_OFF }));
    }
}

/// Asks the terminal to tell of released keys, or to stop it. Terminals that cannot do not answer, and are not asked whether
/// they can: that question may take 2 s.
pub fn report_keys(on: bool) {
    if KEY_REPORTS.swap(on, Ordering::SeqCst) == on {
        return;
    }
    let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES
        | KeyboardEnhancementFlags::REPORT_EVENT_TYPES
        | KeyboardEnhancementFlags::REPORT_ALL_KEYS_AS_ESCAPE_CODES;
    let _ = match on {
        true => execute!(stdout(), PushKeyboardEnhancementFlags(flags)),
        false => execute!(stdout(), PopKeyboardEnhancementFlags),
    };
}

/// A panic of the screen's thread restores the terminal before it is printed; one of another thread is kept for
/// [`take_panics`] while the screen is there.
pub fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !OURS.load(Ordering::SeqCst) {
                return before(info);
            }
            let here = std::thread::current();
            if *lock(&SCREEN_THREAD) == Some(here.id()) {
                leave();
                before(info);
            } else {
                let name = here.name().unwrap_or("unnamed").to_owned();
                lock(&PANICS).push(format!("thread {name}: {info}"));
            }
        }));
    });
}

/// What other threads' panics said since the last call.
pub fn take_panics() -> Vec<String> {
    std::mem::take(&mut lock(&PANICS))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
