//! What talks to the instrument from outside while it plays: OSC and MIDI, started as the command line asks. Run by the main thread.
use std::net::{Ipv4Addr, SocketAddr};

use crate::cli::{self, MidiClock, OscBind};
use crate::control::handle::Handle;
use crate::midi::{self, Midi};
use crate::osc::{Folders, Server};
use crate::tui;

use super::complain::complain;
use super::failure::Failure;
use super::first_patch::FirstPatch;

/// Where OSC is listened for unless told otherwise: the predecessor's port, on loopback.
const OSC_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5005);

/// Starts OSC, or says why not. The usual port taken by another program is no reason not to play.
pub fn listen(args: &cli::Play, patch: &FirstPatch, handle: &Handle) -> Result<Osc, Failure> {
    let address = match args.osc {
        Some(OscBind::Off) => return Ok(Osc::Off),
        Some(OscBind::At(address)) => address,
        None => OSC_DEFAULT,
    };
    let folders = Folders {
        patches: patch.folders().swap_remove(0),
        recordings: args.recordings.clone(),
    };
    match Server::start(address, folders, handle.clone()) {
        Ok(server) => {
            let bound = server.address();
            if args.headless || address.port() == 0 {
                complain(format_args!("osc {bound}"));
            }
            Ok(Osc::On(server))
        }
        Err(e) if args.osc.is_none() => Ok(Osc::Problem(format!("OSC is off: {address}: {e}"))),
        Err(e) => Err(Failure::Machine(format!("--osc {address}: {e}"))),
    }
}

pub enum Osc {
    Off,
    On(#[allow(dead_code)] Server),
    Problem(String),
}

/// MIDI, unless it is not wanted. Where there is none the ports are looked for again and again.
pub fn start_midi(args: &cli::Play, handle: &Handle) -> Result<Option<Midi>, Failure> {
    let wanted = match args.midi.as_str() {
        "off" => return Ok(None),
        "all" => midi::Wanted::All,
        name => midi::Wanted::Named(name.to_owned()),
    };
    let options = midi::Options {
        wanted,
        clock: match args.midi_clock {
            MidiClock::Off => midi::Clock::Off,
            MidiClock::In => midi::Clock::In,
            MidiClock::Out => midi::Clock::Out,
        },
        memory: tui::config_folder().map(|folder| folder.join("midi.ron")),
    };
    let midi = Midi::start(options, handle.clone());
    midi.map(Some)
        .map_err(|e| Failure::Machine(format!("--midi: {e}")))
}
