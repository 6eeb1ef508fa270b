//! One line of Asterisk's answer to a command.

use std::fmt;

use zeroize::Zeroizing;

/// Asterisk's final answer to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `200`: the command ran.
    Success(Success),
    /// `503`: Asterisk is out of memory.
    OutOfMemory,
    /// `510`: no such command.
    UnknownCommand,
    /// `511`: the channel is gone and the command needs one.
    DeadChannel,
    /// `520`: wrong arguments; the usage text that follows is dropped.
    BadSyntax,
}

/// The parts of `200 result=VALUE [(DATA)] [endpos=N] [text]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Success {
    pub(super) result: Zeroizing<String>,
    data: Option<String>,
    endpos: Option<i64>,
    text: String,
}

impl Success {
    /// A string, not a number: `0042`, `12*34`, empty and `-1` all occur. May hold a PIN.
    #[must_use]
    pub fn result(&self) -> &str {
        &self.result
    }

    /// What stands in parentheses: a variable's value, or `timeout`.
    #[must_use]
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }

    /// Where playback ended, in samples of the file's own rate; -1 when it never began.
    #[must_use]
    pub fn endpos(&self) -> Option<i64> {
        self.endpos
    }

    /// Words after the result, such as `Gosub complete`; usually empty.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Success {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Success")
            .field("result", &format_args!("redacted"))
            .field("data", &self.data)
            .field("endpos", &self.endpos)
            .field("text", &self.text)
            .finish()
    }
}

/// What one line of an answer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReplyLine {
    Final(Reply),
    /// `100`: the answer is still to come.
    Provisional,
    /// `520-`: usage text follows, up to [`END_OF_USAGE`].
    UsageBegins,
}

pub(super) const END_OF_USAGE: &[u8] = b"520 End of proper usage.";

impl ReplyLine {
    /// Reads a line without its line feed.
    pub(super) fn parse(line: &[u8]) -> Result<Self, ReplyError> {
        if let Some(rest) = line.strip_prefix(b"200 result=") {
            return Success::parse(rest).map(|success| Self::Final(Reply::Success(success)));
        }
        let Some((code, _)) = line.split_at_checked(4) else { return Err(ReplyError::Malformed) };
        match code {
            b"100 " => Ok(Self::Provisional),
            b"503 " => Ok(Self::Final(Reply::OutOfMemory)),
            b"510 " => Ok(Self::Final(Reply::UnknownCommand)),
            b"511 " => Ok(Self::Final(Reply::DeadChannel)),
            b"520 " => Ok(Self::Final(Reply::BadSyntax)),
            b"520-" => Ok(Self::UsageBegins),
            _ => Err(ReplyError::Malformed),
        }
    }
}

impl Success {
    /// Reads what follows `200 result=`.
    fn parse(rest: &[u8]) -> Result<Self, ReplyError> {
        let mut parts = rest.splitn(2, |byte| *byte == b' ');
        let result = parts.next().unwrap_or_default();
        let is_value = |byte: &u8| byte.is_ascii_alphanumeric() || b"*#-".contains(byte);
        if !result.iter().all(is_value) {
            return Err(ReplyError::Malformed);
        }
        let result = Zeroizing::new(result.iter().copied().map(char::from).collect());
        let mut success = Self { result, data: None, endpos: None, text: String::new() };
        let Some(tail) = parts.next() else { return Ok(success) };
        let tail = String::from_utf8_lossy(tail);
        if let Some(data) = tail.strip_prefix('(') {
            // The value may itself hold parentheses: the last one ends it.
            let (data, after) = data.rsplit_once(')').ok_or(ReplyError::UnterminatedData)?;
            success.data = Some(data.to_owned());
            success.endpos = match after.strip_prefix(' ') {
                Some(endpos) => Some(parse_endpos(endpos).ok_or(ReplyError::UnterminatedData)?),
                None if after.is_empty() => None,
                None => return Err(ReplyError::UnterminatedData),
            };
        } else if tail.starts_with("endpos=") {
            success.endpos = Some(parse_endpos(&tail).ok_or(ReplyError::Malformed)?);
        } else if tail.is_empty() || tail.chars().any(char::is_control) {
            return Err(ReplyError::Malformed);
        } else {
            success.text = tail.into_owned();
        }
        Ok(success)
    }
}

fn parse_endpos(pair: &str) -> Option<i64> {
    pair.strip_prefix("endpos=").and_then(|value| value.parse().ok())
}

/// Why a line is not a reply. The line is not repeated: it may hold a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// None of the forms that `res_agi.c` writes.
    #[error("the line has none of the forms of an AGI reply")]
    Malformed,
    /// The value in parentheses does not end on its line: it holds a line feed that could forge
    /// replies.
    #[error("the value in parentheses does not end on its own line")]
    UnterminatedData,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn success(line: &str) -> Success {
        match ReplyLine::parse(line.as_bytes()) {
            Ok(ReplyLine::Final(Reply::Success(success))) => success,
            other => panic!("{line:?} is {other:?}"),
        }
    }

    #[test]
    fn a_result_is_a_string_and_not_a_number() {
        for value in ["0", "-1", "", "0042", "12*34*56*78", "12345678901234567890", "*", "A#"] {
            assert_eq!(success(&format!("200 result={value}")).result(), value);
        }
    }

    #[test]
    fn data_ends_at_the_last_parenthesis() {
        let cases = [
            ("200 result=1 (ok allowed)", "ok allowed"),
            ("200 result=1 ()", ""),
            ("200 result=1 ((paren) ) x)", "(paren) ) x"),
            ("200 result= (timeout)", "timeout"),
            ("200 result=1 (200 result=1 (x))", "200 result=1 (x)"),
        ];
        for (line, data) in cases {
            assert_eq!(success(line).data(), Some(data), "{line}");
        }
    }

    #[test]
    fn the_end_of_playback_and_free_text_are_read() {
        assert_eq!(success("200 result=-1 endpos=-1").endpos(), Some(-1));
        let record = success("200 result=0 (timeout) endpos=0");
        assert_eq!((record.data(), record.endpos()), (Some("timeout"), Some(0)));
        assert_eq!(success("200 result=0 Gosub complete").text(), "Gosub complete");
    }

    #[test]
    fn data_that_does_not_end_on_its_line_is_refused() {
        for line in [
            "200 result=1 (line one",
            "200 result=1 (a)b",
            "200 result=1 (a) b",
            "200 result=1 (a) endpos=x",
        ] {
            assert_eq!(
                ReplyLine::parse(line.as_bytes()),
                Err(ReplyError::UnterminatedData),
                "{line}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let lines: [&[u8]; 12] = [
            b"",
            b"200",
            b"200 ",
            b"200 result",
            b"200  result=1",
            b"201 result=1",
            b"200 result=1\r",
            b"200 result=1 \x1b[2J",
            b"200 result=0 ",
            b"200 result=0 endpos=",
            b"\xff\xff\xff\xff",
            b" 200 result=1",
        ];
        for line in lines {
            assert_eq!(ReplyLine::parse(line), Err(ReplyError::Malformed), "{line:?}");
        }
    }

    #[test]
    fn a_result_is_never_shown() {
        assert!(!format!("{:?}", success("200 result=9876 (timeout)")).contains("9876"));
    }
}
