//! Where the jump to our chain stands among everybody else's rules.
//!
//! It stands at the top of `INPUT`, below fail2ban's jumps: bans stay above grants. So it stands above the jumps of
//! ufw, which a reload leaves in place (`ufw-init-functions` empties its own chains and appends its jumps only when
//! they are gone), and below nothing that drops. Docker's chains are behind `FORWARD` and concern packets to others.
//!
//! FreePBX's firewall wipes all rules when a foreign one stands in `INPUT` above its own jump, and looks for that
//! again and again (module `firewall`, `isConfigured`); in its own chain it looks for nothing. There ours stands at
//! the top, and none is left in `INPUT`.

use std::collections::BTreeSet;

use dialgate_contract::config::{Anchor, ChainName};

use super::fail2ban::set_of_bans;
use super::filter::BUILT_IN;
use super::plan::PlanError;
use super::{Desired, Family, Filter, Jump};

/// The chain of FreePBX's firewall.
const FREEPBX: &str = "fpbxfirewall";

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
        Anchor::Auto => Ok(freepbx(filter).unwrap_or_else(ChainName::input)),
        Anchor::Chain(anchor) if filter.rules(anchor.as_str()).is_some() => Ok(anchor.clone()),
        Anchor::Chain(anchor) => Err(PlanError::NoAnchor { anchor: anchor.clone(), family }),
    }
}

/// Whether the name of our chain is somebody else's; such a chain is never touched.
pub(crate) fn is_taken(desired: &Desired) -> bool {
    is_of_others(desired.anchor(), desired.chain())
}

/// Whether a chain of this name cannot be ours under this anchor.
pub(super) fn is_of_others(anchor: &Anchor, chain: &ChainName) -> bool {
    let is_anchor = matches!(anchor, Anchor::Chain(anchor) if anchor == chain);
    is_anchor || BUILT_IN.contains(&chain.as_str()) || chain.as_str() == FREEPBX
}

/// What is to be done for the jump to stand where it should; nothing when it does.
pub(super) fn jump(desired: &Desired, filter: &Filter, anchor: &ChainName) -> Option<Jump> {
    let ours = format!("-j {}", desired.chain());
    let rules = filter.rules(anchor.as_str()).unwrap_or_default();
    let others = rules.iter().filter(|rule| **rule != ours);
    let goes = |rule: &str| desired.former().iter().any(|chain| rule == format!("-j {chain}"));
    let above = others.take_while(|rule| is_of_fail2ban(rule) || goes(rule)).count();
    let remove = own_jumps(desired, filter, anchor, desired.chain());
    let right = remove.len() == 1 && rules.get(above) == Some(&ours);
    (!right).then(|| Jump { anchor: anchor.clone(), remove, place: above.saturating_add(1) })
}

/// Where jumps stand that we have put there to this chain of ours: a chain once for each of them.
pub(super) fn own_jumps(
    desired: &Desired,
    filter: &Filter,
    anchor: &ChainName,
    chain: &ChainName,
) -> Vec<ChainName> {
    let ours = format!("-j {chain}");
    let jumps = own_places(desired, anchor).into_iter().flat_map(|from| {
        let rules = filter.rules(from.as_str()).unwrap_or_default();
        let jumps = rules.iter().filter(|rule| **rule == ours).count();
        std::iter::repeat_n(from, jumps)
    });
    jumps.collect()
}

/// The chains that we put a jump into: where it should be now, and where it was before somebody started or stopped
/// FreePBX's firewall, or by another configuration. A jump anywhere else is somebody else's.
fn own_places(desired: &Desired, anchor: &ChainName) -> Vec<ChainName> {
    let automatic = [Some(ChainName::input()), FREEPBX.parse().ok()];
    let mut others: BTreeSet<ChainName> = automatic.into_iter().flatten().collect();
    others.extend(desired.former_anchors().iter().cloned());
    // What stands in chains of ours goes with the rest of it.
    others.retain(|place| place != anchor && !is_own(desired, place));
    std::iter::once(anchor.clone()).chain(others).collect()
}

/// Whether a chain is, or was, ours.
pub(super) fn is_own(desired: &Desired, chain: &ChainName) -> bool {
    chain == desired.chain() || desired.former().contains(chain)
}

/// FreePBX's chain, where packets to this machine come through it.
fn freepbx(filter: &Filter) -> Option<ChainName> {
    filter.rules(FREEPBX)?;
    let input = filter.rules("INPUT").unwrap_or_default();
    let reached = input.iter().any(|rule| target(rule) == Some(FREEPBX));
    reached.then(|| FREEPBX.parse().ok())?
}

/// Fail2ban names its chains `f2b-<jail>` and jumps to them without further words, or keeps out by sets of such names.
fn is_of_fail2ban(rule: &str) -> bool {
    set_of_bans(rule).is_some()
        || target(rule).is_some_and(|target| target.starts_with("f2b-") && !target.contains('"'))
}

/// The chain that a rule ends by jumping to, without further words.
fn target(rule: &str) -> Option<&str> {
    let mut words = rule.rsplit(' ');
    let target = words.next()?;
    (words.next() == Some("-j")).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(input: &[&str], freepbx: Option<&[&str]>) -> Filter {
        let mut saved = "*filter\n:INPUT ACCEPT [0:0]\n".to_owned();
        if freepbx.is_some() {
            saved += ":fpbxfirewall - [0:0]\n";
        }
        input.iter().for_each(|rule| saved += &format!("-A INPUT {rule}\n"));
        let rules = freepbx.unwrap_or_default();
        rules.iter().for_each(|rule| saved += &format!("-A fpbxfirewall {rule}\n"));
        Filter::parse(&saved).unwrap()
    }

    fn automatic(filter: &Filter) -> (String, Option<Jump>) {
        let chain: ChainName = "DIALGATE".parse().unwrap();
        let desired = Desired::new(chain, Anchor::Auto, &[], []);
        let anchor = anchor(&desired, Family::V4, filter).unwrap();
        let jump = jump(&desired, filter, &anchor);
        (anchor.to_string(), jump)
    }

    fn place(filter: &Filter) -> (String, Option<(usize, Vec<String>)>) {
        let (anchor, jump) = automatic(filter);
        let jump = jump.map(|jump| {
            (jump.place, jump.remove.iter().map(ToString::to_string).collect::<Vec<_>>())
        });
        (anchor, jump)
    }

    #[test]
    fn the_jump_stands_above_everybody_but_fail2ban() {
        const UFW: [&str; 2] = ["-j ufw-before-logging-input", "-j ufw-before-input"];
        const F2B: &str = "-p tcp -m multiport --dports 22 -j f2b-sshd";
        const BY_SET: &str = "-p tcp -m multiport --dports 22 -m set --match-set f2b-sshd src -j REJECT --reject-with icmp-port-unreachable";
        let ours = "-j DIALGATE";
        let at = |place: usize, remove: &[&str]| {
            let remove = remove.iter().map(ToString::to_string).collect::<Vec<_>>();
            ("INPUT".to_owned(), Some((place, remove)))
        };
        let right = || ("INPUT".to_owned(), None);
        for (rules, expected) in [
            (vec![], at(1, &[])),
            (vec![ours], right()),
            (vec![UFW[0], UFW[1]], at(1, &[])),
            (vec![ours, UFW[0], UFW[1]], right()),
            (vec![UFW[0], UFW[1], ours], at(1, &["INPUT"])),
            (vec!["-i lo -j ACCEPT", ours], at(1, &["INPUT"])),
            (vec!["-j DROP", ours], at(1, &["INPUT"])),
            (vec![F2B, ours, UFW[0]], right()),
            (vec![ours, F2B, UFW[0]], at(2, &["INPUT"])),
            (vec![F2B, "-j f2b-recidive", UFW[0], F2B], at(3, &[])),
            (vec![BY_SET, ours], right()),
            (vec![ours, BY_SET], at(2, &["INPUT"])),
            (vec![ours, UFW[0], ours], at(1, &["INPUT", "INPUT"])),
            (vec!["-p tcp -j DIALGATE"], at(1, &[])),
        ] {
            assert_eq!(place(&filter(&rules, None)), expected, "{rules:?}");
        }
    }

    #[test]
    fn under_freepbx_it_stands_in_its_chain_and_nowhere_else() {
        let in_freepbx = |jump| ("fpbxfirewall".to_owned(), jump);
        let lo = "-i lo -j ACCEPT";
        for (input, freepbx, expected) in [
            (vec!["-j fpbxfirewall"], vec![lo], in_freepbx(Some((1, vec![])))),
            (vec!["-j f2b-sshd", "-j fpbxfirewall"], vec!["-j DIALGATE", lo], in_freepbx(None)),
            (
                vec!["-j DIALGATE", "-j fpbxfirewall"],
                vec![lo],
                in_freepbx(Some((1, vec!["INPUT".to_owned()]))),
            ),
            (
                vec!["-j fpbxfirewall"],
                vec![lo, "-j DIALGATE"],
                in_freepbx(Some((1, vec!["fpbxfirewall".to_owned()]))),
            ),
            // It is being built, or left over: nothing comes through it.
            (vec!["-j DIALGATE"], vec![lo], ("INPUT".to_owned(), None)),
            (
                vec![],
                vec!["-j DIALGATE"],
                ("INPUT".to_owned(), Some((1, vec!["fpbxfirewall".to_owned()]))),
            ),
        ] {
            assert_eq!(place(&filter(&input, Some(&freepbx))), expected, "{input:?} {freepbx:?}");
        }
    }
}
