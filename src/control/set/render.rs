//! A set as a sound file: what was heard, or a part of it. Runs on the caller's thread, faster than real time.
use std::io;
use std::path::Path;

use super::player::Player;
use super::read::Set;
use crate::audio::wav_bits::Bits;
use crate::audio::wav_file::WavFile;
use crate::dsp::denormals::flush_to_zero;

/// Frames rendered at a time.
const CHUNK: usize = 4_096;

/// What of a set is written, and how.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Frames.
    pub first: u64,
    pub last: u64,
    pub bits: Bits,
}

/// Why nothing is written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    #[error(transparent)]
    Unplayable(#[from] super::player::Unplayable),
    #[error(transparent)]
    File(#[from] io::Error),
}

/// Writes it; `told` is told how far it is, and stops it by saying false. Returns where the replay could not do what the set says.
pub fn render(
    set: &Set,
    wanted: Wanted,
    path: &Path,
    mut told: impl FnMut(u64) -> bool,
) -> Result<Vec<String>, Unwritten> {
    flush_to_zero();
    let mut player = Player::new(set)?;
    let mut wav = WavFile::create(path, set.header.rate as u32, wanted.bits, set.header.seed)?;
    let mut chunk = vec![[0.0; 2]; CHUNK];
    while player.frame() < wanted.last {
        let from = player.frame();
        let until = if from < wanted.first {
            wanted.first
        } else {
            wanted.last
        };
        let frames = (until - from).min(CHUNK as u64) as usize;
        player.fill(&mut chunk[..frames]);
        if from >= wanted.first {
            wav.write(&chunk[..frames])?;
        }
        if !told(player.frame()) {
            break;
        }
    }
    wav.flush()?;
    Ok(player.differences())
}
