//! One look at every meter and counter, as plain numbers: what screens, replies and the telemetry file are made from.
//! Filled by [`super::handle::Handle::reading`] on whichever thread asks.
use super::command::SlotId;

/// Meters and counters at one moment. Each number stands alone: they are read one after the other while the sound goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Seconds since the program started.
    pub seconds: f64,
    /// Timeline frame that the callback has delivered.
    pub frame: u64,
    /// Frames a second.
    pub rate: f64,
    pub live: usize,
    /// Times the device said, or the callback saw, that a deadline was missed.
    pub xruns: u64,
    /// Blocks whose frame or generation was not the expected one. 0, for ever.
    pub discontinuities: u64,
    /// Times the standby fell behind the timeline and had to catch up.
    pub standby_late: u64,
    /// Commands that reached an engine after their frame.
    pub late_events: u64,
    /// Frames that the engines render ahead of the callback.
    pub lead_frames: u64,
    pub key_to_sound_ms: Spread,
    pub callback: CallbackReading,
    pub slots: [SlotReading; 2],
    /// What the limiter takes away at this moment, in dB, 0 or more.
    pub limiter_db: f32,
    /// The engines were given realtime priority.
    pub realtime: bool,
    /// Of what reaches the device, after the guard.
    pub out_rms: [f32; 2],
    pub out_peak: [f32; 2],
}

/// Where the parts of a [`Durations`] end, as shares of the budget; the last one has no end.
pub const SPREAD: [f32; 5] = [1.0 / 16.0, 0.125, 0.25, 0.5, 1.0];

/// How many measurements took up to a sixteenth, an eighth, a quarter, a half, the whole of their budget, and more.
pub type Durations = [u32; 6];

/// Half and 99 of a hundred measurements were at or below these; 0 before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    pub p50: f32,
    pub p99: f32,
}

/// The device callback: how often, how much, how long it took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CallbackReading {
    pub count: u64,
    /// Frames of the latest call.
    pub frames: u32,
    pub p50_us: f32,
    pub p99_us: f32,
    pub max_us: f32,
    pub spread: Durations,
}

/// One slot's engine and ring.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SlotReading {
    /// Blocks of 64 frames.
    pub ring: u32,
    /// The lead target in blocks: a full gauge.
    pub ring_size: u32,
    /// Lowest of the last 10 s.
    pub ring_min: u32,
    /// Times the audible reader found the ring empty.
    pub none_reads: u64,
    pub none_frames: u64,
    /// Left, right, over the last 100 ms, before the output guard.
    pub rms: [f32; 2],
    pub peak: [f32; 2],
    /// CPU time of a block over its duration, smoothed.
    pub load: f32,
    pub render_p50_us: f32,
    pub render_p99_us: f32,
    pub render_max_us: f32,
    pub render_spread: Durations,
}

impl Reading {
    pub fn slot(&self, slot: SlotId) -> &SlotReading {
        &self.slots[slot.index()]
    }

    pub fn lead_ms(&self) -> f64 {
        if self.rate > 0.0 {
            self.lead_frames as f64 * 1_000.0 / self.rate
        } else {
            0.0
        }
    }

    pub fn none_reads(&self) -> u64 {
        self.slots.iter().map(|s| s.none_reads).sum()
    }
}
