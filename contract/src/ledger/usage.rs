//! Who uses a lease, by the packets that the kernel counts.

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};

use super::LeaseId;
use crate::database::{DatabaseError, corrupt, parse, timestamp};
use crate::{AccountNumber, TravellerAddress};

/// How a lease that has not ended was used when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Which.
    pub id: LeaseId,
    /// Whose.
    pub account: AccountNumber,
    /// From where.
    pub address: TravellerAddress,
    /// The packets that were counted then.
    pub packets: u64,
    /// When there were last more than before, to within some minutes; until then, when it was opened.
    pub used_at: Timestamp,
}

impl Usage {
    /// When a packet was last seen; `None` when none was yet.
    #[must_use]
    pub const fn last_packet_at(&self) -> Option<Timestamp> {
        if self.packets > 0 { Some(self.used_at) } else { None }
    }
}

/// Of all leases that have not ended, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<Vec<Usage>, DatabaseError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, account, address, packets, coalesce(used_at, opened_at) AS used_at FROM lease
         WHERE ended_at IS NULL ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(from_row(row)?);
    }
    Ok(all)
}

/// When a lease was last used, or opened.
///
/// # Errors
/// When the database cannot be read, or there is no such lease.
pub fn used_at(connection: &Connection, id: LeaseId) -> Result<Timestamp, DatabaseError> {
    let seconds = connection
        .prepare_cached("SELECT coalesce(used_at, opened_at) FROM lease WHERE id = ?1")?
        .query_row([id.row()], |row| row.get(0))?;
    timestamp("lease.used_at", seconds)
}

/// Writes down how many packets were counted; and with `used_at` that there were more than before.
///
/// # Errors
/// When the database cannot be written.
pub fn record(
    transaction: &Transaction<'_>,
    id: LeaseId,
    packets: u64,
    used_at: Option<Timestamp>,
) -> Result<(), DatabaseError> {
    let packets = i64::try_from(packets).unwrap_or(i64::MAX);
    transaction.execute(
        "UPDATE lease SET packets = ?2, used_at = coalesce(?3, used_at) WHERE id = ?1",
        params![id.row(), packets, used_at.map(Timestamp::as_second)],
    )?;
    Ok(())
}

/// A lease that is asked for again is as good as used.
///
/// # Errors
/// When the database cannot be written.
pub fn asked(
    transaction: &Transaction<'_>,
    id: LeaseId,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    let parameters = params![id.row(), at.as_second()];
    transaction.execute("UPDATE lease SET used_at = ?2 WHERE id = ?1", parameters)?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> Result<Usage, DatabaseError> {
    let (address, packets): (String, i64) = (row.get("address")?, row.get("packets")?);
    Ok(Usage {
        id: LeaseId::from_row(row.get("id")?),
        account: parse("lease.account", "account number", &row.get::<_, String>("account")?)?,
        address: TravellerAddress::from_stored(&address)
            .map_err(|_| corrupt("lease.address", "traveller's address", &address))?,
        packets: u64::try_from(packets)
            .map_err(|_| corrupt("lease.packets", "number of packets", &packets.to_string()))?,
        used_at: timestamp("lease.used_at", row.get("used_at")?)?,
    })
}
