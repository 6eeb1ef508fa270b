use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dialgate_contract::RequestId;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Verdict, verdict};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::ledger_file::LedgerFile;
use super::requests::Requests;

/// How often the ledger is looked at while anybody waits: 10 µs each time.
const INTERVAL: Duration = Duration::from_millis(10);

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
        if !waiting.is_looked_for {
            waiting.is_looked_for = true;
            tokio::spawn(self.clone().look_for_all());
        }
        let verdict = timeout(self.patience, verdict);
        async { verdict.await.ok()?.ok() }
    }

    async fn look_for_all(self) {
        let mut complained = false;
        while let Some(requests) = self.waited_for() {
            match self.look(requests).await {
                Ok(found) => self.tell(found).await,
                Err(error) if complained => tracing::debug!(%error),
                Err(error) => {
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

    async fn look(&self, requests: Vec<RequestId>) -> Result<Vec<(RequestId, Verdict)>, LookError> {
        let ledger = self.ledger.clone();
        let look = spawn_blocking(move || {
            ledger.read(|connection| {
                let find =
                    |request| Ok(verdict::find(connection, request)?.map(|it| (request, it)));
                requests.into_iter().filter_map(|request| find(request).transpose()).collect()
            })
        });
        Ok(look.await??)
    }

    async fn tell(&self, found: Vec<(RequestId, Verdict)>) {
        let mut told = Vec::new();
        for (request, verdict) in found {
            let caller = self.waiting().callers.remove(&request);
            if caller.is_some_and(|caller| caller.send(verdict).is_ok()) {
                told.push(request);
            }
        }
        if !told.is_empty() {
            self.requests.forget(told).await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("reading the ledger failed, which is a bug: {0}")]
    Bug(#[from] tokio::task::JoinError),
}
