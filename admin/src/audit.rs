//! `dialgate audit`.

use dialgate_contract::ledger::audit;

use crate::error::Error;
use crate::report::{AuditRow, Report};
use crate::site::Site;

pub(crate) fn run(lines: u32, site: &Site) -> Result<Report, Error> {
    let entries = audit::last(site.reader()?.connection(), lines)?;
    Ok(Report::Audit(entries.into_iter().map(AuditRow::from).collect()))
}
