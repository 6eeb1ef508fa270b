use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::time::{Duration, Instant, sleep_until};

/// As many as are heard at a time. Each costs a file descriptor and some 3 KiB.
const AT_A_TIME: usize = 2048;

/// How long each may stay even if others wait, until it has said who is calling, and after that until it has answered once.
/// Asterisk does both as soon as it can. While a flood waits to be accepted this lets 8,000 connections through in a second;
/// were it longer for those who have said who is calling, a flood of them would keep Asterisk waiting for more than its 2 s.
const GRACE: Duration = Duration::from_millis(250);

/// How many are put out in one go.
const LEAVING: usize = 64;

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
    /// Those that have been put out and do not know yet.
    leaving: usize,
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

    /// Its time begins anew: its connection is there, or it has said who is calling.
    pub(super) fn renew(&mut self) {
        let mut taken = self.room.taken();
        // Unless it was put out in this moment.
        if let Some(kept) = taken.by_end_of_grace.remove(&self.key) {
            self.key.0 = now() + GRACE;
            taken.by_end_of_grace.insert(self.key, kept);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        if taken.by_end_of_grace.remove(&self.key).is_none() {
            taken.leaving = taken.leaving.saturating_sub(1);
        }
        drop(taken);
        self.room.freed.notify_one();
    }
}

impl Room {
    /// A place, or when there may be one, unless one is freed before.
    fn take(&self, now: Instant) -> Result<(Key, oneshot::Receiver<Infallible>), Instant> {
        let mut taken = self.taken();
        if taken.by_end_of_grace.len() + taken.leaving >= self.places {
            return Err(taken.put_out(now));
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

impl Taken {
    /// Has those leave whose time is up; when to look again.
    fn put_out(&mut self, now: Instant) -> Instant {
        while self.leaving < LEAVING
            && let Some(first) = self.by_end_of_grace.first_entry()
        {
            let (until, _) = *first.key();
            if until > now {
                return until;
            }
            first.remove();
            self.leaving += 1;
        }
        now + GRACE
    }
}

#[expect(clippy::disallowed_methods, reason = "how long connections say nothing")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::task::{JoinHandle, yield_now};
    use tokio::time::sleep;

    use super::*;

    /// Says nothing for as long as it may stay.
    fn silent(mut place: Place) -> JoinHandle<Option<()>> {
        tokio::spawn(async move { place.hold(pending()).await })
    }

    async fn is_put_out(connection: &JoinHandle<Option<()>>) -> bool {
        yield_now().await;
        connection.is_finished()
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_goes_while_there_is_room_and_then_those_whose_time_is_up() {
        let strangers = Strangers::with_places(2);
        let oldest = silent(strangers.place().await);
        sleep(GRACE / 2).await;
        let next = silent(strangers.place().await);
        sleep(GRACE * 3 / 4).await;
        assert!(!is_put_out(&oldest).await);
        let third = silent(strangers.place().await);
        assert!(is_put_out(&oldest).await && !is_put_out(&next).await);
        let begun = now();
        let _fourth = silent(strangers.place().await);
        assert!(is_put_out(&next).await && !is_put_out(&third).await);
        assert!(begun.elapsed().abs_diff(GRACE / 4) <= Duration::from_millis(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_one_does_not_wait_for_longer_than_until_one_leaves() {
        let strangers = Strangers::with_places(2);
        let begun = now();
        let (first, second) = (strangers.place().await, silent(strangers.place().await));
        let leaving = async {
            sleep(GRACE / 5).await;
            drop(first);
        };
        let ((), _third) = tokio::join!(leaving, strangers.place());
        assert!(begun.elapsed().abs_diff(GRACE / 5) <= Duration::from_millis(2));
        assert!(!is_put_out(&second).await);
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_never_more_than_there_are_places() {
        let strangers = Strangers::with_places(2);
        let (first, _second) = (strangers.place().await, strangers.place().await);
        let third = tokio::time::timeout(GRACE * 4, strangers.place());
        assert!(third.await.is_err(), "those that are put out have not left yet");
        drop(first);
        strangers.place().await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_that_nobody_came_does_not_count() {
        let strangers = Strangers::with_places(2);
        let mut first = strangers.place().await;
        sleep(GRACE * 100).await;
        first.renew();
        let begun = now();
        let (first, _second) = (silent(first), silent(strangers.place().await));
        let _third = strangers.place().await;
        assert!(begun.elapsed() >= GRACE && is_put_out(&first).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_said_who_is_calling_has_as_much_time_again() {
        let strangers = Strangers::with_places(2);
        let mut honest = strangers.place().await;
        let later = silent(strangers.place().await);
        sleep(GRACE * 3 / 4).await;
        honest.renew();
        let honest = silent(honest);
        let _third = silent(strangers.place().await);
        assert!(is_put_out(&later).await && !is_put_out(&honest).await);
        sleep(GRACE * 3 / 4).await;
        let _fourth = silent(strangers.place().await);
        assert!(is_put_out(&honest).await);
    }
}
