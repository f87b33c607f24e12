//! What every parameter of every module has to hold while it is swept from end to end at audio speed: where a block begins leaves no
//! trace in the sound. A module that held a parameter for a block, or for part of one, would step there.
//!
//! The smoothed reference is the module itself, about half a block later: everything that goes in is delayed by as much, and what
//! comes out may differ from it, delayed by as much, by no step above -66 dBFS. Modules whose sound runs by itself (oscillators, noise,
//! clocks) are never the same later; of those the curve at the ends of blocks is held against the curve elsewhere.
use std::f64::consts::TAU;

use crate::dsp::BLOCK;

use super::{
    REGISTRY,
    harness::{RATE, Rendered, Rig, Width, difference_db},
    module::VoiceChange,
    spec::{ModuleSpec, ParamSpec, Scale, Signal, Voicing, kernel_value},
};

/// The largest step that is inaudible at 100 dB SPL full scale.
const FLOOR_DB: f64 = -66.0;
/// Sweeps a second, end to end and back. A knob can't be turned faster than the second: the graph gives it 5 ms. The third is a cable's.
const SWEEPS: [f64; 3] = [31.0, 64.0, 211.0];
const BLOCKS: usize = 80;
/// Frames that the reference is later: about half a block, and odd, so that the parts of a block which a module may work in don't
/// meet either.
const LATER: u64 = BLOCK as u64 / 2 - 3;
/// Frames before anything begins.
const BEFORE: u64 = 64;
/// How much more than elsewhere a curve may bend at the ends of blocks, in modules that run by themselves.
const MORE: f32 = 4.0;

/// Parameters that are read where something happens and not in between, or that count whole things: they step by their nature.
const SWITCHES: &[(&str, &str, &str)] = &[
    (
        "*",
        "swing",
        "moves where the next steps of a sequence lie: there is nothing to hear between them",
    ),
    (
        "Random",
        "chance",
        "whether a step has a new value: all or nothing",
    ),
    (
        "Random",
        "glide",
        "how long the way to a step's value takes: read where the way is looked at, once a block",
    ),
    ("Random", "center", "what the next step's value is"),
];

/// From one end to the other and back, along the knob's scale; held at a part of the way where `sweeps` is that part, negative.
fn swept(p: &ParamSpec, sweeps: f64, t: f64) -> f32 {
    let part = match sweeps > 0.0 {
        true => 0.5 - 0.5 * (TAU * sweeps * t / RATE as f64).cos(),
        false => -sweeps,
    };
    let (low, high) = (p.min as f64, p.max as f64);
    let value = match p.scale {
        Scale::Log => low * (high / low).powf(part),
        Scale::Linear => low + (high - low) * part,
    };
    kernel_value(p, value as f32)
}

/// The module with tones at its inputs and a note held, `later` frames late; `sweep` sweeps one parameter.
fn rig(spec: &'static ModuleSpec, later: u64, sweep: Option<(&'static ParamSpec, f64)>) -> Rig {
    let mut rig = Rig::new(spec.kind);
    let from = BEFORE + later;
    for (n, port) in spec.inputs.iter().enumerate() {
        let signal = port.signal;
        let value = move |_: usize, f: u64| {
            let Some(t) = f.checked_sub(from) else {
                return 0.0;
            };
            let tone = (TAU * (110.0 + 63.0 * n as f64) * t as f64 / RATE as f64).sin() as f32;
            match signal {
                Signal::Gate => 1.0,
                Signal::Pitch => 0.0,
                Signal::Audio | Signal::Cv => 0.25 * tone,
            }
        };
        let sides = [port.name.to_owned(), format!("{}.R", port.name)];
        for slot in sides.into_iter().take(port.width.slots()) {
            rig = rig.feed(&slot, value);
        }
    }
    if spec.voicing == Voicing::NoteSource {
        let on = VoiceChange::On {
            pitch: 0.25,
            velocity: 0.8,
            legato: false,
        };
        rig = rig.note(from, 0, on);
    }
    if let Some((p, sweeps)) = sweep {
        rig = rig.feed(p.name, move |_, f| {
            swept(p, sweeps, f.saturating_sub(from) as f64)
        });
    }
    rig
}

fn outputs(spec: &'static ModuleSpec) -> impl Iterator<Item = usize> {
    let ports = spec.outputs.iter().enumerate();
    ports
        .filter(|(_, port)| port.signal != Signal::Gate)
        .flat_map(|(n, port)| spec.output_slot(n)..spec.output_slot(n) + port.width.slots())
}

/// How far a render is from one that is `LATER`, in dB of full scale.
fn trace_db(spec: &'static ModuleSpec, now: &Rendered, later: &Rendered) -> f64 {
    let late = LATER as usize;
    outputs(spec)
        .map(|slot| {
            let (a, b) = (&now.slots[slot][0], &later.slots[slot][0]);
            difference_db(&a[..a.len() - late], &b[late..])
        })
        .fold(f64::MIN, f64::max)
}

/// The largest step of a render against one that is `LATER`, in dB of full scale, by the third difference: a step of 1 makes 2 of it.
fn step_db(spec: &'static ModuleSpec, now: &Rendered, later: &Rendered) -> f64 {
    let late = LATER as usize;
    let worst = outputs(spec).map(|slot| {
        let (a, b) = (&now.slots[slot][0], &later.slots[slot][0]);
        let off: Vec<f64> = a
            .iter()
            .zip(&b[late..])
            .map(|(a, b)| *a as f64 - *b as f64)
            .collect();
        let bends = off
            .windows(4)
            .map(|w| (w[3] - 3.0 * w[2] + 3.0 * w[1] - w[0]).abs() * 0.5);
        bends.fold(0.0, f64::max)
    });
    20.0 * worst.fold(0.0, f64::max).max(1e-20).log10()
}

/// The largest third difference at the ends of blocks, and elsewhere: a step of 1 makes 2 of it.
fn bends(spec: &'static ModuleSpec, out: &Rendered) -> (f32, f32) {
    let (mut ends, mut elsewhere) = (0.0f32, 0.0f32);
    for slot in outputs(spec) {
        for (i, w) in out.slots[slot][0].windows(4).enumerate().skip(4 * BLOCK) {
            let bend = (w[3] - 3.0 * w[2] + 3.0 * w[1] - w[0]).abs() * 0.5;
            // A step from frame i + k to i + k + 1 is seen in windows that hold both.
            match (i + 3) % BLOCK {
                0..=2 => ends = ends.max(bend),
                _ => elsewhere = elsewhere.max(bend),
            }
        }
    }
    (ends, elsewhere)
}

fn is_switch(spec: &ModuleSpec, p: &ParamSpec) -> bool {
    SWITCHES.iter().any(|(kind, name, why)| {
        (*kind == "*" || *kind == spec.kind) && *name == p.name && !why.is_empty()
    })
}

#[test]
#[allow(clippy::disallowed_macros)]
fn no_parameter_steps_at_audio_speed() {
    let (mut by_itself, mut compared, mut faults) = (Vec::new(), 0, Vec::new());
    let mut worst = (f64::MIN, String::new());
    for spec in REGISTRY.iter().copied().filter(|s| s.kind != "Fault") {
        let render = |rig: Rig| rig.render_on(rig.isa, Width::One, BLOCKS);
        for p in spec.params.iter().filter(|p| !is_switch(spec, p)) {
            // What runs by itself shows at the defaults, or where the parameter is held at some place.
            let held = [None, Some((p, -1.0)), Some((p, -0.5)), Some((p, -0.0))];
            let invariant = held.into_iter().all(|held| {
                let [now, later] = [0, LATER].map(|later| render(rig(spec, later, held)));
                trace_db(spec, &now, &later) < -80.0
            });
            if !invariant {
                by_itself.push(format!("{}.{}", spec.kind, p.name));
            }
            for sweeps in SWEEPS {
                let [now, later] =
                    [0, LATER].map(|later| render(rig(spec, later, Some((p, sweeps)))));
                let finite = now.slots.iter().flatten().flatten().all(|x| x.is_finite());
                if !finite {
                    faults.push(format!(
                        "{}.{} at {sweeps} a second: not finite",
                        spec.kind, p.name
                    ));
                }
                if invariant {
                    compared += 1;
                    let db = step_db(spec, &now, &later);
                    if db > worst.0 {
                        worst = (db, format!("{}.{} at {sweeps}", spec.kind, p.name));
                    }
                    if db > FLOOR_DB {
                        faults.push(format!(
                            "{}.{} at {sweeps} a second: {db:.1} dBFS",
                            spec.kind, p.name
                        ));
                    }
                    continue;
                }
                let (ends, elsewhere) = bends(spec, &now);
                let floor = 10f32.powf(FLOOR_DB as f32 / 20.0);
                if ends > floor.max(MORE * elsewhere) {
                    faults.push(format!("{}.{} at {sweeps} a second: bends {ends:.5} at the ends of blocks, {elsewhere:.5} elsewhere", spec.kind, p.name));
                }
            }
        }
    }
    println!("worst {:.1} dBFS: {}", worst.0, worst.1);
    println!(
        "{compared} sweeps against the reference; by themselves run {}",
        by_itself.join(", ")
    );
    assert!(compared > 100);
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        faults.join("\n")
    );
}
