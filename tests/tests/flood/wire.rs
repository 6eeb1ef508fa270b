use std::io;

use dialgate_phone::{CallerId, Environment};
use dialgate_tests::telephone_side::answers;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The Asterisk end of one connection, without Asterisk's manners.
pub(super) struct Wire {
    stream: BufReader<TcpStream>,
    account: usize,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, account: usize) -> Self {
        // Thousands of them wait for one byte.
        Self { stream: BufReader::with_capacity(256, stream), account }
    }

    pub(super) fn stream(&mut self) -> &mut TcpStream {
        self.stream.get_mut()
    }

    /// Says who is calling, and answers so many commands of a call that goes well.
    pub(super) async fn answer(&mut self, commands: usize) -> io::Result<()> {
        let environment = environment(self.account);
        self.stream().write_all(&environment).await?;
        for _ in 0..commands {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let reply = self.reply(&line);
            self.stream().write_all(reply.as_bytes()).await?;
        }
        Ok(())
    }

    pub(super) async fn until_closed(&mut self) -> io::Result<()> {
        let mut bytes = [0; 64];
        while self.stream.get_mut().read(&mut bytes).await? > 0 {}
        Ok(())
    }

    fn reply(&self, line: &str) -> String {
        let argument = line.split('"').nth(1).unwrap_or_default();
        if line.starts_with("GET FULL VARIABLE") {
            return format!("200 result=1 ({argument})\n");
        }
        let keys = answers(self.account).into_iter().find(|(prompt, _)| *prompt == argument);
        match keys {
            _ if !line.starts_with("GET DATA") => "200 result=0\n".to_owned(),
            Some((_, keys)) => format!("200 result={}\n", keys.trim_end_matches('#')),
            None => "200 result= (timeout)\n".to_owned(),
        }
    }
}

pub(super) fn environment(account: usize) -> Vec<u8> {
    let server = ([127, 0, 0, 1], 4573).into();
    Environment::new(server, CallerId::number(format!("3{account:05}")), 1, 1_800_000_000).render()
}
