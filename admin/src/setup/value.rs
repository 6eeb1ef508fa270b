//! What is answered at setup.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use dialgate_contract::HostName;
use dialgate_contract::config::Tls;

use crate::contact::{Email, PersonName};

/// A number or a feature code as it is dialled: 1 to 24 digits, `*` and `#`, perhaps behind a `+`. Never a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DialledNumber(String);

/// A text that nobody can dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write the exact number as your carrier sends it, such as 15125550100 or +15125550100, or a feature code, such as *3425"
)]
pub(crate) struct DialledNumberError;

/// The name of a context in the dialplan, of at most 79 characters (`AST_MAX_CONTEXT`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContextName(String);

/// A text that names no context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a context is named by letters, digits, - and _, such as from-trunk")]
pub(crate) struct ContextNameError;

/// A mail server and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailServer {
    pub(super) host: String,
    pub(super) port: u16,
}

/// A text that is no mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write the mail server as localhost, mail.example.net, or with a port: mail.example.net:587"
)]
pub(crate) struct MailServerError;

/// Whom letters are from: an address, or a name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sender(String);

/// A text that is no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the sender as dialgate@example.net or dialgate <dialgate@example.net>")]
pub(crate) struct SenderError;

impl DialledNumber {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of those that are dialled from the PBX's own telephones.
    pub(super) fn is_feature_code(&self) -> bool {
        self.0.starts_with(['*', '#'])
    }
}

impl ContextName {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl MailServer {
    /// How the connection is protected at this port: from the first byte (RFC 8314), upgraded, or not at all.
    pub(super) const fn tls(&self) -> Tls {
        match self.port {
            465 => Tls::Tls,
            587 => Tls::Starttls,
            _ => Tls::None,
        }
    }
}

impl Sender {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DialledNumber {
    type Err = DialledNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let fits = (1..=24).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'));
        if fits { Ok(Self(text.to_owned())) } else { Err(DialledNumberError) }
    }
}

impl FromStr for ContextName {
    type Err = ContextNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=79).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if fits { Ok(Self(text.to_owned())) } else { Err(ContextNameError) }
    }
}

impl FromStr for MailServer {
    type Err = MailServerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self { host: address.to_string(), port: 25 });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| MailServerError)?),
            None => (text, 25),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let named = host == "localhost" || host.parse::<HostName>().is_ok();
        if port > 0 && (named || bare.parse::<IpAddr>().is_ok()) {
            Ok(Self { host: bare.to_owned(), port })
        } else {
            Err(MailServerError)
        }
    }
}

impl fmt::Display for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host.contains(':'), self.port) {
            (_, 25) => f.write_str(&self.host),
            (false, port) => write!(f, "{}:{port}", self.host),
            (true, port) => write!(f, "[{}]:{port}", self.host),
        }
    }
}

impl FromStr for Sender {
    type Err = SenderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
            None => text,
            Some((name, address)) => {
                let plain = !name.contains(['"', '<', '>', '@', ',', ';', ':', '\\']);
                let _: PersonName = name.parse().map_err(|_| SenderError)?;
                if plain { address } else { return Err(SenderError) }
            }
        };
        let _: Email = address.parse().map_err(|_| SenderError)?;
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_exact() {
        for good in ["15125550100", "+15125550100", "*3425", "#3", "0"] {
            assert_eq!(good.parse::<DialledNumber>().unwrap().as_str(), good);
        }
        let long = "1".repeat(25);
        for bad in
            ["", "+", "_X.", "_1NXXNXXXXXX", "1-512-555-0100", "1 2", "1\n2", "s", "1,1", &long]
        {
            assert!(bad.parse::<DialledNumber>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_context_is_a_plain_name() {
        assert!("from-trunk".parse::<ContextName>().is_ok());
        for bad in ["", "a]", "[a", "a b", "a\nb", "a,b", "a;b"] {
            assert!(bad.parse::<ContextName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_mail_server_has_a_name_or_an_address_and_a_port() {
        for (text, host, port) in [
            ("localhost", "localhost", 25),
            ("mail.example.net:587", "mail.example.net", 587),
            ("12.34.56.78:2525", "12.34.56.78", 2525),
            ("2a00::1", "2a00::1", 25),
            ("[2a00::1]:465", "2a00::1", 465),
        ] {
            let server: MailServer = text.parse().unwrap();
            assert_eq!((server.host.as_str(), server.port), (host, port), "{text}");
            assert_eq!(server.to_string().parse(), Ok(server), "{text}");
        }
        for bad in [
            "",
            "mail",
            "mail.example.net:",
            "mail.example.net:0",
            "a b.c",
            "smtp://mail.example.net",
        ] {
            assert!(bad.parse::<MailServer>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_sender_is_one_address_perhaps_with_a_name() {
        for good in ["a@b.net", "dialgate <dialgate@localhost>", "My PBX <pbx@example.net>"] {
            assert_eq!(good.parse::<Sender>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "a",
            "<a@b.net>",
            "a@b.net, c@d.net",
            "x\" <a@b.net>",
            "x <a@b.net> y",
            "a\nb <a@b.net>",
        ] {
            assert!(bad.parse::<Sender>().is_err(), "{bad:?}");
        }
    }
}
