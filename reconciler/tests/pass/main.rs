//! Passes over a ledger and a firewall where something does not work: closing does not depend on it.

#[cfg(test)]
mod bans;
#[cfg(test)]
mod believed;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod deciding;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod reminders;
#[cfg(test)]
mod trail;
#[cfg(test)]
mod union;
#[cfg(test)]
mod usage;
#[cfg(test)]
mod wishes;
