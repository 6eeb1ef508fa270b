use std::collections::BTreeMap;

use dialgate_contract::config::ChainName;
use ipnet::IpNet;

use super::anchor::jump;
use super::base_policy;
use super::set_name::Purpose;
use super::{Actual, Desired, Family, Filter, Rule, SetName, Step, Time};

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
                Some(wanted) if set.as_created => {
                    steps.extend(surplus(name, self.desired, &set.entries, wanted));
                }
                None if *name.purpose() == Purpose::Lan => {}
                Some(_) | None => steps.push(Step::Empty { set: name.clone() }),
            }
        }
        steps
    }

    /// Keeps out whoever is denied, and answers from whose right has ended.
    pub(super) fn keep_out(&self) -> Vec<Step> {
        let (mut steps, nobody) = (Vec::new(), BTreeMap::new());
        for (name, wanted) in self.desired.sets() {
            if !name.closes() {
                continue;
            }
            match self.actual.sets.get(name) {
                Some(set) if set.as_created => {
                    steps.extend(missing(name, self.desired, &set.entries, wanted));
                }
                None if self.is_spoken(name) => {
                    steps.push(Step::Create { set: name.clone() });
                    steps.extend(missing(name, self.desired, &nobody, wanted));
                }
                Some(_) | None => {}
            }
        }
        steps
    }

    /// Takes out of our chain what should not be there, and puts in who is denied and whose right has ended.
    pub(super) fn narrow(
        &self,
        family: Family,
        filter: &Filter,
        chain: &ChainName,
    ) -> Option<Step> {
        let standing = filter.rules(chain.as_str())?;
        let rules = self.narrowed(family, standing);
        (!rules.iter().map(Rule::as_str).eq(standing.iter().map(String::as_str)))
            .then(|| Step::Narrow { family, chain: chain.clone(), rules })
    }

    /// Makes sets and fills them.
    pub(super) fn build(&self, steps: &mut Vec<Step>) {
        steps.extend(self.malformed().map(|set| Step::Destroy { set: set.clone() }));
        let nobody = BTreeMap::new();
        let wanted = || self.desired.sets().iter().filter(|(name, _)| self.is_spoken(name));
        let held = |name: &SetName| self.actual.sets.get(name).filter(|set| set.as_created);
        // Sets that keep out are there, and were filled first of all, unless they were malformed.
        let is_kept = |name: &SetName| name.closes() && !self.is_malformed(name);
        for (name, _) in wanted().filter(|(name, _)| held(name).is_none() && !is_kept(name)) {
            steps.push(Step::Create { set: name.clone() });
        }
        for (name, wanted) in wanted().filter(|(name, _)| !is_kept(name)) {
            let held = held(name).map_or(&nobody, |set| &set.entries);
            steps.extend(missing(name, self.desired, held, wanted));
        }
    }

    /// Takes out of the sets that keep out whoever should not be there, once our chain is right.
    pub(super) fn pardon(&self) -> Vec<Step> {
        let keeping_out = self
            .actual
            .sets
            .iter()
            .filter(|(name, set)| !name.lets_in() && set.as_created && self.is_spoken(name));
        let wanted =
            keeping_out.filter_map(|(name, set)| Some((name, set, self.desired.sets().get(name)?)));
        wanted
            .flat_map(|(name, set, wanted)| surplus(name, self.desired, &set.entries, wanted))
            .collect()
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
        let jump = jump(self.desired, filter, anchor);
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

    /// Of the rules that stand, those that should, behind who is denied and before whose right has ended.
    ///
    /// A base policy that stands and is to stay is replaced as a whole, now or, where sets are missing for it, later: a
    /// part of it would keep out those whom the rest lets in, or let in those whom the rest keeps out.
    fn narrowed(&self, family: Family, standing: &[String]) -> Vec<Rule> {
        let mut wanted = self.desired.rules(family);
        let stands = |rule: &Rule| standing.iter().any(|text| text == rule.as_str());
        let stays = |rule: &Rule| rule.sets().all(|set| self.stays(&set));
        let of_policy = |rule: &Rule| base_policy::has(family, rule.as_str());
        let replaced = self.desired.policy().is_some() && base_policy::stands(family, standing);
        let deny = self.desired.deny_rule(family).filter(stays);
        if replaced && wanted.iter().filter(|rule| of_policy(rule)).all(stays) {
            let is_deny = |rule: &Rule| deny.as_ref() == Some(rule);
            wanted.retain(|rule| of_policy(rule) || is_deny(rule) || stands(rule) && stays(rule));
            return wanted;
        }
        let whole = replaced && base_policy::is_whole(family, standing);
        // Who was kept out may be kept out by the policy from now on, and does not come in between.
        let [denied, ended] =
            [Purpose::Deny, Purpose::Ended].map(|purpose| SetName::new(purpose, family));
        let pardoned = Rule::deny(&denied);
        let keeps_out = |rule: &Rule| *rule == pardoned || rule.silences(&ended);
        let belongs =
            |rule: &Rule| wanted.contains(rule) || whole && of_policy(rule) || keeps_out(rule);
        let mut rules: Vec<Rule> = standing.iter().map(Rule::new).collect();
        rules.retain(|rule| stays(rule) && belongs(rule));
        if !whole {
            rules.retain(|rule| !base_policy::drops_all(family, rule.as_str()));
        }
        if let Some(deny) = deny {
            let own = self.desired.policy().map(|_| base_policy::first());
            rules.retain(|rule| *rule != deny && Some(rule) != own.as_ref());
            rules = own.into_iter().chain([deny]).chain(rules).collect();
        }
        let silencing = self.desired.silencing_rules(family).into_iter().filter(stays);
        let silencing: Vec<Rule> = silencing.collect();
        if !silencing.is_empty() {
            rules.retain(|rule| !rule.silences(&ended));
            rules.extend(silencing);
        }
        rules
    }

    /// Whether a rule may refer to a set from the closing steps on until the end.
    fn stays(&self, name: &SetName) -> bool {
        match self.actual.sets.get(name) {
            Some(set) => set.as_created,
            None => name.closes() && self.is_spoken(name),
        }
    }

    fn is_spoken(&self, set: &SetName) -> bool {
        self.actual.filters.contains_key(&set.family())
    }

    fn is_malformed(&self, name: &SetName) -> bool {
        self.actual.sets.get(name).is_some_and(|set| !set.as_created)
    }

    /// Sets that should be, but not as they are.
    fn malformed(&self) -> impl Iterator<Item = &'a SetName> {
        let wanted = self.desired.sets();
        let sets = self.actual.sets.iter();
        sets.filter(|(name, set)| wanted.contains_key(name) && !set.as_created)
            .map(|(name, _)| name)
    }
}

type Held = BTreeMap<IpNet, Option<Time>>;
type Wanted = BTreeMap<IpNet, Time>;

/// A network of a set: what is there, and what should be.
struct Sides {
    network: IpNet,
    left: Option<Option<Time>>,
    wanted: Option<Time>,
}

/// The networks of either side that something is said about, in order.
fn sides<'a>(
    name: &SetName,
    desired: &'a Desired,
    held: &'a Held,
    wanted: &'a Wanted,
) -> Box<dyn Iterator<Item = Sides> + 'a> {
    if let Some(part) = desired.part().filter(|_| name.service().is_some()) {
        return Box::new(part.iter().map(|network| Sides {
            network: *network,
            left: held.get(network).copied(),
            wanted: wanted.get(network).copied(),
        }));
    }
    // Both may be many, and are in order.
    let (mut held, mut wanted) = (held.iter().peekable(), wanted.iter().peekable());
    Box::new(std::iter::from_fn(move || {
        let next = match (held.peek(), wanted.peek()) {
            (Some((here, _)), Some((there, _))) => *here.min(there),
            (Some((only, _)), None) | (None, Some((only, _))) => *only,
            (None, None) => return None,
        };
        Some(Sides {
            network: *next,
            left: held.next_if(|(network, _)| *network == next).map(|(_, left)| *left),
            wanted: wanted.next_if(|(network, _)| *network == next).map(|(_, time)| *time),
        })
    }))
}

/// What is in a set and should not be, or not for so long.
fn surplus(name: &SetName, desired: &Desired, held: &Held, wanted: &Wanted) -> Vec<Step> {
    let mut steps = Vec::new();
    for Sides { network, left, wanted } in sides(name, desired, held, wanted) {
        let set = || name.clone();
        match (wanted, left) {
            (None, Some(_)) => steps.push(Step::Close { set: set(), network }),
            // An entry that should stay in a set that keeps out is put right without a moment of letting in.
            (Some(_), Some(None)) if name.lets_in() => {
                steps.push(Step::Close { set: set(), network });
            }
            (Some(wanted), Some(Some(left))) if left.is_longer_than(wanted) => {
                steps.push(Step::Shorten { set: set(), network, time: wanted.held() });
            }
            (Some(_) | None, _) => {}
        }
    }
    steps
}

/// What should be in a set and is not, or not for so long.
fn missing<'a>(
    name: &'a SetName,
    desired: &'a Desired,
    held: &'a Held,
    wanted: &'a Wanted,
) -> impl Iterator<Item = Step> + 'a {
    sides(name, desired, held, wanted).filter_map(|Sides { network, left, wanted }| {
        let time = wanted?;
        let is_right = left.flatten().is_some_and(|left| !left.is_shorter_than(time));
        (!is_right).then(|| Step::Open { set: name.clone(), network, time: time.held() })
    })
}
