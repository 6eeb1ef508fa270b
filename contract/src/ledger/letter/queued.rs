//! The outbox as the operator sees it and sets it right.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{Letter, LetterId, LetterKind};
use crate::database::{DatabaseError, timestamp};

/// A letter in the outbox, without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Its name.
    pub id: LetterId,
    /// Where it goes.
    pub recipient: String,
    /// What it is about; `None` when this program cannot read it.
    pub kind: Option<LetterKind>,
    /// When it was written.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// What has become of it.
    pub state: QueueState,
    /// Why it failed last.
    pub error: Option<String>,
}

/// What has become of a letter, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueState {
    /// It is tried next at this time.
    Due(Timestamp),
    /// The mail server took it.
    Sent(Timestamp),
    /// It is not tried again.
    GivenUp(Timestamp),
}

const COLUMNS: &str = "SELECT id, recipient, content, created_at, attempts, due_at, sent_at, dead_at, last_error FROM letter";

/// The letters that were not sent, the oldest first; with `sent`, those too that are remembered.
///
/// # Errors
/// When the database cannot be read.
pub fn queue(connection: &Connection, sent: bool) -> Result<Vec<Queued>, DatabaseError> {
    let unsent = if sent { "" } else { " WHERE sent_at IS NULL" };
    let mut statement = connection.prepare(&format!("{COLUMNS}{unsent} ORDER BY id"))?;
    let mut rows = statement.query([])?;
    let mut letters = Vec::new();
    while let Some(row) = rows.next()? {
        letters.push(read(row)?);
    }
    Ok(letters)
}

/// The letter of that name; `None` when there is none that is remembered.
///
/// # Errors
/// When the database cannot be read.
pub fn queued(connection: &Connection, id: LetterId) -> Result<Option<Queued>, DatabaseError> {
    let mut statement = connection.prepare(&format!("{COLUMNS} WHERE id = ?1"))?;
    statement.query_row([id.0], |row| Ok(read(row))).optional()?.transpose()
}

/// Makes a letter due at once that was not sent, even one that was given up.
///
/// # Errors
/// When the database cannot be written.
pub fn retry(
    transaction: &Transaction<'_>,
    id: LetterId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "UPDATE letter SET due_at = ?2, dead_at = NULL WHERE id = ?1 AND sent_at IS NULL",
        params![id.0, now.as_second()],
    )?;
    Ok(())
}

/// Takes a letter out of the outbox. One that is on its way at this moment may arrive all the same.
///
/// # Errors
/// When the database cannot be written.
pub fn drop(transaction: &Transaction<'_>, id: LetterId) -> Result<(), DatabaseError> {
    transaction.execute("DELETE FROM letter WHERE id = ?1", [id.0])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Queued, DatabaseError> {
    let time = |column: &'static str, seconds: i64| timestamp(column, seconds);
    let sent: Option<i64> = row.get("sent_at")?;
    let dead: Option<i64> = row.get("dead_at")?;
    let letter = serde_json::from_str::<Letter>(&row.get::<_, String>("content")?);
    Ok(Queued {
        id: LetterId(row.get("id")?),
        recipient: row.get("recipient")?,
        kind: letter.ok().map(|letter| letter.kind()),
        created_at: time("letter.created_at", row.get("created_at")?)?,
        attempts: row.get("attempts")?,
        state: match (sent, dead) {
            (Some(at), _) => QueueState::Sent(time("letter.sent_at", at)?),
            (None, Some(at)) => QueueState::GivenUp(time("letter.dead_at", at)?),
            (None, None) => QueueState::Due(time("letter.due_at", row.get("due_at")?)?),
        },
        error: row.get("last_error")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{give_up, post, sent};
    use super::*;
    use crate::ledger::Ledger;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_queue_tells_what_waits_and_what_was_given_up_and_sets_it_right() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let posted = |ledger: &mut Ledger| {
            let letter = Letter::Test { at: at(90) };
            ledger.write(|tx| post(tx, "op@example.net", &letter, at(100))).unwrap()
        };
        let ids = [(); 3].map(|()| posted(&mut ledger));
        ledger.write(|tx| sent(tx, ids[0], at(110))).unwrap();
        ledger.write(|tx| give_up(tx, ids[1], at(120), "no such user")).unwrap();
        let states = |ledger: &Ledger, all| -> Vec<_> {
            queue(ledger.connection(), all).unwrap().iter().map(|it| (it.id, it.state)).collect()
        };
        let waits = (ids[2], QueueState::Due(at(100)));
        assert_eq!(states(&ledger, false), [(ids[1], QueueState::GivenUp(at(120))), waits]);
        assert_eq!(states(&ledger, true)[0], (ids[0], QueueState::Sent(at(110))));
        let dead = queued(ledger.connection(), ids[1]).unwrap().unwrap();
        assert_eq!((dead.kind, dead.attempts), (Some(LetterKind::Test), 1));
        assert_eq!(dead.error.as_deref(), Some("no such user"));

        for id in ids {
            ledger.write(|tx| retry(tx, id, at(200))).unwrap();
        }
        let due = |id| (id, QueueState::Due(at(200)));
        assert_eq!(states(&ledger, false), [due(ids[1]), due(ids[2])]);
        assert_eq!(states(&ledger, true)[0], (ids[0], QueueState::Sent(at(110))));

        ledger.write(|tx| drop(tx, ids[1])).unwrap();
        assert_eq!(states(&ledger, false), [due(ids[2])]);
        assert_eq!(queued(ledger.connection(), ids[1]).unwrap(), None);
    }

    #[test]
    fn a_letter_that_cannot_be_read_is_in_the_queue_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let sql = "INSERT INTO letter (recipient, content, created_at, due_at) VALUES ('a@b', '{}', 1, 1)";
        ledger.write(|tx| Ok::<_, DatabaseError>(tx.execute(sql, [])?)).unwrap();
        assert_eq!(queue(ledger.connection(), false).unwrap()[0].kind, None);
    }
}
