//! Priming: a graph is rendered unheard and verified; only a [`PrimedGraph`] can be loaded into a slot. Runs on the builder.
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::dsp::{BLOCK, StereoBlock, cpu, transport::Transport};
use crate::patch::PrimeMode;

use super::{Block, Graph, Layout};

/// Blocks of one RMS window.
const WINDOW: usize = 8;
/// The loudest window must be above this: -60 dBFS, the floor of the meters.
const SILENCE: f32 = 0.001;
/// Rendered in any case, so that DC can be told from a low note.
const LEAST_SECONDS: f32 = 0.2;
/// Blocks in which filters and envelopes settle: a patch that sounds in them alone has a click, not a sound, unless another
/// note brings it back.
const WARM: usize = 8;
/// Blocks of another note, for what sounds only while it begins.
const STRUCK_BLOCKS: usize = 3 * WINDOW;
/// Given to a slow attack before the patch counts as silent.
const MOST_SECONDS: f32 = 1.0;
/// How much of each later beat is tried where the first second is silent: a pattern may begin with rests.
const PEEK_SECONDS: f32 = 0.1;
/// How far into the music is looked for sound.
const PEEK_BEATS: usize = 32;
/// +12 dBFS: what the output guard can still hold without a long fight.
const LOUDEST: f32 = 3.981_071_7;
/// DC counts where it is above this and above half of what sounds.
const DC: f32 = 0.01;
/// Where even the cheapest of so many blocks is beyond the budget, no others need to be measured.
const HOPELESS: usize = 16;

/// A graph that was verified. Nothing else can be heard.
pub struct PrimedGraph {
    graph: Graph,
    layout: Layout,
    report: PrimeReport,
}

impl PrimedGraph {
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub fn report(&self) -> &PrimeReport {
        &self.report
    }

    /// For whoever knows what came before the priming: how long reading and compiling took.
    pub fn report_mut(&mut self) -> &mut PrimeReport {
        &mut self.report
    }

    /// Puts behind the gate what priming would refuse: fault tests only.
    #[cfg(any(test, feature = "faults"))]
    pub fn unverified(graph: Graph, layout: Layout) -> Self {
        Self {
            graph,
            layout,
            report: PrimeReport::default(),
        }
    }

    /// For the engine that plays it.
    pub fn into_parts(self) -> (Graph, Layout, PrimeReport) {
        (self.graph, self.layout, self.report)
    }
}

/// What priming goes by.
#[derive(Clone, Copy, Debug)]
pub struct PrimeSpec {
    pub mode: PrimeMode,
    /// Frames a second.
    pub rate: f32,
    pub bpm: f64,
    /// The largest share of a block's duration that rendering it may cost.
    pub budget: f32,
    pub proof: Proof,
}

/// What is known of a patch before it is primed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// Nothing.
    #[default]
    None,
    /// It was verified before, and has only to be made again: a knob that silences it meanwhile is no fault.
    Verified,
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrimeReport {
    /// AC RMS of the loudest 8 blocks.
    pub rms: f32,
    /// Largest magnitude before the output guard; above 1 the limiter will work by that much.
    pub peak: f32,
    /// Hann-weighted mean of the worse channel.
    pub dc: f32,
    /// Median CPU time of a block over the block's duration.
    pub load: f32,
    /// Blocks rendered.
    pub blocks: usize,
    // The timeline of it, in milliseconds.
    /// From the command to the begin of the build.
    pub wait_ms: f32,
    /// Reading the file, and its text.
    pub parse_ms: f32,
    pub compile_ms: f32,
    /// Rendering what must be heard.
    pub render_ms: f32,
    /// What is left of priming: measuring, and bringing the graph back to its beginning.
    pub check_ms: f32,
    /// From the command until it is told.
    pub total_ms: f32,
    /// Silent, but the patch says so.
    pub silent_by_design: bool,
}

/// The check that a graph failed, with what was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct PrimeFailure {
    pub check: Check,
    /// With the number and the likely cause.
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    Silent,
    Nan,
    Dc,
    Loud,
    Cost,
    Timeout,
    Panic,
    Stall,
}

impl Check {
    /// As in telemetry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Nan => "nan",
            Self::Dc => "dc",
            Self::Loud => "loud",
            Self::Cost => "cost",
            Self::Timeout => "timeout",
            Self::Panic => "panic",
            Self::Stall => "stall",
        }
    }
}

/// Renders a graph with a test note until it has shown what it is, and verifies it. `progress` is told the blocks done after each
/// one, so that a watcher can tell a slow patch from one that hangs. A panicking graph is a failure like any other.
pub fn prime(
    graph: Graph,
    layout: Layout,
    spec: &PrimeSpec,
    progress: &mut dyn FnMut(usize),
) -> Result<PrimedGraph, PrimeFailure> {
    let start = std::time::Instant::now();
    let mut trial = Trial::new(graph, spec);
    let verdict = catch_unwind(AssertUnwindSafe(|| trial.run(progress)));
    let Trial {
        graph, mut report, ..
    } = match verdict {
        Ok(result) => result.map(|()| trial)?,
        Err(panic) => return Err(panicked(&*panic, trial.report.blocks)),
    };
    report.check_ms = start.elapsed().as_secs_f32() * 1e3 - report.render_ms;
    Ok(PrimedGraph {
        graph,
        layout,
        report,
    })
}

fn panicked(panic: &(dyn std::any::Any + Send), blocks: usize) -> PrimeFailure {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    PrimeFailure {
        check: Check::Panic,
        why: format!("a module panicked after {blocks} buffers: {text}"),
    }
}

/// A graph on trial.
struct Trial<'a> {
    graph: Graph,
    spec: &'a PrimeSpec,
    report: PrimeReport,
    /// What DC is looked for in: the first stretch, or the beat where the sound was found.
    heard: Vec<[f32; 2]>,
    /// AC RMS of the loudest 8 blocks after the warm-up.
    steady: f32,
    costs: Vec<f32>,
    /// Sums over each of the last blocks: left, right, squares of both.
    window: [[f64; 4]; WINDOW],
    frame: u64,
}

impl<'a> Trial<'a> {
    fn new(graph: Graph, spec: &'a PrimeSpec) -> Self {
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

    fn run(&mut self, progress: &mut dyn FnMut(usize)) -> Result<(), PrimeFailure> {
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

    fn check_dc(&mut self) -> Result<(), PrimeFailure> {
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

    fn check_peak(&self) -> Result<(), PrimeFailure> {
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

    fn check_silence(&mut self) -> Result<(), PrimeFailure> {
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

    fn check_hopeless(&self) -> Result<(), PrimeFailure> {
        let cheapest = self.costs.iter().copied().fold(f32::INFINITY, f32::min);
        self.within_budget(cheapest * self.spec.rate / BLOCK as f32)
    }

    fn check_cost(&mut self) -> Result<(), PrimeFailure> {
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
