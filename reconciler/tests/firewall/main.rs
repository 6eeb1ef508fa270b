//! The plan: cases in folders, and what holds for all of them.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod grammar;
#[cfg(test)]
mod packets;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod states;
