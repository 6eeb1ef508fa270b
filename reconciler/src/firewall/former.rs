//! How a chain goes that was built under a name that the configuration no longer has.

use dialgate_contract::config::{Anchor, ChainName};

use super::anchor::{is_own, own_jumps};
use super::{Actual, Desired, Family, Filter, Step};

impl Desired {
    /// Whether nothing is left of a chain of ours and its jump in this anchor. What stands now is not gone.
    pub(crate) fn is_gone(&self, actual: &Actual, chain: &ChainName, anchor: &Anchor) -> bool {
        let stands = |filter: &Filter| {
            let jumps = match anchor {
                Anchor::Chain(anchor) if chain == self.chain() => {
                    filter.rules(anchor.as_str()).unwrap_or_default()
                }
                Anchor::Chain(_) | Anchor::Auto => &[],
            };
            let is_former = chain != self.chain() && filter.rules(chain.as_str()).is_some();
            is_former || jumps.iter().any(|rule| leads_to(rule, chain.as_str()))
        };
        (chain, anchor) != (self.chain(), self.anchor()) && !actual.filters.values().any(stands)
    }
}

/// Takes away a chain of a former name with our jumps to it; nothing when that is done. One that somebody else's rules
/// lead to cannot be removed: it stays, with nothing in it.
pub(super) fn retire(
    desired: &Desired,
    family: Family,
    filter: &Filter,
    anchor: &ChainName,
    chain: &ChainName,
) -> Option<Step> {
    filter.rules(chain.as_str())?;
    let jumps = own_jumps(desired, filter, anchor, chain);
    let is_own =
        |place: &str| place.parse::<ChainName>().is_ok_and(|place| is_own(desired, &place));
    let others =
        filter.chains.iter().filter(|(place, _)| !is_own(place)).flat_map(|(_, rules)| rules);
    let needed = others.filter(|rule| leads_to(rule, chain.as_str())).count() > jumps.len();
    let done = needed && jumps.is_empty() && is_retired(filter, chain);
    (!done).then(|| Step::Retire { family, chain: chain.clone(), jumps, needed })
}

/// Whether there is nothing in it.
pub(super) fn is_retired(filter: &Filter, chain: &ChainName) -> bool {
    filter.rules(chain.as_str()).is_none_or(<[String]>::is_empty)
}

/// Whether the kernel needs the chain for this rule.
pub(super) fn leads_to(rule: &str, chain: &str) -> bool {
    let words = rule.split(' ');
    words
        .clone()
        .zip(words.skip(1))
        .any(|(option, name)| matches!(option, "-j" | "-g") && name == chain)
}
