//! How far ahead the engines render: enough for the host's bursts and for a busy machine, and no more. Run by the callback.
use crate::dsp::BLOCK;
use crate::engine::block::RING_BLOCKS;

/// What `--latency` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Latency {
    /// Forgives a busy machine: at least 40 ms.
    #[default]
    Safe,
    /// The least that the host's bursts allow.
    Live,
}

/// Of [`Latency::Safe`].
const SAFE_SECONDS: f64 = 0.040;
/// Beyond this only the host's own bursts drive the lead.
const MOST_SECONDS: f64 = 0.060;
/// How long a burst is remembered: two windows of this. Long enough that a server's rare hiccup is not met unprepared.
const MEMORY_SECONDS: f64 = 10.0;
/// One block less this often, once less would do.
const SHRINK_SECONDS: f64 = 0.5;
/// What a late engine made necessary is taken back by one block for each such stretch without another.
const FORGIVE_SECONDS: f64 = 5.0;
/// Between two callbacks an engine is trusted to render twice as fast as time passes; what a host takes beyond that is a burst.
const REFILL: f64 = 2.0;
/// What a ring can hold, less the blocks that a replaced graph may have left in it.
const MOST_FRAMES: u32 = (RING_BLOCKS / 2 * BLOCK) as u32;

/// Follows the host and says the lead.
#[derive(Debug)]
pub struct LeadPolicy {
    rate: f64,
    floor: u32,
    most: u32,
    fade: u32,
    lead: u32,
    /// Frames taken beyond what the engines can have replaced meanwhile.
    owed: f64,
    last_ns: Option<u64>,
    /// The largest burst and the largest callback, of this window and the one before.
    burst: [u32; 2],
    period: [u32; 2],
    window_frames: f64,
    /// Added because an engine woke late.
    lateness: u32,
    frames_in_time: f64,
    frames_since_shrink: f64,
}

fn blocks_up(frames: u32) -> u32 {
    frames.next_multiple_of(BLOCK as u32)
}

/// A fade of 5 ms: the failover's, and the concealment's.
pub fn failover_fade(rate: f64) -> u32 {
    (rate / 200.0).round() as u32
}

impl LeadPolicy {
    /// `period` is what the device is expected to ask for.
    pub fn new(rate: f64, latency: Latency, period: u32) -> Self {
        let floor = match latency {
            Latency::Safe => (rate * SAFE_SECONDS) as u32,
            Latency::Live => 0,
        };
        let mut policy = Self {
            rate,
            floor,
            most: (rate * MOST_SECONDS) as u32 / BLOCK as u32 * BLOCK as u32,
            fade: failover_fade(rate),
            lead: 0,
            owed: 0.0,
            last_ns: None,
            burst: [period; 2],
            period: [period; 2],
            window_frames: 0.0,
            lateness: 0,
            frames_in_time: 0.0,
            frames_since_shrink: 0.0,
        };
        policy.lead = policy.wanted();
        policy
    }

    /// A callback asks for `frames`; `available` is what the audible ring held when it came, where one sounds.
    pub fn on_callback(&mut self, frames: u32, now_ns: u64, available: Option<u64>) {
        self.watch_host(frames, now_ns);
        if let Some(available) = available {
            self.watch_engine(frames, available);
        }
        let wanted = self.wanted();
        self.frames_since_shrink += f64::from(frames);
        if wanted >= self.lead {
            self.lead = wanted;
            self.frames_since_shrink = 0.0;
        } else if self.frames_since_shrink >= SHRINK_SECONDS * self.rate {
            self.frames_since_shrink = 0.0;
            self.lead = (self.lead - BLOCK as u32).max(wanted);
        }
    }

    fn watch_host(&mut self, frames: u32, now_ns: u64) {
        let passed = self.last_ns.map_or(0, |last| now_ns.saturating_sub(last));
        self.last_ns = Some(now_ns);
        let replaced = REFILL * self.rate * passed as f64 * 1e-9;
        self.owed = (self.owed - replaced).max(0.0) + f64::from(frames);
        // A host without a clock (one that takes what it can get) must not drive the lead for ever.
        self.owed = self.owed.min(f64::from(MOST_FRAMES));
        self.window_frames += f64::from(frames);
        if self.window_frames >= MEMORY_SECONDS * self.rate {
            self.window_frames = 0.0;
            (self.burst[1], self.period[1]) = (self.burst[0], self.period[0]);
            (self.burst[0], self.period[0]) = (0, 0);
        }
        self.burst[0] = self.burst[0].max(self.owed.ceil() as u32);
        self.period[0] = self.period[0].max(frames);
    }

    /// What the burst explains is met by the burst's own growth; the rest was the engine waking late.
    fn watch_engine(&mut self, frames: u32, available: u64) {
        let left = available.saturating_sub(u64::from(frames));
        let short = u64::from(self.low_water()).saturating_sub(left) as u32;
        let by_burst = self.wanted().saturating_sub(self.lead);
        if short > by_burst {
            let more = blocks_up(short - by_burst);
            self.lateness = (self.lateness + more).min(self.most);
            self.frames_in_time = 0.0;
            return;
        }
        self.frames_in_time += f64::from(frames);
        if self.frames_in_time >= FORGIVE_SECONDS * self.rate {
            self.frames_in_time = 0.0;
            self.lateness = self.lateness.saturating_sub(BLOCK as u32);
        }
    }

    fn wanted(&self) -> u32 {
        let (burst, period) = (self.burst(), self.largest_period());
        // Without this much a burst would end in a fade.
        let least = blocks_up(burst + self.fade + BLOCK as u32);
        let rule = burst + self.fade + period + BLOCK as u32 + self.lateness;
        blocks_up(rule.max(self.floor))
            .min(self.most)
            .max(least)
            .min(MOST_FRAMES)
    }

    pub fn lead(&self) -> u32 {
        self.lead
    }

    /// The most that the host has lately taken faster than time passes.
    pub fn burst(&self) -> u32 {
        self.burst[0].max(self.burst[1])
    }

    fn largest_period(&self) -> u32 {
        self.period[0].max(self.period[1])
    }

    /// A ring with less than this left after a callback is running dry: a fade and, where the lead has room for it, one more
    /// callback to begin it in.
    pub fn low_water(&self) -> u32 {
        let room = self.lead.saturating_sub(self.burst() + BLOCK as u32);
        room.clamp(self.fade, self.fade + self.largest_period())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn ns(frames: u32) -> u64 {
        u64::from(frames) * 1_000_000_000 / 48_000
    }

    #[test]
    fn safe_starts_near_40_ms_and_live_at_the_rule() {
        assert_eq!(LeadPolicy::new(48e3, Latency::Safe, 256).lead(), 1_920);
        let live = LeadPolicy::new(48e3, Latency::Live, 128).lead();
        assert_eq!(live, blocks_up(128 + 240 + 128 + 64));
        assert!(f64::from(live) / 48.0 < 13.0);
    }

    #[test]
    fn a_burst_grows_the_lead_at_once_and_is_forgotten_slowly() {
        let mut p = LeadPolicy::new(48e3, Latency::Live, 256);
        let mut now = 0;
        for _ in 0..100 {
            now += ns(256);
            p.on_callback(256, now, None);
        }
        assert_eq!(p.burst(), 256);
        for _ in 0..7 {
            p.on_callback(256, now, None);
        }
        assert_eq!(p.burst(), 8 * 256);
        assert!(p.lead() >= 8 * 256 + 240 + 256 + 64);
        let grown = p.lead();
        for _ in 0..(9 * 48_000 / 256) {
            now += ns(256);
            p.on_callback(256, now, None);
        }
        assert_eq!(p.lead(), grown);
        for _ in 0..(40 * 48_000 / 256) {
            now += ns(256);
            p.on_callback(256, now, None);
        }
        assert_eq!(p.lead(), blocks_up(256 + 240 + 256 + 64));
    }

    #[test]
    fn a_late_engine_grows_it_to_60_ms_and_no_further() {
        let mut p = LeadPolicy::new(48e3, Latency::Live, 256);
        let mut now = 0;
        for _ in 0..1_000 {
            now += ns(256);
            p.on_callback(256, now, Some(300));
        }
        assert_eq!(p.lead(), 2_880);
        for _ in 0..(400 * 48_000 / 256) {
            now += ns(256);
            p.on_callback(256, now, Some(2_000));
        }
        assert_eq!(p.lead(), 832);
        // A host that takes 4,096 at a time needs them all the same.
        p.on_callback(4_096, now + 100 * MS, None);
        assert!(p.lead() >= 4_096 + 240 + 64);
    }

    #[test]
    fn a_fast_device_clock_is_not_a_burst() {
        let mut p = LeadPolicy::new(48e3, Latency::Live, 256);
        let mut now = 0;
        for _ in 0..100_000 {
            now += ns(256) * 999 / 1_000;
            p.on_callback(256, now, None);
        }
        assert_eq!(p.burst(), 256);
    }

    #[test]
    fn a_host_without_a_clock_stays_within_the_ring() {
        let mut p = LeadPolicy::new(48e3, Latency::Safe, 256);
        for _ in 0..10_000 {
            p.on_callback(8_192, 0, None);
        }
        assert_eq!(p.lead(), MOST_FRAMES);
    }

    #[test]
    fn after_the_largest_burst_a_ring_holds_low_water_and_a_fade_at_least() {
        for period in [16, 64, 128, 256, 512, 1_024, 2_048, 8_192] {
            for count in 1..=3 {
                for latency in [Latency::Safe, Latency::Live] {
                    let mut p = LeadPolicy::new(48e3, latency, period);
                    for _ in 0..count {
                        p.on_callback(period, 0, None);
                    }
                    let left = p.lead() - count * period;
                    assert!(
                        left >= p.low_water() && p.low_water() >= 240,
                        "{period} x {count}"
                    );
                }
            }
        }
    }
}
