//! What is to be set up: from options, from what is set up already, or asked.

use dialgate_contract::config::Config;

use super::ask::Asker;
use super::dialplan::{self, Route};
use super::error::SetupError;
use super::ledger::Ledger;
use super::machine::Machine;
use super::record::Record;
use super::settings::Letters;
use super::value::{ContextName, DialledNumber, MailServer, Sender};
use crate::argument::NewNumber;
use crate::cli::{NewAccount, PinSource, SetupOptions};
use crate::contact::{Email, PersonName};
use crate::error::Error;

/// Where FreePBX lets feature codes of one's own be.
const FREEPBX_CODES: &str = "from-internal-custom";

/// How things stand before setup.
pub(super) struct Present<'a> {
    pub(super) machine: &'a Machine,
    pub(super) config: &'a Config,
    pub(super) record: Option<&'a Record>,
    /// The record that tells what was answered before, if all came of it.
    pub(super) answered: Option<&'a Record>,
    pub(super) ledger: &'a Ledger,
    /// The dialplan file that the operator may change.
    pub(super) dialplan: &'a [u8],
}

/// What is wanted.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) route: Route,
    /// `None` to leave them as they are.
    pub(super) letters: Option<Letters>,
    pub(super) test_letter: Option<Email>,
    pub(super) account: Option<NewAccount>,
}

/// All answers, or which are missing.
pub(super) fn collect(
    options: SetupOptions,
    present: &Present<'_>,
    mut asker: Asker,
) -> Result<Answers, Error> {
    let number = number(options.number, present, &mut asker)?;
    let context = context(options.context, number.as_ref(), present, &mut asker)?;
    let is_new = present.answered.is_none() && present.config.mail == Config::default().mail;
    let asks_mail = is_new && options.mail_server.is_none();
    let server = match options.mail_server {
        None if is_new => {
            let default = Some(mail_server(present.config).to_string());
            asker.ask("Mail server", "--mail-server", default)?
        }
        given => given,
    };
    let from: Option<Sender> = match options.mail_from {
        None if asks_mail && asker.is_terminal() => {
            asker.ask("Letters are from", "--mail-from", Some(present.config.mail.from.clone()))?
        }
        given => given,
    };
    let test_letter = match options.test_letter {
        None if asks_mail => asker.ask_if_any("Send a test letter to (Enter for none)")?,
        given => given,
    };
    let was_asked = present.answered.is_some() && options.name.is_none();
    let account = if options.no_account || present.ledger.accounts > 0 || was_asked {
        None
    } else {
        account(options.name, options.email, options.services, &mut asker)?
    };
    asker.end()?;
    present.ledger.require(account.as_ref().map_or(&[], |account| account.services.as_slice()))?;
    let number = number.ok_or_else(|| SetupError::Missing("--number".to_owned()))?;
    let letters = letters(server, from, present.config)?;
    Ok(Answers { route: Route { number, context }, letters, test_letter, account })
}

fn number(
    given: Option<DialledNumber>,
    present: &Present<'_>,
    asker: &mut Asker,
) -> Result<Option<DialledNumber>, SetupError> {
    let before = present.answered.and_then(|record| record.number.parse().ok());
    match given.or(before) {
        None => asker.ask("Number (DID) or feature code that leads to dialgate", "--number", None),
        given => Ok(given),
    }
}

fn context(
    given: Option<ContextName>,
    number: Option<&DialledNumber>,
    present: &Present<'_>,
    asker: &mut Asker,
) -> Result<Option<ContextName>, SetupError> {
    let same =
        present.answered.filter(|record| number.is_some_and(|it| it.as_str() == record.number));
    let before = same.and_then(|record| record.context.as_ref()?.parse().ok());
    let given = given.or(before);
    if given.is_some() || same.is_some() {
        return Ok(given);
    }
    if present.machine.is_freepbx {
        let is_code = number.is_some_and(DialledNumber::is_feature_code);
        return Ok(FREEPBX_CODES.parse().ok().filter(|_| is_code));
    }
    let mut contexts = dialplan::contexts(present.dialplan);
    let only = contexts.pop().filter(|_| contexts.is_empty());
    let only = only.map(|context| context.as_str().to_owned());
    asker.ask("Context in which calls to it come in (as in extensions.conf)", "--context", only)
}

fn letters(
    server: Option<MailServer>,
    from: Option<Sender>,
    config: &Config,
) -> Result<Option<Letters>, SetupError> {
    if server.is_none() && from.is_none() {
        return Ok(None);
    }
    let from = match from {
        Some(from) => Some(from),
        None => config.mail.from.parse().ok(),
    };
    let from = from.ok_or_else(|| SetupError::Missing("--mail-from".to_owned()))?;
    Ok(Some(Letters { server: server.unwrap_or_else(|| mail_server(config)), from }))
}

fn mail_server(config: &Config) -> MailServer {
    MailServer { host: config.mail.host.clone(), port: config.mail.port }
}

fn account(
    name: Option<PersonName>,
    email: Option<Email>,
    services: Vec<dialgate_contract::ServiceName>,
    asker: &mut Asker,
) -> Result<Option<NewAccount>, SetupError> {
    let name = match name {
        Some(name) => Some(name),
        None if asker.is_terminal() => {
            let name = asker.ask_if_any("First account: the traveller's name (Enter for none)")?;
            let Some(name) = name else { return Ok(None) };
            Some(name)
        }
        None => asker.ask("", "--name and --email (or --no-account)", None)?,
    };
    let Some(name) = name else { return Ok(None) };
    let email = match email {
        None => asker.ask("Where the traveller's letters go", "--email", None)?,
        given => given,
    };
    let Some(email) = email else { return Ok(None) };
    let pin = PinSource { pin_stdin: false };
    let number = NewNumber::Auto;
    let (lease, time_zone, language) = (None, None, None);
    Ok(Some(NewAccount { number, name, email, services, pin, lease, time_zone, language }))
}
