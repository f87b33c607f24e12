//! A 440 Hz sine on any audio device, without an engine: tells a device's fault from the instrument's.
//!
//!     cargo run --example tone -- default 10      HOST[:DEVICE] SECONDS [PERIOD]
use std::time::{Duration, Instant};

use chronus::audio::device::{DeviceSpec, open_or_null};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let audio = arguments.next().unwrap_or_else(|| "default".into());
    let seconds: f64 = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(10.0);
    let mut spec = DeviceSpec::parse(&audio).unwrap_or_else(|why| {
        eprintln!("{why}");
        std::process::exit(2)
    });
    spec.period = arguments.next().and_then(|text| text.parse().ok());

    let began = Instant::now();
    let (stream, problem) = open_or_null(&spec);
    if let Some(problem) = problem {
        eprintln!("{problem}; running on {}", stream.name());
    }
    let step = std::f64::consts::TAU * 440.0 / f64::from(stream.rate());
    let mut phase = 0.0f64;
    stream.start(Box::new(move |out, _| {
        for frame in out {
            *frame = [(0.5 * phase.sin()) as f32; 2];
            phase = (phase + step) % std::f64::consts::TAU;
        }
    }));
    println!(
        "{} at {} Hz, {} frames, open after {:?}",
        stream.name(),
        stream.rate(),
        stream.period(),
        began.elapsed()
    );
    while began.elapsed().as_secs_f64() < seconds {
        if let Some(event) = stream.wait_event(Duration::from_millis(100)) {
            println!("{:8.3} s  {event:?}", began.elapsed().as_secs_f64());
        }
    }
    println!("{} xruns", stream.xruns());
}
