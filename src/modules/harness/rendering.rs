//! A rig rendered: its feeds into blocks, its kernel's blocks into lanes.
use super::{Feed, Rig, VOICES, Width};
use crate::dsp::{
    BLOCK,
    denormals::flush_to_zero,
    lanes::{Float, Isa, IsaChoice, Lanes, WithIsa, with_isa},
};
use crate::modules::{
    kernel,
    module::{BlockCx, Build, In, Io, Kernel, LaneInit, Out, TimeCx, VoiceEvent},
    spec::ModuleSpec,
};

/// All state of one lane: what the graph would carry over.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneState {
    pub words: Vec<f32>,
    pub memory: Vec<f32>,
}

/// What a rig rendered.
pub struct Rendered {
    spec: &'static ModuleSpec,
    /// `[output slot][lane][frame]`
    pub slots: Vec<Vec<Vec<f32>>>,
    /// Whether output slot 0 was marked constant, a block each.
    pub constant: Vec<bool>,
    pub state: Vec<LaneState>,
}

impl Rendered {
    /// The frames of a port's lane; a stereo port's left channel.
    pub fn lane(&self, port: &str, lane: usize) -> &[f32] {
        let port = self.spec.output(port).expect("no such output");
        &self.slots[self.spec.output_slot(port)][lane]
    }

    /// The right channel of a stereo port's lane.
    pub fn right(&self, port: &str, lane: usize) -> &[f32] {
        let port = self.spec.output(port).expect("no such output");
        &self.slots[self.spec.output_slot(port) + 1][lane]
    }

    pub fn lanes(&self) -> usize {
        self.state.len()
    }
}

impl Rig {
    fn time_at(&self, frame: u64) -> TimeCx {
        match self.then {
            Some((at, after)) if at < frame + BLOCK as u64 => TimeCx {
                before: self.transport,
                after,
                split: at.saturating_sub(frame) as usize,
            },
            _ => TimeCx::steady(self.transport),
        }
    }

    /// Renders so many blocks from a fresh (or resumed) state. Feeds see frames from 0, or from `first_frame` where resumed.
    pub fn render(&self, blocks: usize) -> Rendered {
        flush_to_zero();
        self.render_on(self.isa, self.width, blocks)
    }

    /// As [`Rig::render`], on this lane type.
    pub fn render_on(&self, isa: IsaChoice, width: Width, blocks: usize) -> Rendered {
        flush_to_zero();
        struct Run<'a>(&'a Rig, Width, usize);
        impl WithIsa for Run<'_> {
            type Output = Rendered;
            fn with<A: Isa>(self, isa: A) -> Rendered {
                let build = Build {
                    rate: self.0.rate,
                    options: &self.0.options,
                    tuning: self.0.tuning.as_ref(),
                    check: false,
                };
                let spec = self.0.spec;
                match self.1 {
                    Width::One => {
                        let k = kernel(spec, isa, isa.one(), &build).expect("options");
                        self.0.run(isa.one(), &*k, self.2)
                    }
                    Width::Wide => {
                        let k = kernel(spec, isa, isa.wide(), &build).expect("options");
                        self.0.run(isa.wide(), &*k, self.2)
                    }
                }
            }
        }
        with_isa(isa, Run(self, width, blocks)).expect("instruction set")
    }

    fn run<L: Lanes>(&self, l: L, kernel: &dyn Kernel<L>, blocks: usize) -> Rendered {
        let mut state = vec![l.f(0.0); kernel.words()];
        let mut memory = vec![l.f(0.0); kernel.memory()];
        for lane in 0..L::N {
            let fresh = || {
                let mut words = vec![0.0; kernel.words()];
                let init = LaneInit {
                    voice: lane,
                    seed: self
                        .seed
                        .wrapping_add(0x9e37_79b9u32.wrapping_mul(lane as u32)),
                    module_seed: self.seed,
                    rate: self.rate,
                };
                kernel.init(init, &mut words);
                LaneState {
                    words,
                    memory: vec![0.0; kernel.memory()],
                }
            };
            let saved = self.from.as_ref().and_then(|s| s.get(lane).cloned());
            let from = saved.unwrap_or_else(fresh);
            for (v, x) in state.iter_mut().zip(&from.words) {
                v.lanes_mut()[lane] = *x;
            }
            for (v, x) in memory.iter_mut().zip(&from.memory) {
                v.lanes_mut()[lane] = *x;
            }
        }
        let mut outs: Vec<Out<L>> = (0..self.spec.output_slots()).map(|_| Out::new(l)).collect();
        for slot in &self.unwanted {
            outs[*slot].wanted = false;
        }
        let mut slots = vec![vec![Vec::with_capacity(blocks * BLOCK); L::N]; outs.len()];
        let mut constant = Vec::new();
        let mut buffers = vec![[l.f(0.0); BLOCK]; self.feeds.len()];
        for block in 0..blocks as u64 {
            let frame = self.first_frame + block * BLOCK as u64;
            for (feed, buffer) in self.feeds.iter().zip(&mut buffers) {
                match feed {
                    Feed::Constant(f) => buffer[0] = l.from_fn(f),
                    Feed::Steps(f) => buffer[0] = l.from_fn(|lane| f(lane, frame / BLOCK as u64)),
                    Feed::Signal(f) => {
                        for (i, x) in buffer.iter_mut().enumerate() {
                            *x = l.from_fn(|lane| f(lane, frame + i as u64));
                        }
                    }
                }
            }
            let ins: Vec<In<'_, L>> = self
                .feeds
                .iter()
                .zip(&buffers)
                .map(|(feed, buffer)| match feed {
                    Feed::Signal(_) => In::signal(buffer),
                    _ => In::constant(buffer[0]),
                })
                .collect();
            let mut notes: Vec<VoiceEvent> = self
                .notes
                .iter()
                .filter(|(at, _)| *at == block)
                .map(|(_, n)| *n)
                .collect();
            notes.sort_by_key(|n| n.offset);
            outs.iter_mut().for_each(|o| o.constant = false);
            let input = self
                .input
                .map(|of| std::array::from_fn(|i| of(frame + i as u64)));
            kernel.render(&mut Io {
                ins: &ins,
                outs: &mut outs,
                state: &mut state,
                memory: &mut memory,
                first_voice: 0,
                voices: VOICES,
                cx: &BlockCx {
                    rate: self.rate,
                    frame,
                    time: self.time_at(frame),
                    swing: self.swing,
                    input: input.as_ref(),
                    notes: &notes,
                },
            });
            constant.push(outs.first().is_some_and(|o| o.constant));
            for (out, lanes) in outs.iter().zip(&mut slots) {
                for i in 0..BLOCK {
                    let v = if out.constant {
                        out.block[0]
                    } else {
                        out.block[i]
                    };
                    for (frames, x) in lanes.iter_mut().zip(v.lanes()) {
                        frames.push(*x);
                    }
                }
            }
        }
        let column = |v: &[L::F], lane: usize| v.iter().map(|x| x.lanes()[lane]).collect();
        let state = (0..L::N)
            .map(|lane| LaneState {
                words: column(&state, lane),
                memory: column(&memory, lane),
            })
            .collect();
        Rendered {
            spec: self.spec,
            slots,
            constant,
            state,
        }
    }
}
