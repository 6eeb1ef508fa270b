//! The head of the audit trail, told to the log once a day: whoever rewrites the trail cannot rewrite a log that is kept
//! elsewhere, and `dialgate audit verify --head` shows that a head of then is in the trail no more.

use dialgate_contract::ledger::audit::{self, Head};
use dialgate_contract::ledger::{Ledger, pass};
use jiff::Timestamp;

use super::Reconciler;

/// The day of the last telling, in days since 1970, UTC.
pub(super) type Day = i64;

impl Reconciler {
    /// Tells the log which line is the last, on the first call of a day.
    pub(super) fn tell_head(&mut self, now: Timestamp) {
        if let Some(head) = self.head_due(now) {
            tracing::info!(%head, "the audit trail's last line and its hash");
        }
    }

    /// The head, on the first call of a day; `None` while the trail is empty or cannot be read.
    fn head_due(&mut self, now: Timestamp) -> Option<Head> {
        if self.head_told == Some(day(now)) {
            return None;
        }
        let head = audit::head(self.ledger.connection()).ok().flatten();
        self.head_told = head.map(|_| day(now)).or(self.head_told);
        head
    }
}

/// The day of the last pass that was recorded: the head was told then.
pub(super) fn last_told(ledger: &Ledger) -> Option<Day> {
    pass::last(ledger.connection()).ok().flatten().map(|pass| day(pass.finished_at))
}

fn day(at: Timestamp) -> Day {
    at.as_second().div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::DryRun;
    use dialgate_contract::config::Config;
    use dialgate_contract::ledger::audit::Actor;

    #[test]
    fn the_head_is_told_once_a_day_by_programs_that_stay_and_by_those_that_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let reconciler = || {
            let ledger = Ledger::open(&path).unwrap();
            Reconciler::new(Config::default(), ledger, Box::new(DryRun::new(std::io::sink())))
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut stays = reconciler();
        assert_eq!(stays.head_due(at(5)), None, "there is no line yet");
        let actor = Actor::Reconciler;
        stays.ledger.write(|tx| audit::record(tx, at(6), &actor, "x", None, "")).unwrap();
        let head = audit::head(stays.ledger.connection()).unwrap();
        assert_eq!([10, 20, 86_399].map(|second| stays.head_due(at(second))), [head, None, None]);
        assert_eq!([86_400, 86_401].map(|second| stays.head_due(at(second))), [head, None]);
        stays.record(at(86_402), None).unwrap();
        let mut another = reconciler();
        let seen = [86_500, 2 * 86_400, 2 * 86_400].map(|second| another.head_due(at(second)));
        assert_eq!(seen, [None, head, None]);
    }
}
