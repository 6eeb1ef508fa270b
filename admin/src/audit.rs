//! `dialgate audit`.

use std::io::{ErrorKind, stdout};

use dialgate_contract::ledger::audit::{self, Head, Query};
use dialgate_contract::{CallerId, Exit};
use jiff::tz::TimeZone;
use rustix::event::{PollFd, PollFlags, poll};

use crate::cli::{AskedLines, AuditCommand, VerifyCommand};
use crate::error::Error;
use crate::ledger_events::LedgerEvents;
use crate::print::Printer;
use crate::report::{AuditRow, Report, Trail};
use crate::site::Site;

pub(crate) fn run(
    command: AuditCommand,
    site: &Site,
    printer: &Printer<'_>,
) -> Result<Report, Error> {
    match command.verify {
        Some(VerifyCommand::Verify { head }) => verify(head, site),
        None if command.asked.follow => follow(&command.asked, site, printer),
        None => {
            let query = query(&command.asked, site)?;
            let entries = audit::find(site.reader()?.connection(), &query, command.asked.limit)?;
            Ok(Report::Audit(entries.into_iter().map(AuditRow::from).collect()))
        }
    }
}

fn query(asked: &AskedLines, site: &Site) -> Result<Query, Error> {
    let zone = TimeZone::system();
    let begin = asked.since.map(|since| since.begin(site.now, &zone).ok_or(Error::NoSuchTime));
    let end = asked.until.map(|until| until.end(site.now, &zone).ok_or(Error::NoSuchTime));
    let caller = asked.caller.as_deref().map(CallerId::from_network);
    Ok(Query {
        account: asked.account.as_ref().map(ToString::to_string),
        action: asked.action.clone(),
        actor: asked.actor.clone().or_else(|| Some(format!("caller {}", caller?))),
        address: asked.address.map(|address| address.to_canonical()),
        since: begin.transpose()?,
        until: end.transpose()?,
        after: 0,
    })
}

/// Shows lines until nobody reads them any more.
fn follow(asked: &AskedLines, site: &Site, printer: &Printer<'_>) -> Result<Report, Error> {
    let path = site.config.ledger_file();
    let reader = site.reader()?;
    let events = LedgerEvents::of(&path).map_err(Error::io("watching", &path))?;
    let mut query = query(asked, site)?;
    let mut limit = asked.limit;
    loop {
        let head = audit::head(reader.connection())?;
        let entries = audit::find(reader.connection(), &query, limit)?;
        let seen = entries.last().map(|last| last.id).max(head.map(|head| head.id));
        query.after = seen.unwrap_or_default();
        limit = u32::MAX;
        let rows: Vec<AuditRow> = entries.into_iter().map(AuditRow::from).collect();
        match printer.lines(&rows) {
            Ok(()) => {}
            // Whoever reads has seen enough, as `head` has.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Report::Printed),
            Err(source) => return Err(Error::Print(source)),
        }
        let out = stdout();
        let mut wait = [
            PollFd::from_borrowed_fd(events.fd(), PollFlags::IN),
            PollFd::new(&out, PollFlags::empty()),
        ];
        match poll(&mut wait, None) {
            Ok(_) if wait.iter().any(|fd| fd.revents().contains(PollFlags::ERR)) => {
                return Ok(Report::Printed);
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => events.clear(),
            Err(error) => return Err(Error::io("watching", &path)(error.into())),
        }
    }
}

fn verify(known: Option<Head>, site: &Site) -> Result<Report, Error> {
    let chain = audit::verify(site.reader()?.connection(), known)?;
    Ok(Report::Trail(Trail {
        lines: chain.lines,
        head: chain.head.map(|head| head.to_string()),
        known: known.map(|head| head.id),
        first_bad: chain.fault.map(audit::Fault::line),
        problem: chain.fault.map(|fault| fault.to_string()),
    }))
}

impl Trail {
    /// How the program ends.
    pub(crate) fn exit(&self) -> Exit {
        if self.first_bad.is_some() { Exit::DataErr } else { Exit::Ok }
    }
}
