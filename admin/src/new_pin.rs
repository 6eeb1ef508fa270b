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
    pin.judge(account.as_str())?;
    Ok(pin)
}

#[cfg(test)]
mod tests {
    use super::*;

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
