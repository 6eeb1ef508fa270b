//! A caller who speaks just enough SIP to put anything anywhere.

use std::io;
use std::net::UdpSocket;
use std::time::Duration;

use dialgate_tests::asterisk::SIP_PORT;
use dialgate_tests::namespace::Namespace;

const PATIENCE: Duration = Duration::from_secs(20);

/// What the caller says of himself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity {
    /// The user part of the Request-URI and To.
    pub(crate) to: &'static str,
    /// The From header's value without its tag.
    pub(crate) from: &'static str,
    /// Another header line, or nothing.
    pub(crate) header: &'static str,
}

/// A call that was answered. Dropped without [`SipCall::hang_up`] Asterisk ends it after 32 s.
#[derive(Debug)]
pub(crate) struct SipCall {
    socket: UdpSocket,
    id: u32,
    identity: Identity,
    to: String,
}

impl SipCall {
    /// Calls, and waits until the call is answered.
    pub(crate) fn place(namespace: &Namespace, id: u32, identity: Identity) -> io::Result<Self> {
        let socket = namespace.enter(|| UdpSocket::bind("127.0.0.1:0"))??;
        socket.connect(("127.0.0.1", SIP_PORT))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let to = format!("<sip:{}@127.0.0.1:{SIP_PORT}>", identity.to);
        let mut call = Self { socket, id, identity, to };
        let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                   m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
        call.send(
            "INVITE",
            1,
            &format!("Content-Type: application/sdp\r\n{}", call.header()),
            sdp,
        )?;
        call.to = call.answered()?;
        call.send("ACK", 1, "", "")?;
        Ok(call)
    }

    /// Hangs up.
    pub(crate) fn hang_up(self) -> io::Result<()> {
        self.send("BYE", 2, "", "")
    }

    /// The To header of the answer to the INVITE.
    fn answered(&self) -> io::Result<String> {
        let mut bytes = [0; 4096];
        loop {
            let length = self.socket.recv(&mut bytes)?;
            let text =
                String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()).into_owned();
            if text.starts_with("SIP/2.0 1") {
                continue;
            }
            let to = text.lines().find_map(|line| line.strip_prefix("To: "));
            return match to {
                Some(to) if text.starts_with("SIP/2.0 200") => Ok(to.to_owned()),
                Some(_) | None => Err(io::Error::other(text)),
            };
        }
    }

    fn header(&self) -> String {
        match self.identity.header {
            "" => String::new(),
            header => format!("{header}\r\n"),
        }
    }

    fn send(&self, method: &str, number: u32, headers: &str, body: &str) -> io::Result<()> {
        let Self { id, identity, to, .. } = self;
        let port = self.socket.local_addr()?.port();
        let message = format!(
            "{method} sip:{}@127.0.0.1:{SIP_PORT} SIP/2.0\r\n\
             Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-{method}-{id}\r\n\
             Max-Forwards: 70\r\n\
             From: {};tag=caller{id}\r\n\
             To: {to}\r\n\
             Call-ID: {id}@127.0.0.1\r\n\
             CSeq: {number} {method}\r\n\
             Contact: <sip:caller@127.0.0.1:{port}>\r\n\
             {headers}Content-Length: {}\r\n\r\n{body}",
            identity.to,
            identity.from,
            body.len(),
        );
        self.socket.send(message.as_bytes()).map(|_| ())
    }
}
