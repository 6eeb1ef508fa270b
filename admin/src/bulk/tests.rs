use std::collections::BTreeSet;
use std::num::NonZeroU8;

use dialgate_contract::Language;
use dialgate_contract::ledger::{Account, Ledger, account};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::contact::PersonName;
use crate::report::BulkOutcome;

fn site(folder: &Path) -> Site {
    let path = folder.join("dialgate.toml");
    std::fs::write(&path, format!("data-dir = {folder:?}\nuser = \"\"\n")).unwrap();
    Site::load(&path, Timestamp::from_second(1_800_000_000).unwrap()).unwrap()
}

fn problems(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    let ledger = Ledger::open(&site.config.ledger_file()).unwrap();
    let lines = match file::read(text.as_bytes()) {
        Ok(lines) => lines,
        Err(error) => return vec![error.to_string()],
    };
    match plan::plan(ledger.connection(), lines, &site) {
        Ok(_) => Vec::new(),
        Err(error) => {
            error.to_string().lines().skip(1).map(|line| line.trim().to_owned()).collect()
        }
    }
}

/// Names as they may be, with all that means something in CSV.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{1,64}", "[a-z,;\"' \\t]{1,20}", "[=+@,-][ -~]{0,20}"]
        .prop_filter_map("no name", |text| text.parse::<PersonName>().ok())
        .prop_map(PersonName::into_string)
}

fn accounts() -> impl Strategy<Value = Vec<Account>> {
    let one = (
        name(),
        any::<bool>(),
        proptest::option::of(1_i64..86_400),
        proptest::option::of(prop::sample::select(Language::ALL.to_vec())),
        prop::sample::subsequence(vec!["sip", "rtp", "web"], 1..=3),
        proptest::option::of(Just("Europe/Paris".to_owned())),
    );
    prop::collection::vec(one, 1..5).prop_map(|all| {
        let all = all.into_iter().zip(4711..);
        all.map(|((name, enabled, lifetime, language, services, time_zone), number)| Account {
            number: number.to_string().parse().unwrap(),
            name,
            email: "o'hara+pbx@example.net".to_owned(),
            enabled,
            lifetime: lifetime.map(|n| dialgate_contract::Lifetime::from_seconds(n).unwrap()),
            longest: lifetime.map(|n| dialgate_contract::Lifetime::from_seconds(n).unwrap()),
            addresses: NonZeroU8::new(u8::from(enabled) * 3),
            time_zone,
            language,
            unlocked_at: None,
            services: services.iter().map(|name| name.parse().unwrap()).collect::<BTreeSet<_>>(),
            created_at: Timestamp::from_second(1_700_000_000).unwrap(),
        })
        .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_exported_and_imported_again_changes_nothing(accounts in accounts()) {
        let folder = tempfile::tempdir().unwrap();
        let site = site(folder.path());
        let mut ledger = Ledger::open(&site.config.ledger_file()).unwrap();
        ledger
            .write(|tx| accounts.iter().try_for_each(|one| account::insert(tx, one, "$")))
            .unwrap();
        let text = export::lines(&account::all(ledger.connection()).unwrap()).unwrap();
        let lines = file::read(&text).unwrap();
        let planned = plan::plan(ledger.connection(), lines, &site).unwrap();
        prop_assert_eq!(planned.len(), accounts.len());
        for one in &planned {
            prop_assert_eq!(one.outcome(), BulkOutcome::Same, "{:?}", one.changes());
        }
    }

    #[test]
    fn any_file_at_all_is_read_without_harm(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = file::read(&text);
        let _ = file::read(&[b"number,name,email,services,pin\n".as_slice(), &text].concat());
    }
}

#[test]
fn each_bad_line_is_told_with_each_of_its_faults_and_never_with_a_pin() {
    let text = "Number;Name;E-mail;Services;Pin\n";
    assert_eq!(
        problems(text),
        [
            "line 1 names a column \"E-mail\" that accounts do not have: use some of number, name, email, services, enabled, lease, max, addresses, time_zone, language, pin"
        ]
    );
    let text = "number,name,email,services,enabled,lease,pin
4711,Ann,ann@example.net,\"sip, rtp\",yes,,
42,,ann,sip,perhaps,24,4711
4711,Ann,ann@example.net,sip,,,
4712,Bob,bob@example.net,nosuch,,,
4713,Bob,bob@example.net,sip,,30d,471347
4714,Bob
";
    let problems = problems(text);
    for (line, words) in [
        (3, "number \"42\": an account number has 4 to 12 digits"),
        (3, "name is empty: a name has"),
        (3, "email \"ann\": a mail address is written"),
        (3, "enabled \"perhaps\": write yes or no"),
        (3, "lease \"24\": a duration is"),
        (3, "pin: a PIN has 6 to 12 digits"),
        (4, "account 4711 is in line 2 already"),
        (5, "there is no service nosuch: use some of all,"),
        (6, "pin: it is too easy to guess: it contains the account number"),
        (6, "30d is longer than lease.max allows"),
        (7, "it has 2 cells and line 1 names 7 columns"),
    ] {
        let told = |problem: &String| problem.starts_with(&format!("line {line}: {words}"));
        assert!(problems.iter().any(told), "{words}: {problems:#?}");
    }
    assert!(!problems.iter().any(|problem| problem.contains("471347")), "{problems:#?}");
    assert_eq!(problems.len(), 11, "{problems:#?}");
}

#[test]
fn a_header_says_what_is_wrong_with_it() {
    for (text, words) in [
        ("name,email\n", "number among them"),
        ("number,number\n", "number twice"),
        ("4711,Ann\n", "\"4711\""),
    ] {
        let problems = problems(text);
        assert!(problems.iter().any(|problem| problem.contains(words)), "{words}: {problems:?}");
    }
}
