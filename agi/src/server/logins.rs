use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use dialgate_contract::AccountNumber;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, LedgerReader, account};
use dialgate_pin::{Hasher, Pin};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{interval, timeout};

use crate::conversation::{Login, Traveller};

/// Every answer comes this long after the question, so that the time it takes tells nothing. One hash takes about
/// 12 ms; the rest is room for the others that are being made. Where that is not enough the answer comes after two of
/// these, or three.
const ANSWER_AFTER: Duration = Duration::from_secs(1);

/// Nobody waits in silence for longer than this, and a half for rounding up.
const PATIENCE: Duration = Duration::from_millis(4500);

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
        let mut answers = interval(ANSWER_AFTER);
        // The first is at once.
        answers.tick().await;
        let mut login = pin!(timeout(PATIENCE, self.judge(account, pin)));
        let login = loop {
            tokio::select! {
                login = &mut login => break login,
                _ = answers.tick() => {}
            }
        };
        answers.tick().await;
        login.unwrap_or_else(|_| {
            tracing::error!(
                "a login was not checked in time: is the machine overloaded, or the ledger locked?"
            );
            Login::Unavailable
        })
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
    let (account, stored) = match number.map(|number| read(ledger, number)) {
        None => (None, None),
        Some(Ok(found)) => found,
        Some(Err(error @ DatabaseError::Corrupt { .. })) => {
            // Not told to the caller either: it is about this one account.
            tracing::error!(%error, "a login cannot succeed");
            (None, None)
        }
        Some(Err(error)) => return Err(error),
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

#[cfg(test)]
mod tests {
    use dialgate_pin::Pepper;
    use tokio::sync::OwnedSemaphorePermit;
    use tokio::time::{Instant, sleep};

    use super::*;

    fn logins() -> Logins {
        let hasher = Hasher::new(Pepper::from_random([7; Pepper::BYTES])).unwrap();
        Logins::new(PathBuf::from("/nonexistent/ledger.db"), hasher)
    }

    /// Keeps all who check from beginning for so long.
    async fn busy(logins: &Logins, time: Duration) -> OwnedSemaphorePermit {
        let all = u32::try_from(HASHES).unwrap();
        let turns = Arc::clone(&logins.hashing).acquire_many_owned(all).await.unwrap();
        sleep(time).await;
        turns
    }

    #[expect(clippy::disallowed_methods, reason = "how long the answer takes is what is tested")]
    async fn timed(logins: &Logins) -> (Login, Duration) {
        let begun = Instant::now();
        let login = logins.check(None, None).await;
        (login, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_late_comes_at_a_whole_second_all_the_same() {
        let logins = logins();
        for (busy_for, expected) in [(0, 1), (980, 1), (1010, 2), (1990, 2), (3300, 4)] {
            let holding = async { drop(busy(&logins, Duration::from_millis(busy_for)).await) };
            let ((), (login, took)) = tokio::join!(holding, timed(&logins));
            assert_eq!(login, Login::Rejected);
            let off = took.abs_diff(Duration::from_secs(expected));
            assert!(off <= Duration::from_millis(2), "{busy_for} ms: {took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_an_answer_for_more_than_five_seconds() {
        let logins = logins();
        let holding = async { drop(busy(&logins, Duration::from_secs(60)).await) };
        let waiting = timed(&logins);
        tokio::select! {
            biased;
            () = holding => panic!("nobody held the turns"),
            (login, took) = waiting => {
                assert_eq!(login, Login::Unavailable);
                assert!(took.abs_diff(Duration::from_secs(5)) <= Duration::from_millis(2), "{took:?}");
            }
        }
    }
}
