//! The deny list: who is kept out whatever else lets him in.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use crate::Network;
use crate::database::{DatabaseError, parse, timestamp};

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deny {
    /// From where.
    pub network: Network,
    /// What the operator calls it; may be empty. No control characters.
    pub name: String,
    /// Until when; `None`: for good.
    pub expires_at: Option<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
}

impl Deny {
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
pub fn all(connection: &Connection) -> Result<Vec<Deny>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT network, name, expires_at, created_at FROM deny ORDER BY network",
    )?;
    let mut rows = statement.query([])?;
    let mut list = Vec::new();
    while let Some(row) = rows.next()? {
        let expires_at: Option<i64> = row.get("expires_at")?;
        list.push(Deny {
            network: parse("deny.network", "network", &row.get::<_, String>("network")?)?,
            name: row.get("name")?,
            expires_at: expires_at.map(|end| timestamp("deny.expires_at", end)).transpose()?,
            created_at: timestamp("deny.created_at", row.get("created_at")?)?,
        });
    }
    Ok(list)
}

/// When the next entry ends; `None` when all that are there stay for good.
///
/// # Errors
/// When the database cannot be read.
pub fn next_end(connection: &Connection) -> Result<Option<Timestamp>, DatabaseError> {
    let seconds: Option<i64> = connection
        .prepare_cached("SELECT min(expires_at) FROM deny WHERE expires_at IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    seconds.map(|seconds| timestamp("deny.expires_at", seconds)).transpose()
}

/// Puts an entry on the list, in the place of one of the same network; `true` when there was one.
///
/// # Errors
/// When the database cannot be written.
pub fn put(transaction: &Transaction<'_>, deny: &Deny) -> Result<bool, DatabaseError> {
    let replaced = remove(transaction, deny.network)?;
    transaction.execute(
        "INSERT INTO deny (network, name, expires_at, created_at) VALUES (?1, ?2, ?3, ?4)",
        params![
            deny.network.to_string(),
            deny.name,
            deny.expires_at.map(Timestamp::as_second),
            deny.created_at.as_second(),
        ],
    )?;
    Ok(replaced)
}

/// Takes an entry off the list; `false` when there is none.
///
/// # Errors
/// When the database cannot be written.
pub fn remove(transaction: &Transaction<'_>, network: Network) -> Result<bool, DatabaseError> {
    let removed =
        transaction.execute("DELETE FROM deny WHERE network = ?1", [network.to_string()])?;
    Ok(removed > 0)
}

/// Takes the entries off the list whose time is over at `now`; of which networks they were.
///
/// # Errors
/// When the database cannot be written.
pub fn expire(
    transaction: &Transaction<'_>,
    now: Timestamp,
) -> Result<Vec<Network>, DatabaseError> {
    let mut statement =
        transaction.prepare_cached("DELETE FROM deny WHERE expires_at <= ?1 RETURNING network")?;
    let mut rows = statement.query([now.as_second()])?;
    let mut ended = Vec::new();
    while let Some(row) = rows.next()? {
        ended.push(parse("deny.network", "network", &row.get::<_, String>("network")?)?);
    }
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn an_entry_stands_until_it_is_taken_off() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let deny = Deny {
            network: "12.34.0.0/16".parse().unwrap(),
            name: "a scanner".to_owned(),
            expires_at: None,
            created_at: Timestamp::from_second(100).unwrap(),
        };
        assert!(!ledger.write(|tx| put(tx, &deny)).unwrap());
        assert!(ledger.write(|tx| put(tx, &deny)).unwrap());
        assert_eq!(all(ledger.connection()).unwrap(), std::slice::from_ref(&deny));
        let ends = Deny { expires_at: Some(Timestamp::from_second(200).unwrap()), ..deny.clone() };
        ledger.write(|tx| put(tx, &ends)).unwrap();
        assert_eq!(next_end(ledger.connection()).unwrap(), ends.expires_at);
        assert_eq!(ledger.write(|tx| expire(tx, Timestamp::MAX)).unwrap(), [deny.network]);
        ledger.write(|tx| put(tx, &deny)).unwrap();
        assert_eq!(ledger.write(|tx| expire(tx, Timestamp::MAX)).unwrap(), []);
        assert!(ledger.write(|tx| remove(tx, deny.network)).unwrap());
        assert_eq!(all(ledger.connection()).unwrap(), []);
    }
}
