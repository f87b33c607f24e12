//! The predecessor's sequencers, which its scripts create over OSC: a row of steps that opens gates and sets parameters, each in a
//! tempo of its own. Pure arithmetic on frames; owned by the supervisor.
use std::collections::{BTreeMap, VecDeque};

/// More than a stage full; a script that runs wild is told.
const MOST: usize = 64;
const MOST_STEPS: usize = 1_024;
const MOST_TARGETS: usize = 32;
/// Before the next step a gate is closed for at least this long, so that the next one is heard to open.
const GAP_SECONDS: f64 = 0.001;
pub const BPM: std::ops::RangeInclusive<f64> = 20.0..=400.0;
const GATE: std::ops::RangeInclusive<f64> = 0.01..=1.0;

/// What a message asks of one sequence, or of all.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    Create,
    Config {
        bpm: f64,
        steps: usize,
        division: usize,
    },
    /// `X` and `x` open the gate, anything else is a rest.
    Pattern(String),
    /// Values step by step; 0 sets nothing.
    Lane {
        lane: String,
        values: Vec<f32>,
    },
    AssignGate(String),
    AssignParam {
        module: String,
        lane: String,
        param: String,
    },
    Start,
    Stop,
    Reset,
    ResetAll,
    Bpm(f64),
    GateLength(f64),
}

/// Something that a sequence does at a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    Gate {
        module: String,
        open: bool,
    },
    Param {
        module: String,
        param: String,
        value: f32,
    },
}

#[derive(Clone, Debug, Default)]
pub struct Sequences {
    named: BTreeMap<String, Sequence>,
}

#[derive(Clone, Debug)]
struct Sequence {
    bpm: f64,
    steps: usize,
    /// Steps a beat.
    division: usize,
    pattern: Vec<bool>,
    lanes: BTreeMap<String, Vec<f32>>,
    gates: Vec<String>,
    params: Vec<(String, String, String)>,
    gate_length: f64,
    running: bool,
    /// The step that comes next, and the frame it falls on.
    next: u64,
    next_frame: f64,
    /// Gates that are open, by the frame at which they close.
    closes: VecDeque<(u64, String)>,
}

impl Sequence {
    fn new() -> Self {
        Self {
            bpm: 120.0,
            steps: 16,
            division: 4,
            pattern: Vec::new(),
            lanes: BTreeMap::new(),
            gates: Vec::new(),
            params: Vec::new(),
            gate_length: 0.5,
            running: false,
            next: 0,
            next_frame: 0.0,
            closes: VecDeque::new(),
        }
    }

    fn step_frames(&self, rate: f64) -> f64 {
        rate * 60.0 / self.bpm / self.division as f64
    }

    /// Deeds before `until`, the earliest at `from`.
    fn run(&mut self, from: u64, until: u64, rate: f64, deeds: &mut Vec<(u64, Deed)>) {
        while self.running && self.next_frame <= until as f64 {
            let frame = self.next_frame.round() as u64;
            let length = self.step_frames(rate);
            // The timeline leapt (a patch came late): steps that nobody could hear are left out.
            if self.next_frame + length >= from as f64 {
                self.close_before(frame, deeds);
                self.step(frame, length, rate, deeds);
            }
            self.next += 1;
            self.next_frame += length;
        }
        self.close_before(until + 1, deeds);
    }

    fn close_before(&mut self, frame: u64, deeds: &mut Vec<(u64, Deed)>) {
        while (self.closes.front()).is_some_and(|(at, _)| *at < frame)
            && let Some((at, module)) = self.closes.pop_front()
        {
            let open = false;
            deeds.push((at, Deed::Gate { module, open }));
        }
    }

    fn step(&mut self, frame: u64, length: f64, rate: f64, deeds: &mut Vec<(u64, Deed)>) {
        let place = (self.next % self.steps as u64) as usize;
        for (module, lane, param) in &self.params {
            let values = self.lanes.get(lane).filter(|values| !values.is_empty());
            let value = values.map_or(0.0, |values| values[place % values.len()]);
            if value != 0.0 {
                let (module, param) = (module.clone(), param.clone());
                let deed = Deed::Param {
                    module,
                    param,
                    value,
                };
                deeds.push((frame, deed));
            }
        }
        let opens = match self.pattern.len() {
            0 => false,
            count => self.pattern[place % count],
        };
        if !opens {
            return;
        }
        let most = (length - GAP_SECONDS * rate).max(1.0);
        let closes = frame + (length * self.gate_length).min(most).max(1.0) as u64;
        for module in &self.gates {
            let module = module.clone();
            self.closes.push_back((closes, module.clone()));
            deeds.push((frame, Deed::Gate { module, open: true }));
        }
    }

    fn close_all(&mut self, frame: u64, deeds: &mut Vec<(u64, Deed)>) {
        for (_, module) in self.closes.drain(..) {
            let open = false;
            deeds.push((frame, Deed::Gate { module, open }));
        }
    }
}

impl Sequences {
    /// Does what is asked at a frame; the deeds are for now, and the error says what would be right.
    pub fn ask(&mut self, name: &str, ask: Ask, frame: u64) -> Result<Vec<(u64, Deed)>, String> {
        let mut deeds = Vec::new();
        match ask {
            Ask::Create => {
                if self.named.len() >= MOST && !self.named.contains_key(name) {
                    return Err(format!("there are {MOST} sequences, which is the most"));
                }
                if let Some(mut old) = self.named.insert(name.to_owned(), Sequence::new()) {
                    old.close_all(frame, &mut deeds);
                }
                return Ok(deeds);
            }
            Ask::ResetAll => {
                for sequence in self.named.values_mut() {
                    (sequence.next, sequence.next_frame) = (0, frame as f64);
                }
                return Ok(deeds);
            }
            _ => {}
        }
        let known: Vec<_> = self.named.keys().cloned().collect();
        let sequence = self.named.get_mut(name).ok_or_else(|| match known.len() {
            0 => format!("no sequence `{name}`: /seq/create makes one"),
            _ => format!("no sequence `{name}`; there is {}", known.join(", ")),
        })?;
        match ask {
            Ask::Create | Ask::ResetAll => {}
            Ask::Config {
                bpm,
                steps,
                division,
            } => {
                check_bpm(bpm)?;
                if !(1..=MOST_STEPS).contains(&steps) || !(1..=64).contains(&division) {
                    return Err(format!(
                        "a sequence has 1 to {MOST_STEPS} steps, 1 to 64 a beat"
                    ));
                }
                (sequence.bpm, sequence.steps, sequence.division) = (bpm, steps, division);
            }
            Ask::Pattern(text) => {
                let steps = text.chars().filter(|c| !c.is_whitespace());
                sequence.pattern = steps
                    .take(MOST_STEPS)
                    .map(|c| matches!(c, 'x' | 'X'))
                    .collect();
            }
            Ask::Lane { lane, mut values } => {
                if sequence.lanes.len() >= MOST_TARGETS && !sequence.lanes.contains_key(&lane) {
                    return Err(format!("a sequence has at most {MOST_TARGETS} lanes"));
                }
                values.truncate(MOST_STEPS);
                sequence.lanes.insert(lane, values);
            }
            Ask::AssignGate(module) => {
                room(sequence.gates.len())?;
                if !sequence.gates.contains(&module) {
                    sequence.gates.push(module);
                }
            }
            Ask::AssignParam {
                module,
                lane,
                param,
            } => {
                room(sequence.params.len())?;
                let target = (module, lane, param);
                if !sequence.params.contains(&target) {
                    sequence.params.push(target);
                }
            }
            Ask::Start => {
                if !sequence.running {
                    (sequence.running, sequence.next_frame) = (true, frame as f64);
                }
            }
            Ask::Stop => {
                sequence.running = false;
                sequence.close_all(frame, &mut deeds);
            }
            Ask::Reset => (sequence.next, sequence.next_frame) = (0, frame as f64),
            Ask::Bpm(bpm) => sequence.bpm = check_bpm(bpm)?,
            Ask::GateLength(length) => {
                if !GATE.contains(&length) {
                    return Err(format!("a gate is 0.01 to 1 of a step, not {length}"));
                }
                sequence.gate_length = length;
            }
        }
        Ok(deeds)
    }

    /// What happens up to a frame, in order; nothing before `from` can be heard any more.
    pub fn due(&mut self, from: u64, until: u64, rate: f64) -> Vec<(u64, Deed)> {
        let mut deeds = Vec::new();
        for sequence in self.named.values_mut() {
            sequence.run(from, until, rate, &mut deeds);
        }
        deeds.sort_by_key(|(frame, _)| *frame);
        deeds
    }

    pub fn are_running(&self) -> bool {
        let mut named = self.named.values();
        named.any(|s| s.running || !s.closes.is_empty())
    }
}

fn check_bpm(bpm: f64) -> Result<f64, String> {
    match BPM.contains(&bpm) {
        true => Ok(bpm),
        false => Err(format!(
            "the tempo goes from {} to {} BPM, not to {bpm}",
            BPM.start(),
            BPM.end()
        )),
    }
}

fn room(count: usize) -> Result<(), String> {
    match count < MOST_TARGETS {
        true => Ok(()),
        false => Err(format!("a sequence has at most {MOST_TARGETS} targets")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    fn kick() -> Sequences {
        let mut all = Sequences::default();
        let mut ask = |ask| all.ask("kick", ask, 100).expect("taken");
        ask(Ask::Create);
        ask(Ask::Config {
            bpm: 120.0,
            steps: 16,
            division: 4,
        });
        ask(Ask::Pattern("x...X...".into()));
        ask(Ask::AssignGate("adsr".into()));
        ask(Ask::Start);
        all
    }

    fn opened(deeds: &[(u64, Deed)]) -> Vec<u64> {
        let opens = |d: &&(u64, Deed)| matches!(d.1, Deed::Gate { open: true, .. });
        deeds
            .iter()
            .filter(opens)
            .map(|(frame, _)| *frame)
            .collect()
    }

    #[test]
    fn steps_fall_on_their_frames_however_often_it_is_asked() {
        let whole = kick().due(0, 100_000, RATE);
        assert_eq!(opened(&whole), [100, 24_100, 48_100, 72_100, 96_100]);
        let closes: Vec<_> = whole
            .iter()
            .filter(|d| matches!(d.1, Deed::Gate { open: false, .. }))
            .collect();
        assert_eq!(closes[0].0, 100 + 3_000);
        let mut cut = kick();
        let mut parts = Vec::new();
        for until in (0..100_000).step_by(700) {
            parts.extend(cut.due(until, until, RATE));
        }
        parts.extend(cut.due(100_000, 100_000, RATE));
        assert_eq!(parts, whole);
    }

    #[test]
    fn a_tempo_holds_from_the_next_step_and_a_stop_closes_gates() {
        let mut all = kick();
        all.due(0, 1_000, RATE);
        all.ask("kick", Ask::Bpm(240.0), 1_000).expect("taken");
        assert_eq!(
            opened(&all.due(1_000, 40_000, RATE)),
            [15_100, 27_100, 39_100]
        );
        let closed = all.ask("kick", Ask::Stop, 40_000).expect("taken");
        assert_eq!(closed.len(), 1);
        assert!(!all.are_running());
        assert!(
            all.ask("kik", Ask::Stop, 0)
                .expect_err("unknown")
                .contains("kick")
        );
    }

    #[test]
    fn lanes_set_parameters_and_a_full_gate_still_retriggers() {
        let mut all = kick();
        let mut ask = |ask| all.ask("kick", ask, 100).expect("taken");
        ask(Ask::Pattern("xx".into()));
        ask(Ask::GateLength(1.0));
        let values = vec![60.0, 0.0, 80.0];
        ask(Ask::Lane {
            lane: "pitch".into(),
            values,
        });
        let (module, lane, param) = ("osc".to_owned(), "pitch".to_owned(), "freq".to_owned());
        ask(Ask::AssignParam {
            module,
            lane,
            param,
        });
        let deeds = all.due(0, 14_000, RATE);
        let set: Vec<_> = deeds
            .iter()
            .filter_map(|(frame, deed)| match deed {
                Deed::Param { value, .. } => Some((*frame, *value)),
                Deed::Gate { .. } => None,
            })
            .collect();
        assert_eq!(set, [(100, 60.0), (12_100, 80.0)]);
        let gates: Vec<_> = deeds
            .iter()
            .filter(|d| matches!(d.1, Deed::Gate { .. }))
            .map(|d| d.0)
            .collect();
        assert_eq!(gates, [100, 6_052, 6_100, 12_052, 12_100]);
    }

    #[test]
    fn a_leap_of_the_timeline_is_no_burst() {
        let mut all = kick();
        let deeds = all.due(480_000, 481_000, RATE);
        assert!(opened(&deeds).len() <= 1, "{deeds:?}");
    }
}
