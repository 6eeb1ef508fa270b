use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::time::{Duration, Instant, sleep_until};

/// As many as are heard at a time. Each costs a file descriptor and some 3 KiB.
const AT_A_TIME: usize = 2048;

/// How long each may stay even if others wait. Asterisk writes what it has to say as soon as it is connected. While a
/// flood waits to be accepted this lets 8,000 connections through in a second.
const GRACE: Duration = Duration::from_millis(250);

/// How much longer, once it has said who is calling: what is left is one answer.
const GRACE_ONCE_HEARD: Duration = Duration::from_secs(1);

/// Connections that have not yet shown that Asterisk is at their other end. Where there are too many, the one goes
/// that has used up its time for longest; while none has, new ones wait in the kernel's queue.
pub(super) struct Strangers(Arc<Room>);

struct Room {
    places: usize,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    next: u64,
    by_end_of_grace: BTreeMap<Key, oneshot::Sender<Infallible>>,
}

/// When it may be put out, and a number that tells apart those of the same time.
type Key = (Instant, u64);

/// The place of one of them. Dropped, it is free again.
pub(super) struct Place {
    key: Key,
    room: Arc<Room>,
    kept: oneshot::Receiver<Infallible>,
}

impl Strangers {
    /// Leaves three of four of the file descriptors that the process may have to the calls.
    pub(super) fn new(descriptors: usize) -> Self {
        Self::with_places((descriptors / 4).clamp(1, AT_A_TIME))
    }

    fn with_places(places: usize) -> Self {
        Self(Arc::new(Room { places, taken: Mutex::default(), freed: Notify::new() }))
    }

    /// A place for one more, once there is one.
    pub(super) async fn place(&self) -> Place {
        loop {
            match self.0.take(now()) {
                Ok((key, kept)) => return Place { key, room: Arc::clone(&self.0), kept },
                Err(until) => tokio::select! {
                    () = self.0.freed.notified() => {}
                    () = sleep_until(until) => {}
                },
            }
        }
    }
}

impl Place {
    /// Does `work` in this place; `None` when newer ones needed it first.
    pub(super) async fn hold<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            _ = &mut self.kept => None,
        }
    }

    /// It has said who is calling.
    pub(super) fn heard(&mut self) {
        let mut taken = self.room.taken();
        // Unless it was put out in this moment.
        if let Some(kept) = taken.by_end_of_grace.remove(&self.key) {
            self.key.0 = now() + GRACE_ONCE_HEARD;
            taken.by_end_of_grace.insert(self.key, kept);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.taken().by_end_of_grace.remove(&self.key);
        self.room.freed.notify_one();
    }
}

impl Room {
    /// A place, or when there may be one.
    fn take(&self, now: Instant) -> Result<(Key, oneshot::Receiver<Infallible>), Instant> {
        let mut taken = self.taken();
        if taken.by_end_of_grace.len() >= self.places
            && let Some(first) = taken.by_end_of_grace.first_entry()
        {
            let (until, _) = *first.key();
            if until > now {
                return Err(until);
            }
            first.remove();
        }
        let key = (now + GRACE, taken.next);
        taken.next = taken.next.wrapping_add(1);
        let (keep, kept) = oneshot::channel();
        taken.by_end_of_grace.insert(key, keep);
        Ok((key, kept))
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "how long connections say nothing")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::{sleep, timeout};

    use super::*;

    async fn is_put_out(place: &mut Place) -> bool {
        timeout(Duration::ZERO, place.hold(pending::<()>())).await == Ok(None)
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_goes_while_there_is_room_and_then_the_oldest_once_its_time_is_up() {
        let strangers = Strangers::with_places(2);
        let mut oldest = strangers.place().await;
        sleep(GRACE / 2).await;
        let mut next = strangers.place().await;
        sleep(GRACE * 2).await;
        assert!(!is_put_out(&mut oldest).await);
        let mut third = strangers.place().await;
        assert!(is_put_out(&mut oldest).await && !is_put_out(&mut next).await);
        let _fourth = strangers.place().await;
        assert!(is_put_out(&mut next).await && !is_put_out(&mut third).await);
    }

    #[tokio::test(start_paused = true)]
    async fn while_all_are_fresh_a_new_one_waits_for_one_to_leave_or_to_have_had_its_time() {
        let strangers = Strangers::with_places(2);
        let begun = now();
        let (first, mut second) = (strangers.place().await, strangers.place().await);
        let leaving = async {
            sleep(GRACE / 5).await;
            drop(first);
        };
        let ((), mut third) = tokio::join!(leaving, strangers.place());
        assert_eq!(begun.elapsed().as_millis(), (GRACE / 5).as_millis());
        assert!(!is_put_out(&mut second).await);
        let _fourth = strangers.place().await;
        assert!(begun.elapsed() >= GRACE);
        assert!(is_put_out(&mut second).await && !is_put_out(&mut third).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_said_who_is_calling_has_more_time_than_those_who_came_after() {
        let strangers = Strangers::with_places(2);
        let mut honest = strangers.place().await;
        let mut silent = strangers.place().await;
        honest.heard();
        sleep(GRACE).await;
        let mut third = strangers.place().await;
        assert!(is_put_out(&mut silent).await);
        sleep(GRACE).await;
        let _fourth = strangers.place().await;
        assert!(is_put_out(&mut third).await && !is_put_out(&mut honest).await);
        sleep(GRACE_ONCE_HEARD).await;
        let _fifth = strangers.place().await;
        let _sixth = strangers.place().await;
        assert!(is_put_out(&mut honest).await);
    }
}
