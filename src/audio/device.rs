//! Audio devices by name: what `--audio` says, what a device's callback is told, why a device would not open.
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Instant;

use super::stream::Stream;

/// Used where the device is free to choose.
pub const DEFAULT_RATE: u32 = 48_000;
/// 5.3 ms at 48 kHz: short enough to play on, long enough for a busy laptop.
pub const DEFAULT_PERIOD: u32 = 256;
/// What `--rate` and `--period` may ask for.
pub const RATES: std::ops::RangeInclusive<u32> = 8_000..=384_000;
pub const PERIODS: std::ops::RangeInclusive<u32> = 16..=8_192;

/// Called by the device, on its own thread, for the next frames: stereo, in order, any number of them. It may not allocate,
/// free, lock, log, make a system call or panic.
pub type Fill = Box<dyn FnMut(&mut [[f32; 2]], CallbackInfo) + Send>;

/// What a device tells its callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackInfo {
    /// When the call was made: nanoseconds of [`now_ns`].
    pub now_ns: u64,
    /// From this call to the ear, as far as the device knows it.
    pub latency_ns: Option<u64>,
}

/// Nanoseconds of the one monotonic clock that all audio threads and the scripted device speak of; 0 at its first use.
pub fn now_ns() -> u64 {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    EPOCH.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// Where the sound is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSpec {
    pub host: Host,
    /// The host's default device where None; else its id, its name, or a part of either.
    pub device: Option<String>,
    /// Hz; the device's own choice (48 kHz where it can) where None.
    pub rate: Option<u32>,
    /// Frames a callback; [`DEFAULT_PERIOD`], or the server's own where it allows no choice, where None.
    pub period: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// The first of the system's hosts that has a device.
    Default,
    /// One of [`HOSTS`].
    Named(&'static str),
    /// Advances in real time and sounds nowhere.
    Null,
    /// Advances in real time and writes what a device would have been given.
    Wav(PathBuf),
}

/// A system's sound server or interface, and what a build needs to have it.
pub struct HostInfo {
    pub name: &'static str,
    pub is_for: &'static str,
    /// The cargo feature that brings it; None: it is there on its systems.
    pub feature: Option<&'static str>,
}

/// Every host that `--audio` may name.
pub const HOSTS: &[HostInfo] = &[
    HostInfo {
        name: "pulseaudio",
        is_for: "Linux: PulseAudio, and PipeWire through pipewire-pulse",
        feature: None,
    },
    HostInfo {
        name: "pipewire",
        is_for: "Linux: PipeWire, spoken to directly",
        feature: Some("pipewire"),
    },
    HostInfo {
        name: "jack",
        is_for: "Linux, macOS, Windows: JACK",
        feature: Some("jack"),
    },
    HostInfo {
        name: "alsa",
        is_for: "Linux: the sound card itself, or any name from `aplay -L`",
        feature: None,
    },
    HostInfo {
        name: "coreaudio",
        is_for: "macOS",
        feature: None,
    },
    HostInfo {
        name: "wasapi",
        is_for: "Windows",
        feature: None,
    },
];

impl Default for DeviceSpec {
    fn default() -> Self {
        Self {
            host: Host::Default,
            device: None,
            rate: None,
            period: None,
        }
    }
}

impl DeviceSpec {
    /// The null device: a clock without a sound.
    pub fn null() -> Self {
        Self {
            host: Host::Null,
            ..Self::default()
        }
    }

    /// Reads `HOST[:DEVICE]`. The error says what would be right.
    pub fn parse(audio: &str) -> Result<Self, String> {
        let (host, rest) = match audio.split_once(':') {
            Some((host, rest)) => (host, Some(rest)),
            None => (audio, None),
        };
        let device = rest.filter(|name| !name.is_empty()).map(str::to_owned);
        let host = match host.to_ascii_lowercase().as_str() {
            "wav" => match device {
                Some(path) => {
                    return Ok(Self {
                        host: Host::Wav(path.into()),
                        ..Self::default()
                    });
                }
                None => return Err("wav wants a file: wav:take.wav".into()),
            },
            "null" if device.is_some() => return Err("null has no devices: write just null".into()),
            "null" => Host::Null,
            "default" if device.is_some() => {
                return Err(format!(
                    "a device wants its host before it: {}",
                    host_names(":DEVICE, ")
                ));
            }
            "default" => Host::Default,
            name => match HOSTS.iter().find(|info| info.name == name) {
                Some(info) => Host::Named(info.name),
                None => {
                    let names = host_names(", ");
                    return Err(format!(
                        "no audio host is named {host:?}; there are default, {names}null, wav:FILE"
                    ));
                }
            },
        };
        Ok(Self {
            host,
            device,
            ..Self::default()
        })
    }
}

fn host_names(separator: &str) -> String {
    HOSTS
        .iter()
        .flat_map(|info| [info.name, separator])
        .collect()
}

impl std::fmt::Display for DeviceSpec {
    /// As `--audio` reads it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            Host::Default => f.write_str("default")?,
            Host::Named(name) => f.write_str(name)?,
            Host::Null => f.write_str("null")?,
            Host::Wav(path) => write!(f, "wav:{}", path.display())?,
        }
        match &self.device {
            Some(device) => write!(f, ":{device}"),
            None => Ok(()),
        }
    }
}

/// Why a device would not open, in a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{device}: {why}")]
pub struct DeviceError {
    /// What was asked for.
    pub device: String,
    pub why: String,
}

/// Something that befell a stream after it had opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// The device is gone. The null device serves in its place, so time goes on, and the device is looked for.
    Lost { why: String },
    /// A device sounds again: the one that was lost, or the one that took its place.
    Back { name: String },
    /// Frames that the device asked for came too late; how many times since the stream began.
    Xrun { total: u64 },
    /// Worth a line, changes nothing.
    Note { text: String },
}

/// Opens a device and lets it call `fill` from now on. A lost device is looked for until the stream is dropped; `fill` is
/// then called by the null device, and by the device again when it is back, always at the rate of [`Stream::rate`].
pub fn open(spec: &DeviceSpec, fill: Fill) -> Result<Stream, DeviceError> {
    let stream = Stream::open(spec)?;
    stream.start(fill);
    Ok(stream)
}

/// As [`open`], for a program that goes on without sound: where the device fails it runs on the null device, says why, and
/// looks for the device as if it had been lost.
pub fn open_or_null(spec: &DeviceSpec) -> (Stream, Option<DeviceError>) {
    Stream::open_or_null(spec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_argument_is_read_and_written_back() {
        for (text, host, device) in [
            ("default", Host::Default, None),
            ("null", Host::Null, None),
            ("wav:a b.wav", Host::Wav("a b.wav".into()), None),
            (r"wav:C:\take.wav", Host::Wav(r"C:\take.wav".into()), None),
            ("jack", Host::Named("jack"), None),
            (
                "alsa:hw:CARD=PCH,DEV=0",
                Host::Named("alsa"),
                Some("hw:CARD=PCH,DEV=0"),
            ),
            ("pulseaudio:ci", Host::Named("pulseaudio"), Some("ci")),
        ] {
            let spec = DeviceSpec::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(
                (&spec.host, spec.device.as_deref()),
                (&host, device),
                "{text}"
            );
            assert_eq!(spec.to_string(), text);
        }
        assert_eq!(
            DeviceSpec::parse("JACK:")
                .map(|spec| spec.to_string())
                .as_deref(),
            Ok("jack")
        );
    }

    #[test]
    fn wrong_audio_arguments_say_what_would_be_right() {
        for (text, hint) in [
            ("jakc", "jack"),
            ("", "default"),
            ("wav", "wav:take.wav"),
            ("null:x", "just null"),
            ("default:x", "alsa:"),
        ] {
            let why = DeviceSpec::parse(text).expect_err(text);
            assert!(why.contains(hint), "{text}: {why}");
        }
    }
}
