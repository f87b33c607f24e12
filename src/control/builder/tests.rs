//! Tests of the builder.
use std::time::Instant;

use super::*;
use crate::dsp::lanes::IsaChoice;
use crate::graph::Env;
use crate::graph::prime::Proof;

const SINE: &str = r#"(name: "a", modules: (osc: Sine(), out: Out()), cables: ["osc > out"])"#;

fn job(number: u64, text: &str) -> Job {
    Job {
        number,
        source: Source::Text {
            text: text.into(),
            file: "a.ron".into(),
        },
        env: Env {
            rate: 48_000.0,
            isa: IsaChoice::Plain,
            seed: 1,
            bpm: 120.0,
        },
        budget: 100.0,
        proof: Proof::None,
        asked: Instant::now(),
    }
}

fn wait(builder: &mut Builder, start: Instant) -> Finished {
    loop {
        if let Some(finished) = builder.poll(start.elapsed()) {
            return finished;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "no result");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_thread_builds_what_the_caller_would() {
    let start = Instant::now();
    let mut threaded = Builder::threaded(Arc::new(|| {})).expect("a thread");
    let mut inline = Builder::inline();
    for number in 1..=3 {
        threaded
            .submit(job(number, SINE), start.elapsed())
            .expect("room");
    }
    inline.submit(job(1, SINE), Duration::ZERO).expect("room");
    let here = inline
        .poll(Duration::ZERO)
        .and_then(|f| f.result.ok())
        .expect("built");
    for number in 1..=3 {
        let finished = wait(&mut threaded, start);
        assert_eq!(finished.number, number);
        let built = finished.result.ok().expect("built");
        assert_eq!(built.graph.report().rms, here.graph.report().rms);
        assert_eq!(built.patch, here.patch);
    }
    assert!(!threaded.is_busy());
}

#[test]
fn mistakes_come_back_as_what_they_are() {
    let mut builder = Builder::inline();
    let silent = SINE.replace(r#""osc > out""#, "");
    for (text, expected) in [("(", "text"), (silent.as_str(), "silent")] {
        builder.submit(job(1, text), Duration::ZERO).expect("room");
        let told = match builder.poll(Duration::ZERO).map(|f| f.result) {
            Some(Err(Unbuilt::Text(d))) if !d.is_empty() => "text",
            Some(Err(Unbuilt::Prime(failure))) => failure.check.name(),
            _ => "nothing",
        };
        assert_eq!(told, expected);
    }
}

#[test]
fn a_missing_file_names_itself_once() {
    let mut builder = Builder::inline();
    let mut job = job(1, "");
    job.source = Source::File("no/such.ron".into());
    builder.submit(job, Duration::ZERO).expect("room");
    let Some(Err(Unbuilt::Text(d))) = builder.poll(Duration::ZERO).map(|f| f.result) else {
        panic!("not refused");
    };
    assert_eq!(
        d[0].to_string().matches("no/such.ron").count(),
        1,
        "{}",
        d[0]
    );
}

#[cfg(feature = "faults")]
#[test]
fn one_that_hangs_is_replaced_and_a_second_is_refused_until_it_returns() {
    const HANG: &str = r#"(name: "h", modules: (osc: Sine(), f: Fault(kind: Hang), out: Out()), cables: ["osc > f > out"])"#;
    let start = Instant::now();
    let mut builder = Builder::threaded(Arc::new(|| {})).expect("a thread");
    let check = |finished: Finished| match finished.result {
        Err(Unbuilt::Prime(failure)) => failure.check.name(),
        Err(Unbuilt::Text(_)) => "text",
        Ok(_) => "built",
    };
    builder.submit(job(1, HANG), start.elapsed()).expect("room");
    assert_eq!(check(wait(&mut builder, start)), "timeout");
    assert!(start.elapsed() < PATIENCE * 3, "{:?}", start.elapsed());
    builder
        .submit(job(2, SINE), start.elapsed())
        .expect("a new thread");
    assert_eq!(check(wait(&mut builder, start)), "built");
    builder.submit(job(3, HANG), start.elapsed()).expect("room");
    assert_eq!(check(wait(&mut builder, start)), "timeout");
    let why = builder
        .submit(job(4, SINE), start.elapsed())
        .expect_err("both hang");
    assert!(why.contains("hang"), "{why}");
    // They come back by themselves; nothing of theirs is believed.
    while builder.submit(job(5, SINE), start.elapsed()).is_err() {
        assert!(start.elapsed() < Duration::from_secs(20), "never back");
        assert!(builder.poll(start.elapsed()).is_none());
        std::thread::sleep(Duration::from_millis(10));
    }
    let last = wait(&mut builder, start);
    assert_eq!((last.number, check(last)), (5, "built"));
}
