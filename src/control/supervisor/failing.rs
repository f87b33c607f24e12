//! What fails: replies of engines and callback, and the failover.
use std::time::Duration;

use super::super::command::SlotId;
use super::super::event::What;
use super::super::rig::Report;
use super::super::slot::{SlotEvent, SlotState};
use super::Supervisor;
use super::loading::capital;
use crate::audio::msg::OutputReply;
use crate::engine::msg::{EngineReply, Failure};
use crate::graph::prime::Check;

/// A ring that runs dry again and again is told of this often.
const DRY_PERIOD: Duration = Duration::from_secs(1);

impl Supervisor {
    pub(super) fn hear_reports(&mut self) {
        while let Some(report) = self.rig.poll() {
            match report {
                Report::Engine(slot, reply) => self.hear_engine(slot, reply),
                Report::Output(reply) => self.hear_output(reply),
            }
        }
    }

    fn hear_engine(&mut self, slot: SlotId, reply: EngineReply) {
        match reply {
            EngineReply::Saved {
                snapshot,
                generation,
                frame,
            } => self.saved(slot, generation, Some((frame, snapshot))),
            EngineReply::Unsaved(_) => self.saved(slot, 0, None),
            EngineReply::Failed { load, why, .. } => {
                let check = match why {
                    Failure::Panic(_) => Check::Panic,
                    Failure::NonFinite => Check::Nan,
                };
                self.failed(slot, load.generation(), check, &why.sentence());
            }
            // What came home is freed here.
            EngineReply::Loaded { .. }
            | EngineReply::Retired(_)
            | EngineReply::Spent(_)
            | EngineReply::Detached(_)
            | EngineReply::Unwatched(_) => {}
        }
    }

    fn hear_output(&mut self, reply: OutputReply) {
        match reply {
            OutputReply::Swapped {
                id,
                frame,
                fade_frames,
                rho,
                ..
            } => self.swapped(id, frame, fade_frames, rho),
            OutputReply::Refused { id, why, .. } => self.swap_refused(id, why),
            OutputReply::Settled { .. } => self.settled(),
            OutputReply::Failover {
                to,
                frame,
                fade_frames,
                rho,
                ..
            } => self.failed_over(SlotId::BOTH[to & 1], frame, fade_frames, rho),
            OutputReply::NonFinite { slot, generation } => {
                let slot = SlotId::BOTH[slot & 1];
                let why = "samples that are not numbers reached the output guard";
                self.failed(slot, generation, Check::Nan, why);
                self.rig.unload(slot);
            }
            OutputReply::Dry { slot, .. } => {
                let slot = SlotId::BOTH[slot & 1];
                // Whether that is to be silence is not said yet: its engine may still come in time.
                let sentence = format!("{} runs dry: what is left of it fades out", slot.name());
                if is_due(&mut self.told_dry, self.now.steady) {
                    self.tell(What::Warning, sentence);
                }
            }
            OutputReply::Returned {
                slot, none_frames, ..
            } => {
                let slot = SlotId::BOTH[slot & 1];
                let ms = none_frames as f64 * 1e3 / self.config.rate;
                let what = match none_frames {
                    0 => "nothing was missing".to_owned(),
                    _ => format!("none-read, {ms:.0} ms of silence"),
                };
                let sentence = format!("{} sounds again: {what}", slot.name());
                if is_due(&mut self.told_returned, self.now.steady) {
                    self.tell(What::Warning, sentence);
                }
            }
            // The phases are read from the telemetry, which is never lost.
            OutputReply::InStep { .. }
            | OutputReply::OutOfStep { .. }
            | OutputReply::AtTick { .. } => {}
            OutputReply::Detached {
                slot,
                feed,
                attached,
            } => {
                // The old ring is freed here; a new one that could not be taken yet is offered again.
                if !attached {
                    self.rig.attach(SlotId::BOTH[slot & 1], feed);
                }
            }
        }
    }

    /// A slot's graph can't play any more.
    pub(super) fn failed(&mut self, slot: SlotId, generation: u32, check: Check, why: &str) {
        let record = &mut self.slots[slot.index()];
        if generation != record.generation || matches!(record.state, SlotState::Failed(_)) {
            return;
        }
        record.on(&SlotEvent::Failed(why.to_owned()));
        record.failed_at = Some(self.now.steady);
        record.failures.push(self.now.steady);
        // A patch that only costs too much, here and now, may do well elsewhere.
        if check != Check::Cost
            && let Some(patch) = record.patch().cloned()
        {
            self.deaths.add(&patch, self.now.steady);
        }
        if let Some(waking) = self.waking.take_if(|w| w.from == slot) {
            self.resume(waking.slot, None);
        }
        if self.arriving.as_ref().is_some_and(|a| a.from == slot)
            && let Some(arriving) = self.arriving.take()
        {
            // Its state is lost; the new patch starts afresh.
            self.ready = Some(arriving.ready);
        }
        let goes_on = match slot == self.live {
            true if self.other_can_play(slot) => format!("{} takes over", slot.other().name()),
            true => "No net: something else has to be built".into(),
            false => capital(&self.goes_on()),
        };
        let sentence = format!("{} FAILED {}: {why}. {goes_on}.", slot.name(), check.name());
        let what = What::Failed {
            slot,
            generation,
            check,
            why: why.to_owned(),
        };
        self.tell(what, sentence);
    }

    fn other_can_play(&self, slot: SlotId) -> bool {
        let other = &self.slots[slot.other().index()].state;
        matches!(other, SlotState::Primed | SlotState::Fading { .. })
    }

    fn failed_over(&mut self, to: SlotId, frame: u64, fade_frames: u32, rho: f32) {
        let from = to.other();
        let reason = match &self.slots[from.index()].state {
            SlotState::Failed(why) => why.clone(),
            _ => "its ring ran low".into(),
        };
        self.swapping = None;
        // What was armed has happened, in its own way; what is still being built comes into the other slot.
        self.armed.take_if(|armed| armed.waits_for.is_none());
        self.turn_to(to);
        let sentence = format!(
            "failover {} -> {}: {reason}. {} plays on.",
            from.name(),
            to.name(),
            to.name()
        );
        let what = What::Failover {
            to,
            frame,
            fade_frames,
            rho,
            reason,
        };
        self.tell_at(frame, what, sentence);
    }
}

/// Whether it is time to tell of this again: an engine that is too slow would fill the screen with it.
fn is_due(told: &mut Option<Duration>, now: Duration) -> bool {
    let due = told.is_none_or(|told| now.saturating_sub(told) >= DRY_PERIOD);
    if due {
        *told = Some(now);
    }
    due
}

#[cfg(all(test, feature = "faults"))]
mod tests {
    use super::super::Config;
    use super::*;
    use crate::control::hindrance::Hindrance;
    use crate::control::session::Session;

    #[test]
    fn none_read_is_said_where_something_was_not_there_and_not_before() {
        let mut session = Session::new(Config {
            budget: 1e6,
            net: false,
            ..Config::default()
        });
        let text = r#"(modules: (osc: Sine(), out: Out()), cables: ["osc > out"])"#;
        let path = std::path::Path::new("a.ron");
        session.load_first(text, path).expect("plays");
        session.render(9_600);
        session.events();
        let nothing = Hindrance::Slow(0.0);
        session.hinder(SlotId::A, nothing);
        let told = |session: &mut Session| -> Vec<String> {
            session.events().into_iter().map(|e| e.sentence).collect()
        };
        let dry = (0..1_000).find_map(|_| {
            session.render(64);
            let told = told(&mut session);
            told.into_iter().find(|s| s.starts_with("A runs dry"))
        });
        assert!(dry.is_some());
        // It comes in time.
        session.hinder(SlotId::A, Hindrance::None);
        session.render(96_000);
        assert_eq!(session.handle().reading().none_reads(), 0);
        assert_eq!(told(&mut session), Vec::<String>::new());
        // It does not.
        session.hinder(SlotId::A, nothing);
        session.render(9_600);
        assert!(session.handle().reading().none_reads() > 0);
        session.hinder(SlotId::A, Hindrance::None);
        session.render(9_600);
        let told = told(&mut session).join("\n");
        assert!(told.contains("A sounds again: none-read, "), "{told}");
    }
}
