//! How the screen asks the instrument for something, and what becomes of the answers.
use std::sync::mpsc::{TryRecvError, channel};

use crate::control::command::{At, Command, Request};

use super::app::App;
use super::notes::NoteOut;

impl App {
    pub(super) fn take_answers(&mut self) {
        let mut errors = Vec::new();
        self.pending.retain(|answer| match answer.try_recv() {
            Ok(Err(why)) => {
                errors.push(why);
                false
            }
            Ok(Ok(_)) | Err(TryRecvError::Disconnected) => false,
            Err(TryRecvError::Empty) => true,
        });
        for why in errors {
            self.complain(why);
        }
    }

    /// Hands a command over; a refusal becomes the sentence.
    pub fn send(&mut self, command: Command) {
        let (answer, answered) = channel();
        let request = Request {
            command,
            at: At::Soon,
            answer: Some(answer),
        };
        match self.handle.send(request) {
            Ok(()) => self.pending.push(answered),
            Err(why) => self.complain(why.to_string()),
        }
    }

    /// Hands a command over that may be refused without a word.
    pub fn send_quietly(&mut self, command: Command) {
        let request = Request {
            command,
            at: At::Soon,
            answer: None,
        };
        if let Err(why) = self.handle.send(request) {
            self.complain(why.to_string());
        }
    }

    /// Hands a command over and waits for its answer a moment, so that the next key finds what this one did. False where it
    /// was refused; the reason becomes the sentence.
    pub fn ask(&mut self, command: Command) -> bool {
        let (answer, answered) = channel();
        let request = Request {
            command,
            at: At::Soon,
            answer: Some(answer),
        };
        if let Err(why) = self.handle.send(request) {
            self.complain(why.to_string());
            return false;
        }
        match answered.recv_timeout(self.patience) {
            Ok(Ok(_)) => self.view = self.handle.view(),
            Ok(Err(why)) => {
                self.complain(why);
                return false;
            }
            // It may still be made; the view will show it.
            Err(_) => self.pending.push(answered),
        }
        true
    }

    pub fn play(&mut self, notes: Vec<NoteOut>) {
        for note in notes {
            let (note, velocity) = match note {
                NoteOut::On { note, velocity } => (note, velocity),
                NoteOut::Off { note } => (note, 0.0),
            };
            self.send(Command::Note {
                note: f32::from(note),
                velocity,
            });
        }
    }
}
