//! Designs equalizer bands whose magnitude is the analog prototype's up to the end of the spectrum. Called at most once a block and
//! band: f64 and the exact functions are affordable.
//!
//! After Vicanek, Matched Second Order Digital Filters: the poles are the analog ones (impulse invariance), the numerator takes the
//! prototype's magnitude at 0, at the band's own frequency and at half the rate.
use std::f64::consts::PI;

/// What a band does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Band {
    LowShelf,
    Peak,
    HighShelf,
}

/// A state-variable filter's coefficients: y = through x + first v1 + second v2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    pub g: f32,
    pub k: f32,
    pub through: f32,
    pub first: f32,
    pub second: f32,
}

/// Numerator and denominator in s², s and 1, of a frequency of 1.
fn prototype(band: Band, gain: f64, q: f64) -> ([f64; 3], [f64; 3]) {
    let a = gain.sqrt();
    let edge = a.sqrt() / q;
    match band {
        Band::Peak => ([1.0, a / q, 1.0], [1.0, 1.0 / (a * q), 1.0]),
        Band::LowShelf => ([a, a * edge, a * a], [a, edge, 1.0]),
        Band::HighShelf => ([a * a, a * edge, a], [1.0, edge, a]),
    }
}

/// The prototype's squared magnitude at a frequency against the band's.
fn power(proto: &([f64; 3], [f64; 3]), v: f64) -> f64 {
    let of = |p: &[f64; 3]| (p[2] - p[0] * v * v).powi(2) + (p[1] * v).powi(2);
    of(&proto.0) / of(&proto.1)
}

/// The magnitude that a band is to have at a frequency.
pub fn analog_gain(band: Band, freq: f64, gain: f64, q: f64, at: f64) -> f64 {
    power(&prototype(band, gain, q), at / freq).sqrt()
}

/// A band at `turn`, its frequency over the rate, below 0.45; `gain` at the peak or on the shelf, above 0.
pub fn design(band: Band, turn: f64, gain: f64, q: f64) -> Coefficients {
    // A cut is the boost turned over: its poles would be too broad to match well.
    let (zeros, poles) = biquad(band, turn, gain.max(1.0 / gain), q);
    let (b, a) = match gain < 1.0 {
        false => (zeros, poles),
        true => (poles.map(|p| p / zeros[0]), zeros.map(|z| z / zeros[0])),
    };
    let (sum, rest) = (1.0 + a[1] + a[2], 1.0 - a[1] + a[2]);
    let g = (sum / rest).sqrt();
    let k = 2.0 * (1.0 - a[2]) / (rest * g);
    let mut coefficients = Coefficients {
        g: g as f32,
        k: k as f32,
        through: 1.0,
        first: 0.0,
        second: 0.0,
    };
    if gain != 1.0 {
        // What the high-pass, the band and the low-pass contribute.
        let through = (b[0] - b[1] + b[2]) / rest;
        let band = 2.0 * (b[0] - b[2]) / (g * rest);
        let low = (b[0] + b[1] + b[2]) / sum;
        coefficients.through = through as f32;
        coefficients.first = (band - through * k) as f32;
        coefficients.second = (low - through) as f32;
    }
    coefficients
}

/// Numerator and denominator of a boost in powers of z^-1.
fn biquad(band: Band, turn: f64, gain: f64, q: f64) -> ([f64; 3], [f64; 3]) {
    let w0 = 2.0 * PI * turn;
    let proto = prototype(band, gain, q);
    let [d2, d1, d0] = proto.1;
    // The poles' own angle, which may lie beyond the spectrum, and their damping.
    let (w, z) = (
        (w0 * (d0 / d2).sqrt()).min(3.0),
        d1 / (2.0 * (d0 * d2).sqrt()),
    );
    let radius = (-z * w).exp();
    let swing = match z <= 1.0 {
        true => (w * (1.0 - z * z).sqrt()).cos(),
        false => (w * (z * z - 1.0).sqrt()).cosh(),
    };
    let (a1, a2) = (-2.0 * radius * swing, radius * radius);
    let (sum, rest) = (1.0 + a1 + a2, 1.0 - a1 + a2);
    let high = (0.5 * w0).sin().powi(2);
    let low = 1.0 - high;
    let both = 4.0 * low * high;
    let b0 = sum * sum * power(&proto, 0.0);
    let b1 = rest * rest * power(&proto, PI / w0);
    let at = power(&proto, 1.0) * (sum * sum * low + rest * rest * high - 4.0 * a2 * both);
    let b2 = (at - b0 * low - b1 * high) / both;
    // Squares of the sums to coefficients.
    let half = 0.5 * (b0.sqrt() + b1.sqrt());
    let c0 = 0.5 * (half + (half * half + b2).max(0.0).sqrt());
    let c1 = 0.5 * (b0.sqrt() - b1.sqrt());
    let c2 = -b2 / (4.0 * c0);
    ([c0, c1, c2], [1.0, a1, a2])
}
