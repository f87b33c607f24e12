//! The tools that judge recordings are judged themselves.
#[path = "tools/clicks.rs"]
mod clicks;
#[path = "tools/sine.rs"]
mod sine;
#[path = "tools/spectrum.rs"]
mod spectrum;
#[path = "tools/wav.rs"]
mod wav;

/// What the wav reader is for: files whose recorder was killed.
#[test]
fn cut_off_and_sizeless_files_are_read_as_far_as_they_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(&path, spec).expect("a file");
    for n in 0..100i16 {
        writer.write_sample(n * 100).expect("written");
    }
    writer.finalize().expect("finished");
    let whole = std::fs::read(&path).expect("bytes");
    for (bytes, frames) in [(&whole[..], 50), (&whole[..whole.len() - 20], 45)] {
        for size in [None, Some(0u32), Some(u32::MAX)] {
            let mut bytes = bytes.to_vec();
            if let Some(size) = size {
                bytes[40..44].copy_from_slice(&size.to_le_bytes());
            }
            std::fs::write(&path, bytes).expect("written");
            let wav = wav::read(&path).expect("readable");
            assert_eq!((wav.rate, wav.channels.len()), (44_100, 2));
            assert_eq!(wav.channels[0].len(), frames);
            assert_eq!(wav.channels[1][1], 300.0 / 32_768.0);
        }
    }
    assert!(wav::read(&folder.path().join("none.wav")).is_err());
}
