use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::time::sleep;

use super::channel::ChannelError;
use super::desk::Credentials;
use super::driver::Driver;
use crate::Prompt;
use crate::conversation::{Ahead, Event, Login};
use crate::protocol::{Ended, Timeout};
use crate::throttle::Reservation;

/// How long a caller may pause between keys that are typed ahead. In silence a login is answered just before that.
const PAUSE: Timeout = Timeout::from_secs(1);

/// The same, and what Asterisk's clock may differ from ours.
const SILENT_FOR: Duration = Duration::from_millis(1005);

/// Who waits for longer because many others log in is told that the line is not dead.
const SILENCE: Duration = Duration::from_secs(5);

impl Driver<'_> {
    /// Collects keys all the time that the login is checked, because Asterisk drops those that no command waits for.
    /// How long that takes depends on the keys and on how many others log in, never on what comes of the check.
    pub(super) async fn check_login(
        &mut self,
        credentials: Credentials,
        slips: &mut Vec<Reservation>,
    ) -> Result<Event, ChannelError> {
        let services = self.services;
        // Ended early, because the caller is gone, it is dropped as well.
        let mut check = LoginCheck::new(services.logins.check(credentials, slips));
        let mut ahead = Ahead::default();
        let mut pound_may_follow = true;
        let mut silence = Duration::ZERO;
        let login = loop {
            let prompt = (silence >= SILENCE).then_some(Prompt::OneMoment);
            if prompt.is_some() {
                silence = Duration::ZERO;
            }
            // Also where whoever is on the other side answers at once.
            let mut pause = pin!(sleep(SILENT_FOR));
            if let Some(max) = ahead.room() {
                let collected = check.beside(self.collect(prompt, max, PAUSE)).await?;
                let Event::Digits { digits, ended } = collected else { return Ok(collected) };
                let spare = ahead.digits.is_empty() && digits.is_empty() && ended == Ended::Hash;
                let goes_on = !digits.is_empty() || (spare && pound_may_follow);
                if spare {
                    // One too many after the PIN: keys may come right after it.
                    pound_may_follow = false;
                }
                ahead.append(&digits, ended);
                if goes_on && ahead.room().is_some() {
                    match check.before(std::future::ready(())).await {
                        Some(login) => break login,
                        None => continue,
                    }
                }
            } else if let Some(prompt) = prompt
                && check.beside(self.say(&prompt.into())).await? == Event::HungUp
            {
                return Ok(Event::HungUp);
            }
            if let Some(login) = check.before(pause.as_mut()).await {
                break login;
            }
            silence += SILENT_FOR;
        };
        if let Login::Accepted(traveller) = &login {
            self.is_let_in = true;
            // From here on the log may name the account: what is typed before may be a PIN in the wrong place.
            tracing::Span::current().record("account", traveller.account.as_str());
        }
        Ok(Event::LoginChecked(login, ahead))
    }
}

/// A login that is being checked while the call goes on. It makes progress only while one of these waits.
struct LoginCheck<'a> {
    checking: Pin<Box<dyn Future<Output = Login> + Send + 'a>>,
    login: Option<Login>,
}

impl<'a> LoginCheck<'a> {
    fn new(checking: impl Future<Output = Login> + Send + 'a) -> Self {
        Self { checking: Box::pin(checking), login: None }
    }

    /// Does `work` to its end meanwhile.
    async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                login = &mut self.checking, if self.login.is_none() => self.login = Some(login),
                done = &mut work => return done,
            }
        }
    }

    /// What came of it, if that is known before `time` is over. Once told there is nothing more to ask.
    async fn before(&mut self, time: impl Future<Output = ()>) -> Option<Login> {
        if let Some(login) = self.login.take() {
            return Some(login);
        }
        tokio::select! {
            biased;
            login = &mut self.checking => Some(login),
            () = time => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use dialgate_contract::config::Config;
    use dialgate_contract::{CallerId, Language};
    use dialgate_pin::Pepper;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::{Instant, timeout_at};

    use super::*;
    use crate::protocol::{Digits, EXAMPLE_ENVIRONMENT};
    use crate::server::Services;
    use crate::server::channel::Channel;

    fn services() -> (tempfile::TempDir, Services) {
        let folder = tempfile::tempdir().unwrap();
        let pepper_file = folder.path().join("pepper");
        let pepper = Pepper::from_random([7; Pepper::BYTES]);
        std::fs::write(&pepper_file, pepper.to_file().as_bytes()).unwrap();
        let data_dir = folder.path().to_owned();
        let config = Config { data_dir, pepper_file, ..Config::default() };
        (folder, Services::open(&config).unwrap())
    }

    #[expect(clippy::disallowed_methods, reason = "the caller types by the clock")]
    fn now() -> Instant {
        Instant::now()
    }

    /// An Asterisk that waits in silence as a real one does, and a caller who presses a key at each of these
    /// milliseconds. Returns the recordings that were played.
    async fn asterisk(mut stream: TcpStream, keys: &[(u64, char)]) -> Vec<String> {
        let begun = now();
        let (from, mut to) = stream.split();
        let mut commands = BufReader::new(from).lines();
        let (mut played, mut keys) = (Vec::new(), keys.iter().peekable());
        while let Some(command) = commands.next_line().await.unwrap() {
            played.extend(command.split('"').nth(1).filter(|it| !it.is_empty()).map(str::to_owned));
            if command.starts_with("STREAM FILE") {
                to.write_all(b"200 result=0 endpos=8000\n").await.unwrap();
                continue;
            }
            let is_pressed = |at: u64| begun + Duration::from_millis(at);
            // Whatever came when no command waited is lost.
            while keys.next_if(|(at, _)| is_pressed(*at) < now()).is_some() {}
            let mut digits = String::new();
            let mut ends = now() + PAUSE.as_duration();
            let ended = loop {
                match keys.next_if(|(at, _)| is_pressed(*at) < ends) {
                    None => break " (timeout)",
                    Some((_, '#')) => break "",
                    Some((at, key)) => {
                        digits.push(*key);
                        ends = is_pressed(*at) + PAUSE.as_duration();
                    }
                }
            };
            // A `#` is there as soon as it is pressed; the test needs it no sooner than the silence.
            let _ = timeout_at(ends, std::future::pending::<()>()).await;
            to.write_all(format!("200 result={digits}{ended}\n").as_bytes()).await.unwrap();
        }
        played
    }

    /// What is typed ahead, and heard, while it takes so long until it is this login's turn.
    async fn checked(busy: u64, keys: &[(u64, char)]) -> (Ahead, Vec<String>) {
        let (_folder, services) = services();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut other, _) = listener.accept().await.unwrap();
        other.write_all(EXAMPLE_ENVIRONMENT).await.unwrap();
        let caller = CallerId::from_network("");
        let credentials =
            Credentials { account: Digits::new("12").unwrap(), pin: None, caller: caller.clone() };
        let call = async {
            let (mut channel, language) = (Channel::new(stream), Language::En);
            channel.environment().await.unwrap();
            let (services, slips) = (&services, Vec::new());
            let mut driver =
                Driver { channel, services, caller, language, slips, is_let_in: false };
            driver.check_login(credentials, &mut Vec::new()).await.unwrap()
        };
        let busy = services.logins.keep_busy(Duration::from_secs(busy));
        let (event, played, ()) = tokio::join!(call, asterisk(other, keys), busy);
        let Event::LoginChecked(Login::Rejected, ahead) = event else { panic!("{event:?}") };
        (ahead, played)
    }

    #[tokio::test(start_paused = true)]
    async fn no_key_is_lost_while_a_login_waits_for_its_turn() {
        let pressed = "12*34*56*78".chars();
        let keys: Vec<_> = (0..).map(|n| 1_300 + 1_150 * n).zip(pressed).collect();
        let (ahead, _) = checked(15, &keys).await;
        assert_eq!((ahead.digits.as_str(), ahead.is_whole), ("12*34*56*78", false));
        let keys: Vec<_> = keys.into_iter().chain([(14_100, '#'), (14_200, '9')]).collect();
        let (ahead, _) = checked(16, &keys).await;
        assert_eq!((ahead.digits.as_str(), ahead.is_whole), ("12*34*56*78", true));
    }

    #[tokio::test(start_paused = true)]
    async fn the_line_is_not_silent_for_longer_than_five_seconds() {
        assert_eq!(checked(4, &[]).await.1, [""; 0]);
        assert_eq!(checked(7, &[]).await.1, ["dialgate/one-moment"]);
        let whole = [(100, '1'), (200, '#')];
        assert_eq!(checked(12, &whole).await.1, ["dialgate/one-moment"; 2]);
    }
}
