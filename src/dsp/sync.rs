//! What our own lock-free code is built on: the standard library's. The test that tries every order of two threads puts loom's in
//! its place.
pub use std::sync::OnceLock;
pub use std::sync::atomic::AtomicU64;
pub use std::thread::{Thread, current};

/// Runs a test's body; loom runs it once for every order.
#[cfg(test)]
pub fn model(body: impl Fn() + Sync + Send + 'static) {
    body();
}
