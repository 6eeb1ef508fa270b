use std::fmt;

use dialgate_contract::config::ChainName;
use ipnet::IpNet;

use super::actual::{creation, ipset_network};
use super::{Family, Rule, SetName, Time};

/// One change to the kernel: tells people what it does (`Display`) and the tool what to do ([`Step::script`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Takes an address out of a set.
    Close {
        /// The set.
        set: SetName,
        /// The address.
        network: IpNet,
    },
    /// Gives an entry less time.
    Shorten {
        /// The set.
        set: SetName,
        /// The address.
        network: IpNet,
        /// What it has left from now on.
        time: Time,
    },
    /// Takes all addresses out of a set that is to go.
    Empty {
        /// The set.
        set: SetName,
    },
    /// Rebuilds our chain with those of its rules only that are right and whose sets are to stay.
    Narrow {
        /// Whose `filter` table.
        family: Family,
        /// Our chain.
        chain: ChainName,
        /// Its rules.
        rules: Vec<Rule>,
    },
    /// Destroys a set of ours.
    Destroy {
        /// The set.
        set: SetName,
    },
    /// Creates a set.
    Create {
        /// The set.
        set: SetName,
    },
    /// Lets an address in, or in for longer.
    Open {
        /// The set.
        set: SetName,
        /// The address.
        network: IpNet,
        /// For how long; [`LONGEST`](super::LONGEST) is what it gets at most.
        time: Time,
    },
    /// Builds our chain anew, in one transaction with its jump.
    Rebuild {
        /// Whose `filter` table.
        family: Family,
        /// Our chain.
        chain: ChainName,
        /// Its rules.
        rules: Vec<Rule>,
        /// How the jump is put right; `None` when it is.
        jump: Option<Jump>,
    },
}

/// How the one jump to our chain is put where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jump {
    /// The chain it stands in.
    pub anchor: ChainName,
    /// Where jumps to our chain stand now that are taken out first, a chain once for each of them.
    pub remove: Vec<ChainName>,
    /// Its place among the chain's rules, from 1.
    pub place: usize,
}

/// A program that carries steps out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `ipset -exist restore`
    Ipset,
    /// `iptables-restore` or `ip6tables-restore` with `--noflush`
    Iptables(Family),
}

/// What one run of a tool is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The tool.
    pub tool: Tool,
    /// Its input.
    pub script: String,
}

impl Step {
    /// Whether the step only ever lets in less than before.
    #[must_use]
    pub const fn closes(&self) -> bool {
        match self {
            Self::Close { .. }
            | Self::Shorten { .. }
            | Self::Empty { .. }
            | Self::Narrow { .. } => true,
            Self::Destroy { .. }
            | Self::Create { .. }
            | Self::Open { .. }
            | Self::Rebuild { .. } => false,
        }
    }

    /// Who carries it out.
    #[must_use]
    pub const fn tool(&self) -> Tool {
        match self {
            Self::Narrow { family, .. } | Self::Rebuild { family, .. } => Tool::Iptables(*family),
            Self::Close { .. }
            | Self::Shorten { .. }
            | Self::Empty { .. }
            | Self::Destroy { .. }
            | Self::Create { .. }
            | Self::Open { .. } => Tool::Ipset,
        }
    }

    /// The lines the tool is given, each with its end. With `-exist`, what is gone already is no error.
    #[must_use]
    pub fn script(&self) -> String {
        match self {
            Self::Close { set, network } => format!("del {set} {}\n", ipset_network(*network)),
            Self::Shorten { set, network, time } | Self::Open { set, network, time } => {
                format!("add {set} {} timeout {}\n", ipset_network(*network), time.timeout())
            }
            Self::Empty { set } => format!("flush {set}\n"),
            Self::Destroy { set } => format!("destroy {set}\n"),
            Self::Create { set } => format!("create {set} {}\n", creation(set.family())),
            Self::Narrow { chain, rules, .. } => transaction(chain, rules, None),
            Self::Rebuild { chain, rules, jump, .. } => transaction(chain, rules, jump.as_ref()),
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

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close { set, network } => write!(f, "close {} in {set}", ipset_network(*network)),
            Self::Shorten { set, network, time } => {
                write!(f, "shorten {} in {set} to {} s", ipset_network(*network), time.timeout())
            }
            Self::Empty { set } => write!(f, "empty {set}"),
            Self::Narrow { family, chain, rules } => {
                write!(f, "narrow {chain} of {family} to {}", count(rules))
            }
            Self::Destroy { set } => write!(f, "destroy {set}"),
            Self::Create { set } => write!(f, "create {set}"),
            Self::Open { set, network, time } => {
                write!(f, "open {} in {set} {time}", ipset_network(*network))
            }
            Self::Rebuild { family, chain, rules, jump } => {
                write!(f, "rebuild {chain} of {family} with {}", count(rules))?;
                match jump {
                    Some(jump) => {
                        write!(f, ", jump to it from {} place {}", jump.anchor, jump.place)
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

fn count(rules: &[Rule]) -> String {
    format!("{} rule{}", rules.len(), if rules.len() == 1 { "" } else { "s" })
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
        writeln!(f, "{}", self.tool)?;
        self.script.lines().try_for_each(|line| writeln!(f, "  {line}"))
    }
}
