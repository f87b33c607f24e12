//! Everything that sounds, started: engines on their threads, the callback on its device, builder and supervisor on theirs.
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use super::builder::Builder;
use super::crew::Threads;
use super::event::View;
use super::handle::{Board, Handle};
use super::meters::LiveMeters;
use super::recorder::Recorder;
use super::rig::Rig;
use super::supervisor::{Config, Supervisor, run};
use crate::audio::device::now_ns;
use crate::audio::input::{Input, InputKeeper};
use crate::audio::lead::Latency;
use crate::audio::slots::{Slots, SlotsConfig, StartFade};
use crate::audio::stream::Stream;
use crate::dsp::transport::Transport;

/// A running instrument.
pub struct Started {
    pub handle: Handle,
    /// Ends after `Command::Quit` and gives the supervisor back: while it lives the sound goes on, so that it can be faded out;
    /// dropped, it ends engines and device.
    pub supervisor: JoinHandle<Supervisor>,
}

/// Starts the instrument on a stream that was opened and is silent so far. `config.rate` is the stream's. `problem` is why the
/// stream is not the device that was asked for.
pub fn start(
    config: Config,
    latency: Latency,
    stream: Stream,
    problem: Option<String>,
) -> io::Result<Started> {
    let config = Config {
        rate: f64::from(stream.rate()),
        ..config
    };
    let slots_config = SlotsConfig {
        rate: config.rate,
        latency,
        period: stream.period(),
        transport: Transport::new(config.rate, config.bpm),
        clock: now_ns,
        start: StartFade::Device,
    };
    let mut slots = Slots::new(&slots_config);
    let scope = slots.output_port.take_scope();
    let cue = slots.output_port.take_cue();
    let tape = slots.output_port.take_tape();
    let telemetry = slots.telemetry.clone();
    let (heard, input) = (slots.telemetry.clone(), config.input.clone());
    let meters = Arc::new(LiveMeters::new(telemetry, config.rate, now_ns, scope).with_cue(cue));
    let crew = Threads::spawn(slots.engines)?;
    let rig = Rig::new(
        slots.ports,
        slots.output_port,
        slots.telemetry,
        slots_config,
        Box::new(crew),
    );
    let board = Board::new(View::default());
    let (handle, inbox) = Handle::new(board.clone(), meters.clone());
    let waker = handle.clone();
    let builder = Builder::threaded(Arc::new(move || waker.wake()))?;
    let mut output = slots.output;
    output.cue_into(stream.pair());
    stream.start(Box::new(move |out, info| output.fill(out, info.now_ns)));
    let rate = config.rate;
    let mut supervisor = Supervisor::new(config, rig, builder, board, meters.clone()).with_stream(
        stream,
        problem,
        meters.device_xruns(),
    );
    if !matches!(input, Input::Off) {
        let waker = handle.clone();
        let wake = Arc::new(move || waker.wake());
        let keeper = InputKeeper::start(input, rate as u32, heard, wake)?;
        supervisor = supervisor.with_input(keeper);
    }
    if let Some(tape) = tape {
        let waker = handle.clone();
        let recorder = Recorder::start(tape, rate, Arc::new(move || waker.wake()))?;
        supervisor = supervisor.with_recorder(recorder);
    }
    let begun = Instant::now();
    let supervisor = std::thread::Builder::new()
        .name("chronus-supervisor".into())
        .spawn(move || run(supervisor, &inbox, begun))?;
    Ok(Started { handle, supervisor })
}
