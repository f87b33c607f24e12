//! What priming hears, and what it refuses.
use chronus::dsp::lanes::IsaChoice;
use chronus::graph::prime::{Check, Proof};
use chronus::graph::{PrimeSpec, prime};
use chronus::patch::{Patch, PrimeMode};

use crate::patches::{RATE, built, one_sine, render, sines};

pub fn spec(mode: PrimeMode) -> PrimeSpec {
    PrimeSpec {
        mode,
        rate: RATE,
        bpm: 120.0,
        // Debug builds are slow; the cost check has its own test.
        budget: 100.0,
        proof: Proof::None,
    }
}

fn verdict(patch: &Patch) -> Result<f32, Check> {
    let (graph, layout) = built(patch, IsaChoice::Auto);
    prime(graph, layout, &spec(patch.prime), &mut |_| {})
        .map(|p| p.report().rms)
        .map_err(|f| f.check)
}

#[test]
fn priming_hears_sound_and_refuses_silence_and_loudness() {
    let patch = one_sine(440.0, false);
    let rms = verdict(&patch).expect("sounds");
    assert!((rms - 0.5f32.sqrt()).abs() < 0.02, "{rms}");
    let mut silent = patch.clone();
    silent.cables.clear();
    assert_eq!(verdict(&silent), Err(Check::Silent));
    silent.prime = PrimeMode::Silent;
    assert!(verdict(&silent).is_ok());
    let mut loud = patch.clone();
    loud.cables[0].amount = 5.0;
    assert_eq!(verdict(&loud), Err(Check::Loud));
    let mut faint = patch.clone();
    faint.cables[0].amount = 0.003_16; // -50 dBFS
    assert!(verdict(&faint).is_ok());
    assert!(verdict(&one_sine(40.0, false)).is_ok());
}

#[test]
fn a_graph_that_costs_too_much_is_refused() {
    let (graph, layout) = built(&sines(0..64), IsaChoice::Auto);
    let spec = PrimeSpec {
        budget: 1e-7,
        ..spec(PrimeMode::Sound)
    };
    let failure = prime(graph, layout, &spec, &mut |_| {})
        .err()
        .expect("dear");
    assert_eq!(failure.check, Check::Cost);
}

#[test]
fn a_primed_graph_starts_from_the_very_beginning() {
    let (graph, layout) = built(&sines(0..3), IsaChoice::Auto);
    let primed = prime(graph, layout, &spec(PrimeMode::Sound), &mut |_| {});
    let (mut primed, ..) = primed.expect("sounds").into_parts();
    let (mut fresh, _) = built(&sines(0..3), IsaChoice::Auto);
    assert_eq!(render(&mut primed, 0, 20), render(&mut fresh, 0, 20));
}
