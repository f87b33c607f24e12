//! What the system has of MIDI: its ports, or why none can be seen.
use std::panic::catch_unwind;
use std::path::Path;

use midir::{Ignore, MidiInput, MidiOutput};

pub const CLIENT: &str = "chronus";
/// Without an ALSA sequencer its library complains at every try.
const SEQUENCER: &str = "/dev/snd/seq";

/// Names of the input and output ports that there are, or why none can be seen.
pub fn available() -> Result<(Vec<String>, Vec<String>), String> {
    let (input, output) = (input()?, output()?);
    let inputs = input
        .ports()
        .iter()
        .filter_map(|p| input.port_name(p).ok())
        .collect();
    let outputs = output
        .ports()
        .iter()
        .filter_map(|p| output.port_name(p).ok())
        .collect();
    Ok((inputs, outputs))
}

fn there() -> Result<(), String> {
    let alsa = cfg!(all(target_os = "linux", not(feature = "jack")));
    match alsa && !Path::new(SEQUENCER).exists() {
        true => Err(format!("there is no ALSA sequencer ({SEQUENCER})")),
        false => Ok(()),
    }
}

pub fn input() -> Result<MidiInput, String> {
    there()?;
    // The library panics where a system refuses what it does not expect.
    let mut input = catch_unwind(|| MidiInput::new(CLIENT))
        .map_err(|_| "the MIDI system failed".to_owned())?
        .map_err(|e| e.to_string())?;
    input.ignore(Ignore::Sysex | Ignore::ActiveSense);
    Ok(input)
}

pub fn output() -> Result<MidiOutput, String> {
    there()?;
    catch_unwind(|| MidiOutput::new(CLIENT))
        .map_err(|_| "the MIDI system failed".to_owned())?
        .map_err(|e| e.to_string())
}
