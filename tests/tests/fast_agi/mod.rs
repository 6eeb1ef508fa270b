//! A FastAGI server that believes everything: it serves one call and reports what came.
#![expect(clippy::unwrap_used, reason = "a server for tests fails by panicking")]

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dialgate_tests::namespace::Namespace;
use dialgate_tests::wait;

const PATIENCE: Duration = Duration::from_secs(30);

/// The server's thread.
pub(crate) struct FastAgi<T>(JoinHandle<T>);

/// One call's connection.
pub(crate) struct Session {
    /// The `agi_...` lines.
    pub(crate) environment: Vec<String>,
    stream: BufReader<TcpStream>,
}

impl<T: Send + 'static> FastAgi<T> {
    /// Listens where the dialplan connects to; `talk` has the one call that comes.
    pub(crate) fn serve(
        namespace: &Namespace,
        talk: impl FnOnce(&mut Session) -> T + Send + 'static,
    ) -> Self {
        let listener = namespace.enter(|| TcpListener::bind("127.0.0.1:4573")).unwrap().unwrap();
        Self(thread::spawn(move || {
            let stream = accept(&listener).unwrap();
            talk(&mut Session::open(stream))
        }))
    }

    /// What `talk` returned; panics as it did.
    pub(crate) fn outcome(self) -> T {
        self.0.join().unwrap()
    }
}

/// A test whose call never comes must end too.
fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    listener.set_nonblocking(true)?;
    let stream = wait::until("a call to the server", PATIENCE, || match listener.accept() {
        Ok((stream, _)) => Ok(Some(stream)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    })?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

impl Session {
    fn open(stream: TcpStream) -> Self {
        let mut session = Self { environment: Vec::new(), stream: BufReader::new(stream) };
        loop {
            let line = session.line();
            if line.is_empty() {
                return session;
            }
            session.environment.push(line);
        }
    }

    /// Sends one command; its reply, without the news of a hang-up.
    pub(crate) fn command(&mut self, command: &str) -> String {
        self.stream.get_mut().write_all(format!("{command}\n").as_bytes()).unwrap();
        loop {
            let line = self.line();
            if line != "HANGUP" {
                return line;
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }
}
