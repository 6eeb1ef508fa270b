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
/// Long enough to read what has arrived already.
const INSTANT: Duration = Duration::from_millis(1);
/// The one answer that means that a message was taken over (RFC 5321 section 4.3.2).
const ACCEPTED: u16 = 250;
const OUT_OF_STEP: &str = "it answered before it was asked, as if somebody else wrote into the connection: \
                           nothing it said is believed; mail.tls = \"tls\" is safe from that";
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
    let server = format!("mail server {}:{}", settings.mail.host, settings.mail.port);
    let mut connection = match connect(settings) {
        Ok(connection) => connection,
        Err(wrong) => return Delivery::Retry(format!("{server}: {wrong}; look at [mail]")),
    };
    match connection.send(message.envelope(), &message.formatted()) {
        Ok(response) if response.has_code(ACCEPTED) => {
            // How the server takes leave does not matter.
            let _ = connection.quit();
            Delivery::Sent
        }
        Ok(_) => Delivery::Retry(format!("{server}: {OUT_OF_STEP}")),
        Err(error) if is_final(&error) => Delivery::Hopeless(format!("{server}: {}", told(&error))),
        Err(error) => Delivery::Retry(format!("{server}: {}", told(&error))),
    }
}

fn connect(settings: &Settings) -> Result<SmtpConnection, String> {
    let mail = &settings.mail;
    let told = |error: SmtpError| told(&error);
    let hello = ClientId::default();
    let tls = || TlsParameters::new(mail.host.clone()).map_err(told);
    let wrapper = if mail.tls == Tls::Tls { Some(tls()?) } else { None };
    let server = (mail.host.as_str(), mail.port);
    let mut connection =
        SmtpConnection::connect(server, Some(STEP), &hello, wrapper.as_ref(), None)
            .map_err(told)?;
    if mail.tls == Tls::Starttls {
        connection.starttls(&tls()?, &hello).map_err(told)?;
        refuse_early_answers(&mut connection)?;
    }
    if let Some(password) = &settings.password {
        let credentials = Credentials::new(mail.username.clone(), password.0.clone());
        connection.auth(DEFAULT_MECHANISMS, &credentials).map_err(told)?;
    }
    Ok(connection)
}

/// lettre keeps what it has read in clear behind the answer to STARTTLS, and would take it for what the server says
/// under TLS: who can write into the connection could make it believe that the letter was accepted (RFC 3207 section 6;
/// "Why TLS Is Better Without STARTTLS", USENIX Security 2021). So nothing may be left to read now. A single answer too
/// many is used up by then; it shows in the last one, which is 354 in place of [`ACCEPTED`].
fn refuse_early_answers(connection: &mut SmtpConnection) -> Result<(), String> {
    let limit = |connection: &mut SmtpConnection, time| {
        connection.set_timeout(Some(time)).map_err(|error| error.to_string())
    };
    limit(connection, INSTANT)?;
    match connection.read_response() {
        Err(error) if is_timeout(&error) => limit(connection, STEP),
        Ok(_) | Err(_) => Err(OUT_OF_STEP.to_owned()),
    }
}

/// Whether the server will never take this message. Answers that ask to log in or to encrypt first (RFC 4954 section
/// 6) speak of the configuration, not of the message.
fn is_final(error: &SmtpError) -> bool {
    let Some(code) = error.status() else { return false };
    let about_login = matches!(u16::from(code), 530 | 534 | 535 | 538);
    code.severity == Severity::PermanentNegativeCompletion && !about_login
}

fn told(error: &SmtpError) -> String {
    if is_timeout(error) {
        return format!("no answer within {} seconds", STEP.as_secs());
    }
    error.to_string()
}

/// lettre's own test does not know the kind that a socket's time limit shows as (`EAGAIN`).
fn is_timeout(error: &SmtpError) -> bool {
    std::iter::successors(error.source(), |inner| (*inner).source())
        .filter_map(|inner| inner.downcast_ref::<io::Error>())
        .any(|io| matches!(io.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

/// Writes `NAME.eml` so that nobody ever sees half of it.
fn write_whole(directory: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let unfinished = directory.join(format!(".{name}.tmp"));
    let mut file = File::create(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&unfinished, directory.join(format!("{name}.eml")))
}
