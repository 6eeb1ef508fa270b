//! What a caller hears of the languages through a real Asterisk.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod fast_agi;

use std::fs;
use std::path::Path;

use dialgate_tests::asterisk::{Asterisk, Recordings};
use dialgate_tests::namespace::Namespace;
use dialgate_tests::real::{self, Need};
use fast_agi::FastAgi;

const NEEDS: [Need; 3] = [Need::Root, Need::Tool("ip"), Need::Asterisk];

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
