//! Reads a WAV file as far as it goes: also one whose recorder was killed before it wrote the sizes.
use std::path::Path;

/// Samples of every channel, in −1…1.
pub struct Wav {
    pub rate: u32,
    pub channels: Vec<Vec<f32>>,
}

pub fn read(path: &Path) -> Result<Wav, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse(&bytes).ok_or_else(|| format!("{}: not a WAV file of 16, 24 or 32 bits", path.display()))
}

fn parse(bytes: &[u8]) -> Option<Wav> {
    let u16_at = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if !matches!(bytes.get(..4)?, b"RIFF" | b"RF64") || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut at = 12;
    let mut format = None;
    loop {
        let body = at + 8;
        let size = u32_at(at + 4)? as usize;
        match bytes.get(at..at + 4)? {
            b"fmt " => {
                // The extensible form says what it really is 24 bytes on.
                let tag = if u16_at(body)? == 0xfffe {
                    u16_at(body + 24)?
                } else {
                    u16_at(body)?
                };
                format = Some((
                    tag,
                    usize::from(u16_at(body + 2)?),
                    u32_at(body + 4)?,
                    u16_at(body + 14)?,
                ));
            }
            b"data" => {
                let (tag, channels, rate, bits) = format?;
                // 0 and the largest size stand for "until the end" in streamed files.
                let end = if size == 0 {
                    bytes.len()
                } else {
                    body.saturating_add(size).min(bytes.len())
                };
                let samples = samples(&bytes[body..end], tag, bits)?;
                let channels = (0..channels)
                    .map(|n| samples.iter().copied().skip(n).step_by(channels).collect());
                return Some(Wav {
                    rate,
                    channels: channels.collect(),
                });
            }
            _ => {}
        }
        at = body.checked_add(size + (size & 1))?;
    }
}

fn samples(data: &[u8], tag: u16, bits: u16) -> Option<Vec<f32>> {
    Some(match (tag, bits) {
        (3, 32) => data
            .as_chunks()
            .0
            .iter()
            .map(|&b| f32::from_le_bytes(b))
            .collect(),
        (1, 16) => data
            .as_chunks()
            .0
            .iter()
            .map(|&b| f32::from(i16::from_le_bytes(b)) / 32_768.0)
            .collect(),
        (1, 24) => data
            .as_chunks::<3>()
            .0
            .iter()
            .map(|&[a, b, c]| (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 / 8_388_608.0)
            .collect(),
        (1, 32) => data
            .as_chunks()
            .0
            .iter()
            .map(|&b| i32::from_le_bytes(b) as f32 / 2_147_483_648.0)
            .collect(),
        _ => return None,
    })
}
