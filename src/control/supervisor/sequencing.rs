//! The predecessor's sequencers at work: what is due within one lead is played with its frame, as by hand.
use super::super::event::What;
use super::super::sequences::{Ask, Deed};
use super::Supervisor;
use super::knobs::Recorded;

impl Supervisor {
    pub(super) fn sequence(&mut self, name: &str, ask: Ask, frame: u64) -> Result<(), String> {
        self.sequence_trouble = None;
        for (at, deed) in self.sequences.ask(name, ask, frame)? {
            self.do_deed(at, deed);
        }
        Ok(())
    }

    /// Plays what falls within what is decided today.
    pub(super) fn play_sequences(&mut self) {
        if !self.sequences.are_running() {
            return;
        }
        let heads = self.rig.heads();
        let until = self.horizon(&heads);
        for (frame, deed) in self.sequences.due(heads.earliest, until, self.config.rate) {
            self.do_deed(frame.max(heads.earliest), deed);
        }
    }

    fn do_deed(&mut self, frame: u64, deed: Deed) {
        let done = match deed {
            Deed::Gate { module, open } => self.gate(&module, open, frame),
            Deed::Param {
                module,
                param,
                value,
            } => self.set_number(&module, &param, value, frame, Recorded::Already),
        };
        // A patch may not have the module yet, or any more: told once, not at every step.
        if let Err(why) = done
            && self.sequence_trouble.as_ref() != Some(&why)
        {
            self.tell(What::Warning, format!("a sequence has no effect: {why}"));
            self.sequence_trouble = Some(why);
        }
    }
}
