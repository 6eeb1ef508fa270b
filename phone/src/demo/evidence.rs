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

pub(super) enum Firewall {
    Real { rules: String, before: Arrivals, after: Option<Arrivals> },
    Untouched { rules: String },
}

impl Evidence {
    /// Whether access was opened, by word of the call or by deed.
    pub(super) fn is_open(&self) -> bool {
        self.lease.is_some() || matches!(self.result.as_deref(), Some("open" | "extended"))
    }

    /// What is not as it should be after a call in which `account` opened `address`; of that address's own choosing
    /// when there is none.
    pub(super) fn faults(&self, account: &str, address: Option<Ipv4Addr>) -> Vec<String> {
        let mut faults = self.mistakes.clone();
        let mut expect = |kept: bool, fault: &str| {
            if !kept {
                faults.push(fault.to_owned());
            }
        };
        expect(self.result.as_deref() == Some("open"), "the call did not end as \"open\"");
        match &self.lease {
            None => expect(false, "there is no lease"),
            Some(lease) => {
                expect(lease.account == account, "the lease is another account's");
                let right = address.is_none_or(|address| lease.address == address.to_string());
                expect(right, "the lease is for another address");
                let told =
                    self.letter.as_ref().is_some_and(|letter| letter.text.contains(&lease.address));
                expect(told, "no letter names the address");
            }
        }
        match &self.firewall {
            Firewall::Real { before, after, .. } => {
                let nobody = Arrivals { traveller: false, neighbour: false };
                expect(*before == nobody, "a datagram got in before the call");
                let traveller = Arrivals { traveller: true, neighbour: false };
                expect(
                    *after == Some(traveller),
                    "not exactly the traveller's datagram got in after the call",
                );
            }
            Firewall::Untouched { rules } => {
                let named = self.lease.as_ref().is_some_and(|lease| rules.contains(&lease.address));
                expect(named, "the plan does not name the address");
            }
        }
        faults
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

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
                rules: "add dg-sip-4 12.34.56.78 timeout 86399".into(),
                before: Arrivals { traveller: false, neighbour: false },
                after: Some(Arrivals { traveller: true, neighbour: false }),
            },
            letter: Some(Letter {
                to: "ada@hotel.example".into(),
                subject: "Open".into(),
                text: "Hello,\n12.34.56.78 is open.".into(),
            }),
            mistakes: Vec::new(),
        }
    }

    fn faults(evidence: &Evidence) -> Vec<String> {
        evidence.faults("4711", Some(Ipv4Addr::new(12, 34, 56, 78)))
    }

    #[test]
    fn a_call_that_did_all_it_should_has_no_faults() {
        assert_eq!(faults(&good()), Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        let mut evidence = good();
        evidence.result = Some("queued".into());
        evidence.lease = None;
        evidence.letter = None;
        evidence.mistakes = vec!["two at once".into()];
        assert_eq!(
            faults(&evidence),
            ["two at once", "the call did not end as \"open\"", "there is no lease"]
        );
        assert!(!evidence.is_open());
    }

    #[test]
    fn a_neighbour_who_gets_in_is_a_fault_and_so_is_a_traveller_who_does_not() {
        for after in [None, Some((true, true)), Some((false, false))] {
            let mut evidence = good();
            if let Firewall::Real { after: seen, .. } = &mut evidence.firewall {
                *seen = after.map(|(traveller, neighbour)| Arrivals { traveller, neighbour });
            }
            assert_eq!(faults(&evidence).len(), 1, "{after:?}");
        }
    }

    #[test]
    fn a_lease_for_another_address_is_a_fault_unless_the_caller_chose_it() {
        let other = Some(Ipv4Addr::new(12, 34, 56, 79));
        assert_eq!(good().faults("4711", other), ["the lease is for another address"]);
        assert!(good().faults("4711", None).is_empty());
    }
}
