use crate::Pin;

/// Why a PIN is among the first that anybody would try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Two digits at most.
    #[error("has fewer than three different digits")]
    FewDigits,
    /// Such as 123123.
    #[error("repeats itself")]
    Repeats,
    /// Such as 123456 or 135791.
    #[error("counts up or down")]
    Sequence,
    /// The account number is no secret.
    #[error("contains the account number or is part of it")]
    AccountNumber,
    /// A shape on the keypad, or a sequence there and back.
    #[error("is among those that most people choose")]
    Common,
}

/// What people choose that no other rule forbids: shapes on the keypad, and pairs and threes that count.
const COMMON: [&str; 16] = [
    "112233",
    "223344",
    "332211",
    "445566",
    "778899",
    "11223344",
    "111222333",
    "147258",
    "147852",
    "159357",
    "159753",
    "258456",
    "321654",
    "789456",
    "147258369",
    "14725836",
];

impl Pin {
    /// Whether a PIN will do for the account with this number.
    ///
    /// # Errors
    /// When anybody would try it first.
    pub fn judge(&self, account: &str) -> Result<(), Weak> {
        let pin = self.reveal();
        let digits = pin.as_bytes();
        if (b'0'..=b'9').filter(|digit| digits.contains(digit)).count() < 3 {
            return Err(Weak::FewDigits);
        }
        if (1..=digits.len() / 2).any(|period| repeats(digits, period)) {
            return Err(Weak::Repeats);
        }
        if is_sequence(digits) {
            return Err(Weak::Sequence);
        }
        if pin.contains(account) || account.contains(pin) {
            return Err(Weak::AccountNumber);
        }
        if COMMON.contains(&pin) || is_there_and_back(digits) {
            return Err(Weak::Common);
        }
        Ok(())
    }
}

fn repeats(digits: &[u8], period: usize) -> bool {
    digits.iter().zip(digits.iter().skip(period)).all(|(digit, later)| digit == later)
}

/// Whether all steps from digit to digit are alike, 0 following 9.
fn is_sequence(digits: &[u8]) -> bool {
    let mut steps =
        digits.iter().zip(digits.iter().skip(1)).map(|(digit, next)| (next + 10 - digit) % 10);
    let first = steps.next();
    steps.all(|step| Some(step) == first)
}

/// Such as 123321: a sequence, and the same backwards.
fn is_there_and_back(digits: &[u8]) -> bool {
    let half = digits.get(..digits.len().div_ceil(2)).unwrap_or_default();
    is_sequence(half) && digits.iter().eq(digits.iter().rev())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(pin: &str, account: &str) -> Result<(), Weak> {
        Pin::new(pin).unwrap().judge(account)
    }

    #[test]
    fn what_anybody_would_try_first_is_refused_with_the_reason() {
        for (pin, weak) in [
            ("000000", Weak::FewDigits),
            ("112112", Weak::FewDigits),
            ("123123", Weak::Repeats),
            ("12341234", Weak::Repeats),
            ("1231231", Weak::Repeats),
            ("123456", Weak::Sequence),
            ("987654321", Weak::Sequence),
            ("789012", Weak::Sequence),
            ("135791", Weak::Sequence),
            ("471100", Weak::AccountNumber),
            ("004711", Weak::AccountNumber),
            ("159753", Weak::Common),
            ("123321", Weak::Common),
            ("1234321", Weak::Common),
        ] {
            assert_eq!(judged(pin, "4711"), Err(weak), "{pin}");
        }
        assert_eq!(judged("481516", "48151623"), Err(Weak::AccountNumber));
    }

    #[test]
    fn others_will_do() {
        for pin in ["481516", "90210345", "192837465", "123457", "481184"] {
            assert_eq!(judged(pin, "4711"), Ok(()), "{pin}");
        }
    }
}
