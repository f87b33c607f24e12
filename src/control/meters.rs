//! The counters of engines and callback as one reading. Read on whichever thread asks.
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use ringbuf::HeapCons;
use ringbuf::traits::Consumer;

use super::handle::Meters;
use super::reading::{CallbackReading, Reading, SlotReading, Spread};
use crate::dsp::BLOCK;
use crate::engine::Clock;
use crate::engine::histogram::Histogram;
use crate::engine::priority::Granted;
use crate::engine::telemetry::{AtomicF32, SlotTelemetry, Telemetry};

pub struct LiveMeters {
    telemetry: Arc<Telemetry>,
    /// What the device reports beside the callback's own count.
    device_xruns: Arc<AtomicU64>,
    rate: f64,
    clock: Clock,
    started_ns: u64,
    scope: Mutex<Scope>,
    /// The standby's frames, while it is cued.
    cue: Mutex<Option<HeapCons<[f32; 2]>>>,
}

struct Scope {
    /// None where somebody else reads it.
    frames: Option<HeapCons<[f32; 2]>>,
    missed: u64,
}

impl LiveMeters {
    /// `scope` is the reading end of what the callback sends to the device.
    pub fn new(
        telemetry: Arc<Telemetry>,
        rate: f64,
        clock: Clock,
        scope: Option<HeapCons<[f32; 2]>>,
    ) -> Self {
        Self {
            telemetry,
            device_xruns: Arc::default(),
            rate,
            clock,
            started_ns: clock(),
            scope: Mutex::new(Scope {
                frames: scope,
                missed: 0,
            }),
            cue: Mutex::new(None),
        }
    }

    /// With the reading end of the slot that is not heard.
    pub fn with_cue(mut self, cue: Option<HeapCons<[f32; 2]>>) -> Self {
        self.cue = Mutex::new(cue);
        self
    }

    /// Where the device's own count of missed deadlines goes.
    pub fn device_xruns(&self) -> Arc<AtomicU64> {
        self.device_xruns.clone()
    }

    fn ns_of(&self, frames: u32) -> u64 {
        (f64::from(frames) * 1e9 / self.rate.max(1.0)) as u64
    }

    fn slot(&self, slot: &SlotTelemetry) -> SlotReading {
        let lead = self.telemetry.timeline.lead.load(Relaxed);
        let blocks = |frames: u32| frames.div_ceil(BLOCK as u32);
        SlotReading {
            ring: blocks(slot.occupancy.load(Relaxed)),
            ring_size: blocks(lead),
            ring_min: blocks(slot.occupancy_min.load(Relaxed)),
            none_reads: slot.none_reads.load(Relaxed),
            none_frames: slot.none_frames.load(Relaxed),
            rms: pair(&slot.rms),
            peak: pair(&slot.peak),
            load: slot.load.load(),
            render_p50_us: us(slot.render.quantile(0.5)),
            render_p99_us: us(slot.render.quantile(0.99)),
            render_max_us: us(slot.render.max()),
            render_spread: slot.render.spread(self.ns_of(BLOCK as u32)),
        }
    }
}

fn pair(meters: &[AtomicF32; 2]) -> [f32; 2] {
    [meters[0].load(), meters[1].load()]
}

fn us(ns: u64) -> f32 {
    ns as f32 * 1e-3
}

fn spread_ms(histogram: &Histogram) -> Spread {
    Spread {
        p50: us(histogram.quantile(0.5)) * 1e-3,
        p99: us(histogram.quantile(0.99)) * 1e-3,
    }
}

impl Meters for LiveMeters {
    fn read(&self) -> Reading {
        let (told, callback) = (&self.telemetry, &self.telemetry.callback);
        let ns = (self.clock)().saturating_sub(self.started_ns);
        Reading {
            seconds: ns as f64 * 1e-9,
            frame: told.frame(),
            rate: self.rate,
            live: told.live(),
            xruns: callback.xruns.load(Relaxed) + self.device_xruns.load(Relaxed),
            discontinuities: callback.discontinuities.load(Relaxed),
            standby_late: callback.standby_late.load(Relaxed),
            late_events: told.late_events(),
            lead_frames: u64::from(told.timeline.lead.load(Relaxed)),
            key_to_sound_ms: spread_ms(&callback.key_to_sound),
            callback: CallbackReading {
                count: callback.count.load(Relaxed),
                frames: callback.frames.load(Relaxed),
                p50_us: us(callback.duration.quantile(0.5)),
                p99_us: us(callback.duration.quantile(0.99)),
                max_us: us(callback.duration.max()),
                spread: callback
                    .duration
                    .spread(self.ns_of(callback.frames.load(Relaxed))),
            },
            slots: [self.slot(&told.slots[0]), self.slot(&told.slots[1])],
            realtime: told.slots.iter().all(|s| {
                matches!(
                    Granted::from_number(s.priority.load(Relaxed)),
                    Granted::Realtime(_)
                )
            }),
            limiter_db: callback.limiter_db.load(),
            out_rms: pair(&callback.out_rms),
            out_peak: pair(&callback.out_peak),
        }
    }

    fn cue(&self, into: &mut Vec<[f32; 2]>) {
        let mut cue = self.cue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frames) = cue.as_mut() {
            into.extend(frames.pop_iter());
        }
    }

    fn scope(&self, into: &mut Vec<[f32; 2]>) -> u64 {
        let mut scope = self.scope.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frames) = &mut scope.frames {
            into.extend(frames.pop_iter());
        }
        let missed = self.telemetry.callback.scope_missed.load(Relaxed);
        // A reset of the counters sets it back.
        let new = missed.saturating_sub(scope.missed);
        scope.missed = missed;
        new
    }
}
