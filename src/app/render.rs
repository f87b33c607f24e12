//! `chronus render`: what the instrument would play, by the same supervisor, engines and output, as fast as they go.
use std::io;
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::audio::wav_file::WavFile;
use crate::cli;
use crate::control::event::What;
use crate::control::script::{self, Item};
use crate::control::session::{CHUNK, Session};
use crate::control::supervisor::Config;
use crate::dsp::denormals::flush_to_zero;

use super::complain::complain;
use super::failure::Failure;
use super::first_patch::FirstPatch;

/// The verb.
pub fn run(args: &cli::Render) -> Result<(), Failure> {
    flush_to_zero();
    args.isa
        .resolve()
        .map_err(|e| Failure::Machine(format!("--isa: {e}")))?;
    let patch = FirstPatch::read(Some(&args.patch))?;
    let script = args.script.as_deref().map(read_script).transpose()?;
    let mut session = Session::new(Config {
        rate: f64::from(args.rate),
        isa: args.isa,
        seed: args.seed,
        net: false,
        ..Config::default()
    });
    if let Some(path) = &args.input {
        let sound = super::sound_file::read(path, args.rate)
            .map_err(|why| Failure::Input(format!("--input: {why}")))?;
        session.set_input(sound);
    }
    session
        .load_first(&patch.text, Path::new(&patch.name))
        .map_err(|why| Failure::Input(format!("{}: {why}", patch.name)))?;
    session.play_script(script.unwrap_or_default());
    let wav = WavFile::create(&args.output, args.rate, args.bits, args.seed)
        .map_err(|e| Failure::file("--output", &args.output, &e))?;
    write(&mut session, wav, args).map_err(|e| Failure::file("--output", &args.output, &e))?;
    tell_refusals(&mut session, args)
}

/// What the script asked for and did not get: a command that was refused, or a patch that was not let in.
fn tell_refusals(session: &mut Session, args: &cli::Render) -> Result<(), Failure> {
    let Some(script) = &args.script else {
        return Ok(());
    };
    let mut refusals: Vec<String> = (session.refused().into_iter())
        .map(|(command, why)| format!("{command:?}: {why}"))
        .collect();
    for event in session.events() {
        if matches!(event.what, What::Failed { .. } | What::Refused { .. }) {
            refusals.push(format!("bar {}: {}", event.bar, event.sentence));
        }
    }
    for refusal in &refusals {
        complain(format_args!("{}: {refusal}", script.display()));
    }
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(Failure::Told)
    }
}

fn read_script(path: &Path) -> Result<Vec<Item>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::file("--script", path, &e))?;
    script::parse(&text, path).map_err(|d| Failure::Input(d.to_string()))
}

fn write(session: &mut Session, mut wav: WavFile, args: &cli::Render) -> io::Result<()> {
    let frames = (args.seconds * f64::from(args.rate)).round() as u64;
    let bar = bar(frames, args.rate);
    let mut chunk = [[0.0; 2]; CHUNK];
    let mut done = 0;
    while done < frames {
        let length = CHUNK.min((frames - done) as usize);
        session.fill(&mut chunk[..length]);
        wav.write(&chunk[..length])?;
        done += length as u64;
        bar.set_position(done);
    }
    wav.flush()?;
    bar.finish_and_clear();
    Ok(())
}

/// Drawn on a terminal only: in a pipe it is nothing.
pub(super) fn bar(frames: u64, rate: u32) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {eta} left");
    let bar = ProgressBar::new(frames);
    // A second of sound renders in a moment: short work shows no bar.
    if frames < u64::from(rate) * 5 {
        return ProgressBar::hidden();
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
