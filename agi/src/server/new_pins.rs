use std::sync::Arc;

use dialgate_contract::PinHash;
use dialgate_pin::{Hasher, Pin};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Where new PINs are hashed, one at a time: 19 MiB each.
pub(super) struct NewPins {
    hasher: Arc<Hasher>,
    turn: Arc<Semaphore>,
}

impl NewPins {
    pub(super) fn new(hasher: Hasher) -> Self {
        Self { hasher: Arc::new(hasher), turn: Arc::new(Semaphore::new(1)) }
    }

    /// The hash of a PIN; `None` when there is none, and the log says why.
    pub(super) async fn hash(&self, pin: Pin) -> Option<PinHash> {
        let turn = Arc::clone(&self.turn).acquire_owned().await.ok()?;
        let hasher = Arc::clone(&self.hasher);
        let hashed = spawn_blocking(move || {
            let _turn = turn;
            hasher.hash(&pin)
        });
        match hashed.await {
            Ok(Ok(hash)) => hash
                .parse()
                .inspect_err(|error| tracing::error!(%error, "a new PIN has another hash"))
                .ok(),
            Ok(Err(error)) => {
                tracing::error!(%error, "a new PIN cannot be hashed");
                None
            }
            Err(error) => {
                tracing::error!(%error, "hashing a new PIN failed: a bug");
                None
            }
        }
    }
}
