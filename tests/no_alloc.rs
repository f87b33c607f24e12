//! The engine step and the callback neither allocate nor free: not in a minute of play, not in a swap, a reload or an edit. The
//! allocator itself counts, in release builds too.
#![cfg(feature = "faults")]
#![allow(clippy::unwrap_used, unsafe_code)]
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use chronus::audio::lead::Latency;
use chronus::audio::msg::{OutputMsg, OutputReply, Swap, SwapAt};
use chronus::audio::slots::{Slots, SlotsConfig, StartFade};
use chronus::dsp::{StereoBlock, transport::Transport};
use chronus::engine::msg::{Act, EngineMsg, EngineReply, Load, Start};
use chronus::graph::{self, Block, Change, Core, Graph, Snapshot, prime::PrimedGraph};
use chronus::modules::spec::ParamValue;

thread_local! {
    static ARMED: Cell<bool> = const { Cell::new(false) };
    static HITS: Cell<u32> = const { Cell::new(0) };
}

struct Counting;

fn hit() {
    // A thread that ends has no cells any more; it is not one of those that are watched.
    if ARMED.try_with(Cell::get).unwrap_or(false) {
        HITS.set(HITS.get() + 1);
    }
}

// SAFETY: forwards every call unchanged to `System`; counting touches const-initialised cells only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        hit();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        hit();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        hit();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Runs what must not allocate.
fn realtime<T>(what: &str, work: impl FnOnce() -> T) -> T {
    HITS.set(0);
    ARMED.set(true);
    let out = work();
    ARMED.set(false);
    assert_eq!(HITS.get(), 0, "{what} allocated or freed");
    out
}

#[test]
#[should_panic(expected = "allocated or freed")]
fn the_count_counts() {
    realtime("a vector", || std::hint::black_box(vec![0u8; 16]));
}

/// A tone that parameters scale; state that can be carried.
struct Tone {
    hz: f64,
    level: f32,
}

impl Core for Tone {
    fn render(&mut self, block: &Block<'_>, out: &mut StereoBlock) {
        for event in block.events {
            if let Change::Param {
                value: ParamValue::Fixed(value),
                ..
            } = event.change
            {
                self.level = value;
            }
        }
        for (i, frame) in out.iter_mut().enumerate() {
            let phase = ((block.frame + i as u64) as f64 * self.hz / 48e3).fract();
            *frame = [self.level * (phase * std::f64::consts::TAU).sin() as f32; 2];
        }
    }
    fn set_now(&mut self, _: usize, _: usize, _: ParamValue) {}
    fn test_note(&mut self, _: Option<f32>) {}
    fn reset(&mut self) {}
    fn save(&self, _: &mut Snapshot) {}
    fn restore(&mut self, _: &Snapshot) {}
}

fn load(hz: f64, generation: u32, start: Start) -> EngineMsg {
    let graph = Graph::new(Box::new(Tone { hz, level: 0.5 }));
    let primed = PrimedGraph::unverified(graph, graph::Layout::default());
    let snapshot = Box::<Snapshot>::default();
    let load = Load::new(primed, generation, start)
        .carrying(snapshot)
        .replaying(vec![(0, act(generation, 0.4)); 100]);
    EngineMsg::Load(Box::new(load))
}

fn act(generation: u32, value: f32) -> Act {
    Act::Change {
        generation,
        change: Change::Param {
            node: 0,
            param: 0,
            value: ParamValue::Fixed(value),
        },
    }
}

/// The seconds are those of the timeline.
fn play(seconds: u64) {
    let mut slots = Slots::new(&SlotsConfig {
        rate: 48e3,
        latency: Latency::Safe,
        period: 256,
        transport: Transport::new(48e3, 120.0),
        clock: || 0,
        start: StartFade::Device,
    });
    let mut scope = slots.output_port.take_scope().unwrap();
    let mut generations = [1, 2];
    let mut newest = 2;
    for (slot, generation) in generations.into_iter().enumerate() {
        let message = load(220.0 + 110.0 * slot as f64, generation, Start::At(0));
        assert!(slots.ports[slot].send(message).is_ok());
    }
    let mut out = vec![[0.0; 2]; 8_192];
    let (mut heard_swaps, mut failovers, mut retired) = (0, 0, 0);
    let mut hung = [0u32; 2];
    let (mut n, mut now) = (0u64, 0u64);
    while slots.output.frame() < seconds * 48_000 {
        n += 1;
        let frames = match n % 97 {
            0 => 8_192,
            k => 1 + (k as usize * 131) % 700,
        };
        let live = slots.output.live();
        let standby = 1 - live;
        let soon = slots.telemetry.soon();
        for (slot, generation) in generations.into_iter().enumerate() {
            let frame = soon + n % 64;
            let message = EngineMsg::At {
                frame,
                act: act(generation, 0.3 + (n % 10) as f32 * 0.01),
                sent_ns: now,
            };
            let _ = slots.ports[slot].send(message);
        }
        match n % 50 {
            10 => {
                newest += 1;
                generations[standby] = newest;
                let start = Start::At(slots.output.frame() + 512);
                let message = load(200.0 + (n % 7) as f64 * 50.0, newest, start);
                assert!(slots.ports[standby].send(message).is_ok());
            }
            20 => {
                let swap = Swap {
                    id: n,
                    to: standby,
                    generation: generations[standby],
                    at: SwapAt::Ready,
                    fade_frames: 960,
                };
                assert!(slots.output_port.send(OutputMsg::Swap(swap)).is_ok());
            }
            30 => {
                let snapshot = Box::<Snapshot>::default();
                let message = EngineMsg::Save { snapshot, at: soon };
                assert!(slots.ports[live].send(message).is_ok());
            }
            35 if n % 500 == 35 => hung[live] = 40,
            40 => {
                let on = n % 100 == 40;
                assert!(slots.output_port.send(OutputMsg::Mute(on)).is_ok());
            }
            45 => {
                let (writer, feed) = slots.ports[standby].ring();
                let attach = OutputMsg::Attach {
                    slot: standby,
                    feed,
                };
                assert!(slots.output_port.send(attach).is_ok());
                let message = EngineMsg::Attach(writer);
                assert!(slots.ports[standby].send(message).is_ok());
            }
            _ => {}
        }
        realtime("an engine's step", || {
            for (engine, hung) in slots.engines.iter_mut().zip(&mut hung) {
                while *hung == 0 && engine.step() {}
                *hung = hung.saturating_sub(1);
            }
        });
        realtime("the callback", || {
            slots.output.fill(&mut out[..frames], now);
        });
        now += frames as u64 * 1_000_000_000 / 48_000;
        while let Some(reply) = slots.output_port.receive() {
            match reply {
                OutputReply::Swapped { .. } => heard_swaps += 1,
                OutputReply::Failover { .. } => failovers += 1,
                _ => {}
            }
        }
        for port in &mut slots.ports {
            while let Some(reply) = port.receive() {
                retired += u32::from(matches!(reply, EngineReply::Retired(_)));
            }
        }
        ringbuf::traits::Consumer::clear(&mut scope);
    }
    assert!(
        heard_swaps > 5 && retired > 5,
        "{heard_swaps} swaps, {retired} reloads"
    );
    assert!(failovers > 0, "no failover");
}

#[test]
fn a_minute_of_play_with_swaps_reloads_edits_and_failovers() {
    play(60);
}
