//! What a WAV file holds, read in pieces: also one that is still being written, or whose writer was killed. Runs wherever a file may
//! be read.
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// What its header says, as far as it is true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WavFacts {
    pub rate: u32,
    pub channels: u16,
    /// Of one sample.
    pub bits: u16,
    pub float: bool,
    /// That are in the file.
    pub frames: u64,
}

impl WavFacts {
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate.max(1))
    }

    /// As `--record-bits` names it: "16", "24", "32f".
    pub fn format(&self) -> String {
        match self.float {
            true => format!("{}f", self.bits),
            false => self.bits.to_string(),
        }
    }
}

/// An open WAV file at its first frame.
pub struct WavReader {
    file: BufReader<File>,
    pub facts: WavFacts,
    /// Bytes of sound that are left.
    left: u64,
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

impl WavReader {
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut file = BufReader::with_capacity(1 << 16, file);
        let mut head = [0; 12];
        file.read_exact(&mut head)
            .map_err(|_| wrong("no WAV file"))?;
        if !matches!(&head[..4], b"RIFF" | b"RF64") || &head[8..] != b"WAVE" {
            return Err(wrong("no WAV file"));
        }
        let (mut format, mut large) = (None, None);
        loop {
            let mut head = [0; 8];
            file.read_exact(&mut head)
                .map_err(|_| wrong("a WAV file without sound"))?;
            let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
            let mut body = vec![0; (size as usize).min(40)];
            match &head[..4] {
                b"data" => {
                    let (float, channels, rate, bits) =
                        format.ok_or_else(|| wrong("a WAV file without a format"))?;
                    let here = file.stream_position()?;
                    let promised = match size {
                        u32::MAX => large.unwrap_or(u64::MAX),
                        size => u64::from(size),
                    };
                    let a_frame = u64::from(channels) * u64::from(bits / 8);
                    let there = promised.min(bytes.saturating_sub(here));
                    let facts = WavFacts {
                        rate,
                        channels,
                        bits,
                        float,
                        frames: there / a_frame,
                    };
                    let left = facts.frames * a_frame;
                    return Ok(Self { file, facts, left });
                }
                name => {
                    file.read_exact(&mut body)
                        .map_err(|_| wrong("a WAV file that is cut off"))?;
                    match name {
                        b"fmt " => format = Some(read_format(&body)?),
                        b"ds64" if body.len() >= 16 => {
                            let size: [u8; 8] = body[8..16].try_into().unwrap_or_default();
                            large = Some(u64::from_le_bytes(size));
                        }
                        _ => {}
                    }
                    let rest = u64::from(size) - body.len() as u64 + u64::from(size & 1);
                    file.seek(SeekFrom::Current(rest as i64))?;
                }
            }
        }
    }

    /// The loudest sample of the frames to come, all of them.
    pub fn peak(mut self) -> io::Result<f32> {
        let mut peak = 0.0f32;
        let mut chunk = vec![0; 3 * (1 << 14)];
        let (bits, float) = (self.facts.bits, self.facts.float);
        let size = usize::from(bits / 8);
        let whole = chunk.len() / size * size;
        while self.left > 0 {
            let take = whole.min(self.left as usize);
            self.file.read_exact(&mut chunk[..take])?;
            self.left -= take as u64;
            let samples = chunk[..take].chunks_exact(size);
            let loudest = samples.map(|s| match (s, float) {
                ([a, b, c, d], true) => f32::from_le_bytes([*a, *b, *c, *d]).abs(),
                ([a, b, c, d], false) => {
                    i32::from_le_bytes([*a, *b, *c, *d]) as f32 / -(i32::MIN as f32)
                }
                ([a, b, c], _) => (i32::from_le_bytes([0, *a, *b, *c]) >> 8) as f32 / 8_388_608.0,
                ([a, b], _) => f32::from(i16::from_le_bytes([*a, *b])) / 32_768.0,
                _ => 0.0,
            });
            peak = loudest.fold(peak, |peak, s| peak.max(s.abs()));
        }
        Ok(peak)
    }
}

fn read_format(body: &[u8]) -> io::Result<(bool, u16, u32, u16)> {
    let u16_at = |at: usize| u16::from_le_bytes([body[at], body[at + 1]]);
    if body.len() < 16 {
        return Err(wrong("a WAV file without a format"));
    }
    // The extensible form says what it really is 24 bytes on.
    let kind = match u16_at(0) {
        0xfffe if body.len() >= 26 => u16_at(24),
        kind => kind,
    };
    let rate = u32::from_le_bytes([body[4], body[5], body[6], body[7]]);
    let (channels, bits) = (u16_at(2), u16_at(14));
    let known = matches!((kind, bits), (1, 16 | 24 | 32) | (3, 32));
    match known && channels > 0 && rate > 0 {
        true => Ok((kind == 3, channels, rate, bits)),
        false => Err(wrong("a WAV file of a kind that is not known here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::wav_bits::Bits;
    use crate::audio::wav_file::WavFile;

    #[test]
    fn what_was_written_is_read_also_from_a_file_that_is_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("take.wav");
        for (bits, format) in [
            (Bits::Int16, "16"),
            (Bits::Int24, "24"),
            (Bits::Float32, "32f"),
        ] {
            let mut wav = WavFile::create(&path, 44_100, bits, 0).expect("a file");
            wav.write(&[[0.25, -0.5]; 44_100]).expect("written");
            drop(wav);
            let reader = WavReader::open(&path).expect("a WAV file");
            assert_eq!(reader.facts.format(), format);
            assert_eq!((reader.facts.seconds(), reader.facts.channels), (1.0, 2));
            let peak = reader.peak().expect("read");
            assert!((peak - 0.5).abs() < 1e-4, "{peak}");
            let length = std::fs::metadata(&path).expect("there").len();
            let file = File::options().write(true).open(&path).expect("opens");
            file.set_len(length / 2).expect("cut");
            let cut = WavReader::open(&path).expect("a WAV file").facts.seconds();
            assert!((cut - 0.5).abs() < 0.01, "{cut}");
        }
        std::fs::write(&path, "no sound").expect("written");
        assert!(WavReader::open(&path).is_err());
    }
}
