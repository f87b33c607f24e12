//! Real input devices, through cpal: finds one, agrees on a format at the instrument's rate, and lets it bring frames.
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, Data, ErrorKind, FromSample, HostId, SampleFormat, SizedSample, StreamConfig,
};

use crate::dsp::denormals::flush_to_zero;
use crate::engine::telemetry::Telemetry;

use super::convert::Converter;
use super::cpal_device::{default_hosts, host_id, short_name};
use super::device::{DeviceSpec, Host};
use super::input::{Health, Open};
use super::stderr::hush;

/// Opening a device that takes longer hangs.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// Handed to cpal, whose back ends wait for their servers without an end else.
const BUILD_TIMEOUT: Duration = Duration::from_secs(3);
/// Frames that are converted at a time.
const SCRATCH: usize = 256;

/// Opens an input, on a thread that may be lost.
pub(super) fn open(spec: &DeviceSpec, rate: u32, to: Arc<Telemetry>) -> Result<Open, String> {
    let (sender, opened) = channel();
    let wanted = spec.clone();
    let _quiet = hush();
    let open = move || {
        let _ = sender.send(open_here(&wanted, rate, &to));
    };
    std::thread::Builder::new()
        .name("audio-connect".into())
        .spawn(open)
        .map_err(|error| format!("no thread to open it on: {error}"))?;
    match opened.recv_timeout(OPEN_TIMEOUT) {
        Ok(result) => result,
        Err(_) => Err("the sound server did not answer".into()),
    }
}

fn open_here(spec: &DeviceSpec, rate: u32, to: &Arc<Telemetry>) -> Result<Open, String> {
    let hosts = match &spec.host {
        Host::Named(name) => vec![host_id(name)?],
        _ => default_hosts(),
    };
    let mut failures = Vec::new();
    for id in hosts {
        match open_on(id, spec, rate, to) {
            Ok(open) => return Ok(open),
            Err(why) => failures.push(format!("{}: {why}", id.name())),
        }
    }
    Err(match failures.is_empty() {
        true => "this system has no audio host".into(),
        false => failures.join("; "),
    })
}

fn open_on(id: HostId, spec: &DeviceSpec, rate: u32, to: &Arc<Telemetry>) -> Result<Open, String> {
    let host = cpal::host_from_id(id).map_err(|error| error.to_string())?;
    let device = match &spec.device {
        None => host
            .default_input_device()
            .ok_or("it has no input device")?,
        Some(name) => {
            let devices: Vec<_> = host
                .input_devices()
                .map_err(|error| error.to_string())?
                .collect();
            let has = |device: &cpal::Device| {
                let id = device.id().map(|id| id.id().to_owned()).unwrap_or_default();
                let name = name.to_lowercase();
                [id, short_name(device)]
                    .iter()
                    .any(|part| part.to_lowercase().contains(&name))
            };
            let names: Vec<_> = devices.iter().map(short_name).collect();
            let found = devices.into_iter().find(has);
            found.ok_or_else(|| format!("no input {name:?}; there is {}", names.join(", ")))?
        }
    };
    let offers: Vec<_> = device
        .supported_input_configs()
        .map_err(|error| error.to_string())?
        .filter(|offer| offer.channels() > 0 && Converter::merit(offer.sample_format()) > 0)
        .collect();
    let best = offers
        .iter()
        .filter(|offer| offer.contains_rate(rate))
        .max_by_key(|offer| {
            let channels = match offer.channels() {
                2 => 2,
                1 => 1,
                _ => 0,
            };
            (channels, Converter::merit(offer.sample_format()))
        });
    let offer = best.ok_or_else(|| format!("it does not offer {rate} Hz"))?;
    let config = StreamConfig {
        channels: offer.channels(),
        sample_rate: rate,
        buffer_size: BufferSize::Default,
    };
    let health = Arc::new(Health::default());
    let (told, channels, to) = (
        Arc::clone(&health),
        usize::from(offer.channels()),
        Arc::clone(to),
    );
    let stream = device
        .build_input_stream_raw(
            config,
            offer.sample_format(),
            move |data, _| take(data, channels, &to),
            move |error| {
                if matches!(
                    error.kind(),
                    ErrorKind::DeviceNotAvailable
                        | ErrorKind::StreamInvalidated
                        | ErrorKind::HostUnavailable
                ) {
                    told.fail(error.to_string());
                }
            },
            Some(BUILD_TIMEOUT),
        )
        .map_err(|error| error.to_string())?;
    stream.play().map_err(|error| error.to_string())?;
    Ok(Open {
        name: format!("{}: {}", id.name(), short_name(&device)),
        health,
        may_hang: true,
        _hold: Box::new(stream),
    })
}

/// What the device brought, in its format. Realtime.
fn take(data: &Data, channels: usize, to: &Telemetry) {
    flush_to_zero();
    match data.sample_format() {
        SampleFormat::F32 => convert::<f32>(data, channels, to),
        SampleFormat::F64 => convert::<f64>(data, channels, to),
        SampleFormat::I8 => convert::<i8>(data, channels, to),
        SampleFormat::I16 => convert::<i16>(data, channels, to),
        SampleFormat::I24 => convert::<cpal::I24>(data, channels, to),
        SampleFormat::I32 => convert::<i32>(data, channels, to),
        SampleFormat::I64 => convert::<i64>(data, channels, to),
        SampleFormat::U8 => convert::<u8>(data, channels, to),
        SampleFormat::U16 => convert::<u16>(data, channels, to),
        SampleFormat::U24 => convert::<cpal::U24>(data, channels, to),
        SampleFormat::U32 => convert::<u32>(data, channels, to),
        SampleFormat::U64 => convert::<u64>(data, channels, to),
        _ => {}
    }
}

fn convert<T: SizedSample>(data: &Data, channels: usize, to: &Telemetry)
where
    f32: FromSample<T>,
{
    let Some(samples) = data.as_slice::<T>() else {
        return;
    };
    let frames = samples.len() / channels.max(1);
    to.input
        .largest
        .fetch_max(frames as u32, std::sync::atomic::Ordering::Relaxed);
    let mut scratch = [[0.0f32; 2]; SCRATCH];
    for piece in samples.chunks(channels.max(1) * SCRATCH) {
        let mut len = 0;
        for (frame, stereo) in piece.chunks_exact(channels.max(1)).zip(&mut scratch) {
            let left = <f32 as FromSample<T>>::from_sample_(frame[0]);
            let right = frame
                .get(1)
                .map_or(left, |x| <f32 as FromSample<T>>::from_sample_(*x));
            // What is not a number would silence the patch for good.
            *stereo = [left, right].map(|x| {
                if x.is_finite() {
                    x.clamp(-8.0, 8.0)
                } else {
                    0.0
                }
            });
            len += 1;
        }
        to.input.capture(&scratch[..len]);
    }
}
