//! What a recording holds after many swaps in real time is the mix of the patches rendered alone.
use std::sync::mpsc::channel;
use std::time::Duration;

use chronus::audio::device::{DeviceSpec, Host};
use chronus::audio::lead::Latency;
use chronus::audio::stream::Stream;
use chronus::control::command::{At, Command, Quantum, Request};
use chronus::control::event::{Event, What};
use chronus::control::queue::Receiver;
use chronus::control::start::{Started, start};
use chronus::control::supervisor::Config;
use chronus::dsp::lanes::IsaChoice;

#[path = "tools/clicks.rs"]
mod clicks;
mod reference;
#[path = "tools/wav.rs"]
mod wav;
use reference::{RATE, Reference, residual_db, shipped};

const SWAPS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(20);

/// The first event that `wanted` finds something in.
fn next<T>(events: &Receiver<Event>, wanted: impl Fn(&What) -> Option<T>) -> T {
    loop {
        let event = events.recv_timeout(PATIENCE).expect("told in time");
        if let Some(found) = wanted(&event.what) {
            return found;
        }
        let is_bad = matches!(event.what, What::Failed { .. } | What::Refused { .. });
        assert!(!is_bad, "{}", event.sentence);
    }
}

/// Loads a text so that it renders from a frame of the timeline on.
fn load_at(started: &Started, text: &str, frame: u64) {
    let (answer, answered) = channel();
    let request = Request {
        command: Command::LoadText {
            text: text.to_owned(),
            path: None,
        },
        at: At::Frame(frame),
        answer: Some(answer),
    };
    started.handle.send(request).expect("there");
    answered
        .recv_timeout(PATIENCE)
        .expect("in time")
        .expect("taken");
}

/// Plays into the file and makes the reference on the way; how many frames were missing from the rings.
fn record(path: &std::path::Path) -> (Reference, u64) {
    let spec = DeviceSpec {
        host: Host::Wav(path.to_owned()),
        rate: Some(RATE as u32),
        ..DeviceSpec::null()
    };
    let config = Config {
        budget: 1e6,
        take_tempo: false,
        net: false,
        isa: IsaChoice::Plain,
        ..Config::default()
    };
    let stream = Stream::open(&spec).expect("a file");
    let started = start(config, Latency::Safe, stream, None).expect("threads");
    let events = started.handle.subscribe();
    let texts = shipped();
    started
        .handle
        .command(Command::SetStateCarry(false))
        .expect("set");
    load_at(&started, &texts[0], 0);
    let mut reference = Reference::new(&texts[0], IsaChoice::Plain);
    // The fade-in of the start, and then enough to know the place by.
    std::thread::sleep(Duration::from_millis(400));
    for n in 1..=SWAPS {
        std::thread::sleep(Duration::from_millis(150));
        let text = &texts[(n * 7) % texts.len()];
        // Well ahead of all that is rendered already.
        let begin = (started.handle.reading().frame + RATE as u64 / 4).next_multiple_of(64);
        load_at(&started, text, begin);
        next(&events, |what| {
            matches!(what, What::Primed { .. }).then_some(())
        });
        let swap = Command::Swap(Some(Quantum::Now));
        started.handle.ask(swap, PATIENCE).expect("primed");
        let swapped = next(&events, |what| match what {
            What::Swapped {
                frame,
                fade_frames,
                rho,
                ..
            } => Some((*frame, *fade_frames, *rho)),
            _ => None,
        });
        reference.swap(text, begin, swapped);
    }
    std::thread::sleep(Duration::from_millis(200));
    let broken = started.handle.reading().none_reads();
    started.handle.command(Command::Quit).expect("there");
    drop(started.supervisor.join().expect("no panic"));
    (reference, broken)
}

#[test]
fn twenty_swaps_in_a_recording_are_the_mix_of_both_rendered_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("swaps.wav");
    // A machine that does not run us for longer than the lead is not what is tested here: three times in a row it is.
    let (reference, _) = (0..3)
        .map(|_| record(&path))
        .find(|(_, broken)| *broken == 0)
        .expect("none-reads in three recordings of three");
    let heard = wav::read(&path).expect("readable");
    assert_eq!(heard.rate, RATE as u32);
    let mut heard: Vec<[f32; 2]> = heard.channels[0]
        .iter()
        .zip(&heard.channels[1])
        .map(|(l, r)| [*l, *r])
        .collect();
    // The end is faded out.
    heard.truncate(heard.len() - RATE / 5);
    let expected = reference.heard(heard.len());
    // The file begins with silence until the first patch is there, and then fades in.
    let start = 15_000;
    let waits = (0..heard.len() - start - 4_800)
        .find(|waits| heard[waits + start..][..4_800] == expected[start..][..4_800])
        .expect("the first patch, bit by bit");
    let (heard, expected) = (
        &heard[waits + start..],
        &expected[start..expected.len() - waits],
    );
    let residual = residual_db(heard, expected);
    assert!(residual <= -110.0, "residual {residual:.1} dBFS");
    for side in 0..2 {
        let of = |frames: &[[f32; 2]]| frames.iter().map(|f| f[side]).collect::<Vec<_>>();
        let apart = clicks::difference(&of(heard), &of(expected));
        assert!(
            apart.peak_db <= -110.0,
            "{} dBFS at {:?}",
            apart.peak_db,
            apart.first
        );
    }
}
