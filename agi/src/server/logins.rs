use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dialgate_contract::AccountNumber;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, LedgerReader, account};
use dialgate_pin::{Hasher, Pin};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::conversation::{Login, Traveller};

/// Every answer comes this long after the question, so that the time it takes tells nothing. One hash takes about
/// 12 ms; the rest is room for the others that are being made.
const ANSWER_AFTER: Duration = Duration::from_secs(1);

/// Hashes at a time, each of 19 MiB.
const HASHES: usize = 2;

/// Who may come in.
pub(super) struct Logins {
    ledger: PathBuf,
    hasher: Arc<Hasher>,
    hashing: Arc<Semaphore>,
}

impl Logins {
    pub(super) fn new(ledger: PathBuf, hasher: Hasher) -> Self {
        Self { ledger, hasher: Arc::new(hasher), hashing: Arc::new(Semaphore::new(HASHES)) }
    }

    /// Checks account and PIN. `None` is what cannot be right; it costs the same work and time.
    ///
    /// Nothing is played meanwhile: a second's pause is what anybody expects of a check, and a recording would have
    /// to be cut short to keep the time.
    pub(super) async fn check(&self, account: Option<AccountNumber>, pin: Option<Pin>) -> Login {
        let answer_at = tokio::time::sleep(ANSWER_AFTER);
        let login = self.judge(account, pin).await;
        answer_at.await;
        login
    }

    async fn judge(&self, number: Option<AccountNumber>, pin: Option<Pin>) -> Login {
        let Ok(turn) = Arc::clone(&self.hashing).acquire_owned().await else {
            return Login::Unavailable;
        };
        let (ledger, hasher) = (self.ledger.clone(), Arc::clone(&self.hasher));
        let judged = spawn_blocking(move || {
            // Held until the hash is made, even if the caller has hung up by then.
            let _turn = turn;
            judge(&ledger, &hasher, number.as_ref(), pin.as_ref())
        });
        match judged.await {
            Ok(Ok(Some(traveller))) => Login::Accepted(traveller),
            Ok(Ok(None)) => Login::Rejected,
            Ok(Err(error)) => {
                tracing::error!(%error, "no login can be checked");
                Login::Unavailable
            }
            Err(error) => {
                tracing::error!(%error, "checking a login failed: a bug");
                Login::Unavailable
            }
        }
    }
}

fn judge(
    ledger: &Path,
    hasher: &Hasher,
    number: Option<&AccountNumber>,
    pin: Option<&Pin>,
) -> Result<Option<Traveller>, DatabaseError> {
    let (account, stored) = match number {
        Some(number) => read(ledger, number)?,
        None => (None, None),
    };
    let right = hasher.verify(pin, stored.as_deref()).unwrap_or_else(|error| {
        // Not told to the caller, who would learn that there is such an account.
        tracing::error!(account = number.map(AccountNumber::as_str), %error, "a login cannot succeed");
        false
    });
    Ok(account.filter(|account| right && account.enabled).map(traveller))
}

fn read(
    ledger: &Path,
    number: &AccountNumber,
) -> Result<(Option<Account>, Option<String>), DatabaseError> {
    let reader = open_ledger(ledger)?;
    let connection = reader.connection();
    Ok((account::find(connection, number)?, account::pin_hash(connection, number)?))
}

/// Opens the ledger, trying again while its writer comes or goes.
pub(super) fn open_ledger(ledger: &Path) -> Result<LedgerReader, DatabaseError> {
    for _ in 0..5 {
        match LedgerReader::open(ledger) {
            Err(error) if error.can_retry() => std::thread::sleep(Duration::from_millis(20)),
            opened => return opened,
        }
    }
    LedgerReader::open(ledger)
}

fn traveller(account: Account) -> Traveller {
    let zone = account.zone();
    // jiff calls a machine without a zone Etc/Unknown; Asterisk on that machine says UTC by itself.
    let name = zone.iana_name().filter(|_| !zone.is_unknown()).unwrap_or_default();
    Traveller { time_zone: name.to_owned(), account: account.number }
}
