//! The same objects on threads of their own: nothing is torn, lost or repeated, and a sleeping engine is always woken.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chronus::audio::slots::{Slots, SlotsConfig, StartFade};
use chronus::engine::block::{Block, ring};
use chronus::engine::msg::{EngineMsg, Load, Start};
use chronus::engine::thread::EngineThread;
use chronus::engine::wake::Waker;

use crate::cores::{count, hash, of};
use crate::rig::{alone, config, guarded, primed};

/// Blocks that go through the ring: 10^8 frames; ten times as many with `--ignored`.
fn soak(blocks: u64) {
    let (mut writer, mut feed) = ring(Arc::default());
    let producer = std::thread::spawn(move || {
        for n in 0..blocks {
            let mut block = Block {
                generation: n as u32,
                first_frame: n * 64,
                ..Block::SILENCE
            };
            block.frames = [[n as f32, -(n as f32)]; 64];
            while writer.is_full() {
                std::thread::yield_now();
            }
            assert!(writer.push(block));
        }
    });
    for n in 0..blocks {
        let block = loop {
            match feed.pop() {
                Some(block) => break block,
                None => std::thread::yield_now(),
            }
        };
        assert_eq!((block.generation, block.first_frame), (n as u32, n * 64));
        assert!(
            block.frames.iter().all(|f| *f == [n as f32, -(n as f32)]),
            "torn"
        );
    }
    producer.join().unwrap();
    assert!(feed.is_empty());
}

#[test]
fn a_hundred_million_frames_go_through_a_ring_whole_and_in_order() {
    soak(100_000_000 / 64);
}

#[test]
#[ignore = "long"]
fn a_billion_frames_go_through_a_ring_whole_and_in_order() {
    soak(1_000_000_000 / 64);
}

/// A lost wake-up would leave both sides waiting for each other: there is no net under this one.
#[test]
fn no_wake_up_is_lost() {
    const TURNS: u64 = 20_000;
    let (waker, done) = (Arc::new(Waker::default()), Arc::new(AtomicBool::new(false)));
    let (asked, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let sleeper = {
        let (waker, asked, answered, done) =
            (waker.clone(), asked.clone(), answered.clone(), done.clone());
        std::thread::spawn(move || {
            waker.attach_current_thread();
            while !done.load(Ordering::Relaxed) {
                // As an engine: looks whether there is something to do, sleeps else.
                let ask = asked.load(Ordering::Relaxed);
                if ask == answered.load(Ordering::Relaxed) {
                    std::thread::park();
                } else {
                    answered.store(ask, Ordering::Relaxed);
                }
            }
        })
    };
    // Before the sleeper has said who it is nobody can wake it; the engines' net covers that, here it is waited for.
    std::thread::sleep(Duration::from_millis(20));
    let deadline = Instant::now() + Duration::from_secs(60);
    for turn in 1..=TURNS {
        asked.store(turn, Ordering::Relaxed);
        waker.wake();
        while answered.load(Ordering::Relaxed) != turn {
            assert!(Instant::now() < deadline, "asleep at turn {turn}");
            std::thread::yield_now();
        }
    }
    done.store(true, Ordering::Relaxed);
    waker.wake();
    sleeper.join().unwrap();
}

/// A device that takes what there is, as fast as there is any: what it gets is the straight render to the bit.
#[test]
fn engines_on_threads_play_the_straight_render() {
    let mut slots = Slots::new(&SlotsConfig {
        start: StartFade::Offline,
        ..config()
    });
    for (slot, core) in [(0, 1u64), (1, 2)] {
        let load = Load::new(primed(hash(core, 0.5)), core as u32, Start::At(0));
        let message = EngineMsg::Load(Box::new(load));
        assert!(slots.ports[slot].send(message).is_ok());
    }
    let threads = slots
        .engines
        .map(|engine| EngineThread::spawn(engine).unwrap());
    let telemetry = slots.telemetry.clone();
    let mut heard = Vec::new();
    let mut piece = vec![[0.0; 2]; 1_024];
    let (mut now, mut n) = (0, 0);
    let deadline = Instant::now() + Duration::from_secs(120);
    while heard.len() < 2_000_000 {
        n += 1;
        let frames = 1 + (n * 577) % 700;
        // The lead's policy is told a steady host; the engines are waited for, so that no machine is too slow for this.
        let wanted = telemetry.frame() + frames as u64 + 900;
        while (0..2).any(|s| telemetry.slots[s].head.load(Ordering::Relaxed) < wanted) {
            assert!(Instant::now() < deadline, "waited for {wanted}");
            std::thread::yield_now();
        }
        now += frames as u64 * 1_000_000_000 / 48_000;
        slots.output.fill(&mut piece[..frames], now);
        heard.extend_from_slice(&piece[..frames]);
        while slots.output_port.receive().is_some() {}
    }
    for thread in threads {
        assert!(matches!(thread.stop(Duration::from_secs(10)), Ok(Some(_))));
    }
    let callback = &telemetry.callback;
    assert_eq!(callback.discontinuities.load(Ordering::Relaxed), 0);
    assert_eq!(callback.standby_late.load(Ordering::Relaxed), 0);
    let silent = heard.len() - telemetry.frame() as usize;
    let straight = guarded(alone(hash(1, 0.5), 0, telemetry.frame() as usize));
    // Before the first block has come there is nothing to play.
    assert!(heard[silent + 64..] == straight[64..]);
}

#[test]
fn a_thread_that_hangs_is_kept_aside_and_comes_back_later() {
    let release = Arc::new(AtomicBool::new(false));
    let mut slots = Slots::new(&config());
    let held = release.clone();
    let stuck = of(move |_| {
        while !held.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        0.0
    });
    let load = Load::new(primed(stuck), 1, Start::At(0));
    assert!(slots.ports[0].send(EngineMsg::Load(Box::new(load))).is_ok());
    let [engine, _] = slots.engines;
    let thread = EngineThread::spawn(engine).unwrap();
    let telemetry = &slots.telemetry.slots[0];
    let deadline = Instant::now() + Duration::from_secs(10);
    while telemetry.steps.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    let Err(quarantined) = thread.stop(Duration::from_millis(50)) else {
        panic!("it ended");
    };
    release.store(true, Ordering::Relaxed);
    let mut waiting = Some(quarantined);
    while let Some(quarantined) = waiting.take() {
        match quarantined.recover() {
            Ok(engine) => assert!(engine.is_some()),
            Err(again) => waiting = Some(again),
        }
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
}

#[test]
fn frames_of_a_count_are_heard_in_order() {
    let mut rig = crate::rig::Rig::new();
    rig.load(0, count(), Start::At(0));
    rig.run(400, 333);
    let heard = &rig.heard[64..];
    for (n, frame) in heard.iter().enumerate() {
        assert_eq!((frame[0].abs() * (1u32 << 24) as f32) as usize, n);
    }
}
