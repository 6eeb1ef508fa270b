//! The FastAGI server: a call that asks for nothing, from Asterisk's side. The server has to begin with a nonce, and go
//! on once it has been repeated.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::check::{Check, Fix};
use super::place::Place;

const NAME: &str = "fastagi";
/// Asterisk itself gives up to connect after two seconds (`res_agi.c`).
const PATIENCE: Duration = Duration::from_secs(2);
/// A command is no longer (`AGI_BUF_LEN` of `res_agi.c`).
const LONGEST: u64 = 2_047;

/// What was wrong with a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Refused(std::io::ErrorKind),
    Silent,
    NoNonce,
    GoneAfterNonce,
}

pub(super) fn check(place: &Place<'_>) -> Check {
    let address = place.config.agi.listen;
    judge(talk(address), address, place)
}

fn talk(address: SocketAddr) -> Result<(), Wrong> {
    let refused = |error: std::io::Error| Wrong::Refused(error.kind());
    let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(refused)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(refused)?;
    converse(Patient { stream: &stream, end: now() + PATIENCE }, &stream, address)
}

/// Reads until an end, however slowly bytes come.
struct Patient<'a> {
    stream: &'a TcpStream,
    end: Instant,
}

impl Read for Patient<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let left = self.end.saturating_duration_since(now());
        if left.is_zero() {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(bytes)
    }
}

#[expect(clippy::disallowed_methods, reason = "an adapter: patience is counted by the clock")]
fn now() -> Instant {
    Instant::now()
}

fn converse(server: impl Read, mut to: impl Write, address: SocketAddr) -> Result<(), Wrong> {
    // Two commands, each within its bound.
    let mut lines = BufReader::new(server.take(2 * LONGEST)).lines();
    let mut next = || lines.next().and_then(Result::ok);
    to.write_all(environment(address).as_bytes()).map_err(|_| Wrong::Silent)?;
    let first = next().ok_or(Wrong::Silent)?;
    let nonce = nonce(&first).ok_or(Wrong::NoNonce)?;
    to.write_all(format!("200 result=1 ({nonce})\n").as_bytes())
        .map_err(|_| Wrong::GoneAfterNonce)?;
    next().ok_or(Wrong::GoneAfterNonce)?;
    // What Asterisk says when the caller has gone; the server is not waited for.
    let _ = to.write_all(b"200 result=-1\nHANGUP\n");
    Ok(())
}

/// The lines that Asterisk begins with, in its order (`setup_env` of `res_agi.c`).
fn environment(address: SocketAddr) -> String {
    format!(
        "agi_network: yes\nagi_network_script: whitelist\nagi_request: agi://{address}/whitelist\n\
         agi_channel: Local/doctor\nagi_language: en\nagi_type: Local\nagi_uniqueid: doctor.1\n\
         agi_version: 22\nagi_callerid: unknown\nagi_calleridname: unknown\nagi_callingpres: 67\n\
         agi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: unknown\nagi_rdnis: unknown\n\
         agi_context: dialgate\nagi_extension: s\nagi_priority: 1\nagi_enhanced: 0.0\nagi_accountcode: \n\
         agi_threadid: 1\n\n"
    )
}

fn nonce(command: &str) -> Option<&str> {
    let nonce = command.strip_prefix("GET FULL VARIABLE \"")?.strip_suffix('"')?;
    (nonce.len() == 32 && nonce.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(nonce)
}

fn judge(found: Result<(), Wrong>, address: SocketAddr, place: &Place<'_>) -> Check {
    let what = match found {
        Ok(()) if place.config.agi.is_open_to_other_hosts() => {
            let what =
                format!("other machines reach {address} too, and whoever connects is a caller");
            let fix = "listen on 127.0.0.1 or [::1] (agi.listen), or let nobody but Asterisk through to the port";
            return Check::warn(NAME, what, Fix::advice(fix));
        }
        Ok(()) => {
            let what = format!("dialgate-agi answers at {address}, with a nonce");
            return Check::ok(NAME, what);
        }
        Err(Wrong::Refused(std::io::ErrorKind::ConnectionRefused)) => {
            format!("nobody listens at {address}: callers hear an apology")
        }
        Err(Wrong::Refused(kind)) => format!("{address} cannot be reached: {kind}"),
        Err(Wrong::Silent) => format!("what listens at {address} says nothing"),
        Err(Wrong::NoNonce) => {
            format!("what listens at {address} does not begin with a nonce: it is no dialgate-agi")
        }
        Err(Wrong::GoneAfterNonce) => {
            format!("dialgate-agi at {address} ends the call although its nonce was repeated")
        }
    };
    Check::fail(NAME, what, place.start("dialgate-agi", "start dialgate-agi"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;
    use dialgate_contract::config::Config;
    use std::path::Path;

    const NONCE: &str = "GET FULL VARIABLE \"00112233445566778899aabbccddeeff\"\n";

    #[test]
    fn a_server_has_to_begin_with_a_nonce_and_go_on_after_it() {
        let address = Config::default().agi.listen;
        for (said, expected) in [
            (String::new(), Err(Wrong::Silent)),
            ("VERBOSE \"hello\" 1\n".to_owned(), Err(Wrong::NoNonce)),
            ("GET FULL VARIABLE \"x\"\n".to_owned(), Err(Wrong::NoNonce)),
            (NONCE.to_owned(), Err(Wrong::GoneAfterNonce)),
            (format!("{NONCE}ANSWER\n"), Ok(())),
            ("x".repeat(9_000), Err(Wrong::NoNonce)),
        ] {
            let mut heard = Vec::new();
            let found = converse(said.as_bytes(), &mut heard, address);
            assert_eq!(found, expected, "{said}");
            let repeated = String::from_utf8(heard).unwrap();
            let is_repeated =
                repeated.contains("200 result=1 (00112233445566778899aabbccddeeff)\n");
            assert_eq!(is_repeated, said.starts_with(NONCE));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_what_starts_the_server() {
        let config = Config::default();
        let mut place = Place::new(Path::new("/etc/dialgate/dialgate.toml"), &config);
        place.has_systemd = true;
        let refused = Wrong::Refused(std::io::ErrorKind::ConnectionRefused);
        for wrong in [refused, Wrong::Silent, Wrong::NoNonce, Wrong::GoneAfterNonce] {
            let check = judge(Err(wrong), config.agi.listen, &place);
            assert_eq!(check.outcome, Health::Fail);
            let restart = "systemctl restart dialgate-agi".to_owned();
            assert_eq!(check.fix, Some(Fix::Run(vec![restart])));
        }
    }
}
