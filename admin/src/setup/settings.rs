//! What setup changes in the configuration, with the comments of whoever wrote it.

use dialgate_contract::config::{Mail, Tls};
use toml_edit::{DocumentMut, Item, Table, Value};

use super::value::{MailServer, Sender};

const HEADER: &str = "\
# The configuration of dialgate, by `dialgate setup`. dialgate.toml(5) tells every key and its default.
";

/// How letters are to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letters {
    pub(super) server: MailServer,
    pub(super) from: Sender,
}

/// A configuration after setup.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edited {
    pub(super) text: String,
    /// What is new in it, one setting on each line.
    pub(super) settings: Vec<String>,
}

/// The file with what is not set so yet; `current` is what holds in it.
pub(super) fn edit(
    text: Option<&str>,
    current: &Mail,
    letters: Option<&Letters>,
) -> Result<Edited, toml_edit::TomlError> {
    let mut document: DocumentMut = text.unwrap_or(HEADER).parse()?;
    let mut settings = Vec::new();
    for (key, value) in letters.map(|letters| differing(current, letters)).unwrap_or_default() {
        settings.push(format!("mail.{key} = {value}"));
        let mail = document.entry("mail").or_insert_with(|| Item::Table(Table::new()));
        if let Some(mail) = mail.as_table_like_mut() {
            mail.insert(key, Item::Value(value));
        }
    }
    // Nothing but a comment is what the document loses when nothing is put into it.
    let is_same = settings.is_empty();
    let text = match text {
        Some(text) if is_same => text.to_owned(),
        None if is_same => HEADER.to_owned(),
        Some(_) | None => document.to_string(),
    };
    Ok(Edited { text, settings })
}

fn differing(current: &Mail, letters: &Letters) -> Vec<(&'static str, Value)> {
    let Letters { server, from } = letters;
    let mut all: Vec<(&'static str, Value)> = Vec::new();
    if current.host != server.host {
        all.push(("host", server.host.as_str().into()));
    }
    if current.port != server.port {
        all.push(("port", i64::from(server.port).into()));
    }
    if server.tls() != Tls::None && current.tls == Tls::None {
        all.push(("tls", server.tls().as_str().into()));
    }
    if current.from != from.as_str() {
        all.push(("from", from.as_str().into()));
    }
    all
}

#[cfg(test)]
mod tests {
    use dialgate_contract::config::Config;

    use super::*;

    fn letters(server: &str, from: &str) -> Letters {
        Letters { server: server.parse().unwrap(), from: from.parse().unwrap() }
    }

    fn read(text: &str) -> Config {
        toml::from_str(text).unwrap()
    }

    fn edited(text: Option<&str>, letters: &Letters) -> Edited {
        let current = text.map(read).unwrap_or_default();
        edit(text, &current.mail, Some(letters)).unwrap()
    }

    #[test]
    fn only_what_differs_from_the_defaults_is_written() {
        let same = edited(None, &letters("localhost", "dialgate <dialgate@localhost>"));
        assert_eq!(same, Edited { text: HEADER.to_owned(), settings: vec![] });
        let other = edited(None, &letters("mail.example.net:587", "pbx@example.net"));
        assert_eq!(
            other.settings,
            [
                "mail.host = \"mail.example.net\"",
                "mail.port = 587",
                "mail.tls = \"starttls\"",
                "mail.from = \"pbx@example.net\""
            ]
        );
        let mut expected = Config::default();
        expected.mail.host = "mail.example.net".to_owned();
        expected.mail.port = 587;
        expected.mail.tls = Tls::Starttls;
        expected.mail.from = "pbx@example.net".to_owned();
        assert_eq!(read(&other.text), expected);
    }

    #[test]
    fn what_the_operator_wrote_stays() {
        let text = "# mine\nuser = \"\"\n\n[mail]  # letters\nport = 2525 # odd\noperator = []\n\n[lease]\nmax = \"9d\"\n";
        let after = edited(Some(text), &letters("mail.example.net:2525", "pbx@example.net"));
        assert_eq!(after.settings.len(), 2);
        for kept in ["# mine", "# letters", "port = 2525 # odd", "max = \"9d\""] {
            assert!(after.text.contains(kept), "{kept}: {}", after.text);
        }
        assert_eq!(read(&after.text).mail.host, "mail.example.net");
        let again = edited(Some(&after.text), &letters("mail.example.net:2525", "pbx@example.net"));
        assert_eq!(again, Edited { text: after.text, settings: vec![] });
    }

    #[test]
    fn the_file_that_is_shipped_can_be_edited() {
        let shipped = include_str!("../dialgate.toml");
        let after = edited(Some(shipped), &letters("mail.example.net", "pbx@example.net"));
        assert_eq!(read(&after.text).mail.host, "mail.example.net");
        assert!(after.text.contains("#anchor = \"auto\""));
    }
}
