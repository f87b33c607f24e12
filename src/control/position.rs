//! The musical position as people read it: "13.2.1" is bar, beat and sixteenth, from 1.
use crate::dsp::transport::Transport;

/// Bar, beat and sixteenth (from 1) of a position in beats. Before the first beat all is bar 1.
pub fn split(beat: f64, beats_per_bar: u32) -> (u64, u64, u64) {
    let sixteenths = (beat.max(0.0) * 4.0 + 1e-9).floor() as u64;
    let per_bar = u64::from(beats_per_bar.max(1)) * 4;
    let within = sixteenths % per_bar;
    (sixteenths / per_bar + 1, within / 4 + 1, within % 4 + 1)
}

/// "13.2.1" at a frame.
pub fn bar_text(transport: &Transport, frame: u64) -> String {
    let (bar, beat, sixteenth) = split(transport.beat_at(frame), transport.beats_per_bar);
    format!("{bar}.{beat}.{sixteenth}")
}

/// Reads "13.2.1", "13.2" or "13" into beats from the start.
pub fn parse(text: &str, beats_per_bar: u32) -> Option<f64> {
    let mut parts = text.trim().split('.');
    let mut next = |limit: u64| match parts.next() {
        None => Some(0),
        Some(part) => part
            .parse::<u64>()
            .ok()
            .filter(|n| (1..=limit).contains(n))
            .map(|n| n - 1),
    };
    let per_bar = u64::from(beats_per_bar.max(1));
    let (bar, beat, sixteenth) = (next(1_000_000)?, next(per_bar)?, next(4)?);
    if parts.next().is_some() {
        return None;
    }
    Some((bar * per_bar + beat) as f64 + sixteenth as f64 / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for sixteenth in 0..200u64 {
            let beat = sixteenth as f64 / 4.0;
            let (b, t, s) = split(beat, 4);
            assert_eq!(parse(&format!("{b}.{t}.{s}"), 4), Some(beat));
        }
        assert_eq!(parse("3", 4), Some(8.0));
        for bad in ["0.1.1", "1.5", "1.1.5", "1.1.1.1", "a", ""] {
            assert_eq!(parse(bad, 4), None, "{bad}");
        }
    }

    #[test]
    fn bars_are_counted_from_one() {
        let t = Transport::new(48_000.0, 120.0);
        assert_eq!(bar_text(&t, 0), "1.1.1");
        assert_eq!(bar_text(&t, 24_000 * 4 - 1), "1.4.4");
        assert_eq!(bar_text(&t, 24_000 * 4), "2.1.1");
    }
}
