use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{Account, account};
use dialgate_contract::{AccountNumber, CallerId};
use dialgate_pin::{Hasher, Pin};

use super::ledger_file::LedgerFile;
use super::requests::RequestError;
use super::throttling::{Concerned, Throttling};
use crate::protocol::Digits;
use crate::throttle::{Judgement, Outcome, Reservation, Withheld};

/// What a caller shows to be let in.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    /// What was typed as the account; it may be a PIN.
    pub(super) account: Digits,
    /// The PIN typed; `None` when it cannot be one.
    pub(super) pin: Option<Pin>,
    pub(super) caller: CallerId,
}

/// What credentials are worth.
#[derive(Debug)]
pub(super) enum Checked {
    /// They were not looked at.
    Withheld(Withheld),
    /// Unknown, wrong or disabled.
    Wrong(Reservation),
    /// They open this account.
    Right(Box<Account>),
}

/// Looks at credentials, one at a time on the thread that asks.
pub(super) struct Desk {
    ledger: LedgerFile,
    hasher: Hasher,
    throttling: Throttling,
}

impl Desk {
    pub(super) const fn new(ledger: LedgerFile, hasher: Hasher, throttling: Throttling) -> Self {
        Self { ledger, hasher, throttling }
    }

    pub(super) const fn throttling(&self) -> &Throttling {
        &self.throttling
    }

    /// Checks credentials; `slips` are what the same call has tried before. On an error nobody is let in.
    pub(super) fn check(
        &self,
        credentials: &Credentials,
        slips: &[Reservation],
    ) -> Result<Checked, RequestError> {
        let Credentials { account, pin, caller } = credentials;
        let number: Option<AccountNumber> = account.as_str().parse().ok();
        let (found, stored) = number.as_ref().map_or(Ok((None, None)), |it| self.find(it))?;

        let attempt = self.throttling.attempt(account, caller, found.as_ref());
        let reservation = match self.throttling.judge(&attempt)? {
            Judgement::Evaluate(reservation) => reservation,
            Judgement::Withhold(withheld) => return Ok(Checked::Withheld(withheld)),
        };
        let owner = found.as_ref().map(|account| account.number.clone());
        let is_right =
            self.hasher.verify(pin.as_ref(), stored.as_deref()).unwrap_or_else(|error| {
                // Not told to the caller either.
                let account = owner.as_ref().map(AccountNumber::as_str);
                tracing::error!(account, %error, "a login cannot succeed");
                false
            });
        let checked = match found.filter(|account| is_right && account.enabled) {
            Some(account) => Checked::Right(Box::new(account)),
            None => Checked::Wrong(reservation),
        };
        let outcome = match checked {
            Checked::Right(_) => Outcome::Right { slips },
            Checked::Wrong(_) | Checked::Withheld(_) => Outcome::Wrong,
        };
        let concerned = Concerned { owner: owner.as_ref(), caller };
        self.throttling.record(&attempt, &reservation, outcome, concerned)?;
        Ok(checked)
    }

    fn find(
        &self,
        number: &AccountNumber,
    ) -> Result<(Option<Account>, Option<String>), DatabaseError> {
        let found = self.ledger.read(|connection| {
            Ok((account::find(connection, number)?, account::pin_hash(connection, number)?))
        });
        match found {
            Err(error @ DatabaseError::Corrupt { .. }) => {
                // Not told to the caller, who would learn that there is such an account.
                tracing::error!(%error, "a login cannot succeed");
                Ok((None, None))
            }
            found => found,
        }
    }
}
