use std::fmt;
use std::num::NonZeroU8;

use crate::config;
use crate::{Account, AccountNumber, Lifetime, Service, ServiceName};

/// On which terms an account gets leases, by all that have a say in it: the site, the account and its services.
///
/// A lease has one end for everything that it opens, so the shortest limit of its services holds for all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    usual: Lifetime,
    longest: Lifetime,
    limit: Limit,
    addresses: u8,
}

/// Whose limit on the length of a lease is the shortest. Written the way people name it: `lease.max`, `account 4711`,
/// `service ssh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// The site's.
    Site,
    /// The account's own.
    Account(AccountNumber),
    /// That of one of its services.
    Service(ServiceName),
}

/// More time was asked for than the terms allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{asked} is longer than {limit} allows: give at most {longest}, or {}", .limit.remedy(*.asked))]
pub struct TooLong {
    asked: Lifetime,
    longest: Lifetime,
    limit: Limit,
}

impl Terms {
    /// The terms of a site, before an account or a service has a say.
    #[must_use]
    pub fn of_site(site: &config::Lease) -> Self {
        Self {
            usual: site.default.min(site.max),
            longest: site.max,
            limit: Limit::Site,
            addresses: site.addresses_per_account,
        }
    }

    /// The terms of an account at a site. Of `services`, those that the account does not have are left aside.
    #[must_use]
    pub fn of(account: &Account, services: &[Service], site: &config::Lease) -> Self {
        let own = account.longest.map(|longest| (longest, Limit::Account(account.number.clone())));
        let services = services
            .iter()
            .filter(|service| account.services.contains(&service.name))
            .filter_map(|it| Some((it.longest?, Limit::Service(it.name.clone()))));
        let (longest, limit) =
            own.into_iter().chain(services).fold((site.max, Limit::Site), |shortest, other| {
                if other.0 < shortest.0 { other } else { shortest }
            });
        Self {
            usual: account.lifetime.unwrap_or(site.default).min(longest),
            longest,
            limit,
            addresses: account.addresses.map_or(site.addresses_per_account, NonZeroU8::get),
        }
    }

    /// How long a lease lasts when nobody says how long.
    #[must_use]
    pub const fn usual(&self) -> Lifetime {
        self.usual
    }

    /// How long a lease lasts at most.
    #[must_use]
    pub const fn longest(&self) -> Lifetime {
        self.longest
    }

    /// Whose limit that is.
    #[must_use]
    pub const fn limit(&self) -> &Limit {
        &self.limit
    }

    /// Addresses open at a time.
    #[must_use]
    pub const fn addresses(&self) -> u8 {
        self.addresses
    }

    /// How long a lease lasts that was asked for like this.
    ///
    /// # Errors
    /// When that is longer than the terms allow.
    pub fn lifetime(&self, asked: Option<Lifetime>) -> Result<Lifetime, TooLong> {
        match asked {
            None => Ok(self.usual),
            Some(asked) if asked <= self.longest => Ok(asked),
            Some(asked) => Err(TooLong { asked, longest: self.longest, limit: self.limit.clone() }),
        }
    }
}

impl Limit {
    /// What the operator does who wants it to be another.
    fn remedy(&self, asked: Lifetime) -> String {
        match self {
            Self::Site => "raise lease.max in the configuration".to_owned(),
            Self::Account(number) => {
                format!("raise it with `dialgate account set {number} --max {asked}`")
            }
            Self::Service(name) => {
                format!("raise it with `dialgate service set {name} --max {asked}`")
            }
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site => f.pad("lease.max"),
            Self::Account(number) => write!(f, "account {number}"),
            Self::Service(name) => write!(f, "service {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::option;
    use proptest::prelude::*;

    const NAMES: [&str; 3] = ["sip", "rtp", "ssh"];

    fn lifetime(text: &str) -> Lifetime {
        text.parse().unwrap()
    }

    fn account(services: &[&str]) -> Account {
        Account::new(
            "4711".parse().unwrap(),
            "Ann".to_owned(),
            "ann@example.net".to_owned(),
            services.iter().map(|name| name.parse().unwrap()).collect(),
            Timestamp::UNIX_EPOCH,
        )
    }

    fn service(name: &str, longest: Option<Lifetime>) -> Service {
        let (name, ports) = (name.parse().unwrap(), "tcp:1".parse().unwrap());
        Service { longest, ..Service::new(name, ports) }
    }

    fn terms(account: &Account, services: &[Service]) -> Terms {
        Terms::of(account, services, &config::Lease::default())
    }

    #[test]
    fn without_limits_of_their_own_the_sites_hold() {
        let terms = terms(&account(&NAMES), &NAMES.map(|name| service(name, None)));
        assert_eq!((terms.usual(), terms.longest()), (lifetime("24h"), lifetime("7d")));
        assert_eq!(terms.addresses(), 1);
    }

    #[test]
    fn the_shortest_limit_of_an_accounts_services_holds_for_all_of_its_lease() {
        let services = [
            service("sip", Some(lifetime("3d"))),
            service("ssh", Some(lifetime("2h"))),
            service("rtp", None),
        ];
        for (has, longest) in [(&NAMES[..], "2h"), (&["sip", "rtp"], "3d"), (&["rtp"], "7d")] {
            let terms = terms(&account(has), &services);
            assert_eq!(terms.longest(), lifetime(longest), "{has:?}");
            assert_eq!(terms.usual(), lifetime("24h").min(lifetime(longest)), "{has:?}");
        }
    }

    #[test]
    fn nobody_has_more_than_the_site_allows_but_as_many_addresses_as_the_account_has() {
        let services = [service("sip", Some(lifetime("30d")))];
        let account = Account {
            longest: Some(lifetime("30d")),
            addresses: NonZeroU8::new(3),
            ..account(&["sip"])
        };
        let terms = terms(&account, &services);
        assert_eq!((terms.longest(), terms.addresses()), (lifetime("7d"), 3));
    }

    #[test]
    fn who_asks_for_too_much_is_told_whose_limit_it_is_and_what_to_do() {
        let services = [service("ssh", Some(lifetime("2h")))];
        let short = Account { longest: Some(lifetime("1h")), ..account(&["ssh"]) };
        for (account, asked, said) in [
            (
                account(&[]),
                "8d",
                "8d is longer than lease.max allows: give at most 7d, or raise lease.max",
            ),
            (
                account(&["ssh"]),
                "3h",
                "3h is longer than service ssh allows: give at most 2h, or raise it with `dialgate service set ssh --max 3h`",
            ),
            (
                short,
                "3h",
                "3h is longer than account 4711 allows: give at most 1h, or raise it with `dialgate account set 4711 --max 3h`",
            ),
        ] {
            let refused = terms(&account, &services).lifetime(Some(lifetime(asked))).unwrap_err();
            assert!(refused.to_string().starts_with(said), "{refused}");
        }
    }

    fn lifetimes() -> impl Strategy<Value = Lifetime> {
        (1_i64..1000).prop_map(|seconds| Lifetime::from_seconds(seconds).unwrap())
    }

    proptest! {
        #[test]
        fn the_longest_lease_is_the_shortest_of_all_limits_and_nothing_longer_is_granted(
            max in lifetimes(), default in lifetimes(), own in option::of(lifetimes()),
            usual in option::of(lifetimes()), limits in [(); 3].map(|()| option::of(lifetimes())),
            has in proptest::sample::subsequence(NAMES.to_vec(), 0..=3), asked in option::of(lifetimes()),
        ) {
            let services: Vec<Service> =
                NAMES.into_iter().zip(limits).map(|(name, limit)| service(name, limit)).collect();
            let account = Account { longest: own, lifetime: usual, ..account(&has) };
            let site = config::Lease { max, default, ..config::Lease::default() };
            let terms = Terms::of(&account, &services, &site);
            let of_services = services.iter().filter(|it| has.contains(&it.name.as_str()));
            let limits = of_services.filter_map(|it| it.longest).chain(own).chain([max]);
            prop_assert_eq!(Some(terms.longest()), limits.min());
            prop_assert!(terms.usual() <= terms.longest());
            match terms.lifetime(asked) {
                Ok(granted) => prop_assert_eq!(granted, asked.unwrap_or(terms.usual())),
                Err(_) => prop_assert!(asked > Some(terms.longest())),
            }
        }
    }
}
