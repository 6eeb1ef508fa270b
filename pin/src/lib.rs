//! PINs: what one is, where new ones come from, and how one is checked without ever being stored.
//!
//! A PIN has few digits, so its hash alone could be guessed in hours. It is hashed with a pepper, a secret that is
//! not in the database: without that file a stolen ledger is worth nothing.

mod hash;
mod key;
mod pepper;
mod value;
mod weak;

pub use hash::{HashError, Hasher};
pub use key::Secret;
pub use pepper::{Pepper, PepperError};
pub use value::{Pin, PinError};
pub use weak::Weak;
