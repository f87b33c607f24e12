//! A sound file as an input: its first two channels at the instrument's rate.
use std::path::Path;

use crate::modules::audio_file;

/// Reads a file; mono is on both sides. The error names the file.
pub fn read(path: &Path, rate: u32) -> Result<Vec<[f32; 2]>, String> {
    let sound = audio_file::load(path)?;
    let sides = if sound.is_stereo() { [0, 1] } else { [0, 0] };
    if sound.rate() == rate as f32 {
        let [left, right] = sides.map(|side| sound.channel(side));
        return Ok(left.iter().zip(right).map(|(l, r)| [*l, *r]).collect());
    }
    let step = f64::from(sound.rate()) / f64::from(rate);
    let frames = (sound.frames() as f64 / step).ceil() as usize;
    Ok((0..frames)
        .map(|i| sound.read(i as f64 * step, step))
        .collect())
}
