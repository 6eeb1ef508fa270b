use std::net::IpAddr;

use jiff::Timestamp;

use crate::{AccountNumber, CallerId, Lifetime, PinHash, RequestId};

/// Something that a call leads to and that root is to decide or to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its name everywhere.
    pub id: RequestId,
    /// What it is about.
    pub matter: Matter,
    /// The number that was called from.
    pub caller: CallerId,
    /// When.
    pub requested_at: Timestamp,
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matter {
    /// A traveller who logged in wishes something.
    Access {
        /// Whose account.
        account: AccountNumber,
        /// What is wished.
        wish: Wish,
    },
    /// Logins to an account keep failing: its owner is to be told.
    FailedLogins {
        /// Whose account.
        account: AccountNumber,
        /// How many on end.
        failures: u32,
    },
    /// Logins to many accounts keep failing: the operator is to be told.
    Guessing {
        /// How many in the last hour.
        failures: u32,
    },
}

/// What a traveller wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To be let in.
    Open {
        /// From where. Any address that can be typed; whether it will do is for the reconciler to say.
        address: IpAddr,
        /// For how long; `None`: what the account has.
        lifetime: Option<Lifetime>,
    },
    /// That the access that is open lasts longer, counted from when it is decided.
    Extend {
        /// For how long; `None`: what the account has.
        lifetime: Option<Lifetime>,
    },
    /// That the access that is open ends now.
    Close,
    /// Another PIN.
    ChangePin {
        /// The new one.
        hash: PinHash,
    },
}

impl Request {
    /// Whose account it is about; `None` when it is about none.
    #[must_use]
    pub const fn account(&self) -> Option<&AccountNumber> {
        match &self.matter {
            Matter::Access { account, .. } | Matter::FailedLogins { account, .. } => Some(account),
            Matter::Guessing { .. } => None,
        }
    }
}
