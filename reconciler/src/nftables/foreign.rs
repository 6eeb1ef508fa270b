//! Chains of others, made without iptables, that packets to this machine come through too. What one of them drops is
//! dropped, whatever another lets in.

use std::fmt;
use std::io;

use super::message::{attribute, attributes, name, number, written};
use super::{DUMP, FAMILIES, GET_CHAIN, GET_RULE, NEW_CHAIN, NEW_RULE, ask};

/// A chain that keeps out whomever it does not let in itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ForeignChain {
    family: &'static str,
    table: String,
    chain: String,
}

impl ForeignChain {
    /// Whether it is firewalld's.
    #[must_use]
    pub(crate) fn is_firewalld(&self) -> bool {
        self.table == "firewalld"
    }
}

impl fmt::Display for ForeignChain {
    /// As `nft list chain` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.family, self.table, self.chain)
    }
}

/// Tables that iptables makes; what stands in them its own tools show.
const OF_IPTABLES: [&str; 5] = ["filter", "nat", "mangle", "raw", "security"];
/// The hook of packets to this machine (`NF_INET_LOCAL_IN`).
const LOCAL_IN: u32 = 1;
const DROP: u32 = 0;

/// All such chains.
///
/// # Errors
/// When the kernel does not tell.
pub(crate) fn keeping_out() -> io::Result<Vec<ForeignChain>> {
    let mut found = Vec::new();
    for (family, word) in FAMILIES {
        for (kind, chain) in ask(GET_CHAIN, DUMP, family, &[])? {
            let Some(chain) = Some(&chain).filter(|_| kind == NEW_CHAIN) else { continue };
            let Some((table, chain, policy)) = on_the_way_in(chain) else { continue };
            let of_iptables = word != "inet" && OF_IPTABLES.contains(&name(table).as_str());
            if of_iptables {
                continue;
            }
            if policy == Some(DROP) || drops_the_rest(family, table, chain)? {
                let (table, chain) = (name(table), name(chain));
                found.push(ForeignChain { family: word, table, chain });
            }
        }
    }
    Ok(found)
}

/// The table, the name and the policy of a chain that packets to this machine come through.
fn on_the_way_in(chain: &[u8]) -> Option<(&[u8], &[u8], Option<u32>)> {
    let hook = attribute(attribute(chain, 4)?, 1)?;
    let (table, name) = (attribute(chain, 1)?, attribute(chain, 3)?);
    let policy = attribute(chain, 5).and_then(number);
    (number(hook)? == LOCAL_IN).then_some((table, name, policy))
}

/// Whether one of its rules drops or rejects without asking anything.
fn drops_the_rest(family: u8, table: &[u8], chain: &[u8]) -> io::Result<bool> {
    let of_chain = [written(1, table), written(2, chain)].concat();
    let rules = ask(GET_RULE, DUMP, family, &of_chain)?;
    Ok(rules.iter().any(|(kind, rule)| {
        *kind == NEW_RULE
            && attribute(rule, 1) == Some(table)
            && attribute(rule, 2) == Some(chain)
            && attribute(rule, 4).is_some_and(ends_everything)
    }))
}

fn ends_everything(expressions: &[u8]) -> bool {
    let mut ends = false;
    for (_, expression) in attributes(expressions) {
        let data = attribute(expression, 2).unwrap_or_default();
        match attribute(expression, 1).map(name).as_deref() {
            Some("reject") => ends = true,
            Some("immediate") => ends |= verdict(data) == Some(DROP),
            Some("counter" | "log") => {}
            Some(_) | None => return false,
        }
    }
    ends
}

/// The verdict that an `immediate` expression speaks.
fn verdict(data: &[u8]) -> Option<u32> {
    number(attribute(attribute(attribute(data, 2)?, 2)?, 1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(name: &str, data: &[u8]) -> Vec<u8> {
        let name = written(1, format!("{name}\0").as_bytes());
        written(1, &[name, written(2, data)].concat())
    }

    fn speaks(verdict: u32) -> Vec<u8> {
        let code = written(1, &verdict.to_be_bytes());
        expression("immediate", &written(2, &written(2, &code)))
    }

    #[test]
    fn only_a_rule_that_drops_without_asking_ends_everything() {
        let (drop, accept) = (speaks(DROP), speaks(1));
        let counter = expression("counter", &[]);
        let reject = expression("reject", &[]);
        let asks = expression("cmp", &[]);
        for (rule, ends) in [
            (vec![&drop], true),
            (vec![&reject], true),
            (vec![&counter, &drop], true),
            (vec![&counter], false),
            (vec![&accept], false),
            (vec![&asks, &drop], false),
            (vec![&asks, &reject], false),
            (vec![], false),
        ] {
            let rule: Vec<u8> = rule.into_iter().flatten().copied().collect();
            assert_eq!(ends_everything(&rule), ends);
        }
    }
}
