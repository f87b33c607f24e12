//! Arpeggiator: one after the other, the notes that are held, on the shared transport.
use crate::dsp::{
    BLOCK,
    lanes::{Float, Lanes},
    note::read_note,
};

use super::{
    beat::{Grid, Stretch, Strike, step_length, walk},
    hand::{HELD, Hand, SEED, WORDS},
    module::{
        BlockCx, Build, Io, LaneInit, Module, NoteMode, OptionError,
    },
    notation::hash,
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
    tuner::Tuner,
};

ports! {
    inputs {}
    outputs {
        PITCH: "pitch" Pitch "the note; it stays through rests";
        GATE: "gate" Gate "open while the note lasts";
        VELOCITY: "velocity" Cv "how hard the note was struck that is played";
        FIRST: "first" Gate "opens with the first note of a round";
    }
    params {
        OCTAVES: "octaves" Plain 1.0, 6.0, 1.0, Linear "octaves that a round climbs through; rounded";
        GATE: "gate" Plain 0.0, 1.0, 0.6, Linear "part of a step that a note lasts";
        CHANCE: "chance" Plain 0.0, 1.0, 1.0, Linear "chance of each note";
        SWING: "swing" Plain -0.75, 0.75, 0.0, Linear "how late every second step is, in steps, beside the patch's swing";
        TRANSPOSE: "transpose" Semitones -48.0, 48.0, 0.0, Linear "moves every note";
    }
    options {
        RATE: "rate" Length { default: 0.25 } "length of a step";
        ORDER: "order" Choice(&["Up", "Down", "UpDown", "Played", "Random", "Walk"]) "the way through the held notes; Walk goes a step up or down by chance";
        NOTES: "notes" Text("") "played while no key is held: \"C3 Eb3 G3 Bb3\"; empty: silence";
        LATCH: "latch" Choice(&["Off", "On"]) "On goes on with the notes of the last chord when all keys are up";
    }
}

pub struct Arp {
    /// Beats.
    length: f64,
    order: Order,
    latch: bool,
    /// Ascending in the order written.
    notes: Vec<f32>,
    tuner: Tuner,
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    Up,
    Down,
    UpDown,
    Played,
    Random,
    Walk,
}

impl Module for Arp {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Arp",
        doc: "Arpeggiator: the held notes one after the other, on the shared transport.",
        algorithm: "",
        family: Family::Notes,
        voicing: Voicing::NoteSource,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = WORDS;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        use Order::*;
        let orders = [Up, Down, UpDown, Played, Random, Walk];
        Ok(Self {
            length: step_length(build.length(option::RATE), option::RATE)?,
            order: orders[build.choice(option::ORDER).min(orders.len() - 1)],
            latch: build.choice(option::LATCH) == 1,
            notes: read_notes(build.text(option::NOTES))?,
            tuner: build.tuner(),
        })
    }

    fn voices(&self, _: usize) -> usize {
        1
    }

    fn notes(&self) -> NoteMode {
        NoteMode::Held(HELD)
    }

    fn init(&self, lane: LaneInit, words: &mut [f32]) {
        words[SEED] = f32::from_bits(lane.module_seed);
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, l: L, io: &mut Io<'_, L>) {
        let cx = io.cx;
        let transpose = io.ins[param::TRANSPOSE];
        let mut moves = !cx.notes.is_empty();
        for lane in 0..L::N {
            let mut hand = Hand::load(io.state, lane);
            let mut events = cx.notes;
            moves |= walk(cx, |mut s| {
                while let [event, rest @ ..] = events {
                    if event.offset > s.at {
                        s.to = s.to.min(event.offset);
                        break;
                    }
                    hand.take(event, self.latch);
                    events = rest;
                }
                self.stretch(io, lane, &mut hand, s, cx)
            });
            hand.store(io.state, lane);
        }
        let octave = l.f(1.0 / 12.0);
        let constant = !moves && transpose.is_constant();
        let pitch = &mut io.outs[output::PITCH];
        for (i, p) in pitch.block.iter_mut().enumerate() {
            *p = transpose.at(i).fma(octave, *p);
        }
        for out in io.outs.iter_mut() {
            out.constant = constant;
        }
    }
}

impl Arp {
    /// Writes the frames of one step in which no key moves.
    #[inline(always)]
    fn stretch<L: Lanes>(
        &self,
        io: &mut Io<'_, L>,
        lane: usize,
        hand: &mut Hand,
        s: Stretch<'_>,
        cx: &BlockCx<'_>,
    ) -> (usize, bool) {
        let of = |param: usize| io.ins[param].at(s.at).lanes()[lane];
        let swing = io.ins[param::SWING].head().lanes()[lane];
        let grid = Grid::new(self.length, swing, cx.swing);
        let place = grid.place(s.time, cx.frame + s.at as u64);
        let luck = (hash(hand.seed ^ 0x51ed_270b, place.number) >> 8) as f32 / (1u32 << 24) as f32;
        let octaves = (of(param::OCTAVES).round() as usize).clamp(1, 6);
        let note = self.note(hand, place.number, octaves);
        if let Some(note) = note {
            hand.last = self.tuner.pitch(note.pitch);
        }
        let strike = Strike::of(&place, note.is_some() && luck < of(param::CHANCE));
        let gate = io.ins[param::GATE];
        let (end, moved) = s.write(cx, &mut io.outs[output::GATE], lane, gate, &strike);
        let first = Strike::of(&place, note.is_some_and(|n| n.first));
        let (_, begins) = s.write(cx, &mut io.outs[output::FIRST], lane, gate, &first);
        s.hold(&mut io.outs[output::PITCH], lane, end, hand.last);
        let velocity = note.map_or(0.0, |n| n.velocity);
        s.hold(&mut io.outs[output::VELOCITY], lane, end, velocity);
        (end, moved || begins)
    }

    /// What is played in a step; none where nothing is held.
    #[inline(always)]
    fn note(&self, hand: &Hand, step: i64, octaves: usize) -> Option<Played> {
        let mut notes = [(0.0f32, 0.0f32); HELD];
        let mut count = hand.sorted(&mut notes, self.order == Order::Played);
        if count == 0 {
            count = self.notes.len().min(HELD);
            for (note, pitch) in notes.iter_mut().zip(&self.notes) {
                *note = (*pitch, 0.75);
            }
            if self.order != Order::Played {
                notes[..count].sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
        let all = (count * octaves) as i64;
        if all == 0 {
            return None;
        }
        let (index, first) = match self.order {
            Order::Up | Order::Played => (step.rem_euclid(all), step.rem_euclid(all) == 0),
            Order::Down => (all - 1 - step.rem_euclid(all), step.rem_euclid(all) == 0),
            Order::UpDown => {
                let round = (2 * all - 2).max(1);
                let there = step.rem_euclid(round);
                (there.min(round - there).min(all - 1), there == 0)
            }
            Order::Random => (hash(hand.seed, step) as i64 % all, false),
            // A walk of one step each way, mirrored at its ends: where it is belongs to the step, so that a swap changes nothing.
            Order::Walk => (walked(hand.seed, step, all), false),
        };
        let (pitch, velocity) = notes[(index as usize % count) & (HELD - 1)];
        Some(Played {
            pitch: pitch + (index as usize / count) as f32,
            velocity,
            first,
        })
    }
}

#[derive(Clone, Copy)]
struct Played {
    pitch: f32,
    velocity: f32,
    first: bool,
}

/// Steps of a walk until it begins again at a place of its own.
const WALK: i64 = 64;

#[inline]
fn walked(seed: u32, step: i64, all: i64) -> i64 {
    let begin = step - step.rem_euclid(WALK);
    let mut at = hash(seed, begin) as i64 % all;
    for n in begin + 1..=step {
        at += if hash(seed, n) & 256 == 0 { 1 } else { -1 };
    }
    let round = (2 * all - 2).max(1);
    let there = at.rem_euclid(round);
    there.min(round - there).min(all - 1)
}

fn read_notes(text: &str) -> Result<Vec<f32>, OptionError> {
    let mut notes = Vec::new();
    let (mut octave, mut at) = (3, 0);
    for word in text.split(char::is_whitespace) {
        if !word.is_empty() {
            let wrong = |why| OptionError {
                option: option::NOTES,
                at,
                why,
            };
            let note = read_note(word).filter(|(_, rest)| rest.is_empty());
            let (note, _) = note.ok_or_else(|| {
                wrong(format!(
                    "`{word}` is no note; try notes such as \"C3 Eb3 G3\""
                ))
            })?;
            if notes.len() == HELD {
                return Err(wrong(format!("at most {HELD} notes")));
            }
            octave = note.octave.unwrap_or(octave);
            notes.push(note.pitch(octave));
        }
        at += word.chars().count() + 1;
    }
    Ok(notes)
}

// A block's stretches end at its notes, and notes are inside it.
const _: () = assert!(BLOCK <= 64);

#[cfg(test)]
mod tests {
    use super::super::{
        beat::tests::edges,
        harness::{RATE, Rig},
        spec::OptionValue,
    };
    use super::super::module::VoiceChange;
    use super::*;
    use crate::dsp::transport::Transport;

    fn on(pitch: f32) -> VoiceChange {
        VoiceChange::On {
            pitch: pitch / 12.0,
            velocity: 0.5,
            legato: false,
        }
    }

    /// C, G and E, struck in this order.
    fn arp(order: usize) -> Rig {
        Rig::new("Arp")
            .option("order", OptionValue::Choice(order))
            .note(0, 0, on(0.0))
            .note(0, 1, on(7.0))
            .note(0, 2, on(4.0))
    }

    /// Semitones of the first steps of 6,000 frames.
    fn steps(rig: &Rig, count: usize) -> Vec<i32> {
        let out = rig.render(count * 6_000 / 64 + 2);
        let pitch = out.lane("pitch", 0);
        let at = |n: usize| (pitch[n * 6_000 + 100] * 12.0).round() as i32;
        (0..count).map(at).collect()
    }

    #[test]
    fn orders_go_their_way_through_notes_and_octaves() {
        for (order, octaves, want) in [
            (0, 1.0, [0, 4, 7, 0, 4, 7, 0, 4]),
            (0, 2.0, [0, 4, 7, 12, 16, 19, 0, 4]),
            (1, 1.0, [7, 4, 0, 7, 4, 0, 7, 4]),
            (2, 1.0, [0, 4, 7, 4, 0, 4, 7, 4]),
            (3, 1.0, [0, 7, 4, 0, 7, 4, 0, 7]),
        ] {
            assert_eq!(steps(&arp(order).set("octaves", octaves), 8), want);
        }
        let walk = steps(&arp(5).set("octaves", 2.0), 60);
        let scale = [0, 4, 7, 12, 16, 19];
        let place = |n: &i32| scale.iter().position(|s| s == n).expect("held");
        let places: Vec<usize> = walk.iter().map(place).collect();
        assert!(
            places.windows(2).all(|w| w[0].abs_diff(w[1]) == 1),
            "{places:?}"
        );
    }

    #[test]
    fn notes_fall_on_the_frames_of_the_transport() {
        for bpm in [71.3, 120.0, 166.6] {
            let time = Transport::new(RATE as f64, bpm);
            let out = arp(0).transport(time).render(3_000);
            let (up, _) = edges(out.lane("gate", 0));
            let frames = (0..).map_while(|n| time.frame_of(n as f64 * 0.25, 0));
            assert_eq!(up, frames.take(up.len()).collect::<Vec<_>>(), "{bpm}");
            let (first, _) = edges(out.lane("first", 0));
            assert!(first.iter().zip(up.iter().step_by(3)).all(|(a, b)| a == b));
        }
    }

    #[test]
    fn a_key_counts_from_its_frame_and_its_end_is_silence_but_for_latch() {
        for (latch, open) in [(0, false), (1, true)] {
            let out = Rig::new("Arp")
                .option("latch", OptionValue::Choice(latch))
                .note(1_017, 0, on(0.0))
                .note(20_011, 0, VoiceChange::Off)
                .render(600);
            let gate = out.lane("gate", 0);
            assert!(gate[1_016] == 0.0 && gate[1_017] == 1.0);
            assert!(gate[20_010] == 1.0 && (gate[20_011] == 1.0) == open);
            assert_eq!(gate[20_012..].iter().any(|g| *g > 0.5), open);
        }
    }

    #[test]
    fn without_keys_it_plays_its_own_notes() {
        let text = OptionValue::Text("C4 G4 E4".to_owned());
        let rig = || Rig::new("Arp").option("notes", text.clone());
        assert_eq!(steps(&rig(), 4), [0, 4, 7, 0]);
        assert_eq!(steps(&rig().note(0, 0, on(2.0)), 3), [2, 2, 2]);
        for (text, at) in [("C3 H", 3), ("C3  Ex3", 4)] {
            let options = [
                OptionValue::Length(0.25),
                OptionValue::Choice(0),
                OptionValue::Text(text.to_owned()),
                OptionValue::Choice(0),
            ];
            let build = Build {
                rate: RATE,
                options: &options,
                tuning: None,
                check: false,
            };
            assert_eq!(Arp::build(&build).err().map(|e| e.at), Some(at));
        }
    }
}
