//! `dialgate account`.

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, LeaseEnd, account, audit};
use dialgate_contract::{AccountNumber, Language, Lifetime, ServiceName, Terms};
use dialgate_pin::Pin;
use rusqlite::{Connection, Transaction};

use crate::argument::{AddressCount, NewNumber, Setting};
use crate::cli::{AccountChanges, AccountCommand, Changes, NewAccount, PinSource};
use crate::contact::TimeZoneName;
use crate::error::Error;
use crate::new_pin::NewPin;
use crate::report::{AccountChange, AccountDetails, AccountRow, LeaseRow, Report};
use crate::site::Site;
use crate::{bulk, lease, random, service, terms};

pub(crate) fn run(command: AccountCommand, site: &Site) -> Result<Report, Error> {
    match command {
        AccountCommand::Add(new) => add(new, site),
        AccountCommand::Import(options) => bulk::import(&options, site),
        AccountCommand::Export(file) => bulk::export(file.path.as_deref(), site),
        AccountCommand::List => list(site),
        AccountCommand::Show { number } => show(&number, site),
        AccountCommand::Set(AccountChanges { number, changes }) => set(&number, changes, site),
        AccountCommand::Pin { number, pin } => change_pin(&number, &pin, site),
        AccountCommand::Enable { number } => enable(&number, site),
        AccountCommand::Disable { number } => disable(&number, site),
        AccountCommand::Unlock { number } => unlock(&number, site),
        AccountCommand::Remove { number } => remove(&number, site),
    }
}

fn add(new: NewAccount, site: &Site) -> Result<Report, Error> {
    let mut ledger = site.ledger()?;
    let account = Account {
        lifetime: new.lease,
        longest: new.max,
        addresses: new.addresses.map(AddressCount::get),
        time_zone: new.time_zone.map(|zone| zone.into_string()),
        language: new.language,
        ..Account::new(
            free_number(ledger.connection(), new.number)?,
            new.name.into_string(),
            new.email.into_string(),
            service::known(ledger.connection(), new.services)?,
            site.now,
        )
    };
    check(ledger.connection(), &account, new.lease, new.max, site)?;
    let pin = NewPin::obtain(new.pin.pin_stdin, &account.number, site)?;
    ledger.write(|tx| {
        if account::find(tx, &account.number)?.is_some() {
            return Err(Error::AccountExists(account.number.clone()));
        }
        account::insert(tx, &account, &pin.hash)?;
        Ok(record(tx, site, "account-added", &account.number, &describe(&account))?)
    })?;
    Ok(change("added", account, pin.shown))
}

fn list(site: &Site) -> Result<Report, Error> {
    let accounts = account::all(site.reader()?.connection())?;
    Ok(Report::Accounts(accounts.into_iter().map(AccountRow::from).collect()))
}

fn show(number: &AccountNumber, site: &Site) -> Result<Report, Error> {
    let reader = site.reader()?;
    let account = find(reader.connection(), number)?;
    let leases = lease::open_ones(reader.connection(), number, site.now)?;
    let leases = leases.into_iter().map(|lease| LeaseRow::new(lease, site.now)).collect();
    let terms = terms::of(reader.connection(), &account, site)?.into();
    Ok(Report::Account(AccountDetails { account: account.into(), terms, leases }))
}

fn set(number: &AccountNumber, changes: Changes, site: &Site) -> Result<Report, Error> {
    site.ledger()?.write(|tx| {
        let account = find(tx, number)?;
        let before = terms::of(tx, &account, site)?;
        let account = changed(tx, account, changes, site)?;
        account::update(tx, &account)?;
        record(tx, site, "account-changed", number, &describe(&account))?;
        let shortened = terms::hold(tx, &account, &before, site)?;
        let account = account.into();
        let change = AccountChange { shortened, ..AccountChange::new("changed", account) };
        Ok(Report::AccountChange(change))
    })
}

fn change_pin(number: &AccountNumber, source: &PinSource, site: &Site) -> Result<Report, Error> {
    let mut ledger = site.ledger()?;
    find(ledger.connection(), number)?;
    let pin = NewPin::obtain(source.pin_stdin, number, site)?;
    let (account, ended) = ledger.write(|tx| {
        // Who has a new PIN does not wait for the failures with the old one.
        let account = Account { unlocked_at: Some(site.now), ..find(tx, number)? };
        account::update(tx, &account)?;
        account::set_pin_hash(tx, number, &pin.hash)?;
        record(tx, site, "account-pin-changed", number, "")?;
        Ok::<_, Error>((account, end_leases(tx, number, LeaseEnd::Disabled, site)?))
    })?;
    let change = AccountChange::new("has a new PIN", account.into());
    Ok(Report::AccountChange(AccountChange { pin: pin.shown, ended, ..change }))
}

fn enable(number: &AccountNumber, site: &Site) -> Result<Report, Error> {
    site.ledger()?.write(|tx| {
        let account = find(tx, number)?;
        if account.enabled {
            return Ok(change("is enabled already", account, None));
        }
        let account = Account { enabled: true, ..account };
        account::update(tx, &account)?;
        record(tx, site, "account-enabled", number, "")?;
        Ok(change("enabled", account, None))
    })
}

fn disable(number: &AccountNumber, site: &Site) -> Result<Report, Error> {
    site.ledger()?.write(|tx| {
        let account = find(tx, number)?;
        if !account.enabled {
            return Ok(change("is disabled already", account, None));
        }
        let account = Account { enabled: false, ..account };
        account::update(tx, &account)?;
        record(tx, site, "account-disabled", number, "")?;
        let ended = end_leases(tx, number, LeaseEnd::Disabled, site)?;
        Ok(ending("disabled", account, ended))
    })
}

fn unlock(number: &AccountNumber, site: &Site) -> Result<Report, Error> {
    site.ledger()?.write(|tx| {
        let account = Account { unlocked_at: Some(site.now), ..find(tx, number)? };
        account::update(tx, &account)?;
        record(tx, site, "account-unlocked", number, "")?;
        Ok(change("unlocked", account, None))
    })
}

fn remove(number: &AccountNumber, site: &Site) -> Result<Report, Error> {
    site.ledger()?.write(|tx| {
        let account = find(tx, number)?;
        account::remove(tx, number)?;
        record(tx, site, "account-removed", number, &describe(&account))?;
        let ended = end_leases(tx, number, LeaseEnd::Removed, site)?;
        Ok(ending("removed", account, ended))
    })
}

fn find(connection: &Connection, number: &AccountNumber) -> Result<Account, Error> {
    account::find(connection, number)?.ok_or_else(|| Error::NoAccount(number.clone()))
}

fn free_number(connection: &Connection, number: NewNumber) -> Result<AccountNumber, Error> {
    let NewNumber::Number(number) = number else {
        for _ in 0..random::ATTEMPTS {
            let number = random::account_number()?;
            if account::find(connection, &number)?.is_none() {
                return Ok(number);
            }
        }
        return Err(Error::Unlucky("free account number"));
    };
    match account::find(connection, &number)? {
        Some(_) => Err(Error::AccountExists(number)),
        None => Ok(number),
    }
}

/// The account with these changes, when they are such as may be.
pub(crate) fn changed(
    connection: &Connection,
    mut account: Account,
    changes: Changes,
    site: &Site,
) -> Result<Account, Error> {
    let Changes { name, email, services, lease, max, addresses, time_zone, language } = changes;
    if let Some(name) = name {
        account.name = name.into_string();
    }
    if let Some(email) = email {
        account.email = email.into_string();
    }
    if let Some(services) = services {
        account.services = service::known(connection, services)?;
    }
    let (lease, max) = (lease.map(Setting::own), max.map(Setting::own));
    account.lifetime = lease.unwrap_or(account.lifetime);
    account.longest = max.unwrap_or(account.longest);
    if let Some(addresses) = addresses {
        account.addresses = addresses.own().map(AddressCount::get);
    }
    if let Some(zone) = time_zone {
        account.time_zone = zone.own().map(TimeZoneName::into_string);
    }
    if let Some(language) = language {
        account.language = language.own();
    }
    check(connection, &account, lease.flatten(), max.flatten(), site)?;
    Ok(account)
}

/// Whether what was asked for fits: nobody means a limit that is none, or a time that is always cut.
fn check(
    connection: &Connection,
    account: &Account,
    lease: Option<Lifetime>,
    max: Option<Lifetime>,
    site: &Site,
) -> Result<(), Error> {
    Terms::of_site(&site.config.lease).lifetime(max)?;
    terms::of(connection, account, site)?.lifetime(lease)?;
    Ok(())
}

/// Ends the open leases of an account.
pub(crate) fn end_leases(
    transaction: &Transaction<'_>,
    number: &AccountNumber,
    by: LeaseEnd,
    site: &Site,
) -> Result<Vec<LeaseRow>, DatabaseError> {
    let leases = lease::open_ones(transaction, number, site.now)?;
    lease::end(transaction, leases, by, site)
}

/// Tells the audit trail.
pub(crate) fn record(
    transaction: &Transaction<'_>,
    site: &Site,
    action: &str,
    number: &AccountNumber,
    detail: &str,
) -> Result<(), DatabaseError> {
    audit::record(transaction, site.now, &site.operator, action, Some(number), detail)
}

/// What the audit trail tells of an account.
pub(crate) fn describe(account: &Account) -> String {
    let services: Vec<&str> = account.services.iter().map(ServiceName::as_str).collect();
    format!(
        "{} <{}>, services {}, lease {}, max {}, addresses {}, time zone {}, language {}",
        account.name,
        account.email,
        services.join(" "),
        or_default(account.lifetime),
        or_default(account.longest),
        or_default(account.addresses),
        account.time_zone.as_deref().unwrap_or("default"),
        account.language.map_or("default", Language::as_str),
    )
}

fn or_default(own: Option<impl ToString>) -> String {
    own.map_or_else(|| "default".to_owned(), |own| own.to_string())
}

fn change(done: &'static str, account: Account, pin: Option<Pin>) -> Report {
    Report::AccountChange(AccountChange { pin, ..AccountChange::new(done, account.into()) })
}

fn ending(done: &'static str, account: Account, ended: Vec<LeaseRow>) -> Report {
    Report::AccountChange(AccountChange { ended, ..AccountChange::new(done, account.into()) })
}
