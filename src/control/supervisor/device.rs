//! What befalls the device: told, and shown until it is mended. The stream itself looks for a lost device.
use std::sync::atomic::Ordering::Relaxed;

use super::super::event::What;
use super::Supervisor;
use crate::audio::device::StreamEvent;

impl Supervisor {
    /// The input is open while a slot holds a patch that listens.
    pub(super) fn hear_input(&mut self) {
        let Some(input) = &self.input else {
            return;
        };
        let loaded = self.slots.iter().filter_map(|slot| slot.loaded.as_ref());
        input.want(loaded.into_iter().any(|loaded| loaded.patch.listens()));
        while let Some(event) = self.input.as_ref().and_then(|input| input.try_event()) {
            match event {
                StreamEvent::Back { name } => {
                    let sentence = format!("listening to {name}");
                    self.tell(What::Listening { name }, sentence);
                }
                StreamEvent::Lost { why } => {
                    let sentence = format!("no input: {why}. Patches hear silence.");
                    self.tell(What::InputLost { why }, sentence);
                }
                StreamEvent::Note { text } => self.tell(What::Warning, text),
                StreamEvent::Xrun { .. } => {}
            }
        }
    }

    pub(super) fn hear_device(&mut self) {
        while let Some((stream, xruns)) = &self.stream
            && let Some(event) = stream.try_event()
        {
            match event {
                StreamEvent::Xrun { total } => xruns.store(total, Relaxed),
                StreamEvent::Lost { why } => {
                    self.device = stream.name();
                    self.device_problem = Some(why.clone());
                    let sentence = format!("device lost: {why}. The clock goes on, unheard.");
                    self.tell(What::DeviceLost { why }, sentence);
                }
                StreamEvent::Back { name } => {
                    (self.device, self.device_problem) = (name.clone(), None);
                    let sentence = format!("device {name} sounds again");
                    self.tell(What::DeviceBack { name }, sentence);
                }
                StreamEvent::Note { text } => self.tell(What::Warning, text),
            }
        }
    }
}
