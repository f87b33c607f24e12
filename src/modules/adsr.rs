//! Envelope generator with the curves of a capacitor.
use crate::dsp::{
    BLOCK,
    approach::approach,
    lanes::{Float, Lanes, Mask},
};

use super::{
    module::{Build, In, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { GATE: "gate" Gate "open: attack, decay, sustain; closed: release"; }
    outputs { OUT: "out" Cv "level, 0..1"; }
    params {
        A: "a" ["attack"] Seconds 0.0005, 20.0, 0.003, Log "time from 0 to full level; less from a level that is still there";
        D: "d" ["decay"] Seconds 0.001, 20.0, 0.2, Log "time until 1 % of the way down to the sustain level is left";
        S: "s" ["sustain"] Plain 0.0, 1.0, 0.7, Linear "level held while the gate is open";
        R: "r" ["release"] Seconds 0.001, 30.0, 0.2, Log "time from full level to 0; less from a lower level";
    }
    options {}
}

/// The attack aims this far above full level and the release this far below 0, so that both arrive and are curved like an analog
/// envelope's: 0.3 is the usual comparator at three quarters of the supply, and 1/(e^4 - 1) makes the release last four time constants.
const ABOVE: f32 = 0.3;
const BELOW: f32 = 0.018_657_36;
/// Time constants that each segment's time stands for: ln((1 + ABOVE) / ABOVE), ln 100, 4.
const ATTACK_CURVE: f32 = 1.466_337_1;
const DECAY_CURVE: f32 = 4.605_170_2;
const RELEASE_CURVE: f32 = 4.0;
/// A distance from the sustain level that is dropped: -140 dB.
const SETTLED: f32 = 1e-7;

/// Stages, as they stand in the state.
const IDLE: f32 = 0.0;
const ATTACK: f32 = 1.0;
const DECAY: f32 = 2.0;
const RELEASE: f32 = 3.0;

/// State words. The level is the target plus the distance.
const DISTANCE: usize = 0;
const STAGE: usize = 1;

pub struct Adsr {
    rate: f32,
}

impl Module for Adsr {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Adsr",
        doc: "Envelope: attack, decay, sustain, release; starts from the level it has.",
        algorithm: "exponentials as of a capacitor: the attack aims a third above full level and the release below 0, so that both arrive",
        family: Family::Modulation,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 2;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self { rate: build.rate })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let (gate, sustain) = (io.ins[input::GATE], io.ins[param::S]);
        let out = &mut io.outs[output::OUT];
        let half = l.f(0.5);
        let mut run = Run {
            stage: io.state[STAGE],
            distance: io.state[DISTANCE],
        };
        run.settle(l);

        let times = [param::A, param::D, param::R].iter().all(
            #[inline(always)]
            |p| io.ins[*p].is_constant(),
        );
        let resting = gate.is_constant()
            && run.held(l) == gate.head().ge(half).to_bits()
            && sustain.is_constant()
            && run.still(l);
        if resting {
            out.fill(L::F::select(run.is(l, DECAY), sustain.head(), l.f(0.0)));
        } else if !(gate.is_constant()
            && times
            && run.held(l) == gate.head().ge(half).to_bits()
            && sustain.is_constant()
            && run.coast(l, self, &io.ins[input::COUNT..], &mut out.block))
        {
            let params = &io.ins[input::COUNT..];
            let mut path = run.path(l, self, params, 0);
            let mut ahead = path.ahead(run.distance);
            let mut held = run.held(l);
            for (i, o) in out.block.iter_mut().enumerate() {
                let s = sustain.at(i);
                let open = gate.at(i).ge(half);
                if open.to_bits() != held {
                    let level = path.target(s) + run.distance;
                    let turned = run.turn(l, open, level);
                    held = run.held(l);
                    path = run.path(l, self, params, i);
                    ahead = path.redirect(turned, run.distance, ahead);
                }
                if !times {
                    path = run.path(l, self, params, i);
                    ahead = path.ahead(run.distance);
                }
                let [now, second, third, fourth] = ahead;
                run.distance = now;
                ahead = [second, third, fourth, after::<L>(now, path.four)];
                let done = path.end.ge(run.distance.abs());
                if done.any() {
                    run.arrive(l, done, s);
                    path = run.path(l, self, params, i);
                    ahead = path.redirect(done, run.distance, ahead);
                }
                *o = path.target(s) + run.distance;
            }
        }
        io.state[STAGE] = run.stage;
        io.state[DISTANCE] = run.distance;
    }
}

/// The envelopes of one lane group while a block is rendered.
struct Run<L: Lanes> {
    stage: L::F,
    distance: L::F,
}

/// Where the stages lead: constants of a lane until its stage changes.
struct Path<L: Lanes> {
    /// The target is `base`, plus the sustain level times `follow`.
    base: L::F,
    follow: L::F,
    /// Of the distance, in one, two and four frames.
    one: L::F,
    two: L::F,
    four: L::F,
    /// The stage ends when the distance is no more than this.
    end: L::F,
}

/// What is left of a distance when a part of it is gone.
#[inline(always)]
fn after<L: Lanes>(distance: L::F, part: L::F) -> L::F {
    distance.nfma(part, distance)
}

impl<L: Lanes> Path<L> {
    /// The distances of the next four frames; each further one follows from the one four before it, as what follows from the last
    /// frame would wait for it.
    #[inline(always)]
    fn ahead(&self, distance: L::F) -> [L::F; 4] {
        let second = after::<L>(distance, self.two);
        [
            after::<L>(distance, self.one),
            second,
            after::<L>(second, self.one),
            after::<L>(second, self.two),
        ]
    }

    /// The same where some lanes set out anew: the others go on as if nothing had happened.
    #[inline(always)]
    fn redirect(&self, anew: L::M, distance: L::F, ahead: [L::F; 4]) -> [L::F; 4] {
        let fresh = self.ahead(distance);
        std::array::from_fn(
            #[inline(always)]
            |k| L::F::select(anew, fresh[k], ahead[k]),
        )
    }

    #[inline(always)]
    fn target(&self, sustain: L::F) -> L::F {
        self.follow.fma(sustain, self.base)
    }
}

impl<L: Lanes> Run<L> {
    #[inline(always)]
    fn is(&self, l: L, stage: f32) -> L::M {
        (l.f(0.25)).gt((self.stage - l.f(stage)).abs())
    }

    /// Lanes whose gate was open, as bits.
    #[inline(always)]
    fn held(&self, l: L) -> u64 {
        (self.is(l, ATTACK) | self.is(l, DECAY)).to_bits()
    }

    /// Nothing moves in any lane.
    #[inline(always)]
    fn still(&self, l: L) -> bool {
        let settled = self.is(l, DECAY) & l.f(0.0).ge(self.distance.abs());
        (self.is(l, IDLE) | settled).all()
    }

    #[inline(always)]
    fn settle(&mut self, l: L) {
        let near = self.is(l, DECAY) & l.f(SETTLED).ge(self.distance.abs());
        self.distance = L::F::select(near, l.f(0.0), self.distance);
    }

    /// A block in which no stage ends. Distances only shrink, so the last frame tells; where it says otherwise nothing has happened.
    #[inline(always)]
    fn coast(
        &mut self,
        l: L,
        adsr: &Adsr,
        params: &[In<'_, L>],
        block: &mut [L::F; BLOCK],
    ) -> bool {
        let path = self.path(l, adsr, params, 0);
        let target = path.target(params[param::S - input::COUNT].head());
        let mut ahead = path.ahead(self.distance);
        let mut distance = self.distance;
        for frames in block.as_chunks_mut::<4>().0 {
            for (o, d) in frames.iter_mut().zip(&mut ahead) {
                *o = target + *d;
                distance = *d;
                *d = after::<L>(*d, path.four);
            }
        }
        let coasts = !path.end.ge(distance.abs()).any();
        if coasts {
            self.distance = distance;
        }
        coasts
    }

    #[inline(always)]
    fn path(&self, l: L, adsr: &Adsr, params: &[In<'_, L>], i: usize) -> Path<L> {
        const A: usize = param::A - input::COUNT;
        const D: usize = param::D - input::COUNT;
        const R: usize = param::R - input::COUNT;
        let one = self.by_stage(
            l,
            approach(l, ATTACK_CURVE, params[A].at(i), adsr.rate),
            approach(l, DECAY_CURVE, params[D].at(i), adsr.rate),
            approach(l, RELEASE_CURVE, params[R].at(i), adsr.rate),
            l.f(0.0),
        );
        let two = one.nfma(one, one + one);
        let [none, never] = [l.f(0.0), l.f(-1.0)];
        Path {
            base: self.by_stage(l, l.f(1.0 + ABOVE), none, l.f(-BELOW), none),
            follow: self.by_stage(l, none, l.f(1.0), none, none),
            one,
            two,
            four: two.nfma(two, two + two),
            end: self.by_stage(l, l.f(ABOVE), never, l.f(BELOW), never),
        }
    }

    /// What belongs to each lane's stage.
    #[inline(always)]
    fn by_stage(&self, l: L, attack: L::F, decay: L::F, release: L::F, idle: L::F) -> L::F {
        let closed = L::F::select(self.is(l, RELEASE), release, idle);
        let open = L::F::select(self.is(l, DECAY), decay, closed);
        L::F::select(self.is(l, ATTACK), attack, open)
    }

    /// Gates changed: the level goes on from where it is. The lanes whose gate it was.
    #[inline(always)]
    fn turn(&mut self, l: L, open: L::M, level: L::F) -> L::M {
        let held = self.is(l, ATTACK) | self.is(l, DECAY);
        let start = open & held.not();
        let stop = held & open.not();
        self.stage = L::F::select(start, l.f(ATTACK), self.stage);
        self.stage = L::F::select(stop, l.f(RELEASE), self.stage);
        self.distance = L::F::select(start, level - l.f(1.0 + ABOVE), self.distance);
        self.distance = L::F::select(stop, level + l.f(BELOW), self.distance);
        start | stop
    }

    /// Attacks that are at full level decay, releases at 0 rest.
    #[inline(always)]
    fn arrive(&mut self, l: L, done: L::M, sustain: L::F) {
        let full = done & self.is(l, ATTACK);
        let over = done & self.is(l, RELEASE);
        self.stage = L::F::select(full, l.f(DECAY), self.stage);
        self.stage = L::F::select(over, l.f(IDLE), self.stage);
        self.distance = L::F::select(full, l.f(1.0) - sustain, self.distance);
        self.distance = L::F::select(over, l.f(0.0), self.distance);
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::{RATE, Rig, difference_db, every_lane_type};

    const ON: u64 = 17;
    const OFF: u64 = 20_000;

    fn rig() -> Rig {
        Rig::new("Adsr")
            .set("a", 0.01)
            .set("d", 0.1)
            .set("s", 0.5)
            .set("r", 0.05)
            .feed("gate", |_, f| if (ON..OFF).contains(&f) { 1.0 } else { 0.0 })
    }

    #[test]
    fn segments_last_as_long_as_they_say_from_the_very_frame() {
        let out = rig().render(400);
        let out = out.lane("out", 0);
        assert!(out[..ON as usize].iter().all(|x| *x == 0.0));
        assert!(out[ON as usize] > 0.0);
        let full = out.iter().position(|x| *x >= 1.0).expect("arrives");
        assert!(full.abs_diff(ON as usize + 480) <= 2, "attack {full}");
        let near = full + (0.1 * RATE) as usize;
        assert!((out[near] - 0.505).abs() < 5e-4, "decay {}", out[near]);
        assert!((out[OFF as usize - 1] - 0.5).abs() < 1e-6);
        assert!(out[OFF as usize] < out[OFF as usize - 1]);
        let silent = (OFF as usize..).find(|i| out[*i] == 0.0).expect("ends");
        // From half the level the exponential needs ln((0.5 + b) / b) / 4 of the time, b = 1 / (e^4 - 1).
        let want = 0.05 * RATE as f64 * (0.518_657f64 / 0.018_657).ln() / 4.0;
        let took = (silent - OFF as usize) as f64;
        assert!((took - want).abs() < 3.0, "release {took} {want}");
    }

    #[test]
    fn slow_segments_keep_their_time() {
        let out = Rig::new("Adsr")
            .set("a", 5.0)
            .feed("gate", |_, _| 1.0)
            .render(4_000);
        let full = out.lane("out", 0).iter().position(|x| *x >= 1.0);
        let seconds = full.expect("arrives") as f32 / RATE;
        assert!((seconds - 5.0).abs() < 0.005, "{seconds}");
    }

    #[test]
    fn a_new_note_starts_from_the_level_that_is_there() {
        let out = rig()
            .feed("gate", |_, f| if f % 2_000 < 1_990 { 1.0 } else { 0.0 })
            .render(400);
        let out = out.lane("out", 0);
        let step = out.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        // The steepest move is the start of the attack from 0: 1.3 times 1.466 in 480 frames.
        assert!(step < 1.3 * 1.47 / 480.0, "{step}");
        assert!(out[1_999] > 0.4);
    }

    #[test]
    fn rest_and_sustain_cost_nothing() {
        let out = rig().feed("gate", |_, _| 0.0).steps("gate", |_, block| match block {
            2..500 => 1.0,
            _ => 0.0,
        });
        let out = out.render(700);
        assert!(out.constant[0] && out.constant[499] && out.constant[699]);
        assert!(!out.constant[2] && !out.constant[500]);
    }

    #[test]
    fn lanes_are_independent() {
        for (isa, width) in every_lane_type() {
            let rig = || {
                Rig::new("Adsr")
                    .per_lane("a", |lane| 0.002 + 0.001 * lane as f32)
                    .per_lane("s", |lane| 0.1 * lane as f32 % 1.0)
                    .on(isa, width)
            };
            let gate = |lane: usize, f: u64| ((f + 37 * lane as u64) % 3_000 < 1_700) as u32 as f32;
            let all = rig().feed("gate", gate).render(300);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Adsr")
                    .set("a", 0.002 + 0.001 * lane as f32)
                    .set("s", 0.1 * lane as f32 % 1.0)
                    .feed("gate", move |_, f| gate(lane, f))
                    .render(300);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -120.0, "{isa:?} {width:?} lane {lane}: {off}");
            }
        }
    }
}
