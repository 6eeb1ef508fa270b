//! What our chain does with a packet.

use std::net::IpAddr;

use dialgate_reconciler::firewall::{Actual, Family};
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub from: IpAddr,
    pub to: (&'static str, u16),
    pub established: bool,
    /// Of a flow that this machine began.
    pub answer: bool,
    pub loopback: bool,
}

/// From the least to the most that is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Dropped,
    /// Left to the rules of others.
    Passed,
    Accepted,
}

pub(crate) fn packet() -> impl Strategy<Value = Packet> {
    let from =
        ["12.34.56.78", "12.34.56.79", "12.34.56.1", "9.9.9.9", "7.7.7.7", "2a01::", "2a01::9"];
    let to = [("tcp", 22), ("udp", 5060), ("tcp", 5061), ("tcp", 3), ("udp", 9999)];
    let flow = select(vec![(false, false), (true, false), (true, true)]);
    (select(from.to_vec()), select(to.to_vec()), flow, any::<bool>()).prop_map(
        |(from, to, (established, answer), loopback)| Packet {
            from: from.parse().unwrap(),
            to,
            established,
            answer,
            loopback,
        },
    )
}

impl Packet {
    /// `None` when its family is not spoken. A chain under a new name stands above the one under the former.
    pub(crate) fn fate(&self, actual: &Actual) -> Option<Fate> {
        let family = if self.from.is_ipv4() { Family::V4 } else { Family::V6 };
        let filter = actual.filters().get(&family)?;
        let chains = ["OTHER", "DIALGATE"].map(|chain| filter.rules(chain).unwrap_or_default());
        let decided = |chain: &[String]| chain.iter().find_map(|rule| self.meets(rule, actual));
        let fate = chains.into_iter().filter_map(decided).find(|fate| *fate != Fate::Passed);
        Some(fate.unwrap_or(Fate::Passed))
    }

    fn meets(&self, rule: &str, actual: &Actual) -> Option<Fate> {
        let words: Vec<&str> = rule.split(' ').collect();
        let mut words = &words[..];
        loop {
            let matches;
            (matches, words) = match words {
                ["-j", "ACCEPT"] => return Some(Fate::Accepted),
                ["-j", "DROP"] => return Some(Fate::Dropped),
                ["-j", "RETURN"] => return Some(Fate::Passed),
                ["-j", "LOG", ..] => return None,
                ["-i", "lo", rest @ ..] => (self.loopback, rest),
                ["-p", protocol, rest @ ..] => (*protocol == self.to.0, rest),
                ["-m", "multiport", "--dports", list, rest @ ..]
                | ["-m", "tcp" | "udp", "--dport", list, rest @ ..] => (self.is_to(list), rest),
                ["-m", "udp", "--sport", _, "--dport", _, rest @ ..] => (false, rest),
                ["-m", "set", "--match-set", set, "src", rest @ ..] => {
                    (self.is_in(set, actual), rest)
                }
                ["-m", "conntrack", "--ctdir", "REPLY", rest @ ..] => (self.answer, rest),
                ["-m", "conntrack", "--ctstate", _, rest @ ..] => (self.established, rest),
                ["-m", "limit", "--limit", _, "--limit-burst", _, rest @ ..] => (true, rest),
                ["-d", "fe80::/10", rest @ ..] => (false, rest),
                other => panic!("{other:?} in a rule"),
            };
            if !matches {
                return None;
            }
        }
    }

    fn is_to(&self, list: &str) -> bool {
        list.split(',').any(|range| {
            let (first, last) = range.split_once(':').unwrap_or((range, range));
            (first.parse().unwrap()..=last.parse().unwrap()).contains(&self.to.1)
        })
    }

    fn is_in(&self, set: &str, actual: &Actual) -> bool {
        let entries = actual.sets()[&set.parse().unwrap()].entries();
        entries.iter().any(|(network, time)| time.is_some() && network.contains(&self.from))
    }
}
