//! The proof that replies answer our commands.

use std::fmt;

use super::reply::Reply;

/// A random value that Asterisk repeats in answer to `GET FULL VARIABLE`. A caller who forged part
/// of the stream wrote it before the nonce was known, so the first reply repeats it exactly only if
/// the stream is in step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// The nonce made of 16 bytes, which the caller draws from the system's random source.
    #[must_use]
    pub const fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// Checks the reply to [`Command::GetFullVariable`](super::Command::GetFullVariable).
    ///
    /// # Errors
    /// [`OutOfStep`] unless the reply is exactly `200 result=1 (<nonce>)`: end the session and
    /// believe nothing in it.
    pub fn verify(&self, reply: &Reply) -> Result<(), OutOfStep> {
        let Reply::Success(success) = reply else { return Err(OutOfStep) };
        let exact = success.result() == "1"
            && success.data() == Some(self.to_string().as_str())
            && success.endpos().is_none()
            && success.text().is_empty();
        if exact { Ok(()) } else { Err(OutOfStep) }
    }
}

impl fmt::Display for Nonce {
    /// 32 lower-case hexadecimal digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// The first reply does not repeat the nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the first AGI reply does not repeat our nonce: part of the stream is forged; filter the caller's identity in the dialplan"
)]
pub struct OutOfStep;

#[cfg(test)]
mod tests {
    use super::super::reply::ReplyLine;
    use super::*;

    #[test]
    fn only_the_exact_echo_proves_that_the_stream_is_in_step() {
        let nonce = Nonce::new([0xab; 16]);
        let echo = "abababababababababababababababab";
        let verdict = |line: String| match ReplyLine::parse(line.as_bytes()) {
            Ok(ReplyLine::Final(reply)) => nonce.verify(&reply),
            other => panic!("{line:?} is {other:?}"),
        };
        assert_eq!(verdict(format!("200 result=1 ({echo})")), Ok(()));
        for forged in [
            "200 result=1 (yes)".to_owned(),
            "200 result=1".to_owned(),
            format!("200 result=0 ({echo})"),
            format!("200 result=1 ({echo} )"),
            format!("200 result=1 ({echo}) endpos=0"),
            format!("200 result=1 ({})", echo.to_uppercase()),
            "511 Command Not Permitted".to_owned(),
        ] {
            assert_eq!(verdict(forged.clone()), Err(OutOfStep), "{forged}");
        }
    }
}
