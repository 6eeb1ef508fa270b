//! How a request is stored, and how it is rebuilt from a row that nobody vouches for.

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::{Matter, Request, Wish};
use crate::database::DatabaseError;
use crate::{CallerId, Lifetime};

/// A row as it is stored: nothing in it is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawRequest {
    /// The order of arrival.
    pub number: i64,
    /// [`Request::id`], or anything else.
    pub id: String,
    /// The word for a [`Matter`] or [`Wish`], or anything else.
    pub matter: String,
    /// The account's number, or anything else.
    pub account: Option<String>,
    /// The address, or anything else.
    pub address: Option<String>,
    /// The lifetime in seconds, or anything else.
    pub lifetime: Option<i64>,
    /// The hash of the new PIN, or anything else.
    pub pin_hash: Option<String>,
    /// How many logins failed, or anything else.
    pub failures: Option<i64>,
    /// [`Request::caller`], or anything else.
    pub caller: String,
    /// [`Request::requested_at`] in seconds, or anything else.
    pub requested_at: i64,
}

/// A row that is no request: not written by our telephone side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row of the queue is no request")]
pub struct NoRequest;

impl RawRequest {
    /// The row of a request; its number is given by the queue.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let raw = Self {
            id: request.id.to_string(),
            account: request.account().map(ToString::to_string),
            caller: request.caller.to_string(),
            requested_at: request.requested_at.as_second(),
            ..Self::default()
        };
        let matter = |word: &str| word.to_owned();
        let seconds = |lifetime: Option<Lifetime>| lifetime.map(|time| i64::from(time.seconds()));
        match &request.matter {
            Matter::Access { wish: Wish::Open { address, lifetime }, .. } => Self {
                matter: matter("open"),
                address: Some(address.to_string()),
                lifetime: seconds(*lifetime),
                ..raw
            },
            Matter::Access { wish: Wish::Extend { lifetime }, .. } => {
                Self { matter: matter("extend"), lifetime: seconds(*lifetime), ..raw }
            }
            Matter::Access { wish: Wish::Close, .. } => Self { matter: matter("close"), ..raw },
            Matter::Access { wish: Wish::ChangePin { hash }, .. } => Self {
                matter: matter("change-pin"),
                pin_hash: Some(hash.as_str().to_owned()),
                ..raw
            },
            Matter::FailedLogins { failures, .. } => {
                Self { matter: matter("failed-logins"), failures: Some((*failures).into()), ..raw }
            }
            Matter::Guessing { failures } => {
                Self { matter: matter("guessing"), failures: Some((*failures).into()), ..raw }
            }
        }
    }

    /// Rebuilds the request.
    ///
    /// # Errors
    /// When any of its values is not what it should be, or one is there that should not be.
    pub fn request(&self) -> Result<Request, NoRequest> {
        let request = Request {
            id: self.id.parse().map_err(|_| NoRequest)?,
            matter: self.matter()?,
            caller: CallerId::from_network(&self.caller),
            requested_at: Timestamp::from_second(self.requested_at).map_err(|_| NoRequest)?,
        };
        // Values are compared, not texts: the address of a row may be written in another way.
        let again = Self { number: self.number, caller: self.caller.clone(), ..Self::of(&request) };
        let same = Self { address: again.address.clone(), ..self.clone() } == again;
        let address = self.address.is_some() == again.address.is_some();
        if same && address { Ok(request) } else { Err(NoRequest) }
    }

    fn matter(&self) -> Result<Matter, NoRequest> {
        let account = || self.account.as_deref().unwrap_or_default().parse().map_err(|_| NoRequest);
        let failures =
            || self.failures.and_then(|count| u32::try_from(count).ok()).ok_or(NoRequest);
        let wish = match self.matter.as_str() {
            "failed-logins" => {
                return Ok(Matter::FailedLogins { account: account()?, failures: failures()? });
            }
            "guessing" => return Ok(Matter::Guessing { failures: failures()? }),
            "open" => Wish::Open { address: self.address()?, lifetime: self.lifetime()? },
            "extend" => Wish::Extend { lifetime: self.lifetime()? },
            "close" => Wish::Close,
            "change-pin" => {
                let hash = self.pin_hash.as_deref().unwrap_or_default();
                Wish::ChangePin { hash: hash.parse().map_err(|_| NoRequest)? }
            }
            _ => return Err(NoRequest),
        };
        Ok(Matter::Access { account: account()?, wish })
    }

    fn address(&self) -> Result<std::net::IpAddr, NoRequest> {
        self.address.as_deref().unwrap_or_default().parse().map_err(|_| NoRequest)
    }

    fn lifetime(&self) -> Result<Option<Lifetime>, NoRequest> {
        self.lifetime.map(Lifetime::from_seconds).transpose().map_err(|_| NoRequest)
    }
}

pub(super) fn insert(
    transaction: &Transaction<'_>,
    request: &Request,
) -> Result<(), DatabaseError> {
    let raw = RawRequest::of(request);
    transaction
        .prepare_cached(
            "INSERT INTO request
             (id, matter, account, address, lifetime, pin_hash, failures, caller, requested_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            raw.id,
            raw.matter,
            raw.account,
            raw.address,
            raw.lifetime,
            raw.pin_hash,
            raw.failures,
            raw.caller,
            raw.requested_at,
        ])?;
    Ok(())
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<RawRequest> {
    Ok(RawRequest {
        number: row.get("number")?,
        id: row.get("id")?,
        matter: row.get("matter")?,
        account: row.get("account")?,
        address: row.get("address")?,
        lifetime: row.get("lifetime")?,
        pin_hash: row.get("pin_hash")?,
        failures: row.get("failures")?,
        caller: row.get("caller")?,
        requested_at: row.get("requested_at")?,
    })
}
