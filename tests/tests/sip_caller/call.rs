use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::UdpSocket;

use dialgate_tests::asterisk::SIP_PORT;
use dialgate_tests::namespace::Namespace;

use super::Identity;

/// What there is to hear, which nobody listens to.
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                   m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

/// Looks from one key to the next. One takes 5 ms; Asterisk puts a key that follows within 45 ms aside until something
/// is said, and these callers say nothing.
const PAUSE: u32 = 16;

/// One call. Dropped without [`SipCall::hang_up`] Asterisk ends it in its own time.
pub(crate) struct SipCall {
    socket: UdpSocket,
    id: u32,
    identity: Identity,
    /// The To header's value.
    to: Vec<u8>,
    /// Requests sent within the call.
    requests: u32,
    keys: VecDeque<char>,
    /// Looks until the next key may be pressed.
    pause: u32,
    answer: Option<String>,
}

impl SipCall {
    /// Calls, and waits for nothing.
    pub(crate) fn place(namespace: &Namespace, id: u32, identity: Identity) -> io::Result<Self> {
        let socket = namespace.enter(|| UdpSocket::bind("127.0.0.1:0"))??;
        socket.connect(("127.0.0.1", SIP_PORT))?;
        socket.set_nonblocking(true)?;
        let to = [b"<sip:", &*identity.to, format!("@127.0.0.1:{SIP_PORT}>").as_bytes()].concat();
        let call = Self {
            socket,
            id,
            identity,
            to,
            requests: 1,
            keys: VecDeque::new(),
            pause: 0,
            answer: None,
        };
        let mut headers = b"Content-Type: application/sdp\r\n".to_vec();
        if !call.identity.header.is_empty() {
            headers.extend([&*call.identity.header, b"\r\n"].concat());
        }
        call.send("INVITE", 1, &headers, SDP)?;
        Ok(call)
    }

    /// The Call-ID header's value.
    pub(crate) fn call_id(&self) -> String {
        format!("{}@127.0.0.1", self.id)
    }

    /// Takes what Asterisk has sent, and presses the next key. The first line of the final answer to the call, once
    /// there is one.
    pub(crate) fn look(&mut self) -> io::Result<Option<&str>> {
        let mut bytes = [0; 4096];
        loop {
            match self.socket.recv(&mut bytes) {
                Ok(length) => self.receive(bytes.get(..length).unwrap_or_default())?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.pause = self.pause.saturating_sub(1);
        if self.pause == 0
            && let Some(key) = self.keys.pop_front()
        {
            let body = format!("Signal={key}\r\nDuration=80\r\n");
            self.request("INFO", "Content-Type: application/dtmf-relay\r\n", &body)?;
            self.pause = PAUSE;
        }
        Ok(self.answer.as_deref())
    }

    /// Presses these keys from now on.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.extend(keys.chars());
    }

    /// Hangs up.
    pub(crate) fn hang_up(&mut self) -> io::Result<()> {
        self.request("BYE", "", "")
    }

    fn receive(&mut self, message: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(message);
        let is_invite = text.contains(" INVITE\r\n");
        if text.starts_with("SIP/2.0 1") || (text.starts_with("SIP/2.0") && !is_invite) {
            return Ok(());
        }
        if !text.starts_with("SIP/2.0") {
            return self.agree(&text);
        }
        if let Some(to) = text.lines().find_map(|line| line.strip_prefix("To: ")) {
            self.to = to.into();
        }
        self.answer = text.lines().next().map(str::to_owned);
        self.send("ACK", 1, b"", "")
    }

    /// Says yes to a request of Asterisk's, such as its BYE.
    fn agree(&self, request: &str) -> io::Result<()> {
        let echoed = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        let lines = request.lines().filter(|line| echoed.iter().any(|it| line.starts_with(it)));
        let lines: String = lines.map(|line| format!("{line}\r\n")).collect();
        let answer = format!("SIP/2.0 200 OK\r\n{lines}Content-Length: 0\r\n\r\n");
        self.socket.send(answer.as_bytes()).map(|_| ())
    }

    fn request(&mut self, method: &str, headers: &str, body: &str) -> io::Result<()> {
        self.requests += 1;
        self.send(method, self.requests, headers.as_bytes(), body)
    }

    fn send(&self, method: &str, number: u32, headers: &[u8], body: &str) -> io::Result<()> {
        let Self { id, identity, to, .. } = self;
        let port = self.socket.local_addr()?.port();
        let message = [
            format!("{method} sip:").as_bytes(),
            &identity.to,
            format!(
                "@127.0.0.1:{SIP_PORT} SIP/2.0\r\n\
                 Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-{method}-{id}-{number}\r\n\
                 Max-Forwards: 70\r\nCall-ID: {}\r\nCSeq: {number} {method}\r\n\
                 Contact: <sip:caller@127.0.0.1:{port}>\r\nFrom: ",
                self.call_id(),
            )
            .as_bytes(),
            &identity.from,
            format!(";tag=caller{id}\r\nTo: ").as_bytes(),
            to,
            b"\r\n",
            headers,
            format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes(),
        ]
        .concat();
        self.socket.send(&message).map(|_| ())
    }
}
