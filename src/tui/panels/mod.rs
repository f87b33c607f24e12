//! Panels: each draws one thing into the area it is given, whatever its size.
pub mod black_box;
pub mod changes;
pub mod costs;
pub mod durations;
pub mod events;
pub mod focus;
pub mod footer;
pub mod header;
pub mod inspector;
pub mod macros;
pub mod matrix;
pub mod preview;
pub mod probe;
pub mod rails;
pub mod scope;
pub mod slot;
pub mod spectrum;
