//! What a letter says, in words and in two forms. No links: who has learnt to expect none is harder to fool.

mod phrases;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use dialgate_contract::ledger::Letter;
use dialgate_contract::{AccountNumber, ServiceName};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::text::clean;

/// The longest name that is shown, in characters.
const LONGEST_NAME: usize = 64;
/// The longest of anything else that others wrote.
const LONGEST_FACT: usize = 100;

/// A letter in words.
#[derive(Debug)]
pub(super) struct Words {
    /// The same for all letters of a kind, ASCII.
    pub(super) subject: &'static str,
    opening: [String; 2],
    facts: Vec<(&'static str, String)>,
    closing: &'static [&'static str],
}

impl Words {
    /// Puts a letter into words; a time whose zone is not known is told in `machine`, this machine's.
    pub(super) fn of(letter: &Letter, machine: &TimeZone) -> Self {
        match letter {
            Letter::Opened {
                name,
                account,
                address,
                services,
                until,
                time_zone,
                replaced,
                extended,
                caller,
            } => {
                let services: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
                let mut facts = vec![
                    ("Account", account.to_string()),
                    ("Address", address.to_string()),
                    ("Services", services.join(", ")),
                    ("Until", spoken(*until, &zone(time_zone.as_deref(), machine))),
                ];
                facts.extend(replaced.map(|old| ("No longer open", old.to_string())));
                facts.push(("Asked for by", asked_by(caller.as_deref())));
                let kind = if *extended { phrases::EXTENDED } else { phrases::OPENED };
                Self::new(name, kind, facts, phrases::NOT_YOU)
            }
            Letter::Closed { name, account, addresses, caller } => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                let facts = asked(account, Some(addresses.join(", ")), caller.as_deref());
                Self::new(name, phrases::CLOSED, facts, phrases::NOT_YOU_CLOSED)
            }
            Letter::PinChanged { name, account, caller } => {
                let facts = asked(account, None, caller.as_deref());
                Self::new(name, phrases::PIN_CHANGED, facts, phrases::NOT_YOU_PIN)
            }
            Letter::FailedLogins { name, account, failures, at, time_zone } => Self::new(
                name,
                phrases::FAILED_LOGINS,
                vec![
                    ("Account", account.to_string()),
                    ("Failed logins", format!("{failures} on end")),
                    ("The last", spoken(*at, &zone(time_zone.as_deref(), machine))),
                ],
                phrases::NOT_YOU_FAILING,
            ),
            Letter::Guessing { failures, at } => Self::guessing(*failures, *at, machine),
            Letter::Refused { account, address, refusal, caller, at } => {
                let mut facts = vec![
                    ("Reason", phrases::reason(*refusal).to_owned()),
                    ("Account", account.to_string()),
                ];
                // A wish about what is open already names none.
                facts.extend(shown("Address", address));
                facts.extend(shown("Called from", caller));
                facts.push(("When", spoken(*at, machine)));
                Self::to_operator(phrases::REFUSAL, facts, phrases::REFUSED)
            }
        }
    }

    fn guessing(failures: u32, at: Timestamp, machine: &TimeZone) -> Self {
        let facts = vec![
            ("Failed logins", format!("{failures} within an hour")),
            ("The last", spoken(at, machine)),
        ];
        Self::to_operator(phrases::GUESSED, facts, phrases::GUESSING)
    }

    fn to_operator(
        kind: (&'static str, &str),
        facts: Vec<(&'static str, String)>,
        closing: &'static [&'static str],
    ) -> Self {
        Self::new("", kind, facts, closing)
    }

    fn new(
        name: &str,
        (subject, opening): (&'static str, &str),
        facts: Vec<(&'static str, String)>,
        closing: &'static [&'static str],
    ) -> Self {
        Self { subject, opening: [greeting(name), opening.to_owned()], facts, closing }
    }

    /// As plain text.
    pub(super) fn plain(&self) -> String {
        let width = self.facts.iter().map(|(label, _)| label.len() + 2).max().unwrap_or_default();
        let facts: Vec<String> = self
            .facts
            .iter()
            .map(|(label, fact)| format!("  {:width$}{fact}", format!("{label}:")))
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
                let fact = html_escaped(fact);
                format!("<tr><th align=\"left\">{label}</th><td>{fact}</td></tr>\r\n")
            })
            .collect();
        format!(
            "<!DOCTYPE html>\r\n<html lang=\"en\">\r\n<head><meta charset=\"utf-8\"><title>{}</title></head>\r\n\
             <body>\r\n{opening}<table cellpadding=\"4\">\r\n{facts}</table>\r\n{closing}</body>\r\n</html>\r\n",
            self.subject
        )
    }
}

/// The zone of that name; `machine` where there is none.
fn zone(name: Option<&str>, machine: &TimeZone) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(|| machine.clone())
}

fn greeting(name: &str) -> String {
    match clean(name, LONGEST_NAME) {
        name if name.is_empty() => "Hello,".to_owned(),
        name => format!("Hello {name},"),
    }
}

/// A fact that others wrote; none where they wrote nothing.
fn shown(label: &'static str, text: &str) -> Option<(&'static str, String)> {
    Some((label, clean(text, LONGEST_FACT))).filter(|(_, text)| !text.is_empty())
}

fn asked(
    account: &AccountNumber,
    closed: Option<String>,
    caller: Option<&str>,
) -> Vec<(&'static str, String)> {
    let closed = closed.map(|addresses| ("No longer open", addresses));
    let account = ("Account", account.to_string());
    [Some(account), closed, Some(("Asked for by", asked_by(caller)))]
        .into_iter()
        .flatten()
        .collect()
}

fn asked_by(caller: Option<&str>) -> String {
    match caller.map(|caller| clean(caller, LONGEST_FACT)) {
        None => "the operator".to_owned(),
        Some(digits) if digits.bytes().any(|byte| byte.is_ascii_digit()) => {
            format!("a call from a number that ends in {digits}")
        }
        Some(_) => "a call from a hidden number".to_owned(),
    }
}

/// Such as `Friday, 20 November 2026, 18:05 (Europe/Paris)`.
fn spoken(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let zone = match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => format!("UTC{}", at.strftime("%:z")),
    };
    format!("{} ({zone})", at.strftime("%A, %-d %B %Y, %H:%M"))
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
