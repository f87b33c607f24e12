//! The instrument as the program holds it: a device opened by name, everything that sounds started on it, and its end.
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::audio::device::{DeviceError, DeviceSpec, Host};
use crate::audio::input::{Input, InputSpec};
use crate::audio::lead::Latency;
use crate::audio::stream::Stream;
use crate::cli::{self, LatencyName};
use crate::control::command::Command;
use crate::control::handle::Handle;
use crate::control::set::SetLogConfig;
use crate::control::start::{Started, start};
use crate::control::supervisor::{Config, Supervisor};

use super::failure::Failure;
use super::signals;
use super::sound_file;
use super::state;

/// The callback fades to silence in 30 ms; then a period, and what a busy machine adds.
const FADE_OUT: Duration = Duration::from_millis(50);

/// A running instrument.
pub struct Instrument {
    handle: Handle,
    supervisor: JoinHandle<Supervisor>,
    device: String,
    problem: Option<String>,
}

impl Instrument {
    /// Opens the device and starts every thread of the sound. Silent until a patch is loaded.
    pub fn start(args: &cli::Play) -> Result<Self, Failure> {
        args.isa
            .resolve()
            .map_err(|e| Failure::Machine(format!("--isa: {e}")))?;
        let (stream, problem) = open(&DeviceSpec {
            rate: args.rate,
            period: args.period,
            ..args.audio.clone().unwrap_or_default()
        })?;
        let (device, problem) = (stream.name(), problem.map(|e| e.to_string()));
        let input = input(args, stream.rate())?;
        let config = Config {
            input,
            isa: args.isa,
            recordings: args.recordings.clone(),
            record_bits: args.record_bits,
            sets: state::folder(args.state.as_deref()).map(|folder| SetLogConfig {
                folder: state::sets(&folder),
                fades_in: true,
            }),
            unsaved: state::folder(args.state.as_deref()).map(|folder| folder.join("unsaved")),
            ..Config::default()
        };
        let latency = match args.latency {
            LatencyName::Safe => Latency::Safe,
            LatencyName::Live => Latency::Live,
        };
        let Started { handle, supervisor } = start(config, latency, stream, problem.clone())
            .map_err(|e| Failure::Machine(format!("no thread: {e}")))?;
        Ok(Self {
            handle,
            supervisor,
            device,
            problem,
        })
    }

    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The device that was opened.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Why there is no sound, where there was no device.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Fades out, ends every thread, closes the device.
    pub fn end(self) {
        // Whatever hangs on the way does not keep the program.
        signals::deadline();
        let _ = self.handle.command(Command::Quit);
        let Ok(mut supervisor) = self.supervisor.join() else {
            return;
        };
        supervisor.rig_mut().mute(true);
        thread::sleep(FADE_OUT);
        // The set knows of the end, too.
        while supervisor.rig_mut().poll().is_some() {}
    }
}

/// Opens the device that was asked for. Where none was asked for and there is none, the null device keeps time in its place.
fn open(spec: &DeviceSpec) -> Result<(Stream, Option<DeviceError>), Failure> {
    match &spec.host {
        Host::Default => Ok(Stream::open_or_null(spec)),
        Host::Named(_) | Host::Null | Host::Wav(_) => match Stream::open(spec) {
            Ok(stream) => Ok((stream, None)),
            Err(e) => Err(unopened(&spec.host, &e)),
        },
    }
}

/// What is listened to. Without a sound device nothing is, unless it is asked for.
fn input(args: &cli::Play, rate: u32) -> Result<Input, Failure> {
    let audio = args.audio.clone().unwrap_or_default();
    let spec = match (&args.input, &audio.host) {
        (Some(spec), _) => spec.clone(),
        (None, Host::Null | Host::Wav(_)) => InputSpec::Off,
        (None, _) => InputSpec::Device(DeviceSpec {
            device: None,
            ..audio
        }),
    };
    Ok(match spec {
        InputSpec::Off => Input::Off,
        InputSpec::Device(spec) => Input::Device(spec),
        InputSpec::Wav(path) => Input::File {
            name: path.display().to_string(),
            frames: sound_file::read(&path, rate)
                .map_err(|why| Failure::Input(format!("--input: {why}")))?
                .into(),
        },
    })
}

/// A capture file in a folder that is not there is the user's mistake; any other device that fails is the machine's.
fn unopened(host: &Host, error: &DeviceError) -> Failure {
    let text = format!("--audio {error}");
    match host {
        Host::Wav(path) if path.is_dir() || !folder_of(path).is_dir() => Failure::Input(text),
        _ => Failure::Machine(text),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
