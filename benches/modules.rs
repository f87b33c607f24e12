//! What a frame of each module costs, over the whole registry: one lane, and a vector of them.
//!
//!     cargo bench --bench modules [-- NAME]
//!
//! Every parameter stands at its default, sound inputs hear noise (a source's, which modulate and restart it, hear nothing: noise there
//! would be thousands of restarts a second), gates open and close five times a second. Items are lanes times frames, so that the
//! two columns of throughput compare.
use chronus::dsp::lanes::{Float, Isa, IsaChoice, Lanes, WithIsa, with_isa};
use chronus::dsp::{
    BLOCK, denormals::flush_to_zero, noise::white, swing::Swing, transport::Transport,
};
use chronus::modules::module::{BlockCx, Build, In, Io, LaneInit, Out, TimeCx};
use chronus::modules::spec::{Family, ModuleSpec, OptionValue, Signal, kernel_value};
use chronus::modules::{REGISTRY, find, kernel};
use divan::{Bencher, counter::ItemsCount};

const RATE: f32 = 48_000.0;

fn main() {
    divan::main();
}

fn kinds() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|spec| spec.kind)
}

#[divan::bench(args = kinds())]
fn one_lane(bencher: Bencher, kind: &str) {
    run(bencher, kind, false);
}

#[divan::bench(args = kinds())]
fn lanes(bencher: Bencher, kind: &str) {
    run(bencher, kind, true);
}

fn run(bencher: Bencher, kind: &str, wide: bool) {
    let spec = find(kind).expect("in the registry");
    let work = Work {
        bencher,
        spec,
        wide,
    };
    with_isa(IsaChoice::Auto, work).expect("there is always one");
}

struct Work<'a, 'b> {
    bencher: Bencher<'a, 'b>,
    spec: &'static ModuleSpec,
    wide: bool,
}

impl WithIsa for Work<'_, '_> {
    type Output = ();

    fn with<A: Isa>(self, isa: A) {
        match self.wide {
            true => self.measure(isa, isa.wide()),
            false => self.measure(isa, isa.one()),
        }
    }
}

impl Work<'_, '_> {
    fn measure<A: Isa, L: Lanes>(self, isa: A, l: L) {
        flush_to_zero();
        let spec = self.spec;
        let options: Vec<OptionValue> = spec.options.iter().map(|o| o.default_value()).collect();
        let build = Build {
            rate: RATE,
            options: &options,
            tuning: None,
            check: false,
        };
        let kernel = kernel(spec, isa, l, &build).expect("its defaults can be read");
        let noise: [L::F; BLOCK] = std::array::from_fn(|i| {
            l.from_fn(|lane| 0.5 * white(l, l.i(i as i32), l.i(lane as i32)).lanes()[0])
        });
        let ins = |gate: f32| -> Vec<In<'_, L>> {
            let ports = spec.inputs.iter().flat_map(|input| {
                let x = match input.signal {
                    Signal::Audio if spec.family != Family::Source => In::signal(&noise),
                    Signal::Gate => In::constant(l.f(gate)),
                    _ => In::constant(l.f(0.0)),
                };
                std::iter::repeat_n(x, input.width.slots())
            });
            let knobs = spec.params.iter();
            let knobs = knobs.map(|p| In::constant(l.f(kernel_value(p, p.default))));
            ports.chain(knobs).collect()
        };
        let gates = [ins(1.0), ins(0.0)];
        let mut outs: Vec<Out<L>> = (0..spec.output_slots()).map(|_| Out::new(l)).collect();
        let mut state = vec![l.f(0.0); kernel.words()];
        let mut memory = vec![l.f(0.0); kernel.memory()];
        for lane in 0..L::N {
            let mut words = vec![0.0; kernel.words()];
            let init = LaneInit {
                voice: lane,
                seed: 1 + lane as u32,
                module_seed: 1,
                rate: RATE,
            };
            kernel.init(init, &mut words);
            for (state, word) in state.iter_mut().zip(words) {
                state.lanes_mut()[lane] = word;
            }
        }
        let mut frame = 0;
        let items = ItemsCount::new(L::N * BLOCK);
        self.bencher.counter(items).bench_local(|| {
            for out in &mut outs {
                out.constant = false;
            }
            let cx = BlockCx {
                rate: RATE,
                frame,
                time: TimeCx::steady(Transport::new(f64::from(RATE), 120.0)),
                swing: Swing::new(0.0, Swing::GRID),
                input: None,
                notes: &[],
            };
            kernel.render(&mut Io {
                ins: &gates[(frame / 4_800 % 2) as usize],
                outs: &mut outs,
                state: &mut state,
                memory: &mut memory,
                first_voice: 0,
                voices: L::N,
                cx: &cx,
            });
            frame += BLOCK as u64;
        });
    }
}
