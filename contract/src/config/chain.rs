use crate::text_enum::serde_as_text;

/// The name of a chain: letters, digits, `-` and `_`, a letter first, at most 28 characters (`XT_EXTENSION_MAXNAMELEN`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainName(String);

/// The chain that jumps to ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// Found by looking at the firewall that is there.
    Auto,
    /// This one.
    Chain(ChainName),
}

/// A text that is not a chain's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chain's name is 1 to 28 letters, digits, - and _, and begins with a letter")]
pub struct ChainNameError;

impl ChainName {
    /// Ours, unless the operator says otherwise.
    pub(super) fn ours() -> Self {
        Self("DIALGATE".to_owned())
    }

    /// The kernel's own chain for packets to this machine.
    #[must_use]
    pub fn input() -> Self {
        Self("INPUT".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ChainName {
    type Err = ChainNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letter_first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        let plain =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if letter_first && plain && text.len() <= 28 {
            Ok(Self(text.to_owned()))
        } else {
            Err(ChainNameError)
        }
    }
}

impl std::fmt::Display for ChainName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl std::str::FromStr for Anchor {
    type Err = ChainNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::Chain) }
    }
}

impl std::fmt::Display for Anchor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Chain(chain) => chain.fmt(f),
        }
    }
}

serde_as_text!(ChainName);
serde_as_text!(Anchor);
