//! What sound costs: it grows with what there is and with nothing else, silence is not dearer than sound, an edit is ready before
//! anybody can hear that it took time, a swap is no work for the audio thread, and the whole is small. CPU time of this thread, the
//! least of several runs, where nothing else is said; release builds only.
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chronus::audio::lead::Latency;
use chronus::audio::msg::{OutputMsg, OutputReply, Swap, SwapAt};
use chronus::audio::slots::{Slots, SlotsConfig, StartFade};
use chronus::dsp::denormals::flush_to_zero;
use chronus::dsp::lanes::IsaChoice;
use chronus::dsp::{BLOCK, cpu, transport::Transport};
use chronus::engine::msg::{EngineMsg, Load, Start};
use chronus::graph::prime::Proof;
use chronus::graph::{Block, Change, Env, Graph, GraphEvent, PrimeSpec, Snapshot, compile, prime};
use chronus::patch::PrimeMode;
use chronus::patch::file::parse;

const RATE: f32 = 48_000.0;
const RUNS: usize = 15;

const VOICES: &str = r#"(name: "edit", voices: 64, modules: (keys: Keys(), osc: Saw(), env: Adsr(a: "2ms", d: "20s", r: "300ms"),
    flt: Svf(cutoff: "800Hz", q: 2), vca: Vca(), out: Out(gain: "-24dB")), cables: ["keys.pitch > osc.freq", "keys.gate > env.gate",
    "env > vca.cv", "env > flt.cutoff * 3oct", "osc > flt > vca > out"])"#;

fn graph(text: &str) -> Graph {
    let parsed = parse(text, "cost");
    let patch = parsed.patch.as_ref().expect("it is right");
    let env = Env {
        rate: RATE,
        isa: IsaChoice::Avx2.resolve().unwrap_or(IsaChoice::Plain),
        seed: 1,
        bpm: 120.0,
    };
    compile(patch, &env).expect("it compiles").0
}

/// One figure at a time: what runs beside it on the same core would be in it.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The least time of `work`, in seconds. What it made is thrown away later.
fn least<T>(mut work: impl FnMut() -> T) -> f64 {
    let times = (0..RUNS).map(|_| {
        let start = cpu::seconds();
        let made = work();
        let time = cpu::seconds() - start;
        drop(made);
        time
    });
    times.fold(f64::INFINITY, f64::min)
}

/// Measures until the figures hold, at most so often: a busy neighbour slows what is measured while it lasts, and one thing more than
/// another. What is too slow is so each time.
fn in_one_of_the_tries(mut measure: impl FnMut() -> Result<(), String>) {
    const TRIES: usize = 5;
    let _alone = alone();
    let wrong: Vec<String> = (0..TRIES)
        .map_while(|t| {
            if t > 0 {
                thread::sleep(Duration::from_secs(1));
            }
            measure().err().inspect(|why| println!("not yet: {why}"))
        })
        .collect();
    assert!(wrong.len() < TRIES, "{wrong:#?}");
}

fn holds(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Seconds a block of `graph` from `frame` on.
fn cost(graph: &mut Graph, frame: &mut u64, blocks: usize) -> f64 {
    let transport = Transport::new(RATE as f64, 120.0);
    let mut out = [[0.0; 2]; BLOCK];
    let time = least(|| {
        for _ in 0..blocks {
            graph.render(&Block::plain(*frame, transport), &mut out);
            *frame += BLOCK as u64;
        }
    });
    time / blocks as f64
}

/// So many voices of saw, filter, envelope and amplifier, each a chain of its own.
fn chains(count: usize) -> String {
    let (mut modules, mut cables) = (String::new(), String::new());
    for i in 0..count {
        let hz = 55.0 * 2f32.powf((i % 64) as f32 / 16.0);
        modules += &format!(
            "o{i}: Saw(freq: \"{hz:.3}Hz\"), e{i}: Adsr(), f{i}: Svf(cutoff: \"200Hz\", q: 2), v{i}: Vca(),\n"
        );
        cables += &format!(
            "\"gate.gate > e{i}.gate\", \"o{i} > f{i} > v{i} > out\", \"e{i} > f{i}.cutoff * 4oct\", \"e{i} > v{i}.cv\",\n"
        );
    }
    let modules =
        format!("gate: Seq(rate: \"1/4\", steps: \"C4\"), {modules} out: Out(gain: \"-40dB\"),");
    format!("(name: \"chains\", modules: ({modules}), cables: [{cables}])")
}

/// So many modules: chains of sine, gain and one-pole.
fn modules(count: usize) -> String {
    let (mut modules, mut cables) = (String::new(), String::new());
    for i in 0..count / 3 {
        let hz = 55.0 + 13.7 * (i % 250) as f32;
        modules +=
            &format!("s{i}: Sine(freq: \"{hz:.1}Hz\"), g{i}: Vca(gain: 0.01), p{i}: OnePole(),\n");
        cables += &format!("\"s{i} > g{i} > p{i} > out\",\n");
    }
    format!("(name: \"many\", modules: ({modules} out: Out(gain: \"-40dB\")), cables: [{cables}])")
}

/// Nanoseconds an item of each size.
fn each(name: &str, sizes: &[usize], patch: impl Fn(usize) -> String) -> Vec<f64> {
    flush_to_zero();
    let costs = sizes.iter().map(|n| {
        let ns = cost(&mut graph(&patch(*n)), &mut 0, (80_000 / n).clamp(8, 2_000)) * 1e9;
        let each = ns / (*n * BLOCK) as f64;
        println!(
            "{name}: {n} cost {:.1} µs a block, {each:.3} ns each",
            ns / 1e3
        );
        each
    });
    costs.collect()
}

#[test]
#[ignore = "release builds: run by ./test --long"]
fn voices_cost_what_they_are_many() {
    in_one_of_the_tries(|| {
        // Fewer than a lane group are no measure of the growth: eight cost as one.
        let costs = each("voices", &[1, 8, 32, 64, 128, 256, 512], chains);
        assert!(
            costs[0] > costs[6],
            "one voice alone is no cheaper than one of many"
        );
        holds(costs[6] < 1.1 * costs[3], || {
            format!("512 against 64: {costs:?}")
        })
    });
}

#[test]
#[ignore = "release builds: run by ./test --long"]
fn modules_cost_what_they_are_many() {
    in_one_of_the_tries(|| {
        let costs = each("modules", &[12, 120, 1_200, 12_000], modules);
        holds(costs[3] < 1.1 * costs[1].max(costs[2]), || {
            format!("12,000 against fewer: {costs:?}")
        })
    });
}

/// Seconds a block of 64 voices that sound, that fade, and that are at rest.
fn sound_tail_silence() -> [f64; 3] {
    let transport = Transport::new(RATE as f64, 120.0);
    let (mut graph, mut frame) = (graph(VOICES), 0);
    let mut out = [[0.0; 2]; BLOCK];
    let mut notes = |graph: &mut Graph, frame: &mut u64, velocity: f32| {
        for key in 36..100 {
            let events = [GraphEvent {
                offset: 0,
                change: Change::Note {
                    note: key as f32,
                    velocity,
                },
            }];
            let block = Block {
                events: &events,
                ..Block::plain(*frame, transport)
            };
            graph.render(&block, &mut out);
            *frame += BLOCK as u64;
        }
    };
    notes(&mut graph, &mut frame, 1.0);
    let sound = cost(&mut graph, &mut frame, 100);
    notes(&mut graph, &mut frame, 0.0);
    // The release is 300 ms: the first figure is of its end, the second of the silence an age later.
    let tail = cost(&mut graph, &mut frame, 10);
    cost(&mut graph, &mut frame, 1_000);
    let silence = cost(&mut graph, &mut frame, 100);
    [sound, tail, silence]
}

#[test]
#[ignore = "release builds: run by ./test --long"]
fn tails_and_silence_cost_no_more_than_sound() {
    flush_to_zero();
    in_one_of_the_tries(|| {
        // The three are measured one after the other: the least of each, or a machine that grows busy in between is in the ratio.
        let mut least = [f64::INFINITY; 3];
        for _ in 0..3 {
            for (least, time) in least.iter_mut().zip(sound_tail_silence()) {
                *least = least.min(time);
            }
        }
        let [sound, tail, silence] = least;
        println!(
            "64 voices: sound {:.1} µs a block, tail {:.1}, silence {:.2}",
            sound * 1e6,
            tail * 1e6,
            silence * 1e6
        );
        holds(tail <= 1.1 * sound, || {
            format!("tail {tail}, sound {sound}")
        })?;
        holds(silence <= 0.15 * sound, || {
            format!("silence {silence}, sound {sound}")
        })
    });
}

#[test]
#[ignore = "release builds: run by ./test --long"]
fn an_edit_of_64_voices_is_ready_at_once() {
    graph(VOICES); // tables are made once
    let env = Env {
        rate: RATE,
        isa: IsaChoice::Auto,
        seed: 1,
        bpm: 120.0,
    };
    // A live edit: the patch with another filter, made ready with the state of what plays.
    let parsed = [
        parse(VOICES, "cost"),
        parse(
            &VOICES.replace("Svf(cutoff: \"800Hz\", q: 2)", "Ladder(cutoff: \"800Hz\")"),
            "edited",
        ),
    ];
    let [before, after] = parsed
        .each_ref()
        .map(|p| p.patch.as_ref().expect("it is right"));
    let (mut playing, layout) = compile(before, &env).expect("it compiles");
    cost(&mut playing, &mut 0, 10);
    let mut edit = || {
        let (mut graph, other) = compile(after, &env).expect("it compiles");
        let mut snapshot = Snapshot::plan(&layout, &other);
        playing.save(&mut snapshot);
        graph.restore(&snapshot);
        (graph, snapshot)
    };
    in_one_of_the_tries(|| {
        let (all, changed) = (least(|| graph(VOICES)), least(&mut edit));
        println!(
            "64 voices: text to graph {:.0} µs, one changed module to a graph with its state {:.0} µs",
            all * 1e6,
            changed * 1e6
        );
        holds(all <= 200e-6, || format!("text to graph: {all} s"))?;
        holds(changed <= 50e-6, || {
            format!("one changed module: {changed} s")
        })
    });
}

/// Both slots in lock step, each with a sound of its own.
fn two_slots(period: u32) -> Slots {
    let mut slots = Slots::new(&SlotsConfig {
        rate: f64::from(RATE),
        latency: Latency::Safe,
        period,
        transport: Transport::new(f64::from(RATE), 120.0),
        clock: || 0,
        start: StartFade::Offline,
    });
    let env = Env {
        rate: RATE,
        isa: IsaChoice::Auto,
        seed: 1,
        bpm: 120.0,
    };
    for (slot, hz) in [220, 331].into_iter().enumerate() {
        let text = format!(
            r#"(modules: (osc: Saw(freq: "{hz}Hz"), out: Out(gain: "-12dB")), cables: ["osc > out"])"#
        );
        let parsed = parse(&text, "swapped");
        let patch = parsed.patch.as_ref().expect("it is right");
        let (graph, layout) = compile(patch, &env).expect("it compiles");
        let spec = PrimeSpec {
            mode: PrimeMode::Sound,
            rate: RATE,
            bpm: 120.0,
            budget: 1.0,
            proof: Proof::None,
        };
        let primed = prime(graph, layout, &spec, &mut |_| {}).expect("it sounds");
        let load = Load::new(primed, slot as u32 + 1, Start::At(0));
        let sent = slots.ports[slot].send(EngineMsg::Load(Box::new(load)));
        assert!(sent.is_ok(), "a queue is full");
    }
    slots
}

#[test]
#[ignore = "release builds: run by ./test --long"]
fn a_swap_is_no_work_for_the_audio_thread() {
    const PERIOD: usize = 256;
    const ROUNDS: usize = 301;
    // The fade of 20 ms is over in the fourth callback; the last ones are as those without a swap.
    const CALLBACKS: usize = 8;
    const FADING: usize = 4;
    let _alone = alone();
    let mut slots = two_slots(PERIOD as u32);
    let (mut now_ns, mut swapped) = (0, 0);
    let mut callback = |message: Option<OutputMsg>| {
        for engine in &mut slots.engines {
            while engine.step() {}
        }
        for port in &mut slots.ports {
            while port.receive().is_some() {}
        }
        if let Some(message) = message {
            assert!(slots.output_port.send(message).is_ok(), "a queue is full");
        }
        let mut out = [[0.0; 2]; PERIOD];
        let began = Instant::now();
        slots.output.fill(&mut out, now_ns);
        let time = began.elapsed().as_secs_f64() * 1e6;
        now_ns += (PERIOD as f64 / f64::from(RATE) * 1e9) as u64;
        while let Some(reply) = slots.output_port.receive() {
            swapped += usize::from(matches!(reply, OutputReply::Swapped { .. }));
        }
        time
    };
    for _ in 0..100 {
        callback(None);
    }
    let mut times = [const { Vec::new() }; CALLBACKS];
    for round in 0..ROUNDS {
        let to = 1 - round % 2;
        let swap = OutputMsg::Swap(Swap {
            id: round as u64,
            to,
            generation: to as u32 + 1,
            at: SwapAt::Ready,
            fade_frames: 960,
            spill_frames: 0,
        });
        let mut swap = Some(swap);
        for times in &mut times {
            times.push(callback(swap.take()));
        }
    }
    assert_eq!(swapped, ROUNDS, "every swap is carried out");
    let half = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    });
    let plain = half[FADING + 1..].iter().sum::<f64>() / (CALLBACKS - FADING - 1) as f64;
    let more = half.map(|time| time - plain);
    let dearest = more.iter().copied().fold(0.0, f64::max);
    println!(
        "swap: the callback that begins it takes {:.2} µs more than the {plain:.2} of others, the dearest {dearest:.2} more, the \
         whole fade {:.2} (medians of {ROUNDS} swaps; callbacks of {PERIOD} frames)",
        more[0],
        more[..=FADING].iter().sum::<f64>()
    );
    assert!(dearest <= 2.0, "{more:?}");
}

/// Resident kilobytes, as the kernel tells them of a process.
#[cfg(target_os = "linux")]
fn kilobytes(process: u32, what: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find(|l| l.starts_with(what));
    let number = line.and_then(|l| l.split_whitespace().nth(1));
    number.and_then(|n| n.parse().ok()).expect("a number")
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "release builds: run by ./test --long"]
fn sixty_four_voices_without_a_screen_take_8_mib_above_the_binary() {
    let patch = concat!(env!("CARGO_MANIFEST_DIR"), "/patches/bench/p2.ron");
    let mut child = Command::new(env!("CARGO_BIN_EXE_chronus"))
        .args(["--headless", "--audio", "null", "--osc", "127.0.0.1:0"])
        .args(["--telemetry", "-", patch])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    // A line of telemetry comes every 100 ms or so: it has played for a while.
    let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let told = lines.map_while(Result::ok).take(40).count();
    let process = child.id();
    let (peak, files) = (kilobytes(process, "VmHWM"), kilobytes(process, "RssFile"));
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert_eq!(told, 40, "it played on");
    let above = (peak - files) / 1024.0;
    println!(
        "64 voices headless: {:.1} MiB at most, {:.1} of it pages of the binary and its libraries, {above:.1} above them",
        peak / 1024.0,
        files / 1024.0
    );
    assert!(above <= 8.0, "{above} MiB");
}
