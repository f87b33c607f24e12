//! A stereo 32-bit float WAV file that is valid at any moment, whatever ends the program. Runs wherever a file may be written.
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

const CHANNELS: u16 = 2;
const BYTES_A_FRAME: u64 = 8;
/// RIFF header, a spare chunk that becomes `ds64` beyond 4 GiB, `fmt `, `fact`, and the head of `data`.
const HEADER_BYTES: u64 = 12 + 36 + 24 + 12 + 8;
/// From here on the file is RF64 (EBU Tech 3306): the 32-bit sizes no longer hold it. At 48 kHz after 3.1 hours.
const RIFF_LIMIT: u64 = u32::MAX as u64;

/// Frames reach the file in [`Self::flush`]; it never promises frames in its header that are not yet there.
pub struct WavFile {
    file: BufWriter<File>,
    rate: u32,
    /// Written, though perhaps not flushed.
    frames: u64,
}

impl WavFile {
    pub fn create(path: &Path, rate: u32) -> io::Result<Self> {
        let mut wav = Self {
            file: BufWriter::with_capacity(1 << 16, File::create(path)?),
            rate,
            frames: 0,
        };
        wav.file.write_all(&header(rate, 0))?;
        wav.file.flush()?;
        Ok(wav)
    }

    pub fn write(&mut self, frames: &[[f32; 2]]) -> io::Result<()> {
        for sample in frames.as_flattened() {
            self.file.write_all(&sample.to_le_bytes())?;
        }
        self.frames += frames.len() as u64;
        Ok(())
    }

    /// Brings everything written so far into the file, then into its header.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header(self.rate, self.frames))?;
        file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    pub fn frames(&self) -> u64 {
        self.frames
    }
}

impl Drop for WavFile {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

fn header(rate: u32, frames: u64) -> Vec<u8> {
    let data_bytes = frames * BYTES_A_FRAME;
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
    out.extend(3u16.to_le_bytes()); // IEEE float
    out.extend(CHANNELS.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * BYTES_A_FRAME as u32).to_le_bytes());
    out.extend((BYTES_A_FRAME as u16).to_le_bytes());
    out.extend(32u16.to_le_bytes());

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
        let mut wav = WavFile::create(&path, 48_000).expect("a file");
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
    fn grows_into_rf64_without_moving_a_byte() {
        let small = header(48_000, 1);
        let large = header(48_000, 1 << 30);
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
