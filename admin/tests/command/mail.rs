use std::fs;
use std::os::unix::fs::PermissionsExt;

use dialgate_contract::ledger::letter::{self, Fate};
use dialgate_contract::ledger::{Letter, LetterId};
use serde_json::json;

use crate::site::{Site, now};

fn posted(site: &Site, to: &str) -> LetterId {
    let letter = Letter::Test { at: now() };
    site.ledger().write(|tx| letter::post(tx, to, &letter, now())).unwrap()
}

/// With one letter that waits for its second try, one that was given up and one that was sent.
fn busy() -> (Site, [LetterId; 3]) {
    let site = Site::new();
    let ids = ["ann@example.net", "bob@example.net", "eve@example.net"].map(|to| posted(&site, to));
    let later = now() + jiff::SignedDuration::from_mins(12);
    let said =
        "mail server mail.example.net:25: 451 4.7.1 greylisted, please come back some other time";
    site.ledger().write(|tx| letter::failed(tx, ids[0], later, said)).unwrap();
    site.ledger().write(|tx| letter::give_up(tx, ids[1], now(), "550 no such user")).unwrap();
    site.ledger().write(|tx| letter::sent(tx, ids[2], now())).unwrap();
    (site, ids)
}

fn fate(site: &Site, id: LetterId) -> Option<Fate> {
    letter::fate(site.ledger().connection(), id).unwrap()
}

fn last_line(site: &Site) -> String {
    let lines = site.json("audit --limit 1");
    format!("{} {}", lines[0]["action"].as_str().unwrap(), lines[0]["detail"].as_str().unwrap())
}

#[test]
fn the_queue_tells_what_has_not_left_and_why_in_eighty_columns() {
    assert_eq!(Site::new().ok("mail queue"), "no letter waits\n");
    let (site, _) = busy();
    let said = site.ok("mail queue");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    assert!(said.starts_with("id  letter  to               written  tries  next try\n"), "{said}");
    for word in ["ann@example.net", "in 12 min", "451 4.7.1", "bob@example.net", "given up", "550"]
    {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("eve@example.net"), "{said}");
    assert!(site.ok("mail queue --all").contains("eve@example.net"));

    let queue = site.json("mail queue --all");
    let row = &queue[1];
    assert_eq!((&row["id"], &row["letter"]), (&json!(2), &json!("test")));
    assert_eq!((&row["state"], &row["tries"]), (&json!("given-up"), &json!(1)));
    assert_eq!((&row["error"], &row["next_try"]), (&json!("550 no such user"), &json!(null)));
    assert_eq!((&queue[0]["state"], &queue[2]["state"]), (&json!("waiting"), &json!("sent")));
    assert!(queue[0]["next_try"].is_string() && queue[2]["done_at"].is_string(), "{queue}");
}

#[test]
fn a_letter_is_tried_again_even_when_it_was_given_up() {
    let (site, [_, dead, _]) = busy();
    let said = site.ok("mail retry 2");
    assert!(said.starts_with("letter 2 (test) to bob@example.net is due now\n"), "{said}");
    assert_eq!(fate(&site, dead), Some(Fate::Waiting(Some("550 no such user".to_owned()))));
    assert_eq!(last_line(&site), "letter-retried letter 2 (test) to bob@example.net");
    assert_eq!(site.json("mail retry all").as_array().unwrap().len(), 2);
    let due = letter::due(site.ledger().connection(), now(), 9).unwrap();
    assert_eq!(due.len(), 2);
    site.refuses("mail retry 3", 65, &["letter 3 has been sent already"]);
    site.refuses("mail retry 99", 65, &["no letter 99", "dialgate mail queue --all"]);
    site.refuses("mail retry L1", 64, &["a letter's number"]);
}

#[test]
fn a_letter_that_is_dropped_is_gone_and_the_trail_says_so() {
    let (site, [waiting, dead, sent]) = busy();
    assert!(site.ok("mail drop 1").contains("is dropped"));
    assert_eq!(fate(&site, waiting), None);
    assert_eq!(last_line(&site), "letter-dropped letter 1 (test) to ann@example.net");
    site.ok("mail drop all");
    assert_eq!((fate(&site, dead), fate(&site, sent)), (None, Some(Fate::Sent)));
    assert_eq!(site.ok("mail drop all"), "no letter waits\n");
    site.refuses("mail drop 3", 65, &["has been sent already"]);
    let actions: Vec<String> = site
        .json("audit")
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["action"].as_str().unwrap().to_owned())
        .filter(|action| action == "letter-dropped" || action == "ledger-edited")
        .collect();
    // That it was given up was written down by nobody, which is told as well.
    assert_eq!(actions, ["ledger-edited", "letter-dropped", "letter-dropped"]);
}

/// What the reconciler would write down, once the letter is there.
fn answered(site: &Site, answer: impl FnOnce(&rusqlite::Transaction<'_>, LetterId)) {
    for _ in 0..600 {
        let mut ledger = site.ledger();
        let due = letter::due(ledger.connection(), now(), 1).unwrap().pop();
        if let Some(Ok(letter)) = due {
            ledger
                .write(|tx| {
                    answer(tx, letter.id);
                    Ok::<_, dialgate_contract::database::DatabaseError>(())
                })
                .unwrap();
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("no letter came");
}

#[test]
fn a_test_letter_is_waited_for_and_told_with_what_the_server_said() {
    let site = Site::new();
    site.pass_now(None);
    std::thread::scope(|scope| {
        scope.spawn(|| answered(&site, |tx, id| letter::sent(tx, id, now()).unwrap()));
        let said = site.ok("mail test ann@example.net");
        assert!(said.starts_with("the mail server localhost:25 took letter 1 to ann@"), "{said}");
    });
    std::thread::scope(|scope| {
        scope.spawn(|| {
            answered(&site, |tx, id| letter::failed(tx, id, now(), "451 greylisted").unwrap());
        });
        let answer = site.run("mail test ann@example.net");
        assert_eq!(answer.code, 75, "{answer:?}");
        assert!(answer.out.contains("451 greylisted") && answer.out.contains("mail retry 2"));
    });
    site.ok("mail drop all");
    std::thread::scope(|scope| {
        scope.spawn(|| answered(&site, |tx, id| letter::give_up(tx, id, now(), "550 no").unwrap()));
        let answer = site.run("mail test ann@example.net --json");
        assert_eq!(answer.code, 69, "{answer:?}");
        let said: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
        assert_eq!((&said["outcome"], &said["error"]), (&json!("given-up"), &json!("550 no")));
    });
    site.refuses("mail test nobody", 64, &["ann@example.net"]);
    site.configure("[mail]\ntransport = \"off\"");
    site.refuses("mail test ann@example.net", 78, &["mail.transport"]);
}

#[test]
fn a_test_letter_that_nobody_sends_waits_and_says_so() {
    let answer = Site::new().run("mail test ann@example.net");
    assert_eq!(answer.code, 75, "{answer:?}");
    assert!(answer.out.contains("nobody tried") && answer.out.contains("dialgate status"));
}

#[test]
fn letters_are_shown_written_out_and_changed() {
    let site = Site::new();
    let said = site.ok("mail preview reminder --language de");
    assert!(said.starts_with("Subject: Ihr Zugang endet bald\n\nGuten Tag Ann Example,"), "{said}");
    assert!(said.contains("{until}") && !said.contains('\r'), "{said}");
    assert!(site.ok("mail preview opened --html").starts_with("<!DOCTYPE html>"));
    site.refuses("mail preview openend", 64, &["openend", "opened"]);

    let folder = site.path("letters");
    let write = format!("mail templates {} --kind reminder", folder.display());
    assert!(site.ok(&write).contains("12 files"));
    assert_eq!(
        fs::metadata(folder.join("reminder.de.txt")).unwrap().permissions().mode() & 0o777,
        0o644
    );
    site.refuses(&write, 65, &["there already", "nothing was written"]);

    site.configure(&format!("[mail]\ntemplates = {folder:?}"));
    assert_eq!(site.ok("mail preview reminder --language de"), said);
    let file = folder.join("reminder.de.txt");
    fs::write(&file, "{greeting}\n\nBis {until}.\n").unwrap();
    assert!(site.ok("mail preview reminder --language de").contains("Ann Example,\n\nBis "));
    fs::write(&file, "{greeting}\n\nBis {untill}.\n").unwrap();
    site.refuses(
        "mail preview reminder --language de",
        65,
        &["reminder.de.txt: line 3", "{untill}"],
    );

    let checks = site.run("doctor --no-call --json").out;
    let checks: serde_json::Value = serde_json::from_str(&checks).unwrap();
    let check =
        checks.as_array().unwrap().iter().find(|check| check["name"] == "templates").unwrap();
    assert_eq!(check["outcome"], "warn", "{check}");
    assert!(check["what"].as_str().unwrap().contains("line 3"), "{check}");
}
