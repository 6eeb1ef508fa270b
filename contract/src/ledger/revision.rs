//! A number that changes with leases, services, both lists, the addresses of hosts and the base policy: as long as it
//! is the same and nothing has ended by its time, the firewall should be as it was.

use rusqlite::Connection;

use crate::database::DatabaseError;

/// The number now. That an address of a host was in a good answer again does not change it.
///
/// # Errors
/// When the database cannot be read.
pub fn number(connection: &Connection) -> Result<i64, DatabaseError> {
    let mut statement = connection.prepare_cached("SELECT number FROM revision")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn everything_that_the_firewall_is_made_from_changes_the_number_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        for (statement, changes) in [
            ("INSERT INTO service VALUES ('x', 'tcp:1')", true),
            ("UPDATE service SET ports = 'tcp:2' WHERE name = 'x'", true),
            ("DELETE FROM service WHERE name = 'x'", true),
            (
                "INSERT INTO lease (account, address, services, opened_at, expires_at)
                 VALUES ('4711', '12.34.56.78', 'sip', 0, 9)",
                true,
            ),
            ("UPDATE lease SET expires_at = 10", true),
            ("UPDATE lease SET services = 'rtp'", true),
            ("UPDATE lease SET account = '4712'", false),
            ("UPDATE lease SET ended_at = 10, ended_by = 'expired'", true),
            ("INSERT INTO allow VALUES ('a.net', 'sip', '', NULL, 0)", true),
            ("INSERT INTO deny VALUES ('12.34.56.78', '', NULL, 0)", true),
            ("DELETE FROM deny", true),
            ("INSERT INTO host VALUES ('a.net', 0, NULL)", false),
            ("INSERT INTO host_address VALUES ('a.net', '12.34.56.78', 0)", true),
            ("UPDATE host_address SET answered_at = 1", false),
            ("DELETE FROM host_address", true),
            ("DELETE FROM allow", true),
            ("INSERT INTO base_policy VALUES (1, 0, 60)", true),
            ("UPDATE base_policy SET trial_ends = NULL", true),
            ("DELETE FROM base_policy", true),
            (
                "INSERT INTO audit (at, actor, action, detail, hash) VALUES (0, '', '', '', zeroblob(32))",
                false,
            ),
            ("INSERT INTO pass VALUES (1, 0, NULL, 0)", false),
        ] {
            let before = number(ledger.connection()).unwrap();
            ledger.write(|tx| tx.execute(statement, []).map_err(DatabaseError::from)).unwrap();
            let after = number(ledger.connection()).unwrap();
            assert_eq!(after != before, changes, "{statement}");
        }
    }
}
