use std::net::Ipv4Addr;

use super::letter::Letter;
use super::network::Arrivals;
use super::site::Lease;

/// What there is to show after a call.
pub(super) struct Evidence {
    /// `DIALGATE_RESULT`.
    pub(super) result: Option<String>,
    pub(super) lease: Option<Lease>,
    /// What is in the kernel, or what would have been sent there.
    pub(super) firewall: Firewall,
    pub(super) letter: Option<Letter>,
    /// What the server did that a real Asterisk takes amiss.
    pub(super) mistakes: Vec<String>,
}

/// Whom dialgate lets in, as `rules`, and whether packets from `address` and its neighbour prove it.
pub(super) enum Firewall {
    Real { rules: String, address: Ipv4Addr, before: Arrivals, after: Arrivals },
    Untouched { rules: String },
}

/// What a call should come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Access for this address.
    Open(Ipv4Addr),
    /// Whatever the caller chose: access, or none and a reason.
    Consistent,
}

impl Evidence {
    /// What is not as it should be after a call by the holder of `account`.
    pub(super) fn faults(&self, account: &str, expected: Expected) -> Vec<String> {
        let mut faults = self.mistakes.clone();
        faults.extend(self.faults_of_ending(expected));
        match &self.lease {
            Some(lease) => faults.extend(self.faults_of(lease, account, expected)),
            None if self.letter.is_some() => {
                faults.push("there is a letter but no lease".to_owned());
            }
            None => {}
        }
        faults.extend(self.faults_of_firewall());
        faults
    }

    fn faults_of_ending(&self, expected: Expected) -> Option<String> {
        let result = self.result.as_deref();
        let kept = match (expected, &self.lease) {
            (Expected::Open(_), Some(_)) => result == Some("open"),
            (Expected::Open(_), None) => return Some("there is no lease".to_owned()),
            // Whoever hangs up after having confirmed gets in all the same.
            (Expected::Consistent, Some(_)) => matches!(result, Some("open" | "hangup")),
            (Expected::Consistent, None) => {
                matches!(result, Some("hangup" | "failed-login" | "refused"))
            }
        };
        let result = result.unwrap_or("nothing at all");
        (!kept).then(|| format!("the call should not have ended as \"{result}\""))
    }

    fn faults_of(&self, lease: &Lease, account: &str, expected: Expected) -> Vec<String> {
        let right = match expected {
            Expected::Open(address) => lease.address == address.to_string(),
            Expected::Consistent => true,
        };
        let told = self.letter.as_ref().is_some_and(|letter| letter.text.contains(&lease.address));
        named([
            (lease.account == account, "the lease is another account's"),
            (right, "the lease is for another address"),
            (told, "no letter names the address"),
        ])
    }

    fn faults_of_firewall(&self) -> Vec<String> {
        let open = self.lease.is_some();
        let (Firewall::Real { rules, .. } | Firewall::Untouched { rules }) = &self.firewall;
        let agrees = match &self.lease {
            Some(lease) => rules.contains(&lease.address),
            None => rules.is_empty(),
        };
        let mut faults = named([(agrees, "the firewall's rules are not as the lease says")]);
        if let Firewall::Real { before, after, .. } = &self.firewall {
            let nobody = Arrivals { traveller: false, neighbour: false };
            faults.extend(named([
                (*before == nobody, "a packet got in before the call"),
                (after.traveller == open, "the traveller's packet did not fare as the lease says"),
                (!after.neighbour, "the neighbour's packet got in"),
            ]));
        }
        faults
    }
}

/// Those that were not kept.
fn named<const N: usize>(expectations: [(bool, &str); N]) -> Vec<String> {
    let broken = expectations.into_iter().filter(|(kept, _)| !kept);
    broken.map(|(_, fault)| fault.to_owned()).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(12, 34, 56, 78);
    const NOBODY: Arrivals = Arrivals { traveller: false, neighbour: false };

    pub(in crate::demo) fn good() -> Evidence {
        Evidence {
            result: Some("open".into()),
            lease: Some(Lease {
                id: "L1".into(),
                account: "4711".into(),
                address: "12.34.56.78".into(),
                services: vec!["sip".into(), "rtp".into()],
                expires_at: "2026-11-20T18:00:00Z".parse().unwrap(),
            }),
            firewall: Firewall::Real {
                rules: "add dg-sip-4 12.34.56.78 timeout 86399\n\
                    -A DIALGATE -p udp -m udp --dport 5060:5069 -m set --match-set dg-sip-4 src -j ACCEPT"
                    .into(),
                address: ADDRESS,
                before: NOBODY,
                after: Arrivals { traveller: true, neighbour: false },
            },
            letter: Some(Letter {
                to: "ada@hotel.example".into(),
                subject: "Open".into(),
                text: "Hello,\n12.34.56.78 is open.".into(),
            }),
            mistakes: Vec::new(),
        }
    }

    /// After a call that opened nothing.
    pub(in crate::demo) fn nothing(result: &str) -> Evidence {
        Evidence {
            result: Some(result.into()),
            lease: None,
            firewall: Firewall::Real {
                rules: String::new(),
                address: ADDRESS,
                before: NOBODY,
                after: NOBODY,
            },
            letter: None,
            mistakes: Vec::new(),
        }
    }

    fn faults(evidence: &Evidence) -> Vec<String> {
        evidence.faults("4711", Expected::Open(ADDRESS))
    }

    #[test]
    fn a_call_that_did_all_it_should_has_no_faults() {
        assert_eq!(faults(&good()), Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        let mut evidence = nothing("queued");
        evidence.mistakes = vec!["two at once".into()];
        assert_eq!(faults(&evidence), ["two at once", "there is no lease"]);
        evidence = good();
        (evidence.letter, evidence.result) = (None, Some("queued".into()));
        assert_eq!(
            faults(&evidence),
            ["the call should not have ended as \"queued\"", "no letter names the address"]
        );
    }

    #[test]
    fn a_neighbour_who_gets_in_is_a_fault_and_so_is_a_traveller_who_does_not() {
        for (traveller, neighbour) in [(true, true), (false, false)] {
            let mut evidence = good();
            if let Firewall::Real { after, .. } = &mut evidence.firewall {
                *after = Arrivals { traveller, neighbour };
            }
            assert_eq!(faults(&evidence).len(), 1, "{traveller} {neighbour}");
        }
    }

    #[test]
    fn a_lease_for_another_address_is_a_fault_unless_the_caller_chose_it() {
        let other = Expected::Open(Ipv4Addr::new(12, 34, 56, 79));
        assert_eq!(good().faults("4711", other), ["the lease is for another address"]);
        assert!(good().faults("4711", Expected::Consistent).is_empty());
    }

    #[test]
    fn a_caller_may_open_nothing_for_a_reason_but_not_get_in_then() {
        for (result, faults) in [("hangup", 0), ("failed-login", 0), ("refused", 0), ("error", 1)] {
            let found = nothing(result).faults("4711", Expected::Consistent);
            assert_eq!(found.len(), faults, "{result}: {found:?}");
        }
        let mut evidence = good();
        (evidence.lease, evidence.result) = (None, Some("refused".into()));
        let found = evidence.faults("4711", Expected::Consistent);
        assert_eq!(found.len(), 3, "letter, rules and packet without a lease: {found:?}");
    }
}
