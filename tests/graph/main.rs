//! The compiled graph, driven by hand-made patches: lanes, sums, feedback, ramps, notes, state carry, priming.
mod lanes;
mod patches;
mod primes;
mod ramps;
mod rests;
