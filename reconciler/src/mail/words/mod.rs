//! What a letter says, in words and in two forms. No links: who has learnt to expect none is harder to fool.

mod operator;
mod phrases;
#[cfg(test)]
mod tests;
mod traveller;
mod when;

use std::borrow::Cow;

use dialgate_contract::ledger::Letter;
use dialgate_contract::{Language, ServiceName};
use jiff::tz::TimeZone;

use self::phrases::Phrases;
use self::traveller::Traveller;
use self::when::spoken;
use super::text::clean;

/// The longest of anything that others wrote, in characters.
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
                let Phrases { labels, opened, extended: prolonged, .. } = traveller.phrases();
                let services: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
                let replaced = replaced.map(|old| old.to_string());
                let mut facts = traveller.asked(account, replaced, caller.as_deref());
                let access = [
                    (labels.address, address.to_string()),
                    (labels.services, services.join(", ")),
                    (labels.until, traveller.time(*until, time_zone.as_deref(), machine)),
                ];
                facts.splice(1..1, access);
                traveller.reads(if *extended { prolonged } else { opened }, facts)
            }
            Letter::Closed { name, language, account, addresses, caller } => {
                let traveller = Traveller::new(name, *language);
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                let facts = traveller.asked(account, Some(addresses.join(", ")), caller.as_deref());
                traveller.reads(&traveller.phrases().closed, facts)
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

/// A fact that others wrote; none where they wrote nothing.
fn shown(label: &'static str, text: &str, longest: usize) -> Option<Fact> {
    Some((label, clean(text, longest))).filter(|(_, text)| !text.is_empty())
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
