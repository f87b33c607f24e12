//! The checks that a graph on trial must pass, each with its number and the likely cause. Runs on the builder.
use crate::dsp::BLOCK;
use crate::patch::PrimeMode;

use super::{
    report::{Check, PrimeFailure, Proof},
    trial::{Trial, WARM, WINDOW},
};

/// The loudest window must be above this: -60 dBFS, the floor of the meters.
pub(super) const SILENCE: f32 = 0.001;
/// +12 dBFS: what the output guard can still hold without a long fight.
const LOUDEST: f32 = 3.981_071_7;
/// DC counts where it is above this and above half of what sounds.
const DC: f32 = 0.01;

impl Trial<'_> {
    pub fn check_dc(&mut self) -> Result<(), PrimeFailure> {
        let n = self.heard.len() as f64;
        let mut worst = (0.0f64, 0.0f64);
        for side in 0..2 {
            let (mut sum, mut weights, mut squares) = (0.0, 0.0, 0.0);
            for (i, frame) in self.heard.iter().enumerate() {
                let hann = 0.5 - 0.5 * (std::f64::consts::TAU * (i as f64 + 0.5) / n).cos();
                sum += hann * frame[side] as f64;
                squares += hann * (frame[side] as f64).powi(2);
                weights += hann;
            }
            let dc = sum / weights;
            let ac = (squares / weights - dc * dc).max(0.0).sqrt();
            if dc.abs() > worst.0 {
                worst = (dc.abs(), ac);
            }
        }
        let (dc, ac) = worst;
        self.report.dc = dc as f32;
        if dc > DC as f64 && dc > 0.5 * ac {
            return Err(PrimeFailure {
                check: Check::Dc,
                why: format!(
                    "dc {dc:.4} with ac rms {ac:.4}; a control signal reaches `out`, or a feedback loop holds an offset"
                ),
            });
        }
        Ok(())
    }

    pub fn check_peak(&self) -> Result<(), PrimeFailure> {
        let peak = self.report.peak;
        if peak <= LOUDEST {
            return Ok(());
        }
        Err(PrimeFailure {
            check: Check::Loud,
            why: format!(
                "peak {:+.1} dBFS is above +12 dBFS; lower the gain of `out`, or a feedback or resonance",
                20.0 * peak.log10()
            ),
        })
    }

    pub fn check_silence(&mut self) -> Result<(), PrimeFailure> {
        if self.steady > SILENCE || self.spec.proof == Proof::Verified {
            return Ok(());
        }
        if self.spec.mode == PrimeMode::Silent {
            self.report.silent_by_design = self.report.rms <= SILENCE;
            return Ok(());
        }
        let seconds = self.frame as f32 / self.spec.rate;
        let why = match self.report.rms > SILENCE {
            true => format!(
                "rms {:.4} after a click of rms {:.4} in its first {:.0} ms, in {seconds:.1} s; an envelope or a gate that closes for good is likely",
                self.steady,
                self.report.rms,
                ((WARM + WINDOW) * BLOCK) as f32 / self.spec.rate * 1e3,
            ),
            false => format!(
                "rms {:.4} after {} buffers ({seconds:.1} s); nothing reaches `out`, or a level is at 0",
                self.report.rms, self.report.blocks
            ),
        };
        Err(PrimeFailure {
            check: Check::Silent,
            why,
        })
    }

    pub fn check_hopeless(&self) -> Result<(), PrimeFailure> {
        let cheapest = self.costs.iter().copied().fold(f32::INFINITY, f32::min);
        self.within_budget(cheapest * self.spec.rate / BLOCK as f32)
    }

    pub fn check_cost(&mut self) -> Result<(), PrimeFailure> {
        let middle = self.costs.len() / 2;
        let (_, median, _) = self.costs.select_nth_unstable_by(middle, f32::total_cmp);
        self.report.load = *median * self.spec.rate / BLOCK as f32;
        self.within_budget(self.report.load)
    }

    fn within_budget(&self, load: f32) -> Result<(), PrimeFailure> {
        if load <= self.spec.budget {
            return Ok(());
        }
        Err(PrimeFailure {
            check: Check::Cost,
            why: format!(
                "a block costs {:.0} % of its time, {:.0} % is the budget; use fewer voices or modules",
                100.0 * load,
                100.0 * self.spec.budget
            ),
        })
    }
}
