//! OSC over UDP: messages become commands, answers go back. Two threads of its own, none of them realtime.
pub mod addresses;
pub mod answers;
pub mod args;
pub mod docs;
pub mod messages;
pub mod scan;
pub mod server;

pub use addresses::Folders;
pub use server::Server;
