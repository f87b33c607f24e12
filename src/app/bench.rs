//! `chronus bench`: how fast the shipped bench patches render, offline, on one thread.
use std::time::Instant;

use serde::Serialize;

use crate::cli;
use crate::dsp::{BLOCK, cpu, denormals::flush_to_zero, lanes::IsaChoice, transport::Transport};
use crate::graph::{Block, Env, compile, isa_for};
use crate::patch::file::parse;

use super::failure::{Failure, print};

/// A shipped patch and what its cost is divided by.
struct BenchPatch {
    name: &'static str,
    text: &'static str,
    items: usize,
    item: &'static str,
}

const PATCHES: &[BenchPatch] = &[
    BenchPatch {
        name: "p1",
        text: include_str!("../../patches/bench/p1.ron"),
        items: 256,
        item: "sine",
    },
    BenchPatch {
        name: "p2",
        text: include_str!("../../patches/bench/p2.ron"),
        items: 64,
        item: "voice",
    },
    BenchPatch {
        name: "p3",
        text: include_str!("../../patches/bench/p3.ron"),
        items: 1,
        item: "chain",
    },
    BenchPatch {
        name: "p4",
        text: include_str!("../../patches/bench/p4.ron"),
        items: 1000,
        item: "module",
    },
];

const RATE: f32 = 48_000.0;

/// One patch's figures.
#[derive(Clone, Debug, Serialize)]
pub struct BenchRow {
    pub patch: &'static str,
    pub isa: &'static str,
    pub items: usize,
    pub item: &'static str,
    pub seconds: f64,
    /// Of this thread.
    pub cpu_seconds: f64,
    /// Seconds of sound a second of one core.
    pub realtime: f64,
    /// Nanoseconds an item and frame.
    pub ns_per_item: f64,
    /// Text to ready graph.
    pub build_us: f64,
    /// Of the left channel: shows that it was the whole patch that rendered.
    pub rms: f64,
}

/// The verb.
pub fn run(args: &cli::Bench) -> Result<(), Failure> {
    if let Some(unknown) = args
        .patches
        .iter()
        .find(|name| PATCHES.iter().all(|p| p.name != name.as_str()))
    {
        let names: Vec<&str> = PATCHES.iter().map(|p| p.name).collect();
        let names = names.join(", ");
        return Err(Failure::Input(format!(
            "PATCH {unknown}: there is no such bench patch; there are {names}"
        )));
    }
    let wanted = |name: &str| args.patches.is_empty() || args.patches.iter().any(|p| p == name);
    let rows = rows(args.isa, args.seconds, wanted).map_err(Failure::Input)?;
    if args.json {
        return print(&format!("{:#}\n", serde_json::json!(rows)));
    }
    print(&table(&rows))
}

/// Renders `seconds` of each bench patch that is wanted.
pub fn rows(
    isa: IsaChoice,
    seconds: f64,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<BenchRow>, String> {
    flush_to_zero();
    let patches = PATCHES.iter().filter(|p| wanted(p.name));
    patches.map(|patch| one(patch, isa, seconds)).collect()
}

fn one(bench: &BenchPatch, isa: IsaChoice, seconds: f64) -> Result<BenchRow, String> {
    let start = Instant::now();
    let parsed = parse(bench.text, bench.name);
    let patch = parsed.patch.as_ref().ok_or_else(|| {
        let errors: Vec<String> = parsed.errors().map(|d| d.to_string()).collect();
        errors.join("\n")
    })?;
    let isa = isa_for(patch, isa).map_err(|e| e.to_string())?;
    let env = Env {
        rate: RATE,
        isa,
        seed: 1,
        bpm: patch.bpm.unwrap_or(120.0),
    };
    let (mut graph, _) = compile(patch, &env).map_err(|e| e.to_string())?;
    let build_us = start.elapsed().as_secs_f64() * 1e6;
    let transport = Transport::new(RATE as f64, env.bpm);
    let blocks = (seconds * RATE as f64 / BLOCK as f64).ceil() as usize;
    let (mut out, mut squares) = ([[0.0; 2]; BLOCK], 0.0f64);
    let start = cpu::seconds();
    for block in 0..blocks {
        let frame = (block * BLOCK) as u64;
        graph.render(&Block::plain(frame, transport), &mut out);
        squares += out.iter().map(|f| (f[0] * f[0]) as f64).sum::<f64>();
    }
    let cpu = cpu::seconds() - start;
    let frames = (blocks * BLOCK) as f64;
    Ok(BenchRow {
        patch: bench.name,
        isa: isa.name(),
        items: bench.items,
        item: bench.item,
        seconds: frames / RATE as f64,
        cpu_seconds: cpu,
        realtime: frames / RATE as f64 / cpu,
        ns_per_item: cpu * 1e9 / (frames * bench.items as f64),
        build_us,
        rms: (squares / frames).sqrt(),
    })
}

/// The rows as a table for people.
pub fn table(rows: &[BenchRow]) -> String {
    let mut text = format!(
        "{:6} {:7} {:>10} {:>22} {:>10} {:>8}\n",
        "patch", "isa", "realtime", "ns per item-sample", "build µs", "rms"
    );
    for row in rows {
        text += &format!(
            "{:6} {:7} {:>9.0}x {:>15.3} {:6} {:>10.0} {:>8.4}\n",
            row.patch, row.isa, row.realtime, row.ns_per_item, row.item, row.build_us, row.rms
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bench_patches_sound() {
        let rows = rows(IsaChoice::Auto, 0.5, |_| true).expect("they parse and compile");
        assert_eq!(rows.len(), PATCHES.len());
        for row in rows {
            assert!(
                row.rms > 0.01 && row.rms < 1.0,
                "{}: {}",
                row.patch,
                row.rms
            );
        }
    }
}
