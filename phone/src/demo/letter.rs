use mail_parser::MessageParser;

/// A letter as its reader sees it.
pub(super) struct Letter {
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) text: String,
}

impl Letter {
    /// The letter in the file's `bytes`; `None` when they are no letter with a plain text.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let message = MessageParser::default().parse(bytes)?;
        let to = message.to()?.first()?;
        Some(Letter {
            to: to.address().unwrap_or_default().to_owned(),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: message.body_text(0)?.trim().replace("\r\n", "\n"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_text_is_what_the_reader_sees() {
        let bytes = b"To: Ada <ada@hotel.example>\r\nSubject: Open\r\nMIME-Version: 1.0\r\n\
            Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            12.34.56.78 caf=C3=A9\r\nuntil six\r\n";
        let letter = Letter::parse(bytes).unwrap();
        assert_eq!((letter.to.as_str(), letter.subject.as_str()), ("ada@hotel.example", "Open"));
        assert_eq!(letter.text, "12.34.56.78 café\nuntil six");
        assert!(Letter::parse(b"").is_none());
    }
}
