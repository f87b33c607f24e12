//! Swaps: armed at a quantum, checked once more just before, told to the callback, and what the callback answers.
use super::super::command::{Quantum, SlotId};
use super::super::event::What;
use super::super::history::Step;
use super::super::position::split;
use super::super::slot::{SlotEvent, SlotState};
use super::super::swap::{Armed, Due, Verdict};
use super::Supervisor;
use super::loading::capital;
use super::records::Swapping;
use crate::audio::msg::{NotSwapped, Swap, SwapAt};
use crate::engine::msg::Act;
use crate::graph::Change;
use crate::modules::spec::Family;
use crate::patch::Node;

/// A frame that passed before the standby was ready is followed by the next one, so many times.
const MOST_MISSED: u32 = 8;
/// The longest that a patch rings out after a swap away from it.
const SPILL_SECONDS: f64 = 6.0;
/// +12 dBFS before the guard, as in priming.
const LOUDEST: f32 = 3.981_071_7;

impl Supervisor {
    /// Arms a swap, or takes the armed one back (`None` while one is armed).
    pub(super) fn ask_swap(&mut self, quantum: Option<Quantum>, frame: u64) -> Result<(), String> {
        if quantum.is_none() && self.armed.take().is_some() {
            self.head_nowhere();
            self.tell(What::Disarmed, "swap taken back".into());
            return Ok(());
        }
        if let Some(swapping) = &self.swapping {
            return match swapping.fading {
                Some(_) => Err("a fade is going on".into()),
                None if quantum.is_none() => {
                    self.rig.cancel_swap();
                    Ok(())
                }
                None => Err("a swap is about to happen".into()),
            };
        }
        let standby = self.live.other();
        let coming = self.coming();
        match &self.slots[standby.index()].state {
            _ if coming.is_some() => {}
            SlotState::Empty => return Err("nothing is loaded to swap to".into()),
            SlotState::Failed(why) => return Err(format!("{} failed: {why}", standby.name())),
            _ => {}
        }
        let quantum = quantum.unwrap_or(self.quantum);
        self.arm(quantum, frame, coming, false);
        Ok(())
    }

    /// The build that is on its way into the standby because the user asked for it.
    fn coming(&self) -> Option<u64> {
        use super::records::Purpose::Asked;
        let building = self.pending.iter().filter(|p| !p.forgotten);
        let waiting = self.ready.iter().map(|r| &r.pending);
        let arriving = self.arriving.iter().map(|a| &a.ready.pending);
        building
            .chain(waiting)
            .chain(arriving)
            .find(|p| p.purpose == Asked)
            .map(|p| p.number)
    }

    pub(super) fn arm(
        &mut self,
        quantum: Quantum,
        frame: u64,
        waits_for: Option<u64>,
        retold: bool,
    ) {
        let heads = self.rig.heads();
        let from = frame.max(heads.earliest);
        let due = match quantum {
            // A time that was named for it; "as soon as can be" otherwise.
            Quantum::Now if frame > heads.earliest => Due::Frame(frame),
            _ => Due::next(quantum, &self.tempo.last(), from),
        };
        self.armed = Some(Armed {
            quantum,
            due,
            asked: self.now.steady,
            asked_frame: heads.played,
            waits_for,
            missed: 0,
            retold,
        });
        let to = self.live.other().name();
        let when = match due.bar(&self.tempo.last()) {
            Some(_) => format!("at {}", self.due_text(due)),
            None => "as soon as it can".into(),
        };
        let sentence = format!("{to} swaps in {when}");
        let frame = match due {
            Due::Frame(frame) => Some(frame),
            _ => None,
        };
        self.tell(What::Armed { quantum, frame }, sentence);
        self.decide_swap();
    }

    fn due_text(&self, due: Due) -> String {
        match due {
            Due::Beat(beat) => match split(beat, self.tempo.last().beats_per_bar) {
                (bar, 1, 1) => format!("bar {bar}"),
                (bar, beat, _) => format!("bar {bar}, beat {beat}"),
            },
            Due::Frame(frame) => format!("frame {frame}"),
            Due::Soonest => "once".into(),
        }
    }

    /// Sends the armed swap to the callback when its frame is near enough, or says why not.
    pub(super) fn decide_swap(&mut self) {
        let Some(armed) = self.armed.clone() else {
            return;
        };
        if self.swapping.is_some() || armed.waits_for.is_some() {
            return;
        }
        let to = self.live.other();
        let slot = &self.slots[to.index()];
        match &slot.state {
            SlotState::Primed | SlotState::Filling => {}
            SlotState::Failed(why) => {
                let why = format!("{} failed: {why}", to.name());
                return self.refuse_swap(&why);
            }
            SlotState::Empty => return self.refuse_swap("nothing is loaded to swap to"),
            SlotState::Live | SlotState::Fading { .. } => return,
        }
        let ready = slot.state == SlotState::Primed;
        let heads = self.rig.heads();
        let transport = self.tempo.last();
        let verdict = armed
            .due
            .verdict(&transport, heads.earliest, self.horizon(&heads));
        match verdict {
            Verdict::Wait => {}
            Verdict::Missed => self.postpone(armed, "its frame had passed"),
            // Soonest, or near: wait for the ring as long as there is time.
            Verdict::At(_) if !ready && armed.due == Due::Soonest => {}
            Verdict::At(frame) if !ready && frame > heads.earliest + self.rig.lead() / 4 => {}
            Verdict::At(_) if !ready => {
                self.postpone(armed, "the standby was not yet in step with the timeline");
            }
            Verdict::At(frame) => self.send_swap(armed, frame),
        }
    }

    fn send_swap(&mut self, armed: Armed, frame: u64) {
        let to = self.live.other();
        if let Err(why) = self.look_once_more(to) {
            return self.refuse_swap(&why);
        }
        let slot = &self.slots[to.index()];
        let generation = slot.generation;
        let bpm = slot.patch().and_then(|p| p.bpm);
        let tempo_now = self.tempo.last().bpm;
        // A patch that asks for the same as the one before, an edit of it mostly, leaves the tempo where it was set by hand.
        let before = self.slots[self.live.index()].patch().and_then(|p| p.bpm);
        let new = |b: &f64| *b != tempo_now && before != Some(*b);
        let brings = bpm.filter(|b| self.config.take_tempo && !armed.retold && new(b));
        let at = match (armed.due, brings) {
            // What both rings hold already can be swapped at once; a new tempo has to be told to the engines first.
            (Due::Soonest, None) => SwapAt::Ready,
            _ => SwapAt::Frame(frame),
        };
        if let Some(bpm) = brings {
            self.set_tempo(frame, bpm);
        }
        let fade_frames = self.fade_frames();
        let spill_frames = self.spill_frames();
        self.builds += 1;
        let id = self.builds;
        self.rig.swap(Swap {
            id,
            to: to.index(),
            generation,
            at,
            fade_frames,
            spill_frames,
        });
        self.swapping = Some(Swapping {
            id,
            to,
            asked: armed.asked,
            asked_frame: armed.asked_frame,
            retold: armed.retold,
            quantum: armed.quantum,
            missed: armed.missed,
            tempo_before: brings.map(|_| tempo_now),
            fading: None,
            frame: matches!(at, SwapAt::Frame(_)).then_some(frame),
            spill_frames,
        });
        self.armed = None;
        self.changed = true;
    }

    /// The standby's own meters of the last 100 ms: knobs may have moved since it was verified.
    fn look_once_more(&self, slot: SlotId) -> Result<(), String> {
        let (rms, peak) = self.rig.meters(slot);
        if rms.iter().chain(&peak).any(|x| !x.is_finite()) {
            return Err(format!("{} renders what is not a number", slot.name()));
        }
        let peak = peak[0].max(peak[1]);
        if peak > LOUDEST {
            let db = 20.0 * peak.log10();
            return Err(format!("{} peaks at {db:+.1} dBFS", slot.name()));
        }
        Ok(())
    }

    fn fade_frames(&self) -> u32 {
        let frames = f64::from(self.fade_ms) * self.config.rate / 1_000.0;
        frames.round().max(1.0) as u32
    }

    /// How long the live patch rings out when the other one comes: not at all unless it asks for it, nor where the other one goes on
    /// with its echoes, which would be heard twice.
    fn spill_frames(&self) -> u32 {
        let [live, next] = [self.live, self.live.other()].map(|s| self.slots[s.index()].patch());
        let (Some(live), Some(next)) = (live, next) else {
            return 0;
        };
        let goes_on = self.state_carry
            && live.modules.iter().any(|old| {
                let same = |new: &&Node| new.name == old.name && new.spec.kind == old.spec.kind;
                old.spec.family == Family::Effect && next.modules.iter().find(same).is_some()
            });
        match live.spill && !goes_on {
            true => (SPILL_SECONDS * self.config.rate) as u32,
            false => 0,
        }
    }

    /// Lets go of what plays a slot's graph, or takes hold of it again.
    pub(super) fn release(&mut self, slot: SlotId, on: bool) {
        let frame = self.rig.heads().earliest;
        let record = &mut self.slots[slot.index()];
        if record.released == on {
            return;
        }
        record.released = on;
        let act = Act::Change {
            generation: record.generation,
            change: Change::Release(on),
        };
        self.rig.act(slot, frame, act, 0);
    }

    fn postpone(&mut self, mut armed: Armed, why: &str) {
        armed.missed += 1;
        if armed.missed > MOST_MISSED {
            return self.refuse_swap(why);
        }
        let heads = self.rig.heads();
        armed.due = Due::next(armed.quantum, &self.tempo.last(), heads.earliest);
        let sentence = format!(
            "{why}: {} swaps in at {}",
            self.live.other().name(),
            self.due_text(armed.due)
        );
        self.armed = Some(armed);
        self.tell(What::Warning, sentence);
    }

    fn refuse_swap(&mut self, why: &str) {
        self.armed = None;
        self.head_nowhere();
        let sentence = format!("no swap: {why}. {}.", capital(&self.goes_on()));
        self.tell(What::Disarmed, sentence);
    }

    /// The callback began the fade.
    pub(super) fn swapped(&mut self, id: u64, frame: u64, fade_frames: u32, rho: f32) {
        let Some(swapping) = self.swapping.as_mut().filter(|s| s.id == id) else {
            return;
        };
        swapping.fading = Some((frame, fade_frames));
        let swapping = swapping.clone();
        let (from, to) = (self.live, swapping.to);
        self.turn_to(to);
        if swapping.retold && !self.pursuing {
            self.heading = None;
        }
        if swapping.spill_frames > 0 {
            self.release(from, true);
        }
        let waited = frame.saturating_sub(swapping.asked_frame);
        let latency_ms = (waited as f64 * 1e3 / self.config.rate) as f32;
        let old = self.slots[from.index()].loaded.clone();
        let new = self.slots[to.index()].loaded.clone();
        if let (Some(old), Some(new), false) = (old, new, swapping.retold) {
            let step = Step::Swap {
                to,
                from: Box::new(old),
                into: Box::new(new),
            };
            self.remember(step, frame);
        }
        let transport = self.tempo.at(frame);
        let (bar, beat, sixteenth) = split(transport.beat_at(frame), transport.beats_per_bar);
        let sentence = format!(
            "swapped {} -> {} at {bar}.{beat}.{sixteenth}, fade {:.0} ms",
            from.name(),
            to.name(),
            fade_frames as f64 * 1e3 / self.config.rate
        );
        let what = What::Swapped {
            to,
            frame,
            fade_frames,
            latency_ms,
            rho,
        };
        self.tell_at(frame, what, sentence);
    }

    /// What is heard changes to a slot; both fade.
    pub(super) fn turn_to(&mut self, to: SlotId) {
        self.live = to;
        self.release(to, false);
        self.slots[to.index()].on(&SlotEvent::FadeStarted { rising: true });
        self.slots[to.other().index()].on(&SlotEvent::FadeStarted { rising: false });
        // It is the user's own from now on.
        self.slots[to.index()].is_net = false;
        self.changed = true;
        self.bench_heard();
    }

    /// The beat at which a swap that waits, or is decided, begins.
    pub(super) fn swap_beat(&self) -> Option<f64> {
        let last = self.tempo.last();
        match (&self.armed, &self.swapping) {
            (Some(armed), _) => match armed.due {
                Due::Beat(beat) => Some(beat),
                Due::Frame(frame) => Some(last.beat_at(frame)),
                Due::Soonest => None,
            },
            (None, Some(swapping)) if swapping.fading.is_none() => {
                swapping.frame.map(|frame| last.beat_at(frame))
            }
            _ => None,
        }
    }

    pub(super) fn swap_refused(&mut self, id: u64, why: NotSwapped) {
        let Some(swapping) = self.swapping.take_if(|s| s.id == id) else {
            return;
        };
        if let Some(bpm) = swapping.tempo_before {
            self.set_tempo(self.rig.heads().earliest, bpm);
        }
        self.changed = true;
        match why {
            NotSwapped::Cancelled => self.tell(What::Disarmed, "swap taken back".into()),
            NotSwapped::Replaced | NotSwapped::AlreadyLive => {}
            NotSwapped::TooLoud => self.refuse_swap(why.sentence()),
            NotSwapped::NotPrimed
            | NotSwapped::RunningLow
            | NotSwapped::Fading
            | NotSwapped::TooLate => {
                let armed = Armed {
                    quantum: swapping.quantum,
                    due: Due::Soonest,
                    asked: swapping.asked,
                    asked_frame: swapping.asked_frame,
                    waits_for: None,
                    missed: swapping.missed,
                    retold: swapping.retold,
                };
                self.postpone(armed, why.sentence());
            }
        }
    }

    /// One slot is audible again.
    pub(super) fn settled(&mut self) {
        for slot in &mut self.slots {
            slot.on(&SlotEvent::FadeDone);
        }
        self.end_morph();
        for slot in SlotId::BOTH {
            self.release(slot, false);
        }
        self.swapping = None;
        self.changed = true;
    }
}
