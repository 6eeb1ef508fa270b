use std::path::PathBuf;
use std::time::Duration;

use dialgate_contract::RequestId;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{LedgerReader, Verdict, verdict};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::ledger_file::open_ledger;

/// How often the ledger is looked at while somebody waits: 10 µs each time.
const INTERVAL: Duration = Duration::from_millis(10);

/// Where verdicts are waited for.
#[derive(Clone)]
pub(super) struct Verdicts {
    ledger: PathBuf,
    patience: Duration,
}

impl Verdicts {
    pub(super) fn new(ledger: PathBuf, patience: Duration) -> Self {
        Self { ledger, patience }
    }

    /// The verdict on a request, or `None` when there is none in time.
    pub(super) async fn wait(self, request: RequestId) -> Option<Verdict> {
        timeout(self.patience, self.poll(request)).await.ok()
    }

    async fn poll(&self, request: RequestId) -> Verdict {
        let mut reader = None;
        let mut complained = false;
        loop {
            match self.look(reader.take(), request).await {
                Ok((_, Some(verdict))) => return verdict,
                Ok((opened, None)) => reader = Some(opened),
                Err(error) if complained => tracing::debug!(%request, %error),
                Err(error) => {
                    complained = true;
                    tracing::warn!(%request, %error, "cannot read whether there is a verdict");
                }
            }
            sleep(INTERVAL).await;
        }
    }

    async fn look(
        &self,
        reader: Option<LedgerReader>,
        request: RequestId,
    ) -> Result<(LedgerReader, Option<Verdict>), LookError> {
        let ledger = self.ledger.clone();
        let look = spawn_blocking(move || {
            let reader = reader.map_or_else(|| open_ledger(&ledger), Ok)?;
            let found = verdict::find(reader.connection(), request)?;
            Ok::<_, DatabaseError>((reader, found))
        });
        Ok(look.await??)
    }
}

#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("reading the ledger failed, which is a bug: {0}")]
    Bug(#[from] tokio::task::JoinError),
}
