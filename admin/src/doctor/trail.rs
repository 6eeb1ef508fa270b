//! The audit trail: that nobody has changed, removed or put in a line.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Chain};
use rusqlite::Connection;

use super::check::{Check, Fix};
use super::integrity::{is_damage, is_interrupted, within_patience};
use super::place::Place;

const NAME: &str = "audit";

/// Nothing where the ledger is damaged, which another check tells.
pub(super) fn check(ledger: &Connection, place: &Place<'_>) -> Option<Check> {
    match within_patience(ledger, || audit::verify(ledger, None)) {
        Ok(chain) => Some(judge(&chain)),
        Err(error) if is_damage(&error) => None,
        Err(error) => Some(unknown(&error, place)),
    }
}

fn judge(chain: &Chain) -> Check {
    match chain.fault {
        None => Check::ok(NAME, format!("all lines ({}) are as they were written", chain.lines)),
        Some(fault) => Check::fail(
            NAME,
            format!("somebody has been at the audit trail: {fault}"),
            Fix::advice(
                "compare it with a backup, and find out who is root here; access may have been given that nobody tells of",
            ),
        ),
    }
}

fn unknown(error: &DatabaseError, place: &Place<'_>) -> Check {
    let what = if is_interrupted(error) {
        "it is too long to be verified in a moment".to_owned()
    } else {
        error.to_string()
    };
    Check::skip(NAME, what, place.dialgate(&["audit", "verify"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;
    use dialgate_contract::ledger::audit::Fault;

    #[test]
    fn a_line_that_is_not_what_was_written_is_a_fault() {
        for (fault, health) in [
            (None, Health::Ok),
            (Some(Fault::Changed(7)), Health::Fail),
            (Some(Fault::Missing(8)), Health::Fail),
        ] {
            let check = judge(&Chain { lines: 6, head: None, fault });
            assert_eq!(check.outcome, health, "{check:?}");
        }
    }
}
