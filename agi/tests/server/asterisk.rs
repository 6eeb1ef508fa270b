use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use dialgate_agi::protocol::EXAMPLE_ENVIRONMENT;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::Instant;

/// The Asterisk end of one call, and a caller who answers each prompt from a list.
pub(super) struct Call {
    from: tokio::io::Lines<BufReader<OwnedReadHalf>>,
    to: OwnedWriteHalf,
    answers: BTreeMap<&'static str, VecDeque<Answer>>,
    dead: bool,
    pub(super) record: Record,
}

/// What Asterisk saw of a call.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The commands, without the nonce.
    pub(super) commands: Vec<String>,
    /// How long the server took to send each command.
    pub(super) pauses: Vec<Duration>,
    /// The last value of `DIALGATE_RESULT`.
    pub(super) result: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Keys(&'static str),
    Missing,
    HangUp,
}

pub(super) fn environment() -> String {
    String::from_utf8(EXAMPLE_ENVIRONMENT.to_vec()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "how long the server takes is what is tested")]
pub(super) fn stopwatch() -> Instant {
    Instant::now()
}

impl Call {
    pub(super) async fn dial(address: SocketAddr) -> Self {
        Self::dial_with(address, &environment()).await
    }

    pub(super) async fn dial_with(address: SocketAddr, environment: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (from, mut to) = stream.into_split();
        to.write_all(environment.as_bytes()).await.unwrap();
        Self {
            from: BufReader::new(from).lines(),
            to,
            answers: BTreeMap::new(),
            dead: false,
            record: Record::default(),
        }
    }

    /// At the first argument `prompt`, which may be said or asked, types these keys; then the next list.
    pub(super) fn types(mut self, prompt: &'static str, keys: &'static str) -> Self {
        self.answers.entry(prompt).or_default().push_back(Answer::Keys(keys));
        self
    }

    pub(super) fn hangs_up_at(mut self, prompt: &'static str) -> Self {
        self.answers.entry(prompt).or_default().push_back(Answer::HangUp);
        self
    }

    pub(super) fn misses(mut self, prompt: &'static str) -> Self {
        self.answers.entry(prompt).or_default().push_back(Answer::Missing);
        self
    }

    pub(super) fn logs_in(self) -> Self {
        self.types("dialgate/enter-account", "4711").types("dialgate/enter-pin", "12345678")
    }

    pub(super) fn confirms(self, address: &'static str) -> Self {
        self.logs_in()
            .types("dialgate/enter-address", address)
            .types("dialgate/confirm-address", "1")
    }

    /// Answers every command until the server closes the connection.
    pub(super) async fn run(mut self) -> Record {
        while self.step().await.is_some() {}
        self.record
    }

    /// Answers commands up to and without the one that begins so; `None` when it never comes.
    pub(super) async fn run_to(&mut self, command: &str) -> Option<()> {
        while !self.step().await?.starts_with(command) {}
        Some(())
    }

    /// What Asterisk says of its own accord.
    pub(super) async fn say(&mut self, bytes: &[u8]) {
        // The server may have closed already, which the test sees at the next command.
        let _ = self.to.write_all(bytes).await;
    }

    /// The next command, unanswered; `None` when the server has closed the connection.
    pub(super) async fn command(&mut self) -> Option<String> {
        let begun = stopwatch();
        let line = self.from.next_line().await.ok().flatten()?;
        self.record.pauses.push(begun.elapsed());
        let noted = if line.starts_with("GET FULL VARIABLE") { "nonce" } else { &line };
        self.record.commands.push(noted.to_owned());
        Some(line)
    }

    /// Answers a command as the caller would.
    pub(super) async fn answer(&mut self, line: &str) {
        let reply = self.reply(line);
        self.say(reply.as_bytes()).await;
    }

    async fn step(&mut self) -> Option<String> {
        let line = self.command().await?;
        self.answer(&line).await;
        Some(line)
    }

    fn reply(&mut self, line: &str) -> String {
        let arguments: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        let argument = arguments.first().copied().unwrap_or_default();
        if line.starts_with("GET FULL VARIABLE") {
            return format!("200 result=1 ({argument})\n");
        }
        if line.starts_with("SET VARIABLE \"DIALGATE_RESULT\"") {
            self.record.result = Some(arguments[1].to_owned());
            return "200 result=1\n".to_owned();
        }
        if self.dead {
            return "511 Command Not Permitted on a dead channel or intercept routine\n".to_owned();
        }
        let answers = arguments.first().and_then(|argument| self.answers.get_mut::<str>(argument));
        let answer = answers.and_then(VecDeque::pop_front);
        let asked = line.starts_with("GET DATA");
        match answer {
            Some(Answer::HangUp) => {
                self.dead = true;
                "200 result=-1\nHANGUP\n".to_owned()
            }
            Some(Answer::Missing) => "200 result=-1\n".to_owned(),
            Some(Answer::Keys(keys)) if asked => format!("200 result={keys}\n"),
            Some(Answer::Keys(keys)) => format!("200 result={} endpos=800\n", keys.as_bytes()[0]),
            None if asked => "200 result= (timeout)\n".to_owned(),
            None => "200 result=0\n".to_owned(),
        }
    }
}

impl Record {
    /// What the caller heard, by the names of the prompts and the words of the commands that speak.
    pub(super) fn heard(&self) -> Vec<String> {
        let spoken = |line: &&String| {
            ["STREAM FILE", "GET DATA", "SAY "].iter().any(|verb| line.starts_with(verb))
        };
        self.commands
            .iter()
            .filter(spoken)
            .map(|line| line.split('"').nth(1).unwrap().replace("dialgate/", ""))
            .collect()
    }
}
