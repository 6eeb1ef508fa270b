//! Admission: whether a request is granted. Pure: the clock, the ledger and the machine's addresses are given.

use std::collections::BTreeSet;
use std::net::IpAddr;

use dialgate_contract::config::{self, Config};
use dialgate_contract::ledger::Account;
use dialgate_contract::queue::{Matter, Request, Wish};
use dialgate_contract::{Lifetime, Refusal, TravellerAddress, Unfit};
use jiff::{SignedDuration, Timestamp};

/// A request older than this is not believed any more: its traveller has moved on, and somebody else may be at the
/// address by now.
pub const STALE: SignedDuration = SignedDuration::from_hours(24);

/// Leases open at a time at most, well below what a set in the kernel holds: one that is full takes nobody more, and
/// no other change that comes with him.
pub const MOST_LEASES: u32 = 60_000;

/// What the operator allows.
#[derive(Debug, Clone)]
pub struct Policy {
    lease: config::Lease,
    allow_private: bool,
}

/// What is known when a request is judged.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The account that it names, if there is one.
    pub account: Option<&'a Account>,
    /// This machine's addresses.
    pub own: &'a BTreeSet<IpAddr>,
    /// Requests granted in the last hour: to this account, and to all together.
    pub granted: (u32, u32),
    /// Leases that have not ended, of all accounts.
    pub leases: u32,
    /// The time.
    pub now: Timestamp,
}

/// How a request was judged.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement<'a> {
    /// It is granted; the admission says what is to be opened.
    Admit(Admission<'a>),
    /// It is refused.
    Refuse(Refusal),
}

/// The right to open one lease. Only [`admit`] makes one.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission<'a> {
    account: &'a Account,
    address: TravellerAddress,
    until: Timestamp,
}

impl Policy {
    /// What the configuration allows.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self { lease: config.lease.clone(), allow_private: config.firewall.allow_private }
    }

    /// Addresses open at a time for one account.
    #[must_use]
    pub const fn addresses_per_account(&self) -> u8 {
        self.lease.addresses_per_account
    }

    /// Verdicts an hour beyond which the queue is taken for flooded and nothing more is recorded.
    #[must_use]
    pub const fn flood(&self) -> u32 {
        self.lease.site_requests_per_hour.saturating_mul(10)
    }
}

impl<'a> Admission<'a> {
    /// Whose lease it will be.
    #[must_use]
    pub const fn account(&self) -> &'a Account {
        self.account
    }

    /// From where.
    #[must_use]
    pub const fn address(&self) -> TravellerAddress {
        self.address
    }

    /// Until when.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }
}

/// Judges a request. Nothing that it says is believed except what it asks for.
pub fn admit<'a>(request: &Request, facts: Facts<'a>, policy: &Policy) -> Judgement<'a> {
    match judge(request, facts, policy) {
        Ok(admission) => Judgement::Admit(admission),
        Err(refusal) => Judgement::Refuse(refusal),
    }
}

fn judge<'a>(
    request: &Request,
    facts: Facts<'a>,
    policy: &Policy,
) -> Result<Admission<'a>, Refusal> {
    if facts.now.duration_since(request.requested_at) > STALE {
        return Err(Refusal::Stale);
    }
    let Matter::Access { wish: Wish::Open { address: asked, lifetime: long }, .. } =
        &request.matter
    else {
        return Err(Refusal::Account);
    };
    let account = facts
        .account
        .filter(|account| account.enabled && !account.services.is_empty())
        .ok_or(Refusal::Account)?;
    let address = address(*asked, facts.own, policy)?;
    let until = facts
        .now
        .checked_add(lifetime(*long, account, policy)?.signed())
        .map_err(|_| Refusal::Lifetime)?;
    let (account_granted, site_granted) = facts.granted;
    if account_granted >= policy.lease.account_requests_per_hour
        || site_granted >= policy.lease.site_requests_per_hour
        || facts.leases >= MOST_LEASES
    {
        return Err(Refusal::TooMany);
    }
    Ok(Admission { account, address, until })
}

fn address(
    asked: IpAddr,
    own: &BTreeSet<IpAddr>,
    policy: &Policy,
) -> Result<TravellerAddress, Refusal> {
    if own.contains(&asked) {
        return Err(Refusal::OwnAddress);
    }
    let address =
        TravellerAddress::new(asked, policy.allow_private).map_err(|unfit| match unfit {
            Unfit::Private(_) => Refusal::PrivateAddress,
            Unfit::Special(..) | Unfit::Unreadable => Refusal::SpecialAddress,
        })?;
    if own.iter().any(|&own| address.contains(own)) {
        return Err(Refusal::OwnAddress);
    }
    Ok(address)
}

/// A longer time than the account's own has to be asked for and fit the site's limit; the account's own is cut to it.
fn lifetime(
    asked: Option<Lifetime>,
    account: &Account,
    policy: &Policy,
) -> Result<Lifetime, Refusal> {
    let usual = account.lifetime.unwrap_or(policy.lease.default).min(policy.lease.max);
    match asked {
        None => Ok(usual),
        Some(asked) if asked <= policy.lease.max => Ok(asked),
        Some(_) => Err(Refusal::Lifetime),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialgate_contract::{CallerId, RequestId};
    use proptest::prelude::*;

    const NOW: i64 = 1_800_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ann() -> Account {
        Account {
            number: "4711".parse().unwrap(),
            name: "Ann".to_owned(),
            email: "ann@example.net".to_owned(),
            enabled: true,
            lifetime: None,
            time_zone: None,
            language: None,
            unlocked_at: None,
            services: ["sip".parse().unwrap()].into(),
            created_at: at(0),
        }
    }

    fn request(address: &str) -> Request {
        asking(address.parse().unwrap(), None)
    }

    fn asking(address: IpAddr, lifetime: Option<Lifetime>) -> Request {
        Request {
            id: RequestId::from_random([1; 16]),
            matter: Matter::Access {
                account: "4711".parse().unwrap(),
                wish: Wish::Open { address, lifetime },
            },
            caller: CallerId::from_network("1"),
            requested_at: at(NOW),
        }
    }

    fn policy() -> Policy {
        Policy::new(&Config::default())
    }

    fn judged(
        request: &Request,
        account: Option<&Account>,
    ) -> Result<(TravellerAddress, Timestamp), Refusal> {
        let own = ["12.34.56.1".parse().unwrap(), "2a00:1:2:3::1".parse().unwrap()].into();
        let facts = Facts { account, own: &own, granted: (0, 0), leases: 0, now: at(NOW) };
        judge(request, facts, &policy()).map(|admission| (admission.address, admission.until))
    }

    #[test]
    fn a_public_address_is_opened_for_the_default_time() {
        let day = SignedDuration::from_hours(24);
        let expected = ("12.34.56.78".parse().unwrap(), at(NOW) + day);
        assert_eq!(judged(&request("12.34.56.78"), Some(&ann())), Ok(expected));
    }

    #[test]
    fn an_account_may_have_a_time_of_its_own_cut_to_the_sites_limit() {
        let short = Account { lifetime: Some("2h".parse().unwrap()), ..ann() };
        let until = judged(&request("12.34.56.78"), Some(&short)).unwrap().1;
        assert_eq!(until, at(NOW) + SignedDuration::from_hours(2));
        let long = Account { lifetime: Some("30d".parse().unwrap()), ..ann() };
        let until = judged(&request("12.34.56.78"), Some(&long)).unwrap().1;
        assert_eq!(until, at(NOW) + SignedDuration::from_hours(7 * 24));
    }

    #[test]
    fn asking_for_longer_than_the_site_allows_is_refused() {
        let asking = |lifetime: &str| asking("12.34.56.78".parse().unwrap(), lifetime.parse().ok());
        assert!(judged(&asking("7d"), Some(&ann())).is_ok());
        assert_eq!(judged(&asking("8d"), Some(&ann())), Err(Refusal::Lifetime));
    }

    #[test]
    fn an_unknown_a_disabled_and_an_empty_account_are_refused_alike() {
        let disabled = Account { enabled: false, ..ann() };
        let empty = Account { services: BTreeSet::new(), ..ann() };
        for account in [None, Some(&disabled), Some(&empty)] {
            assert_eq!(judged(&request("12.34.56.78"), account), Err(Refusal::Account));
        }
    }

    #[test]
    fn addresses_of_no_traveller_are_refused_with_their_reason() {
        for (address, refusal) in [
            ("10.0.0.1", Refusal::PrivateAddress),
            ("100.64.0.1", Refusal::PrivateAddress),
            ("192.168.1.1", Refusal::PrivateAddress),
            ("0.0.0.0", Refusal::SpecialAddress),
            ("127.0.0.1", Refusal::SpecialAddress),
            ("192.0.2.1", Refusal::SpecialAddress),
            ("224.0.0.1", Refusal::SpecialAddress),
            ("255.255.255.255", Refusal::SpecialAddress),
            ("12.34.56.1", Refusal::OwnAddress),
            ("2a00:1:2:3::99", Refusal::OwnAddress),
        ] {
            assert_eq!(judged(&request(address), Some(&ann())), Err(refusal), "{address}");
        }
    }

    #[test]
    fn an_old_request_is_refused_and_one_from_the_future_is_taken_as_of_now() {
        let old = Request { requested_at: at(NOW - 24 * 3600 - 1), ..request("12.34.56.78") };
        assert_eq!(judged(&old, Some(&ann())), Err(Refusal::Stale));
        let future = Request { requested_at: at(NOW + 1_000_000), ..request("12.34.56.78") };
        let until = judged(&future, Some(&ann())).unwrap().1;
        assert_eq!(until, at(NOW) + SignedDuration::from_hours(24));
    }

    #[test]
    fn too_many_requests_in_an_hour_are_refused_for_the_account_and_for_the_site() {
        let (account, own) = (ann(), BTreeSet::new());
        for (granted, leases, admitted) in [
            ((9, 9), 0, true),
            ((10, 10), 0, false),
            ((0, 299), MOST_LEASES - 1, true),
            ((0, 300), 0, false),
            ((0, 0), MOST_LEASES, false),
        ] {
            let facts = Facts { account: Some(&account), own: &own, granted, leases, now: at(NOW) };
            let judgement = admit(&request("12.34.56.78"), facts, &policy());
            assert_eq!(matches!(judgement, Judgement::Admit(_)), admitted, "{granted:?} {leases}");
        }
    }

    proptest! {
        #[test]
        fn no_admission_breaks_the_policy(
            bits in any::<u32>(), asked in proptest::option::of(1_i64..40 * 86_400),
            own_time in proptest::option::of(1_i64..40 * 86_400), age in -100_000_i64..200_000,
        ) {
            let lifetime = asked.map(|seconds| Lifetime::from_seconds(seconds).unwrap());
            let asking = Request {
                requested_at: at(NOW - age),
                ..asking(IpAddr::V4(bits.into()), lifetime)
            };
            let lifetime = own_time.map(|seconds| Lifetime::from_seconds(seconds).unwrap());
            let account = Account { lifetime, ..ann() };
            if let Ok((address, until)) = judged(&asking, Some(&account)) {
                prop_assert_eq!(address, address.to_string().parse().unwrap());
                prop_assert!(until > at(NOW) && until <= at(NOW) + policy().lease.max.signed());
                prop_assert!(age <= STALE.as_secs());
            }
        }
    }
}
