//! What a letter says, in words and in two forms. No links: who has learnt to expect none is harder to fool.

mod operator;
mod phrases;
#[cfg(test)]
mod tests;
mod when;

use std::borrow::Cow;

use dialgate_contract::ledger::Letter;
use dialgate_contract::{AccountNumber, Language, Refusal, ServiceName};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::phrases::{Kind, Phrases};
use self::when::spoken;
use super::text::clean;

/// The longest name that is shown, in characters.
const LONGEST_NAME: usize = 64;
/// The longest of anything else that others wrote.
const LONGEST_FACT: usize = 100;

/// A letter in words.
#[derive(Debug)]
pub(super) struct Words {
    /// The same for all letters of a kind in a language.
    pub(super) subject: &'static str,
    language: Language,
    opening: [String; 2],
    facts: Vec<Fact>,
    closing: &'static [&'static str],
}

/// A label and what stands beside it.
type Fact = (&'static str, String);

impl Words {
    /// Puts a letter into words; a time whose zone is not known is told in `machine`, this machine's.
    pub(super) fn of(letter: &Letter, machine: &TimeZone) -> Self {
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
                let Phrases { labels, opened, extended: prolonged, .. } = traveller.phrases;
                let services: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
                let until =
                    spoken(*until, &zone(time_zone.as_deref(), machine), traveller.language);
                let replaced = replaced.map(|old| old.to_string());
                let mut facts = traveller.asked(account, replaced, caller.as_deref());
                let access = [
                    (labels.address, address.to_string()),
                    (labels.services, services.join(", ")),
                    (labels.until, until),
                ];
                facts.splice(1..1, access);
                traveller.reads(if *extended { prolonged } else { opened }, facts)
            }
            Letter::Closed { name, language, account, addresses, caller } => {
                let traveller = Traveller::new(name, *language);
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                let facts = traveller.asked(account, Some(addresses.join(", ")), caller.as_deref());
                traveller.reads(&traveller.phrases.closed, facts)
            }
            Letter::PinChanged { name, language, account, caller } => {
                let traveller = Traveller::new(name, *language);
                let facts = traveller.asked(account, None, caller.as_deref());
                traveller.reads(&traveller.phrases.pin_changed, facts)
            }
            Letter::FailedLogins { name, language, account, failures, at, time_zone } => {
                let traveller = Traveller::new(name, *language);
                let Phrases { labels, on_end, failed_logins, .. } = traveller.phrases;
                let last = spoken(*at, &zone(time_zone.as_deref(), machine), traveller.language);
                let facts = vec![
                    (labels.account, account.to_string()),
                    (labels.failed_logins, format!("{failures}{on_end}")),
                    (labels.the_last, last),
                ];
                traveller.reads(failed_logins, facts)
            }
            Letter::Guessing { failures, at } => guessing(*failures, *at, machine),
            Letter::Refused { account, address, refusal, caller, at } => {
                let when = spoken(*at, machine, Language::En);
                refused(account, address, *refusal, caller, when)
            }
        }
    }

    /// As plain text.
    pub(super) fn plain(&self) -> String {
        let colon = Phrases::of(self.language).colon;
        let labels = self.facts.iter().map(|(label, _)| label.chars().count());
        let width = labels.max().unwrap_or_default() + colon.chars().count() + 1;
        let facts: Vec<String> = self
            .facts
            .iter()
            .map(|(label, fact)| format!("  {:width$}{fact}", format!("{label}{colon}")))
            .collect();
        let mut blocks = self.opening.to_vec();
        blocks.push(facts.join("\r\n"));
        blocks.extend(self.closing.iter().map(|&block| block.to_owned()));
        blocks.join("\r\n\r\n") + "\r\n"
    }

    /// As a page of HTML that loads nothing.
    pub(super) fn html(&self) -> String {
        let paragraph = |text: &str| format!("<p>{}</p>\r\n", html_escaped(text));
        let opening: String = self.opening.iter().map(|text| paragraph(text)).collect();
        let closing: String = self.closing.iter().map(|text| paragraph(text)).collect();
        let facts: String = self
            .facts
            .iter()
            .map(|(label, fact)| {
                let (label, fact) = (html_escaped(label), html_escaped(fact));
                format!("<tr><th align=\"left\">{label}</th><td>{fact}</td></tr>\r\n")
            })
            .collect();
        format!(
            "<!DOCTYPE html>\r\n<html lang=\"{}\">\r\n<head><meta charset=\"utf-8\"><title>{}</title></head>\r\n\
             <body>\r\n{opening}<table cellpadding=\"4\">\r\n{facts}</table>\r\n{closing}</body>\r\n</html>\r\n",
            self.language,
            html_escaped(self.subject)
        )
    }
}

/// Who reads a letter.
struct Traveller<'a> {
    name: &'a str,
    language: Language,
    phrases: &'static Phrases,
}

impl<'a> Traveller<'a> {
    fn new(name: &'a str, language: Option<Language>) -> Self {
        let language = language.unwrap_or(Language::En);
        Self { name, language, phrases: Phrases::of(language) }
    }

    fn reads(&self, kind: &'static Kind, facts: Vec<Fact>) -> Words {
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

    fn asked(
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

fn guessing(failures: u32, at: Timestamp, machine: &TimeZone) -> Words {
    let facts = vec![
        ("Failed logins", format!("{failures} within an hour")),
        ("The last", spoken(at, machine, Language::En)),
    ];
    Traveller::new("", None).reads(&operator::GUESSING, facts)
}

fn refused(
    account: &AccountNumber,
    address: &str,
    refusal: Refusal,
    caller: &str,
    when: String,
) -> Words {
    let mut facts =
        vec![("Reason", operator::reason(refusal).to_owned()), ("Account", account.to_string())];
    // A wish about what is open already names none.
    facts.extend(shown("Address", address));
    facts.extend(shown("Called from", caller));
    facts.push(("When", when));
    Traveller::new("", None).reads(&operator::REFUSED, facts)
}

/// The zone of that name; `machine` where there is none.
fn zone(name: Option<&str>, machine: &TimeZone) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(|| machine.clone())
}

/// A fact that others wrote; none where they wrote nothing.
fn shown(label: &'static str, text: &str) -> Option<Fact> {
    Some((label, clean(text, LONGEST_FACT))).filter(|(_, text)| !text.is_empty())
}

fn html_escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}
