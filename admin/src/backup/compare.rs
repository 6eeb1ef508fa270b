//! What a restore changes, in words.

use std::collections::BTreeMap;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, account, allow, deny, service};
use dialgate_contract::{AccountNumber, Service};
use rusqlite::Connection;

use crate::bulk;

/// Every account, entry of the lists and service that comes, goes or changes.
pub(super) fn changes(live: &Connection, copy: &Connection) -> Result<Vec<String>, DatabaseError> {
    let mut changes = accounts(live, copy)?;
    let allowed = |connection| -> Result<BTreeMap<String, String>, DatabaseError> {
        let all = allow::all(connection)?.into_iter();
        Ok(all.map(|entry| (entry.origin.to_string(), format!("{entry:?}"))).collect())
    };
    let denied = |connection| -> Result<BTreeMap<String, String>, DatabaseError> {
        let all = deny::all(connection)?.into_iter();
        Ok(all.map(|entry| (entry.network.to_string(), format!("{entry:?}"))).collect())
    };
    changes.extend(services(live, copy)?);
    changes.extend(list("the allow list", &allowed(live)?, &allowed(copy)?));
    changes.extend(list("the deny list", &denied(live)?, &denied(copy)?));
    Ok(changes)
}

type Accounts = BTreeMap<AccountNumber, (Account, Option<String>)>;

fn accounts(live: &Connection, copy: &Connection) -> Result<Vec<String>, DatabaseError> {
    let all = |connection| -> Result<Accounts, DatabaseError> {
        let with_hash = |one: Account| {
            let hash = account::pin_hash(connection, &one.number)?;
            Ok((one.number.clone(), (one, hash)))
        };
        account::all(connection)?.into_iter().map(with_hash).collect()
    };
    let (live, copy) = (all(live)?, all(copy)?);
    let gone = live.iter().filter(|(number, _)| !copy.contains_key(number));
    let gone = gone.map(|(number, (one, _))| format!("account {number} ({}) goes", one.name));
    let rest = copy.iter().filter_map(|(number, (one, hash))| {
        let Some((old, old_hash)) = live.get(number) else {
            return Some(format!("account {number} ({}) comes", one.name));
        };
        let mut changed = bulk::differences(old, one);
        if old_hash != hash {
            changed.push("its PIN of then".to_owned());
        }
        (!changed.is_empty())
            .then(|| format!("account {number} ({}): {}", one.name, changed.join(", ")))
    });
    Ok(gone.chain(rest).collect())
}

fn services(live: &Connection, copy: &Connection) -> Result<Vec<String>, DatabaseError> {
    let all = |connection| -> Result<BTreeMap<String, String>, DatabaseError> {
        let with_ports = |one: Service| {
            let longest = one.longest.map(|longest| format!(", for {longest} at most"));
            (one.name.to_string(), format!("{}{}", one.ports, longest.unwrap_or_default()))
        };
        Ok(service::all(connection)?.into_iter().map(with_ports).collect())
    };
    let (live, copy) = (all(live)?, all(copy)?);
    let gone = live.keys().filter(|name| !copy.contains_key(*name));
    let gone = gone.map(|name| format!("service {name} goes"));
    let rest = copy.iter().filter_map(|(name, then)| match live.get(name) {
        None => Some(format!("service {name} comes: {then}")),
        Some(now) if now != then => Some(format!("service {name}: {now} -> {then}")),
        Some(_) => None,
    });
    Ok(gone.chain(rest).collect())
}

fn list(
    name: &str,
    live: &BTreeMap<String, String>,
    copy: &BTreeMap<String, String>,
) -> Vec<String> {
    let gone = live.keys().filter(|origin| !copy.contains_key(*origin));
    let gone = gone.map(|origin| format!("{origin} goes from {name}"));
    let rest = copy.iter().filter_map(|(origin, entry)| match live.get(origin) {
        None => Some(format!("{origin} comes to {name}")),
        Some(old) if old != entry => Some(format!("{origin} on {name} is as it was then")),
        Some(_) => None,
    });
    gone.chain(rest).collect()
}

/// The keys whose values differ, each with both.
pub(super) fn keys(here: &[u8], there: &[u8]) -> Vec<String> {
    let read = |text: &[u8]| -> BTreeMap<String, String> {
        let mut keys = BTreeMap::new();
        if let Ok(table) = String::from_utf8_lossy(text).parse::<toml::Table>() {
            flatten("", &table, &mut keys);
        }
        keys
    };
    let (here, there) = (read(here), read(there));
    let mut names: Vec<&String> = here.keys().chain(there.keys()).collect();
    names.sort();
    names.dedup();
    let value = |keys: &BTreeMap<String, String>, name: &String| {
        keys.get(name).cloned().unwrap_or_else(|| "the default".to_owned())
    };
    let differing = names.into_iter().filter(|name| here.get(*name) != there.get(*name));
    differing
        .map(|name| {
            format!("{name} is {}, in the backup {}", value(&here, name), value(&there, name))
        })
        .collect()
}

fn flatten(prefix: &str, table: &toml::Table, keys: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value.as_table() {
            Some(table) => flatten(&name, table, keys),
            None => {
                keys.insert(name, value.to_string());
            }
        }
    }
}
