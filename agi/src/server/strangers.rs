use std::collections::VecDeque;
use std::convert::Infallible;

use tokio::sync::oneshot;

/// As many as a machine has file descriptors to spare for.
const AT_A_TIME: usize = 256;

/// Connections that have not yet shown that Asterisk is at their other end. Where there are too many the oldest goes:
/// Asterisk takes some tens of milliseconds, and whoever takes longer is likely somebody else.
#[derive(Default)]
pub(super) struct Strangers(VecDeque<oneshot::Sender<Infallible>>);

/// The place of one of them. Dropped, it is free again.
pub(super) struct Place(oneshot::Receiver<Infallible>);

impl Strangers {
    /// A place for one more.
    pub(super) fn place(&mut self) -> Place {
        self.0.retain(|place| !place.is_closed());
        if self.0.len() >= AT_A_TIME {
            self.0.pop_front();
        }
        let (kept, place) = oneshot::channel();
        self.0.push_back(kept);
        Place(place)
    }
}

impl Place {
    /// Does `work` in this place; `None` when newer ones needed it first.
    pub(super) async fn hold<T>(self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            _ = self.0 => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn the_oldest_goes_when_there_are_too_many_and_only_then() {
        let mut strangers = Strangers::default();
        let oldest = strangers.place();
        let next = strangers.place();
        let others: Vec<Place> = (2..AT_A_TIME).map(|_| strangers.place()).collect();
        drop(others);
        let others: Vec<Place> = (2..=AT_A_TIME).map(|_| strangers.place()).collect();
        assert_eq!(oldest.hold(pending::<()>()).await, None);
        assert_eq!(next.hold(ready(())).await, Some(()));
        assert_eq!(others.len(), AT_A_TIME - 1);
    }
}
