//! What there is to play on: hosts and devices, for `chronus devices`. Asks every host, so it may take a moment.
use std::sync::mpsc::channel;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{HostId, SupportedStreamConfigRange};

use super::cpal_device::short_name;
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
                channels: device
                    .default_output_config()
                    .map_or(2, |config| config.channels()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listing_this_machine_ends_and_names_every_host_once() {
        let hosts = list();
        for (n, host) in hosts.iter().enumerate() {
            assert!(
                hosts[..n].iter().all(|other| other.host != host.host),
                "{} twice",
                host.host
            );
            assert!(host.problem.is_none() || host.devices.is_empty());
        }
        assert!(hosts.iter().filter(|host| host.is_default).count() <= 1);
    }

    #[test]
    fn of_a_range_the_common_rates_are_listed_and_of_points_all() {
        let offer = |low, high| {
            let buffer = cpal::SupportedBufferSize::Unknown;
            SupportedStreamConfigRange::new(2, low, high, buffer, cpal::SampleFormat::F32)
        };
        assert_eq!(
            rates(&[offer(8_000, 96_000)]),
            [44_100, 48_000, 88_200, 96_000]
        );
        assert_eq!(
            rates(&[offer(48_000, 48_000), offer(32_000, 32_000)]),
            [32_000, 48_000]
        );
        assert!(rates(&[]).is_empty());
    }
}
