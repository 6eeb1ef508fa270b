use jiff::Timestamp;

use super::{Caller, Change, Door, Reservation, Rows};

/// What looking at a PIN said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The caller is let in.
    Right {
        /// What the same call reserved before: slips of the one who has now shown to be the owner. Those for other
        /// accounts are not forgiven.
        slips: &'a [Reservation],
    },
    /// The caller is not let in, be it for a wrong PIN or an account that is not enabled.
    Wrong,
}

/// What somebody is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Notice {
    /// The owner of the account, if there is one.
    Owner {
        /// How many attempts failed on end.
        failures: u32,
        /// Whose.
        door: Door,
        /// Whether nothing more is looked at until the account is reopened.
        stopped: bool,
    },
    /// The operator: strangers guess.
    Operator {
        /// How many of them failed within the last hour.
        failures: usize,
    },
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a right PIN that is not stored counts as wrong"]
pub struct Recorded {
    /// Who is to be told what.
    pub notices: Vec<Notice>,
    /// The rows that changed.
    pub changes: Vec<Change>,
}

/// Records what came of a reservation. The rows are loaded anew: others may have called meanwhile.
pub fn record(
    rows: &Rows,
    reservation: &Reservation,
    outcome: Outcome<'_>,
    now: Timestamp,
) -> Recorded {
    let now = now.as_second();
    let mut after = rows.settled_clock(now);
    let notices = match outcome {
        Outcome::Right { slips } => {
            right(&mut after, reservation, slips, now);
            Vec::new()
        }
        Outcome::Wrong => wrong(&mut after, reservation, now),
    };
    Recorded { notices, changes: after.changes_since(rows) }
}

fn right(rows: &mut Rows, reservation: &Reservation, slips: &[Reservation], now: i64) {
    let own = |slip: &&Reservation| {
        (slip.account, slip.caller) == (reservation.account, reservation.caller)
    };
    for slip in slips.iter().filter(own) {
        rows.take_back(slip);
    }
    rows.take_back(reservation);
    match (reservation.door, reservation.caller) {
        (Door::Known, caller) => {
            rows.account.owner_came(now);
            if let Some(known) = rows.known_mut(caller) {
                known.succeeded(now);
            }
        }
        (Door::Stranger, Caller::Number(caller)) => rows.become_known(caller, now),
        (Door::Stranger, Caller::Unknown) => {}
    }
}

fn wrong(rows: &mut Rows, reservation: &Reservation, now: i64) -> Vec<Notice> {
    let door = reservation.door;
    let (failures, stop, spray) = match door {
        Door::Known => {
            let known = rows.known_mut(reservation.caller);
            (known.and_then(super::KnownCaller::tell), super::tally::KNOWN.stop, None)
        }
        Door::Stranger => {
            (rows.account.tell(), super::tally::STRANGERS.stop, rows.everyone.fail(now))
        }
    };
    let owner =
        failures.map(|failures| Notice::Owner { failures, door, stopped: failures >= stop });
    owner.into_iter().chain(spray.map(|failures| Notice::Operator { failures })).collect()
}
