//! What there is to play on: hosts and devices, for `chronus devices`. Asks every host, so it may take a moment.
use std::fmt::Write;
use std::sync::mpsc::channel;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{HostId, SupportedStreamConfigRange};

use super::cpal_device::short_name;
use super::device::HOSTS;
use super::stderr::hush;

/// A host that does not answer in this time is listed as such.
const PATIENCE: Duration = Duration::from_secs(3);
/// The rates worth a mention where a device offers a range.
const COMMON_RATES: [u32; 6] = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

/// One host of this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostListing {
    /// As `--audio` takes it.
    pub host: String,
    /// `--audio default` comes here.
    pub is_default: bool,
    pub devices: Vec<DeviceListing>,
    /// Why there are none, where something is wrong.
    pub problem: Option<String>,
}

/// One device that can play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceListing {
    /// What to write after the host and a colon.
    pub id: String,
    pub name: String,
    pub is_default: bool,
    /// Hz.
    pub rates: Vec<u32>,
    pub channels: u16,
}

/// Every host of this system with its devices.
pub fn list() -> Vec<HostListing> {
    let _quiet = hush();
    let mut hosts: Vec<_> = cpal::available_hosts().into_iter().map(listing).collect();
    let first = hosts
        .iter_mut()
        .find(|host| host.host != "jack" && host.devices.iter().any(|device| device.is_default));
    if let Some(host) = first {
        host.is_default = true;
    }
    hosts
}

fn listing(id: HostId) -> HostListing {
    let (sender, answer) = channel();
    let ask = move || {
        let _ = sender.send(devices_of(id));
    };
    // On a thread that is left behind where the host's server hangs.
    let spawned = std::thread::Builder::new()
        .name("audio-list".into())
        .spawn(ask);
    let (devices, problem) = match spawned.map(|_| answer.recv_timeout(PATIENCE)) {
        Ok(Ok(Ok(devices))) => (devices, None),
        Ok(Ok(Err(why))) => (Vec::new(), Some(why)),
        Ok(Err(_)) => (Vec::new(), Some("it does not answer".into())),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    HostListing {
        host: id.to_string(),
        is_default: false,
        devices,
        problem,
    }
}

fn devices_of(id: HostId) -> Result<Vec<DeviceListing>, String> {
    let host = cpal::host_from_id(id).map_err(|error| error.to_string())?;
    let default = host
        .default_output_device()
        .and_then(|device| device.id().ok());
    let devices = host.output_devices().map_err(|error| error.to_string())?;
    let mut listings: Vec<DeviceListing> = devices
        .filter_map(|device| {
            let offers: Vec<_> = device.supported_output_configs().ok()?.collect();
            let id = device.id().ok()?;
            Some(DeviceListing {
                is_default: default.as_ref() == Some(&id),
                id: id.id().to_owned(),
                name: short_name(&device),
                rates: rates(&offers),
                channels: offers
                    .iter()
                    .map(SupportedStreamConfigRange::channels)
                    .max()
                    .unwrap_or(0),
            })
        })
        .collect();
    listings.sort_by_key(|device| !device.is_default);
    Ok(listings)
}

fn rates(offers: &[SupportedStreamConfigRange]) -> Vec<u32> {
    let mut rates: Vec<u32> = COMMON_RATES
        .into_iter()
        .chain(
            offers
                .iter()
                .filter(|offer| offer.min_sample_rate() == offer.max_sample_rate())
                .map(|offer| offer.min_sample_rate()),
        )
        .filter(|&rate| offers.iter().any(|offer| offer.contains_rate(rate)))
        .collect();
    rates.sort_unstable();
    rates.dedup();
    rates
}

/// The listing as `chronus devices` prints it.
pub fn to_text(hosts: &[HostListing]) -> String {
    let mut text = String::new();
    for host in hosts {
        let default = if host.is_default {
            "  (--audio default)"
        } else {
            ""
        };
        let _ = writeln!(text, "{}{default}", host.host);
        for device in &host.devices {
            let mark = if device.is_default { '*' } else { ' ' };
            let rates: Vec<_> = device.rates.iter().map(u32::to_string).collect();
            let _ = writeln!(text, "  {mark} {}:{}", host.host, device.id);
            let _ = writeln!(
                text,
                "      {} · {} channels · {} Hz",
                device.name,
                device.channels,
                rates.join(" ")
            );
        }
        match &host.problem {
            Some(problem) => drop(writeln!(text, "    {problem}")),
            None if host.devices.is_empty() => text.push_str("    no output devices\n"),
            None => {}
        }
    }
    if !hosts.iter().any(|host| host.is_default) {
        text.push_str("No device can play here: chronus runs on the null device, in time but without sound.\n");
    }
    for info in HOSTS
        .iter()
        .filter(|info| hosts.iter().all(|host| host.host != info.name))
    {
        if let Some(feature) = info.feature {
            let _ = writeln!(
                text,
                "{}: not in this build (--features {feature})",
                info.name
            );
        }
    }
    text.push_str(
        "null\n    in time, without sound\nwav:FILE\n    in time, into a 32-bit float WAV file\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_devices_is_told_so() {
        let hosts = [HostListing {
            host: "alsa".into(),
            is_default: false,
            devices: Vec::new(),
            problem: Some("no card".into()),
        }];
        let text = to_text(&hosts);
        for part in ["alsa", "no card", "No device can play", "null", "wav:FILE"] {
            assert!(text.contains(part), "{part} in:\n{text}");
        }
    }

    #[test]
    fn the_default_is_marked_and_ids_can_be_copied() {
        let device = DeviceListing {
            id: "ci".into(),
            name: "CI sink".into(),
            is_default: true,
            rates: vec![44_100, 48_000],
            channels: 2,
        };
        let hosts = [HostListing {
            host: "pulseaudio".into(),
            is_default: true,
            devices: vec![device],
            problem: None,
        }];
        let text = to_text(&hosts);
        for part in ["(--audio default)", "* pulseaudio:ci", "44100 48000 Hz"] {
            assert!(text.contains(part), "{part} in:\n{text}");
        }
        assert!(!text.contains("No device"));
    }

    #[test]
    fn listing_this_machine_ends_whatever_it_has() {
        let text = to_text(&list());
        assert!(text.contains("wav:FILE"), "{text}");
    }
}
