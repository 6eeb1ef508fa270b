use std::collections::BTreeSet;

use super::*;
use dialgate_contract::{AccountNumber, Refusal};
use jiff::Timestamp;

fn letter() -> Letter {
    Letter::Opened {
        name: "Ann".to_owned(),
        language: None,
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
}

#[test]
fn who_asked_is_a_call_a_hidden_number_or_the_operator() {
    assert!(with(|_, caller, _| *caller = None).plain().contains("the operator\r\n"));
    let hidden = with(|_, caller, _| *caller = Some(String::new())).plain();
    assert!(hidden.contains("a call from a hidden number"), "{hidden}");
}

#[test]
fn a_name_is_never_markup() {
    let words = with(|_, _, name| *name = "<script>'\"&\r\n</td>".to_owned());
    assert!(words.html().contains(">Hello &lt;script&gt;&#39;&quot;&amp;&lt;/td&gt;,</p>"));
    assert!(words.plain().starts_with("Hello <script>'\"&</td>,\r\n"));
}

/// Those that travellers get in `language`, and those to others.
fn others_in(language: Option<Language>) -> Vec<Letter> {
    let name = || "Ann <b>".to_owned();
    let account: AccountNumber = "4711".parse().unwrap();
    let at: Timestamp = "2026-11-20T17:05:00Z".parse().unwrap();
    let caller = Some("5678".to_owned());
    let address = "12.34.56.78".parse().unwrap();
    let addresses = vec![address, "2a00::1".parse().unwrap()];
    let [account2, account3, account4, account5] = [(); 4].map(|()| account.clone());
    let time_zone = || Some("Europe/Paris".to_owned());
    vec![
        Letter::Closed { name: name(), language, account, addresses, caller: caller.clone() },
        Letter::PinChanged { name: name(), language, account: account2, caller },
        Letter::FailedLogins {
            name: name(),
            language,
            account: account3,
            failures: 5,
            at,
            time_zone: time_zone(),
        },
        Letter::Reminder {
            name: name(),
            language,
            account: account4,
            address,
            until: at,
            time_zone: time_zone(),
        },
        Letter::Unused {
            name: name(),
            language,
            account: account5,
            address,
            since: at,
            time_zone: time_zone(),
        },
        Letter::Guessing { failures: 200, at },
        Letter::Contested {
            heals: 3,
            since: "2026-11-20T17:04:02Z".parse().unwrap(),
            at,
            found: "add 12.34.56.78 to dg-sip-4;\u{1b}[2J changed by <iptables>".to_owned(),
        },
        Letter::Test { at },
    ]
}

fn others() -> Vec<Letter> {
    others_in(None)
}

#[test]
fn every_letter_says_what_happened_and_what_to_do() {
    for (letter, words) in others().iter().zip([
        [
            "Ann <b>",
            "closed by telephone",
            "12.34.56.78, 2a00::/64",
            "ends in 5678",
            "If this was not you",
        ],
        [
            "Ann <b>",
            "your PIN has been changed",
            "4711",
            "ends in 5678",
            "have the account disabled",
        ],
        ["Ann <b>", "a wrong PIN", "5 on end", "18:05 (Europe/Paris)", "If this was not you"],
        ["Ann <b>", "ends soon", "12.34.56.78", "18:05 (Europe/Paris)", "ask for more time"],
        ["Ann <b>", "nobody used it", "12.34.56.78", "18:05 (Europe/Paris)", "call as you did"],
        ["Hello,", "many accounts", "200 within an hour", "17:05 (UTC)", "dialgate audit"],
        [
            "3 times since Friday, 20 November 2026, 17:04",
            "17:05 (UTC)",
            "add 12.34.56.78 to dg-sip-4;[2J changed by <iptables>",
            "dialgate audit",
            "netfilter-persistent",
        ],
        ["Hello,", "see whether its letters arrive", "Asked for", "17:05 (UTC)", "taken for spam"],
    ]) {
        let (plain, html) = {
            let words = Words::of(letter, &TimeZone::UTC);
            (words.plain(), words.html())
        };
        for word in words {
            assert!(plain.contains(word), "{word}: {plain}");
            assert!(html.contains(&*html::escaped(word)), "{word}: {html}");
        }
    }
}

#[test]
fn a_refusal_about_no_address_shows_none() {
    let letter = |address: &str| Letter::Refused {
        account: "4711".parse().unwrap(),
        address: address.to_owned(),
        refusal: Refusal::TooMany,
        caller: "2001".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    };
    let plain = |address| Words::of(&letter(address), &TimeZone::UTC).plain();
    assert!(plain("12.34.56.78").contains("Address:") && !plain("").contains("Address:"));
}

fn refused(refusal: Refusal) -> Letter {
    Letter::Refused {
        account: "4711".parse().unwrap(),
        address: "10*0*0*300".to_owned(),
        refusal,
        caller: "+493012345678".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn no_letter_has_a_link_and_every_refusal_has_its_reason() {
    let refusals = Refusal::ALL.iter().map(|&refusal| refused(refusal));
    let (mut reasons, mut subjects) = (BTreeSet::new(), BTreeSet::new());
    for letter in refusals.chain(others()).chain([letter()]) {
        let words = Words::of(&letter, &TimeZone::UTC);
        for form in [words.plain(), words.html()] {
            let lower = form.to_lowercase();
            assert!(
                !lower.contains("http") && !lower.contains("href") && !lower.contains("src="),
                "{form}"
            );
        }
        if words.facts[0].key == "reason" {
            reasons.insert(words.facts[0].value.clone());
        }
        subjects.insert(words.subject);
    }
    assert_eq!((reasons.len(), subjects.len()), (Refusal::ALL.len(), 10));
}

/// A letter of each kind that travellers get, by its name.
fn travellers_letters(language: Language) -> Vec<(&'static str, Letter)> {
    let opened = |is_longer: bool, old: Option<&str>, by: Option<&str>| {
        let mut letter = letter();
        if let Letter::Opened { language: of, name, extended, replaced, caller, .. } = &mut letter {
            (*of, *extended) = (Some(language), is_longer);
            *name = "Zoë Müller".to_owned();
            *replaced = old.map(|address| address.parse().unwrap());
            *caller = by.map(str::to_owned);
        }
        letter
    };
    let mut letters = vec![
        ("opened", opened(false, Some("1.2.3.4"), Some("5678"))),
        ("opened by the operator", opened(false, None, None)),
        ("extended", opened(true, None, Some(""))),
    ];
    let names = ["closed", "PIN changed", "failed logins", "reminder", "unused"];
    letters.extend(names.into_iter().zip(others_in(Some(language))));
    letters
}

/// A letter of each kind that operators get, by its name.
fn operators_letters() -> Vec<(&'static str, Letter)> {
    let mut letters = others();
    let told = letters.split_off(letters.len() - 3);
    let mut letters: Vec<_> = ["guessing", "contested", "test"].into_iter().zip(told).collect();
    letters.push(("refused", refused(Refusal::PrivateAddress)));
    letters
}

/// Letters as they are read.
fn as_read(letters: Vec<(&'static str, Letter)>) -> String {
    let letters = letters.into_iter().map(|(name, letter)| {
        let words = Words::of(&letter, &TimeZone::UTC);
        let plain = words.plain().replace("\r\n", "\n");
        format!("=== {name}\nSubject: {}\n\n{plain}", words.subject)
    });
    letters.collect::<Vec<_>>().join("\n")
}

/// The files are there to be read by who speaks the language.
#[test]
fn the_letters_are_those_in_the_files() {
    let travellers = Language::ALL
        .iter()
        .map(|language| (language.to_string(), as_read(travellers_letters(*language))));
    for (name, letters) in travellers.chain([("operator".to_owned(), as_read(operators_letters()))])
    {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/words/letters");
        let kept = std::fs::read_to_string(format!("{folder}/{name}.txt")).unwrap_or_default();
        assert!(kept == letters, "{folder}/{name}.txt should be:\n{letters}");
    }
}

#[test]
fn no_letter_has_a_placeholder_a_control_character_or_words_of_another_language() {
    let english: BTreeSet<String> = as_read(travellers_letters(Language::En))
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    for language in &Language::ALL[1..] {
        for (name, letter) in travellers_letters(*language) {
            let words = Words::of(&letter, &TimeZone::UTC);
            let html = words.html();
            assert!(html.contains(&format!("<html lang=\"{language}\">")), "{html}");
            let shown = words.plain() + words.subject;
            assert!(!shown.contains(['[', ']']), "{language} {name}: {shown}");
            for text in [&shown, &html] {
                assert!(!text.contains(['{', '}']), "{language} {name}: {text}");
                let control = |c: char| c.is_control() && !matches!(c, '\r' | '\n');
                assert!(!text.contains(control), "{language} {name}: {text:?}");
            }
            let alike =
                shown.lines().find(|line| !line.is_empty() && english.contains(line.trim()));
            assert_eq!(alike, None, "{language} {name}");
        }
    }
}
