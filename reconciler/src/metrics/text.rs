use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::{LeaseEnd, Total, lease, letter, pass, total};
use dialgate_contract::metrics::{Exposition, Kind};
use dialgate_contract::{Decision, Refusal};
use jiff::Timestamp;
use rusqlite::Connection;

use super::passes::{BOUNDS, Passes};
use crate::pass::Reconciler;

/// What is to be told of the ledger, the firewall and the passes.
///
/// # Errors
/// When the ledger cannot be read.
pub(super) fn text(
    reconciler: &Reconciler,
    passes: &Passes,
    is_fight: bool,
    now: Timestamp,
) -> Result<Exposition, DatabaseError> {
    let ledger = reconciler.ledger().connection();
    let mut text = Exposition::of("dialgate-reconciler", env!("CARGO_PKG_VERSION"));
    requests(&mut text, ledger)?;
    leases(&mut text, ledger)?;
    letters(&mut text, ledger, now)?;
    firewall(&mut text, reconciler, is_fight)?;
    last_pass(&mut text, ledger)?;
    durations(&mut text, passes);
    Ok(text)
}

fn requests(text: &mut Exposition, ledger: &Connection) -> Result<(), DatabaseError> {
    let help = "Requests that were decided, by decision and by why they were refused, since the ledger was made.";
    let mut requests = text.metric("dialgate_requests_total", Kind::Counter, help);
    let plain = Decision::ALL.iter().filter(|it| **it != Decision::Refused).map(|it| (*it, None));
    let refused = Refusal::ALL.iter().map(|refusal| (Decision::Refused, Some(*refusal)));
    // Who had enough letters is told nothing more.
    let untold = [(Decision::Told, Some(Refusal::TooMany))];
    for (decision, refusal) in plain.chain(refused).chain(untold) {
        let count = total::of(ledger, Total::Requests(decision, refusal))?;
        let refusal = refusal.map_or("", Refusal::as_str);
        requests.sample(&[("decision", decision.as_str()), ("refusal", refusal)], count);
    }
    Ok(())
}

fn leases(text: &mut Exposition, ledger: &Connection) -> Result<(), DatabaseError> {
    let open = lease::count_not_ended(ledger)?;
    text.metric("dialgate_leases_open", Kind::Gauge, "Leases that have not ended.")
        .sample(&[], open);
    let opened = total::of(ledger, Total::LeasesOpened)?;
    let help = "Leases that were opened since the ledger was made.";
    text.metric("dialgate_leases_opened_total", Kind::Counter, help).sample(&[], opened);
    let help = "Leases that ended, by how, since the ledger was made.";
    let mut ended = text.metric("dialgate_leases_ended_total", Kind::Counter, help);
    for by in LeaseEnd::ALL {
        ended.sample(&[("by", by.as_str())], total::of(ledger, Total::LeasesEnded(*by))?);
    }
    Ok(())
}

fn letters(
    text: &mut Exposition,
    ledger: &Connection,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let (waiting, given_up) = letter::backlog(ledger)?;
    let help = "Letters in the outbox that are to be sent.";
    text.metric("dialgate_letters_waiting", Kind::Gauge, help).sample(&[], waiting);
    let age =
        letter::oldest_waiting(ledger)?.map_or(0, |oldest| now.duration_since(oldest).as_secs());
    let help = "How long the oldest of them has waited.";
    text.metric("dialgate_letters_oldest_age_seconds", Kind::Gauge, help).sample(&[], age.max(0));
    let help = "Letters in the outbox that were given up.";
    text.metric("dialgate_letters_given_up", Kind::Gauge, help).sample(&[], given_up);
    let help = "Letters that are done with, by how, since the ledger was made.";
    text.metric("dialgate_letters_total", Kind::Counter, help)
        .sample(&[("result", "sent")], total::of(ledger, Total::LettersSent)?)
        .sample(&[("result", "given-up")], total::of(ledger, Total::LettersGivenUp)?);
    Ok(())
}

fn firewall(
    text: &mut Exposition,
    reconciler: &Reconciler,
    is_fight: bool,
) -> Result<(), DatabaseError> {
    let ledger = reconciler.ledger().connection();
    let sizes = reconciler.set_sizes();
    if !sizes.is_empty() {
        let help = "Entries in the kernel's sets, as they were last looked at.";
        let mut entries = text.metric("dialgate_firewall_set_entries", Kind::Gauge, help);
        for (set, size) in sizes {
            entries.sample(&[("set", &set.to_string())], size);
        }
    }
    let heals = total::of(ledger, Total::Heals)?;
    let help = "Times that the firewall was put right after somebody else changed it, since the ledger was made.";
    text.metric("dialgate_firewall_heals_total", Kind::Counter, help).sample(&[], heals);
    let fights = total::of(ledger, Total::Fights)?;
    let help =
        "Times that somebody began to change it back again and again, since the ledger was made.";
    text.metric("dialgate_firewall_fights_total", Kind::Counter, help).sample(&[], fights);
    let help = "Whether somebody does so now.";
    text.metric("dialgate_firewall_fight", Kind::Gauge, help).sample(&[], u8::from(is_fight));
    Ok(())
}

fn last_pass(text: &mut Exposition, ledger: &Connection) -> Result<(), DatabaseError> {
    let last = pass::last(ledger)?;
    let is_problem = last.as_ref().is_some_and(|pass| pass.problem.is_some());
    let help = "Whether the last pass found a problem; dialgate status tells which.";
    text.metric("dialgate_problem", Kind::Gauge, help).sample(&[], u8::from(is_problem));
    if let Some(last) = last {
        let help = "When the firewall was last looked at, to within ten seconds.";
        text.metric("dialgate_last_pass_timestamp_seconds", Kind::Gauge, help)
            .sample(&[], last.finished_at.as_second());
    }
    if let Some(good) = pass::last_good(ledger)? {
        let help = "When that last found no problem.";
        text.metric("dialgate_last_good_pass_timestamp_seconds", Kind::Gauge, help)
            .sample(&[], good.as_second());
    }
    Ok(())
}

fn durations(text: &mut Exposition, passes: &Passes) {
    let help = "How long passes took that came to their end, since dialgate-reconciler began.";
    let mut durations = text.metric("dialgate_pass_duration_seconds", Kind::Histogram, help);
    for ((_, bound), count) in BOUNDS.iter().zip(passes.within) {
        durations.part("_bucket", &[("le", bound)], count);
    }
    durations
        .part("_bucket", &[("le", "+Inf")], passes.good)
        .part("_sum", &[], passes.sum.as_secs_f64())
        .part("_count", &[], passes.good);
    if let Some(last) = passes.last {
        let help = "How long the last of them took.";
        text.metric("dialgate_last_pass_duration_seconds", Kind::Gauge, help)
            .sample(&[], last.as_secs_f64());
    }
    let help = "Passes that failed since dialgate-reconciler began.";
    text.metric("dialgate_passes_failed_total", Kind::Counter, help).sample(&[], passes.failed);
}
