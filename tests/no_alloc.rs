//! The engine step and the callback neither allocate nor free: not in a minute of play, not in a swap, a reload or an edit. The
//! allocator itself counts, in release builds too.
#![cfg(feature = "faults")]
#![allow(clippy::unwrap_used, unsafe_code)]
use std::alloc::{GlobalAlloc, System};
use std::cell::Cell;

use chronus::audio::lead::Latency;
use chronus::audio::msg::{OutputMsg, OutputReply, Swap, SwapAt};
use chronus::audio::slots::{Slots, SlotsConfig, StartFade};
use chronus::control::probe::ProbeFeed;
use chronus::dsp::{lanes::IsaChoice, transport::Transport};
use chronus::engine::msg::{Act, EngineMsg, EngineReply, Load, Start};
use chronus::engine::watch::{Levels, Tap, Watch};
use chronus::graph::{Change, Env, Layout, Snapshot, compile, prime::PrimedGraph};
use chronus::modules::spec::ParamValue;
use chronus::patch::file;

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
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        hit();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: std::alloc::Layout) {
        hit();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: std::alloc::Layout, size: usize) -> *mut u8 {
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

const PATCHES: [&str; 5] = [
    include_str!("../patches/hello.ron"),
    include_str!("../patches/bass/acid.ron"),
    include_str!("../patches/drums/beat.ron"),
    include_str!("../patches/pad/strings.ron"),
    include_str!("../patches/effects/dub.ron"),
];

/// A patch as a slot holds it.
struct Held {
    generation: u32,
    layout: Layout,
    out: usize,
    gain: usize,
}

/// Another patch for every generation, with the state that it shares with `live`, and a hundred events that came before it.
fn load(generation: u32, start: Start, live: Option<&Held>) -> (Held, EngineMsg) {
    let text = PATCHES[generation as usize % PATCHES.len()];
    let patch = file::parse(text, "shipped.ron").patch.unwrap();
    let env = Env {
        rate: 48e3,
        isa: IsaChoice::Auto,
        seed: 0,
        bpm: 120.0,
    };
    let (graph, layout) = compile(&patch, &env).unwrap();
    let out = patch.node("out").unwrap();
    let held = Held {
        generation,
        gain: patch.modules[out].spec.param("gain").unwrap(),
        out,
        layout: layout.clone(),
    };
    let snapshot = live.map_or_else(Snapshot::default, |live| {
        Snapshot::plan(&live.layout, &layout)
    });
    let load = Load::new(PrimedGraph::unverified(graph, layout), generation, start)
        .carrying(Box::new(snapshot))
        .replaying(vec![(0, held.act(3)); 100]);
    (held, EngineMsg::Load(Box::new(load)))
}

impl Held {
    /// A knob, the amount of a cable, a note, its end, in turn.
    fn act(&self, n: u64) -> Act {
        let note = |velocity| Change::Note {
            note: (36 + n % 48) as f32,
            velocity,
        };
        let change = match n % 4 {
            0 => note(0.7),
            1 => note(0.0),
            2 if n % 64 == 2 => Change::NotesOff,
            3 if n % 8 == 3 => Change::Amount {
                cable: (n as usize / 8) % 12,
                value: (n % 10) as f32 / 10.0,
            },
            _ => Change::Param {
                node: self.out,
                param: self.gain,
                value: ParamValue::Fixed(-12.0 + (n % 10) as f32),
            },
        };
        Act::Change {
            generation: self.generation,
            change,
        }
    }
}

/// Every output of a patch watched, and one of them probed.
fn watch(held: &Held, n: u64) -> (ProbeFeed, EngineMsg) {
    let text = PATCHES[held.generation as usize % PATCHES.len()];
    let patch = file::parse(text, "shipped.ron").patch.unwrap();
    let outputs: Vec<_> = (0..patch.modules.len())
        .flat_map(|node| {
            let outputs = patch.modules[node].spec.outputs.len();
            (0..outputs).map(move |port| (node, port))
        })
        .collect();
    let (node, port) = outputs[n as usize % outputs.len()];
    let taps = vec![Tap {
        node,
        port,
        gain: 0.5,
    }];
    let levels = Levels::new(held.generation, outputs.len()).into();
    let (watch, feed) = Watch::new(levels, outputs, taps);
    (ProbeFeed::new(feed), EngineMsg::Watch(watch))
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
    let mut newest = 2;
    let mut held = [1, 2].map(|generation| {
        let (held, message) = load(generation, Start::At(0), None);
        let port = &mut slots.ports[generation as usize - 1];
        assert!(port.send(message).is_ok());
        held
    });
    let mut out = vec![[0.0; 2]; 8_192];
    let (mut heard_swaps, mut failovers, mut retired) = (0, 0, 0);
    let (mut feeds, mut probed) = (Vec::new(), Vec::new());
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
        for (slot, held) in held.iter().enumerate() {
            let frame = soon + n % 64;
            let message = EngineMsg::At {
                frame,
                act: held.act(n),
                sent_ns: now,
            };
            let _ = slots.ports[slot].send(message);
        }
        match n % 50 {
            10 => {
                newest += 1;
                let start = Start::At(slots.output.frame() + 512);
                let (new, message) = load(newest, start, Some(&held[live]));
                held[standby] = new;
                assert!(slots.ports[standby].send(message).is_ok());
            }
            20 => {
                let swap = Swap {
                    id: n,
                    to: standby,
                    generation: held[standby].generation,
                    at: SwapAt::Ready,
                    fade_frames: 960,
                    spill_frames: 0,
                };
                assert!(slots.output_port.send(OutputMsg::Swap(swap)).is_ok());
            }
            30 => {
                let layout = &held[live].layout;
                let snapshot = Box::new(Snapshot::plan(layout, layout));
                let message = EngineMsg::Save { snapshot, at: soon };
                assert!(slots.ports[live].send(message).is_ok());
            }
            5 | 15 | 25 => {
                let slot = (n / 10 % 2) as usize;
                let (feed, message) = watch(&held[slot], n);
                assert!(slots.ports[slot].send(message).is_ok());
                feeds.push(feed);
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
        feeds.iter().for_each(|feed| feed.read(&mut probed));
        feeds.drain(..feeds.len().saturating_sub(4));
    }
    assert!(
        heard_swaps > 5 && retired > 5,
        "{heard_swaps} swaps, {retired} reloads"
    );
    assert!(failovers > 0, "no failover");
    assert!(probed.iter().any(|v| *v != 0.0), "the probes saw nothing");
}

#[test]
fn a_minute_of_play_with_swaps_reloads_edits_and_failovers() {
    play(60);
}
