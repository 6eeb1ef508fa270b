//! `ledger.db`: accounts, services, leases, verdicts, letters and the audit trail. Written by root only; the telephone
//! side reads it.

pub mod account;
pub mod allow;
pub mod audit;
pub mod base_policy;
pub mod built;
pub mod clock;
pub mod deny;
mod edit;
pub mod ended;
mod grant;
pub mod host;
pub mod lease;
pub mod letter;
pub mod loss;
pub mod pass;
pub mod reminder;
pub mod revision;
pub mod service;
pub mod total;
pub mod usage;
pub mod verdict;
pub mod verified;
pub mod whole;

use std::path::Path;

use rusqlite::{Connection, Transaction};

use crate::database::{self, DatabaseError, Migrations};

pub use crate::Account;
pub use allow::Allow;
pub use base_policy::{BasePolicy, Decision, Exempt};
pub use clock::Clocks;
pub use deny::Deny;
pub use grant::{Granted, grant, prolong};
pub use lease::{Lease, LeaseEnd, LeaseId};
pub use letter::{Letter, LetterId};
pub use loss::Loss;
pub use total::Total;
pub use usage::Usage;
pub use verdict::Verdict;
pub use verified::Verified;

const MIGRATIONS: Migrations = &[include_str!("0001.sql")];

/// The ledger, open for reading.
#[derive(Debug)]
pub struct LedgerReader(Connection);

/// The ledger, open for writing.
#[derive(Debug)]
pub struct Ledger(Connection);

impl LedgerReader {
    /// Opens the ledger of somebody else.
    ///
    /// # Errors
    /// See [`database::open_reader`].
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        database::open_reader(path, MIGRATIONS).map(Self)
    }

    /// Whether its schema is still the one that it was opened with: a newer program may have changed it since.
    #[must_use]
    pub fn is_current(&self) -> bool {
        database::is_current(&self.0, MIGRATIONS)
    }

    /// What the functions of the tables read from.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.0
    }
}

impl Ledger {
    /// Opens the ledger, makes it when it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// See [`database::open_writer`].
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        database::open_writer(path, MIGRATIONS).map(Self)
    }

    /// What the functions of the tables read from.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.0
    }

    /// The only way to write: one transaction, kept whole or not at all. What it changes and does not tell the audit
    /// trail, and what another tool changed before, is told to the trail all the same.
    ///
    /// # Errors
    /// What `work` returned, or that the transaction could not be begun or kept.
    pub fn write<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        database::write(&mut self.0, |transaction| edit::audited(transaction, work))
    }

    /// The same, of what may be forgotten when the power fails: the disk is not waited for. Nothing that was written
    /// before is forgotten with it.
    ///
    /// # Errors
    /// What `work` returned, or that the transaction could not be begun or kept.
    pub fn write_lazily<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        database::write_lazily(&mut self.0, |transaction| edit::audited(transaction, work))
    }

    /// A number that changes whenever another connection has written the ledger.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn data_version(&self) -> Result<i64, DatabaseError> {
        Ok(self.0.query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }
}
