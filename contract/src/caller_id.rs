use std::fmt;

/// What the network says of the caller: a hint for people who read the log, never a credential, because any caller
/// can set it. At most 32 characters of `0-9 + * #`; everything else is dropped, and nothing left is "unknown".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallerId(String);

impl CallerId {
    const MAX: usize = 32;
    const UNKNOWN: &'static str = "unknown";

    /// Keeps of `text` what a telephone number is made of.
    #[must_use]
    pub fn from_network(text: &str) -> Self {
        let number: String = text
            .chars()
            .filter(|c| matches!(c, '0'..='9' | '+' | '*' | '#'))
            .take(Self::MAX)
            .collect();
        if number.is_empty() { Self(Self::UNKNOWN.to_owned()) } else { Self(number) }
    }

    /// The number; `None` when the network did not tell.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| *text != Self::UNKNOWN)
    }

    /// The number, or `unknown`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::CallerId;

    #[test]
    fn only_what_a_telephone_number_is_made_of_is_kept() {
        assert_eq!(CallerId::from_network("+49 (30) 1234\n200 result=1").as_str(), "+493012342001");
        assert_eq!(CallerId::from_network("\u{202e}anonymous\x1b[2J").as_str(), "2");
        assert_eq!(CallerId::from_network("anonymous").as_str(), "unknown");
        assert_eq!(CallerId::from_network(&"1".repeat(500)).as_str().len(), 32);
    }
}
