//! Measurements. Each prints a figure beside its limit, or beside a peer's in the same run: an absolute time says
//! little about another machine.

mod agi;
mod opening;
mod reconciler;
mod sample;
mod spoken;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
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
    /// From the confirming key to the words that follow it, on real calls (root, the tests' Asterisk)
    Spoken {
        /// Calls to measure
        #[arg(long, default_value_t = 10)]
        calls: u8,
    },
    /// What a call costs dialgate-agi, beside a bare line echo and the servers that bench/peers/prepare made ready
    Agi {
        /// Only see whether it works
        #[arg(long)]
        quick: bool,
    },
    /// Whether the time until a login is rejected tells why: ten logins of each kind at each site
    Oracle {
        /// Sites, each of which takes a quarter of a minute
        #[arg(long, default_value_t = 6)]
        sites: u32,
        /// All sites at a time, and only what is as long as a hash fails
        #[arg(long)]
        quick: bool,
    },
    /// Changes, rebuilding, reading back, memory, and what packets cost, beside the kernel's own tools (root)
    Reconciler {
        /// Leases, instead of 1,000, 60,000 and 1,000,000
        #[arg(long)]
        leases: Option<u32>,
        /// Only see whether it works
        #[arg(long)]
        quick: bool,
    },
    /// The bare line echo
    #[command(hide = true)]
    Floor { listen: SocketAddr, commands: PathBuf },
    /// The firewall alone, filled in a process of its own
    #[command(hide = true)]
    Fill { leases: u32, ledger: PathBuf },
}

/// Under the name of dialgate-agi it is that program, to be measured in a process of its own.
fn main() -> ExitCode {
    if std::env::args_os().next().is_some_and(|name| name == "dialgate-agi") {
        return dialgate_agi::main();
    }
    let printed = match Arguments::parse().what {
        What::Opening { calls } => opening::measure(calls),
        What::Spoken { calls } => spoken::measure(calls),
        What::Agi { quick: false } => agi::measure(agi::Extent::Full),
        What::Agi { quick: true } => agi::measure(agi::Extent::Quick),
        What::Oracle { sites, quick: false } => agi::oracle(sites, agi::Doubt::OneInAHundred),
        What::Oracle { sites, quick: true } => agi::oracle(sites, agi::Doubt::OneInAMillion),
        What::Reconciler { leases, quick } => {
            reconciler::measure(&reconciler::Extent::new(leases, quick))
        }
        What::Fill { leases, ledger } => reconciler::fill(leases, &ledger),
        What::Floor { listen, commands } => agi::serve(listen, &commands).map(|()| String::new()),
    };
    match printed.and_then(|report| std::io::stdout().write_all(report.as_bytes())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nowhere left to complain to.
            let _ = writeln!(std::io::stderr(), "dialgate-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
