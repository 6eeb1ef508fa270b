use std::net::{IpAddr, SocketAddr};

use dialgate_contract::queue::{Matter, Wish};
use dialgate_contract::{AccountNumber, CallerId, Language, RequestId};
use tokio::time::Duration;

use super::Services;
use super::channel::{Channel, ChannelError};
use super::clock::now;
use super::desk::Credentials;
use super::speech;
use crate::Prompt;
use crate::conversation::{Action, Ending, Event, Speech};
use crate::protocol::{Command, MaxDigits, Outcome, Text, Timeout, UnexpectedReply, VariableName};
use crate::throttle::Reservation;

/// No call lasts longer: Asterisk hangs up.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(300);

/// Performs the conversation's actions: on the channel, the ledger and the queue.
pub(super) struct Driver<'a> {
    pub(super) channel: Channel,
    pub(super) services: &'a Services,
    pub(super) caller: CallerId,
    /// What the call is in.
    pub(super) language: Language,
    /// Failed logins of this call.
    pub(super) slips: Vec<Reservation>,
    /// Somebody has logged in.
    pub(super) is_let_in: bool,
}

impl Driver<'_> {
    /// Has Asterisk end the call when it lasts too long, whatever becomes of us.
    pub(super) async fn limit_call(&mut self) -> Result<(), ChannelError> {
        let limit = u32::try_from(CALL_LIMIT.as_secs()).unwrap_or(u32::MAX);
        // That there is no caller any more shows at the next command.
        self.channel.perform(&Command::SetAutoHangup(limit)).await.map(|_| ())
    }

    /// Tells the dialplan how the call ended; Asterisk allows that after a hang-up too.
    pub(super) async fn report(&mut self, ending: Ending) -> Result<(), ChannelError> {
        let name = VariableName::new("DIALGATE_RESULT")?;
        let value = Text::new(ending.as_str())?;
        self.channel.perform(&Command::SetVariable { name, value }).await.map(|_| ())
    }

    /// Where a telephone is that has called directly, if the dialplan tells: of whoever calls by a carrier it must not.
    pub(super) async fn direct_peer(&mut self) -> Result<Option<IpAddr>, ChannelError> {
        let command = Command::GetVariable(VariableName::new("DIALGATE_PEER")?);
        match self.channel.perform(&command).await? {
            Outcome::Variable(value) => Ok(value.as_deref().and_then(address)),
            Outcome::Dead | Outcome::HungUpOrMissing => Ok(None),
            Outcome::Done | Outcome::Played { .. } | Outcome::Digits { .. } | Outcome::Key(_) => {
                Err(senseless(&command))
            }
        }
    }

    pub(super) async fn perform(&mut self, action: Action) -> Result<Event, ChannelError> {
        match action {
            Action::Answer => self.answer().await,
            Action::Say(speech) => self.say(&speech).await,
            Action::Collect { prompt, max, timeout } => self.collect(prompt, max, timeout).await,
            Action::CheckLogin { account, pin } => {
                let credentials = Credentials { account, pin, caller: self.caller.clone() };
                let mut slips = std::mem::take(&mut self.slips);
                let checked = self.check_login(credentials, &mut slips).await;
                self.slips = slips;
                checked
            }
            Action::LookUp(account) => {
                Ok(Event::LookedUp(self.services.standings.look_up(account).await))
            }
            Action::SetLanguage(language) => self.set_language(language).await,
            Action::HashPin(pin) => Ok(Event::PinHashed(self.services.new_pins.hash(pin).await)),
            Action::Enqueue { account, wish } => Ok(self.enqueue(account, wish).await),
            Action::AwaitVerdict { request, meanwhile } => {
                self.await_verdict(request, meanwhile).await
            }
        }
    }

    async fn answer(&mut self) -> Result<Event, ChannelError> {
        match self.channel.perform(&Command::Answer).await? {
            Outcome::Done => Ok(Event::Answered),
            Outcome::Dead | Outcome::HungUpOrMissing => Ok(Event::HungUp),
            Outcome::Played { .. }
            | Outcome::Digits { .. }
            | Outcome::Key(_)
            | Outcome::Variable(_) => Err(senseless(&Command::Answer)),
        }
    }

    /// Says something that any key interrupts. What has no recording is skipped.
    pub(super) async fn say(&mut self, speech: &Speech) -> Result<Event, ChannelError> {
        for command in speech::commands(speech, self.language, now())? {
            match self.channel.perform(&command).await? {
                Outcome::Played { interrupted_by: None } => {}
                Outcome::Played { interrupted_by } => return Ok(Event::Played { interrupted_by }),
                Outcome::Dead => return Ok(Event::HungUp),
                Outcome::HungUpOrMissing if self.is_gone().await? => return Ok(Event::HungUp),
                Outcome::HungUpOrMissing => speech::complain_of_silence(&command),
                Outcome::Done | Outcome::Digits { .. } | Outcome::Key(_) | Outcome::Variable(_) => {
                    return Err(senseless(&command));
                }
            }
        }
        Ok(Event::Played { interrupted_by: None })
    }

    pub(super) async fn collect(
        &mut self,
        prompt: Option<Prompt>,
        max: MaxDigits,
        timeout: Timeout,
    ) -> Result<Event, ChannelError> {
        let file = Text::new(prompt.map_or("", Prompt::file))?;
        let command = Command::GetData { file, timeout, max };
        match self.channel.perform(&command).await? {
            Outcome::Digits { digits, ended } => Ok(Event::Digits { digits, ended }),
            Outcome::Dead => Ok(Event::HungUp),
            Outcome::HungUpOrMissing if self.is_gone().await? => Ok(Event::HungUp),
            Outcome::HungUpOrMissing => match prompt {
                Some(_) => {
                    speech::complain_of_silence(&command);
                    Box::pin(self.collect(None, max, timeout)).await
                }
                None => Err(senseless(&command)),
            },
            Outcome::Done | Outcome::Played { .. } | Outcome::Key(_) | Outcome::Variable(_) => {
                Err(senseless(&command))
            }
        }
    }

    /// Tells a hang-up from a missing recording, which Asterisk answers alike: a command that needs a caller gets
    /// 511 when there is none.
    async fn is_gone(&mut self) -> Result<bool, ChannelError> {
        match self.channel.perform(&Command::ChannelStatus).await? {
            Outcome::Done => Ok(false),
            Outcome::Dead | Outcome::HungUpOrMissing => Ok(true),
            Outcome::Played { .. }
            | Outcome::Digits { .. }
            | Outcome::Key(_)
            | Outcome::Variable(_) => Err(senseless(&Command::ChannelStatus)),
        }
    }

    async fn set_language(&mut self, language: Language) -> Result<Event, ChannelError> {
        let command = Command::SetLanguage(language);
        match self.channel.perform(&command).await? {
            Outcome::Done => {
                self.language = language;
                Ok(Event::LanguageSet)
            }
            Outcome::Dead | Outcome::HungUpOrMissing => Ok(Event::HungUp),
            Outcome::Played { .. }
            | Outcome::Digits { .. }
            | Outcome::Key(_)
            | Outcome::Variable(_) => Err(senseless(&command)),
        }
    }

    async fn enqueue(&self, account: AccountNumber, wish: Wish) -> Event {
        let wished = format!("{wish:?}");
        let matter = Matter::Access { account, wish };
        match self.services.requests.add(matter, self.caller.clone()).await {
            Ok(request) => {
                tracing::info!(%request, wished, "request queued");
                Event::Enqueued(request)
            }
            Err(error) => {
                tracing::error!(%error, "a confirmed request is lost");
                Event::EnqueueFailed
            }
        }
    }

    /// The verdict is looked for while the prompt plays, and after it until the verdict, the end of patience or the
    /// caller's hang-up.
    async fn await_verdict(
        &mut self,
        request: RequestId,
        meanwhile: Prompt,
    ) -> Result<Event, ChannelError> {
        let verdict = self.services.verdicts.wait(request);
        if self.say(&meanwhile.into()).await? == Event::HungUp {
            return Ok(Event::HungUp);
        }
        tokio::select! {
            biased;
            verdict = verdict => Ok(verdict.map_or(Event::VerdictTimedOut, Event::VerdictSeen)),
            gone = self.channel.hung_up() => gone.map(|()| Event::HungUp),
        }
    }
}

/// With a port or without: `CHANNEL(pjsip,remote_addr)` has one.
fn address(peer: &str) -> Option<IpAddr> {
    let with_port = peer.parse().map(|peer: SocketAddr| peer.ip());
    with_port.or_else(|_| peer.parse()).ok().map(|peer: IpAddr| peer.to_canonical())
}

/// The codec gives each command only the outcomes that it can have.
fn senseless(command: &Command) -> ChannelError {
    UnexpectedReply::Senseless { command: command.verb() }.into()
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_is_known_with_and_without_a_port_and_nothing_else_is_one() {
        for (peer, expected) in [
            ("12.34.56.78", Some("12.34.56.78")),
            ("12.34.56.78:5060", Some("12.34.56.78")),
            ("[2001:db8::1]:5060", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            // As a socket for both families tells it.
            ("[::ffff:12.34.56.78]:5060", Some("12.34.56.78")),
            ("", None),
            ("sip.example.net", None),
            ("12.34.56.78 9.9.9.9", None),
            ("12.34.56.78\n9.9.9.9", None),
        ] {
            assert_eq!(address(peer), expected.map(|it| it.parse().unwrap()), "{peer}");
        }
    }
}
