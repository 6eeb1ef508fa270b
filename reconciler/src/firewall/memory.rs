use std::sync::Arc;

use dialgate_contract::config::ChainName;

use super::filter::BUILT_IN;
use super::former::leads_to;
use super::{Actual, Family, Filter, Jump, KernelSet, Plan, Rule, SetName, Step, Time};

/// A model of the kernel: what it would hold after some steps, and what it would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    actual: Actual,
}

/// A step that the kernel would not carry out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the kernel would refuse to {step}: {reason}")]
pub struct RefusedError {
    step: Box<Step>,
    reason: &'static str,
}

impl Memory {
    /// A kernel that speaks both families and holds nothing.
    #[must_use]
    pub fn fresh() -> Self {
        let chains = BUILT_IN.map(|chain| (chain.to_owned(), Vec::new()));
        let filter = Filter { chains: chains.into() };
        let filters = Family::ALL.map(|family| (family, filter.clone()));
        Self::new(Actual { filters: filters.into(), ..Actual::default() })
    }

    /// A kernel in a given state.
    #[must_use]
    pub const fn new(actual: Actual) -> Self {
        Self { actual }
    }

    /// Its state.
    #[must_use]
    pub const fn actual(&self) -> &Actual {
        &self.actual
    }

    /// Lets so many seconds pass.
    pub fn age(&mut self, seconds: u32) {
        if seconds == 0 {
            return;
        }
        for set in self.actual.sets.values_mut() {
            let mut over = false;
            let entries = Arc::make_mut(&mut set.entries);
            for left in entries.values_mut().flatten() {
                if let Time::For(left) = left {
                    *left = left.saturating_sub(seconds);
                    over |= *left == 0;
                }
            }
            if over {
                entries.retain(|_, left| left.is_none_or(|left| !left.is_over()));
            }
        }
    }

    /// Carries a plan out up to the first step that the kernel would refuse.
    ///
    /// # Errors
    /// When there is one.
    pub fn apply(&mut self, plan: &Plan) -> Result<(), RefusedError> {
        plan.steps().iter().try_for_each(|step| self.step(step))
    }

    /// Carries one step out.
    ///
    /// # Errors
    /// When the kernel would refuse it.
    pub fn step(&mut self, step: &Step) -> Result<(), RefusedError> {
        self.change(step).map_err(|reason| RefusedError { step: Box::new(step.clone()), reason })
    }

    fn change(&mut self, step: &Step) -> Result<(), &'static str> {
        match step {
            Step::Close { set, network } => {
                Arc::make_mut(&mut self.set(set)?.entries).remove(network);
            }
            Step::Shorten { set, network, time } | Step::Open { set, network, time } => {
                let set = self.set(set)?;
                if !set.as_created {
                    return Err("the set takes other entries");
                }
                Arc::make_mut(&mut set.entries).insert(*network, Some(time.held()));
            }
            Step::Empty { set } => self.set(set)?.entries = Arc::default(),
            Step::Destroy { set } => self.destroy(set)?,
            Step::Create { set } => {
                if self.actual.sets.contains_key(set) {
                    return Err("there is a set of that name");
                }
                let created = KernelSet { as_created: true, entries: Arc::default() };
                self.actual.sets.insert(set.clone(), created);
            }
            // The model has no flows.
            Step::Cut(_) => {}
            Step::Narrow { family, chain, rules } => {
                self.build(*family, chain.as_str(), rules, None)?;
            }
            Step::Rebuild { family, chain, rules, jump } => {
                self.build(*family, chain.as_str(), rules, jump.as_ref())?;
            }
            Step::Retire { family, chain, jumps, needed } => {
                self.retire(*family, chain.as_str(), jumps, *needed)?;
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &SetName) -> Result<&mut KernelSet, &'static str> {
        self.actual.sets.get_mut(name).ok_or("there is no such set")
    }

    fn destroy(&mut self, name: &SetName) -> Result<(), &'static str> {
        let needle = format!("--match-set {name} ");
        let mut rules =
            self.actual.filters.values().flat_map(|filter| filter.chains.values()).flatten();
        if rules.any(|rule| rule.contains(&needle)) {
            return Err("a rule refers to the set");
        }
        self.actual.sets.remove(name);
        Ok(())
    }

    fn build(
        &mut self,
        family: Family,
        chain: &str,
        rules: &[Rule],
        jump: Option<&Jump>,
    ) -> Result<(), &'static str> {
        if rules.iter().flat_map(Rule::sets).any(|set| !self.actual.sets.contains_key(&set)) {
            return Err("a rule refers to a set that is not there");
        }
        let filter = self.actual.filters.get_mut(&family).ok_or("the family is not spoken")?;
        let built = rules.iter().map(ToString::to_string).collect();
        filter.chains.insert(chain.to_owned(), built);
        let Some(jump) = jump else { return Ok(()) };
        remove_jumps(filter, chain, &jump.remove)?;
        let anchor = filter.chains.entry(jump.anchor.to_string()).or_default();
        let index = jump.place.saturating_sub(1);
        if index > anchor.len() {
            return Err("the place lies behind the end of the chain");
        }
        anchor.insert(index, format!("-j {chain}"));
        Ok(())
    }

    fn retire(
        &mut self,
        family: Family,
        chain: &str,
        jumps: &[ChainName],
        needed: bool,
    ) -> Result<(), &'static str> {
        let filter = self.actual.filters.get_mut(&family).ok_or("the family is not spoken")?;
        remove_jumps(filter, chain, jumps)?;
        filter.chains.get_mut(chain).ok_or("there is no such chain")?.clear();
        if needed {
            return Ok(());
        }
        if filter.chains.values().flatten().any(|rule| leads_to(rule, chain)) {
            return Err("a rule leads to the chain");
        }
        filter.chains.remove(chain);
        Ok(())
    }
}

fn remove_jumps(filter: &mut Filter, chain: &str, from: &[ChainName]) -> Result<(), &'static str> {
    let ours = format!("-j {chain}");
    for from in from {
        let from = filter.chains.get_mut(from.as_str()).ok_or("there is no such chain")?;
        let at = from.iter().position(|rule| *rule == ours).ok_or("there is no jump")?;
        from.remove(at);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::actual::creation;
    use std::collections::BTreeMap;

    #[test]
    fn time_passes_for_entries_that_have_an_end() {
        let saved = format!(
            "create dg-a-4 {}\nadd dg-a-4 1.1.1.1 timeout 5\nadd dg-a-4 1.1.1.2 timeout 6\nadd dg-a-4 1.1.1.3 timeout 0\n",
            creation(Family::V4)
        );
        let mut memory = Memory::new(Actual::parse(&saved, BTreeMap::new()).unwrap());
        memory.age(5);
        let set = &memory.actual().sets[&"dg-a-4".parse().unwrap()];
        let left: Vec<_> = set.entries.values().copied().collect();
        assert_eq!(left, [Some(Time::For(1)), Some(Time::Always)]);
    }
}
