//! Names asked for by real children of the system's resolver, in a network where the DNS is this test's own. Each test
//! runs in namespaces of its own, as root; without root it says that it was skipped, and fails when
//! `DIALGATE_REQUIRE_REAL` is 1.

#[cfg(test)]
mod dns;
#[cfg(test)]
mod names;
#[cfg(test)]
mod namespace;
#[cfg(test)]
#[path = "../support/own_namespace.rs"]
mod own_namespace;
#[cfg(test)]
mod program;
