use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use dialgate_contract::config::ChainName;
use ipnet::IpNet;

use super::anchor::{anchor, is_taken, jump};
use super::{Actual, Batch, Desired, Family, Filter, Rule, SetName, Step, Time};

/// The steps from what is to what should be: first those that close, then those that build and open, and last
/// those that clear away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    steps: Vec<Step>,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Our chain's name belongs to somebody else.
    #[error(
        "`chain` in [firewall] names {0}, which is the kernel's own or the one that `anchor` names: dialgate \
         needs a chain that nobody else uses, such as DIALGATE with anchor = \"auto\""
    )]
    ChainTaken(ChainName),
    /// The anchor is not there.
    #[error(
        "there is no chain {anchor} in the {family} filter table: create it, or set `anchor` in [firewall] to one that is there, such as INPUT"
    )]
    NoAnchor {
        /// The chain.
        anchor: ChainName,
        /// Whose table.
        family: Family,
    },
}

impl Plan {
    /// Finds the steps from `actual` to `desired`. The same for the same values, however they were put together.
    ///
    /// # Errors
    /// When the jump to our chain has no place, or the chain's name is not ours.
    pub fn between(desired: &Desired, actual: &Actual) -> Result<Self, PlanError> {
        let mut anchors = BTreeMap::new();
        for (&family, filter) in &actual.filters {
            anchors.insert(family, anchor(desired, family, filter)?);
        }
        let plan = Difference { desired, actual };
        let Self { mut steps } = Self::closings(desired, actual);
        steps.extend(plan.build());
        for (&family, filter) in &actual.filters {
            if let Some(anchor) = anchors.get(&family) {
                steps.extend(plan.rebuild(family, filter, anchor));
            }
        }
        steps.extend(plan.obsolete().map(|set| Step::Destroy { set: set.clone() }));
        Ok(Self { steps })
    }

    /// The part of the plan that closes. There is one even where there is no plan, and where a table could not be
    /// read: whatever is wrong with a firewall, nobody stays in by it.
    #[must_use]
    pub fn closings(desired: &Desired, actual: &Actual) -> Self {
        let plan = Difference { desired, actual };
        let mut steps = plan.close();
        if !is_taken(desired) {
            let filters = actual.filters.iter();
            steps.extend(filters.filter_map(|(&family, filter)| plan.narrow(family, filter)));
        }
        Self { steps }
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps in their order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What the tools are given: consecutive steps of one tool go together, except that each rebuilt chain is a
    /// transaction of its own.
    #[must_use]
    pub fn batches(&self) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        for step in &self.steps {
            match batches.last_mut() {
                Some(last) if last.tool == step.tool() => last.script.push_str(&step.script()),
                Some(_) | None => batches.push(Batch { tool: step.tool(), script: step.script() }),
            }
        }
        batches
    }
}

impl fmt::Display for Plan {
    /// One line for each step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

struct Difference<'a> {
    desired: &'a Desired,
    actual: &'a Actual,
}

impl<'a> Difference<'a> {
    fn close(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (name, set) in &self.actual.sets {
            let wanted = self.desired.sets().get(name);
            let (Some(wanted), true) = (wanted, set.as_created) else {
                steps.push(Step::Empty { set: name.clone() });
                continue;
            };
            for (&network, &remaining) in &set.entries {
                let set = name.clone();
                match (wanted.get(&network), remaining) {
                    (None, _) | (Some(_), None) => steps.push(Step::Close { set, network }),
                    (Some(&wanted), Some(remaining)) if remaining.is_longer_than(wanted) => {
                        steps.push(Step::Shorten { set, network, time: wanted.held() });
                    }
                    (Some(_), Some(_)) => {}
                }
            }
        }
        steps
    }

    fn narrow(&self, family: Family, filter: &Filter) -> Option<Step> {
        let standing = filter.rules(self.desired.chain().as_str())?;
        let rules = self.kept(family, standing);
        (!same(&rules, standing)).then(|| Step::Narrow {
            family,
            chain: self.desired.chain().clone(),
            rules,
        })
    }

    fn build(&self) -> Vec<Step> {
        let mut steps: Vec<Step> =
            self.malformed().map(|set| Step::Destroy { set: set.clone() }).collect();
        let spoken = |set: &SetName| self.actual.filters.contains_key(&set.family());
        let nobody = BTreeMap::new();
        let mut opening = Vec::new();
        for (name, wanted) in self.desired.sets().iter().filter(|(name, _)| spoken(name)) {
            let present = self.actual.sets.get(name).filter(|set| set.as_created);
            if present.is_none() {
                steps.push(Step::Create { set: name.clone() });
            }
            let entries = present.map_or(&nobody, |set| &set.entries);
            opening.extend(missing(wanted, entries).map(|(network, wanted)| Step::Open {
                set: name.clone(),
                network,
                time: wanted.held(),
            }));
        }
        steps.append(&mut opening);
        steps
    }

    fn rebuild(&self, family: Family, filter: &Filter, anchor: &ChainName) -> Option<Step> {
        let chain = self.desired.chain();
        let rules = self.desired.rules(family);
        let standing = filter.rules(chain.as_str()).map(|standing| self.kept(family, standing));
        let jump = jump(filter, anchor, chain);
        (standing.as_ref() != Some(&rules) || jump.is_some()).then(|| Step::Rebuild {
            family,
            chain: chain.clone(),
            rules,
            jump,
        })
    }

    /// Of the rules that should be, those that stand already and whose sets are to stay.
    fn kept(&self, family: Family, standing: &[String]) -> Vec<Rule> {
        let standing: BTreeSet<&str> = standing.iter().map(String::as_str).collect();
        let stays = |set: &SetName| self.actual.sets.get(set).is_some_and(|set| set.as_created);
        let mut rules = self.desired.rules(family);
        rules.retain(|rule| standing.contains(rule.as_str()) && stays(rule.set()));
        rules
    }

    /// Sets that should be, but not as they are.
    fn malformed(&self) -> impl Iterator<Item = &'a SetName> {
        let wanted = self.desired.sets();
        let sets = self.actual.sets.iter();
        sets.filter(|(name, set)| wanted.contains_key(name) && !set.as_created)
            .map(|(name, _)| name)
    }

    /// Sets of services that are no more.
    fn obsolete(&self) -> impl Iterator<Item = &'a SetName> {
        let wanted = self.desired.sets();
        self.actual.sets.keys().filter(|name| !wanted.contains_key(name))
    }
}

fn missing(
    wanted: &BTreeMap<IpNet, Time>,
    entries: &BTreeMap<IpNet, Option<Time>>,
) -> impl Iterator<Item = (IpNet, Time)> {
    wanted.iter().map(|(&network, &wanted)| (network, wanted)).filter(|(network, wanted)| {
        let remaining = entries.get(network).copied().flatten();
        remaining.is_none_or(|remaining| remaining.is_shorter_than(*wanted))
    })
}

fn same(rules: &[Rule], standing: &[String]) -> bool {
    rules.iter().map(Rule::as_str).eq(standing.iter().map(String::as_str))
}
