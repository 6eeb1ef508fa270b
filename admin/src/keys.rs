//! `dialgate keys`: to be read out to a traveller, or sent ahead.

use std::net::IpAddr;

use dialgate_contract::keypad;

use crate::report::{Keys, Report};

/// Needs neither configuration nor ledger.
pub(crate) fn run(address: IpAddr) -> Report {
    Report::Keys(Keys { address, keys: keypad::keys(address) + "#" })
}
