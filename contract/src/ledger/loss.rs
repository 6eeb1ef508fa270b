//! Who lost what: a right that ends takes the flows with it that stood by it, however it ended and whoever dies before
//! they are cut. The tables themselves write it down.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Params, Transaction, params};

use super::service;
use crate::database::{DatabaseError, parse, timestamp};
use crate::{Network, ServiceName};

/// The seconds until flows that could not be cut are tried again, after each try but the last: some ten minutes in all.
/// A flow that is still used by then is one that nobody here can end.
const PAUSES: [i64; 9] = [1, 2, 5, 10, 30, 60, 90, 120, 240];

/// One of them. Something else may let the network in to the same services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    id: i64,
    /// Who.
    pub network: Network,
    /// What, by the names it had.
    pub services: BTreeSet<ServiceName>,
    /// How often their flows could not be cut.
    pub tries: u32,
}

/// All whose flows have not been cut yet, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<Vec<Loss>, DatabaseError> {
    select(connection, "TRUE", [])
}

/// Those whose flows are to be cut at `now`.
///
/// # Errors
/// When the database cannot be read.
pub fn due(connection: &Connection, now: Timestamp) -> Result<Vec<Loss>, DatabaseError> {
    select(connection, "due_at IS NULL OR due_at <= ?1", [now.as_second()])
}

/// When the first of those that could not be cut is tried again; `None` when there is none.
///
/// # Errors
/// When the database cannot be read.
pub fn next_try(connection: &Connection) -> Result<Option<Timestamp>, DatabaseError> {
    let seconds: Option<i64> = connection
        .prepare_cached("SELECT min(due_at) FROM loss WHERE due_at IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    seconds.map(|seconds| timestamp("loss.due_at", seconds)).transpose()
}

fn select(
    connection: &Connection,
    which: &str,
    parameters: impl Params,
) -> Result<Vec<Loss>, DatabaseError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, network, services, tries FROM loss WHERE {which} ORDER BY id"
    ))?;
    let mut rows = statement.query(parameters)?;
    let mut losses = Vec::new();
    while let Some(row) = rows.next()? {
        let services: String = row.get("services")?;
        losses.push(Loss {
            id: row.get("id")?,
            network: parse("loss.network", "network", &row.get::<_, String>("network")?)?,
            services: service::from_list("loss.services", &services)?,
            tries: row.get("tries")?,
        });
    }
    Ok(losses)
}

/// The flows of these are cut.
///
/// # Errors
/// When the database cannot be written.
pub fn cut(transaction: &Transaction<'_>, losses: &[Loss]) -> Result<(), DatabaseError> {
    let mut statement = transaction.prepare_cached("DELETE FROM loss WHERE id = ?1")?;
    losses.iter().try_for_each(|loss| Ok(statement.execute([loss.id]).map(|_| ())?))
}

/// The flows of these could not be cut at `now`, and are tried again later. Those that were tried often enough are
/// forgotten; the answer is which.
///
/// # Errors
/// When the database cannot be written.
pub fn put_off(
    transaction: &Transaction<'_>,
    losses: &[Loss],
    now: Timestamp,
) -> Result<Vec<Loss>, DatabaseError> {
    let mut hopeless = Vec::new();
    let mut statement =
        transaction.prepare_cached("UPDATE loss SET tries = ?2, due_at = ?3 WHERE id = ?1")?;
    for loss in losses {
        match due_after(loss.tries, now) {
            Some(due) => {
                statement.execute(params![loss.id, loss.tries.saturating_add(1), due])?;
            }
            None => hopeless.push(loss.clone()),
        }
    }
    cut(transaction, &hopeless)?;
    Ok(hopeless)
}

/// Another network whose flows could not be cut at `now`, for the first time.
///
/// # Errors
/// When the database cannot be written.
pub fn put(
    transaction: &Transaction<'_>,
    network: Network,
    services: &BTreeSet<ServiceName>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    transaction
        .prepare_cached(
            "INSERT INTO loss (network, services, tries, due_at) VALUES (?1, ?2, 1, ?3)",
        )?
        .execute(params![network.to_string(), service::list(services), due_after(0, now)])?;
    Ok(())
}

/// When flows are tried again that could not be cut so often before; `None` when that is enough.
fn due_after(tries: u32, now: Timestamp) -> Option<i64> {
    let pause = PAUSES.get(usize::try_from(tries).ok()?)?;
    Some(now.saturating_add(SignedDuration::from_secs(*pause)).ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn whoever_loses_a_right_is_written_down_until_his_flows_are_cut() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        for (statement, lost) in [
            (
                "INSERT INTO lease (account, address, services, opened_at, expires_at)
                 VALUES ('4711', '12.34.56.78', 'rtp sip', 0, 9), ('4711', '2a01:4f8::/64', 'sip', 0, 9)",
                &[] as &[&str],
            ),
            ("UPDATE lease SET expires_at = 10", &[]),
            ("UPDATE lease SET services = 'sip'", &["12.34.56.78 rtp sip"]),
            (
                "UPDATE lease SET ended_at = 10, ended_by = 'expired'",
                &["12.34.56.78 sip", "2a01:4f8::/64 sip"],
            ),
            ("DELETE FROM lease", &[]),
            ("INSERT INTO allow VALUES ('12.34.0.0/16', 'sip', '', NULL, 0)", &[]),
            ("INSERT INTO allow VALUES ('fd00::1', 'rtp', '', NULL, 0)", &[]),
            ("INSERT INTO allow VALUES ('12.34.56.9', 'rtp', '', NULL, 0)", &[]),
            ("DELETE FROM allow", &["12.34.0.0/16 sip", "12.34.56.9 rtp", "fd00::1 rtp"]),
            ("INSERT INTO allow VALUES ('a.net', 'sip', '', NULL, 0)", &[]),
            ("INSERT INTO host VALUES ('a.net', 0, NULL)", &[]),
            ("INSERT INTO host_address VALUES ('a.net', '12.34.56.1', 0), ('a.net', '2a01::a', 0)", &[]),
            ("DELETE FROM host_address WHERE address = '2a01::a'", &["2a01::a sip"]),
            ("DELETE FROM allow", &["12.34.56.1 sip"]),
            ("DELETE FROM host", &[]),
        ] {
            ledger.write(|tx| tx.execute(statement, []).map_err(DatabaseError::from)).unwrap();
            let losses = all(ledger.connection()).unwrap();
            let mut said: Vec<String> = losses
                .iter()
                .map(|loss| {
                    let services: Vec<_> = loss.services.iter().map(ServiceName::as_str).collect();
                    format!("{} {}", loss.network, services.join(" "))
                })
                .collect();
            said.sort();
            assert_eq!(said, lost, "{statement}");
            ledger.write(|tx| cut(tx, &losses)).unwrap();
        }
    }

    #[test]
    fn what_cannot_be_cut_is_tried_ten_times_in_ten_minutes_and_then_given_up() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let lost = "INSERT INTO loss (network, services) VALUES ('12.34.56.78', 'sip')";
        ledger.write(|tx| tx.execute(lost, []).map_err(DatabaseError::from)).unwrap();
        assert_eq!(next_try(ledger.connection()).unwrap(), None);
        let (mut now, mut tries) = (0, 0);
        loop {
            let due = due(ledger.connection(), at(now)).unwrap();
            assert_eq!((due.len(), due[0].tries), (1, tries));
            tries += 1;
            let hopeless = ledger.write(|tx| put_off(tx, &due, at(now))).unwrap();
            let Some(next) = next_try(ledger.connection()).unwrap() else {
                assert_eq!(hopeless, due);
                break;
            };
            assert_eq!(hopeless, []);
            now = next.as_second();
            assert_eq!(super::due(ledger.connection(), at(now - 1)).unwrap(), []);
        }
        assert_eq!((tries, now), (10, 558));
        assert_eq!(all(ledger.connection()).unwrap(), []);
        let (network, services) =
            ("12.34.56.0/24".parse().unwrap(), ["rtp".parse().unwrap()].into());
        ledger.write(|tx| put(tx, network, &services, at(0))).unwrap();
        let [other] = &due(ledger.connection(), at(1)).unwrap()[..] else { panic!() };
        assert_eq!((other.network, &other.services, other.tries), (network, &services, 1));
    }
}
