//! Measurements. Each prints a figure beside its limit, or beside a peer's in the same run: an absolute time says
//! little about another machine.

mod opening;
mod sample;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measurements of dialgate.
#[derive(Parser)]
#[command(name = "dialgate-bench", version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// From the confirming key to the first packet let in, and to the spoken outcome (root, iptables, ipset)
    Opening {
        /// Calls to measure
        #[arg(long, default_value_t = 200)]
        calls: u32,
    },
}

fn main() -> ExitCode {
    let What::Opening { calls } = Arguments::parse().what;
    let printed =
        opening::measure(calls).and_then(|report| std::io::stdout().write_all(report.as_bytes()));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nowhere left to complain to.
            let _ = writeln!(std::io::stderr(), "dialgate-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
