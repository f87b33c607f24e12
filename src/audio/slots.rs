//! Makes both slots with the output between them. All allocation is here; what runs is moved to its threads afterwards.
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::fade::Fader;
use super::guard::Guard;
use super::inlet::{Inlet, Timing};
use super::lead::{Latency, LeadPolicy, failover_fade};
use super::levels::{Correlation, Meter, StreamMeter};
use super::msg::{OutputMsg, OutputReply, QUEUE};
use super::output::Output;
use super::reader::Reader;
use super::tape::{TapeOut, tape};
use super::voice::Voice;
use super::watermark::Watermark;
use crate::dsp::transport::Transport;
use crate::engine::block::Feed;
use crate::engine::port::{EnginePort, engine};
use crate::engine::telemetry::Telemetry;
use crate::engine::{Clock, Engine};

/// Frames that the scope's reader may leave unread: a third of a second at 48 kHz.
const SCOPE_FRAMES: usize = 16_384;
/// The first fade-in on a device.
const START_SECONDS: f64 = 0.300;

/// What both slots and the output are made for.
#[derive(Clone, Copy, Debug)]
pub struct SlotsConfig {
    /// Frames a second.
    pub rate: f64,
    pub latency: Latency,
    /// Frames that the device is expected to ask for.
    pub period: u32,
    /// Where the music starts.
    pub transport: Transport,
    pub clock: Clock,
    pub start: StartFade,
}

/// Whether the very first sound is faded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartFade {
    /// 300 ms, and again when a device comes back: loudspeakers.
    Device,
    /// Files hold what was played, from the first frame.
    Offline,
}

/// Both slots, ready to be moved to their threads.
pub struct Slots {
    pub engines: [Engine; 2],
    pub ports: [EnginePort; 2],
    pub output: Output,
    pub output_port: OutputPort,
    pub telemetry: Arc<Telemetry>,
}

/// The supervisor's end of the output.
pub struct OutputPort {
    messages: HeapProd<OutputMsg>,
    replies: HeapCons<OutputReply>,
    /// What was sent to the device: for one reader.
    scope: Option<HeapCons<[f32; 2]>>,
    cue: Option<HeapCons<[f32; 2]>>,
    tape: Option<TapeOut>,
}

impl OutputPort {
    /// Hands a message over; it comes back where the queue is full.
    pub fn send(&mut self, message: OutputMsg) -> Result<(), OutputMsg> {
        self.messages.try_push(message)
    }

    pub fn receive(&mut self) -> Option<OutputReply> {
        self.replies.try_pop()
    }

    /// The frames sent to the device, for the one who takes this first. Unread they are missed, and counted.
    pub fn take_scope(&mut self) -> Option<HeapCons<[f32; 2]>> {
        self.scope.take()
    }

    /// The frames of the slot that is not heard, while [`OutputMsg::Cue`] asks for them; for the one who takes this first.
    pub fn take_cue(&mut self) -> Option<HeapCons<[f32; 2]>> {
        self.cue.take()
    }

    /// Every frame sent to the device, for the one who records.
    pub fn take_tape(&mut self) -> Option<TapeOut> {
        self.tape.take()
    }
}

impl Slots {
    pub fn new(config: &SlotsConfig) -> Self {
        let telemetry = Arc::new(Telemetry::default());
        let make = |slot| engine(slot, telemetry.clone(), config.clock, config.transport);
        let (engine_a, port_a, feed_a) = make(0);
        let (engine_b, port_b, feed_b) = make(1);
        let (output, output_port) = output(config, telemetry.clone(), [feed_a, feed_b]);
        Self {
            engines: [engine_a, engine_b],
            ports: [port_a, port_b],
            output,
            output_port,
            telemetry,
        }
    }
}

/// Another engine for a slot whose own hangs: its port, and the ring's end that goes to the callback in [`OutputMsg::Attach`].
pub fn spare_engine(
    slot: usize,
    config: &SlotsConfig,
    telemetry: Arc<Telemetry>,
) -> (Engine, EnginePort, Box<Feed>) {
    engine(slot, telemetry, config.clock, config.transport)
}

fn output(
    config: &SlotsConfig,
    telemetry: Arc<Telemetry>,
    feeds: [Box<Feed>; 2],
) -> (Output, OutputPort) {
    let (to_output, messages) = HeapRb::new(QUEUE).split();
    let (replies, from_output) = HeapRb::new(QUEUE).split();
    let (scope_in, scope_out) = HeapRb::new(SCOPE_FRAMES).split();
    let (cue_in, cue_out) = HeapRb::new(SCOPE_FRAMES).split();
    let (tape_in, tape_out) = tape();
    let rate = config.rate as f32;
    let lead = LeadPolicy::new(config.rate, config.latency, config.period);
    telemetry.timeline.lead.store(lead.lead(), Relaxed);
    let start_frames = match config.start {
        StartFade::Device => (START_SECONDS * config.rate) as u32,
        StartFade::Offline => 0,
    };
    let output = Output {
        telemetry,
        messages,
        replies,
        scope: scope_in,
        cue: cue_in,
        cueing: false,
        pair: None,
        tape: tape_in,
        rate: config.rate,
        clock: config.clock,
        readers: feeds.map(Reader::new),
        voices: [Voice::silent(), Voice::silent()],
        meters: [Meter::new(rate), Meter::new(rate)],
        correlation: Correlation::new(rate),
        watermarks: [Watermark::new(config.rate), Watermark::new(config.rate)],
        frame: 0,
        turned: false,
        live: 0,
        heard: false,
        weight: Fader::settled(0.0),
        rho: 0.0,
        rho_given: None,
        fade_end: None,
        spill: None,
        armed: None,
        net: true,
        held_until: 0,
        none_frames: 0,
        tick: 0,
        now_ns: 0,
        last: None,
        lead,
        input: Inlet::new(match config.start {
            StartFade::Device => Timing::Drifting,
            StartFade::Offline => Timing::Exact,
        }),
        guard: Guard::new(rate),
        mute: Fader::settled(1.0),
        resume: Fader::settled(1.0),
        meter: StreamMeter::new(rate),
        fade_frames: failover_fade(config.rate),
        start_frames,
    };
    let port = OutputPort {
        messages: to_output,
        replies: from_output,
        scope: Some(scope_out),
        cue: Some(cue_out),
        tape: Some(tape_out),
    };
    (output, port)
}

impl Slots {
    /// Lock step: lets both engines render until their rings hold the lead, as their threads would between two callbacks.
    /// True where one of them did anything.
    pub fn step_engines(&mut self) -> bool {
        let mut did = false;
        for engine in &mut self.engines {
            while engine.step() {
                did = true;
            }
        }
        did
    }

    /// Lock step: the engines' turn, then the host's.
    pub fn fill(&mut self, out: &mut [[f32; 2]], now_ns: u64) {
        self.step_engines();
        self.output.fill(out, now_ns);
    }

    /// True where a reply waits in any port.
    pub fn has_replies(&self) -> bool {
        !self.output_port.replies.is_empty() || self.ports.iter().any(EnginePort::has_replies)
    }
}
