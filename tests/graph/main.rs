//! The compiled graph, driven by hand-made patches: lanes, sums, feedback, ramps, notes, state carry, priming.
mod lanes;
mod patches;
mod primes;
mod ramps;
#[path = "../common/rendered.rs"]
mod rendered;
mod rests;
