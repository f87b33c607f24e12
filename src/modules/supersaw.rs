//! Seven detuned sawtooths as one, spread between the speakers.
use crate::dsp::{
    BLOCK,
    equal_power::equal_power,
    lanes::{Float, Int, Lanes},
    math::exp2,
    noise::white,
    phase::{self, Phase},
    step::{self, LATE, Phases, Residuals, TAPS, Table},
    way::BACK,
};

use super::{
    level::apply_level,
    module::{Build, In, Io, LaneInit, Module, OptionError, Rest},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {}
    outputs {
        (OUT_L OUT_R): "out" Audio "seven sawtooths, as loud together as one at level 1; 16 frames late";
        LEFT: "left" Audio "the left side alone, for a filter of its own";
        RIGHT: "right" Audio "the right side alone";
    }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 0.01, 20_000.0, 261.625_58, Log "frequency; a pitch cable shifts it by octaves";
        RATIO: "ratio" Plain 0.0, 64.0, 1.0, Linear "multiplies the frequency";
        DETUNE: "detune" Cents 0.0, 200.0, 24.0, Linear "how far the outermost saws are from the middle one";
        MIX: "mix" Plain 0.0, 1.0, 0.7, Linear "the middle saw alone, or with all the others";
        SPREAD: "spread" ["width"] Plain 0.0, 1.0, 0.8, Linear "how far the others stand apart between the speakers";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {}
}

const SAWS: usize = 7;
/// The saw in the middle.
const MIDDLE: usize = 3;
/// Of `detune`: the measured distances of Roland's JP-8000, which never fall into step with each other.
const DISTANCES: [f32; SAWS] = [-1.0, -0.571_6, -0.177_5, 0.0, 0.185_3, 0.578_5, 0.976_6];
/// Of `spread`: neighbours in pitch stand on different sides.
const PLACES: [f32; SAWS] = [-1.0, 0.66, -0.33, 0.0, 0.33, -0.66, 1.0];

/// State words: of each saw the phase and the frames that its edges are judged by, then what both channels still owe.
const FRAMES: usize = SAWS * phase::WORDS;
const OWED: usize = FRAMES + SAWS * BACK;

pub struct SuperSaw {
    rate: f32,
    table: &'static Table,
}

/// The knobs of a block that its saws share.
struct Knobs<'a, L: Lanes> {
    freq: In<'a, L>,
    ratio: In<'a, L>,
    detune: In<'a, L>,
    mix: In<'a, L>,
    spread: In<'a, L>,
}

impl Module for SuperSaw {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "SuperSaw",
        doc: "Seven detuned sawtooths with free phases, in stereo.",
        algorithm: "sawtooths as in Saw; detune and mix after Szabo, How to Emulate the Super Saw (KTH 2010)",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = OWED + 2 * TAPS;
    const REST: Rest = Rest::Runs;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            rate: build.rate,
            table: step::table(),
        })
    }

    /// Every saw of every voice starts somewhere else.
    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        use crate::dsp::lanes::Scalar;
        let l = Scalar::<false>;
        for saw in 0..SAWS {
            let place = white(l, l.i(saw as i32), l.i(lane.seed as i32)).lanes()[0];
            let turn = (place as f64 * 2_147_483_648.0) as i64 as i32;
            words[saw * phase::WORDS] = f32::from_bits(turn as u32);
            words[FRAMES + saw * BACK..][..BACK].fill(f32::from_bits(turn as u32));
        }
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let knobs = Knobs {
            freq: io.ins[param::FREQ],
            ratio: io.ins[param::RATIO],
            detune: io.ins[param::DETUNE],
            mix: io.ins[param::MIX],
            spread: io.ins[param::SPREAD],
        };
        let mut sums: [Residuals<L>; 2] = [[l.f(0.0); BLOCK + TAPS]; 2];
        for (sum, owed) in sums.iter_mut().zip(io.state[OWED..].chunks_exact(TAPS)) {
            sum[..TAPS].copy_from_slice(owed);
        }
        for saw in 0..SAWS {
            self.add_saw(l, saw, &knobs, io.state, &mut sums);
        }
        for (side, (sum, owed)) in sums
            .iter()
            .zip(io.state[OWED..].chunks_exact_mut(TAPS))
            .enumerate()
        {
            let (both, alone) = io.outs.split_at_mut(output::LEFT);
            let (out, alone) = (&mut both[output::OUT_L + side], &mut alone[side]);
            out.block.copy_from_slice(&sum[..BLOCK]);
            owed.copy_from_slice(&sum[BLOCK..]);
            apply_level(l, &mut out.block, &io.ins[param::LEVEL]);
            match alone.wanted {
                true => alone.block.copy_from_slice(&out.block[..]),
                false => alone.fill(l.f(0.0)),
            }
        }
    }

    #[inline(always)]
    fn may_skip<L: Lanes>(&self, _: L, _: &Io<'_, L>) -> bool {
        true
    }

    /// Edges are looked for from the last frame on.
    #[inline(always)]
    fn skip<L: Lanes>(&self, l: L, state: &mut [L::F], frames: u64) {
        for saw in 0..SAWS {
            let (from, frames_of) = (saw * phase::WORDS, FRAMES + saw * BACK);
            let mut phase = Phase::<L>::load(&state[from..]);
            phase.skip(frames - LATE as u64);
            phase.advance_over(
                l,
                0..LATE,
                #[inline(always)]
                |i, turn| {
                    if i >= LATE - BACK {
                        state[frames_of + i - (LATE - BACK)] = turn.bits();
                    }
                },
            );
            phase.store(&mut state[from..]);
        }
    }
}

impl SuperSaw {
    /// Adds one saw to both channels.
    #[inline(always)]
    fn add_saw<L: Lanes>(
        &self,
        l: L,
        saw: usize,
        knobs: &Knobs<'_, L>,
        state: &mut [L::F],
        [left, right]: &mut [Residuals<L>; 2],
    ) {
        let (from, frames) = (saw * phase::WORDS, FRAMES + saw * BACK);
        let mut phase = Phase::<L>::load(&state[from..]);
        let mut phases: Phases<L> = [l.i(0); LATE + BLOCK];
        for k in 0..BACK {
            phases[LATE - BACK + k] = state[frames + k].bits();
        }
        let octaves = l.f(DISTANCES[saw] / 1_200.0);
        let beside = exp2(l, knobs.detune.head() * octaves);
        let steady =
            knobs.freq.is_constant() && knobs.ratio.is_constant() && knobs.detune.is_constant();
        if steady {
            phase.tune(
                l,
                knobs.freq.head() * knobs.ratio.head() * beside,
                self.rate,
            );
            phase.advance(
                l,
                #[inline(always)]
                |i, turn| phases[LATE + i] = turn,
            );
        } else {
            phase.advance_along(
                l,
                self.rate,
                #[inline(always)]
                |i| {
                    let beside = match knobs.detune.block() {
                        Some(detune) => exp2(l, detune[i] * octaves),
                        None => beside,
                    };
                    knobs.freq.at(i) * knobs.ratio.at(i) * beside
                },
                #[inline(always)]
                |i, turn| phases[LATE + i] = turn,
            );
        }

        let still = knobs.mix.is_constant() && knobs.spread.is_constant();
        let mut gains = [gain(l, saw, knobs, 0); BLOCK];
        if !still {
            for (i, gains) in gains.iter_mut().enumerate() {
                *gains = gain(l, saw, knobs, i);
            }
        }
        let scale = l.f(1.0 / 2_147_483_648.0);
        for (i, (to_left, to_right)) in gains.iter().enumerate() {
            let naive = phases[LATE + i].to_float() * scale;
            left[LATE + i] = naive.fma(*to_left, left[LATE + i]);
            right[LATE + i] = naive.fma(*to_right, right[LATE + i]);
        }
        let table = self.table;
        if steady && step::is_steady::<L>(phase.step()) {
            let last = phases[LATE - 1];
            step::steady_edges(
                l,
                last,
                phase.step(),
                #[inline(always)]
                |lane, i| phases[(LATE - 1 + i).min(LATE + BLOCK - 1)].lanes()[lane],
                #[inline(always)]
                |i, lane, past| {
                    let (to_left, to_right) = &gains[i & (BLOCK - 1)];
                    step::add(l, left, table, i, lane, past, -2.0 * to_left.lanes()[lane]);
                    step::add(
                        l,
                        right,
                        table,
                        i,
                        lane,
                        past,
                        -2.0 * to_right.lanes()[lane],
                    );
                },
            );
        } else {
            step::moving_wraps(
                l,
                &phases,
                #[inline(always)]
                |i, lane, past, way| {
                    let (to_left, to_right) = &gains[i & (BLOCK - 1)];
                    let height = -2.0 * way;
                    step::add(
                        l,
                        left,
                        table,
                        i,
                        lane,
                        past,
                        height * to_left.lanes()[lane],
                    );
                    step::add(
                        l,
                        right,
                        table,
                        i,
                        lane,
                        past,
                        height * to_right.lanes()[lane],
                    );
                },
            );
        }
        phase.store(&mut state[from..]);
        for k in 0..BACK {
            state[frames + k] = phases[LATE + BLOCK - BACK + k].bits();
        }
    }
}

/// How loud a saw is left and right.
#[inline(always)]
fn gain<L: Lanes>(l: L, saw: usize, knobs: &Knobs<'_, L>, i: usize) -> (L::F, L::F) {
    let (mix, spread) = (knobs.mix.at(i), knobs.spread.at(i));
    let middle = mix.nfma(l.f(0.553_66), l.f(0.997_85));
    let other = mix * mix.nfma(l.f(0.737_64), l.f(1.284_1));
    // As loud together as one: their powers add up.
    let power = middle.fma(middle, other * other * l.f((SAWS - 1) as f32));
    let own = if saw == MIDDLE { middle } else { other };
    let own = own * l.f(std::f32::consts::SQRT_2) / power.sqrt();
    let (to_left, to_right) = equal_power(l, spread.fma(l.f(0.5 * PLACES[saw]), l.f(0.5)));
    (own * to_left, own * to_right)
}

#[cfg(test)]
mod tests {
    use crate::modules::{
        harness::{RATE, Rig, difference_db, every_lane_type},
        measure::{Spectrum, rms},
    };

    const PITCHES: [f32; 5] = [110.0, 440.0, 1_244.5, 2_489.0, 4_978.0];

    #[test]
    fn aliasing_stays_below_130_db() {
        let out = Rig::new("SuperSaw")
            .set("detune", 0.0)
            .per_lane("freq", |l| PITCHES[l % 5])
            .wide()
            .render(1 << 11);
        for (lane, f) in PITCHES.into_iter().enumerate().take(out.lanes()) {
            for x in [out.lane("out", lane), out.right("out", lane)] {
                let alias = Spectrum::new(x, RATE).alias_db(f as f64);
                assert!(alias < -130.0, "{f} Hz: {alias}");
            }
        }
    }

    #[test]
    fn seven_saws_stand_where_detune_and_mix_say() {
        let (f, detune) = (1_000.0, 60.0);
        let out = Rig::new("SuperSaw")
            .set("freq", f)
            .set("detune", detune)
            .set("spread", 0.0);
        let out = out.set("mix", 1.0).render(1 << 13);
        let s = Spectrum::new(out.lane("out", 0), RATE);
        let (middle, other) = (0.444_19f64, 0.546_46f64);
        let all = (middle * middle + 6.0 * other * other).sqrt();
        for (saw, distance) in super::DISTANCES.into_iter().enumerate() {
            let at = f as f64 * 2f64.powf((detune * distance) as f64 / 1_200.0);
            let own = if saw == super::MIDDLE { middle } else { other };
            let want = own / all * 2.0 / std::f64::consts::PI;
            let off = 20.0 * (s.amplitude(at) / want).log10();
            assert!(off.abs() < 0.05, "saw {saw} at {at}: {off} dB");
        }
    }

    #[test]
    fn it_is_as_loud_as_one_saw_whatever_the_mix() {
        for mix in [0.0, 0.3, 0.7, 1.0] {
            let out = Rig::new("SuperSaw")
                .set("freq", 220.0)
                .set("mix", mix)
                .set("detune", 50.0)
                .render(1 << 13);
            let both = (rms(out.lane("out", 0)).powi(2) + rms(out.right("out", 0)).powi(2)) / 2.0;
            let off = 10.0 * (both * 3.0).log10();
            assert!(off.abs() < 0.3, "{mix}: {off} dB");
        }
    }

    #[test]
    fn spread_takes_the_sides_apart_and_none_is_mono() {
        let sides = |spread: f32| {
            let out = Rig::new("SuperSaw")
                .set("freq", 220.0)
                .set("spread", spread)
                .render(1 << 12);
            let (l, r) = (out.lane("out", 0), out.right("out", 0));
            let both: f64 = l.iter().zip(r).map(|(l, r)| (l * r) as f64).sum();
            both / (rms(l) * rms(r) * l.len() as f64)
        };
        assert!(
            sides(0.0) > 0.999_999 && sides(1.0) < 0.8,
            "{} {}",
            sides(0.0),
            sides(1.0)
        );
    }

    #[test]
    fn all_lane_types_agree_whatever_their_neighbours_do() {
        let freq = |lane: usize, frame: u64| {
            let glide = (lane % 2) as f32 * frame as f32 * 0.01;
            55.0 * (1 << lane.min(7)) as f32 + glide
        };
        for (isa, width) in every_lane_type() {
            let out = Rig::new("SuperSaw")
                .feed("freq", freq)
                .on(isa, width)
                .render(500);
            let seed = |lane: usize| 1u32.wrapping_add(0x9e37_79b9u32.wrapping_mul(lane as u32));
            for lane in 0..out.lanes() {
                let alone = Rig::new("SuperSaw").seed(seed(lane));
                let alone = match lane % 2 {
                    0 => alone.set("freq", freq(lane, 0)),
                    _ => alone.feed("freq", move |_, t| freq(lane, t)),
                };
                let alone = alone.render(500);
                // Before its first frame a saw stands still: an edge in the next three is placed by what came before, or not.
                let (a, b) = (&out.lane("out", lane)[64..], &alone.lane("out", 0)[64..]);
                let db = difference_db(a, b);
                assert!(db < -110.0, "{isa:?} {width:?} lane {lane}: {db}");
            }
        }
    }
}
