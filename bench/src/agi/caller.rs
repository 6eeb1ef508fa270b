use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::script::{Script, Told};

/// Longer than any command.
const LINE: usize = 1024;

/// Asterisk's end of one call, as cheap as it can be: it shares the machine with the server.
pub(super) struct Call<'a> {
    script: &'a Script,
    caller: u32,
    stream: TcpStream,
    received: [u8; LINE],
    length: usize,
    reply: Vec<u8>,
    /// The server was given time to think, not a reason to wait.
    is_timed: bool,
}

impl<'a> Call<'a> {
    /// Connects, and says who is calling.
    pub(super) async fn dial(
        server: SocketAddr,
        script: &'a Script,
        caller: u32,
    ) -> io::Result<Self> {
        let mut stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        stream.write_all(environment(caller).as_bytes()).await?;
        let (received, reply) = ([0; LINE], Vec::with_capacity(64));
        Ok(Self { script, caller, stream, received, length: 0, reply, is_timed: true })
    }

    /// The next command; `None` when the server has ended the call.
    pub(super) async fn command(&mut self) -> io::Result<Option<&[u8]>> {
        self.length = 0;
        loop {
            let room = self.received.get_mut(self.length..).unwrap_or_default();
            if room.is_empty() {
                return Err(io::Error::other("a command without end"));
            }
            match self.stream.read(room).await? {
                0 if self.length == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.length += count,
            }
            if self.line().ends_with(b"\n") {
                return Ok(Some(self.line().trim_ascii_end()));
            }
        }
    }

    /// Answers the last command; what that one told the dialplan.
    pub(super) async fn answer(&mut self) -> io::Result<Option<Told>> {
        let command = self.received.get(..self.length).unwrap_or_default().trim_ascii_end();
        self.script.reply(self.caller, command, &mut self.reply);
        self.is_timed = !self.script.is_waited_after(command);
        let told = self.script.told(command);
        self.stream.write_all(&self.reply).await?;
        Ok(told)
    }

    /// Whether what the server does now is thinking, not waiting on purpose.
    pub(super) const fn is_timed(&self) -> bool {
        self.is_timed
    }

    fn line(&self) -> &[u8] {
        self.received.get(..self.length).unwrap_or_default()
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// What Asterisk 22 says before the first command.
pub(super) fn environment(caller: u32) -> String {
    format!(
        "agi_network: yes\nagi_network_script: whitelist\nagi_request: agi://127.0.0.1:4573/whitelist\n\
         agi_channel: PJSIP/trunk-{caller:08x}\nagi_language: en\nagi_type: PJSIP\n\
         agi_uniqueid: 1795160061.{caller}\nagi_version: 22.10.1\nagi_callerid: 1555{caller:07}\n\
         agi_calleridname: Alice\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\n\
         agi_callingtns: 0\nagi_dnid: 700\nagi_rdnis: unknown\nagi_context: dialgate\nagi_extension: s\n\
         agi_priority: 2\nagi_enhanced: 0.0\nagi_accountcode: \nagi_threadid: 140556668069568\n\n"
    )
}
