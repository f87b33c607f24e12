//! A graph on trial: rendered with a test note until it has shown what it is. Runs on the builder.
use crate::dsp::{BLOCK, StereoBlock, cpu, transport::Transport};
use crate::patch::PrimeMode;

use super::{
    report::{Check, PrimeFailure, PrimeReport, PrimeSpec, Proof},
    verdict::SILENCE,
};
use crate::graph::{Block, Graph};

/// Blocks of one RMS window.
pub(super) const WINDOW: usize = 8;
/// Rendered in any case, so that DC can be told from a low note.
const LEAST_SECONDS: f32 = 0.2;
/// Blocks in which filters and envelopes settle: a patch that sounds in them alone has a click, not a sound, unless another
/// note brings it back.
pub(super) const WARM: usize = 8;
/// Blocks of another note, for what sounds only while it begins.
const STRUCK_BLOCKS: usize = 3 * WINDOW;
/// Given to a slow attack before the patch counts as silent.
const MOST_SECONDS: f32 = 1.0;
/// How much of each later beat is tried where the first second is silent: a pattern may begin with rests.
const PEEK_SECONDS: f32 = 0.1;
/// How far into the music is looked for sound.
const PEEK_BEATS: usize = 32;
/// Where even the cheapest of so many blocks is beyond the budget, no others need to be measured.
const HOPELESS: usize = 16;

/// A graph on trial.
pub(super) struct Trial<'a> {
    pub graph: Graph,
    pub spec: &'a PrimeSpec,
    pub report: PrimeReport,
    /// What DC is looked for in: the first stretch, or the beat where the sound was found.
    pub heard: Vec<[f32; 2]>,
    /// AC RMS of the loudest 8 blocks after the warm-up.
    pub steady: f32,
    pub costs: Vec<f32>,
    /// Sums over each of the last blocks: left, right, squares of both.
    window: [[f64; 4]; WINDOW],
    pub frame: u64,
}

impl<'a> Trial<'a> {
    pub fn new(graph: Graph, spec: &'a PrimeSpec) -> Self {
        let frames = (MOST_SECONDS * spec.rate) as usize + BLOCK;
        Self {
            graph,
            spec,
            report: PrimeReport::default(),
            heard: Vec::with_capacity(frames),
            steady: 0.0,
            costs: Vec::with_capacity(frames / BLOCK),
            window: [[0.0; 4]; WINDOW],
            frame: 0,
        }
    }

    pub fn run(&mut self, progress: &mut dyn FnMut(usize)) -> Result<(), PrimeFailure> {
        let note = match self.spec.mode {
            PrimeMode::Note(pitch) => pitch,
            PrimeMode::Sound | PrimeMode::Silent => 0.0,
        };
        self.graph.reset();
        self.graph.test_note(Some(note));
        self.first_second(progress)?;
        self.check_dc()?;
        self.check_peak()?;
        self.check_cost()?;
        if self.must_sound() {
            if self.report.rms > SILENCE && self.steady <= SILENCE {
                self.strike_again(note, progress)?;
            }
            if self.steady <= SILENCE {
                self.look_ahead(progress)?;
            }
        }
        self.check_silence()?;
        self.check_cost()?;
        // What follows is heard: without the test note, from the very beginning.
        self.graph.test_note(None);
        self.graph.reset();
        Ok(())
    }

    fn must_sound(&self) -> bool {
        self.spec.mode != PrimeMode::Silent && self.spec.proof == Proof::None
    }

    fn blocks(&self, seconds: f32) -> usize {
        (seconds * self.spec.rate / BLOCK as f32).ceil() as usize
    }

    fn transport(&self) -> Transport {
        Transport::new(self.spec.rate as f64, self.spec.bpm)
    }

    fn first_second(&mut self, progress: &mut dyn FnMut(usize)) -> Result<(), PrimeFailure> {
        let least = self.blocks(LEAST_SECONDS).max(WINDOW);
        let most = match self.must_sound() {
            true => self.blocks(MOST_SECONDS).max(least),
            false => least,
        };
        let transport = self.transport();
        for done in 0..most {
            if done >= least && self.steady > SILENCE {
                break;
            }
            if done == HOPELESS {
                self.check_hopeless()?;
            }
            let out = self.block(transport, progress)?;
            self.heard.extend_from_slice(&out);
        }
        Ok(())
    }

    /// Something sounded while it began, and then nothing: a short sound begins again with another note, a click does not.
    fn strike_again(
        &mut self,
        note: f32,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), PrimeFailure> {
        let transport = self.transport();
        self.graph.test_note(None);
        self.block(transport, progress)?;
        self.graph.test_note(Some(note));
        for _ in 0..STRUCK_BLOCKS {
            self.block(transport, progress)?;
        }
        self.check_peak()
    }

    /// Tries the beginnings of the beats to come.
    fn look_ahead(&mut self, progress: &mut dyn FnMut(usize)) -> Result<(), PrimeFailure> {
        for beat in 1..=PEEK_BEATS {
            let transport = self
                .transport()
                .changed_at(self.frame, |t| t.anchor_beat = beat as f64);
            self.heard.clear();
            self.stretch(self.blocks(PEEK_SECONDS), transport, progress)?;
            if self.steady > SILENCE {
                let rest = self.blocks(LEAST_SECONDS - PEEK_SECONDS);
                self.stretch(rest, transport, progress)?;
                return self.check_dc();
            }
        }
        Ok(())
    }

    fn stretch(
        &mut self,
        blocks: usize,
        transport: Transport,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), PrimeFailure> {
        for _ in 0..blocks {
            let out = self.block(transport, progress)?;
            self.heard.extend_from_slice(&out);
        }
        self.check_peak()
    }

    /// Renders a block, measures it, and refuses what is not a number.
    fn block(
        &mut self,
        transport: Transport,
        progress: &mut dyn FnMut(usize),
    ) -> Result<StereoBlock, PrimeFailure> {
        let mut out = [[0.0; 2]; BLOCK];
        let (start, before) = (std::time::Instant::now(), cpu::seconds());
        self.graph.render(
            &Block {
                input: Some(&test_sound(self.frame)),
                ..Block::plain(self.frame, transport)
            },
            &mut out,
        );
        self.costs.push((cpu::seconds() - before) as f32);
        self.report.render_ms += start.elapsed().as_secs_f32() * 1e3;
        self.frame += BLOCK as u64;
        self.report.blocks += 1;
        progress(self.report.blocks);
        if let Some(at) = out.iter().flatten().position(|x| !x.is_finite()) {
            let value = out[at / 2][at % 2];
            return Err(PrimeFailure {
                check: Check::Nan,
                why: format!(
                    "{value} in the output after {:.1} ms; a feedback loop above unity or a division by zero is likely",
                    (self.frame as usize - BLOCK + at / 2) as f32 / self.spec.rate * 1e3
                ),
            });
        }
        self.measure(&out);
        Ok(out)
    }

    fn measure(&mut self, out: &StereoBlock) {
        let mut sums = [0.0f64; 4];
        for [left, right] in *out {
            self.report.peak = self.report.peak.max(left.abs()).max(right.abs());
            let (l, r) = (left as f64, right as f64);
            sums = [sums[0] + l, sums[1] + r, sums[2] + l * l, sums[3] + r * r];
        }
        self.window[self.report.blocks % WINDOW] = sums;
        if self.report.blocks < WINDOW {
            return;
        }
        let n = (WINDOW * BLOCK) as f64;
        let total = self.window.iter().fold([0.0; 4], |t, s| {
            [t[0] + s[0], t[1] + s[1], t[2] + s[2], t[3] + s[3]]
        });
        for side in 0..2 {
            let mean = total[side] / n;
            let ac = (total[side + 2] / n - mean * mean).max(0.0).sqrt();
            self.report.rms = self.report.rms.max(ac as f32);
            if self.report.blocks >= WARM + WINDOW {
                self.steady = self.steady.max(ac as f32);
            }
        }
    }
}

/// What an input hears while a patch is tried: a chord of a guitar's middle strings that does not begin or end, at -12 dBFS.
fn test_sound(frame: u64) -> StereoBlock {
    std::array::from_fn(|i| {
        // Whole periods in 48,000 frames: the place in the tone keeps its precision.
        let place = ((frame + i as u64) % 48_000) as f32 / 48_000.0;
        let sine = |hz: f32| (std::f32::consts::TAU * (hz * place).fract()).sin();
        let x = 0.1 * sine(147.0) + 0.1 * sine(220.0) + 0.05 * sine(880.0);
        [x, x]
    })
}
