//! WAV files of rendered sound in 16 or 24 bits (dithered) or 32-bit float (exact).
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use hound::{SampleFormat, WavSpec, WavWriter};

use crate::cli::Bits;

/// A stereo WAV file in the making.
pub struct WavOut {
    writer: WavWriter<BufWriter<File>>,
    bits: Bits,
    dither: Dither,
}

impl WavOut {
    pub fn create(path: &Path, rate: u32, bits: Bits, seed: u32) -> hound::Result<Self> {
        let (bits_per_sample, sample_format) = match bits {
            Bits::Int16 => (16, SampleFormat::Int),
            Bits::Int24 => (24, SampleFormat::Int),
            Bits::Float32 => (32, SampleFormat::Float),
        };
        let spec = WavSpec {
            channels: 2,
            sample_rate: rate,
            bits_per_sample,
            sample_format,
        };
        Ok(Self {
            writer: WavWriter::create(path, spec)?,
            bits,
            dither: Dither::new(seed),
        })
    }

    pub fn write(&mut self, frames: &[[f32; 2]]) -> hound::Result<()> {
        for &sample in frames.as_flattened() {
            match self.bits {
                Bits::Float32 => self.writer.write_sample(sample)?,
                Bits::Int16 => self.writer.write_sample(self.dither.whole(sample, 15))?,
                Bits::Int24 => self.writer.write_sample(self.dither.whole(sample, 23))?,
            }
        }
        Ok(())
    }

    /// Completes the header.
    pub fn finish(self) -> hound::Result<()> {
        self.writer.finalize()
    }
}

/// Triangular noise of one step each way: the rounding error is then noise that does not depend on the signal.
struct Dither(u64);

impl Dither {
    fn new(seed: u32) -> Self {
        Self(u64::from(seed) ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A sample as an integer of `bits` and a sign.
    fn whole(&mut self, sample: f32, bits: u32) -> i32 {
        let full = f64::from(1u32 << bits);
        let noise = self.next() + self.next() - 1.0;
        let scaled = (f64::from(sample) * full + noise).round();
        scaled.clamp(-full, full - 1.0) as i32
    }

    /// 0..1, by xorshift: fast, and its period outlasts any file.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bits: Bits, frames: &[[f32; 2]]) -> hound::WavReader<std::io::BufReader<File>> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.wav");
        let mut wav = WavOut::create(&path, 44_100, bits, 1).expect("created");
        wav.write(frames).expect("written");
        wav.finish().expect("finished");
        hound::WavReader::open(path).expect("opens")
    }

    #[test]
    fn floats_are_exact() {
        let frames = [[0.1, -0.2], [1e-9, 1.5]];
        let mut wav = written(Bits::Float32, &frames);
        let back: Vec<f32> = wav.samples::<f32>().map(|s| s.expect("sample")).collect();
        assert_eq!(back, frames.as_flattened());
    }

    #[test]
    fn integers_are_dithered_around_the_value_and_never_wrap() {
        // Between two steps of 16 bits: dither makes the mean right where rounding alone would not.
        let value = 1000.3 / 32_768.0;
        let mut wav = written(Bits::Int16, &[[value, 2.0]; 20_000]);
        let all: Vec<i32> = wav.samples::<i32>().map(|s| s.expect("sample")).collect();
        let mean = all.iter().step_by(2).map(|s| f64::from(*s)).sum::<f64>() / 20_000.0;
        assert!((mean - 1000.3).abs() < 0.03, "{mean}");
        assert!(all.iter().skip(1).step_by(2).all(|s| *s == 32_767));
        let mut wav = written(Bits::Int24, &[[-2.0, 0.0]; 10]);
        assert_eq!(
            wav.samples::<i32>().next().and_then(Result::ok),
            Some(-8_388_608)
        );
    }
}
