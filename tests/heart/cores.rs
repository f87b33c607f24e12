//! Graphs that say by their samples which frame they rendered, and graphs that fail.
use chronus::dsp::StereoBlock;
use chronus::graph::{Block, Change, Core, Snapshot};
use chronus::modules::spec::ParamValue;

/// What a test's graph computes from the frame number, and the level that events set.
pub struct Of<F> {
    sample: F,
    level: f32,
}

impl<F: FnMut(u64) -> f32 + Send> Core for Of<F> {
    fn render(&mut self, block: &Block<'_>, out: &mut StereoBlock) {
        let mut events = block.events.iter().peekable();
        for (i, frame) in out.iter_mut().enumerate() {
            while let Some(event) = events.next_if(|e| e.offset <= i) {
                if let Change::Param {
                    value: ParamValue::Fixed(value),
                    ..
                } = event.change
                {
                    self.level = value;
                }
            }
            let x = self.level * (self.sample)(block.frame + i as u64);
            *frame = [x, 0.5 * x];
        }
        assert!(events.next().is_none(), "an event outside of its block");
    }

    fn set_now(&mut self, _: usize, _: usize, value: ParamValue) {
        if let ParamValue::Fixed(value) = value {
            self.level = value;
        }
    }

    fn test_note(&mut self, _: Option<f32>) {}
    fn reset(&mut self) {}
    fn save(&mut self, _: &mut Snapshot) {}
    fn restore(&mut self, _: &Snapshot) {}
}

pub fn of(sample: impl FnMut(u64) -> f32 + Send) -> Of<impl FnMut(u64) -> f32 + Send> {
    Of { sample, level: 1.0 }
}

/// A sine whose phase is the frame number's.
pub fn sine(hz: f64, level: f32) -> Of<impl FnMut(u64) -> f32 + Send> {
    of(move |frame| {
        let phase = (frame as f64 * hz / 48_000.0).fract();
        level * (phase * std::f64::consts::TAU).sin() as f32
    })
}

/// Noise that is a function of the frame number: every frame differs from its neighbours.
pub fn hash(seed: u64, level: f32) -> Of<impl FnMut(u64) -> f32 + Send> {
    of(move |frame| {
        let mut x = (frame ^ (seed << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x ^= x >> 29;
        x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        level * ((x >> 40) as f32 / (1u32 << 23) as f32 - 1.0)
    })
}

/// The frame number itself in 24 bits, with a changing sign so that it has no offset.
pub fn count() -> Of<impl FnMut(u64) -> f32 + Send> {
    of(|frame| {
        let x = (frame & 0x7f_ffff) as f32 / (1u32 << 24) as f32;
        if frame % 2 == 0 { x } else { -x }
    })
}

/// Panics in the block that holds this frame.
pub fn panics_at(at: u64, hz: f64) -> Of<impl FnMut(u64) -> f32 + Send> {
    let mut tone = sine(hz, 0.5).sample;
    of(move |frame| {
        assert!(frame != at, "told to panic at {at}");
        tone(frame)
    })
}

/// Is not a number at this frame.
pub fn nan_at(at: u64, hz: f64) -> Of<impl FnMut(u64) -> f32 + Send> {
    let mut tone = sine(hz, 0.5).sample;
    of(move |frame| if frame == at { f32::NAN } else { tone(frame) })
}
