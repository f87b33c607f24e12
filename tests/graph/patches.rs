//! Patches made by hand, built and rendered.
use chronus::dsp::lanes::IsaChoice;
use chronus::graph::{Change, Env, Graph, Layout, compile};
use chronus::modules::find;
use chronus::modules::spec::ParamValue;
use chronus::patch::{Cable, Input, Node, Patch, PrimeMode, Source, Target};

use crate::rendered::rendered;

pub const RATE: f32 = 48_000.0;

pub fn env(isa: IsaChoice) -> Env {
    Env {
        rate: RATE,
        isa,
        seed: 1,
        bpm: 120.0,
    }
}

#[derive(Default)]
pub struct Builder {
    pub modules: Vec<Node>,
    pub cables: Vec<Cable>,
}

impl Builder {
    pub fn add(&mut self, name: &str, kind: &str, params: &[(&str, f32)]) -> usize {
        let spec = find(kind).expect("in the registry");
        let mut values: Vec<ParamValue> = spec
            .params
            .iter()
            .map(|p| ParamValue::Fixed(p.default))
            .collect();
        for (param, value) in params {
            values[spec.param(param).expect("a parameter")] = ParamValue::Fixed(*value);
        }
        self.modules.push(Node {
            name: name.into(),
            spec,
            params: values,
            options: spec.options.iter().map(|o| o.default_value()).collect(),
        });
        self.modules.len() - 1
    }

    pub fn wire(&mut self, from: usize, to: usize, input: &str, amount: f32) -> &mut Cable {
        let spec = self.modules[to].spec;
        let input = spec
            .input(input)
            .map(Input::Port)
            .or_else(|| spec.param(input).map(Input::Param))
            .expect("an input");
        self.cables.push(Cable {
            from: Source {
                node: from,
                port: 0,
            },
            to: Target { node: to, input },
            amount,
            feedback: false,
        });
        self.cables.last_mut().expect("just pushed")
    }

    pub fn patch(self) -> Patch {
        Patch {
            name: "test".into(),
            bpm: None,
            voices: 1,
            modules: self.modules,
            cables: self.cables,
            macros: Vec::new(),
            swing: 0.0,
            tuning: None,
            prime: PrimeMode::Sound,
            spill: false,
        }
    }
}

/// The sines of `which` out of a family of different frequencies, each with its own amplifier, into one output.
pub fn sines(which: std::ops::Range<usize>) -> Patch {
    let mut b = Builder::default();
    let out = b.add("out", "Out", &[]);
    for i in which {
        let freq = 55.0 + 13.7 * i as f32;
        let osc = b.add(&format!("o{i}"), "Sine", &[("freq", freq), ("level", 0.5)]);
        let vca = b.add(&format!("v{i}"), "Vca", &[("gain", 1.0)]);
        b.wire(osc, vca, "in", 1.0);
        b.wire(vca, out, "in", 0.05);
    }
    b.patch()
}

/// One sine straight or through one cable, which may be marked as feedback.
pub fn one_sine(freq: f32, feedback: bool) -> Patch {
    let mut b = Builder::default();
    let out = b.add("out", "Out", &[]);
    let osc = b.add("osc", "Sine", &[("freq", freq)]);
    b.wire(osc, out, "in", 1.0).feedback = feedback;
    b.patch()
}

pub fn render(graph: &mut Graph, from: u64, blocks: usize) -> Vec<[f32; 2]> {
    render_with(graph, from, blocks, &[])
}

/// Events by absolute frame.
pub fn render_with(
    graph: &mut Graph,
    from: u64,
    blocks: usize,
    events: &[(u64, Change)],
) -> Vec<[f32; 2]> {
    rendered(graph, RATE, from, blocks, events, None)
}

pub fn built(patch: &Patch, isa: IsaChoice) -> (Graph, Layout) {
    compile(patch, &env(isa)).expect("compiles")
}

pub fn residual_db(a: &[[f32; 2]], b: &[[f32; 2]]) -> f64 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    let worst = pairs.map(|(x, y)| (x - y).abs() as f64).fold(0.0, f64::max);
    20.0 * (worst + 1e-30).log10()
}

pub fn available() -> Vec<IsaChoice> {
    let all = IsaChoice::ALL.into_iter();
    all.filter(|i| *i != IsaChoice::Auto && i.resolve().is_ok())
        .collect()
}
