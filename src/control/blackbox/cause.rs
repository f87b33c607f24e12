//! From what was counted to what probably caused it, and to one thing to try. Pure.
use super::machine::Machine;
use crate::control::command::SlotId;

/// A module that takes so much of a block's time by itself is the cause by itself.
const DEAR: f32 = 0.5;
/// A patch that takes so much leaves nothing for an interruption.
const HEAVY: f32 = 0.7;

/// All that is known of a moment at which it crackled.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub none_reads: u64,
    pub none_ms: f64,
    pub xruns: u64,
    /// Callbacks that took longer than their period.
    pub late_callbacks: u64,
    /// The device has asked for nothing for so many seconds.
    pub stalled_for: Option<f64>,
    pub device: String,
    pub device_problem: Option<String>,
    pub live: SlotId,
    /// The live engine's time over real time: interruptions count.
    pub load: f32,
    /// What its modules cost: interruptions do not count.
    pub cost: f32,
    pub other_cost: f32,
    /// The live patch's modules with their shares of a block, the dearest first.
    pub modules: Vec<(String, f32)>,
    pub voices: usize,
    pub callback_max_ms: f64,
    pub period_ms: f64,
    pub period: u32,
    /// The engines have realtime priority.
    pub realtime: bool,
    /// Something was being built or primed.
    pub building: bool,
    /// What was done before, and how many seconds ago.
    pub before: Option<(f64, String)>,
    pub machine: Machine,
}

/// Why it crackled: likely, not surely.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    SlowModule { module: String, share: f32 },
    HeavyPatch { share: f32 },
    BothHeavy { share: f32 },
    StalledDevice { seconds: f64 },
    SlowCallback,
    BusyMachine,
    LateDevice,
}

impl Cause {
    /// One word for each kind: incidents of one kind are told as one.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SlowModule { .. } => "slow module",
            Self::HeavyPatch { .. } => "heavy patch",
            Self::BothHeavy { .. } => "both patches heavy",
            Self::StalledDevice { .. } => "stalled device",
            Self::SlowCallback => "slow callback",
            Self::BusyMachine => "busy machine",
            Self::LateDevice => "late device",
        }
    }
}

/// An explanation in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub cause: Cause,
    /// What was heard: "2 none-reads, 5.3 ms of silence".
    pub what: String,
    pub thread: &'static str,
    /// "likely: …".
    pub likely: String,
    pub evidence: Vec<String>,
    /// One thing to try.
    pub advice: String,
}

impl Facts {
    pub fn explain(&self) -> Finding {
        let cause = self.cause();
        let slot = self.live.name();
        let percent = |share: f32| format!("{:.0} %", share * 100.0);
        let recent = self.before.as_ref().filter(|(ago, _)| *ago < 5.0);
        let (thread, likely, advice) = match &cause {
            Cause::SlowModule { module, share } => (
                "the live engine",
                format!(
                    "module `{module}` takes {} of a block's time by itself",
                    percent(*share)
                ),
                match recent {
                    Some(_) => "^Z takes the last edit back".to_owned(),
                    None => format!("2 and X on `{module}` deletes it; ^Z brings it back"),
                },
            ),
            Cause::HeavyPatch { share } => (
                "the live engine",
                format!("the patch as a whole takes {} of its time", percent(*share)),
                match (recent, self.voices) {
                    (Some(_), _) => "^Z takes the last edit back".to_owned(),
                    (None, voices) if voices > 1 => format!(":voices {}", (voices / 2).max(1)),
                    (None, _) => "=, then ^G swaps to the lighter patch".to_owned(),
                },
            ),
            Cause::BothHeavy { share } => (
                "both engines",
                format!(
                    "A and B together take {} of one processor each and share {}",
                    percent(*share),
                    self.machine.cores
                ),
                "7 and P loads a lighter patch into the standby".to_owned(),
            ),
            Cause::StalledDevice { seconds } => (
                "the device",
                format!(
                    "{} asked for nothing for {:.0} ms",
                    self.device,
                    seconds * 1e3
                ),
                "chronus devices lists what else could play; start with --device".to_owned(),
            ),
            Cause::SlowCallback => (
                "the device callback",
                format!(
                    "the callback itself took up to {:.2} ms of {:.2}",
                    self.callback_max_ms, self.period_ms
                ),
                format!("start with --period {}", (self.period * 2).max(256)),
            ),
            Cause::BusyMachine => (
                match self.none_reads {
                    0 => "the device callback",
                    _ => "the live engine",
                },
                match self.realtime {
                    true => "other programs kept the processor although the sound has priority"
                        .to_owned(),
                    false => {
                        "the sound has no realtime priority and other programs had the processor"
                            .to_owned()
                    }
                },
                "start with --latency safe, or close what else is running".to_owned(),
            ),
            Cause::LateDevice => (
                "the device",
                "the system ran the callback too late; the sound was ready".to_owned(),
                format!("start with --period {}", (self.period * 2).max(256)),
            ),
        };
        Finding {
            what: self.what(),
            thread,
            likely: format!("likely: {likely}"),
            evidence: self.evidence(slot),
            advice,
            cause,
        }
    }

    fn cause(&self) -> Cause {
        if let Some(seconds) = self.stalled_for {
            return Cause::StalledDevice { seconds };
        }
        if let Some((module, share)) = self.modules.first()
            && *share >= DEAR
        {
            let (module, share) = (module.clone(), *share);
            return Cause::SlowModule { module, share };
        }
        if self.cost >= HEAVY {
            return Cause::HeavyPatch { share: self.cost };
        }
        let both = self.cost + self.other_cost;
        if self.none_reads > 0 && both >= HEAVY * self.machine.cores.clamp(1, 2) as f32 {
            return Cause::BothHeavy { share: both };
        }
        if self.none_reads > 0 {
            // The patch is cheap and came too late all the same: somebody else had the processor.
            return Cause::BusyMachine;
        }
        if self.late_callbacks > 0 {
            return match self.machine.is_busy() {
                true => Cause::BusyMachine,
                false => Cause::SlowCallback,
            };
        }
        match self.machine.is_busy() {
            true => Cause::BusyMachine,
            false => Cause::LateDevice,
        }
    }

    fn what(&self) -> String {
        let count = |n: u64, noun: &str| match n {
            1 => format!("1 {noun}"),
            n => format!("{n} {noun}s"),
        };
        let mut parts = Vec::new();
        if self.none_reads > 0 {
            parts.push(format!(
                "{}, {:.1} ms of silence",
                count(self.none_reads, "none-read"),
                self.none_ms
            ));
        }
        if self.xruns > 0 {
            parts.push(count(self.xruns, "xrun"));
        }
        if parts.is_empty() {
            parts.push("silence: the device stands still".to_owned());
        }
        parts.join(", ")
    }

    fn evidence(&self, slot: &str) -> Vec<String> {
        let mut lines = vec![format!(
            "{slot}: its modules cost {:.0} % of the time, the clock on the wall says {:.0} %",
            self.cost * 100.0,
            self.load * 100.0
        )];
        let dear = self
            .modules
            .iter()
            .take(3)
            .filter(|(_, share)| *share >= 0.001);
        let dear: Vec<_> = dear
            .map(|(name, share)| format!("{name} {:.1} %", share * 100.0))
            .collect();
        if !dear.is_empty() {
            lines.push(format!("dearest: {}", dear.join(", ")));
        }
        lines.push(format!(
            "callback: at most {:.2} ms of {:.2}, {} of them late now",
            self.callback_max_ms, self.period_ms, self.late_callbacks
        ));
        if let Some((ago, sentence)) = &self.before {
            lines.push(format!("{ago:.1} s before: {sentence}"));
        }
        if self.building {
            lines.push("meanwhile a patch was built or primed on its own thread".to_owned());
        }
        let priority = match self.realtime {
            true => "the engines have realtime priority",
            false => "the engines have no realtime priority",
        };
        lines.push(format!("{}; {priority}", self.machine.words()));
        if let Some(problem) = &self.device_problem {
            lines.push(format!("device: {problem}"));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            none_reads: 1,
            cost: 0.1,
            load: 0.12,
            modules: vec![("vco".into(), 0.06), ("out".into(), 0.02)],
            period_ms: 5.33,
            period: 256,
            machine: Machine {
                cores: 2,
                ..Machine::default()
            },
            ..Facts::default()
        }
    }

    #[test]
    fn each_set_of_facts_has_its_own_answer() {
        let slow = Facts {
            modules: vec![("rev".into(), 0.9)],
            ..facts()
        };
        let heavy = Facts {
            cost: 0.8,
            voices: 8,
            ..facts()
        };
        let stalled = Facts {
            none_reads: 0,
            stalled_for: Some(0.5),
            ..facts()
        };
        let late = Facts {
            none_reads: 0,
            xruns: 1,
            ..facts()
        };
        let callback = Facts {
            late_callbacks: 1,
            ..late.clone()
        };
        let both = Facts {
            cost: 0.65,
            other_cost: 0.8,
            ..facts()
        };
        for (facts, kind, thread, advice) in [
            (slow, "slow module", "engine", "`rev`"),
            (heavy, "heavy patch", "engine", ":voices 4"),
            (stalled, "stalled device", "device", "devices"),
            (late, "late device", "device", "--period 512"),
            (callback, "slow callback", "callback", "--period 512"),
            (both, "both patches heavy", "engines", "standby"),
            (facts(), "busy machine", "engine", "--latency safe"),
        ] {
            let finding = facts.explain();
            assert_eq!(finding.cause.kind(), kind);
            assert!(finding.thread.contains(thread), "{finding:?}");
            assert!(finding.advice.contains(advice), "{finding:?}");
            assert!(finding.likely.starts_with("likely: "));
        }
    }

    #[test]
    fn an_edit_just_before_is_evidence_and_undo_the_advice() {
        let finding = Facts {
            modules: vec![("rev".into(), 0.9)],
            before: Some((1.2, "add rev: Reverb".into())),
            ..facts()
        }
        .explain();
        assert!(
            finding
                .evidence
                .iter()
                .any(|e| e.contains("1.2 s before: add rev"))
        );
        assert!(finding.advice.contains("^Z"));
    }
}
