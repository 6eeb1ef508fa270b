mod clock;
mod doors;
mod notices;
mod property;
mod race;
mod simulation;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;

/// When the tests begin, in seconds since 1970.
const START: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn account(number: u32) -> AccountKey {
    let mut key = [0; 16];
    key[..4].copy_from_slice(&number.to_be_bytes());
    AccountKey::new(key)
}

fn phone(number: u32) -> Caller {
    let mut key = [1; 16];
    key[..4].copy_from_slice(&number.to_be_bytes());
    Caller::Number(CallerKey::new(key))
}

fn attempt(account_number: u32, caller: Caller) -> Attempt {
    Attempt { account: account(account_number), caller, unlocked_at: None }
}

/// The tables, in memory: every attempt loads its rows and stores what changed.
#[derive(Debug, Clone, Default)]
struct Store {
    accounts: BTreeMap<AccountKey, AccountBucket>,
    known: BTreeMap<(AccountKey, CallerKey), KnownCaller>,
    callers: BTreeMap<Caller, CallerBucket>,
    everyone: EveryoneBucket,
    writes: usize,
}

impl Store {
    fn load(&self, account: AccountKey, caller: Caller) -> Rows {
        let fresh = Rows::new(account, caller);
        let of_account = |known: &&KnownCaller| known.account == account;
        Rows {
            account: self.accounts.get(&account).cloned().unwrap_or(fresh.account),
            known: self.known.values().filter(of_account).cloned().collect(),
            caller: self.callers.get(&caller).cloned().unwrap_or(fresh.caller),
            everyone: self.everyone.clone(),
        }
    }

    fn apply(&mut self, changes: Vec<Change>) {
        self.writes += changes.len();
        for change in changes {
            match change {
                Change::Account(row) => drop(self.accounts.insert(row.account, row)),
                Change::Known(row) => drop(self.known.insert((row.account, row.caller), row)),
                Change::NotKnown(account, caller) => drop(self.known.remove(&(account, caller))),
                Change::Caller(row) => drop(self.callers.insert(row.caller, row)),
                Change::Everyone(row) => self.everyone = row,
            }
        }
    }

    fn judge(&mut self, attempt: &Attempt, now: i64) -> Judgement {
        let judged = judge(&self.load(attempt.account, attempt.caller), attempt, at(now));
        self.apply(judged.changes);
        judged.judgement
    }

    fn record(&mut self, reservation: &Reservation, outcome: Outcome<'_>, now: i64) -> Vec<Notice> {
        let rows = self.load(reservation.account, reservation.caller);
        let recorded = record(&rows, reservation, outcome, at(now));
        self.apply(recorded.changes);
        recorded.notices
    }

    /// What would be said to an attempt, without making it.
    fn would(&self, attempt: &Attempt, now: i64) -> Option<Withheld> {
        let rows = self.load(attempt.account, attempt.caller);
        match judge(&rows, attempt, at(now)).judgement {
            Judgement::Evaluate(_) => None,
            Judgement::Withhold(withheld) => Some(withheld),
        }
    }

    /// A whole attempt with a wrong PIN: what was withheld, or whom to tell.
    fn wrong(&mut self, attempt: &Attempt, now: i64) -> Result<Vec<Notice>, Withheld> {
        match self.judge(attempt, now) {
            Judgement::Evaluate(reservation) => Ok(self.record(&reservation, Outcome::Wrong, now)),
            Judgement::Withhold(withheld) => Err(withheld),
        }
    }

    /// A whole attempt with the right PIN.
    fn right(&mut self, attempt: &Attempt, now: i64) -> Result<Door, Withheld> {
        match self.judge(attempt, now) {
            Judgement::Evaluate(reservation) => {
                self.record(&reservation, Outcome::Right { slips: &[] }, now);
                Ok(reservation.door())
            }
            Judgement::Withhold(withheld) => Err(withheld),
        }
    }

    /// Guesses every second, each from another telephone, until strangers are stopped; when that is. The other
    /// counts of strangers are kept out of it.
    fn stop_strangers(&mut self, number: u32, from: i64) -> i64 {
        let mut now = from;
        let mut caller = 1_000;
        loop {
            let guess = attempt(number, phone(caller));
            match self.would(&guess, now) {
                None => drop(self.wrong(&guess, now)),
                Some(Withheld::Stopped) => return now,
                Some(Withheld::Waiting | Withheld::Day | Withheld::Caller | Withheld::Everyone) => {
                    now += 60
                }
            }
            caller += 1;
            assert!(now < from + 30 * DAY, "never stopped");
        }
    }
}
