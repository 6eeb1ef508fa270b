//! Who lost what: a right that ends takes the flows with it that stood by it, however it ended and whoever dies before
//! they are cut. The tables themselves write it down.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction};

use super::service;
use crate::database::{DatabaseError, parse};
use crate::{Network, ServiceName};

/// One of them. Something else may let the network in to the same services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    id: i64,
    /// Who.
    pub network: Network,
    /// What, by the names it had.
    pub services: BTreeSet<ServiceName>,
}

/// All whose flows have not been cut yet, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<Vec<Loss>, DatabaseError> {
    let mut statement =
        connection.prepare_cached("SELECT id, network, services FROM loss ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut losses = Vec::new();
    while let Some(row) = rows.next()? {
        let services: String = row.get("services")?;
        losses.push(Loss {
            id: row.get("id")?,
            network: parse("loss.network", "network", &row.get::<_, String>("network")?)?,
            services: service::from_list("loss.services", &services)?,
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
}
