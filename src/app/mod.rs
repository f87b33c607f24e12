//! Builds the instrument from its parts, joins them and tears them down; and the verbs that need no sound.
pub mod bench;
pub mod check;
mod complain;
mod devices;
pub mod failure;
mod first_patch;
mod instrument;
mod linear;
mod log;
pub mod modules;
mod outside;
mod play;
mod render;
mod replay;
mod signals;
mod sound_file;
mod state;
mod tell;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{self, Cli, Verb};

/// The program: reads the command line and does what it says. Runs on the main thread.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse().and_then(cli::whole) {
        Ok(cli) => cli,
        Err(usage) => {
            let status = usage.exit_code();
            // A closed stderr can't be told anything.
            let _ = usage.print();
            return ExitCode::from(status as u8);
        }
    };
    let done = match cli.verb {
        Some(Verb::Modules(args)) => modules::run(&args),
        Some(Verb::Check(args)) => check::run(&args),
        Some(Verb::Bench(args)) => bench::run(&args),
        Some(Verb::Devices) => devices::run(),
        None => play::run(&cli.play),
        Some(Verb::Render(args)) => render::run(&args),
        Some(Verb::Replay(args)) => replay::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
