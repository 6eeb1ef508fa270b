//! The allow list: who is let in without a call, such as a telephone provider.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};

use super::service;
use crate::database::{DatabaseError, parse, timestamp};
use crate::{Origin, ServiceName};

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// From where.
    pub origin: Origin,
    /// To what.
    pub services: BTreeSet<ServiceName>,
    /// What the operator calls it; may be empty. No control characters.
    pub name: String,
    /// Until when; `None`: for good.
    pub expires_at: Option<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
}

impl Allow {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// The whole list, those among it whose time is over.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<Vec<Allow>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT origin, services, name, expires_at, created_at FROM allow ORDER BY origin",
    )?;
    let mut rows = statement.query([])?;
    let mut list = Vec::new();
    while let Some(row) = rows.next()? {
        list.push(from_row(row)?);
    }
    Ok(list)
}

/// When the next entry ends; `None` when all that are there stay for good.
///
/// # Errors
/// When the database cannot be read.
pub fn next_end(connection: &Connection) -> Result<Option<Timestamp>, DatabaseError> {
    let seconds: Option<i64> = connection
        .prepare_cached("SELECT min(expires_at) FROM allow WHERE expires_at IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    seconds.map(|seconds| timestamp("allow.expires_at", seconds)).transpose()
}

/// Puts an entry on the list, in the place of one with the same origin; `true` when there was one.
///
/// # Errors
/// When the database cannot be written.
pub fn put(transaction: &Transaction<'_>, allow: &Allow) -> Result<bool, DatabaseError> {
    let replaced = remove(transaction, &allow.origin)?;
    transaction.execute(
        "INSERT INTO allow (origin, services, name, expires_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            allow.origin.to_string(),
            service::list(&allow.services),
            allow.name,
            allow.expires_at.map(Timestamp::as_second),
            allow.created_at.as_second(),
        ],
    )?;
    Ok(replaced)
}

/// Takes an entry off the list; `false` when there is none.
///
/// # Errors
/// When the database cannot be written.
pub fn remove(transaction: &Transaction<'_>, origin: &Origin) -> Result<bool, DatabaseError> {
    let removed =
        transaction.execute("DELETE FROM allow WHERE origin = ?1", [origin.to_string()])?;
    Ok(removed > 0)
}

/// Takes the entries off the list whose time is over at `now`; from where they were.
///
/// # Errors
/// When the database cannot be written.
pub fn expire(transaction: &Transaction<'_>, now: Timestamp) -> Result<Vec<Origin>, DatabaseError> {
    let mut statement =
        transaction.prepare_cached("DELETE FROM allow WHERE expires_at <= ?1 RETURNING origin")?;
    let mut rows = statement.query([now.as_second()])?;
    let mut ended = Vec::new();
    while let Some(row) = rows.next()? {
        ended.push(parse("allow.origin", "origin", &row.get::<_, String>("origin")?)?);
    }
    Ok(ended)
}

fn from_row(row: &Row<'_>) -> Result<Allow, DatabaseError> {
    let services: String = row.get("services")?;
    let expires_at: Option<i64> = row.get("expires_at")?;
    Ok(Allow {
        origin: parse("allow.origin", "origin", &row.get::<_, String>("origin")?)?,
        services: service::from_list("allow.services", &services)?,
        name: row.get("name")?,
        expires_at: expires_at.map(|end| timestamp("allow.expires_at", end)).transpose()?,
        created_at: timestamp("allow.created_at", row.get("created_at")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn an_entry_takes_the_place_of_one_with_the_same_origin() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let allow = |services: &[&str], expires_at| Allow {
            origin: "sip.example.net".parse().unwrap(),
            services: services.iter().map(|name| name.parse().unwrap()).collect(),
            name: "a provider".to_owned(),
            expires_at,
            created_at: Timestamp::from_second(100).unwrap(),
        };
        let (first, second) = (
            allow(&["sip"], None),
            allow(&["rtp", "sip"], Some(Timestamp::from_second(200).unwrap())),
        );
        assert!(!ledger.write(|tx| put(tx, &first)).unwrap());
        assert!(ledger.write(|tx| put(tx, &second)).unwrap());
        assert_eq!(all(ledger.connection()).unwrap(), std::slice::from_ref(&second));
        assert!(second.holds(Timestamp::from_second(199).unwrap()));
        assert!(!second.holds(Timestamp::from_second(200).unwrap()));
        let end = Timestamp::from_second(200).unwrap();
        assert_eq!(next_end(ledger.connection()).unwrap(), Some(end));
        assert_eq!(
            ledger.write(|tx| expire(tx, end)).unwrap(),
            std::slice::from_ref(&second.origin)
        );
        assert_eq!(next_end(ledger.connection()).unwrap(), None);
        assert!(!ledger.write(|tx| put(tx, &first)).unwrap());
        assert_eq!(ledger.write(|tx| expire(tx, Timestamp::MAX)).unwrap(), []);
        assert!(ledger.write(|tx| remove(tx, &second.origin)).unwrap());
        assert!(!ledger.write(|tx| remove(tx, &second.origin)).unwrap());
    }
}
