//! What a letter says, in words and in two forms. No links: who has learnt to expect none is harder to fool.

use std::borrow::Cow;

use dialgate_contract::ledger::Letter;
use dialgate_contract::{Refusal, ServiceName};
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
                let kind = if *extended { EXTENDED } else { OPENED };
                Self::to_traveller(name, kind, facts, NOT_YOU)
            }
            Letter::Closed { name, account, addresses, caller } => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                Self::to_traveller(
                    name,
                    CLOSED,
                    vec![
                        ("Account", account.to_string()),
                        ("No longer open", addresses.join(", ")),
                        ("Asked for by", asked_by(caller.as_deref())),
                    ],
                    NOT_YOU_CLOSED,
                )
            }
            Letter::PinChanged { name, account, caller } => Self::to_traveller(
                name,
                PIN_CHANGED,
                vec![
                    ("Account", account.to_string()),
                    ("Asked for by", asked_by(caller.as_deref())),
                ],
                NOT_YOU_PIN,
            ),
            Letter::FailedLogins { name, account, failures, at, time_zone } => Self::to_traveller(
                name,
                FAILED_LOGINS,
                vec![
                    ("Account", account.to_string()),
                    ("Failed logins", format!("{failures} on end")),
                    ("The last", spoken(*at, &zone(time_zone.as_deref(), machine))),
                ],
                NOT_YOU_FAILING,
            ),
            Letter::Guessing { failures, at } => Self::guessing(*failures, *at, machine),
            Letter::Refused { account, address, refusal, caller, at } => {
                let address = clean(address, LONGEST_FACT);
                let mut facts =
                    vec![("Reason", reason(*refusal).to_owned()), ("Account", account.to_string())];
                // A wish that is about what is open already names none.
                facts.extend((!address.is_empty()).then_some(("Address", address)));
                facts.push(("Called from", clean(caller, LONGEST_FACT)));
                facts.push(("When", spoken(*at, machine)));
                Self::to_operator(REFUSAL, facts, REFUSED)
            }
        }
    }

    fn guessing(failures: u32, at: Timestamp, machine: &TimeZone) -> Self {
        let facts = vec![
            ("Failed logins", format!("{failures} within an hour")),
            ("The last", spoken(at, machine)),
        ];
        Self::to_operator(GUESSED, facts, GUESSING)
    }

    fn to_operator(
        kind: (&'static str, &str),
        facts: Vec<(&'static str, String)>,
        closing: &'static [&'static str],
    ) -> Self {
        Self::to_traveller("", kind, facts, closing)
    }

    fn to_traveller(
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

/// Subject and first sentence.
const OPENED: (&str, &str) = ("Your access is open", "the access below has been opened.");
const EXTENDED: (&str, &str) =
    ("Your access lasts longer", "the access below was open already and now lasts longer.");
const CLOSED: (&str, &str) = ("Your access is closed", "your access has been closed by telephone.");
const PIN_CHANGED: (&str, &str) = (
    "Your PIN was changed",
    "your PIN has been changed by telephone, and what was open is closed.",
);
const FAILED_LOGINS: (&str, &str) = (
    "Failed logins to your account",
    "somebody keeps calling with your account number and a wrong PIN. Nothing was opened by these calls.",
);
const GUESSED: (&str, &str) = (
    "Somebody is guessing PINs",
    "logins to many accounts keep failing. Nothing was opened by these calls.",
);
const REFUSAL: (&str, &str) = (
    "A request for access was refused",
    "a request for access was refused, and nothing was opened.",
);

const NO_PIN_BY_MAIL: &str = "Keep your PIN to yourself. No letter will ever ask for it.";

const NOT_YOU: &[&str] = &[
    "If this was not you, somebody else knows your account number and your PIN: call the operator of your telephone \
     system at once, and ask to have this access closed and your PIN changed.",
    NO_PIN_BY_MAIL,
];

const NOT_YOU_CLOSED: &[&str] = &[
    "If this was not you, somebody else knows your account number and your PIN: call the operator of your telephone \
     system at once, and ask to have your PIN changed.",
    NO_PIN_BY_MAIL,
];

const NOT_YOU_PIN: &[&str] = &[
    "If this was not you, somebody else has taken over your account: call the operator of your telephone system at \
     once, and ask to have the account disabled until you have a new PIN.",
    NO_PIN_BY_MAIL,
];

const NOT_YOU_FAILING: &[&str] = &[
    "If this was you, call again when you have your PIN at hand; after many failures there is a wait, which grows. The \
     operator of your telephone system can give you a new PIN.",
    "If this was not you, there is nothing that you must do: your PIN was not guessed. Should more of these letters \
     come, tell the operator.",
    NO_PIN_BY_MAIL,
];

const GUESSING: &[&str] = &[
    "Further guesses are made to wait, and travellers who call from their usual numbers are let in as before. \
     \"dialgate audit\" shows which accounts were tried. If it goes on, ask your carrier where the calls come from, and \
     have weak PINs changed with \"dialgate account pin\".",
];

const REFUSED: &[&str] = &[
    "If the traveller is waiting, \"dialgate lease grant\" opens an address by hand. If nobody you know made this \
     call, \"dialgate audit\" shows whether there were others like it.",
];

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

fn asked_by(caller: Option<&str>) -> String {
    match caller.map(|caller| clean(caller, LONGEST_FACT)) {
        None => "the operator".to_owned(),
        Some(digits) if digits.bytes().any(|byte| byte.is_ascii_digit()) => {
            format!("a call from a number that ends in {digits}")
        }
        Some(_) => "a call from a hidden number".to_owned(),
    }
}

fn reason(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Account => "there is no such account, or it is disabled",
        Refusal::PrivateAddress => {
            "the address is private or shared by a carrier's customers, and cannot be reached from here"
        }
        Refusal::SpecialAddress => {
            "the address is set aside for another purpose and belongs to no traveller"
        }
        Refusal::OwnAddress => "the address is this machine's own",
        Refusal::Lifetime => "it was to last longer than the account or the site allows",
        Refusal::TooMany => "there were more requests within an hour than are allowed",
        Refusal::NothingOpen => "there was nothing open to extend or to close",
        Refusal::Stale => "it was too old to be believed when it was read",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter::Opened {
            name: "Ann".to_owned(),
            account: "4711".parse().unwrap(),
            address: "12.34.56.78".parse().unwrap(),
            services: ["sip", "rtp"].map(|name| name.parse().unwrap()).into(),
            until: "2026-11-20T17:05:00Z".parse().unwrap(),
            time_zone: Some("Europe/Paris".to_owned()),
            replaced: Some("1.2.3.4".parse().unwrap()),
            extended: false,
            caller: Some("5678".to_owned()),
        }
    }

    fn with(change: impl FnOnce(&mut Option<String>, &mut Option<String>, &mut String)) -> Words {
        let mut letter = letter();
        if let Letter::Opened { time_zone, caller, name, .. } = &mut letter {
            change(time_zone, caller, name);
        }
        Words::of(&letter, &TimeZone::UTC)
    }

    #[test]
    fn the_traveller_reads_what_is_open_and_until_when_at_home() {
        let plain = Words::of(&letter(), &TimeZone::UTC).plain();
        let expected = "Hello Ann,\r\n\r\nthe access below has been opened.\r\n\r\n\
            \x20 Account:        4711\r\n\
            \x20 Address:        12.34.56.78\r\n\
            \x20 Services:       rtp, sip\r\n\
            \x20 Until:          Friday, 20 November 2026, 18:05 (Europe/Paris)\r\n\
            \x20 No longer open: 1.2.3.4\r\n\
            \x20 Asked for by:   a call from a number that ends in 5678\r\n\r\n\
            If this was not you, ";
        assert!(plain.starts_with(expected), "{plain}");
    }

    #[test]
    fn a_time_zone_that_does_not_exist_is_the_machines() {
        let plain = with(|zone, _, _| *zone = Some("../../etc/passwd".to_owned())).plain();
        assert!(plain.contains("17:05 (UTC)"), "{plain}");
        let fixed = TimeZone::fixed(jiff::tz::offset(-5));
        assert_eq!(
            spoken(Timestamp::UNIX_EPOCH, &fixed),
            "Wednesday, 31 December 1969, 19:00 (UTC-05:00)"
        );
    }

    #[test]
    fn who_asked_is_a_call_a_hidden_number_or_the_operator() {
        assert!(with(|_, caller, _| *caller = None).plain().contains("the operator\r\n"));
        let hidden = with(|_, caller, _| *caller = Some("nown".to_owned())).plain();
        assert!(hidden.contains("a call from a hidden number"), "{hidden}");
    }

    #[test]
    fn a_name_is_never_markup() {
        let words = with(|_, _, name| *name = "<script>'\"&\r\n</td>".to_owned());
        assert!(words.html().contains("<p>Hello &lt;script&gt;&#39;&quot;&amp;&lt;/td&gt;,</p>"));
        assert!(words.plain().starts_with("Hello <script>'\"&</td>,\r\n"));
    }

    #[test]
    fn no_letter_has_a_link_and_every_refusal_has_its_reason() {
        let refused = |refusal| Letter::Refused {
            account: "4711".parse().unwrap(),
            address: "10*0*0*300".to_owned(),
            refusal,
            caller: "+493012345678".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        let refusals = Refusal::ALL.iter().map(|&refusal| refused(refusal));
        let mut reasons = std::collections::BTreeSet::new();
        for letter in refusals.chain([letter()]) {
            let words = Words::of(&letter, &TimeZone::UTC);
            assert!(words.subject.is_ascii());
            for form in [words.plain(), words.html()] {
                let lower = form.to_lowercase();
                assert!(
                    !lower.contains("http") && !lower.contains("href") && !lower.contains("src="),
                    "{form}"
                );
            }
            reasons.insert(words.facts[0].1.clone());
        }
        assert_eq!(reasons.len(), Refusal::ALL.len() + 1);
    }
}
