//! The plan against the real kernel. Each test runs in a network namespace of its own, as root; without root or the
//! tools it says that it was skipped, and fails when `DIALGATE_REQUIRE_REAL` is 1.

#[cfg(test)]
mod base_policy;
#[cfg(test)]
mod believed;
#[cfg(test)]
mod boot;
#[cfg(test)]
mod cable;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod ended;
#[cfg(test)]
mod exempt;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod healing;
#[cfg(test)]
mod heard;
#[cfg(test)]
mod machinery;
#[cfg(test)]
mod neighbours;
#[cfg(test)]
mod network;
#[cfg(test)]
#[path = "../support/own_namespace.rs"]
mod own_namespace;
#[cfg(test)]
mod packets;
#[cfg(test)]
mod program;
#[cfg(test)]
mod quick_check;
#[cfg(test)]
mod removal;
#[cfg(test)]
mod renamed;
#[cfg(test)]
mod site;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod wishes;
