//! What is to be set up: from options, from what is set up already, or asked.

use dialgate_contract::config::Config;

use super::ask::Asker;
use super::dialplan::{self, Route};
use super::error::SetupError;
use super::ledger::Ledger;
use super::machine::Machine;
use super::plan;
use super::record::Record;
use super::settings::Letters;
use super::value::{ContextName, DialledNumber, MailServer, Sender};
use crate::argument::NewNumber;
use crate::cli::{NewAccount, PinSource, SetupOptions};
use crate::contact::{Email, PersonName};
use crate::error::Error;
use crate::print;

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
    let route = route((options.number, options.context), present, &mut asker)?;
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
    let route = route.ok_or_else(|| SetupError::Missing("--number".to_owned()))?;
    let letters = letters(server, from, present.config)?;
    Ok(Answers { route, letters, test_letter, account })
}

/// What is to lead to dialgate; on a terminal another number is asked for when one leads elsewhere.
fn route(
    (mut number, mut context): (Option<DialledNumber>, Option<ContextName>),
    present: &Present<'_>,
    asker: &mut Asker,
) -> Result<Option<Route>, SetupError> {
    let mut before = present.answered;
    loop {
        let before_that = before.take();
        let known = number.take().or_else(|| before_that.and_then(|it| it.number.parse().ok()));
        let number = match known {
            None => asker.ask(
                "Number (DID) or feature code that leads to dialgate",
                "--number",
                None,
            )?,
            known => known,
        };
        let context = match context.take() {
            None => find_context(number.as_ref(), before_that, present, asker)?,
            given => given,
        };
        let Some(number) = number else { return Ok(None) };
        let route = Route { number, context };
        match plan::lines(present, &route) {
            Err(taken) if asker.is_terminal() => print::show(&format!("error: {taken}\n")),
            Err(taken) => return Err(taken),
            Ok(_) => return Ok(Some(route)),
        }
    }
}

/// The context in which calls to the number come in; `None` where FreePBX sees to that.
fn find_context(
    number: Option<&DialledNumber>,
    before: Option<&Record>,
    present: &Present<'_>,
    asker: &mut Asker,
) -> Result<Option<ContextName>, SetupError> {
    let same = before.filter(|it| number.is_none_or(|number| number.as_str() == it.number));
    let before = same.or(before.filter(|_| !present.machine.is_freepbx));
    let context = before.and_then(|record| record.context.as_ref()?.parse().ok());
    if context.is_some() || same.is_some() {
        return Ok(context);
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
    let (lease, max, addresses, time_zone, language) = (None, None, None, None, None);
    Ok(Some(NewAccount {
        number,
        name,
        email,
        services,
        pin,
        lease,
        max,
        addresses,
        time_zone,
        language,
    }))
}
