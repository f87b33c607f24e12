//! Real time on the null device: no none-reads on a busy machine, and keys that are heard soon. A control thread of the engines'
//! own priority measures how late the machine wakes anybody; a figure counts only against what the machine allowed.
use std::process::{Child, Command as Process};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use chronus::audio::device::DeviceSpec;
use chronus::audio::lead::Latency;
use chronus::audio::stream::Stream;
use chronus::control::command::Command;
use chronus::control::start::{Started, start};
use chronus::control::supervisor::Config;
use chronus::engine::priority;

#[allow(dead_code)]
#[path = "shipped/mod.rs"]
mod files;

const HELLO: &str = include_str!("../patches/hello.ron");
const KEYS: &str = r#"(name: "keys", voices: 8, modules: (keys: Keys(), osc: Saw(), env: Adsr(attack: "1ms"), vca: Vca(), out: Out(gain: "-12dB"), hum: Sine(freq: 55.0, level: 0.05)), cables: ["keys.pitch > osc.freq", "keys.gate > env.gate", "env > vca.cv", "osc > vca > out", "hum > out"])"#;

/// The shipped patch that costs most, by what priming measured.
fn heaviest() -> (String, String) {
    let told = Process::new(env!("CARGO_BIN_EXE_chronus"))
        .args(["check", "--prime", "--json"])
        .args(files::paths())
        .output()
        .expect("the program");
    let told = String::from_utf8(told.stdout).expect("text");
    let of = |line: &str| -> Option<(f64, String)> {
        let told: serde_json::Value = serde_json::from_str(line).ok()?;
        let load = told["primed"]["load"].as_f64()?;
        Some((load, told["file"].as_str()?.to_owned()))
    };
    let (load, file) = (told.lines().filter_map(of))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .expect("shipped patches that prime");
    let text = std::fs::read_to_string(&file).expect("a patch");
    (format!("{file} ({:.1} % of a core)", 100.0 * load), text)
}

/// Two of these at once would measure each other.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How late the machine wakes a thread that does nothing else.
struct Control {
    running: Arc<AtomicBool>,
    worst_ns: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Control {
    fn start() -> Self {
        let (running, worst_ns) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
        let (on, worst) = (running.clone(), worst_ns.clone());
        let thread = std::thread::spawn(move || {
            priority::raise();
            let step = Duration::from_millis(1);
            while on.load(Ordering::Relaxed) {
                let slept = Instant::now();
                sleep(step);
                let late = slept.elapsed().saturating_sub(step);
                worst.fetch_max(late.as_nanos() as u64, Ordering::Relaxed);
            }
        });
        Self {
            running,
            worst_ns,
            thread,
        }
    }

    fn worst_ms(self) -> f64 {
        self.running.store(false, Ordering::Relaxed);
        self.thread.join().expect("no panic");
        self.worst_ns.load(Ordering::Relaxed) as f64 / 1e6
    }
}

/// A busy process on every processor.
struct Burners(Vec<Child>);

impl Burners {
    fn start() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let burn = |_| {
            let mut process = Process::new("sh");
            process
                .args(["-c", "while :; do :; done"])
                .spawn()
                .expect("a shell")
        };
        Self((0..processors).map(burn).collect())
    }
}

impl Drop for Burners {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn playing(text: &str, latency: Latency, period: u32) -> Started {
    let spec = DeviceSpec {
        period: Some(period),
        ..DeviceSpec::null()
    };
    let stream = Stream::open(&spec).expect("the null device");
    let mut config = Config::default();
    if cfg!(debug_assertions) {
        config.budget = 1e6;
    }
    let started = start(config, latency, stream, None).expect("threads");
    let load = Command::LoadText {
        text: text.to_owned(),
        path: None,
    };
    started
        .handle
        .ask(load, Duration::from_secs(5))
        .expect("taken");
    let begun = Instant::now();
    while started.handle.reading().out_rms[0] < 1e-4 {
        assert!(begun.elapsed() < Duration::from_secs(10), "it never sounds");
        sleep(Duration::from_millis(5));
    }
    started
}

fn end(started: Started) {
    started.handle.command(Command::Quit).expect("there");
    drop(started.supervisor.join().expect("no panic"));
}

/// What a run on the null device came to.
struct Run {
    none_reads: u64,
    xruns: u64,
    lead_ms: f64,
    machine_ms: f64,
}

fn run(text: &str, latency: Latency, quiet: Duration, busy: Duration) -> Run {
    let started = playing(text, latency, 256);
    let control = Control::start();
    let mut lead_ms = 0.0f64;
    let mut play = |time: Duration| {
        let until = Instant::now() + time;
        while Instant::now() < until {
            sleep(Duration::from_millis(20));
            lead_ms = lead_ms.max(started.handle.reading().lead_ms());
        }
    };
    play(quiet);
    let burners = Burners::start();
    play(busy);
    drop(burners);
    let reading = started.handle.reading();
    end(started);
    assert_eq!(reading.discontinuities, 0, "discontinuities");
    Run {
        none_reads: reading.none_reads(),
        xruns: reading.xruns,
        lead_ms,
        machine_ms: control.worst_ms(),
    }
}

fn never_starves(quiet: Duration, busy: Duration) {
    let hello = ("hello".to_owned(), HELLO.to_owned());
    for (name, text) in [hello, heaviest()] {
        for latency in [Latency::Safe, Latency::Live] {
            let run = run(&text, latency, quiet, busy);
            println!(
                "{name}, {latency:?}: {} none-reads, {} xruns, lead at most {:.1} ms, the machine woke us {:.1} ms late at worst",
                run.none_reads, run.xruns, run.lead_ms, run.machine_ms
            );
            assert!(run.lead_ms <= 60.0, "a lead of {} ms", run.lead_ms);
            if latency == Latency::Safe && run.none_reads > 0 {
                assert!(
                    run.machine_ms > run.lead_ms,
                    "{} none-reads",
                    run.none_reads
                );
                println!("skipped: the machine woke threads later than the lead");
            }
        }
    }
}

#[test]
fn a_busy_machine_costs_no_none_read() {
    let _alone = alone();
    never_starves(Duration::from_secs(2), Duration::from_secs(2));
}

#[test]
#[ignore = "long: four minutes"]
fn a_busy_machine_costs_no_none_read_in_a_minute() {
    let _alone = alone();
    never_starves(Duration::from_secs(40), Duration::from_secs(20));
}

#[test]
fn keys_are_heard_within_20_ms() {
    let _alone = alone();
    let started = playing(KEYS, Latency::Live, 128);
    let control = Control::start();
    // Not in step with the callbacks.
    let mut random = 7u32;
    for n in 0..400 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        sleep(Duration::from_micros(5_000 + u64::from(random >> 20)));
        let note = (48 + n / 2 % 24) as f32;
        let velocity = if n % 2 == 0 { 0.8 } else { 0.0 };
        started
            .handle
            .command(Command::Note { note, velocity })
            .expect("taken");
    }
    sleep(Duration::from_millis(100));
    let reading = started.handle.reading();
    end(started);
    let machine_ms = control.worst_ms();
    let heard = reading.key_to_sound_ms;
    println!(
        "key to sound: half within {:.1} ms, p99 {:.1} ms, lead {:.1} ms; the machine woke us {machine_ms:.1} ms late at worst",
        heard.p50,
        heard.p99,
        reading.lead_ms()
    );
    assert!(heard.p50 > 0.0, "nothing was measured");
    if f64::from(heard.p99) > 20.0 {
        assert!(
            machine_ms > f64::from(heard.p99) - 20.0,
            "p99 {} ms",
            heard.p99
        );
        println!("skipped: the machine woke threads too late for this figure");
    }
}
