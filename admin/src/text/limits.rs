//! How long leases last at most, and from how many addresses.

use super::Reader;
use crate::report::{AccountRow, LeaseRow, ServiceChange, TermsRow};

impl Reader<'_> {
    pub(super) fn service_change(&self, change: &ServiceChange) -> String {
        let service = &change.service;
        let max = service.max.map_or_else(String::new, |max| format!(", {max} at most"));
        let done = format!("service {} ({}{max}) {}\n", service.name, service.ports, change.done);
        done + &self.shortened(&change.shortened)
    }

    pub(super) fn shortened(&self, leases: &[LeaseRow]) -> String {
        let lines = leases.iter().map(|lease| {
            let until = self.when(lease.expires_at);
            format!("cut {}: {} until {until}\n", lease.id, lease.address)
        });
        lines.collect()
    }
}

/// What holds for an account, a line for each, and where it is from.
pub(super) fn lines(account: &AccountRow, terms: &TermsRow) -> String {
    let lease = match account.lease {
        Some(own) if own > terms.lease => format!("{own}, cut to {}", terms.lease),
        Some(own) => own.to_string(),
        None => format!("default, which is {} here", terms.lease),
    };
    let addresses = match account.addresses {
        Some(own) => own.to_string(),
        None => format!("default, which is {} here", terms.addresses),
    };
    format!(
        "lease      {lease}\nat most    {}, by {}\naddresses  {addresses}\n",
        terms.max, terms.max_by
    )
}

/// What an account has of its own.
pub(super) fn own(account: &AccountRow) -> String {
    let max = account.max.map(|max| max.to_string());
    let addresses = account.addresses.map(|count| match count.get() {
        1 => "1 address".to_owned(),
        more => format!("{more} addresses"),
    });
    max.into_iter().chain(addresses).collect::<Vec<_>>().join(", ")
}
