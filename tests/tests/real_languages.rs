//! What a caller hears of the languages through a real Asterisk.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod fast_agi;

use std::fs;
use std::path::Path;

use dialgate_contract::Language;
use dialgate_tests::asterisk::{Asterisk, Recordings, Step};
use dialgate_tests::namespace::Namespace;
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::{ACCOUNT, PIN, Site};
use fast_agi::FastAgi;

const NEEDS: [Need; 3] = [Need::Root, Need::Tool("ip"), Need::Asterisk];
const NEEDS_OF_A_CALL: [Need; 2] = [Need::Site, Need::Asterisk];

/// Has Asterisk perform `commands` in the language `tag`: the replies, and what was heard.
fn perform(tag: &str, commands: &[&str]) -> (Vec<String>, Vec<String>) {
    let namespace = Namespace::create().unwrap();
    let mut asterisk = Asterisk::start(&namespace, Recordings::Installed).unwrap();
    let choose = format!("SET VARIABLE CHANNEL(language) {tag}");
    let commands: Vec<String> = commands.iter().map(|&command| command.to_owned()).collect();
    let server = FastAgi::serve(&namespace, move |session| {
        session.command("ANSWER");
        session.command(&choose);
        let replies = commands.iter().map(|command| session.command(command)).collect();
        session.command("SET VARIABLE DIALGATE_RESULT open");
        replies
    });
    let record = asterisk.call(&[]).unwrap();
    (server.outcome(), record.heard)
}

#[test]
fn each_language_has_its_own_recordings_and_a_region_those_of_its_language() {
    let test = "each_language_has_its_own_recordings_and_a_region_those_of_its_language";
    if real::skipped(test, &NEEDS) {
        return;
    }
    // The recordings are told apart by their length.
    for (tag, file) in [("es", "es"), ("fr_CA", "fr"), ("de", "de"), ("ja", "en")] {
        let end = samples(file);
        let play = format!("STREAM FILE dialgate/queued \"\" {}", end - 800);
        let (replies, heard) = perform(tag, &[&play]);
        assert_eq!(replies, [format!("200 result=0 endpos={end}")], "{tag}");
        assert_eq!(heard, ["dialgate/queued"], "{tag}");
    }
}

/// How long `queued` is in a language.
fn samples(language: &str) -> u64 {
    let sounds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sounds").join(language);
    let length = |name: &str| Some(fs::metadata(sounds.join(name)).ok()?.len());
    // A frame of 33 bytes is 160 samples; a sample of WAV is two bytes, after 44 of header.
    let gsm = length("queued.gsm").map(|bytes| bytes / 33 * 160);
    gsm.or_else(|| length("queued.wav").map(|bytes| (bytes - 44) / 2)).unwrap()
}

#[test]
fn german_addresses_numbers_and_times_are_complete() {
    if real::skipped("german_addresses_numbers_and_times_are_complete", &NEEDS) {
        return;
    }
    // Saturday 2026-11-21 20:45 UTC, in a zone one hour ahead.
    let (replies, heard) = perform(
        "de",
        &[
            "SAY ALPHA 1.f \"\"",
            "SAY NUMBER 124 \"\"",
            "SAY NUMBER 1 \"\" f",
            "SAY DATETIME 1795293900 \"\" \"AdB HM\" \"Europe/Berlin\"",
        ],
    );
    assert!(replies.iter().all(|reply| reply == "200 result=0"), "{replies:?}");
    let wanted = "digits/1 letters/dot letters/f \
                  digits/1N digits/hundred digits/4-and digits/20 \
                  digits/1F \
                  digits/day-6 digits/1-and digits/h-20 digits/mon-10 \
                  digits/1-and digits/20 digits/oclock digits/5-and digits/40";
    assert_eq!(heard.join(" "), wanted);
}

#[test]
fn spanish_and_french_times_and_numbers_agree_with_what_they_count() {
    if real::skipped("spanish_and_french_times_and_numbers_agree_with_what_they_count", &NEEDS) {
        return;
    }
    // Saturday 2026-11-21 20:21 UTC, in a zone one hour ahead.
    let (replies, heard) = perform(
        "es",
        &[
            "SAY NUMBER 31 \"\" m",
            "SAY DATETIME 1795292460 \"\" \"'digits/es-el' Ad 'digits/es-de' B 'digits/at' \
             'digits/20-and' 'digits/1F' 'digits/and' M\" \"Europe/Madrid\"",
        ],
    );
    assert!(replies.iter().all(|reply| reply == "200 result=0"), "{replies:?}");
    let wanted = "digits/30 digits/and digits/1M \
                  digits/es-el digits/day-6 digits/21 digits/es-de digits/mon-10 digits/at \
                  digits/20-and digits/1F digits/and digits/21";
    assert_eq!(heard.join(" "), wanted);

    let (replies, heard) = perform(
        "fr",
        &[
            "SAY NUMBER 31 \"\" f",
            "SAY DATETIME 1795292460 \"\" \"'digits/tomorrow' 'digits/at' 'digits/20' 'digits/et' \
             'digits/1F' 'digits/oclock' M\" \"Europe/Paris\"",
            "SAY DATETIME 1795283100 \"\" \"AdB 'digits/at' H M\" \"Europe/Paris\"",
        ],
    );
    assert!(replies.iter().all(|reply| reply == "200 result=0"), "{replies:?}");
    let wanted = "digits/30 digits/et digits/1F \
                  digits/tomorrow digits/at digits/20 digits/et digits/1F digits/oclock \
                  digits/20 digits/et digits/1 \
                  digits/day-6 digits/20 digits/et digits/1 digits/mon-10 digits/at \
                  digits/18 digits/oclock digits/40 digits/5";
    assert_eq!(heard.join(" "), wanted);
}

/// What a call needs of a language's digits, letters and dates: addresses, up to a hundred of anything, and times.
fn needed(language: Language) -> Vec<String> {
    let names = match language {
        Language::En => "at oh oclock a-m p-m h-30 hundred",
        Language::Es => "at at_s oclock es-el es-de and 1F 1M 20-and 100",
        Language::Fr => "at oclock et 1F h-1 hundred",
        Language::De => "oclock 1F 1N h-30 hundred",
    };
    let names = names.split(' ').map(str::to_owned).chain(["today", "tomorrow"].map(String::from));
    let numbers = (0..=20).chain(if language == Language::Es { 21..=29 } else { 0..=0 });
    let numbers = numbers.chain([30, 40, 50, 60, 70, 80, 90]).map(|number| number.to_string());
    let days = (0..7).map(|day| format!("day-{day}"));
    let months = (0..12).map(|month| format!("mon-{month}"));
    let own: Vec<String> = match language {
        Language::En => (1..=20).map(|day| format!("h-{day}")).collect(),
        Language::De => (1..=20)
            .map(|day| format!("h-{day}"))
            .chain((1..10).map(|number| format!("{number}-and")))
            .collect(),
        Language::Es | Language::Fr => vec![],
    };
    let digits = names.chain(numbers).chain(days).chain(months).chain(own);
    let letters = ('a'..='f').map(String::from).chain(["dot".to_owned()]);
    let letters = letters.map(|letter| format!("letters/{letter}"));
    digits.map(|name| format!("digits/{name}")).chain(letters).collect()
}

#[test]
fn every_language_has_the_digits_letters_and_dates_that_a_call_needs() {
    let test = "every_language_has_the_digits_letters_and_dates_that_a_call_needs";
    if real::skipped(test, &NEEDS) {
        return;
    }
    let namespace = Namespace::create().unwrap();
    let asterisk = Asterisk::start(&namespace, Recordings::Installed).unwrap();
    for language in Language::ALL {
        let lacks = |name: &String| !asterisk.has_recording(language.as_str(), name);
        let lacking: Vec<String> = needed(*language).into_iter().filter(lacks).collect();
        assert_eq!(lacking, Vec::<String>::new(), "{language}");
    }
}

/// Types `keys` when the prompt begins.
fn at(prompt: &'static str, keys: &str) -> [Step; 2] {
    [Step::Hear(prompt), Step::Keys(keys.to_owned())]
}

#[test]
fn a_whole_call_in_each_language_has_a_recording_for_all_that_is_said() {
    let test = "a_whole_call_in_each_language_has_a_recording_for_all_that_is_said";
    if real::skipped(test, &NEEDS_OF_A_CALL) {
        return;
    }
    let site = Site::start("").unwrap();
    let mut asterisk = Asterisk::start(site.namespace(), Recordings::Installed).unwrap();
    for (language, address) in
        Language::ALL.iter().zip(["12.3.0.9", "12.3.0.8", "12.3.0.7", "12.3.0.6"])
    {
        let language = language.as_str();
        site.dialgate(&["account", "set", ACCOUNT, "--language", language]).unwrap();
        site.dialgate(&["lease", "grant", ACCOUNT, address, "--for", "22h"]).unwrap();
        let steps = [
            at("dialgate/enter-account", &format!("{ACCOUNT}#")),
            at("dialgate/enter-pin", &format!("{PIN}#")),
            // Heard out, and answered before the next.
            at("dialgate/hours", ""),
            at("dialgate/menu-open", "1"),
            at("dialgate/enter-address", "12*3*0*20#"),
            at("dialgate/confirm-address", "1"),
            at("dialgate/choose-lifetime-1-3-7", "1"),
        ];
        let steps = steps.into_iter().flatten().filter(|step| *step != Step::Keys(String::new()));
        let record = asterisk.call(&steps.collect::<Vec<_>>()).unwrap();
        assert_eq!(record.result, "open", "{language}: {record:?}");
        let end = ["open-until", "goodbye"];
        assert!(record.prompts().ends_with(&end), "{language}: {record:?}");
        let said = |name: &str| record.heard.iter().any(|heard| heard == name);
        for name in ["digits/tomorrow", "letters/dot", "dialgate/hours"] {
            assert!(said(name), "{language}: {name}: {record:?}");
        }
        let mut own = record.heard.iter().skip_while(|name| *name != "dialgate/your-access-from");
        assert_eq!(own.find(|name| !asterisk.has_recording(language, name)), None, "{language}");
    }
    let log = asterisk.log().unwrap();
    let missing = ["does not exist in any format", "Unable to play message"];
    let complaints = log.lines().filter(|line| missing.iter().any(|what| line.contains(what)));
    assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&str>::new());
}
