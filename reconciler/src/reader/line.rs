//! What the reader child says to root: one line of ASCII for each request. Root believes the shape of nothing else.

use dialgate_contract::queue::{RawRequest, Request};
use dialgate_contract::{AccountNumber, CallerId, Lifetime, RequestId};
use jiff::Timestamp;

/// The longest line, without its end.
pub(super) const MAX_LINE: usize = 192;

/// What the child says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// The child is well; there was nothing to say.
    Alive,
    /// A request in the queue.
    Request(Request),
    /// Why there will be no more: visible ASCII and spaces, cut to what a line holds.
    Failed(String),
}

const FAILED: &str = "failed ";

/// A line that the child would not have written, had it not been tampered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue's reader wrote a line that is no request")]
pub(super) struct BadLine;

impl Line {
    /// Reads a line without its end.
    ///
    /// # Errors
    /// When it is anything but `alive`, or a reason or a request in exactly the form that [`Line::print`] gives it.
    pub(super) fn parse(line: &[u8]) -> Result<Self, BadLine> {
        if line.len() > MAX_LINE {
            return Err(BadLine);
        }
        let line = std::str::from_utf8(line).map_err(|_| BadLine)?;
        if line == "alive" {
            return Ok(Self::Alive);
        }
        if let Some(reason) = line.strip_prefix(FAILED) {
            return if is_plain(reason) {
                Ok(Self::Failed(reason.to_owned()))
            } else {
                Err(BadLine)
            };
        }
        let mut words = line.split(' ');
        let (
            Some("request"),
            Some(id),
            Some(account),
            Some(address),
            Some(lifetime),
            Some(caller),
            Some(at),
            None,
        ) = (
            words.next(),
            words.next(),
            words.next(),
            words.next(),
            words.next(),
            words.next(),
            words.next(),
            words.next(),
        )
        else {
            return Err(BadLine);
        };
        let lifetime = if lifetime == "-" { None } else { Some(number(lifetime)?) };
        let raw = RawRequest {
            number: 0,
            id: id.to_owned(),
            account: account.to_owned(),
            address: address.to_owned(),
            lifetime,
            caller: caller.to_owned(),
            requested_at: number(at)?,
        };
        let line_again = Self::Request(request(&raw)?);
        if line_again.print() == line { Ok(line_again) } else { Err(BadLine) }
    }

    /// Says why there will be no more, in a form that does no harm in a log whoever had the words put there.
    #[must_use]
    pub(super) fn failed(reason: &str) -> Self {
        let plain = reason.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' });
        Self::Failed(plain.take(MAX_LINE - FAILED.len()).collect())
    }

    /// The line without its end.
    #[must_use]
    pub(super) fn print(&self) -> String {
        match self {
            Self::Alive => "alive".to_owned(),
            Self::Failed(reason) => format!("{FAILED}{reason}"),
            Self::Request(request) => format!(
                "request {} {} {} {} {} {}",
                request.id,
                request.account,
                request.address,
                request
                    .lifetime
                    .map_or_else(|| "-".to_owned(), |lifetime| lifetime.seconds().to_string()),
                request.caller,
                request.requested_at.as_second(),
            ),
        }
    }
}

/// Rebuilds a request from a row that nobody vouches for.
///
/// # Errors
/// When any of its values is not what it should be.
pub(super) fn request(raw: &RawRequest) -> Result<Request, BadLine> {
    Ok(Request {
        id: raw.id.parse::<RequestId>().map_err(|_| BadLine)?,
        account: raw.account.parse::<AccountNumber>().map_err(|_| BadLine)?,
        address: raw.address.parse().map_err(|_| BadLine)?,
        lifetime: raw.lifetime.map(Lifetime::from_seconds).transpose().map_err(|_| BadLine)?,
        caller: CallerId::from_network(&raw.caller),
        requested_at: Timestamp::from_second(raw.requested_at).map_err(|_| BadLine)?,
    })
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

fn number(text: &str) -> Result<i64, BadLine> {
    text.parse().map_err(|_| BadLine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &str =
        "request 000102030405060708090a0b0c0d0eff 4711 12.34.56.78 - +4930 1800000000";

    #[test]
    fn a_request_reads_back_as_it_was_written() {
        for line in
            [LINE, &LINE.replace(" - ", " 3600 "), &LINE.replace("12.34.56.78", "2a00::1"), "alive"]
        {
            assert_eq!(Line::parse(line.as_bytes()).unwrap().print(), line);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for (what, with) in [
            ("request", "grant"),
            ("request ", "request  "),
            ("4711", "471"),
            ("4711", "4711\n"),
            ("12.34.56.78", "012.34.56.78"),
            ("12.34.56.78", "0.0.0.0/0"),
            ("12.34.56.78", "localhost"),
            ("12.34.56.78", "2A00::1"),
            (" - ", " 0 "),
            (" - ", " -1 "),
            (" - ", " +60 "),
            ("+4930", "unknown\u{202e}"),
            ("1800000000", "1800000000 "),
            ("1800000000", "99999999999999999999"),
            ("1800000000", "99999999999999999"),
        ] {
            assert_eq!(Line::parse(LINE.replace(what, with).as_bytes()), Err(BadLine), "{with:?}");
        }
        assert_eq!(Line::parse(&[b'a'; MAX_LINE + 1]), Err(BadLine));
        assert_eq!(Line::parse(b"\xff"), Err(BadLine));
        assert_eq!(Line::parse(b"failed \x1b[2J"), Err(BadLine));
    }

    proptest! {
        #[test]
        fn a_reason_arrives_as_plain_text_whoever_chose_its_words(reason in any::<String>(), n in 0_usize..40) {
            let line = Line::failed(&reason.repeat(n));
            prop_assert_eq!(Line::parse(line.print().as_bytes()), Ok(line));
        }

        #[test]
        fn whatever_is_read_prints_as_it_was(line in "request [0-9a-f]{32} [0-9]{3,13} [0-9.]{7,15} (-|[0-9]{1,6}) [0-9+]{1,20} [0-9]{1,12}") {
            if let Ok(read) = Line::parse(line.as_bytes()) {
                prop_assert_eq!(read.print(), line);
            }
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Line::parse(&bytes);
        }
    }
}
