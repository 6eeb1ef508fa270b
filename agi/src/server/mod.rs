//! The FastAGI server: performs the conversation for every call at a time.

mod backlog;
mod channel;
mod clock;
mod complaints;
mod counts;
mod desk;
mod driver;
mod hash_turns;
mod ledger_file;
mod login_check;
mod logins;
mod metrics;
mod new_pins;
mod queue_file;
mod requests;
mod services;
mod session;
mod speech;
mod standings;
mod strangers;
mod throttle_rows;
mod throttling;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::conversation::Lines;

use channel::ChannelError;
use complaints::Complaints;
use counts::Dropped;
use metrics::Levels;
use session::{Claim, Session};
use strangers::{Place, Strangers};

pub use services::{Services, ServicesError};

/// Calls at a time that are told that all lines are busy. Whoever comes beyond them finds the connection closed, and
/// the dialplan apologises.
const TOLD_BUSY: usize = 16;

/// How long calls may go on when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// How long to wait when no connection can be accepted, such as for want of file descriptors.
const BREATHER: Duration = Duration::from_millis(100);

/// A FastAGI server.
pub struct Server {
    services: Services,
    lines: Arc<Semaphore>,
    busy_lines: Arc<Semaphore>,
    complaints: Complaints,
}

impl Server {
    /// Serves every call that `listener` accepts until `shutdown` is ready, then lets calls end for ten seconds.
    pub async fn run(
        listener: TcpListener,
        services: Services,
        shutdown: impl Future<Output = ()> + Send,
    ) {
        let lines = Arc::new(Semaphore::new(usize::from(services.max_calls)));
        let busy_lines = Arc::new(Semaphore::new(TOLD_BUSY));
        let complaints = Complaints::new();
        let server = Arc::new(Self { services, lines, busy_lines, complaints });
        let (calls, stop) = (TaskTracker::new(), CancellationToken::new());
        tokio::select! {
            () = server.accept(listener, &calls, &stop) => {}
            () = server.keep_house() => {}
            () = server.complaints.sum_up() => {}
            () = server.services.metrics.keep(|| server.levels()) => {}
            () = shutdown => {}
        }
        calls.close();
        tracing::info!(calls = calls.len(), "stopping");
        if tokio::time::timeout(GRACE, calls.wait()).await.is_err() {
            tracing::warn!(calls = calls.len(), "cutting off calls that have not ended in time");
            stop.cancel();
            calls.wait().await;
        }
        server.services.metrics.write(server.levels()).await;
    }

    async fn accept(
        self: &Arc<Self>,
        listener: TcpListener,
        calls: &TaskTracker,
        stop: &CancellationToken,
    ) {
        let strangers = Strangers::new(descriptors());
        loop {
            // First: whoever finds no place is still in the kernel's queue.
            let mut place = strangers.place().await;
            match listener.accept().await {
                Ok((stream, _)) => {
                    place.renew();
                    // In a box: what wraps a future holds it twice.
                    let call = Box::pin(Arc::clone(self).serve(stream, place));
                    calls.spawn(stop.clone().run_until_cancelled_owned(call));
                }
                Err(error) => {
                    if self.complaints.unaccepted.one() {
                        tracing::error!(%error, "accepting a connection");
                    }
                    tokio::time::sleep(BREATHER).await;
                }
            }
        }
    }

    /// Serves one connection from its first byte to its last. It takes a line only once it is a call.
    async fn serve(self: Arc<Self>, stream: TcpStream, place: Place) {
        let session = match meet(stream, place).await {
            Some(Ok(session)) => session,
            Some(Err(error)) => {
                self.services.counts.dropped.one(Dropped::NoCall);
                if self.complaints.strangers.one() {
                    tracing::warn!(%error, "connection dropped before any call");
                }
                return;
            }
            None => {
                self.services.counts.dropped.one(Dropped::Crowded);
                if self.complaints.strangers.one() {
                    tracing::warn!("too many connections that are no calls: dropped the oldest");
                }
                return;
            }
        };
        match self.line() {
            Some((lines, _line)) => {
                session.serve(&self.services, lines, &self.complaints.calls).await
            }
            None => {
                self.services.counts.dropped.one(Dropped::NoLine);
                if self.complaints.strangers.one() {
                    tracing::warn!("a call beyond all limits finds no server");
                }
            }
        }
    }

    /// A line for one more call, if any is left.
    fn line(&self) -> Option<(Lines, OwnedSemaphorePermit)> {
        let take = |lines: &Arc<Semaphore>| Arc::clone(lines).try_acquire_owned().ok();
        take(&self.lines)
            .map(|line| (Lines::Free, line))
            .or_else(|| take(&self.busy_lines).map(|line| (Lines::Busy, line)))
    }

    fn levels(&self) -> Levels {
        let max_calls = self.services.max_calls;
        Levels {
            calls: usize::from(max_calls).saturating_sub(self.lines.available_permits()),
            max_calls,
            logins_waiting: self.services.logins.waiting(),
        }
    }

    async fn keep_house(&self) {
        let mut due = tokio::time::interval(requests::HOUSEKEEPING);
        loop {
            due.tick().await;
            self.services.requests.forget_old().await;
            self.services.logins.forget_old().await;
        }
    }
}

/// The session of a connection that shows in time that it is one, or `None` when others needed its place first.
async fn meet(stream: TcpStream, mut place: Place) -> Option<Result<Session, ChannelError>> {
    let claim = match place.hold(Claim::hear(stream)).await? {
        Ok(claim) => claim,
        Err(error) => return Some(Err(error)),
    };
    place.renew();
    place.hold(claim.prove()).await
}

/// How many files this process may have open at a time.
fn descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(limit).unwrap_or(usize::MAX)
}
