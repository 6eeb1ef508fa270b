//! Letters: from the ledger's outbox to the mail server, without root ever speaking to one.
//!
//! [`Mailer`] is root's side. It starts this program again as an unprivileged [`child`], hands it one letter at a time
//! over a pipe, and believes nothing it answers but `sent`, `retry` or `hopeless`. The child composes the letter, in
//! the operator's own words where there are some, and delivers it. When to try again is [`next_attempt`]'s to say.

mod child;
mod compose;
mod deliver;
mod mailer;
mod process;
mod retry;
mod wire;

pub use child::child;
pub use mailer::{MailError, Mailer, Report};
pub use process::ARGUMENT;
pub use retry::next_attempt;
pub use wire::Delivery;
