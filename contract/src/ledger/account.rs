//! Accounts: who may open what.

use std::collections::BTreeSet;
use std::num::NonZeroU8;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::database::{DatabaseError, corrupt, lifetime, parse, timestamp};
use crate::{Account, AccountNumber, Language, Lifetime, ServiceName};

const COLUMNS: &str = "number, name, email, enabled, lifetime, longest, addresses, time_zone, language, unlocked_at, created_at";

/// The account with this number.
///
/// # Errors
/// When the database cannot be read.
pub fn find(
    connection: &Connection,
    number: &AccountNumber,
) -> Result<Option<Account>, DatabaseError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM account WHERE number = ?1"))?;
    let found = statement.query_row([number.as_str()], Columns::from_row).optional()?;
    found.map(|columns| columns.account(connection)).transpose()
}

/// All accounts, by number.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<Vec<Account>, DatabaseError> {
    let mut statement =
        connection.prepare(&format!("SELECT {COLUMNS} FROM account ORDER BY number"))?;
    let rows = statement.query_map([], Columns::from_row)?.collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(|columns| columns.account(connection)).collect()
}

/// Whether some account may have more than one address open at a time by a number of its own.
///
/// # Errors
/// When the database cannot be read.
pub fn some_has_several_addresses(connection: &Connection) -> Result<bool, DatabaseError> {
    let mut statement =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM account WHERE addresses > 1)")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The hash that a PIN is verified against, as a PHC string.
///
/// # Errors
/// When the database cannot be read.
pub fn pin_hash(
    connection: &Connection,
    number: &AccountNumber,
) -> Result<Option<String>, DatabaseError> {
    let mut statement =
        connection.prepare_cached("SELECT pin_hash FROM account WHERE number = ?1")?;
    Ok(statement.query_row([number.as_str()], |row| row.get(0)).optional()?)
}

/// Adds an account. `pin_hash` is a PHC string.
///
/// # Errors
/// When there is one with this number, a service is unknown, or the database cannot be written.
pub fn insert(
    transaction: &Transaction<'_>,
    account: &Account,
    pin_hash: &str,
) -> Result<(), DatabaseError> {
    transaction.execute(
        "INSERT INTO account (number, name, email, pin_hash, enabled, lifetime, longest, addresses, time_zone, language, unlocked_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            account.number.as_str(),
            account.name,
            account.email,
            pin_hash,
            account.enabled,
            account.lifetime.map(Lifetime::seconds),
            account.longest.map(Lifetime::seconds),
            account.addresses.map(NonZeroU8::get),
            account.time_zone,
            account.language.map(Language::as_str),
            account.unlocked_at.map(Timestamp::as_second),
            account.created_at.as_second(),
        ],
    )?;
    insert_services(transaction, account)
}

/// Writes everything but the PIN of an account that is there; `false` when there is none with this number.
///
/// # Errors
/// When a service is unknown, or the database cannot be written.
pub fn update(transaction: &Transaction<'_>, account: &Account) -> Result<bool, DatabaseError> {
    let changed = transaction.execute(
        "UPDATE account SET name = ?2, email = ?3, enabled = ?4, lifetime = ?5, longest = ?6,
         addresses = ?7, time_zone = ?8, language = ?9, unlocked_at = ?10 WHERE number = ?1",
        params![
            account.number.as_str(),
            account.name,
            account.email,
            account.enabled,
            account.lifetime.map(Lifetime::seconds),
            account.longest.map(Lifetime::seconds),
            account.addresses.map(NonZeroU8::get),
            account.time_zone,
            account.language.map(Language::as_str),
            account.unlocked_at.map(Timestamp::as_second),
        ],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    transaction
        .execute("DELETE FROM account_service WHERE account = ?1", [account.number.as_str()])?;
    insert_services(transaction, account)?;
    Ok(true)
}

/// Changes the PIN; `false` when there is no account with this number.
///
/// # Errors
/// When the database cannot be written.
pub fn set_pin_hash(
    transaction: &Transaction<'_>,
    number: &AccountNumber,
    pin_hash: &str,
) -> Result<bool, DatabaseError> {
    let changed = transaction.execute(
        "UPDATE account SET pin_hash = ?2 WHERE number = ?1",
        params![number.as_str(), pin_hash],
    )?;
    Ok(changed > 0)
}

/// Takes an account away; `false` when there is none with this number. Its leases are not ended by this.
///
/// # Errors
/// When the database cannot be written.
pub fn remove(
    transaction: &Transaction<'_>,
    number: &AccountNumber,
) -> Result<bool, DatabaseError> {
    Ok(transaction.execute("DELETE FROM account WHERE number = ?1", [number.as_str()])? > 0)
}

fn insert_services(transaction: &Transaction<'_>, account: &Account) -> Result<(), DatabaseError> {
    let mut statement = transaction
        .prepare_cached("INSERT INTO account_service (account, service) VALUES (?1, ?2)")?;
    for service in &account.services {
        statement.execute([account.number.as_str(), service.as_str()])?;
    }
    Ok(())
}

struct Columns {
    number: String,
    name: String,
    email: String,
    enabled: bool,
    lifetime: Option<i64>,
    longest: Option<i64>,
    addresses: Option<i64>,
    time_zone: Option<String>,
    language: Option<String>,
    unlocked_at: Option<i64>,
    created_at: i64,
}

impl Columns {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get("number")?,
            name: row.get("name")?,
            email: row.get("email")?,
            enabled: row.get("enabled")?,
            lifetime: row.get("lifetime")?,
            longest: row.get("longest")?,
            addresses: row.get("addresses")?,
            time_zone: row.get("time_zone")?,
            language: row.get("language")?,
            unlocked_at: row.get("unlocked_at")?,
            created_at: row.get("created_at")?,
        })
    }

    fn account(self, connection: &Connection) -> Result<Account, DatabaseError> {
        Ok(Account {
            services: services(connection, &self.number)?,
            number: parse("account.number", "account number", &self.number)?,
            name: self.name,
            email: self.email,
            enabled: self.enabled,
            lifetime: lifetime("account.lifetime", self.lifetime)?,
            longest: lifetime("account.longest", self.longest)?,
            addresses: self.addresses.map(addresses).transpose()?,
            time_zone: self.time_zone,
            language: self
                .language
                .map(|language| parse("account.language", "language", &language))
                .transpose()?,
            unlocked_at: self
                .unlocked_at
                .map(|at| timestamp("account.unlocked_at", at))
                .transpose()?,
            created_at: timestamp("account.created_at", self.created_at)?,
        })
    }
}

fn addresses(number: i64) -> Result<NonZeroU8, DatabaseError> {
    let small = u8::try_from(number).ok().and_then(NonZeroU8::new);
    small.ok_or_else(|| corrupt("account.addresses", "number of addresses", &number.to_string()))
}

fn services(connection: &Connection, number: &str) -> Result<BTreeSet<ServiceName>, DatabaseError> {
    let mut statement =
        connection.prepare_cached("SELECT service FROM account_service WHERE account = ?1")?;
    let names = statement
        .query_map([number], |row| row.get::<_, String>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    names.iter().map(|name| parse("account_service.service", "service name", name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;

    fn ann() -> Account {
        Account {
            lifetime: Some("12h".parse().unwrap()),
            longest: Some("3d".parse().unwrap()),
            addresses: NonZeroU8::new(2),
            time_zone: Some("Europe/Paris".to_owned()),
            language: Some(Language::Fr),
            ..Account::new(
                "4711".parse().unwrap(),
                "Ann".to_owned(),
                "ann@example.net".to_owned(),
                ["sip", "rtp"].map(|name| name.parse().unwrap()).into(),
                Timestamp::from_second(1_800_000_000).unwrap(),
            )
        }
    }

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        (folder, ledger)
    }

    #[test]
    fn an_account_reads_back_as_it_was_written() {
        let (_folder, mut ledger) = ledger();
        ledger.write(|tx| insert(tx, &ann(), "$argon2id$")).unwrap();
        assert_eq!(find(ledger.connection(), &ann().number).unwrap(), Some(ann()));
        assert_eq!(all(ledger.connection()).unwrap(), [ann()]);
        assert_eq!(
            pin_hash(ledger.connection(), &ann().number).unwrap().as_deref(),
            Some("$argon2id$")
        );
    }

    #[test]
    fn changing_one_account_touches_no_other() {
        let (_folder, mut ledger) = ledger();
        let bob = Account { number: "4712".parse().unwrap(), name: "Bob".to_owned(), ..ann() };
        let changed =
            Account { enabled: false, services: ["web".parse().unwrap()].into(), ..ann() };
        ledger
            .write(|tx| {
                insert(tx, &ann(), "a")?;
                insert(tx, &bob, "b")?;
                assert!(update(tx, &changed)?);
                assert!(set_pin_hash(tx, &changed.number, "c")?);
                Ok::<_, DatabaseError>(())
            })
            .unwrap();
        assert_eq!(all(ledger.connection()).unwrap(), [changed.clone(), bob.clone()]);
        ledger.write(|tx| remove(tx, &changed.number)).unwrap();
        assert_eq!(all(ledger.connection()).unwrap(), [bob]);
    }

    #[test]
    fn an_unknown_service_is_refused_and_nothing_is_kept() {
        let (_folder, mut ledger) = ledger();
        let odd = Account { services: ["nosuch".parse().unwrap()].into(), ..ann() };
        assert!(ledger.write(|tx| insert(tx, &odd, "a")).is_err());
        assert_eq!(all(ledger.connection()).unwrap(), []);
    }
}
