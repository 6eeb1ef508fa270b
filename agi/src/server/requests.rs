use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::queue::{Matter, Queue, Request};
use dialgate_contract::{CallerId, RequestId};
use jiff::{SignedDuration, Timestamp};
use tokio::task::{JoinError, spawn_blocking};

use super::clock;
use super::queue_file::QueueFile;

/// How often old requests are looked for.
pub(super) const HOUSEKEEPING: Duration = Duration::from_secs(60 * 60);

/// Nobody will ever answer an older request.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The one writer of the queue.
#[derive(Clone)]
pub(super) struct Requests(Arc<Mutex<QueueFile>>);

/// Why the queue did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("the system's random source: {0}")]
    Random(#[from] getrandom::Error),
    #[error("writing the queue failed, which is a bug: {0}")]
    Bug(#[from] JoinError),
}

impl Requests {
    pub(super) fn open(queue: &Path) -> Result<Self, DatabaseError> {
        Ok(Self(Arc::new(Mutex::new(QueueFile::open(queue)?))))
    }

    /// Adds a request. It survives a power cut when this returns, and is added even if nobody waits for this to
    /// return.
    pub(super) async fn add(
        &self,
        matter: Matter,
        caller: CallerId,
    ) -> Result<RequestId, RequestError> {
        let request = request(matter, caller, clock::now())?;
        let id = request.id;
        self.write(move |queue| Ok(queue.enqueue(&request)?)).await?;
        Ok(id)
    }

    /// Forgets requests whose verdicts were told.
    pub(super) async fn forget(&self, answered: Vec<RequestId>) {
        if let Err(error) = self.write(move |queue| Ok(queue.done(&answered)?)).await {
            tracing::warn!(%error, "answered requests stay in the queue for now");
        }
    }

    /// Forgets requests that nobody waits for any more.
    pub(super) async fn forget_old(&self) {
        let before = clock::now().saturating_sub(KEPT);
        let forgotten = match before {
            Ok(before) => self.write(move |queue| Ok(queue.forget(before)?)).await,
            Err(_) => return,
        };
        match forgotten {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "forgot requests older than 7 days"),
            Err(error) => tracing::warn!(%error, "old requests stay in the queue for now"),
        }
    }

    /// Does `work` where it may block; it is done even if nobody waits for this to return.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Queue) -> Result<T, RequestError> + Send + 'static,
    ) -> Result<T, RequestError> {
        let requests = self.clone();
        spawn_blocking(move || requests.write_now(work)).await?
    }

    /// Does `work` on this thread, which may block.
    pub(super) fn write_now<T>(
        &self,
        work: impl Fn(&mut Queue) -> Result<T, RequestError>,
    ) -> Result<T, RequestError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(work)
    }
}

/// A request with a name of its own.
pub(super) fn request(
    matter: Matter,
    caller: CallerId,
    requested_at: Timestamp,
) -> Result<Request, RequestError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    Ok(Request { id: RequestId::from_random(random), matter, caller, requested_at })
}
