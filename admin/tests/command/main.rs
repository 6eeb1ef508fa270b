//! The real program, as an operator meets it: what it answers, how it ends, and what it leaves alone.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is a test from end to end"
)]

mod account;
mod allow;
mod audit;
mod backup;
mod bulk;
mod deny;
mod doctor;
mod firewall;
mod import;
mod init;
mod keys;
mod lease;
mod limits;
mod live;
mod mail;
mod output;
mod rights;
mod service;
mod setup;
mod site;
mod status;
mod terminal;
mod why;
