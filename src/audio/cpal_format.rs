//! What to ask a device for, of what it offers.
use cpal::{BufferSize, SupportedBufferSize, SupportedStreamConfigRange};

use super::convert::Converter;
use super::device::DEFAULT_RATE;

/// What to ask for, best first: servers may refuse a size that their own table allows.
pub(super) fn buffer_sizes(asked: u32, offered: &SupportedBufferSize) -> Vec<BufferSize> {
    let fits = match offered {
        SupportedBufferSize::Range { min, max } => asked.clamp(*min, (*max).max(*min)),
        SupportedBufferSize::Unknown => asked,
    };
    vec![BufferSize::Fixed(fits), BufferSize::Default]
}

/// Stereo float at the rate asked for, or what comes nearest: more channels before one, wide formats before narrow ones.
pub(super) fn choose(
    offers: &[SupportedStreamConfigRange],
    rate: Option<u32>,
    own_rate: u32,
) -> Result<SupportedStreamConfigRange, String> {
    let usable = |offer: &&SupportedStreamConfigRange| {
        offer.channels() > 0 && !offer.sample_format().is_dsd()
    };
    let fits = |offer: &&SupportedStreamConfigRange| match rate {
        Some(rate) => offer.contains_rate(rate),
        None => offer.contains_rate(DEFAULT_RATE) || offer.contains_rate(own_rate),
    };
    let merit = |offer: &&SupportedStreamConfigRange| {
        let channels = match offer.channels() {
            1 => 0,
            2 => 2,
            _ => 1,
        };
        let format = Converter::merit(offer.sample_format());
        (
            offer.contains_rate(rate.unwrap_or(DEFAULT_RATE)),
            channels,
            format,
            std::cmp::Reverse(offer.channels()),
        )
    };
    let best = offers.iter().filter(usable).filter(fits).max_by_key(merit);
    best.copied().ok_or_else(|| {
        let lowest = offers
            .iter()
            .map(SupportedStreamConfigRange::min_sample_rate)
            .min();
        let highest = offers
            .iter()
            .map(SupportedStreamConfigRange::max_sample_rate)
            .max();
        match (lowest, highest, rate) {
            (Some(low), Some(high), Some(rate)) => {
                format!("it does not offer {rate} Hz (it has {low} to {high} Hz)")
            }
            _ => "it offers no format for output".into(),
        }
    })
}

#[cfg(test)]
mod tests {
    use cpal::SampleFormat;

    use super::*;

    fn offer(
        channels: u16,
        low: u32,
        high: u32,
        format: SampleFormat,
    ) -> SupportedStreamConfigRange {
        SupportedStreamConfigRange::new(channels, low, high, SupportedBufferSize::Unknown, format)
    }

    #[test]
    fn stereo_float_at_48_khz_is_preferred_and_anything_usable_taken() {
        let all = [
            offer(8, 48_000, 48_000, SampleFormat::F32),
            offer(1, 8_000, 96_000, SampleFormat::F32),
            offer(2, 44_100, 44_100, SampleFormat::F32),
            offer(2, 44_100, 96_000, SampleFormat::I16),
            offer(2, 44_100, 96_000, SampleFormat::I32),
            offer(2, 48_000, 96_000, SampleFormat::DsdU32),
        ];
        let pick = |from: &[SupportedStreamConfigRange], rate| {
            choose(from, rate, 44_100).map(|offer| (offer.channels(), offer.sample_format()))
        };
        assert_eq!(pick(&all, None), Ok((2, SampleFormat::I32)));
        assert_eq!(pick(&all, Some(44_100)), Ok((2, SampleFormat::F32)));
        assert_eq!(pick(&all[..2], None), Ok((8, SampleFormat::F32)));
        assert_eq!(pick(&all[1..2], None), Ok((1, SampleFormat::F32)));
        assert_eq!(
            pick(&all[2..3], None),
            Ok((2, SampleFormat::F32)),
            "44.1 kHz where there is no 48"
        );
        let why = pick(&all, Some(192_000)).expect_err("nothing offers it");
        assert!(
            why.contains("192000") && why.contains("8000 to 96000"),
            "{why}"
        );
        assert!(pick(&[], None).is_err());
    }

    #[test]
    fn period_is_brought_into_the_offered_range() {
        let range = SupportedBufferSize::Range {
            min: 512,
            max: 1024,
        };
        assert_eq!(buffer_sizes(256, &range)[0], BufferSize::Fixed(512));
        assert_eq!(buffer_sizes(4096, &range)[0], BufferSize::Fixed(1024));
        assert_eq!(
            buffer_sizes(256, &SupportedBufferSize::Unknown)[0],
            BufferSize::Fixed(256)
        );
    }
}
