//! Plays a recording.
use std::sync::{Arc, OnceLock};

use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes},
    sample::{FASTEST, Sample},
};

use super::{
    level::apply_level,
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs { GATE: "gate" Gate "starts the recording where it opens"; }
    outputs { (OUT_L OUT_R): "out" Audio "the recording; both sides alike where it is mono"; }
    params {
        FREQ: "freq" ["pitch", "frequency"] Hz 1.0, 20_000.0, 261.625_58, Log "the note; a pitch cable shifts it by octaves";
        ROOT: "root" Hz 1.0, 20_000.0, 261.625_58, Log "the note that the recording has: there it plays as recorded";
        SPEED: "speed" Plain -4.0, 4.0, 1.0, Linear "multiplies the speed; below 0 it plays backwards, from the end";
        START: "start" Plain 0.0, 1.0, 0.0, Linear "where it starts, as part of its length";
        END: "end" Plain 0.0, 1.0, 1.0, Linear "where it ends";
        LOOP: "loop" ["loop_start"] Plain 0.0, 1.0, 0.0, Linear "where a loop goes back to from the end";
        FADE: "fade" Seconds 0.001, 2.0, 0.01, Log "how long a loop's end fades into its start";
        LEVEL: "level" ["gain"] Plain 0.0, 2.0, 1.0, Linear "amplitude";
    }
    options {
        FILE: "file" File("a struck bell at C4") "the recording";
        MODE: "mode" Choice(&["Once", "Hold", "Loop", "Free"]) "to the end; while the gate is open; round and round from the first gate; round and round without one";
    }
}

/// State words. Places are f64, in two words each.
const POS: usize = 0;
const TAIL_POS: usize = 2;
/// Of what plays, and of what it took over from; each frame's way.
const GAIN: usize = 4;
const TAIL: usize = 5;
const STEP: usize = 6;
const PLAYING: usize = 7;
const WAS: usize = 8;
/// How fast what fades out goes on.
const TAIL_SPEED: usize = 9;
const WORDS: usize = TAIL_SPEED + 2;

/// Seconds of a fade where a note is cut off or starts within the recording.
const SHORT: f64 = 0.003;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Once,
    Hold,
    Loop,
    Free,
}

pub struct Sampler {
    sound: Arc<Sample>,
    mode: Mode,
    rate: f32,
}

/// What plays where no file is given: partials of a bell, a second and a half.
pub fn bell() -> Arc<Sample> {
    static BELL: OnceLock<Arc<Sample>> = OnceLock::new();
    let make = || {
        const RATE: f64 = 48_000.0;
        let partials = [(0.5, 0.25, 1.6), (1.0, 0.3, 1.0), (1.183, 0.18, 0.8), (1.506, 0.15, 0.6), (2.0, 0.25, 0.5), (2.514, 0.1, 0.35), (3.011, 0.08, 0.25)];
        let frames = 72_000;
        let at = |i: usize| {
            let t = i as f64 / RATE;
            let sum: f64 = partials
                .iter()
                .map(|(ratio, level, decay)| level * (-3.0 * t / decay).exp() * (std::f64::consts::TAU * 261.625_565 * ratio * t).sin())
                .sum();
            let ends = ((frames - i) as f64 / 2_400.0).min(1.0);
            (sum * ends * 0.8) as f32
        };
        Arc::new(Sample::new(vec![(0..frames).map(at).collect()], RATE as f32))
    };
    BELL.get_or_init(make).clone()
}

impl Module for Sampler {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Sampler",
        doc: "Plays a sound file at any pitch, forwards or backwards, once or in a loop.",
        algorithm: "windowed sinc over 48 frames, widened above the recorded pitch: aliasing and images below -100 dBFS",
        family: Family::Source,
        voicing: Voicing::PerVoice,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = WORDS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        Ok(Self {
            sound: build.sound(option::FILE)?.unwrap_or_else(bell),
            mode: match build.choice(option::MODE) {
                0 => Mode::Once,
                1 => Mode::Hold,
                2 => Mode::Loop,
                _ => Mode::Free,
            },
            rate: build.rate,
        })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let mut sounds = false;
        for lane in 0..L::N {
            sounds |= self.lane(io, lane);
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

/// One lane while a block is rendered.
struct Head {
    pos: f64,
    tail_pos: f64,
    tail_speed: f64,
    gain: f64,
    tail: f64,
    step: f64,
    playing: bool,
}

impl Head {
    /// Goes on elsewhere: what played so far fades out over so many frames, the new place fades in or is there at once.
    fn jump(&mut self, to: f64, speed: f64, frames: f64, at_once: bool) {
        // Of two that fade out already the louder one stays.
        if self.playing && self.gain >= self.tail {
            (self.tail_pos, self.tail_speed, self.tail) = (self.pos, speed, self.gain);
        }
        self.pos = to;
        self.step = 1.0 / frames.max(1.0);
        self.gain = if at_once { 1.0 } else { 0.0 };
        self.playing = true;
    }
}

impl Sampler {
    /// Renders one lane; says whether it sounds. Runs lane by lane: each reads another place.
    #[inline(always)]
    fn lane<L: Lanes>(&self, io: &mut Io<'_, L>, lane: usize) -> bool {
        let mut head = Head {
            pos: double(io.state, POS, lane),
            tail_pos: double(io.state, TAIL_POS, lane),
            tail_speed: double(io.state, TAIL_SPEED, lane),
            gain: io.state[GAIN].lanes()[lane] as f64,
            tail: io.state[TAIL].lanes()[lane] as f64,
            step: io.state[STEP].lanes()[lane] as f64,
            playing: io.state[PLAYING].lanes()[lane] >= 0.5,
        };
        let mut was = io.state[WAS].lanes()[lane] >= 0.5;
        let gate = io.ins[input::GATE];
        let rests = !head.playing && head.tail <= 0.0 && self.mode != Mode::Free;
        if rests && gate.is_constant() && (gate.head().lanes()[lane] >= 0.5) == was {
            for i in 0..BLOCK {
                put(io, i, lane, [0.0; 2]);
            }
            return false;
        }
        let length = self.sound.frames() as f64;
        let as_recorded = self.sound.rate() as f64 / self.rate as f64;
        let short = SHORT * self.rate as f64;
        for i in 0..BLOCK {
            let of = |slot: usize| io.ins[slot].at(i).lanes()[lane] as f64;
            let speed = of(param::FREQ) / of(param::ROOT) * of(param::SPEED) * as_recorded;
            let speed = speed.clamp(-FASTEST, FASTEST);
            let (start, end) = (of(param::START) * length, of(param::END) * length);
            let (first, last) = if speed < 0.0 { (end, start) } else { (start, end) };

            let open = gate.at(i).lanes()[lane] >= 0.5;
            let free = self.mode == Mode::Free && !head.playing;
            if (open && !was) || free {
                // A recording's own beginning needs no fade.
                let whole = start == 0.0 && speed >= 0.0;
                head.jump(first, speed, short, whole && !free);
            }
            if was && !open && self.mode == Mode::Hold && head.playing {
                head.jump(head.pos, speed, short, false);
                head.playing = false;
            }
            was = open;

            let over = if speed < 0.0 { head.pos <= last } else { head.pos >= last };
            if head.playing && over && end > start {
                match self.mode {
                    Mode::Once | Mode::Hold => head.playing = false,
                    Mode::Loop | Mode::Free => {
                        let back = of(param::LOOP) * length;
                        let to = if speed < 0.0 { end } else { back.min(end) };
                        // A loop that is shorter than its fade fades over its own length.
                        let round = ((last - to).abs() / speed.abs().max(1e-6)).max(2.0);
                        let fade = (of(param::FADE) * self.rate as f64).min(round);
                        head.jump(to, speed, fade, false);
                    }
                }
            } else if over {
                head.playing = false;
            }

            let mut frame = [0.0f32; 2];
            if head.playing {
                let to_end = (last - head.pos).abs() / speed.abs().max(1e-9);
                let ends = match self.mode {
                    Mode::Once | Mode::Hold => (to_end / short).min(1.0),
                    _ => 1.0,
                };
                let gain = (smooth(head.gain) * ends) as f32;
                let x = self.sound.read(head.pos, speed);
                frame = [x[0] * gain, x[1] * gain];
                head.pos += speed;
                head.gain = (head.gain + head.step).min(1.0);
            }
            if head.tail > 0.0 {
                let gain = smooth(head.tail) as f32;
                let x = self.sound.read(head.tail_pos, head.tail_speed);
                frame = [frame[0] + x[0] * gain, frame[1] + x[1] * gain];
                head.tail_pos += head.tail_speed;
                head.tail = (head.tail - head.step).max(0.0);
            }
            put(io, i, lane, frame);
        }
        set_double(io.state, POS, lane, head.pos);
        set_double(io.state, TAIL_POS, lane, head.tail_pos);
        set_double(io.state, TAIL_SPEED, lane, head.tail_speed);
        for (word, value) in [
            (GAIN, head.gain as f32),
            (TAIL, head.tail as f32),
            (STEP, head.step as f32),
            (PLAYING, head.playing as u32 as f32),
            (WAS, was as u32 as f32),
        ] {
            io.state[word].lanes_mut()[lane] = value;
        }
        true
    }
}

/// From 0 to 1 without corners.
#[inline(always)]
fn smooth(x: f64) -> f64 {
    x * x * (3.0 - 2.0 * x)
}

#[inline(always)]
fn put<L: Lanes>(io: &mut Io<'_, L>, i: usize, lane: usize, frame: [f32; 2]) {
    io.outs[output::OUT_L].block[i].lanes_mut()[lane] = frame[0];
    io.outs[output::OUT_R].block[i].lanes_mut()[lane] = frame[1];
}

/// A lane's f64 in two state words.
#[inline(always)]
pub fn double<F: Float>(state: &[F], word: usize, lane: usize) -> f64 {
    let half = |w: usize| state[w].lanes()[lane].to_bits() as u64;
    f64::from_bits(half(word) << 32 | half(word + 1))
}

#[inline(always)]
pub fn set_double<F: Float>(state: &mut [F], word: usize, lane: usize, value: f64) {
    let bits = value.to_bits();
    state[word].lanes_mut()[lane] = f32::from_bits((bits >> 32) as u32);
    state[word + 1].lanes_mut()[lane] = f32::from_bits(bits as u32);
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;
    use std::path::Path;

    use crate::modules::{
        audio_file::tests::wav,
        harness::{RATE, Rig, difference_db, every_lane_type},
        measure::{Spectrum, cents, pitch},
        spec::OptionValue,
    };

    fn rig(path: &Path) -> Rig {
        let file = OptionValue::File {
            written: String::new(),
            path: path.to_owned(),
        };
        Rig::new("Sampler").option("file", file).set("gate", 1.0)
    }

    /// A file of a sine at 48 kHz.
    fn tone(folder: &Path, hz: f64, frames: usize) -> std::path::PathBuf {
        let at = |i: usize| (0.5 * (TAU * hz * i as f64 / 48_000.0).sin()) as f32;
        let frames: Vec<[f32; 2]> = (0..frames).map(|i| [at(i); 2]).collect();
        wav(folder, &format!("{hz}.wav"), 48_000, &frames)
    }

    #[test]
    fn an_octave_up_and_down_neither_aliases_nor_leaves_images() {
        let folder = tempfile::tempdir().unwrap();
        let mut worst = -300.0f64;
        for hz in [55.3, 440.7, 1_999.0, 5_003.0, 9_001.0, 11_503.0, 13_007.0, 15_013.0, 17_011.0, 18_503.0, 19_997.0] {
            let path = tone(folder.path(), hz, 90_000);
            for ratio in [0.5f32, 0.594_6, 0.840_9, 1.0, 1.189_2, 1.498_3, 2.0] {
                let out = rig(&path).set("freq", 261.625_58 * ratio).render(620);
                let x = &out.lane("out", 0)[512..512 + 32_768];
                let (s, to) = (Spectrum::new(x, RATE), hz * ratio as f64);
                // Everything but the note itself, up to where anybody hears.
                let below = s.loudest_db(20.0, (to - 60.0).min(20_000.0));
                let above = s.loudest_db(to + 60.0, 20_000.0);
                worst = worst.max(below.max(above));
                assert!(below.max(above) < -100.0, "{hz} x {ratio}: {below} {above}");
                if to < 19_000.0 {
                    let level = s.amplitude_db(to) + 6.02;
                    assert!(level.abs() < if hz > 18_000.0 { 3.0 } else { 0.1 }, "{hz} x {ratio}: {level}");
                    assert!(cents(pitch(x, to, RATE), to).abs() < 0.01);
                }
            }
        }
    }

    #[test]
    fn at_its_own_pitch_and_rate_it_is_the_file_backwards_too() {
        let folder = tempfile::tempdir().unwrap();
        let frames: Vec<[f32; 2]> = (0..3_000).map(|i| [(i as f32 * 0.01).sin(), (i as f32 * 0.013).cos()]).collect();
        let path = wav(folder.path(), "a.wav", 48_000, &frames);
        let out = rig(&path).render(60);
        for (i, frame) in frames[..2_800].iter().enumerate() {
            assert!((out.lane("out", 0)[i] - frame[0]).abs() < 1e-6);
            assert!((out.right("out", 0)[i] - frame[1]).abs() < 1e-6);
        }
        assert!(out.lane("out", 0)[3_000..].iter().all(|x| x.abs() < 1e-6));
        let back = rig(&path).set("speed", -1.0).render(60);
        for i in 300..2_800 {
            assert!((back.lane("out", 0)[i] - frames[3_000 - i][0]).abs() < 1e-5, "{i}");
        }
    }

    #[test]
    fn loops_and_new_starts_do_not_click() {
        let folder = tempfile::tempdir().unwrap();
        let path = tone(folder.path(), 300.0, 30_000);
        let bend = |x: &[f32]| x.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max);
        // The tone's own bend is (2 pi 300 / 48,000)² / 2.
        let own = 0.5 * (std::f32::consts::TAU * 300.0 / 48_000.0).powi(2);
        let out = rig(&path)
            .option("mode", OptionValue::Choice(2))
            .set("start", 0.013)
            .set("loop", 0.21)
            .set("end", 0.77)
            .set("fade", 0.01)
            .feed("gate", |_, f| (f % 20_011 < 19_000) as u32 as f32)
            .render(2_000);
        let x = out.lane("out", 0);
        assert!(bend(&x[1_000..]) < 2.0 * own, "{} {own}", bend(&x[1_000..]));
        assert!(crate::modules::measure::rms(&x[60_000..]) > 0.2);
        let held = rig(&path).option("mode", OptionValue::Choice(1)).steps("gate", |_, b| (b < 100) as u32 as f32);
        let held = held.render(200);
        assert!(bend(&held.lane("out", 0)[300..]) < 2.0 * own);
        assert!(held.constant[199]);
    }

    #[test]
    fn voices_play_as_they_do_alone() {
        for (isa, width) in every_lane_type() {
            let all = Rig::new("Sampler")
                .per_lane("freq", |lane| 150.0 + 70.0 * lane as f32)
                .feed("gate", |lane, f| (f > 100 * lane as u64) as u32 as f32)
                .on(isa, width)
                .render(100);
            for lane in 0..all.lanes() {
                let alone = Rig::new("Sampler").set("freq", 150.0 + 70.0 * lane as f32);
                let alone = alone.feed("gate", move |_, f| (f > 100 * lane as u64) as u32 as f32).render(100);
                let off = difference_db(all.lane("out", lane), alone.lane("out", 0));
                assert!(off < -120.0, "{isa:?} {width:?} {lane}: {off}");
            }
        }
    }
}
