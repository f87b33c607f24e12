//! fundsp's version of the bench patches: `fundsp-bench p1|p2|p3|p4 SECONDS`, blocks of 64 at 48 kHz. Run by `benches/peers.py`.
use fundsp::prelude32::*;
use fundsp::typenum::{U256, U64};

const RATE: f64 = 48_000.0;
const BLOCK: usize = 64;

macro_rules! voice {
    ($gate:expr, $freq:expr) => {
        var(&$gate)
            >> adsr_live(0.01, 0.1, 0.5, 0.25)
            >> split::<U2>()
            >> (((saw_hz($freq) | (mul(4000.0) + 200.0) | dc(2.0)) >> lowpass()) * pass())
    };
}

fn sine_pitch(i: u64) -> f32 {
    55.0 + 13.7 * i as f32
}

fn voice_pitch(i: u64) -> f32 {
    55.0 * 2f32.powf(i as f32 / 16.0)
}

fn chains() -> Net {
    let mut net = Net::new(0, 2);
    let mut sum = None;
    for i in 0..250 {
        let sine = net.push(Box::new(sine_hz(sine_pitch(i))));
        let gain = net.push(Box::new(mul(1.0 / 250.0)));
        let pole = net.push(Box::new(lowpole_hz(1000.0)));
        let mixer = net.push(Box::new(pass() + pass()));
        net.connect(sine, 0, gain, 0);
        net.connect(gain, 0, pole, 0);
        net.connect(pole, 0, mixer, 0);
        if let Some(before) = sum {
            net.connect(before, 0, mixer, 1);
        }
        sum = Some(mixer);
    }
    if let Some(sum) = sum {
        net.connect_output(sum, 0, 0);
        net.connect_output(sum, 0, 1);
    }
    net
}

fn effects(gate: &Shared) -> Net {
    let voice = voice!(gate, 110.0) >> shape(Tanh(4.0)) >> (pass() | zero());
    let echo = feedback((delay(0.375) * 0.5 | delay(0.375) * 0.5) >> reverse::<U2>());
    let mut net = Net::new(0, 2);
    let first = net.push(Box::new(voice));
    let second = net.push(Box::new(multipass::<U2>() & echo));
    let third = net.push(Box::new(multipass::<U2>() & 0.3 * reverb_stereo(10.0, 3.0, 0.5)));
    net.pipe_all(first, second);
    net.pipe_all(second, third);
    net.pipe_output(third);
    net
}

fn patch(name: &str, gate: &Shared) -> Box<dyn AudioUnit> {
    match name {
        "p1" => Box::new(busi::<U256, _, _>(|i| sine_hz(sine_pitch(i))) * (1.0 / 256.0) >> split::<U2>()),
        "p2" => Box::new(busi::<U64, _, _>(|i| voice!(gate, voice_pitch(i))) * (1.0 / 16.0) >> split::<U2>()),
        "p3" => Box::new(effects(gate)),
        "p4" => Box::new(chains()),
        _ => panic!("there is no patch {name}"),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds: f64 = arguments[2].parse().expect("seconds");
    let gate = shared(0.0);
    let mut unit = patch(&arguments[1], &gate);
    unit.set_sample_rate(RATE);
    unit.allocate();
    let mut out = BufferVec::new(2);
    let (blocks, half) = ((seconds * RATE) as usize / BLOCK, 24_000 / BLOCK);
    let mut sum = 0f64;
    for b in 0..blocks {
        gate.set_value(if (b % half) * 2 < half { 1.0 } else { 0.0 });
        unit.process(BLOCK, &BufferRef::empty(), &mut out.buffer_mut());
        sum += (0..BLOCK).map(|i| (out.at_f32(0, i) as f64).powi(2)).sum::<f64>();
    }
    println!("{sum}");
}
