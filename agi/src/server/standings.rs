use dialgate_contract::config;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Lease, account, lease, service};
use dialgate_contract::{AccountNumber, Terms};
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use super::clock;
use super::ledger_file::LedgerFile;
use crate::conversation::{Lifetimes, OpenAccess, Standing};

/// Where it is looked up what is true of an account.
pub(super) struct Standings {
    ledger: LedgerFile,
    rules: config::Lease,
}

impl Standings {
    pub(super) fn new(ledger: LedgerFile, rules: config::Lease) -> Self {
        Self { ledger, rules }
    }

    /// What is true of an account. Where that cannot be read the call goes on as if nothing were open.
    pub(super) async fn look_up(&self, account: AccountNumber) -> Standing {
        let (ledger, rules) = (self.ledger.clone(), self.rules.clone());
        let read = spawn_blocking(move || read(&ledger, &rules, &account, clock::now()));
        match read.await {
            Ok(Ok(standing)) => standing,
            Ok(Err(error)) => {
                tracing::error!(%error, "what is open cannot be told");
                Standing::default()
            }
            Err(error) => {
                tracing::error!(%error, "reading what is open failed: a bug");
                Standing::default()
            }
        }
    }
}

fn read(
    ledger: &LedgerFile,
    rules: &config::Lease,
    number: &AccountNumber,
    now: Timestamp,
) -> Result<Standing, DatabaseError> {
    let (found, services, leases) = ledger.read(|connection| {
        let leases = lease::not_ended_of(connection, number)?;
        Ok((account::find(connection, number)?, service::all(connection)?, leases))
    })?;
    let Some(account) = found else { return Ok(Standing::default()) };
    let terms = Terms::of(&account, &services, rules);
    Ok(Standing {
        language: account.language,
        open: leases.iter().rev().filter_map(|lease| open_access(lease, now)).collect(),
        lifetimes: Lifetimes::between(terms.usual(), terms.longest()),
    })
}

fn open_access(lease: &Lease, now: Timestamp) -> Option<OpenAccess> {
    let left = now.duration_until(lease.expires_at).try_into().ok()?;
    lease.is_open(now).then(|| OpenAccess { address: lease.address.network().addr(), left })
}
