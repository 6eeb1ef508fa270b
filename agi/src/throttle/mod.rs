//! The throttling of logins: which attempts have their PIN looked at, and who is told of those that failed.
//!
//! Pure: rows in, changed rows out. An attempt takes two steps with the hash between them. [`judge`] counts it as
//! failed before anything is hashed, so that calls at the same time, and calls that end in between, stay within the
//! bounds; [`record`] takes that back when the PIN was right.
//!
//! There are four counts, of what was typed whether it exists or not:
//!
//! | count | of | withholds |
//! |---|---|---|
//! | [`AccountBucket`] | strangers at one account | 4 are free, then waits of 30 s that double up to 1 h; after 30 in a day; after 100 on end, until reopened |
//! | [`KnownCaller`] | a caller that was let in here within 180 days | the same by its own count; after 50 on end |
//! | [`CallerBucket`] | one stranger at all accounts | after 10 in an hour, 20 in a day |
//! | [`EveryoneBucket`] | all strangers | after 60 in an hour |
//!
//! A known caller is judged by its own count alone, so no stranger can lock it out. An attempt that is withheld is
//! not looked at: it counts nowhere and lengthens no wait, or whoever calls often enough would keep others out for
//! ever, and a flood writes next to nothing.
//!
//! The order of rows and clock: begin a transaction that nobody writes beside, then read the clock, then the rows.

mod account;
mod attempt;
mod caller;
mod everyone;
mod key;
mod known;
mod record;
mod rows;
mod table;
mod tally;
mod times;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use account::AccountBucket;
pub use attempt::{Attempt, Door, Judged, Judgement, Reservation, Withheld};
pub use caller::CallerBucket;
pub use everyone::EveryoneBucket;
pub use key::{AccountKey, Caller, CallerKey};
pub use known::KnownCaller;
pub use record::{Notice, Outcome, Recorded, record};
pub use rows::{Change, Rows};
pub use table::Table;
pub use tally::Tally;
pub use times::Times;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Whether the PIN of this attempt may be looked at. What changed is to be stored before it is.
pub fn judge(rows: &Rows, attempt: &Attempt, now: Timestamp) -> Judged {
    let now = now.as_second();
    let mut after = rows.settled(attempt.unlocked_at, now);
    let door = after.door(attempt.caller, now);
    let judgement = match after.withheld(door, attempt.caller, now) {
        Some(withheld) => {
            after.tried_in_vain(door, now);
            Judgement::Withhold(withheld)
        }
        None => {
            after.reserve(door, attempt.caller, now);
            Judgement::Evaluate(Reservation::new(attempt, door, now))
        }
    };
    Judged { judgement, changes: after.changes_since(rows) }
}
