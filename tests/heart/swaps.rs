//! A swap changes a weight at a frame number, and nothing else.
use chronus::audio::fade::{level, smoothstep};
use chronus::audio::msg::{NotSwapped, OutputMsg, OutputReply, SwapAt};
use chronus::engine::msg::{EngineMsg, Start};
use proptest::prelude::*;

use crate::cores::{count, hash, of, sine};
use crate::rig::{Rig, alone, guarded, residual};

/// A swap as it was told.
#[derive(Clone, Copy, Debug)]
struct Told {
    to: usize,
    frame: u64,
    fade_frames: u32,
    rho: f32,
}

fn told(replies: &[OutputReply]) -> Vec<Told> {
    let told = |reply: &OutputReply| match *reply {
        OutputReply::Swapped {
            to,
            frame,
            fade_frames,
            rho,
            ..
        }
        | OutputReply::Failover {
            to,
            frame,
            fade_frames,
            rho,
            ..
        } => Some(Told {
            to,
            frame,
            fade_frames,
            rho,
        }),
        _ => None,
    };
    replies.iter().filter_map(told).collect()
}

/// Both streams rendered alone, mixed as the replies say.
fn reference(a: &[[f32; 2]], b: &[[f32; 2]], swaps: &[Told]) -> Vec<[f32; 2]> {
    let mix = |i: usize| {
        let frame = i as u64;
        let Some(swap) = swaps.iter().rev().find(|s| s.frame <= frame) else {
            return a[i];
        };
        let x = smoothstep((frame - swap.frame) as f64 / f64::from(swap.fade_frames));
        let w = if swap.to == 1 { x } else { 1.0 - x };
        let g = level(1.0 - w, w, f64::from(swap.rho));
        let side =
            |s: usize| (g * ((1.0 - w) * f64::from(a[i][s]) + w * f64::from(b[i][s]))) as f32;
        [side(0), side(1)]
    };
    guarded((0..a.len()).map(mix).collect())
}

fn refusals(rig: &Rig) -> Vec<(u64, NotSwapped)> {
    let refused = |reply: &OutputReply| match *reply {
        OutputReply::Refused { id, why, .. } => Some((id, why)),
        _ => None,
    };
    rig.output_replies.iter().filter_map(refused).collect()
}

#[test]
fn two_hundred_swaps_are_the_reference_mix() {
    let mut rig = Rig::for_period(1_024);
    let a = rig.load(0, sine(330.0, 0.5), Start::At(0));
    let b = rig.load(1, sine(331.7, 0.4), Start::At(0));
    rig.run(20, 256);
    for n in 0..200u64 {
        let (to, generation) = if n % 2 == 0 { (1, b) } else { (0, a) };
        let frame = rig.frame() + 1 + (n * 7_919) % 997;
        let fade = [240, 480, 960, 1_500][n as usize % 4];
        rig.swap(to, generation, SwapAt::Frame(frame), fade);
        while rig.frame() < frame + u64::from(fade) {
            rig.run(1, 1 + (n as usize * 577) % 1_024);
        }
    }
    rig.assert_unbroken();
    let swaps = told(&rig.output_replies);
    assert_eq!((swaps.len(), refusals(&rig)), (200, vec![]));
    let frames = rig.heard.len();
    let (a, b) = (
        alone(sine(330.0, 0.5), 0, frames),
        alone(sine(331.7, 0.4), 0, frames),
    );
    let worst = residual(&rig.heard, &reference(&a, &b, &swaps));
    assert!(worst <= -120.0, "{worst} dBFS");
}

#[test]
fn the_level_is_held_whether_patches_are_alike_or_not() {
    let pairs = [((400.0, 400.0), 1.0f32), ((400.0, 600.0), 0.0)];
    for ((one, two), alike) in pairs {
        let mut rig = Rig::new();
        rig.load(0, sine(one, 0.25), Start::At(0));
        let b = rig.load(1, sine(two, 0.25), Start::At(0));
        rig.run(40, 256);
        rig.swap(1, b, SwapAt::Frame(12_000), 4_800);
        rig.run(60, 256);
        let rho = told(&rig.output_replies)[0].rho;
        assert!((rho - alike).abs() < 0.02, "rho {rho}");
        for window in rig.heard[4_000..].chunks_exact(480) {
            let rms = (window.iter().map(|f| f64::from(f[0] * f[0])).sum::<f64>() / 480.0).sqrt();
            let db = 20.0 * (rms / (0.25 / 2f64.sqrt())).log10();
            assert!(db.abs() < 0.5, "{db} dB");
        }
    }
}

#[test]
fn a_standby_that_is_reloaded_is_not_believed_before_its_own_blocks_are_here() {
    let mut rig = Rig::new();
    rig.load(0, sine(110.0, 0.5), Start::At(0));
    let old = rig.load(1, of(|_| 0.9), Start::At(0));
    rig.run(20, 256);
    // The ring is full of the old graph; the new one starts in the future.
    let frame = rig.frame() + 4_096;
    let new = rig.load(1, sine(220.0, 0.25), Start::At(frame));
    let early = rig.swap(1, new, SwapAt::Frame(rig.frame() + 300), 240);
    rig.run(2, 256);
    let stale = rig.swap(1, old, SwapAt::Frame(rig.frame() + 300), 240);
    rig.run(2, 256);
    assert_eq!(
        refusals(&rig),
        [
            (early, NotSwapped::NotPrimed),
            (stale, NotSwapped::NotPrimed)
        ]
    );
    rig.swap(1, new, SwapAt::Ready, 240);
    rig.run(60, 256);
    let swaps = told(&rig.output_replies);
    assert_eq!(swaps.len(), 1);
    assert!(swaps[0].frame >= frame.next_multiple_of(64));
    let frames = rig.heard.len();
    let (a, b) = (
        alone(sine(110.0, 0.5), 0, frames),
        alone(sine(220.0, 0.25), 0, frames),
    );
    let worst = residual(&rig.heard, &reference(&a, &b, &swaps));
    assert!(worst <= -120.0, "{worst} dBFS");
}

#[test]
fn a_reload_needs_no_lead_to_be_in_step() {
    let mut rig = Rig::new();
    rig.load(0, sine(110.0, 0.5), Start::At(0));
    rig.load(1, sine(110.0, 0.5), Start::At(0));
    rig.run(20, 256);
    let start = rig.frame() + 128;
    let new = rig.load(1, sine(220.0, 0.25), Start::At(start));
    rig.swap(1, new, SwapAt::Ready, 240);
    rig.run(3, 256);
    // The ring held 40 ms of the graph that was replaced; it is not waited for.
    assert_eq!(
        told(&rig.output_replies)[0].frame,
        start.next_multiple_of(64)
    );
    rig.assert_unbroken();
}

#[test]
fn every_refusal_says_why_and_what_sounds_goes_on() {
    let mut rig = Rig::new();
    let a = rig.load(0, sine(110.0, 0.5), Start::At(0));
    let b = rig.load(1, hash(1, 30.0), Start::At(0));
    rig.run(20, 256);
    let loud = rig.swap(1, b, SwapAt::Ready, 240);
    rig.run(1, 256);
    let live = rig.swap(0, a, SwapAt::Ready, 240);
    rig.run(1, 256);
    let late = rig.swap(1, b, SwapAt::Frame(5), 240);
    rig.run(1, 256);
    let replaced = rig.swap(1, b, SwapAt::Frame(1 << 40), 240);
    let cancelled = rig.swap(1, b, SwapAt::Frame(1 << 40), 240);
    rig.run(1, 256);
    rig.tell(OutputMsg::Cancel { id: cancelled });
    rig.run(1, 256);
    assert_eq!(
        refusals(&rig),
        [
            (loud, NotSwapped::TooLoud),
            (live, NotSwapped::AlreadyLive),
            (late, NotSwapped::TooLate),
            (replaced, NotSwapped::Replaced),
            (cancelled, NotSwapped::Cancelled),
        ]
    );
    let b = rig.load(1, sine(220.0, 0.5), Start::Head);
    rig.run(20, 256);
    rig.swap(1, b, SwapAt::Ready, 2_000);
    rig.run(1, 256);
    let fading = rig.swap(0, a, SwapAt::Frame(rig.frame() + 10), 240);
    rig.run(20, 256);
    assert_eq!(refusals(&rig).last(), Some(&(fading, NotSwapped::Fading)));
    let (frames, swaps) = (rig.heard.len(), told(&rig.output_replies));
    let (a, b) = (
        alone(sine(110.0, 0.5), 0, frames),
        alone(sine(220.0, 0.5), 0, frames),
    );
    let worst = residual(&rig.heard, &reference(&a, &b, &swaps));
    assert!(worst <= -120.0, "{worst} dBFS");
    rig.assert_unbroken();
}

#[test]
fn an_unloaded_standby_is_refused() {
    let mut rig = Rig::new();
    rig.load(0, sine(110.0, 0.5), Start::At(0));
    let b = rig.load(1, sine(220.0, 0.5), Start::At(0));
    rig.run(10, 256);
    rig.send(1, EngineMsg::Unload);
    rig.run(30, 256);
    let id = rig.swap(1, b, SwapAt::Frame(rig.frame() + 5), 240);
    rig.run(2, 256);
    assert_eq!(refusals(&rig), [(id, NotSwapped::NotPrimed)]);
    rig.assert_unbroken();
}

#[test]
fn the_panic_key_fades_to_silence_and_back_and_time_goes_on() {
    let mut rig = Rig::new();
    rig.load(0, sine(110.0, 0.5), Start::At(0));
    rig.run(10, 256);
    rig.tell(OutputMsg::Mute(true));
    rig.run(10, 256);
    // 30 ms are 1,440 frames.
    let muted = &rig.heard[2_560 + 1_440..];
    assert!(muted.iter().all(|x| *x == [0.0; 2]));
    rig.tell(OutputMsg::Mute(false));
    rig.run(20, 256);
    let straight = guarded(alone(sine(110.0, 0.5), 0, rig.heard.len()));
    assert_eq!(rig.heard[..2_560], straight[..2_560]);
    assert_eq!(rig.heard[5_120 + 1_441..], straight[5_120 + 1_441..]);
    rig.assert_unbroken();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// However swaps and reloads come, the sound is the reference mix or goes on, and no frame is lost.
    #[test]
    fn a_storm_of_swaps_loses_nothing(
        storm in prop::collection::vec((1usize..900, 0u64..1_200, 1u32..1_200, 0u8..4), 1..80)
    ) {
        let mut rig = Rig::new();
        let generations = [
            rig.load(0, count(), Start::At(0)),
            rig.load(1, hash(9, 0.5), Start::At(0)),
        ];
        rig.run(10, 256);
        for (size, ahead, fade, what) in storm {
            let to = 1 - rig.slots.output.live();
            let at = if what == 0 { SwapAt::Ready } else { SwapAt::Frame(rig.frame() + ahead) };
            rig.swap(to, generations[to], at, fade);
            rig.run(1, size);
        }
        rig.run(10, 256);
        rig.assert_unbroken();
        let (frames, swaps) = (rig.heard.len(), told(&rig.output_replies));
        let (a, b) = (alone(count(), 0, frames), alone(hash(9, 0.5), 0, frames));
        let worst = residual(&rig.heard, &reference(&a, &b, &swaps));
        prop_assert!(worst <= -120.0, "{worst} dBFS after {} swaps", swaps.len());
    }
}
