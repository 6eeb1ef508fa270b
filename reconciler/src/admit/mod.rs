//! Admission: whether what a traveller wishes is granted. Pure: the clock, the ledger and the machine's addresses are
//! given.

mod notice;
mod right;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;
use std::net::IpAddr;

use dialgate_contract::config::{self, Config};
use dialgate_contract::ledger::{Account, Lease};
use dialgate_contract::queue::Wish;
use dialgate_contract::{Lifetime, Network, Refusal, Service, Terms, TravellerAddress, Unfit};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

pub use notice::{Notice, Told, Whom, about_account, about_guessing};
pub use right::{Admission, Closure, Extension, PinChange};

/// A request older than this is not believed any more: its traveller has moved on, and somebody else may be at the
/// address by now.
pub const STALE: SignedDuration = SignedDuration::from_hours(24);

/// Leases open at a time at most, well below what a set in the kernel holds: one that is full takes nobody more, and
/// no other change that comes with him.
pub const MOST_LEASES: u32 = 60_000;

/// Changes of one account's PIN in a day at most: nobody needs more, and whoever changes PINs that are not his gets no
/// further.
pub const MOST_PIN_CHANGES: u32 = 3;

/// What the operator allows.
#[derive(Debug, Clone)]
pub struct Policy {
    lease: config::Lease,
    allow_private: bool,
    unban: bool,
}

/// What is known when a wish is judged.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The account that it names, if there is one.
    pub account: Option<&'a Account>,
    /// All services.
    pub services: &'a [Service],
    /// Its leases that are open.
    pub open: &'a [Lease],
    /// This machine's addresses.
    pub own: &'a BTreeSet<IpAddr>,
    /// Whom the operator keeps out at the moment.
    pub denied: &'a [Network],
    /// Whom fail2ban keeps out at the moment.
    pub banned: &'a BTreeSet<IpNet>,
    /// Requests granted in the last hour: to this account, and to all together.
    pub granted: (u32, u32),
    /// How often the account's PIN was changed by telephone in the last day.
    pub pin_changes: u32,
    /// Leases that have not ended, of all accounts.
    pub leases: u32,
    /// The time.
    pub now: Timestamp,
}

/// How a wish was judged: each that is granted is a right to do that one thing.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement<'a> {
    /// An address is let in.
    Open(Admission<'a>),
    /// What is open lasts longer.
    Extend(Extension<'a>),
    /// What is open ends.
    Close(Closure<'a>),
    /// The PIN is another from now on, and what is open ends.
    ChangePin(PinChange<'a>),
    /// Nothing is done.
    Refuse(Refusal),
}

impl Policy {
    /// What the configuration allows.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            lease: config.lease.clone(),
            allow_private: config.firewall.allow_private,
            unban: config.firewall.unban,
        }
    }

    /// The same, but bans of fail2ban are not lifted.
    #[must_use]
    pub fn without_unban(&self) -> Self {
        Self { unban: false, ..self.clone() }
    }

    /// Verdicts an hour beyond which the queue is taken for flooded and nothing more is recorded.
    #[must_use]
    pub const fn flood(&self) -> u32 {
        self.lease.site_requests_per_hour.saturating_mul(10)
    }

    const fn site_requests_per_hour(&self) -> u32 {
        self.lease.site_requests_per_hour
    }
}

/// Judges a wish of `requested_at`. Nothing about it is believed except what is wished.
pub fn judge<'a>(
    wish: &'a Wish,
    requested_at: Timestamp,
    facts: Facts<'a>,
    policy: &Policy,
) -> Judgement<'a> {
    let judged = match wish {
        _ if is_stale(requested_at, facts.now) => Err(Refusal::Stale),
        Wish::Open { address, lifetime } => {
            admit(*address, *lifetime, facts, policy).map(Judgement::Open)
        }
        Wish::Extend { lifetime } => extend(*lifetime, facts, policy).map(Judgement::Extend),
        Wish::Close => close(facts).map(Judgement::Close),
        Wish::ChangePin { hash } => {
            let closure = change_pin(facts, policy);
            closure.map(|closure| Judgement::ChangePin(PinChange { closure, hash }))
        }
    };
    judged.unwrap_or_else(Judgement::Refuse)
}

fn is_stale(requested_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(requested_at) > STALE
}

fn admit<'a>(
    asked: IpAddr,
    lifetime: Option<Lifetime>,
    facts: Facts<'a>,
    policy: &Policy,
) -> Result<Admission<'a>, Refusal> {
    let account = entitled(facts)?;
    let address = address(asked, facts.own, policy)?;
    let unban = reaches(address, facts, policy)?;
    let terms = Terms::of(account, facts.services, &policy.lease);
    let until = until(lifetime, &terms, facts.now)?;
    bounded(facts, policy)?;
    if facts.leases >= MOST_LEASES {
        return Err(Refusal::TooMany);
    }
    Ok(Admission { account, address, until, addresses: terms.addresses(), unban })
}

fn extend<'a>(
    lifetime: Option<Lifetime>,
    facts: Facts<'a>,
    policy: &Policy,
) -> Result<Extension<'a>, Refusal> {
    let account = entitled(facts)?;
    let (newest, older) = facts.open.split_last().ok_or(Refusal::NothingOpen)?;
    let unban = reaches(newest.address, facts, policy)?;
    let until = until(lifetime, &Terms::of(account, facts.services, &policy.lease), facts.now)?;
    bounded(facts, policy)?;
    Ok(Extension { account, newest, older, until, unban })
}

/// Who may open nothing any more may close all the same.
fn close(facts: Facts<'_>) -> Result<Closure<'_>, Refusal> {
    let account = facts.account.ok_or(Refusal::Account)?;
    if facts.open.is_empty() {
        return Err(Refusal::NothingOpen);
    }
    Ok(Closure { account, leases: facts.open })
}

fn change_pin<'a>(facts: Facts<'a>, policy: &Policy) -> Result<Closure<'a>, Refusal> {
    let account = facts.account.filter(|account| account.enabled).ok_or(Refusal::Account)?;
    bounded(facts, policy)?;
    if facts.pin_changes >= MOST_PIN_CHANGES {
        return Err(Refusal::TooMany);
    }
    Ok(Closure { account, leases: facts.open })
}

fn entitled(facts: Facts<'_>) -> Result<&Account, Refusal> {
    facts
        .account
        .filter(|account| account.enabled && !account.services.is_empty())
        .ok_or(Refusal::Account)
}

fn bounded(facts: Facts<'_>, policy: &Policy) -> Result<(), Refusal> {
    let (account, site) = facts.granted;
    let fits = account < policy.lease.account_requests_per_hour
        && site < policy.lease.site_requests_per_hour;
    if fits { Ok(()) } else { Err(Refusal::TooMany) }
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

/// Whether what is let in from `address` arrives: not when the operator keeps it out, and when fail2ban does only if
/// that may be lifted. The bans to lift.
fn reaches(
    address: TravellerAddress,
    facts: Facts<'_>,
    policy: &Policy,
) -> Result<Vec<IpNet>, Refusal> {
    let address = Network::from(address);
    if facts.denied.iter().any(|denied| denied.overlaps(address.net())) {
        return Err(Refusal::DeniedAddress);
    }
    let bans: Vec<IpNet> =
        facts.banned.iter().copied().filter(|&ban| address.overlaps(ban)).collect();
    if bans.is_empty() || policy.unban { Ok(bans) } else { Err(Refusal::BannedAddress) }
}

fn until(asked: Option<Lifetime>, terms: &Terms, now: Timestamp) -> Result<Timestamp, Refusal> {
    let lifetime = terms.lifetime(asked).map_err(|_| Refusal::Lifetime)?;
    now.checked_add(lifetime.signed()).map_err(|_| Refusal::Lifetime)
}
