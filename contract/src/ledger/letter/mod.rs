//! The outbox: letters that are to be sent, what they say and how often it was tried.

mod content;
mod kind;
mod queued;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, corrupt, timestamp};

pub use content::Letter;
pub use kind::LetterKind;
pub use queued::{QueueState, Queued, drop, queue, queued, retry};

/// Names a letter in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LetterId(i64);

/// A letter in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its name.
    pub id: LetterId,
    /// Where it goes.
    pub recipient: String,
    /// What it says.
    pub letter: Letter,
    /// When it was written.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
}

/// A letter in the outbox that this program cannot read: a newer one wrote it, or somebody with another tool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("letter {} cannot be read: {problem}", .id.row())]
pub struct Unreadable {
    /// Its name.
    pub id: LetterId,
    /// What is wrong with it.
    pub problem: String,
}

/// What has become of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It waits; why it failed last, if it was tried.
    Waiting(Option<String>),
    /// The mail server has taken it.
    Sent,
    /// It is not tried again; why.
    GivenUp(String),
}

/// Puts a letter into the outbox.
///
/// # Errors
/// When the database cannot be written.
pub fn post(
    transaction: &Transaction<'_>,
    recipient: &str,
    letter: &Letter,
    at: Timestamp,
) -> Result<LetterId, DatabaseError> {
    let content = serde_json::to_string(letter)
        .map_err(|error| corrupt("letter.content", "letter", &error.to_string()))?;
    transaction.execute(
        "INSERT INTO letter (recipient, content, created_at, due_at) VALUES (?1, ?2, ?3, ?3)",
        params![recipient, content, at.as_second()],
    )?;
    Ok(LetterId(transaction.last_insert_rowid()))
}

/// At most `limit` letters that are due, the longest waiting first. One that cannot be read is to be given up, or it
/// would be due for ever.
///
/// # Errors
/// When the database cannot be read.
pub fn due(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Result<Waiting, Unreadable>>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, recipient, content, created_at, attempts FROM letter
         WHERE sent_at IS NULL AND dead_at IS NULL AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![now.as_second(), limit])?;
    let mut letters = Vec::new();
    while let Some(row) = rows.next()? {
        let id = LetterId(row.get("id")?);
        let letter = serde_json::from_str(&row.get::<_, String>("content")?);
        let created_at = timestamp("letter.created_at", row.get("created_at")?);
        letters.push(match (letter, created_at) {
            (Ok(letter), Ok(created_at)) => Ok(Waiting {
                id,
                recipient: row.get("recipient")?,
                letter,
                created_at,
                attempts: row.get("attempts")?,
            }),
            (Err(error), _) => Err(Unreadable { id, problem: error.to_string() }),
            (_, Err(error)) => Err(Unreadable { id, problem: error.to_string() }),
        });
    }
    Ok(letters)
}

/// When the next letter is due; `None` when none waits.
///
/// # Errors
/// When the database cannot be read.
pub fn next_due(connection: &Connection) -> Result<Option<Timestamp>, DatabaseError> {
    let seconds: Option<i64> = connection
        .prepare_cached("SELECT min(due_at) FROM letter WHERE sent_at IS NULL AND dead_at IS NULL")?
        .query_row([], |row| row.get(0))?;
    seconds.map(|seconds| timestamp("letter.due_at", seconds)).transpose()
}

/// How many letters have been put into the outbox for a recipient since a time.
///
/// # Errors
/// When the database cannot be read.
pub fn posted_since(
    connection: &Connection,
    recipient: &str,
    since: Timestamp,
) -> Result<u32, DatabaseError> {
    let mut statement = connection
        .prepare_cached("SELECT count(*) FROM letter WHERE recipient = ?1 AND created_at > ?2")?;
    Ok(statement.query_row(params![recipient, since.as_second()], |row| row.get(0))?)
}

/// How many letters wait, and how many were given up.
///
/// # Errors
/// When the database cannot be read.
pub fn backlog(connection: &Connection) -> Result<(u32, u32), DatabaseError> {
    Ok(connection.query_row(
        "SELECT (SELECT count(*) FROM letter WHERE sent_at IS NULL AND dead_at IS NULL),
                (SELECT count(*) FROM letter WHERE sent_at IS NULL AND dead_at IS NOT NULL)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// When the letter was written that waits longest; `None` when none waits.
///
/// # Errors
/// When the database cannot be read.
pub fn oldest_waiting(connection: &Connection) -> Result<Option<Timestamp>, DatabaseError> {
    let sql = "SELECT min(created_at) FROM letter WHERE sent_at IS NULL AND dead_at IS NULL";
    let seconds: Option<i64> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    seconds.map(|seconds| timestamp("letter.created_at", seconds)).transpose()
}

/// What has become of a letter; `None` when it is forgotten.
///
/// # Errors
/// When the database cannot be read.
pub fn fate(connection: &Connection, id: LetterId) -> Result<Option<Fate>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT sent_at IS NOT NULL, dead_at IS NOT NULL, last_error FROM letter WHERE id = ?1",
    )?;
    let fate = statement.query_row([id.0], |row| {
        let error: Option<String> = row.get(2)?;
        Ok(match (row.get(0)?, row.get(1)?) {
            (true, _) => Fate::Sent,
            (false, true) => Fate::GivenUp(error.unwrap_or_default()),
            (false, false) => Fate::Waiting(error),
        })
    });
    Ok(fate.optional()?)
}

/// When the last letter to a recipient was written, and what has become of it; `None` when there is none that is
/// remembered.
///
/// # Errors
/// When the database cannot be read.
pub fn last_to(
    connection: &Connection,
    recipient: &str,
) -> Result<Option<(Timestamp, Fate)>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, created_at FROM letter WHERE recipient = ?1 ORDER BY id DESC LIMIT 1",
    )?;
    let row: Option<(i64, i64)> =
        statement.query_row([recipient], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, at)) = row else { return Ok(None) };
    let at = timestamp("letter.created_at", at)?;
    Ok(fate(connection, LetterId(id))?.map(|fate| (at, fate)))
}

/// It is about to be sent: should nobody live to write down what became of it, it is due again at `until`.
///
/// # Errors
/// When the database cannot be written. Then it must not be sent, or it would be sent again and again.
pub fn claim(
    transaction: &Transaction<'_>,
    id: LetterId,
    until: Timestamp,
) -> Result<(), DatabaseError> {
    transaction
        .execute("UPDATE letter SET due_at = ?2 WHERE id = ?1", params![id.0, until.as_second()])?;
    Ok(())
}

/// The mail server has taken it.
///
/// # Errors
/// When the database cannot be written.
pub fn sent(
    transaction: &Transaction<'_>,
    id: LetterId,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "UPDATE letter SET sent_at = ?2, attempts = attempts + 1, last_error = NULL WHERE id = ?1",
        params![id.0, at.as_second()],
    )?;
    Ok(())
}

/// It failed, and is to be tried again at `due`.
///
/// # Errors
/// When the database cannot be written.
pub fn failed(
    transaction: &Transaction<'_>,
    id: LetterId,
    due: Timestamp,
    error: &str,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "UPDATE letter SET attempts = attempts + 1, due_at = ?2, last_error = ?3 WHERE id = ?1",
        params![id.0, due.as_second(), error],
    )?;
    Ok(())
}

/// It is hopeless.
///
/// # Errors
/// When the database cannot be written.
pub fn give_up(
    transaction: &Transaction<'_>,
    id: LetterId,
    at: Timestamp,
    error: &str,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "UPDATE letter SET attempts = attempts + 1, dead_at = ?2, last_error = ?3 WHERE id = ?1",
        params![id.0, at.as_second(), error],
    )?;
    Ok(())
}

/// Forgets letters that were sent or given up longer ago than `age`.
///
/// # Errors
/// When the database cannot be written.
pub fn forget(
    transaction: &Transaction<'_>,
    now: Timestamp,
    age: SignedDuration,
) -> Result<(), DatabaseError> {
    let before = now.as_second().saturating_sub(age.as_secs());
    transaction.execute("DELETE FROM letter WHERE coalesce(sent_at, dead_at) < ?1", [before])?;
    Ok(())
}

impl LetterId {
    /// As it is stored.
    #[must_use]
    pub const fn row(self) -> i64 {
        self.0
    }

    /// As it was stored.
    #[must_use]
    pub const fn from_row(row: i64) -> Self {
        Self(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;
    use crate::ledger::Ledger;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn refused() -> Letter {
        Letter::Refused {
            account: "4711".parse().unwrap(),
            address: "10.0.0.1".to_owned(),
            refusal: Refusal::PrivateAddress,
            caller: "unknown".to_owned(),
            at: at(90),
        }
    }

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        (folder, ledger)
    }

    fn posted(ledger: &mut Ledger) -> LetterId {
        ledger.write(|tx| post(tx, "op@example.net", &refused(), at(100))).unwrap()
    }

    fn due_ids(ledger: &Ledger, now: i64) -> Vec<LetterId> {
        let letters = due(ledger.connection(), at(now), 9).unwrap();
        letters.into_iter().map(|letter| letter.unwrap().id).collect()
    }

    #[test]
    fn a_letter_waits_until_it_is_sent_or_given_up() {
        let (_folder, mut ledger) = ledger();
        let (first, second) = (posted(&mut ledger), posted(&mut ledger));
        assert_eq!(due_ids(&ledger, 99), []);
        assert_eq!(due_ids(&ledger, 100), [first, second]);
        let waiting = due(ledger.connection(), at(100), 1).unwrap().remove(0).unwrap();
        assert_eq!((waiting.letter, waiting.attempts), (refused(), 0));

        let fate = |ledger: &Ledger, id| fate(ledger.connection(), id).unwrap();
        assert_eq!(fate(&ledger, first), Some(Fate::Waiting(None)));
        ledger.write(|tx| failed(tx, first, at(160), "down")).unwrap();
        assert_eq!(fate(&ledger, first), Some(Fate::Waiting(Some("down".to_owned()))));
        assert_eq!(due_ids(&ledger, 159), [second]);
        ledger.write(|tx| sent(tx, second, at(161))).unwrap();
        assert_eq!(next_due(ledger.connection()).unwrap(), Some(at(160)));
        let again = due(ledger.connection(), at(160), 9).unwrap().remove(0).unwrap();
        assert_eq!((again.id, again.attempts), (first, 1));
        ledger.write(|tx| give_up(tx, first, at(170), "no such user")).unwrap();
        assert_eq!(next_due(ledger.connection()).unwrap(), None);
        assert_eq!(backlog(ledger.connection()).unwrap(), (0, 1));
        assert_eq!(oldest_waiting(ledger.connection()).unwrap(), None);
        assert_eq!(fate(&ledger, first), Some(Fate::GivenUp("no such user".to_owned())));
        assert_eq!(fate(&ledger, second), Some(Fate::Sent));
        assert_eq!(fate(&ledger, LetterId(99)), None);
    }

    #[test]
    fn a_letter_that_is_being_sent_is_not_due_until_it_counts_as_unsent() {
        let (_folder, mut ledger) = ledger();
        let id = posted(&mut ledger);
        ledger.write(|tx| claim(tx, id, at(220))).unwrap();
        assert_eq!(due_ids(&ledger, 219), []);
        assert_eq!(due_ids(&ledger, 220), [id]);
    }

    #[test]
    fn a_letter_that_cannot_be_read_is_named() {
        let (_folder, mut ledger) = ledger();
        let (odd, good) = (posted(&mut ledger), posted(&mut ledger));
        let sql = "UPDATE letter SET content = '{\"kind\":\"of-tomorrow\"}' WHERE id = ?1";
        ledger.write(|tx| Ok::<_, DatabaseError>(tx.execute(sql, [odd.0])?)).unwrap();
        let letters = due(ledger.connection(), at(100), 9).unwrap();
        assert_eq!(letters[0].as_ref().unwrap_err().id, odd);
        assert_eq!(letters[1].as_ref().unwrap().id, good);
    }

    #[test]
    fn letters_that_are_done_with_are_forgotten_and_those_that_wait_are_not() {
        let (_folder, mut ledger) = ledger();
        let (done, hopeless, fresh) =
            (posted(&mut ledger), posted(&mut ledger), posted(&mut ledger));
        let waiting = posted(&mut ledger);
        ledger
            .write(|tx| {
                sent(tx, done, at(200))?;
                give_up(tx, hopeless, at(200), "no such user")?;
                sent(tx, fresh, at(201))?;
                forget(tx, at(301), SignedDuration::from_secs(100))
            })
            .unwrap();
        let mut statement =
            ledger.connection().prepare("SELECT id FROM letter ORDER BY id").unwrap();
        let left: Vec<i64> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(left, [fresh.0, waiting.0]);
    }
}
