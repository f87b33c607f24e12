//! What is to be heard, made without the instrument: every patch rendered alone, mixed as its swap was logged, through the guard.

use chronus::audio::fade::{level, smoothstep};
use chronus::audio::guard::Guard;
use chronus::control::supervisor::Config;
use chronus::dsp::lanes::IsaChoice;
use chronus::dsp::{BLOCK, transport::Transport};
use chronus::graph::{Block, Env, Graph, compile};
use chronus::patch::file;

#[path = "../shipped/mod.rs"]
pub mod files;

pub const RATE: usize = 48_000;

/// A patch rendered alone from a frame of the timeline.
pub struct Alone {
    graph: Graph,
    transport: Transport,
    frame: u64,
}

impl Alone {
    pub fn new(text: &str, from: u64, isa: IsaChoice) -> Self {
        let patch = file::parse(text, "alone.ron").patch.expect("valid");
        let transport = Transport::new(RATE as f64, 120.0);
        let env = Env {
            rate: RATE as f32,
            isa,
            seed: Config::default().seed,
            bpm: transport.bpm,
        };
        let (graph, _) = compile(&patch, &env).expect("compiles");
        Self {
            graph,
            transport,
            frame: from,
        }
    }

    /// Frames up to `end`, from where it stands.
    pub fn until(&mut self, end: u64) -> Vec<[f32; 2]> {
        let mut sound = Vec::new();
        while self.frame < end {
            let mut out = [[0.0; 2]; BLOCK];
            self.graph
                .render(&Block::plain(self.frame, self.transport), &mut out);
            sound.extend(out);
            self.frame += BLOCK as u64;
        }
        sound
    }
}

/// The largest difference, in dBFS.
pub fn residual_db(a: &[[f32; 2]], b: &[[f32; 2]]) -> f64 {
    assert_eq!(a.len(), b.len());
    let differences = a
        .as_flattened()
        .iter()
        .zip(b.as_flattened())
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
    20.0 * differences.fold(0.0, f64::max).max(1e-30).log10()
}

/// The mix, from the first frame of the timeline. At 120 BPM throughout.
pub struct Reference {
    isa: IsaChoice,
    playing: Alone,
    mixed: Vec<[f32; 2]>,
}

impl Reference {
    pub fn new(text: &str, isa: IsaChoice) -> Self {
        Self {
            isa,
            playing: Alone::new(text, 0, isa),
            mixed: Vec::new(),
        }
    }

    /// To a patch that renders since `begin`, with the frame, the length and the correlation that the swap's event tells.
    pub fn swap(&mut self, text: &str, begin: u64, (frame, fade, rho): (u64, u32, f32)) {
        let mut next = Alone::new(text, begin, self.isa);
        let end = (frame + u64::from(fade)).next_multiple_of(BLOCK as u64);
        self.mixed.extend(self.playing.until(end));
        let new = next.until(end);
        for f in frame..end {
            let w = smoothstep((f - frame) as f64 / f64::from(fade));
            let g = level(1.0 - w, w, f64::from(rho));
            for side in 0..2 {
                let old = &mut self.mixed[f as usize][side];
                let (a, b) = (f64::from(*old), f64::from(new[(f - begin) as usize][side]));
                *old = (g * ((1.0 - w) * a + w * b)) as f32;
            }
        }
        self.playing = next;
    }

    /// The first `frames` frames as the guard lets them out.
    pub fn heard(mut self, frames: usize) -> Vec<[f32; 2]> {
        self.mixed
            .extend(self.playing.until((frames + BLOCK) as u64));
        self.mixed.truncate(frames);
        Guard::new(RATE as f32).process(&mut self.mixed);
        self.mixed
    }
}

/// The patches that come with the program. That every one of them reads without a mistake is for the patch tests to say.
pub fn shipped() -> Vec<String> {
    let paths = files::paths();
    let texts = paths
        .iter()
        .map(|p| std::fs::read_to_string(p).expect("text"));
    let reads = |text: &String| file::parse(text, "shipped.ron").patch.is_some();
    texts.filter(reads).collect()
}
