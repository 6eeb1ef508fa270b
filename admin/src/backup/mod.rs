//! `dialgate backup` and `dialgate restore`: everything that cannot be made anew, in one file.

mod archive;
mod compare;
mod error;
mod make;
mod manifest;
mod place;
mod restore;
#[cfg(test)]
mod tests;
mod unpacked;

pub(crate) use error::BackupError;
pub(crate) use make::run as backup;
pub(crate) use manifest::Manifest;
pub(crate) use restore::run as restore;

/// What is in a backup, in this order.
const MANIFEST: &str = "dialgate-backup.json";
const LEDGER: &str = "ledger.db";
const PEPPER: &str = "pepper";
const CONFIG: &str = "dialgate.toml";
