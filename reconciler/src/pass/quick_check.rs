//! A pass with nothing to do is told from others without reading everything: nobody has written what the firewall is
//! made from, nothing has ended, and the kernel looks as when it was last read as a whole.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::audit::{self, Actor};
use dialgate_contract::ledger::{Verified, revision, verified};
use jiff::{SignedDuration, Timestamp};

use super::letters::tell_operators;
use super::{PassError, Reconciler};
use crate::firewall::Firewall as _;

/// Everything is read at least so often.
const READ_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// What is kept from the beginning of a pass.
#[derive(Debug)]
pub(crate) struct Before {
    written: i64,
    /// What the kernel should look like, if the ledger says the same as when it was verified.
    kernel: Option<String>,
}

impl Reconciler {
    /// Whether a pass at `now` without requests would find nothing to do, as far as can be seen at a glance.
    pub fn is_settled(&mut self, now: Timestamp) -> bool {
        let Ok(Some(known)) = self.known(now) else { return false };
        let age = now.duration_since(known.at);
        if age >= READ_EVERY || age.is_negative() {
            return false;
        }
        let seen = self.firewall.glance();
        seen.is_some_and(|seen| self.fingerprint(&seen.to_string()) == known.kernel)
    }

    /// To be called before a pass, one that nobody brings requests to when it is `unasked`, for [`Reconciler::verify`]
    /// to be called after it.
    pub(crate) fn before(&mut self, now: Timestamp, unasked: bool) -> Before {
        self.firewall.take_done();
        let written = self.ledger.data_version().unwrap_or_default();
        let known = if unasked { self.known(now).ok().flatten() } else { None };
        let kernel = known.filter(|known| self.is_of_now(known)).map(|known| known.kernel);
        Before { written, kernel }
    }

    /// After a pass that came to its end: keeps in mind what the kernel looks like. Returns what was put right, when
    /// it was somebody else who had changed it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn verify(
        &mut self,
        before: &Before,
        now: Timestamp,
    ) -> Result<Option<String>, DatabaseError> {
        let done = self.firewall.take_done();
        let age = SignedDuration::try_from(self.firewall.read_since()).unwrap_or(READ_EVERY);
        let read_at = now.saturating_sub(age).unwrap_or(now);
        self.verified = None;
        let revision = revision::number(self.ledger.connection())?;
        // What somebody wrote before that number was read the pass may not have read, or may have acted on.
        let unwritten = self.ledger.data_version()? == before.written;
        if let Some(seen) = self.firewall.seen().filter(|_| unwritten) {
            let kernel = self.fingerprint(&seen.to_string());
            self.verified = Some(Verified { revision, kernel, at: read_at });
        }
        let Some(kernel) = &before.kernel else { return Ok(None) };
        // The time that entries should have left moves on: the ledger's own, with each good answer of the DNS.
        let looked_right =
            done.first().is_some_and(|seen| self.fingerprint(&seen.to_string()) == *kernel);
        let healed = done.is_more_than_times() || !looked_right;
        if healed {
            self.firewall.forget();
        }
        Ok(done.steps().filter(|_| healed && unwritten))
    }

    /// Closes what is open and should not be, and leaves everything else as it is.
    ///
    /// # Errors
    /// When the ledger or the kernel cannot be read, or the kernel not be changed.
    pub(crate) fn close_only(&mut self, now: Timestamp) -> Result<(), PassError> {
        let closed = self.close(now).and_then(|(_, actual)| actual.map(|_| ()));
        self.cut_closed();
        closed
    }

    /// Writes down that somebody else had changed the firewall, and what was done about it.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub(crate) fn record_heal(
        &mut self,
        now: Timestamp,
        detail: &str,
        fight: bool,
    ) -> Result<(), DatabaseError> {
        let actor = Actor::Reconciler;
        let mail = &self.config.mail;
        self.ledger.write(|transaction| {
            audit::record(transaction, now, &actor, "firewall-healed", None, detail)?;
            if fight {
                tell_operators(transaction, mail, now, detail)?;
                audit::record(transaction, now, &actor, "firewall-fight", None, detail)?;
            }
            Ok(())
        })
    }

    /// What stands in the way of what dialgate lets in, in words; `None` when nothing does.
    pub(crate) fn in_the_way(&mut self) -> Option<String> {
        let found = self.firewall.neighbours();
        let said: Vec<String> = found.iter().map(ToString::to_string).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// What was verified last, when the ledger says the same still.
    fn known(&self, now: Timestamp) -> Result<Option<Verified>, DatabaseError> {
        let connection = self.ledger.connection();
        let known = match &self.verified {
            Some(verified) => Some(verified.clone()),
            None => verified::find(connection)?,
        };
        let revision = revision::number(connection)?;
        let over = self.next_due()?.is_some_and(|due| due <= now);
        Ok(known.filter(|known| known.revision == revision && !over))
    }

    /// The kernel's looks and the configuration, in few letters: first those of this start of the machine.
    fn fingerprint(&self, seen: &str) -> String {
        format!("{} {} {}", boot(seen), self.config_in_short(), short(seen))
    }

    fn config_in_short(&self) -> String {
        short(&format!("{:?} {:?}", self.config.firewall, self.config.base_policy))
    }

    /// Whether it was verified by this configuration, and since this start of the machine.
    fn is_of_now(&mut self, known: &Verified) -> bool {
        if known.kernel.split(' ').nth(2) != Some(self.config_in_short().as_str()) {
            return false;
        }
        if self.verified.is_some() {
            return true;
        }
        let seen = self.firewall.glance();
        seen.is_some_and(|seen| boot(&known.kernel) == boot(&seen.to_string()))
    }
}

fn short(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The first words of the kernel's looks: this start of the machine, and this network.
fn boot(seen: &str) -> String {
    seen.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use dialgate_contract::config::Config;
    use dialgate_contract::ledger::{LeaseEnd, Ledger, lease};

    use super::*;
    use crate::firewall::{Actual, Firewall, FirewallError, Looks, Memory, Plan};

    type Act = Rc<Cell<Option<Box<dyn FnOnce()>>>>;

    /// A kernel in memory, and what somebody does while it is read the next time.
    struct Visible(Memory, Act);

    impl Firewall for Visible {
        fn read(&mut self) -> Result<Actual, FirewallError> {
            self.1.take().into_iter().for_each(|act| act());
            Ok(self.0.actual().clone())
        }

        fn read_sets(&mut self) -> Result<Actual, FirewallError> {
            self.read()
        }

        fn apply(&mut self, plan: &Plan) -> Result<(), FirewallError> {
            Ok(self.0.apply(plan)?)
        }

        fn glance(&mut self) -> Option<Looks> {
            self.seen()
        }

        fn seen(&self) -> Option<Looks> {
            let actual = self.0.actual();
            let sets = actual.sets().iter();
            let sets = sets.map(|(name, set)| (name.clone(), String::new(), set.entries().len()));
            Some(Looks::new(format!("boot net {:?}", actual.filters()), sets))
        }
    }

    #[test]
    fn what_the_operator_ends_during_a_pass_is_not_taken_for_somebody_elses_change() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = || Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let (ann, address) = ("4711".parse().unwrap(), "12.34.56.78".parse().unwrap());
        let sip = ["sip".parse().unwrap()].into();
        let open =
            |tx: &rusqlite::Transaction<'_>| lease::open(tx, &ann, address, &sip, at(0), at(3600));
        let lease = ledger().write(open).unwrap();
        let act = Act::default();
        let kernel = Visible(Memory::fresh(), Rc::clone(&act));
        let mut reconciler = Reconciler::new(Config::default(), ledger(), Box::new(kernel));
        let mut pass = || {
            let before = reconciler.before(at(10), true);
            reconciler.pass(&[], at(10)).unwrap();
            let healed = reconciler.verify(&before, at(10)).unwrap();
            (before.kernel.is_some(), healed)
        };
        assert_eq!(pass(), (false, None));
        let mut other = ledger();
        act.set(Some(Box::new(move || {
            assert!(other.write(|tx| lease::end(tx, lease, at(10), LeaseEnd::Revoked)).unwrap());
        })));
        assert_eq!(pass(), (true, None));
    }
}
