//! What is done beside passes: letters, hosts, the clock, the configuration, and writing down how it goes.

use std::time::Instant;

use dialgate_contract::ledger::audit::{self, Actor};
use jiff::Timestamp;
use sd_notify::NotifyState;

use super::Watch;
use super::healing::FIGHT;
use crate::clock;
use crate::pass::{ASKED_EVERY, PassError};

impl Watch {
    pub(super) fn letters(&mut self) {
        let (now, clock) = (clock::calendar(), clock::steady());
        if self.pace.takes_letters(clock) {
            match self.outbox.turn(self.reconciler.ledger_mut(), now, clock) {
                Ok(()) => {
                    self.complaints.outbox.settle();
                }
                Err(error) => {
                    self.pace.outbox_failed(clock);
                    if self.complaints.outbox.is_due(&error.to_string(), clock) {
                        tracing::error!("letters wait: {error}");
                    }
                }
            }
        }
    }

    /// Asks for hosts that are due, and writes down what was answered; whether anything was written.
    pub(super) fn hosts(&mut self, clock: Instant) -> bool {
        let now = clock::calendar();
        let answers = self.resolver.answers(clock);
        let kept = self.reconciler.heard(&answers, now);
        let is_news = kept.is_ok() && !answers.is_empty();
        let takes = self.pace.takes_hosts(clock);
        let due = kept.and_then(|()| {
            if takes { self.reconciler.hosts_due(ASKED_EVERY, now) } else { Ok(Vec::new()) }
        });
        match due {
            Ok(due) => self.resolver.ask(due),
            Err(error) => {
                self.pace.hosts_failed(clock);
                if self.complaints.hosts.is_due(&error.to_string(), clock) {
                    tracing::error!("hosts of the allow list: {error}");
                }
            }
        }
        is_news
    }

    /// Reads the configuration again when somebody asks for it; whether there is another one now.
    pub(super) fn reload(&mut self) -> bool {
        if !self.reload.is_asked() {
            return false;
        }
        let started = NotifyState::monotonic_usec_now().ok();
        let _ = sd_notify::notify(
            &[Some(NotifyState::Reloading), started].into_iter().flatten().collect::<Vec<_>>(),
        );
        let read = self.reload.read();
        let adopted = read.is_ok();
        match read {
            Ok(config) => {
                tracing::info!("the configuration is read again");
                self.outbox.change(&config.mail);
                self.metrics.change(&config.metrics);
                self.resolver.believe_private(config.firewall.allow_private);
                self.reconciler.change(config.clone());
                self.record_reload();
                self.take_over_exempt();
            }
            Err(error) => tracing::error!("the configuration stays as it was: {error}"),
        }
        let _ = sd_notify::notify(&[NotifyState::Ready]);
        adopted
    }

    /// Lets in whoever else the configuration exempts from the base policy, and tells of whom it does not name any more.
    pub(super) fn take_over_exempt(&mut self) {
        match self.reconciler.take_over_exempt(clock::calendar()) {
            Ok(kept) if kept.is_empty() => {}
            Ok(kept) => tracing::warn!(
                "[base-policy] does not name {kept}, and access stays: take it away with \
                 `dialgate firewall apply` and `dialgate firewall confirm`"
            ),
            Err(error) => tracing::error!(
                "[base-policy] lan and open stay as they were, until the configuration is read again: {error}"
            ),
        }
    }

    fn record_reload(&mut self) {
        let now = clock::calendar();
        let written = self.reconciler.ledger_mut().write(|transaction| {
            audit::record(transaction, now, &Actor::Reconciler, "configuration-read", None, "")
        });
        if let Err(error) = written {
            tracing::error!("writing down that the configuration was read again: {error}");
        }
    }

    pub(super) fn keep_time(&mut self, clock: Instant) {
        let kept = clock::clocks().map_err(PassError::Clock);
        match kept.and_then(|clocks| Ok(self.reconciler.keep_time(clocks)?)) {
            Ok(()) => {
                self.complaints.clock.settle();
            }
            Err(error) => {
                if self.complaints.clock.is_due(&error.to_string(), clock) {
                    tracing::error!("{error}");
                }
            }
        }
    }

    pub(super) fn record(&mut self, now: Timestamp, problem: Option<String>, clock: Instant) {
        let fight = self.heals.is_fight().then(|| FIGHT.to_owned());
        let problem = problem.or(fight).or_else(|| self.in_the_way.clone());
        match self.reconciler.record(now, problem) {
            Ok(()) => {
                self.complaints.record.settle();
            }
            Err(error) => {
                if self.complaints.record.is_due(&error.to_string(), clock) {
                    tracing::error!("writing down the pass: {error}");
                }
            }
        }
    }
}
