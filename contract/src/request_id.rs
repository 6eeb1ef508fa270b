use std::fmt;
use std::str::FromStr;

/// Names one request everywhere: 128 random bits, written as 32 lower-case hexadecimal digits. Random, so that a
/// queue that is lost and begun anew can never be answered with the verdict on an older request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(u128);

/// A text that is not a request id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a request id has 32 lower-case hexadecimal digits")]
pub struct RequestIdError;

impl RequestId {
    /// An id of the given random bytes.
    #[must_use]
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl FromStr for RequestId {
    type Err = RequestIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(hex) {
            return Err(RequestIdError);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| RequestIdError)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::RequestId;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let id = RequestId::from_random([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0d0eff");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn nothing_else_is_an_id() {
        for bad in ["", "1", "000102030405060708090A0B0C0D0EFF", "+00102030405060708090a0b0c0d0eff"]
        {
            assert!(bad.parse::<RequestId>().is_err(), "{bad}");
        }
    }
}
