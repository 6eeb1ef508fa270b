use std::fmt;
use std::str::FromStr;

/// The number a traveller keys in to say who is calling: 4 to 12 decimal digits, leading zeros significant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountNumber(String);

/// Why a text is not an account number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account number has 4 to 12 digits and nothing else")]
pub struct AccountNumberError;

impl AccountNumber {
    /// The number as its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountNumber {
    type Err = AccountNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (4..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(text.to_owned())) } else { Err(AccountNumberError) }
    }
}

impl fmt::Display for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

crate::text_enum::serde_as_text!(AccountNumber);

#[cfg(test)]
mod tests {
    use super::AccountNumber;

    #[test]
    fn four_to_twelve_digits_are_an_account_number() {
        for good in ["0042", "4711", "123456789012"] {
            assert_eq!(good.parse::<AccountNumber>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn anything_else_is_not() {
        for bad in ["", "123", "1234567890123", "12a4", "12 34", "12*4", "١٢٣٤", "1234\n"] {
            assert!(bad.parse::<AccountNumber>().is_err(), "{bad:?}");
        }
    }
}
