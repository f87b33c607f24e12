//! Patching: edits of the patch on the bench, which is built and primed into the standby as it grows. What plays goes on.
use std::path::PathBuf;
use std::sync::Arc;

use super::super::bench::{Bench, EMPTY, Sheet};
use super::super::builder::Source;
use super::super::command::{Focus, SlotId};
use super::super::event::What;
use super::super::history::Step;
use super::super::params::{self, Knob};
use super::Supervisor;
use super::knobs::Recorded;
use super::loading::Wish;
use super::records::{Pending, Purpose, Turned};
use crate::modules::spec::ParamValue;
use crate::patch::edit::Edit;

impl Supervisor {
    /// Makes an edit. On the bench if something is there and it is meant, else on a copy of what that slot plays.
    pub(super) fn edit(&mut self, focus: Focus, edit: &Edit, frame: u64) -> Result<(), String> {
        self.write_texts();
        if let Some(turned) = self.amount_edit(focus, edit, frame) {
            return turned;
        }
        let before = self.bench.as_ref().map(Bench::sheet);
        let base = match (focus, &before) {
            (Focus::Bench, Some(sheet)) => sheet.clone(),
            (Focus::Bench | Focus::Live, _) => self.sheet_of(self.live),
            (Focus::Slot(slot), _) => self.sheet_of(slot),
        };
        let text = edit.apply(&base.text).map_err(|why| why.to_string())?;
        let after = Sheet {
            text: text.into(),
            ..base
        };
        let bench = Bench::open(after.clone())?;
        self.lay_on(Some(bench));
        let step = Step::Edit {
            edit: Box::new(edit.clone()),
            before,
            after: Some(after),
        };
        self.remember(step, frame);
        self.tell_bench(What::Edited, edit.words(), frame)
    }

    /// The amount of a cable that is there is a knob: it is heard at once, and nothing is built. None for any other edit, and where
    /// the text has its own ways with the cable.
    fn amount_edit(&mut self, focus: Focus, edit: &Edit, frame: u64) -> Option<Result<(), String>> {
        let Edit::Amount { from, to, amount } = edit else {
            return None;
        };
        let loaded = |slot: SlotId| {
            let loaded = self.slots[slot.index()].loaded.as_ref()?;
            Some((&loaded.patch, &loaded.text))
        };
        let (patch, text) = match (focus, &self.bench) {
            (Focus::Bench, Some(bench)) => (&bench.patch, &bench.text),
            (Focus::Bench | Focus::Live, _) => loaded(self.live)?,
            (Focus::Slot(slot), _) => loaded(slot)?,
        };
        if let Err(why) = edit.apply(text) {
            return Some(Err(why.to_string()));
        }
        let (module, knob) = params::amount(patch, from, to)?;
        let value = match amount {
            Some(amount) => params::read(patch, &knob, amount),
            None => Ok(ParamValue::Fixed(1.0)),
        };
        let turned = value.and_then(|value| {
            self.set_param(focus, &module, &knob.name, value, frame, Recorded::New)
        });
        Some(turned.map(drop))
    }

    /// A patch with nothing in it, in no file.
    pub(super) fn new_patch(&mut self, frame: u64) -> Result<(), String> {
        let sheet = Sheet {
            text: EMPTY.into(),
            path: None,
            of_live: false,
        };
        let edit = Edit::Rewrite(EMPTY.into());
        self.exchange(edit, Some(sheet), "a new patch", frame)
    }

    /// Takes the patch off the bench: what plays is what is patched.
    pub(super) fn clear_bench(&mut self, frame: u64) -> Result<(), String> {
        if self.bench.is_none() {
            return Err("nothing is on the bench".into());
        }
        let edit = Edit::Rewrite(String::new());
        self.exchange(edit, None, "edits thrown away", frame)
    }

    fn exchange(
        &mut self,
        edit: Edit,
        after: Option<Sheet>,
        words: &str,
        frame: u64,
    ) -> Result<(), String> {
        self.write_texts();
        let before = self.bench.as_ref().map(Bench::sheet);
        let bench = after.clone().map(Bench::open).transpose()?;
        self.lay_on(bench);
        let edit = Box::new(edit);
        let step = Step::Edit {
            edit,
            before,
            after,
        };
        self.remember(step, frame);
        self.tell_bench(What::Edited, words.to_owned(), frame)
    }

    /// Undo and redo of an edit: the bench as it was, primed again.
    pub(super) fn put_back(
        &mut self,
        sheet: Option<&Sheet>,
        what: What,
        words: String,
        frame: u64,
    ) -> Result<(), String> {
        self.lay_sheet(sheet)?;
        if self.armed.take().is_some() {
            self.tell(What::Disarmed, "swap taken back".into());
        }
        self.tell_bench(what, words, frame)
    }

    pub(super) fn lay_sheet(&mut self, sheet: Option<&Sheet>) -> Result<(), String> {
        let bench = sheet.cloned().map(Bench::open).transpose()?;
        self.lay_on(bench);
        Ok(())
    }

    fn lay_on(&mut self, bench: Option<Bench>) {
        self.bench = bench;
        self.changed = true;
    }

    /// Says what was done and builds it, where that is wanted and can be.
    fn tell_bench(&mut self, what: What, words: String, frame: u64) -> Result<(), String> {
        let trouble = self.bench.as_ref().and_then(|b| b.trouble.clone());
        let sentence = match (&trouble, self.auto_prime) {
            (Some(trouble), _) => format!("{words}; not to be heard yet: {trouble}"),
            (None, true) => words,
            (None, false) => format!("{words}; ^E builds and primes it"),
        };
        self.tell(what, sentence.clone());
        match self.auto_prime && trouble.is_none() {
            true => self.build_bench(Some(sentence), frame),
            false => Ok(()),
        }
    }

    /// Builds what is on the bench; without anything on it, what plays, so that no edit that was taken back stands by.
    pub(super) fn build_bench(&mut self, words: Option<String>, frame: u64) -> Result<(), String> {
        self.write_texts();
        let sheet = match &self.bench {
            Some(bench) => match &bench.trouble {
                Some(trouble) => return Err(format!("not to be heard yet: {trouble}")),
                None => bench.sheet(),
            },
            None if self.slots[self.live.index()].loaded.is_some() => self.sheet_of(self.live),
            None => return Ok(()),
        };
        let file = match &sheet.path {
            Some(path) => path.display().to_string(),
            None => "patch".into(),
        };
        let text = sheet.text;
        let source = Source::Text { text, file };
        let wish = Wish {
            words,
            ..Wish::asked(frame, sheet.path, true, None)
        };
        self.build(source, wish)
    }

    fn sheet_of(&self, slot: SlotId) -> Sheet {
        let of_live = slot == self.live;
        match &self.slots[slot.index()].loaded {
            Some(loaded) => Sheet {
                text: loaded.text.clone(),
                path: loaded.path.clone().filter(|p| p.as_os_str() != "-"),
                of_live,
            },
            None => Sheet {
                text: EMPTY.into(),
                path: None,
                of_live: false,
            },
        }
    }

    /// What is heard now is what was on the bench, or something else.
    pub(super) fn bench_heard(&mut self) {
        let heard = self.slots[self.live.index()].patch().cloned();
        let Some(bench) = &mut self.bench else {
            return;
        };
        bench.of_live = false;
        if heard.is_some_and(|heard| heard == bench.patch) {
            self.lay_on(None);
        }
    }

    pub(super) fn bench_saved(&mut self, path: PathBuf) {
        if let Some(bench) = &mut self.bench {
            bench.path = Some(path);
        }
    }

    // Knobs

    /// A knob of the patch on the bench, and the same one wherever that patch plays.
    pub(super) fn turn_on_bench(
        &mut self,
        module: &str,
        param: &str,
        value: ParamValue,
        frame: u64,
        recorded: Recorded,
    ) -> Result<String, String> {
        let Some(bench) = &mut self.bench else {
            return self.set_param(Focus::Live, module, param, value, frame, recorded);
        };
        let knob = params::find(&bench.patch, module, param)?;
        let value = params::check(&knob.spec, value)?;
        let kind = bench.patch.modules[knob.node].spec.kind;
        bench.turn(&knob, value);
        let of_live = bench.of_live;
        self.changed = true;
        for slot in SlotId::BOTH {
            if slot == self.live && !of_live {
                continue;
            }
            let Some(patch) = self.slots[slot.index()].patch() else {
                continue;
            };
            let same = params::find(patch, module, param).ok();
            let same = same.filter(|k| patch.modules[k.node].spec.kind == kind);
            if let Some(there) = same.filter(|k| k.value == knob.value) {
                self.turn(slot, module, &there, value, frame);
            }
        }
        let turned = Turned {
            module: module.to_owned(),
            param: knob.name.clone(),
            from: Some(knob.value),
            to: value,
            frame,
        };
        // A copy of what plays is no business of a patch that was not made from it.
        let concerns = |p: &&mut Pending| of_live || p.purpose == Purpose::Asked;
        for pending in self.coming_mut().filter(concerns) {
            pending.turned.push(turned.clone());
        }
        if recorded == Recorded::New && knob.value != value {
            let step = Step::Knob {
                focus: Focus::Bench,
                module: module.to_owned(),
                param: knob.name.clone(),
                from: knob.value,
                to: value,
            };
            self.remember(step, frame);
        }
        Ok(self.tell_turn(module, &knob.spec, Some(knob.value), value))
    }

    /// A knob of what plays: the bench follows where it stood the same.
    pub(super) fn bench_follows(&mut self, module: &str, knob: &Knob, value: ParamValue) {
        let Some(bench) = self.bench.as_mut().filter(|b| b.of_live) else {
            return;
        };
        if let Ok(there) = params::find(&bench.patch, module, &knob.name)
            && there.value == knob.value
        {
            bench.turn(&there, value);
        }
    }

    /// All patches that are on their way.
    pub(super) fn coming_mut(&mut self) -> impl Iterator<Item = &mut Pending> {
        let ready = self.ready.iter_mut().map(|r| &mut r.pending);
        let arriving = self.arriving.iter_mut().map(|a| &mut a.ready.pending);
        self.pending.iter_mut().chain(ready).chain(arriving)
    }

    pub(super) fn write_bench(&mut self) {
        if let Some(bench) = &mut self.bench {
            bench.write();
        }
    }

    /// What a save of the bench writes, and where to.
    pub(super) fn bench_text(&self) -> Result<(Arc<str>, Option<PathBuf>), String> {
        let bench = self.bench.as_ref().ok_or("nothing is on the bench")?;
        Ok((bench.text.clone(), bench.path.clone()))
    }
}
