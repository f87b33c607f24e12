//! How loud the shipped patches are beside each other. Part of the `primes` tests.
use chronus::control::command::Command;
use chronus::control::session::Session;
use chronus::control::supervisor::Config;
use chronus::dsp::lanes::IsaChoice;

use crate::common::{RATE, config};
use crate::reference::files::paths;

/// Loudness as in ITU-R BS.1770-4 at 48 kHz, gated, in LUFS: two filters, 400 ms windows, the mean of those within 10 dB of it.
fn loudness(sound: &[[f32; 2]]) -> f64 {
    let shelf = [
        1.53512485958697,
        -2.69169618940638,
        1.19839281085285,
        -1.69065929318241,
        0.73248077421585,
    ];
    let high_pass = [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621];
    let mut states = [[[0.0f64; 2]; 2]; 2];
    let squares: Vec<f64> = sound
        .iter()
        .map(|frame| {
            let side = |(side, x): (usize, &f32)| {
                let filters = [shelf, high_pass].into_iter().zip(&mut states[side]);
                let y = filters.fold(f64::from(*x), |x, ([b0, b1, b2, a1, a2], s)| {
                    let y = b0 * x + s[0];
                    *s = [b1 * x - a1 * y + s[1], b2 * x - a2 * y];
                    y
                });
                y * y
            };
            frame.iter().enumerate().map(side).sum()
        })
        .collect();
    let db = |power: f64| 10.0 * power.max(1e-12).log10() - 0.691;
    let windows = squares.windows(RATE * 2 / 5).step_by(RATE / 10);
    let mut powers: Vec<f64> = windows
        .map(|w| w.iter().sum::<f64>() / w.len() as f64)
        .collect();
    for below in [f64::INFINITY, 10.0] {
        let mean = powers.iter().sum::<f64>() / powers.len() as f64;
        powers.retain(|p| db(*p) > (db(mean) - below).max(-70.0));
        assert!(!powers.is_empty(), "silent");
    }
    db(powers.iter().sum::<f64>() / powers.len() as f64)
}

#[test]
fn shipped_patches_are_about_as_loud_and_leave_the_guard_in_peace() {
    let mut wrong = Vec::new();
    for path in paths() {
        let text = std::fs::read_to_string(&path).expect("text");
        // What comes in decides how loud a patch for a microphone is.
        if text.contains(": In(") {
            continue;
        }
        let mut session = Session::new(Config {
            isa: IsaChoice::Auto,
            ..config()
        });
        session.load_first(&text, &path).expect("plays");
        if text.contains(": Keys(") {
            for note in [57.0, 60.0, 64.0, 69.0] {
                let velocity = 0.8;
                session
                    .command(Command::Note { note, velocity })
                    .expect("a note");
            }
        }
        let sound = session.render(10 * RATE);
        let peak = sound
            .as_flattened()
            .iter()
            .fold(0.0f32, |m, x| m.max(x.abs()));
        let loud = loudness(&sound);
        // The guard's limiter holds -1 dBFS.
        if !(-20.5..-13.5).contains(&loud) || peak > 0.885 {
            wrong.push(format!(
                "{}: {loud:.1} LUFS, peak {peak:.3}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
