//! Recordings: what the user asks of the recorder, and what it tells.
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;

use serde_json::json;

use super::super::command::{Answer, Record};
use super::super::event::{Recording, What};
use super::super::recorder::{KEPT_SECONDS, News, Order, Recorder, Target};
use super::Supervisor;
use crate::audio::wav_bits::Bits;

impl Supervisor {
    pub fn with_recorder(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    pub(super) fn record(&mut self, what: Record) -> Answer {
        if what == Record::Status {
            return Ok(Some(self.record_status()));
        }
        let Some(recorder) = &self.recorder else {
            return Err("nothing is recorded here: `render` writes what is heard".into());
        };
        let order = match what {
            Record::Start { path, bits } => Order::Start(self.target(path, bits)),
            Record::Toggle if self.recording.is_none() => Order::Start(self.target(None, None)),
            Record::Stop if self.recording.is_none() => {
                return Err("nothing is being recorded".into());
            }
            Record::Stop | Record::Toggle => Order::Stop,
            Record::Keep {
                path,
                seconds,
                bits,
            } => {
                if !(0.1..=KEPT_SECONDS).contains(&seconds) {
                    return Err(format!(
                        "the last 0.1 to {KEPT_SECONDS} seconds can be kept, not {seconds}"
                    ));
                }
                Order::Keep(self.target(path, bits), seconds)
            }
            Record::Bits(bits) => {
                self.config.record_bits = bits;
                return Ok(None);
            }
            Record::Status => return Ok(None),
        };
        recorder.order(order);
        Ok(None)
    }

    fn target(&self, path: Option<PathBuf>, bits: Option<Bits>) -> Target {
        let playing = self.slots[self.live.index()].loaded.as_ref();
        Target {
            path,
            folder: self.config.recordings.clone(),
            title: playing.map_or(String::new(), |l| l.patch.name.clone()),
            bits: bits.unwrap_or(self.config.record_bits),
        }
    }

    fn record_status(&self) -> String {
        let seconds = |r: &Recording| r.frames.load(Relaxed) as f64 / self.config.rate;
        json!({
            "recording": self.recording.is_some(),
            "file": self.recording.as_ref().map(|r| r.path.display().to_string()),
            "seconds": self.recording.as_ref().map(seconds),
        })
        .to_string()
    }

    /// What the recorder tells.
    pub(super) fn hear_recorder(&mut self) {
        while let Some(news) = self.recorder.as_ref().and_then(Recorder::news) {
            let (what, sentence) = self.heard_of_recording(news);
            self.tell(what, sentence);
        }
    }

    fn heard_of_recording(&mut self, news: News) -> (What, String) {
        match news {
            News::Started { path } => {
                let frames = self.recorder.as_ref().map(Recorder::frames);
                self.recording = Some(Recording {
                    path: path.clone(),
                    frames: frames.unwrap_or_default(),
                });
                let sentence = format!("Recording into {}", path.display());
                (What::RecordStarted { path }, sentence)
            }
            News::Stopped { path, seconds } => {
                self.recording = None;
                let sentence = format!("Recorded {seconds:.1} s into {}", path.display());
                (What::RecordStopped { path, seconds }, sentence)
            }
            News::Kept { path, seconds } => {
                let sentence = format!("Kept the last {seconds:.1} s in {}", path.display());
                (What::Kept { path, seconds }, sentence)
            }
            News::Failed { path, seconds, why } => {
                if self.recording.as_ref().is_some_and(|r| r.path == path) {
                    self.recording = None;
                }
                let held = match seconds > 0.0 {
                    true => format!("; {seconds:.1} s are in it"),
                    false => String::new(),
                };
                let sentence = format!(
                    "{} can't be written: {why}{held}; {}",
                    path.display(),
                    self.goes_on()
                );
                (What::RecordFailed { path, seconds, why }, sentence)
            }
            News::Missed { frames } => (
                What::Warning,
                format!("The disk is too slow: the recording misses {frames} frames"),
            ),
        }
    }
}
