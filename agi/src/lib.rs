//! The telephone side: what Asterisk talks to when somebody calls.
//!
//! [`protocol`] is the Asterisk Gateway Interface without I/O, [`conversation`] decides what is said and asked
//! without clock, randomness or I/O, and [`server`] performs it for every call at a time.

pub mod conversation;
mod program;
mod prompt;
pub mod protocol;
pub mod server;
pub mod throttle;

pub use program::main;
pub use prompt::Prompt;
