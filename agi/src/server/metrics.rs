use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dialgate_contract::config::Config;
use dialgate_contract::metrics::{Exposition, Kind, MetricsFile};
use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use super::backlog::{Backlog, Waiting};
use super::clock;
use super::counts::Counts;
use super::ledger_file::LedgerFile;
use super::requests::Requests;

/// How often the file is written.
const EVERY: Duration = Duration::from_secs(15);

/// The file of metrics, written beside the calls: none of them ever waits for it.
pub(super) struct Metrics(Option<Arc<Inner>>);

struct Inner {
    file: MetricsFile,
    counts: Arc<Counts>,
    ledger: LedgerFile,
    backlog: Mutex<Backlog>,
    complained: AtomicBool,
}

/// What goes up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Levels {
    pub(super) calls: usize,
    pub(super) max_calls: u16,
    /// Logins that wait for their PIN to be hashed.
    pub(super) logins_waiting: usize,
}

impl Metrics {
    /// Those of these counts, of the queue and of the ledger.
    pub(super) fn new(
        config: &Config,
        counts: Arc<Counts>,
        requests: Requests,
        ledger: LedgerFile,
    ) -> Self {
        let file = MetricsFile::of("dialgate-agi", &config.metrics.directory);
        Self(file.map(|file| {
            let backlog = Mutex::new(Backlog::new(requests));
            let complained = AtomicBool::new(false);
            Arc::new(Inner { file, counts, ledger, backlog, complained })
        }))
    }

    /// Writes the file now and then, for ever.
    pub(super) async fn keep(&self, levels: impl Fn() -> Levels) {
        let mut due = interval(EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            self.write(levels()).await;
        }
    }

    /// Writes the file.
    pub(super) async fn write(&self, levels: Levels) {
        let Some(inner) = self.0.clone() else { return };
        if let Err(error) = spawn_blocking(move || inner.write(levels)).await {
            tracing::error!(%error, "writing metrics failed: a bug");
        }
    }
}

impl Inner {
    fn write(&self, levels: Levels) {
        let waiting = self.waiting();
        let text = text(&self.counts, levels, waiting, clock::now());
        match self.file.write(text.as_str()) {
            Ok(()) => {
                if self.complained.swap(false, Ordering::Relaxed) {
                    tracing::info!("metrics are written again");
                }
            }
            Err(error) => {
                if !self.complained.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "no metrics");
                }
            }
        }
    }

    /// `None` when it cannot be told: whoever calls hears of that.
    fn waiting(&self) -> Option<Waiting> {
        let mut backlog = self.backlog.lock().unwrap_or_else(PoisonError::into_inner);
        let looked = backlog.look(&self.ledger);
        looked.inspect_err(|error| tracing::debug!(%error, "the queue's age is not known")).ok()
    }
}

fn text(counts: &Counts, levels: Levels, waiting: Option<Waiting>, now: Timestamp) -> Exposition {
    let mut text = Exposition::of("dialgate-agi", env!("CARGO_PKG_VERSION"));
    let help = "Calls that ended, by DIALGATE_RESULT, since dialgate-agi began.";
    let mut calls = text.metric("dialgate_calls_total", Kind::Counter, help);
    for (ending, count) in counts.calls.all() {
        calls.sample(&[("result", ending.as_str())], count);
    }
    let help = "Logins that were tried, by what came of them, since dialgate-agi began.";
    let mut logins = text.metric("dialgate_logins_total", Kind::Counter, help);
    for (attempted, count) in counts.logins.all() {
        logins.sample(&[("result", attempted.as_str())], count);
    }
    let help = "Connections that were dropped, by why, since dialgate-agi began.";
    let mut dropped = text.metric("dialgate_connections_dropped_total", Kind::Counter, help);
    for (why, count) in counts.dropped.all() {
        dropped.sample(&[("reason", why.as_str())], count);
    }
    let mut gauge = |name, help, value: u64| {
        text.metric(name, Kind::Gauge, help).sample(&[], value);
    };
    let calls = u64::try_from(levels.calls).unwrap_or(u64::MAX);
    gauge("dialgate_calls_in_progress", "Calls that have a line now.", calls);
    let help = "Lines: agi.max-calls.";
    gauge("dialgate_calls_in_progress_limit", help, levels.max_calls.into());
    let logins = u64::try_from(levels.logins_waiting).unwrap_or(u64::MAX);
    gauge("dialgate_logins_waiting", "Logins that wait for their PIN to be hashed.", logins);
    if let Some(waiting) = waiting {
        let help = "Requests in the queue that nobody has decided; 256 may be more.";
        gauge("dialgate_queue_requests_waiting", help, waiting.requests);
        let age = waiting.oldest.map_or(0, |oldest| now.duration_since(oldest).as_secs());
        let help = "How long the oldest of them has waited.";
        gauge("dialgate_queue_oldest_age_seconds", help, u64::try_from(age).unwrap_or_default());
    }
    text
}
