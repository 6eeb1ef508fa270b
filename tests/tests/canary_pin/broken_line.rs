//! Whoever poses as Asterisk and sends a PIN in pieces, in nonsense, or not to its end.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use dialgate_phone::{CallerId, Environment};
use dialgate_tests::site::{AGI_PORT, Site};

const PATIENCE: Duration = Duration::from_secs(20);

/// All of these, each in a call of its own.
pub(crate) fn answer_in_every_way(site: &Site, pin: &str) -> io::Result<()> {
    let (first, rest) = pin.split_at(3);
    answer(site, &[format!("200 result={first}"), rest.to_owned(), "\n".to_owned()])?;
    for line in [
        format!("200 result={pin}"),
        format!("200 result={pin} (timeout\n"),
        format!("{pin}\n"),
        format!("200 result={pin}\n{pin}\n"),
        format!("200 result={}\n", pin.repeat(2000)),
    ] {
        answer(site, &[line])?;
    }
    Ok(())
}

/// Answers the question for the PIN with `pieces`, one after the other, and says no more.
fn answer(site: &Site, pieces: &[String]) -> io::Result<()> {
    let server = SocketAddr::from(([127, 0, 0, 1], AGI_PORT));
    let stream = site.namespace().enter(|| TcpStream::connect(server))??;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let environment = Environment::new(server, CallerId::number("6000"), 1, 0);
    (&stream).write_all(&environment.render())?;
    let mut commands = BufReader::new(&stream);
    loop {
        let mut command = String::new();
        if commands.read_line(&mut command)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if command.contains("dialgate/enter-pin") {
            break;
        }
        (&stream).write_all(reply(&command).as_bytes())?;
    }
    match rest_of_the_call(&stream, pieces) {
        // It is not served any more.
        Err(error) if is_gone(&error) => Ok(()),
        end => end,
    }
}

fn rest_of_the_call(mut stream: &TcpStream, pieces: &[String]) -> io::Result<()> {
    for piece in pieces {
        stream.write_all(piece.as_bytes())?;
    }
    stream.shutdown(Shutdown::Write)?;
    stream.read_to_end(&mut Vec::new()).map(|_| ())
}

fn is_gone(error: &io::Error) -> bool {
    let gone = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::NotConnected];
    gone.contains(&error.kind())
}

fn reply(command: &str) -> String {
    let argument = command.split('"').nth(1).unwrap_or_default();
    match command.split(' ').next() {
        Some("GET") if command.starts_with("GET FULL") => format!("200 result=1 ({argument})\n"),
        Some("GET") => "200 result=4711\n".to_owned(),
        _ => "200 result=0\n".to_owned(),
    }
}
