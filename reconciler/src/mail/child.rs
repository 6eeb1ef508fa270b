//! What the mail child does: give up what it does not need, then compose and deliver one letter after the other.

use std::io::{self, BufRead, Read, Write};

use dialgate_contract::Exit;
use dialgate_contract::config::Transport;
use dialgate_letter::{Templates, Wording};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::child::{confine, renounce};

use super::compose::{ComposeError, compose, name};
use super::deliver::deliver;
use super::wire::{Answer, Delivery, Errand, LONGEST_TO_CHILD, Settings};

/// The mail child, from start to end. It ends when its input does, or with its parent.
#[must_use]
pub fn child() -> Exit {
    let ended = serve(&mut io::stdin().lock(), &mut io::stdout().lock());
    ended.err().unwrap_or(Exit::Ok)
}

fn serve(input: &mut impl BufRead, output: &mut impl Write) -> Result<(), Exit> {
    // Before the password is read.
    confine().map_err(|_| Exit::NoPerm)?;
    let Some(settings) = next::<Settings>(input)? else { return Ok(()) };
    // A sendmail program has its rights by its file's set-id bits, starts processes and writes long logs.
    if settings.mail.transport != Transport::Sendmail {
        renounce().map_err(|_| Exit::NoPerm)?;
    }
    let templates = Templates::new(&settings.mail.templates, settings.owner);
    let machine = TimeZone::system();
    while let Some(errand) = next::<Errand>(input)? {
        let (wording, fault) = Wording::of(&errand.letter, &machine, templates.as_ref());
        let fault = fault.map(|fault| fault.to_string());
        let delivery = carry_out(&errand, wording, &settings);
        let answer = Answer::new(errand.id, delivery, fault.as_deref());
        let answer = serde_json::to_string(&answer).map_err(|_| Exit::Software)?;
        writeln!(output, "{answer}").and_then(|()| output.flush()).map_err(|_| Exit::IoErr)?;
    }
    Ok(())
}

fn carry_out(errand: &Errand, wording: Wording, settings: &Settings) -> Delivery {
    match compose(errand, wording, &settings.mail.from) {
        Ok(message) => deliver(&message, &name(errand), settings),
        Err(error @ ComposeError::From) => Delivery::Retry(error.to_string()),
        Err(error @ (ComposeError::Recipient | ComposeError::Message(_))) => {
            Delivery::Hopeless(error.to_string())
        }
    }
}

/// The next line; `None` at the end.
fn next<T: DeserializeOwned>(input: &mut impl BufRead) -> Result<Option<T>, Exit> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_TO_CHILD));
    let most = u64::try_from(LONGEST_TO_CHILD).unwrap_or(u64::MAX);
    input.take(most).read_until(b'\n', &mut line).map_err(|_| Exit::IoErr)?;
    if line.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&line).map(Some).map_err(|_| Exit::DataErr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_settings_ends_the_child() {
        let end = |mut input: &[u8]| next::<Settings>(&mut input).err();
        assert_eq!(end(b""), None);
        assert_eq!(end(b"{}\n"), Some(Exit::DataErr));
        assert_eq!(end(&[b'['; 2 * LONGEST_TO_CHILD]), Some(Exit::DataErr));
    }
}
