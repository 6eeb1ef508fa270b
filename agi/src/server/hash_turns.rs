use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hashes at a time, each of 19 MiB.
const AT_A_TIME: usize = 2;

/// Logins that wait for one of them, so that hundreds of travellers who call at the same moment all get through: one
/// takes about 12 ms of a processor.
pub(super) const WAITING: usize = 254;

/// The queue in front of the hashing of PINs: who offers work and memory to strangers bounds both.
pub(super) struct HashTurns {
    places: Arc<Semaphore>,
    hashing: Arc<Semaphore>,
}

/// The right to hash one PIN. Dropped, it is the next one's.
pub(super) struct HashTurn {
    _place: OwnedSemaphorePermit,
    _hashing: OwnedSemaphorePermit,
}

impl HashTurns {
    pub(super) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_A_TIME + WAITING)),
            hashing: Arc::new(Semaphore::new(AT_A_TIME)),
        }
    }

    /// Waits for a turn; `None` where too many wait already. Whoever stops waiting leaves the queue.
    pub(super) async fn take(&self) -> Option<HashTurn> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let hashing = Arc::clone(&self.hashing).acquire_owned().await.ok()?;
        Some(HashTurn { _place: place, _hashing: hashing })
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        let taken = |all: usize, turns: &Semaphore| all.saturating_sub(turns.available_permits());
        taken(AT_A_TIME + WAITING, &self.places).saturating_sub(taken(AT_A_TIME, &self.hashing))
    }
}

#[cfg(test)]
impl HashTurns {
    /// All turns that there are at a time.
    pub(super) async fn take_all(&self) -> Vec<HashTurn> {
        let mut all = Vec::new();
        for _ in 0..AT_A_TIME {
            all.extend(self.take().await);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[tokio::test]
    async fn beyond_the_queue_nobody_waits_and_who_gives_up_leaves_it() {
        let turns = HashTurns::new();
        let mut hashing = turns.take_all().await;
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(turns.take())).collect();
        let mut context = Context::from_waker(Waker::noop());
        for one in &mut waiting {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        assert!(turns.take().await.is_none());
        assert_eq!(turns.waiting(), WAITING);

        waiting.pop();
        let mut last = pin!(turns.take());
        assert!(last.as_mut().poll(&mut context).is_pending());
        hashing.clear();
        assert!(matches!(waiting[0].as_mut().poll(&mut context), Poll::Ready(Some(_))));
    }
}
