//! From what the ledger says to a message as RFC 5322 wants it.

use std::time::SystemTime;

use dialgate_letter::{Wording, clean};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use super::wire::Errand;

/// The longest display name of a sender, in characters.
const LONGEST_NAME: usize = 64;
/// The longest address: 64 + `@` + 255 (RFC 5321 section 4.5.3.1).
const LONGEST_ADDRESS: usize = 320;

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComposeError {
    /// The configuration's mistake.
    #[error("mail.from is not an address: write it as name@example.net or Name <name@example.net>")]
    From,
    /// The letter's mistake.
    #[error(
        "the recipient is not an address: correct it with `dialgate account set` or in mail.operator"
    )]
    Recipient,
    /// Neither's.
    #[error("composing: {0}")]
    Message(#[from] lettre::error::Error),
}

/// Composes a letter from `from`. The same letter always becomes the same message with the same Message-ID, so that
/// one that is delivered twice can be told to be one. Names are kept out of the header, but for the sender's own.
pub(super) fn compose(
    errand: &Errand,
    wording: Wording,
    from: &str,
) -> Result<Message, ComposeError> {
    let from = mailbox(from).ok_or(ComposeError::From)?;
    let to = mailbox(&errand.recipient).ok_or(ComposeError::Recipient)?;
    let name = name(errand);
    let id = format!("<dialgate.{name}@{}>", domain(&from));
    let message = Message::builder()
        .from(from)
        .to(Mailbox::new(None, to.email))
        .subject(wording.subject)
        .date(SystemTime::from(errand.created_at))
        .message_id(Some(id))
        // RFC 3834 section 5: no vacation notice in answer.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    let plain = SinglePart::plain(wording.plain);
    let Some(html) = wording.html else { return Ok(message.singlepart(plain)?) };
    // `=_` never stands in quoted-printable text (RFC 2045 section 6.7).
    let parts = MultiPart::alternative()
        .boundary(format!("=_dialgate.{name}"))
        .singlepart(plain)
        .singlepart(SinglePart::html(html));
    Ok(message.multipart(parts)?)
}

/// Names a letter among all of one ledger, and among those of a ledger that was begun anew.
pub(super) fn name(errand: &Errand) -> String {
    format!("{}.{}", errand.id.row(), errand.created_at.as_second())
}

/// An address, with or without a name. lettre panics on a name with CR or LF, so names are cleaned first.
fn mailbox(text: &str) -> Option<Mailbox> {
    if text.len() > LONGEST_ADDRESS + LONGEST_NAME || text.chars().any(char::is_control) {
        return None;
    }
    let Mailbox { name, email } = text.trim().parse().ok()?;
    let name = name.map(|name| clean(&name, LONGEST_NAME)).filter(|name| !name.is_empty());
    Some(Mailbox::new(name, email))
}

/// What stands behind the `@` of a Message-ID, which is ASCII.
fn domain(from: &Mailbox) -> &str {
    let domain = from.email.domain();
    if domain.is_ascii() { domain } else { "dialgate.invalid" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialgate_contract::ledger::{Letter, LetterId};
    use dialgate_contract::{Language, Refusal};
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    const FROM: &str = "dialgate <dialgate@localhost>";

    fn errand(recipient: &str, name: &str) -> Errand {
        Errand {
            id: LetterId::from_row(7),
            recipient: recipient.to_owned(),
            letter: Letter::Opened {
                name: name.to_owned(),
                language: None,
                account: "4711".parse().unwrap(),
                address: "12.34.56.78".parse().unwrap(),
                services: ["sip".parse().unwrap()].into(),
                until: Timestamp::UNIX_EPOCH,
                time_zone: None,
                replaced: None,
                extended: true,
                caller: None,
            },
            created_at: Timestamp::from_second(1_800_000_000).unwrap(),
        }
    }

    fn compose(errand: &Errand, from: &str) -> Result<Message, ComposeError> {
        super::compose(errand, Wording::of(&errand.letter, &TimeZone::UTC, None).0, from)
    }

    fn header(message: &Message) -> String {
        let text = String::from_utf8(message.formatted()).unwrap();
        text.split("\r\n\r\n").next().unwrap().to_owned()
    }

    #[test]
    fn the_header_has_these_lines_and_no_others() {
        let message = compose(&errand("Ann B. <ann@example.net>", "Ann"), FROM).unwrap();
        assert_eq!(
            header(&message),
            "From: dialgate <dialgate@localhost>\r\n\
             To: ann@example.net\r\n\
             Subject: Your access lasts longer\r\n\
             Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n\
             Message-ID: <dialgate.7.1800000000@localhost>\r\n\
             Auto-Submitted: auto-generated\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: multipart/alternative; boundary=\"=_dialgate.7.1800000000\""
        );
    }

    #[test]
    fn a_subject_beyond_ascii_is_encoded_and_the_text_is_utf_8() {
        let mut errand = errand("ann@example.net", "Ann");
        if let Letter::Opened { language, .. } = &mut errand.letter {
            *language = Some(Language::De);
        }
        let message = compose(&errand, FROM).unwrap();
        // "Ihr Zugang wurde " is left as it is.
        let subject = "Subject: Ihr Zugang wurde =?utf-8?b?dmVybMOkbmdlcnQ=?=\r\n";
        assert!(header(&message).contains(subject), "{}", header(&message));
        let text = String::from_utf8(message.formatted()).unwrap();
        assert!(text.is_ascii() && text.contains("charset=utf-8"), "{text}");
        assert!(text.contains("verl=C3=A4ngert"), "{text}");
    }

    #[test]
    fn the_same_letter_is_the_same_message() {
        let compose = || compose(&errand("ann@example.net", "Zoë"), FROM).unwrap().formatted();
        assert_eq!(compose(), compose());
    }

    #[test]
    fn a_recipient_that_is_none_is_the_letters_mistake_and_a_sender_the_configurations() {
        let long = format!("{}@example.net", "x".repeat(1000));
        for bad in ["", "ann", "ann@", "@x", "a@b\r\nBcc: c@d", "a@b, c@d", "a b@c", "a@b\0", &long]
        {
            let error = compose(&errand(bad, "Ann"), FROM).unwrap_err();
            assert!(matches!(error, ComposeError::Recipient), "{bad:?}: {error}");
            let error = compose(&errand("a@b", "Ann"), bad).unwrap_err();
            assert!(matches!(error, ComposeError::From), "{bad:?}: {error}");
        }
    }

    #[test]
    fn a_domain_beyond_ascii_does_not_reach_the_message_id() {
        let message = compose(&errand("a@b", "Ann"), "d@bücher.example").unwrap();
        assert!(header(&message).contains("Message-ID: <dialgate.7.1800000000@dialgate.invalid>"));
    }

    proptest! {
        #[test]
        fn whatever_others_wrote_never_panics_nor_adds_a_header_line(
            name in any::<String>(), display in any::<String>(), address in any::<String>(), long in 0_usize..200,
        ) {
            let from = format!("{display} <dialgate@localhost>");
            let quoted = format!("\"{}\" <dialgate@localhost>", display.replace(['"', '\\'], ""));
            let refused = Letter::Refused {
                account: "4711".parse().unwrap(),
                address: address.repeat(long),
                refusal: Refusal::SpecialAddress,
                caller: name.clone(),
                at: Timestamp::UNIX_EPOCH,
            };
            for from in [FROM, &from, &quoted, &address] {
                for recipient in ["ann@example.net", &quoted, &address] {
                    let opened = errand(recipient, &name.repeat(long));
                    let refused = Errand { letter: refused.clone(), ..opened.clone() };
                    for errand in [opened, refused] {
                        let Ok(message) = compose(&errand, from) else { continue };
                        let header = header(&message);
                        let fields = header.split("\r\n").filter(|line| !line.starts_with(' '));
                        prop_assert_eq!(fields.count(), 8, "{}", header);
                    }
                }
            }
            prop_assert!(compose(&errand("ann@example.net", &name.repeat(long)), FROM).is_ok());
        }
    }
}
