//! `dialgate status`.

use dialgate_contract::ledger::{account, lease, letter, pass};

use crate::error::Error;
use crate::report::{LastPass, Letters, Report, Status};
use crate::site::Site;

pub(crate) fn run(site: &Site) -> Result<Report, Error> {
    let reader = site.reader()?;
    let ledger = reader.connection();
    let accounts = account::all(ledger)?;
    let leases = lease::not_ended(ledger)?;
    let (waiting, given_up) = letter::backlog(ledger)?;
    let last_pass = pass::last(ledger)?.map(|pass| LastPass {
        finished_at: pass.finished_at,
        age_seconds: site.now.as_second() - pass.finished_at.as_second(),
        problem: pass.problem,
    });
    Ok(Report::Status(Status {
        open_leases: leases.iter().filter(|lease| lease.is_open(site.now)).count(),
        accounts: accounts.len(),
        disabled_accounts: accounts.iter().filter(|account| !account.enabled).count(),
        last_pass,
        letters: Letters { waiting, given_up },
    }))
}
