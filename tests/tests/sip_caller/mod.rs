//! Callers who speak just enough SIP to put anything anywhere, many at a time.

mod call;
mod call_log;
mod crowd;
mod identity;

use call::SipCall;
pub(crate) use call_log::CallLog;
pub(crate) use crowd::{Crowd, Record, Script};
pub(crate) use identity::Identity;
