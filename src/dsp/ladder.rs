//! Four one-pole low-passes in a saturating loop without a delay, at twice the rate: it oscillates in tune, and what its saturation
//! adds is not folded back into what is heard. Runs on engine threads.
use super::{
    lanes::{Float, Lanes},
    math::tan_fraction,
};

/// Where the loop saturates: a full-scale input at drive 1 loses 1 dB, and self-oscillation settles near a third.
const HEADROOM: f32 = 2.0;
/// A hair of direct current (-120 dBFS), so that a silent filter can start to oscillate.
const SEED: f32 = 1e-6;
/// The saturation is integrated along the signal, which is half a frame late and dull at the top; this one-pole, pole at -WAKE, undoes
/// both within the loop: at 16 kHz 0.004 dB and 1.7 degrees are left.
const WAKE: f32 = 0.9;
/// A quarter of the angle that is left, against x = half the cutoff's angle a frame: x (f0 + x² (f1 + x² f2)), within 1e-5.
const LAG: [f32; 3] = [0.013_177_13, 0.004_097_18, 0.002_673_28];
/// What the output takes of its last step, against x: fills the trapezoids' zeros at the doubled rate's half up to 16 kHz.
const FILL: [f32; 3] = [0.7135, -1.816, 1.231];

/// Coefficients for both frames of one.
#[derive(Clone, Copy)]
pub struct Coefficients<L: Lanes> {
    /// G = g / (1 + g) of one pole, and 1 - G.
    pole: L::F,
    rest: L::F,
    /// Loop feedback k; how much of this frame's saturated signal comes back within the frame, and of the last one's.
    feedback: L::F,
    instant: L::F,
    wake: L::F,
    gain: L::F,
    fill: L::F,
}

impl<L: Lanes> Coefficients<L> {
    /// `turn` is the cutoff over the rate, below 0.5; `res` 0..1, where the loop oscillates from 0.9 on; `drive` is the input gain.
    #[inline(always)]
    pub fn new(l: L, turn: L::F, res: L::F, drive: L::F) -> Self {
        let one = l.f(1.0);
        let x = turn * l.f(std::f32::consts::FRAC_PI_2);
        let y = x * x;
        let lag = x * y.fma(y.fma(l.f(LAG[2]), l.f(LAG[1])), l.f(LAG[0]));
        // The poles give the loop what is missing to half a turn at the cutoff: tan(x) (1 + lag) / (1 - lag).
        let (n, d) = tan_fraction(l, x);
        let (n, d) = (n + n * lag, d - d * lag);
        let r2 = res * res;
        let r4 = r2 * r2;
        // Oscillation starts at k = 4; the eighth power hurries from there to a firm 5, and leaves the rest of the way alone.
        let wanted = res * r4.fma(r4, l.f(4.0));
        let feedback = (lag * l.f(4.0)).nfma(wanted, wanted);
        let (sum, loud) = (n + d, one + wanted);
        let under = one / (sum * loud);
        let pole = n * (under * loud);
        let p2 = pole * pole;
        let p4 = p2 * p2;
        Self {
            pole,
            rest: d * (under * loud),
            feedback,
            instant: feedback * p4 * l.f(1.0 + WAKE),
            wake: p4 * l.f(WAKE),
            // Half of what the feedback takes from the pass band is given back.
            gain: drive
                * wanted.fma(l.f(0.5), one)
                * ((one + feedback) * (under * sum))
                * l.f(1.0 / HEADROOM),
            fill: x.fma(x.fma(l.f(FILL[2]), l.f(FILL[1])), l.f(FILL[0])),
        }
    }
}

/// What is carried from frame to frame, in units of the headroom; all zero at first.
#[derive(Clone, Copy)]
pub struct State<L: Lanes> {
    poles: [L::F; 4],
    /// Into the saturation, and by how much sqrt(1 + u²) is above 1 there.
    u: L::F,
    above: L::F,
    /// Out of it and of the one-pole behind it.
    woken: L::F,
    /// Out of the last pole.
    out: L::F,
}

/// State words.
pub const WORDS: usize = 8;

impl<L: Lanes> State<L> {
    #[inline(always)]
    pub fn load(words: &[L::F]) -> Self {
        Self {
            poles: [words[0], words[1], words[2], words[3]],
            u: words[4],
            above: words[5],
            woken: words[6],
            out: words[7],
        }
    }

    #[inline(always)]
    pub fn store(&self, words: &mut [L::F]) {
        words[..4].copy_from_slice(&self.poles);
        words[4] = self.u;
        words[5] = self.above;
        words[6] = self.woken;
        words[7] = self.out;
    }

    /// One frame at the doubled rate.
    #[inline(always)]
    pub fn tick(&mut self, l: L, k: &Coefficients<L>, x: L::F) -> L::F {
        let one = l.f(1.0);
        let s = &self.poles;
        // What the output would be if nothing came in, and so what comes back; then u + instant v(u) = r.
        let memory = s[0].fma(k.pole, s[1]).fma(k.pole, s[2]).fma(k.pole, s[3]) * k.rest;
        let memory = k.wake.nfma(self.woken, memory);
        let r = k.feedback.nfma(memory, (x + l.f(SEED)) * k.gain);
        // sat(u) = u / w, w = sqrt(1 + u²), whose integral is w: along the signal it is (u + u') / (w + w'), without a small divisor.
        // From the solution along the tangent at u' one Newton step.
        let (before, w_before) = (self.u, self.above + one);
        let both = w_before + w_before;
        let u = k.instant.nfma(before, r * both) / (both + k.instant);
        let w = u.fma(u, one).sqrt();
        let sum = w + w_before;
        let under = one / (w * sum);
        let inverse = w * under;
        let v = (u + before) * inverse;
        let slope = (v * u).nfma(sum * under, one) * inverse;
        let miss = k.instant.fma(v, u - r);
        // 1 / (1 + z) for the small z that there is.
        let z = k.instant * slope;
        let step = miss * (z.fma(z, one) - z);
        let v = slope.nfma(step, v);
        self.u = u - step;
        self.above = self.u.fma(self.u, one).sqrt() - one;
        let mut y = l.f(WAKE).nfma(self.woken, v * l.f(1.0 + WAKE));
        self.woken = y;
        for s in self.poles.iter_mut() {
            let d = (y - *s) * k.pole;
            y = d + *s;
            *s = y + d;
        }
        let filled = k.fill.fma(y - self.out, y);
        self.out = y;
        filled * l.f(HEADROOM)
    }
}
