//! The program as it ships, and a queue that the telephone side writes, honest or not.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod floods;
mod hostile;
mod metrics;
mod program;
mod site;
mod wishes;
