use std::fmt;
use std::str::FromStr;

/// The name of a host in the DNS (RFC 1123 section 2.1): at most 253 characters, labels of letters, digits and inner
/// hyphens, at least two of them, and the last not all digits, so that it is never mistaken for an address. Lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostName(String);

/// A text that is not the name of a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a host's name: write it in full, such as sip.example.net")]
pub struct HostNameError(String);

impl HostName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let mut labels = name.split('.');
        let last = labels.next_back().unwrap_or_default();
        let named = last.bytes().any(|byte| !byte.is_ascii_digit());
        if name.len() <= 253 && name.contains('.') && named && name.split('.').all(is_label) {
            Ok(Self(name))
        } else {
            Err(HostNameError(text.chars().take(60).collect()))
        }
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_in_any_case_and_printed_in_one() {
        for (text, name) in [
            ("SIP.Example.Net.", "sip.example.net"),
            ("a-b.c1", "a-b.c1"),
            ("1.2.3.de", "1.2.3.de"),
        ] {
            assert_eq!(text.parse::<HostName>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn nothing_that_a_tool_could_take_for_something_else_is_a_name() {
        let long = format!("{}.net", "a".repeat(64));
        for bad in [
            "",
            "localhost",
            "1.2.3.4",
            "-f.net",
            "a_b.net",
            "a b.net",
            "a..net",
            "a.net\n",
            "$(x).net",
            "a.net;",
            &long,
        ] {
            assert!(bad.parse::<HostName>().is_err(), "{bad:?}");
        }
    }
}
