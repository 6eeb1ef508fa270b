use std::path::Path;
use std::time::Duration;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::LedgerReader;

/// Opens the ledger, trying again while its writer comes or goes.
pub(super) fn open_ledger(ledger: &Path) -> Result<LedgerReader, DatabaseError> {
    for _ in 0..5 {
        match LedgerReader::open(ledger) {
            Err(error) if error.can_retry() => std::thread::sleep(Duration::from_millis(20)),
            opened => return opened,
        }
    }
    LedgerReader::open(ledger)
}
