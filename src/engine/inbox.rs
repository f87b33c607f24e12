//! What an engine is told, and what it does about it. Realtime.
use std::sync::atomic::Ordering::Relaxed;

use ringbuf::traits::{Consumer, Observer};

use super::msg::{Act, EngineMsg, EngineReply, Failure, Load, Start};
use super::pending::{PENDING, Timed};
use super::watch::Watch;
use super::{Engine, Mode, REPLY_ROOM, Save, quiet};

/// Messages taken in one step, so that a flood delays a block by microseconds only.
const MESSAGES_A_STEP: usize = 512;

impl Engine {
    pub(super) fn take_messages(&mut self) -> bool {
        let mut taken = 0;
        while taken < MESSAGES_A_STEP && self.has_room_for_next() {
            let Some(message) = self.messages.try_pop() else {
                break;
            };
            self.handle(message);
            taken += 1;
        }
        taken > 0
    }

    /// Whatever the next message does, its replies and its events find a place.
    fn has_room_for_next(&self) -> bool {
        if self.replies.vacant_len() < REPLY_ROOM {
            return false;
        }
        match self.messages.first() {
            Some(EngineMsg::At { .. }) => self.pending.room() > 0,
            // Changes for the old graph will have gone by then; transports are few.
            Some(EngineMsg::Load(load)) => load.events.len() <= PENDING - self.transports(),
            _ => true,
        }
    }

    fn transports(&self) -> usize {
        let waiting = self.pending.before(u64::MAX).iter();
        waiting
            .filter(|e| matches!(e.act, Act::Transport(_)))
            .count()
    }

    fn handle(&mut self, message: EngineMsg) {
        match message {
            EngineMsg::At {
                frame,
                act,
                sent_ns,
            } => self.schedule(Timed {
                frame,
                act,
                sent_ns,
            }),
            EngineMsg::Load(load) => self.begin(load),
            EngineMsg::Save { snapshot, at } => self.ask_save(Save { snapshot, at }),
            EngineMsg::Unload => self.end(),
            EngineMsg::Park => self.park(),
            EngineMsg::Resume { from, snapshot } => self.resume(from, snapshot),
            EngineMsg::Watch(watch) => self.watch(watch),
            EngineMsg::Attach(writer) => {
                let old = std::mem::replace(&mut self.writer, writer);
                self.tell(EngineReply::Detached(old));
            }
        }
    }

    fn watch(&mut self, new: Box<Watch>) {
        let Some(mut old) = self.watch.replace(new) else {
            return;
        };
        if let Some(load) = self
            .load
            .as_mut()
            .filter(|l| l.generation() == old.generation())
        {
            old.leave(&mut *load.graph);
        }
        self.tell(EngineReply::Unwatched(old));
    }

    fn schedule(&mut self, event: Timed) {
        if self.mode == Mode::Parked && self.load.is_some() {
            return self.schedule_parked(event);
        }
        // Room was made sure of before the message was taken.
        self.pending.insert(event);
    }

    fn begin(&mut self, mut load: Box<Load>) {
        self.end();
        self.pending.retain(|e| matches!(e.act, Act::Transport(_)));
        self.start = match load.start {
            Start::At(frame) => frame,
            Start::Head => self.head,
        };
        self.head = self.start;
        self.begin_in_time();
        (self.mode, self.stale) = (Mode::Fresh, false);
        if let Some(transport) = load.transport.take() {
            self.transport = transport;
        }
        for &(frame, act) in &load.events {
            self.pending.insert(Timed {
                frame,
                act,
                sent_ns: 0,
            });
        }
        let my = self.my();
        my.head.store(self.head, Relaxed);
        my.parked.store(0, Relaxed);
        my.generation.store(load.generation(), Relaxed);
        self.load = Some(load);
    }

    /// Changes of tempo before a graph's first frame are no changes for it: it begins in the tempo that holds there, and glides
    /// from none before.
    pub(super) fn begin_in_time(&mut self) {
        let start = self.start;
        for event in self.pending.before(start + 1) {
            if let Act::Transport(line) = event.act {
                self.transport = line;
            }
        }
        let passed = |e: &Timed| e.frame <= start && matches!(e.act, Act::Transport(_));
        self.pending.retain(|e| !passed(e));
    }

    fn end(&mut self) {
        self.give_up_save();
        self.my().generation.store(0, Relaxed);
        if let Some(old) = self.load.take() {
            self.tell(EngineReply::Retired(old));
        }
    }

    // State for the next graph

    fn ask_save(&mut self, save: Save) {
        self.give_up_save();
        self.save = Some(save);
        if self.load.is_none() {
            self.give_up_save();
        }
    }

    pub(super) fn give_up_save(&mut self) {
        if let Some(save) = self.save.take() {
            self.tell(EngineReply::Unsaved(save.snapshot));
        }
    }

    pub(super) fn save_if_due(&mut self) {
        let due = self.save.as_ref().is_some_and(|s| s.at <= self.head);
        if !due || self.mode != Mode::Running {
            return;
        }
        let (Some(load), Some(mut save)) = (self.load.as_mut(), self.save.take()) else {
            return;
        };
        let generation = load.generation();
        let graph = &mut load.graph;
        match quiet::catch(|| graph.save(&mut save.snapshot)) {
            Ok(()) => self.tell(EngineReply::Saved {
                snapshot: save.snapshot,
                generation,
                frame: self.head,
            }),
            Err(payload) => {
                self.tell(EngineReply::Unsaved(save.snapshot));
                self.fail(Failure::Panic(payload));
            }
        }
    }
}
