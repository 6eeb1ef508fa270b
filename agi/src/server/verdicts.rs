use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dialgate_contract::RequestId;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Verdict, verdict};
use rusqlite::Connection;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::ledger_file::LedgerFile;
use super::requests::Requests;

/// How often the ledger is looked at while anybody waits: 10 µs each time.
const INTERVAL: Duration = Duration::from_millis(10);

/// Until it is looked at again after that has panicked.
const AFTER_A_PANIC: Duration = Duration::from_secs(1);

/// Where verdicts are waited for. One looks for all who wait.
#[derive(Clone)]
pub(super) struct Verdicts {
    ledger: LedgerFile,
    requests: Requests,
    patience: Duration,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    callers: BTreeMap<RequestId, oneshot::Sender<Verdict>>,
    is_looked_for: bool,
}

#[derive(Default)]
struct Found {
    verdicts: Vec<(RequestId, Verdict)>,
    unreadable: Option<DatabaseError>,
}

impl Verdicts {
    pub(super) fn new(ledger: LedgerFile, requests: Requests, patience: Duration) -> Self {
        Self { ledger, requests, patience, waiting: Arc::default() }
    }

    /// The verdict on a request, or `None` when there is none in time. It is looked for from now on; the queue forgets
    /// a request whose verdict was told.
    pub(super) fn wait(&self, request: RequestId) -> impl Future<Output = Option<Verdict>> + use<> {
        let (caller, verdict) = oneshot::channel();
        let mut waiting = self.waiting();
        waiting.callers.insert(request, caller);
        let is_looked_for = std::mem::replace(&mut waiting.is_looked_for, true);
        drop(waiting);
        if !is_looked_for {
            tokio::spawn(self.clone().look_in_any_case());
        }
        let verdict = timeout(self.patience, verdict);
        async { verdict.await.ok()?.ok() }
    }

    /// Begins anew where looking panics, so that it ends only when nobody waits.
    async fn look_in_any_case(self) {
        while let Err(error) = tokio::spawn(self.clone().look_for_all()).await {
            tracing::error!(%error, "looking for verdicts failed: a bug");
            sleep(AFTER_A_PANIC).await;
        }
    }

    async fn look_for_all(self) {
        let mut complained = false;
        while let Some(requests) = self.waited_for() {
            let failed = match self.look(requests).await {
                Ok(Found { verdicts, unreadable }) => {
                    self.tell(verdicts);
                    unreadable.map(LookError::from)
                }
                Err(error) => Some(error),
            };
            match failed {
                None => {}
                Some(error) if complained => tracing::debug!(%error),
                Some(error) => {
                    complained = true;
                    tracing::warn!(%error, "cannot read whether there is a verdict");
                }
            }
            sleep(INTERVAL).await;
        }
    }

    /// The requests that somebody waits for still; `None` where nobody does, and nobody is to look any more.
    fn waited_for(&self) -> Option<Vec<RequestId>> {
        let mut waiting = self.waiting();
        waiting.callers.retain(|_, caller| !caller.is_closed());
        waiting.is_looked_for = !waiting.callers.is_empty();
        waiting.is_looked_for.then(|| waiting.callers.keys().copied().collect())
    }

    async fn look(&self, requests: Vec<RequestId>) -> Result<Found, LookError> {
        let ledger = self.ledger.clone();
        let look = spawn_blocking(move || ledger.read(|connection| find_all(connection, requests)));
        Ok(look.await??)
    }

    fn tell(&self, found: Vec<(RequestId, Verdict)>) {
        let mut told = Vec::new();
        for (request, verdict) in found {
            let caller = self.waiting().callers.remove(&request);
            if caller.is_some_and(|caller| caller.send(verdict).is_ok()) {
                told.push(request);
            }
        }
        if !told.is_empty() {
            // Not waited for: a slow disk delays nobody's verdict.
            let requests = self.requests.clone();
            tokio::spawn(async move { requests.forget(told).await });
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that there are. One that cannot be read keeps none of the others from being told.
fn find_all(connection: &Connection, requests: Vec<RequestId>) -> Result<Found, DatabaseError> {
    let mut found = Found::default();
    for request in requests {
        match verdict::find(connection, request) {
            Ok(verdict) => found.verdicts.extend(verdict.map(|it| (request, it))),
            Err(error @ DatabaseError::Corrupt { .. }) => found.unreadable = Some(error),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("reading the ledger failed, which is a bug: {0}")]
    Bug(#[from] tokio::task::JoinError),
}

#[cfg(test)]
mod tests {
    use dialgate_contract::ledger::Ledger;
    use jiff::Timestamp;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_queue_that_cannot_be_written_now_keeps_no_verdict_from_being_told() {
        let folder = tempfile::tempdir().unwrap();
        let [ledger, queue] = ["ledger.db", "queue.db"].map(|file| folder.path().join(file));
        let [first, second] = [1, 2].map(|byte| RequestId::from_random([byte; 16]));
        let decide = |request| {
            let decided = Ledger::open(&ledger).unwrap().write(|transaction| {
                let at = Timestamp::UNIX_EPOCH;
                verdict::insert(transaction, request, None, Verdict::Closed, at)
            });
            decided.unwrap();
        };
        decide(first);
        let requests = Requests::open(&queue).unwrap();
        let verdicts = Verdicts::new(LedgerFile::new(ledger.clone()), requests, PATIENCE);
        let writer = Connection::open(queue).unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        let waiting = verdicts.wait(second);
        assert_eq!(verdicts.wait(first).await, Some(Verdict::Closed));
        decide(second);
        assert_eq!(timeout(PATIENCE / 5, waiting).await.unwrap(), Some(Verdict::Closed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_verdict_that_cannot_be_read_keeps_no_other_from_being_told() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = [1, 2].map(|byte| RequestId::from_random([byte; 16]));
        let path = folder.path().join("ledger.db");
        let decided = Ledger::open(&path).unwrap().write(|transaction| {
            transaction.execute(
                "INSERT INTO verdict (request, decision, decided_at) VALUES (?1, 'nonsense', 0)",
                [first.to_string()],
            )?;
            verdict::insert(transaction, second, None, Verdict::Closed, Timestamp::UNIX_EPOCH)
        });
        decided.unwrap();
        let requests = Requests::open(&folder.path().join("queue.db")).unwrap();
        let verdicts = Verdicts::new(LedgerFile::new(path), requests, PATIENCE);
        let told = tokio::join!(verdicts.wait(first), verdicts.wait(second));
        assert_eq!(told, (None, Some(Verdict::Closed)));
    }
}
