//! What one traveller reads, in the traveller's language.

use std::collections::BTreeSet;

use dialgate_contract::{AccountNumber, Language, ServiceName, TravellerAddress};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::phrases::{Kind, Phrases};
use super::when::spoken;
use super::{Fact, LONGEST_FACT, Words, clean, fact};

/// The longest name that is shown, in characters.
const LONGEST_NAME: usize = 64;

/// Who reads a letter.
pub(super) struct Traveller<'a> {
    name: &'a str,
    language: Language,
    phrases: &'static Phrases,
}

impl<'a> Traveller<'a> {
    pub(super) fn new(name: &'a str, language: Option<Language>) -> Self {
        let language = language.unwrap_or(Language::En);
        Self { name, language, phrases: Phrases::of(language) }
    }

    /// A time in the zone of that name; in `machine`, this machine's, where there is none.
    pub(super) fn time(&self, at: Timestamp, zone: Option<&str>, machine: &TimeZone) -> String {
        let zone = zone.and_then(|name| TimeZone::get(name).ok());
        spoken(at, zone.as_ref().unwrap_or(machine), self.language)
    }

    /// What is open.
    pub(super) fn access(
        &self,
        address: TravellerAddress,
        services: &BTreeSet<ServiceName>,
        until: String,
    ) -> [Fact; 3] {
        let labels = &self.phrases.labels;
        let services: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
        [
            fact("address", labels.address, address.to_string()),
            fact("services", labels.services, services.join(", ")),
            fact("until", labels.until, until),
        ]
    }

    pub(super) fn asked_for(
        &self,
        account: &AccountNumber,
        replaced: Option<TravellerAddress>,
        caller: Option<&str>,
    ) -> Vec<Fact> {
        self.asked(account, ("replaced", replaced.map(|old| old.to_string())), caller)
    }

    pub(super) fn is_open(&self, is_longer: bool, facts: Vec<Fact>) -> Words {
        let Phrases { opened, extended, .. } = self.phrases;
        self.reads(if is_longer { extended } else { opened }, facts)
    }

    pub(super) fn closed(
        &self,
        account: &AccountNumber,
        addresses: &[TravellerAddress],
        caller: Option<&str>,
    ) -> Words {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let closed = ("addresses", Some(addresses.join(", ")));
        self.reads(&self.phrases.closed, self.asked(account, closed, caller))
    }

    pub(super) fn pin_changed(&self, account: &AccountNumber, caller: Option<&str>) -> Words {
        self.reads(&self.phrases.pin_changed, self.asked(account, ("", None), caller))
    }

    pub(super) fn failed_logins(
        &self,
        account: &AccountNumber,
        failures: u32,
        last: String,
    ) -> Words {
        let Phrases { labels, on_end, failed_logins, .. } = self.phrases;
        let facts = vec![
            fact("account", labels.account, account.to_string()),
            fact("failures", labels.failed_logins, format!("{failures}{on_end}")),
            fact("last", labels.the_last, last),
        ];
        self.reads(failed_logins, facts)
    }

    pub(super) fn reminder(
        &self,
        account: &AccountNumber,
        address: TravellerAddress,
        until: String,
    ) -> Words {
        let Phrases { labels, reminder, .. } = self.phrases;
        let facts = vec![
            fact("account", labels.account, account.to_string()),
            fact("address", labels.address, address.to_string()),
            fact("until", labels.until, until),
        ];
        self.reads(reminder, facts)
    }

    pub(super) fn unused(
        &self,
        account: &AccountNumber,
        address: TravellerAddress,
        since: String,
    ) -> Words {
        let Phrases { labels, unused, .. } = self.phrases;
        let facts = vec![
            fact("account", labels.account, account.to_string()),
            fact("address", labels.no_longer_open, address.to_string()),
            fact("since", labels.unused_since, since),
        ];
        self.reads(unused, facts)
    }

    pub(super) fn reads(&self, kind: &'static Kind, facts: Vec<Fact>) -> Words {
        let Kind { subject, opening, closing } = *kind;
        let name = clean(self.name, LONGEST_NAME);
        let greeting = self.greeting(&name);
        Words { subject, language: self.language, name, greeting, opening, facts, closing }
    }

    fn greeting(&self, name: &str) -> String {
        let (before, after) = self.phrases.greeting;
        match name {
            "" => self.phrases.nameless.to_owned(),
            name => format!("{before}{name}{after}"),
        }
    }

    /// Whose access, which addresses are closed, under the key that they have, and who asked for it.
    fn asked(
        &self,
        account: &AccountNumber,
        (key, closed): (&'static str, Option<String>),
        caller: Option<&str>,
    ) -> Vec<Fact> {
        let labels = &self.phrases.labels;
        let closed = closed.map(|addresses| fact(key, labels.no_longer_open, addresses));
        let account = fact("account", labels.account, account.to_string());
        let by = fact("asked-by", labels.asked_for_by, self.asked_by(caller));
        [Some(account), closed, Some(by)].into_iter().flatten().collect()
    }

    fn asked_by(&self, caller: Option<&str>) -> String {
        match caller.map(|caller| clean(caller, LONGEST_FACT)) {
            None => self.phrases.operator.to_owned(),
            Some(digits) if digits.bytes().any(|byte| byte.is_ascii_digit()) => {
                let (before, after) = self.phrases.caller;
                format!("{before}{digits}{after}")
            }
            Some(_) => self.phrases.hidden_caller.to_owned(),
        }
    }
}
