//! What the lines of a file come to, beside what the ledger holds.

use std::collections::{BTreeMap, BTreeSet};

use dialgate_contract::ledger::{Account, account};
use dialgate_contract::{AccountNumber, Language, Lifetime, ServiceName};
use rusqlite::Connection;

use super::error::BulkError;
use super::file::{Line, Wanted};
use super::pins::NewPin;
use crate::argument::Setting;
use crate::error::Error;
use crate::report::BulkOutcome;
use crate::site::Site;
use crate::{account as one, random};

/// What becomes of one account.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) line: u64,
    /// Any number that is free will do.
    pub(super) is_auto: bool,
    /// `None`: it is new.
    pub(super) old: Option<Account>,
    pub(super) new: Account,
    pub(super) pin: NewPin,
}

/// Judges all lines; refuses all of them when one is bad.
pub(super) fn plan(
    ledger: &Connection,
    lines: Vec<Line>,
    site: &Site,
) -> Result<Vec<Planned>, Error> {
    let mut known: BTreeMap<AccountNumber, Account> =
        account::all(ledger)?.into_iter().map(|one| (one.number.clone(), one)).collect();
    let mut taken: BTreeSet<AccountNumber> = known.keys().cloned().collect();
    taken.extend(lines.iter().filter_map(|line| line.wanted.as_ref().ok()?.own_number().cloned()));
    let mut seen: BTreeMap<AccountNumber, u64> = BTreeMap::new();
    let (mut planned, mut bad) = (Vec::new(), Vec::new());
    for Line { number: line, wanted } in lines {
        let one = match wanted {
            Ok(wanted) => {
                let number = number(&wanted, &mut taken)?;
                match seen.insert(number.clone(), line) {
                    None => {
                        judge(ledger, line, number.clone(), known.remove(&number), wanted, site)
                    }
                    Some(first) => Err(vec![format!(
                        "account {number} is in line {first} already: leave one of them out"
                    )]),
                }
            }
            Err(problems) => Err(problems),
        };
        match one {
            Ok(one) => planned.push(one),
            Err(problems) => bad.push((line, problems)),
        }
    }
    if bad.is_empty() {
        return Ok(planned);
    }
    let list = bad.iter().flat_map(|(line, problems)| {
        problems.iter().map(move |problem| format!("\n  line {line}: {problem}"))
    });
    Err(BulkError::Bad { count: bad.len(), list: list.collect() }.into())
}

/// The account's own number, or one that is free.
fn number(wanted: &Wanted, taken: &mut BTreeSet<AccountNumber>) -> Result<AccountNumber, Error> {
    if let Some(number) = wanted.own_number() {
        return Ok(number.clone());
    }
    for _ in 0..random::ATTEMPTS {
        let number = random::account_number()?;
        if taken.insert(number.clone()) {
            return Ok(number);
        }
    }
    Err(Error::Unlucky("free account number"))
}

fn judge(
    ledger: &Connection,
    line: u64,
    number: AccountNumber,
    old: Option<Account>,
    wanted: Wanted,
    site: &Site,
) -> Result<Planned, Vec<String>> {
    let mut problems = if old.is_none() { missing(&wanted) } else { Vec::new() };
    let is_auto = wanted.own_number().is_none();
    let Wanted { mut changes, enabled, pin, .. } = wanted;
    if let Some(Err(weak)) = pin.as_ref().map(|pin| pin.judge(number.as_str())) {
        problems.push(format!("pin: it is too easy to guess: it {weak}; choose another one"));
    }
    // What is there already may be longer than what is allowed by now.
    if let (Some(Setting::Own(asked)), Some(old)) = (&changes.lease, &old)
        && old.lifetime == Some(*asked)
    {
        changes.lease = None;
    }
    let before = old.clone().unwrap_or_else(|| blank(number, site));
    match one::changed(ledger, before, changes, site) {
        Ok(mut new) if problems.is_empty() => {
            new.enabled = enabled.unwrap_or(new.enabled);
            let pin = match (pin, &old) {
                (Some(pin), _) => NewPin::Given(pin),
                (None, None) => NewPin::Generate,
                (None, Some(_)) => NewPin::Keep,
            };
            Ok(Planned { line, is_auto, old, new, pin })
        }
        Ok(_) => Err(problems),
        Err(error) => {
            problems.push(error.to_string());
            Err(problems)
        }
    }
}

fn missing(wanted: &Wanted) -> Vec<String> {
    let changes = &wanted.changes;
    let given = [
        ("name", changes.name.is_some()),
        ("email", changes.email.is_some()),
        ("services", changes.services.is_some()),
    ];
    let missing = given.iter().filter(|(_, is_given)| !is_given);
    missing
        .map(|(column, _)| {
            format!("there is no such account yet, and a new one needs a column {column}")
        })
        .collect()
}

/// An account with the site's defaults, and nobody's yet.
fn blank(number: AccountNumber, site: &Site) -> Account {
    Account::new(number, String::new(), String::new(), BTreeSet::new(), site.now)
}

impl Planned {
    pub(super) fn outcome(&self) -> BulkOutcome {
        match (&self.old, &self.pin) {
            (None, _) => BulkOutcome::Add,
            (Some(old), NewPin::Keep) if *old == self.new => BulkOutcome::Same,
            (Some(_), _) => BulkOutcome::Change,
        }
    }

    /// Whether more than the PIN, or whether it is enabled, changes.
    pub(super) fn is_described_anew(&self) -> bool {
        self.old
            .as_ref()
            .is_some_and(|old| *old != Account { enabled: old.enabled, ..self.new.clone() })
    }

    /// What changes of an account that is there, in words.
    pub(super) fn changes(&self) -> Vec<String> {
        let Some(old) = &self.old else { return Vec::new() };
        let mut changes = differences(old, &self.new);
        if matches!(self.pin, NewPin::Given(_)) {
            changes.push("new PIN, ends its leases".to_owned());
        }
        changes
    }
}

/// What differs, in words, but for the secret.
pub(crate) fn differences(old: &Account, new: &Account) -> Vec<String> {
    let differing = values(old).into_iter().zip(values(new)).filter(|(old, new)| old != new);
    differing.map(|((what, old), (_, new))| format!("{what} {old} -> {new}")).collect()
}

/// What of an account a file can change, but for the secret: as export writes it.
pub(super) fn values(account: &Account) -> [(&'static str, String); 9] {
    let Account { name, email, enabled, time_zone, language, services, .. } = account;
    let lifetime = |own: Option<Lifetime>| own.map_or_else(default, |own| own.to_string());
    let services: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
    [
        ("name", name.clone()),
        ("email", email.clone()),
        ("services", services.join(" ")),
        ("enabled", if *enabled { "yes" } else { "no" }.to_owned()),
        ("lease", lifetime(account.lifetime)),
        ("max", lifetime(account.longest)),
        ("addresses", account.addresses.map_or_else(default, |own| own.to_string())),
        ("time_zone", time_zone.clone().unwrap_or_else(default)),
        ("language", language.map_or_else(default, |own: Language| own.to_string())),
    ]
}

fn default() -> String {
    "default".to_owned()
}
