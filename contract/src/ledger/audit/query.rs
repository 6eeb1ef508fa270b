//! Lines that somebody looks for.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::Entry;
use crate::database::{DatabaseError, timestamp};

/// Which lines are meant: those for which everything that is asked for is so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// To this account.
    pub account: Option<String>,
    /// This action, or those whose names begin with it and a hyphen: `lease` for `lease-opened`.
    pub action: Option<String>,
    /// By this operator or from this caller; `operator`, `caller` and `reconciler` mean all of these.
    pub actor: Option<String>,
    /// With this address, or a network that holds it, in the detail.
    pub address: Option<IpAddr>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
    /// After the line of this number.
    pub after: i64,
}

/// The last `limit` lines that are meant, the oldest of them first.
///
/// # Errors
/// When the database cannot be read.
pub fn find(
    connection: &Connection,
    query: &Query,
    limit: u32,
) -> Result<Vec<Entry>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, actor, action, account, detail FROM audit
         WHERE id > ?1 AND (?2 IS NULL OR account = ?2)
         AND (?3 IS NULL OR action = ?3 OR substr(action, 1, length(?3) + 1) = ?3 || '-')
         AND (?4 IS NULL OR actor IN (?4, 'operator ' || ?4, 'caller ' || ?4)
              OR substr(actor, 1, length(?4) + 1) = ?4 || ' ')
         AND (?5 IS NULL OR at >= ?5) AND (?6 IS NULL OR at <= ?6) ORDER BY id DESC",
    )?;
    let mut rows = statement.query(params![
        query.after,
        query.account,
        query.action,
        query.actor,
        query.since.map(Timestamp::as_second),
        query.until.map(Timestamp::as_second),
    ])?;
    let mut entries = Vec::new();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    while entries.len() < limit
        && let Some(row) = rows.next()?
    {
        let entry = entry(row)?;
        if query.address.is_none_or(|address| names(&entry.detail, address)) {
            entries.push(entry);
        }
    }
    entries.reverse();
    Ok(entries)
}

/// The last `limit` lines, the oldest of them first.
///
/// # Errors
/// When the database cannot be read.
pub fn last(connection: &Connection, limit: u32) -> Result<Vec<Entry>, DatabaseError> {
    find(connection, &Query::default(), limit)
}

/// The last `limit` lines of one action, the latest of them first.
///
/// # Errors
/// When the database cannot be read.
pub fn last_of(
    connection: &Connection,
    action: &str,
    limit: u32,
) -> Result<Vec<Entry>, DatabaseError> {
    let mut statement = connection.prepare(
        "SELECT id, at, actor, action, account, detail FROM audit WHERE action = ?1
         ORDER BY id DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![action, limit])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

fn entry(row: &Row<'_>) -> Result<Entry, DatabaseError> {
    Ok(Entry {
        id: row.get(0)?,
        at: timestamp("audit.at", row.get(1)?)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        account: row.get(4)?,
        detail: row.get(5)?,
    })
}

/// Whether the address, or a network that holds it, stands somewhere in the text.
fn names(text: &str, address: IpAddr) -> bool {
    let part_of_one = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/');
    text.split(|c| !part_of_one(c)).map(|word| word.trim_matches('.')).any(|word| {
        let network = word.parse::<IpNet>().or_else(|_| word.parse::<IpAddr>().map(IpNet::from));
        network.is_ok_and(|network| network.contains(&address))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Actor, record};
    use super::*;
    use crate::CallerId;
    use crate::ledger::Ledger;

    #[test]
    fn an_address_is_found_by_itself_and_in_a_network_and_not_in_another_number() {
        let address = "2.34.56.7".parse().unwrap();
        for (text, is_named) in [
            ("L1 2.34.56.7 until 2026-11-21T10:00:00Z, request ab12", true),
            ("2.34.56.7.", true),
            ("2.34.0.0/16 (office), services sip", true),
            ("12.34.56.78", false),
            ("2.34.56.70, 22.34.56.7", false),
        ] {
            assert_eq!(names(text, address), is_named, "{text}");
        }
        assert!(names("L2 2a00:1450:4001:82a::/64", "2a00:1450:4001:82a::1".parse().unwrap()));
    }

    #[test]
    fn only_what_is_asked_for_is_found_and_of_that_the_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let ann = "4711".parse().unwrap();
        let operator = Actor::Operator("maria".to_owned());
        let caller = Actor::Caller(CallerId::from_network("+4930"));
        for (second, actor, action, account, detail) in [
            (1, &operator, "account-added", Some(&ann), "Ann"),
            (2, &caller, "lease-opened", Some(&ann), "L1 12.34.56.78"),
            (3, &Actor::Reconciler, "lease-expired", Some(&ann), "L1 12.34.56.78"),
            (4, &operator, "deny-added", None, "12.34.0.0/16"),
        ] {
            ledger.write(|tx| record(tx, at(second), actor, action, account, detail)).unwrap();
        }
        let text = |text: &str| Some(text.to_owned());
        let found = |query: &Query, limit| -> Vec<i64> {
            let entries = find(ledger.connection(), query, limit).unwrap();
            entries.into_iter().map(|entry| entry.id).collect()
        };
        let all = Query::default();
        for (query, ids) in [
            (all.clone(), vec![1, 2, 3, 4]),
            (Query { account: text("4711"), ..all.clone() }, vec![1, 2, 3]),
            (Query { action: text("lease"), ..all.clone() }, vec![2, 3]),
            (Query { action: text("lease-opened"), ..all.clone() }, vec![2]),
            (Query { action: text("lease-"), ..all.clone() }, vec![]),
            (Query { actor: text("maria"), ..all.clone() }, vec![1, 4]),
            (Query { actor: text("operator"), ..all.clone() }, vec![1, 4]),
            (Query { actor: text("+4930"), ..all.clone() }, vec![2]),
            (Query { actor: text("reconciler"), ..all.clone() }, vec![3]),
            (Query { address: Some([12, 34, 56, 78].into()), ..all.clone() }, vec![2, 3, 4]),
            (Query { since: Some(at(2)), until: Some(at(3)), ..all.clone() }, vec![2, 3]),
            (Query { after: 3, ..all.clone() }, vec![4]),
        ] {
            assert_eq!(found(&query, 9), ids, "{query:?}");
        }
        assert_eq!(found(&all, 2), [3, 4]);
        let lease = Query { address: Some([12, 34, 56, 78].into()), ..all };
        assert_eq!(found(&lease, 1), [4]);
    }
}
