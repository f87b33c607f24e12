//! Panics of modules are caught and told by the engine; meanwhile nothing may be written over the screen.
use std::cell::Cell;
use std::panic;
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// True while this thread renders something whose panic will be caught. A panic hook that is installed later must ask, and do
/// nothing then: a caught panic is no reason to leave the screen.
pub fn is_quiet() -> bool {
    QUIET.get()
}

/// Makes panics within `work` silent and catches them. The payload is the caller's to free, off the realtime path.
pub fn catch<T>(work: impl FnOnce() -> T) -> std::thread::Result<T> {
    let before = QUIET.replace(true);
    // Whoever gets an error puts the state that `work` touched out of use.
    let result = panic::catch_unwind(panic::AssertUnwindSafe(work));
    QUIET.set(before);
    result
}

/// Puts the silent hook before the one that is there, once. Not for realtime threads.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let next = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !is_quiet() {
                next(info);
            }
        }));
    });
}
