use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use dialgate_contract::ledger::Account;
use tokio::task::spawn_blocking;
use tokio::time::{interval, sleep, timeout};

use super::counts::{Attempted, Counts};
use super::desk::{Checked, Credentials, Desk};
use super::hash_turns::HashTurns;
use crate::conversation::{Login, Traveller};
use crate::throttle::Reservation;

/// Every answer comes this long after the question, so that the time it takes tells nothing. One hash takes about
/// 12 ms; the rest is room for the others that are being made. Where that is not enough the answer comes after two of
/// these, or three.
const ANSWER_AFTER: Duration = Duration::from_secs(1);

/// How long a login waits for its turn: as long as all that may wait take on a machine that has a sixth of a processor
/// left for them. Whoever has had none by then hears that all lines are busy.
const TURN_WITHIN: Duration = Duration::from_secs(20);

/// From then on every check takes this long at least, so that one whose PIN is not looked at ends at no earlier whole
/// second than one whose PIN is hashed.
const CHECKED_NOT_BEFORE: Duration = Duration::from_millis(500);

/// How long it is checked from then on, and a half for rounding up.
const CHECKED_WITHIN: Duration = Duration::from_millis(4500);

/// Who may come in.
pub(super) struct Logins {
    desk: Arc<Desk>,
    turns: HashTurns,
    counts: Arc<Counts>,
}

impl Logins {
    pub(super) fn new(desk: Desk, counts: Arc<Counts>) -> Self {
        Self { desk: Arc::new(desk), turns: HashTurns::new(), counts }
    }

    /// How many wait for their PIN to be hashed.
    pub(super) fn waiting(&self) -> usize {
        self.turns.waiting()
    }

    /// Checks account and PIN. What cannot be right costs the same time. `slips` are what the same call has tried
    /// before; a try that fails becomes one of them.
    ///
    /// Nothing is played within the first second: that pause is what anybody expects of a check, and a recording would
    /// have to be cut short to keep the time.
    pub(super) async fn check(
        &self,
        credentials: Credentials,
        slips: &mut Vec<Reservation>,
    ) -> Login {
        let mut answers = interval(ANSWER_AFTER);
        // The first is at once.
        answers.tick().await;
        let mut login = pin!(self.judge(credentials, slips));
        let login = loop {
            tokio::select! {
                login = &mut login => break login,
                _ = answers.tick() => {}
            }
        };
        answers.tick().await;
        login
    }

    /// Forgets failures of long ago.
    pub(super) async fn forget_old(&self) {
        self.desk.throttling().forget_old().await;
    }

    async fn judge(&self, credentials: Credentials, slips: &mut Vec<Reservation>) -> Login {
        let (login, attempted) = self.attempt(credentials, slips).await;
        self.counts.logins.one(attempted);
        login
    }

    async fn attempt(
        &self,
        credentials: Credentials,
        slips: &mut Vec<Reservation>,
    ) -> (Login, Attempted) {
        // Before anything is counted: who is sent away has tried nothing.
        let Ok(Some(turn)) = timeout(TURN_WITHIN, self.turns.take()).await else {
            tracing::warn!("too many logins at a time: a caller is told that all lines are busy");
            return (Login::Busy, Attempted::Busy);
        };
        let (desk, before) = (Arc::clone(&self.desk), slips.clone());
        let checked = spawn_blocking(move || {
            // Held until all is done, even if the caller has hung up by then.
            let _turn = turn;
            desk.check(&credentials, &before)
        });
        let checked = timeout(CHECKED_WITHIN, checked);
        let (checked, ()) = tokio::join!(checked, sleep(CHECKED_NOT_BEFORE));
        let Ok(checked) = checked else {
            tracing::error!(
                "a login was not checked in time: is the machine overloaded, or a database locked?"
            );
            return (Login::Unavailable, Attempted::Unavailable);
        };
        match checked {
            Ok(Ok(Checked::Right(account))) => {
                (Login::Accepted(traveller(*account)), Attempted::Accepted)
            }
            Ok(Ok(Checked::Wrong(reservation))) => {
                slips.push(reservation);
                (Login::Rejected, Attempted::Failed)
            }
            Ok(Ok(Checked::Withheld(reason))) => {
                tracing::warn!(?reason, "too many failed logins: a PIN was not looked at");
                (Login::Rejected, Attempted::Throttled)
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "no login can be checked");
                (Login::Unavailable, Attempted::Unavailable)
            }
            Err(error) => {
                tracing::error!(%error, "checking a login failed: a bug");
                (Login::Unavailable, Attempted::Unavailable)
            }
        }
    }
}

#[cfg(test)]
impl Logins {
    /// Keeps all who check from beginning for so long.
    pub(super) async fn keep_busy(&self, time: Duration) {
        let _turns = self.turns.take_all().await;
        sleep(time).await;
    }
}

fn traveller(account: Account) -> Traveller {
    let zone = account.zone();
    // jiff calls a machine without a zone Etc/Unknown; Asterisk on that machine says UTC by itself.
    let name = zone.iana_name().filter(|_| !zone.is_unknown()).unwrap_or_default();
    Traveller { time_zone: name.to_owned(), account: account.number }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::task::{Context, Waker};

    use dialgate_contract::CallerId;
    use dialgate_pin::{Hasher, Pepper};
    use tokio::task::unconstrained;
    use tokio::time::Instant;

    use super::*;
    use crate::protocol::Digits;
    use crate::server::hash_turns::WAITING;
    use crate::server::ledger_file::LedgerFile;
    use crate::server::requests::Requests;
    use crate::server::throttling::Throttling;

    fn logins() -> (tempfile::TempDir, Logins) {
        let folder = tempfile::tempdir().unwrap();
        let pepper = Pepper::from_random([7; Pepper::BYTES]);
        let requests = Requests::open(&folder.path().join("queue.db")).unwrap();
        let throttling = Throttling::new(requests, pepper.clone());
        let ledger = LedgerFile::new(PathBuf::from("/nonexistent/ledger.db"));
        let desk = Desk::new(ledger, Hasher::new(pepper).unwrap(), throttling);
        (folder, Logins::new(desk, Arc::new(Counts::new())))
    }

    #[expect(clippy::disallowed_methods, reason = "how long the answer takes is what is tested")]
    async fn timed(logins: &Logins) -> (Login, Duration) {
        let begun = Instant::now();
        // What no account can be, so that no ledger is needed.
        let credentials = Credentials {
            account: Digits::new("12").unwrap(),
            pin: None,
            caller: CallerId::from_network(""),
        };
        let login = logins.check(credentials, &mut Vec::new()).await;
        (login, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_late_comes_at_a_whole_second_all_the_same() {
        for (busy_for, expected) in
            [(0, 1), (480, 1), (520, 2), (980, 2), (1480, 2), (1520, 3), (3300, 4)]
        {
            let (_folder, logins) = logins();
            let holding = logins.keep_busy(Duration::from_millis(busy_for));
            let ((), (login, took)) = tokio::join!(holding, timed(&logins));
            assert_eq!(login, Login::Rejected);
            let off = took.abs_diff(Duration::from_secs(expected));
            assert!(off <= Duration::from_millis(2), "{busy_for} ms: {took:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_too_many_waiting_hears_as_soon_as_anybody_that_all_lines_are_busy() {
        let (_folder, logins) = logins();
        let holding = logins.keep_busy(Duration::from_secs(2));
        let waiting = (0..WAITING).map(|_| timed(&logins));
        let mut before: Vec<_> = waiting.map(Box::pin).collect();
        // All in one go, which is more than tokio lets one task do otherwise.
        let one_more = unconstrained(async {
            let mut context = Context::from_waker(Waker::noop());
            for login in &mut before {
                assert!(login.as_mut().poll(&mut context).is_pending());
            }
            timed(&logins).await
        });
        tokio::select! {
            biased;
            () = holding => panic!("it waited for its turn"),
            (login, took) = one_more => {
                assert_eq!(login, Login::Busy);
                assert!(took.abs_diff(ANSWER_AFTER) <= Duration::from_millis(2), "{took:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_had_no_turn_after_twenty_seconds_hears_that_all_lines_are_busy() {
        let (_folder, logins) = logins();
        let holding = logins.keep_busy(Duration::from_secs(60));
        let waiting = timed(&logins);
        tokio::select! {
            biased;
            () = holding => panic!("nobody held the turns"),
            (login, took) = waiting => {
                assert_eq!(login, Login::Busy);
                assert!(took <= TURN_WITHIN + ANSWER_AFTER + Duration::from_millis(2), "{took:?}");
            }
        }
    }
}
