use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use dialgate_contract::config::{Mail, Transport};
use dialgate_contract::ledger::Letter;
use dialgate_contract::ledger::letter::Waiting;
use dialgate_contract::{Language, SystemUser};
use dialgate_reconciler::mail::{Delivery, Mailer, Report};
use mail_parser::{Message, MessageParser, MimeHeaders};

use crate::support::{deliver, letter, mailer, now, program, report};

fn into(folder: &Path, templates: &Path) -> Mail {
    Mail {
        transport: Transport::File,
        directory: folder.to_owned(),
        templates: templates.to_owned(),
        ..Mail::default()
    }
}

fn written_in(language: Language) -> Waiting {
    let mut letter = letter("Zoë <b>\u{202e}");
    if let Letter::Opened { language: of, .. } = &mut letter.letter {
        *of = Some(language);
    }
    letter
}

fn kept(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("7.1800000000.eml")).unwrap()
}

fn type_of(message: &Message<'_>) -> String {
    let kind = message.content_type().unwrap();
    format!("{}/{}", kind.ctype(), kind.subtype().unwrap())
}

#[test]
fn every_language_is_one_text_in_two_forms() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailer = mailer(into(folder.path(), Path::new("")));
    for (language, subject, greeting) in [
        (Language::En, "Your access is open", "Hello Zoë <b>,"),
        (Language::Es, "Su acceso está abierto", "Zoë <b>"),
        (Language::Fr, "Votre accès est ouvert", "Zoë <b>"),
        (Language::De, "Ihr Zugang ist offen", "Guten Tag Zoë <b>,"),
    ] {
        assert_eq!(deliver(&mut mailer, &written_in(language)), Delivery::Sent);
        let kept = kept(folder.path());
        let message = MessageParser::default().parse(&kept).unwrap();
        assert_eq!(type_of(&message), "multipart/alternative");
        assert_eq!(message.subject(), Some(subject));
        assert_eq!(message.message_id(), Some("dialgate.7.1800000000@localhost"));
        let automatic = message.header_raw("Auto-Submitted").map(str::trim);
        assert_eq!(automatic, Some("auto-generated"));
        assert_eq!((message.text_body_count(), message.html_body_count()), (1, 1));
        let plain = message.body_text(0).unwrap();
        let html = message.body_html(0).unwrap();
        assert!(plain.contains(greeting) && !plain.contains('\u{202e}'), "{plain}");
        assert!(html.contains(&format!("<html lang=\"{language}\">")), "{html}");
        assert!(html.contains("Zoë &lt;b&gt;") && !html.contains("<b>"), "{html}");
        for fact in ["4711", "12.34.56.78", "rtp, sip", "(Europe/Paris)", "5678"] {
            assert!(plain.contains(fact) && html.contains(fact), "{fact}: {plain}\n{html}");
        }
    }
}

#[test]
fn a_letter_in_the_operators_own_words_and_in_ours_while_those_are_broken() {
    let (folder, templates) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let write = |name: &str, text: &str| {
        let path = templates.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    };
    let mut mailer = mailer(into(folder.path(), templates.path()));
    let mut send = |fault: Option<&str>| {
        mailer.send(&written_in(Language::En), now()).unwrap();
        let Report { outcome, fault: found, .. } = report(&mut mailer);
        assert_eq!(outcome, Delivery::Sent);
        match fault {
            Some(fault) => assert!(found.as_ref().unwrap().contains(fault), "{found:?}"),
            None => assert_eq!(found, None),
        }
        kept(folder.path())
    };

    write("opened.en.subject", "Ahoy {name}!\n");
    write("opened.en.txt", "Ahoy {name}, {address} is open.\n");
    let plain = send(None);
    let plain = MessageParser::default().parse(&plain).unwrap();
    assert_eq!(type_of(&plain), "text/plain");
    assert_eq!(plain.subject(), Some("Ahoy Zoë <b>!"));
    assert_eq!(plain.body_text(0).unwrap().trim(), "Ahoy Zoë <b>, 12.34.56.78 is open.");

    write("opened.en.html", "<p>Ahoy <i>{name}</i></p>");
    let both = send(None);
    let both = MessageParser::default().parse(&both).unwrap();
    assert_eq!(type_of(&both), "multipart/alternative");
    assert_eq!(both.body_html(0).unwrap().trim(), "<p>Ahoy <i>Zoë &lt;b&gt;</i></p>");

    write("opened.en.txt", "Ahoy\n{nmae}\n");
    let ours = send(Some("opened.en.txt: line 2: this letter has no {nmae}"));
    let ours = MessageParser::default().parse(&ours).unwrap();
    assert_eq!(ours.subject(), Some("Your access is open"));
}

#[test]
fn roots_own_words_are_read_by_a_child_with_no_rights_where_its_user_may() {
    if !SystemUser::is_root() {
        crate::support::skip("words::roots_own_words_are_read_by_a_child", "needs root");
        return;
    }
    let open =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let (folder, templates) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    open(folder.path(), 0o777);
    open(templates.path(), 0o755);
    let copy = folder.path().join("program");
    fs::hard_link(program(), &copy).or_else(|_| fs::copy(program(), &copy).map(drop)).unwrap();
    let text = templates.path().join("opened.en.txt");
    fs::write(&text, "Ahoy {name}\n").unwrap();

    let nobody = SystemUser::lookup("nobody").unwrap();
    let mail = into(folder.path(), templates.path());
    let mut mailer = Mailer::with_program(mail, Some(nobody), copy);
    for (owner, mode, said) in
        [(0, 0o644, None), (0, 0o600, Some("denied")), (65_534, 0o644, Some("root's"))]
    {
        std::os::unix::fs::chown(&text, Some(owner), None).unwrap();
        open(&text, mode);
        mailer.send(&written_in(Language::En), now()).unwrap();
        let Report { outcome, fault, .. } = report(&mut mailer);
        assert_eq!(outcome, Delivery::Sent);
        assert_eq!(fault.is_some(), said.is_some(), "{fault:?}");
        assert!(fault.unwrap_or_default().contains(said.unwrap_or_default()), "{owner} {mode:o}");
        let kept = kept(folder.path());
        let message = MessageParser::default().parse(&kept).unwrap();
        let is_own = message.body_text(0).unwrap().starts_with("Ahoy");
        assert_eq!(is_own, said.is_none());
    }
}
