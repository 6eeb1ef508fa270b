//! What a letter says, in words and in two forms. No links: who has learnt to expect none is harder to fool.

mod operator;
mod phrases;
#[cfg(test)]
mod tests;
mod traveller;
mod when;

use std::collections::BTreeMap;

use dialgate_contract::Language;
use dialgate_contract::ledger::Letter;
use jiff::tz::TimeZone;

use self::phrases::Phrases;
use self::traveller::Traveller;
use self::when::spoken;
use crate::html;
use crate::text::clean;

/// The longest of anything that others wrote, in characters.
const LONGEST_FACT: usize = 100;

/// A letter in words.
#[derive(Debug, Clone)]
pub struct Words {
    /// The same for all letters of a kind in a language.
    pub(crate) subject: &'static str,
    pub(crate) language: Language,
    /// Whom it is to; none where that is not known.
    name: String,
    pub(crate) greeting: String,
    pub(crate) opening: &'static str,
    pub(crate) facts: Vec<Fact>,
    pub(crate) closing: &'static [&'static str],
}

/// A label and what stands beside it.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    /// What it is called in an operator's own letter.
    pub(crate) key: &'static str,
    pub(crate) label: &'static str,
    pub(crate) value: String,
}

impl Words {
    /// Puts a letter into words; a time whose zone is not known is told in `machine`, this machine's.
    #[must_use]
    pub fn of(letter: &Letter, machine: &TimeZone) -> Self {
        let at_home = |time| spoken(time, machine, Language::En);
        match letter {
            Letter::Opened {
                name,
                language,
                account,
                address,
                services,
                until,
                time_zone,
                replaced,
                extended,
                caller,
            } => {
                let traveller = Traveller::new(name, *language);
                let until = traveller.time(*until, time_zone.as_deref(), machine);
                let access = traveller.access(*address, services, until);
                let mut facts = traveller.asked_for(account, *replaced, caller.as_deref());
                facts.splice(1..1, access);
                traveller.is_open(*extended, facts)
            }
            Letter::Closed { name, language, account, addresses, caller } => {
                Traveller::new(name, *language).closed(account, addresses, caller.as_deref())
            }
            Letter::PinChanged { name, language, account, caller } => {
                Traveller::new(name, *language).pin_changed(account, caller.as_deref())
            }
            Letter::FailedLogins { name, language, account, failures, at, time_zone } => {
                let traveller = Traveller::new(name, *language);
                let last = traveller.time(*at, time_zone.as_deref(), machine);
                traveller.failed_logins(account, *failures, last)
            }
            Letter::Reminder { name, language, account, address, until, time_zone } => {
                let traveller = Traveller::new(name, *language);
                let until = traveller.time(*until, time_zone.as_deref(), machine);
                traveller.reminder(account, *address, until)
            }
            Letter::Unused { name, language, account, address, since, time_zone } => {
                let traveller = Traveller::new(name, *language);
                let since = traveller.time(*since, time_zone.as_deref(), machine);
                traveller.unused(account, *address, since)
            }
            Letter::Guessing { failures, at } => operator::guessing(*failures, at_home(*at)),
            Letter::Contested { heals, since, at, found } => {
                operator::contested(*heals, &at_home(*since), at_home(*at), found)
            }
            Letter::Test { at } => operator::test(at_home(*at)),
            Letter::Refused { account, address, refusal, caller, at } => {
                operator::refused(account, address, *refusal, caller, at_home(*at))
            }
        }
    }

    /// What the words in braces of an operator's own letter stand for, by those words.
    #[must_use]
    pub fn values(&self) -> BTreeMap<&'static str, &str> {
        let facts = self.facts.iter().map(|fact| (fact.key, fact.value.as_str()));
        [("greeting", self.greeting.as_str()), ("name", self.name.as_str())]
            .into_iter()
            .chain(facts)
            .collect()
    }

    /// The same with words in braces for all that is not the same in every letter of its kind.
    #[must_use]
    pub fn as_template(mut self) -> Self {
        "{greeting}".clone_into(&mut self.greeting);
        for fact in &mut self.facts {
            fact.value = format!("{{{}}}", fact.key);
        }
        self
    }

    /// What it is about, in one line.
    #[must_use]
    pub const fn subject(&self) -> &'static str {
        self.subject
    }

    /// As plain text.
    #[must_use]
    pub fn plain(&self) -> String {
        let colon = Phrases::of(self.language).colon;
        let labels = self.facts.iter().map(|fact| fact.label.chars().count());
        let width = labels.max().unwrap_or_default() + colon.chars().count() + 1;
        let facts: Vec<String> = self
            .facts
            .iter()
            .map(|Fact { label, value, .. }| {
                format!("  {:width$}{value}", format!("{label}{colon}"))
            })
            .collect();
        let mut blocks = vec![self.greeting.clone(), self.opening.to_owned(), facts.join("\r\n")];
        blocks.extend(self.closing.iter().map(|&block| block.to_owned()));
        blocks.join("\r\n\r\n") + "\r\n"
    }

    /// As a page of HTML that loads nothing.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(self)
    }
}

pub(crate) const fn fact(key: &'static str, label: &'static str, value: String) -> Fact {
    Fact { key, label, value }
}

/// A fact that others wrote; none where they wrote nothing.
fn shown(key: &'static str, label: &'static str, text: &str, longest: usize) -> Option<Fact> {
    Some(fact(key, label, clean(text, longest))).filter(|fact| !fact.value.is_empty())
}
