//! One call from a traveller's telephone.

use std::fs;
use std::io;
use std::thread::sleep;
use std::time::Duration;

use super::Asterisk;
use super::log::Event;
use crate::wait;

/// How long anything awaited in a call may take: longer than every recording.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the traveller does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Waits until this sound begins, such as `dialgate/enter-pin`.
    Hear(&'static str),
    /// Does nothing for a while.
    Wait(Duration),
    /// Types keys: `0`-`9`, `*`, `#`, and `w` for half a second's pause.
    Keys(String),
    /// Hangs up.
    HangUp,
}

/// A call as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Every sound that began, in order: ours as `dialgate/name`, the core's as `digits/1`.
    pub heard: Vec<String>,
    /// The keys that Asterisk received.
    pub keys: String,
    /// `DIALGATE_RESULT` at the end.
    pub result: String,
}

impl Record {
    /// The names of our own prompts, in order, without `dialgate/`.
    #[must_use]
    pub fn prompts(&self) -> Vec<&str> {
        self.heard.iter().filter_map(|name| name.strip_prefix("dialgate/")).collect()
    }
}

/// A call under way. Dropped without [`Call::end`] it stays up until Asterisk goes.
#[derive(Debug)]
pub struct Call<'a> {
    asterisk: &'a mut Asterisk,
    /// The folder, relative to the instance, that the traveller's dialplan takes its steps from.
    steps: String,
    next: u32,
    record: Record,
    ended: bool,
    traveller_gone: bool,
}

impl<'a> Call<'a> {
    /// Places the call; it need not be answered yet.
    pub(super) fn place(asterisk: &'a mut Asterisk, number: u32) -> io::Result<Self> {
        let instance = &asterisk.instance;
        let steps = format!("steps-{number}");
        fs::create_dir(instance.path(&steps))?;
        let text = format!(
            "Channel: PJSIP/traveller/sip:{}@127.0.0.1:{}\nCallerID: <{}>\nContext: traveller\n\
             Extension: s\nPriority: 1\nWaitTime: 20\nSetvar: STEPS={}\n",
            super::DID,
            super::SIP_PORT,
            super::CALLER,
            instance.path_inside(&steps),
        );
        let name = format!("call-{number}");
        let draft = instance.path("spool/tmp").join(&name);
        fs::write(&draft, text)?;
        fs::rename(draft, instance.path("spool/outgoing").join(name))?;
        let record = Record::default();
        Ok(Self { asterisk, steps, next: 1, record, ended: false, traveller_gone: false })
    }

    /// Does one step.
    ///
    /// # Errors
    /// As the step's own method.
    pub fn step(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::Hear(sound) => self.hear(sound),
            Step::Wait(time) => {
                sleep(*time);
                Ok(())
            }
            Step::Keys(keys) => self.press(keys),
            Step::HangUp => self.hang_up(),
        }
    }

    /// Waits until `sound` begins, from here on.
    ///
    /// # Errors
    /// When the call ends first, or it is not heard in time.
    pub fn hear(&mut self, sound: &str) -> io::Result<()> {
        let outcome = wait::until(sound, PATIENCE, || {
            while let Some(event) = self.next_event()? {
                if matches!(&event, Event::Playing(name) if name == sound) {
                    return Ok(Some(()));
                }
            }
            let over = self.ended || self.traveller_gone;
            if over { Err(io::Error::other("the call ended first")) } else { Ok(None) }
        });
        outcome.map_err(|error| self.explain(&format!("did not hear {sound}"), &error))
    }

    /// Sends keys as RFC 4733 events, about six a second. Returns before they are all sent.
    ///
    /// # Errors
    /// When the step cannot be handed to Asterisk.
    pub fn press(&mut self, keys: &str) -> io::Result<()> {
        self.hand_over(&format!("SendDTMF({keys},80,80)"))
    }

    /// Hangs up, once the keys before are sent.
    ///
    /// # Errors
    /// When the step cannot be handed to Asterisk.
    pub fn hang_up(&mut self) -> io::Result<()> {
        self.hand_over("Hangup()")
    }

    /// Waits until both legs are gone.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn end(mut self) -> io::Result<Record> {
        let outcome = wait::until("the end of the call", PATIENCE, || {
            while self.next_event()?.is_some() {}
            Ok((self.ended && self.traveller_gone).then_some(()))
        });
        match outcome {
            Ok(()) => Ok(self.record),
            Err(error) => Err(self.explain("the call did not end", &error)),
        }
    }

    fn next_event(&mut self) -> io::Result<Option<Event>> {
        let event = self.asterisk.log.next_event()?;
        match &event {
            None => {}
            Some(Event::Playing(name)) => self.record.heard.push(name.clone()),
            Some(Event::Key(key)) => self.record.keys.push(*key),
            Some(Event::Ended(result)) => {
                self.record.result.clone_from(result);
                self.ended = true;
            }
            Some(Event::TravellerGone | Event::NotAnswered) => self.traveller_gone = true,
        }
        Ok(event)
    }

    /// Gives the traveller's dialplan its next application, whole or not at all.
    fn hand_over(&mut self, application: &str) -> io::Result<()> {
        let folder = self.asterisk.instance.path(&self.steps);
        let draft = folder.join("draft");
        fs::write(&draft, application)?;
        fs::rename(draft, folder.join(self.next.to_string()))?;
        self.next += 1;
        Ok(())
    }

    fn explain(&self, what: &str, error: &io::Error) -> io::Error {
        let log = self.asterisk.last_lines();
        io::Error::other(format!("{what}: {error}; so far {:?}; log:\n{log}", self.record))
    }
}
