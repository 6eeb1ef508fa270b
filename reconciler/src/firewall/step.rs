use std::fmt;

use dialgate_contract::config::ChainName;
use ipnet::IpNet;

use super::actual::ipset_network;
use super::set_name::Purpose;
use super::{Cut, Family, Rule, SetName, Time};

/// One change to the kernel: tells people what it does (`Display`) and the tool what to do ([`Step::script`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Takes a network out of a set.
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
    /// Rebuilds our chain with those of its rules only that are right and whose sets are to stay, and with who is denied
    /// and whose right has ended.
    Narrow {
        /// Whose `filter` table.
        family: Family,
        /// Our chain.
        chain: ChainName,
        /// Its rules.
        rules: Vec<Rule>,
    },
    /// Ends flows that nothing covers any more.
    Cut(Cut),
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
    /// Puts a network in a set, or in for longer: lets it in, or keeps it out where the set does.
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
    /// Takes away a chain that was ours under a former name, in one transaction with the jumps to it.
    Retire {
        /// Whose `filter` table.
        family: Family,
        /// Our chain.
        chain: ChainName,
        /// Where our jumps to it stand, a chain once for each of them.
        jumps: Vec<ChainName>,
        /// Whether somebody else's rules lead to it, so that it is only emptied.
        needed: bool,
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

impl Step {
    /// Whether the step only ever lets in less than before.
    #[must_use]
    pub const fn closes(&self) -> bool {
        match self {
            Self::Close { set, .. } | Self::Shorten { set, .. } | Self::Empty { set } => {
                set.lets_in()
            }
            Self::Create { set } | Self::Open { set, .. } => !set.lets_in(),
            Self::Narrow { .. } | Self::Cut(_) => true,
            Self::Destroy { .. } | Self::Rebuild { .. } | Self::Retire { .. } => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close { set, network } => {
                let verb = match set.purpose() {
                    Purpose::Service(_) | Purpose::Lan => "close",
                    Purpose::Deny | Purpose::Trial => "pardon",
                    Purpose::Ended => "forget",
                };
                write!(f, "{verb} {} in {set}", ipset_network(*network))
            }
            Self::Shorten { set, network, time } => {
                write!(f, "shorten {} in {set} to {} s", ipset_network(*network), time.timeout())
            }
            Self::Empty { set } => write!(f, "empty {set}"),
            Self::Narrow { family, chain, rules } => {
                write!(f, "narrow {chain} of {family} to {}", count(rules))
            }
            Self::Cut(cut) => cut.fmt(f),
            Self::Destroy { set } => write!(f, "destroy {set}"),
            Self::Create { set } => write!(f, "create {set}"),
            Self::Open { set, network, time } => {
                let verb = match set.purpose() {
                    Purpose::Service(_) | Purpose::Lan => "open",
                    Purpose::Deny | Purpose::Trial => "deny",
                    Purpose::Ended => "silence",
                };
                write!(f, "{verb} {} in {set} {time}", ipset_network(*network))
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
            Self::Retire { family, chain, needed: false, .. } => {
                write!(f, "remove {chain} of {family}")
            }
            Self::Retire { family, chain, needed: true, .. } => {
                write!(f, "empty {chain} of {family}, which somebody else's rules lead to")
            }
        }
    }
}

fn count(rules: &[Rule]) -> String {
    format!("{} rule{}", rules.len(), if rules.len() == 1 { "" } else { "s" })
}
