//! What the telephone side and the root side must agree on: values, configuration and schema.
//!
//! Values are parsed once, by their one fallible constructor, and are typed from then on: an address is never a
//! string that a tool would parse. The two databases have one writer each: [`queue`] belongs to the telephone
//! side, [`ledger`] to root.

mod account;
mod account_number;
mod address;
mod calendar;
mod caller_id;
pub mod config;
pub mod database;
mod exit;
mod file_id;
mod host_name;
pub mod keypad;
mod language;
pub mod ledger;
mod lifetime;
pub mod metrics;
mod network;
mod origin;
mod outcome;
mod pin_hash;
pub mod queue;
mod request_id;
mod service;
mod system_user;
mod terms;
mod text_enum;

pub use account::Account;
pub use account_number::{AccountNumber, AccountNumberError};
pub use address::{TravellerAddress, Unfit};
pub use caller_id::CallerId;
pub use exit::Exit;
pub use file_id::FileId;
pub use host_name::{HostName, HostNameError};
pub use language::Language;
pub use lifetime::{Lifetime, LifetimeError};
pub use network::{Network, NetworkError};
pub use origin::{Origin, OriginError};
pub use outcome::{Decision, Refusal};
pub use pin_hash::{PinHash, PinHashError};
pub use request_id::{RequestId, RequestIdError};
pub use service::{PortRange, Ports, Protocol, Service, ServiceError, ServiceName};
pub use system_user::{SystemUser, SystemUserError};
pub use terms::{Limit, Terms, TooLong};
pub use text_enum::UnknownWord;
