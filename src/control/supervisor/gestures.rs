//! One movement that turns several knobs: a macro of the live patch, a morph between both slots.
use std::sync::Arc;

use super::super::command::{Focus, SlotId};
use super::super::event::What;
use super::super::history::{Gesture, KnobTurn, Step};
use super::super::morph::Morph;
use super::super::params;
use super::Supervisor;
use super::knobs::Recorded;
use crate::modules::spec::{ParamSpec, ParamValue};

impl Supervisor {
    /// Turns a macro of the live patch, 0..=1, and writes where it stands into the text.
    pub(super) fn turn_macro(&mut self, index: usize, at: f32, frame: u64) -> Result<(), String> {
        let live = self.live;
        let patch = self.slots[live.index()].patch().cloned();
        let patch = patch.ok_or_else(|| format!("{} holds no patch", live.name()))?;
        let Some(knob) = patch.macros.get(index) else {
            let names = patch.macros.iter().enumerate();
            let names: Vec<_> = names
                .map(|(i, m)| format!("{} {}", i + 1, m.name))
                .collect();
            return Err(match names.as_slice() {
                [] => format!("{} has no macros", patch.name),
                names => format!(
                    "{} has no macro {}; there is {}",
                    patch.name,
                    index + 1,
                    names.join(", ")
                ),
            });
        };
        if !(0.0..=1.0).contains(&at) {
            return Err(format!("a macro goes from 0 to 1, not to {at}"));
        }
        let mut turns = Vec::new();
        for (target, value) in knob.values(&patch, at) {
            let node = &patch.modules[target.node];
            for now in params::at(&patch, target) {
                let value = params::check(&now.spec, within(&now.spec, value))?;
                self.turn(live, &node.name, &now, value, frame);
                self.follow(&node.name, &now, value, frame);
                turns.push(KnobTurn {
                    module: node.name.clone(),
                    param: now.name.clone(),
                    from: now.value,
                    to: value,
                });
            }
        }
        self.place_macro(index, at);
        let shown = |at: f32| format!("{:.0}", at * 100.0);
        let (from, to) = (shown(knob.at), shown(at));
        let sentence = format!("macro {} {from} -> {to}", knob.name);
        let what = What::Param {
            module: "macro".to_owned(),
            param: knob.name.clone(),
            from,
            to,
        };
        self.tell_turned(what, sentence);
        if knob.at != at {
            let (from, to) = (knob.at, at);
            let gesture = Gesture::Macro { index, from, to };
            let step = Step::Gesture { gesture, turns };
            self.remember(step, frame);
        }
        Ok(())
    }

    /// Where a macro stands: in the live patch, in the standby and on the bench, if it is the same one there.
    fn place_macro(&mut self, index: usize, at: f32) {
        let live = self.slots[self.live.index()].patch();
        let Some(same) = live.and_then(|p| p.macros.get(index)).cloned() else {
            return;
        };
        let is_same = |there: &crate::patch::Macro| there.name == same.name && there.to == same.to;
        for slot in &mut self.slots {
            if let Some(loaded) = &mut slot.loaded
                && loaded.patch.macros.get(index).is_some_and(is_same)
            {
                Arc::make_mut(&mut loaded.patch).macros[index].at = at;
                if !slot.unwritten_macros.contains(&index) {
                    slot.unwritten_macros.push(index);
                }
            }
        }
        if let Some(bench) = &mut self.bench
            && bench.patch.macros.get(index).is_some_and(is_same)
        {
            bench.turn_macro(index, at);
        }
        self.changed = true;
    }

    // Morph

    /// Where the morph stands, if both slots hold patches of their own.
    pub(super) fn morph_at(&self) -> Option<f32> {
        let generations = self.own_generations()?;
        let running = self.morph.as_ref();
        let running = running.filter(|m| m.generations == generations && m.slot == self.live);
        Some(running.map_or(self.live.index() as f32, |m| m.at))
    }

    fn own_generations(&self) -> Option<[u32; 2]> {
        let own = |slot: &super::records::Slot| slot.loaded.is_some() && !slot.is_net;
        let both = self.slots.iter().all(own);
        both.then(|| [0, 1].map(|i| self.slots[i].generation))
    }

    /// Blends the knobs that both patches have: 0 is A, 1 is B. What is heard is turned; the standby keeps its own values.
    pub(super) fn morph(&mut self, at: f32, frame: u64) -> Result<(), String> {
        if !(0.0..=1.0).contains(&at) {
            return Err(format!("a morph goes from 0 (A) to 1 (B), not to {at}"));
        }
        let generations = self
            .own_generations()
            .ok_or("nothing to morph to: the standby has no patch of its own")?;
        let live = self.live;
        let mut morph = match self.morph.take() {
            Some(m) if m.generations == generations && m.slot == live => m,
            _ => {
                let [a, b] = [0, 1].map(|i| self.slots[i].patch().cloned());
                let (Some(a), Some(b)) = (a, b) else {
                    return Err("nothing to morph to".into());
                };
                Morph::between([&a, &b], generations, live)
            }
        };
        if morph.knobs.is_empty() {
            return Err("A and B share no knob that is set differently".into());
        }
        let from = std::mem::replace(&mut morph.at, at);
        let mut turns = Vec::new();
        morph.knobs.retain_mut(|shared| {
            let Some(patch) = self.slots[live.index()].patch().cloned() else {
                return false;
            };
            let Ok(knob) = params::find(&patch, &shared.module, &shared.param) else {
                return false;
            };
            // A hand on the knob is stronger than the morph.
            if knob.value != shared.set {
                return false;
            }
            let Some(value) = shared.value(&patch, at).map(|v| within(&knob.spec, v)) else {
                return false;
            };
            if value != knob.value {
                self.turn(live, &shared.module, &knob, value, frame);
                self.bench_follows(&shared.module, &knob, value);
                turns.push(KnobTurn {
                    module: shared.module.clone(),
                    param: shared.param.clone(),
                    from: knob.value,
                    to: value,
                });
                shared.set = value;
            }
            true
        });
        let knobs = turns.len();
        self.morph = Some(morph);
        self.changed = true;
        let what = What::Param {
            module: "morph".to_owned(),
            param: "at".to_owned(),
            from: format!("{from:.2}"),
            to: format!("{at:.2}"),
        };
        let sentence = format!(
            "morph {at:.2} (0 A, 1 B): {knobs} knobs of {} turned",
            live.name()
        );
        self.tell_turned(what, sentence);
        if from != at {
            let gesture = Gesture::Morph { from, to: at };
            let step = Step::Gesture { gesture, turns };
            self.remember(step, frame);
        }
        Ok(())
    }

    /// The other slot is heard now: the one that was morphed becomes the standby, with its own values again.
    pub(super) fn end_morph(&mut self) {
        let Some(morph) = self.morph.take() else {
            return;
        };
        let slot = morph.slot;
        if slot == self.live
            || self.slots[slot.index()].generation != morph.generations[slot.index()]
        {
            return;
        }
        let frame = self.rig.heads().earliest;
        for shared in &morph.knobs {
            let Some(patch) = self.slots[slot.index()].patch().cloned() else {
                return;
            };
            let Ok(knob) = params::find(&patch, &shared.module, &shared.param) else {
                continue;
            };
            if knob.value == shared.set {
                let home = shared.ends[slot.index()];
                self.turn(slot, &shared.module, &knob, home, frame);
            }
        }
    }

    // Undo

    /// Puts every knob of a gesture where it was before, or after.
    pub(super) fn put_gesture(
        &mut self,
        gesture: &Gesture,
        turns: &[KnobTurn],
        back: bool,
        frame: u64,
    ) -> Result<String, String> {
        for turn in turns {
            let value = if back { turn.from } else { turn.to };
            let (module, param) = (&turn.module, &turn.param);
            self.set_param(Focus::Live, module, param, value, frame, Recorded::Already)?;
        }
        match *gesture {
            Gesture::Amounts { .. } => Ok(match turns.first() {
                Some(turn) => format!("{}.{}", turn.module, turn.param),
                None => String::new(),
            }),
            Gesture::Macro { index, from, to } => {
                let at = if back { from } else { to };
                self.place_macro(index, at);
                Ok(format!("macro {} at {:.0}", index + 1, at * 100.0))
            }
            Gesture::Morph { from, to } => {
                let at = if back { from } else { to };
                if let Some(morph) = &mut self.morph {
                    morph.at = at;
                    for shared in &mut morph.knobs {
                        let same =
                            |t: &&KnobTurn| t.module == shared.module && t.param == shared.param;
                        if let Some(turn) = turns.iter().find(same) {
                            shared.set = if back { turn.from } else { turn.to };
                        }
                    }
                }
                Ok(format!("morph {at:.2}"))
            }
        }
    }

    /// Which macro of the live patch a name or a number from 1 means.
    pub(super) fn macro_named(&self, name: &str) -> Result<usize, String> {
        if let Some(n) = name.parse::<usize>().ok().filter(|n| *n > 0) {
            return Ok(n - 1);
        }
        let live: SlotId = self.live;
        let patch = self.slots[live.index()].patch();
        let macros = patch.map_or(&[][..], |p| &p.macros);
        macros.iter().position(|m| m.name == name).ok_or_else(|| {
            let names: Vec<_> = macros.iter().map(|m| m.name.as_str()).collect();
            format!("no macro `{name}`; there is {}", names.join(", "))
        })
    }
}

/// Rounding on the way between two ends must not leave the range.
fn within(spec: &ParamSpec, value: ParamValue) -> ParamValue {
    match value {
        ParamValue::Fixed(v) => ParamValue::Fixed(v.clamp(spec.min, spec.max)),
        beats => beats,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use crate::control::command::{Command, Focus, Quantum, SlotId};
    use crate::control::event::What;
    use crate::control::session::Session;
    use crate::modules::spec::ParamValue;
    use crate::patch::edit::Edit;

    const A: &str = r#"(name: "a", modules: (
        osc: Sine(freq: "100Hz"), /* kept */ out: Out(gain: "-12dB")),
        cables: ["osc > out"],
        macros: [(name: "tune", at: 0, to: ["osc.freq 100Hz..400Hz"])])"#;
    const B: &str = r#"(name: "b", modules: (osc: Sine(freq: "1600Hz"), out: Out(gain: "-12dB")), cables: ["osc > out"])"#;

    fn session() -> Session {
        let mut session = Session::new(Config {
            budget: 1e6,
            net: false,
            ..Config::default()
        });
        session.load_first(A, Path::new("a.ron")).expect("plays");
        session.render(9_600);
        session
    }

    fn freq(session: &Session, slot: SlotId) -> f32 {
        let view = session.supervisor.view();
        let loaded = view.slots[slot.index()].loaded.as_ref().expect("loaded");
        match loaded.patch.modules[0].params
            [loaded.patch.modules[0].spec.param("freq").expect("freq")]
        {
            ParamValue::Fixed(hz) => hz,
            ParamValue::Beats(_) => panic!("beats"),
        }
    }

    #[test]
    fn a_macro_turns_its_knobs_is_written_and_one_undo_takes_a_whole_movement_back() {
        let mut session = session();
        for at in [0.25, 0.5] {
            let name = "tune".to_owned();
            session
                .command(Command::Macro { name, at })
                .expect("turned");
            session.render(512);
        }
        assert!((freq(&session, SlotId::A) - 200.0).abs() < 0.1);
        let view = session.supervisor.view();
        let text = view.slots[0].loaded.as_ref().expect("loaded").text.clone();
        assert!(
            text.contains("at: 0.5") && text.contains("/* kept */"),
            "{text}"
        );
        session.command(Command::Undo).expect("undone");
        session.render(512);
        assert_eq!(freq(&session, SlotId::A), 100.0);
        let why = session
            .command(Command::Macro {
                name: "3".into(),
                at: 0.1,
            })
            .expect_err("none");
        assert!(why.contains("1 tune"), "{why}");
    }

    const CABLED: &str = r#"(name: "c", modules: (
        a: Sine(freq: "100Hz"), b: Sine(freq: "150Hz"), osc: Sine(freq: "200Hz"), /* kept */ out: Out(gain: "-12dB")),
        cables: ["a + b > osc.fm * 0.4 > out", "a > osc.level * 0.2"],
        macros: [(name: "bite", at: 0, to: ["osc.fm 0.1..0.9", "osc.level 0.1..0.9"])])"#;

    fn amounts(session: &Session, slot: SlotId) -> Vec<f32> {
        let view = session.supervisor.view();
        let loaded = view.slots[slot.index()].loaded.as_ref().expect("loaded");
        let parsed = crate::patch::file::parse(&loaded.text, "c.ron");
        let written = parsed.patch.expect("the text is a patch");
        let of = |patch: &crate::patch::Patch| -> Vec<f32> {
            patch.cables.iter().map(|c| c.amount).collect()
        };
        assert_eq!(of(&written), of(&loaded.patch), "{}", loaded.text);
        assert!(loaded.text.contains("/* kept */"));
        of(&written)
    }

    #[test]
    fn a_macro_turns_every_amount_of_a_port_in_sound_and_text_and_undo_gives_each_back() {
        let mut session = Session::new(Config {
            budget: 1e6,
            ..Config::default()
        });
        session
            .load_first(CABLED, Path::new("c.ron"))
            .expect("plays");
        session.render(48_000);
        let turn = |session: &mut Session, at| {
            let name = "bite".to_owned();
            session
                .command(Command::Macro { name, at })
                .expect("turned");
            session.render(9_600);
        };
        turn(&mut session, 0.25);
        assert_eq!(amounts(&session, SlotId::A), [0.3, 0.3, 1.0, 0.2]);
        turn(&mut session, 0.5);
        assert_eq!(amounts(&session, SlotId::A), [0.5, 0.5, 1.0, 0.2]);
        // The copy that stands by follows.
        assert_eq!(amounts(&session, SlotId::B), [0.5, 0.5, 1.0, 0.2]);
        session.command(Command::Undo).expect("undone");
        session.render(9_600);
        assert_eq!(amounts(&session, SlotId::A), [0.4, 0.4, 1.0, 0.2]);
        session.command(Command::Redo).expect("made again");
        session.render(9_600);
        // By hand: all into a port at once, one cable alone, and what can't be.
        let set = |session: &mut Session, param: &str, text: &str| {
            session.command(Command::SetParamText {
                focus: Focus::Live,
                module: "osc".into(),
                param: param.into(),
                text: text.into(),
            })
        };
        set(&mut session, "fm", "70%").expect("set");
        session.render(9_600);
        assert_eq!(amounts(&session, SlotId::A), [0.7, 0.7, 1.0, 0.2]);
        set(&mut session, "fm<b", "0.25").expect("set");
        session.render(9_600);
        assert_eq!(amounts(&session, SlotId::A), [0.7, 0.25, 1.0, 0.2]);
        session.command(Command::Undo).expect("undone");
        session.command(Command::Undo).expect("undone");
        session.render(9_600);
        assert_eq!(amounts(&session, SlotId::A), [0.5, 0.5, 1.0, 0.2]);
        // Typed on the screen it is heard at once, and nothing is built.
        let events = session.handle().subscribe();
        let edit = Edit::Amount {
            from: "b".into(),
            to: "osc.fm".into(),
            amount: Some("-6dB".into()),
        };
        let focus = Focus::Bench;
        session
            .command(Command::Edit { focus, edit })
            .expect("turned");
        session.render(9_600);
        let [first, second, ..] = amounts(&session, SlotId::A)[..] else {
            panic!("two amounts");
        };
        assert!(first == 0.5 && (second - 0.501).abs() < 1e-3, "{second}");
        assert!(
            !events
                .try_iter()
                .any(|e| matches!(e.what, What::Building { .. }))
        );
        session.command(Command::Undo).expect("undone");
        session.render(9_600);
        let why = session.command(Command::SetParamText {
            focus: Focus::Live,
            module: "b".into(),
            param: "fm".into(),
            text: "0.5".into(),
        });
        let why = why.expect_err("no cable");
        assert!(why.contains("no cable enters `b.fm`"), "{why}");
        set(&mut session, "fm", "1e9").expect_err("out of range");
        // What sounds is what a fresh build of the text sounds like.
        turn(&mut session, 1.0);
        let view = session.supervisor.view();
        let text = view.slots[0].loaded.as_ref().expect("loaded").text.clone();
        assert!(text.contains("osc.fm * 0.9"), "{text}");
    }

    #[test]
    fn a_morph_turns_what_is_heard_and_leaves_the_standby_at_its_end() {
        let mut session = session();
        assert!(session.command(Command::Morph(0.5)).is_err());
        let text = B.to_owned();
        session
            .command(Command::LoadText { text, path: None })
            .expect("loaded");
        session.render(48_000);
        assert_eq!(session.supervisor.view().morph, Some(0.0));
        session.command(Command::Morph(0.5)).expect("morphed");
        session.render(4_800);
        assert!((freq(&session, SlotId::A) - 400.0).abs() < 0.5);
        assert_eq!(freq(&session, SlotId::B), 1_600.0);
        session.command(Command::Morph(1.0)).expect("morphed");
        assert_eq!(freq(&session, SlotId::A), 1_600.0);
        session
            .command(Command::Swap(Some(Quantum::Now)))
            .expect("swapped");
        session.render(48_000);
        let view = session.supervisor.view();
        assert_eq!((view.live, view.morph), (SlotId::B, Some(1.0)));
        // What is unheard now has its own values again.
        assert_eq!(freq(&session, SlotId::A), 100.0);
    }
}
