//! Recordings: what the user asks of the recorder, and what it tells.
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;

use serde_json::json;

use super::super::command::{Answer, Record};
use super::super::event::{Recording, What};
use super::super::recorder::{KEPT_SECONDS, News, Order, Recorder, Target, moved};
use super::Supervisor;
use crate::audio::wav_bits::Bits;

impl Supervisor {
    pub fn with_recorder(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Does what is asked, and answers: where a file is to be made, once it is there.
    pub(super) fn record(&mut self, what: Record, asker: Option<Sender<Answer>>) {
        let mut asker = asker;
        let answer = self.order(what, &mut asker);
        if let Some(asker) = asker {
            // Whoever asked may have gone.
            let _ = asker.send(answer);
        }
    }

    /// Takes the asker along where the recorder answers.
    fn order(&mut self, what: Record, asker: &mut Option<Sender<Answer>>) -> Answer {
        self.changed = true;
        if what == Record::Status {
            return Ok(Some(self.record_status()));
        }
        // Whoever begins and ends at once means both.
        self.hear_recorder();
        let records = self.recording.is_some() || self.begins_recording > 0;
        let Some(recorder) = &self.recorder else {
            return Err("nothing is recorded here: `render` writes what is heard".into());
        };
        let order = match what {
            Record::Start { path, bits } => Order::Start(self.target(path, bits), asker.take()),
            Record::Toggle if !records => Order::Start(self.target(None, None), asker.take()),
            Record::Stop if !records => {
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
                Order::Keep(self.target(path, bits), seconds, asker.take())
            }
            Record::Bits(bits) => {
                self.config.record_bits = bits;
                return Ok(None);
            }
            Record::Status => return Ok(None),
        };
        self.begins_recording += usize::from(matches!(order, Order::Start(..)));
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
            News::Started { path, aside } => {
                self.begins_recording = self.begins_recording.saturating_sub(1);
                let frames = self.recorder.as_ref().map(Recorder::frames);
                self.recording = Some(Recording {
                    path: path.clone(),
                    frames: frames.unwrap_or_default(),
                });
                let aside = aside.map_or(String::new(), |aside| format!("; {}", moved(&aside)));
                let sentence = format!("Recording into {}{aside}", path.display());
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
                } else {
                    self.begins_recording = self.begins_recording.saturating_sub(1);
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
