//! `chronus devices`: what there is to play on, as `--audio` takes it.
use std::fmt::Write;

use crate::audio::device::HOSTS;
use crate::audio::device_list::{DeviceListing, HostListing, list};
use crate::midi;

use super::failure::{Failure, print};

/// The verb.
pub fn run() -> Result<(), Failure> {
    print(&(page(&list()) + &ports(midi::available())))
}

fn page(hosts: &[HostListing]) -> String {
    let mut page = String::new();
    for host in hosts {
        let mark = if host.is_default { "  (default)" } else { "" };
        let _ = writeln!(page, "{}{mark}", host.host);
        if let Some(problem) = &host.problem {
            let _ = writeln!(page, "  {problem}");
        } else if host.devices.is_empty() {
            let _ = writeln!(page, "  no devices");
        }
        for device in &host.devices {
            let _ = writeln!(page, "  {}", line(&host.host, device));
        }
    }
    if !hosts.iter().any(|host| host.is_default) {
        page += "No device can play here: without --audio the sound runs on the null device, in time and unheard.\n";
    }
    for info in HOSTS
        .iter()
        .filter(|info| hosts.iter().all(|host| host.host != info.name))
    {
        if let Some(feature) = info.feature {
            let _ = writeln!(
                page,
                "{}\n  not in this build (--features {feature})",
                info.name
            );
        }
    }
    page + "null\n  advances in real time and sounds nowhere\nwav:FILE\n  writes what a device would have heard\n"
}

/// MIDI, as `--midi` takes it.
fn ports(found: Result<(Vec<String>, Vec<String>), String>) -> String {
    let (inputs, outputs) = match found {
        Ok(found) => found,
        Err(why) => return format!("MIDI\n  {why}\n"),
    };
    let mut page = "MIDI\n".to_owned();
    if inputs.is_empty() && outputs.is_empty() {
        page += "  no ports\n";
    }
    for name in inputs {
        let _ = writeln!(page, "  --midi \"{name}\"  in");
    }
    for name in outputs {
        let _ = writeln!(page, "  --midi \"{name}\" --midi-clock out");
    }
    page
}

fn line(host: &str, device: &DeviceListing) -> String {
    let mark = if device.is_default { " (default)" } else { "" };
    let rates: Vec<String> = device.rates.iter().map(u32::to_string).collect();
    format!(
        "--audio {host}:{}{mark}  {}, {} channels, {} Hz",
        device.id,
        device.name,
        device.channels,
        rates.join(" ")
    )
}
