use dialgate_contract::ledger::{Account, Lease};
use dialgate_contract::{PinHash, TravellerAddress};
use ipnet::IpNet;
use jiff::Timestamp;

/// The right to open one lease. Only [`judge`](super::judge) makes one.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission<'a> {
    pub(super) account: &'a Account,
    pub(super) address: TravellerAddress,
    pub(super) until: Timestamp,
    pub(super) addresses: u8,
    pub(super) unban: Vec<IpNet>,
}

/// The right to let what one account has open last longer. Only [`judge`](super::judge) makes one.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension<'a> {
    pub(super) account: &'a Account,
    pub(super) newest: &'a Lease,
    pub(super) older: &'a [Lease],
    pub(super) until: Timestamp,
    pub(super) unban: Vec<IpNet>,
}

/// The right to end what one account has open. Only [`judge`](super::judge) makes one.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure<'a> {
    pub(super) account: &'a Account,
    pub(super) leases: &'a [Lease],
}

/// The right to change one account's PIN. Only [`judge`](super::judge) makes one.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinChange<'a> {
    pub(super) closure: Closure<'a>,
    pub(super) hash: &'a PinHash,
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

    /// Addresses that the account may have open at a time, this one counted.
    #[must_use]
    pub const fn addresses(&self) -> u8 {
        self.addresses
    }

    /// The bans of fail2ban that keep the traveller out, and that the operator wants lifted then.
    #[must_use]
    pub fn unban(&self) -> &[IpNet] {
        &self.unban
    }
}

impl<'a> Extension<'a> {
    /// Whose leases they are.
    #[must_use]
    pub const fn account(&self) -> &'a Account {
        self.account
    }

    /// The lease that was opened last.
    #[must_use]
    pub const fn newest(&self) -> &'a Lease {
        self.newest
    }

    /// Those that were opened before it.
    #[must_use]
    pub const fn older(&self) -> &'a [Lease] {
        self.older
    }

    /// Until when they last at least.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// As [`Admission::unban`].
    #[must_use]
    pub fn unban(&self) -> &[IpNet] {
        &self.unban
    }
}

impl<'a> Closure<'a> {
    /// Whose leases they are.
    #[must_use]
    pub const fn account(&self) -> &'a Account {
        self.account
    }

    /// Which leases end.
    #[must_use]
    pub const fn leases(&self) -> &'a [Lease] {
        self.leases
    }
}

impl<'a> PinChange<'a> {
    /// Whose PIN it is, and which leases end with it.
    pub const fn closure(&self) -> &Closure<'a> {
        &self.closure
    }

    /// The new one.
    #[must_use]
    pub const fn hash(&self) -> &'a PinHash {
        self.hash
    }
}
