//! What is taken over from elsewhere.

use std::collections::BTreeSet;

use dialgate_contract::ledger::Allow;
use dialgate_contract::{Origin, ServiceName};
use jiff::Timestamp;
use serde::Serialize;

use crate::import::Entry;

#[derive(Debug, Serialize)]
pub(crate) struct Import {
    pub(crate) entries: Vec<ImportRow>,
    /// `false`: it was shown only.
    pub(crate) done: bool,
    #[serde(skip)]
    pub(crate) last_pass: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ImportRow {
    /// Where it stands, such as `line 4`.
    pub(crate) place: String,
    /// As it was written.
    pub(crate) text: String,
    pub(crate) origin: Option<Origin>,
    pub(crate) services: BTreeSet<ServiceName>,
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    /// Why it is refused.
    pub(crate) problem: Option<String>,
}

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Add,
    /// One with this origin is on the list, and gets more services.
    Change,
    /// It is on the list as it is.
    Same,
    Refused,
}

#[derive(Debug, Serialize)]
pub(crate) struct Providers {
    pub(crate) dated: String,
    pub(crate) providers: Vec<ProviderRow>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProviderRow {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) services: BTreeSet<ServiceName>,
    pub(crate) from: Vec<String>,
    /// Where that is from, and when it was read.
    pub(crate) source: String,
    pub(crate) date: String,
    pub(crate) note: Option<String>,
}

impl Outcome {
    pub(crate) fn of(old: Option<&Allow>, new: &Allow) -> Self {
        match old {
            None => Self::Add,
            Some(old) if old.services == new.services && old.name == new.name => Self::Same,
            Some(_) => Self::Change,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Same => "there already",
            Self::Refused => "REFUSED",
        }
    }
}

impl ImportRow {
    pub(crate) fn refused(place: String, text: String, problem: String) -> Self {
        Self {
            place,
            text,
            origin: None,
            services: BTreeSet::new(),
            name: String::new(),
            outcome: Outcome::Refused,
            problem: Some(problem),
        }
    }

    pub(crate) fn taken(place: String, text: String, entry: Entry, outcome: Outcome) -> Self {
        let Entry { origin, services, name } = entry;
        Self { place, text, origin: Some(origin), services, name, outcome, problem: None }
    }
}
