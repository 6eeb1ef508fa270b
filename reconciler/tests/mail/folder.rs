use dialgate_contract::config::{Mail, Transport};
use dialgate_reconciler::mail::Delivery;
use serde_json::json;

use crate::support::{deliver, letter, mailer, read_letter, reason, skipped};

#[test]
fn a_letter_sent_twice_into_a_folder_is_one_whole_file() {
    if skipped("folder::a_letter_sent_twice_into_a_folder_is_one_whole_file", "email") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut mailer = mailer(Mail {
        transport: Transport::File,
        directory: folder.path().to_owned(),
        ..Mail::default()
    });
    for _ in 0..2 {
        assert_eq!(deliver(&mut mailer, &letter("Ann")), Delivery::Sent);
    }
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["7.1800000000.eml"]);
    let letter = read_letter(&std::fs::read(folder.path().join(&names[0])).unwrap());
    assert_eq!(letter["defects"], json!([]));
    assert_eq!(letter["headers"]["To"], "ann@example.net");
}

#[test]
fn a_folder_that_cannot_be_written_keeps_the_letter() {
    let mail = Mail {
        transport: Transport::File,
        directory: "/nonexistent/letters".into(),
        ..Mail::default()
    };
    let reason = reason(deliver(&mut mailer(mail), &letter("Ann")));
    assert!(reason.contains("/nonexistent/letters"), "{reason}");
}
