//! Under which names the firewall's chain may stand: written before it is built, and forgotten once it is gone.

use rusqlite::{Connection, Transaction, params};

use crate::config::{Anchor, ChainName};
use crate::database::{DatabaseError, parse};

/// Each chain that may stand, with what the configuration named as its anchor.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<Vec<(ChainName, Anchor)>, DatabaseError> {
    let mut statement =
        connection.prepare_cached("SELECT chain, anchor FROM built ORDER BY chain, anchor")?;
    let mut rows = statement.query([])?;
    let mut built = Vec::new();
    while let Some(row) = rows.next()? {
        built.push((
            parse("built.chain", "chain", &row.get::<_, String>("chain")?)?,
            parse("built.anchor", "chain", &row.get::<_, String>("anchor")?)?,
        ));
    }
    Ok(built)
}

/// Keeps in mind that this is about to be built.
///
/// # Errors
/// When the database cannot be written.
pub fn put(
    transaction: &Transaction<'_>,
    chain: &ChainName,
    anchor: &Anchor,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "INSERT OR IGNORE INTO built (chain, anchor) VALUES (?1, ?2)",
        params![chain.to_string(), anchor.to_string()],
    )?;
    Ok(())
}

/// Forgets what is gone.
///
/// # Errors
/// When the database cannot be written.
pub fn remove(
    transaction: &Transaction<'_>,
    chain: &ChainName,
    anchor: &Anchor,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "DELETE FROM built WHERE chain = ?1 AND anchor = ?2",
        params![chain.to_string(), anchor.to_string()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn what_was_built_is_kept_in_mind_until_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let [one, other] = ["DIALGATE", "OTHER"].map(|name| name.parse().unwrap());
        let [auto, named] = ["auto", "my-input"].map(|name| name.parse().unwrap());
        for (chain, anchor) in [(&one, &auto), (&one, &auto), (&other, &named)] {
            ledger.write(|tx| put(tx, chain, anchor)).unwrap();
        }
        let both = [(one.clone(), auto.clone()), (other.clone(), named)];
        assert_eq!(all(ledger.connection()).unwrap(), both);
        ledger.write(|tx| remove(tx, &one, &auto)).unwrap();
        assert_eq!(all(ledger.connection()).unwrap(), both[1..]);
    }
}
