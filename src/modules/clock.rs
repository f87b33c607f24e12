//! Clock: pulses on the shared transport, divided and multiplied. It has no state.
use crate::dsp::lanes::{Float, Lanes};

use super::{
    beat::{Grid, Strike, step_length, walk},
    module::{Build, Io, Module, OptionError},
    spec::{Family, ModuleSpec, Voicing},
    table::ports,
};

ports! {
    inputs {}
    outputs {
        OUT: "out" Gate "a pulse every step";
        X2: "x2" Gate "two a step";
        X3: "x3" Gate "three a step";
        X4: "x4" Gate "four a step";
        D2: "d2" Gate "every second step";
        D3: "d3" Gate "every third step";
        D4: "d4" Gate "every fourth step";
        D8: "d8" Gate "every eighth step";
        D16: "d16" Gate "every sixteenth step";
        BAR: "bar" Gate "at the start of a bar";
        PHASE: "phase" Cv "0..1 over a step";
    }
    params {
        GATE: "gate" Plain 0.0, 1.0, 0.5, Linear "part of its length that a pulse lasts";
        SWING: "swing" Plain -0.75, 0.75, 0.0, Linear "how late every second step is, in steps, beside the patch's swing; 0.33 is triplets";
    }
    options { RATE: "rate" Length { default: 0.25 } "length of a step"; }
}

/// Ticks and the steps that they share, in the order of the outputs.
const TICKS: [(i64, i64); 9] = [
    (1, 1),
    (2, 1),
    (3, 1),
    (4, 1),
    (1, 2),
    (1, 3),
    (1, 4),
    (1, 8),
    (1, 16),
];

pub struct Clock {
    /// Beats.
    length: f64,
}

impl Module for Clock {
    const SPEC: ModuleSpec = ModuleSpec {
        kind: "Clock",
        doc: "Pulses on the shared transport, divided and multiplied, with swing.",
        algorithm: "",
        family: Family::Notes,
        voicing: Voicing::Summed,
        inputs: INPUTS,
        outputs: OUTPUTS,
        params: PARAMS,
        options: OPTIONS,
    };
    const WORDS: usize = 0;

    fn build(build: &Build<'_>) -> Result<Self, OptionError> {
        let length = step_length(build.length(option::RATE), option::RATE)?;
        Ok(Self { length })
    }

    #[inline(always)]
    fn render<L: Lanes>(&self, _: L, io: &mut Io<'_, L>) {
        let cx = io.cx;
        let (gate, swing) = (io.ins[param::GATE], io.ins[param::SWING]);
        for (port, out) in io.outs.iter_mut().enumerate() {
            if !out.wanted {
                continue;
            }
            let mut moves = false;
            for lane in 0..L::N {
                let own = swing.head().lanes()[lane];
                let grid = Grid::new(self.length, own, cx.swing);
                moves |= walk(cx, |s| {
                    let frame = cx.frame + s.at as u64;
                    let place = match port {
                        output::BAR => {
                            let bar = s.time.beats_per_bar.max(1) as f64;
                            Grid::new(bar, 0.0, cx.swing).place(s.time, frame)
                        }
                        _ => {
                            let (up, down) = TICKS.get(port).copied().unwrap_or((1, 1));
                            grid.tick(s.time, frame, up, down)
                        }
                    };
                    if port != output::PHASE {
                        return s.write(cx, out, lane, gate, &Strike::of(&place, true));
                    }
                    let end = s.end(cx, place.end);
                    let (per, step) = (1.0 / (place.end - place.start), s.time.beats_per_frame());
                    for i in s.at..end {
                        let beat = s.time.beat_by(cx.frame + i as u64, step);
                        out.block[i].lanes_mut()[lane] = ((beat - place.start) * per) as f32;
                    }
                    (end, s.time.playing)
                });
            }
            out.constant = !moves;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        beat::tests::edges,
        harness::{RATE, Rig},
    };
    use super::*;
    use crate::dsp::transport::Transport;

    #[test]
    fn pulses_fall_on_the_frames_of_the_transport_at_odd_tempos() {
        for bpm in [61.7, 97.31, 120.0, 173.3] {
            let time = Transport::new(RATE as f64, bpm);
            let out = Rig::new("Clock")
                .transport(time)
                .set("gate", 0.4)
                .render(6_000);
            for (port, spec) in OUTPUTS.iter().enumerate().take(TICKS.len()) {
                let (up, down) = TICKS[port];
                let (rises, falls) = edges(out.lane(spec.name, 0));
                let beats = |n: usize| n as f64 * 0.25 * down as f64 / up as f64;
                // Once more with rationals: ceil(n · 60 · rate / bpm · beats), but for the rounding of a tie.
                for (n, rise) in rises.iter().enumerate() {
                    let exact = beats(n) * 60.0 * RATE as f64 / bpm;
                    let late = *rise as f64 - exact;
                    assert!(
                        (-1e-6..1.0 + 1e-6).contains(&late),
                        "{bpm} {} {n}: {late}",
                        spec.name
                    );
                }
                for (n, fall) in falls.iter().enumerate() {
                    let exact = (beats(n) + 0.4f32 as f64 * beats(1)) * 60.0 * RATE as f64 / bpm;
                    let late = *fall as f64 - exact;
                    assert!(
                        (-1e-6..1.0 + 1e-6).contains(&late),
                        "{bpm} {} {n}: {late}",
                        spec.name
                    );
                }
                assert_eq!(
                    rises.len(),
                    1 + (time.beat_at(383_999) / beats(1)) as usize,
                    "{}",
                    spec.name
                );
            }
        }
    }

    #[test]
    fn swing_moves_every_second_step_and_what_is_between() {
        let out = Rig::new("Clock").set("swing", 0.5).render(700);
        assert_eq!(edges(out.lane("out", 0)).0[..4], [0, 9_000, 12_000, 21_000]);
        assert_eq!(edges(out.lane("x2", 0)).0[..4], [0, 4_500, 9_000, 10_500]);
        assert_eq!(edges(out.lane("d2", 0)).0[..3], [0, 12_000, 24_000]);
        let patch = Rig::new("Clock").swing(0.5).render(700);
        assert_eq!(patch.lane("out", 0), out.lane("out", 0));
    }

    #[test]
    fn the_phase_rises_over_a_step() {
        let out = Rig::new("Clock").render(300);
        for (i, phase) in out.lane("phase", 0).iter().enumerate() {
            assert!((phase - (i % 6_000) as f32 / 6_000.0).abs() < 1e-6);
        }
    }
}
