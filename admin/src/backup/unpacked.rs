//! A backup that was read and found to be sound.

use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use dialgate_contract::config::Config;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Chain};
use dialgate_contract::ledger::{Ledger, account, allow, deny, lease, service, whole};
use dialgate_pin::Pepper;
use tempfile::TempDir;

use super::error::BackupError;
use super::manifest::Manifest;
use super::{CONFIG, LEDGER, PEPPER, archive};
use crate::error::Error;

/// What was in it, in a folder that goes when this is dropped.
pub(super) struct Unpacked {
    pub(super) manifest: Manifest,
    pub(super) ledger: Ledger,
    pub(super) pepper: Pepper,
    pub(super) config: Config,
    /// As it was written.
    pub(super) config_text: Vec<u8>,
    pub(super) trail: Chain,
    folder: TempDir,
}

impl Unpacked {
    /// Reads a file, or standard input for `-`, into `folder`.
    pub(super) fn read(file: &Path, folder: TempDir) -> Result<Self, Error> {
        let from: Box<dyn Read> = if file == Path::new("-") {
            Box::new(stdin().lock())
        } else {
            let failed = |source| Error::io("reading", file)(source);
            let opened = std::fs::File::open(file).map_err(failed)?;
            if !opened.metadata().map_err(Error::io("reading", file))?.is_file() {
                return Err(Error::Foreign { path: file.to_owned(), what: "not a plain file" });
            }
            Box::new(opened)
        };
        let manifest = archive::read(std::io::BufReader::new(from), folder.path())?;
        let inside = |name| folder.path().join(name);
        let pepper = Pepper::load(&inside(PEPPER))
            .map_err(|_| damaged("the pepper in it is not 64 hexadecimal digits"))?;
        let config = Config::load(&inside(CONFIG)).map_err(|error| damaged(&error.to_string()))?;
        let config_text =
            std::fs::read(inside(CONFIG)).map_err(Error::io("reading", &inside(CONFIG)))?;
        let ledger = sound(folder.path()).map_err(|error| told(error, &manifest.dialgate))?;
        let trail = audit::verify(ledger.connection(), None)?;
        Ok(Self { manifest, ledger, pepper, config, config_text, trail, folder })
    }

    /// Where the ledger is.
    pub(super) fn ledger_file(&self) -> PathBuf {
        self.folder.path().join(LEDGER)
    }
}

/// The ledger, brought up to date, when all that is in it can be read.
fn sound(folder: &Path) -> Result<Ledger, Error> {
    let ledger = Ledger::open(&folder.join(LEDGER))?;
    let fresh = Ledger::open(&folder.join("fresh.db"))?;
    let connection = ledger.connection();
    if let Some(fault) = whole::fault(connection, fresh.connection())? {
        return Err(damaged(&format!("its ledger: {fault}")));
    }
    account::all(connection)?;
    lease::all(connection)?;
    allow::all(connection)?;
    deny::all(connection)?;
    service::all(connection)?;
    Ok(ledger)
}

/// What is wrong with a ledger is wrong with the backup.
fn told(error: Error, version: &str) -> Error {
    let Error::Database(error) = error else { return error };
    match error {
        DatabaseError::Newer { .. } => BackupError::Newer(version.to_owned()).into(),
        other @ (DatabaseError::Open { .. }
        | DatabaseError::Older { .. }
        | DatabaseError::NoWal { .. }
        | DatabaseError::Library(_)
        | DatabaseError::Corrupt { .. }
        | DatabaseError::Sqlite(_)) => damaged(&format!("its ledger: {other}")),
    }
}

fn damaged(problem: &str) -> Error {
    BackupError::Damaged(problem.to_owned()).into()
}
