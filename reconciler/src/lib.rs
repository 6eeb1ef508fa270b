//! The root side: decides requests, keeps the firewall as the ledger says, and sees that letters are sent.
//!
//! Three pure cores hold the decisions: [`admit`] (may this be opened?), [`firewall`]'s plan (what must change?) and
//! the letters' words. Children do what root must not: one opens the queue that the telephone side can rewrite,
//! one speaks to the mail server, and others ask the DNS.

pub mod admit;
mod arguments;
mod burst;
mod child;
mod clock;
mod complaint;
mod decide;
pub mod firewall;
mod heal;
mod ip_sets;
mod ledger_watch;
pub mod mail;
mod metrics;
mod nftables;
mod once;
mod order;
mod outbox;
mod own_addresses;
mod pace;
pub mod pass;
mod program;
mod reader;
mod reload;
pub mod resolver;
mod self_check;
mod wanted;
mod watch;

pub use program::main;
