//! What callers say of themselves: every payload of `identities.toml` at every place of it.

use std::path::Path;
use std::{fmt, fs, io};

use toml::{Table, Value};

/// What one caller says of himself.
#[derive(Clone, Default)]
pub(crate) struct Identity {
    /// The user part of the Request-URI and To.
    pub(crate) to: Vec<u8>,
    /// The From header's value without its tag.
    pub(crate) from: Vec<u8>,
    /// Another header line, or nothing.
    pub(crate) header: Vec<u8>,
    /// Whether Asterisk hands it to `AGI()` as lines or characters that a number or name has not.
    pub(crate) is_forged: bool,
}

impl Identity {
    /// Somebody with nothing to hide, who calls `to`.
    pub(crate) fn honest(to: &str) -> Self {
        let from = "\"Ann\" <sip:2001@h>".into();
        Self { to: to.into(), from, ..Self::default() }
    }

    /// All that the fixture makes of a call to `to`.
    pub(crate) fn hostile(to: &str) -> io::Result<Vec<Self>> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sip_caller/identities.toml");
        let fixture: Table = fs::read_to_string(file)?.parse().map_err(io::Error::other)?;
        let fixture = Value::Table(fixture);
        let mut identities = Vec::new();
        for place in array(&fixture, "place")? {
            for family in array(&fixture, "family")? {
                if array(family, "kinds")?.contains(field(place, "kind")?) {
                    for payload in array(family, "payloads")? {
                        identities.push(Self::made_of(to, place, family, payload)?);
                    }
                }
            }
        }
        Ok(identities)
    }

    fn made_of(to: &str, place: &Value, family: &Value, payload: &Value) -> io::Result<Self> {
        let payload = payload.as_str().unwrap_or_default();
        let value = bytes(&text(place, "value")?.replace("{}", payload));
        let is_forged = field(family, "forged")?.as_bool() == Some(true);
        let honest = Self { is_forged, ..Self::honest(to) };
        Ok(match text(place, "header")? {
            "From" => Self { from: value, ..honest },
            "To" => Self { to: [to.as_bytes(), &value].concat(), ..honest },
            header => Self { header: [header.as_bytes(), b": ", &value].concat(), ..honest },
        })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { to, from, header, is_forged } = self;
        let [to, from, header] = [to, from, header].map(|bytes| bytes.escape_ascii());
        write!(formatter, "To: {to}  From: {from}  {header}  (forged: {is_forged})")
    }
}

fn array<'a>(entry: &'a Value, key: &str) -> io::Result<&'a Vec<Value>> {
    field(entry, key)?.as_array().ok_or_else(|| io::Error::other(format!("{key} is no array")))
}

fn text<'a>(entry: &'a Value, key: &str) -> io::Result<&'a str> {
    field(entry, key)?.as_str().ok_or_else(|| io::Error::other(format!("{key} is no text")))
}

fn field<'a>(entry: &'a Value, key: &str) -> io::Result<&'a Value> {
    entry.get(key).ok_or_else(|| io::Error::other(format!("no {key} in {entry}")))
}

/// The text with the bytes that its `\xNN` stand for.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = Vec::from(parts.next().unwrap_or_default());
    for part in parts {
        let (hex, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        bytes.extend(u8::from_str_radix(hex, 16));
        bytes.extend(rest.bytes());
    }
    bytes
}
