//! Both engines and the output in lock step on one thread, with a scripted clock.
use chronus::audio::guard::Guard;
use chronus::audio::lead::Latency;
use chronus::audio::msg::{OutputMsg, OutputReply, Swap, SwapAt};
use chronus::audio::slots::{Slots, SlotsConfig, StartFade};
use chronus::dsp::{BLOCK, StereoBlock, transport::Transport};
use chronus::engine::msg::{Act, EngineMsg, EngineReply, Load, Start};
use chronus::graph::{self, Change, Core, Graph, Layout, prime::PrimedGraph};
use std::sync::atomic::Ordering::Relaxed;

pub const RATE: f64 = 48_000.0;

pub fn config() -> SlotsConfig {
    SlotsConfig {
        rate: RATE,
        latency: Latency::Safe,
        period: 256,
        transport: Transport::new(RATE, 120.0),
        clock: || 0,
        start: StartFade::Offline,
    }
}

pub struct Rig {
    pub slots: Slots,
    pub now_ns: u64,
    pub heard: Vec<[f32; 2]>,
    pub engine_replies: [Vec<EngineReply>; 2],
    pub output_replies: Vec<OutputReply>,
    /// Engines that are not given their turn: they hang.
    pub hung: [bool; 2],
    generation: u32,
    swaps: u64,
}

impl Rig {
    pub fn new() -> Self {
        Self::with(&config())
    }

    /// For a host that asks for this many frames: it is prepared for them from the first callback on.
    pub fn for_period(period: usize) -> Self {
        Self::with(&SlotsConfig {
            period: period as u32,
            ..config()
        })
    }

    pub fn with(config: &SlotsConfig) -> Self {
        Self {
            slots: Slots::new(config),
            now_ns: 0,
            heard: Vec::new(),
            engine_replies: [const { Vec::new() }; 2],
            output_replies: Vec::new(),
            hung: [false; 2],
            generation: 0,
            swaps: 0,
        }
    }

    /// Loads a graph and returns its generation.
    pub fn load(&mut self, slot: usize, core: impl Core + 'static, start: Start) -> u32 {
        self.generation += 1;
        let load = Load::new(primed(core), self.generation, start);
        self.send(slot, EngineMsg::Load(Box::new(load)));
        self.generation
    }

    pub fn send(&mut self, slot: usize, message: EngineMsg) {
        assert!(self.slots.ports[slot].send(message).is_ok(), "queue full");
    }

    pub fn tell(&mut self, message: OutputMsg) {
        assert!(self.slots.output_port.send(message).is_ok(), "queue full");
    }

    pub fn swap(&mut self, to: usize, generation: u32, at: SwapAt, fade_frames: u32) -> u64 {
        self.swaps += 1;
        let id = self.swaps;
        self.tell(OutputMsg::Swap(Swap {
            id,
            to,
            generation,
            at,
            fade_frames,
            spill_frames: 0,
        }));
        id
    }

    pub fn step_engines(&mut self) {
        for (engine, hung) in self.slots.engines.iter_mut().zip(self.hung) {
            while !hung && engine.step() {}
        }
        for (port, replies) in self.slots.ports.iter_mut().zip(&mut self.engine_replies) {
            while let Some(reply) = port.receive() {
                replies.push(reply);
            }
        }
    }

    /// One callback, without giving the engines their turn; time passes as it would.
    pub fn callback(&mut self, frames: usize) {
        let from = self.heard.len();
        self.heard.resize(from + frames, [f32::NAN; 2]);
        self.slots.output.fill(&mut self.heard[from..], self.now_ns);
        while let Some(reply) = self.slots.output_port.receive() {
            self.output_replies.push(reply);
        }
    }

    pub fn pass(&mut self, frames: usize) {
        self.now_ns += (frames as f64 / RATE * 1e9) as u64;
    }

    /// The engines' turn, a callback, and its time.
    pub fn run(&mut self, callbacks: usize, frames: usize) {
        for _ in 0..callbacks {
            self.step_engines();
            self.callback(frames);
            self.pass(frames);
        }
    }

    pub fn frame(&self) -> u64 {
        self.slots.telemetry.frame()
    }

    pub fn none_frames(&self) -> u64 {
        let count = |slot: usize| self.slots.telemetry.slots[slot].none_frames.load(Relaxed);
        count(0) + count(1)
    }

    /// What must never be, and what was not meant to be.
    pub fn assert_unbroken(&self) {
        let t = &self.slots.telemetry;
        assert_eq!(
            t.callback.discontinuities.load(Relaxed),
            0,
            "discontinuities"
        );
        assert_eq!(self.none_frames(), 0, "none-reads");
        assert_eq!(t.callback.standby_late.load(Relaxed), 0, "standby late");
        assert_eq!(t.late_events(), 0, "late events");
        assert_eq!(t.callback.untold.load(Relaxed), 0, "untold");
    }
}

pub fn primed(core: impl Core + 'static) -> PrimedGraph {
    PrimedGraph::unverified(Graph::new(Box::new(core)), Layout::default())
}

/// A graph rendered alone from `start` on, for so many frames.
pub fn alone(mut core: impl Core, start: u64, frames: usize) -> Vec<[f32; 2]> {
    let mut out = Vec::new();
    while out.len() < frames {
        let mut block: StereoBlock = [[0.0; 2]; BLOCK];
        let work = graph::Block::plain(start + out.len() as u64, Transport::new(RATE, 120.0));
        core.render(&work, &mut block);
        out.extend(block);
    }
    out.truncate(frames);
    out
}

/// Through the guard in one go.
pub fn guarded(mut frames: Vec<[f32; 2]>) -> Vec<[f32; 2]> {
    Guard::new(RATE as f32).process(&mut frames);
    frames
}

/// Largest difference, in dBFS.
pub fn residual(a: &[[f32; 2]], b: &[[f32; 2]]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.as_flattened().iter().zip(b.as_flattened());
    let worst = pairs
        .map(|(a, b)| f64::from((a - b).abs()))
        .fold(0.0, f64::max);
    20.0 * worst.max(1e-12).log10()
}

pub fn param(generation: u32, value: f32) -> Act {
    Act::Change {
        generation,
        change: Change::Param {
            node: 0,
            param: 0,
            value: chronus::modules::spec::ParamValue::Fixed(value),
        },
    }
}
