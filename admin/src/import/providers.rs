//! `dialgate allow import-providers`: the list of providers that this program carries.

use std::collections::BTreeSet;

use dialgate_contract::ServiceName;
use serde::Deserialize;

use super::lines::{entry, found};
use super::{Consent, Found, ImportError, carry_out};
use crate::cli::ChosenProviders;
use crate::error::Error;
use crate::report::{ProviderRow, Providers, Report};
use crate::site::Site;

const LIST: &str = include_str!("../../providers/providers.toml");

/// The list, as it is shipped.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    dated: String,
    provider: Vec<Provider>,
}

/// One provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    name: String,
    title: String,
    /// Where the entries are from.
    source: String,
    /// When that was read.
    date: String,
    note: Option<String>,
    open: Vec<Open>,
}

/// What is open from where.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    services: BTreeSet<ServiceName>,
    from: Vec<String>,
}

pub(crate) fn run(chosen: &ChosenProviders, site: &Site) -> Result<Report, Error> {
    let list = list()?;
    if chosen.list || (chosen.names.is_empty() && !chosen.all) {
        let providers = list.provider.into_iter().map(row).collect();
        return Ok(Report::Providers(Providers { dated: list.dated, providers }));
    }
    let known = |name: &String| list.provider.iter().any(|provider| provider.name == *name);
    if let Some(name) = chosen.names.iter().find(|name| !known(name)) {
        let names: Vec<&str> =
            list.provider.iter().map(|provider| provider.name.as_str()).collect();
        let (name, known) = (name.clone(), names.join(", "));
        return Err(ImportError::NoProvider { name, known }.into());
    }
    let wanted = |provider: &&Provider| chosen.all || chosen.names.contains(&provider.name);
    let found = list.provider.iter().filter(wanted).flat_map(entries).collect();
    carry_out(found, Consent { yes: chosen.yes, skip_bad: false }, site)
}

fn list() -> Result<List, ImportError> {
    toml::from_str(LIST).map_err(|error| ImportError::Providers(error.to_string()))
}

fn entries(provider: &Provider) -> Vec<Found> {
    let froms =
        provider.open.iter().flat_map(|open| open.from.iter().map(move |from| (open, from)));
    froms
        .map(|(open, from)| {
            let entry = entry(from, &provider.title, &open.services, false);
            found(provider.name.clone(), from, entry)
        })
        .collect()
}

fn row(provider: Provider) -> ProviderRow {
    let services = provider.open.iter().flat_map(|open| open.services.iter().cloned()).collect();
    ProviderRow {
        from: provider.open.into_iter().flat_map(|open| open.from).collect(),
        name: provider.name,
        title: provider.title,
        services,
        source: provider.source,
        date: provider.date,
        note: provider.note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_a_source_a_date_and_entries_that_can_be_taken() {
        let list = list().unwrap();
        let is_date = |text: &str| text.parse::<jiff::civil::Date>().is_ok();
        assert!(is_date(&list.dated) && !list.provider.is_empty());
        let mut names = BTreeSet::new();
        for provider in &list.provider {
            assert!(names.insert(&provider.name), "{} is there twice", provider.name);
            assert!(is_date(&provider.date) && provider.date <= list.dated, "{}", provider.name);
            assert!(provider.source.starts_with("https://"), "{}", provider.name);
            let entries = entries(provider);
            assert!(!entries.is_empty());
            for found in entries {
                assert!(found.entry.is_ok(), "{}: {:?}", provider.name, found);
            }
        }
    }
}
