//! Two rings into one device buffer, and the devices: a callback that outlives them, real, virtual and scripted ones.
mod convert;
mod cpal_device;
pub mod device;
pub mod device_list;
mod disposal;
mod fill_cell;
mod keeper;
pub mod msg;
pub mod scripted;
pub mod stderr;
pub mod stream;
mod virtual_device;
pub mod wav_file;
mod wav_tap;
