//! What is counted, in a file for Prometheus. What the ledger counts survives every end of this program; how long passes
//! take is counted since it began.

mod passes;
mod text;

use std::time::{Duration, Instant};

use dialgate_contract::config;
use dialgate_contract::metrics::MetricsFile;
use jiff::Timestamp;

use crate::pass::Reconciler;
use passes::Passes;

/// The file is written no more often.
const EVERY: Duration = Duration::from_secs(15);

/// The file of metrics. Nothing ever fails because it cannot be written.
#[derive(Debug)]
pub(crate) struct Metrics {
    file: Option<MetricsFile>,
    written: Option<Instant>,
    complained: bool,
    passes: Passes,
}

impl Metrics {
    /// Nothing is counted yet.
    #[must_use]
    pub(crate) fn new(config: &config::Metrics) -> Self {
        Self {
            file: MetricsFile::of("dialgate-reconciler", &config.directory),
            written: None,
            complained: false,
            passes: Passes::default(),
        }
    }

    /// Goes to another folder from now on.
    pub(crate) fn change(&mut self, config: &config::Metrics) {
        let passes = std::mem::take(&mut self.passes);
        *self = Self { passes, ..Self::new(config) };
    }

    /// A pass took so long.
    pub(crate) fn passed(&mut self, took: Duration, is_good: bool) {
        self.passes.add(took, is_good);
    }

    /// Writes the file if it was not written of late.
    pub(crate) fn turn(
        &mut self,
        reconciler: &Reconciler,
        is_fight: bool,
        now: Timestamp,
        clock: Instant,
    ) {
        if self.written.is_none_or(|written| clock.duration_since(written) >= EVERY) {
            self.written = Some(clock);
            self.write(reconciler, is_fight, now);
        }
    }

    /// Writes the file.
    pub(crate) fn write(&mut self, reconciler: &Reconciler, is_fight: bool, now: Timestamp) {
        let Some(file) = &self.file else { return };
        let text = text::text(reconciler, &self.passes, is_fight, now);
        let written = text
            .map_err(|error| error.to_string())
            .and_then(|text| file.write(text.as_str()).map_err(|error| error.to_string()));
        if let Err(error) = &written
            && !self.complained
        {
            tracing::warn!("no metrics: {error}");
        }
        if written.is_ok() && self.complained {
            tracing::info!("metrics are written again");
        }
        self.complained = written.is_err();
    }
}
