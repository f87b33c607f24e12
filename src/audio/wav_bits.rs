//! Sample formats of WAV files, and the dither of those in whole numbers.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bits {
    /// Dithered.
    Int16,
    /// Dithered.
    #[default]
    Int24,
    /// Exactly what was heard.
    Float32,
}

impl Bits {
    /// Of one sample.
    pub fn bytes(self) -> u16 {
        match self {
            Self::Int16 => 2,
            Self::Int24 => 3,
            Self::Float32 => 4,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Int16 => "16",
            Self::Int24 => "24",
            Self::Float32 => "32f",
        }
    }

    /// The next one round.
    pub fn next(self) -> Self {
        match self {
            Self::Int16 => Self::Int24,
            Self::Int24 => Self::Float32,
            Self::Float32 => Self::Int16,
        }
    }

    /// Reads "16", "24" or "32f".
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "16" => Some(Self::Int16),
            "24" => Some(Self::Int24),
            "32f" => Some(Self::Float32),
            _ => None,
        }
    }
}

/// Triangular noise of one step each way: the rounding error is then noise that does not depend on the signal.
pub struct Dither(u64);

impl Dither {
    pub fn new(seed: u32) -> Self {
        Self(u64::from(seed) ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A sample as an integer of `bits` and a sign.
    pub fn whole(&mut self, sample: f32, bits: u32) -> i32 {
        let full = f64::from(1u32 << bits);
        let noise = self.next() + self.next() - 1.0;
        let scaled = (f64::from(sample) * full + noise).round();
        scaled.clamp(-full, full - 1.0) as i32
    }

    /// 0..1, by xorshift: fast, and its period outlasts any file.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}
