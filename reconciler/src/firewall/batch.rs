//! What the tools are given.

use std::fmt::{self, Write as _};

use dialgate_contract::config::ChainName;

use super::actual::{creation, ipset_network};
use super::{Cut, Family, Jump, Rule, Step};

/// A program that changes sets or chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `ipset -exist restore`
    Ipset,
    /// `iptables-restore` or `ip6tables-restore` with `--noflush`
    Iptables(Family),
}

/// Steps that go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batch {
    /// What one run of a tool is given.
    Script {
        /// The tool.
        tool: Tool,
        /// Its input.
        script: String,
    },
    /// Flows to end, among those that the kernel tells of then.
    Cut(Vec<Cut>),
}

impl Batch {
    /// A batch of one step.
    pub(super) fn of(step: &Step) -> Self {
        match command(step) {
            Command::Script(tool, line) => Self::Script { tool, script: line.to_string() },
            Command::Cut(cut) => Self::Cut(vec![cut.clone()]),
        }
    }

    /// Takes a step in, unless it is carried out by something else.
    pub(super) fn add(&mut self, step: &Step) -> bool {
        match (self, command(step)) {
            (Self::Script { tool, script }, Command::Script(other, line)) if *tool == other => {
                // Writing to a text cannot fail.
                let _ = write!(script, "{line}");
                true
            }
            (Self::Cut(cuts), Command::Cut(cut)) => {
                cuts.push(cut.clone());
                true
            }
            (Self::Script { .. } | Self::Cut(_), _) => false,
        }
    }
}

enum Command<'a> {
    Script(Tool, Line<'a>),
    Cut(&'a Cut),
}

/// What a tool is told by one step: a line, or a transaction.
struct Line<'a>(&'a Step);

fn command(step: &Step) -> Command<'_> {
    let tool = match step {
        Step::Cut(cut) => return Command::Cut(cut),
        Step::Narrow { family, .. }
        | Step::Rebuild { family, .. }
        | Step::Retire { family, .. } => Tool::Iptables(*family),
        Step::Close { .. }
        | Step::Shorten { .. }
        | Step::Open { .. }
        | Step::Empty { .. }
        | Step::Destroy { .. }
        | Step::Create { .. } => Tool::Ipset,
    };
    Command::Script(tool, Line(step))
}

impl fmt::Display for Line<'_> {
    /// The lines a tool is given, each with its end. With `-exist`, what is gone already is no error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Step::Close { set, network } => writeln!(f, "del {set} {}", ipset_network(*network)),
            Step::Shorten { set, network, time } | Step::Open { set, network, time } => {
                let network = ipset_network(*network);
                writeln!(f, "add {set} {network} timeout {}", time.timeout())
            }
            Step::Empty { set } => writeln!(f, "flush {set}"),
            Step::Destroy { set } => writeln!(f, "destroy {set}"),
            Step::Create { set } => writeln!(f, "create {set} {}", creation(set.family())),
            Step::Narrow { chain, rules, .. } => f.write_str(&transaction(chain, rules, None)),
            Step::Rebuild { chain, rules, jump, .. } => {
                f.write_str(&transaction(chain, rules, jump.as_ref()))
            }
            Step::Retire { chain, jumps, needed, .. } => {
                f.write_str(&retirement(chain, jumps, *needed))
            }
            Step::Cut(_) => Ok(()),
        }
    }
}

/// Under `--noflush`, declaring a chain of one's own empties it; all of it counts from COMMIT on, at once.
fn transaction(chain: &ChainName, rules: &[Rule], jump: Option<&Jump>) -> String {
    let mut lines = vec!["*filter".to_owned(), format!(":{chain} - [0:0]")];
    lines.extend(rules.iter().map(|rule| format!("-A {chain} {rule}")));
    if let Some(Jump { anchor, remove, place }) = jump {
        lines.extend(remove.iter().map(|from| format!("-D {from} -j {chain}")));
        lines.push(format!("-I {anchor} {place} -j {chain}"));
    }
    lines.push("COMMIT\n".to_owned());
    lines.join("\n")
}

fn retirement(chain: &ChainName, jumps: &[ChainName], needed: bool) -> String {
    let mut lines = vec!["*filter".to_owned()];
    lines.extend(jumps.iter().map(|from| format!("-D {from} -j {chain}")));
    lines.push(format!("-F {chain}"));
    if !needed {
        lines.push(format!("-X {chain}"));
    }
    lines.push("COMMIT\n".to_owned());
    lines.join("\n")
}

impl fmt::Display for Tool {
    /// As it would be typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ipset => "ipset -exist restore",
            Self::Iptables(Family::V4) => "iptables-restore --noflush -w 5",
            Self::Iptables(Family::V6) => "ip6tables-restore --noflush -w 5",
        })
    }
}

impl fmt::Display for Batch {
    /// The tool as it would be typed, then its input, each line indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Script { tool, script } => {
                writeln!(f, "{tool}")?;
                script.lines().try_for_each(|line| writeln!(f, "  {line}"))
            }
            Self::Cut(cuts) => {
                writeln!(f, "conntrack -R -")?;
                cuts.iter().try_for_each(|cut| writeln!(f, "  {cut}"))
            }
        }
    }
}
