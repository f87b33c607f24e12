//! Sound files for modules: read when a patch is built, on the builder, and kept so that building again is fast. Never touched by
//! realtime threads; what is thrown out is freed on the builder too.
#![allow(clippy::disallowed_types)] // The builder may wait.
use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use std::time::SystemTime;

use symphonia::core::{
    audio::SampleBuffer,
    codecs::{CODEC_TYPE_NULL, Decoder, DecoderOptions},
    errors::Error,
    formats::{FormatOptions, FormatReader},
    io::MediaSourceStream,
    meta::MetadataOptions,
    probe::Hint,
};

use crate::dsp::{
    sample::Sample,
    wavetable::{Harmonics, Waves},
};

/// Samples of a file, all channels: 256 MB.
pub const LARGEST: usize = 1 << 26;
/// Bytes that the cache holds beside what is in use.
const CACHED: usize = 1 << 28;

static CACHE: Mutex<Vec<Cached>> = Mutex::new(Vec::new());
/// Packets decoded since the program began: a build that reads a long file does not hang.
static PACKETS: AtomicU64 = AtomicU64::new(0);

struct Cached {
    path: PathBuf,
    modified: Option<SystemTime>,
    len: u64,
    sample: Arc<Sample>,
}

/// How much was read so far: moves while a file is being read.
pub fn progress() -> u64 {
    PACKETS.load(Relaxed)
}

/// Whether a file is there and begins as a sound file; cheap.
pub fn look(path: &Path) -> Result<(), String> {
    let (file, _) = open(path)?;
    reader(path, file).map(drop)
}

/// A file's sound, its first two channels.
pub fn load(path: &Path) -> Result<Arc<Sample>, String> {
    let (file, about) = open(path)?;
    let (modified, len) = (about.modified().ok(), about.len());
    {
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = cache.iter().position(|c| c.path == path) {
            let found = cache.remove(at);
            if found.modified == modified && found.len == len {
                let sample = found.sample.clone();
                cache.push(found);
                return Ok(sample);
            }
        }
    }
    let sample = Arc::new(decode(path, file)?);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    cache.push(Cached {
        path: path.to_owned(),
        modified,
        len,
        sample: sample.clone(),
    });
    // The oldest that nobody plays go first.
    let mut bytes: usize = cache.iter().map(|c| c.sample.bytes()).sum();
    cache.retain(|c| {
        let keep = bytes <= CACHED || Arc::strong_count(&c.sample) > 1;
        bytes -= if keep { 0 } else { c.sample.bytes() };
        keep
    });
    Ok(sample)
}

/// Sets of waveforms that are kept.
const SETS: usize = 16;

static WAVES: Mutex<Vec<Set>> = Mutex::new(Vec::new());

struct Set {
    sample: Arc<Sample>,
    frame: usize,
    waves: Arc<Waves>,
}

/// The waveforms that `cycles` finds in a file; `frame` tells one way of cutting it from another.
pub fn waves(
    path: &Path,
    frame: usize,
    cycles: impl Fn(&Sample) -> Result<Vec<Harmonics>, String>,
) -> Result<Arc<Waves>, String> {
    let sample = load(path)?;
    let lock = || WAVES.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |set: &&Set| set.frame == frame && Arc::ptr_eq(&set.sample, &sample);
    if let Some(set) = lock().iter().find(same) {
        return Ok(set.waves.clone());
    }
    let found = cycles(&sample).map_err(|why| format!("{}: {why}", path.display()))?;
    let waves = Arc::new(Waves::new(&found));
    let mut sets = lock();
    if sets.len() >= SETS {
        sets.remove(0);
    }
    sets.push(Set {
        sample,
        frame,
        waves: waves.clone(),
    });
    Ok(waves)
}

fn open(path: &Path) -> Result<(File, Metadata), String> {
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    // Asked before it is opened: a named pipe would wait for a writer.
    let about = std::fs::metadata(path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => told(&"there is no such file"),
        _ => told(&e),
    })?;
    if !about.is_file() {
        return Err(told(&"not a file"));
    }
    let file = File::open(path).map_err(|e| told(&e))?;
    Ok((file, about))
}

type Reader = (Box<dyn FormatReader>, Box<dyn Decoder>, u32);

fn reader(path: &Path, file: File) -> Result<Reader, String> {
    let told = |why: String| format!("{}: {why}", path.display());
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(extension);
    }
    let format = FormatOptions {
        enable_gapless: true,
        ..Default::default()
    };
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let probed = symphonia::default::get_probe()
        .format(&hint, stream, &format, &MetadataOptions::default())
        .map_err(|_| told("not a WAV, FLAC, OGG or MP3 file".to_owned()))?;
    let mut tracks = probed.format.tracks().iter();
    let track = tracks.find(|t| t.codec_params.codec != CODEC_TYPE_NULL);
    let track = track.ok_or_else(|| told("there is no sound in it".to_owned()))?;
    let decoder = symphonia::default::get_codecs()
        .make(&track.codec_params, &DecoderOptions::default())
        .map_err(|e| told(e.to_string()))?;
    let id = track.id;
    Ok((probed.format, decoder, id))
}

fn decode(path: &Path, file: File) -> Result<Sample, String> {
    let told = |why: String| format!("{}: {why}", path.display());
    let (mut format, mut decoder, id) = reader(path, file)?;
    let mut channels: Vec<Vec<f32>> = Vec::new();
    let mut rate = 0;
    let mut samples = 0;
    loop {
        let packet = match format.next_packet() {
            Ok(packet) if packet.track_id() == id => packet,
            Ok(_) => continue,
            Err(Error::IoError(e)) if e.kind() == ErrorKind::UnexpectedEof => break,
            Err(Error::ResetRequired) => break,
            Err(e) => return Err(told(e.to_string())),
        };
        PACKETS.fetch_add(1, Relaxed);
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            // A damaged packet is a gap, not the end.
            Err(Error::DecodeError(_)) => continue,
            Err(e) => return Err(told(e.to_string())),
        };
        let spec = *decoded.spec();
        let count = spec.channels.count().max(1);
        let mut buffer = SampleBuffer::<f32>::new(decoded.capacity() as u64, spec);
        buffer.copy_interleaved_ref(decoded);
        if channels.is_empty() {
            channels = vec![Vec::new(); count.min(2)];
            rate = spec.rate;
        }
        samples += buffer.samples().len();
        if samples > LARGEST {
            return Err(told("longer than 64 million samples".to_owned()));
        }
        for frame in buffer.samples().chunks_exact(count) {
            for (channel, x) in channels.iter_mut().zip(frame) {
                channel.push(if x.is_finite() { *x } else { 0.0 });
            }
        }
    }
    if rate == 0 || channels.first().is_none_or(Vec::is_empty) {
        return Err(told("there is no sound in it".to_owned()));
    }
    Ok(Sample::new(channels, rate as f32))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A WAV of floats in a folder of its own.
    pub fn wav(folder: &Path, name: &str, rate: u32, frames: &[[f32; 2]]) -> PathBuf {
        let path = folder.join(name);
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: rate,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for x in frames.iter().flatten() {
            writer.write_sample(*x).unwrap();
        }
        writer.finalize().unwrap();
        path
    }

    #[test]
    fn a_file_is_read_once_and_again_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let frames: Vec<[f32; 2]> = (0..5_000).map(|i| [i as f32 * 1e-4, -0.5]).collect();
        let path = wav(folder.path(), "a.wav", 44_100, &frames);
        let first = load(&path).unwrap();
        assert_eq!((first.frames(), first.rate()), (5_000, 44_100.0));
        assert_eq!(first.channel(0)[4_321], 0.432_1);
        assert_eq!(first.channel(1)[77], -0.5);
        assert!(Arc::ptr_eq(&first, &load(&path).unwrap()));
        wav(folder.path(), "a.wav", 48_000, &frames[..100]);
        assert_eq!(load(&path).unwrap().frames(), 100);
    }

    #[test]
    fn what_is_no_sound_file_says_its_name_and_why() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("a.wav");
        std::fs::write(&text, "no sound").unwrap();
        for (path, why) in [
            (text, "not a WAV"),
            (folder.path().join("b.wav"), "no such file"),
            (folder.path().to_owned(), "not a file"),
        ] {
            for told in [look(&path).unwrap_err(), load(&path).err().unwrap()] {
                assert!(
                    told.contains(why) && told.starts_with(&path.display().to_string()),
                    "{told}"
                );
            }
        }
    }

    /// A fifth of a second: 441 Hz at a half on the left, 882 Hz at a quarter on the right.
    #[test]
    fn compressed_files_are_what_they_were_made_of() {
        for (name, bytes, off) in [
            (
                "tone.flac",
                &include_bytes!("../../tests/sounds/tone.flac")[..],
                4e-5,
            ),
            (
                "tone.ogg",
                include_bytes!("../../tests/sounds/tone.ogg"),
                0.02,
            ),
            (
                "tone.mp3",
                include_bytes!("../../tests/sounds/tone.mp3"),
                // What the encoder costs; a shift by one frame would be 0.031.
                0.03,
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let sound = load(&path).unwrap();
            assert_eq!(
                (sound.rate(), sound.is_stereo()),
                (44_100.0, true),
                "{name}"
            );
            // What an encoder pads is left out again, within its last packet.
            assert!(
                (8_820..=8_820 + 1_152).contains(&sound.frames()),
                "{name}: {}",
                sound.frames()
            );
            let worst = (1_000..7_500)
                .flat_map(|i| {
                    let turn = std::f32::consts::TAU * i as f32 / 100.0;
                    let want = [0.5 * turn.sin(), 0.25 * (2.0 * turn).sin()];
                    [0, 1].map(|side| (sound.channel(side)[i] - want[side]).abs())
                })
                .fold(0.0, f32::max);
            assert!(worst < off, "{name}: {worst}");
            // Cut off anywhere it is read or refused, and nothing panics.
            for len in (0..bytes.len()).step_by(97) {
                let cut = folder.path().join(format!("{len}-{name}"));
                std::fs::write(&cut, &bytes[..len]).unwrap();
                let _ = load(&cut).map(|sound| sound.frames());
            }
        }
    }

    #[test]
    fn a_file_cut_off_anywhere_is_read_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = wav(folder.path(), "a.wav", 48_000, &[[0.5; 2]; 200]);
        let whole = std::fs::read(&path).unwrap();
        for len in 0..whole.len() {
            let cut = folder.path().join(format!("{len}.wav"));
            std::fs::write(&cut, &whole[..len]).unwrap();
            if let Ok(sample) = load(&cut) {
                assert!(sample.frames() <= 200);
            }
        }
    }
}
