use std::time::Duration;

use dialgate_contract::config::{Mail, Tls};
use dialgate_reconciler::mail::{Delivery, MailError};
use serde_json::json;

use crate::server::{Certificates, Server};
use crate::support::{again, deliver, letter, mailer, now, reason, skipped, smtp};

/// Both ends of a protected connection; runs the test again with the authority trusted.
fn protected(test: &str, more: &[&str], tls: Tls) -> Option<(Server, Mail, tempfile::TempDir)> {
    if skipped(test, "aiosmtpd") {
        return None;
    }
    let pem = if let Some(folder) = std::env::var_os("DIALGATE_TEST_PEM") {
        folder.into_string().unwrap()
    } else {
        let certificates = Certificates::make();
        let (authority, server) = (certificates.authority(), certificates.server());
        let environment = [
            ("SSL_CERT_FILE", authority.to_str().unwrap()),
            ("DIALGATE_TEST_PEM", server.to_str().unwrap()),
        ];
        again(test, &[], &environment);
        return None;
    };
    let arguments = [&["--certificate", &pem, "--login", "ann:secret word"], more].concat();
    let server = Server::start(&arguments);
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, "secret word\n").unwrap();
    let mail = Mail { tls, username: "ann".to_owned(), password_file, ..smtp(server.port) };
    Some((server, mail, folder))
}

#[test]
fn a_letter_goes_over_starttls_with_a_login_and_arrives_whole() {
    let test = "smtp::a_letter_goes_over_starttls_with_a_login_and_arrives_whole";
    let Some((mut server, mail, _folder)) = protected(test, &[], Tls::Starttls) else { return };
    let mut mailer = mailer(mail);
    for _ in 0..2 {
        assert_eq!(deliver(&mut mailer, &letter("Zoë")), Delivery::Sent);
        let received = server.next();
        assert_eq!(received["tls"], true);
        assert_eq!(received["login"], "ann");
        assert_eq!(received["from"], "dialgate@localhost");
        assert_eq!(received["to"], json!(["ann@example.net"]));
        let letter = &received["letter"];
        assert_eq!(letter["defects"], json!([]));
        assert_eq!(letter["type"], "multipart/alternative");
        assert_eq!(letter["parts"], json!(["text/plain", "text/html"]));
        assert_eq!(letter["headers"]["Subject"], "Your access is open");
        assert_eq!(letter["headers"]["Message-ID"], "<dialgate.7.1800000000@localhost>");
        assert_eq!(letter["headers"]["Auto-Submitted"], "auto-generated");
        for part in ["plain", "html"] {
            let text = letter[part].as_str().unwrap();
            for fact in [
                "Hello Zoë,",
                "4711",
                "12.34.56.78",
                "rtp, sip",
                "Friday, 20 November 2026, 18:05 (Europe/Paris)",
                "5678",
            ] {
                assert!(text.contains(fact), "{fact}: {text}");
            }
        }
    }
}

#[test]
fn a_letter_goes_over_tls_from_the_first_byte() {
    let test = "smtp::a_letter_goes_over_tls_from_the_first_byte";
    let Some((mut server, mail, _folder)) = protected(test, &["--tls"], Tls::Tls) else { return };
    assert_eq!(deliver(&mut mailer(mail), &letter("Ann")), Delivery::Sent);
    assert_eq!(server.next()["login"], "ann");
}

#[test]
fn answers_that_somebody_wrote_ahead_of_tls_are_not_believed() {
    let test = "smtp::answers_that_somebody_wrote_ahead_of_tls_are_not_believed";
    for answers in ["6", "2", "1"] {
        let more = ["--inject", answers];
        let Some((_server, mail, _folder)) = protected(test, &more, Tls::Starttls) else { return };
        let mail = Mail { username: String::new(), ..mail };
        let reason = reason(deliver(&mut mailer(mail), &letter("Ann")));
        assert!(reason.contains("answered before it was asked"), "{answers}: {reason}");
    }
}

#[test]
fn a_wrong_password_keeps_the_letter_and_never_shows_the_password() {
    let test = "smtp::a_wrong_password_keeps_the_letter_and_never_shows_the_password";
    let Some((_server, mail, _folder)) = protected(test, &[], Tls::Starttls) else { return };
    std::fs::write(&mail.password_file, "drowssap").unwrap();
    let reason = reason(deliver(&mut mailer(mail), &letter("Ann")));
    assert!(reason.contains("535") && !reason.contains("drowssap"), "{reason}");
}

#[test]
fn a_server_with_a_certificate_nobody_trusts_gets_neither_letter_nor_password() {
    if skipped("smtp::a_server_with_a_certificate_nobody_trusts", "aiosmtpd") {
        return;
    }
    let certificates = Certificates::make();
    let pem = certificates.server();
    for (tls, more) in [(Tls::Starttls, None), (Tls::Tls, Some("--tls"))] {
        let mut arguments = vec!["--certificate", pem.to_str().unwrap()];
        arguments.extend(more);
        let server = Server::start(&arguments);
        let reason =
            reason(deliver(&mut mailer(Mail { tls, ..smtp(server.port) }), &letter("Ann")));
        assert!(reason.contains("certificate"), "{reason}");
    }
}

#[test]
fn a_server_without_starttls_gets_nothing_when_it_is_asked_for() {
    if skipped("smtp::a_server_without_starttls", "aiosmtpd") {
        return;
    }
    let server = Server::start(&[]);
    let mail = Mail { tls: Tls::Starttls, ..smtp(server.port) };
    let reason = reason(deliver(&mut mailer(mail), &letter("Ann")));
    assert!(reason.contains("STARTTLS is not supported"), "{reason}");
}

#[test]
fn a_hostile_name_arrives_as_harmless_text() {
    if skipped("smtp::a_hostile_name_arrives_as_harmless_text", "aiosmtpd") {
        return;
    }
    let mut server = Server::start(&[]);
    let mut mailer = mailer(smtp(server.port));
    for (name, shown) in [
        ("Ann\r\nBcc: all@example.net\r\n\r\nx", "Hello AnnBcc: all@example.netx,"),
        ("Ann\r\n.\r\nMAIL FROM:<x@y>", "Hello Ann.MAIL FROM:<x@y>,"),
        ("\0\u{1b}[2J", "Hello [2J,"),
        ("\u{202e}nnA", "Hello nnA,"),
        ("\u{1f469}\u{1f3fd}\u{200d}\u{1f680}", "Hello \u{1f469}\u{1f3fd}\u{200d}\u{1f680},"),
        ("<script>alert(1)</script>", "Hello <script>alert(1)</script>,"),
        ("\r\n", "Hello,"),
        (&"x".repeat(10_000), &format!("Hello {},", "x".repeat(64))),
    ] {
        assert_eq!(deliver(&mut mailer, &letter(name)), Delivery::Sent, "{name:?}");
        let letter = &server.next()["letter"];
        assert_eq!(letter["plain"].as_str().unwrap().lines().next(), Some(shown));
        assert_eq!(letter["names"].as_array().unwrap().len(), 8);
        assert_eq!(letter["defects"], json!([]));
        assert!(!letter["html"].as_str().unwrap().contains("<script"));
        assert!(letter["longest_line"].as_u64().unwrap() <= 998);
    }
}

#[test]
fn what_a_server_refuses_for_now_is_retried_and_what_it_refuses_for_ever_is_hopeless() {
    if skipped("smtp::what_a_server_refuses", "aiosmtpd") {
        return;
    }
    for (fault, said) in [
        (["--greeting", "421 too busy"].as_slice(), "too busy"),
        (&["--greeting", "554 go away"], "go away"),
        (&["--greeting", "nonsense"], ""),
        (&["--rcpt", "451 greylisted"], "greylisted"),
        (&["--rcpt", "530 log in first"], "log in first"),
        (&["--reset-after-data"], "reset"),
    ] {
        let server = Server::start(fault);
        let reason = reason(deliver(&mut mailer(smtp(server.port)), &letter("Ann")));
        assert!(reason.contains(said) && reason.contains(&server.port.to_string()), "{reason}");
    }
    let server = Server::start(&["--rcpt", "550 no such user"]);
    let outcome = deliver(&mut mailer(smtp(server.port)), &letter("Ann"));
    assert!(matches!(&outcome, Delivery::Hopeless(reason) if reason.contains("no such user")));
}

#[test]
fn a_server_that_is_down_delays_the_letter_and_nothing_else() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let reason = reason(deliver(&mut mailer(smtp(free)), &letter("Ann")));
    assert!(reason.contains("refused") && reason.contains(&free.to_string()), "{reason}");
}

#[test]
fn a_server_that_never_speaks_costs_a_minute_and_never_blocks() {
    if skipped("smtp::a_server_that_never_speaks", "aiosmtpd") {
        return;
    }
    let server = Server::start(&["--silent"]);
    let mut mailer = mailer(smtp(server.port));
    let start = now();
    mailer.send(&letter("Ann"), start).unwrap();
    assert_eq!(mailer.deadline(), Some(start + Duration::from_secs(60)));
    assert!(matches!(mailer.send(&letter("Bob"), start), Err(MailError::Busy(_))));
    assert_eq!(mailer.report(start + Duration::from_secs(59)), None);
    let report = mailer.report(start + Duration::from_secs(60)).unwrap();
    assert!(reason(report.outcome).contains("did not answer in time"));
    assert!(mailer.is_idle());
    assert!(now() < start + Duration::from_secs(15), "the mailer waited");
}

#[test]
fn a_recipient_that_is_no_address_is_hopeless_and_a_sender_that_is_none_is_not() {
    let bad = dialgate_contract::ledger::letter::Waiting {
        recipient: "nobody at all".to_owned(),
        ..letter("Ann")
    };
    let mut mailer = mailer(smtp(9));
    assert!(matches!(deliver(&mut mailer, &bad), Delivery::Hopeless(_)));
    let mail = Mail { from: "dialgate".to_owned(), ..smtp(9) };
    assert!(
        reason(deliver(&mut crate::support::mailer(mail), &letter("Ann"))).contains("mail.from")
    );
}

#[test]
fn a_password_is_never_sent_unprotected_to_another_machine() {
    let mail = Mail { host: "mail.example.net".to_owned(), username: "ann".to_owned(), ..smtp(25) };
    let error = mailer(mail.clone()).send(&letter("Ann"), now()).unwrap_err();
    assert!(matches!(&error, MailError::Unprotected { host } if host == "mail.example.net"));
    assert!(reason(error.outcome()).contains("mail.tls"));

    let mail = Mail { host: "localhost".to_owned(), password_file: "/nonexistent".into(), ..mail };
    let error = mailer(mail).send(&letter("Ann"), now()).unwrap_err();
    assert!(reason(error.outcome()).contains("/nonexistent"));
}

#[test]
fn a_letter_too_long_for_the_pipe_is_hopeless() {
    let error = mailer(smtp(9)).send(&letter(&"x".repeat(20_000)), now()).unwrap_err();
    assert!(matches!(error.outcome(), Delivery::Hopeless(_)));
}
