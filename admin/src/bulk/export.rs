//! `dialgate account export`: every account as a line of a file that `import` takes.

use std::path::Path;

use dialgate_contract::ledger::{Account, account};

use super::error::BulkError;
use super::file::COLUMNS;
use super::{pins, plan};
use crate::error::Error;
use crate::report::{AccountRow, Exported, ExportedLines, Report};
use crate::site::Site;

/// Writes all accounts, without their secrets: to a new file, or to standard output.
pub(crate) fn export(file: Option<&Path>, site: &Site) -> Result<Report, Error> {
    let accounts = account::all(site.reader()?.connection())?;
    match file.filter(|path| *path != Path::new("-")) {
        None => {
            let text = String::from_utf8_lossy(&lines(&accounts)?).into_owned();
            let accounts = accounts.into_iter().map(AccountRow::from).collect();
            Ok(Report::ExportedLines(ExportedLines { accounts, text }))
        }
        Some(path) => {
            pins::new_file(path, &lines(&accounts)?)?;
            Ok(Report::Exported(Exported { file: path.to_owned(), accounts: accounts.len() }))
        }
    }
}

pub(super) fn lines(accounts: &[Account]) -> Result<Vec<u8>, Error> {
    let failed = |error| Error::from(BulkError::Write(error));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS.iter().filter(|column| **column != "pin")).map_err(failed)?;
    for account in accounts {
        let values = plan::values(account).map(|(_, value)| value);
        let number = account.number.to_string();
        writer.write_record(std::iter::once(&number).chain(&values)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| failed(error.into_error().into()))
}
