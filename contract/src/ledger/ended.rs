//! Whose rights ended lately: what this machine itself still sends them begins no flow that they may answer.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction, params};

use crate::Network;
use crate::database::{DatabaseError, parse, timestamp};

/// For so long it is kept in mind. A telephone that is not reached any more is given up, and a call's session timer has
/// ended it (RFC 4028 section 4 recommends half an hour).
pub const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// Each of them, and since when. The time of some may be over.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<Vec<(Network, Timestamp)>, DatabaseError> {
    let mut statement =
        connection.prepare_cached("SELECT network, ended_at FROM ended ORDER BY network")?;
    let mut rows = statement.query([])?;
    let mut ended = Vec::new();
    while let Some(row) = rows.next()? {
        ended.push((
            parse("ended.network", "network", &row.get::<_, String>("network")?)?,
            timestamp("ended.ended_at", row.get("ended_at")?)?,
        ));
    }
    Ok(ended)
}

/// When the first of them is to be forgotten; `None` when there is none.
///
/// # Errors
/// When the database cannot be read.
pub fn next_end(connection: &Connection) -> Result<Option<Timestamp>, DatabaseError> {
    let seconds: Option<i64> = connection
        .prepare_cached("SELECT min(ended_at) FROM ended")?
        .query_row([], |row| row.get(0))?;
    let end = |seconds: i64| timestamp("ended.ended_at", seconds.saturating_add(KEPT.as_secs()));
    seconds.map(end).transpose()
}

/// Keeps in mind that a right of this network ended; one whose right had ended before is kept longer.
///
/// # Errors
/// When the database cannot be written.
pub fn put(
    transaction: &Transaction<'_>,
    network: Network,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO ended (network, ended_at) VALUES (?1, ?2)")?
        .execute(params![network.to_string(), at.as_second()])?;
    Ok(())
}

/// Forgets those whose time is over at `now`.
///
/// # Errors
/// When the database cannot be written.
pub fn forget(transaction: &Transaction<'_>, now: Timestamp) -> Result<(), DatabaseError> {
    let last = now.as_second().saturating_sub(KEPT.as_secs());
    transaction.execute("DELETE FROM ended WHERE ended_at <= ?1", [last])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn whose_right_ended_is_kept_in_mind_for_an_hour_after_the_last_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let [one, two] = ["12.34.56.78", "2a01:4f8::/64"].map(|net| net.parse().unwrap());
        assert_eq!(next_end(ledger.connection()).unwrap(), None);
        for (network, second) in [(one, 0), (two, 10), (one, 20)] {
            ledger.write(|tx| put(tx, network, at(second))).unwrap();
        }
        assert_eq!(all(ledger.connection()).unwrap(), [(one, at(20)), (two, at(10))]);
        assert_eq!(next_end(ledger.connection()).unwrap(), Some(at(3610)));
        ledger.write(|tx| forget(tx, at(3609))).unwrap();
        assert_eq!(all(ledger.connection()).unwrap().len(), 2);
        ledger.write(|tx| forget(tx, at(3610))).unwrap();
        assert_eq!(all(ledger.connection()).unwrap(), [(one, at(20))]);
    }
}
