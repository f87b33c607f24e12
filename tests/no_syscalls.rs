//! The engine step and the callback make no system call but the one that wakes the engine: the kernel itself watches, and ends the
//! process at the first that is not allowed. Locks that wait would show as well: they are futex calls that are not wakes.
#![cfg(all(target_os = "linux", target_arch = "x86_64", feature = "faults"))]
#![allow(clippy::unwrap_used, unsafe_code)]
use std::process::Command;

use chronus::audio::device::now_ns;
use chronus::audio::lead::Latency;
use chronus::audio::msg::{OutputMsg, Swap, SwapAt};
use chronus::audio::slots::{Slots, SlotsConfig, StartFade};
use chronus::dsp::{lanes::IsaChoice, transport::Transport};
use chronus::engine::msg::{EngineMsg, Load, Start};
use chronus::graph::{Env, compile, prime::PrimedGraph};
use chronus::patch::file;

/// Set in the child that runs under the kernel's watch.
const CHILD: &str = "CHRONUS_UNDER_WATCH";

fn shipped(text: &str) -> PrimedGraph {
    let patch = file::parse(text, "shipped.ron").patch.unwrap();
    let env = Env {
        rate: 48e3,
        isa: IsaChoice::Auto,
        seed: 0,
        bpm: 120.0,
    };
    let (graph, layout) = compile(&patch, &env).unwrap();
    PrimedGraph::unverified(graph, layout)
}

fn slots() -> Slots {
    let mut slots = Slots::new(&SlotsConfig {
        rate: 48e3,
        latency: Latency::Safe,
        period: 256,
        transport: Transport::new(48e3, 120.0),
        clock: now_ns,
        start: StartFade::Device,
    });
    let texts = [
        include_str!("../patches/hello.ron"),
        include_str!("../patches/texture/drone.ron"),
    ];
    for (slot, text) in texts.into_iter().enumerate() {
        let load = Load::new(shipped(text), 1 + slot as u32, Start::At(0));
        let message = EngineMsg::Load(Box::new(load));
        assert!(slots.ports[slot].send(message).is_ok());
    }
    slots
}

/// From here on this thread may only wake a futex; anything else ends the process with SIGSYS.
fn watch_this_thread() {
    let load = |offset: u32| libc::sock_filter {
        code: (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16,
        jt: 0,
        jf: 0,
        k: offset,
    };
    let unless_equal = |k: u32, jf: u8| libc::sock_filter {
        code: (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
        jt: 0,
        jf,
        k,
    };
    let end = |k: u32| libc::sock_filter {
        code: (libc::BPF_RET | libc::BPF_K) as u16,
        jt: 0,
        jf: 0,
        k,
    };
    let and = |k: u32| libc::sock_filter {
        code: (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16,
        jt: 0,
        jf: 0,
        k,
    };
    // Offsets in `seccomp_data`: the number at 0, the second argument (the futex operation) at 24. Operation 1 is the wake; the
    // mask takes the private and clock flags off.
    let mut filter = [
        load(0),
        unless_equal(libc::SYS_exit_group as u32, 1),
        end(libc::SECCOMP_RET_ALLOW),
        unless_equal(libc::SYS_futex as u32, 4),
        load(24),
        and(0x7f),
        unless_equal(libc::FUTEX_WAKE as u32, 1),
        end(libc::SECCOMP_RET_ALLOW),
        end(libc::SECCOMP_RET_KILL_PROCESS),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: plain system calls; the program outlives the second, which copies it.
    let installed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
    };
    assert!(installed, "this kernel has no system call filter");
}

fn leave(code: i32) -> ! {
    // SAFETY: ends the process without running anything else, which the filter would not allow.
    unsafe { libc::_exit(code) }
}

/// Both engines and the callback on one thread: a swap, a failover's fade and a reload among them.
fn play_watched() -> ! {
    let mut slots = slots();
    let mut out = vec![[0.0; 2]; 1_024];
    let swap = |id, to, generation| {
        OutputMsg::Swap(Swap {
            id,
            to,
            generation,
            at: SwapAt::Ready,
            fade_frames: 960,
            spill_frames: 0,
        })
    };
    now_ns();
    let spare = shipped(include_str!("../patches/bass/acid.ron"));
    let mut spare = Some(Box::new(Load::new(spare, 3, Start::Head)));
    watch_this_thread();
    for n in 0..2_000u64 {
        let hung = (1_000..1_100).contains(&n);
        for (slot, engine) in slots.engines.iter_mut().enumerate() {
            while !(hung && slot == 1) && engine.step() {}
        }
        match n {
            100 => drop(slots.output_port.send(swap(1, 1, 2)).is_ok()),
            500 => {
                if let Some(load) = spare.take() {
                    let sent = slots.ports[0].send(EngineMsg::Load(load));
                    std::mem::forget(sent);
                }
            }
            _ => {}
        }
        slots
            .output
            .fill(&mut out[..1 + (n as usize * 131) % 1_000], n * 1_000_000);
        while let Some(reply) = slots.output_port.receive() {
            std::mem::forget(reply);
        }
    }
    let callback = &slots.telemetry.callback;
    let failed_over = callback
        .failovers
        .load(std::sync::atomic::Ordering::Relaxed)
        == 1;
    leave(if failed_over && slots.output.live() == 0 {
        0
    } else {
        3
    })
}

fn run_child(test: &str, mode: &str) -> std::process::ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, mode)
        .status()
        .unwrap()
}

#[test]
fn step_and_callback_only_wake() {
    if std::env::var_os(CHILD).is_some() {
        play_watched();
    }
    let status = run_child("step_and_callback_only_wake", "play");
    assert!(status.success(), "ended by the kernel, or wrong: {status}");
}

#[test]
fn the_watch_bites() {
    if std::env::var_os(CHILD).is_some() {
        watch_this_thread();
        std::thread::yield_now();
        leave(0);
    }
    assert!(!run_child("the_watch_bites", "bite").success());
}
