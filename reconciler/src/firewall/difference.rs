use std::collections::BTreeMap;

use dialgate_contract::config::ChainName;
use ipnet::IpNet;

use super::anchor::jump;
use super::base_policy;
use super::set_name::Purpose;
use super::{Actual, Desired, Family, Filter, KernelSet, Rule, SetName, Step, Time};

/// What is to be done to the sets and to our chain. Flows are [`cut`](super::cut)'s.
pub(super) struct Difference<'a> {
    pub desired: &'a Desired,
    pub actual: &'a Actual,
}

impl<'a> Difference<'a> {
    /// Takes out of the sets that let in whoever should not be there. The base policy's own set goes with its rules:
    /// without it, they would keep out those it is for.
    pub(super) fn close(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (name, set) in self.actual.sets.iter().filter(|(name, _)| name.lets_in()) {
            match self.desired.sets().get(name) {
                Some(wanted) if set.as_created => steps.extend(surplus(name, set, wanted)),
                None if *name.purpose() == Purpose::Lan => {}
                Some(_) | None => steps.push(Step::Empty { set: name.clone() }),
            }
        }
        steps
    }

    /// Keeps out whoever is denied.
    pub(super) fn deny(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (name, wanted) in self.desired.sets() {
            if *name.purpose() != Purpose::Deny {
                continue;
            }
            match self.actual.sets.get(name) {
                Some(set) if set.as_created => steps.extend(missing(name, wanted, &set.entries)),
                None if self.is_spoken(name) => {
                    steps.push(Step::Create { set: name.clone() });
                    steps.extend(missing(name, wanted, &BTreeMap::new()));
                }
                Some(_) | None => {}
            }
        }
        steps
    }

    /// Takes out of our chain what should not be there, and puts in who is denied.
    pub(super) fn narrow(&self, family: Family, filter: &Filter) -> Option<Step> {
        let standing = filter.rules(self.desired.chain().as_str())?;
        let rules = self.narrowed(family, standing);
        (!rules.iter().map(Rule::as_str).eq(standing.iter().map(String::as_str)))
            .then(|| Step::Narrow { family, chain: self.desired.chain().clone(), rules })
    }

    /// Makes sets and fills them, and takes out of those that keep out whoever should not be there.
    pub(super) fn build(&self) -> Vec<Step> {
        let mut steps: Vec<Step> =
            self.malformed().map(|set| Step::Destroy { set: set.clone() }).collect();
        let nobody = BTreeMap::new();
        let mut filling = Vec::new();
        for (name, wanted) in self.desired.sets().iter().filter(|(name, _)| self.is_spoken(name)) {
            let present = self.actual.sets.get(name);
            match present.filter(|set| set.as_created) {
                Some(set) if *name.purpose() == Purpose::Deny => {
                    filling.extend(surplus(name, set, wanted));
                }
                Some(set) => {
                    if !name.lets_in() {
                        filling.extend(surplus(name, set, wanted));
                    }
                    filling.extend(missing(name, wanted, &set.entries));
                }
                None if present.is_none() && *name.purpose() == Purpose::Deny => {}
                None => {
                    steps.push(Step::Create { set: name.clone() });
                    filling.extend(missing(name, wanted, &nobody));
                }
            }
        }
        steps.append(&mut filling);
        steps
    }

    /// Puts our chain and the jump to it right.
    pub(super) fn rebuild(
        &self,
        family: Family,
        filter: &Filter,
        anchor: &ChainName,
    ) -> Option<Step> {
        let chain = self.desired.chain();
        let rules = self.desired.rules(family);
        let standing = filter.rules(chain.as_str()).map(|standing| self.narrowed(family, standing));
        let jump = jump(filter, anchor, chain);
        (standing.as_ref() != Some(&rules) || jump.is_some()).then(|| Step::Rebuild {
            family,
            chain: chain.clone(),
            rules,
            jump,
        })
    }

    /// Sets that are no more.
    pub(super) fn obsolete(&self) -> impl Iterator<Item = &'a SetName> {
        let wanted = self.desired.sets();
        self.actual.sets.keys().filter(|name| !wanted.contains_key(name))
    }

    /// Of the rules that stand, those that should, in the order in which they stand, behind who is denied.
    ///
    /// A base policy that is to stay is left as it is until all of it is replaced at once: any part of it alone would
    /// keep out those it lets in, or let in those it keeps out.
    fn narrowed(&self, family: Family, standing: &[String]) -> Vec<Rule> {
        let wanted = self.desired.rules(family);
        let policy_stays = self.desired.policy().is_some() && base_policy::stands(family, standing);
        let belongs = |text: &String| {
            wanted.iter().any(|rule| rule.as_str() == text)
                || (policy_stays && base_policy::has(family, text))
        };
        let mut rules: Vec<Rule> = standing
            .iter()
            .filter(|text| belongs(text))
            .map(Rule::new)
            .filter(|rule| rule.sets().all(|set| self.stays(&set)))
            .collect();
        let deny = self.desired.deny_rule(family);
        if let Some(deny) = deny.filter(|deny| deny.sets().all(|set| self.stays(&set))) {
            rules.retain(|rule| *rule != deny);
            let own = rules.iter().take_while(|rule| **rule == base_policy::first()).count();
            rules.insert(own, deny);
        }
        rules
    }

    /// Whether a rule may refer to a set from the closing steps on until the end.
    fn stays(&self, name: &SetName) -> bool {
        match self.actual.sets.get(name) {
            Some(set) => set.as_created,
            None => *name.purpose() == Purpose::Deny && self.is_spoken(name),
        }
    }

    fn is_spoken(&self, set: &SetName) -> bool {
        self.actual.filters.contains_key(&set.family())
    }

    /// Sets that should be, but not as they are.
    fn malformed(&self) -> impl Iterator<Item = &'a SetName> {
        let wanted = self.desired.sets();
        let sets = self.actual.sets.iter();
        sets.filter(|(name, set)| wanted.contains_key(name) && !set.as_created)
            .map(|(name, _)| name)
    }
}

/// What is in a set and should not be, or not for so long.
fn surplus(name: &SetName, set: &KernelSet, wanted: &BTreeMap<IpNet, Time>) -> Vec<Step> {
    let mut steps = Vec::new();
    for (&network, &left) in &set.entries {
        let set = name.clone();
        match (wanted.get(&network), left) {
            (None, _) => steps.push(Step::Close { set, network }),
            // An entry that should stay in a set that keeps out is put right without a moment of letting in.
            (Some(_), None) if name.lets_in() => steps.push(Step::Close { set, network }),
            (Some(&wanted), Some(left)) if left.is_longer_than(wanted) => {
                steps.push(Step::Shorten { set, network, time: wanted.held() });
            }
            (Some(_), _) => {}
        }
    }
    steps
}

/// What should be in a set and is not, or not for so long.
fn missing<'a>(
    name: &'a SetName,
    wanted: &'a BTreeMap<IpNet, Time>,
    entries: &'a BTreeMap<IpNet, Option<Time>>,
) -> impl Iterator<Item = Step> + 'a {
    let too_short = |(network, wanted): &(&IpNet, &Time)| {
        let left = entries.get(network).copied().flatten();
        left.is_none_or(|left| left.is_shorter_than(**wanted))
    };
    wanted.iter().filter(too_short).map(|(&network, time)| Step::Open {
        set: name.clone(),
        network,
        time: time.held(),
    })
}
