//! Judges recordings: `cargo run --example wavcheck -- sine take.wav`. Ends with 1 where something is wrong.
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[path = "clicks.rs"]
mod clicks;
#[path = "../machine/pin.rs"]
mod pin;
#[path = "sine.rs"]
mod sine;
#[path = "spectrum.rs"]
mod spectrum;
#[path = "wav.rs"]
mod wav;

const USAGE: &str =
    "wavcheck sine FILE [HZ [SECONDS]]  one unbroken sine, of this pitch and at least this long
wavcheck clicks FILE              clicks that the signal itself does not explain
wavcheck diff FILE REFERENCE      what differs, and how loud
wavcheck wakeups SECONDS          how late this machine wakes a thread that wants to be woken every 5 ms, in ms
wavcheck alias FILE HZ            loudest line below 16 kHz that is no harmonic of HZ, and THD+N";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let verdict = match words[..] {
        ["sine", file] => check_sine(file, None, 0.0),
        ["sine", file, hz] => check_sine(file, hz.parse().ok(), 0.0),
        ["sine", file, hz, seconds] => {
            check_sine(file, hz.parse().ok(), seconds.parse().unwrap_or(0.0))
        }
        ["clicks", file] => check_clicks(file),
        ["diff", file, reference] => check_difference(file, reference),
        ["wakeups", seconds] => {
            println!("{}", worst_wakeup_ms(seconds.parse().unwrap_or(1.0)));
            Ok(true)
        }
        ["alias", file, hz] => hz
            .parse()
            .map_err(|_| format!("no pitch: {hz}"))
            .and_then(|hz| check_alias(file, hz)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match verdict {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

fn check_sine(file: &str, hz: Option<f64>, seconds: f64) -> Result<bool, String> {
    let wav = wav::read(Path::new(file))?;
    let mut well = !wav.channels.is_empty();
    for (n, channel) in wav.channels.iter().enumerate() {
        let at = |sample: usize| sample as f64 / f64::from(wav.rate);
        let Some(report) = sine::analyse(channel, wav.rate) else {
            println!("channel {n}: {:.2} s of silence", at(channel.len()));
            well = false;
            continue;
        };
        let sounding = at(report.to - report.from);
        println!(
            "channel {n}: sounds {:.3} to {:.3} s = {sounding:.2} s, {:.2} Hz, peak {:.1} dBFS, {} breaks, worst residual {:.1} dB at {:.3} s",
            at(report.from),
            at(report.to),
            report.hz,
            20.0 * report.amplitude.log10(),
            report.breaks.len(),
            20.0 * report.worst.log10(),
            at(report.worst_at),
        );
        for &sample in report.breaks.iter().take(8) {
            println!("    break at {:.4} s (sample {sample})", at(sample));
        }
        well &= report.breaks.is_empty()
            && sounding >= seconds
            && hz.is_none_or(|hz| (report.hz - hz).abs() < 0.5);
    }
    Ok(well)
}

fn check_clicks(file: &str) -> Result<bool, String> {
    let wav = wav::read(Path::new(file))?;
    let mut well = true;
    for (n, channel) in wav.channels.iter().enumerate() {
        let found = clicks::find(channel, wav.rate);
        println!("channel {n}: {} clicks", found.len());
        for click in found.iter().take(20) {
            let seconds = click.sample as f64 / f64::from(wav.rate);
            println!(
                "    {seconds:.4} s  step {:.1} dBFS, {:.1} dB above its surroundings",
                click.step_db, click.prominence_db
            );
        }
        well &= found.is_empty();
    }
    Ok(well)
}

fn check_difference(file: &str, reference: &str) -> Result<bool, String> {
    let (a, b) = (
        wav::read(Path::new(file))?,
        wav::read(Path::new(reference))?,
    );
    if a.rate != b.rate || a.channels.len() != b.channels.len() {
        return Err("the files differ in rate or channels".into());
    }
    let mut well = true;
    for (n, (x, y)) in a.channels.iter().zip(&b.channels).enumerate() {
        let difference = clicks::difference(x, y);
        println!(
            "channel {n}: residual {:.1} dBFS, {} of {} samples differ, lengths {} and {}",
            difference.peak_db,
            difference.differing,
            x.len().min(y.len()),
            x.len(),
            y.len()
        );
        if let Some(first) = difference.first {
            println!(
                "    first at {:.4} s (sample {first})",
                first as f64 / f64::from(a.rate)
            );
        }
        well &= difference.peak_db <= clicks::FLOOR_DB;
    }
    Ok(well)
}

fn check_alias(file: &str, hz: f64) -> Result<bool, String> {
    let wav = wav::read(Path::new(file))?;
    for (n, channel) in wav.channels.iter().enumerate() {
        let report = spectrum::analyse(channel, wav.rate, hz)
            .ok_or("too short: it takes 0.4 s at the least, and 11 s for the lowest floor")?;
        println!(
            "channel {n}: fundamental {:.3} Hz at {:.1} dBFS, loudest other line {:.1} dB under it at {:.0} Hz, THD+N {:.1} dB",
            report.hz, report.fundamental_db, -report.alias_db, report.alias_hz, report.thd_n_db
        );
    }
    Ok(true)
}

/// The control for everything that is judged in real time: what the machine itself allows, on its worst processor.
fn worst_wakeup_ms(seconds: f64) -> u128 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads: Vec<_> = (0..processors)
        .map(|processor| {
            std::thread::spawn(move || {
                pin::stay_on(processor);
                worst_wakeup(seconds)
            })
        })
        .collect();
    let worst = threads
        .into_iter()
        .filter_map(|thread| thread.join().ok())
        .max();
    worst.unwrap_or_default().as_millis()
}

fn worst_wakeup(seconds: f64) -> Duration {
    let began = Instant::now();
    let step = Duration::from_millis(5);
    let mut worst = Duration::ZERO;
    while began.elapsed().as_secs_f64() < seconds {
        let slept = Instant::now();
        std::thread::sleep(step);
        worst = worst.max(slept.elapsed().saturating_sub(step));
    }
    worst
}
