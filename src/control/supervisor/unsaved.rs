//! Autosave, and the offer to bring back what a killed program left behind. Never in the way of sound.
use std::sync::Arc;
use std::time::Duration;

use super::super::bench::Bench;
use super::super::builder::Source;
use super::super::event::What;
use super::super::unsaved::{Keeper, Work};
use super::Supervisor;
use super::loading::Wish;

/// Between two autosaves: what a kill may cost.
const EVERY: Duration = Duration::from_secs(3);

impl Supervisor {
    pub(super) fn begin_keeping(&mut self) {
        let Some(folder) = self.config.unsaved.clone() else {
            return;
        };
        match Keeper::start(&folder) {
            Ok(keeper) => {
                self.recovery = keeper.left().map(|work| offer(&work));
                self.keeper = Some(keeper);
            }
            Err(why) => {
                let sentence = format!("unsaved work is not kept: {}: {why}", folder.display());
                self.not_kept = Some(sentence.clone());
                self.tell(What::Warning, sentence);
            }
        }
    }

    pub(super) fn keep_work(&mut self) {
        if self.now.steady < self.next_keep || self.keeper.is_none() {
            return;
        }
        self.next_keep = self.now.steady + EVERY;
        let trouble = self.keeper.as_mut().and_then(Keeper::trouble);
        if let Some(why) = trouble {
            self.tell(What::Warning, format!("unsaved work is not kept: {why}"));
        }
        let version = self.history.version();
        let beside = (self.draft.clone(), self.typed.clone());
        if version == self.kept && beside == self.kept_beside {
            return;
        }
        let work = self.work();
        if let Some(keeper) = &mut self.keeper
            && keeper.keep(work)
        {
            self.kept = version;
            self.kept_beside = beside;
        }
    }

    fn work(&mut self) -> Work {
        self.write_texts();
        let live = self.slots[self.live.index()].loaded.as_ref();
        let bench = self.bench.as_ref().map(Bench::sheet);
        Work::of(live, bench.as_ref(), &self.history)
            .beside(self.draft.as_ref(), self.typed.as_deref())
    }

    /// The program ends unasked: what is in no file stays where the next one finds it.
    pub(super) fn leave_work(&mut self) {
        // Only then it is known whether anything differs from the file.
        self.write_texts();
        let live = self.slots[self.live.index()].loaded.as_ref();
        let edited = live.is_some_and(|l| l.modified) || self.bench.is_some();
        if !edited && self.draft.is_none() && self.typed.is_none() {
            return;
        }
        let work = self.work();
        if let Some(keeper) = &mut self.keeper {
            keeper.leave(work);
        }
    }

    /// Brings back what was left: the tree, and the patch through prime into the standby.
    pub(super) fn recover(&mut self, frame: u64) -> Result<(), String> {
        let work = self.keeper.as_ref().and_then(Keeper::left);
        let work = work.ok_or("nothing was left behind")?;
        let live = work.live();
        match work.bench() {
            Some(sheet) => {
                self.lay_sheet(Some(&sheet))?;
                self.build_bench(Some("recovered".into()), frame)?;
            }
            None => {
                let Some(loaded) = live else {
                    return Err("what was left behind can't be read".into());
                };
                let source = Source::Patch {
                    patch: loaded.patch,
                    text: loaded.text,
                };
                self.build(source, Wish::asked(frame, loaded.path, true, None))?;
            }
        }
        let steps = work.len();
        work.restore(&mut self.history);
        self.forget_left();
        let mut more = String::new();
        if let Some(draft) = work.draft() {
            more += &format!("; the draft of {} modules is open again", draft.len());
            self.made_as.extend(draft.old_kinds());
            self.draft = Some(draft);
        }
        if let Some(typed) = work.typed() {
            more += "; so is the text that was being typed";
            self.typed = Some(Arc::new(typed));
        }
        let sentence = format!(
            "recovered {} and {steps} steps{more}; ^G swaps it in",
            work.name
        );
        self.tell(What::Warning, sentence);
        Ok(())
    }

    pub(super) fn forget_left(&mut self) {
        self.recovery = None;
        self.changed = true;
        if let Some(keeper) = &mut self.keeper {
            keeper.forget_left();
        }
    }
}

fn offer(work: &Work) -> String {
    format!(
        "Unsaved work was left behind ({}, {} {})",
        work.name,
        work.len(),
        if work.len() == 1 { "step" } else { "steps" }
    )
}
