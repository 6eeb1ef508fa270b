//! What Asterisk 22 does at its end of FastAGI (`res/res_agi.c`, `main/app.c`), without a clock and without I/O.

mod activity;
mod argv;
mod channel;
mod collect;
mod command;
mod environment;
mod execute;
mod key;
mod line;
mod sound;
mod variables;
mod verb;

pub use activity::Next;
pub use channel::{Channel, Typeahead};
pub use environment::{CallerId, Environment};
pub use key::{Key, KeyError};
pub(crate) use line::Lines;
pub use sound::Sound;
