//! Granular source: many short pieces of a recording, or of what just came in.
use std::sync::Arc;

use crate::dsp::{
    BLOCK,
    delay_line::wrap,
    lanes::{Float, Lanes},
    sample::{FASTEST, Sample},
};

use super::{
    level::apply_level,
    module::{Build, Io, LaneInit, Module, OptionError},
    sampler::{bell, double, set_double},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {
        IN: "in" Audio "with `source: Live`: the sound that grains are taken from";
        FREEZE: "freeze" Gate "while open nothing new is taken in";
    }
    outputs { (OUT_L OUT_R): "out" Audio "the cloud"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 1.0, 20_000.0, 261.625_58, Log "the grains' note; C4 is as recorded, a pitch cable shifts it by octaves";
        POSITION: "position" Plain 0.0, 1.0, 0.2, Linear "where grains are taken: of a recording from its start, of what came in from now back";
        SPRAY: "spray" Plain 0.0, 1.0, 0.1, Linear "how far around that, at random";
        SIZE: "size" Seconds 0.005, 2.0, 0.12, Log "length of a grain";
        DENSITY: "density" Hz 0.1, 400.0, 20.0, Log "grains a second";
        SCATTER: "scatter" Semitones 0.0, 24.0, 0.0, Linear "how far grains are out of tune, at random";
        REVERSE: "reverse" Plain 0.0, 1.0, 0.0, Linear "part of the grains that play backwards";
        WIDTH: "width" Plain 0.0, 1.0, 0.7, Linear "how far from the middle they are, at random";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {
        SOURCE: "source" Choice(&["File", "Live"]) "a recording, or the last four seconds of the input";
        FILE: "file" File("a struck bell at C4") "the recording";
    }
}

/// Grains at once, in a voice.
const GRAINS: usize = 16;
/// Seconds of input that are kept.
const KEPT: f32 = 4.0;

/// State words.
const DUE: usize = 0;
const CHANCE: usize = 1;
/// Where the next block of input is written, by its bits.
const WRITTEN: usize = 2;
const FIRST: usize = 3;
/// Words of a grain: place (an f64), speed, age and its growth each frame, gains of both sides. A growth of 0 is no grain.
const PLACE: usize = 0;
const SPEED: usize = 2;
const AGE: usize = 3;
const GROWTH: usize = 4;
const LEFT: usize = 5;
const RIGHT: usize = 6;
const GRAIN: usize = 7;

pub struct Grains {
    /// None where the input is taken.
    sound: Option<Arc<Sample>>,
    rate: f32,
}

impl Module for Grains {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Grains",
        doc: "Cloud of grains from a sound file or from its input: stretched, frozen, scattered.",
        algorithm: "asynchronous granular synthesis (Roads); up to 16 grains a voice, files read by windowed sinc",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = FIRST + GRAINS * GRAIN;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let file = build.sound(option::FILE)?;
        let live = build.choice(option::SOURCE) == 1;
        Ok(Self {
            sound: (!live).then(|| file.unwrap_or_else(bell)),
            rate: build.rate,
        })
    }

    fn memory(&self) -> usize {
        match self.sound {
            Some(_) => 0,
            None => (KEPT * self.rate) as usize / BLOCK * BLOCK,
        }
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[DUE] = 1.0;
        words[CHANCE] = f32::from_bits(lane.seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let before: [i32; 16] = std::array::from_fn(|lane| io.state[WRITTEN].lanes()[lane & (L::N - 1)].to_bits() as i32);
        let mut sounds = false;
        for lane in 0..L::N {
            self.take_in(io, lane);
            sounds |= self.lane(io, lane, before[lane & 15]);
        }
        for out in [output::OUT_L, output::OUT_R] {
            let out = &mut io.outs[out];
            match sounds {
                true => apply_level(l, &mut out.block, &io.ins[param::LEVEL]),
                false => out.fill(l.f(0.0)),
            }
        }
    }
}

impl Grains {
    /// Writes a block of input into the lane's ring.
    #[inline(always)]
    fn take_in<L: Lanes>(&self, io: &mut Io<'_, L>, lane: usize) {
        let len = io.memory.len();
        if len == 0 {
            return;
        }
        let (input, freeze) = (io.ins[input::IN], io.ins[input::FREEZE]);
        let mut at = wrap(io.state[WRITTEN].lanes()[lane].to_bits() as i32, len);
        for i in 0..BLOCK {
            if freeze.at(i).lanes()[lane] >= 0.5 {
                continue;
            }
            io.memory[at].lanes_mut()[lane] = input.at(i).lanes()[lane];
            at = if at + 1 == len { 0 } else { at + 1 };
        }
        io.state[WRITTEN].lanes_mut()[lane] = f32::from_bits(at as u32);
    }

    /// Renders one lane; says whether it sounds. Lane by lane: every grain reads another place.
    #[inline(always)]
    fn lane<L: Lanes>(&self, io: &mut Io<'_, L>, lane: usize, before: i32) -> bool {
        let mut due = io.state[DUE].lanes()[lane];
        let density = io.ins[param::DENSITY];
        let mut block = [[0.0f32; 2]; BLOCK];
        let mut starts = [BLOCK; GRAINS];
        for (grain, start) in starts.iter_mut().enumerate() {
            if self.word(io, lane, grain, GROWTH) > 0.0 {
                *start = 0;
            }
        }
        for i in 0..BLOCK {
            due += density.at(i).lanes()[lane] / self.rate;
            if due < 1.0 {
                continue;
            }
            due -= due.floor();
            // All are sounding: this one is left out.
            if let Some(free) = starts.iter().position(|s| *s == BLOCK) {
                starts[free] = i;
                self.begin(io, lane, free, i, before);
            }
        }
        io.state[DUE].lanes_mut()[lane] = due;
        let mut sounds = false;
        for (grain, start) in starts.into_iter().enumerate() {
            if start < BLOCK {
                sounds = true;
                self.play(io, lane, grain, start, &mut block);
            }
        }
        for (i, frame) in block.iter().enumerate() {
            io.outs[output::OUT_L].block[i].lanes_mut()[lane] = frame[0];
            io.outs[output::OUT_R].block[i].lanes_mut()[lane] = frame[1];
        }
        sounds
    }

    /// Throws the dice for a grain that starts at a frame.
    #[inline(always)]
    fn begin<L: Lanes>(&self, io: &mut Io<'_, L>, lane: usize, grain: usize, i: usize, before: i32) {
        let of = |slot: usize| io.ins[slot].at(i).lanes()[lane];
        let mut chance = io.state[CHANCE].lanes()[lane].to_bits();
        let mut dice = || {
            chance = chance.wrapping_add(0x9e37_79b9);
            let x = (chance ^ (chance >> 16)).wrapping_mul(0x7feb_352d);
            let x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
            (x ^ (x >> 16)) as f32 / 4_294_967_296.0
        };
        let place = of(param::POSITION) + (dice() - 0.5) * of(param::SPRAY);
        let detune = (dice() * 2.0 - 1.0) * of(param::SCATTER) / 12.0;
        let backwards = dice() < of(param::REVERSE);
        let side = (dice() * 2.0 - 1.0) * of(param::WIDTH);
        let frames = of(param::SIZE) * self.rate;
        let speed = of(param::FREQ) / 261.625_58 * detune.exp2();
        let recorded = self.sound.as_ref().map_or(1.0, |s| s.rate() / self.rate);
        let speed = (speed * recorded).min(FASTEST as f32);
        let way = (frames * speed) as f64;
        let first = match &self.sound {
            Some(sound) => {
                let room = (sound.frames() as f64 - way).max(0.0);
                place.clamp(0.0, 1.0) as f64 * room
            }
            // Back from what is written when the grain starts; it may neither overtake that nor be overtaken.
            None => {
                let len = io.memory.len() as f64;
                let least = 4.0 + BLOCK as f64 + (way - frames as f64).max(0.0);
                let most = (len - frames as f64 - BLOCK as f64 * 2.0).max(least);
                let back = least + place.clamp(0.0, 1.0) as f64 * (most - least).max(0.0);
                (before as f64 + i as f64 - back).rem_euclid(len)
            }
        };
        // Grains that overlap add up by their power.
        let overlap = (of(param::DENSITY) * of(param::SIZE)).clamp(1.0, GRAINS as f32);
        let gain = 1.0 / overlap.sqrt();
        let speed = if backwards { -speed } else { speed };
        io.state[CHANCE].lanes_mut()[lane] = f32::from_bits(chance);
        let word = FIRST + grain * GRAIN;
        set_double(io.state, word + PLACE, lane, if backwards { first + way } else { first });
        for (at, value) in [
            (SPEED, speed),
            (AGE, 0.0),
            (GROWTH, 1.0 / frames.max(2.0)),
            (LEFT, gain * (1.0 - side).min(1.0)),
            (RIGHT, gain * (1.0 + side).min(1.0)),
        ] {
            io.state[word + at].lanes_mut()[lane] = value;
        }
    }

    /// Adds a grain's part of a block.
    #[inline(always)]
    fn play<L: Lanes>(
        &self,
        io: &mut Io<'_, L>,
        lane: usize,
        grain: usize,
        start: usize,
        block: &mut [[f32; 2]; BLOCK],
    ) {
        let word = FIRST + grain * GRAIN;
        let mut place = double(io.state, word + PLACE, lane);
        let [speed, mut age, mut growth, left, right] = [SPEED, AGE, GROWTH, LEFT, RIGHT].map(
            #[inline(always)]
            |w| self.word(io, lane, grain, w),
        );
        for frame in &mut block[start..] {
            if age >= 1.0 {
                growth = 0.0;
                break;
            }
            // 16 a² (1 - a)²: 0 with its slope at both ends.
            let rise = 4.0 * age * (1.0 - age);
            let window = rise * rise;
            let x = match &self.sound {
                Some(sound) => sound.read(place, speed as f64),
                None => [ring(io.memory, lane, place); 2],
            };
            frame[0] += x[0] * window * left;
            frame[1] += x[1] * window * right;
            place += speed as f64;
            age += growth;
        }
        set_double(io.state, word + PLACE, lane, place);
        io.state[word + AGE].lanes_mut()[lane] = age;
        io.state[word + GROWTH].lanes_mut()[lane] = growth;
    }

    #[inline(always)]
    fn word<L: Lanes>(&self, io: &Io<'_, L>, lane: usize, grain: usize, word: usize) -> f32 {
        io.state[FIRST + grain * GRAIN + word].lanes()[lane]
    }
}

/// A lane's ring at a place between frames: third-order Lagrange.
#[inline(always)]
fn ring<F: Float>(memory: &[F], lane: usize, place: f64) -> f32 {
    let len = memory.len();
    let whole = place.floor();
    let t = (place - whole) as f32;
    let first = wrap(whole as i32 - 1, len);
    let x: [f32; 4] = std::array::from_fn(|k| {
        let at = first + k;
        memory.get(if at >= len { at - len } else { at }).map_or(0.0, |v| v.lanes()[lane])
    });
    let (up, down, far) = (t + 1.0, t - 1.0, t - 2.0);
    let outer = t * down * (1.0 / 6.0);
    let inner = up * far * 0.5;
    outer * (up * x[3] - far * x[0]) + inner * (down * x[1] - t * x[2])
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use crate::modules::{
        harness::{RATE, Rendered, Rig, difference_db, every_lane_type},
        measure::{cents, pitch, rms},
        spec::OptionValue,
    };

    fn bend(x: &[f32]) -> f32 {
        x.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max)
    }

    fn live(hz: f64) -> Rig {
        let tone = move |_: usize, f: u64| (TAU * hz * f as f64 / RATE as f64).sin() as f32;
        Rig::new("Grains").option("source", OptionValue::Choice(1)).feed("in", tone)
    }

    /// The strongest frequency near one.
    fn strongest(out: &Rendered, near: f64) -> f64 {
        pitch(&out.lane("out", 0)[100_000..], near, RATE)
    }

    #[test]
    fn grains_of_the_input_have_its_pitch_and_no_clicks() {
        let rig = || live(500.0).set("size", 0.5).set("density", 2.1).set("width", 0.0).set("spray", 0.0);
        for ratio in [1.0f32, 1.5, 0.75] {
            let out = rig().set("freq", 261.625_58 * ratio).render(4_000);
            let x = &out.lane("out", 0)[100_000..];
            assert!(rms(x) > 0.15, "{ratio}: {}", rms(x));
            let own = (std::f32::consts::TAU * 500.0 * ratio / RATE).powi(2);
            assert!(bend(x) < 2.0 * own, "{ratio}: {} {own}", bend(x));
            let hz = strongest(&out, 500.0 * ratio as f64);
            assert!(cents(hz, 500.0 * ratio as f64).abs() < 15.0, "{ratio}: {hz}");
        }
    }

    #[test]
    fn a_frozen_input_goes_on_sounding() {
        let out = live(500.0)
            .feed("freeze", |_, f| (f > 100_000) as u32 as f32)
            .feed("in", |_, f| if f < 100_000 { (f as f32 * 0.07).sin() } else { 0.0 })
            .set("position", 0.3)
            .set("spray", 0.0)
            .render(6_000);
        assert!(rms(&out.lane("out", 0)[350_000..]) > 0.1);
    }

    #[test]
    fn a_dense_cloud_is_as_loud_as_a_thin_one_and_has_two_sides() {
        let level = |density: f32| {
            let rig = Rig::new("Grains").set("density", density).set("spray", 0.3).set("width", 1.0);
            let out = rig.render(3_000);
            assert!(difference_db(out.lane("out", 0), out.right("out", 0)) > -40.0);
            rms(&out.lane("out", 0)[20_000..])
        };
        let (thin, dense) = (level(10.0), level(100.0));
        assert!((0.4..2.5).contains(&(dense / thin)), "{thin} {dense}");
        assert!(thin > 0.01);
    }

    #[test]
    fn voices_sound_as_they_do_alone() {
        for (isa, width) in every_lane_type() {
            let rig = |source| Rig::new("Grains").option("source", OptionValue::Choice(source));
            for source in 0..2 {
                let all = rig(source)
                    .feed("in", |_, f| (f as f32 * 0.05).sin())
                    .per_lane("freq", |lane| 200.0 + 20.0 * lane as f32)
                    .on(isa, width)
                    .render(60);
                let alone = rig(source).feed("in", |_, f| (f as f32 * 0.05).sin()).set("freq", 200.0).render(60);
                let off = difference_db(all.lane("out", 0), alone.lane("out", 0));
                assert!(off < -100.0, "{isa:?} {width:?} {source}: {off}");
            }
        }
    }
}
