//! The only place that asks the system for random bytes.

use dialgate_contract::AccountNumber;
use dialgate_pin::{Pepper, Pin};

use crate::error::Error;

/// How often something is made anew that cannot be used.
pub(crate) const ATTEMPTS: u32 = 100;

/// A new pepper.
pub(crate) fn pepper() -> Result<Pepper, Error> {
    let mut bytes = zeroize::Zeroizing::new([0; Pepper::BYTES]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(Pepper::from_random(*bytes))
}

/// A new PIN that is not easily guessed.
pub(crate) fn pin(account: &AccountNumber) -> Result<Pin, Error> {
    let mut bytes = zeroize::Zeroizing::new([0; 4 * Pin::GENERATED_DIGITS]);
    for _ in 0..ATTEMPTS {
        getrandom::fill(bytes.as_mut_slice())?;
        match Pin::from_random(bytes.as_slice()) {
            Some(pin) if pin.judge(account.as_str()).is_ok() => return Ok(pin),
            Some(_) | None => {}
        }
    }
    Err(Error::Unlucky("PIN that is hard to guess"))
}

/// Eight digits, the first of them not zero.
pub(crate) fn account_number() -> Result<AccountNumber, Error> {
    let number = 10_000_000 + getrandom::u32()? % 90_000_000;
    number.to_string().parse().map_err(|_| Error::Unlucky("account number"))
}
