//! `dialgate mail`: whether letters arrive, those that have not left, and what they say.

mod outbox;
mod own_words;
mod trial;

use std::path::PathBuf;

use dialgate_contract::Exit;
use dialgate_contract::ledger::LetterId;
use dialgate_letter::{Fault, Templates};
use nix::unistd::Uid;

use crate::cli::MailCommand;
use crate::error::Error;
use crate::report::Report;
use crate::site::Site;

/// Why a command about letters was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    #[error("mail.transport is \"off\": say under [mail] in the configuration how letters leave")]
    Off,
    #[error("there is no letter {}: `dialgate mail queue --all` shows all that are remembered", .0.row())]
    NoLetter(LetterId),
    #[error("letter {} has been sent already: nothing was changed", .0.row())]
    Sent(LetterId),
    #[error("{0}; until that is mended, the letter is sent in the words that dialgate comes with")]
    Fault(#[from] Fault),
    #[error("{} is there already: nothing was written; move it away, or name another folder", .0.display())]
    Exists(PathBuf),
}

impl MailError {
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Off => Exit::Config,
            Self::NoLetter(_) | Self::Sent(_) | Self::Fault(_) | Self::Exists(_) => Exit::DataErr,
        }
    }
}

pub(crate) fn run(command: MailCommand, site: &Site) -> Result<Report, Error> {
    match command {
        MailCommand::Test { address } => trial::run(&address, site),
        MailCommand::Queue { all } => outbox::list(all, site),
        MailCommand::Retry { letter } => outbox::retry(letter, site),
        MailCommand::Drop { letter } => outbox::drop(letter, site),
        MailCommand::Preview { kind, language, html } => {
            own_words::preview(kind, language, html, site)
        }
        MailCommand::Templates { folder, kind, language } => {
            own_words::write(&folder, kind, language, site)
        }
    }
}

/// The operator's own letters, if the configuration names a folder: they are root's, but where nobody becomes another
/// user.
pub(crate) fn templates(site: &Site) -> Option<Templates> {
    let owner = if site.config.user.is_empty() { Uid::current().as_raw() } else { 0 };
    Templates::new(&site.config.mail.templates, owner)
}
