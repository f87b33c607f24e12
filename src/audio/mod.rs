//! Sound to devices: a callback that outlives them, and the devices, real, virtual and scripted.
mod convert;
mod cpal_device;
pub mod device;
mod disposal;
mod fill_cell;
mod keeper;
pub mod stderr;
pub mod stream;
mod virtual_device;
pub mod wav_file;
mod wav_tap;
