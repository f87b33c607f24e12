//! Patches that go wrong: before they are heard, and while they are live.
use chronus::control::command::{Command, Quantum, SlotId};
use chronus::control::event::What;
use chronus::control::supervisor::Config;

use crate::common::{
    RATE, config, counted, faulty, load, name, saw, sentences, session_with, sine,
};
use crate::gestures::session;

#[test]
fn bad_patches_are_never_heard_and_the_standby_keeps_what_it_had() {
    let play = |bad: Option<&str>| {
        let mut session = session(&sine("a", 440));
        load(&mut session, &saw("b", 110));
        let mut heard = session.render(RATE / 4);
        if let Some(kind) = bad {
            load(&mut session, &faulty(kind, 0));
        }
        heard.extend(session.render(RATE / 4));
        session
            .command(Command::Swap(Some(Quantum::Now)))
            .expect("primed");
        heard.extend(session.render(RATE / 4));
        assert_eq!(
            name(&session, session.supervisor.view().live),
            "b",
            "{bad:?}"
        );
        counted(&session);
        (heard, session.events())
    };
    let (expected, _) = play(None);
    for (kind, check) in [
        ("Panic", "panic"),
        ("Nan", "nan"),
        ("Inf", "nan"),
        ("Dc", "dc"),
        ("Loud", "loud"),
        ("Silent", "silent"),
    ] {
        for _ in 0..5 {
            let (heard, events) = play(Some(kind));
            assert!(heard == expected, "{kind} was heard");
            let told = events.iter().find_map(|e| match &e.what {
                What::Failed { check, .. } => Some(check.name()),
                _ => None,
            });
            assert_eq!(told, Some(check), "{kind}");
        }
    }
}

/// A patch that primes well and panics while it is live: its counter starts again after priming.
fn dies_at(block: u32) -> String {
    faulty("Panic", block)
}

#[test]
fn a_live_patch_that_panics_is_followed_by_its_copy_and_built_again() {
    let net = Config {
        net: true,
        ..config()
    };
    let mut session = session_with(&dies_at(900), net);
    let mut heard = session.render(RATE);
    // The copy took over the fault's counter with the rest of the state, so it dies at the same block; what stands by then
    // is built again.
    heard.extend(session.render(3 * RATE));
    let events = session.events();
    let told = sentences(&events).join("\n");
    assert!(
        events.iter().any(|e| matches!(e.what, What::Failed { .. })),
        "{told}"
    );
    assert!(
        events
            .iter()
            .any(|e| matches!(e.what, What::Rebuilt { .. })),
        "{told}"
    );
    let tail = &heard[heard.len() - RATE / 2..];
    assert!(
        tail.iter().any(|x| x[0].abs() > 0.05),
        "it sounds again\n{told}"
    );
}

#[test]
fn another_patch_that_stands_by_takes_over_without_a_gap() {
    let mut session = session(&dies_at(1_500));
    load(&mut session, &saw("b", 110));
    let heard = session.render(4 * RATE);
    let events = session.events();
    let told = sentences(&events).join("\n");
    let rebuilt = events.iter().find_map(|e| match e.what {
        What::Rebuilt { after_ms, .. } => Some(after_ms),
        _ => None,
    });
    assert!(rebuilt.is_some_and(|ms| ms <= 100.0), "{rebuilt:?}\n{told}");
    assert!(
        events
            .iter()
            .any(|e| matches!(e.what, What::Failover { to: SlotId::B, .. })),
        "{told}"
    );
    assert_eq!(session.supervisor.view().live, SlotId::B);
    assert_eq!(session.handle().reading().none_reads(), 0, "{told}");
    // No stretch of silence anywhere.
    let longest = heard[4_800..]
        .split(|x| x[0].abs() > 1e-4)
        .map(<[_]>::len)
        .max();
    assert!(longest < Some(48), "{longest:?} frames of silence");
}
