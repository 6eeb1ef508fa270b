use dialgate_contract::RequestId;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::verdict;
use dialgate_contract::queue::RawRequest;
use jiff::Timestamp;
use rusqlite::Connection;

use super::ledger_file::LedgerFile;
use super::requests::{RequestError, Requests};

/// Requests that are looked at, at most.
const MOST: u32 = 256;

/// Finds what waits in the queue for a verdict. A request whose verdict nobody heard stays in the queue for days: those
/// before the first without one are not looked at again.
pub(super) struct Backlog {
    requests: Requests,
    decided_to: i64,
}

/// What waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    /// How many requests, as far as was looked.
    pub(super) requests: u64,
    /// When the first of them was made.
    pub(super) oldest: Option<Timestamp>,
}

impl Backlog {
    pub(super) const fn new(requests: Requests) -> Self {
        Self { requests, decided_to: 0 }
    }

    /// What waits now.
    pub(super) fn look(&mut self, ledger: &LedgerFile) -> Result<Waiting, RequestError> {
        loop {
            let after = self.decided_to;
            let rows = self.requests.write_now(|queue| Ok(queue.after(after, MOST)?))?;
            let waiting = ledger.read(|connection| self.waiting(connection, &rows))?;
            if waiting.requests > 0 || rows.len() < MOST as usize {
                return Ok(waiting);
            }
        }
    }

    fn waiting(
        &mut self,
        ledger: &Connection,
        rows: &[RawRequest],
    ) -> Result<Waiting, DatabaseError> {
        let mut waiting = Waiting::default();
        for row in rows {
            if is_decided(ledger, row)? {
                if waiting.requests == 0 {
                    self.decided_to = row.number;
                }
                continue;
            }
            if waiting.requests == 0 {
                waiting.oldest = Timestamp::from_second(row.requested_at).ok();
            }
            waiting.requests += 1;
        }
        Ok(waiting)
    }
}

fn is_decided(ledger: &Connection, row: &RawRequest) -> Result<bool, DatabaseError> {
    match row.id.parse::<RequestId>() {
        Ok(id) => Ok(verdict::find(ledger, id)?.is_some()),
        // None of ours: nobody decides it.
        Err(_) => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use dialgate_contract::CallerId;
    use dialgate_contract::ledger::{Ledger, Verdict};
    use dialgate_contract::queue::{Matter, Request};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn id(n: u16) -> RequestId {
        let [high, low] = n.to_be_bytes();
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&[high, low]);
        RequestId::from_random(bytes)
    }

    struct Site {
        _folder: tempfile::TempDir,
        requests: Requests,
        ledger: Ledger,
        file: LedgerFile,
        backlog: Backlog,
    }

    fn site() -> Site {
        let folder = tempfile::tempdir().unwrap();
        let (queue, ledger) = (folder.path().join("queue.db"), folder.path().join("ledger.db"));
        let requests = Requests::open(&queue).unwrap();
        Site {
            requests: requests.clone(),
            ledger: Ledger::open(&ledger).unwrap(),
            file: LedgerFile::new(ledger),
            backlog: Backlog::new(requests),
            _folder: folder,
        }
    }

    impl Site {
        fn asks(&mut self, n: u16) {
            let request = Request {
                id: id(n),
                matter: Matter::Guessing { failures: 30 },
                caller: CallerId::from_network(""),
                requested_at: at(n.into()),
            };
            self.requests.write_now(|queue| Ok(queue.enqueue(&request)?)).unwrap();
        }

        fn decides(&mut self, n: u16) {
            self.ledger
                .write(|tx| verdict::insert(tx, id(n), None, Verdict::Told, at(n.into())))
                .unwrap();
        }

        fn waiting(&mut self) -> (u64, Option<i64>) {
            let waiting = self.backlog.look(&self.file).unwrap();
            (waiting.requests, waiting.oldest.map(Timestamp::as_second))
        }
    }

    #[test]
    fn what_waits_is_counted_from_the_first_that_nobody_decided() {
        let mut site = site();
        assert_eq!(site.waiting(), (0, None));
        (1..=3).for_each(|n| site.asks(n));
        assert_eq!(site.waiting(), (3, Some(1)));
        site.decides(2);
        assert_eq!(site.waiting(), (2, Some(1)));
        site.decides(1);
        assert_eq!((site.waiting(), site.backlog.decided_to), ((1, Some(3)), 2));
        site.decides(3);
        assert_eq!(site.waiting(), (0, None));
        site.asks(4);
        assert_eq!((site.waiting(), site.backlog.decided_to), ((1, Some(4)), 3));
    }

    #[test]
    fn many_that_were_decided_and_not_heard_hide_none_that_waits() {
        let mut site = site();
        for n in 1..=300 {
            site.asks(n);
            site.decides(n);
        }
        site.asks(301);
        assert_eq!(site.waiting(), (1, Some(301)));
    }
}
