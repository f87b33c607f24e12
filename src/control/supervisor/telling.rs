//! What the supervisor tells: events with their sentence, and the view.
use std::time::Duration;

use super::super::command::SlotId;
use super::super::event::{Event, SlotView, View, What};
use super::super::position::bar_text;
use super::super::slot::SlotState;
use super::Supervisor;

/// Between two events of one knob.
const TURN_PERIOD: Duration = Duration::from_millis(50);
/// Knobs that are told about in one such time; a human turns fewer.
const MOST_TURNS: usize = 64;

/// A knob that moves.
pub struct Turn {
    name: String,
    told: Duration,
    /// The newest move that was not told.
    waiting: Option<(What, String)>,
}

impl Supervisor {
    /// Tells an event that happens at what is heard now.
    pub(super) fn tell(&mut self, what: What, sentence: String) {
        let frame = self.rig.heads().played;
        self.tell_at(frame, what, sentence);
    }

    pub(super) fn tell_at(&mut self, frame: u64, what: What, sentence: String) {
        // Whoever reads the event may look at the view at once: it must not be older.
        self.board.publish(self.look());
        self.board.tell(&Event {
            frame,
            bar: bar_text(&self.tempo.at(frame), frame),
            what,
            sentence,
        });
        self.changed = true;
    }

    /// A turn of a knob: at once, and then no oftener than a screen shows it, for a controller can send thousands a second.
    pub(super) fn tell_turned(&mut self, what: What, sentence: String) {
        let What::Param { module, param, .. } = &what else {
            return;
        };
        let name = format!("{module}.{param}");
        let now = self.now.steady;
        let room = self.turns.len() < MOST_TURNS;
        match self.turns.iter_mut().find(|t| t.name == name) {
            Some(turn) => turn.waiting = Some((what, sentence)),
            None if room => {
                self.turns.push(Turn {
                    name,
                    told: now,
                    waiting: None,
                });
                self.tell_lightly(what, sentence);
            }
            None => {}
        }
    }

    fn tell_lightly(&mut self, what: What, sentence: String) {
        let frame = self.rig.heads().played;
        self.board.tell(&Event {
            frame,
            bar: bar_text(&self.tempo.at(frame), frame),
            what,
            sentence,
        });
    }

    fn tell_turns(&mut self) {
        let now = self.now.steady;
        let mut due = Vec::new();
        self.turns.retain_mut(|turn| {
            if now.saturating_sub(turn.told) < TURN_PERIOD {
                return true;
            }
            turn.told = now;
            match turn.waiting.take() {
                Some(event) => {
                    due.push(event);
                    true
                }
                None => false,
            }
        });
        for (what, sentence) in due {
            self.tell_lightly(what, sentence);
        }
    }

    pub(super) fn publish(&mut self) {
        self.tell_turns();
        let net = self.has_net();
        if net == self.told_no_net {
            self.told_no_net = !net;
            self.changed = true;
        }
        if self.changed {
            self.changed = false;
            self.write_texts();
            self.board.publish(self.look());
        }
    }

    /// The undo tree as JSON.
    pub(super) fn tree(&self) -> String {
        let branches = super::super::tree::branches(&self.history);
        serde_json::to_string(&branches).unwrap_or_default()
    }

    /// Something could take over at this moment.
    pub(super) fn has_net(&self) -> bool {
        let other = &self.slots[self.live.other().index()].state;
        matches!(other, SlotState::Primed | SlotState::Fading { .. })
    }

    /// "A keeps playing", or what else is true.
    pub(super) fn goes_on(&self) -> String {
        let slot = &self.slots[self.live.index()];
        if slot.state.is_heard() {
            format!("{} keeps playing", self.live.name())
        } else {
            "nothing plays".into()
        }
    }

    pub(super) fn look(&self) -> View {
        let heads = self.rig.heads();
        let transport = self.tempo.at(heads.played);
        let last = self.tempo.last();
        let slot = |id: SlotId| {
            let slot = &self.slots[id.index()];
            SlotView {
                state: slot.state.clone(),
                incoming: slot.incoming.clone(),
                generation: slot.generation,
                loaded: slot.loaded.clone(),
                is_net: slot.is_net,
                levels: self.levels_of(id),
                costs: slot.layout.costs.clone(),
            }
        };
        let (undo_steps, redo_steps) = self.history.depth();
        View {
            slots: SlotId::BOTH.map(slot),
            live: self.live,
            bpm: last.bpm,
            playing: last.playing,
            transport,
            quantum: self.quantum,
            armed: self.armed.as_ref().map(|a| a.due.bar(&last)),
            swap_beat: self.swap_beat(),
            morph: self.morph_at(),
            fade_ms: self.fade_ms,
            state_carry: self.state_carry,
            panicked: self.panicked,
            cued: self.cued,
            cue_outputs: self
                .stream
                .as_ref()
                .is_some_and(|(s, _)| s.pair().is_there()),
            no_net: !self.has_net(),
            bench: self.bench.clone(),
            auto_prime: self.auto_prime,
            probe: self.probe_feed(),
            draft: self.draft.as_ref().map(|d| d.len()),
            undo_steps,
            redo_steps,
            controls: self.controls.clone(),
            learning: self.learning.clone(),
            typed: self.typed.clone(),
            recovery: self.recovery.clone(),
            not_kept: self.not_kept.clone(),
            tree_version: self.history.version(),
            recording: self.recording.clone(),
            recordings: self.config.recordings.clone(),
            record_bits: self.config.record_bits,
            set: self.rig.set().map(|set| set.path().to_owned()),
            sets: self.config.sets.as_ref().map(|sets| sets.folder.clone()),
            device: self.device.clone(),
            device_problem: self.device_problem.clone(),
        }
    }
}
