//! What the DNS said of the hosts on the allow list.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::HostName;
use crate::database::{DatabaseError, parse, timestamp};

/// How long an address stays after the last good answer that held it.
pub const KEPT: SignedDuration = SignedDuration::from_hours(2);

/// Addresses of one host that are kept at most, those last answered: a name that has others in every answer fills no set.
pub const MOST: u32 = 64;

/// One host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// When it was last asked for.
    pub asked_at: Timestamp,
    /// What was wrong with the last answer; `None` when it was good.
    pub problem: Option<String>,
    /// Its addresses, each with the time of the last good answer that held it.
    pub addresses: BTreeMap<IpAddr, Timestamp>,
}

/// All hosts that were ever asked for and are still on the list.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<BTreeMap<HostName, Host>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, asked_at, problem, address, answered_at FROM host
         LEFT JOIN host_address ON host = name ORDER BY name, address",
    )?;
    let mut rows = statement.query([])?;
    let mut hosts: BTreeMap<HostName, Host> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let name = parse("host.name", "host name", &row.get::<_, String>("name")?)?;
        let asked_at = timestamp("host.asked_at", row.get("asked_at")?)?;
        let problem = row.get("problem")?;
        let host =
            hosts.entry(name).or_insert(Host { asked_at, problem, addresses: BTreeMap::new() });
        if let Some(address) = row.get::<_, Option<String>>("address")? {
            let address = parse("host_address.address", "address", &address)?;
            let answered = timestamp("host_address.answered_at", row.get("answered_at")?)?;
            host.addresses.insert(address, answered);
        }
    }
    Ok(hosts)
}

/// The hosts on the allow list, each with the time it was last asked for: first those never asked for, then those asked
/// for longest ago.
///
/// # Errors
/// When the database cannot be read.
pub fn listed(
    connection: &Connection,
) -> Result<Vec<(HostName, Option<Timestamp>)>, DatabaseError> {
    // What has neither a colon nor a slash and is not all digits and dots is neither an address nor a network.
    let mut statement = connection.prepare_cached(
        "SELECT origin, asked_at FROM allow LEFT JOIN host ON host.name = origin
         WHERE origin NOT GLOB '*[:/]*' AND origin GLOB '*[^0-9.]*' ORDER BY asked_at, origin",
    )?;
    let mut rows = statement.query([])?;
    let mut hosts = Vec::new();
    while let Some(row) = rows.next()? {
        let name = parse("allow.origin", "host name", &row.get::<_, String>("origin")?)?;
        let asked: Option<i64> = row.get("asked_at")?;
        hosts.push((name, asked.map(|at| timestamp("host.asked_at", at)).transpose()?));
    }
    Ok(hosts)
}

/// When the next address is forgotten; `None` when there is none.
///
/// # Errors
/// When the database cannot be read.
pub fn next_end(connection: &Connection) -> Result<Option<Timestamp>, DatabaseError> {
    let seconds: Option<i64> = connection
        .prepare_cached("SELECT min(answered_at) FROM host_address")?
        .query_row([], |row| row.get(0))?;
    let answered = seconds.map(|at| timestamp("host_address.answered_at", at)).transpose()?;
    Ok(answered.map(|answered| answered.saturating_add(KEPT).unwrap_or(Timestamp::MAX)))
}

/// What was wrong with the last answer; `None` when it was good, or nobody asked.
///
/// # Errors
/// When the database cannot be read.
pub fn problem(connection: &Connection, name: &HostName) -> Result<Option<String>, DatabaseError> {
    let problem = connection
        .prepare_cached("SELECT problem FROM host WHERE name = ?1")?
        .query_row([name.as_str()], |row| row.get(0))
        .optional()?;
    Ok(problem.flatten())
}

/// Records a good answer. Addresses that it does not hold stay for as long as [`KEPT`], but no more than [`MOST`] of
/// them all.
///
/// # Errors
/// When the database cannot be written.
pub fn answered(
    transaction: &Transaction<'_>,
    name: &HostName,
    addresses: &[IpAddr],
    at: Timestamp,
) -> Result<(), DatabaseError> {
    asked(transaction, name, None, at)?;
    for address in addresses {
        transaction.execute(
            "INSERT INTO host_address (host, address, answered_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (host, address) DO UPDATE SET answered_at = excluded.answered_at",
            params![name.as_str(), address.to_string(), at.as_second()],
        )?;
    }
    transaction.execute(
        "DELETE FROM host_address WHERE host = ?1 AND address NOT IN
         (SELECT address FROM host_address WHERE host = ?1 ORDER BY answered_at DESC, address LIMIT ?2)",
        params![name.as_str(), MOST],
    )?;
    Ok(())
}

/// Records that there was no good answer; the addresses stay as they are.
///
/// # Errors
/// When the database cannot be written.
pub fn failed(
    transaction: &Transaction<'_>,
    name: &HostName,
    problem: &str,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    asked(transaction, name, Some(problem), at)
}

/// Forgets addresses that no answer has held for [`KEPT`], and hosts that are not on the allow list.
///
/// # Errors
/// When the database cannot be written.
pub fn forget(transaction: &Transaction<'_>, now: Timestamp) -> Result<(), DatabaseError> {
    let oldest = now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
    transaction
        .execute("DELETE FROM host_address WHERE answered_at <= ?1", [oldest.as_second()])?;
    transaction.execute("DELETE FROM host WHERE name NOT IN (SELECT origin FROM allow)", [])?;
    Ok(())
}

fn asked(
    transaction: &Transaction<'_>,
    name: &HostName,
    problem: Option<&str>,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "INSERT INTO host (name, asked_at, problem) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET asked_at = excluded.asked_at, problem = excluded.problem",
        params![name.as_str(), at.as_second(), problem],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Allow, Ledger, allow};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn entry(origin: &str) -> Allow {
        Allow {
            origin: origin.parse().unwrap(),
            services: ["sip".parse().unwrap()].into(),
            name: String::new(),
            expires_at: None,
            created_at: at(0),
        }
    }

    fn ledger(origins: &[&str]) -> (tempfile::TempDir, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        for origin in origins {
            ledger.write(|tx| allow::put(tx, &entry(origin))).unwrap();
        }
        (folder, ledger)
    }

    #[test]
    fn only_hosts_are_asked_for_and_first_those_that_wait_longest() {
        let origins = [
            "12.34.56.78",
            "12.34.0.0/16",
            "2a01:4f8::/32",
            "fd00::a",
            "a.net",
            "b.net",
            "1.2.3.de",
            "1.2-3",
        ];
        let (_folder, mut ledger) = ledger(&origins);
        for (name, second) in [("a.net", 200), ("b.net", 100), ("1.2.3.de", 300)] {
            ledger.write(|tx| failed(tx, &name.parse().unwrap(), "x", at(second))).unwrap();
        }
        let listed = listed(ledger.connection()).unwrap();
        let listed: Vec<_> = listed.iter().map(|(name, asked)| (name.as_str(), *asked)).collect();
        let expected = [
            ("1.2-3", None),
            ("b.net", Some(at(100))),
            ("a.net", Some(at(200))),
            ("1.2.3.de", Some(at(300))),
        ];
        assert_eq!(listed, expected);
    }

    #[test]
    fn a_name_that_is_elsewhere_with_every_answer_has_its_last_addresses_only() {
        let (_folder, mut ledger) = ledger(&["a.net"]);
        let name: HostName = "a.net".parse().unwrap();
        for n in 0..100 {
            let address = IpAddr::from([12, 34, 56, n]);
            ledger.write(|tx| answered(tx, &name, &[address], at(i64::from(n)))).unwrap();
        }
        let kept = all(ledger.connection()).unwrap()[&name].addresses.clone();
        assert_eq!(kept.len(), 64);
        assert_eq!(kept.values().min(), Some(&at(36)));
        assert_eq!(problem(ledger.connection(), &name).unwrap(), None);
    }

    #[test]
    fn an_address_outlives_bad_answers_by_two_hours_and_no_more() {
        let (_folder, mut ledger) = ledger(&["sip.example.net"]);
        let name: HostName = "sip.example.net".parse().unwrap();
        let (one, two): (IpAddr, IpAddr) =
            ("12.34.56.78".parse().unwrap(), "2a01:4f8::1".parse().unwrap());
        ledger.write(|tx| answered(tx, &name, &[one, two], at(100))).unwrap();
        ledger.write(|tx| answered(tx, &name, &[two], at(200))).unwrap();
        ledger.write(|tx| failed(tx, &name, "no answer", at(300))).unwrap();
        ledger.write(|tx| forget(tx, at(7200 + 99))).unwrap();
        let known = |ledger: &Ledger| all(ledger.connection()).unwrap()[&name].clone();
        assert_eq!(known(&ledger).addresses, [(one, at(100)), (two, at(200))].into());
        assert_eq!(known(&ledger).problem.as_deref(), Some("no answer"));
        ledger.write(|tx| forget(tx, at(7200 + 100))).unwrap();
        assert_eq!(known(&ledger).addresses, [(two, at(200))].into());
        ledger.write(|tx| allow::remove(tx, &"sip.example.net".parse().unwrap())).unwrap();
        ledger.write(|tx| forget(tx, at(300))).unwrap();
        assert!(all(ledger.connection()).unwrap().is_empty());
    }
}
