//! Undo, redo and the branches between them.
use super::*;
use crate::control::command::Focus;
use crate::modules::spec::ParamValue;

impl History {
    fn undo(&mut self) -> Option<Step> {
        let to = self.before()?;
        let way = self.way(to);
        self.go(to);
        way.into_iter().next().map(|leg| leg.step)
    }

    fn redo(&mut self) -> Option<Step> {
        let to = self.after()?;
        let way = self.way(Some(to));
        self.go(Some(to));
        way.into_iter().next().map(|leg| leg.step)
    }
}

fn knob(param: &str, from: f32, to: f32) -> Step {
    Step::Knob {
        focus: Focus::Live,
        module: "vcf".into(),
        param: param.into(),
        from: ParamValue::Fixed(from),
        to: ParamValue::Fixed(to),
    }
}

fn shown(step: Option<Step>) -> String {
    match step {
        Some(Step::Knob {
            param, from, to, ..
        }) => format!("{param} {from:?} {to:?}"),
        other => format!("{other:?}"),
    }
}

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn undo_and_redo_walk_the_same_steps() {
    let mut h = History::default();
    for i in 0..5u8 {
        h.add(
            knob("cutoff", i.into(), (i + 1).into()),
            0,
            at(1_000 * u64::from(i)),
        );
    }
    assert_eq!(h.depth(), (5, 0));
    let back: Vec<_> = (0..5).map(|_| shown(h.undo())).collect();
    assert_eq!(h.depth(), (0, 5));
    assert!(h.undo().is_none());
    let mut ahead: Vec<_> = (0..5).map(|_| shown(h.redo())).collect();
    ahead.reverse();
    assert_eq!(back, ahead);
    assert!(h.redo().is_none());
}

#[test]
fn one_turn_is_one_step_and_an_undo_ends_it() {
    let mut h = History::default();
    h.add(knob("cutoff", 1.0, 2.0), 0, at(0));
    h.add(knob("cutoff", 2.0, 3.0), 0, at(500));
    h.add(knob("cutoff", 3.0, 4.0), 0, at(1_000));
    assert_eq!(h.depth(), (1, 0));
    h.add(knob("res", 0.0, 1.0), 0, at(1_010));
    assert_eq!(shown(h.undo()), "res Fixed(0.0) Fixed(1.0)");
    h.add(knob("cutoff", 4.0, 5.0), 0, at(1_020));
    assert_eq!(h.depth(), (2, 0));
    h.undo();
    assert_eq!(shown(h.undo()), "cutoff Fixed(1.0) Fixed(4.0)");
}

#[test]
fn a_new_step_after_undo_grows_a_branch_and_keeps_the_old_one() {
    let mut h = History::default();
    h.add(knob("a", 0.0, 1.0), 0, at(0));
    h.add(knob("b", 0.0, 1.0), 0, at(0));
    h.undo();
    h.add(knob("c", 0.0, 1.0), 0, at(0));
    assert_eq!(h.entries().0.len(), 3);
    assert_eq!(h.entries().0[2].parent, Some(0));
    h.undo();
    assert!(shown(h.redo()).starts_with("c "));
}

#[test]
fn any_place_is_reached_over_the_fork() {
    let mut h = History::default();
    for name in ["a", "b", "c"] {
        h.add(knob(name, 0.0, 1.0), 0, at(0));
    }
    h.undo();
    h.undo();
    h.add(knob("d", 0.0, 1.0), 0, at(0));
    let names = |way: Vec<Leg>| -> Vec<String> {
        let shown = way.into_iter().map(|leg| {
            let Step::Knob { param, .. } = leg.step else {
                panic!("a knob")
            };
            format!("{}{param}", if leg.back { "-" } else { "+" })
        });
        shown.collect()
    };
    assert_eq!(names(h.way(Some(2))), ["-d", "+b", "+c"]);
    assert_eq!(names(h.way(None)), ["-d", "-a"]);
    h.go(Some(2));
    assert_eq!(h.depth(), (3, 0));
    h.go(Some(0));
    assert!(shown(h.redo()).starts_with("b "));
}

#[test]
fn what_comes_after_a_walk_is_a_step_of_its_own() {
    let mut h = History::default();
    h.add(knob("a", 0.0, 1.0), 0, at(0));
    h.add(knob("b", 0.0, 1.0), 0, at(0));
    h.undo();
    // The same knob, at once: it joins neither what was undone nor what stands.
    h.add(knob("a", 1.0, 2.0), 0, at(1));
    assert_eq!((h.entries().0.len(), h.depth()), (3, (2, 0)));
    h.undo();
    h.redo();
    h.add(knob("a", 2.0, 3.0), 0, at(2));
    assert_eq!(h.depth(), (3, 0));
    h.add(knob("a", 3.0, 4.0), 0, at(3));
    assert_eq!(h.depth(), (3, 0), "and then it goes on");
}

#[test]
fn redo_takes_the_newest_way_from_the_beginning_too() {
    let mut h = History::default();
    h.add(knob("a", 0.0, 1.0), 0, at(0));
    h.undo();
    h.add(knob("b", 0.0, 1.0), 0, at(0));
    h.go(Some(0));
    h.go(None);
    assert!(shown(h.redo()).starts_with("a "), "where one was last");
}

#[test]
fn what_was_heard_before_is_known_newest_first() {
    let loaded = |name: &str| {
        let text = format!(
            "(name: {name:?}, modules: (osc: Sine(), out: Out()), cables: [\"osc > out\"])"
        );
        Box::new(Loaded {
            patch: std::sync::Arc::new(
                crate::patch::file::parse(&text, name)
                    .patch
                    .expect("a patch"),
            ),
            text: text.into(),
            path: None,
            modified: false,
            report: Default::default(),
        })
    };
    let mut h = History::default();
    for (from, into) in [("one", "two"), ("two", "three")] {
        let (from, into) = (loaded(from), loaded(into));
        let to = crate::control::command::SlotId::B;
        h.add(Step::Swap { to, from, into }, 0, at(0));
        h.add(knob("a", 0.0, 1.0), 0, at(0));
    }
    let names: Vec<_> = h.heard_before().map(|l| l.patch.name.clone()).collect();
    assert_eq!(names, ["two", "one"]);
}

#[test]
fn every_change_of_tree_or_place_is_a_new_version() {
    let mut h = History::default();
    let mut seen = vec![h.version()];
    h.add(knob("a", 0.0, 1.0), 0, at(0));
    seen.push(h.version());
    h.add(knob("a", 1.0, 2.0), 0, at(1));
    seen.push(h.version());
    h.undo();
    seen.push(h.version());
    h.redo();
    seen.push(h.version());
    assert_eq!(seen, [0, 1, 2, 3, 4]);
}

#[test]
fn a_tree_that_was_kept_comes_back_step_by_step() {
    let step = |name: &str, to: f32| (knob(name, 0.0, to), 7, Label::default());
    let steps = [(None, "a"), (Some(0), "a"), (Some(0), "b"), (Some(9), "c")];
    let steps = steps.map(|(parent, name)| {
        let (step, frame, label) = step(name, 1.0);
        (parent, step, frame, label)
    });
    let mut h = History::default();
    h.restore(steps.to_vec(), Some(1));
    let parents: Vec<_> = h.entries().0.iter().map(|e| e.parent).collect();
    assert_eq!(parents, [None, Some(0), Some(0), None], "none is joined");
    assert_eq!(h.depth(), (2, 0));
    h.restore(Vec::new(), Some(3));
    assert_eq!((h.here(), h.depth()), (None, (0, 0)));
}

#[test]
fn the_tree_stays_bounded() {
    let mut h = History::default();
    for i in 0..3 * KEPT {
        let name = if i % 2 == 0 { "a" } else { "b" };
        h.add(knob(name, 0.0, i as f32), 0, at(0));
    }
    assert!(h.entries().0.len() <= KEPT);
    assert!(shown(h.undo()).starts_with("b "));
    assert!(h.depth().0 >= KEPT / 2 - 1);
    // The newest ones are kept.
    let oldest = &h.entries().0[0].step;
    let Step::Knob {
        to: ParamValue::Fixed(to),
        ..
    } = oldest
    else {
        panic!("a knob")
    };
    assert!(*to as usize >= 3 * KEPT - KEPT, "{to}");
}
