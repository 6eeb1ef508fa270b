//! A telephone in the terminal and a stand-in for Asterisk.
//!
//! The stand-in is the Asterisk end of FastAGI: [`Channel`] is its pure core (a command line in, a reply out, given
//! the keys) and [`Call`] drives one over TCP. Whoever presses the keys is a [`Caller`]: a [`Script`] in tests and
//! benches, a person at a terminal in the program `dialgate-phone`.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use dialgate_phone::{Call, CallerId, Script};
//!
//! let script = Script::new()
//!     .on("dialgate/enter-account", "4711#")
//!     .on("dialgate/enter-pin", "12345678#")
//!     .on("dialgate/enter-address", "12*34*56*78#")
//!     .on("dialgate/confirm-address", "1");
//! let transcript = Call::dial("127.0.0.1:4573".parse()?, CallerId::number("2001"), script).await?;
//! assert_eq!(transcript.result(), Some("open"));
//! # Ok(())
//! # }
//! ```

mod asterisk;
mod call;
mod caller;
mod connect;
mod conversation;
mod demo;
mod failure;
mod program;
mod script;
mod telephone;
mod transcript;

pub use asterisk::{CallerId, Channel, Environment, Key, KeyError, Next, Sound, Typeahead};
pub use call::{Call, CallError, Clock};
pub use caller::{Caller, CallerEvent};
pub use program::main;
pub use script::{Script, Step};
pub use transcript::{Ending, Timed, Transcript};
