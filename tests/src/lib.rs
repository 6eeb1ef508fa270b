//! What the acceptance tests share: a real Asterisk, network namespaces, and a skip that shows.

pub mod asterisk;
pub mod namespace;
pub mod real;
pub mod wait;
