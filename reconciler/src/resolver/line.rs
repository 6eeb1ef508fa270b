//! What the resolver child says to root: one line of ASCII, and nothing after it. Root believes its shape only.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::answer::MOST_ADDRESSES;

/// The longest line, without its end.
pub(super) const MAX_LINE: usize = 1024;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

const ADDRESSES: &str = "addresses";
const FAILED: &str = "failed ";

/// What the child says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// The host's addresses, and of too many some more than there may be.
    Addresses(BTreeSet<IpAddr>),
    /// Why there are none: visible ASCII and spaces.
    Failed(String),
}

/// A line that the child would not have written, had it not been tampered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the resolver wrote a line that is no answer")]
pub(super) struct BadLine;

impl Line {
    /// An answer, cut to one address more than there may be.
    #[must_use]
    pub(super) fn addresses(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let addresses: BTreeSet<IpAddr> = addresses.into_iter().collect();
        Self::Addresses(addresses.into_iter().take(MOST_ADDRESSES + 1).collect())
    }

    /// Says why there is no answer, in a form that does no harm in a log whoever had the words put there.
    #[must_use]
    pub(super) fn failed(reason: &str) -> Self {
        let plain = reason.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' });
        Self::Failed(plain.take(LONGEST_REASON).collect())
    }

    /// Reads a line without its end.
    ///
    /// # Errors
    /// When it is not exactly in the form that [`Line::print`] gives it.
    pub(super) fn parse(line: &[u8]) -> Result<Self, BadLine> {
        if line.len() > MAX_LINE {
            return Err(BadLine);
        }
        let text = std::str::from_utf8(line).map_err(|_| BadLine)?;
        let read = if let Some(reason) = text.strip_prefix(FAILED) {
            Self::failed(reason)
        } else {
            let mut words = text.split(' ');
            if words.next() != Some(ADDRESSES) {
                return Err(BadLine);
            }
            Self::Addresses(
                words.map(|word| word.parse().map_err(|_| BadLine)).collect::<Result<_, _>>()?,
            )
        };
        // One form for each answer: whatever else may be read as the same one is not from our child.
        if read.print() == text { Ok(read) } else { Err(BadLine) }
    }

    /// The line without its end.
    #[must_use]
    pub(super) fn print(&self) -> String {
        match self {
            Self::Failed(reason) => format!("{FAILED}{reason}"),
            Self::Addresses(addresses) => {
                let mut line = ADDRESSES.to_owned();
                for address in addresses {
                    line.push(' ');
                    line.push_str(&address.to_string());
                }
                line
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_reads_back_as_it_was_written() {
        for line in [
            "addresses",
            "addresses 12.34.56.78",
            "addresses 12.34.56.78 12.34.56.79 2a01:4f8::1",
            "addresses 10.0.0.1",
            "failed no such name",
        ] {
            assert_eq!(Line::parse(line.as_bytes()).map(|read| read.print()), Ok(line.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for line in [
            "",
            "address 12.34.56.78",
            "addresses ",
            "addresses  12.34.56.78",
            "addresses 12.34.56.79 12.34.56.78",
            "addresses 12.34.56.78 12.34.56.78",
            "addresses 012.34.56.78",
            "addresses 12.34.56.0/24",
            "addresses 2A01::1",
            "addresses fe80::1%eth0",
            "addresses localhost",
            "failed",
            "failed \u{1b}[2J",
            "failed a\nb",
        ] {
            assert_eq!(Line::parse(line.as_bytes()), Err(BadLine), "{line:?}");
        }
        assert_eq!(Line::parse(&[b'a'; MAX_LINE + 1]), Err(BadLine));
        assert_eq!(Line::parse(b"\xff"), Err(BadLine));
    }

    proptest! {
        #[test]
        fn any_answer_of_the_dns_arrives_or_is_cut(addresses in proptest::collection::vec(any::<IpAddr>(), 0..60)) {
            let line = Line::addresses(addresses);
            let Line::Addresses(some) = &line else { panic!("{line:?}") };
            prop_assert!(some.len() <= MOST_ADDRESSES + 1);
            prop_assert_eq!(Line::parse(line.print().as_bytes()), Ok(line));
        }

        #[test]
        fn a_reason_arrives_as_plain_text_whoever_chose_its_words(reason in any::<String>(), n in 0_usize..40) {
            let line = Line::failed(&reason.repeat(n));
            prop_assert_eq!(Line::parse(line.print().as_bytes()), Ok(line));
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..1200)) {
            let _ = Line::parse(&bytes);
        }
    }
}
