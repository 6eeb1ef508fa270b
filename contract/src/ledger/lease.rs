//! Leases: who is let in, from where, until when.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};

use super::service;
use crate::database::{DatabaseError, corrupt, parse, timestamp};
use crate::text_enum::{serde_as_text, text_enum};
use crate::{AccountNumber, ServiceName, TravellerAddress};

/// Names a lease. Written `L17`, so that it is never mistaken for an account number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaseId(i64);

/// A text that is not a lease's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a lease is named L and a number, such as L17")]
pub struct LeaseIdError;

/// Access for one account from one address for some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Its name.
    pub id: LeaseId,
    /// Whose it is.
    pub account: AccountNumber,
    /// Where the traveller is.
    pub address: TravellerAddress,
    /// What is open.
    pub services: BTreeSet<ServiceName>,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when at the latest.
    pub expires_at: Timestamp,
    /// When and why it ended; `None` while it has not.
    pub ended: Option<(Timestamp, LeaseEnd)>,
}

text_enum! {
    /// Why a lease ended.
    pub enum LeaseEnd ("end of a lease") {
        /// Its time was over.
        Expired = "expired",
        /// The operator ended it.
        Revoked = "revoked",
        /// The traveller moved on to another address.
        Replaced = "replaced",
        /// The traveller closed it.
        Closed = "closed",
        /// The account was disabled, or its PIN was changed.
        Disabled = "disabled",
        /// The account was removed.
        Removed = "removed",
        /// Nobody used it for too long.
        Idle = "idle",
    }
}

impl Lease {
    /// Whether packets may pass by it at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires_at
    }

    /// `open`, or why it is not.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> &'static str {
        match self.ended {
            Some((_, end)) => end.as_str(),
            None if self.is_open(now) => "open",
            None => LeaseEnd::Expired.as_str(),
        }
    }
}

const COLUMNS: &str = "id, account, address, services, opened_at, expires_at, ended_at, ended_by";

/// Leases that have not been ended, the oldest first. Their time may be over all the same: see [`Lease::is_open`].
///
/// # Errors
/// When the database cannot be read.
pub fn not_ended(connection: &Connection) -> Result<Vec<Lease>, DatabaseError> {
    query(connection, "WHERE ended_at IS NULL ORDER BY id", [])
}

/// Those among them that are at an address where something was changed after the ledger's
/// [`revision`](super::revision) `since`, where the time of one is over at `now`, or where flows are still to be cut.
///
/// # Errors
/// When the database cannot be read.
pub fn not_ended_where_changed(
    connection: &Connection,
    since: i64,
    now: Timestamp,
) -> Result<Vec<Lease>, DatabaseError> {
    query(connection, &where_changed_rest(), [since, now.as_second()])
}

/// These addresses, whether there are leases or not.
///
/// # Errors
/// When the database cannot be read.
pub fn where_changed(
    connection: &Connection,
    since: i64,
    now: Timestamp,
) -> Result<BTreeSet<TravellerAddress>, DatabaseError> {
    let mut statement = connection.prepare_cached(CHANGED)?;
    let mut rows = statement.query([since, now.as_second()])?;
    let mut addresses = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        // An entry of a list that was lost need not be a traveller's: a host is no network around it.
        let address = TravellerAddress::from_stored(text).ok();
        addresses.extend(address.filter(|address| address.to_string() == text));
    }
    Ok(addresses)
}

fn where_changed_rest() -> String {
    format!(
        "INDEXED BY lease_address WHERE ended_at IS NULL AND address IN ({CHANGED}) ORDER BY id"
    )
}

// Not `UNION`: to merge its parts, SQLite goes through all leases in the order of their addresses. And among indexes of
// which it knows nothing it takes the one of the order that is asked for.
const CHANGED: &str = "SELECT address FROM lease INDEXED BY lease_revision WHERE revision > ?1 \
                       UNION ALL SELECT address FROM lease INDEXED BY lease_expiry \
                                 WHERE ended_at IS NULL AND expires_at <= ?2 \
                       UNION ALL SELECT network FROM loss";

/// Those of one account among them.
///
/// # Errors
/// When the database cannot be read.
pub fn not_ended_of(
    connection: &Connection,
    account: &AccountNumber,
) -> Result<Vec<Lease>, DatabaseError> {
    query(connection, "WHERE ended_at IS NULL AND account = ?1 ORDER BY id", [account.as_str()])
}

/// Those whose time is over at `now`.
///
/// # Errors
/// When the database cannot be read.
pub fn over(connection: &Connection, now: Timestamp) -> Result<Vec<Lease>, DatabaseError> {
    let parameters = [now.as_second()];
    let over = "INDEXED BY lease_expiry WHERE ended_at IS NULL AND expires_at <= ?1 ORDER BY id";
    query(connection, over, parameters)
}

/// How many have not been ended.
///
/// # Errors
/// When the database cannot be read.
pub fn count_not_ended(connection: &Connection) -> Result<u32, DatabaseError> {
    let mut statement =
        connection.prepare_cached("SELECT count(*) FROM lease WHERE ended_at IS NULL")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// When the next of them ends; `None` when there is none.
///
/// # Errors
/// When the database cannot be read.
pub fn next_expiry(connection: &Connection) -> Result<Option<Timestamp>, DatabaseError> {
    let seconds: Option<i64> = connection
        .prepare_cached("SELECT min(expires_at) FROM lease WHERE ended_at IS NULL")?
        .query_row([], |row| row.get(0))?;
    seconds.map(|seconds| timestamp("lease.expires_at", seconds)).transpose()
}

/// The last `limit` leases of one account, open or not, the newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn latest_of(
    connection: &Connection,
    account: &AccountNumber,
    limit: u32,
) -> Result<Vec<Lease>, DatabaseError> {
    let parameters = params![account.as_str(), limit];
    query(connection, "WHERE account = ?1 ORDER BY id DESC LIMIT ?2", parameters)
}

/// All leases there ever were, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<Vec<Lease>, DatabaseError> {
    query(connection, "ORDER BY id", [])
}

/// Opens a lease in the ledger; the reconciler opens it in the kernel.
///
/// # Errors
/// When the database cannot be written.
pub fn open(
    transaction: &Transaction<'_>,
    account: &AccountNumber,
    address: TravellerAddress,
    services: &BTreeSet<ServiceName>,
    from: Timestamp,
    until: Timestamp,
) -> Result<LeaseId, DatabaseError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO lease (account, address, services, opened_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    statement.execute(params![
        account.as_str(),
        address.to_string(),
        service::list(services),
        from.as_second(),
        until.as_second()
    ])?;
    Ok(LeaseId(transaction.last_insert_rowid()))
}

/// Lets a lease that has not ended last until another time, with what its account has by now. Of a later end the
/// traveller is reminded again.
///
/// # Errors
/// When the database cannot be written.
pub fn extend(
    transaction: &Transaction<'_>,
    id: LeaseId,
    services: &BTreeSet<ServiceName>,
    until: Timestamp,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "UPDATE lease SET services = ?2, expires_at = ?3,
         reminded = CASE WHEN expires_at < ?3 THEN 0 ELSE reminded END
         WHERE id = ?1 AND ended_at IS NULL",
        params![id.0, service::list(services), until.as_second()],
    )?;
    Ok(())
}

/// Ends a lease; `false` when it had ended already.
///
/// # Errors
/// When the database cannot be written.
pub fn end(
    transaction: &Transaction<'_>,
    id: LeaseId,
    at: Timestamp,
    by: LeaseEnd,
) -> Result<bool, DatabaseError> {
    let mut statement = transaction.prepare_cached(
        "UPDATE lease SET ended_at = ?2, ended_by = ?3 WHERE id = ?1 AND ended_at IS NULL",
    )?;
    Ok(statement.execute(params![id.0, at.as_second(), by.as_str()])? > 0)
}

pub(super) fn query(
    connection: &Connection,
    rest: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Lease>, DatabaseError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM lease {rest}"))?;
    let mut rows = statement.query(parameters)?;
    let mut leases = Vec::new();
    while let Some(row) = rows.next()? {
        leases.push(from_row(row)?);
    }
    Ok(leases)
}

/// A row of [`COLUMNS`]. There may be tens of thousands of them, so that columns are not looked for by their names.
fn from_row(row: &Row<'_>) -> Result<Lease, DatabaseError> {
    let text = |index: usize| row.get_ref(index)?.as_str().map_err(rusqlite::Error::from);
    let (address, services) = (text(2)?, text(3)?);
    let ended = match (row.get::<_, Option<i64>>(6)?, row.get::<_, Option<String>>(7)?) {
        (Some(at), Some(by)) => Some((
            timestamp("lease.ended_at", at)?,
            parse("lease.ended_by", "end of a lease", &by)?,
        )),
        (None, None) | (Some(_), None) | (None, Some(_)) => None,
    };
    Ok(Lease {
        id: LeaseId(row.get(0)?),
        account: parse("lease.account", "account number", text(1)?)?,
        address: TravellerAddress::from_stored(address)
            .map_err(|_| corrupt("lease.address", "traveller's address", address))?,
        services: service::from_list("lease.services", services)?,
        opened_at: timestamp("lease.opened_at", row.get(4)?)?,
        expires_at: timestamp("lease.expires_at", row.get(5)?)?,
        ended,
    })
}

impl LeaseId {
    /// As it is stored.
    #[must_use]
    pub const fn row(self) -> i64 {
        self.0
    }

    /// As it was stored.
    #[must_use]
    pub const fn from_row(row: i64) -> Self {
        Self(row)
    }
}

impl FromStr for LeaseId {
    type Err = LeaseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_prefix(['L', 'l']).ok_or(LeaseIdError)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(LeaseIdError);
        }
        number.parse().map(Self).map_err(|_| LeaseIdError)
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("L{}", self.0))
    }
}

serde_as_text!(LeaseId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Ledger, loss, revision};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn leases_are_found_where_something_changed_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let sip = ["sip".parse().unwrap()].into();
        let mut open = |account: &str, address: &str, until| {
            let (account, address) = (account.parse().unwrap(), address.parse().unwrap());
            ledger.write(|tx| super::open(tx, &account, address, &sip, at(0), at(until))).unwrap()
        };
        let first = open("4711", "12.34.56.1", 100);
        open("4712", "12.34.56.1", 100);
        open("4713", "12.34.56.2", 50);
        let mut since = revision::number(ledger.connection()).unwrap();
        let mut changed = |ledger: &Ledger, now| {
            let addresses = where_changed(ledger.connection(), since, at(now)).unwrap();
            let leases = not_ended_where_changed(ledger.connection(), since, at(now)).unwrap();
            since = revision::number(ledger.connection()).unwrap();
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            (addresses.join(" "), leases.len())
        };
        assert_eq!(changed(&ledger, 49), (String::new(), 0));
        assert_eq!(changed(&ledger, 50), ("12.34.56.2".to_owned(), 1), "time is over");
        ledger.write(|tx| end(tx, first, at(10), LeaseEnd::Revoked)).unwrap();
        assert_eq!(changed(&ledger, 49), ("12.34.56.1".to_owned(), 1));
        assert_eq!(changed(&ledger, 49), ("12.34.56.1".to_owned(), 1), "flows are to be cut");
        let lost = loss::all(ledger.connection()).unwrap();
        ledger.write(|tx| loss::cut(tx, &lost)).unwrap();
        assert_eq!(changed(&ledger, 49), (String::new(), 0));
    }

    #[test]
    fn a_host_that_left_the_allow_list_says_nothing_of_the_network_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let (ann, address) = ("4711".parse().unwrap(), "2a01:4f8::".parse().unwrap());
        let sip = ["sip".parse().unwrap()].into();
        ledger.write(|tx| open(tx, &ann, address, &sip, at(0), at(100))).unwrap();
        let since = revision::number(ledger.connection()).unwrap();
        let lost = "INSERT INTO loss (network, services) VALUES ('2a01:4f8::5', 'sip')";
        ledger.connection().execute_batch(lost).unwrap();
        assert_eq!(not_ended_where_changed(ledger.connection(), since, at(1)).unwrap(), []);
        assert!(where_changed(ledger.connection(), since, at(1)).unwrap().is_empty());
    }

    #[test]
    fn what_has_changed_is_found_without_going_through_all_leases() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        for question in [CHANGED, &format!("SELECT {COLUMNS} FROM lease {}", where_changed_rest())]
        {
            let plan = format!("EXPLAIN QUERY PLAN {question}");
            let mut statement = ledger.connection().prepare(&plan).unwrap();
            let steps = statement.query_map([0, 0], |row| row.get(3)).unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            let at_leases = steps.iter().filter(|step| step.contains(" lease "));
            assert!(at_leases.clone().count() >= 2, "{steps:?}");
            assert!(at_leases.clone().all(|step| step.starts_with("SEARCH")), "{steps:?}");
        }
    }

    #[test]
    fn a_lease_is_open_until_it_expires_or_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let account: AccountNumber = "4711".parse().unwrap();
        let services = ["sip".parse().unwrap(), "rtp".parse().unwrap()].into();
        let address = "12.34.56.78".parse().unwrap();
        let id =
            ledger.write(|tx| open(tx, &account, address, &services, at(100), at(200))).unwrap();

        let leases = not_ended_of(ledger.connection(), &account).unwrap();
        let expected = Lease {
            id,
            account,
            address,
            services,
            opened_at: at(100),
            expires_at: at(200),
            ended: None,
        };
        assert_eq!(leases, std::slice::from_ref(&expected));
        assert_eq!(expected.state(at(199)), "open");
        assert_eq!(expected.state(at(200)), "expired");

        assert_eq!(over(ledger.connection(), at(199)).unwrap(), []);
        assert_eq!(over(ledger.connection(), at(200)).unwrap(), std::slice::from_ref(&expected));
        assert!(ledger.write(|tx| end(tx, id, at(150), LeaseEnd::Revoked)).unwrap());
        assert!(!ledger.write(|tx| end(tx, id, at(160), LeaseEnd::Replaced)).unwrap());
        assert_eq!(not_ended(ledger.connection()).unwrap(), []);
        let history = all(ledger.connection()).unwrap();
        assert_eq!(history[0].state(at(151)), "revoked");
        assert_eq!(latest_of(ledger.connection(), &history[0].account, 9).unwrap(), history);
        assert_eq!(latest_of(ledger.connection(), &history[0].account, 0).unwrap(), []);
    }

    #[test]
    fn a_lease_is_never_mistaken_for_an_account() {
        assert_eq!("L17".parse(), Ok(LeaseId(17)));
        for bad in ["17", "L", "L-1", "L1 ", "4711"] {
            assert!(bad.parse::<LeaseId>().is_err(), "{bad}");
        }
    }
}
