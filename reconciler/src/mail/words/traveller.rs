//! What one traveller reads, in the traveller's language.

use dialgate_contract::{AccountNumber, Language, TravellerAddress};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::phrases::{Kind, Phrases};
use super::when::spoken;
use super::{Fact, LONGEST_FACT, Words, clean};

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

    pub(super) const fn phrases(&self) -> &'static Phrases {
        self.phrases
    }

    /// A time in the zone of that name; in `machine`, this machine's, where there is none.
    pub(super) fn time(&self, at: Timestamp, zone: Option<&str>, machine: &TimeZone) -> String {
        let zone = zone.and_then(|name| TimeZone::get(name).ok());
        spoken(at, zone.as_ref().unwrap_or(machine), self.language)
    }

    pub(super) fn pin_changed(&self, account: &AccountNumber, caller: Option<&str>) -> Words {
        self.reads(&self.phrases.pin_changed, self.asked(account, None, caller))
    }

    pub(super) fn failed_logins(
        &self,
        account: &AccountNumber,
        failures: u32,
        last: String,
    ) -> Words {
        let Phrases { labels, on_end, failed_logins, .. } = self.phrases;
        let facts = vec![
            (labels.account, account.to_string()),
            (labels.failed_logins, format!("{failures}{on_end}")),
            (labels.the_last, last),
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
            (labels.account, account.to_string()),
            (labels.address, address.to_string()),
            (labels.until, until),
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
            (labels.account, account.to_string()),
            (labels.no_longer_open, address.to_string()),
            (labels.unused_since, since),
        ];
        self.reads(unused, facts)
    }

    pub(super) fn reads(&self, kind: &'static Kind, facts: Vec<Fact>) -> Words {
        let opening = [self.greeting(), kind.opening.to_owned()];
        let Kind { subject, closing, .. } = *kind;
        Words { subject, language: self.language, opening, facts, closing }
    }

    fn greeting(&self) -> String {
        let (before, after) = self.phrases.greeting;
        match clean(self.name, LONGEST_NAME) {
            name if name.is_empty() => self.phrases.nameless.to_owned(),
            name => format!("{before}{name}{after}"),
        }
    }

    pub(super) fn asked(
        &self,
        account: &AccountNumber,
        closed: Option<String>,
        caller: Option<&str>,
    ) -> Vec<Fact> {
        let labels = &self.phrases.labels;
        let closed = closed.map(|addresses| (labels.no_longer_open, addresses));
        let account = (labels.account, account.to_string());
        let by = (labels.asked_for_by, self.asked_by(caller));
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
