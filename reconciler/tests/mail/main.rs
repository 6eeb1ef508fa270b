//! Letters by a real child process: to a mail server that others wrote, to servers that fail, and by children that
//! misbehave.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this file is a test from end to end"
)]

mod confinement;
mod folder;
mod misbehaving;
mod sendmail;
mod server;
mod smtp;
mod support;
mod words;
