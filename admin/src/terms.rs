//! On which terms accounts get leases, and what becomes of those that are open when the terms change.

use dialgate_contract::Terms;
use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, Lease, audit, lease as lease_table, service};
use rusqlite::{Connection, Transaction};

use crate::lease;
use crate::report::LeaseRow;
use crate::site::Site;

/// The terms of an account as the services are now.
pub(crate) fn of(
    connection: &Connection,
    account: &Account,
    site: &Site,
) -> Result<Terms, DatabaseError> {
    Ok(Terms::of(account, &service::all(connection)?, &site.config.lease))
}

/// Lets the open leases of an account go on with what it has by now, and end earlier where a limit on their length was
/// lowered: whoever lowers one means those that are open, too. Those that end earlier.
pub(crate) fn hold(
    transaction: &Transaction<'_>,
    account: &Account,
    before: &Terms,
    site: &Site,
) -> Result<Vec<LeaseRow>, DatabaseError> {
    let terms = of(transaction, account, site)?;
    let latest = site.now.saturating_add(terms.longest().signed()).ok();
    let latest = latest.filter(|_| terms.longest() < before.longest());
    let mut shortened = Vec::new();
    for lease in lease::open_ones(transaction, &account.number, site.now)? {
        let expires_at = latest.map_or(lease.expires_at, |latest| latest.min(lease.expires_at));
        let held = Lease { services: account.services.clone(), expires_at, ..lease.clone() };
        if held == lease {
            continue;
        }
        lease_table::extend(transaction, held.id, &held.services, held.expires_at)?;
        if held.expires_at < lease.expires_at {
            let detail = format!("{} {} until {expires_at}", held.id, held.address);
            let (operator, number) = (&site.operator, Some(&account.number));
            audit::record(transaction, site.now, operator, "lease-shortened", number, &detail)?;
            shortened.push(LeaseRow::new(held, site.now));
        }
    }
    Ok(shortened)
}
