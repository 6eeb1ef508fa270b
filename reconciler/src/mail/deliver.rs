//! The ways a message can leave.

use std::error::Error as _;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

use dialgate_contract::config::{Tls, Transport};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error as SmtpError, response::Severity};
use lettre::{Message, SendmailTransport, Transport as _};

use super::wire::{Delivery, Settings};

/// How long a mail server may take for one step.
const STEP: Duration = Duration::from_secs(20);
/// The child has no `PATH` to look along.
const SENDMAIL: &str = "/usr/sbin/sendmail";

/// Delivers a message; `name` is the same whenever the letter is.
pub(super) fn deliver(message: &Message, name: &str, settings: &Settings) -> Delivery {
    let mail = &settings.mail;
    match mail.transport {
        Transport::Smtp => smtp(message, settings),
        Transport::Sendmail => match SendmailTransport::new_with_command(SENDMAIL).send(message) {
            Ok(()) => Delivery::Sent,
            Err(error) => Delivery::Retry(format!("{SENDMAIL}: {error}")),
        },
        Transport::File => match write_whole(&mail.directory, name, &message.formatted()) {
            Ok(()) => Delivery::Sent,
            Err(error) => Delivery::Retry(format!(
                "mail.directory {}: {error}; it must be a folder that the user of the configuration may write",
                mail.directory.display()
            )),
        },
        Transport::Off => Delivery::Hopeless("mail.transport is \"off\"".to_owned()),
    }
}

/// Whatever goes wrong before the server is offered the message is not the message's fault, even if it goes wrong for
/// ever: it waits until the operator has mended it.
fn smtp(message: &Message, settings: &Settings) -> Delivery {
    let mail = &settings.mail;
    let (host, port) = (&mail.host, mail.port);
    let mut connection = match connect(settings) {
        Ok(connection) => connection,
        Err(error) => {
            let error = told(&error);
            return Delivery::Retry(format!("mail server {host}:{port}: {error}; look at [mail]"));
        }
    };
    match connection.send(message.envelope(), &message.formatted()) {
        Ok(_accepted) => {
            // It has been accepted; how the server takes leave does not matter.
            let _ = connection.quit();
            Delivery::Sent
        }
        Err(error) if is_final(&error) => {
            Delivery::Hopeless(format!("mail server {host}:{port}: {}", told(&error)))
        }
        Err(error) => Delivery::Retry(format!("mail server {host}:{port}: {}", told(&error))),
    }
}

fn connect(settings: &Settings) -> Result<SmtpConnection, SmtpError> {
    let mail = &settings.mail;
    let hello = ClientId::default();
    let tls = || TlsParameters::new(mail.host.clone());
    let wrapper = if mail.tls == Tls::Tls { Some(tls()?) } else { None };
    let server = (mail.host.as_str(), mail.port);
    let mut connection =
        SmtpConnection::connect(server, Some(STEP), &hello, wrapper.as_ref(), None)?;
    if mail.tls == Tls::Starttls {
        connection.starttls(&tls()?, &hello)?;
    }
    if let Some(password) = &settings.password {
        let credentials = Credentials::new(mail.username.clone(), password.0.clone());
        connection.auth(DEFAULT_MECHANISMS, &credentials)?;
    }
    Ok(connection)
}

/// Whether the server will never take this message. Answers that ask to log in or to encrypt first (RFC 4954 section
/// 6) speak of the configuration, not of the message.
fn is_final(error: &SmtpError) -> bool {
    let Some(code) = error.status() else { return false };
    let about_login = matches!(u16::from(code), 530 | 534 | 535 | 538);
    code.severity == Severity::PermanentNegativeCompletion && !about_login
}

fn told(error: &SmtpError) -> String {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<io::Error>()
            && matches!(io.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
        {
            return format!("no answer within {} seconds", STEP.as_secs());
        }
        source = inner.source();
    }
    error.to_string()
}

/// Writes `NAME.eml` so that nobody ever sees half of it.
fn write_whole(directory: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{name}.tmp"));
    let mut file = File::create(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&unfinished, directory.join(format!("{name}.eml")))
}
