//! Stereo echo whose time moves like a tape's.
use crate::dsp::{
    BLOCK,
    delay_line::{advance, lagrange, read, weigh, wrap, write},
    equal_power::equal_power,
    lanes::{Float, Int, Lanes, Mask},
    math::exp2,
    soften::soften,
};

use super::{
    module::{Build, In, Io, LaneInit, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { (IN_L IN_R): "in" Audio "signal"; }
    outputs { (OUT_L OUT_R): "out" Audio "signal and echoes"; }
    params {
        TIME: "time" TempoSeconds 0.0005, 4.0, 0.375, Log "from echo to echo, in seconds or as a note length; moves like a tape's, at most half as fast again";
        FEEDBACK: "feedback" Plain 0.0, 1.1, 0.35, Linear "level of an echo against the one before; above 1 it builds up, softly bounded";
        TONE: "tone" ["damp"] Hz 200.0, 20_000.0, 6_000.0, Log "each echo is darker than this";
        CUT: "cut" Hz 10.0, 2_000.0, 80.0, Log "each echo is thinner than this";
        MIX: "mix" Plain 0.0, 1.0, 0.25, Linear "0 signal only, 1 echoes only, at equal power";
    }
    options {
        MODE: "mode" Choice(&["Stereo", "PingPong"]) "each side for itself, or from side to side";
    }
}

/// The longest time, in seconds: the range's upper end.
const LONGEST: f32 = 4.0;
/// Frames a frame that the time may move: a pitch between a half and one and a half.
const FASTEST: f32 = 0.5;
/// Seconds until the move has settled, and until it is up to speed: a quarter, so that it does not overshoot.
const SETTLING: f32 = 0.02;
const STARTING: f32 = 0.005;
/// A distance that is travelled at a creep, so that it ends; in frames, and frames a frame.
const NEAR: f32 = 0.01;
const CREEP: f32 = 2e-5;
/// What was written is silence below this: -140 dB.
const SILENCE: f32 = 1e-7;

/// State words. The delay is whole frames plus a fraction; no whole frames mean a lane that has not started.
const AT: usize = 0;
const WHOLE: usize = 1;
const FRACTION: usize = 2;
/// Frames since something was written, as a float.
const QUIET: usize = 3;
const LOW_L: usize = 4;
const LOW_R: usize = 5;
const HIGH_L: usize = 6;
const HIGH_R: usize = 7;
/// Frames a frame that the head moves.
const SPEED: usize = 8;

pub struct Delay {
    rate: f32,
    /// Frames in a ring.
    len: usize,
    ping_pong: bool,
}

impl Module for Delay {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Delay",
        doc: "Stereo echo, in time with the tempo if its time is a note length.",
        algorithm: "",
        family: Family::Effect,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 9;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            len: (LONGEST * build.rate).ceil() as usize + BLOCK + 4,
            ping_pong: build.choice(option::MODE) == 1,
        })
    }

    fn memory(&self) -> usize {
        2 * self.len
    }

    /// The rings are silent before anything is written.
    fn init(&self, _: LaneInit, words: &mut [f32]) {
        words[QUIET] = self.len as f32;
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let time = io.ins[param::TIME];
        if self.rests(l, io) {
            let (whole, _) = self.target(l, time, 0);
            io.state[WHOLE] = whole.bits();
            io.state[FRACTION] = l.f(0.0);
            io.outs[output::OUT_L].fill(l.f(0.0));
            io.outs[output::OUT_R].fill(l.f(0.0));
            return;
        }
        let mut echo_l = [l.f(0.0); BLOCK];
        let mut echo_r = [l.f(0.0); BLOCK];
        let mut inside = Inside::start(l, self, io);
        let at = io.state[AT].bits();
        let (left, right) = io.memory.split_at_mut(self.len.min(io.memory.len()));

        let mut head = Head::start(l, self, io.state, time);
        if let Some(whole) = head.stands(l, self, time) {
            read::<L>(left, at - whole, &mut echo_l);
            read::<L>(right, at - whole, &mut echo_r);
            let (mut to_l, mut to_r) = ([l.f(0.0); BLOCK], [l.f(0.0); BLOCK]);
            for i in 0..BLOCK {
                (to_l[i], to_r[i]) = inside.frame(l, i, echo_l[i], echo_r[i]);
            }
            write::<L, BLOCK>(left, at, &to_l);
            write::<L, BLOCK>(right, at, &to_r);
        } else {
            for i in 0..BLOCK {
                head.step(l, self, time, i);
                let now = at + l.i(i as i32);
                echo_l[i] = head.read(l, left, now);
                echo_r[i] = head.read(l, right, now);
                let (to_l, to_r) = inside.frame(l, i, echo_l[i], echo_r[i]);
                for lane in 0..L::N {
                    let place = wrap(now.lanes()[lane], self.len);
                    left[place].lanes_mut()[lane] = to_l.lanes()[lane];
                    right[place].lanes_mut()[lane] = to_r.lanes()[lane];
                }
            }
        }
        io.state[WHOLE] = head.whole.bits();
        io.state[FRACTION] = head.fraction;
        io.state[SPEED] = head.speed;
        io.state[AT] = advance(l, at, BLOCK as i32, self.len).bits();
        inside.end(l, io.state);
        blend(l, io, &echo_l, &echo_r);
    }
}

impl Delay {
    /// Nothing that can be heard comes in, and nothing is left in any lane.
    #[inline(always)]
    fn rests<L: Lanes>(&self, l: L, io: &Io<'_, L>) -> bool {
        !io.ins[input::IN_L].louder_than(l, SILENCE)
            && !io.ins[input::IN_R].louder_than(l, SILENCE)
            && io.state[QUIET].ge(l.f(self.len as f32)).all()
    }

    /// Where the time wants to be: whole frames where it stands still, so that an echo is the signal to the bit.
    #[inline(always)]
    fn target<L: Lanes>(&self, l: L, time: In<'_, L>, i: usize) -> (L::I, L::F) {
        let most = (self.len - BLOCK - 4) as f32;
        let frames = (time.at(i) * l.f(self.rate)).max(l.f(2.0)).min(l.f(most));
        if time.is_constant() {
            return (frames.to_int(), l.f(0.0));
        }
        let whole = frames.floor();
        (whole.to_int(), frames - whole)
    }
}

/// The reading head of one lane group.
struct Head<L: Lanes> {
    whole: L::I,
    fraction: L::F,
    speed: L::F,
}

impl<L: Lanes> Head<L> {
    #[inline(always)]
    fn start(l: L, delay: &Delay, state: &[L::F], time: In<'_, L>) -> Self {
        let (whole, fraction) = (state[WHOLE].bits(), state[FRACTION]);
        let fresh = (whole - l.i(1)).negative();
        let (to, to_fraction) = delay.target(l, time, 0);
        Self {
            whole: L::I::select(fresh, to, whole),
            fraction: L::F::select(fresh, to_fraction, fraction),
            speed: state[SPEED],
        }
    }

    /// The delay, where no lane moves and a whole block can be read before it is written.
    #[inline(always)]
    fn stands(&self, l: L, delay: &Delay, time: In<'_, L>) -> Option<L::I> {
        let (to, _) = delay.target(l, time, 0);
        let (to, whole) = (to.lanes(), self.whole.lanes());
        let there = time.is_constant()
            && !self.fraction.abs().gt(l.f(0.0)).any()
            && (0..L::N).all(|lane| whole[lane] == to[lane] && whole[lane] >= BLOCK as i32);
        there.then_some(self.whole)
    }

    /// Moves towards the time asked for.
    #[inline(always)]
    fn step(&mut self, l: L, delay: &Delay, time: In<'_, L>, i: usize) {
        let (to, to_fraction) = delay.target(l, time, i);
        let way = (to - self.whole).to_float() + (to_fraction - self.fraction);
        let fastest = l.f(FASTEST);
        let wanted = (way * l.f(1.0 / (SETTLING * delay.rate)))
            .max(-fastest)
            .min(fastest);
        let speed = (wanted - self.speed).fma(l.f(1.0 / (STARTING * delay.rate)), self.speed);
        let near = l.f(NEAR).gt(way.abs()) & l.f(1e-3).gt(speed.abs());
        let creep = way.max(l.f(-CREEP)).min(l.f(CREEP));
        let step = L::F::select(near, creep, speed);
        self.speed = step;
        let moved = self.fraction + step;
        let whole = moved.floor();
        self.whole = self.whole + whole.to_int();
        self.fraction = moved - whole;
    }

    /// The ring as it was the delay ago.
    #[inline(always)]
    fn read(&self, l: L, ring: &[L::F], now: L::I) -> L::F {
        let len = ring.len();
        let mut taps = [l.f(0.0); 4];
        for lane in 0..L::N {
            let mut at = wrap(now.lanes()[lane] - self.whole.lanes()[lane] - 2, len);
            for tap in &mut taps {
                tap.lanes_mut()[lane] = ring[at].lanes()[lane];
                at = if at + 1 == len { 0 } else { at + 1 };
            }
        }
        weigh::<L>(taps, lagrange(l, l.f(1.0) - self.fraction))
    }
}

/// What happens between reading and writing: filters, feedback, sides.
struct Inside<'a, L: Lanes> {
    ping_pong: bool,
    input: [In<'a, L>; 2],
    feedback: In<'a, L>,
    /// Parts of one-pole filters, and what they change by in a frame.
    tone: (L::F, L::F),
    cut: (L::F, L::F),
    low: [L::F; 2],
    high: [L::F; 2],
    quiet: L::F,
    written: L::F,
}

impl<'a, L: Lanes> Inside<'a, L> {
    #[inline(always)]
    fn start(l: L, delay: &Delay, io: &Io<'a, L>) -> Self {
        Self {
            ping_pong: delay.ping_pong,
            input: [io.ins[input::IN_L], io.ins[input::IN_R]],
            feedback: io.ins[param::FEEDBACK],
            tone: part(l, delay.rate, io.ins[param::TONE]),
            cut: part(l, delay.rate, io.ins[param::CUT]),
            low: [io.state[LOW_L], io.state[LOW_R]],
            high: [io.state[HIGH_L], io.state[HIGH_R]],
            quiet: io.state[QUIET],
            written: l.f(0.0),
        }
    }

    /// What is written for the echoes that are read.
    #[inline(always)]
    fn frame(&mut self, l: L, i: usize, echo_l: L::F, echo_r: L::F) -> (L::F, L::F) {
        let (x, y) = (self.input[0].at(i), self.input[1].at(i));
        let feedback = self.feedback.at(i);
        let mut again = [l.f(0.0); 2];
        for (side, echo) in [echo_l, echo_r].into_iter().enumerate() {
            let low = (echo - self.low[side]).fma(self.tone.0, self.low[side]);
            let high = (low - self.high[side]).fma(self.cut.0, self.high[side]);
            (self.low[side], self.high[side]) = (low, high);
            again[side] = soften(l, (low - high) * feedback);
        }
        self.tone.0 = self.tone.0 + self.tone.1;
        self.cut.0 = self.cut.0 + self.cut.1;
        let (to_l, to_r) = match self.ping_pong {
            true => ((x + y).fma(l.f(0.5), again[1]), again[0]),
            false => (x + again[0], y + again[1]),
        };
        self.written = self.written.max(to_l.abs()).max(to_r.abs());
        (to_l, to_r)
    }

    #[inline(always)]
    fn end(self, l: L, state: &mut [L::F]) {
        let loud = self.written.ge(l.f(SILENCE));
        let quiet = self.quiet.min(l.f(1e7)) + l.f(BLOCK as f32);
        state[QUIET] = L::F::select(loud, l.f(0.0), quiet);
        state[LOW_L] = self.low[0];
        state[LOW_R] = self.low[1];
        state[HIGH_L] = self.high[0];
        state[HIGH_R] = self.high[1];
    }
}

/// The part of the way that a one-pole filter goes in the first frame, 1 - e^(-2π f / rate), and what it changes by each frame.
#[inline(always)]
fn part<L: Lanes>(l: L, rate: f32, hz: In<'_, L>) -> (L::F, L::F) {
    let turn = l.f(-std::f32::consts::TAU * std::f32::consts::LOG2_E / rate);
    let first = l.f(1.0) - exp2(l, hz.head() * turn);
    if hz.is_constant() {
        return (first, l.f(0.0));
    }
    let last = l.f(1.0) - exp2(l, hz.at(BLOCK - 1) * turn);
    (first, (last - first) * l.f(1.0 / BLOCK as f32))
}

/// Signal and echoes into the outputs.
#[inline(always)]
fn blend<L: Lanes>(l: L, io: &mut Io<'_, L>, echo_l: &[L::F; BLOCK], echo_r: &[L::F; BLOCK]) {
    let mix = io.ins[param::MIX];
    let steady = equal_power(l, mix.head());
    for (from, to, echo) in [
        (input::IN_L, output::OUT_L, echo_l),
        (input::IN_R, output::OUT_R, echo_r),
    ] {
        let x = io.ins[from];
        for (i, o) in io.outs[to].block.iter_mut().enumerate() {
            let (dry, wet) = match mix.is_constant() {
                true => steady,
                false => equal_power(l, mix.at(i)),
            };
            *o = x.at(i).fma(dry, echo[i] * wet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        harness::{RATE, Rig, difference_db, every_lane_type, hash_noise},
        spec::OptionValue,
    };

    /// One frame at 1 on both sides.
    fn impulse() -> Rig {
        let one = |_: usize, f: u64| (f == 5) as u32 as f32;
        Rig::new("Delay").feed("in", one).feed("in.R", one)
    }

    #[test]
    fn an_echo_comes_back_at_the_nearest_frame_unchanged() {
        for time in [0.375, 0.1234567, 0.0009, 0.003] {
            let out = impulse().set("time", time).set("mix", 1.0).set("feedback", 0.0);
            let out = out.render(400);
            let at = 5 + (time * RATE).round() as usize;
            for (f, x) in out.lane("out", 0).iter().enumerate() {
                assert_eq!(*x, (f == at) as u32 as f32, "time {time} frame {f}");
            }
        }
    }

    #[test]
    fn echoes_get_quieter_by_the_feedback() {
        let tone = |_: usize, f: u64| match f {
            0..4_800 => (f as f32 * 0.131).sin(),
            _ => 0.0,
        };
        let out = Rig::new("Delay")
            .feed("in", tone)
            .set("time", 0.25)
            .set("feedback", 0.5)
            .set("tone", 20_000.0)
            .set("cut", 10.0)
            .set("mix", 1.0)
            .render(1_200);
        let rms = |n: usize| {
            let part = &out.lane("out", 0)[n * 12_000 + 1_000..][..3_000];
            (part.iter().map(|x| x * x).sum::<f32>() / 3_000.0).sqrt()
        };
        for n in 1..5 {
            let ratio = rms(n + 1) / rms(n);
            assert!((ratio - 0.5).abs() < 0.005, "{n}: {ratio}");
        }
    }

    #[test]
    fn ping_pong_goes_from_side_to_side() {
        let out = impulse()
            .option("mode", OptionValue::Choice(1))
            .set("time", 0.1)
            .set("feedback", 0.9)
            .set("mix", 1.0)
            .render(400);
        let peak = |x: &[f32], n: usize| x[5 + 4_800 * n - 50..][..100].iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let (l, r) = (out.lane("out", 0), out.right("out", 0));
        assert!(peak(l, 1) == 1.0 && peak(r, 1) == 0.0);
        assert!(peak(l, 2) < 1e-3 && peak(r, 2) > 0.3);
        assert!(peak(l, 3) > 0.1 && peak(r, 3) < 1e-2);
    }

    #[test]
    fn too_much_feedback_is_bounded_and_free_of_dc() {
        let out = Rig::new("Delay")
            .feed("in", |_, f| if f < 9_600 { 0.5 + 0.5 * hash_noise(0, f) } else { 0.0 })
            .set("time", 0.05)
            .set("feedback", 1.1)
            .set("mix", 1.0)
            .render(15_000);
        let end = &out.lane("out", 0)[480_000..];
        let peak = end.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let mean = end.iter().sum::<f32>() / end.len() as f32;
        assert!(peak < 2.5 && peak > 0.1, "{peak}");
        assert!(mean.abs() < 0.01, "{mean}");
    }

    #[test]
    fn the_time_moves_without_a_step() {
        let tone = |_: usize, f: u64| (f as f32 * 0.05).sin();
        let out = Rig::new("Delay")
            .feed("in", tone)
            .steps("time", |_, b| if b < 300 { 0.2 } else { 0.3 })
            .set("feedback", 0.0)
            .set("mix", 1.0)
            .render(1_200);
        assert!(out.state[0].words[super::FRACTION] == 0.0);
        let out = &out.lane("out", 0)[12_000..];
        let bend = out.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max);
        // A tone read 1.5 times as fast curves by (0.05 * 1.5)^2 at most, any step would show as a curve of its size.
        assert!(bend < 0.006, "{bend}");
        let late = |f: usize| ((f as f32 - 14_400.0) * 0.05).sin();
        let end = 1_200 * 64 - 1;
        assert!((out[end - 12_000] - late(end)).abs() < 1e-2);
    }

    #[test]
    fn silence_costs_nothing_and_sound_wakes_it() {
        let out = Rig::new("Delay")
            .steps("in", |_, b| (b == 30) as u32 as f32)
            .set("time", 0.05)
            .render(7_000);
        assert!(out.constant[0] && out.constant[6_999] && !out.constant[40]);
        assert!(out.lane("out", 0)[30 * 64 + 2_410] > 0.1);
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let all = Rig::new("Delay")
                .per_lane("time", |lane| 0.0011 + 0.01 * lane as f32)
                .feed("in", hash_noise)
                .on(isa, width)
                .render(100);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Delay")
                    .set("time", 0.0011 + 0.01 * lane as f32)
                    .feed("in", move |_, f| hash_noise(lane, f))
                    .render(100);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -115.0, "{isa:?} {width:?} lane {lane}: {off}");
            }
        }
    }
}
