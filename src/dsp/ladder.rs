//! Four one-pole low-passes in a saturating loop without a delay: it oscillates in tune. Runs on engine threads.
use super::{
    lanes::{Float, Lanes},
    math::tan_fraction,
};

/// Where the loop saturates: a full-scale input at drive 1 loses 1 dB, and self-oscillation settles near a third.
const HEADROOM: f32 = 2.0;
/// A hair of direct current (-120 dBFS), so that a silent filter can start to oscillate.
const SEED: f32 = 1e-6;

/// One frame's coefficients.
#[derive(Clone, Copy)]
pub struct Coefficients<L: Lanes> {
    /// G = g / (1 + g) of one pole, and 1 - G.
    pole: L::F,
    rest: L::F,
    /// Loop feedback k, and k G⁴: how much of this frame's output comes back within the frame.
    feedback: L::F,
    instant: L::F,
    /// 1 / (1 + k G⁴).
    solve: L::F,
    gain: L::F,
}

impl<L: Lanes> Coefficients<L> {
    /// `turn` is the cutoff over the rate, below 0.5; `res` 0..1, where the loop oscillates from 0.9 on; `drive` is the input gain.
    #[inline(always)]
    pub fn new(l: L, turn: L::F, res: L::F, drive: L::F) -> Self {
        let (n, d) = tan_fraction(l, turn * l.f(std::f32::consts::PI));
        let (one, under) = (l.f(1.0), l.f(1.0) / (n + d));
        let pole = n * under;
        let (r2, p2) = (res * res, pole * pole);
        let r4 = r2 * r2;
        // Oscillation starts at k = 4; the eighth power hurries from there to a firm 5, and leaves the rest of the way alone.
        let feedback = res * r4.fma(r4, l.f(4.0));
        let instant = feedback * (p2 * p2);
        Self {
            pole,
            rest: d * under,
            feedback,
            instant,
            solve: one / (one + instant),
            // Half of what the feedback takes from the pass band is given back.
            gain: drive * feedback.fma(l.f(0.5), one) * l.f(1.0 / HEADROOM),
        }
    }
}

/// The poles' memories, in units of the headroom.
pub type State<L> = [<L as Lanes>::F; 4];

/// One frame.
#[inline(always)]
pub fn tick<L: Lanes>(l: L, s: &mut State<L>, k: &Coefficients<L>, x: L::F) -> L::F {
    let one = l.f(1.0);
    // What the output would be if nothing came in, and so what comes back; then u + instant sat(u) = r.
    let memory = s[0].fma(k.pole, s[1]).fma(k.pole, s[2]).fma(k.pole, s[3]) * k.rest;
    let r = k.feedback.nfma(memory, (x + l.f(SEED)) * k.gain);
    // sat(u) = u / sqrt(1 + u²): from the linear solution one Newton step, tangent to the saturation.
    let u = r * k.solve;
    let slope = one / u.fma(u, one).sqrt();
    let sat = u * slope;
    let slope = slope * slope * slope;
    let miss = k.instant.fma(sat, u - r);
    let mut v = (slope * miss / k.instant.fma(slope, one)).nfma(one, sat);
    for s in s.iter_mut() {
        let d = (v - *s) * k.pole;
        v = d + *s;
        *s = v + d;
    }
    v * l.f(HEADROOM)
}
