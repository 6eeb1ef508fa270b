//! Where the jump to our chain stands among everybody else's rules.

use dialgate_contract::config::{Anchor, ChainName};

use super::filter::BUILT_IN;
use super::plan::PlanError;
use super::{Desired, Family, Filter, Jump};

/// The chain of FreePBX's firewall (module `firewall`, `INPUT` jumps to it).
pub(super) const FREEPBX: &str = "fpbxfirewall";

/// Whether the name of our chain is somebody else's; such a chain is never touched.
pub(super) fn is_taken(desired: &Desired) -> bool {
    let chain = desired.chain();
    let is_anchor = matches!(desired.anchor(), Anchor::Chain(anchor) if anchor == chain);
    is_anchor || BUILT_IN.contains(&chain.as_str())
}

/// The chain that jumps to ours.
///
/// # Errors
/// When it is not there, or ours is no name of our own.
pub(super) fn anchor(
    desired: &Desired,
    family: Family,
    filter: &Filter,
) -> Result<ChainName, PlanError> {
    if is_taken(desired) {
        return Err(PlanError::ChainTaken(desired.chain().clone()));
    }
    match desired.anchor() {
        Anchor::Auto if filter.rules(FREEPBX).is_some() => Err(PlanError::FreePbx),
        Anchor::Auto => Ok(ChainName::input()),
        Anchor::Chain(anchor) if filter.rules(anchor.as_str()).is_some() => Ok(anchor.clone()),
        Anchor::Chain(anchor) => Err(PlanError::NoAnchor { anchor: anchor.clone(), family }),
    }
}

/// What is to be done for the jump to stand where it should; nothing when it does.
pub(super) fn jump(filter: &Filter, anchor: &ChainName, chain: &ChainName) -> Option<Jump> {
    let ours = format!("-j {chain}");
    let rules = filter.rules(anchor.as_str()).unwrap_or_default();
    let others = rules.iter().filter(|rule| **rule != ours);
    let above = others.take_while(|rule| leads_to_fail2ban(rule)).count();
    let remove = rules.iter().filter(|rule| **rule == ours).count();
    let right = remove == 1 && rules.get(above) == Some(&ours);
    (!right).then(|| Jump { anchor: anchor.clone(), remove, place: above.saturating_add(1) })
}

/// Fail2ban names its chains `f2b-<jail>` and jumps to them without further words; bans stay above grants.
fn leads_to_fail2ban(rule: &str) -> bool {
    let mut words = rule.rsplit(' ');
    let target = words.next().unwrap_or_default();
    target.starts_with("f2b-") && !target.contains('"') && words.next() == Some("-j")
}
