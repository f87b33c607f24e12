//! `docs/osc.md`, printed from the table.
use std::fmt::Write;

use super::addresses::{ADDRESSES, Address};
use super::{args, scan};

/// The page. A test compares it with the file.
pub fn page() -> String {
    let mut page = format!(
        "# OSC\n\n\
        Printed from the table in `src/osc/addresses.rs`; `CHRONUS_WRITE_DOCS=1 cargo test --test osc_docs` prints it again.\n\n\
        Chronus listens on UDP 127.0.0.1:5005; `--osc ADDR:PORT` binds elsewhere, port 0 picks a free one and prints it, \
        `--osc off` listens nowhere.\n\n\
        Every message is answered to its sender, in order: `/ok s(address)`, or `/error s(address) s(why)` where the text says \
        what would be right. `/ok`, `/error`, `/pong` and addresses that end in `.reply` are never answered. A command is \
        answered when it is taken; what comes of it (primed, swapped, refused) is told by `/status` and the telemetry.\n\n\
        Integers are taken for floats and the other way round, booleans for gates; NaN and infinities are refused. \
        The messages of a bundle with a time tag take effect at that moment, to the sample; a time that has passed means now.\n\n\
        A packet may nest bundles and arrays {} deep, and hold {} messages of {} arguments.\n\n\
        Bound beyond loopback, `/patch/load` reads only files of the patch folder, and `/quit` is refused.\n",
        scan::MAX_DEPTH,
        scan::MAX_MESSAGES,
        scan::MAX_ARGS,
    );
    let mut group = "";
    for entry in ADDRESSES {
        if entry.group != group {
            group = entry.group;
            let _ = write!(
                page,
                "\n## {group}\n\n| address | arguments | |\n|---|---|---|\n"
            );
        }
        let _ = writeln!(page, "{}", row(entry));
    }
    page
}

fn row(entry: &Address) -> String {
    let args: Vec<String> = entry.args.iter().map(args::described).collect();
    format!(
        "| `{}` | {} | {} |",
        entry.pattern,
        args.join(", "),
        entry.doc
    )
}
