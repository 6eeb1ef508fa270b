//! What the reader child says to root: one line of ASCII for each request. Root believes the shape of nothing else.

use dialgate_contract::queue::{RawRequest, Request};

/// The longest line, without its end: a change of a PIN has 222 bytes at most.
pub(super) const MAX_LINE: usize = 256;

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
const REQUEST: &str = "request";
const NOTHING: &str = "-";
/// The words of a request.
const COLUMNS: usize = 10;

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
        let request = row(line)?.request().map_err(|_| BadLine)?;
        let again = Self::Request(request);
        // One form for each request: whatever else may be read as the same one is not from our child.
        if again.print() == line { Ok(again) } else { Err(BadLine) }
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
            Self::Request(request) => printed(&RawRequest::of(request)),
        }
    }
}

/// One word for each column, in their order, and `-` where there is nothing.
fn printed(raw: &RawRequest) -> String {
    let text = |word: &Option<String>| word.as_deref().unwrap_or(NOTHING).to_owned();
    let number = |number: Option<i64>| number.map_or_else(|| NOTHING.to_owned(), |n| n.to_string());
    format!(
        "{REQUEST} {} {} {} {} {} {} {} {} {}",
        raw.id,
        raw.matter,
        text(&raw.account),
        text(&raw.address),
        number(raw.lifetime),
        text(&raw.pin_hash),
        number(raw.failures),
        raw.caller,
        raw.requested_at,
    )
}

/// The row that a line was printed from; nothing in it is believed.
fn row(line: &str) -> Result<RawRequest, BadLine> {
    let words: Vec<&str> = line.splitn(COLUMNS + 1, ' ').collect();
    let &[REQUEST, id, matter, account, address, lifetime, pin_hash, failures, caller, at] =
        words.as_slice()
    else {
        return Err(BadLine);
    };
    let text = |word: &str| (word != NOTHING).then(|| word.to_owned());
    let optional = |word: &str| if word == NOTHING { Ok(None) } else { number(word).map(Some) };
    Ok(RawRequest {
        number: 0,
        id: id.to_owned(),
        matter: matter.to_owned(),
        account: text(account),
        address: text(address),
        lifetime: optional(lifetime)?,
        pin_hash: text(pin_hash),
        failures: optional(failures)?,
        caller: caller.to_owned(),
        requested_at: number(at)?,
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

    const ID: &str = "000102030405060708090a0b0c0d0eff";
    const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn line(middle: &str) -> String {
        format!("request {ID} {middle} +4930 1800000000")
    }

    fn open() -> String {
        line("open 4711 12.34.56.78 - - -")
    }

    fn change_pin() -> String {
        line(&format!("change-pin 4711 - - {HASH} -"))
    }

    #[test]
    fn every_request_reads_back_as_it_was_written() {
        for line in [
            open(),
            line("open 4711 12.34.56.78 3600 - -"),
            line("open 4711 2a00::1 - - -"),
            line("extend 4711 - - - -"),
            line("extend 4711 - 604800 - -"),
            line("close 4711 - - - -"),
            change_pin(),
            line("failed-logins 4711 - - - 5"),
            line("guessing - - - - 4294967295"),
            "alive".to_owned(),
        ] {
            let read = Line::parse(line.as_bytes()).map(|read| read.print());
            assert_eq!(read.as_ref(), Ok(&line), "{line}");
        }
    }

    #[test]
    fn the_longest_request_fits_a_line() {
        let long = change_pin()
            .replace("4711", "123456789012")
            .replace("+4930", &"1".repeat(32))
            .replace("1800000000", "-377705023201");
        assert!(long.len() <= MAX_LINE && Line::parse(long.as_bytes()).is_ok(), "{}", long.len());
    }

    #[test]
    fn anything_else_is_refused() {
        for (what, with) in [
            ("request", "grant"),
            ("request ", "request  "),
            ("open", "Open"),
            ("open", "close"),
            ("open", "guessing"),
            ("4711", "471"),
            ("4711", "4711\n"),
            ("4711", "-"),
            ("12.34.56.78", "012.34.56.78"),
            ("12.34.56.78", "0.0.0.0/0"),
            ("12.34.56.78", "localhost"),
            ("12.34.56.78", "2A00::1"),
            ("12.34.56.78", "-"),
            (" - - -", " 0 - -"),
            (" - - -", " -1 - -"),
            (" - - -", " +60 - -"),
            (" - - -", " - - 5"),
            (" - - -", " - -"),
            (" - - -", " - - - -"),
            (" - - -", &format!(" - {HASH} -")),
            ("+4930", "unknown\u{202e}"),
            ("+4930", "-"),
            ("1800000000", "1800000000 "),
            ("1800000000", "99999999999999999999"),
            ("1800000000", "99999999999999999"),
        ] {
            let line = open().replacen(what, with, 1);
            assert_eq!(Line::parse(line.as_bytes()), Err(BadLine), "{with:?}");
        }
        for middle in [
            "extend - - - - -",
            "extend 4711 12.34.56.78 - - -",
            "close 4711 - 60 - -",
            "change-pin 4711 - - - -",
            "change-pin 4711 - - secret -",
            &format!("change-pin 4711 - - {HASH}A -"),
            &format!("change-pin 4711 - - {} -", HASH.replace("m=19456", "m=8")),
            "failed-logins - - - - 5",
            "failed-logins 4711 - - - -1",
            "failed-logins 4711 - - - 05",
            "failed-logins 4711 - - - -",
            "guessing 4711 - - - 5",
            "guessing - - - - 4294967296",
            "drop-tables - - - - -",
        ] {
            assert_eq!(Line::parse(line(middle).as_bytes()), Err(BadLine), "{middle}");
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
        fn whatever_is_read_prints_as_it_was(
            line in "request [0-9a-f]{32} (open|extend|close|failed-logins|guessing) ([0-9]{3,13}|-) ([0-9.]{7,15}|-) (-|[0-9]{1,6}) - (-|[0-9]{1,3}) [0-9+]{1,20} [0-9]{1,12}",
        ) {
            if let Ok(read) = Line::parse(line.as_bytes()) {
                prop_assert_eq!(read.print(), line);
            }
        }

        #[test]
        fn one_byte_that_was_tampered_with_is_another_request_or_none(at in 0_usize..210, byte in any::<u8>()) {
            let mut line = change_pin().into_bytes();
            let at = at % line.len();
            line[at] = byte;
            if let Ok(read) = Line::parse(&line) {
                prop_assert_eq!(read.print().into_bytes(), line);
            }
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Line::parse(&bytes);
        }
    }
}
