//! Real devices, through cpal: finds one, agrees on a format, and lets it call. Opening runs on threads that may be lost;
//! the callback runs on the device's own.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{DeviceId, ErrorKind, HostId, OutputCallbackInfo, StreamConfig};

use crate::engine::priority;

use super::convert::Converter;
use super::cpal_format::{buffer_sizes, choose};
use super::device::{DEFAULT_PERIOD, DEFAULT_RATE, DeviceError, DeviceSpec, HOSTS, Host};
use super::stderr::hush;
use super::stream::{Closing, Connection, Server, Vitals};

/// Opening a device that takes longer hangs: its server does not answer. Servers that are starting take up to 2 s.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// Handed to cpal, whose back ends wait for their servers without an end else.
const BUILD_TIMEOUT: Duration = Duration::from_secs(3);
/// PulseAudio's buffer is two periods, it mixes by timers, and it does not say when the buffer ran dry: on a busy machine
/// recordings break below this.
const PULSEAUDIO_PERIOD: u32 = 1_024;

/// Opens the device that `spec` names, or the one whose id is `wanted` where it is still there. It calls at once, and
/// `server` plays silence until it is made the owner.
pub(super) fn connect(
    spec: &DeviceSpec,
    wanted: Option<&str>,
    server: Server,
) -> Result<Connection, DeviceError> {
    let (sender, opened) = channel();
    let (spec_copy, wanted) = (spec.clone(), wanted.map(str::to_owned));
    let server = Arc::new(server);
    let open = move || {
        // Where nobody waits any more, the connection is closed as the answer is dropped: on this thread.
        let _ = sender.send(open_here(&spec_copy, wanted.as_deref(), &server));
    };
    let fail = |why: String| DeviceError {
        device: spec.to_string(),
        why,
    };
    let _quiet = hush();
    std::thread::Builder::new()
        .name("audio-connect".into())
        .spawn(open)
        .map_err(|error| fail(format!("no thread to open it on: {error}")))?;
    match opened.recv_timeout(OPEN_TIMEOUT) {
        Ok(result) => result.map_err(fail),
        Err(_) => Err(fail(format!(
            "the sound server did not answer within {} s",
            OPEN_TIMEOUT.as_secs()
        ))),
    }
}

/// The host in a device's id ("pulseaudio:alsa_output.pci…").
pub(super) fn host_of(id: &str) -> Option<&'static str> {
    let host = id.split(':').next()?;
    HOSTS
        .iter()
        .find(|info| info.name == host)
        .map(|info| info.name)
}

fn open_here(
    spec: &DeviceSpec,
    wanted: Option<&str>,
    server: &Arc<Server>,
) -> Result<Connection, String> {
    match &spec.host {
        Host::Named(name) => open_host(host_id(name)?, spec, wanted, server),
        Host::Default => {
            let mut failures = Vec::new();
            for id in default_hosts() {
                match open_host(id, spec, wanted, server) {
                    Ok(connection) => return Ok(connection),
                    Err(why) => failures.push(format!("{}: {why}", id.name())),
                }
            }
            Err(match failures.is_empty() {
                true => "this system has no audio host".into(),
                false => failures.join("; "),
            })
        }
        Host::Null | Host::Wav(_) => Err("not a device of the system".into()),
    }
}

/// In the order of cpal's own default, without JACK: who wants JACK says so.
pub(super) fn default_hosts() -> Vec<HostId> {
    cpal::available_hosts()
        .into_iter()
        .filter(|id| !id.name().eq_ignore_ascii_case("jack"))
        .collect()
}

pub(super) fn host_id(name: &str) -> Result<HostId, String> {
    name.parse().map_err(|_| {
        match HOSTS
            .iter()
            .find(|info| info.name == name)
            .and_then(|info| info.feature)
        {
            Some(feature) => format!("this build is without it; build with `--features {feature}`"),
            None => format!("{name} is not for this system"),
        }
    })
}

fn open_host(
    id: HostId,
    spec: &DeviceSpec,
    wanted: Option<&str>,
    server: &Arc<Server>,
) -> Result<Connection, String> {
    if id.name() == "PulseAudio" {
        // Three threads of its client share one lock in every request: an ordinary one of them holds up the others. They are
        // started here and below, and this thread ends when the device is open.
        priority::raise_with_children();
    }
    let host = cpal::host_from_id(id).map_err(|error| error.to_string())?;
    let device = find(&host, id, spec, wanted)?;
    let name = format!("{}: {}", id.name(), short_name(&device));
    open_device(&device, id, name, spec, server)
}

pub(super) fn short_name(device: &cpal::Device) -> String {
    device.description().map_or_else(
        |_| device.to_string(),
        |description| description.name().trim().to_owned(),
    )
}

fn find(
    host: &cpal::Host,
    id: HostId,
    spec: &DeviceSpec,
    wanted: Option<&str>,
) -> Result<cpal::Device, String> {
    if let Some(device) = wanted
        .and_then(|id| id.parse::<DeviceId>().ok())
        .and_then(|id| host.device_by_id(&id))
    {
        return Ok(device);
    }
    let Some(name) = &spec.device else {
        return host
            .default_output_device()
            .ok_or_else(|| "it has no output device".into());
    };
    if let Some(device) = host.device_by_id(&DeviceId::new(id, name)) {
        return Ok(device);
    }
    let devices: Vec<_> = host
        .output_devices()
        .map_err(|error| error.to_string())?
        .collect();
    let names = |device: &cpal::Device| {
        let id = device.id().map(|id| id.id().to_owned()).unwrap_or_default();
        [id, short_name(device)]
    };
    let is = |part: &str| part.eq_ignore_ascii_case(name);
    let has = |part: &str| part.to_lowercase().contains(&name.to_lowercase());
    let exact = devices
        .iter()
        .position(|device| names(device).iter().any(|part| is(part)));
    let place = exact.or_else(|| {
        devices
            .iter()
            .position(|device| names(device).iter().any(|part| has(part)))
    });
    match place {
        Some(place) => devices.into_iter().nth(place).ok_or_else(String::new),
        None => {
            let there: Vec<_> = devices
                .iter()
                .map(|device| names(device)[0].clone())
                .collect();
            Err(match there.is_empty() {
                true => format!("no device {name:?}: it has no output devices"),
                false => format!("no device {name:?}; there is {}", there.join(", ")),
            })
        }
    }
}

fn open_device(
    device: &cpal::Device,
    host: HostId,
    name: String,
    spec: &DeviceSpec,
    server: &Arc<Server>,
) -> Result<Connection, String> {
    let offers: Vec<_> = device
        .supported_output_configs()
        .map_err(|error| error.to_string())?
        .collect();
    let own_rate = device
        .default_output_config()
        .map_err(|error| error.to_string())?
        .sample_rate();
    let offer = choose(&offers, spec.rate, own_rate)?;
    let rate = spec.rate.unwrap_or(if offer.contains_rate(DEFAULT_RATE) {
        DEFAULT_RATE
    } else {
        own_rate
    });
    let rate = rate.clamp(offer.min_sample_rate(), offer.max_sample_rate());
    let asked = spec.period.unwrap_or(match host.name() {
        "PulseAudio" => PULSEAUDIO_PERIOD,
        _ => DEFAULT_PERIOD,
    });
    let mut last_error = String::new();
    for buffer_size in buffer_sizes(asked, offer.buffer_size()) {
        let config = StreamConfig {
            channels: offer.channels(),
            sample_rate: rate,
            buffer_size,
        };
        let mut converter = Converter::new(offer.channels(), Arc::clone(server));
        let vitals = Arc::clone(server.vitals());
        let stream = device.build_output_stream_raw(
            config,
            offer.sample_format(),
            move |data, info| converter.serve(data, latency_ns(info)),
            move |error| hear(&vitals, &error),
            Some(BUILD_TIMEOUT),
        );
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                last_error = error.to_string();
                continue;
            }
        };
        stream.play().map_err(|error| error.to_string())?;
        return Ok(Connection {
            name,
            id: device.id().ok().map(|id| id.to_string()),
            rate,
            period: stream
                .buffer_size()
                .ok()
                .filter(|&frames| frames > 0)
                .unwrap_or(asked),
            owner: server.owner(),
            vitals: Arc::clone(server.vitals()),
            closing: Closing::MayHang,
            _hold: Box::new(stream),
        });
    }
    Err(last_error)
}

fn latency_ns(info: &OutputCallbackInfo) -> Option<u64> {
    let times = info.timestamp();
    let latency = times.playback.checked_duration_since(times.callback)?;
    u64::try_from(latency.as_nanos()).ok().filter(|&ns| ns > 0)
}

/// The device's error callback, which may run on its audio thread: xruns, the common case, cost one addition.
fn hear(vitals: &Vitals, error: &cpal::Error) {
    match error.kind() {
        ErrorKind::Xrun => {
            vitals.xruns.fetch_add(1, Ordering::Relaxed);
        }
        // Normal for a user without realtime rights, and nothing can be done about it here.
        ErrorKind::RealtimeDenied => {
            vitals.note("the system grants the audio thread no realtime priority".into())
        }
        ErrorKind::DeviceChanged => vitals.note("the sound moved to another device".into()),
        ErrorKind::DeviceNotAvailable
        | ErrorKind::StreamInvalidated
        | ErrorKind::HostUnavailable => {
            vitals.fail(error.to_string());
        }
        _ => {
            if vitals.errors.fetch_add(1, Ordering::Relaxed) == 0 {
                vitals.suspect(error.to_string());
            }
        }
    }
}
