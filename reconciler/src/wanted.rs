//! What the ledger and the clock say should be open.

use dialgate_contract::config::Config;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Lease, lease, service};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use crate::firewall::{Desired, Grant, Time};

/// What the kernel should hold at `now`.
///
/// # Errors
/// When the ledger cannot be read.
pub(crate) fn wanted(
    connection: &Connection,
    config: &Config,
    now: Timestamp,
) -> Result<Desired, DatabaseError> {
    let services = service::all(connection)?;
    let open = lease::not_ended(connection)?.into_iter().filter(|lease| lease.is_open(now));
    let grants = open.map(|lease| Grant {
        network: lease.address.into(),
        time: Time::For(remaining(&lease, now)),
        services: lease.services,
    });
    let (chain, anchor) = (config.firewall.chain.clone(), config.firewall.anchor.clone());
    Ok(Desired::new(chain, anchor, &services, grants))
}

/// The seconds that an open lease has left: rounded up, so that it has one at least, and no more than it ever had,
/// however far the clock was set back.
fn remaining(lease: &Lease, now: Timestamp) -> u32 {
    let whole = lease.expires_at.duration_since(lease.opened_at);
    let left = lease.expires_at.duration_since(now).min(whole);
    let seconds = left.as_secs() + i64::from(left > SignedDuration::from_secs(left.as_secs()));
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialgate_contract::ledger::LeaseId;

    fn left_at(now: &str) -> u32 {
        let lease = Lease {
            id: LeaseId::from_row(1),
            account: "4711".parse().unwrap(),
            address: "12.34.56.78".parse().unwrap(),
            services: ["sip".parse().unwrap()].into(),
            opened_at: "2026-11-20T12:00:00Z".parse().unwrap(),
            expires_at: "2026-11-20T13:00:00Z".parse().unwrap(),
            ended: None,
        };
        remaining(&lease, now.parse().unwrap())
    }

    #[test]
    fn what_is_left_is_rounded_up_and_never_nothing() {
        assert_eq!(left_at("2026-11-20T12:59:00Z"), 60);
        assert_eq!(left_at("2026-11-20T12:59:00.5Z"), 60);
        assert_eq!(left_at("2026-11-20T12:59:59.999Z"), 1);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_lease_longer_than_it_ever_was() {
        assert_eq!(left_at("2026-11-19T12:00:00Z"), 3600);
        assert_eq!(left_at("1970-01-01T00:00:00Z"), 3600);
    }
}
