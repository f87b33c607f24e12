//! The shelf of recordings: length, format and loudest sample; heard again as a patch in the standby.
use std::sync::mpsc::Sender;

use crossterm::event::KeyCode;

use super::{Asking, Found, Row, Shelf, Wanted, look_up};
use crate::audio::wav_read::WavReader;
use crate::control::command::{Command, Record};
use crate::control::takes::{Take, ago, list, patch_of};
use crate::tui::app::App;

pub(super) fn rows(app: &App, tell: Sender<Found>) -> Vec<Row> {
    let takes = list(&app.view.recordings);
    let writes = app.view.recording.as_ref().map(|r| r.path.clone());
    let rows: Vec<Row> = takes
        .iter()
        .map(|take| Row {
            path: take.path.clone(),
            name: take.name(),
            facts: facts(take),
            trouble: take.facts.is_err(),
            open: writes.as_ref() == Some(&take.path),
        })
        .collect();
    // Its loudest sample is that of the whole file.
    let whole = takes.into_iter().filter(|t| t.facts.is_ok());
    let whole: Vec<Take> = whole.filter(|t| writes.as_ref() != Some(&t.path)).collect();
    let files = whole.iter().map(|take| take.path.clone()).collect();
    look_up(files, tell, move |path| {
        let mut take = whole
            .iter()
            .find(|t| t.path == path)
            .cloned()
            .ok_or("it is gone")?;
        let reader = WavReader::open(path).map_err(|why| why.to_string())?;
        take.peak = Some(reader.peak().map_err(|why| why.to_string())?);
        Ok(facts(&take))
    });
    rows
}

fn facts(take: &Take) -> String {
    let about = match &take.facts {
        Ok(about) => about,
        Err(why) => return why.clone(),
    };
    let minutes = (about.seconds() / 60.0).floor();
    let seconds = about.seconds() - minutes * 60.0;
    let peak = match take.peak {
        None => "peak …".to_owned(),
        Some(peak) if peak < 1e-6 => "silent".to_owned(),
        Some(peak) => format!("peak {:.1} dB", 20.0 * peak.log10()),
    };
    format!(
        "{minutes:>3}:{seconds:04.1}  {:>3} bit  {peak:<14} {}",
        about.format(),
        ago(take.changed)
    )
}

pub(super) fn on_key(app: &mut App, shelf: &mut Shelf, row: &Row, code: KeyCode) {
    match code {
        KeyCode::Enter | KeyCode::Char('p') => {
            let take = list(&app.view.recordings)
                .into_iter()
                .find(|take| take.path == row.path);
            match take {
                Some(take) if take.facts.is_ok() => {
                    let text = patch_of(&take);
                    app.send(Command::LoadText { text, path: None });
                    app.say(format!(
                        "{} goes into the standby: ^G swaps it in",
                        row.name
                    ));
                }
                _ => app.complain(format!("{} can't be played: {}", row.name, row.facts)),
            }
        }
        KeyCode::Char('r') => {
            let stem = row.path.file_stem().unwrap_or_default();
            let line = stem.to_string_lossy().into_owned();
            shelf.asking = Some(Asking::Line(Wanted::Rename, line));
        }
        _ => {}
    }
}

pub(super) fn next_bits(app: &mut App) {
    let bits = app.view.record_bits.next();
    if app.ask(Command::Record(Record::Bits(bits))) {
        app.say(format!("Recordings to come are of {} bits", bits.name()));
    }
}
