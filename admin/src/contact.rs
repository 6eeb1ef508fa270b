//! How a traveller is written to: name, mail address and time zone.

use std::str::FromStr;

use jiff::tz::TimeZone;

/// A person's name as it may stand in a letter and on a terminal: 1 to 64 characters, none of them invisible, and
/// nothing that a spreadsheet would calculate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PersonName(String);

/// A text that is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has 1 to 64 characters, none of them a line break or another control character, and does not begin with = + - or @, which a spreadsheet takes for a formula"
)]
pub(crate) struct PersonNameError;

/// A mail address in its plain form: a dot-atom (RFC 5322, 3.2.3), `@`, and a domain name, in ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

/// A text that is not a mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a mail address is written ann@example.net, in ASCII, without spaces, quotes or brackets")]
pub(crate) struct EmailError;

/// A time zone that is in the time zone database, by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeZoneName(String);

/// A text that names no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time zone is named as in the IANA database, such as Europe/Paris or UTC")]
pub(crate) struct TimeZoneError;

impl PersonName {
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl Email {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl TimeZoneName {
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl FromStr for PersonName {
    type Err = PersonNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim();
        let fits = (1..=64).contains(&name.chars().count())
            && !name.chars().any(is_invisible)
            && !name.starts_with(['=', '+', '-', '@']);
        if fits { Ok(Self(name.to_owned())) } else { Err(PersonNameError) }
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (local, domain) = text.split_once('@').ok_or(EmailError)?;
        let fits = text.len() <= 254
            && local.len() <= 64
            && !local.starts_with('-')
            && local.split('.').all(|part| !part.is_empty() && part.bytes().all(is_atext))
            && domain.split('.').all(is_label);
        if fits { Ok(Self(text.to_owned())) } else { Err(EmailError) }
    }
}

impl FromStr for TimeZoneName {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let zone = TimeZone::get(text).map_err(|_| TimeZoneError)?;
        zone.iana_name().map(|name| Self(name.to_owned())).ok_or(TimeZoneError)
    }
}

/// Control characters, and those that end lines or turn the direction of writing.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// A label of a domain name (RFC 1123, 2.1).
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_one_visible_line() {
        assert_eq!("  Zoë O'Hara ".parse::<PersonName>().unwrap().into_string(), "Zoë O'Hara");
        let long = "x".repeat(65);
        for bad in
            ["", "  ", "a\nBcc: b", "a\x1b[2J", "a\u{202e}b", "a\u{85}b", "=1+1", "@b", &long]
        {
            assert!(bad.parse::<PersonName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_mail_address_is_one_plain_ascii_address() {
        for good in ["ann@example.net", "o'hara+pbx@mail.example.net", "root@localhost"] {
            assert_eq!(good.parse::<Email>().unwrap().into_string(), good);
        }
        let long = format!("{}@{}net", "x".repeat(64), "a.".repeat(100));
        for bad in [
            "",
            "ann",
            "@example.net",
            "ann@",
            "a@b@c",
            "ann @example.net",
            "Ann <ann@example.net>",
            "\"a b\"@example.net",
            "ann@example.net\r\nBcc: b@c",
            "-oQ@example.net",
            ".ann@example.net",
            "ann..b@example.net",
            "ann@example..net",
            "ann@-example.net",
            "ann@[127.0.0.1]",
            "zoë@example.net",
            "a@b.net,c@d.net",
            &long,
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_time_zone_is_in_the_database() {
        assert_eq!("Europe/Paris".parse::<TimeZoneName>().unwrap().into_string(), "Europe/Paris");
        for bad in ["", "Paris", "Europe/Nowhere", "../../etc/passwd", "+02:00"] {
            assert!(bad.parse::<TimeZoneName>().is_err(), "{bad:?}");
        }
    }
}
