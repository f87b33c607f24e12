//! From stereo float to whatever a device wants. Run by the device's thread.
use std::sync::Arc;

use cpal::{Data, FromSample, SampleFormat, SizedSample};

use super::stream::Server;

/// Frames that are converted at a time; larger blocks are served in pieces of it.
const SCRATCH_FRAMES: usize = 2_048;

/// Serves a device's requests: in place where it takes stereo float, through a buffer made beforehand where it doesn't.
pub(super) struct Converter {
    channels: usize,
    server: Arc<Server>,
    scratch: Box<[[f32; 2]]>,
}

impl Converter {
    pub fn new(channels: u16, server: Arc<Server>) -> Self {
        server.pair().opened(channels);
        Self {
            channels: channels.into(),
            server,
            scratch: vec![[0.0; 2]; SCRATCH_FRAMES].into(),
        }
    }

    /// Which of a device's formats to ask for; more is better.
    pub fn merit(format: SampleFormat) -> u8 {
        match format {
            SampleFormat::F32 => 9,
            SampleFormat::I32 => 8,
            SampleFormat::F64 => 7,
            SampleFormat::I24 => 6,
            SampleFormat::I16 => 5,
            SampleFormat::U32 | SampleFormat::U24 => 4,
            SampleFormat::U16 => 3,
            SampleFormat::I64 | SampleFormat::U64 => 2,
            SampleFormat::I8 | SampleFormat::U8 => 1,
            _ => 0,
        }
    }

    /// Realtime.
    pub fn serve(&mut self, data: &mut Data, latency_ns: Option<u64>) {
        match data.sample_format() {
            SampleFormat::F32 => match (data.as_slice_mut::<f32>(), self.channels) {
                (Some(out), 2) => self.server.serve(out.as_chunks_mut().0, latency_ns),
                (Some(out), _) => self.convert(out, latency_ns),
                (None, _) => {}
            },
            SampleFormat::F64 => self.convert_as::<f64>(data, latency_ns),
            SampleFormat::I8 => self.convert_as::<i8>(data, latency_ns),
            SampleFormat::I16 => self.convert_as::<i16>(data, latency_ns),
            SampleFormat::I24 => self.convert_as::<cpal::I24>(data, latency_ns),
            SampleFormat::I32 => self.convert_as::<i32>(data, latency_ns),
            SampleFormat::I64 => self.convert_as::<i64>(data, latency_ns),
            SampleFormat::U8 => self.convert_as::<u8>(data, latency_ns),
            SampleFormat::U16 => self.convert_as::<u16>(data, latency_ns),
            SampleFormat::U24 => self.convert_as::<cpal::U24>(data, latency_ns),
            SampleFormat::U32 => self.convert_as::<u32>(data, latency_ns),
            SampleFormat::U64 => self.convert_as::<u64>(data, latency_ns),
            // Never asked for: `merit` has no place for them, and cpal hands out silence.
            _ => {}
        }
    }

    fn convert_as<T: SizedSample + FromSample<f32>>(
        &mut self,
        data: &mut Data,
        latency_ns: Option<u64>,
    ) {
        if let Some(out) = data.as_slice_mut::<T>() {
            self.convert(out, latency_ns);
        }
    }

    fn convert<T: SizedSample + FromSample<f32>>(
        &mut self,
        out: &mut [T],
        latency_ns: Option<u64>,
    ) {
        for piece in out.chunks_mut(self.channels * SCRATCH_FRAMES) {
            let frames = piece.len() / self.channels;
            let stereo = &mut self.scratch[..frames];
            self.server.serve(stereo, latency_ns);
            let pair = self.server.pair();
            let frames = piece.chunks_exact_mut(self.channels).zip(&*stereo);
            for (i, (frame, &[left, right])) in frames.enumerate() {
                match frame {
                    [mono] => *mono = T::from_sample((0.5 * (left + right)).clamp(-1.0, 1.0)),
                    [first, second, third, fourth, others @ ..] => {
                        *first = T::from_sample(left.clamp(-1.0, 1.0));
                        *second = T::from_sample(right.clamp(-1.0, 1.0));
                        let [left, right] = pair.frame(i);
                        *third = T::from_sample(left.clamp(-1.0, 1.0));
                        *fourth = T::from_sample(right.clamp(-1.0, 1.0));
                        others.fill(T::EQUILIBRIUM);
                    }
                    [first, second, others @ ..] => {
                        *first = T::from_sample(left.clamp(-1.0, 1.0));
                        *second = T::from_sample(right.clamp(-1.0, 1.0));
                        others.fill(T::EQUILIBRIUM);
                    }
                    [] => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::Shared;
    use super::*;

    /// A device that asks for `blocks` in turn, of a callback that counts: left 0, 1, 2… / 2^15, right the negative.
    fn render<T: SizedSample + FromSample<f32>>(channels: u16, blocks: &[usize]) -> Vec<T> {
        let shared = Shared::new();
        let server = shared.server();
        shared.cell.give_to(server.owner());
        let mut count = 0;
        shared.cell.put(Box::new(move |out, _| {
            for frame in out {
                let value = count as f32 / 32_768.0;
                *frame = [value, -value];
                count += 1;
            }
        }));
        let mut converter = Converter::new(channels, Arc::new(server));
        let mut all = Vec::new();
        for frames in blocks {
            let mut out = vec![T::EQUILIBRIUM; frames * usize::from(channels)];
            converter.convert(&mut out, None);
            all.extend(out);
        }
        all
    }

    #[test]
    fn every_frame_arrives_once_whatever_the_blocks_and_channels() {
        for channels in [1, 2, 6] {
            let blocks = [1, 7, 256, SCRATCH_FRAMES, SCRATCH_FRAMES + 1, 8_192];
            let out = render::<i16>(channels, &blocks);
            let frames: Vec<_> = out.chunks_exact(channels.into()).collect();
            assert_eq!(frames.len(), blocks.iter().sum::<usize>());
            for (n, frame) in frames.iter().enumerate() {
                let n = n as i16;
                match frame {
                    [mono] => assert_eq!(*mono, 0),
                    [left, right, others @ ..] => {
                        assert_eq!((*left, *right), (n, -n));
                        assert!(others.iter().all(|&other| other == 0));
                    }
                    [] => unreachable!(),
                }
            }
        }
    }

    #[test]
    fn unsigned_formats_rest_at_their_middle_and_full_scale_does_not_wrap() {
        assert_eq!(
            render::<u16>(4, &[2]),
            [
                32_768, 32_768, 32_768, 32_768, 32_769, 32_767, 32_768, 32_768
            ]
        );
        let shared = Shared::new();
        let server = shared.server();
        shared.cell.give_to(server.owner());
        shared.cell.put(Box::new(|out, _| out.fill([1.5, -1.5])));
        let mut out = [0i16; 4];
        Converter::new(2, Arc::new(server)).convert(&mut out, None);
        assert_eq!(out, [i16::MAX, i16::MIN, i16::MAX, i16::MIN]);
    }
}
