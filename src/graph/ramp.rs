//! A parameter's way to its value. Runs on engine threads.
use crate::dsp::BLOCK;
use crate::modules::{
    module::TimeCx,
    spec::{ParamSpec, ParamValue, kernel_value},
};
use crate::patch::Input;

use super::{Change, GraphEvent};

/// A straight line of a fixed length to a value, which it reaches exactly.
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    from: f32,
    to: f32,
    done: u32,
    total: u32,
}

impl Ramp {
    pub fn held(value: f32) -> Self {
        Self {
            from: value,
            to: value,
            done: 0,
            total: 0,
        }
    }

    /// Leaves for `to` from where it is.
    pub fn start(&mut self, to: f32, frames: u32) {
        *self = Self {
            from: self.value(),
            to,
            done: 0,
            total: frames,
        };
    }

    pub fn value(&self) -> f32 {
        if self.done >= self.total {
            self.to
        } else {
            self.from + (self.to - self.from) * (self.done as f32 / self.total as f32)
        }
    }

    /// The value of the next frame.
    pub fn next(&mut self) -> f32 {
        self.done = (self.done + 1).min(self.total);
        self.value()
    }

    pub fn arrived(&self) -> bool {
        self.done >= self.total
    }
}

/// One module's unmodulated value of an input: a parameter, or a gate that the user holds open.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    /// Module of the patch.
    pub node: usize,
    pub input: Input,
    /// None for a gate.
    pub spec: Option<&'static ParamSpec>,
    /// As the user set it.
    pub value: ParamValue,
    pub ramp: Ramp,
    /// Frames of a ramp; a gate has none.
    pub frames: u32,
}

impl Knob {
    /// What the kernel receives for `value` at a tempo.
    fn target(&self, bpm: f64) -> f32 {
        match (self.spec, self.value) {
            (Some(spec), value) => kernel_value(spec, value.at_tempo(spec, bpm)),
            (None, ParamValue::Fixed(v) | ParamValue::Beats(v)) => v,
        }
    }

    /// Sets the value at once.
    pub fn set_now(&mut self, value: ParamValue, bpm: f64) {
        self.value = value;
        self.ramp = Ramp::held(self.target(bpm));
    }

    /// Whether an event of a block concerns this knob, and the value it brings.
    pub fn value_of(&self, change: &Change) -> Option<ParamValue> {
        match (*change, self.input) {
            (Change::Param { node, param, value }, Input::Param(mine))
                if node == self.node && param == mine =>
            {
                Some(value)
            }
            (Change::Gate { node, open }, Input::Port(_)) if node == self.node => {
                Some(ParamValue::Fixed(if open { 1.0 } else { 0.0 }))
            }
            _ => None,
        }
    }

    /// One block's values, events at their frames; the knob as it stands after it.
    pub fn walk(mut self, events: &[GraphEvent], time: &TimeCx, row: &mut [f32; BLOCK]) -> Self {
        let mut events = events.iter().peekable();
        for (i, value) in row.iter_mut().enumerate() {
            while let Some(event) = events.next_if(|e| e.offset <= i) {
                if let Some(value) = self.value_of(&event.change) {
                    self.value = value;
                    self.ramp.start(self.target(time.at(i).bpm), self.frames);
                }
            }
            if i == time.split && matches!(self.value, ParamValue::Beats(_)) {
                self.ramp.start(self.target(time.after.bpm), self.frames);
            }
            *value = self.ramp.next();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::transport::Transport;

    #[test]
    fn a_ramp_arrives_exactly_and_starts_at_its_event() {
        let mut knob = Knob {
            node: 3,
            input: Input::Port(0),
            spec: None,
            value: ParamValue::Fixed(0.0),
            ramp: Ramp::held(0.1),
            frames: 10,
        };
        let events = [GraphEvent {
            offset: 7,
            change: Change::Gate {
                node: 3,
                open: true,
            },
        }];
        let time = TimeCx::steady(Transport::new(48_000.0, 120.0));
        let mut row = [0.0; BLOCK];
        knob = knob.walk(&events, &time, &mut row);
        assert_eq!(row[6], 0.1);
        assert!(row[7] > 0.1 && row[15] < 1.0);
        assert_eq!(row[16], 1.0);
        assert!(knob.ramp.arrived());
    }
}
