//! What each command does. One arm a command; whatever takes more than a few lines has its own file.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::super::builder::Source;
use super::super::command::{Answer, Command, Draft as Step, Quantum, SlotId};
use super::super::draft::Draft;
use super::super::event::What;
use super::super::params;
use super::super::slot::SlotState;
use super::super::telemetry_json;
use super::super::tempo::BPM;
use super::Supervisor;
use super::knobs::Recorded;
use super::loading::Wish;
use super::notes::Played;
use super::records::{Save, Then};
use crate::engine::msg::Act;
use crate::graph::Change;
use crate::patch::file::save_atomic;

/// Fades that can be asked for, in milliseconds.
const FADES_MS: std::ops::RangeInclusive<f32> = 1.0..=10_000.0;

/// The panic fade takes 30 ms.
const SILENT_AFTER_SECONDS: f64 = 0.04;

impl Supervisor {
    /// Carries a command out at a frame that engines can still be told.
    pub(super) fn answer(&mut self, command: Command, frame: u64) -> Answer {
        self.changed = true;
        match command {
            Command::SetParam {
                focus,
                module,
                param,
                value,
            } => {
                self.set_param(focus, &module, &param, value, frame, Recorded::New)?;
            }
            Command::SetParams { focus, knobs } => self.set_params(focus, &knobs, frame)?,
            Command::SetNumber {
                module,
                param,
                value,
            } => self.set_number(&module, &param, value, frame, Recorded::New)?,
            Command::SetParamText {
                focus,
                module,
                param,
                text,
            } => {
                self.set_param_text(focus, &module, &param, &text, frame)?;
            }
            Command::Gate { module, open } => self.gate(&module, open, frame)?,
            Command::Note { note, velocity } => self.note(note, velocity, frame)?,
            Command::NotesOff => self.notes_off(frame),
            Command::Bend(semitones) => self.bend(semitones, frame)?,
            Command::Control {
                channel,
                controller,
                value,
            } => self.control(channel, controller, value, frame)?,
            Command::Learn(knob) => self.learn(knob)?,
            Command::SetControls(controls) => self.set_controls(controls),
            Command::Tell(sentence) => self.tell(What::Warning, sentence),
            Command::Macro { name, at } => {
                let index = self.macro_named(&name)?;
                self.turn_macro(index, at, frame)?;
            }
            Command::Cue(on) => {
                self.cued = on;
                self.rig.cue(on);
            }
            Command::Morph(at) => self.morph(at, frame)?,
            Command::Panic => self.panic(frame),
            Command::LoadFile(path) => {
                let source = Source::File(path.clone());
                self.build(source, Wish::asked(frame, Some(path), false, None))?;
            }
            Command::LoadText { text, path } => self.load_text(&text, path, frame)?,
            Command::Prime => self.prime(frame)?,
            Command::Swap(quantum) => self.ask_swap(quantum, frame)?,
            Command::SetQuantum(quantum) => self.quantum = quantum,
            Command::Edit { focus, edit } => self.edit(focus, &edit, frame)?,
            Command::NewPatch => self.new_patch(frame)?,
            Command::ClearBench => self.clear_bench(frame)?,
            Command::SetAutoPrime(on) => self.auto_prime = on,
            Command::Draft(step) => self.draft_step(step, frame)?,
            Command::Play => self.set_playing(true, frame),
            Command::Stop => self.set_playing(false, frame),
            Command::TogglePlay => self.set_playing(!self.tempo.last().playing, frame),
            Command::Bpm(bpm) => {
                if !BPM.contains(&bpm) {
                    let (least, most) = (BPM.start(), BPM.end());
                    return Err(format!(
                        "the tempo goes from {least} to {most} BPM, not to {bpm}"
                    ));
                }
                self.set_tempo(frame, bpm);
            }
            Command::Undo => self.undo(frame)?,
            Command::Redo => self.redo(frame)?,
            Command::Leap(id) => self.leap(id, frame)?,
            Command::Recover => self.recover(frame)?,
            Command::ForgetLeft => self.forget_left(),
            Command::Typed(typed) => self.typed = typed.map(Arc::new),
            Command::LeaveWork => self.leave_work(),
            Command::Tree => return Ok(Some(self.tree())),
            Command::Save { slot, path } => self.save(slot, path)?,
            Command::SaveBench { path } => self.save_bench(path)?,
            Command::Sequence { name, ask } => self.sequence(&name, ask, frame)?,
            // The recorder answers.
            Command::Record(what) => self.record(what, None),
            Command::SetStateCarry(on) => self.state_carry = on,
            Command::SetFade(ms) => {
                if !FADES_MS.contains(&ms) {
                    let (least, most) = (FADES_MS.start(), FADES_MS.end());
                    return Err(format!("a fade takes {least} to {most} ms, not {ms}"));
                }
                self.fade_ms = ms;
            }
            Command::ResetCounters => self.rig.telemetry().reset_counters(),
            Command::Watch(watching) => self.set_watching(watching)?,
            Command::Status => {
                let object = telemetry_json::object(&self.look(), &self.meters.read());
                return Ok(Some(object.to_string()));
            }
            Command::Quit => {
                self.ended = true;
                self.tell(What::Quit, "quitting".into());
            }
        }
        Ok(None)
    }

    // Playing

    fn note(&mut self, note: f32, velocity: f32, frame: u64) -> Result<(), String> {
        if !(0.0..=127.0).contains(&note) {
            return Err(format!("notes go from 0 to 127, not to {note}"));
        }
        if !(0.0..=1.0).contains(&velocity) {
            return Err(format!("a velocity is 0 to 1, not {velocity}"));
        }
        self.play(Played::Note { note, velocity }, frame, |_| {
            Some(Change::Note { note, velocity })
        });
        Ok(())
    }

    fn notes_off(&mut self, frame: u64) {
        self.play(Played::NotesOff, frame, |_| Some(Change::NotesOff));
    }

    pub(super) fn gate(&mut self, module: &str, open: bool, frame: u64) -> Result<(), String> {
        let patches: Vec<_> = self
            .slots
            .iter()
            .filter_map(|s| s.patch().cloned())
            .collect();
        let mut found: Vec<_> = patches.iter().map(|p| params::gated(p, module)).collect();
        let building = self.pending.iter().filter_map(|p| p.draft.as_ref());
        let coming = building
            .chain(&self.draft)
            .any(|d| d.spec(module).is_some());
        if !coming && !found.iter().any(Result::is_ok) {
            let of_live = self.slots[self.live.index()].patch();
            let why = of_live.and_then(|p| params::gated(p, module).err());
            let first = if found.is_empty() {
                None
            } else {
                found.swap_remove(0).err()
            };
            return Err(why
                .or(first)
                .unwrap_or_else(|| format!("no module `{module}`")));
        }
        let played = Played::Gate {
            module: module.to_owned(),
            open,
        };
        self.play(played, frame, |patch| {
            let node = params::gated(patch, module).ok()?;
            Some(Change::Gate { node, open })
        });
        Ok(())
    }

    /// To both slots at the same frame, and remembered for those to come.
    fn play(
        &mut self,
        played: Played,
        frame: u64,
        change: impl Fn(&crate::patch::Patch) -> Option<Change>,
    ) {
        let sent_ns = match played {
            Played::Note { velocity, .. } if velocity > 0.0 => self.pressed_ns,
            _ => 0,
        };
        for slot in SlotId::BOTH {
            let record = &self.slots[slot.index()];
            let generation = record.generation;
            if let Some(change) = record.patch().and_then(|p| change(p)) {
                let act = Act::Change { generation, change };
                // One key press is heard once.
                let sent_ns = if slot == self.live { sent_ns } else { 0 };
                self.rig.act(slot, frame, act, sent_ns);
            }
        }
        self.held.play(frame, played);
    }

    fn panic(&mut self, frame: u64) {
        self.panicked = !self.panicked;
        self.rig.mute(self.panicked);
        if self.panicked {
            self.notes_off(frame);
            self.armed = None;
            // What rings on must not come back with the sound: once it is silent, every memory is emptied.
            let silent = frame + (SILENT_AFTER_SECONDS * self.config.rate) as u64;
            for slot in SlotId::BOTH {
                let generation = self.slots[slot.index()].generation;
                self.rig.act(slot, silent, Act::Reset { generation }, 0);
            }
        }
        let (on, sentence) = match self.panicked {
            true => (true, "panic: silence; press again for sound"),
            false => (false, "sound again"),
        };
        self.changed = true;
        self.tell(What::Panic { on }, sentence.into());
    }

    // Time

    fn set_playing(&mut self, playing: bool, frame: u64) {
        if let Some(line) = self.tempo.change(frame, |t| t.playing = playing) {
            self.rig.transport(line);
            let sentence = if playing { "playing" } else { "stopped" };
            self.tell(What::Transport { playing }, sentence.into());
        }
    }

    pub(super) fn set_tempo(&mut self, frame: u64, bpm: f64) {
        if let Some(line) = self.tempo.change(frame, |t| t.bpm = bpm) {
            self.rig.transport(line);
            self.tell(What::Tempo { bpm }, format!("tempo {bpm} BPM"));
        }
    }

    // Patches

    fn load_text(&mut self, text: &str, path: Option<PathBuf>, frame: u64) -> Result<(), String> {
        let file = path.as_deref().unwrap_or(Path::new("patch"));
        let is_first = self.slots[self.live.index()].state == SlotState::Empty;
        let modified = match &path {
            Some(path) => std::fs::read_to_string(path).ok().as_deref() != Some(text),
            // What the program brings along is nobody's work.
            None => !is_first,
        };
        let source = Source::Text {
            text: text.into(),
            file: file.display().to_string(),
        };
        self.build(source, Wish::asked(frame, path, modified, None))
    }

    /// The draft, else the bench, else the standby's text again.
    fn prime(&mut self, frame: u64) -> Result<(), String> {
        if let Some(draft) = self.draft.clone().filter(|d| !d.is_empty()) {
            return self.build_draft(draft, None, frame);
        }
        if self.bench.is_some() {
            return self.build_bench(None, frame);
        }
        let standby = self.standby();
        let loaded = self.slots[standby.index()].loaded.clone();
        let loaded = loaded.ok_or("there is no draft, and the standby holds no patch")?;
        let name = match &loaded.path {
            Some(path) => path.display().to_string(),
            None => loaded.patch.name.clone(),
        };
        let source = Source::Text {
            text: loaded.text,
            file: name,
        };
        self.build(
            source,
            Wish::asked(frame, loaded.path, loaded.modified, None),
        )
    }

    fn draft_step(&mut self, step: Step, frame: u64) -> Result<(), String> {
        let draft = self.draft.get_or_insert_default();
        let result = match step {
            Step::Create { id, kind } => {
                let created = draft.create(&id, &kind);
                let old = draft.made_as(&id).map(str::to_owned);
                if created.is_ok() {
                    self.made_as.retain(|(name, _)| *name != id);
                    self.made_as.extend(old.map(|kind| (id, kind)));
                }
                created
            }
            Step::Connect { from, to } => draft.connect(&from, &to),
            Step::Disconnect { from, to } => draft.disconnect(&from, &to),
            Step::Delete { id } => draft.delete(&id),
            Step::Clear => {
                *draft = Draft::default();
                Ok(())
            }
            Step::Abort => {
                self.draft = None;
                return Ok(());
            }
            Step::Commit => {
                let draft = self.draft.take().filter(|d| !d.is_empty());
                let draft = draft.ok_or("the draft is empty: /patch/create adds modules")?;
                let then = Then {
                    quantum: Quantum::Now,
                    asked: self.now.steady,
                    asked_frame: self.rig.heads().played,
                    retold: false,
                };
                return self
                    .build_draft(draft.clone(), Some(then), frame)
                    .inspect_err(|_| {
                        self.draft = Some(draft);
                    });
            }
        };
        if self.draft.as_ref().is_some_and(Draft::is_empty) {
            self.draft = None;
        }
        result
    }

    fn build_draft(&mut self, draft: Draft, then: Option<Then>, frame: u64) -> Result<(), String> {
        let source = Source::Text {
            text: draft.text().into(),
            file: "draft".into(),
        };
        let wish = Wish {
            draft: Some(draft),
            ..Wish::asked(frame, None, true, then)
        };
        self.build(source, wish)
    }

    fn save(&mut self, slot: SlotId, path: Option<PathBuf>) -> Result<(), String> {
        self.write_texts();
        let loaded = self.slots[slot.index()].loaded.as_ref();
        let loaded = loaded.ok_or_else(|| format!("{} holds no patch", slot.name()))?;
        let path = path
            .or_else(|| loaded.path.clone())
            .filter(|p| p != Path::new("-"));
        let text = loaded.text.clone();
        self.write_file(Some(slot), path, text)
    }

    fn save_bench(&mut self, path: Option<PathBuf>) -> Result<(), String> {
        self.write_texts();
        let (text, own) = self.bench_text()?;
        self.write_file(None, path.or(own), text)
    }

    fn write_file(
        &mut self,
        slot: Option<SlotId>,
        path: Option<PathBuf>,
        text: Arc<str>,
    ) -> Result<(), String> {
        let path = path.ok_or("the patch has no file yet: name one")?;
        // A disk may be slow, or gone: not on this thread.
        let thread = std::thread::Builder::new()
            .name("chronus-save".into())
            .spawn(move || {
                let written = save_atomic(&path, &text);
                Save {
                    path,
                    slot,
                    text,
                    written,
                }
            });
        self.saves
            .push(thread.map_err(|e| format!("can't save: {e}"))?);
        Ok(())
    }

    pub(super) fn finish_saves(&mut self) {
        let saves = std::mem::take(&mut self.saves);
        let (done, going): (Vec<_>, _) = saves.into_iter().partition(JoinHandle::is_finished);
        self.saves = going;
        for thread in done {
            let Ok(save) = thread.join() else {
                continue;
            };
            let Save {
                path,
                slot,
                text,
                written,
            } = save;
            if let Err(why) = written {
                self.tell(
                    What::Warning,
                    format!("{} is not saved: {why}", path.display()),
                );
                continue;
            }
            let Some(slot) = slot else {
                self.bench_saved(path.clone());
                let sentence = format!("saved {}", path.display());
                self.tell(What::Saved { path }, sentence);
                continue;
            };
            if let Some(loaded) = &mut self.slots[slot.index()].loaded {
                // Knobs may have been turned while the disk was busy.
                loaded.modified = loaded.text != text;
                loaded.path = Some(path.clone());
            }
            let sentence = format!("saved {}", path.display());
            self.tell(What::Saved { path }, sentence);
        }
    }
}
