//! Letters that have not left.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::letter::{self, QueueState, Queued};
use dialgate_contract::ledger::{audit, pass};
use rusqlite::{Connection, Transaction};

use super::MailError;
use crate::cli::LetterTarget;
use crate::error::Error;
use crate::report::{LetterRow, QueueChange, Report};
use crate::site::Site;

pub(super) fn list(all: bool, site: &Site) -> Result<Report, Error> {
    let letters = letter::queue(site.reader()?.connection(), all)?;
    Ok(Report::MailQueue(letters.into_iter().map(LetterRow::from).collect()))
}

pub(super) fn retry(target: LetterTarget, site: &Site) -> Result<Report, Error> {
    let (letters, last_pass) = site.ledger()?.write(|tx| {
        let letters = meant(tx, target)?;
        for letter in &letters {
            letter::retry(tx, letter.id, site.now)?;
            record(tx, "letter-retried", letter, site)?;
        }
        let again = letters.iter().filter_map(|it| letter::queued(tx, it.id).transpose());
        let again = again.collect::<Result<Vec<_>, _>>()?;
        Ok::<_, Error>((again, pass::last(tx)?.map(|pass| pass.finished_at)))
    })?;
    let letters = letters.into_iter().map(LetterRow::from).collect();
    Ok(Report::QueueChange(QueueChange { done: "is due now", letters, is_retry: true, last_pass }))
}

pub(super) fn drop(target: LetterTarget, site: &Site) -> Result<Report, Error> {
    let letters = site.ledger()?.write(|tx| {
        let letters = meant(tx, target)?;
        for letter in &letters {
            letter::drop(tx, letter.id)?;
            record(tx, "letter-dropped", letter, site)?;
        }
        Ok::<_, Error>(letters)
    })?;
    let letters = letters.into_iter().map(LetterRow::from).collect();
    let done = "is dropped, and is not sent";
    Ok(Report::QueueChange(QueueChange { done, letters, is_retry: false, last_pass: None }))
}

/// The letters that are meant, none of them sent.
fn meant(connection: &Connection, target: LetterTarget) -> Result<Vec<Queued>, Error> {
    let id = match target {
        LetterTarget::All => return Ok(letter::queue(connection, false)?),
        LetterTarget::One(id) => id,
    };
    match letter::queued(connection, id)? {
        None => Err(MailError::NoLetter(id).into()),
        Some(Queued { state: QueueState::Sent(_), .. }) => Err(MailError::Sent(id).into()),
        Some(letter) => Ok(vec![letter]),
    }
}

fn record(
    transaction: &Transaction<'_>,
    action: &str,
    letter: &Queued,
    site: &Site,
) -> Result<(), DatabaseError> {
    let kind = letter.kind.map_or("unreadable", |kind| kind.as_str());
    let detail = format!("letter {} ({kind}) to {}", letter.id.row(), letter.recipient);
    audit::record(transaction, site.now, &site.operator, action, None, &detail)
}
