use std::collections::BTreeMap;
use std::fmt;

use dialgate_contract::config::ChainName;

use super::anchor::{anchor, is_taken};
use super::cut;
use super::difference::Difference;
use super::former::{is_retired, retire};
use super::{Actual, Batch, Cut, Desired, Family, KernelSet, Step};

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
        let difference = Difference { desired, actual };
        let Self { mut steps } = Self::closings(desired, actual);
        difference.build(&mut steps);
        for (&family, filter) in &actual.filters {
            if let Some(anchor) = anchors.get(&family) {
                steps.extend(difference.rebuild(family, filter, anchor));
                let former = desired.former().iter();
                steps.extend(
                    former.filter_map(|chain| retire(desired, family, filter, anchor, chain)),
                );
            }
        }
        steps.extend(difference.pardon());
        steps.extend(difference.obsolete().map(|set| Step::Destroy { set: set.clone() }));
        Ok(Self { steps })
    }

    /// What a plan that was just carried out has left undone. That an entry has a little less time than it should is
    /// not among it: so much went by since that time was reckoned, and the next pass gives it back.
    ///
    /// # Errors
    /// As [`Plan::between`].
    pub fn undone(desired: &Desired, actual: &Actual) -> Result<Self, PlanError> {
        Ok(Self::between(desired, actual)?.without_given(actual))
    }

    /// The same of the part of a plan that closes.
    #[must_use]
    pub fn unclosed(desired: &Desired, actual: &Actual) -> Self {
        Self::closings(desired, actual).without_given(actual)
    }

    fn without_given(mut self, actual: &Actual) -> Self {
        let is_given = |step: &Step| {
            let Step::Open { set, network, time } = step else { return false };
            let entries = actual.sets.get(set).map(KernelSet::entries);
            let left = entries.and_then(|entries| entries.get(network).copied().flatten());
            left.is_some_and(|left| left.is_nearly(*time))
        };
        self.steps.retain(|step| !is_given(step));
        self
    }

    /// The part of the plan that closes: addresses leave sets or are kept out, rules go, and last the flows that nothing
    /// covers any more are cut. There is one even where there is no plan, and where a table could not be read:
    /// whatever is wrong with a firewall, nobody stays in by it.
    #[must_use]
    pub fn closings(desired: &Desired, actual: &Actual) -> Self {
        let difference = Difference { desired, actual };
        let mut steps = difference.close();
        steps.extend(difference.keep_out());
        let chain = Some(desired.chain()).filter(|_| !is_taken(desired));
        for (&family, filter) in &actual.filters {
            let narrow = |chain| difference.narrow(family, filter, chain);
            steps.extend(chain.and_then(narrow));
            let former = desired.former().iter().filter(|chain| !is_retired(filter, chain));
            steps.extend(former.filter_map(narrow));
        }
        let cuts = cut::lost(desired, actual, &steps);
        steps.extend(cuts.into_iter().map(Step::Cut));
        Self { steps }
    }

    /// The flows that end with it.
    pub fn cuts(&self) -> impl Iterator<Item = &Cut> {
        self.steps
            .iter()
            .filter_map(|step| if let Step::Cut(cut) = step { Some(cut) } else { None })
    }

    /// Takes out of the kernel what is ours: whoever is let in is closed out first. `desired` is to want nothing.
    #[must_use]
    pub fn removal(desired: &Desired, actual: &Actual) -> Self {
        let Self { mut steps } = Self::closings(desired, actual);
        let ours = Some(desired.chain()).filter(|_| !is_taken(desired));
        for (&family, filter) in &actual.filters {
            // An anchor that is gone has no jump in it.
            let anchor = anchor(desired, family, filter).unwrap_or_else(|_| ChainName::input());
            let chains = ours.into_iter().chain(desired.former());
            steps
                .extend(chains.filter_map(|chain| retire(desired, family, filter, &anchor, chain)));
        }
        let sets = actual.sets.keys().cloned();
        steps.extend(sets.map(|set| Step::Destroy { set }));
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
    /// transaction of its own. Flows are cut last: whoever comes in does not wait until those of others are found.
    #[must_use]
    pub fn batches(&self) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        let is_cut = |step: &&Step| matches!(step, Step::Cut(_));
        let (cuts, others): (Vec<&Step>, Vec<&Step>) = self.steps.iter().partition(is_cut);
        for step in others.into_iter().chain(cuts) {
            let added = match batches.last_mut() {
                Some(last) => last.add(step),
                None => false,
            };
            if !added {
                batches.push(Batch::of(step));
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
