//! The Asterisk Gateway Interface as FastAGI speaks it (Asterisk 18 to 23, `res_agi.c`), without I/O.
//!
//! [`Codec`] is the whole conversation with one Asterisk channel: bytes from the socket go in with
//! [`Codec::feed`], [`Incoming`] events come out of [`Codec::poll`], and [`Codec::send`] turns a
//! [`Command`] into the bytes to write. It keeps the protocol's one law, a single command in flight,
//! and after the first byte that Asterisk would not have sent it refuses everything.
//!
//! A caller can put line feeds into the environment through the SIP From header, so a session is in
//! step only when the first reply repeats a random [`Nonce`]:
//!
//! ```
//! use dialgate_agi::protocol::{Codec, Command, Incoming, Nonce};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let environment = dialgate_agi::protocol::EXAMPLE_ENVIRONMENT;
//! let mut codec = Codec::new();
//! codec.feed(environment);
//! let Some(Incoming::Environment(environment)) = codec.poll()? else { return Err("no environment".into()) };
//! assert_eq!(environment.script(), "whitelist");
//!
//! let nonce = Nonce::new([7; 16]); // random in service
//! let bytes = codec.send(&Command::GetFullVariable(nonce.clone()))?;
//! assert_eq!(bytes, b"GET FULL VARIABLE \"07070707070707070707070707070707\"\n");
//! codec.feed(b"200 result=1 (07070707070707070707070707070707)\n");
//! let Some(Incoming::Reply(reply)) = codec.poll()? else { return Err("no reply".into()) };
//! nonce.verify(&reply)?;
//! # Ok(())
//! # }
//! ```

mod argument;
mod codec;
mod command;
mod environment;
mod gender;
mod key;
mod nonce;
mod outcome;
mod receive_buffer;
mod reply;

pub use argument::{
    ArgumentError, DigitString, EscapeDigits, MaxDigits, Text, Timeout, VariableName,
};
pub use codec::{Codec, Incoming, ProtocolError, SendError};
pub use command::{Command, LineTooLong, MAX_COMMAND_LINE};
pub use environment::{Environment, EnvironmentError};
pub use gender::Gender;
pub use key::{Digits, Key, NotAKey};
pub use nonce::{Nonce, OutOfStep};
pub use outcome::{Ended, Outcome, UnexpectedReply};
pub use receive_buffer::MAX_BUFFERED;
pub use reply::{Reply, ReplyError, Success};

/// An environment as Asterisk 22 writes it for `AGI(agi://127.0.0.1:4573/whitelist?trunk=a,first)`.
pub const EXAMPLE_ENVIRONMENT: &[u8] = b"agi_network: yes\n\
agi_network_script: whitelist?trunk=a\n\
agi_request: agi://127.0.0.1:4573/whitelist?trunk=a\n\
agi_channel: PJSIP/trunk-00000005\n\
agi_language: en\n\
agi_type: PJSIP\n\
agi_uniqueid: 1795160061.115\n\
agi_version: 22.10.1\n\
agi_callerid: 2001\n\
agi_calleridname: Alice\n\
agi_callingpres: 0\n\
agi_callingani2: 0\n\
agi_callington: 0\n\
agi_callingtns: 0\n\
agi_dnid: 700\n\
agi_rdnis: unknown\n\
agi_context: dialgate\n\
agi_extension: s\n\
agi_priority: 2\n\
agi_enhanced: 0.0\n\
agi_accountcode: \n\
agi_threadid: 140556668069568\n\
agi_arg_1: first\n\
\n";
