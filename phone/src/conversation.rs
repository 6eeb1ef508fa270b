use std::time::{Duration, Instant};

use dialgate_contract::Language;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::asterisk::Lines;
use crate::call::now;
use crate::{Caller, CallerEvent, Channel, Clock, Ending, Next, Sound, Timed, Transcript};

/// How long a recording is said to be when nobody waits for its end.
const NOMINAL_LENGTH: Duration = Duration::from_secs(1);

/// How long a call without a deadline waits, after the caller has hung up, for the server to close.
const FAREWELL: Duration = Duration::from_secs(5);

/// A call in progress: the channel, its connection and its clock.
pub(crate) struct Conversation {
    stream: TcpStream,
    lines: Lines,
    channel: Channel,
    clock: Clock,
    wake: Wake,
    playing_since: Instant,
    autohangup: Option<Instant>,
    transcript: Transcript,
}

/// What the channel is waiting for, besides the server and the caller.
#[derive(Clone, Copy)]
enum Wake {
    Never,
    Played(Instant),
    TimedOut(Instant),
}

enum Event {
    Caller(CallerEvent),
    Wake,
    Autohangup,
    Read(std::io::Result<usize>),
    TooLong,
}

impl Conversation {
    pub(crate) fn new(stream: TcpStream, channel: Channel, clock: Clock, dialled: Instant) -> Self {
        let transcript = Transcript {
            dialled,
            heard: Vec::new(),
            commands: Vec::new(),
            pressed: Vec::new(),
            variables: std::collections::BTreeMap::new(),
            ending: Ending::Dialplan,
            length: Duration::ZERO,
            mistakes: Vec::new(),
        };
        Conversation {
            stream,
            lines: Lines::default(),
            channel,
            clock,
            wake: Wake::Never,
            playing_since: dialled,
            autohangup: None,
            transcript,
        }
    }

    /// The transcript, and whether the call was over before `deadline`.
    pub(crate) async fn run(
        mut self,
        caller: &mut impl Caller,
        mut deadline: Option<Instant>,
    ) -> (Transcript, bool) {
        let over = loop {
            // A server that has gone shows when it is read from; what cannot be sent to it is lost in either case.
            let _ = self.stream.write_all(&self.channel.output()).await;
            let next = match self.event(caller, deadline).await {
                Event::Caller(CallerEvent::Key(key)) => self.press(caller, key),
                Event::Caller(CallerEvent::HangUp) => {
                    deadline = deadline.or_else(|| Some(now() + FAREWELL));
                    self.hang_up(Ending::Caller)
                }
                Event::Autohangup => self.hang_up(Ending::Autohangup),
                Event::Wake => self.wake(),
                Event::Read(Ok(read)) if read > 0 => {
                    self.read(caller);
                    continue;
                }
                Event::Read(_) => {
                    let rest = self.lines.rest();
                    let _ = self.channel.server_closed(&rest);
                    let _ = self.stream.write_all(&self.channel.output()).await;
                    break true;
                }
                Event::TooLong => break false,
            };
            self.follow(caller, next);
        };
        self.transcript.length = self.elapsed();
        self.transcript.variables = self.channel.variables();
        self.transcript.mistakes.extend(self.channel.mistakes().iter().cloned());
        caller.ended(self.transcript.ending);
        (self.transcript, over)
    }

    /// The caller comes before the clock: on an instant clock the keys of a script must not be too late.
    async fn event(&mut self, caller: &mut impl Caller, deadline: Option<Instant>) -> Event {
        let wake = match self.wake {
            Wake::Never => None,
            Wake::Played(at) | Wake::TimedOut(at) => Some(at),
        };
        let alive = !self.channel.is_dead();
        tokio::select! {
            biased;
            event = caller.next(self.channel.is_listening()), if alive => Event::Caller(event),
            () = until(wake) => Event::Wake,
            () = until(self.autohangup), if alive => Event::Autohangup,
            read = self.stream.read_buf(self.lines.buffer()) => Event::Read(read),
            () = until(deadline) => Event::TooLong,
        }
    }

    fn read(&mut self, caller: &mut impl Caller) {
        while let Some(line) = self.lines.next() {
            let text = String::from_utf8_lossy(&line).into_owned();
            if !self.lines.is_empty() {
                self.transcript
                    .mistakes
                    .push(format!("another command came together with {text:?}"));
            }
            self.transcript.commands.push(Timed { at: self.elapsed(), what: text });
            let alive = !self.channel.is_dead();
            let next = self.channel.line(&line);
            if alive && self.channel.is_dead() {
                self.transcript.ending = Ending::Server;
            }
            if let Some(after) = self.channel.take_autohangup() {
                self.autohangup = (!after.is_zero()).then(|| now() + after);
            }
            self.follow(caller, next);
        }
    }

    fn press(&mut self, caller: &mut impl Caller, key: crate::Key) -> Next {
        let prompt = self.transcript.heard.iter().rev().find_map(|heard| heard.what.file());
        let press = Timed { at: self.elapsed(), what: prompt.map(str::to_owned) };
        self.transcript.pressed.push(press);
        let listening = self.channel.is_listening();
        let next = self.channel.key(key, self.position());
        caller.pressed(key, listening && next != Next::Same);
        next
    }

    fn hang_up(&mut self, ending: Ending) -> Next {
        self.transcript.ending = ending;
        self.channel.hang_up(self.position())
    }

    fn wake(&mut self) -> Next {
        match self.wake {
            Wake::Played(_) if self.clock == Clock::Instant => self.channel.played(NOMINAL_LENGTH),
            Wake::Played(_) => self.channel.played(self.position()),
            Wake::TimedOut(_) => self.channel.timed_out(),
            Wake::Never => Next::Same,
        }
    }

    /// Does as the channel says.
    fn follow(&mut self, caller: &mut impl Caller, next: Next) {
        let now = now();
        self.wake = match next {
            Next::Same => return,
            Next::Play(sound) => {
                self.playing_since = now;
                let length = self.length(&sound);
                caller.listen_in(Language::of_tag(&self.channel.language()));
                caller.hear(&sound);
                self.transcript
                    .heard
                    .push(Timed { at: now - self.transcript.dialled, what: sound });
                Wake::Played(now + length)
            }
            Next::Collect(Some(_)) if self.clock == Clock::Instant => Wake::TimedOut(now),
            Next::Collect(Some(wait)) | Next::Wait(Some(wait)) => Wake::TimedOut(now + wait),
            Next::Collect(None) | Next::Wait(None) | Next::Command | Next::Closed => Wake::Never,
        };
    }

    fn length(&self, sound: &Sound) -> Duration {
        match (self.clock, sound.silence()) {
            (_, Some(silence)) => silence,
            (Clock::Instant, None) => Duration::ZERO,
            (Clock::Real(each), None) => {
                let characters = sound.to_string().chars().count();
                each.saturating_mul(u32::try_from(characters).unwrap_or(u32::MAX))
            }
        }
    }

    fn position(&self) -> Duration {
        now() - self.playing_since
    }

    fn elapsed(&self) -> Duration {
        now() - self.transcript.dialled
    }
}

/// Ends at `at`, without a detour by the timer when that has passed.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) if at <= now() => {}
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
