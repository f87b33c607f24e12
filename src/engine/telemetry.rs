//! What the realtime threads tell: plain numbers in atomics, written by one thread each, read by anyone at any time.
//! Relaxed throughout, except where said: each number stands alone.
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

use super::histogram::Histogram;
use super::input::InputTape;
use crate::dsp::BLOCK;

/// An `f32` in an atomic.
#[derive(Debug, Default)]
pub struct AtomicF32(AtomicU32);

impl AtomicF32 {
    pub fn store(&self, value: f32) {
        self.0.store(value.to_bits(), Relaxed);
    }

    pub fn load(&self) -> f32 {
        f32::from_bits(self.0.load(Relaxed))
    }
}

/// All meters and counters of the realtime side.
#[derive(Debug, Default)]
pub struct Telemetry {
    pub timeline: Timeline,
    pub slots: [SlotTelemetry; 2],
    pub callback: CallbackTelemetry,
    /// What comes in: the one stream that goes the other way.
    pub input: InputTape,
}

/// Where the sound is, and how far ahead of it the engines render.
#[derive(Debug, Default)]
pub struct Timeline {
    /// Frames that the audible slot has delivered. Written by the callback.
    pub frame: AtomicU64,
    /// Engines render while their head is before `frame + lead`. Written by the callback.
    pub lead: AtomicU32,
    /// The audible slot; the one that is faded to, while it fades.
    pub live: AtomicU8,
}

/// What a slot is, as the callback sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum SlotPhase {
    /// Nothing has come out of its engine.
    #[default]
    Empty,
    /// Its ring does not reach the timeline.
    Filling,
    /// In step with the timeline, unheard.
    Primed,
    Live,
    FadingIn,
    FadingOut,
}

impl SlotPhase {
    const ALL: [Self; 6] = [
        Self::Empty,
        Self::Filling,
        Self::Primed,
        Self::Live,
        Self::FadingIn,
        Self::FadingOut,
    ];
}

/// One slot's engine and ring.
#[derive(Debug, Default)]
pub struct SlotTelemetry {
    /// Of the slot's engine; written by the supervisor when it replaces one that hangs. Should that one come back, it finds another
    /// number here and tells nothing any more.
    pub incarnation: AtomicU32,
    // Written by the engine.
    /// The next frame it will render.
    pub head: AtomicU64,
    /// Of the graph that renders; 0 without one.
    pub generation: AtomicU32,
    /// Of the graph that was quarantined last; 0: none.
    pub failed_generation: AtomicU32,
    /// 1 while the graph is parked: `head` means nothing then.
    pub parked: AtomicU8,
    /// Steps taken, for whoever watches whether the engine is alive.
    pub steps: AtomicU64,
    /// When the block being rendered was begun, in nanoseconds of the audio clock; 0 between blocks.
    pub rendering_since_ns: AtomicU64,
    /// Time to render a block over its duration, smoothed over about 100 ms.
    pub load: AtomicF32,
    pub render: Histogram,
    /// Events that came after their frame.
    pub late_events: AtomicU64,
    /// Changes for a graph that was gone.
    pub stale_events: AtomicU64,
    /// What the thread was given; see [`super::priority::Granted`].
    pub priority: AtomicI64,

    // Written by the callback.
    phase: AtomicU8,
    /// Of the blocks that are read in step with the timeline; 0: none are.
    pub playing_generation: AtomicU32,
    /// Share of a fade that is done, 0..=100.
    pub fade_percent: AtomicU8,
    /// Times the audible reader found the ring dry.
    pub none_reads: AtomicU64,
    /// Frames that were silence for it.
    pub none_frames: AtomicU64,
    /// Frames in the ring after the latest callback.
    pub occupancy: AtomicU32,
    /// Fewest of the last 10 s.
    pub occupancy_min: AtomicU32,
    /// Left, right, over the last 100 ms.
    pub rms: [AtomicF32; 2],
    pub peak: [AtomicF32; 2],
}

impl SlotTelemetry {
    pub fn phase(&self) -> SlotPhase {
        SlotPhase::ALL[usize::from(self.phase.load(Relaxed)).min(SlotPhase::ALL.len() - 1)]
    }

    /// For the callback.
    pub fn set_phase(&self, phase: SlotPhase) {
        self.phase.store(phase as u8, Relaxed);
    }
}

/// The device callback.
#[derive(Debug, Default)]
pub struct CallbackTelemetry {
    pub count: AtomicU64,
    /// Frames of the latest call.
    pub frames: AtomicU32,
    pub duration: Histogram,
    /// Deadlines that the device, or the callback's own clock, said were missed.
    pub xruns: AtomicU64,
    /// Blocks whose frame or generation was not the expected one. 0, for ever.
    pub discontinuities: AtomicU64,
    /// Times the standby fell behind the timeline.
    pub standby_late: AtomicU64,
    /// Samples that were not finite when they reached the guard: an engine should have seen them.
    pub non_finite: AtomicU64,
    /// Fades to the other slot that the callback decided by itself.
    pub failovers: AtomicU64,
    /// From a key press to its block leaving the ring.
    pub key_to_sound: Histogram,
    /// Most frames that the host takes faster than time passes.
    pub burst: AtomicU32,
    /// Low water, in frames.
    pub low_water: AtomicU32,
    /// What the limiter takes away, in dB, 0 or more.
    pub limiter_db: AtomicF32,
    /// 1 while the DC blocker is engaged.
    pub dc_blocked: AtomicU8,
    /// After the guard, over the last 100 ms: left, right.
    pub out_rms: [AtomicF32; 2],
    pub out_peak: [AtomicF32; 2],
    /// Frames that the scope's reader missed.
    pub scope_missed: AtomicU64,
    /// Replies that found no room; the numbers here are right all the same.
    pub untold: AtomicU64,
}

impl Telemetry {
    /// The earliest frame that both engines can still hear of in time: no engine is past it, and none gets there by rendering
    /// the block it is at. Round musical positions up to it, not past it.
    pub fn soon(&self) -> u64 {
        let lead = u64::from(self.timeline.lead.load(Relaxed));
        let reach = self.timeline.frame.load(Relaxed) + lead;
        let hot = self
            .slots
            .iter()
            .filter(|s| s.generation.load(Relaxed) != 0 && s.parked.load(Relaxed) == 0);
        let head = hot.map(|s| s.head.load(Relaxed)).max().unwrap_or(0);
        // An engine that starts a block just below its reach ends up to 63 frames past it; one more block for the way.
        head.max(reach.next_multiple_of(BLOCK as u64)) + BLOCK as u64
    }

    pub fn live(&self) -> usize {
        usize::from(self.timeline.live.load(Relaxed) & 1)
    }

    pub fn frame(&self) -> u64 {
        self.timeline.frame.load(Relaxed)
    }

    pub fn late_events(&self) -> u64 {
        let late = |s: &SlotTelemetry| s.late_events.load(Relaxed);
        self.slots.iter().map(late).sum()
    }

    /// Counters and histograms back to 0.
    pub fn reset_counters(&self) {
        for slot in &self.slots {
            for counter in [
                &slot.none_reads,
                &slot.none_frames,
                &slot.late_events,
                &slot.stale_events,
            ] {
                counter.store(0, Relaxed);
            }
            slot.render.reset();
        }
        let c = &self.callback;
        for counter in [
            &c.xruns,
            &c.standby_late,
            &c.non_finite,
            &c.failovers,
            &c.scope_missed,
            &c.untold,
        ] {
            counter.store(0, Relaxed);
        }
        c.duration.reset();
        c.key_to_sound.reset();
    }
}
