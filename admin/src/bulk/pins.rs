//! The PINs of many accounts: generated, hashed, and written once to a file of the operator's.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use dialgate_contract::ledger::account;
use dialgate_pin::{Hasher, Pepper, Pin};
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::error::BulkError;
use super::is_free;
use super::labour::Labour;
use super::plan::Planned;
use crate::error::Error;
use crate::random;
use crate::site::Site;

/// What becomes of an account's PIN.
#[derive(Debug, Clone)]
pub(super) enum NewPin {
    /// It stays.
    Keep,
    /// It is this one.
    Given(Pin),
    /// It is one that nobody knows yet.
    Generate,
}

/// A PIN, and what the ledger keeps of it.
#[derive(Debug)]
pub(super) struct Hashed {
    pub(super) hash: String,
    /// For the operator, who does not know it yet.
    pub(super) generated: Option<Pin>,
}

/// Those that are what they are to be already stay.
pub(super) fn known_ones(
    mut planned: Vec<Planned>,
    ledger: &Connection,
    labour: &Labour,
    site: &Site,
) -> Result<Vec<Planned>, Error> {
    let mut asked = Vec::new();
    for (index, one) in planned.iter().enumerate() {
        if let (Some(old), NewPin::Given(pin)) = (&one.old, &one.pin) {
            asked.push((index, pin.clone(), account::pin_hash(ledger, &old.number)?));
        }
    }
    if asked.is_empty() {
        return Ok(planned);
    }
    let hasher = Hasher::new(Pepper::load(&site.config.pepper_file)?)?;
    let same = labour.each("comparing PINs", &asked, |(_, pin, stored)| {
        Ok(hasher.verify(Some(pin), stored.as_deref())?)
    })?;
    for ((index, ..), same) in asked.iter().zip(same) {
        if let Some(one) = planned.get_mut(*index).filter(|_| same) {
            one.pin = NewPin::Keep;
        }
    }
    Ok(planned)
}

/// Where PINs are to be generated, there has to be somewhere to write them.
pub(super) fn refuse_without_file(planned: &[Planned], file: Option<&Path>) -> Result<(), Error> {
    let count = planned.iter().filter(|one| matches!(one.pin, NewPin::Generate)).count();
    match file {
        None if count > 0 => Err(BulkError::NoPinsFile(count).into()),
        None => Ok(()),
        Some(path) => is_free(path),
    }
}

/// Makes those that are missing, and what the ledger keeps of all of them.
pub(super) fn hash(
    planned: &[Planned],
    labour: &Labour,
    site: &Site,
) -> Result<Vec<Option<Hashed>>, Error> {
    if planned.iter().all(|one| matches!(one.pin, NewPin::Keep)) {
        return Ok(planned.iter().map(|_| None).collect());
    }
    let hasher = Hasher::new(Pepper::load(&site.config.pepper_file)?)?;
    labour.each("hashing PINs", planned, |one| {
        let (pin, is_generated) = match &one.pin {
            NewPin::Keep => return Ok(None),
            NewPin::Given(pin) => (pin.clone(), false),
            NewPin::Generate => (random::pin(&one.new.number)?, true),
        };
        let hash = hasher.hash(&pin)?;
        Ok(Some(Hashed { hash, generated: is_generated.then_some(pin) }))
    })
}

/// Writes the generated PINs to a new file that only its owner can read; `None` when there are none.
pub(super) fn write(
    path: &Path,
    planned: &[Planned],
    hashed: &[Option<Hashed>],
) -> Result<Option<PathBuf>, Error> {
    let pins = planned.iter().zip(hashed).filter_map(|(one, hashed)| {
        Some((one, hashed.as_ref().and_then(|hashed| hashed.generated.as_ref())?))
    });
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut count = 0_usize;
    let failed = |error| Error::from(BulkError::Write(error));
    writer.write_record(["number", "name", "pin"]).map_err(failed)?;
    for (one, pin) in pins {
        count = count.saturating_add(1);
        writer
            .write_record([one.new.number.as_str(), &one.new.name, pin.reveal()])
            .map_err(failed)?;
    }
    if count == 0 {
        return Ok(None);
    }
    let text = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
    new_file(path, &Zeroizing::new(text))?;
    Ok(Some(path.to_owned()))
}

/// Makes a file that only its owner can read. There must be none.
pub(super) fn new_file(path: &Path, content: &[u8]) -> Result<(), Error> {
    is_free(path)?;
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).map_err(Error::io("making", path))?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // Half of it is of no use.
        let _ = std::fs::remove_file(path);
        Error::io("writing", path)(error)
    })
}
