//! The looks at a firewall that nobody asked to change, and what is told when it had to be put right.

use std::time::Instant;

use jiff::Timestamp;
use sd_notify::NotifyState;

use super::Watch;
use crate::clock;
use crate::pass::Before;

/// What is told as long as somebody undoes what dialgate does.
pub(super) const FIGHT: &str = "somebody else keeps changing the firewall back, so it is put right ever more rarely; access that ends \
                     is still closed: see `dialgate audit` for who it is, and end that";

impl Watch {
    /// The regular look at a firewall that nobody asked to change, and the one after somebody else has changed it.
    pub(super) fn look(&mut self, clock: Instant) {
        self.keep_time(clock);
        let now = clock::calendar();
        if self.reconciler.is_settled(now) {
            self.burst.take();
            self.unharmed(clock);
        } else if self.heals.may_heal(clock) {
            return self.pass(&[]);
        } else {
            self.burst.take();
            if let Err(error) = self.reconciler.close_only(now)
                && self.complaints.pass.is_due(&error.to_string(), clock)
            {
                tracing::error!("closing failed: {error}");
            }
            self.burst.looked(clock, clock::steady());
        }
        if self.pace.is_tick(clock) {
            self.pace.ticked(clock);
            self.record(now, None, clock);
        }
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
    }

    pub(super) fn unharmed(&mut self, clock: Instant) {
        if self.heals.unharmed(clock) {
            tracing::info!("nobody changes the firewall back any more");
        }
    }

    /// Keeps in mind what the kernel looks like now, and tells of what had to be put right.
    pub(super) fn verify(
        &mut self,
        before: &Before,
        programs: &[String],
        now: Timestamp,
        clock: Instant,
    ) {
        self.in_the_way = self.reconciler.in_the_way();
        match &self.in_the_way {
            Some(obstacle) if self.complaints.neighbours.is_due(obstacle, clock) => {
                tracing::warn!("{obstacle}");
            }
            Some(_) => {}
            None => drop(self.complaints.neighbours.settle()),
        }
        let detail = match self.reconciler.verify(before, now) {
            Ok(Some(done)) if programs.is_empty() => done,
            Ok(Some(done)) => format!("{done}; changed by {}", programs.join(", ")),
            Ok(None) => return self.unharmed(clock),
            Err(error) => return tracing::error!("what was verified: {error}"),
        };
        tracing::warn!("firewall-healed: {detail}");
        let begins = self.heals.healed(clock);
        if begins {
            tracing::error!("{FIGHT}");
        }
        if let Err(error) = self.reconciler.record_heal(now, &detail, begins) {
            tracing::error!("writing down what was put right: {error}");
        }
        if begins {
            self.record(now, None, clock);
        }
    }
}
