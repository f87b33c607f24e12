//! One input port's messages as commands: what is held, by finger and by pedal, where the wheel is. Pure.
use crate::control::command::Command;

use super::clock::ClockIn;

/// Semitones of a wheel's full way, until the sender says otherwise (registered parameter 0).
const BEND: f32 = 2.0;
const PEDAL: u8 = 64;
/// Controllers that say something else than a knob: banks, registered parameters and their values.
const NO_KNOB: [u8; 8] = [0, 6, 32, 38, 98, 99, 100, 101];

/// A note that is down.
#[derive(Clone, Copy, Debug)]
struct Held {
    channel: u8,
    note: u8,
    /// Only the pedal keeps it.
    by_pedal: bool,
}

pub struct Translator {
    held: Vec<Held>,
    pedals: [bool; 16],
    /// Semitones of a full bend, and the registered parameter that is being set.
    ranges: [f32; 16],
    registered: [(u8, u8); 16],
    bend: f32,
    /// Whether the port's clock is followed.
    follow: bool,
    clock: ClockIn,
}

impl Translator {
    pub fn new(follow: bool) -> Self {
        Self {
            held: Vec::new(),
            pedals: [false; 16],
            ranges: [BEND; 16],
            registered: [(127, 127); 16],
            bend: 0.0,
            follow,
            clock: ClockIn::default(),
        }
    }

    /// A message that came at a time in seconds. What is no whole message is nothing.
    pub fn take(&mut self, bytes: &[u8], time: f64) -> Vec<Command> {
        let Some(&status) = bytes.first() else {
            return Vec::new();
        };
        let channel = status & 0x0f;
        let data = |n: usize| bytes.get(n).copied().filter(|b| *b < 0x80);
        match (status & 0xf0, data(1), data(2)) {
            (0x90, Some(note), Some(velocity)) if velocity > 0 => self.on(channel, note, velocity),
            (0x80 | 0x90, Some(note), Some(_)) => self.off(channel, note),
            (0xb0, Some(controller), Some(value)) => self.control(channel, controller, value),
            (0xe0, Some(low), Some(high)) => {
                let wheel = f32::from(u16::from(high) << 7 | u16::from(low)) - 8192.0;
                // The upper half is a step shorter.
                let full = if wheel > 0.0 { 8191.0 } else { 8192.0 };
                self.bend_to(wheel / full * self.ranges[usize::from(channel)])
            }
            (0xf0, ..) if self.follow => self.transport(status, time),
            _ => Vec::new(),
        }
    }

    /// Ends everything: the port is gone.
    pub fn all_off(&mut self) -> Vec<Command> {
        self.pedals = [false; 16];
        let mut out = self.end_where(|_| true);
        out.extend(self.bend_to(0.0));
        out
    }

    fn on(&mut self, channel: u8, note: u8, velocity: u8) -> Vec<Command> {
        self.held.retain(|h| (h.channel, h.note) != (channel, note));
        self.held.push(Held {
            channel,
            note,
            by_pedal: false,
        });
        vec![Command::Note {
            note: f32::from(note),
            velocity: f32::from(velocity) / 127.0,
        }]
    }

    fn off(&mut self, channel: u8, note: u8) -> Vec<Command> {
        let pedal = self.pedals[usize::from(channel)];
        if !pedal {
            return self.end_where(|h| (h.channel, h.note) == (channel, note));
        }
        let same = |h: &&mut Held| (h.channel, h.note) == (channel, note);
        for held in self.held.iter_mut().filter(same) {
            held.by_pedal = true;
        }
        Vec::new()
    }

    fn control(&mut self, channel: u8, controller: u8, value: u8) -> Vec<Command> {
        let at = usize::from(channel);
        match controller {
            PEDAL => {
                self.pedals[at] = value >= 64;
                match self.pedals[at] {
                    true => Vec::new(),
                    false => self.end_where(|h| h.channel == channel && h.by_pedal),
                }
            }
            100 => {
                self.registered[at].0 = value;
                Vec::new()
            }
            101 => {
                self.registered[at].1 = value;
                Vec::new()
            }
            6 if self.registered[at] == (0, 0) => {
                self.ranges[at] = f32::from(value.clamp(1, 48));
                Vec::new()
            }
            // All controllers back to where they began; all sound off, all notes off and what includes it.
            121 => {
                self.pedals[at] = false;
                let mut out = self.end_where(|h| h.channel == channel && h.by_pedal);
                out.extend(self.bend_to(0.0));
                out
            }
            120 | 123..=127 => self.end_where(|h| h.channel == channel),
            122 => Vec::new(),
            controller if NO_KNOB.contains(&controller) => Vec::new(),
            controller => vec![Command::Control {
                channel,
                controller,
                value: f32::from(value) / 127.0,
            }],
        }
    }

    fn transport(&mut self, status: u8, time: f64) -> Vec<Command> {
        match status {
            0xf8 => self
                .clock
                .tick(time)
                .map(Command::Bpm)
                .into_iter()
                .collect(),
            0xfa | 0xfb => vec![Command::Play],
            0xfc => vec![Command::Stop],
            _ => Vec::new(),
        }
    }

    fn bend_to(&mut self, semitones: f32) -> Vec<Command> {
        if self.bend == semitones {
            return Vec::new();
        }
        self.bend = semitones;
        vec![Command::Bend(semitones)]
    }

    /// A note ends when nothing holds it any more, on whatever channel.
    fn end_where(&mut self, ends: impl Fn(&Held) -> bool) -> Vec<Command> {
        let (ended, held): (Vec<Held>, Vec<Held>) = self.held.drain(..).partition(ends);
        self.held = held;
        let mut notes: Vec<u8> = ended.iter().map(|h| h.note).collect();
        notes.dedup();
        notes
            .into_iter()
            .filter(|note| self.held.iter().all(|h| h.note != *note))
            .map(|note| Command::Note {
                note: f32::from(note),
                velocity: 0.0,
            })
            .collect()
    }
}
