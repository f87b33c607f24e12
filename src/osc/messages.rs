//! From a datagram to messages with their time: scanned, decoded, bundles laid out flat. Runs on the OSC thread.
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rosc::{OscMessage, OscPacket, OscTime, decoder};

use crate::control::command::At;

use super::scan;

/// Seconds from the epoch of time tags (1900) to that of the system clock (1970).
const TIME_TAG_OFFSET: u64 = 2_208_988_800;
/// A time tag further ahead than this is a mistake of the sender's clock.
const MAX_AHEAD: Duration = Duration::from_secs(3_600);

/// A message and when it is to take effect, or why it can't.
pub struct Timed {
    pub message: OscMessage,
    pub at: Result<At, String>,
}

/// Reads a datagram. `now` is the system clock.
pub fn read(packet: &[u8], now: SystemTime) -> Result<Vec<Timed>, String> {
    scan::check(packet).map_err(|e| e.to_string())?;
    let (_, packet) = decoder::decode_udp(packet).map_err(|e| e.to_string())?;
    let mut messages = Vec::new();
    flatten(packet, &Ok(At::Soon), now, &mut messages);
    Ok(messages)
}

/// An inner bundle's own time tag counts, unless it says "immediately": then the outer one's does.
fn flatten(packet: OscPacket, at: &Result<At, String>, now: SystemTime, into: &mut Vec<Timed>) {
    match packet {
        OscPacket::Message(message) => into.push(Timed {
            message,
            at: at.clone(),
        }),
        OscPacket::Bundle(bundle) => {
            let own = time_of(bundle.timetag, now);
            let at = if own == Ok(At::Soon) { at } else { &own };
            for inner in bundle.content {
                flatten(inner, at, now, into);
            }
        }
    }
}

fn time_of(tag: OscTime, now: SystemTime) -> Result<At, String> {
    // 0 s and 1/2^32 means "immediately"; all zero is what careless senders write for it.
    if tag.seconds == 0 && tag.fractional <= 1 {
        return Ok(At::Soon);
    }
    let nanos = (u64::from(tag.fractional) * 1_000_000_000) >> 32;
    let time = u64::from(tag.seconds)
        .checked_sub(TIME_TAG_OFFSET)
        .map(|seconds| UNIX_EPOCH + Duration::new(seconds, nanos as u32));
    match time {
        None => Ok(At::Soon),
        Some(time)
            if time
                .duration_since(now)
                .is_ok_and(|ahead| ahead > MAX_AHEAD) =>
        {
            Err("the bundle's time tag is more than an hour ahead".to_owned())
        }
        Some(time) => Ok(At::Time(time)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rosc::{OscBundle, encoder};

    fn at(tag: OscTime, now: SystemTime) -> Result<At, String> {
        let message = OscPacket::Message(OscMessage {
            addr: "/ping".into(),
            args: vec![],
        });
        let bundle = OscPacket::Bundle(OscBundle {
            timetag: tag,
            content: vec![message],
        });
        let bytes = encoder::encode(&bundle).expect("encodes");
        read(&bytes, now).expect("reads").remove(0).at
    }

    #[test]
    fn time_tags_become_instants() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let soon = now + Duration::from_millis(250);
        let tag = OscTime {
            seconds: (1_700_000_000 + TIME_TAG_OFFSET) as u32,
            fractional: 1 << 30,
        };
        assert_eq!(at(tag, now), Ok(At::Time(soon)));
        for fractional in [0, 1] {
            let tag = OscTime {
                seconds: 0,
                fractional,
            };
            assert_eq!(at(tag, now), Ok(At::Soon));
        }
        // Before 1970, where the clock has no instant: the time is past, so it is now.
        let tag = OscTime {
            seconds: 5,
            fractional: 0,
        };
        assert_eq!(at(tag, now), Ok(At::Soon));
        let tag = OscTime {
            seconds: u32::MAX,
            fractional: 0,
        };
        assert!(at(tag, now).is_err());
    }
}
