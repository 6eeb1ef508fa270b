//! The outbox: that letters leave.

use dialgate_contract::config::{Config, Transport};
use dialgate_contract::database::DatabaseError;
use jiff::Timestamp;
use rusqlite::Connection;

use super::check::{Check, Fix};

const NAME: &str = "letters";
/// A mail server that greylists takes a letter at the second or third try.
const SLOW: i64 = 15 * 60;
const STUCK: i64 = 2 * 3_600;

/// Letters that have not left.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Outbox {
    waiting: u32,
    given_up: u32,
    /// When the first of those that wait was written, in seconds since 1970.
    oldest: Option<i64>,
    /// What the last attempt ended with, if there is one that failed.
    error: Option<String>,
}

impl Outbox {
    pub(super) fn read(ledger: &Connection) -> Result<Self, DatabaseError> {
        Ok(ledger.query_row(
            "SELECT count(*) FILTER (WHERE dead_at IS NULL), count(dead_at),
                    min(created_at) FILTER (WHERE dead_at IS NULL),
                    (SELECT last_error FROM letter WHERE sent_at IS NULL AND last_error IS NOT NULL
                     ORDER BY coalesce(dead_at, due_at) DESC LIMIT 1)
             FROM letter WHERE sent_at IS NULL",
            [],
            |row| {
                let (waiting, given_up) = (row.get(0)?, row.get(1)?);
                Ok(Self { waiting, given_up, oldest: row.get(2)?, error: row.get(3)? })
            },
        )?)
    }
}

pub(super) fn check(outbox: &Outbox, config: &Config, now: Timestamp) -> Check {
    if config.mail.transport == Transport::Off {
        return Check::ok(NAME, "none are sent: mail.transport is off");
    }
    let age = outbox.oldest.map_or(0, |oldest| now.as_second().saturating_sub(oldest));
    let because = outbox.error.as_ref().map(|error| format!("; last: {error}")).unwrap_or_default();
    let what = match outbox.waiting {
        0 => "none waits".to_owned(),
        waiting => format!("{waiting} waiting, the oldest for {} min{because}", age / 60),
    };
    let fix = || {
        let through = match config.mail.transport {
            Transport::Smtp => format!("the mail server {}:{}", config.mail.host, config.mail.port),
            Transport::Sendmail => "this machine's sendmail".to_owned(),
            Transport::File | Transport::Off => {
                format!("the folder {}", config.mail.directory.display())
            }
        };
        Fix::advice(format!(
            "see `dialgate mail queue`, [mail] in the configuration, and that {through} takes letters"
        ))
    };
    if age > STUCK {
        Check::fail(NAME, what, fix())
    } else if age > SLOW {
        Check::warn(NAME, what, fix())
    } else if outbox.given_up > 0 {
        Check::warn(NAME, format!("{} were given up{because}", outbox.given_up), fix())
    } else {
        Check::ok(NAME, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    #[test]
    fn letters_that_do_not_leave_are_told_with_what_the_server_said() {
        let outbox = |waiting, given_up, age: i64| Outbox {
            waiting,
            given_up,
            oldest: (waiting > 0).then_some(100_000 - age),
            error: Some("connection refused".to_owned()),
        };
        for (found, outcome) in [
            (Outbox::default(), Health::Ok),
            (outbox(1, 0, 60), Health::Ok),
            (outbox(1, 0, SLOW + 1), Health::Warn),
            (outbox(0, 2, 0), Health::Warn),
            (outbox(2, 2, STUCK + 1), Health::Fail),
        ] {
            let now = Timestamp::from_second(100_000).unwrap();
            let check = check(&found, &Config::default(), now);
            assert_eq!(check.outcome, outcome, "{check:?}");
            let is_bad = outcome != Health::Ok;
            assert!(!is_bad || check.what.contains("connection refused"), "{check:?}");
            let mut config = Config::default();
            config.mail.transport = Transport::Off;
            assert_eq!(super::check(&found, &config, now).outcome, Health::Ok);
        }
    }
}
