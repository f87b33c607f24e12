//! A stereo WAV file that is valid at any moment, whatever ends the program. Runs wherever a file may be written.
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::wav_bits::{Bits, Dither};

const CHANNELS: u16 = 2;
/// RIFF header, a spare chunk that becomes `ds64` beyond 4 GiB, `fmt `, `fact`, and the head of `data`.
const HEADER_BYTES: u64 = 12 + 36 + 24 + 12 + 8;
/// From here on the file is RF64 (EBU Tech 3306): the 32-bit sizes no longer hold it. At 48 kHz after 3.1 hours.
const RIFF_LIMIT: u64 = u32::MAX as u64;

/// Frames reach the file in [`Self::flush`]; it never promises frames in its header that are not yet there.
pub struct WavFile {
    file: BufWriter<File>,
    rate: u32,
    bits: Bits,
    dither: Dither,
    /// Written, though perhaps not flushed.
    frames: u64,
    /// Nothing more can be written: what the file holds is what it is.
    ended: bool,
}

impl WavFile {
    /// Replaces the file that is there. `seed` is the dither's.
    pub fn create(path: &Path, rate: u32, bits: Bits, seed: u32) -> io::Result<Self> {
        Self::begin(File::create(path)?, rate, bits, seed)
    }

    /// As [`Self::create`], where no file may be replaced.
    pub fn create_new(path: &Path, rate: u32, bits: Bits, seed: u32) -> io::Result<Self> {
        let file = File::create_new(path)?;
        Self::begin(file, rate, bits, seed).inspect_err(|_| {
            // A full disk: an empty file is of no use to anybody.
            let _ = std::fs::remove_file(path);
        })
    }

    fn begin(file: File, rate: u32, bits: Bits, seed: u32) -> io::Result<Self> {
        let mut wav = Self {
            file: BufWriter::with_capacity(1 << 16, file),
            rate,
            bits,
            dither: Dither::new(seed),
            frames: 0,
            ended: false,
        };
        wav.file.write_all(&header(rate, bits, 0))?;
        wav.file.flush()?;
        Ok(wav)
    }

    pub fn write(&mut self, frames: &[[f32; 2]]) -> io::Result<()> {
        for sample in frames.as_flattened() {
            match self.bits {
                Bits::Float32 => self.file.write_all(&sample.to_le_bytes())?,
                Bits::Int24 => {
                    let whole = self.dither.whole(*sample, 23).to_le_bytes();
                    self.file.write_all(&whole[..3])?;
                }
                Bits::Int16 => {
                    let whole = self.dither.whole(*sample, 15) as i16;
                    self.file.write_all(&whole.to_le_bytes())?;
                }
            }
        }
        self.frames += frames.len() as u64;
        Ok(())
    }

    /// Brings everything written so far into the file, then into its header.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header(self.rate, self.bits, self.frames))?;
        file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// After a write that failed, as on a full disk: the header names every frame that reached the file. Its place is there
    /// already, so this needs no room. How many those are.
    pub fn salvage(&mut self) -> u64 {
        self.ended = true;
        let file = self.file.get_mut();
        let there = file.metadata().map_or(0, |about| about.len());
        let bytes_a_frame = u64::from(self.bits.bytes()) * u64::from(CHANNELS);
        self.frames = self
            .frames
            .min(there.saturating_sub(HEADER_BYTES) / bytes_a_frame);
        let header = header(self.rate, self.bits, self.frames);
        let written = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(&header));
        match written {
            Ok(()) => self.frames,
            // The header of the last flush stays.
            Err(_) => 0,
        }
    }
}

impl Drop for WavFile {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.flush();
        }
    }
}

fn header(rate: u32, bits: Bits, frames: u64) -> Vec<u8> {
    let bytes_a_frame = u32::from(bits.bytes()) * u32::from(CHANNELS);
    let data_bytes = frames * u64::from(bytes_a_frame);
    let riff_bytes = HEADER_BYTES - 8 + data_bytes;
    let large = riff_bytes > RIFF_LIMIT;
    let size = |bytes: u64| if large { u32::MAX } else { bytes as u32 };
    let mut out = Vec::with_capacity(HEADER_BYTES as usize);
    out.extend(if large { b"RF64" } else { b"RIFF" });
    out.extend(size(riff_bytes).to_le_bytes());
    out.extend(b"WAVE");

    out.extend(if large { b"ds64" } else { b"JUNK" });
    out.extend(28u32.to_le_bytes());
    for value in [riff_bytes, data_bytes, frames] {
        out.extend(if large { value } else { 0 }.to_le_bytes());
    }
    out.extend(0u32.to_le_bytes());

    out.extend(b"fmt ");
    out.extend(16u32.to_le_bytes());
    // 1 is whole numbers, 3 is IEEE float.
    let kind: u16 = if bits == Bits::Float32 { 3 } else { 1 };
    out.extend(kind.to_le_bytes());
    out.extend(CHANNELS.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * bytes_a_frame).to_le_bytes());
    out.extend((bytes_a_frame as u16).to_le_bytes());
    out.extend((bits.bytes() * 8).to_le_bytes());

    out.extend(b"fact");
    out.extend(4u32.to_le_bytes());
    out.extend(size(frames).to_le_bytes());

    out.extend(b"data");
    out.extend(size(data_bytes).to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Vec<f32> {
        let mut reader = hound::WavReader::open(path).expect("a readable WAV file");
        let spec = reader.spec();
        assert_eq!(
            (spec.channels, spec.sample_rate, spec.bits_per_sample),
            (2, 48_000, 32)
        );
        reader
            .samples::<f32>()
            .map(|sample| sample.expect("a sample"))
            .collect()
    }

    #[test]
    fn readable_after_every_flush_and_after_drop() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("take.wav");
        let mut wav = WavFile::create(&path, 48_000, Bits::Float32, 0).expect("a file");
        assert!(read(&path).is_empty(), "valid before the first frame");
        let frames: Vec<[f32; 2]> = (0..20_000).map(|n| [n as f32, -(n as f32)]).collect();
        wav.write(&frames[..5_000]).expect("written");
        wav.flush().expect("flushed");
        assert_eq!(read(&path), frames[..5_000].as_flattened());
        wav.write(&frames[5_000..]).expect("written");
        assert!(
            read(&path).len() >= 10_000,
            "frames on their way don't make the file invalid"
        );
        drop(wav);
        assert_eq!(read(&path), frames.as_flattened());
    }

    #[test]
    fn integers_are_dithered_around_the_value_and_never_wrap() {
        let folder = tempfile::tempdir().expect("a folder");
        let written = |bits, frames: &[[f32; 2]]| {
            let path = folder.path().join("take.wav");
            let mut wav = WavFile::create(&path, 44_100, bits, 1).expect("a file");
            wav.write(frames).expect("written");
            drop(wav);
            let mut reader = hound::WavReader::open(path).expect("a readable WAV file");
            let all = reader.samples::<i32>().map(|s| s.expect("a sample"));
            all.collect::<Vec<i32>>()
        };
        // Between two steps of 16 bits: dither makes the mean right where rounding alone would not.
        let value = 1000.3 / 32_768.0;
        let all = written(Bits::Int16, &[[value, 2.0]; 20_000]);
        let mean = all.iter().step_by(2).map(|s| f64::from(*s)).sum::<f64>() / 20_000.0;
        assert!((mean - 1000.3).abs() < 0.03, "{mean}");
        assert!(all.iter().skip(1).step_by(2).all(|s| *s == 32_767));
        assert_eq!(written(Bits::Int24, &[[-2.0, 0.0]; 10])[0], -8_388_608);
    }

    #[test]
    fn grows_into_rf64_without_moving_a_byte() {
        let small = header(48_000, Bits::Float32, 1);
        let large = header(48_000, Bits::Float32, 1 << 30);
        assert_eq!(
            (small.len() as u64, large.len() as u64),
            (HEADER_BYTES, HEADER_BYTES)
        );
        assert_eq!((&small[..4], &small[12..16]), (&b"RIFF"[..], &b"JUNK"[..]));
        assert_eq!((&large[..4], &large[12..16]), (&b"RF64"[..], &b"ds64"[..]));
        assert_eq!(large[4..8], [0xff; 4]);
        assert_eq!(large[28..36], (8u64 << 30).to_le_bytes());
        assert_eq!(large[36..44], (1u64 << 30).to_le_bytes());
    }
}
