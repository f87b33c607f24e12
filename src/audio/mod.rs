//! Two rings into one device buffer, and the devices: a callback that outlives them, real, virtual and scripted ones.
mod convert;
mod cpal_device;
mod cpal_format;
mod cpal_input;
pub mod cue_pair;
mod dc_blocker;
pub mod device;
pub mod device_list;
#[allow(
    clippy::disallowed_types,
    reason = "closes devices: no audio thread comes here"
)]
mod disposal;
pub mod fade;
#[allow(clippy::disallowed_types, reason = "audio threads only `try_lock`")]
mod fill_cell;
mod gate;
pub mod guard;
mod inlet;
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "opens devices; the thread of a file waits for time to pass"
)]
pub mod input;
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a thread of its own: no audio thread comes here"
)]
mod keeper;
pub mod lead;
mod levels;
pub mod limiter;
#[allow(clippy::disallowed_types, reason = "audio threads only `try_lock`")]
mod loss;
mod mixing;
pub mod msg;
mod orders;
pub mod output;
mod publish;
mod reader;
pub mod scripted;
pub mod slots;
mod spill;
#[allow(clippy::disallowed_types, reason = "no audio thread comes here")]
pub mod stderr;
#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "shared with the keeper; audio threads touch the atomics"
)]
pub mod stream;
pub mod tape;
mod turning;
#[allow(
    clippy::disallowed_methods,
    reason = "this thread is the device: it waits for time to pass"
)]
mod virtual_device;
mod voice;
mod watch;
mod watermark;
pub mod wav_bits;
pub mod wav_file;
#[allow(
    clippy::disallowed_methods,
    reason = "this thread is the device: it waits for time to pass"
)]
mod wav_input;
pub mod wav_read;
#[allow(
    clippy::disallowed_types,
    reason = "writes files: no audio thread comes here"
)]
mod wav_tap;
