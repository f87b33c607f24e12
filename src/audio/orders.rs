//! What the callback is told, and its answers. Realtime.
use std::sync::atomic::Ordering::Relaxed;

use ringbuf::traits::{Consumer, Observer, Producer};

use super::msg::{DeviceSide, NotSwapped, OutputMsg, OutputReply};
use super::output::Output;
use crate::engine::block::Feed;

/// No message is taken without room for its replies, and a swap in the same callback makes up to three more.
const REPLY_ROOM: usize = 8;
/// The panic key's fade.
const MUTE_SECONDS: f64 = 0.030;

impl Output {
    pub(super) fn take_messages(&mut self) {
        while self.replies.vacant_len() >= REPLY_ROOM
            && let Some(message) = self.messages.try_pop()
        {
            match message {
                OutputMsg::Swap(swap) => self.arm(swap),
                OutputMsg::Cancel { id } => {
                    if self.armed.is_some_and(|swap| swap.id == id) {
                        self.disarm(NotSwapped::Cancelled);
                    }
                }
                OutputMsg::Attach { slot, feed } => self.attach(slot & 1, feed),
                OutputMsg::Mute(on) => {
                    let frames = (MUTE_SECONDS * self.rate) as u32;
                    let target = if on { 0.0 } else { 1.0 };
                    if self.mute.target() != target {
                        self.mute.start(self.tick, self.tick, frames, target);
                        self.tell_tick(DeviceSide::Muted(on));
                    }
                }
                OutputMsg::Net(on) => self.net = on,
                OutputMsg::Cue(on) => self.cueing = on,
            }
        }
    }

    pub(super) fn tell_tick(&mut self, what: DeviceSide) {
        let tick = self.tick;
        self.tell(OutputReply::AtTick { tick, what });
    }

    fn attach(&mut self, slot: usize, feed: Box<Feed>) {
        let heard = slot == self.live || self.fade_end.is_some();
        // A ring that is heard is not taken away from under the sound.
        let attached = !heard || self.voices[slot].is_silent();
        let feed = if attached {
            self.meters[slot].forget();
            self.correlation.forget();
            self.readers[slot].replace(feed)
        } else {
            feed
        };
        self.tell(OutputReply::Detached {
            slot,
            feed,
            attached,
        });
    }

    pub(super) fn tell(&mut self, reply: OutputReply) {
        if let Err(reply) = self.replies.try_push(reply) {
            self.telemetry.callback.untold.fetch_add(1, Relaxed);
            // A reply with a box always has room: see `REPLY_ROOM`. What is lost here is a plain value.
            debug_assert!(!matches!(reply, OutputReply::Detached { .. }));
            std::mem::forget(reply);
        }
    }
}
