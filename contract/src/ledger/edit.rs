//! Changes of the ledger that nobody has told the audit trail: the tables themselves write them down. A transaction of
//! ours that adds no line to the trail is told of there at its end, and a change with another tool at the next one.

use rusqlite::Transaction;

use super::audit::{self, Actor};
use crate::database::DatabaseError;

/// What the trail calls it.
const ACTION: &str = "ledger-edited";
/// So many are told one by one.
const TOLD: usize = 100;

struct Edit {
    at: i64,
    account: Option<String>,
    what: String,
}

/// Does `work`, and sees to it that all that was changed before it and by it is in the trail.
pub(super) fn audited<T, E: From<DatabaseError>>(
    transaction: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    tell(transaction)?;
    let before = audit::given(transaction)?;
    let value = work(transaction)?;
    if audit::given(transaction)? == before {
        tell(transaction)?;
    } else {
        forget(transaction)?;
    }
    Ok(value)
}

fn tell(transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
    let edits = all(transaction)?;
    let Some(last) = edits.last() else { return Ok(()) };
    for Edit { at, account, what } in edits.iter().take(TOLD) {
        audit::add(transaction, *at, &Actor::Unknown, ACTION, account.as_deref(), what)?;
    }
    let more = edits.len().saturating_sub(TOLD);
    if more > 0 {
        let what = format!("and {more} more changes");
        audit::add(transaction, last.at, &Actor::Unknown, ACTION, None, &what)?;
    }
    forget(transaction)
}

fn all(transaction: &Transaction<'_>) -> Result<Vec<Edit>, DatabaseError> {
    let mut statement =
        transaction.prepare_cached("SELECT at, account, what FROM edit ORDER BY id")?;
    let edits = statement.query_map([], |row| {
        let account = row.get_ref(1)?.as_bytes_or_null()?.map(text);
        Ok(Edit { at: row.get(0)?, account, what: text(row.get_ref(2)?.as_bytes()?) })
    })?;
    Ok(edits.collect::<Result<_, _>>()?)
}

/// Another tool may have written what is no UTF-8: that keeps nobody from writing, least of all who closes something.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn forget(transaction: &Transaction<'_>) -> Result<(), DatabaseError> {
    transaction.prepare_cached("DELETE FROM edit")?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Ledger, LedgerReader};
    use jiff::Timestamp;
    use rusqlite::Connection;

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        (folder, ledger)
    }

    fn told(ledger: &Ledger) -> Vec<String> {
        let lines = audit::last(ledger.connection(), 1000).unwrap();
        assert!(audit::verify(ledger.connection(), None).unwrap().fault.is_none());
        lines
            .into_iter()
            .map(|line| format!("{} {} {}", line.actor, line.action, line.detail))
            .collect()
    }

    /// Each table that says who may reach what, and how each of its rows can change.
    const CHANGES: [(&str, &str); 21] = [
        ("INSERT INTO service (name, ports) VALUES ('x', 'tcp:1')", "service x was added"),
        ("UPDATE service SET ports = 'tcp:2' WHERE name = 'x'", "service x was changed"),
        (
            "INSERT INTO account (number, name, email, pin_hash, enabled, created_at)
             VALUES ('4711', 'Ann', 'a@b.c', '$', 1, 0)",
            "account 4711 was added",
        ),
        ("UPDATE account SET pin_hash = '$$'", "account 4711 was changed"),
        ("INSERT INTO account_service VALUES ('4711', 'x')", "service x of account 4711 was added"),
        ("UPDATE account_service SET service = 'sip'", "service x of account 4711 was changed"),
        ("DELETE FROM account_service", "service sip of account 4711 was removed"),
        ("DELETE FROM account", "account 4711 was removed"),
        ("DELETE FROM service WHERE name = 'x'", "service x was removed"),
        (
            "INSERT INTO lease (account, address, services, opened_at, expires_at)
             VALUES ('4711', '12.34.56.78', 'sip', 0, 9)",
            "lease L1 for 12.34.56.78 was added",
        ),
        ("UPDATE lease SET expires_at = 99", "lease L1 for 12.34.56.78 was changed"),
        ("DELETE FROM lease", "lease L1 for 12.34.56.78 was removed"),
        (
            "INSERT INTO allow VALUES ('a.net', 'sip', '', NULL, 0)",
            "a.net on the allow list was added",
        ),
        ("UPDATE allow SET services = 'all'", "a.net on the allow list was changed"),
        ("DELETE FROM allow", "a.net on the allow list was removed"),
        (
            "INSERT INTO deny VALUES ('12.34.56.0/24', '', NULL, 0)",
            "12.34.56.0/24 on the deny list was added",
        ),
        ("UPDATE deny SET expires_at = 1", "12.34.56.0/24 on the deny list was changed"),
        ("DELETE FROM deny", "12.34.56.0/24 on the deny list was removed"),
        (
            "INSERT INTO base_policy (id, since, trial_ends, lan, open) VALUES (1, 0, 60, '', '')",
            "the base policy was added",
        ),
        ("UPDATE base_policy SET trial_ends = NULL", "the base policy was changed"),
        ("DELETE FROM base_policy", "the base policy was removed"),
    ];

    #[test]
    fn a_transaction_that_tells_the_trail_nothing_is_told_of() {
        let (_folder, mut ledger) = ledger();
        for (statement, what) in CHANGES {
            ledger.write(|tx| tx.execute(statement, []).map_err(DatabaseError::from)).unwrap();
            let lines = told(&ledger);
            assert_eq!(lines.last().unwrap(), &format!("unknown ledger-edited {what}"));
        }
        assert_eq!(told(&ledger).len(), CHANGES.len());
    }

    #[test]
    fn where_hosts_are_and_letters_that_never_come_are_told_and_the_daily_round_is_not() {
        let (_folder, mut ledger) = ledger();
        for (statement, told_so) in [
            ("INSERT INTO host VALUES ('a.net', 0, NULL)", None),
            (
                "INSERT INTO host_address VALUES ('a.net', '12.34.56.1', 0)",
                Some("address 12.34.56.1 of host a.net was added"),
            ),
            ("UPDATE host_address SET answered_at = 1", None),
            ("DELETE FROM host", Some("address 12.34.56.1 of host a.net was removed")),
            (
                "INSERT INTO letter (recipient, content, created_at, due_at) VALUES ('a@b.c', '', 0, 0)",
                None,
            ),
            ("UPDATE letter SET due_at = 1, attempts = 1", None),
            (
                "UPDATE letter SET recipient = 'x@y.z'",
                Some("letter 1 to a@b.c was changed or given up"),
            ),
            ("UPDATE letter SET dead_at = 1", Some("letter 1 to x@y.z was changed or given up")),
            ("UPDATE letter SET dead_at = NULL", None),
            ("DELETE FROM letter", Some("letter 1 to x@y.z was removed")),
            (
                "INSERT INTO letter (recipient, content, created_at, due_at) VALUES ('a@b.c', '', 0, 0)",
                None,
            ),
            ("UPDATE letter SET sent_at = 1", None),
            ("DELETE FROM letter", None),
            ("INSERT INTO pass (id, finished_at) VALUES (1, 0)", None),
        ] {
            let before = told(&ledger).len();
            ledger.write(|tx| tx.execute(statement, []).map_err(DatabaseError::from)).unwrap();
            let lines = told(&ledger);
            let news: Vec<&str> = lines[before..].iter().map(String::as_str).collect();
            let expected = told_so.map(|what| format!("unknown ledger-edited {what}"));
            assert_eq!(news, Vec::from_iter(expected.as_deref()), "{statement}");
        }
    }

    #[test]
    fn what_another_tool_changes_is_told_when_we_write_next() {
        let (folder, mut ledger) = ledger();
        let other = Connection::open(folder.path().join("ledger.db")).unwrap();
        for (statement, _) in CHANGES {
            other.execute(statement, []).unwrap();
        }
        assert_eq!(told(&ledger).len(), 0);
        let at = Timestamp::from_second(1_000).unwrap();
        ledger
            .write(|tx| audit::record(tx, at, &Actor::Reconciler, "firewall-healed", None, ""))
            .unwrap();
        let lines = told(&ledger);
        let expected: Vec<String> =
            CHANGES.iter().map(|(_, what)| format!("unknown ledger-edited {what}")).collect();
        assert_eq!(lines[..CHANGES.len()], expected);
        assert_eq!(lines[CHANGES.len()..], ["reconciler firewall-healed "]);
        let reader = LedgerReader::open(&folder.path().join("ledger.db")).unwrap();
        let ages = audit::last(reader.connection(), 1000).unwrap();
        assert!(ages[0].at > at, "it has the time of the change");
    }

    #[test]
    fn a_change_that_its_transaction_tells_of_is_told_once() {
        let (_folder, mut ledger) = ledger();
        let at = Timestamp::from_second(1_000).unwrap();
        ledger
            .write(|tx| {
                tx.execute(CHANGES[0].0, [])?;
                audit::record(tx, at, &Actor::Reconciler, "service-added", None, "x")
            })
            .unwrap();
        assert_eq!(told(&ledger), ["reconciler service-added x"]);
        let kept = ledger.write(|tx| {
            tx.execute(CHANGES[1].0, [])?;
            Err::<(), _>(DatabaseError::Library("x"))
        });
        assert!(kept.is_err());
        assert_eq!(told(&ledger).len(), 1);
    }

    #[test]
    fn many_changes_are_counted_after_the_first_hundred() {
        let (_folder, mut ledger) = ledger();
        ledger
            .write(|tx| {
                (0..150).try_for_each(|n| {
                    tx.execute(
                        "INSERT INTO service (name, ports) VALUES (?1, 'tcp:1')",
                        [format!("x{n}")],
                    )
                    .map(|_| ())
                    .map_err(DatabaseError::from)
                })
            })
            .unwrap();
        let lines = told(&ledger);
        assert_eq!(lines.len(), 101);
        assert_eq!(lines[100], "unknown ledger-edited and 50 more changes");
    }

    #[test]
    fn a_change_whose_text_is_none_is_told_and_keeps_nobody_from_writing() {
        let (folder, mut ledger) = ledger();
        let other = Connection::open(folder.path().join("ledger.db")).unwrap();
        other
            .execute(
                "INSERT INTO account (number, name, email, pin_hash, enabled, created_at)
                 VALUES (CAST(x'34ff' AS TEXT), '', '', '', 0, 0)",
                [],
            )
            .unwrap();
        let at = Timestamp::from_second(1_000).unwrap();
        ledger
            .write(|tx| audit::record(tx, at, &Actor::Reconciler, "lease-revoked", None, ""))
            .unwrap();
        let lines = told(&ledger);
        assert_eq!(lines[0], "unknown ledger-edited account 4\u{fffd} was added");
        assert_eq!(lines[1], "reconciler lease-revoked ");
    }
}
