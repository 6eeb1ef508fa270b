//! New PINs: generated, or chosen by the operator.

use std::io::{BufRead, IsTerminal, stdin};

use dialgate_contract::AccountNumber;
use dialgate_pin::{Hasher, Pepper, Pin, PinError};
use zeroize::Zeroizing;

use crate::echo::Silence;
use crate::error::Error;
use crate::site::Site;
use crate::{print, random};

/// What becomes of a new PIN.
pub(crate) struct NewPin {
    /// For the ledger.
    pub(crate) hash: String,
    /// For the operator, who does not know it yet.
    pub(crate) shown: Option<Pin>,
}

/// Why a PIN is among the first that anybody would try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Weak {
    #[error("has fewer than three different digits")]
    FewDigits,
    #[error("repeats itself")]
    Repeats,
    #[error("counts up or down")]
    Sequence,
    #[error("contains the account number or is part of it")]
    AccountNumber,
}

impl NewPin {
    /// A generated PIN, or the one on standard input.
    pub(crate) fn obtain(
        from_stdin: bool,
        account: &AccountNumber,
        site: &Site,
    ) -> Result<Self, Error> {
        let hasher = Hasher::new(Pepper::load(&site.config.pepper_file)?)?;
        if !from_stdin {
            let pin = random::pin(account)?;
            return Ok(Self { hash: hasher.hash(&pin)?, shown: Some(pin) });
        }
        if stdin().is_terminal() {
            print::prompt("PIN (6 to 12 digits, not shown), then Enter: ");
        }
        let silence = Silence::of_stdin();
        let pin = read(stdin().lock(), account);
        drop(silence);
        let pin = pin?;
        Ok(Self { hash: hasher.hash(&pin)?, shown: None })
    }
}

/// The PIN on the first line.
fn read(input: impl BufRead, account: &AccountNumber) -> Result<Pin, Error> {
    let mut line = Zeroizing::new(String::with_capacity(64));
    input.take(64).read_line(&mut line).map_err(|_| PinError)?;
    let digits = line.strip_suffix('\n').unwrap_or(&line);
    let pin = Pin::new(digits.strip_suffix('\r').unwrap_or(digits))?;
    judge(&pin, account)?;
    Ok(pin)
}

/// Whether a PIN will do.
pub(crate) fn judge(pin: &Pin, account: &AccountNumber) -> Result<(), Weak> {
    let digits = pin.reveal().as_bytes();
    if (b'0'..=b'9').filter(|digit| digits.contains(digit)).count() < 3 {
        return Err(Weak::FewDigits);
    }
    if (1..=digits.len() / 2).any(|period| repeats(digits, period)) {
        return Err(Weak::Repeats);
    }
    if is_sequence(digits) {
        return Err(Weak::Sequence);
    }
    let number = account.as_str();
    if pin.reveal().contains(number) || number.contains(pin.reveal()) {
        return Err(Weak::AccountNumber);
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(pin: &str, account: &str) -> Result<(), Weak> {
        judge(&Pin::new(pin).unwrap(), &account.parse().unwrap())
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
        ] {
            assert_eq!(judged(pin, "4711"), Err(weak), "{pin}");
        }
        assert_eq!(judged("481516", "48151623"), Err(Weak::AccountNumber));
    }

    #[test]
    fn others_will_do() {
        for pin in ["481516", "90210345", "192837465", "123457"] {
            assert_eq!(judged(pin, "4711"), Ok(()), "{pin}");
        }
    }

    #[test]
    fn one_line_is_read_and_nothing_that_is_no_pin() {
        let account = "4711".parse().unwrap();
        for good in ["481516", "481516\n", "481516\r\n", "481516\nmore\n"] {
            assert_eq!(read(good.as_bytes(), &account).unwrap().reveal(), "481516");
        }
        let long = "4".repeat(1000);
        for bad in ["", "\n", " 481516\n", "48151a\n", "\n481516\n", "\u{ff}", &long] {
            assert!(matches!(read(bad.as_bytes(), &account), Err(Error::Pin(_))), "{bad:?}");
        }
    }
}
